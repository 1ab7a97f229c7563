"""Whom a mix cannot do without: ``essential`` on the worlds of the page, while people wait.

Outcomes, partners and the way of taking one away are those of :mod:`experiments.essential`; the
pairs are the page's first ten, on the reference of the page.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np

from experiments.essential import HEADLINE, OUTCOMES, partners_of, without_partner
from scenarios.measures import Mix
from simulator.comparison import DATES, Comparison
from simulator.headline import of_values

from .scheduler import Scheduler, Token
from .summary import plain
from .twins import PAIRS, Bench, Cohort

PRIORITY = 2.5  # after what a page shows by itself, before that is refined


def reduced(mix: Mix) -> list[tuple[str, str, Mix]]:
    """Return the mix without each of its partners and measures: id, kind, mix."""
    partners = [(kind, "partner", without_partner(mix, kind)) for kind in partners_of(mix)]
    return partners + [(name, "measure", mix.without(name)) for name in mix.measures]


async def losses(
    bench: Bench, scheduler: Scheduler, mix: Mix, closure: str, token: Token,
    tell: Callable[[int, int, list[dict[str, Any]]], None],
) -> None:  # fmt: skip
    """Take each partner and measure away in turn; tell the losses found so far.

    Parameters
    ----------
    tell
        Called with the number done, the number in all, and the losses found so far.
    """

    def compute(one: Mix) -> Awaitable[dict[int, list[Cohort]] | None]:
        jobs = {
            seed: scheduler.submit(bench.cohort(one, seed, DATES[0], closure), PRIORITY, token)
            for seed in bench.seeds[:PAIRS]
        }

        async def gathered() -> dict[int, list[Cohort]] | None:
            rows = {}
            for seed, job in jobs.items():
                cohort = await job.done
                if cohort is None or token.cancelled:
                    return None
                rows[seed] = [cohort]
            return rows

        return gathered()

    def compared(one: Mix, rows: dict[int, list[Cohort]]) -> Comparison:
        return bench.compared(one, closure, "assumed", rows, False)

    def values(comparison: Comparison) -> np.ndarray:
        outcome = OUTCOMES[HEADLINE]
        key = next(iter(comparison.pairs))
        return comparison.values(key, outcome[:3], outcome[3], outcome[4], "difference")

    without = reduced(mix)
    whole_rows = await compute(mix)
    if whole_rows is None:
        return
    whole = compared(mix, whole_rows)
    whole_values, whole_served = values(whole), whole.served(next(iter(whole.pairs)))
    found: list[dict[str, Any]] = []
    tell(0, len(without), found)
    for done, (name, kind, rest) in enumerate(without, 1):
        rows = await compute(rest)
        if rows is None:
            return
        less = compared(rest, rows)
        lost = of_values(whole_values - values(less))
        found.append(
            {
                "id": name,
                "kind": kind,
                "mean": plain(lost.mean),
                "low": plain(lost.low),
                "high": plain(lost.high),
                "told": lost.is_told,
                "served": plain(whole_served - less.served(next(iter(less.pairs)))),
            }
        )
        tell(done, len(without), found)
