"""What one more promotion does, place by place: ``docs/impulses.md``.

``python -m experiments.impulse_page DIR…`` writes the page from folders that ``vacancy-chains
impulses SITE --out DIR`` made, and copies their figures.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import pandas as pd

from scenarios.loader import load_site
from simulator.comparison import Estimate

PAGE = Path("docs") / "impulses.md"
FIGURES = Path("docs") / "figures"
LINES = (  # as on the screen, the promotion itself left out
    "vacancies advertised, all rungs",
    "entry vacancies advertised",
    "work of the target group, months",
    "work of other jobseekers, months",
    "work of other residents, months",
    "work of people living elsewhere, months",
    "filled posts, months",
    "vacant posts, months",
    "posts never advertised, months",
    "posts given up, months",
)
CELLS = ("vacancies advertised, all rungs", "entry vacancies advertised",
         "work of the target group, months", "filled posts, months")  # fmt: skip
NAMES = {"size_class": "size", "displaced": "displaced"}
HEAD = """# What one more promotion does

Written by `python -m experiments.impulse_page` from runs of `vacancy-chains impulses`; not edited
by hand. One vacancy above the entry level, for which an outsider had been chosen, goes to the best
ready candidate inside instead; nothing else differs when the two worlds part ([how](planner.md)).
All numbers are per impulse, mix world less reference, in brackets the 90 % interval over worlds;
*?*: cannot be told from none.

The two worlds drift apart by chance, so the first windows tell most: sums over 36 months have wide
intervals however many impulses are followed. *Closed form* is `net_effect_of_one_extra_promotion`
for the impulses followed: the first link alone, and each vacancy with the chain and the vacant
time behind it. Where the two disagree with the simulation, the sign cases of
[the validation page](validation.md) say why.
"""


def _told(row: pd.Series) -> str:
    found = Estimate(row["mean"], row["ci_low"], row["ci_high"], int(row["worlds"]))
    if not found.is_enough:
        return f"{found.mean:+.2f} (too few)"
    mark = "" if found.is_told else "?"
    return f"{found.mean:+.2f} ({found.low:+.2f} to {found.high:+.2f}){mark}"


def _closed(row: pd.Series) -> str:
    if pd.isna(row["closed_form"]):
        return "-"
    return f"{row['first_link']:+.2f}; {row['closed_form']:+.2f}"


def _table(header: list[str], rows: list[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(header) + " |", "|---|" + "---:|" * (len(header) - 1)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def section(folder: Path) -> list[str]:
    """Return the part of the page on one run."""
    about = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    effects = pd.read_csv(folder / "effects.csv")
    every = effects[effects["breakdown"] == "all"].set_index(["outcome", "months"])
    windows = sorted(effects["months"].unique())
    first = every.iloc[0]
    name = load_site(about["site"]).name("en")
    lines = [
        f"## {name}", "",
        f"{int(first['impulses']):,} impulses in {int(first['worlds']):,} worlds: "
        f"`vacancy-chains {about['command']}`", "",
        f"![What one more promotion does in {name}](figures/impulses_{about['site']}.png)", "",
    ]  # fmt: skip
    near = windows[0]
    header = ["per impulse", *(f"{months} months" for months in windows),
              f"closed form, {near} months"]  # fmt: skip
    rows = [
        [label, *(_told(every.loc[label, months]) for months in windows),
         _closed(every.loc[label, near])]
        for label in LINES
    ]  # fmt: skip
    lines += _table(header, rows)
    lines += [
        f"By rung of the vacancy, size class, market and who was displaced, {near} months:",
        "",
    ]
    rows = []
    part = effects[(effects["months"] == near) & (effects["breakdown"] != "all")]
    for (breakdown, group), cell in part.groupby(["breakdown", "group"], sort=False):
        cell = cell.set_index("outcome")
        what = f"{NAMES.get(breakdown, breakdown)} {str(group).replace('_', ' ')}"
        rows.append(
            [f"{what} ({int(cell['impulses'].iloc[0])})", *(_told(cell.loc[x]) for x in CELLS),
             _closed(cell.loc[CELLS[0]]), _closed(cell.loc[CELLS[-1]])]
        )  # fmt: skip
    header = ["cell (impulses)", *CELLS, "closed form, vacancies", "closed form, filled"]
    return lines + _table(header, rows)


def page(folders: list[Path]) -> str:
    """Return the page of these runs."""
    lines = [HEAD]
    for folder in folders:
        lines += section(folder)
    return "\n".join(lines).rstrip() + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Write the page and copy the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    given = parser.parse_args(arguments)
    PAGE.write_text(page(given.folders), encoding="utf-8")
    for folder in given.folders:
        site = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["site"]
        shutil.copyfile(folder / "figures" / "impulses.png", FIGURES / f"impulses_{site}.png")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
