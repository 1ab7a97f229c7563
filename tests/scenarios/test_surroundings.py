"""Surroundings: read and checked, the same in both worlds, never an effect of a mix."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios import ScenarioError, load_site, shipped_sites
from scenarios.measures import load_mix
from scenarios.surroundings import load_surroundings, shipped_surroundings
from simulator.codes import PostState
from simulator.columns import Post, Workplace
from simulator.outcomes import series
from simulator.runs import run
from simulator.town import Town
from simulator.world import Count

HEAD = """schema = 1
id = "own"
names = { en = "own" }
summary = "own"
"""


def write(folder, text: str):
    path = folder / "own.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def test_every_place_has_surroundings_that_fit_it() -> None:
    for name in shipped_sites():
        fitting = shipped_surroundings(name)
        assert {"ageing", "largest_closes"} <= set(fitting)
        for one in fitting:
            load_surroundings(one, load_site(name))
    assert {"kokkola_new_plants", "kokkola_subsidy_cut"} <= set(shipped_surroundings("kokkola"))


PLANT = """[[plants]]
name = "works"
sector = "manufacturing"
month = 2
posts = {{ values = [{posts}], unit = "posts", grade = "A", source = "test" }}
"""
CLOSURE = """[[closures]]
employer = "{employer}"
month = 2
grade = "E"
source = "test"
"""
CUT = """[[services]]
service = "{service}"
by = "{by}"
grade = "E"
source = "test"
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ("changes nothing", "plants")),
        (PLANT.format(posts="1, 2, 3"), ("plants", "3 values", "must have 4")),
        (PLANT.format(posts="1, 2, 3, -4"), ("-4", "below 0")),
        (PLANT.format(posts="1, 2, 3, 4").replace("manufacturing", "manufakturing"),
         ("sector", "did you mean 'manufacturing'")),
        (CLOSURE.format(employer="soyte"), ("employer", "did you mean 'soite'")),
        (CUT.format(service="hiring_subsidy", by="half"), ("by is 'half'", "-50 %")),
        (CUT.format(service="taite", by="-50 %"), ("service of today", "taite")),
        ("migration = 'none'\n", ("migration", "balanced")),
        ("site = 'lagoa'\nmigration = 'balanced'\n", ("'lagoa'", "asked for is 'kokkola'")),
    ],
)  # fmt: skip
def test_bad_files_say_what_is_wrong(tmp_path, text, words) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_surroundings(write(tmp_path, text), load_site("kokkola"))
    said = "\n".join(caught.value.problems)
    for word in ("own.toml", *words):
        assert word in said


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(ScenarioError, match="did you mean 'ageing'"):
        load_surroundings("aging")


def test_a_cut_touches_only_its_service() -> None:
    town = Town("kokkola", surroundings="kokkola_subsidy_cut")
    today = load_mix("today", "kokkola")
    cut = town.under(today)
    assert cut.measures["hiring_supports"].dose == 0.5 * today.measures["hiring_supports"].dose
    for name in ("work_trial", "ips"):
        assert cut.measures[name] == today.measures[name]
    assert town.under(load_mix("baseline", "kokkola")).measures == {}


def stocks(found, name: str) -> np.ndarray:
    at = [(o.outcome, o.breakdown) for o in found.outcomes].index((name, "all"))
    return found.values[at]


@pytest.fixture(scope="module")
def usual():
    return run("kokkola", years=1)


def test_a_plant_opens_its_posts_in_its_month_and_keeps_the_identities(tmp_path, usual) -> None:
    found = run(
        Town("kokkola", surroundings=write(tmp_path, PLANT.format(posts="30, 40, 10, 20"))),
        years=1, check=True,
    )  # fmt: skip
    gap = stocks(found, "posts") - stocks(usual, "posts")
    assert (gap[:2] == 0).all()  # nothing before, to the last post
    assert 97 <= gap[2] <= 100  # a post may go in the month in which it came
    w = found.world.columns
    workplace = w.workplaces.shape[1] - 1
    assert w.workplaces[Workplace.SIZE_CLASS, workplace] == 2
    own = w.posts[:, : w.counts[Count.POSTS]]
    own = own[:, own[Post.WORKPLACE] == workplace]
    made = own[:, own[Post.CREATED_MONTH] == 2]
    assert np.bincount(made[Post.RUNG]).tolist() == [30, 40, 10, 20]
    assert (own[Post.STATE] == PostState.FILLED).sum() > 50
    ledger = found.chains
    assert (ledger["origin_workplace"] == workplace).sum() >= 100


def test_a_closing_takes_all_posts_and_nothing_comes_back(tmp_path, usual) -> None:
    found = run(
        Town("kokkola", surroundings=write(tmp_path, CLOSURE.format(employer="largest"))),
        years=1, check=True,
    )  # fmt: skip
    w = found.world.columns
    gone = np.flatnonzero(found.record.workplaces[Workplace.POSTS] == 0)
    site = load_site("kokkola")
    before = np.bincount(usual.world.columns.posts[Post.WORKPLACE], minlength=w.workplaces.shape[1])
    closed = gone[np.argmax(before[gone])]
    assert w.workplaces[Workplace.EMPLOYER, closed] >= len(site.employers)
    own = w.posts[:, : w.counts[Count.POSTS]]
    own = own[:, own[Post.WORKPLACE] == closed]
    assert (own[Post.STATE] == PostState.DESTROYED).all()
    assert (own[Post.CREATED_MONTH] < 2).all()
    gap = stocks(found, "posts") - stocks(usual, "posts")
    assert (gap[:2] == 0).all()
    assert 400 <= -gap[2] <= 1000  # the site file's range of the largest workplace
    assert stocks(found, "register_unemployed")[2] > stocks(usual, "register_unemployed")[2] + 100


def test_surroundings_are_no_effect_of_a_mix() -> None:
    """Two worlds under the same surroundings and the same mix are equal to the bit."""
    town = Town("kokkola", surroundings="largest_closes")
    worlds = [town.begin(10_000) for _ in range(2)]
    twin = worlds[0].copy()
    for world in (worlds[0], twin):
        world.lay_out(0, 14)
        world.advance(14)
    assert (series(worlds[0])[1] == series(twin)[1]).all()


def test_without_newcomers_cohorts_retire_with_their_own_size() -> None:
    """Balanced moves change who comes, not who retires; school leavers stay as they are."""
    usual, ageing = (
        Town("kokkola", surroundings=name).begin(10_000).columns for name in (None, "ageing")
    )
    from simulator.world import Scalar

    assert usual.scalars[Scalar.SCHOOL_LEAVERS] == ageing.scalars[Scalar.SCHOOL_LEAVERS]
    assert usual.scalars[Scalar.MOVERS_IN] != ageing.scalars[Scalar.MOVERS_IN]
    from simulator.world import Table

    for row in (Table.RETIRES, Table.DIES, Table.MOVES_AWAY):
        assert (usual.ages[row] == ageing.ages[row]).all()
