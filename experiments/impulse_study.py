"""The answer of ``impulses``: what one more promotion does, as text, table and figure."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from experiments.folders import Call, write_result
from scenarios import Site
from simulator.comparison import Estimate
from simulator.files import write_study
from simulator.impulses import (
    FILLED,
    MONTHS,
    PER_WORLD,
    SHOWN,
    SIZES,
    VACANCIES,
    Impulses,
    impulses,
)
from simulator.markets import LEAD, MARKETS
from simulator.town import Town

LINES = (  # on the screen
    VACANCIES,
    "entry vacancies advertised",
    "work of the target group, months",
    "work of other jobseekers, months",
    "work of other residents, months",
    "work of people living elsewhere, months",
    FILLED,
    "vacant posts, months",
    "posts never advertised, months",
    "posts given up, months",
)
CLOSED = {
    "first_link": "  closed form, first link",
    "closed_form": "  closed form, with the chain behind",
}
SETTLE = 36  # months before month 0
MEASURED = 6  # months, to say how long the work will take
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#5a5a5a"


def expected_seconds(
    town: Town, number: int, months: int, *, seed: int = 1, threads: int | None = None
) -> float:
    """Return how long impulses will take, from a few months of one world.

    Worlds that give fewer than the most impulses (there was no such vacancy, or the move was
    sideward) make it longer.
    """
    world = town.begin(seed).copy()
    world.lay_out(0, MEASURED)
    world.advance(1)  # what is compiled or loaded once is not counted
    began = time.perf_counter()
    world.advance(MEASURED - 1)
    month = (time.perf_counter() - began) / (MEASURED - 1)
    per_world = (SETTLE + LEAD + months) / (PER_WORLD * 3)
    return number * (months + per_world) * month / (threads or os.cpu_count() or 1)


def _told(found: Estimate) -> str:
    if not found.is_enough:
        return f"{found.mean:+.2f} (too few worlds to tell)"
    mark = "" if found.is_told else "?"
    return f"{found.mean:+.2f} ({found.low:+.2f} to {found.high:+.2f}){mark}"


@dataclass
class ImpulseStudy:
    """Impulses with what is told of them."""

    town: Town
    found: Impulses
    seed: int
    call: Call | None = None

    def frame(self) -> pd.DataFrame:
        """Return mean effects by rung, size class, market and who was displaced."""
        table = self.found.table()
        # sizes in their order, not in that of their letters
        table["at"] = [SIZES.index(g) if g in SIZES else 0 for g in table["group"]]
        table["block"] = (table["breakdown"] != table["breakdown"].shift()).cumsum()
        return table.sort_values(["block", "at"], kind="stable").drop(columns=["at", "block"])

    def text(self) -> str:
        """Return the answer for the screen."""
        found = self.found
        table = self.frame()
        what = (
            "given to the best candidate inside instead of the outsider chosen"
            if found.kind == "promote"
            else "opened to all instead of going to the candidate inside"
        )
        windows = list(found.effects)
        lines = [
            f"{self.town.site.name('en')}: one vacancy {what} (closure {found.closure}).",
            f"{len(found.frame)} impulses in {found.frame.groupby(['market', 'seed']).ngroups} "
            f"worlds; {found.skipped} sideward moves inside left out. Per impulse, "
            "(a to b) right nine times in ten; ?: cannot be told from none.",
            "The two worlds drift apart by chance: the longer the window, the wider the interval.",
            "",
            f"{'':<42}" + "".join(f"{f'{months} months':>28}" for months in windows),
        ]
        every = table[(table["breakdown"] == "all")].set_index(["outcome", "months"])
        for label in LINES:
            cells = [_told(_estimate(every.loc[label, months])) for months in windows]
            lines.append(f"{label:<42}" + "".join(f"{cell:>28}" for cell in cells))
            for column, name in CLOSED.items():
                expected = [every.loc[label, months][column] for months in windows]
                if pd.notna(expected[0]):
                    cells = [f"{value:+.2f}" for value in expected]
                    lines.append(f"{name:<42}" + "".join(f"{cell:>28}" for cell in cells))
        lines += ["", f"By group, after {windows[0]} months:"]
        near = table[(table["months"] == windows[0]) & table["outcome"].isin([VACANCIES, FILLED])]
        for (breakdown, group), rows in near.groupby(["breakdown", "group"], sort=False):
            if breakdown == "all":
                continue
            rows = rows.set_index("outcome")
            cells = [_told(_estimate(rows.loc[label])) for label in (VACANCIES, FILLED)]
            n = int(rows["impulses"].iloc[0])
            lines.append(
                f"  {breakdown} {group} (n = {n}): vacancies {cells[0]}; filled months {cells[1]}"
            )
        return "\n".join(lines)

    def draw(self):  # noqa: ANN201
        """Return the figure: vacancies by rung against the closed form, and whose work changes."""
        import matplotlib.pyplot as plt

        table = self.frame()
        windows = list(self.found.effects)
        near = windows[0]
        figure, axes = plt.subplots(1, 2, figsize=(11.5, 5.2), layout="constrained")
        _bars(axes[0], table, near, VACANCIES)
        axes[0].set_title(f"Vacancies advertised, {near} months", loc="left")
        axes[0].set_xlabel("additional, per additional promotion")
        middle = windows[min(1, len(windows) - 1)]
        labels = [label for label in SHOWN if label.startswith("work of")]
        every = table[(table["breakdown"] == "all") & (table["months"] == middle)]
        every = every.set_index("outcome").loc[labels]
        _points(axes[1], [x.removeprefix("work of ").removesuffix(", months") for x in labels],
                every)  # fmt: skip
        axes[1].set_title(f"Whose work changes, {middle} months", loc="left")
        axes[1].set_xlabel("months of work, per additional promotion")
        figure.supxlabel(
            f"{self.town.site.name('en')}, {len(self.found.frame)} impulses of kind "
            f"{self.found.kind}, closure {self.found.closure}. Bars: 90 % intervals; hollow "
            "circle: cannot be told from none.\nTriangles: closed form, first link (hollow) and "
            "with the chain behind (full).",
            x=0.01, ha="left", fontsize=8, color=GREY,
        )  # fmt: skip
        return figure

    def write(self, folder: str | Path, force: bool = False) -> Path:
        """Write ``impulses.csv`` (one row each), ``effects.csv``, the figure and the manifest.

        Raises
        ------
        ResultError
            When the folder exists and is not empty, or cannot be written.
        """
        found = self.found
        rows = found.frame.copy()
        asked = "".join(
            f"--{name} {value} " for name in ("rung", "market") for value in rows[name].unique()
        )
        for label, outcome in SHOWN.items():
            for months in found.effects:
                name = label.split(",")[0].replace(" ", "_")
                rows[f"{name}_{months}"] = found.values(outcome, months)
        return write_result(
            folder, force, self.call,
            lambda made: write_study(
                made,
                True,
                {"impulses": rows, "effects": self.frame()},
                self.text(),
                {"impulses": self.draw()},
                command=f"impulses {self.town.id} --kind {found.kind} "
                f"--number {len(found.frame)} --months {found.months} {asked}"
                f"--closure {found.closure} --seed {self.seed}",
                seeds=sorted(int(x) for x in found.frame["seed"].unique()),
                scenario_hash=self.town.scenario_hash(),
                site=self.town.id,
            ),
        )  # fmt: skip


def impulse_study(
    site: str | Path | Site | Town,
    *,
    kind: str = "promote",
    rungs: Sequence[int] = (1, 2, 3),
    markets: Sequence[str] = tuple(MARKETS),
    number: int = 2_000,
    months: int = MONTHS,
    closure: str = "R",
    seed: int = 1,
    threads: int | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> ImpulseStudy:
    """Follow single promotions and tell what they do; see :func:`simulator.impulses.impulses`."""
    town = site if isinstance(site, Town) else Town(site)
    found = impulses(
        town, kind=kind, rungs=rungs, markets=markets, number=number, months=months,
        closure=closure, seed=seed, threads=threads, progress=progress,
    )  # fmt: skip
    call = Call("impulses", site=town, kind=kind, rungs=list(rungs), markets=list(markets),
                number=number, months=months, closure=closure, seed=seed)  # fmt: skip
    return ImpulseStudy(town, found, seed, call)


def _estimate(row: pd.Series) -> Estimate:
    return Estimate(row["mean"], row["ci_low"], row["ci_high"], int(row["worlds"]))


def _points(axis, names: list[str], rows: pd.DataFrame) -> None:  # noqa: ANN001
    """Draw a mean with its interval per row, hollow where it cannot be told from none."""
    for y, (_, row) in enumerate(rows.iterrows()):
        told = _estimate(row).is_told
        axis.plot([row["ci_low"], row["ci_high"]], [y, y], color=BLUE, lw=2)
        axis.plot(row["mean"], y, "o", color=BLUE, mfc=BLUE if told else "white", ms=7)
        for column, fill in (("first_link", "white"), ("closed_form", ORANGE)):
            if pd.notna(row[column]):
                axis.plot(row[column], y - 0.25, "^", color=ORANGE, mfc=fill, ms=6)
    axis.axvline(0, color=GREY, lw=0.8)
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.5, -0.6)
    axis.spines[["top", "right"]].set_visible(False)


def _bars(axis, table: pd.DataFrame, months: int, label: str) -> None:  # noqa: ANN001
    rows = table[(table["months"] == months) & (table["outcome"] == label)]
    groups = rows.groupby("breakdown")["group"].transform("size")
    rows = rows[(rows["breakdown"] == "all") | (groups > 1)]
    names = []
    for row in rows.itertuples():
        kind = row.breakdown.replace("size_class", "size")
        name = "all" if row.breakdown == "all" else f"{kind} {row.group}"
        names.append(f"{name.replace('_', ' ')} (n = {row.impulses})")
    _points(axis, names, rows)
