"""Stylised facts: each row has its use; what is measured is measured as it says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from calibration import facts as module
from calibration.facts import MEASURED, PLACES, Seen, band, facts, opened_by, tables
from simulator.codes import Cause, Fill


def test_every_fact_is_classified_once_with_a_reason():
    use = facts()
    assert set(use.index[use["use"] == "measured"]) == set(MEASURED)
    assert (use["how"].str.len() > 0).all()
    places = {place for names in use.loc[list(MEASURED), "places"] for place in names.split()}
    assert places == set(PLACES)


def test_a_new_fact_must_be_classified(monkeypatch, tmp_path):
    for name in ("stylised_facts.csv", "facts_use.csv"):
        rows = pd.read_csv(module.EVIDENCE / name, keep_default_na=False)
        if name == "stylised_facts.csv":
            rows = pd.concat([rows, rows.tail(1).assign(fact_id="Z99")])
        rows.to_csv(tmp_path / name, index=False)
    monkeypatch.setattr(module, "EVIDENCE", tmp_path)
    with pytest.raises(ValueError, match="Z99"):
        facts.__wrapped__()


def test_ranges_are_those_of_the_evidence():
    assert band("V08")[1:] == (0.35, 0.55)
    # substitutes are left out, as the row says; hands and tasks are one
    assert band("V04")[1:] == pytest.approx(((0.27 + 0.05) / 0.85, (0.38 + 0.1) / 0.85))
    assert band("C02")[2] == 0.0


def test_shares_count_advertised_vacancies_of_the_window():
    links = {
        "opened_month": np.array([11, 12, 12, 13, 14]),
        "fill": np.array(
            [Fill.OPEN, Fill.OPEN, Fill.HIRE_FROM_WORKPLACE, Fill.NOT_BACKFILLED, Fill.GIVEN_UP]
        ),
        "cause": np.array([Cause.RETIREMENT, Cause.RETIREMENT, *[Cause.NEW_POST] * 3]),
    }
    empty = np.zeros(0)
    seen = Seen(links, {}, 12, empty, empty, empty, np.zeros((1, 1)), empty, ())
    assert opened_by(seen, Cause.RETIREMENT) == pytest.approx(1 / 3)


def test_what_does_not_hold_comes_first():
    found = [
        module._fact("V08", "kokkola", [0.45, 0.46]),
        module._fact("V10", "kokkola", [0.30, 0.31]),
        module._fact("C02", "kokkola", [-1.0, 0.9]),  # a sign that cannot be told from none
    ]
    assert [fact.holds for fact in found] == [True, False, False]
    text = tables(found)
    assert text.index("| V10") < text.index("| V08")
    assert "| C05" in text
    assert "recalled" in text
