"""The page of measures is what the files say."""

from pathlib import Path

from scenarios.matrix import page
from scenarios.measures import evidence_ids, shipped_measures

PAGE = Path(__file__).parents[2] / "docs" / "measures.md"


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m scenarios.matrix"


def test_every_row_and_barrier_of_the_evidence_stands_in_it():
    text = page()
    for row in evidence_ids("measures", "measure_id"):
        assert (row.split("_")[0] if row.startswith("BR") else row) in text
    for name in shipped_measures():
        assert f"| {name} |" in text
