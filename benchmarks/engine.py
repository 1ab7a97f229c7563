"""Cost of the engine: floors per agent-month, what a mix adds, size, threads, memory."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from scenarios.measures import Dose, Mix, Names, load_measure
from simulator.build import BuiltWorld, build_world
from simulator.columns import Person, Post, Workplace
from simulator.compact import drop_gone
from simulator.engine import World, settle
from simulator.policy import lay_out_mix
from simulator.town import Town
from simulator.world import Scalar, Tally

MONTHS = 120


class Cost(NamedTuple):
    """What simulating one world costs."""

    ns: float  # per agent-month
    agent_months: int
    bytes_per_person: float
    bytes_per_event: float
    bytes_per_person_at_end: float  # ten years on: rows of people who have left stay


TEN_MEASURES = (
    "taite",
    "iisirekry",
    "career_management",
    "hiring_supports",
    "inclusive_workplaces",
    "coalition",
    "work_trial",
    "internal_training",
    "job_coach_employer",
    "mentoring",
)


@lru_cache(maxsize=2)
def town(site: str) -> Town:
    """Return a place ready to run."""
    return Town(site)


@lru_cache(maxsize=2)
def settled(site: str, copies: int = 1, seed: int = 1) -> World:
    """Return the settled world of a place, or of a region of equal copies of it."""
    place = town(site)
    if copies == 1:
        return place.begin(seed)
    built = tile(build_world(place.site, place.values, seed), copies)
    scalars = place.place.scalars.copy()
    scalars[[Scalar.MOVERS_IN, Scalar.SCHOOL_LEAVERS]] *= copies
    world = settle(World.assemble(built, replace(place.place, scalars=scalars), seed))
    drop_gone(world)
    return world


def first_month(site: str) -> World:
    """Build and settle a place and run its first month, as a fresh process does."""
    return prepared(Town(site).begin(1), 1).advance(1)


def tile(built: BuiltWorld, copies: int) -> BuiltWorld:
    """Return a region of equal copies of a built world, with keys of their own."""
    n, p = len(built.person_keys), len(built.post_keys)
    employers = int(built.workplaces[Workplace.EMPLOYER].max()) + 1
    shift: dict[str, list[np.ndarray]] = {"people": [], "posts": [], "workplaces": []}
    for copy in range(copies):
        people, posts = built.people.copy(), built.posts.copy()
        workplaces = built.workplaces.copy()
        for columns, row, step in (
            (people, Person.POST, p),
            (posts, Post.HOLDER, n),
            (posts, Post.CHAIN_POST, p),
        ):
            columns[row] += np.where(columns[row] >= 0, copy * step, 0).astype(np.int32)
        posts[Post.WORKPLACE] += copy * workplaces.shape[1]
        workplaces[Workplace.EMPLOYER] += copy * employers
        shift["people"].append(people)
        shift["posts"].append(posts)
        shift["workplaces"].append(workplaces)
    return replace(
        built,
        people=np.concatenate(shift["people"], axis=1),
        posts=np.concatenate(shift["posts"], axis=1),
        workplaces=np.concatenate(shift["workplaces"], axis=1),
        traits=np.tile(built.traits, copies),
        policies=np.tile(built.policies, copies),
        person_keys=np.arange(n * copies, dtype=np.int64),
        post_keys=np.arange(p * copies, dtype=np.int64),
    )


def agents(world: World) -> int:
    """Return the number of persons who are neither retired, nor left, nor dead."""
    # the running counts of people by state, residents and others; the last state is gone
    return int(world.columns.headcount[: 2 * Tally.OUT].sum())


def prepared(world: World, months: int) -> World:
    """Return a copy that records events and has room for its monthly arrays."""
    copy = world.copy()
    copy.lay_out(copy.month, months)
    copy.start_recording()
    return copy


def timed(world: World, months: int) -> tuple[float, int]:
    """Run a world; return the seconds of the engine and the agent-months simulated."""
    seconds, lived = 0.0, 0
    for _ in range(months):
        lived += agents(world)
        begun = time.perf_counter()
        world.advance(1)
        seconds += time.perf_counter() - begun
    return seconds, lived


def best_ns(world: World, months: int, repeat: int = 3) -> tuple[float, int]:
    """Return the least nanoseconds per agent-month over some repetitions, and agent-months."""
    results = [timed(prepared(world, months), months) for _ in range(repeat)]
    return min(seconds / lived for seconds, lived in results) * 1e9, results[0][1]


def baseline_cost(site: str) -> Cost:
    """Return the cost of ten years without measures, events recorded."""
    world = settled(site)
    ns, lived = best_ns(world, MONTHS)
    copy = prepared(world, MONTHS)
    at_start = bytes_per_person(copy)
    events = copy.columns.events
    per_event = float(events.nbytes / events.shape[0])
    return Cost(ns, lived, at_start, per_event, bytes_per_person(copy.advance(MONTHS)))


def bytes_per_person(world: World) -> float:
    """Return the memory of all columns but events, for each person who takes part."""
    columns = world.columns._asdict()
    memory = sum(array.nbytes for name, array in columns.items() if name != "events")
    return memory / agents(world)


def ten_measures(site: str) -> Mix:
    """Return a mix of ten shipped measures of all four kinds that run for ten years."""
    return Mix(
        id="ten",
        site=site,
        names=Names(en="Ten measures", fi="Kymmenen toimea", sv="Tio åtgärder"),
        measures={name: Dose(dose=1.0, start_month=0, months=MONTHS) for name in TEN_MEASURES},
        files={name: load_measure(name) for name in TEN_MEASURES},
    )


def mix_cost_ratio(site: str, repeat: int = 3) -> float:
    """Return the cost of ten years with ten measures over that of ten years without."""
    place = town(site)
    world = settled(site)
    costs = []
    for _ in range(repeat):
        plain = prepared(world, MONTHS)
        mixed = prepared(world, MONTHS)
        lay_out_mix(ten_measures(site), place.site, place.place).install(mixed)
        costs.append([timed(one, MONTHS)[0] for one in (plain, mixed)])
    plain_s, mixed_s = np.min(costs, axis=0)
    return float(mixed_s / plain_s)


def cost_ratio(site: str, people: int, months: int = 12) -> float:
    """Return the cost per agent-month of a region of copies over that of one place."""
    one = settled(site)
    small, _ = best_ns(one, months, repeat=7)
    large, _ = best_ns(settled(site, round(people / agents(one))), months, repeat=2)
    return large / small


def two_thread_speedup(site: str, repeat: int = 3) -> float:
    """Return how much faster two worlds run on two threads than one after the other."""
    world = settled(site)
    ratios = []
    for _ in range(repeat):
        pairs = [[prepared(world, MONTHS) for _ in range(2)] for _ in range(2)]
        begun = time.perf_counter()
        for one in pairs[0]:
            one.advance(MONTHS)
        alone = time.perf_counter() - begun
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(abs, range(2)))  # threads exist before the clock starts
            begun = time.perf_counter()
            list(pool.map(lambda one: one.advance(MONTHS), pairs[1]))
            together = time.perf_counter() - begun
        ratios.append(alone / together)
    return max(ratios)
