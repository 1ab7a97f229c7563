"""Dropping rows of people who have gone and of posts destroyed changes no result."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.identities import by_key, random_parameters
from simulator.codes import Cause, PostState, Status
from simulator.columns import Person, Post
from simulator.compact import drop_gone
from simulator.world import Count, Enrolment, Measure
from tests.worlds import random_world, small_place, with_measures


@settings(max_examples=6)
@given(st.integers(0, 10**6))
def test_dropping_rows_changes_no_result(seed):
    par = random_parameters(np.random.default_rng(seed))
    world = random_world(seed, small_place(par), months=60, record=False).advance(30)
    other = world.copy()
    drop_gone(other)
    assert other.columns.counts[Count.PEOPLE] < world.columns.counts[Count.PEOPLE]
    for one in (world, other):
        one.columns.counts[Count.CHECK] = 1
        one.advance(30)
    kept = by_key(other)
    for name, array in by_key(world).items():
        if name in ("flows", "totals", "stock", "stock_rounds", "workplaces"):
            assert np.array_equal(array, kept[name]), name
    # the living and their posts are the same in all that no row number enters
    people = [by_key(one) for one in (world, other)]
    alive = [state["people"][Person.STATUS] <= Status.N for state in people]
    for name in ("person_keys", "people", "post_held", "offer", "traits"):
        first, second = (state[name][..., at] for state, at in zip(people, alive, strict=True))
        assert np.array_equal(first, second), name
    stays = [state["posts"][Post.STATE] != PostState.DESTROYED for state in people]
    for name in ("post_keys", "posts", "holder", "pending", "chain"):
        first, second = (state[name][..., at] for state, at in zip(people, stays, strict=True))
        assert np.array_equal(first, second), name


def test_measures_draw_the_same_people_when_rows_are_dropped():
    world = random_world(7, months=60, record=False).advance(30)
    other = world.copy()
    drop_gone(other)
    enrolled = []
    for one in (world, other):
        w = with_measures(one, start=one.month).advance(20).columns
        rows = w.enrolments[:, : w.counts[Count.ENROLMENTS]]
        at, who = rows[Enrolment.MEASURE], rows[Enrolment.WHO]
        key = np.where(w.measures[at, Measure.APPLIES_TO] == 0, w.person_keys[who], who)
        enrolled.append(np.stack([at, rows[Enrolment.START], key]))
    came = world.columns.people[Person.ENTERED_AS] == Cause.HIRED_FROM_OUTSIDE
    assert came.any()  # people whom measures do not draw
    assert enrolled[0].shape[1] > 50
    assert np.array_equal(*enrolled)


def test_rows_that_events_name_are_kept():
    world = random_world(3, months=12, record=True).advance(6)
    with pytest.raises(ValueError, match="events"):
        drop_gone(world)
