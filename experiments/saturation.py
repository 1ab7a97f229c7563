"""``saturation``: what remains of a measure when more and more of the eligible are served.

On one day everybody eligible is entered into the lottery of one measure, and 0 to 100 % of them
are served. Who is entered, and who is served first, is the same in every world, so each curve
compares fixed groups with the same people in the world where nobody is served.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.folders import Call, write_result
from experiments.offers import Offer
from scenarios import ScenarioError
from scenarios.measures import Dose, Measure, StrengthWord, load_measure, mix_of
from simulator.comparison import ENOUGH_PAIRS, SEED_STEP, Estimate, estimate
from simulator.files import write_study
from simulator.groups import assign_cells, target_cells
from simulator.markets import MARKETS, market
from simulator.outcomes import series, window
from simulator.policy import lay_out_mix
from simulator.town import Town
from simulator.world import Count, Enrolment

SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)
NOTED = {12: Enrolment.WORK_12, 24: Enrolment.WORK_24}  # months of work since the lottery
CLOSURES = ("R", "E")
RESIDENTS = ("work_months", "all", "residents")
EVERYBODY = ("work_months", "all", "everybody")
CURVES = {  # all per person served, but the second
    "direct": "served less the losers of the lottery",
    "losers": "eligible who were not served, each",
    "all_eligible": "all eligible together",
    "residents": "all residents (total)",
    "everybody": "residents and people living elsewhere",
    "displaced": "displaced: direct less total",
    "outside": "lost by residents not eligible",
}
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#5a5a5a"


@dataclass
class Saturation:
    """Curves of one measure.

    Attributes
    ----------
    rows : DataFrame
        One row per ``seed, market, closure, share``: ``eligible, served`` (people) and each of
        :data:`CURVES` (months of work in so many months).
    """

    town: Town
    measure: Measure
    strength: str
    months: int
    seed: int
    rows: pd.DataFrame
    call: Call | None = None

    def at(self, market_name: str, closure: str, share: float, curve: str) -> Estimate:
        """Return a point of a curve with its interval over worlds."""
        rows = self.rows
        return _point(
            rows[
                (rows["market"] == market_name)
                & (rows["closure"] == closure)
                & (rows["share"] == share)
            ],
            curve,
        )

    def frame(self) -> pd.DataFrame:
        """Return all points of all curves."""
        return frame_of(self.rows)

    def text(self) -> str:
        """Return the answer for the screen."""
        rows = self.rows
        worlds = rows["seed"].nunique()
        lines = [
            f"{self.measure.names.en} in {self.town.site.name('en')} at strength {self.strength}: "
            "so many of the eligible are served on one day.",
            f"Months of work within {self.months} months, per person served (losers: each); "
            f"{worlds} worlds, (a to b) right nine times in ten; ?: cannot be told from none.",
            "Markets: 20 % fewer (slack) or 25 % more (tight) new posts, from a year before on.",
        ]
        if worlds < ENOUGH_PAIRS:
            lines[1] = (
                f"Months of work within {self.months} months, per person served (losers: each); "
                f"{worlds} worlds."
            )
            lines.append(
                f"TOO FEW WORLDS TO TELL: {worlds} where at least {ENOUGH_PAIRS} are needed, so "
                "means only."
            )
        for (name, closure), own in rows.groupby(["market", "closure"], sort=False):
            eligible = own["eligible"].mean()
            lines += ["", f"{name} market, closure {closure}: {eligible:.0f} eligible"]
            shares = sorted(own["share"].unique())
            lines.append(f"{'':<42}" + "".join(f"{f'{share:.0%}':>25}" for share in shares))
            for curve, words in CURVES.items():
                cells = []
                for share in shares:
                    found = self.at(name, closure, share, curve)
                    if np.isnan(found.mean):
                        cells.append("-")
                        continue
                    if not found.is_enough:
                        cells.append(f"{found.mean:+.2f}")
                        continue
                    mark = "" if found.is_told else "?"
                    cells.append(f"{found.mean:+.2f} ({found.low:.2f} to {found.high:.2f}){mark}")
                lines.append(f"{words:<42}" + "".join(f"{cell:>25}" for cell in cells))
        lines += [
            "",
            "When all are served there are no losers, so direct and displaced have no value.",
        ]
        return "\n".join(lines)

    def draw(self):  # noqa: ANN201
        """Return the figure: direct and total against the share served, by market and closure."""
        import matplotlib.pyplot as plt

        markets = list(dict.fromkeys(self.rows["market"]))
        figure, axes = plt.subplots(
            1, len(markets), figsize=(4.2 * len(markets), 4.2), sharey=True,
            layout="constrained", squeeze=False,
        )  # fmt: skip
        table = self.frame()
        for axis, name in zip(axes[0], markets, strict=True):
            for curve, colour in (("direct", ORANGE), ("residents", BLUE)):
                for closure, style in zip(CLOSURES, ("-", "--"), strict=True):
                    own = table[
                        (table["market"] == name)
                        & (table["closure"] == closure)
                        & (table["curve"] == curve)
                    ].dropna(subset="mean")
                    if not len(own):
                        continue
                    words = "direct" if curve == "direct" else "total, residents"
                    x = 100 * own["share"]
                    axis.plot(x, own["mean"], style, color=colour, marker="o", ms=4,
                              label=f"{words} ({closure})")  # fmt: skip
                    if own["worlds"].min() < ENOUGH_PAIRS:
                        continue  # a spread of so few worlds is itself a guess
                    axis.fill_between(x, own["ci_low"], own["ci_high"], color=colour, alpha=0.12)
            axis.axhline(0, color=GREY, lw=0.8)
            axis.set_title(f"{name} market", loc="left")
            axis.set_xlabel("served, % of the eligible")
            axis.set_xlim(0, 102)
            axis.spines[["top", "right"]].set_visible(False)
        axes[0][0].set_ylabel(f"months of work in {self.months} months, per person served")
        axes[0][0].legend(frameon=False, fontsize=8)
        return figure

    def write(self, folder: str | Path, force: bool = False) -> Path:
        """Write ``saturation.csv`` (curves), ``worlds.csv``, the figure, answer and manifest.

        Raises
        ------
        ResultError
            When the folder exists and is not empty, or cannot be written.
        """
        return write_result(
            folder, force, self.call,
            lambda made: write_study(
                made,
                True,
                {"saturation": self.frame(), "worlds": self.rows},
                self.text(),
                {"saturation": self.draw()},
                command=f"saturation {self.town.id} --measure {self.measure.id} "
                f"--strength {self.strength} --months {self.months} --seed {self.seed}",
                seeds=sorted(int(x) for x in self.rows["seed"].unique()),
                scenario_hash=self.town.scenario_hash(),
                site=self.town.id,
                measure=self.measure.id,
            ),
        )  # fmt: skip


def frame_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return all points of all curves from the single worlds."""
    keys = ["market", "closure", "share"]
    out = []
    for (name, closure, share), own in rows.groupby(keys, sort=False):
        for curve in CURVES:
            found = _point(own, curve)
            out.append(
                (name, closure, share, own["eligible"].mean(), own["served"].mean(), curve,
                 found.mean, found.low, found.high, found.is_told, found.replications)
            )  # fmt: skip
    names = [*keys, "eligible", "served", "curve", "mean", "ci_low", "ci_high", "told", "worlds"]
    return pd.DataFrame(out, columns=names)


