"""The matrix of barriers, measures, levers and places: ``docs/measures.md``.

``python -m scenarios.matrix`` writes the page from the files of the measures.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from scenarios.measures import (
    FOLDER,
    LEVER_UNITS,
    Lever,
    Measure,
    evidence_ids,
    load_measure,
    load_mix,
    shipped_measures,
    shipped_mixes,
)

PAGE = Path("docs") / "measures.md"
HEAD = """# Measures: which barrier, through which lever, where, and how well known

Written by `python -m scenarios.matrix` from the files of the measures; not edited by hand.

Grades: A measured in the place, B its region or country, C published elsewhere, D our judgement,
E placeholder. A number in brackets is the range. *Strength* says whether the size rests on a
published effect (`published`) or is assumed and shown at none, assumed and top (`assumed`).
*Where* is the place for which public sources name the measure; any place can use it in a mix.
"""


def _evidence() -> dict[str, dict[str, str]]:
    path = FOLDER / "evidence" / "measures.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["measure_id"]: row for row in csv.DictReader(file)}


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table of a page."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def places_of(measure: Measure, evidence: dict[str, dict[str, str]]) -> str:
    """Return where public sources name a measure, and the shipped mixes that use it."""
    found = {evidence[row]["site(s) or general"] for row in measure.rows}
    mixes = [name for name in shipped_mixes() if measure.id in load_mix(name).measures]
    text = "; ".join(sorted(found))
    return text + (f" (mix: {', '.join(mixes)})" if mixes else "")


def size_of(lever: Lever) -> str:
    """Return the assumed size of a lever with its range."""
    s = lever.strength
    return f"{s.assumed:g} ({s.low:g} to {s.high:g}) {lever.unit}"


def lever_name(lever: Lever) -> str:
    """Return the lever and where it acts."""
    stage = f", {lever.stage} stage" if lever.stage else ""
    return f"{lever.lever} ({lever.applies_to}{stage})"


def page() -> str:
    """Return the page as text."""
    evidence = _evidence()
    measures = [load_measure(name) for name in shipped_measures()]
    lines = [HEAD, "## Barriers", ""]
    rows: list[tuple[str, ...]] = []
    for barrier in evidence_ids("measures", "measure_id"):
        if not barrier.startswith("BR"):
            continue
        name = evidence[barrier]["name_en"].removeprefix("BARRIER: ")
        name = name.removeprefix("BARRIER (other source): ")
        for measure in measures:
            if barrier not in measure.answers:
                continue
            levers: list[Lever | None] = [*measure.levers] or [None]
            for lever in levers:
                rows.append(
                    (
                        f"{barrier.split('_')[0]} {name}",
                        measure.id,
                        "none: content unknown" if lever is None else lever_name(lever),
                        places_of(measure, evidence),
                        "-" if lever is None else size_of(lever),
                        "E" if lever is None else lever.strength.grade,
                    )
                )
    lines += table(("barrier", "measure", "lever", "where", "size", "grade"), rows)
    lines += ["", "## Measures and their levers", ""]
    rows = []
    for measure in measures:
        if not measure.levers:
            why = "data only" if measure.content == "known" else "content unknown"
            rows.append(
                (
                    measure.id,
                    measure.kind,
                    ", ".join(measure.rows),
                    why,
                    "-",
                    measure.grade,
                    "-",
                    "-",
                )
            )
        for lever in measure.levers:
            s = lever.strength
            rows.append(
                (
                    measure.id,
                    measure.kind,
                    ", ".join(measure.rows),
                    lever_name(lever),
                    size_of(lever),
                    s.grade,
                    "published" if lever.published else "assumed",
                    s.source.replace("|", "/"),
                )
            )
    header: tuple[str, ...]
    header = ("measure", "kind", "evidence", "lever", "size", "grade", "strength", "source")
    lines += table(header, rows)
    lines += ["", "## Levers", ""]
    rows = []
    for name, unit in LEVER_UNITS.items():
        users = [m.id for m in measures if any(lever.lever == name for lever in m.levers)]
        rows.append((name, unit, ", ".join(users)))
    lines += table(("lever", "unit", "measures"), rows)
    lines += ["", "## Reach", ""]
    rows = []
    for measure in measures:
        if measure.capacity is None:
            continue
        numbers = [
            f"{n.value:g} ({n.grade})" if n is not None else "-"
            for n in (
                measure.capacity,
                measure.group_size,
                measure.take_up,
                measure.duration_months,
                measure.lock_in,
                measure.drop_out,
            )
        ]
        unit = "people/month" if measure.recruits == "person" else "workplaces/year"
        delivered = ", ".join(f"{kind} {share:g}" for kind, share in measure.delivered_by.items())
        rows.append(
            (measure.id, f"{numbers[0]} {unit}", *numbers[1:], delivered,
             ", ".join(measure.referred_by))
        )  # fmt: skip
    header = (
        "measure", "capacity", "group", "take-up", "months", "lock-in", "drop-out",
        "delivered by", "referred by",
    )  # fmt: skip
    lines += table(header, rows)
    lines += ["", "## Notes", "", "What a reader of results should know of a measure."]
    for measure in measures:
        if measure.notes:
            lines += ["", f"**{measure.names.en}** (`{measure.id}`)", ""]
            lines += [f"- {note}" for note in measure.notes]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
