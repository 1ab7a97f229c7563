"""Cohort twins for the page: the same worlds as ``compare``, computed month by month.

Work is written as generators that yield after each simulated month, so that a newer question can
be served between two months. What they return is exactly what ``compare`` computes for the same
seed, date, closure and mix (tested).
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scenarios import Site, load_site
from scenarios.measures import Mix
from simulator.comparison import (
    DATES,
    HORIZON,
    SEED_STEP,
    Arm,
    Comparison,
    Pair,
    enrolment_rows,
    in_force,
)
from simulator.engine import World
from simulator.groups import assign_cells, target_cells
from simulator.outcomes import Outcome, series
from simulator.policy import lay_out_mix
from simulator.town import Town

LOOK = 24  # months of the first look
DECADE = 120  # months of the ten-year view
FIRST = 2  # pairs of the first look
PAIRS = 10  # pairs from one start date, shown next
PEOPLE = 2_000_000  # in the settled worlds kept: all pairs of a place of the page's size
LARGEST_WHOLE = 50_000  # filled posts of a place that is simulated whole
POSTS_SHOWN = 20_000  # filled posts of the smaller world of a larger place, about Kokkola's
SEEDS = 16  # pairs from all start dates in the end: what `compare` runs unless told otherwise


@dataclass(frozen=True)
class Cohort:
    """One world followed from one date.

    Attributes
    ----------
    values : ndarray, shape (outcomes, months)
    flows : ndarray, shape (rungs, Flow.SIZE)
        Openings and fills by rung, summed over the months.
    enrolments : ndarray, shape (enrolments, 7)
        See :class:`simulator.comparison.Pair`; empty for the reference.
    """

    values: np.ndarray
    flows: np.ndarray
    enrolments: np.ndarray

    @property
    def months(self) -> int:
        """Months followed."""
        return self.values.shape[1]


@dataclass(frozen=True)
class Reference:
    """The world without the mix from one date, whole and for the first look."""

    cells: np.ndarray
    whole: Cohort
    look: Cohort


def page_scale(site: Site) -> int:
    """Return at which scale the page simulates a place: whole, or one person in so many.

    Large places are answered from a world of a town's size, which the page says.
    """
    posts = site.margins.filled_posts.value
    return 1 if posts <= LARGEST_WHOLE else round(posts / POSTS_SHOWN)


Work = Generator[Cohort | None, None, Cohort]


def _read(
    world: World, start: int, months: int, running: Iterable[str] | None
) -> tuple[list[Outcome], Cohort]:
    """Read a world; without ``running`` measures it is a reference, and nobody is served."""
    names, values = series(world)
    rows = np.zeros((0, 7), np.int64) if running is None else enrolment_rows(world, start, running)
    flows = world.columns.flows[:months].sum(0, dtype=np.int64) * world.place.scale
    return names, Cohort(values[:, :months].copy(), flows, rows)


class Bench:
    """A place with its reference worlds, on which mixes are tried.

    Parameters
    ----------
    site : str or Site
    parameters : dict, optional
        Values that replace those of the files (the view of the room).
    seed : int
        Replication r uses the seed ``seed * 10000 + r``, as ``compare`` does.
    """

    def __init__(
        self, site: str | Site, parameters: dict[str, float] | None = None, seed: int = 1
    ) -> None:
        whole = site if isinstance(site, Site) else load_site(site)
        self.town = Town(
            whole, parameters, starts_kept=SEEDS, scale=page_scale(whole), people_kept=PEOPLE
        )
        self.against = self.town.reference()
        self.seed = seed
        self.seeds = [seed * SEED_STEP + r for r in range(SEEDS)]
        self.outcomes: list[Outcome] = []
        self.eligible: dict[str, Any] | None = None  # once it was asked for
        self._base = (
            lay_out_mix(self.against, self.town.site, self.town.place)
            if self.against.entries
            else None
        )
        self._decades: dict[tuple[int, int, str], np.ndarray] = {}
        self._references: dict[tuple[int, int, str], Reference] = {}
        self._locks: dict[tuple[int, int, str], threading.Lock] = defaultdict(threading.Lock)

    def running(self, mix: Mix) -> list[str]:
        """Return the services of the reference that a mix leaves as they are."""
        theirs = self.against.measures
        return [name for name, dose in mix.measures.items() if theirs.get(name) == dose]

    def _path(self, seed: int, closure: str) -> World:
        with self._locks[seed, -1, ""]:  # settled once, also when two threads ask
            self.town.start(seed)
        path = self.town.begin(seed, closure=closure)
        if self._base is not None:
            self._base.install(path)
        return path

    def reference(
        self, seed: int, date: int = 0, closure: str = "R", path: World | None = None
    ) -> Reference:
        """Return the followed reference of a seed and date; computed once.

        Parameters
        ----------
        path : World, optional
            The reference path at the date, if it is at hand.
        """
        key = (seed, date, closure)
        with self._locks[key]:
            if key not in self._references:
                path = self._at(seed, date, closure) if path is None else path
                cells = assign_cells(path, self.town.site)
                world = path.copy()
                world.lay_out(date, HORIZON, cells, target_cells())
                world.advance(LOOK)
                look = _read(world, date, LOOK, None)[1]
                world.advance(HORIZON - LOOK)
                self.outcomes, whole = _read(world, date, HORIZON, None)
                self._references[key] = Reference(cells, whole, look)
            return self._references[key]

    def _at(self, seed: int, date: int, closure: str) -> World:
        path = self._path(seed, closure)
        self._walk(path, date)
        return path

    @staticmethod
    def _walk(path: World, date: int) -> None:
        if path.month < date:
            path.lay_out(path.month, date - path.month)
            path.advance(date - path.month)

    def cohort(
        self,
        mix: Mix,
        seed: int,
        date: int,
        closure: str,
        path: World | None = None,
        placebo: bool = False,
    ) -> Work:
        """Follow the mix, or its placebo, from a date; yields None by month, once the first look.

        Parameters
        ----------
        path : World, optional
            The reference path at the date, if it is at hand.
        placebo : bool
            Whether new measures do nothing but draw afresh for those whom they would have served.
        """
        cells = self.reference(seed, date, closure, path).cells
        running = self.running(mix)
        world = self._at(seed, date, closure) if path is None else path.copy()
        policy = lay_out_mix(mix, self.town.site, self.town.place, start=date)
        policy.install(world, placebo=placebo, running=running if placebo else ())
        world.lay_out(date, HORIZON, cells, target_cells())
        for month in range(1, HORIZON + 1):
            world.advance(1)
            yield _read(world, date, LOOK, running)[1] if month == LOOK else None
        return _read(world, date, HORIZON, running)[1]

    def later_cohorts(
        self, mix: Mix, seed: int, closure: str, dates: Iterable[int]
    ) -> Generator[None, None, list[Cohort]]:
        """Follow the mix from several dates of one reference path; yields None by month."""
        found = []
        path = self._path(seed, closure)
        for date in dates:
            self._walk(path, date)
            work = self.cohort(mix, seed, date, closure, path)
            while True:
                try:
                    next(work)
                except StopIteration as end:
                    found.append(end.value)
                    break
                yield
        return found

    def decade(
        self, mix: Mix, seed: int, closure: str
    ) -> Generator[None, None, tuple[np.ndarray, np.ndarray]]:
        """Let a mix go on for ten years; yields None by month.

        This is the whole-horizon design of ``compare`` from one date, at the strengths of the mix.

        Returns
        -------
        (ndarray, ndarray)
            Reference and mix, each (outcomes, months).
        """
        path = self._path(seed, closure)
        cells = assign_cells(path, self.town.site)
        key = (seed, -DECADE, closure)
        with self._locks[key]:
            known = self._decades.get(key)
        if known is None:
            world = path.copy()
            world.lay_out(0, DECADE, cells, target_cells())
            for _ in range(DECADE):
                world.advance(1)
                yield
            self.outcomes, known = series(world)
            self._decades[key] = known = known[:, :DECADE].copy()
        doses = in_force(mix, self.against.measures, None)
        world = path.copy()
        going_on = mix.model_copy(update={"measures": doses})
        lay_out_mix(going_on, self.town.site, self.town.place).install(world)
        world.lay_out(0, DECADE, cells, target_cells())
        for _ in range(DECADE):
            world.advance(1)
            yield
        return known, series(world)[1][:, :DECADE].copy()

    def prepare(self, seeds: int, closure: str = "R") -> None:
        """Settle the first worlds and follow their references."""
        for seed in self.seeds[:seeds]:
            self.reference(seed, 0, closure)

    # ---- numbers -----------------------------------------------------------------------------

    def compared(
        self, mix: Mix, closure: str, strength: str, rows: dict[int, list[Cohort]], look: bool
    ) -> Comparison:
        """Return cohorts as a comparison, whose estimates and headline numbers apply.

        Parameters
        ----------
        rows : dict
            By seed, the cohorts of the mix: one (date 0), or one per date.
        look : bool
            Whether the cohorts are those of the first look.
        """
        comparison = Comparison(
            self.town, self.against, [Arm(mix, strength)], (closure,), HORIZON // 12, self.seed
        )
        comparison.outcomes = self.outcomes
        n = len(next(iter(rows.values())))
        # cohorts of all dates are counted as such; from one date the sums are of one cohort
        design = "cohorts" if n == len(DATES) else "whole"
        pairs = []
        for seed, cohorts in rows.items():
            pairs.append(self._pair(seed, closure, cohorts, look))
            comparison.seeds.append(seed)
        comparison.pairs[closure, mix.id, strength, design] = pairs
        return comparison

    def _pair(self, seed: int, closure: str, cohorts: list[Cohort], look: bool) -> Pair:
        bases = [
            self.reference(seed, date, closure)
            for date, _ in zip(DATES, cohorts, strict=False)
        ]  # fmt: skip
        reference: float | np.ndarray = 0.0
        scenario: float | np.ndarray = 0.0
        for base, cohort in zip(bases, cohorts, strict=True):
            reference = reference + (base.look if look else base.whole).values
            scenario = scenario + cohort.values
        n = len(cohorts)
        return Pair(
            np.asarray(reference) / n,
            np.asarray(scenario) / n,
            np.concatenate([cohort.enrolments for cohort in cohorts]),
            np.zeros((2, 0, HORIZON // 12)),  # the page tells no money
        )

    def flows(
        self, closure: str, rows: dict[int, list[Cohort]], look: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return openings and fills of reference and mix, each (pairs, rungs, Flow.SIZE)."""
        reference, scenario = [], []
        for seed, cohorts in rows.items():
            bases = [
                self.reference(seed, date, closure)
                for date, _ in zip(DATES, cohorts, strict=False)
            ]  # fmt: skip
            reference.append(
                np.mean([(base.look if look else base.whole).flows for base in bases], axis=0)
            )
            scenario.append(np.mean([cohort.flows for cohort in cohorts], axis=0))
        return np.array(reference), np.array(scenario)
