"""Ten years of a mix that goes on: the whole-horizon design of ``compare``, on demand.

The main view follows one year of a mix; here it recruits all ten years, on the first ten pairs of
the page. Worlds drift apart with the years, so bands widen: the view tells a direction, if any.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scenarios.measures import Mix
from simulator.comparison import estimate
from simulator.headline import of_values

from .scheduler import Scheduler, Token
from .summary import SERIES, plain, told
from .twins import DECADE, PAIRS, Bench

PRIORITY = 2.6  # after whom a mix cannot do without, before refinement


def by_year(how: str, values: np.ndarray) -> np.ndarray:
    """Return a monthly outcome by year, shape (..., years): mean of a stock, sum of a flow."""
    years = values.reshape(*values.shape[:-1], -1, 12)
    return years.mean(-1) if how == "mean" else years.sum(-1)


async def decade(
    bench: Bench, scheduler: Scheduler, mix: Mix, closure: str, token: Token,
    tell: Callable[[int, int, dict[str, Any] | None], None],
) -> None:  # fmt: skip
    """Follow ten years of a mix; tell how far it is, and in the end the numbers.

    Parameters
    ----------
    tell
        Called with the pairs done, the pairs in all, and by outcome the years (None before the
        end): ``reference, mean, low, high, told``.
    """
    seeds = bench.seeds[:PAIRS]
    jobs = [scheduler.submit(bench.decade(mix, seed, closure), PRIORITY, token) for seed in seeds]
    tell(0, len(seeds), None)
    pairs = []
    for job in jobs:
        found = await job.done
        if found is None or token.cancelled:
            return
        pairs.append(found)
        if len(pairs) < len(seeds):
            tell(len(pairs), len(seeds), None)
    rows = {}
    at = {(one.outcome, one.breakdown, one.group): k for k, one in enumerate(bench.outcomes)}
    for name, outcome in SERIES.items():
        k, how = at[outcome], bench.outcomes[at[outcome]].how
        reference = by_year(how, np.array([pair[0][k] for pair in pairs]))
        change = by_year(how, np.array([pair[1][k] for pair in pairs])) - reference
        mean, low, high = estimate(change)
        rows[name] = [
            {
                "year": year + 1,
                "reference": plain(float(reference[:, year].mean())),
                "mean": plain(float(mean[year])),
                "low": plain(float(low[year])),
                "high": plain(float(high[year])),
                "told": told(of_values(change[:, year])),
            }
            for year in range(DECADE // 12)
        ]
    tell(len(seeds), len(seeds), rows)
