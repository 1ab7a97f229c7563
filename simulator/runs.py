"""``run``: one world with its ledger and all its files."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scenarios import Site
from scenarios.measures import BASELINE, Mix
from scenarios.surroundings import Surroundings
from simulator.codes import End, label, labels
from simulator.engine import EngineError, World
from simulator.files import (
    output_folder,
    table,
    write_codebook,
    write_csv,
    write_ledger_files,
    write_manifest,
    write_parquet,
)
from simulator.groups import assign_cells, target_cells
from simulator.ledger import Ledger, RunRecord, Snapshot, derive_ledger
from simulator.margins import count_margins, margin_rows
from simulator.outcomes import Outcome, series, window
from simulator.policy import lay_out_mix
from simulator.scale import check_scale
from simulator.town import Start, Town, snapshot
from simulator.world import Count

if TYPE_CHECKING:
    from simulator.wording import Words

SCREEN_WIDTH = 100
SHOWN = (  # outcomes of the short table
    "posts",
    "filled_posts",
    "vacant_posts",
    "withdrawn_posts",
    "register_unemployed",
    "survey_unemployed",
)


@dataclass
class RunResult:
    """One world after its run.

    Attributes
    ----------
    town, mix, seed, closure, years
        What was run.
    world : World
        The world at the end.
    record : RunRecord
        Start, events and end: everything that the ledger derives from.
    """

    town: Town
    mix: Mix
    seed: int
    closure: str
    years: int
    world: World
    record: RunRecord
    margins: dict[str, list]
    outcomes: list[Outcome]
    values: np.ndarray
    multiplier: float = 1.0

    @cached_property
    def ledger(self) -> Ledger:
        """Chains and links."""
        return derive_ledger(self.record)

    @property
    def links(self) -> pd.DataFrame:
        """Links as a data frame."""
        return self.ledger.frames(self.town.site.sector_ids)[0]

    @property
    def chains(self) -> pd.DataFrame:
        """Chains as a data frame."""
        return self.ledger.frames(self.town.site.sector_ids)[1]

    @cached_property
    def monthly(self) -> pd.DataFrame:
        """Monthly outcomes in long form."""
        return monthly_frame(
            self.outcomes, self.values, mix=self.mix.id, closure=self.closure, strength="assumed"
        )

    def summary(self) -> pd.DataFrame:
        """Outcomes after 1, 2, 4 and 10 years, as far as the run goes."""
        rows = []
        for years in (1, 2, 4, 10):
            if years > self.years:
                continue
            found = window(self.outcomes, self.values, 0, 12 * years)
            rows.append(
                summary_frame(
                    self.outcomes, found, found, None,
                    mix=self.mix.id, against=self.mix.id, closure=self.closure,
                    strength="assumed", design="run", months=12 * years, replications=1,
                )
            )  # fmt: skip
        return pd.concat(rows, ignore_index=True)

    def answer(self, lang: str = "en") -> str:
        """Return what the world did, as a short table for the screen.

        Parameters
        ----------
        lang : {"en", "fi", "sv", "nl", "pt", "bg"}
        """
        from simulator.wording import NO_BREAK, Words  # which knows comparisons, made of runs

        words = Words(lang, plain=True)
        title = words(
            "run.title",
            place=self.town.site.name(lang),
            mix=words.mix(self.mix),
            years=self.years,
            seed=self.seed,
            closure=f"{self.closure}: {words(f'closure.{self.closure}')}",
        )
        at = {o.outcome: i for i, o in enumerate(self.outcomes) if o.breakdown == "all"}
        rows = [["", *(words(f"run.{name}") for name in ("first", "last", "mean"))]]
        for name in SHOWN:
            series = self.values[at[name]]
            cells = [words.number(x, 0) for x in (series[0], series[-1], series.mean())]
            rows.append([words(f"run.{name}"), *cells])
        left = max(len(row[0]) for row in rows)
        wide = max(len(text) for row in rows for text in row[1:]) + 2
        lines = [title, ""]
        lines += [f"{row[0]:<{left}}" + "".join(f"{x:>{wide}}" for x in row[1:]) for row in rows]
        lines += ["", *textwrap.wrap(self._chains_text(words), SCREEN_WIDTH)]
        lines.append(words("run.one_world"))
        return "\n".join(lines).replace(NO_BREAK, " ")

    def _chains_text(self, words: Words) -> str:
        chains = self.chains
        ended = chains[(chains["end"] != label(End.OPEN)) & (chains["end_month"] >= 0)]
        if not len(ended):
            return words("run.no_chains")
        links = int(ended["length"].sum())
        counts = ended["end"].value_counts()
        parts = [
            words(f"end.{end}", share=words.percent(counts[end] / len(ended)))
            for end in labels(End)
            if counts.get(end, 0)
        ]
        return " ".join(
            (
                words(
                    "run.chains",
                    chains=words.number(len(ended), 0),
                    links=words.number(links, 0),
                    length=words.number(links / len(ended), 2),
                ),
                words("run.ended", parts=", ".join(parts)),
            )
        )

    def write(self, folder: str | Path, force: bool = False) -> Path:
        """Write all files of ``run`` into a folder, whole or not at all.

        Raises
        ------
        ResultError
            When the folder exists and is not empty, or cannot be written.
        """
        site = self.town.site
        barriers = barrier_meanings(site)
        with output_folder(folder, force) as out:
            write_ledger_files(
                out,
                self.record,
                sectors=site.sector_ids,
                measures=list(self.world.measure_names),
                barriers=barriers,
                ledger=self.ledger,
            )
            write_csv(out / "world.csv", "world.csv", self.margins)
            write_csv(out / "summary.csv", "summary.csv", self.summary())
            write_parquet(
                out / "monthly.parquet", table("monthly.parquet", columns_of_frame(self.monthly))
            )
            write_manifest(
                out,
                command=f"run {site.id} --mix {self.mix.id} --years {self.years} "
                f"--closure {self.closure} --seed {self.seed}{scale_option(self.town)}"
                f"{surroundings_option(self.town)}",
                seeds=[self.seed],
                scenario_hash=self.town.scenario_hash([self.mix]),
                inputs=self.town.inputs([self.mix]),
                site=site.id,
                mix=self.mix.id,
                closure=self.closure,
                years=self.years,
                multiplier=self.multiplier,
                scale=self.town.scale,
            )
            write_codebook(out, barriers)
        return Path(folder)


def scale_option(town: Town) -> str:
    """Return the option by which a command names the scale of a place."""
    return f" --scale {town.scale}" if town.scale > 1 else ""


def surroundings_option(town: Town) -> str:
    """Return the option by which a command names the surroundings of a place."""
    return f" --with {town.surroundings.id}" if town.surroundings else ""


def barrier_meanings(site: Site) -> dict[str, str]:
    """Return id and meaning of the barriers of a place, in order of their bits."""
    return {barrier.id: barrier.stands_for for barrier in site.barriers}


def columns_of_frame(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the columns of a frame as arrays."""
    return {name: frame[name].to_numpy() for name in frame.columns}


