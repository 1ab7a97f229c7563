"""How many numbers carry each evidence grade: the one count behind every "judged" share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from scenarios.numbers import Number
from scenarios.schema import Site

GRADES = "ABCDE"
JUDGED = "DE"  # our judgement, placeholder


def count_grades(data: Any) -> dict[str, int]:
    """Count the numbers of each evidence grade in a file's tables.

    Examples
    --------
    >>> count_grades({"a": {"value": 1, "grade": "B"}, "b": [{"grade": "D"}, {"grade": "D"}]})
    {'A': 0, 'B': 1, 'C': 0, 'D': 2, 'E': 0}
    """
    found = Counter(_grades_in(data))
    return {grade: found[grade] for grade in GRADES}


def site_grades(site: Site, parameters: Mapping[str, Number]) -> dict[str, int]:
    """Count the numbers behind a place: those of its file and those of behaviour there."""
    own = {name: number.model_dump() for name, number in parameters.items()}
    return count_grades([site.model_dump(exclude={"parameters"}), own])


def judged(counts: Mapping[str, int]) -> tuple[int, int]:
    """Return how many numbers rest on judgement or stand in (D and E), and how many there are."""
    return sum(counts[grade] for grade in JUDGED), sum(counts.values())


def _grades_in(data: Any) -> Iterable[str]:
    if isinstance(data, dict):
        if data.get("grade") in tuple(GRADES):
            yield data["grade"]
        for value in data.values():
            yield from _grades_in(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _grades_in(value)
