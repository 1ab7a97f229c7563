"""Published against simulated: virtual trials and correspondence tests, ``docs/trials.md``.

``python -m experiments.trials [SITE] [--replications N] [--only MEASURE[/STUDY]]…`` runs the
trials and writes the page; with ``--only`` the other rows of the page stay, and ``--only none``
makes no trial. The correspondence tests take seconds and are always made anew.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from experiments.folders import Call, write_result
from scenarios import Site
from scenarios.measures import Measure, load_measure
from scenarios.trials import Study, studies
from simulator.correspondence import NO_TEST, SEEDS, TOLERANCE, spells, table
from simulator.town import Town
from simulator.trial import AGREES, SEARCHED, SHARE, Solution, Trial, trial


@dataclass
class TrialStudy:
    """A trial with the call that makes it again."""

    found: Trial
    call: Call

    def text(self) -> str:
        """Return the answer for the screen."""
        return self.found.text()

    def write(self, folder: str | Path, force: bool = False) -> Path:
        """Write ``trial.csv``, ``curve.csv``, the answer and the manifest.

        Raises
        ------
        ResultError
            When the folder exists and is not empty, or cannot be written.
        """
        return write_result(
            folder, force, self.call, lambda made: self.found.write(made, force=True)
        )


def trial_study(
    site: str | Path | Site | Town,
    measure: str | Path | Measure,
    *,
    study: int = 0,
    power: bool = False,
    replications: int = 24,
    seed: int = 1,
    threads: int | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> TrialStudy:
    """Run a trial that can be made again from its folder; see :func:`simulator.trial.trial`."""
    town = site if isinstance(site, Town) else Town(site)
    chosen = measure if isinstance(measure, Measure) else load_measure(measure)
    found = trial(
        town, chosen, study=study, power=power, replications=replications, seed=seed,
        threads=threads, progress=progress,
    )  # fmt: skip
    call = Call("trial", site=town, measure=chosen, study=study, power=power,
                replications=replications, seed=seed)  # fmt: skip
    return TrialStudy(found, call)


PAGE = Path("docs") / "trials.md"
HEAD = """# Trials: published against simulated

Written by `python -m experiments.trials {site} --replications {replications}`; not edited by hand.

A published effect is an outcome, not a lever. Each row is a randomised trial inside the model:
of all who are eligible {share:.0%} are served by lot, the others are the control arm, and the arms
are compared at the study's horizon with the gap that they have without the measure taken off.
*Now* is the effect with every lever at its assumed size; *size* is that of one lever alone at
which the trial gives the published effect, with the 90 % interval of the simulation; *beyond*
means outside the range of the measure's file, *never* not up to {searched:g} times that range.
The host is the place itself unless its control rate differs from the study's by more than
{agrees:.0%}; then search of both arms was moved by the factor shown.

"""
COLUMNS = (
    "measure", "study", "outcome", "control: here (study)", "host", "published (range)", "now",
    "primary lever, stated range", "size", "second lever", "size",
)  # fmt: skip
OUTCOMES = {
    "in_work": "in work, month {h}",
    "ever": "ever in work by month {h}",
    "months": "share of {h} months in work",
    "hires": "hires per workplace, {h} months",
    "hires_migrant": "hires with migrant background per workplace, {h} months",
    "higher_rung": "on a higher rung, month {h}",
}


TESTS = """
## Correspondence tests: penalties and stigma

Pairs of applications, equal but for one flag or for months out of work, go to the vacancies of
{site} that are about to close; *ratio* is call-backs with the flag over call-backs without.
`validate` fails where a ratio differs by more than {tolerance:g} from the published one (half of
any penalty moves it by more). Ratios are means of {seeds} worlds.

"""
ENDS = """
Studies of months out of work contradict each other. The default follows the first, whose size is
recalled, not seen; the other two are ends that the swept range has to reach, which is all that is
checked of them. *Range* is what the ends of the range of stigma (0 to 0.6 from month 3) give.

"""
WITHOUT = """
Penalties of the model that no correspondence test can tell:

