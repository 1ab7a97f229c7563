"""Numbers of scenario files: a value with unit, range, grade and source.

A number in a file is a table such as ``{value = 0.31, unit = "share", low = 0.28,
high = 0.34, grade = "B", source = "..."}``; a row of numbers has ``values``. Grades say where a
number comes from: A measured in this place, B its region or country, C published elsewhere,
D our judgement, E placeholder. Numbers graded D or E must carry a range. ``year`` says what period
a number is of; a number taken from another place names it in ``borrowed``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from scenarios.errors import Table

Grade = Literal["A", "B", "C", "D", "E"]
Text = Annotated[str, Field(min_length=1)]
JUDGEMENT = ("D", "E")


class Number(Table):
    """One number with unit, range, grade and source."""

    value: float
    unit: Text
    grade: Grade
    source: Text
    low: float | None = None
    high: float | None = None
    year: str = ""
    note: str = ""
    borrowed: str | None = None  # the place it was taken from; filled by the loader

    @model_validator(mode="after")
    def _range(self) -> Number:
        if self.low is not None and self.low > self.value:
            raise ValueError(f"has low = {self.low:g} above its value {self.value:g}.")
        if self.high is not None and self.high < self.value:
            raise ValueError(f"has high = {self.high:g} below its value {self.value:g}.")
        if self.grade in JUDGEMENT and (self.low is None or self.high is None):
            raise ValueError(
                f"has grade {self.grade}, so it needs both low and high: how far could it be off?"
            )
        return self

    def __float__(self) -> float:
        return self.value


class NumberRow(Table):
    """Several numbers with one unit, grade and source.

    The range is given by entry (``low`` and ``high`` lists) or as ``spread``, the relative
    half-width that holds for every entry.
    """

    values: Annotated[list[float], Field(min_length=1)]
    unit: Text
    grade: Grade
    source: Text
    low: list[float] | None = None
    high: list[float] | None = None
    spread: Annotated[float, Field(gt=0)] | None = None
    year: str = ""
    note: str = ""
    borrowed: str | None = None  # the place it was taken from; filled by the loader

    @model_validator(mode="after")
    def _range(self) -> NumberRow:
        wrong = []
        for name, bound, sign in (("low", self.low, 1), ("high", self.high, -1)):
            if bound is None:
                continue
            if len(bound) != len(self.values):
                wrong.append(f"has {len(bound)} entries in {name}, but {len(self.values)} values.")
            elif any(sign * (b - v) > 0 for b, v in zip(bound, self.values, strict=True)):
                side = "above" if sign > 0 else "below"
                wrong.append(f"has an entry of {name} {side} its value.")
        no_range = self.spread is None and (self.low is None or self.high is None)
        if self.grade in JUDGEMENT and no_range:
            wrong.append(
                f"has grade {self.grade}, so it needs spread (or low and high): "
                "how far could it be off?"
            )
        if wrong:
            raise ValueError("\n".join(wrong))
        return self

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int) -> float:
        return self.values[index]


class _Check(AfterValidator):
    """A validator that also says in words what it wants (for 'is missing')."""

    def __init__(self, func: Callable, words: str) -> None:
        super().__init__(func)
        object.__setattr__(self, "words", words)


def _outside(value: float, low: float | None, high: float | None) -> str | None:
    if low is not None and value < low:
        return f"is {value:g}, but must not be below {low:g}."
    if high is not None and value > high:
        return f"is {value:g}, but must not be above {high:g}."
    return None


def _unit_problem(given: str, unit: str) -> str:
    return f"has the unit '{given}', but must be in '{unit}'."


def is_number(unit: str, low: float | None = None, high: float | None = None) -> _Check:
    """Return the check of a number with a fixed unit and bounds on value, low and high.

    Used as ``Annotated[Number, is_number("share", 0, 1)]``.

    Parameters
    ----------
    unit
        The only unit allowed.
    low, high
        Bounds on the value and on its range.
    """

    def check(item: Number) -> Number:
        wrong = []
        if item.unit != unit:
            wrong.append(_unit_problem(item.unit, unit))
        for value in (item.value, item.low, item.high):
            problem = None if value is None else _outside(value, low, high)
            if problem and problem not in wrong:
                wrong.append(problem)
        if wrong:
            raise ValueError("\n".join(wrong))
        return item

    return _Check(check, f"a table {{value, unit = '{unit}', low, high, grade, source}}")


def number(unit: str, low: float | None = None, high: float | None = None) -> type[Number]:
    """Return the type of a number with a fixed unit and bounds, see :func:`is_number`."""
    return Annotated[Number, is_number(unit, low, high)]  # type: ignore[return-value]


def is_row(
    unit: str,
    entries: int | None = None,
    low: float | None = None,
    high: float | None = None,
    total: float | None = None,
    tolerance: float = 0.002,
) -> _Check:
    """Return the check of a row of numbers with fixed unit, length, bounds and sum.

    Used as ``Annotated[NumberRow, is_row("share", 12, 0, 1, total=1)]``.

    Parameters
    ----------
    unit
        The only unit allowed.
    entries
        Number of entries, or None for any.
    low, high
        Bounds on every value.
    total, tolerance
        The sum that the values must have, within the tolerance.
    """

    def check(row: NumberRow) -> NumberRow:
        wrong = []
        if row.unit != unit:
            wrong.append(_unit_problem(row.unit, unit))
        if entries is not None and len(row.values) != entries:
            wrong.append(f"has {len(row.values)} values, but must have {entries}.")
        for place, value in enumerate(row.values, 1):
            problem = _outside(value, low, high)
            if problem:
                wrong.append(f"(entry {place}) {problem}")
        if total is not None and abs(sum(row.values) - total) > tolerance:
            wrong.append(
                f"has values that sum to {sum(row.values):.4g}, but they must sum to {total:g}."
            )
        if wrong:
            raise ValueError("\n".join(wrong))
        return row

    return _Check(check, f"a table {{values = [...], unit = '{unit}', grade, source}}")


Share = Annotated[Number, is_number("share", 0.0, 1.0)]
Persons = Annotated[Number, is_number("persons", 0.0)]
Posts = Annotated[Number, is_number("posts", 0.0)]
Months = Annotated[Number, is_number("months", 0.0)]
Years = Annotated[Number, is_number("years", 0.0)]
Euro = Annotated[Number, is_number("EUR", 0.0)]
EuroPerMonth = Annotated[Number, is_number("EUR per month", 0.0)]
Rate = Annotated[Number, is_number("per month", 0.0)]
Ratio = Annotated[Number, is_number("ratio", 0.0)]
