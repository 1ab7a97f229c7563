"""Rows of the lists of what is shipped: places, measures, mixes."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import scenarios
from scenarios.loader import load_parameters, load_site, shipped_sites
from scenarios.measures import Measure, Mix, load_measure, load_mix, shipped_measures, shipped_mixes

EVIDENCE = Path(scenarios.__file__).parent / "evidence"
GRADES = "ABCDE"
Row = dict[str, Any]


def grades(data: Any) -> dict[str, int]:
    """Count the numbers of each evidence grade in a file's tables.

    Examples
    --------
    >>> grades({"a": {"value": 1, "grade": "B"}, "b": [{"grade": "D"}, {"grade": "D"}]})
    {'A': 0, 'B': 1, 'C': 0, 'D': 2, 'E': 0}
    """
    found = Counter(_grades_in(data))
    return {grade: found[grade] for grade in GRADES}


def _grades_in(data: Any) -> Iterable[str]:
    if isinstance(data, dict):
        if data.get("grade") in tuple(GRADES):
            yield data["grade"]
        for value in data.values():
            yield from _grades_in(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _grades_in(value)


def judged(counts: dict[str, int]) -> float | None:
    """Return the share of numbers that rest on judgement or are placeholders (D and E)."""
    total = sum(counts.values())
    return (counts["D"] + counts["E"]) / total if total else None


def fit_targets(site_id: str) -> int:
    """Return how many targets the evidence holds to which a place is to be fitted."""
    with (EVIDENCE / "targets.csv").open(encoding="utf-8", newline="") as file:
        return sum(
            row["site_id"] == site_id
            and row["role"] == "fit"
            and row["preferred"] == "yes"
            and row["tier"] != "recalled"
            for row in csv.DictReader(file)
        )


def site_rows() -> list[Row]:
    """Return one row per shipped place; ``targets_met`` is null until the place is fitted."""
    rows = []
    for name in shipped_sites():
        site = load_site(name)
        own = {key: number.model_dump() for key, number in load_parameters(site).items()}
        counts = grades([site.model_dump(exclude={"parameters"}), own])
        rows.append(
            {
                "id": site.id,
                "name": site.name("en"),
                "country": site.country,
                "base_period": site.base_period,
                "default_mix": site.default_mix,
                "today": site.today,
                "mixes": shipped_mixes(site.id),
                "grades": counts,
                "share_judged": judged(counts),
                "targets": fit_targets(site.id),
                "targets_met": None,
            }
        )
    return rows


def measure_rows() -> list[Row]:
    """Return one row per shipped measure; ``rows`` are the ids of the evidence it expresses."""
    return [_measure_row(load_measure(name)) for name in shipped_measures()]


def _measure_row(measure: Measure) -> Row:
    counts = grades(measure.model_dump())
    return {
        "id": measure.id,
        "name": measure.names.en,
        "kind": measure.kind,
        "rows": list(measure.rows),
        "answers": list(measure.answers),
        "hypothetical": measure.hypothetical,
        "levers": sorted({lever.lever for lever in measure.levers}),
        "effect_published": any(lever.published for lever in measure.levers),
        "grades": counts,
        "share_judged": judged(counts),
    }


def mix_rows() -> list[Row]:
    """Return one row per shipped mix, the empty one first."""
    return [_mix_row(load_mix(name)) for name in shipped_mixes()]


def _mix_row(mix: Mix) -> Row:
    return {
        "id": mix.id,
        "name": mix.names.en,
        "site": mix.site,
        "summary": mix.summary,
        "measures": {name: dose.dose for name, dose in mix.measures.items()},
        "hypothetical": list(mix.hypothetical),
    }
