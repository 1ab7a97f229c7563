"""How strong must a lever be, here, for one more person in work per 100 served.

The measure alone runs against the place without it, with its primary lever at several sizes from
none to beyond the top of its stated range and its other levers as the file says. The answer is a
curve and the size at which it reaches one, with what the curve's interval allows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from scenarios import ScenarioError
from scenarios.measures import Dose, Measure, Mix, load_measure, mix_of
from simulator.comparison import THIRD_YEAR, Comparison, Estimate, compare
from simulator.files import write_study
from simulator.headline import crossing
from simulator.town import Town

MULTIPLES = (0.0, 0.5, 1.0, 2.0)  # of the top of the stated range
WANTED = 1.0  # more people in work per 100 served, in the third year


@dataclass(frozen=True)
class BreakEven:
    """The curve of a measure and where it reaches one person per 100 served.

    Attributes
    ----------
    points : list of (size, people served, Estimate)
        Effect per 100 people served (workplaces, where a measure serves those).
    verdict : str
        ``already`` (without the lever), ``needs`` (a size within the stated range), ``beyond``
        (a size outside it) or ``never`` (nowhere on the curve).
    size : float
        The size at which the mean of the curve reaches one; nan when never.
    best, worst : (str, float or None)
        The same for the high and the low end of the curve's interval.
    """

    site: str
    measure: Measure
    lever: str
    unit: str
    top: float
    closure: str
    points: list[tuple[float, float, Estimate]]
    verdict: str
    size: float
    best: tuple[str, float | None]
    worst: tuple[str, float | None]
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
                "size": [size for size, _, _ in self.points],
                "share_of_top": [size / self.top for size, _, _ in self.points],
                "served": [served for _, served, _ in self.points],
                "per_100_served": [e.mean for _, _, e in self.points],
                "ci_low": [e.low for _, _, e in self.points],
                "ci_high": [e.high for _, _, e in self.points],
                "replications": [e.replications for _, _, e in self.points],
            }
        )

    def text(self) -> str:
        """Return the answer for the screen."""
        who = self.served_are
        lines = [
            f"{self.measure.names.en} in {self.site}: more people of the target group in work in "
            f"the third year per 100 {who} served (closure {self.closure})",
            "",
            f"  {self.lever} ({self.unit})   per 100 served   90 % interval",
        ]
        lines += [
            f"  {size:>12.3f}   {e.mean:>14.2f}   {e.low:.2f} to {e.high:.2f}"
            for size, _, e in self.points
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
        return "\n".join(lines)

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


def break_even(
    site: str | Path | Town,
    measure: str | Path | Measure,
    *,
    lever: str | None = None,
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
    mixes = [at_size(chosen, str(name), multiple * top, whole) for multiple in multiples]
    comparison = compare(
        town, mixes, against="baseline", years=1, replications=replications, closure=closure,
        seed=seed, threads=threads, strengths=("assumed",), progress=progress,
    )  # fmt: skip
    points = []
    for mix, multiple in zip(mixes, multiples, strict=True):
        key = (closure, mix.id, "assumed", "cohorts")
        served = comparison.served(key) or comparison.workplaces_served(key)
        effect = comparison.estimate(
            key, "at_work", "group", "target_jobseekers", first=THIRD_YEAR[0], months=THIRD_YEAR[1]
        )
        points.append((multiple * top, served, effect.scaled(100.0 / max(served, 1e-9))))
    sizes = tuple(size for size, _, _ in points)
    verdict, size = crossing(sizes, tuple(e.mean / WANTED for _, _, e in points))
    best = crossing(sizes, tuple(e.high / WANTED for _, _, e in points))
    worst = crossing(sizes, tuple(e.low / WANTED for _, _, e in points))
    if verdict == "needs" and size is not None and abs(size) > abs(top):
        verdict = "beyond"
    return BreakEven(
        town.id, chosen, str(name), found[0].unit, top, closure, points, verdict,
        math.nan if size is None else size, best, worst, comparison,
    )  # fmt: skip
