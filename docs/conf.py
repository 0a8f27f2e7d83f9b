"""How Sphinx builds the documentation; `docs/README.md` has the command."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).parent / "_ext"))

# The names in examples are looked up, also where these are not run.
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sphinx_gallery.sorting import ExplicitOrder

import sklstm

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's notes at its start

project = "sklstm"
author = "the sklstm developers"
copyright = f"2026, {author}"
version = release = sklstm.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_design",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "api_pages",
    "linked_names",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "README.md"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
language = "en"

# ------------------------------------------------------------------------------ gallery
# It is run, unless `-D plot_gallery=0` is given. The order is from what a window is to
# what takes most to understand.
FIRST = ["windows", "airline", "panel", "backtest", "quantiles", "search"]
NEXT = ["scaling_search", "lag_importance", "gestures", "tagging"]
sphinx_gallery_conf = {
    "examples_dirs": ["../examples/gallery"],
    "gallery_dirs": ["gallery"],
    "within_subsection_order": ExplicitOrder(
        [f"plot_{name}.py" for name in FIRST + NEXT] + ["*"]
    ),
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "write_computation_times": False,  # a page that wants scripts from the network
    "abort_on_example_error": True,
    "doc_module": ("sklstm",),
    "reference_url": {"sklstm": None},
    "backreferences_dir": "reference/backreferences",
}

# ---------------------------------------------------------------------------- reference
autosummary_generate = True
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
default_role = "literal"  # `X` in a docstring is code, as in scikit-learn's
numpydoc_show_class_members = False  # the template of classes lists them
numpydoc_class_members_toctree = False

# Every reference must lead somewhere. What belongs to other projects leads there only
# if their inventories can be fetched: SKLSTM_INTERSPHINX=1.
nitpicky = True
nitpick_ignore_regex = [
    (r"py:.*", r"(keras|matplotlib|numpy|optuna|pandas|scikeras|sklearn)\..*"),
]
if os.environ.get("SKLSTM_INTERSPHINX"):
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "numpy": ("https://numpy.org/doc/stable", None),
        "pandas": ("https://pandas.pydata.org/docs", None),
        "sklearn": ("https://scikit-learn.org/stable", None),
    }

# --------------------------------------------------------------------------------- text
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
# Blocks of the guide run in the tests; what they print is not shown.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# ----------------------------------------------------------------------------- the look
html_theme = "pydata_sphinx_theme"
html_title = f"sklstm {release}"
html_static_path = ["_static"]
html_css_files = ["sklstm.css"]
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "sklstm"},
    "navbar_align": "left",
    "navigation_with_keys": False,
    "show_nav_level": 1,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": []}
