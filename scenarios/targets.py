"""The targets of a place: published quantities, what they are for, and how near is near enough.

The rows are those of ``evidence/targets.csv``. A quantity may have several rows (years, rival
sources); one of them is *chosen*: a row of the place's base period if the place states one that
goes before ``preferred`` (Kokkola), else the row marked ``preferred``. The others are spread.

Roles: ``input`` is built into the world and never counts as met; ``fit`` is calibrated on;
``check`` is compared but not fitted; ``context`` is background. Register and survey are different
populations: ``measured_as`` says which one a row counts.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from scenarios.errors import ScenarioError, suggestion

EVIDENCE = Path(__file__).parent / "evidence"
TARGETS = EVIDENCE / "targets.csv"

ROLES = ("input", "fit", "check", "context")
TIERS = ("local", "regional", "national", "eu", "recalled")
# relative half-width by tier where a row states none (evidence/README.md)
RELATIVE_TOLERANCE = {"local": 0.1, "regional": 0.2, "national": 0.3, "eu": 0.3, "recalled": 0.3}
COUNTRIES = {"fi": "fi", "nl": "nl", "bg": "bg", "pt": "pt"}
# base periods that go before ``preferred``: first and last month, both included
BASE_PERIODS = {"kokkola": ((2022, 11), (2023, 10))}
_COUNT_UNITS = ("persons", "jobs", "firms", "vacancies", "moves", "hires", "establishments")


@dataclass(frozen=True)
class Target:
    """One published quantity of a place.

    Attributes
    ----------
    site, quantity
        Place and quantity; ids as in the evidence.
    value
        The figure in ``unit``; None when the source only bounds it (``low``, ``high``).
    low, high
        Range of the source, or None.
    tolerance
        Half-width within which a simulated figure counts as met, in ``unit``; None without value.
    role
        ``input``, ``fit``, ``check`` or ``context``.
    grade, tier
        Quality letter (A to E) and where it was measured (local, regional, national, eu,
        recalled).
    year, source, url, note
        As in the evidence.
    measured_as
        How to measure it in the simulation (population, window).
    preferred, derived, fallback
        Marks of the evidence; a fallback is a rate or share of the country or of the EU.
    chosen
        Whether it is the row to use for its quantity.
    row
        Line of ``targets.csv``.
    """

    site: str
    quantity: str
    value: float | None
    unit: str
    low: float | None
    high: float | None
    tolerance: float | None
    role: str
    grade: str
    tier: str
    year: str
    source: str
    url: str
    measured_as: str
    preferred: bool
    derived: bool
    fallback: bool
    note: str
    row: int
    chosen: bool = False

    @property
    def counted(self) -> bool:
        """Whether the row counts among the targets met: chosen, fit or check, not recalled."""
        known = self.value is not None or self.low is not None or self.high is not None
        return self.chosen and known and self.role in ("fit", "check") and self.tier != "recalled"

    def bounds(self) -> tuple[float, float]:
        """Return the interval within which a simulated figure counts as met.

        The value and its tolerance; a row without a value is met between its bounds.
        """
        if self.value is not None and self.tolerance is not None:
            return self.value - self.tolerance, self.value + self.tolerance
        low = -float("inf") if self.low is None else self.low
        return low, float("inf") if self.high is None else self.high

    def met(self, simulated: float) -> bool:
        """Return whether a simulated figure, in ``unit``, lies within the bounds."""
        low, high = self.bounds()
        return low <= simulated <= high


def _months(year: str) -> tuple[int, int] | None:
    """Return first and last month (counted from year 0) that a year such as 2022Q3 covers."""
    found = re.findall(r"(\d{4})(?:-(\d{2})|-?Q(\d))?", year)
    spans = []
    for text, month, quarter in found:
        first = int(text) * 12
        if month:
            spans += [first + int(month) - 1] * 2
        elif quarter:
            spans += [first + 3 * int(quarter) - 3, first + 3 * int(quarter) - 1]
        else:
            spans += [first, first + 11]
    return (min(spans), max(spans)) if spans else None


def _overlap(year: str, period: tuple[tuple[int, int], tuple[int, int]]) -> int:
    span = _months(year)
    if span is None or span[1] - span[0] >= 24:  # a mean over many years is of no one period
        return 0
    (y0, m0), (y1, m1) = period
    return max(0, min(span[1], y1 * 12 + m1 - 1) - max(span[0], y0 * 12 + m0 - 1) + 1)


def read_targets(path: str | Path = TARGETS) -> list[Target]:
    """Read a table of targets and check every row.

    Parameters
    ----------
    path
        A CSV file with the columns of ``evidence/targets.csv``.

    Returns
    -------
    All rows in the order of the file.

    Raises
    ------
    ScenarioError
        With a sentence per problem, naming file and row.
    """
    path = Path(path)
    problems: list[str] = []
    found: list[Target] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (reader.fieldnames or [])]
            if missing:
                raise ScenarioError(
                    f"{path.name}: the column '{missing[0]}' is missing; the first line must name "
                    + ", ".join(_COLUMNS)
                    + "."
                )
            for line, row in enumerate(reader, 2):
                target = _target(row, f"{path.name}: row {line}", line, problems)
                if target is not None:
                    found.append(target)
    except FileNotFoundError:
        raise ScenarioError(f"{path}: the file does not exist; give a CSV of targets.") from None
    except UnicodeDecodeError:
        raise ScenarioError(f"{path.name}: the file is not UTF-8 text; save it as UTF-8.") from None
    if problems:
        raise ScenarioError(problems)
    return found


_COLUMNS = (
    "site_id", "quantity", "value", "unit", "low", "high", "year", "tier", "grade", "role",
    "measured_as", "tolerance", "preferred", "derived", "fallback", "source_title", "source_url",
    "note",
)  # fmt: skip


def _target(row: dict[str, str], at: str, line: int, problems: list[str]) -> Target | None:
    name = f"{row['site_id']}, {row['quantity']}"
    before = len(problems)
    if None in row or None in row.values():
        problems.append(f"{at} has {'more' if None in row else 'fewer'} cells than the first line.")
        return None
    numbers: dict[str, float | None] = {}
    for column in ("value", "low", "high", "tolerance"):
        text = row[column].strip()
        try:
            numbers[column] = float(text) if text else None
        except ValueError:
            problems.append(
                f"{at} ({name}) has {column} = '{text}', but must be a number or empty."
            )
            numbers[column] = None
    value, low, high = numbers["value"], numbers["low"], numbers["high"]
    for column, allowed in (("role", ROLES), ("tier", TIERS), ("grade", tuple("ABCDE"))):
        if row[column] not in allowed:
            problems.append(
                f"{at} ({name}) has {column} = '{row[column]}'; " + suggestion(row[column], allowed)
            )
    if len(problems) > before:
        return None
    if value is None and low is None and high is None:
        problems.append(f"{at} ({name}) has no value; give a value, or low or high as a bound.")
    if low is not None and high is not None and low > high:
        problems.append(f"{at} ({name}) has low = {low:g} above high = {high:g}.")
    if not row["unit"].strip():
        problems.append(f"{at} ({name}) has no unit; say percent, persons, days and so on.")
    share = row["unit"] == "percent" and row["quantity"].endswith("_share")
    for column in ("value", "low", "high"):
        number = numbers[column]
        if number is None:
            continue
        if share and not 0 <= number <= 100:
            problems.append(
                f"{at} ({name}) has {column} = {number:g} percent; a share is 0 to 100."
            )
        elif number < 0 and row["unit"] in _COUNT_UNITS:
            problems.append(f"{at} ({name}) has {column} = {number:g}; a count is not negative.")
    tolerance = numbers["tolerance"]
    if tolerance is not None and tolerance < 0:
        problems.append(f"{at} ({name}) has tolerance = {tolerance:g}; it must not be negative.")
    if len(problems) > before:
        return None
    if tolerance is None and value is not None:
        tolerance = RELATIVE_TOLERANCE[row["tier"]] * abs(value)
    return Target(
        site=row["site_id"], quantity=row["quantity"], value=value, unit=row["unit"], low=low,
        high=high, tolerance=tolerance, role=row["role"], grade=row["grade"], tier=row["tier"],
        year=row["year"], source=row["source_title"], url=row["source_url"],
        measured_as=row["measured_as"], preferred=row["preferred"] == "yes",
        derived=row["derived"] == "yes", fallback=row["fallback"] == "yes", note=row["note"],
        row=line,
    )  # fmt: skip


@lru_cache(maxsize=1)
def _shipped() -> tuple[Target, ...]:
    return tuple(read_targets())


def _choose(rows: list[Target], site_id: str) -> list[Target]:
    """Mark one row per quantity as chosen."""
    period = BASE_PERIODS.get(site_id)
    best: dict[str, tuple[tuple[int, bool, int], int]] = {}
    for place, row in enumerate(rows):
        months = _overlap(row.year, period) if period and row.tier != "eu" else 0
        rank = (months, row.preferred, -place)
        if months == 0 and not row.preferred:
            continue
        if row.quantity not in best or rank > best[row.quantity][0]:
            best[row.quantity] = (rank, place)
    chosen = {place for _, place in best.values()}
    return [replace(row, chosen=place in chosen) for place, row in enumerate(rows)]


def targets_of(site_id: str, like: str | None = None, path: str | Path = TARGETS) -> list[Target]:
    """Return the targets of a place, one of each quantity marked as chosen.

    Parameters
    ----------
    site_id
        Id of a place of the evidence (or of a country: ``fi``, ``nl``, ``bg``, ``pt``, ``eu27``).
    like
        For a place of one's own: the place from which rates and shares are borrowed. They come
        as fallbacks of one grade lower; counts are never borrowed.
    path
        The table.

    Returns
    -------
    Rows in the order of the file; empty for a place without rows and without ``like``.
    """
    table = _shipped() if Path(path) == TARGETS else read_targets(path)
    rows = [row for row in table if row.site == site_id]
    if not rows and like is not None:
        lower = {"A": "B", "B": "C", "C": "D", "D": "E", "E": "E"}
        rows = [
            replace(
                row,
                site=site_id,
                grade=lower[row.grade],
                fallback=True,
                note=f"borrowed from {like}. {row.note}".strip(),
            )
            for row in table
            if row.site == like and row.unit not in _COUNT_UNITS
        ]
    return _choose(rows, like if rows and rows[0].site != site_id and like else site_id)


def chosen(site_id: str, quantity: str) -> Target | None:
    """Return the row to use for a quantity of a place, or None when it has none."""
    for row in targets_of(site_id):
        if row.quantity == quantity and row.chosen:
            return row
    return None
