"""Headline numbers: parts add up, no ratio over zero, noise is said."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from simulator.comparison import ENOUGH_PAIRS, STRENGTHS, Estimate
from simulator.headline import (
    PUBLISHED,
    ROWS,
    SIDES,
    Quantity,
    contrast,
    crossing,
    deadweight,
    headline_frame,
    needed,
    people_per_placement,
    quantities,
    seen_in_figures,
)
from tests.report.stub import stub


@pytest.fixture(scope="module")
def made():
    return stub()


def mean(found, row):
    return found[row].found.mean


def test_parts_add_up(made):
    for key in made.pairs:
        found = quantities(made, key)
        assert tuple(found) == ROWS
        assert sum(mean(found, side) for side in SIDES) == pytest.approx(mean(found, "everybody"))
        jobs = mean(found, "rescued") + mean(found, "faster") + mean(found, "posts")
        assert jobs == pytest.approx(mean(found, "jobs"))
        parts = mean(found, "rescued_not_backfilled") + mean(found, "rescued_given_up")
        assert parts == pytest.approx(mean(found, "rescued"))
        takers = [row for row in ROWS if row.startswith("got_") and row not in
                  ("got_all", "got_target")]  # fmt: skip
        assert sum(mean(found, row) for row in takers) == pytest.approx(mean(found, "got_all"))
        served = mean(found, "anyway_months") + mean(found, "direct")
        assert served == pytest.approx(mean(found, "served_months"))
        total = mean(found, "anyway_total") + mean(found, "direct_total")
        assert total == pytest.approx(mean(found, "gross_total"))


def test_reference_and_change_give_the_mix(made):
    key = ("R", "kokkola", "assumed", "cohorts")
    found = quantities(made, key)["openings"]
    scenario = made.estimate(key, "advertised_vacancies", what="scenario").mean
    assert found.reference + found.found.mean == pytest.approx(scenario)


def test_deadweight_is_a_share_or_not_determined():
    few = np.array([0.0, 1.0, 0.0, 0.0])
    assert deadweight(few, few) is None  # supported promotions may be none
    assert deadweight(np.zeros(4), np.zeros(4)) is None
    many = np.array([100.0, 101.0, 99.0, 100.0])
    wild = np.array([-300.0, 200.0, 100.0, 50.0])
    assert deadweight(many, wild) is None  # anything from none to all
    found = deadweight(many, np.array([30.0, 31.0, 29.0, 30.0]))
    assert found.mean == pytest.approx(0.7)
    assert 0 <= found.low <= found.mean <= found.high <= 1


def test_nobody_served_gives_no_ratio(made):
    key = ("R", "kokkola", "assumed", "cohorts")
    empty = stub(closures=("R",), strengths=("assumed",), designs=("cohorts",))
    for pair in empty.pairs[key]:
        pair.enrolments = pair.enrolments[:0]
    found = quantities(empty, key)
    for row in ("per_100", "direct", "served_months", "anyway_months", "displaced"):
        assert found[row].found is None
    assert contrast(empty, "kokkola", "R") is None


def test_counts_are_never_below_zero(made):
    """Student's interval of a rare count would reach below zero; a count cannot."""
    rare = stub(closures=("R",), strengths=("assumed",), designs=("cohorts",))
    key = ("R", "kokkola", "assumed", "cohorts")
    at = rare.at("supported_promotions")
    for number, pair in enumerate(rare.pairs[key]):
        pair.reference[at] = 0.0
        pair.scenario[at] = 0.0
        pair.scenario[at, 0] = float(number == 0)
    assert rare.estimate(key, "supported_promotions").low < 0
    found = quantities(rare, key)["supported"].found
    assert found.low == 0
    assert found.mean > 0
    for key in made.pairs:
        for quantity in quantities(made, key).values():
            if not quantity.signed and quantity.found is not None and quantity.unit == "number":
                assert quantity.found.low >= 0


def test_crossing():
    assert crossing((0, 1, 2), (0.0, 0.5, 1.5)) == ("needs", pytest.approx(1.5))
    assert crossing((0, 1, 2), (0.0, 0.5, 0.9)) == ("never", None)
    assert crossing((0, 1, 2), (1.2, 0.5, 0.9)) == ("already", 0.0)


def test_needed_agrees_with_the_comparison_and_says_how_sure(made):
    need = needed(made, "kokkola", "R")
    assert (need.verdict, need.multiple) == made.multiplier("kokkola", "R")
    strong = stub(shift=60.0, closures=("R",), designs=("cohorts",))
    sure = needed(strong, "kokkola", "R")
    assert sure.verdict == "needs"
    assert sure.sure
    assert 0 < sure.multiple < 1
    assert sure.best[1] <= sure.multiple <= sure.worst[1]
    assert needed(stub(strengths=("assumed",)), "kokkola", "R").verdict == "unknown"


def test_what_all_arms_share_cancels_in_the_contrast():
    made = stub(closures=("R",), designs=("cohorts",), shift=10.0)
    before = contrast(made, "kokkola", "R")
    for strength in STRENGTHS:
        key = ("R", "kokkola", strength, "cohorts")
        made.pairs[key] = [
            dataclasses.replace(pair, reference=pair.reference + 50.0 * r)
            for r, pair in enumerate(made.pairs[key])
        ]
    assert contrast(made, "kokkola", "R") == before


def test_frame_holds_every_row_of_every_arm(made):
    frame = headline_frame(made)
    beside = {"people_per_placement", *PUBLISHED}
    arms = frame.groupby(["mix", "closure", "strength"])["row"].apply(set)
    for (_, _, strength), rows in arms.items():
        assert rows == {*ROWS, *beside, *({"added", "needed"} if strength == "assumed" else ())}
    assert len(arms) == 6
    assert not frame.duplicated(["mix", "closure", "strength", "row"]).any()


@pytest.mark.parametrize(
    ("per_100", "expected"),
    [
        ((2.0, 1.0, 4.0), (50, 25, 100)),  # told: inverse of all three
        ((1.0, -1.0, 3.0), (None, 100 / 3, None)),  # perhaps no number is enough
        ((-2.0, -3.0, -1.0), (None, None, None)),  # no number is enough
    ],
)
def test_people_per_placement_is_the_inverse_of_the_interval(per_100, expected):
    quantity = Quantity("per_100", "per_100", Estimate(*per_100, ENOUGH_PAIRS))
    assert people_per_placement(quantity) == pytest.approx(expected)
    few = Quantity("per_100", "per_100", Estimate(*per_100, ENOUGH_PAIRS - 1))
    assert people_per_placement(few) == (None, None, None)


@pytest.mark.parametrize(("shift", "verdict"), [(0.0, "unseen"), (1e6, "seen"), (-1e6, "seen")])
def test_what_exceeds_the_usual_change_can_be_seen(shift, verdict):
    made = stub()
    key = ("R", "kokkola", "assumed", "cohorts")
    for pair in made.pairs[key]:
        for outcome in PUBLISHED.values():
            at = made.at(outcome)
            wave = 1000.0 * (-1.0) ** np.arange(pair.reference.shape[1])
            pair.reference[at] = wave
            pair.scenario[at] = wave + shift
    whole = (*key[:3], "whole")
    for pair in made.pairs[whole]:
        for outcome in PUBLISHED.values():
            at = made.at(outcome)
            pair.reference[at] = 1000.0 * (-1.0) ** np.arange(pair.reference.shape[1])
    found = seen_in_figures(made, key)
    assert [one.row for one in found] == list(PUBLISHED)
    for one in found:
        assert one.verdict == verdict
        assert one.usual == pytest.approx(2000, rel=0.02)
