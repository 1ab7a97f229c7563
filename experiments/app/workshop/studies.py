"""One mix under study: first look, ten pairs, then refined, for everybody who asked the same.

A study works while somebody waits for it. When the last one turns to another mix it stops after
the month at hand and keeps what is finished; who comes back gets that at once.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scenarios.measures import Mix
from simulator.comparison import DATES

from . import summary
from .eligible import eligible
from .examples import Examples
from .mixes import Request, mix_of
from .scheduler import Job, Scheduler, Token
from .twins import FIRST, PAIRS, SEEDS, Bench, Cohort

LOOK_FIRST, TEN_PAIRS, ASIDE, REFINE, REFINE_ASIDE = range(5)
STUDIES_KEPT = 40  # some 6 MB each when refined
EXAMPLES_KEPT = 3  # ledgers of a year, some 10 MB each
BENCHES_KEPT = 2  # some 350 MB each in a town
ARMS = ("main", "other_closure", "untested_none")

Listener = Callable[[dict[str, Any]], None]


@dataclass
class Arm:
    """One way to compute the mix: as set, under the other closure, or without untested effects."""

    name: str
    mix: Mix
    closure: str
    strength: str
    first: dict[int, Cohort] = field(default_factory=dict)  # by seed, from date 0
    whole: dict[int, list[Cohort]] = field(default_factory=dict)  # by seed, from all dates

    def rows(self) -> dict[int, list[Cohort]]:
        """Return the best that is there: all dates if ten seeds have them."""
        if len(self.whole) >= PAIRS:
            return dict(sorted(self.whole.items()))
        return {seed: [cohort] for seed, cohort in sorted(self.first.items())}


class Study:
    """A mix on a bench, computed in stages for its listeners."""

    def __init__(
        self, bench: Bench, scheduler: Scheduler, request: Request, seeds: int,
        prepared: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.bench = bench
        self.scheduler = scheduler
        self.seeds = bench.seeds[:seeds]
        mix = mix_of(request, bench.town.site)
        other = "E" if request.closure == "R" else "R"
        self.arms = [
            Arm("main", mix, request.closure, "assumed"),
            Arm("other_closure", mix, other, "assumed"),
        ]
        untested = [m.id for m, dose in mix.entries if dose.strength != "none" and _untested(m)]
        if untested:
            none = mix_of(request, bench.town.site, strength="none")
            self.arms.append(Arm("untested_none", none, request.closure, "none"))
        # an answer from the tables is the finished one; nothing is left to compute
        self.stage = "finished" if prepared else ""
        self.message = prepared
        self._listeners: list[Listener] = []
        self._token = Token()
        self._task: asyncio.Task | None = None

    # ---- listeners ---------------------------------------------------------------------------

    def subscribe(self, listener: Listener) -> None:
        """Tell a listener what is there, and what comes."""
        self._listeners.append(listener)
        if self.message is not None:
            listener(self.message)
        if self.stage != "finished" and (self._task is None or self._task.done()):
            self._token = Token()
            self._task = asyncio.get_running_loop().create_task(self._work(self._token))

    def unsubscribe(self, listener: Listener) -> None:
        """Forget a listener; without any the work stops."""
        if listener in self._listeners:
            self._listeners.remove(listener)
        if not self._listeners:
            self._token.cancel()
            self._task = None

    def _tell(self, stage: str, look: dict[int, list[Cohort]] | None = None) -> None:
        main = self.arms[0]
        rows = main.rows() if look is None else look
        bench = self.bench
        self.stage = stage
        self.message = {
            "stage": stage,
            "finished": stage == "finished",
            "main": summary.main(
                bench, main.mix, main.closure, main.strength, rows, look is not None
            ),
            "aside": {
                arm.name: summary.brief(bench, arm.mix, arm.closure, arm.strength, arm.rows())
                for arm in self.arms[1:]
                if len(arm.first) >= PAIRS
            },
        }
        for listener in list(self._listeners):
            listener(self.message)

    # ---- work --------------------------------------------------------------------------------

    async def _work(self, token: Token) -> None:
        try:
            await self._stages(token)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            for listener in list(self._listeners):
                listener({"stage": "failed", "error": f"{type(error).__name__}: {error}"})
            raise

    async def _stages(self, token: Token) -> None:
        main = self.arms[0]
        pairs = min(PAIRS, len(self.seeds))
        # a full room gets its first look from one pair: two cannot tell anything either
        looks_wanted = FIRST if self.scheduler.waiting == 0 else 1
        jobs = {
            seed: self._first(main, seed, LOOK_FIRST, token)
            for seed in self.seeds[:looks_wanted]
            if seed not in main.first
        }
        looks = {seed: [await job.early] for seed, job in jobs.items()}
        if token.cancelled:
            return
        if self.message is None and looks and all(rows[0] for rows in looks.values()):
            self._tell("look", looks)  # type: ignore[arg-type]
        jobs.update(
            {
                seed: self._first(main, seed, TEN_PAIRS, token)
                for seed in self.seeds[:pairs]
                if seed not in main.first and seed not in jobs
            }
        )
        if not await self._gather(main, jobs, token):
            return
        if self.stage in ("", "look"):
            self._tell("pairs")
        for arm in self.arms[1:]:
            jobs = {
                seed: self._first(arm, seed, ASIDE, token)
                for seed in self.seeds[:pairs]
                if seed not in arm.first
            }
            if not await self._gather(arm, jobs, token):
                return
            if jobs:
                self._tell("pairs")
        await self._refine(token)

    async def _refine(self, token: Token) -> None:
        for arm in self.arms:
            priority = REFINE if arm.name == "main" else REFINE_ASIDE
            waiting = [seed for seed in self.seeds if seed not in arm.whole]
            while waiting:
                # the first ten at once, then two by two: the band narrows before one's eyes
                size = max(PAIRS - len(arm.whole), 2)
                group, waiting = waiting[:size], waiting[size:]
                jobs = {seed: self._whole(arm, seed, priority, token) for seed in group}
                for seed, job in jobs.items():
                    found = await job.done
                    if found is None or token.cancelled:
                        return
                    first, later = found
                    arm.first[seed] = first
                    arm.whole[seed] = [first, *later]
                if len(arm.whole) >= PAIRS:
                    self._tell("refined")
        self._tell("finished")

    def _first(self, arm: Arm, seed: int, priority: int, token: Token) -> Job:
        steps = self.bench.cohort(arm.mix, seed, DATES[0], arm.closure)
        return self.scheduler.submit(steps, priority, token)

    def _whole(self, arm: Arm, seed: int, priority: int, token: Token) -> Job:
        bench, first = self.bench, arm.first.get(seed)

        def steps():  # noqa: ANN202
            begun = first
            if begun is None:
                begun = yield from _silently(bench.cohort(arm.mix, seed, DATES[0], arm.closure))
            later = yield from bench.later_cohorts(arm.mix, seed, arm.closure, DATES[1:])
            return begun, later

        return self.scheduler.submit(steps(), priority, token)

    async def _gather(self, arm: Arm, jobs: dict[int, Job], token: Token) -> bool:
        for seed, job in jobs.items():
            found = await job.done
            if found is None or token.cancelled:
                return False
            arm.first[seed] = found
        return True


def _silently(steps):  # noqa: ANN001, ANN202
    """Run work without passing on its early value."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
        yield None


