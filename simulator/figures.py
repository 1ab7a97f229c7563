"""Figures of a comparison, as PNG and SVG with the numbers behind them as CSV.

The same data give the same bytes: no dates, a fixed salt for ids, text as outlines. Colours are
those of Okabe and Ito; line style, marker and hatching tell apart what colour does, for print.
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scenarios.measures import Mix
from simulator.answer import seeds_text
from simulator.codes import ORIGINS, RUNGS, label
from simulator.comparison import ENOUGH_PAIRS, THIRD_YEAR, Comparison, Estimate, Key
from simulator.headline import (
    SIDES,
    Quantity,
    cumulated,
    design_of,
    key_of,
    main_strength,
    of_values,
    path_of,
    quantities,
    strengths_of,
)
from simulator.wording import Words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLACK, GREY, LIGHT = "#000000", "#5a5a5a", "#c8c8c8"
BLUE, ORANGE, GREEN, RED, SKY, PURPLE = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7",
)  # fmt: skip
DARK_RED = "#A34400"  # of small text: 6 to 1 against white
CLOSURE_STYLE: Any = {"R": (BLUE, "o", "-"), "E": (RED, "s", "--")}
WIDTH = 5.8  # inches: readable on a phone and in print
NARROW = 4.9
DPI = 160
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "svg.hashsalt": "vacancy-chains",
    "svg.fonttype": "path",
    "hatch.linewidth": 0.6,
}
MISSING = (np.nan, np.nan)


@dataclass(frozen=True)
class Drawing:
    """A figure as written.

    Attributes
    ----------
    kind, name : str
        What it shows (``who_gains``, ...); file name without its ending.
    title, caption, alt : str
        Words for the report.
    svg, png : bytes
    data : DataFrame
        The numbers drawn.
    """

    kind: str
    name: str
    title: str
    caption: str
    alt: str
    svg: bytes
    png: bytes
    data: pd.DataFrame

    def write(self, folder: Path) -> None:
        """Write PNG, SVG and CSV into a folder."""
        (folder / f"{self.name}.svg").write_bytes(self.svg)
        (folder / f"{self.name}.png").write_bytes(self.png)
        text = self.data.to_csv(index=False, lineterminator="\n")
        (folder / f"{self.name}.csv").write_bytes(text.encode())


def draw_all(
    comparison: Comparison,
    lang: str = "en",
    version: str = "",
    chains: pd.DataFrame | None = None,
    chains_from: tuple[int, int] | None = None,
) -> dict[str, list[Drawing]]:
    """Draw the figures of each mix.

    Parameters
    ----------
    comparison : Comparison
    lang : {"en", "fi", "sv", "nl", "pt", "bg"}
    version : str
        Version of the program, for the captions.
    chains : DataFrame, optional
        Chains of one recorded run of the reference, for lengths by origin.
    chains_from : (seed, years), optional
        Of that run.

    Returns
    -------
    dict
        Mix id to its drawings: who gains, waterfall, over time, openings, chain length.
    """
    import matplotlib

    words = Words(lang)
    out = {}
    with matplotlib.rc_context(STYLE):
        for mix in comparison.mixes:
            sketch = _Sketch(comparison, mix, words, version)
            out[mix.id] = [
                sketch.who_gains(),
                sketch.waterfall(),
                sketch.over_time(),
                sketch.openings(),
                sketch.chain_length(chains, chains_from),
            ]
    return out


class _Sketch:
    """Draws the figures of one mix."""

    def __init__(self, comparison: Comparison, mix: Mix, words: Words, version: str) -> None:
        self.c, self.mix, self.words, self.version = comparison, mix, words, version
        self.strength = main_strength(comparison, mix.id)
        self.closure = comparison.closures[0]
        self.keys: dict[str, Key] = {
            closure: key
            for closure in comparison.closures
            if (key := key_of(comparison, mix.id, self.strength, closure)) is not None
        }
        self.key = self.keys[self.closure]
        self.found = {closure: quantities(comparison, key) for closure, key in self.keys.items()}
        self.months = comparison.horizon(self.key)

    # ---- helpers ---------------------------------------------------------------------------

    def _figure(self, height: float, width: float = WIDTH) -> Figure:
        from matplotlib.figure import Figure

        return Figure(figsize=(width, height), layout="constrained")

    def _finish(
        self, fig: Figure, name: str, title: str, caption: str, alt: str, data: pd.DataFrame,
        closures: tuple[str, ...] | None = None,
    ) -> Drawing:  # fmt: skip
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        words, c = self.words, self.c
        stamp = words(
            "figure.stamp" if c.replications >= ENOUGH_PAIRS else "figure.stamp_few",
            place=c.town.site.name(words.lang),
            mix=words.mix(self.mix),
            against=words.mix(c.against),
            pairs=c.replications,
            seeds=seeds_text(c.seeds),
            closure=", ".join(
                f"{x}: {words(f'closure.{x}')}" for x in (closures or (self.closure,))
            ),
            version=self.version,
        )
        # constrained layout keeps the room of the label of the figure
        wide = 16.3 if words.lang == "bg" else 18.2  # letters an inch: Cyrillic ones are wider
        columns = int(fig.get_figwidth() * wide)
        fig.supxlabel(textwrap.fill(stamp, columns), x=0.01, ha="left", fontsize=7, color=GREY)
        FigureCanvasAgg(fig)
        svg, png = io.BytesIO(), io.BytesIO()
        fig.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        fig.savefig(png, format="png", dpi=DPI, metadata={"Software": None})
        kind = name
        if len(c.mixes) > 1:
            name += "_" + re.sub(r"[^a-z0-9_]+", "_", self.mix.id.lower())
        return Drawing(kind, name, title, caption, alt, svg.getvalue(), png.getvalue(), data)

    def _title(self, ax: Any, text: str) -> None:
        ax.set_title(textwrap.fill(text, 58), pad=10)

    @staticmethod
    def _row(found: Estimate) -> dict[str, float]:
        return {"value": found.mean, "ci_low": found.low, "ci_high": found.high}

    # ---- (a) who gains, who loses -----------------------------------------------------------

    def who_gains(self) -> Drawing:
        """Difference in months of work per 100 served, by who gains and loses."""
        words = self.words
        rows = [*SIDES, "everybody"]
        fig = self._figure(3.9, NARROW)  # fits a phone without scrolling
        ax = fig.add_subplot()
        data, said = [], []
        shift = 0.16 if len(self.keys) > 1 else 0.0
        ax.axvline(0, color=BLACK, lw=0.8)
        ax.axhline(3.5, color=LIGHT, lw=0.8)
        for at, (closure, found) in enumerate(self.found.items()):
            served = found["served"].shown.mean
            colour, marker, _ = CLOSURE_STYLE[closure]
            for y, row in enumerate(rows):
                if served <= 0:
                    continue
                e = found[row].shown.scaled(100 / served)
                data.append({"closure": closure, "row": row, **self._row(e)})
                place = y + (2 * at - 1) * shift
                if e.is_enough:
                    ax.plot([e.low, e.high], [place] * 2, color=colour, lw=2, alpha=0.9)
                ax.plot(
                    e.mean, place, marker, color=colour, ms=6,
                    mfc=colour if e.is_told else "white", mew=1.4,
                    label=f"{closure}: {words(f'closure.{closure}')}" if y == 0 else None,
                )  # fmt: skip
                if closure == self.closure:
                    said.append(f"{words(f'row.{row}')} {words.estimate(e)}")
        ax.set_yticks(range(len(rows)), [textwrap.fill(words(f"row.{row}"), 20) for row in rows])
        ax.set_ylim(len(rows) - 0.5, -0.5)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(words("figure.who_axis", months=self.months))
        _ticks(ax.xaxis, self.words)
        # the legend carries the title, so that both begin at the left edge and never overlap
        legend = fig.legend(
            frameon=False, loc="outside upper left", fontsize=8, borderaxespad=0,
            title=textwrap.fill(words("figure.who_title"), 46), alignment="left",
        )  # fmt: skip
        legend.get_title().set(fontsize=10.5, fontweight="bold")
        return self._finish(
            fig, "who_gains", words("figure.who_title"), words("figure.who_caption"),
            words("figure.who_alt", text="; ".join(said)), pd.DataFrame(data), tuple(self.keys),
        )  # fmt: skip

    # ---- (b) waterfall -----------------------------------------------------------------------

    def waterfall(self) -> Drawing:
        """From supported promotions to the additional people of the target group at work."""
        words, found = self.words, self.found[self.closure]
        levels = {
            "supported": found["supported"],
            "ledger": found["ledger"],
            "net": found["net"],
            "target": found["got_target"],
            "work": found["at_work"],
        }
        steps = ("not_entry", "anyway", "others", "churn")
        colours = (ORANGE, SKY, BLUE, GREEN, PURPLE)
        fig = self._figure(4.3)
        ax = fig.add_subplot()
        data, labels, y, before = [], [], 0, None
        ax.axvline(0, color=BLACK, lw=0.8)
        for at, (name, quantity) in enumerate(levels.items()):
            e: Estimate = quantity.shown
            if before is not None:
                step, start = steps[at - 1], before
                ax.barh(
                    y, e.mean - start, left=start, height=0.55, fc="white", ec=GREY, hatch="////",
                    lw=0.8,
                )  # fmt: skip
                ax.plot([start] * 2, [y - 1, y], color=GREY, lw=0.6, ls=":")
                ax.plot([e.mean] * 2, [y, y + 1], color=GREY, lw=0.6, ls=":")
                labels.append((step, words.number(e.mean - start, None, sign=True), GREY))
                data.append(
                    {"row": step, "kind": "step", "value": e.mean - start, "ci_low": np.nan,
                     "ci_high": np.nan}
                )  # fmt: skip
                y += 1
            ax.barh(y, e.mean, height=0.62, color=colours[at], ec=BLACK, lw=0.6)
            if e.is_enough:
                ax.plot([e.low, e.high], [y] * 2, color=BLACK, lw=1.2)
                ax.plot([e.low, e.high], [y] * 2, "|", color=BLACK, ms=7)
            signed = name not in ("supported", "ledger")
            labels.append((name, words.number(e.mean, None, sign=signed)
                           + ("?" if signed and not e.is_told else ""), BLACK))  # fmt: skip
            data.append({"row": name, "kind": "level", **self._row(e)})
            before = e.mean
            y += 1
        ax.set_yticks(
            range(len(labels)),
            [words(f"figure.waterfall_{name}") + f"   {value}" for name, value, _ in labels],
        )
        for tick, (_, _, colour) in zip(ax.get_yticklabels(), labels, strict=True):
            tick.set_color(colour)
            if colour == BLACK:
                tick.set_fontweight("bold")
        ax.set_ylim(len(labels) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(words("figure.waterfall_axis"))
        _ticks(ax.xaxis, self.words)
        fig.suptitle(words("figure.waterfall_title"), x=0.01, ha="left", fontsize=10.5,
                     fontweight="bold")  # fmt: skip
        alt = words(
            "figure.waterfall_alt",
            **{name: words.estimate(q.shown, sign=q.signed) for name, q in levels.items()},
        )
        return self._finish(
            fig, "waterfall", words("figure.waterfall_title"), words("figure.waterfall_caption"),
            alt, pd.DataFrame(data),
        )  # fmt: skip

    # ---- (c) over time -----------------------------------------------------------------------

    def over_time(self) -> Drawing:
        """Monthly difference in people of the target group at work, with placebo."""
        words, c = self.words, self.c
        at = c.at("at_work", "group", "target_jobseekers")
        fig = self._figure(3.5)
        ax = fig.add_subplot()
        ax.axhline(0, color=BLACK, lw=0.8)
        months = np.arange(self.months)
        data = []
        placebo = c.placebo.get(self.closure) if design_of(c) == "cohorts" else None
        empty = words("format.unknown")
        if placebo:
            mean, low, high = path_of(placebo, at)
            if c.replications >= ENOUGH_PAIRS:
                ax.fill_between(
                    months, low, high, fc="none", ec=GREY, hatch="....", lw=0,
                    label=words("figure.time_placebo"),
                )  # fmt: skip
            ax.plot(months, mean, color=GREY, lw=1, ls=":")
            data.append(_path_frame("placebo", self.closure, mean, low, high))
            empty = words.number(float(mean[slice(*THIRD_YEAR)].mean()), 1, sign=True)
        for closure, key in self.keys.items():
            mean, low, high = path_of(c.pairs[key], at)
            colour, _, style = CLOSURE_STYLE[closure]
            text = words("figure.time_mix")
            if len(self.keys) > 1:
                text += f", {words('figure.closure_one', closure=closure)}"
            ax.plot(months, mean, color=colour, lw=1.8, ls=style, label=text)
            if closure == self.closure and c.replications >= ENOUGH_PAIRS:
                ax.fill_between(months, low, high, color=colour, alpha=0.22, lw=0)
            data.append(_path_frame("mix", closure, mean, low, high))
        ax.set_xlim(0, self.months - 1)
        ax.set_xticks(range(0, self.months, 12 if self.months > 24 else 6))
        _ticks(ax.yaxis, self.words)
        ax.set_xlabel(words("figure.time_month"))
        ax.set_ylabel(words("figure.time_axis"))
        ax.legend(
            frameon=False, loc="lower left", bbox_to_anchor=(-0.02, 0.99), fontsize=8,
            borderaxespad=0,
        )  # fmt: skip
        rows = len(self.keys) + bool(placebo and c.replications >= ENOUGH_PAIRS)
        ax.set_title(words("figure.time_title"), pad=14 + 13 * rows)
        third = words.estimate(self.found[self.closure]["at_work"].shown)
        return self._finish(
            fig, "over_time", words("figure.time_title"), words("figure.time_caption"),
            words("figure.time_alt", third=third, placebo=empty),
            pd.concat(data, ignore_index=True), tuple(self.keys),
        )  # fmt: skip

    # ---- (d) openings between levels ---------------------------------------------------------

    def openings(self) -> Drawing:
        """Draw openings by level: advertised, promotions down the stairs, ends."""
        words = self.words
        change = cumulated(self.c, self.key, self.months)
        before = cumulated(self.c, self.key, self.months, "reference")
        per_year = 12 / self.months
        data: list[dict[str, Any]] = []

        def flow(level: str, name: str, *outcomes: tuple[str, str, str]) -> str:
            reference = float(np.sum([before(*o).mean() for o in outcomes])) * per_year
            e = of_values(np.sum([change(*o) for o in outcomes], axis=0) * per_year)
            data.append({"level": level, "flow": name, "reference": reference, **self._row(e)})
            digits = 1 if abs(e.mean) < 10 else 0
            mark = "" if e.is_told else "?"
            return f"{words.number(reference, 0)} ({words.number(e.mean, digits, sign=True)}{mark})"

        def fill(rung: int, *fills: str) -> list[tuple[str, str, str]]:
            return [("openings_closed", "fill_and_rung", f"{f}:rung_{rung}") for f in fills]

        fig = self._figure(6.1, 7.2)
        ax = fig.add_subplot()
        ax.set_xlim(0, 100)
        ax.set_ylim(-9, 100)
        ax.set_axis_off()
        arrow = {"arrowstyle": "-|>", "color": BLACK, "lw": 1.2, "shrinkA": 0, "shrinkB": 0}
        shades = ("#dceaf4", "#c9dfee", "#b3d2e7", "#9cc4df")
        said = []
        tall, gap = 15.5, 25.0
        for at, rung in enumerate(range(RUNGS - 1, -1, -1)):
            level = f"rung_{rung}"
            top = 99 - at * gap
            middle = top - tall / 2
            x = 20 + at * 4.2
            box = ax.add_patch(_box(x, top - tall, 30, tall, shades[at]))
            box.set_edgecolor(BLUE)
            name = words(f"level.{level}")
            opened = flow(level, "advertised", ("advertised_vacancies", "rung", level))
            side = flow(level, "sideways", *fill(rung, "sideward_move"))
            other = flow(level, "from_workplaces", *fill(rung, "hire_from_workplace"))
            ax.text(x + 1.2, top - 3.4, name, fontsize=9.5, fontweight="bold", va="center")
            ax.text(x + 1.2, top - 6.8, f"{words('figure.flow_other')}\n{other}"
                    f"   {words('figure.flow_side')} {side}", fontsize=6.8, va="top",
                    linespacing=1.3)  # fmt: skip
            ax.annotate("", (x, middle), (x - 6, middle), arrowprops=arrow)
            ax.text(x - 6.8, middle, f"{words('figure.flow_in')}\n{opened}", ha="right",
                    va="center", fontsize=7.4)  # fmt: skip
            ax.annotate("", (x + 36, middle), (x + 30, middle), arrowprops=arrow)
            ends = [
                ("jobless", words("figure.flow_jobless"),
                 fill(rung, "hire_short_term_unemployed", "hire_long_term_unemployed",
                      "hire_outside_labour_force")),
                ("outside", words("figure.flow_outside"), fill(rung, "hire_outside_region")),
                ("unfilled", words("figure.flow_unfilled"),
                 fill(rung, "not_backfilled", "given_up", "post_destroyed")),
            ]  # fmt: skip
            lines = [f"{text} {flow(level, what, *o)}" for what, text, o in ends]
            ax.text(x + 36.8, middle, "\n".join(lines), va="center", fontsize=7.1,
                    linespacing=1.45)  # fmt: skip
            said.append(f"{name}: {words('figure.flow_in')} {opened}, {'; '.join(lines)}")
            if rung > 0:
                up = flow(level, "promotion", *fill(rung, "promotion"))
                ax.annotate(
                    "", (x + 9, top - gap), (x + 9, top - tall),
                    arrowprops=arrow | {"color": DARK_RED, "lw": 1.8},
                )  # fmt: skip
                ax.text(x + 10.2, top - tall - (gap - tall) / 2,
                        f"{words('figure.flow_up')} {up}", fontsize=7.2, va="center",
                        color=DARK_RED)  # fmt: skip
        origins = [
            f"{words(f'origin.{label(o)}')} "
            + flow("all", f"origin_{label(o)}", ("advertised_vacancies", "cause", label(o)))
            for o in ORIGINS
            if before("advertised_vacancies", "cause", label(o)).any()
        ]
        text = f"{words('figure.flow_origins')}: {', '.join(origins)}."
        ax.text(0, 3.5, textwrap.fill(text, 128), fontsize=6.9, va="top", linespacing=1.35)
        ax.text(0, -8.5, textwrap.fill(words("figure.flow_legend"), 128), fontsize=6.9,
                va="bottom", color=GREY)  # fmt: skip
        self._title(ax, words("figure.flow_title"))
        return self._finish(
            fig, "openings", words("figure.flow_title"), words("figure.flow_caption"),
            words("figure.flow_alt", text=". ".join(said)), pd.DataFrame(data),
        )  # fmt: skip

    # ---- (e) chain length --------------------------------------------------------------------

    def chain_length(
        self, chains: pd.DataFrame | None, chains_from: tuple[int, int] | None
    ) -> Drawing:
        """Chain length with and without the mix; by origin where a ledger is at hand."""
        words, c = self.words, self.c
        data = []
        by_origin = _length_by_origin(chains)
        title, caption = words("figure.length_title"), words("figure.length_caption")
        if by_origin is None:
            fig = self._figure(2.6)
            ax = fig.add_subplot()
        else:
            fig = self._figure(4.9)
            upper, ax = fig.subplots(2, 1, height_ratios=[max(len(by_origin), 3), 4])
            _bars_by_origin(upper, by_origin, words)
            self._title(upper, words("figure.length_ledger_title"))
            seed, years = chains_from or (c.seeds[0], 0)
            caption += " " + words("figure.length_ledger_caption", seed=seed, years=years)
            for row in by_origin.itertuples():
                data.append(
                    {"panel": "origin", "row": row.origin, "number": row.number, "value": row.mean,
                     "ci_low": row.low, "ci_high": row.high}
                )  # fmt: skip
        labels, said = [], []
        multiple = words.number(c.top_multiple(self.mix.id), 1)
        same = Quantity("length", "ratio", Estimate(0.0, 0.0, 0.0, c.replications))
        lines = [("reference", same)]
        for strength in strengths_of(c, self.mix.id):
            key = key_of(c, self.mix.id, strength, self.closure)
            if key is not None:
                lines.append((strength, quantities(c, key)["length"]))
        reference = lines[-1][1].reference
        if reference is not None:
            ax.axvline(reference, color=LIGHT, lw=1)
            for y, (name, quantity) in enumerate(lines):
                shift = quantity.shown
                e = Estimate(
                    reference + shift.mean, reference + shift.low, reference + shift.high,
                    c.replications,
                )  # fmt: skip
                if e.is_enough:
                    ax.plot([e.low, e.high], [y] * 2, color=BLUE, lw=2)
                ax.plot(e.mean, y, "D" if quantity is same else "o", color=BLUE, ms=6,
                        mfc=BLUE if shift.is_told else "white", mew=1.4)  # fmt: skip
                text = (
                    words("figure.length_reference")
                    if quantity is same
                    else words(f"strength.{name}", multiple=multiple)
                )
                labels.append(f"{text}   {words.number(e.mean, 3)}")
                said.append(labels[-1])
                data.append({"panel": "strength", "row": name, "number": np.nan, **self._row(e)})
            ax.set_yticks(range(len(labels)), labels)
            ax.set_ylim(len(labels) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(words("figure.length_axis"))
        _ticks(ax.xaxis, self.words)
        self._title(ax, title)
        return self._finish(
            fig, "chain_length", title, caption, words("figure.length_alt", text="; ".join(said)),
            pd.DataFrame(data),
        )  # fmt: skip


def _path_frame(
    what: str, closure: str, mean: np.ndarray, low: np.ndarray, high: np.ndarray
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "what": what,
            "closure": closure,
            "month": np.arange(len(mean)),
            "value": mean,
            "ci_low": np.where(np.isfinite(low), low, np.nan),
            "ci_high": np.where(np.isfinite(high), high, np.nan),
        }
    )


def _box(x: float, y: float, wide: float, tall: float, colour: str) -> Any:
    from matplotlib.patches import FancyBboxPatch

    style = "round,pad=0,rounding_size=1.2"
    return FancyBboxPatch((x, y), wide, tall, boxstyle=style, fc=colour, lw=1.0)


def _length_by_origin(chains: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return mean length of closed chains by origin, at least ten of them each."""
    if chains is None or not len(chains):
        return None
    closed = chains[(chains["end"] != "open") & (chains["origin_month"] >= 0)]
    rows = closed.groupby("origin", observed=True)["length"].agg(
        mean="mean", sd="std", number="size"
    )
    rows = rows[rows["number"] >= 10].reset_index()
    if not len(rows):
        return None
    # a normal interval: each origin has many chains
    half = 1.6449 * rows["sd"] / np.sqrt(rows["number"])
    rows["low"], rows["high"] = rows["mean"] - half, rows["mean"] + half
    return rows.sort_values(["mean", "origin"], ascending=[False, True], ignore_index=True)


