"""How many people and workplaces of the town could take part in each measure, today.

Counted in one settled world, the first, before anything changes; those who do not know of a
measure, cannot reach it or do not want it are counted too: it is the widest circle there is.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from scenarios.measures import Measure
from simulator.codes import Status
from simulator.columns import Person, Post, Workplace
from simulator.groups import members
from simulator.policy import clause_row, workplace_clause_row
from simulator.world import ClauseColumn, Count

from .mixes import fitting_measures
from .own import ON, OwnMeasure, choices, measure_of
from .twins import Bench

OWN = "own:"  # stands before the group of a measure of the room's own


def _of_the_room() -> list[tuple[str, Measure]]:
    """Return one measure of the room for each group that recruits."""
    found = []
    for kind, levers in choices().items():
        if ON[kind] != "place":
            item = levers[0]
            own = OwnMeasure.model_validate(
                {"name": kind, "kind": kind, "lever": item["lever"], "low": 0.0, "assumed": 0.0,
                 "top": 0.0}
            )  # fmt: skip
            found.append((f"{OWN}{kind}", measure_of("own_1", own)))
    return found


def eligible(bench: Bench) -> dict[str, Any]:
    """Return who could take part.

    Returns
    -------
    dict
        ``ids`` of the measures that recruit people (those of the room by ``own:`` and group);
        ``patterns``: pairs of a text of numbers into ``ids`` and how many people meet just these;
        ``workplaces``: numbers by measure that recruits workplaces.
    """
    town = bench.town
    world = town.start(bench.seeds[0]).world
    w = world.columns
    scale = town.place.scale
    n = int(w.counts[Count.PEOPLE])
    alive = w.people[Person.STATUS, :n] <= Status.N
    post = w.people[Person.POST, :n]
    measures = [(one.id, one) for one in fitting_measures(bench.town.whole)] + _of_the_room()
    ids, masks, workplaces = [], [], {}
    for name, measure in measures:
        if measure.recruits == "place":
            continue
        there = _workplaces(bench, w, measure)
        if measure.recruits == "workplace":
            workplaces[name] = int(there.sum()) * scale
            continue
        rows = [clause_row(clause, town.place) for clause in measure.eligibility or ()]
        clauses = np.array(rows, np.int64).reshape(-1, len(ClauseColumn))
        found = members(world, clauses) & alive
        if measure.workplaces:
            # where it is about workplaces too, only those at work must be at such a one
            found &= (post < 0) | there[w.posts[Post.WORKPLACE, np.maximum(post, 0)]]
        ids.append(name)
        masks.append(found)
    patterns: Counter[str] = Counter()
    packed, counts = np.unique(np.array(masks).T, axis=0, return_counts=True)
    for row, number in zip(packed, counts, strict=True):
        if row.any():
            patterns[",".join(map(str, np.flatnonzero(row)))] += int(number) * scale
    return {"ids": ids, "patterns": sorted(patterns.items()), "workplaces": workplaces}


def _workplaces(bench: Bench, w: Any, measure: Measure) -> np.ndarray:
    """Return which workplaces meet the condition of a measure, bool."""
    place, site = bench.town.place, bench.town.site
    columns = w.workplaces
    alive = columns[Workplace.POSTS] > 0
    if not measure.workplaces:
        return alive
    found = np.zeros(columns.shape[1], bool)
    for clause in measure.workplaces:
        row = workplace_clause_row(clause, place, site)
        employers = int(row[ClauseColumn.EMPLOYERS])
        employer = columns[Workplace.EMPLOYER].astype(np.int64)
        found |= (
            ((int(row[ClauseColumn.SECTORS]) >> columns[Workplace.SECTOR].astype(np.int64)) & 1 > 0)
            & ((int(row[ClauseColumn.SIZE_CLASSES]) >> columns[Workplace.SIZE_CLASS]) & 1 > 0)
            & (columns[Workplace.POSTS] >= row[ClauseColumn.POSTS_MIN])
            & (
                (not employers)
                | ((employer < 62) & ((employers >> np.minimum(employer, 62)) & 1 > 0))
            )
        )
    return found & alive