def _untested(measure) -> bool:  # noqa: ANN001
    return any(not lever.published for lever in measure.levers)


class Library:
    """Benches and studies, the least recently used forgotten first.

    Parameters
    ----------
    threads : int
    seeds : int
        Pairs in the end.
    """

    def __init__(self, threads: int, seeds: int = SEEDS, seed: int = 1) -> None:
        self.scheduler = Scheduler(threads)
        self.seeds = seeds
        self.seed = seed
        self.tables: dict[str, Any] = {}  # prepared answers by place
        self._benches: OrderedDict[str, Bench] = OrderedDict()
        self._studies: OrderedDict[tuple[str, str], Study] = OrderedDict()
        self._examples: OrderedDict[tuple[str, str], Examples] = OrderedDict()

    def bench(self, site: str, parameters: dict[str, float] | None = None) -> Bench:
        """Return the bench of a place and its assumptions."""
        parameters = parameters or {}
        key = json.dumps([site, sorted(parameters.items())])
        if key not in self._benches:
            self._benches[key] = Bench(site, parameters, self.seed)
            while len(self._benches) > BENCHES_KEPT:
                old, _ = self._benches.popitem(last=False)
                for study in [k for k in self._studies if k[0] == old]:
                    del self._studies[study]
        self._benches.move_to_end(key)
        return self._benches[key]

    def examples(self, request: Request) -> Examples:
        """Return the ledger of a year with a mix; takes some seconds the first time."""
        key = (request.place_key, request.mix_key)
        if key not in self._examples:
            bench = self.bench(request.site, request.parameters)
            mix = mix_of(request, bench.town.site)
            self._examples[key] = Examples(bench, mix, request.closure)
            while len(self._examples) > EXAMPLES_KEPT:
                self._examples.popitem(last=False)
        return self._examples[key]

    def eligible(self, request: Request) -> dict[str, Any]:
        """Return who could take part in each measure; counted once for a place's assumptions."""
        bench = self.bench(request.site, request.parameters)
        if bench.eligible is None:
            bench.eligible = eligible(bench)
        return bench.eligible

    def study(self, request: Request) -> Study:
        """Return the study of a request, one for all who ask the same."""
        key = (request.place_key, request.mix_key)
        if key not in self._studies:
            bench = self.bench(request.site, request.parameters)
            table = self.tables.get(request.site)
            prepared = None if table is None else table.message(request)
            self._studies[key] = Study(bench, self.scheduler, request, self.seeds, prepared)
            while len(self._studies) > STUDIES_KEPT:
                self._studies.popitem(last=False)
        self._studies.move_to_end(key)
        return self._studies[key]
