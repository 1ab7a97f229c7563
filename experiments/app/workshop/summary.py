"""From cohorts to what the page shows: tiles, who gains and loses, the staircase, monthly series.

Every number is one of :func:`simulator.headline.quantities` or of the tables of flows; nothing is
estimated here in a way of its own.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scenarios.measures import Mix
from simulator.codes import RUNGS, Cause, Fill
from simulator.comparison import DATES, Estimate, Key, estimate
from simulator.headline import Quantity, of_values, path_of, quantities, served_by_measure
from simulator.world import Flow

from .twins import Bench, Cohort

# rows of `headline` that the page shows
ROWS = (
    "served", "workplaces", "supported", "additional", "ledger", "net", "net_filled",
    "got_target", "at_work", "per_100", "target_jobseekers", "other_jobseekers",
    "other_residents", "living_elsewhere", "everybody", "progress", "jobs", "rescued", "faster",
    "posts", "direct", "length",
)  # fmt: skip

# outcomes of which the page draws the months
SERIES: dict[str, tuple[str, str, str]] = {
    "at_work": ("at_work", "group", "target_jobseekers"),
    "entry": ("advertised_vacancies", "rung", "rung_0"),
    "promotions": ("openings_closed", "fill", "promotion"),
    "progress": ("on_a_higher_rung", "group", "low_schooled_workers"),
    "jobs": ("filled_post_months", "all", "all"),
    "everybody": ("work_months", "all", "everybody"),
}

# the staircase: how openings come to a step, and how they leave it
INTO: dict[str, tuple[int, ...]] = {
    "new_post": (Cause.NEW_POST, Cause.RETURNED_POST),
    "retirement": (Cause.RETIREMENT,),
    "leavers": (
        Cause.LABOUR_FORCE_EXIT, Cause.JOB_LOSS, Cause.FIXED_TERM_END,
        Cause.MOVED_AWAY, Cause.JOB_ELSEWHERE, Cause.DIED,
    ),
    "substitute": (Cause.COVER, Cause.LEAVE),
    "moves": (Cause.SIDEWARD_MOVE, Cause.HIRE_FROM_WORKPLACE),
    "stepped_down": (Cause.PROMOTION,),
}  # fmt: skip
OUT_OF: dict[str, tuple[int, ...]] = {
    "promotion": (Fill.PROMOTION,),
    "moves_out": (Fill.SIDEWARD_MOVE, Fill.HIRE_FROM_WORKPLACE),
    "short": (Fill.HIRE_SHORT_TERM_UNEMPLOYED,),
    "long": (Fill.HIRE_LONG_TERM_UNEMPLOYED,),
    "outside_force": (Fill.HIRE_OUTSIDE_LABOUR_FORCE,),
    "outside_region": (Fill.HIRE_OUTSIDE_REGION,),
    "closed": (Fill.NOT_BACKFILLED, Fill.GIVEN_UP, Fill.POST_DESTROYED),
}


def plain(value: float, digits: int = 5) -> float | None:
    """Return a number for JSON: a few significant digits; what is not finite is null."""
    if not math.isfinite(value):
        return None
    return float(f"{value:.{digits}g}")


def told(found: Estimate) -> bool:
    """Return whether a difference can be told from none; never from a single pair."""
    return found.is_told and math.isfinite(found.low) and math.isfinite(found.high)


def _row(quantity: Quantity) -> dict[str, Any] | None:
    found = quantity.found
    if found is None:
        return None
    return {
        "unit": quantity.unit,
        "reference": None if quantity.reference is None else plain(quantity.reference),
        "mean": plain(found.mean),
        "low": plain(found.low),
        "high": plain(found.high),
        "told": told(found),
    }


def headline(bench: Bench, mix: Mix, closure: str, strength: str,
             rows: dict[int, list[Cohort]], look: bool) -> dict[str, Any]:  # fmt: skip
    """Return the numbers of the tiles and tables of one arm."""
    comparison = bench.compared(mix, closure, strength, rows, look)
    key: Key = next(iter(comparison.pairs))
    found = quantities(comparison, key)
    return {"rows": {name: _row(found[name]) for name in ROWS}}


def brief(bench: Bench, mix: Mix, closure: str, strength: str,
          rows: dict[int, list[Cohort]]) -> dict[str, Any]:  # fmt: skip
    """Return what the page shows of an arm beside the main one."""
    found = headline(bench, mix, closure, strength, rows, False)["rows"]
    kept = ("per_100", "net", "additional", "at_work", "jobs", "target_jobseekers", "everybody")
    return {
        "pairs": len(rows), "rows": {name: found[name] for name in kept},
    }  # fmt: skip


def main(bench: Bench, mix: Mix, closure: str, strength: str,
         rows: dict[int, list[Cohort]], look: bool) -> dict[str, Any]:  # fmt: skip
    """Return everything about the arm that the page shows first.

    Parameters
    ----------
    rows : dict
        By seed, cohorts of the mix (see :meth:`Bench.compared`).
    look : bool
        The first look: tiles and series of the first months only.
    """
    comparison = bench.compared(mix, closure, strength, rows, look)
    key: Key = next(iter(comparison.pairs))
    found = quantities(comparison, key)
    pairs = comparison.pairs[key]
    one = next(iter(rows.values()))
    served = comparison.served(key)
    lines = {}
    for name, outcome in SERIES.items():
        at = comparison.at(*outcome)
        mean, low, high = path_of(pairs, at)
        reference = np.mean([pair.reference[at] for pair in pairs], axis=0)
        lines[name] = {
            "reference": [plain(x, 4) for x in reference],
            "mean": [plain(x, 3) for x in mean],
            "low": [plain(x, 3) for x in low],
            "high": [plain(x, 3) for x in high],
        }
    return {
        "pairs": len(pairs),
        "dates": len(one),
        "months": one[0].months,
        "seeds": [comparison.seeds[0], comparison.seeds[-1]],
        # the third year is not in a first look
        "rows": {name: None if look and name == "per_100" else _row(found[name]) for name in ROWS},
        "by_measure": {
            measure.id: plain(number, 4)
            for measure, number in served_by_measure(comparison, key, mix)
        },
        "series": lines,
        "staircase": None
        if look
        else staircase(*bench.flows(closure, rows, look), served, one[0].months),
    }


def staircase(
    reference: np.ndarray, scenario: np.ndarray, served: float, months: int
) -> list[dict[str, Any]]:
    """Return the bands of the staircase, the top step first.

    Parameters
    ----------
    reference, scenario : ndarray, shape (pairs, rungs, Flow.SIZE)
        Openings and fills over the window.
    served : float
        People served by a cohort; the difference is told per 100 of them.
    months : int
        Length of the window; the reference is told per year.
    """
    a_year = 12 / months
    # without people served the difference of a whole cohort is told
    per_100 = 100 / served if served > 0 else 1.0

    def band(name: str, before: np.ndarray, after: np.ndarray) -> dict[str, Any]:
        change = of_values(after - before)
        mean, low, high = estimate(after - before)
        return {
            "id": name,
            "reference": plain(float(before.mean()) * a_year),
            "mix": plain(float(after.mean()) * a_year),
            "per_100": [plain(float(x) * per_100, 4) for x in (mean, low, high)],
            "told": told(change),
        }

    steps = []
    for rung in range(RUNGS - 1, -1, -1):
        before, after = reference[:, rung], scenario[:, rung]
        opened = [Flow.OPENED + cause for cause in range(Cause.HIRE_FROM_WORKPLACE + 1)]
        never = Flow.FILL + Fill.NOT_BACKFILLED
        into = [
            band(name, before[:, columns].sum(1), after[:, columns].sum(1))
            for name, causes in INTO.items()
            for columns in [[Flow.OPENED + cause for cause in causes]]
        ]
        # posts that were emptied and never advertised: no vacancy, yet part of the step
        into.append(band("never", before[:, never], after[:, never]))
        out = [
            band(name, before[:, columns].sum(1), after[:, columns].sum(1))
            for name, fills in OUT_OF.items()
            for columns in [[Flow.FILL + fill for fill in fills]]
        ]
        fills = [Flow.FILL + fill for fill in range(Fill.OPEN)]
        total_before = before[:, [*opened, never]].sum(1)
        total_after = after[:, [*opened, never]].sum(1)
        out.append(
            band(
                "still_open",
                total_before - before[:, fills].sum(1),
                total_after - after[:, fills].sum(1),
            )
        )
        target = Flow.FILLED_BY_TARGET
        steps.append(
            {
                "rung": rung,
                "all": band("all", total_before, total_after),
                "into": into,
                "out": out,
                "target": band("target", before[:, target], after[:, target]),
            }
        )
    return steps


__all__ = ["DATES", "brief", "headline", "main", "plain", "staircase"]
