"""Rows of the lists of what is shipped: places, measures, mixes."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import scenarios
from scenarios.fits import read_fit
from scenarios.grades import count_grades, judged, site_grades
from scenarios.loader import load_parameters, load_site, shipped_sites
from scenarios.measures import Measure, Mix, load_measure, load_mix, shipped_measures, shipped_mixes
from scenarios.surroundings import load_surroundings, shipped_surroundings

EVIDENCE = Path(scenarios.__file__).parent / "evidence"
Row = dict[str, Any]


def share_judged(counts: dict[str, int]) -> float | None:
    """Return the share of numbers that rest on judgement or stand in (D and E)."""
    some, every = judged(counts)
    return some / every if every else None


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


def fit_of(site_id: str) -> tuple[int, int | None]:
    """Return how many targets a place is fitted to, and how many are met (None: not fitted).

    Counted are the rows of role ``fit`` in the place's stored table that have a target of their
    own with a source: none that is recalled from memory or borrowed from another country.
    """
    rows = [
        row
        for row in read_fit(site_id)
        if row["role"] == "fit"
        and row["target"] is not None
        and row["source"]
        and not any(word in row["source"].lower() for word in ("recalled", "borrowed"))
    ]
    if not rows:
        return fit_targets(site_id), None
    return len(rows), sum(row["met"] is True for row in rows)


def site_rows() -> list[Row]:
    """Return one row per shipped place; ``targets_met`` is null until a fit is stored."""
    rows = []
    for name in shipped_sites():
        site = load_site(name)
        counts = site_grades(site, load_parameters(site))
        targets, met = fit_of(site.id)
        rows.append(
            {
                "id": site.id,
                "name": site.name("en"),
                "country": site.country,
                "base_period": site.base_period,
                "default_mix": site.default_mix,
                "today": site.today,
                "mixes": shipped_mixes(site.id),
                "surroundings": shipped_surroundings(site.id),
                "grades": counts,
                "share_judged": share_judged(counts),
                "targets": targets,
                "targets_met": met,
            }
        )
    return rows


def surroundings_rows() -> list[Row]:
    """Return one row per shipped surroundings."""
    rows = []
    for name in shipped_surroundings():
        found = load_surroundings(name)
        rows.append(
            {
                "id": found.id,
                "name": found.names.en,
                "site": found.site,
                "summary": found.summary,
                "grades": sorted(set(found.grades())),
            }
        )
    return rows


def measure_rows() -> list[Row]:
    """Return one row per shipped measure; ``rows`` are the ids of the evidence it expresses."""
    return [_measure_row(load_measure(name)) for name in shipped_measures()]


def _measure_row(measure: Measure) -> Row:
    counts = count_grades(measure.model_dump())
    return {
        "id": measure.id,
        "name": measure.names.en,
        "kind": measure.kind,
        "rows": list(measure.rows),
        "answers": list(measure.answers),
        "hypothetical": measure.hypothetical,
        "levers": sorted({lever.lever for lever in measure.levers}),
        "effect_published": measure.effect_published,
        "notes": list(measure.notes),
        "grades": counts,
        "share_judged": share_judged(counts),
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