def _point(own: pd.DataFrame, curve: str) -> Estimate:
    mean, low, high = estimate(own[curve].to_numpy(float))
    return Estimate(float(mean), float(low), float(high), len(own))


def lottery(world, months: int) -> dict[int, tuple[bool, int]]:  # noqa: ANN001
    """Return by person entered: served or not, months of work since (-1: not known)."""
    w = world.columns
    rows = w.enrolments[:, : int(w.counts[Count.ENROLMENTS])]
    columns = (Enrolment.WHO, Enrolment.LOSER, NOTED[months])
    return {
        int(who): (loser == 0, int(work))
        for who, loser, work in zip(*(rows[column] for column in columns), strict=True)
    }


def saturation(
    site: str | Path | Town,
    measure: str | Path | Measure,
    *,
    shares: Sequence[float] = SHARES,
    markets: Sequence[str] = tuple(MARKETS),
    closures: Sequence[str] = CLOSURES,
    strength: StrengthWord = "assumed",
    months: int = 24,
    replications: int = 16,
    seed: int = 1,
    threads: int | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> Saturation:
    """Serve more and more of the eligible and follow who gains.

    Parameters
    ----------
    shares : sequence of float
        Shares of the eligible that are served, above 0 and at most 1.
    markets : sequence of str
        Of :data:`simulator.markets.MARKETS`.
    strength : {"none", "assumed", "top"}
    months : {12, 24}
        Months of work counted from the day of the lottery on; the longer, the wider the interval.

    Raises
    ------
    ScenarioError
        When the measure does not serve people, or a market or a share is wrong.
    """
    town = (site if isinstance(site, Town) else Town(site)).without_services()
    chosen = measure if isinstance(measure, Measure) else load_measure(measure)
    if chosen.recruits != "person":
        raise ScenarioError(
            f"{chosen.id} serves {chosen.recruits}s; saturation needs a measure that serves people."
        )
    unknown = [name for name in markets if name not in MARKETS]
    if unknown:
        raise ScenarioError(f"'{unknown[0]}' is no market; there are: {', '.join(MARKETS)}.")
    wrong = [share for share in shares if not 0 < share <= 1]
    if wrong or not shares:
        raise ScenarioError("a share served must lie above 0 and not above 1 (100 %).")
    if months not in NOTED:
        raise ScenarioError(f"months is {months}, but must be 12 or 24.")
    dose = Dose(dose=1.0, months=1, strength=strength)
    mix = mix_of([], town.id).model_copy(
        update={"id": chosen.id, "measures": {chosen.id: dose}, "files": {chosen.id: chosen}}
    )

    def followed(base, share: float):  # noqa: ANN001, ANN202
        world = base.copy()
        policy = lay_out_mix(mix, town.site, town.place, start=base.month)
        Offer.of(policy, [chosen.id], everybody=True, never_served=1.0 - share).install(world)
        # one more month, in which the months of work are noted
        world.advance(months + 1)
        names, values = series(world)
        total = window(names, values, 0, months)
        at = {(o.outcome, o.breakdown, o.group): i for i, o in enumerate(names)}
        return lottery(world, months), np.array([total[at[RESIDENTS]], total[at[EVERYBODY]]])

    def one_world(job: tuple[int, str, str]) -> list[tuple]:
        replication, name, closure = job
        base = market(town.begin(replication, closure=closure), MARKETS[name])
        base.lay_out(base.month, months + 1, assign_cells(base, town.site), target_cells())
        before, nobody = followed(base, 0.0)
        rows = []
        for share in shares:
            after, total = followed(base, share)
            served = [p for p, (is_served, _) in after.items() if is_served]
            losers = [p for p, (is_served, _) in after.items() if not is_served]
            gain = np.array([after[p][1] - before[p][1] for p in served], float)
            lost = np.array([after[p][1] - before[p][1] for p in losers], float)
            n = max(len(served), 1)
            on_losers = lost.mean() if len(lost) else np.nan
            direct = (gain.mean() if len(gain) else np.nan) - on_losers
            together = (gain.sum() + lost.sum()) / n
            residents, everybody = (total - nobody) / (n * town.scale)
            rows.append(
                (replication, name, closure, share, len(after) * town.scale,
                 len(served) * town.scale, direct, on_losers, together,
                 residents, everybody, direct - residents, together - residents)
            )  # fmt: skip
        return rows

    jobs = [
        (seed * SEED_STEP + k, name, closure)
        for k in range(replications)
        for name in markets
        for closure in closures
    ]
    rows = []
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for number, found in enumerate(pool.map(one_world, jobs)):
            rows += found
            if progress is not None:
                progress(number + 1, len(jobs))
    if not any(row[4] for row in rows):
        raise ScenarioError(f"nobody in {town.id} is eligible for {chosen.id}.")
    names = ["seed", "market", "closure", "share", "eligible", "served", *CURVES]
    return Saturation(
        town, chosen, strength, months, seed, pd.DataFrame(rows, columns=names),
        Call("saturation", site=town, measure=chosen, shares=list(shares), markets=list(markets),
             closures=list(closures), strength=strength, months=months,
             replications=replications, seed=seed),
    )  # fmt: skip
