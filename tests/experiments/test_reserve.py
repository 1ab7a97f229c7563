"""Reserved vacancies: which, for whom, how long, and what costs the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.app import cli
from experiments.reserve import (
    REGISTER,
    SHOWN,
    TARGET,
    WINDOWS,
    reservable,
    reserve,
    reserve_month,
)
from scenarios import ScenarioError
from simulator.codes import Fill, PostState, Status
from simulator.columns import Post
from simulator.groups import keep_for, members
from simulator.ledger import derive_ledger
from simulator.policy import target_clauses
from simulator.runs import recorded
from simulator.town import Town, snapshot
from tests.experiments.hamlet import write_hamlet


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Town:
    return Town(write_hamlet(tmp_path_factory.mktemp("hamlet") / "kokkola.toml"))


def test_each_kind_reserves_its_own_vacancies(town) -> None:
    world = town.begin(1)
    world.lay_out(0, 3)
    world.advance(3)
    posts = world.columns.posts
    first, entry, every = (reservable(world, kind) for kind in ("first", "entry", "any"))
    assert len(every) > 5
    assert (posts[Post.STATE, every] == PostState.VACANT).all()
    assert (posts[Post.PENDING, every] == -1).all()
    # of the last month only: three months of four rounds have gone by
    assert (posts[Post.OPENED, every] >= 8).all()
    assert set(first) == {row for row in every if posts[Post.PLACE, row] == 1}
    assert set(entry) == {row for row in every if posts[Post.RUNG, row] == 0}


def test_a_reserved_vacancy_goes_to_somebody_on_the_register_or_to_nobody(town) -> None:
    """The ledger says what the person did just before, whom no month end need have seen."""
    world = town.begin(1, record=True)
    world.lay_out(0, 24)
    at_start = snapshot(world)
    reserved: dict[int, int] = {}
    marked: list[tuple[int, int]] = []  # vacancy, month
    for month in range(24):
        known = set(reserved)
        reserve_month(world, "any", 8 if month < 12 else 0, reserved)
        marked += [(row, month) for row in reserved if row not in known]
        world.advance(1)
    links = derive_ledger(recorded(town.start(1, record=True), at_start, world)).links
    fills = []
    for row, month in marked:
        own = (links["post_row"] == row) & (links["opened_month"] < month)
        own &= (links["closed_month"] >= month) | (links["fill"] == Fill.OPEN)
        (at,) = np.flatnonzero(own)
        fills.append((int(links["fill"][at]), int(links["person_state_before"][at])))
    filled = [before for fill, before in fills if fill <= Fill.HIRE_OUTSIDE_REGION]
    assert len(filled) > 10
    # who leaves the register between the offer and the start, two rounds later, is in N by then
    assert set(filled) <= {Status.A, Status.P, Status.N}
    assert np.mean(np.isin(filled, (Status.A, Status.P))) > 0.9
    assert len(filled) < len(fills)  # some stay empty
    reserve_month(world, "any", 0, reserved)
    open_again = np.flatnonzero(world.columns.posts[Post.ASKS] > 0)
    assert set(open_again.tolist()) == set(reserved)


def filled_reserved(town, asks: int) -> tuple[int, int, int]:
    """Reserve for a year; return hires on reserved vacancies, how many of the group, reserved."""
    world = town.begin(1)
    world.lay_out(0, 18)
    target = target_clauses(town.site, town.place)
    reserved: dict[int, int] = {}
    hired = of_group = kept = 0
    groups = [np.zeros(0, int)] * 2
    for month in range(18):
        group = members(world, target)
        groups = [groups[1], np.flatnonzero(group)]
        keep_for(world, group)
        kept += reserve_month(world, "any", 8 if month < 12 else 0, reserved, asks)
        world.advance(1)
        posts = world.columns.posts
        now = [row for row, opening in reserved.items()
               if posts[Post.STATE, row] == PostState.FILLED
               and posts[Post.OPENING, row] == opening]  # fmt: skip
        # accepted this month or, with the lag until the start, the month before
        of_group += int(np.isin(posts[Post.HOLDER, now], np.concatenate(groups)).sum())
        hired += len(now)
    return hired, of_group, kept


def test_a_vacancy_reserved_for_the_target_group_goes_to_it_or_to_nobody(town) -> None:
    hired, of_group, kept = filled_reserved(town, TARGET)
    assert hired > 10
    assert of_group == hired
    assert hired < kept  # some stay empty
    hired, of_group, _ = filled_reserved(town, REGISTER)
    assert of_group < hired  # the register is wider


def test_whom_vacancies_are_kept_for_decides_who_gains(town) -> None:
    found = {who: reserve(town, "kokkola", kept_for=who, replications=2, threads=2)
             for who in ("target", "register")}  # fmt: skip
    rows = {who: one.rows for who, one in found.items()}
    pd.testing.assert_frame_equal(*(one[one["arm"] == "support"] for one in rows.values()))
    gains = [one[one["arm"] != "support"][list(SHOWN)].to_numpy() for one in rows.values()]
    assert not np.array_equal(*gains)
    assert "reserved for the target group" in found["target"].text()
    assert "reserved for registered jobseekers" in found["register"].text()


def test_all_arms_cost_the_same(town) -> None:
    found = reserve(town, "kokkola", price_ratio=0.5, replications=2, threads=2)
    units = found.rows.pivot_table(index="seed", columns="arm", values="units")
    assert (units["support"] > 4).all()
    assert (units["any"] == np.floor(units["support"] / 2)).all()
    assert (units["first"] <= units["any"]).all()
    text = found.text()
    assert "0.5 times" in text
    assert all(f"Within {months} months" in text for months in WINDOWS)


def test_where_nothing_is_reserved_nothing_differs(town) -> None:
    found = reserve(town, "kokkola", price_ratio=1e-6, replications=2, threads=2)
    rows = found.rows[found.rows["arm"] != "support"]
    assert (rows["units"] == 0).all()
    assert (rows[list(SHOWN)] == 0.0).all().all()


def test_what_cannot_be_is_said(town, capsys) -> None:
    with pytest.raises(ScenarioError, match="must be above 0"):
        reserve(town, price_ratio=0.0)
    with pytest.raises(ScenarioError, match="'women', but must be for target or register"):
        reserve(town, kept_for="women")
    with pytest.raises(ScenarioError, match="no measure for people at work"):
        reserve(town, "today")
    assert cli.main(["reserve", "nowhere"]) == 2
    assert "nowhere" in capsys.readouterr().err
