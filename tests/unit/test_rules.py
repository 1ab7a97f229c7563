"""Rules of persons, workplaces and partners: signs, bounds and edges."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulator
from calibration.identities import random_parameters
from scenarios import load_parameters
from simulator.agents import partner, person, workplace
from simulator.codes import Status, Trend
from simulator.parameters import Par
from tests.worlds import default_parameters

PAR = default_parameters()
JOBLESS = tuple(int(status) for status in (Status.A, Status.P, Status.S, Status.N))
seeds = st.integers(0, 10**6)
chances = st.floats(0, 1, exclude_max=True)
gaps = st.floats(-3, 3)


def changed(**values) -> np.ndarray:
    par = PAR.copy()
    for name, value in values.items():
        par[Par[name.upper()]] = value
    return par


def test_examples_in_docstrings():
    modules = [simulator] + [
        importlib.import_module(f"simulator.{info.name}")
        for info in pkgutil.iter_modules(simulator.__path__)
        if info.name not in {"mesa_model"}  # needs mesa, which takes a second to import
    ]
    results = [doctest.testmod(module) for module in [*modules, partner]]
    assert sum(result.attempted for result in results) > 0
    assert not any(result.failed for result in results)


# ---- persons


@given(q=gaps, learn=st.floats(-1, 2), rung=st.integers(0, 3), months=st.integers(0, 400))
def test_learning_runs_to_its_goal_and_never_back(q, learn, rung, months):
    kept = person.distance_kept(True, months, PAR)
    after = person.competence(q, learn, rung, True, kept)
    assert after >= q - 1e-9
    assert after <= max(q, rung + learn) + 1e-9


@given(q=gaps, home=st.integers(0, 3), months=st.integers(0, 400))
def test_skill_is_lost_down_to_one_rung_below_home(q, home, months):
    kept = person.distance_kept(False, months, PAR)
    after = person.competence(q, 0.9, home, False, kept)
    assert after <= q + 1e-9
    assert after >= min(q, home - 1.0) - 1e-9


@given(q=gaps, first=st.integers(0, 60), second=st.integers(0, 60), in_work=st.booleans())
def test_competence_of_two_spans_is_that_of_their_sum(q, first, second, in_work):
    def after(value, months):
        kept = person.distance_kept(in_work, months, PAR)
        return person.competence(value, 0.9, 1, in_work, kept)

    assert after(after(q, first), second) == pytest.approx(after(q, first + second), abs=1e-9)


def test_competence_counts_less_in_another_sector():
    assert person.competence_in_sector(1.7, 2, 2) == 1.7
    assert person.competence_in_sector(1.7, 2, 1) == pytest.approx(0.7)
    assert person.competence_in_sector(0.4, 2, 1) == 0.0
    assert person.competence_in_sector(-0.4, 2, 1) == -0.4


@given(seed=seeds, tenure=st.integers(0, 400), rung=st.integers(0, 3), attachment=st.floats(0, 5))
def test_people_are_tied_more_the_longer_they_stay(seed, tenure, rung, attachment):
    par = random_parameters(np.random.default_rng(seed))
    loose = person.looseness(tenure, rung, attachment, par)
    assert loose >= 0
    assert person.looseness(tenure + 1, rung, attachment, par) <= loose
    assert person.looseness(10**4, rung, attachment, par) <= loose


def test_hazards_of_leaving_work():
    lost = person.job_loss_per_month(1.0, 0.0, 0.0, PAR)
    assert 0 < lost < 1
    assert person.job_loss_per_month(2.0, 0.0, 0.0, PAR) == pytest.approx(2 * lost)
    assert person.job_loss_per_month(1.0, 0.0, -0.5, PAR) < lost
    assert person.job_loss_per_month(5.0, 1.0, 0.0, PAR) >= person.job_loss_per_month(
        5.0, 0.0, 0.0, PAR
    )
    quits = person.exit_per_month(40, 1.0, 0, PAR)
    assert person.exit_per_month(20, 1.0, 0, PAR) > quits
    # a title changes quitting only where the scenario says so
    assert person.exit_per_month(40, 1.0, 1, changed(title_quit=0.0)) == quits
    assert person.exit_per_month(40, 1.0, 1, changed(title_quit=-0.5)) < quits


@pytest.mark.parametrize("status", JOBLESS)
@pytest.mark.parametrize("age", [20, 40, 60])
@pytest.mark.parametrize("risk", [0.5, 1.0, 2.0])
def test_transitions_have_their_chances_and_match_the_chance_to_leave(status, age, risk):
    u = (np.arange(20000) + 0.5) / 20000
    after = np.array([person.next_jobless_status(status, age, risk, x, PAR) for x in u])
    assert set(after) <= set(JOBLESS)
    assert (after != status).mean() == pytest.approx(
        person.leaves_jobless_status(status, age, risk, PAR), abs=1e-4
    )


@given(u=chances, age=st.integers(15, 74), seed=seeds)
def test_after_job_loss_people_are_in_a_state_without_work(u, age, seed):
    par = random_parameters(np.random.default_rng(seed))
    assert person.status_after_job_loss(u, age, par) in JOBLESS


def test_search_declines_to_its_floor():
    left = [person.search_decay(months, PAR) for months in range(0, 400, 10)]
    assert left[0] == 1.0
    assert left == sorted(left, reverse=True)
    assert left[-1] == PAR[Par.SEARCH_DECAY_FLOOR]


def test_search_effort_scales_applications():
    for status in (*JOBLESS, Status.EMPLOYED, Status.EMPLOYED_ELSEWHERE):
        rate = person.applications_per_month(status, 1.0, 1.0, 0.0, PAR)
        assert rate >= 0
        assert person.applications_per_month(status, 0.0, 1.0, 0.0, PAR) == 0
        assert person.applications_per_month(status, 2.0, 1.0, 0.0, PAR) == pytest.approx(2 * rate)
        assert person.applications_per_month(status, 1.0, 1.0, 0.7, PAR) >= rate
    a, s, n, p = (
        person.applications_per_month(status, 1.0, 1.0, 0.0, PAR)
        for status in (Status.A, Status.S, Status.N, Status.P)
    )
    assert min(a, s) > n > p  # searchers most, P rarely


@given(seed=seeds, months=st.integers(0, 200), slack=st.floats(0.1, 10))
def test_bumping_down_grows_with_time_and_slack(seed, months, slack):
    par = random_parameters(np.random.default_rng(seed))
    share = person.bump_down_share(months, slack, par)
    assert 0 <= share <= 1
    assert person.bump_down_share(months + 1, slack, par) >= share
    assert person.bump_down_share(months, slack * 1.1, par) >= share


@given(
    status=st.sampled_from((*JOBLESS, Status.EMPLOYED)),
    q=st.floats(-2, 5),
    held=st.integers(0, 3),
    u=chances,
    down=st.floats(0, 1),
)
def test_rung_sought_exists_and_is_within_reach(status, q, held, u, down):
    rung = person.rung_sought(status, q, held, u, down, PAR)
    assert 0 <= rung <= 3
    if status == Status.EMPLOYED:
        assert rung in (held, held + 1)
    else:
        fit = min(max(int(np.floor(q + PAR[Par.TOLERANCE])), 0), 3)
        assert rung in (fit, fit - 1)
        assert person.rung_sought(status, q, held, u, 0.0, PAR) == fit


# ---- workplaces


@given(share=st.floats(0, 1), shift=st.floats(-5, 5))
def test_shift_of_a_share(share, shift):
    moved = workplace.shift_log_odds(share, shift)
    assert 0 <= moved <= 1
    assert (moved - share) * shift >= -1e-12
    assert workplace.shift_log_odds(share, 0.0) == share


@given(seed=seeds)
def test_trends_order_backfilling_returns_and_losses(seed):
    par = random_parameters(np.random.default_rng(seed))
    par[Par.BACKFILL] = max(par[Par.BACKFILL], par[Par.BACKFILL_SHRINKING])
    for trend in Trend:
        assert 0 <= workplace.backfill_share(trend, 0.0, par) <= 1
        assert 0 <= workplace.return_per_month(trend, par) <= 1
        assert 0 <= workplace.destroyed_per_month(trend, par) <= 1
    shrinking, resting, growing = Trend.SHRINKING, Trend.RESTING, Trend.GROWING
    assert workplace.backfill_share(shrinking, 0.0, par) <= workplace.backfill_share(
        growing, 0.0, par
    )
    assert (
        workplace.destroyed_per_month(growing, par)
        <= workplace.destroyed_per_month(resting, par)
        <= workplace.destroyed_per_month(shrinking, par)
    )
    assert (
        workplace.return_per_month(shrinking, par)
        <= workplace.return_per_month(resting, par)
        <= workplace.return_per_month(growing, par)
    )


@pytest.mark.parametrize("size_class", range(4))
def test_new_posts_go_to_growing_workplaces_and_cover_losses_on_average(size_class):
    """Weights average one over the years, so that arrivals equal expected losses."""
    u = (np.arange(10000) + 0.5) / 10000
    trends = [workplace.trend_of_year(x, size_class, PAR) for x in u]
    weights = np.array([workplace.growth_weight(trend, size_class, PAR) for trend in trends])
    losses = np.array([workplace.destroyed_per_month(trend, PAR) for trend in trends])
    assert weights.mean() == pytest.approx(1.0, abs=1e-3)
    at_rest = PAR[Par.POST_DESTROYED]
    average = workplace.destroyed_on_average(at_rest, size_class, PAR)
    assert losses.mean() == pytest.approx(average, rel=1e-3)


def test_variants_of_the_internal_stage():
    assert workplace.inside_share(0, 0.0, changed(variant_inside=1)) == 1.0
    assert workplace.inside_share(3, 5.0, changed(variant_inside=2)) == 0.0
    by_size = [workplace.inside_share(size, 0.0, PAR) for size in range(4)]
    assert by_size == sorted(by_size)


@given(gap=gaps, more=st.floats(0, 2))
def test_match_rises_with_competence(gap, more):
    assert workplace.match(gap + more, PAR) >= workplace.match(gap, PAR)
    assert workplace.match(0.0, PAR) == 0.0


def test_scores_fall_with_penalty_and_stigma_and_inclusiveness_takes_it_back():
    plain = workplace.written_score(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, PAR)
    assert workplace.written_score(0.0, 0.5, 0.0, 0.0, 0.0, 0.0, PAR) == plain - 0.5
    assert workplace.written_score(0.0, 0.5, 1.0, 0.0, 0.0, 0.0, PAR) == plain
    assert workplace.written_score(0.0, 0.0, 0.0, 0.2, 0.0, 0.0, PAR) == plain - 0.2
    assert workplace.written_score(0.0, 0.0, 0.0, 0.0, 0.3, 0.0, PAR) == plain + 0.3


def test_meetings_remove_only_the_statistical_part():
    par = changed(statistical_share=0.4, meeting_information=1.0, offer_penalty=0.5)
    base = workplace.offer_score(0.0, 0.0, 0.0, False, 0.0, 0.0, par)
    letter = workplace.offer_score(0.0, 1.0, 0.0, False, 0.0, 0.0, par)
    met = workplace.offer_score(0.0, 1.0, 0.0, True, 0.0, 0.0, par)
    assert base - letter == pytest.approx(0.5)
    assert base - met == pytest.approx(0.5 * (1 - 0.4))
    default = changed(meeting_information=0.0)
    assert workplace.offer_score(0.0, 1.0, 0.0, True, 0.0, 0.0, default) == workplace.offer_score(
        0.0, 1.0, 0.0, False, 0.0, 0.0, default
    )


def test_standard_falls_with_each_collection_but_for_the_fixed_variant():
    falling = [workplace.standard(attempt, 0.0, PAR) for attempt in range(6)]
    assert falling == sorted(falling, reverse=True)
    fixed = changed(variant_standard=1)
    assert workplace.standard(5, 0.0, fixed) == workplace.standard(0, 0.0, fixed)
    assert workplace.standard(0, -0.5, PAR) < workplace.standard(0, 0.0, PAR)


def test_stigma_variants():
    assert workplace.stigma(100, changed(variant_stigma=1)) == 0.0
    late = int(PAR[Par.STIGMA_MONTHS])
    assert workplace.stigma(late - 1, PAR) == 0.0
    assert workplace.stigma(late, PAR) == PAR[Par.STIGMA]
    rising = [workplace.stigma(months, changed(variant_stigma=2)) for months in range(0, 40, 4)]
    assert rising == sorted(rising)


def test_readiness_inside():
    tolerance = PAR[Par.TOLERANCE]
    assert workplace.is_ready_inside(-tolerance, 0.0, PAR)
    assert not workplace.is_ready_inside(-tolerance - 0.01, 0.0, PAR)
    assert workplace.is_ready_inside(-tolerance - 0.01, 0.02, PAR)


@pytest.mark.parametrize("mean", [1.0, 1.5, 3.0, 3.3, 5.0, 8.0])
def test_collections_last_their_mean(mean):
    par = changed(collection_rounds=mean)
    u = (np.arange(100000) + 0.5) / 100000
    lengths = np.array([workplace.collection_length(x, par) for x in u])
    assert lengths.min() >= 1
    assert lengths.max() <= 2 * mean
    # exact where twice the mean is whole; else whole rounds add a little
    width = 2 * mean - 1
    rest = width % 1
    assert lengths.mean() == pytest.approx(mean + rest * (1 - rest) / (2 * width), abs=1e-4)


# ---- partners


def test_more_partners_never_hide_a_measure():
    alone = partner.known_share(0.2, [])
    one = partner.known_share(0.2, [(0.5, 0.8, 0.5)])
    two = partner.known_share(0.2, [(0.5, 0.8, 0.5), (0.3, 1.0, 1.0)])
    assert alone == pytest.approx(0.2)
    assert alone < one < two < 1


def test_every_parameter_stays_inside_its_range_by_default():
    for name, parameter in load_parameters().items():
        assert parameter.low <= parameter.value <= parameter.high, name
