"""Stored fits: how well each shipped place meets its targets, as calibration measured it.

``scenarios/sites/fits/<id>.json`` holds a list of rows ``quantity, role, met, target, simulated,
low, high, source``: ``role`` is ``fit`` (calibrated on), ``check`` (held apart) or ``context``;
``low`` and ``high`` bound what counts as met; missing values are null.
``vacancy-chains calibrate SITE --write`` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scenarios.errors import ScenarioError

FITS = Path(__file__).parent / "sites" / "fits"
# how the source of a parameter begins that a fit has written into a site file
FITTED_BY = ("posterior mean of vacancy-chains calibrate", "fitted by calibration.moments")
COLUMNS = ("quantity", "role", "met", "target", "simulated", "low", "high", "source")


def read_fit(site_id: str, folder: Path = FITS) -> list[dict[str, Any]]:
    """Return the rows of a place's stored fit, none when it was never fitted.

    Raises
    ------
    ScenarioError
        When the file is damaged or a row lacks a column.
    """
    path = folder / f"{site_id}.json"
    if not path.is_file():
        return []
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise ScenarioError(f"{path.name}: not JSON; write it anew with calibration.") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ScenarioError(f"{path.name}: must hold a list of rows, one per target.")
    for number, row in enumerate(rows, 1):
        for name in COLUMNS:
            if name not in row:
                raise ScenarioError(f"{path.name}: row {number} lacks '{name}'.")
    return rows


def store_fit(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the rows of a fit."""
    data = [{name: row[name] for name in COLUMNS} for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
