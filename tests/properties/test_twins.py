"""Twins share every draw: equality, independence of rows, of bystanders and of shortcuts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.identities import (
    by_key,
    differing,
    events_by_key,
    one_more,
    permuted,
    random_parameters,
    without_person,
)
from simulator.codes import EventKind, Status
from simulator.columns import Event
from simulator.engine import World, settle
from simulator.parameters import Par
from simulator.world import Count, Flow
from tests.stepping import first_round
from tests.worlds import START, random_columns, random_world, small_place, with_measures

KEY = 10**6  # of the person added
MONTHS = 24


def finished(world: World, months: int = MONTHS) -> tuple[dict, np.ndarray]:
    world.advance(months)
    return by_key(world), events_by_key(world, world.take_events())


def assert_equal(one, other):
    assert differing(one[0], other[0]) == []
    assert np.array_equal(one[1], other[1])


@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_equal_worlds_have_the_same_bits(seed):
    par = random_parameters(np.random.default_rng(seed))
    worlds = [random_world(seed, small_place(par), months=MONTHS) for _ in range(2)]
    for world in worlds:
        world.advance(MONTHS)
    for name in worlds[0].columns._fields:
        one, two = (getattr(world.columns, name) for world in worlds)
        assert np.array_equal(one, two), name
    assert np.array_equal(worlds[0].take_events(), worlds[1].take_events())


def test_a_copy_goes_its_own_way():
    world = random_world(2, months=MONTHS)
    world.advance(6)
    twin = world.copy()
    expected = finished(world.copy(), 18)
    twin.set_parameter(Par.BACKFILL, 0.3)
    twin.set_parameter(Par.BACKFILL_SHRINKING, 0.3)
    other = finished(twin, 18)
    assert differing(expected[0], other[0])
    # the world itself is untouched by its copies
    assert_equal(finished(world, 18), expected)


def test_different_seeds_differ():
    states = [finished(random_world(3, months=MONTHS, world_seed=seed)) for seed in range(4)]
    for i, one in enumerate(states):
        for other in states[i + 1 :]:
            assert "flows" in differing(one[0], other[0])


@pytest.mark.parametrize("seed", range(3))
def test_permuting_the_rows_of_the_built_world(seed):
    built = random_columns(seed)
    rng = np.random.default_rng(seed)
    person_at, post_at = rng.permutation(300), rng.permutation(180)
    mixed = random_columns(seed)

    def rows(values, at):
        return np.where(values >= 0, at[values], -1)

    for name, at in (
        ("people", person_at),
        ("traits", person_at),
        ("person_keys", person_at),
        ("posts", post_at),
        ("post_keys", post_at),
    ):
        getattr(mixed, name)[..., at] = getattr(built, name)
    from simulator.columns import Person, Post

    mixed.people[Person.POST] = rows(mixed.people[Person.POST], post_at)
    mixed.posts[Post.HOLDER] = rows(mixed.posts[Post.HOLDER], person_at)
    mixed.posts[Post.CHAIN_POST] = rows(mixed.posts[Post.CHAIN_POST], post_at)
    worlds = [
        World.assemble(columns, small_place(), seed, months=MONTHS, record=True, check=True)
        for columns in (built, mixed)
    ]
    assert_equal(finished(worlds[0]), finished(worlds[1]))


@settings(max_examples=12)
@given(st.integers(0, 10**6), st.booleans())
def test_permuting_the_rows_of_a_running_world(seed, measures):
    rng = np.random.default_rng(seed)
    world = random_world(seed, small_place(random_parameters(rng)), months=36)
    if measures:
        with_measures(world)
    world.advance(12)
    world.take_events()
    assert_equal(finished(permuted(world, rng)), finished(world))


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.booleans(), st.booleans())
def test_screens_change_nothing(seed, default, measures):
    """Bounds that spare the rules a look give what a look at everybody every month gives."""
    par = None if default else random_parameters(np.random.default_rng(seed))
    worlds = [random_world(seed, small_place(par), months=60) for _ in range(2)]
    if measures:
        worlds = [with_measures(world, start=START + 6) for world in worlds]
    worlds[1].columns.counts[Count.NO_SCREENS] = 1
    assert_equal(finished(worlds[0], 60), finished(worlds[1], 60))


def test_measures_help_and_recruit():
    world = with_measures(random_world(5, months=36))
    without = random_world(5, months=36)
    state, events = finished(world, 36)
    enrolled = events[events[:, Event.KIND] == EventKind.ENROLLED]
    assert set(enrolled[:, Event.MEASURE]) == {0, 1}  # workplaces take part without an event
    assert len(enrolled) > 30
    assert "flows" in differing(state, finished(without, 36)[0])


def test_measures_without_places_are_no_measures():
    one = finished(with_measures(random_world(5, months=36), places=0.0), 36)
    assert_equal(one, finished(random_world(5, months=36), 36))


def test_measures_change_nothing_before_they_start():
    one = with_measures(random_world(5, months=36), start=START + 12)
    other = random_world(5, months=36)
    assert_equal(finished(one, 12), finished(other, 12))
    assert differing(finished(one, 12)[0], finished(other, 12)[0])


@pytest.mark.parametrize("seed", range(3))
def test_somebody_eligible_for_nothing_changes_nobodys_place_in_a_measure(seed):
    """Outside the labour force for good here; measures recruit jobseekers and people at work."""
    place = small_place(n_to_a=0.0, n_to_s=0.0)
    built = random_columns(seed)
    more = one_more(built, KEY, Status.N, START, effort=0.0, ambition=0.0)
    states = []
    for columns in (built, more):
        world = World.assemble(columns, place, seed, months=MONTHS, record=True, check=True)
        state, events = finished(with_measures(world))
        assert (events[:, Event.KIND] == EventKind.ENROLLED).sum() > 30
        states.append((without_person(state, KEY), events[events[:, Event.PERSON] != KEY]))
    assert_equal(*states)


@pytest.mark.parametrize("status", ["A", "P", "S", "N", "EMPLOYED_ELSEWHERE"])
def test_somebody_who_never_applies_changes_no_other_row(status):
    built = random_columns(8)
    more = one_more(built, KEY, Status[status], START, effort=0.0, ambition=0.0)
    states = []
    for columns in (built, more):
        world = World.assemble(columns, small_place(), 8, months=MONTHS, record=True, check=True)
        state, events = finished(world)
        states.append((without_person(state, KEY), events[events[:, Event.PERSON] != KEY]))
    assert_equal(*states)


def test_somebody_outside_changes_no_other_row_of_a_settled_world():
    """With slack in force: nobody enters unemployment from outside the labour force here."""
    place = small_place(bump_down_slack=1.0, n_to_a=0.0, n_to_s=0.0)
    built = random_columns(9)
    more = one_more(built, KEY, Status.N, START, effort=0.0, ambition=0.0)
    states = []
    for columns in (built, more):
        world = settle(World.assemble(columns, place, 9, months=36, check=True))
        assert world.columns.counts[Count.SLACK_NUMERATOR] > 0
        world.lay_out(0, MONTHS)
        world.advance(MONTHS)
        states.append(without_person(by_key(world), KEY))
    assert differing(*states) == []


@pytest.mark.parametrize("seed", range(6))
def test_one_more_jobseeker_touches_only_the_vacancies_applied_to(seed):
    place = small_place(rounds=1, bump_down_slack=1.0, search_a=3.0)
    built = random_columns(seed, people=1200, posts=700, rounds=1, vacant=0.3)
    more = one_more(built, KEY, Status.A, START, effort=4.0, q=float(seed % 3) + 0.5)
    worlds = []
    for columns in (built, more):
        world = World.assemble(columns, place, seed, months=2)
        # slack is that of last month, when the person was not there
        world.columns.counts[Count.SLACK_NUMERATOR] = 700
        world.columns.counts[Count.UNEMPLOYED_BEFORE] = 300
        worlds.append(world)
    (applied, ranked), (applied_more, ranked_more) = map(first_round, worlds)
    own = {post for post, people in applied_more.items() if KEY in people}
    assert own
    assert sum(map(len, applied.values())) > 20
    assert sum(map(len, ranked.values())) > 10
    assert applied.keys() == applied_more.keys()
    assert ranked.keys() == ranked_more.keys()
    for post in applied:
        assert [key for key in applied_more[post] if key != KEY] == applied[post]
    for post in ranked:
        if post not in own:
            assert ranked_more[post] == ranked[post]


def test_stepping_is_what_the_engine_does():
    place = small_place(rounds=1)
    world = random_world(1, place, months=2, vacant=0.3)
    applications, _ = first_round(world)
    world.advance(1)
    assert (
        sum(map(len, applications.values())) == world.columns.flows[0, :, Flow.APPLICATIONS].sum()
    )


@pytest.mark.parametrize("seed", range(4))
def test_promotion_in_place_is_exactly_nothing(seed):
    def run(rate, quit=0.0):
        place = small_place(upgrade_in_place=rate, title_quit=quit)
        return finished(random_world(seed, place, months=48), 48)

    without, with_it = run(0.0), run(0.1)
    titles = with_it[1][:, Event.KIND] == EventKind.UPGRADED_IN_PLACE
    assert titles.sum() > 20

    def rest(events):
        kept = events[events[:, Event.KIND] != EventKind.UPGRADED_IN_PLACE]
        kept[kept[:, Event.KIND] == EventKind.KEPT_ON, Event.RUNG] = 0
        return kept[np.lexsort(kept.T[::-1])]

    assert np.array_equal(rest(without[1]), rest(with_it[1]))
    wrong = differing(without[0], with_it[0])
    assert wrong == ["posts"]  # the column of titles
    # where a title changes quitting, it is something
    assert "people" in differing(with_it[0], run(0.1, quit=-1.0)[0])
