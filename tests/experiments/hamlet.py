"""A hamlet: Kokkola's file with a twentieth of its people and posts, so that tests are quick."""

from __future__ import annotations

from pathlib import Path

import tomli_w

from scenarios import load_site

PART = 20
COUNTS = {"persons", "posts", "vacancies", "vacancies per month", "persons per month"}


def shrunk(data: object) -> object:
    """Return data with every count divided, and nothing that is None."""
    if isinstance(data, dict):
        made = {key: shrunk(value) for key, value in data.items() if value is not None}
        if made.get("unit") in COUNTS:
            for key in ("value", "low", "high"):
                if key in made:
                    made[key] = made[key] / PART
            for key in ("values",):
                if key in made:
                    made[key] = [value / PART for value in made[key]]
        return made
    if isinstance(data, list | tuple):
        return [shrunk(value) for value in data]
    return data


def write_hamlet(path: Path) -> Path:
    """Write the hamlet's site file; its id stays, so that Kokkola's mix fits."""
    site = load_site("kokkola")
    data = shrunk(site.model_dump(mode="json", exclude={"local", "borrowed"}))
    path.write_bytes(tomli_w.dumps({"schema": 1, **data}).encode())
    return path
