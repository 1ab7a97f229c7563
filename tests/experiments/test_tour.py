"""The notebook tour runs from top to bottom."""

import ast
import json
from pathlib import Path

import pytest

TOUR = Path(__file__).resolve().parents[2] / "docs" / "tour.ipynb"


@pytest.mark.slow
def test_the_tour_runs():
    cells = json.loads(TOUR.read_text(encoding="utf-8"))["cells"]
    space: dict = {"__name__": "__main__"}
    shown = []
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        # what a notebook would show: the value of the last line
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, TOUR.name, "exec"), space)
        if last is not None:
            shown.append(eval(compile(ast.Expression(last.value), TOUR.name, "eval"), space))
    assert len([value for value in shown if value is not None]) >= 6
    assert space["again"].holds


def test_the_tour_holds_no_output_of_a_machine():
    cells = json.loads(TOUR.read_text(encoding="utf-8"))["cells"]
    assert not [cell for cell in cells if cell.get("outputs")]
