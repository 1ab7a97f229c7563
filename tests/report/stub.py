"""A comparison of random numbers: quick to make, shaped like a real one."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd

from scenarios.costs import Costs
from simulator.comparison import (
    DATES,
    HORIZON,
    STRENGTHS,
    Arm,
    Comparison,
    Pair,
)
from simulator.groups import target_cells
from simulator.outcomes import Outcome, series
from simulator.town import Town
from tests.worlds import random_world

SIDES = ("target_jobseekers", "other_jobseekers", "other_residents", "living_elsewhere")


@functools.cache
def catalogue() -> tuple[Outcome, ...]:
    """Return the real catalogue of outcomes, from a tiny world that never runs."""
    world = random_world(1, record=False, check=False)
    people = world.columns.people.shape[1]
    world.lay_out(world.month, 2, np.zeros(people, np.int32), target_cells())
    return tuple(series(world)[0])


@functools.cache
def kokkola() -> Town:
    return Town("kokkola")


def at(outcome: str, breakdown: str = "all", group: str = "all") -> int:
    names = [(o.outcome, o.breakdown, o.group) for o in catalogue()]
    return names.index((outcome, breakdown, group))


def random_values(rng: np.random.Generator, months: int, base: np.ndarray | None) -> np.ndarray:
    """Return monthly values that keep the identities of the model."""
    n = len(catalogue())
    if base is None:
        values = rng.uniform(40, 400, (n, 1)) + rng.normal(0, 3, (n, months))
    else:
        values = base + rng.normal(0.2, 1.5, (n, months))
    values[at("work_months", "all", "everybody")] = sum(
        values[at("work_months", "side", side)] for side in SIDES
    )
    values[at("post_months")] = sum(
        values[at(name)]
        for name in (
            "filled_post_months",
            "vacant_post_months",
            "not_backfilled_post_months",
            "given_up_post_months",
        )
    )
    for outcome in ("supported_promotions", "advertised_after_supported_promotion"):
        for i, known in enumerate(catalogue()):
            if known.outcome == outcome:
                values[i] = 0.0 if base is None else rng.poisson(1.2, months)
    return values


def random_enrolments(rng: np.random.Generator, people: int = 900) -> np.ndarray:
    rows = np.zeros((people, 7), np.int64)
    rows[:, 0] = rng.integers(0, 5, people)
    rows[:, 1] = rng.random(people) < 0.1
    rows[:, 2] = rows[:, 0] == 4  # the only measure that recruits workplaces
    rows[:, 3] = rng.integers(0, 13, people)
    rows[:, 4] = rows[:, 3] + rng.integers(0, 13, people)
    rows[:, 5] = rng.integers(0, 2, people) * (1 - rows[:, 2])
    rows[:, 6] = rng.integers(0, 12, people)
    return rows


def random_taken_in(rng: np.random.Generator, made: Comparison, years: int) -> np.ndarray:
    """Return people taken in: every measure that recruits does so in the first year."""
    found = np.zeros((2, len(made.bought), years))
    files = {**made.against.files, **made.mixes[0].files}
    for at, name in enumerate(made.bought):
        if files[name].recruits != "place":
            found[1, at, 0] = rng.poisson(50)
            if name in made.against.measures:
                found[0, at, 0] = rng.poisson(50)
    return found


def stub(
    replications: int = 8,
    closures: tuple[str, ...] = ("R", "E"),
    strengths: tuple[str, ...] = STRENGTHS,
    designs: tuple[str, ...] = ("cohorts", "whole"),
    shift: float = 0.0,
    seed: int = 1,
    mixes: list | None = None,
    against: str = "baseline",
    costs: Costs | None = None,
) -> Comparison:
    """Return a comparison of random numbers; ``shift`` more of the target group are at work."""
    town = kokkola()
    mixes = mixes or [town.mix(town.site.default_mix)]
    arms = [Arm(mix, strength) for mix in mixes for strength in strengths]
    made = Comparison(town, town.mix(against), arms, closures, 2, seed, costs)
    made.outcomes = list(catalogue())
    made.seeds = [seed * 10_000 + r for r in range(replications)]
    rng = np.random.default_rng(seed)
    money = np.random.default_rng(seed + 1)
    target = at("at_work", "group", "target_jobseekers")
    for design in designs:
        months = HORIZON if design == "cohorts" else 12 * made.years
        for closure in closures:
            base = [random_values(rng, months, None) for _ in range(replications)]
            if design == "cohorts" and closure == closures[0]:
                made.placebo[closure] = [
                    Pair(
                        b,
                        random_values(rng, months, b),
                        np.zeros((0, 6), np.int64),
                        np.zeros((2, 0, 0)),
                    )
                    for b in base
                ]
            for arm in arms:
                if design == "whole" and arm.strength != "assumed":
                    continue
                pairs = []
                for b in base:
                    scenario = random_values(rng, months, b)
                    scenario[target] += shift * STRENGTHS.index(arm.strength)
                    rows = random_enrolments(rng, 300 * len(DATES))
                    pairs.append(
                        Pair(b, scenario, rows, random_taken_in(money, made, months // 12))
                    )
                made.pairs[closure, *arm.key, design] = pairs
    return made


def stub_chains() -> pd.DataFrame:
    """Return chains as a recorded run would give them."""
    rng = np.random.default_rng(3)
    n = 200
    return pd.DataFrame(
        {
            "origin": rng.choice(["new_post", "retirement", "job_loss"], n),
            "origin_month": rng.integers(0, 24, n),
            "length": rng.geometric(0.7, n),
            "end": rng.choice(["jobseeker", "withdrawn", "open"], n),
        }
    )


def stub_margins() -> dict[str, list]:
    """Return rows of ``world.csv``."""
    return {
        "margin": ["people", "people", "posts", "posts"],
        "cell": ["residents", "<b>odd</b>", "filled", "withdrawn"],
        "target": [34000.0, 1841.0, 20000.0, None],
        "built": [34000.0, 1840.0, 20000.0, 600.0],
        "at_start": [33980.0, 1700.0, 20010.0, 611.0],
        "source": ["a source", "another & more", "a source", ""],
    }
