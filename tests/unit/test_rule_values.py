"""Rules against values worked out by hand: a dropped term or a turned sign shows.

``python -m calibration.mutations`` says which changes of a rule these and the other tests catch.
"""

from __future__ import annotations

import math

import pytest

from simulator.agents import partner, person, workplace
from simulator.codes import Education, Sex, Status, Trend
from simulator.parameters import Par
from tests.worlds import default_parameters

A, P, S, N = (int(s) for s in (Status.A, Status.P, Status.S, Status.N))
AT_WORK, ELSEWHERE = int(Status.EMPLOYED), int(Status.EMPLOYED_ELSEWHERE)


def with_values(**values):
    par = default_parameters()
    for name, value in values.items():
        par[Par[name.upper()]] = value
    return par


def near(value):
    return pytest.approx(value, rel=1e-12)


# ---- persons


def test_groups_of_states():
    assert [s for s in map(int, Status) if person.works_or_seeks(s)] == [
        AT_WORK,
        ELSEWHERE,
        A,
        P,
        S,
        N,
    ]
    assert [s for s in map(int, Status) if person.is_jobless(s)] == [A, P, S, N]
    assert [s for s in map(int, Status) if person.is_unemployed(s)] == [A, P, S]
    assert [s for s in map(int, Status) if person.is_registered(s)] == [A, P]


def test_competence_closes_a_share_of_the_distance():
    par = with_values(learning=0.1, skill_loss=0.2)
    assert person.distance_kept(True, 2, par) == near(0.81)
    assert person.distance_kept(False, 2, par) == near(0.64)
    assert person.competence(1.0, 0.5, 2, True, 0.81) == near(2.5 - 1.5 * 0.81)
    assert person.competence(2.0, 0.5, 2, False, 0.64) == near(1.0 + 0.64)
    assert person.competence(0.5, 0.5, 2, False, 0.64) == 0.5


def test_looseness():
    par = with_values(leaving_tenure=10.0, leaving_by_rung=0.2, leaving_new=5.0)
    # fifteen of thirty months: half the fade is left, to the third power an eighth
    assert person.looseness(15, 1, 2.0, par) == near(2.0 * 1.1 * (1.0 + 4.0 / 8.0))
    assert person.looseness(40, 3, 2.0, par) == near(2.0 * 0.7)


def test_unemployment_risk():
    par = with_values(risk_men=1.2, risk_basic=2.0, risk_tertiary=0.5)
    assert person.unemployment_risk(Education.SECONDARY, Sex.MALE, par) == near(1.2)
    assert person.unemployment_risk(Education.BASIC, Sex.FEMALE, par) == near(1.6)
    assert person.unemployment_risk(Education.TERTIARY, Sex.MALE, par) == near(0.6)


def test_hazards_of_leaving():
    par = with_values(
        job_loss=0.01, job_loss_poor_match=0.4, exit_to_outside=0.02, exit_young=3.0, exit_old=5.0,
        title_quit=-0.5,
    )  # fmt: skip
    assert person.job_loss_per_month(2.0, 0.5, 0.0, par) == near(0.02 * math.exp(0.2))
    assert person.job_loss_per_month(2.0, -0.5, 0.3, par) == near(0.02 * math.exp(0.3))
    assert [person.exit_per_month(age, 2.0, 0, par) for age in (24, 25, 59, 60)] == near(
        [0.12, 0.04, 0.04, 0.2]
    )
    assert person.exit_per_month(40, 2.0, 1, par) == near(0.04 * math.exp(-0.5))


def test_end_of_schooling():
    assert person.school_ends(Education.BASIC) == 0
    assert person.school_ends(Education.SECONDARY) == 234
    assert person.school_ends(Education.TERTIARY) == 294


def test_state_after_job_loss():
    par = with_values(job_loss_to_a=0.6, job_loss_to_s=0.3, register_young=0.5)
    assert [person.status_after_job_loss(u, 25, par) for u in (0.59, 0.61, 0.89, 0.91)] == [
        A, S, S, P
    ]  # fmt: skip
    # below 25: A 0.3, S 1 - 0.7 / 2 = 0.65
    assert [person.status_after_job_loss(u, 24, par) for u in (0.29, 0.31, 0.94, 0.96)] == [
        A, S, S, P
    ]  # fmt: skip


def test_hazards_between_states_without_work():
    par = with_values(
        a_to_p=0.01, a_to_n=0.02, p_to_a=0.03, p_to_n=0.04, s_to_a=0.05, s_to_n=0.06, n_to_a=0.07,
        n_to_s=0.08, stay_old=0.5, register_young=0.25, n_young=3.0, n_old=0.1,
    )  # fmt: skip

    def at(status, age):
        return person.jobless_hazards(status, age, 2.0, par)

    assert [at(A, age) for age in (54, 55)] == [near((0.01, 0.02)), near((0.01, 0.01))]
    assert [at(P, age) for age in (54, 55)] == [near((0.03, 0.04)), near((0.03, 0.02))]
    assert [at(S, age) for age in (24, 25)] == [near((0.0125, 0.06)), near((0.05, 0.06))]
    assert [at(N, age) for age in (24, 25, 55)] == [
        near((0.035, 0.24)), near((0.14, 0.08)), near((0.014, 0.008))
    ]  # fmt: skip
    for status, first, second in ((A, P, N), (P, A, N), (S, A, N), (N, A, S)):
        one, two = at(status, 40)
        draws = (one - 1e-9, one + 1e-9, one + two - 1e-9, one + two + 1e-9)
        after = [person.next_jobless_status(status, 40, 2.0, u, par) for u in draws]
        assert after == [first, second, second, status]


