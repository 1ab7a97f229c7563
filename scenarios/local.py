"""Newer or own numbers laid over a place: ``--local FILE.toml``.

A file of such numbers looks like this::

    schema = 1

    [[numbers]]
    key = "margins.register_unemployed"     # as in the site file; lists are entered by id
    value = 1712
    date = "2026-03"
    source = "employment service statistics, March 2026"

``values`` stands for a row of numbers; ``low`` and ``high`` (or ``spread`` for a row), ``grade``
and ``unit`` may be given. The place remembers what was laid over it, so that results can say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from scenarios.borrow import is_number_table, lookup
from scenarios.errors import ScenarioError, Table, read_toml, suggestion, validate
from scenarios.fits import FITTED_BY
from scenarios.numbers import JUDGEMENT, Grade, Text
from scenarios.schema import Parameter, Site

Local = str | Path | Sequence[Mapping[str, Any]]  # a file, or the numbers themselves

# Which fitted parameters rest on which number: the moment that the number is the target of, and
# the parameters that calibration moved mostly to meet it (evidence/calibration_start.md). The fit
# is joint, so the others move a little too.
_OUTSIDERS = ("outsiders_0", "outsiders_1", "outsiders_2", "outsiders_3")
RESTS_ON = {
    "margins.residents": ("search_n", "n_to_a", "exit_to_outside"),
    "margins.filled_posts": ("exit_to_outside", "search_n", "standard"),
    "margins.in_commuter_share": _OUTSIDERS,
    "margins.work_here_share": _OUTSIDERS,
    "margins.register_unemployed": ("search_a", "n_to_a", "a_to_p", "a_to_n", "p_to_n"),
    "margins.survey_register_ratio": ("search_s", "search_n"),
    "margins.searching_share": ("a_to_p", "search_a"),
    "margins.register_long_term_share": ("search_a", "a_to_n", "p_to_n"),
    "durations.registered": ("search_a", "a_to_n", "p_to_n"),
    "contracts.started_three_months_share": ("short_posts", "search_employed"),
    "contracts.fixed_term_share": ("short_posts",),
    "vacancies.public_stock": ("standard", "give_up", "public_share"),
    "vacancies.public_opened": ("public_share", "short_posts", "search_employed"),
    "vacancies.public_days": ("standard", "give_up"),
}


class OwnNumber(Table):
    """One number, or one row, to be laid over a place."""

    key: Text
    value: float | None = None
    values: Annotated[list[float], Field(min_length=1)] | None = None
    unit: Text | None = None
    low: float | list[float] | None = None
    high: float | list[float] | None = None
    spread: Annotated[float, Field(gt=0)] | None = None
    grade: Grade = "A"
    date: Text
    source: Text

    @model_validator(mode="after")
    def _one(self) -> OwnNumber:
        if (self.value is None) == (self.values is None):
            raise ValueError("needs value for a number, or values for a row; give one of the two.")
        return self


class Numbers(Table):
    """A file of numbers."""

    numbers: Annotated[list[OwnNumber], Field(min_length=1)]


def lay_over(data: dict[str, Any], local: Local, problems: list[str]) -> str:
    """Lay numbers over the parsed data of a place, in place.

    Parameters
    ----------
    data
        Whole parsed data of the place; ``local`` is filled.
    local
        A file of numbers, or the numbers themselves.
    problems
        Grows by a sentence per problem.

    Returns
    -------
    The name under which sentences speak of the numbers.
    """
    if isinstance(local, str | Path):
        name = Path(local).name
        given = read_toml(local, problems)
    else:
        name, given = "own numbers", {"numbers": [dict(table) for table in local]}
    numbers = None if given is None else validate(Numbers, given, name, problems)
    laid: list[dict[str, Any]] = []
    known = list(_keys(data))
    for place, number in enumerate(numbers.numbers if numbers else [], 1):
        at = f"{name}: numbers[{place}]"
        table = lookup(data, number.key)
        if not is_number_table(table):
            problems.append(
                f"{at} has the unknown key '{number.key}'; " + suggestion(number.key, known)
            )
            continue
        row = "values" in table
        if row != (number.values is not None):
            want = "values, a list" if row else "value, one number"
            problems.append(f"{at} ({number.key}) must have {want}.")
            continue
        if number.unit is not None and number.unit != table["unit"]:
            problems.append(
                f"{at} ({number.key}) has the unit '{number.unit}', but must be in "
                f"'{table['unit']}'."
            )
            continue
        if row and len(number.values or []) != len(table["values"]):
            problems.append(
                f"{at} ({number.key}) has {len(number.values or [])} values, but must have "
                f"{len(table['values'])}."
            )
            continue
        if any(item["key"] == number.key for item in laid):
            problems.append(f"{at} gives '{number.key}' a second time; once is enough.")
            continue
        new = number.values if row else number.value
        what = "values" if row else "value"
        laid.append(
            {
                "key": number.key, "value": new, "unit": table["unit"], "date": number.date,
                "source": number.source, "before": table[what],
            }
        )  # fmt: skip
        spread = table.get("spread") if row and number.grade in JUDGEMENT else None
        for gone in ("low", "high", "spread", "note", "borrowed"):
            table.pop(gone, None)
        table.update({what: new, "year": number.date, "source": number.source,
                      "grade": number.grade})  # fmt: skip
        for bound in ("low", "high", "spread"):
            value = getattr(number, bound)
            if value is not None:
                table[bound] = value
        if spread is not None and "spread" not in table and "low" not in table:
            table["spread"] = spread
    if laid:
        data["local"] = laid
        shown = ", ".join(f"{item['key']} ({item['date']})" for item in laid)
        data["base_period"] = f"{data.get('base_period', '')}; own numbers: {shown}"
    return name


def check_numbers(path: str | Path) -> None:
    """Check the form of a file of numbers; whether the keys exist depends on the place.

    Raises
    ------
    ScenarioError
        With every problem of the file.
    """
    problems: list[str] = []
    given = read_toml(path, problems)
    if given is not None:
        validate(Numbers, given, path, problems)
    if problems:
        raise ScenarioError(problems)


def _keys(data: Any, before: str = "") -> list[str]:
    """Return the key paths of all numbers."""
    found: list[str] = []
    if isinstance(data, list):
        for item in data:
            if isinstance(item, dict) and "id" in item:
                found += _keys(item, f"{before}.{item['id']}")
    elif isinstance(data, dict):
        for name, item in data.items():
            key = f"{before}.{name}" if before else name
            found += [key] if is_number_table(item) else _keys(item, key)
    return found


def stale_parameters(site: Site) -> dict[str, list[str]]:
    """Return which fitted parameters of a place rest on numbers that were laid over.

    Returns
    -------
    Parameters by the key of the number; empty when nothing was laid over, or only numbers that no
    parameter was fitted to. A number of a kind that calibration takes as given (the structure of
    sectors, schooling or sizes) makes the whole fit older, and stands for every fitted parameter.
    """
    fitted = [name for name, number in site.parameters.items() if is_fitted(number)]
    found: dict[str, list[str]] = {}
    for number in site.local:
        if number.key.startswith(("benefits.", "parameters.")):
            continue
        rests = RESTS_ON.get(number.key)
        names = fitted if rests is None else [name for name in fitted if name in rests]
        if names:
            found[number.key] = names
    return found


def is_fitted(number: Parameter) -> bool:
    """Whether a parameter of a place was fitted, rather than judged or read from a source."""
    return number.source.startswith(FITTED_BY)


def local_lines(site: Site) -> list[str]:
    """Return the sentences that a result of a place with own numbers must show."""
    lines = []
    stale = stale_parameters(site)
    for number in site.local:
        lines.append(
            f"Own number: {number.key} = {_show(number.value)} {number.unit} ({number.date}; "
            f"{number.source}) instead of {_show(number.before)}."
        )
        if number.key in stale:
            names = stale[number.key]
            fitted = sum(is_fitted(item) for item in site.parameters.values())
            which = "all fitted parameters" if len(names) == fitted else ", ".join(names)
            lines.append(f"  Fitted to the old number, so stale until refitted: {which}.")
    return lines


def _show(value: float | list[float]) -> str:
    return f"{value:g}" if isinstance(value, int | float) else "[" + ", ".join(
        f"{item:g}" for item in value
    ) + "]"  # fmt: skip
