"""Every public name in code font leads to its page, in the guide and in docstrings."""

import re

from api_pages import public_names
from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

CALL = re.compile(r"([\w.]+)(\(.*\))?", re.DOTALL)
PLACES = public_names()


class LinkNames(SphinxTransform):
    """Make references of `SlidingWindow` and `SlidingWindow(24)`."""

    default_priority = 400

    def apply(self, **kwargs):
        """Go through the literals that are not links or titles yet."""
        page = self.env.docname
        for literal in list(self.document.findall(nodes.literal)):
            call = CALL.fullmatch(literal.astext())
            if call is None or is_within_a_link(literal):
                continue
            name, arguments = call.groups()
            # In a docstring `forecast` may be a column, and `stream` a method.
            if page.startswith("reference/") and name.islower() and not arguments:
                continue
            if (place := PLACES.get(name)) is not None:
                link(literal, place, page)


def is_within_a_link(node):
    """Tell whether an ancestor is a link, a title or a signature."""
    kinds = nodes.reference, nodes.title, addnodes.pending_xref, addnodes.desc_signature
    while node is not None and not isinstance(node, kinds):
        node = node.parent
    return node is not None


def link(literal, place, page):
    """Put a reference to a public name around its literal."""
    reference = addnodes.pending_xref(
        "",
        refdomain="py",
        reftype="obj",
        reftarget=place,
        refdoc=page,
        refexplicit=False,
        refwarn=True,
    )
    literal.replace_self(reference)
    reference += literal


def setup(app):
    """Add the transform to Sphinx."""
    app.add_transform(LinkNames)
    return {"version": "1", "parallel_read_safe": True}
