"""Every block of the page on other libraries runs, also those the gate leaves out."""

import pathlib
import re

import pytest

for package in ("imblearn", "mlflow", "shap", "skforecast", "sktime"):
    pytest.importorskip(package)
pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("ignore")]

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "guide" / "interoperation.md"


def test_all_blocks_run_one_after_the_other(tmp_path, monkeypatch):
    import mlflow

    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(
        r"```(?:python|\{code-block\} python)\n(.*?)```", text, re.DOTALL
    )
    assert len(blocks) > 7
    namespace = {}
    try:
        for number, block in enumerate(blocks):
            exec(
                compile(block, f"interoperation.md, block {number}", "exec"), namespace
            )
    finally:
        mlflow.sklearn.autolog(disable=True)
