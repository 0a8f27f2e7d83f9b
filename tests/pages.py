"""Markdown pages whose python blocks run one after the other."""

import pathlib
import re

ROOT = pathlib.Path(__file__).parent.parent
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def python_blocks(text):
    """Return the code of each block, and the number of the line before it."""
    return [
        (block[1], text[: block.start(1)].count("\n"))
        for block in _BLOCK.finditer(text)
    ]


def run_blocks(path):
    """Run the blocks of a page in one namespace; return how many they are.

    Tracebacks name the lines of the page.
    """
    namespace = {}
    blocks = python_blocks(path.read_text(encoding="utf-8"))
    for code, line in blocks:
        exec(compile("\n" * line + code, str(path), "exec"), namespace)
    return len(blocks)
