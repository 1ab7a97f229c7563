"""Conservation on random worlds: columns after every round, events, files, keys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.identities import (
    difference,
    largest_gap,
    ledger_identities,
    random_parameters,
    round_stocks,
)
from simulator.codes import EventKind, PostState
from simulator.columns import Event, Post, Workplace
from simulator.engine import EngineError
from simulator.ledger import chain_statistics, derive_ledger
from simulator.month import check_conservation
from simulator.parameters import Par
from simulator.world import Count, Flow, Stock
from tests.worlds import START, random_world, run_recorded, small_place, snapshot, with_measures

MONTHS = 18
worlds = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10**6),
        "sectors": st.integers(1, 4),
        "rounds": st.integers(1, 6),
        "people": st.integers(2, 250),
        "posts": st.integers(1, 160),
        "workplaces": st.integers(1, 30),
        "vacant": st.sampled_from([0.0, 0.12, 0.9]),
        "empty_sector": st.booleans(),
        "ages": st.sampled_from([(15, 66), (15, 16), (30, 50), (60, 74)]),
        "parameters": st.booleans(),
        "measures": st.booleans(),
    }
)


def make(world: dict, months: int = MONTHS, **changes):
    shape = dict(world)
    sectors, rounds = shape.pop("sectors"), shape.pop("rounds")
    seed = shape.pop("seed")
    shape["youngest"], shape["oldest"] = shape.pop("ages")
    par = random_parameters(np.random.default_rng(seed)) if shape.pop("parameters") else None
    place = small_place(par, sectors=sectors, rounds=rounds, **changes)
    measures = shape.pop("measures")
    made = random_world(seed, place, months=months, **shape)
    return with_measures(made, start=START + 6) if measures else made


@settings(max_examples=60)
@given(worlds)
def test_conservation_after_every_round(world):
    """The kernel verifies the columns; events replay to the same stocks and flows."""
    run = make(world)
    record = run_recorded(run, MONTHS)  # raises when the kernel finds an identity broken
    stocks = round_stocks(record)
    assert largest_gap(stocks) == 0
    assert run.duplicate_keys() == 0
    w = run.columns
    assert stocks["filled"][-1] == w.stock[:, Stock.FILLED].sum()
    assert stocks["vacant"][-1] == w.stock[:, Stock.VACANT].sum()
    derive_ledger(record)  # raises when an event fits no open link


@settings(max_examples=15)
@given(worlds, st.sampled_from([("backfill", 0.7, 1.0), ("search_a", 0.5, 4.0)]))
def test_identities_between_a_world_and_its_twin(world, changed):
    name, low, high = changed
    pair = [
        round_stocks(run_recorded(make(world, **{name: value}), MONTHS)) for value in (low, high)
    ]
    assert largest_gap(difference(*pair)) == 0


@settings(max_examples=12)
@given(world=worlds)
def test_ledger_identities_from_written_files(tmp_path_factory, world):
    run = make(world, months=-START + MONTHS)
    record = run_recorded(run, MONTHS, settle_months=-START)
    rows = ledger_identities(
        tmp_path_factory.mktemp("run"), record, run.columns.totals, run.place.sector_ids
    )
    assert len(rows) == 10
    assert [row for row in rows if not row.holds] == []


def test_a_larger_run_and_its_chains(tmp_path):
    place = small_place(sectors=3)
    run = random_world(3, place, months=-START + 60, people=1500, posts=900, workplaces=90)
    record = run_recorded(run, 60, settle_months=-START)
    rows = ledger_identities(tmp_path, record, run.columns.totals, place.sector_ids)
    assert [row for row in rows if not row.holds] == []
    links, chains = derive_ledger(record).frames()
    closed = chains[chains["end"] != "open"]
    total = chain_statistics(links[links["chain_id"].isin(closed["chain_id"])], closed)
    assert total["closed"] > 1000
    assert total["deviation"] < 1e-12
    # openings and closings of links are the flows that the engine counted
    flows = run.columns.flows.sum(axis=(0, 1))
    opened = links[(links["opened_month"] >= 0) & (links["fill"] != "not_backfilled")]
    assert len(opened) == flows[Flow.OPENED : Flow.FILL].sum()
    filled = links[links["from_post"].notna() & (links["closed_month"] >= 0)]
    assert len(filled) == flows[Flow.FILL : Flow.FILL + 3].sum()


def test_little_holds_to_the_round():
    """The vacant post-rounds of a run are the rounds that its links were open."""
    run = random_world(4, months=30, people=400, posts=220)
    record = run_recorded(run, 30, settle_months=0)
    kinds = record.events[:, Event.KIND]
    when = (record.events[:, Event.WHEN] >> 4) * 4 + np.maximum(
        (record.events[:, Event.WHEN] & 15) - 1, 0
    )
    first, last = START * 4, (START + 30) * 4
    opened = {}
    for post in np.flatnonzero(record.start.state == PostState.VACANT):
        opened[post] = first
    rounds = 0
    for kind, at, post in zip(kinds, when, record.events[:, Event.POST], strict=True):
        if kind == EventKind.VACANCY_OPENED:
            opened[post] = at
        elif kind in (EventKind.FILLED, EventKind.WITHDRAWN, EventKind.POST_DESTROYED):
            rounds += at - opened.pop(post, at)
    rounds += sum(last - at for at in opened.values())
    assert rounds == run.columns.stock_rounds[:, :, Stock.VACANT].sum()


@pytest.mark.parametrize(
    ("break_it", "number"),
    [
        (lambda w: w.stock.__setitem__((0, Stock.FILLED), w.stock[0, Stock.FILLED] + 1), 7),
        (lambda w: w.posts.__setitem__((Post.HOLDER, 0), -1), 1),
        (lambda w: w.workplaces.__setitem__((Workplace.POSTS, 0), 99), 8),
        (lambda w: w.counts.__setitem__(Count.UNEMPLOYED, 0), 8),
        (lambda w: w.slots.__setitem__(slice(None), -1), 5),
    ],
)
def test_the_check_finds_what_is_broken(break_it, number):
    world = random_world(5, months=6, vacant=0.3)
    world.advance(2)
    w = world.columns
    filled = np.flatnonzero(w.posts[Post.STATE] == PostState.FILLED)[0]
    assert w.counts[Count.BROKEN] == 0
    if number == 1:
        w.posts[Post.HOLDER, filled] = -1
    else:
        break_it(w)
    with np.errstate(over="ignore"):
        check_conservation(world._kernel_handle())
    assert w.counts[Count.BROKEN] == number


def test_a_broken_identity_stops_the_run():
    world = random_world(5, months=6)
    world.advance(1)
    world.columns.workplaces[Workplace.FILLED, 0] += 1
    with pytest.raises(EngineError, match="identity"):
        world.advance(1)


def test_more_vacancies_than_filled_posts():
    world = random_world(6, small_place(backfill=1.0), months=24, posts=400, people=50, vacant=0.9)
    world.advance(24)
    assert world.duplicate_keys() == 0


def test_snapshot_is_a_copy():
    world = random_world(7, months=6)
    before = snapshot(world)
    status = before.status.copy()
    world.advance(6)
    assert np.array_equal(before.status, status)
    assert world.columns.par[Par.BACKFILL] == world.place.par[Par.BACKFILL]
