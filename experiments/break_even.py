"""How strong must a lever be, here: for any effect, for one more per 100 served, to pay.

The measure runs on top of the reference, with its primary lever at several sizes from none to
beyond the top of its stated range and its other levers as the file says. The answers are a curve
and three sizes: from which the net effect on the target group is positive with 90 per cent
probability (over simulation noise), at which one more person per 100 served is in work in the
third year, and at which benefits saved reach the price of the measure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from scipy.special import stdtr

from scenarios import ScenarioError
from scenarios.measures import Dose, Measure, Mix, based_on, load_measure, mix_of
from simulator.comparison import THIRD_YEAR, Comparison, Estimate, Key, compare, estimate
from simulator.files import write_study
from simulator.headline import crossing
from simulator.money import money
from simulator.town import Town

MULTIPLES = (0.0, 0.5, 1.0, 2.0)  # of the top of the stated range
PROBABILITY = 0.90  # that the net effect on the target group is above zero
WANTED = 1.0  # more people in work per 100 served, in the third year


@dataclass(frozen=True)
class Point:
    """What one size of the lever does.

    Attributes
    ----------
    size, served : float
        Size of the lever; people served (workplaces, where a measure serves those).
    per_100 : Estimate
        More people of the target group in work in the third year, per 100 served.
    months : Estimate
        More months of work of the target group in four years.
    positive : float
        Probability, over simulation noise, that ``months`` is above zero.
    left : float or None
        The highest price less the price, EUR per person (workplace) served; None when the price is
        unknown or nobody more is served.
    highest : Estimate or None
        The highest price per person (workplace) served at which the measure pays for itself.
    """

    size: float
    served: float
    per_100: Estimate
    months: Estimate
    positive: float
    left: float | None
    highest: Estimate | None


@dataclass(frozen=True)
class BreakEven:
    """The curve of a measure and where it reaches one person per 100 served.

    Attributes
    ----------
    points : list of Point
    verdict : str
        ``already`` (without the lever), ``needs`` (a size within the stated range), ``beyond``
        (a size outside it) or ``never`` (nowhere on the curve).
    size : float
        The size at which the mean of the curve reaches one; nan when never.
    best, worst : (str, float or None)
        The same for the high and the low end of the curve's interval.
    positive, pays : (str, float or None)
        Verdict and size from which the net effect is positive with 90 per cent probability, and
        from which the measure pays for itself (``unknown`` without a price).
    """

    site: str
    measure: Measure
    lever: str
    unit: str
    top: float
    closure: str
    points: list[Point]
    verdict: str
    size: float
    best: tuple[str, float | None]
    worst: tuple[str, float | None]
    positive: tuple[str, float | None]
    pays: tuple[str, float | None]
    comparison: Comparison

    @property
    def is_sure(self) -> bool:
        """Whether both ends of the interval give the same verdict as the mean."""
        mean = "needs" if self.verdict == "beyond" else self.verdict
        return self.best[0] == self.worst[0] == mean

    @property
    def served_are(self) -> str:
        """Whom the measure serves, as a word."""
        return "people" if self.measure.recruits == "person" else "workplaces"

    def frame(self) -> pd.DataFrame:
        """Return the curve."""
        return pd.DataFrame(
            {
                "measure": self.measure.id,
                "lever": self.lever,
                "unit": self.unit,
                "closure": self.closure,
                "size": [p.size for p in self.points],
                "share_of_top": [p.size / self.top for p in self.points],
                "served": [p.served for p in self.points],
                "per_100_served": [p.per_100.mean for p in self.points],
                "ci_low": [p.per_100.low for p in self.points],
                "ci_high": [p.per_100.high for p in self.points],
                "work_months": [p.months.mean for p in self.points],
                "probability_above_zero": [p.positive for p in self.points],
                "highest_less_price": [math.nan if p.left is None else p.left for p in self.points],
                "highest_price": [p.highest.mean if p.highest else math.nan for p in self.points],
                "replications": [p.per_100.replications for p in self.points],
            }
        )

    def text(self) -> str:
        """Return the answer for the screen."""
        who = self.served_are
        lines = [
            f"{self.measure.names.en} in {self.site}: more people of the target group in work in "
            f"the third year per 100 {who} served, against {self.comparison.against.id} (closure "
            f"{self.closure})",
            "",
            f"  {self.lever} ({self.unit})   per 100 served   90 % interval      chance of a gain",
        ]
        lines += [
            f"  {p.size:>12.3f}   {p.per_100.mean:>14.2f}   "
            f"{f'{p.per_100.low:.2f} to {p.per_100.high:.2f}':<16}   {p.positive:.0%}"
            for p in self.points
        ]
        told = {
            "already": "One more per 100 is reached without the lever: other levers do it.",
            "needs": f"One more per 100 needs {self.size:.3f}, within the stated range "
            f"(to {self.top:g}).",
            "beyond": f"One more per 100 needs {self.size:.3f}, beyond the stated range "
            f"(to {self.top:g}).",
            "never": f"One more per 100 is reached nowhere up to {MULTIPLES[-1]:g} times the top "
            "of the stated range.",
        }
        lines += ["", told[self.verdict]]
        if not self.is_sure:
            lines.append(
                "Simulation noise leaves this open: "
                f"{_words(self.best)} at the high end of the interval, {_words(self.worst)} at "
                "the low end. More --replications narrow it."
            )
        lines.append(
            f"Net effect on the target group positive with {PROBABILITY:.0%} probability: "
            f"{self._where(self.positive)}"
        )
        lines.append(f"Pays for itself: {self._where(self.pays)}{self._price()}")
        return "\n".join(lines)

    def _where(self, found: tuple[str, float | None]) -> str:
        verdict, size = found
        if verdict == "needs" and size is not None:
            beyond = " (beyond the stated range)" if abs(size) > abs(self.top) else ""
            return f"from {size:.3f}{beyond}."
        return {
            "already": "without the lever, by its other levers.",
            "never": f"nowhere up to {MULTIPLES[-1]:g} times the top of the stated range.",
            "unknown": "not known, since its price is unknown.",
        }[verdict]

    def _price(self) -> str:
        """Return what one served may cost at the top of the stated range, in words."""
        at_top = [p for p in self.points if math.isclose(p.size, self.top)]
        if not at_top or at_top[0].highest is None:
            return ""
        price = at_top[0].highest
        if not price.is_told:
            return (
                f" At {self.top:g} the highest price per {self.served_are} at which it does cannot "
                f"be told from none ({price.low:,.0f} to {price.high:,.0f} EUR)."
            )
        return (
            f" At {self.top:g} it may cost at most {price.mean:,.0f} EUR "
            f"({price.low:,.0f} to {price.high:,.0f}) each."
        )

    def write(self, folder: str | Path, force: bool = False) -> Path:
        """Write ``break_even.csv`` and the manifest.

        Raises
        ------
        ResultError
            When the folder exists and is not empty, or cannot be written.
        """
        return write_study(
            folder,
            force,
            {"break_even": self.frame()},
            self.text(),
            command=f"break_even({self.site!r}, {self.measure.id!r})",
            seeds=self.comparison.seeds,
            scenario_hash=self.comparison.town.scenario_hash(self.comparison.mixes),
            site=self.site,
            measure=self.measure.id,
        )


def _words(found: tuple[str, float | None]) -> str:
    verdict, size = found
    return verdict if size is None or verdict == "already" else f"{size:.3f}"


def at_size(measure: Measure, lever: str, size: float, mix: Mix) -> Mix:
    """Return a mix of one measure whose lever has this size."""
    levers = [
        item.model_copy(update={"strength": item.strength.model_copy(update={"assumed": size})})
        if item.lever == lever
        else item
        for item in measure.levers
    ]
    changed = measure.model_copy(update={"levers": levers})
    return mix.model_copy(update={"id": f"{measure.id}_{size:g}", "files": {measure.id: changed}})


def _point(comparison: Comparison, measure: Measure, key: Key, size: float) -> Point:
    served = comparison.served(key) or comparison.workplaces_served(key)
    effect = comparison.estimate(
        key, "at_work", "group", "target_jobseekers", first=THIRD_YEAR[0], months=THIRD_YEAR[1]
    )
    values = comparison.values(
        key, ("work_months", "side", "target_jobseekers"), 0, comparison.horizon(key), "difference"
    )
    mean, low, high = (float(x) for x in estimate(values))
    n = len(values)
    error = float(values.std(ddof=1)) / math.sqrt(n) if n > 1 else math.inf
    # equal worlds differ by nothing, with certainty
    chance = float(stdtr(n - 1, mean / error)) if error > 0 else float(mean > 0)
    own = [line for line in money(comparison, key).lines if line.measure == measure.id]
    left = None
    if own and own[0].euros is not None and own[0].highest is not None:
        left = own[0].highest.mean - own[0].euros.mean / own[0].participants.mean
    return Point(
        size, served, effect.scaled(100.0 / max(served, 1e-9)), Estimate(mean, low, high, n),
        chance, left, own[0].highest if own else None,
    )  # fmt: skip


def break_even(
    site: str | Path | Town,
    measure: str | Path | Measure,
    *,
    lever: str | None = None,
    against: str | Path | Mix | None = None,
    costs: str | Path | None = None,
    multiples: Sequence[float] = MULTIPLES,
    replications: int = 24,
    closure: str = "R",
    seed: int = 1,
    threads: int | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> BreakEven:
    """Find how strong a lever of a measure must be, here.

    Parameters
    ----------
    lever : str, optional
        Default: the measure's primary lever.
    against : optional
        What runs without the measure; default: ``today`` where the place has one, else nothing.
    costs : str or Path, optional
        Prices and payers; default: the table of the place.
    multiples : sequence of float
        Points of the curve, as multiples of the top of the stated range.
    closure : {"R", "E"}

    Raises
    ------
    ScenarioError
        When the measure serves nobody or has no such lever.
    """
    town = site if isinstance(site, Town) else Town(site)
    chosen = measure if isinstance(measure, Measure) else load_measure(measure)
    name = lever or chosen.primary_lever
    found = [item for item in chosen.levers if item.lever == name]
    if chosen.recruits == "place" or not found:
        levers = ", ".join(item.lever for item in chosen.levers) or "none"
        raise ScenarioError(
            [f"{chosen.id} has no lever '{name}' on people or workplaces that it serves; its "
             f"levers are: {levers}."]
        )  # fmt: skip
    top = found[0].strength.top
    whole = mix_of([], town.id).model_copy(update={"measures": {chosen.id: Dose(dose=1.0)}})
    running = town.reference(against)
    mixes = [
        based_on(at_size(chosen, str(name), multiple * top, whole), running)
        for multiple in multiples
    ]
    comparison = compare(
        town, mixes, against=running, years=1, replications=replications, closure=closure,
        seed=seed, threads=threads, strengths=("assumed",), costs=costs, progress=progress,
    )  # fmt: skip
    points = [
        _point(comparison, chosen, (closure, mix.id, "assumed", "cohorts"), multiple * top)
        for mix, multiple in zip(mixes, multiples, strict=True)
    ]
    sizes = tuple(point.size for point in points)
    per_100 = [point.per_100 for point in points]
    verdict, size = crossing(sizes, tuple(e.mean / WANTED for e in per_100))
    best = crossing(sizes, tuple(e.high / WANTED for e in per_100))
    worst = crossing(sizes, tuple(e.low / WANTED for e in per_100))
    positive = crossing(sizes, tuple(point.positive / PROBABILITY for point in points))
    left = [point.left for point in points if point.left is not None]
    pays: tuple[str, float | None] = ("unknown", None)
    if len(left) == len(points):
        # one is where nothing is left over
        largest = max(abs(x) for x in left) or 1.0
        pays = crossing(sizes, tuple(1.0 + x / largest for x in left))
    if verdict == "needs" and size is not None and abs(size) > abs(top):
        verdict = "beyond"
    return BreakEven(
        town.id, chosen, str(name), found[0].unit, top, closure, points, verdict,
        math.nan if size is None else size, best, worst, positive, pays, comparison,
    )  # fmt: skip