"""


def _number(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.3f}" if abs(value) < 0.1 else f"{value:.2f}"


def size_text(found: Solution | None) -> str:
    """Return the size of a lever with interval and verdict, as the table shows it."""
    if found is None:
        return "-"
    if found.verdict == "none":
        return "0 (published: none)"
    if found.verdict == "never":
        return f"never (most: {_number(found.best)})"
    note = "" if found.verdict == "found" else ", beyond"
    return f"{_number(found.size)} ({_number(found.low)} to {_number(found.high)}{note})"


def row_of(result: Trial) -> str:
    """Return one row of the page."""
    study = result.study
    primary = result.solution()
    second = result.solution(second=True)
    wanted = "-" if result.control_wanted is None else f"{result.control_wanted:.2f}"
    stated = "-"
    if primary is not None:
        stated = f"{primary.lever}, {primary.stated_low:g} to {primary.stated_high:g}"
    host = "the place" if result.host_agrees else f"search x {math.exp(result.host_effort):.2f}"
    now = result.simulated
    cells = (
        result.measure.id,
        study.study,
        f"{OUTCOMES[study.outcome].format(h=study.horizon_months)}, {study.compare}",
        f"{result.control:.2f} ({wanted})",
        host,
        f"{study.centre:g} ({study.low:g} to {study.high:g})",
        f"{_number(now.mean)} ({_number(now.low)} to {_number(now.high)})",
        stated,
        size_text(primary),
        "-" if second is None else second.lever,
        size_text(second),
    )
    return "| " + " | ".join(cells) + " |"


def lines_of_table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a table of the page."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def correspondence_part(site: str) -> str:
    """Return the part of the page on correspondence tests."""
    found = lines_of_table(
        ("barrier", "published ratio (range)", "simulated", "score", "holds", "source"),
        [
            (
                row.barrier, f"{row.published:g} ({row.low:g} to {row.high:g})",
                f"{row.simulated:.2f}", f"{row.score:g}", "yes" if row.holds else "NO", row.source,
            )
            for row in table(site)
        ],
    )  # fmt: skip
    ends = lines_of_table(
        ("study", "months out of work", "published ratio", "simulated", "range", "holds", "source"),
        [
            (
                f"{row.study} ({'recalled' if row.verified == 'recalled' else 'seen'})",
                f"{row.months} against {row.against}", f"{row.published:g}",
                f"{row.simulated:.2f}", f"{row.lowest:.2f} to {row.highest:.2f}",
                ("yes" if row.holds else "NO") + (", met" if row.met else ", within the range"),
                row.source,
            )
            for row in spells(site)
        ],
    )  # fmt: skip
    none = lines_of_table(("penalty", "parameter", "why no test"), list(NO_TEST))
    head = TESTS.format(site=site.title(), tolerance=TOLERANCE, seeds=len(SEEDS))
    return head + found + ENDS + ends + WITHOUT + none


def rows_of_page(page: Path) -> dict[tuple[str, str], str]:
    """Return the rows of a page written before, by measure and study."""
    found = {}
    for line in page.read_text(encoding="utf-8").splitlines() if page.exists() else ():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == len(COLUMNS) and cells[0] not in ("measure", "---"):
            found[cells[0], cells[1]] = line
    return found


def _asked(study: Study, only: list[str]) -> bool:
    return study.measure in only or f"{study.measure}/{study.study}" in only


def main(arguments: list[str] | None = None) -> int:
    """Run all trials and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", nargs="?", default="kokkola")
    parser.add_argument("--replications", type=int, default=24)
    parser.add_argument("--only", action="append", default=[], metavar="MEASURE[/STUDY]")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--out", type=Path, default=PAGE)
    given = parser.parse_args(arguments)
    town = Town(given.site)
    number: dict[str, int] = {}
    rows = rows_of_page(given.out) if given.only else {}
    for study in studies():
        at = number.get(study.measure, 0)
        number[study.measure] = at + 1
        if given.only and not _asked(study, given.only):
            continue
        result = trial(
            town, study.measure, study=at, replications=given.replications, threads=given.threads
        )
        rows[study.measure, study.study] = row_of(result)
        print(rows[study.measure, study.study], flush=True)
    head = HEAD.format(
        site=given.site, replications=given.replications, share=SHARE, searched=SEARCHED,
        agrees=AGREES,
    )  # fmt: skip
    head += "| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS) + "\n"
    ordered = [rows[key] for s in studies() if (key := (s.measure, s.study)) in rows]
    page = head + "\n".join(ordered) + "\n" + correspondence_part(given.site)
    given.out.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