def test_search():
    par = with_values(
        search_school=0.2, search_old=0.3, search_health=0.5, search_decay=0.1,
        search_decay_floor=0.05, search_hours=2.0, search_employed=7.0, search_elsewhere=2.0,
        search_a=3.0, search_p=4.0, search_s=5.0, search_n=6.0,
    )  # fmt: skip
    assert [person.search_left(age, False, par) for age in (19, 20, 54, 55)] == [0.2, 1, 1, 0.3]
    assert person.search_left(55, True, par) == near(0.15)
    assert person.search_decay(10, par) == near(math.exp(-1.0))
    assert person.search_decay(100, par) == 0.05
    assert person.search_with_hours(0.5, par) == near(-2.0 * math.log(1.5))
    assert person.search_with_hours(-2.0, par) == near(-2.0 * math.log(0.1))
    assert person.search_with_hours(0.0, par) == 0.0
    rates = [
        person.applications_per_month(s, 0.5, 0.4, 0.3, par) / math.exp(0.3)
        for s in (AT_WORK, ELSEWHERE, A, P, S, N)
    ]
    assert rates == near([1.4, 0.4, 0.6, 0.8, 1.0, 1.2])


def test_bumping_down():
    par = with_values(
        bump_down_slack=2.0, bump_down=0.1, bump_down_per_month=0.01, bump_down_highest=0.8,
        variant_bumping=0.0,
    )  # fmt: skip
    assert person.bump_by_slack(3.0, par) == near(9.0)
    assert person.bump_by_slack(1.0, par) == 1.0
    assert person.bump_down_share(12, 2.0, par) == near(0.44)
    assert person.bump_down_share(50, 1.0, par) == near(0.46)
    assert person.bump_down_share(50, 9.0, par) == 0.8
    assert person.bump_down_share(12, 2.0, with_values(variant_bumping=1.0)) == 0.0


def test_rung_sought():
    par = with_values(search_upward=0.5, tolerance=0.3)
    assert person.rung_sought(AT_WORK, 1.5, 1, 0.4, 0.0, par) == 2
    assert person.rung_sought(AT_WORK, 1.5, 1, 0.6, 0.0, par) == 1
    assert person.rung_sought(ELSEWHERE, 1.3, 1, 0.4, 0.0, par) == 1
    assert person.rung_sought(AT_WORK, 4.0, 3, 0.4, 0.0, par) == 3
    assert person.rung_sought(A, 1.75, 0, 0.4, 0.3, par) == 2
    assert person.rung_sought(A, 1.65, 0, 0.4, 0.3, par) == 1
    assert person.rung_sought(A, 1.75, 0, 0.2, 0.3, par) == 1
    assert person.rung_sought(A, 0.0, 0, 0.2, 0.3, par) == 0


def test_wanting():
    assert person.value_of_post(7.0, 2.0, with_values(taste_sd=0.1)) == near(7.2)
    ambition = math.log(0.25) + 2.197  # of a fifth, in log odds from one in ten
    chance = 1.0 / (1.0 + math.exp(-(0.5 + 0.3 * 2.0 + 0.4 * ambition)))
    assert person.is_motivated(0.5, 2.0, 0.2, 0.3, 0.4, chance - 1e-9)
    assert not person.is_motivated(0.5, 2.0, 0.2, 0.3, 0.4, chance + 1e-9)
    assert person.entrant_competence(Education.TERTIARY, 0.75) == near(2.65)
    assert person.entrant_competence(Education.SECONDARY, 0.75) == near(1.3)
    assert person.entrant_competence(Education.BASIC, 0.75) == near(0.5)


# ---- workplaces