def monthly_frame(
    outcomes: list[Outcome],
    mean: np.ndarray,
    low: np.ndarray | None = None,
    high: np.ndarray | None = None,
    *,
    mix: str,
    closure: str,
    strength: str,
) -> pd.DataFrame:
    """Return monthly outcomes in long form, shape (outcomes x months, 9)."""
    n, months = mean.shape
    low = mean if low is None else low
    high = mean if high is None else high
    repeated = {
        name: np.repeat([getattr(outcome, name) for outcome in outcomes], months)
        for name in ("outcome", "breakdown", "group")
    }
    return pd.DataFrame(
        {
            "mix": mix,
            "closure": closure,
            "strength": strength,
            "month": np.tile(np.arange(months, dtype=np.int32), n),
            **repeated,
            "mean": mean.ravel(),
            "ci_low": low.ravel(),
            "ci_high": high.ravel(),
        }
    )


def summary_frame(
    outcomes: list[Outcome],
    reference: np.ndarray,
    scenario: np.ndarray,
    interval: tuple[np.ndarray, np.ndarray, np.ndarray] | None,
    *,
    mix: str,
    against: str,
    closure: str,
    strength: str,
    design: str,
    months: int,
    replications: int,
) -> pd.DataFrame:
    """Return rows of ``summary.csv``; ``interval`` is (difference, low, high) or None."""
    difference, low, high = interval if interval is not None else (scenario - reference,) * 3
    return pd.DataFrame(
        {
            "mix": mix,
            "against": against,
            "closure": closure,
            "strength": strength,
            "outcome": [outcome.outcome for outcome in outcomes],
            "unit": [outcome.unit for outcome in outcomes],
            "breakdown": [outcome.breakdown for outcome in outcomes],
            "group": [outcome.group for outcome in outcomes],
            "design": design,
            "months": months,
            "reference": reference,
            "scenario": scenario,
            "difference": difference,
            "ci_low": low,
            "ci_high": high,
            "ci_level": 0.90,
            "replications": replications,
        }
    )


