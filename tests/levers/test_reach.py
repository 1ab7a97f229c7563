"""Reach by hand: known, reachable, motivated, places, groups, absence of a partner, fading."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scenarios.measures import Dose, PartnerChange, load_measure, load_partners, mix_of
from simulator.agents.partner import known_share, places_share
from simulator.agents.person import is_motivated
from simulator.agents.workplace import shown_share
from simulator.enrolment import places_of_month
from simulator.groups import assign_cells, target_cells
from simulator.policy import _group, access, lay_out_mix
from simulator.town import Town
from simulator.world import Count, Enrolment
from simulator.world import Measure as Row


@pytest.fixture(scope="module")
def town():
    return Town("kokkola").without_services()  # so that one measure is seen alone


def run(town, mix, months, **how):
    world = town.begin(10_002)
    policy = lay_out_mix(mix, town.site, town.place, **how)
    policy.install(world)
    world.lay_out(0, months, assign_cells(world, town.site), target_cells())
    return world.advance(months)


def enrolled(world, what):
    return world.columns.enrolments[what, : int(world.columns.counts[Count.ENROLMENTS])]


def test_known_by_hand():
    # taite: own 0.16; four partners refer, each by its best link to a deliverer that takes part
    partners = load_partners()
    measure = load_measure("taite")
    unknown = 1 - 0.16
    for kind in measure.referred_by:
        partner = partners.partners[kind]
        best = max(partners.link(kind, other) for other in measure.delivered_by)
        unknown *= 1 - partner.reach.value * partner.engagement.value * best
    policy = lay_out_mix(mix_of(["taite"]), Town("kokkola").site, Town("kokkola").place)
    assert policy._known(measure, 0.0, 0.0) == pytest.approx(1 - unknown)
    # employment services alone: 1 - 0.84 (1 - 0.8 x 0.8 x 1) = 0.6976
    assert known_share(0.16, [(0.8, 0.8, 1.0)]) == pytest.approx(0.6976)


def test_who_has_to_know():
    assert _group(load_measure("taite")) == "jobseeker"
    assert _group(load_measure("dk_jobrotation")) == "worker"
    assert _group(load_measure("hiring_supports")) == "jobseeker"
    assert _group(load_measure("sme_help")) == "employer"


def test_a_partner_taken_away_takes_deliveries_referrals_and_company_along(town):
    measure = load_measure("taite")
    mix = mix_of(["taite"])
    gone = {"third_sector": PartnerChange(takes_part=False)}
    less = mix.model_copy(update={"partners": gone})
    whole, rest = (lay_out_mix(m, town.site, town.place) for m in (mix, less))
    assert rest._known(measure, 0.0, 0.0) < whole._known(measure, 0.0, 0.0)
    # places: 15 (0.5 x 0.95 x 0.8 + 0.5 x 0.8 x 0.6) with both, 15 x 0.38 with one
    assert whole._places(measure, 0.0) == pytest.approx(15 * (0.38 + 0.24))
    assert rest._places(measure, 0.0) == pytest.approx(15 * 0.38)
    assert places_share([(0.5, 0.95, 0.8)]) == pytest.approx(0.38)
    at = town.place.barriers.index("no_network")
    # no network: 0.1 is lost; the third sector makes good 0.4 x 0.6, representatives 0.2 x 0.6
    assert access(whole.partners, town.place)[at] == pytest.approx(1 - 0.1 * (1 - 0.24))
    assert access(rest.partners, town.place)[at] == pytest.approx(1 - 0.1 * (1 - 0.12))


def test_links_run_only_to_deliverers_that_take_part(town):
    measure = load_measure("taite")
    gone = {"employment_services": PartnerChange(takes_part=False)}
    mix = mix_of(["taite"]).model_copy(update={"partners": gone})
    policy = lay_out_mix(mix, town.site, town.place)
    unknown = 1 - 0.16
    for kind in ("health_social_services", "third_sector", "representatives"):
        partner = policy.partners.partners[kind]
        link = policy.partners.link(kind, "third_sector")
        unknown *= 1 - partner.reach.value * partner.engagement.value * link
    assert policy._known(measure, 0.0, 0.0) == pytest.approx(1 - unknown)


def test_engagement_is_capped_at_one(town):
    measure = load_measure("taite")
    policy = lay_out_mix(mix_of(["taite"]), town.site, town.place)
    assert policy._places(measure, 9.0) == pytest.approx(15 * (0.5 * 0.95 + 0.5 * 0.8))


def test_motivated_is_logistic_in_mood_and_ambition():
    draws = (np.arange(10_000) + 0.5) / 10_000
    for mood, ambition in ((0.0, 0.1), (1.0, 0.1), (-2.0, 0.1), (0.0, 0.3)):
        log_odds = math.log(0.3 / 0.7) + 0.3 * mood
        log_odds += 0.4 * (math.log(ambition / (1 - ambition)) - math.log(0.1 / 0.9))
        share = np.mean([is_motivated(math.log(0.3 / 0.7), mood, ambition, 0.3, 0.4, u)
                         for u in draws])  # fmt: skip
        assert share == pytest.approx(1 / (1 + math.exp(-log_odds)), abs=2e-4)


def test_groups_start_whole_and_their_mean_is_the_capacity():
    row = np.zeros(len(Row))
    row[Row.PLACES], row[Row.GROUP_SIZE] = 9.3, 16.0
    draws = (np.arange(20_000) + 0.5) / 20_000
    places = np.array([places_of_month(row, u) for u in draws])
    assert set(places) == {0, 16}
    assert places.mean() == pytest.approx(9.3, abs=0.01)
    row[Row.GROUP_SIZE] = 0.0
    assert {places_of_month(row, u) for u in draws} == {9, 10}


def test_coaching_comes_in_groups(town):
    world = run(town, mix_of(["taite"], dose=0.5), 12)  # so that nobody is missing for a group
    served = enrolled(world, Enrolment.LOSER) == 0
    starts = np.bincount(enrolled(world, Enrolment.START)[served], minlength=12)
    assert set(starts) <= {0, 16, 32}
    assert starts.sum() == pytest.approx(0.5 * 12 * 15 * 0.62, abs=40)


def test_reach_holds_for_a_year_and_limits_who_is_served(town):
    # with places for everybody, a measure serves in a year only those who know, can and want
    measure = load_measure("hiring_supports")
    most = measure.capacity.model_copy(update={"value": 5000.0, "high": 5000.0})
    mix = mix_of(["hiring_supports"], capacity=most, months=6)
    first = run(town, mix, 1)
    later = run(town, mix, 6)
    one = int((enrolled(first, Enrolment.LOSER) == 0).sum())
    more = int((enrolled(later, Enrolment.LOSER) == 0).sum())
    assert one > 100
    assert more < 1.9 * one  # who did not want a place in month 0 does not want one in month 5


def test_drop_outs_leave_during_the_measure(town):
    measure = load_measure("ips")  # twelve months, a quarter drops out
    most = measure.capacity.model_copy(update={"value": 400.0, "high": 400.0})
    world = run(town, mix_of(["ips"], capacity=most, months=1), 8)
    served = enrolled(world, Enrolment.LOSER) == 0
    state = enrolled(world, Enrolment.STATE)[served]
    assert (state == 1).sum() == 0
    # 8 of 12 months have passed at the end of month 7 (7 of them to leave in)
    assert (state == 2).mean() == pytest.approx(0.25 * 7 / 12, abs=0.1)


def test_workplaces_take_part_once_and_the_city_goes_first(town):
    mix = mix_of(["city_first"])
    world = run(town, mix, 24)
    w = world.columns
    who = enrolled(world, Enrolment.WHO)
    assert len(set(who)) == len(who) > 0
    from simulator.columns import Workplace

    city = [employer.id for employer in town.site.employers].index("city")
    is_city = w.workplaces[Workplace.EMPLOYER, who] == city
    start = enrolled(world, Enrolment.START)
    assert is_city.any()
    assert is_city[start == start.min()].all()  # nobody follows before anybody has begun
    none = load_measure("city_first").model_copy(update={"demonstration": None})
    alone = run(town, mix.model_copy(update={"files": {"city_first": none}}), 24)
    who = enrolled(alone, Enrolment.WHO)
    assert (alone.columns.workplaces[Workplace.EMPLOYER, who] == city).all()


def test_levers_on_the_place_fade_after_the_measure(town):
    lever = load_measure("activation_events").levers[0]  # half after 6 months, gone after 12
    policy = lay_out_mix(mix_of([]), town.site, town.place)
    dose = Dose(dose=1.0, start_month=2, months=10)
    left = [policy._left(dose, lever, month) for month in (0, 1, 2, 11, 12, 17, 18, 23, 24)]
    assert left == [0, 0, 1, 1, 1, 1, 0.5, 0.5, 0]


def test_visibility_shows_a_share_of_the_unseen():
    assert shown_share(0.44, 0.0) == 0.44
    assert shown_share(0.44, 0.24) == pytest.approx(0.5744)  # 1.3 times
    assert shown_share(0.44, 2.0) == 1.0


def test_fidelity_switch_and_people_at_risk(town):
    kept = lay_out_mix(mix_of(["taite"]), town.site, town.place)
    lost = lay_out_mix(mix_of(["taite"], fidelity=False, strength="top"), town.site, town.place)
    assert len(lost.levers) == 0
    assert len(kept.levers) > 0
    from simulator.world import Lever

    row = kept.levers[0]
    assert town.place.barriers[int(row[Lever.FLAG])] == "discouraged"
    assert row[Lever.WITH_FLAG] > 3 * row[Lever.WITHOUT_FLAG]