def tick_digits(places: Sequence[float]) -> int:
    """Return the decimals that write every tick as the number at which it stands.

    Examples
    --------
    >>> tick_digits([0, 25, 50]), tick_digits([0.0, 0.25, 0.5]), tick_digits([1.324, 1.3245])
    (0, 2, 4)
    """
    step = min((abs(b - a) for a, b in pairwise(places)), default=1.0)
    for digits in range(7):
        if all(abs(place - round(place, digits)) <= step / 100 for place in places):
            return digits
    return 7


def _ticks(axis: Any, words: Words) -> None:
    """Put at most seven ticks on an axis and write them as the language writes numbers."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(6))
    axis.set_major_formatter(
        FuncFormatter(lambda x, _: words.number(x, tick_digits(axis.get_majorticklocs())))
    )


def _bars_by_origin(ax: Any, rows: pd.DataFrame, words: Words) -> None:
    for y, row in enumerate(rows.itertuples()):
        ax.barh(y, row.mean, height=0.6, color=SKY, ec=BLACK, lw=0.5)
        ax.plot([row.low, row.high], [y] * 2, color=BLACK, lw=1.2)
    labels = [
        f"{words(f'origin.{row.origin}')}  (n = {words.number(row.number, 0)})   "
        f"{words.number(row.mean, 2)}"
        for row in rows.itertuples()
    ]
    ax.set_yticks(range(len(rows)), labels)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(words("figure.length_ledger_axis"))
    _ticks(ax.xaxis, words)
