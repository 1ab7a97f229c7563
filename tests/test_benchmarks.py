"""The benchmarks measure what they say: the peer is a sound model, regions are sound copies."""

import numpy as np
import pytest

from benchmarks import __main__ as main
from benchmarks.naive_mesa import NaiveMarket
from benchmarks.peer import floor_ns


@pytest.fixture(scope="module")
def market():
    market = NaiveMarket(people=600, seed=3)
    for _ in range(12):
        market.step()
    return market


def test_the_peer_keeps_holders_and_posts_together(market):
    posts = {person.post for person in market.agents if person.post is not None}
    assert all(post.holder.post is post for post in posts)
    workplaces = {post.workplace for post in posts}
    every = [post for workplace in workplaces for post in workplace.posts]
    vacant = [post for post in every if post.holder is None]
    assert len(every) == len(posts) + len(vacant)
    assert set(vacant) <= set(market.vacancies)


def test_the_peer_has_chains(market):
    persons = list(market.agents)
    without_post = sum(person.post is None for person in persons)
    separations = 0.013 * 12 * len(persons)
    # each job lost is filled, and people who move up leave posts behind: more fills than that
    assert market.filled > separations
    assert 0 < without_post < len(persons) / 2


def test_a_floor_is_a_few_cycles():
    assert 0.05 < floor_ns(repeat=2) < 50


def test_the_table_says_what_holds():
    found = {"floor_ns": 1.4, "help_s": 0.2, "compile_s": 90.0, "agent_months": 4_000_000}
    text = main.table(found)
    assert "| `help_s` | 0.2 | <= 0.4 | yes |" in text
    assert "| `compile_s` | 90 | <= 60 | no |" in text
    assert "| `agent_months` | 4,000,000 |  |  |" in text
    assert "| `warm_command_s` | - | <= 2 |  |" in text


def test_a_region_of_copies_is_a_sound_world():
    from benchmarks.engine import tile
    from scenarios import load_parameters, load_site
    from simulator.build import build_world
    from simulator.columns import Person, Post, Workplace

    site = load_site("kokkola")
    values = {name: float(number) for name, number in load_parameters(site).items()}
    one = build_world(site, values, 1)
    three = tile(one, 3)
    n, p = len(one.person_keys), len(one.post_keys)
    assert len(np.unique(three.person_keys)) == 3 * n
    assert len(np.unique(three.post_keys)) == 3 * p
    held = three.people[Person.POST]
    holders = np.flatnonzero(held >= 0)
    assert (three.posts[Post.HOLDER][held[holders]] == holders).all()
    sectors = three.workplaces[Workplace.SECTOR][three.posts[Post.WORKPLACE]]
    assert (sectors == three.posts[Post.SECTOR]).all()


def test_growth_is_told_as_a_power():
    from benchmarks.scale import power, table

    sizes = [1.0, 2.0, 4.0]
    assert power(sizes, [3.0, 12.0, 48.0]) == pytest.approx(2.0)
    found = {
        "runs_a_second_1": 2.0, "runs_a_second_2": 3.0, "by_the_clock_1": 1.0,
        "by_the_clock_2": 1.0, "start_s": 0.3, "memory_mb": 14.0,
        "people": [(100, 1.0), (200, 2.0)], "places": [("a", 100, 90, 1.0)],
        "measures": [(0, 1.0), (5, 1.5)], "replications": [(1, 1.0), (2, 2.0)],
    }  # fmt: skip
    text = table(found)
    assert "x 1.50" in text
    assert "139 core-hours" in text  # a million at two a second
