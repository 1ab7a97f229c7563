"""``across --transfer``: the mix of each place in the market of each other place.

What travels is what a mix adds to the services of its own place; it comes on top of what runs in
the other one. Places are scaled by the registered of both, since a measure sized for a city would
flood a town. A measure that names a barrier, a sector or an employer that the other place has not
is left out, and named.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.across import options_of, table_lines, towns_of
from scenarios.measures import Dose, Mix, based_on, check_mix_fits
from simulator.comparison import ENOUGH_PAIRS, SEED_STEP, Estimate, compare
from simulator.figures import BLACK, GREY, STYLE
from simulator.files import manifest_of, write_study
from simulator.town import Town
from simulator.wording import Words

THIN = 10  # simulated people served by a cohort, below which a cell is pointed out


@dataclass(frozen=True)
class Cell:
    """A mix in a market.

    Attributes
    ----------
    market, pilot, closure : str
        Where it runs; whose mix it is.
    served, workplaces : float
        People and workplaces taken in by a cohort.
    per_100 : Estimate or None
        More people of the target group of the market in work in the third year, per 100 served;
        None when nobody is served.
    work : Estimate or None
        More months of work of that group in four years, per 100 served.
    left_out : dict
        Why a measure was left out, by measure.
    simulated : float
        Simulated people served, fewer than ``served`` in a scaled place.
    is_empty : bool
        Whether no measure fits.
    """

    market: str
    pilot: str
    closure: str
    served: float
    workplaces: float
    per_100: Estimate | None
    work: Estimate | None
    left_out: dict[str, str]
    simulated: float = 0.0
    is_empty: bool = False

    @property
    def is_own(self) -> bool:
        """Whether the mix is that of the place itself."""
        return self.market == self.pilot

    @property
    def is_thin(self) -> bool:
        """Whether so few simulated people are served that the ratio rests on chance meetings."""
        return self.per_100 is not None and self.simulated < THIN

    @property
    def is_told(self) -> bool:
        """Whether the headline can be told from none; never where too few are served."""
        return self.per_100 is not None and self.per_100.is_told and not self.is_thin


@dataclass(frozen=True)
class Transfer:
    """All mixes in all markets."""

    cells: list[Cell]
    names: dict[str, str]
    stamped: dict[str, str]
    scales: dict[str, int]
    closures: list[str]
    pairs: int
    seed: int
    seeds: list[int]
    scenario_hashes: dict[str, str]

    def at(self, market: str, pilot: str, closure: str) -> Cell:
        """Return a cell.

        Raises
        ------
        KeyError
            When there is none.
        """
        for cell in self.cells:
            if (cell.market, cell.pilot, cell.closure) == (market, pilot, closure):
                return cell
        raise KeyError(f"no mix of {pilot} in {market} under closure {closure}")

    def frame(self) -> pd.DataFrame:
        """Return one row per cell."""
        rows = []
        for cell in self.cells:
            numbers: list[float] = []
            for found in (cell.per_100, cell.work):
                values = (found.mean, found.low, found.high) if found else (math.nan,) * 3
                numbers += [value if math.isfinite(value) else math.nan for value in values]
            told = None if cell.per_100 is None else cell.is_told
            rows.append(
                (cell.market, cell.pilot, cell.closure, cell.served, cell.workplaces, *numbers,
                 told, cell.simulated, "; ".join(cell.left_out), self.pairs,
                 self.scales[cell.market])
            )  # fmt: skip
        names = [
            "market", "mix_of", "closure", "served", "workplaces",
            "per_100", "ci_low", "ci_high",
            "work_months_per_100", "work_ci_low", "work_ci_high",
            "told", "simulated_served", "left_out", "pairs", "scale",
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=names)

    def text(self) -> str:
        """Return the answer for the screen."""
        lines = [
            "Each mix (columns) in each market (rows): more of the market's target group in work "
            "in the third year per 100 served,",
            "against what runs there now; (a to b) right nine times in ten; ?: cannot be told "
            f"from none. {self.pairs} pairs of worlds. [ ]: its own place.",
            "Mixes travel without the services of their place; places in proportion to the "
            "registered.",
        ]
        for closure in self.closures:
            heads = ["market", *(f"mix of {pilot}" for pilot in self.names)]
            rows = [
                [market, *(self._cell(market, pilot, closure) for pilot in self.names)]
                for market in self.names
            ]
            lines += ["", f"CLOSURE {closure}", "", *table_lines(heads, rows), ""]
            lines.append(self._told(closure))
        scaled = [f"{name} 1:{scale}" for name, scale in self.scales.items() if scale > 1]
        if scaled:
            lines += ["", f"Simulated at a scale: {', '.join(scaled)}."]
        if self.stamped:
            lines += ["", "Mixes:"]
            lines += [f"- {name}: {mix}" for name, mix in self.stamped.items()]
        gone = [cell for cell in self.cells if cell.left_out and cell.closure == self.closures[0]]
        lines += ["", "Left out, since the market has not what the measure names:"]
        lines += [
            f"- mix of {cell.pilot} in {cell.market}: "
            + "; ".join(f"{name} ({why})" for name, why in cell.left_out.items())
            + (" (nothing is left)" if cell.is_empty else "")
            for cell in gone
        ] or ["- nothing"]
        return "\n".join(lines)

    def _cell(self, market: str, pilot: str, closure: str) -> str:
        cell = self.at(market, pilot, closure)
        if cell.is_empty:
            return "nothing fits"
        if cell.per_100 is None:
            return "nobody served"
        words = Words("en", plain=True)
        text = "too few served" if cell.is_thin else words.estimate(cell.per_100)
        return f"[{text}]" if cell.is_own else text

    def _told(self, closure: str) -> str:
        """Return which cells can be told from none."""
        known = [c for c in self.cells if c.closure == closure and c.per_100 is not None]
        own = [cell for cell in known if not cell.is_thin]
        if self.pairs < ENOUGH_PAIRS:
            return f"{self.pairs} pairs are too few to tell; use {ENOUGH_PAIRS} or more."
        told = [cell for cell in own if cell.is_told]
        more = [f"{c.pilot} in {c.market}" for c in told if c.per_100 and c.per_100.mean > 0]
        less = [f"{c.pilot} in {c.market}" for c in told if c.per_100 and c.per_100.mean < 0]
        # one in ten intervals misses the truth; cells of a row share their reference worlds
        text = (
            f"{len(told)} of {len(own)} cells can be told from none; some {0.1 * len(own):.0f} "
            "would be by chance if no mix did anything, more or fewer since the cells of a row "
            "share their reference. Another --seed shows which remain."
        )
        if more:
            text += f" More in work: {', '.join(more)}."
        if less:
            text += f" Fewer: {', '.join(less)}."
        thin = [f"{c.pilot} in {c.market} ({c.simulated:.1f})" for c in known if c.is_thin]
        if thin:
            text += (
                f" Left aside, since fewer than {THIN} simulated people are served: "
                f"{', '.join(thin)}."
            )
        return text

    def draw(self, path: str | Path | None = None):  # noqa: ANN201
        """Return the figure: a matrix by closure, hatched where nothing can be told."""
        import matplotlib
        import matplotlib.pyplot as plt

        size = len(self.names)
        known = [abs(c.per_100.mean) for c in self.cells if c.per_100 is not None and c.is_told]
        most = max(known, default=1.0) or 1.0
        with matplotlib.rc_context(STYLE):
            figure, axes = plt.subplots(
                1, len(self.closures), figsize=(1.6 + 0.95 * size * len(self.closures),
                                                1.9 + 0.62 * size),
                squeeze=False, sharey=True, layout="constrained",
            )  # fmt: skip
            for axis, closure in zip(axes[0], self.closures, strict=True):
                self._draw_matrix(axis, closure, most)
                if len(self.closures) > 1:
                    axis.set_title(f"Demand closure {closure}", fontsize=9, fontweight="normal")
            axes[0][0].set_ylabel("in the market of")
            figure.suptitle(
                "Does a mix travel? More in work per 100 served, third year", x=0.01, ha="left",
                fontsize=11, fontweight="bold",
            )  # fmt: skip
            version = manifest_of(command="", seeds=[], scenario_hash="")["version"]
            figure.supxlabel(
                f"Target group of the market. On colour: told from none at 90 %; ? hatched: cannot "
                f"be told (half width of the interval), or few people served.\nFrame: a mix at "
                f"home. {self.pairs} pairs of worlds (seeds {self.seeds[0]}-{self.seeds[-1]}), "
                f"closure {' and '.join(self.closures)}. vacancy-chain-simulator {version}.",
                x=0.01, ha="left", fontsize=7, color=GREY,
            )  # fmt: skip
        if path is not None:
            from simulator.stories import save_figure

            save_figure(figure, path)
        return figure

    def _draw_matrix(self, axis, closure: str, most: float) -> None:  # noqa: ANN001
        import matplotlib
        from matplotlib.patches import Rectangle

        colours = matplotlib.colormaps["PuOr_r"]  # orange more, purple fewer
        labels = list(self.names)
        for y, market in enumerate(labels):
            for x, pilot in enumerate(labels):
                cell = self.at(market, pilot, closure)
                mean = math.nan if cell.per_100 is None else cell.per_100.mean
                # only the middle of the scale, so that black letters are read on every colour
                shade = colours(0.5 + 0.25 * mean / most) if cell.is_told else "white"
                axis.add_patch(
                    Rectangle((x - 0.5, y - 0.5), 1, 1, fc=shade, ec="#c8c8c8", lw=0.6,
                              hatch="" if cell.is_told else "////")
                )  # fmt: skip
                # where nothing is told, not the mean but how wide its interval is
                wide = math.inf if cell.per_100 is None else cell.per_100.high - mean
                spread = f"\u00b1{wide:.{1 if wide < 10 else 0}f}"
                word = f"{mean:+.1f}" if cell.is_told else f"?\n{spread}"
                if cell.is_thin:
                    word = "few\nserved"
                if cell.per_100 is None or not cell.per_100.is_enough:
                    word = "-" if cell.per_100 is None else "?"
                axis.text(
                    x, y, word, ha="center", va="center", fontsize=9 if cell.is_told else 7.5,
                    fontweight="bold" if cell.is_told else "normal",
                    bbox=None if cell.is_told
                    else {"fc": "white", "ec": "none", "pad": 1.5, "alpha": 0.9},
                )  # fmt: skip
            axis.add_patch(
                Rectangle((y - 0.47, y - 0.47), 0.94, 0.94, fill=False, ec=BLACK, lw=1.6, zorder=3)
            )
        axis.set_xlim(-0.5, len(labels) - 0.5)
        axis.set_ylim(len(labels) - 0.5, -0.5)
        ticks = np.arange(len(labels))
        axis.set_xticks(ticks, labels, rotation=30, ha="right", fontsize=8)
        axis.set_yticks(ticks, labels, fontsize=8)
        axis.set_xlabel("the mix of")
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)

    def write(self, folder: str | Path, force: bool = False) -> Path:
        """Write ``transfer.csv``, the figure, the answer and the manifest.

        Raises
        ------
        ResultError
            When the folder exists and is not empty, or cannot be written.
        """
        return write_study(
            folder,
            force,
            {"transfer": self.frame()},
            self.text(),
            {"transfer": self.draw()},
            command=" ".join(
                ["across", "--transfer", *self.names,
                 *options_of(self.closures, self.pairs, self.seed)]
            ),
            seeds=self.seeds,
            scenario_hash="-".join(self.scenario_hashes.values()),
            sites=self.scenario_hashes,
            scales=self.scales,
        )  # fmt: skip


def added_by(mix: Mix, today: Mix) -> dict[str, Dose]:
    """Return what a mix adds to the services of its place: doses with their places, by measure.

    A service that the mix enlarges counts with what it has more; one that it cuts is left at home.
    """
    found = {}
    for measure, dose in mix.entries:
        theirs = today.measures.get(measure.id)
        if theirs == dose:
            continue
        if measure.capacity is None:
            found[measure.id] = dose
            continue
        running = 0.0 if theirs is None else today.places_per_month(measure.id)
        more = mix.places_per_month(measure.id) - running
        if more > 0:
            found[measure.id] = _sized(mix, measure.id, more)
    return found


def _sized(mix: Mix, name: str, places: float, why: str = "") -> Dose:
    """Return a full dose of so many new places a month."""
    measure, dose = mix.files[name], mix.measures[name]
    capacity = dose.capacity or measure.capacity
    assert capacity is not None
    value = places * (1.0 if measure.recruits == "person" else 12.0)
    factor = value / capacity.value if capacity.value > 0 else 1.0
    ends = {end: None if (size := getattr(capacity, end)) is None else size * factor
            for end in ("low", "high")}  # fmt: skip
    grown = capacity.model_copy(update={"value": value, **ends})
    if why:
        grown = grown.model_copy(update={"source": why, "grade": "E"})
    plain = {"volume": None, "low": None, "high": None, "grade": None, "source": None}
    return dose.model_copy(update={"dose": 1.0, "capacity": grown, **plain})


def transferred(
    mix: Mix, today: Mix, home: Town, market: Town
) -> tuple[Mix | None, dict[str, str]]:
    """Return a mix as it runs in another market, and why measures were left out.

    Parameters
    ----------
    mix, today : Mix
        The mix and the services of its own place.
    home, market : Town

    Returns
    -------
    mix, left_out
        None for the mix when no measure of it fits.
    """
    ratio = (
        market.whole.margins.register_unemployed.value
        / home.whole.margins.register_unemployed.value
    )
    local = market.reference()
    site = market.whole
    employers = [employer.id for employer in site.employers]
    doses, left_out = {}, {}
    for name, dose in added_by(mix, today).items():
        alone = mix.model_copy(
            update={"measures": {name: dose}, "files": {name: mix.files[name]}, "hypothetical": []}
        )
        misfits = check_mix_fits(alone, site.barrier_ids, site.sector_ids, employers)
        if misfits:
            words = [re.search(r"unknown (\w+ '[^']*')", text) for text in misfits]
            left_out[name] = ", ".join(f"no {found[1]}" for found in words if found)
            continue
        if dose.capacity is not None:
            places = alone.places_per_month(name) * ratio
            if name in local.measures:
                places += local.places_per_month(name)
            dose = _sized(alone, name, places, f"places of {home.id} by the registered of both")
        doses[name] = dose
    if not doses:
        return None, left_out
    moved = mix.model_copy(
        update={
            "id": f"{mix.id}_in_{market.id}",
            "site": market.id,
            "measures": doses,
            "files": {name: mix.files[name] for name in doses},
            "hypothetical": [name for name in mix.hypothetical if name in doses],
            "change": {},
        }
    )
    return based_on(moved, local), left_out


def transfer(
    sites: Sequence[str | Path | Town] | None = None,
    *,
    replications: int = 8,
    closure: str = "both",
    seed: int = 1,
    threads: int | None = None,
    scales: dict[str, int] | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> Transfer:
    """Run the mix of each place in the market of each place.

    Parameters
    ----------
    sites : sequence, optional
        Shipped names, paths or towns; default: all shipped places.
    closure : {"R", "E", "both"}
    scales : dict, optional
        As for :func:`experiments.across.across`.

    Raises
    ------
    ScenarioError
        When a place does not exist.
    """
    towns = towns_of(sites, scales)
    mixes = {label: town.mix(town.site.default_mix) for label, town in towns.items()}
    todays = {label: town.reference() for label, town in towns.items()}
    closures = ["R", "E"] if closure == "both" else [closure]
    cells: list[Cell] = []
    seeds = [seed * SEED_STEP + r for r in range(replications)]
    hashes = {}
    for number, (label, town) in enumerate(towns.items()):

        def part(done: float, total: float, number: int = number) -> None:
            if progress is not None:
                progress(number + done / total, len(towns))

        chosen: dict[str, Mix | None] = {}
        gone: dict[str, dict[str, str]] = {}
        for pilot, mix in mixes.items():
            if pilot == label:
                chosen[pilot], gone[pilot] = mix, {}
            else:
                moved, gone[pilot] = transferred(mix, todays[pilot], towns[pilot], town)
                # places of one id have mixes of one id
                chosen[pilot] = moved and moved.model_copy(update={"id": f"{moved.id}_{pilot}"})
        run = {pilot: mix for pilot, mix in chosen.items() if mix is not None}
        comparison = compare(
            town, list(run.values()), years=1, replications=replications, closure=closure,
            seed=seed, threads=threads, strengths=("assumed",), placebo=False, progress=part,
        )  # fmt: skip
        hashes[label] = town.scenario_hash([comparison.against, *comparison.mixes])
        for one in closures:
            for pilot, own in chosen.items():
                if own is None:
                    empty = Cell(
                        label, pilot, one, 0.0, 0.0, None, None, gone[pilot], is_empty=True
                    )
                    cells.append(empty)
                    continue
                key = (one, own.id, "assumed", "cohorts")
                served = comparison.served(key)
                work = comparison.estimate(key, "work_months", "side", "target_jobseekers")
                cells.append(
                    Cell(
                        label, pilot, one, served, comparison.workplaces_served(key),
                        comparison.placements_per_100(key) if served > 0 else None,
                        work.scaled(100 / served) if served > 0 else None, gone[pilot],
                        served / town.scale,
                    )
                )  # fmt: skip
    words = Words("en", plain=True)
    return Transfer(
        cells,
        {label: town.site.name("en") for label, town in towns.items()},
        {label: words.mix(mix) for label, mix in mixes.items()},
        {label: town.scale for label, town in towns.items()},
        closures, replications, seed, seeds, hashes,
    )  # fmt: skip


__all__ = ["Cell", "Transfer", "added_by", "transfer", "transferred"]