def test_shares_of_posts():
    par = with_values(
        backfill=0.9, backfill_shrinking=0.4, variant_renewal=0.0, return_withdrawn=0.1,
        return_growing=2.0, return_shrinking=0.5, post_destroyed=0.01, destroyed_growing=0.4,
        destroyed_shrinking=3.0, growing_share=0.2, shrinking_share=0.3, new_growing=2.0,
        new_shrinking=0.5,
    )  # fmt: skip
    trends = (Trend.SHRINKING, Trend.RESTING, Trend.GROWING)
    assert workplace.shift_log_odds(0.5, math.log(3.0)) == near(0.75)
    assert [workplace.backfill_share(t, 0.0, par) for t in trends] == [0.4, 0.9, 0.9]
    assert workplace.backfill_share(Trend.RESTING, math.log(2.0), par) == near(18 / 19)
    assert [workplace.return_per_month(t, par) for t in trends] == near([0.05, 0.1, 0.2])
    assert workplace.return_per_month(Trend.GROWING, with_values(variant_renewal=1.0)) == 0.0
    assert [workplace.destroyed_per_month(t, par) for t in trends] == near([0.03, 0.01, 0.004])
    mean_new, mean_lost = 1.0 + 0.2 - 0.15, 1.0 - 0.12 + 0.6
    assert [workplace.growth_weight(t, 1, par) for t in trends] == near(
        [0.5 / mean_new, 1.0 / mean_new, 2.0 / mean_new]
    )
    assert workplace.growth_weight(Trend.GROWING, workplace.LARGE, par) == 1.0
    assert workplace.destroyed_on_average(0.01, 1, par) == near(0.01 * mean_lost)
    assert workplace.destroyed_on_average(0.01, workplace.LARGE, par) == 0.01
    assert [workplace.trend_of_year(u, 0, par) for u in (0.19, 0.21, 0.49, 0.51)] == [
        Trend.GROWING, Trend.SHRINKING, Trend.SHRINKING, Trend.RESTING
    ]  # fmt: skip
    assert workplace.trend_of_year(0.1, workplace.LARGE, par) == Trend.RESTING


def test_looking_inside():
    par = with_values(
        inside_micro=0.1, inside_small=0.2, inside_medium=0.3, inside_large=0.4, internal_first=0.5,
        variant_inside=0.0, tolerance=0.3, tenure_bonus=0.04, promotion_penalty=0.5,
        short_of_staff=0.2,
    )  # fmt: skip

    def odds(share):
        return share / (1.0 - share) * math.exp(0.5 + 0.25)

    for size, share in enumerate((0.1, 0.2, 0.3, 0.4)):
        found = workplace.inside_share(size, 0.25, par)
        assert found == near(odds(share) / (1.0 + odds(share)))
    assert workplace.inside_score(-0.4, 60, 0.8, 0.25, 2.0, par) == near(
        -0.4 + 0.2 - 0.5 * 0.8 * 0.75 + 0.5
    )
    assert workplace.inside_score(0.4, 240, 0.0, 0.0, 0.0, par) == near(0.4)
    assert workplace.shown_share(0.4, 0.5) == near(0.7)
    assert workplace.shown_share(0.4, 2.0) == near(1.0)
    assert not workplace.refuses_release(0.5, 10, 8, 0.4, par)
    assert workplace.refuses_release(0.5, 10, 7, 0.4, par)
    assert not workplace.refuses_release(0.5, 10, 7, 0.6, par)


def test_scores():
    par = with_values(
        match_below=1.5, match_above=0.2, match_above_cap=1.0, variant_stigma=0.0, stigma=0.3,
        stigma_months=12.0, written_noise=0.5, offer_noise=0.25, offer_penalty=0.4,
        statistical_share=0.5, meeting_information=0.6, standard=-0.2, standard_relaxes=0.05,
        variant_standard=0.0, collection_rounds=3.0,
    )  # fmt: skip
    assert workplace.match(-0.4, par) == near(-0.6)
    assert workplace.match(0.5, par) == near(0.1)
    assert workplace.match(2.0, par) == near(0.2)
    assert [workplace.stigma(m, par) for m in (11, 12)] == [0.0, 0.3]
    par[Par.VARIANT_STIGMA] = 2.0
    assert [workplace.stigma(m, par) for m in (6, 60)] == near([0.075, 0.3])
    assert workplace.written_score(-0.4, 0.8, 0.25, 0.3, 0.1, 2.0, par) == near(
        -0.6 - 0.6 - 0.3 + 0.1 + 1.0
    )
    assert workplace.offer_score(-0.4, 0.8, 0.25, False, 0.1, 2.0, par) == near(
        -0.6 - 0.24 + 0.1 + 0.5
    )
    assert workplace.offer_score(-0.4, 0.8, 0.25, True, 0.1, 2.0, par) == near(
        -0.6 - 0.24 * 0.7 + 0.1 + 0.5
    )
    assert workplace.standard(2, -0.5, par) == near(-0.2 - 0.1 - 0.5)
    par[Par.VARIANT_STANDARD] = 1.0
    assert workplace.standard(2, -0.5, par) == near(-0.7)
    assert [workplace.collection_length(u, par) for u in (0.0, 0.5, 0.99)] == [1, 3, 5]


# ---- partners


def test_reach():
    assert partner.is_reached(0.5, 0.4, 0.19)
    assert not partner.is_reached(0.5, 0.4, 0.21)
    assert partner.known_share(0.2, [(0.5, 0.8, 0.5), (0.3, 0.5, 0.4)]) == near(
        1.0 - 0.8 * 0.8 * 0.94
    )
    assert partner.places_share([(0.5, 0.8, 0.5), (0.3, 2.0, 1.0)]) == near(0.8)
