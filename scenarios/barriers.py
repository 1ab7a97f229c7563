"""The barriers that the project found, and what stands for each in the model.

``barriers.toml`` maps every barrier row of ``evidence/measures.csv`` to flags, numbers,
parameters and partners; tests hold that each is there in the places where it was found.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from scenarios.errors import ScenarioError, Table, read_toml, unknown_name, validate
from scenarios.loader import default_parameters, shipped_sites
from scenarios.measures import evidence_ids
from scenarios.numbers import Text

FILE = Path(__file__).parent / "barriers.toml"
EVERYWHERE = "all"


class BarrierRow(Table):
    """Where a barrier was found and what stands for it."""

    places: list[Text]
    keys: list[Text] = []
    parameters: list[Text] = []
    partners: list[Text] = []
    stands_for: Text

    def found_in(self, site_id: str) -> bool:
        """Whether the barrier is present in a place."""
        return EVERYWHERE in self.places or site_id in self.places


@lru_cache(maxsize=1)
def barrier_rows() -> dict[str, BarrierRow]:
    """Return what stands for each barrier row of the evidence (do not change the dictionary)."""
    return read_barriers(FILE)


def read_barriers(path: str | Path) -> dict[str, BarrierRow]:
    """Read a file of barrier rows.

    Raises
    ------
    ScenarioError
        When the file names an unknown row, place or parameter.
    """
    problems: list[str] = []
    rows: dict[str, BarrierRow] = {}
    known = [name for name in evidence_ids("measures", "measure_id") if name.startswith("BR")]
    for name, table in (read_toml(path, problems) or {}).items():
        if name not in known:
            problems.append(unknown_name(path, name, "barrier row", name, known))
            continue
        row = validate(BarrierRow, table, path, problems, (name,))
        if row is None:
            continue
        rows[name] = row
        for place in row.places:
            if place not in (EVERYWHERE, *shipped_sites()):
                problems.append(
                    unknown_name(path, f"{name}.places", "place", place, shipped_sites())
                )
        for parameter in row.parameters:
            if parameter not in default_parameters():
                problems.append(
                    unknown_name(
                        path, f"{name}.parameters", "parameter", parameter, default_parameters()
                    )
                )
    if problems:
        raise ScenarioError(problems)
    return rows
