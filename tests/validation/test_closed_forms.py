"""Closed forms by their recorded routes; a wrong rule is refused."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.closed_forms import (
    ROUTES,
    check_instance,
    duration_dependence,
    instances,
    mean_of,
    promoted,
    queue,
    sign_case,
    urn_ball,
)

CASES = {instance["name"]: instance for instance in instances()}


def ask(name: str, check, **wrong):
    case = CASES[name]
    return list(check(case["inputs"], case["expected"], 2000, **wrong))


@pytest.mark.parametrize("name", CASES)
def test_instance(name):
    """Quick numbers of observations; ``validate`` takes the recorded ones."""
    rows = check_instance(CASES[name], quick=True)
    assert rows
    assert [row for row in rows if not row.holds] == []
    if CASES[name]["via"] == "not_applicable":
        assert rows[0].simulated == CASES[name]["via_reason"]


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n, c in CASES.items() if c["observations"] > 2000])
def test_instance_with_all_observations(name):
    assert [row for row in check_instance(CASES[name]) if not row.holds] == []


def test_every_applicable_instance_has_a_route():
    applicable = {name for name, case in CASES.items() if case["via"] != "not_applicable"}
    assert set(ROUTES) == applicable
    assert all(ROUTES[name][0] == CASES[name]["via"] for name in applicable)


def test_another_route_than_the_recorded_one_is_an_error():
    with pytest.raises(ValueError, match="recorded as algebra"):
        check_instance({**CASES["urn_ball_matching"], "via": "algebra"})


def test_a_biased_search_is_refused():
    answers = ask("urn_ball_matching", urn_ball, only_public=True)
    assert not answers[0].holds


def test_equal_chances_show_no_duration_dependence():
    answers = ask("duration_dependence_from_heterogeneity", duration_dependence, alike=True)
    assert answers[0].holds
    assert not answers[1].holds


def test_readiness_shared_by_a_workplace_is_refused():
    case = CASES["internal_candidate_readiness"]
    rng = np.random.default_rng(1)
    rho, k = case["inputs"]["ready_prob_base"], case["inputs"]["candidates_below"]
    together = np.repeat(rng.random((2000, 1)) < rho, k, axis=1) * 1.0
    assert not mean_of("", promoted(together), case["expected"]["prob_some_ready_base"]).holds
    assert mean_of("", promoted(together), rho).holds


def test_a_penalty_that_decides_nothing_is_refused():
    case = CASES["ranking_queue_preferred_group"]
    first = queue(1.2, 0.8, 0.3, 2000)
    expected = case["expected"]["prob_filled_by_non_preferred"]
    assert not mean_of("", first == 1, expected).holds


def test_sign_cases_by_hand():
    """(entry vacancies, filled posts) after a year, with and without the promotion."""
    assert (sign_case("A", True), sign_case("A", False)) == ((1, 3), (0, 2))
    assert (sign_case("B", True), sign_case("B", False)) == ((1, 3), (0, 3))
    assert (sign_case("C", True), sign_case("C", False)) == ((1, 3), (1, 3))
    assert (sign_case("D", True), sign_case("D", False)) == ((0, 2), (0, 2))
    assert (sign_case("E", True), sign_case("E", False)) == ((0, 2), (1, 3))
