"""Every block of the page on engines runs, also those that the gate leaves out."""

import pathlib
import re

import pytest

pytest.importorskip("distributed")
pytest.importorskip("ray")
pytestmark = [pytest.mark.engines, pytest.mark.filterwarnings("ignore")]

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "guide" / "engines.md"


def test_all_blocks_run_one_after_the_other():
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(
        r"```(?:python|\{code-block\} python)\n(.*?)```", text, re.DOTALL
    )
    assert len(blocks) > 7
    namespace = {}
    for number, block in enumerate(blocks):
        exec(compile(block, f"engines.md, block {number}", "exec"), namespace)
