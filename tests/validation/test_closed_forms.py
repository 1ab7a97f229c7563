"""Closed forms by their recorded routes; a wrong rule is refused."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest

from calibration import closed_forms as module
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
from simulator.parameters import Par

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


# ---- what each check would notice --------------------------------------------------------------

Wrong = Callable[[pytest.MonkeyPatch, dict], dict]


def moved(key: str, *at: int | str, by: float = 0.05, to: str | None = None) -> Wrong:
    """Let the world run with a chance that is higher than the one the answer is derived from.

    ``to`` names the exits that lose what ``key`` gains, in the same row.
    """

    def wrong(patch, inputs):  # noqa: ARG001
        table, last = inputs, (key, *at)
        for name in last[:-1]:
            table = table[name]
        table[last[-1]] += by
        if to is not None:
            rest = inputs[to][at[0]]
            if isinstance(rest, list):
                rest[-1] -= by
            else:
                inputs[to][at[0]] -= by
        return inputs

    return wrong


def scaled(key: str, *at: int | str, by: float = 1.1) -> Wrong:
    """Let the world run with an input by a tenth higher."""

    def wrong(patch, inputs):  # noqa: ARG001
        table, last = inputs, (key, *at)
        for name in last[:-1]:
            table = table[name]
        table[last[-1]] *= by
        return inputs

    return wrong


def rule(**factors: float) -> Wrong:
    """Let a rule of the engine use parameters that are too high, too low or missing."""

    def wrong(patch, inputs):
        right = module.quiet_parameters

        def parameters(**changes):
            par = right(**changes)
            for name, factor in factors.items():
                par[Par[name.upper()]] *= factor
            return par

        patch.setattr(module, "quiet_parameters", parameters)
        return inputs

    return wrong


def all_see_public_vacancies_only(patch, inputs):
    right = module.urn_ball
    patch.setitem(
        module.ROUTES, "urn_ball_matching",
        ("engine", lambda *a: right(*a, only_public=True)),
    )  # fmt: skip
    return inputs


def the_last_event_is_lost(patch, inputs):
    right = module.replay_links
    patch.setattr(module, "replay_links", lambda events: right(list(events)[:-1]))
    return inputs


def titles_make_holders_search(patch, inputs):
    right = module.small_place

    def place(upgrade_in_place):
        return right(upgrade_in_place=upgrade_in_place, search_employed=1.0 + upgrade_in_place)

    patch.setattr(module, "small_place", place)
    return inputs


# one for each instance that is simulated; several where rules of different kinds take part
PERTURBED: list[tuple[str, str, Wrong]] = [
    ("white_embedded_chain_methodist_like", "a transition + 0.05",
     moved("Q", 0, 1, to="q_exit")),
    ("geometric_chain_one_stratum", "going on + 0.05", moved("continuation_probability_p")),
    ("strict_ladder_reach_of_entry_level", "ready on the rung below + 0.05",
     moved("internal_share_level2")),
    ("strict_ladder_reach_of_entry_level", "ready two rungs below + 0.05",
     moved("internal_share_level3")),
    ("flow_balance_beginnings_equal_endings", "a transition + 0.05",
     moved("Q", 2, 1, to="q_exit")),
    ("chain_endings_by_source", "an end + 0.05", moved("R", 2, 0, to="R")),
    ("restricted_first_round_hiring", "an end + 0.05", moved("R", 2, 0, to="R")),
    ("restricted_first_round_hiring", "a transition + 0.05", moved("Q", 0, 1, to="R")),
    ("akerlof_rose_yellen_chain_length", "employed searchers x 1.1",
     scaled("employed_searchers_equivalent")),
    ("competing_risks_internal_external_cancel", "inside share x 1.1", rule(inside_micro=1.1)),
    ("competing_risks_internal_external_cancel", "giving up x 1.2", rule(give_up=1.2)),
    ("net_effect_sign_cases", "nobody at work looks", rule(search_employed=0.0)),
    ("net_effect_sign_cases", "nobody without work looks", rule(search_a=0.0)),
    ("fixed_grade_sizes_port_of_entry", "a closed port + 0.05",
     moved("external_share_level2_level3", "closed_ports", 0)),
    ("fixed_grade_sizes_port_of_entry", "outside share + 0.1",
     moved("external_share_level2_level3", "baseline", 0, by=0.1)),
    ("vacancy_stock_discrete_time", "outsiders x 1.1", rule(outsiders_0=1.1)),
    ("steady_state_unemployment_two_state", "separation x 1.1", rule(elsewhere_end=1.1)),
    ("steady_state_unemployment_two_state", "finding x 1.1", rule(find_elsewhere=1.1)),
    ("duration_dependence_from_heterogeneity", "search x 1.1", rule(search_a=1.1)),
    ("duration_dependence_from_heterogeneity", "hazard of those who find seldom x 1.2",
     scaled("monthly_hazards", 1, by=1.2)),
    ("urn_ball_matching", "half of the vacancies seen", all_see_public_vacancies_only),
    ("urn_ball_matching", "applicants x 1.1", moved("applicants_one_application_each", by=10)),
    ("ranking_queue_preferred_group", "search x 1.1", rule(search_a=1.1)),
    ("internal_candidate_readiness", "readiness + 0.05", moved("ready_prob_base")),
    ("vacancy_stock_by_level_little", "outsiders on a rung x 1.1", rule(outsiders_1=1.1)),
    ("rationed_job_lottery_displacement", "weight in the queue x 1.1", scaled("treated_weight")),
    ("six_event_ledger", "the last event is lost", the_last_event_is_lost),
    ("promotion_without_vacancy_is_a_null", "titles make holders search",
     titles_make_holders_search),
    ("jobs_gained_by_faster_filling", "collection x 1.1", rule(collection_rounds=1.1)),
    ("leakage_to_outside_region", "local share of hires + 0.05",
     moved("if_in_region_share_of_hires")),
    ("sum_of_log_wage_gains_along_chain", "a transition + 0.05", moved("Q", 0, 1)),
    ("sum_of_log_wage_gains_along_chain", "wage step x 1.1",
     scaled("log_wage_step_between_adjacent_levels")),
]  # fmt: skip


def test_every_simulated_instance_has_a_wrong_rule():
    simulated = {name for name, (route, _) in ROUTES.items() if route != "algebra"}
    assert {name for name, _, _ in PERTURBED} == simulated


@pytest.mark.parametrize(
    ("name", "wrong"),
    [pytest.param(name, wrong, id=f"{name}: {what}") for name, what, wrong in PERTURBED],
)
def test_a_wrong_rule_fails_the_quick_check(name, wrong, monkeypatch):
    case = copy.deepcopy(CASES[name])
    case["inputs"] = wrong(monkeypatch, case["inputs"])
    rows = check_instance(case, quick=True)
    assert [row.check for row in rows if not row.holds]
