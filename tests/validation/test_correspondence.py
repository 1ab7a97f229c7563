"""Virtual correspondence tests give the published ratios, and would find a wrong penalty."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import scenarios
from experiments.trials import correspondence_part
from scenarios.loader import default_parameters
from simulator import correspondence
from simulator.correspondence import NO_TEST, TOLERANCE, spells, table
from simulator.town import penalty_scores


def test_every_penalty_gives_its_published_ratio():
    rows = table("kokkola")
    assert {row.barrier for row in rows} == set(penalty_scores())
    for row in rows:
        assert row.simulated == pytest.approx(row.published, abs=TOLERANCE), row


def test_half_a_penalty_is_found():
    assert not any(row.holds for row in table("kokkola", factor=0.5))


def test_stigma_meets_one_study_and_its_range_reaches_the_others():
    rows = {row.study: row for row in spells("kokkola")}
    assert all(row.holds for row in rows.values())
    assert rows["DI12"].met
    # the step begins at month nine: less than that costs nothing
    assert rows["DI14"].simulated == 1.0
    assert rows["DI15"].simulated < 1.0
    assert {row.lowest < 0.6 and row.highest == 1.0 for row in rows.values()} == {True}


def test_no_stigma_is_found_and_long_spells_are_refused():
    test = correspondence.Test("kokkola")
    assert abs(test.spell(9, 1, size=0.0).ratio - 0.8) > TOLERANCE
    assert test.spell(9, 1, size=0.5).ratio < 0.8 - TOLERANCE
    with pytest.raises(ValueError, match="a year or more"):
        test.spell(12, 1)


def test_what_has_no_test_is_a_parameter_and_has_no_study():
    for _, parameter, reason in NO_TEST:
        assert default_parameters()[parameter].grade in "DE"
        assert reason
    path = Path(scenarios.__file__).parent / "evidence" / "effects.csv"
    with path.open(encoding="utf-8", newline="") as file:
        tested = [row for row in csv.DictReader(file) if row["scale"] == "callback_ratio"]
    assert not [row for row in tested if "promot" in row["outcome"]]


def test_the_page_of_trials_is_current():
    page = Path(scenarios.__file__).parents[1] / "docs" / "trials.md"
    assert correspondence_part("kokkola") in page.read_text(encoding="utf-8"), (
        "run: python -m experiments.trials --only none"
    )
