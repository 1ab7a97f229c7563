"""Settling: what comes equals what goes, and at month 0 the margins hold."""

import numpy as np
import pytest

from scenarios import ScenarioError
from simulator.check import check_results
from simulator.columns import Person
from simulator.margins import margin_targets
from simulator.outcomes import series
from simulator.runs import run, world_table
from simulator.settling import POSTS_FROM, REGISTER_LONG, STATUS_FROM
from simulator.town import Town
from simulator.world import Count

# outcomes of behaviour that nothing levels: near the margin by fit, with the noise of one world
FREE = {
    ("people", "in-commuters"),
    ("register", "12 months and more"),
    ("tenure", "mean years"),
    ("tenure", "share within three months"),
}


@pytest.fixture(scope="module")
def town():
    return Town("kokkola")


@pytest.fixture(scope="module")
def start(town):
    return town.start(1, record=True)


def test_every_count_is_within_three_per_cent_at_month_zero(town, start):
    table = world_table(town, start.built, start.world)
    columns = (table[name] for name in ("margin", "cell", "target", "at_start"))
    checked = 0
    for margin, cell, target, value in zip(*columns, strict=True):
        if target is None or (margin, cell) in FREE:
            continue
        checked += 1
        assert abs(value - target) <= max(0.03 * target, 1.0), (margin, cell, target, value)
    assert checked > 90


def test_what_is_left_free_is_near_its_margin(town, start):
    table = world_table(town, start.built, start.world)
    rows = zip(*(table[name] for name in ("margin", "cell", "target", "at_start")), strict=True)
    found = {(margin, cell): (target, value) for margin, cell, target, value in rows}
    for key in FREE:
        target, value = found[key]
        assert value == pytest.approx(target, rel=0.12), key


def test_posts_and_people_out_of_work_are_those_of_the_built_world(start):
    w = start.world.columns
    assert w.counts[Count.SETTLING] == 0
    room = w.room  # what was missing before the last month end was levelled, then used up
    assert (room[STATUS_FROM:REGISTER_LONG] == 0).all()
    assert (room[REGISTER_LONG + 1 : POSTS_FROM] == 0).all()
    assert (np.abs(room[POSTS_FROM:]) <= 1).all()


def test_nothing_is_levelled_after_the_start(town, start):
    world = start.world.copy()
    before = world.columns.as_built.copy()
    world.lay_out(0, 24)
    world.advance(24)
    assert (world.columns.as_built == before).all()
    # posts and jobless people move freely again
    assert (world.columns.room == start.world.columns.room).all()


def test_a_scaled_place_is_multiplied_back(town):
    full, tenth = town, Town("kokkola", scale=10)
    small = tenth.start(1)
    assert (small.built.people[Person.RESIDENT] == 1).sum() == 3_400
    table = world_table(tenth, small.built, small.world)
    targets = margin_targets(full.site, full.values)
    rows = zip(table["margin"], table["cell"], table["target"], strict=True)
    for margin, cell, target in rows:
        if target is not None and margin in ("people", "residents by status", "register"):
            assert target == pytest.approx(targets[margin, cell][0], rel=1e-6), (margin, cell)
    world = small.world.copy()
    world.lay_out(0, 1)
    world.advance(1)
    outcomes, values = series(world)
    at = [outcome.outcome for outcome in outcomes].index("register_unemployed")
    status = world.columns.people[Person.STATUS]
    resident = world.columns.people[Person.RESIDENT] == 1
    assert values[at, 0] == 10 * (((status == 2) | (status == 3)) & resident).sum()


def test_a_scale_that_changes_results_is_refused():
    with pytest.raises(ScenarioError, match="use 1 to 2"):
        run("kokkola", years=1, scale=10)


def test_a_scaled_run_agrees_with_its_own_files(tmp_path):
    result = run("kokkola", mix="kokkola", years=1, scale=2)
    folder = result.write(tmp_path / "half")
    checks = check_results(folder)
    assert [item for item in checks if not item.holds] == []
    assert "--scale 2" in (folder / "manifest.json").read_text()