def world_table(town: Town, built, world: World) -> dict[str, list]:  # noqa: ANN001
    """Return the columns of ``world.csv``: every margin as targeted, built, and at the start."""
    w = world.columns
    n, p = int(w.counts[Count.PEOPLE]), int(w.counts[Count.POSTS])
    at_build = count_margins(town.site, built.people, built.posts, built.workplaces, built.month)
    at_start = count_margins(town.site, w.people[:, :n], w.posts[:, :p], w.workplaces, world.month)
    rows = margin_rows(town.site, town.values, at_build)
    for row in rows:
        row["at_start"] = at_start.get((row["margin"], row["cell"]))
        if row["margin"] not in ("tenure", "workplaces"):  # the others are head counts
            for name in ("target", "built", "at_start"):
                if row[name] is not None:
                    row[name] *= town.scale
    names = ("margin", "cell", "target", "built", "at_start", "source")
    return {name: [row[name] for row in rows] for name in names}


def recorded(start: Start, at_start: Snapshot, world: World) -> RunRecord:
    """Return what a recorded world leaves behind; its events are taken out of it.

    Parameters
    ----------
    start : Start
        The settled world that it came from, recorded.
    at_start : Snapshot
        The world at month 0.
    """
    w = world.columns
    n, p = int(w.counts[Count.PEOPLE]), int(w.counts[Count.POSTS])
    return RunRecord(
        built=start.built_snapshot,
        start=at_start,
        events_settle=start.events_settle,
        events=world.take_events(),
        people=w.people[:, :n],
        posts=w.posts[:, :p],
        workplaces=w.workplaces,
        policies=w.policies,
        person_keys=w.person_keys[:n],
        post_keys=w.post_keys[:p],
        n_people=n,
        n_posts=p,
    )


def run(
    site: str | Path | Site | Town,
    mix: str | Path | Mix = BASELINE,
    years: int = 10,
    seed: int = 1,
    closure: str = "R",
    parameters: dict[str, float] | None = None,
    check: bool = False,
    multiplier: float = 1.0,
    scale: int | None = None,
    surroundings: str | Path | Surroundings | None = None,
) -> RunResult:
    """Run one world with its ledger.

    Parameters
    ----------
    site : str, Path, Site or Town
        Shipped name or path of a site file.
    mix : str, Path or Mix
        Mix that runs from month 0 to the end of its own term.
    years : int
        Years after settling.
    seed : int
        Replication; equal seeds give equal worlds.
    closure : {"R", "E"}
        Demand closure.
    parameters : dict, optional
        Values that replace those of the files.
    check : bool
        Verify conservation after every round.
    multiplier : float
        Factor on the levers that nobody has measured.
    scale : int, optional
        Simulate one person in so many; outcomes and margins are multiplied back, events are those
        of the people simulated.
    surroundings : str, Path or Surroundings, optional
        What happens anyway (of a Town: that of the town).

    Returns
    -------
    RunResult

    Raises
    ------
    ScenarioError
        When a scenario file is wrong.
    """
    if not isinstance(site, Town):
        site = Town(site, parameters, scale=scale, surroundings=surroundings)
    town = site
    check_scale(town.site.margins.filled_posts.value, town.scale)
    chosen = town.mix(mix)
    running = town.under(chosen)
    start = town.start(seed, record=True, check=check)
    margins = world_table(town, start.built, start.world)
    world = town.begin(seed, closure=closure, record=True, check=check)
    if running.entries:
        lay_out_mix(running, town.site, town.place, scale=multiplier).install(world)
    world.lay_out(0, 12 * years, assign_cells(world, town.site), target_cells())
    at_start: Snapshot = snapshot(world)
    world.advance(12 * years)
    if world.duplicate_keys():
        raise EngineError("two people or posts got the same identity; use another seed")
    outcomes, values = series(world)
    record = recorded(start, at_start, world)
    return RunResult(
        town, chosen, seed, closure, years, world, record, margins, outcomes, values, multiplier
    )
