"""The file that results are written to, ``benchmarks/RESULTS.md``."""

import pathlib
import re

FILE = pathlib.Path(__file__).with_name("RESULTS.md")


def put(title, text):
    """Write a section, in the place of an earlier one of its title.

    Parameters
    ----------
    title : str
        What the section is called.

    text : str
        What it holds, in Markdown.
    """
    before = FILE.read_text()
    section = f"## {title}\n\n{text.strip()}\n"
    found = re.search(rf"^## {title}\n(?:(?!## ).*\n)*", before, re.MULTILINE)
    if found:
        after = before[: found.start()] + section + "\n" + before[found.end() :]
    else:
        after = before.rstrip("\n") + "\n\n" + section
    FILE.write_text(after.rstrip("\n") + "\n")
