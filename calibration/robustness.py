"""Conclusions of a comparison under other seeds, scale, rounds, ladders, horizons and rules.

``python -m calibration.robustness kokkola`` compares a place with its default mix again and again,
each time with one thing changed, and prints one table: cases down, conclusions across. Each case is
stored when it is done, so that the same command goes on after a stop; a case is computed again when
the place, the mixes or the program have changed since. See ``docs/validation.md``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from scenarios import Site, load_site
from scenarios.loader import load_parameters
from simulator.comparison import ENOUGH_PAIRS, Comparison, Estimate, Key, compare
from simulator.files import json_bytes, write_whole
from simulator.headline import contrast, cumulated, of_values, quantities
from simulator.town import ROUNDS, Town

PAIRS = 24
SEEDS = (2, 3, 4)
SCALE = 2  # one person in so many
ENTRY_SHARES = (0.10, 0.35)  # of all posts; the range that docs/model.md gives for the entry rung
STEEPNESS = (0.5,)  # factor on the parts of occupations that stand on the two upper rungs
FOLLOWED = 48  # months of a cohort
THIRD = 36  # its third year ends here
WHOLE_YEARS = 10
HORIZONS = (24, 36)  # months, beside those of the other cases

# what a conclusion is about; in the order of the columns
CONCLUSIONS = {
    "per_100": "more of the target group at work per 100 served, last year counted",
    "added": "what the assumed effects add to it",
    "direct": "months of work of the served less those of the losers of the lottery, in 24",
    "ledger": "entry posts seen behind supported promotions",
    "additional": "more promotions in all",
    "net": "more entry posts advertised",
    "jobs": "more filled-post months",
    "everybody": "more months of work, everybody",
}
NONE, MORE, LESS = "0", "+", "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Case:
    """One way in which the comparison is run.

    Attributes
    ----------
    group, name : str
    make : callable
        Returns the place laid out.
    seed, years : int
    months : int
        At which the outcomes of a cohort are summed up; more than a cohort is followed: those of
        the mix that runs all the time.
    """

    group: str
    name: str
    make: Callable[[], Town] = field(compare=False)
    seed: int = 1
    years: int = 1
    months: int = FOLLOWED

    @property
    def file(self) -> str:
        """Name of the file in which the case is kept."""
        return f"{self.group}-{self.name}".replace(" ", "_").replace("%", "").replace(":", "_")


class Cell(NamedTuple):
    """One conclusion of one case; None where it is not determined."""

    mean: float | None
    low: float | None
    high: float | None

    @property
    def verdict(self) -> str:
        """Whether it is more, less, or cannot be told from none."""
        if self.low is None or self.high is None or not (self.low > 0 or self.high < 0):
            return NONE
        return MORE if self.low > 0 else LESS


def entry_site(site: Site, share: float) -> Site:
    """Return a place in which a share of all posts stands on the entry rung.

    Parts of major groups that stand there wholly stay when the share grows; all shrink alike
    when it falls.
    """
    shares = np.array(site.occupations.shares.values) / sum(site.occupations.shares.values)
    parts = np.array(site.occupations.entry_part.values)
    others = np.array(site.occupations.middle_part.values) + site.occupations.upper_part.values
    if share < shares @ parts:
        new = parts * share / (shares @ parts)
    else:
        some = (parts > 0) & (parts < 1)
        wanted = share - shares[~some] @ parts[~some]
        new = np.where(some, parts * wanted / (shares[some] @ parts[some]), parts)
    if (new + others > 1).any():
        raise ValueError(f"a share of {share:g} is more than these occupations can give")
    return _with(site, occupations=site.occupations.model_copy(
        update={"entry_part": _row(site.occupations.entry_part, new)}
    ))  # fmt: skip


def flatter_site(site: Site, factor: float) -> Site:
    """Return a place with fewer posts on the two upper rungs, the others on the rung below."""
    o = site.occupations
    return _with(site, occupations=o.model_copy(update={
        "middle_part": _row(o.middle_part, factor * np.array(o.middle_part.values)),
        "upper_part": _row(o.upper_part, factor * np.array(o.upper_part.values)),
    }))  # fmt: skip


def more_rounds(site: Site, rounds: int) -> Town:
    """Return a place with other hiring rounds a month; what is counted in rounds keeps its days."""
    numbers = load_parameters(site)
    counted = {name: n.value for name, n in numbers.items() if n.unit == "rounds"}
    longer = {name: value * rounds / ROUNDS for name, value in counted.items()}
    return Town(site, longer, rounds=rounds)


def _row(row: Any, values: np.ndarray) -> Any:
    return row.model_copy(update={"values": [float(value) for value in values]})


def _with(site: Site, **changes: Any) -> Site:
    return site.model_copy(update=changes)


def variants() -> Iterator[tuple[str, int]]:
    """Yield every variant of a rule that is not the one in use: parameter and code."""
    for name, number in load_parameters().items():
        if name.startswith("variant_"):
            for code in range(int(number.low or 0), int(number.high or 0) + 1):
                if code != int(number.value):
                    yield name, code


def cases(place: str | Site) -> list[Case]:
    """Return all cases of a place, the usual one first."""
    site = load_site(place) if not isinstance(place, Site) else place
    scale = site.scale.one_in if site.scale else 1
    found = [Case("usual", "as in the README", lambda: Town(site))]
    found += [Case("seed", f"--seed {seed}", lambda: Town(site), seed=seed) for seed in SEEDS]
    found.append(Case("scale", f"1:{SCALE * scale}", lambda: Town(site, scale=SCALE * scale)))
    found += [
        Case("rounds", f"{rounds} a month", lambda rounds=rounds: more_rounds(site, rounds))
        for rounds in (ROUNDS // 2, 2 * ROUNDS)
    ]
    found += [
        Case("ladder", f"{100 * share:.0f} % entry posts",
             lambda share=share: Town(entry_site(site, share)))
        for share in ENTRY_SHARES
    ]  # fmt: skip
    found += [
        Case("ladder", f"upper rungs x {factor:g}",
             lambda factor=factor: Town(flatter_site(site, factor)))
        for factor in STEEPNESS
    ]  # fmt: skip
    found += [
        Case("horizon", f"{months} months", lambda: Town(site), months=months)
        for months in HORIZONS
    ]
    found.append(
        Case("horizon", f"{WHOLE_YEARS} years, mix runs on", lambda: Town(site),
             years=WHOLE_YEARS, months=12 * WHOLE_YEARS)
    )  # fmt: skip
    found += [
        Case("rule", f"{name.removeprefix('variant_')} {code}",
             lambda name=name, code=code: Town(site, {name: float(code)}))
        for name, code in variants()
    ]  # fmt: skip
    return found


def conclusions(comparison: Comparison, closure: str, months: int) -> dict[str, Cell]:
    """Return every conclusion of a comparison under one closure, summed up to a month."""
    mix = comparison.mixes[0].id
    whole = months > FOLLOWED
    key: Key = (closure, mix, "assumed", "whole" if whole else "cohorts")
    change = cumulated(comparison, key, months)
    end = months if months < FOLLOWED or whole else THIRD
    served = comparison.served(key)
    at_work = comparison.values(
        key, ("at_work", "group", "target_jobseekers"), end - 12, end, "difference"
    )
    found: dict[str, Estimate | None] = dict.fromkeys(CONCLUSIONS)
    if served > 0:
        found["per_100"] = of_values(100 * at_work / served)
    found["ledger"] = of_values(change("advertised_after_supported_promotion", "rung", "rung_0"))
    found["additional"] = of_values(change("openings_closed", "fill", "promotion"))
    found["net"] = of_values(change("advertised_vacancies", "rung", "rung_0"))
    found["jobs"] = of_values(change("filled_post_months"))
    found["everybody"] = of_values(change("work_months", "all", "everybody"))
    if not whole:
        found["direct"] = quantities(comparison, key)["direct"].found
    if not whole and end == THIRD:  # the contrast is that of the third year
        found["added"] = contrast(comparison, mix, closure)
    return {
        name: Cell(None, None, None) if e is None else Cell(e.mean, e.low, e.high)
        for name, e in found.items()
    }


def run_case(case: Case, pairs: int, threads: int | None) -> dict[str, dict[str, Cell]]:
    """Run the comparison of a case and return its conclusions by closure."""
    made = compare(
        case.make(), years=case.years, replications=pairs, seed=case.seed, threads=threads,
        strengths=("none", "assumed"), placebo=False,
    )  # fmt: skip
    return {closure: conclusions(made, closure, case.months) for closure in made.closures}


def robustness(
    place: str | Site,
    folder: Path,
    pairs: int = PAIRS,
    only: Sequence[str] | None = None,
    minutes: float | None = None,
    threads: int | None = None,
    announce: Callable[[str], None] = print,
) -> dict[Case, dict[str, dict[str, Cell]]]:
    """Run the cases that are not stored yet and return all that are there.

    Parameters
    ----------
    place
        A shipped place, the path of a site file, or a place.
    folder
        Where the cases are kept.
    only
        Only these groups; the usual case is always there.
    minutes
        Begin no case after this time.

    Returns
    -------
    By case, closure and conclusion, one cell.
    """
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    found: dict[Case, dict[str, dict[str, Cell]]] = {}
    wanted = [c for c in cases(place) if only is None or c.group in ("usual", *only)]
    for at, case in enumerate(wanted, 1):
        path = folder / f"{case.file}.json"
        town = case.make()
        mixes = [town.reference(), town.mix(town.site.default_mix)]
        stamp = [town.scenario_hash(mixes), pairs, case.seed, case.years, case.months]
        stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        if stored is None or stored["stamp"] != stamp:
            if minutes is not None and time.monotonic() - begun > 60 * minutes:
                announce(f"{len(wanted) - at + 1} cases left; the same command goes on.")
                break
            announce(f"{at} of {len(wanted)}: {case.group}, {case.name}")
            cells = run_case(case, pairs, threads)
            write_whole(path, json_bytes({"stamp": stamp, "cells": cells}))
        else:
            cells = {
                closure: {name: Cell(*cell) for name, cell in row.items()}
                for closure, row in stored["cells"].items()
            }
        found[case] = cells
    return found


def _far(cell: Cell, usual: Cell) -> bool:
    """Whether two intervals do not touch."""
    known = None not in (cell.low, cell.high, usual.low, usual.high)
    return known and (cell.low > usual.high or cell.high < usual.low)  # type: ignore[operator]


def table(found: dict[Case, dict[str, dict[str, Cell]]], pairs: int) -> str:
    """Return the cases as Markdown: mean, interval, bold where the conclusion is another one."""
    usual = next(cells for case, cells in found.items() if case.group == "usual")
    lines = [
        "| case | demand | " + " | ".join(CONCLUSIONS) + " |",
        "|---|---|" + "---|" * len(CONCLUSIONS),
    ]
    turned: dict[str, list[str]] = {name: [] for name in CONCLUSIONS}
    tried: dict[str, int] = dict.fromkeys(CONCLUSIONS, 0)
    for case, cells in found.items():
        for closure, row in cells.items():
            texts = []
            for name in CONCLUSIONS:
                cell, base = row[name], usual[closure][name]
                text = _shown(cell)
                if cell.mean is not None and case.group != "usual" and base.mean is not None:
                    tried[name] += 1
                    if cell.verdict != base.verdict:
                        turned[name].append(
                            f"{case.group} {case.name} {closure}: {base.verdict} becomes "
                            f"{cell.verdict}"
                        )
                        text = f"**{text}**"
                    if _far(cell, base):
                        text += " \N{DAGGER}"
                texts.append(text)
            lines.append(f"| {case.group}: {case.name} | {closure} | {' | '.join(texts)} |")
    lines += [
        "",
        f"{pairs} pairs of worlds each, mean with 90 % interval of the simulation. Bold: the "
        "verdict (more, less, cannot be told) is another than in the usual case; with intervals of "
        "90 % about one in ten verdicts that are truly none is another by chance. "
        "\N{DAGGER}: the interval does not touch the usual one.",
        "",
        "| conclusion | usual, R | usual, E | same verdict | another verdict in |",
        "|---|---|---|---|---|",
    ]
    for name, words in CONCLUSIONS.items():
        told = [_shown(usual[c][name]) if c in usual else "" for c in ("R", "E")]
        same = f"{tried[name] - len(turned[name])} of {tried[name]}"
        lines.append(
            f"| {name}: {words} | {' | '.join(told)} | {same} | {'; '.join(turned[name])} |"
        )
    if pairs < ENOUGH_PAIRS:
        lines += ["", f"With fewer than {ENOUGH_PAIRS} pairs nothing of this can be told."]
    return "\n".join(lines)


def _shown(cell: Cell) -> str:
    if cell.mean is None:
        return "-"
    digits = 2 if max(abs(cell.low or 0), abs(cell.high or 0)) < 10 else 0
    return f"{cell.mean:+.{digits}f} ({cell.low:.{digits}f} to {cell.high:.{digits}f})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases that are left and print the table of those that are there."""
    parser = argparse.ArgumentParser(prog="python -m calibration.robustness", description=__doc__)
    parser.add_argument("site", help="shipped name or path of a site file")
    parser.add_argument("--pairs", type=int, default=PAIRS, help=f"default {PAIRS}")
    groups = ("seed", "scale", "rounds", "ladder", "horizon", "rule")
    parser.add_argument("--only", action="append", choices=groups, help="default all; repeat")
    parser.add_argument("--minutes", type=float, help="begin nothing new after this time")
    parser.add_argument("--threads", type=int, help="default: all cores")
    parser.add_argument("--out", type=Path, help="default results/robustness-SITE")
    given = parser.parse_args(arguments)
    folder = given.out or Path("results") / f"robustness-{Path(given.site).stem}"
    found = robustness(given.site, folder, given.pairs, given.only, given.minutes, given.threads)
    text = table(found, given.pairs)
    write_whole(folder / "table.md", (text + "\n").encode())
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
