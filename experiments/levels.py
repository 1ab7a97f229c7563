"""Named levels of measures, and mixes as the text of a mix file: for the page and ``optimise``."""

from __future__ import annotations

import functools
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scenarios.measures import Dose, Measure, Mix, shipped_measures
from scenarios.numbers import Number

FILE = Path(__file__).with_name("levels.toml")


@functools.cache
def levels() -> dict[str, Any]:
    """Return the named levels and what they take (``levels.toml``)."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def mix_text(mix: Mix, doses: Mapping[str, Dose], about: Sequence[str]) -> str:
    """Return a mix as the text of a mix file that ``compare --mix`` accepts.

    Parameters
    ----------
    doses
        What the mix adds to the services of today, or changes; dose zero takes one away.
    about
        Lines of the comment at the top.
    """
    hypothetical = [name for name in doses if name in mix.files and mix.files[name].hypothetical]
    lines = [
        *(f"# {line}" for line in about),
        "schema = 1",
        f"id = {_quoted(mix.id)}",
        f"site = {_quoted(mix.site or '')}",
        f"names = {{ en = {_quoted(mix.names.en)} }}",
        f"summary = {_quoted(mix.summary)}",
        f"hypothetical = {json.dumps(hypothetical)}",
    ]
    if mix.base is not None:
        lines.append(f"base = {_quoted(mix.base)}")
    for name, dose in doses.items():
        lines += ["", f"[measures.{name}]", f"dose = {float(dose.dose)!r}"]
        if dose.dose > 0:
            lines += [f"start_month = {dose.start_month}", f"strength = {_quoted(dose.strength)}"]
        if dose.months is not None:
            lines.append(f"months = {dose.months}")
        if dose.capacity is not None:
            lines.append(f"capacity = {_table(dose.capacity)}")
    for name in doses:
        if name not in shipped_measures() and name in mix.files:
            lines += ["", f"[own.{name}]", *_own_lines(mix.files[name])]
    for kind, change in mix.partners.items():
        lines += ["", f"[partners.{kind}]", f"takes_part = {str(change.takes_part).lower()}"]
        if change.capacity is not None:
            lines.append(f"capacity = {_table(change.capacity)}")
    return "\n".join(lines) + "\n"


def _own_lines(measure: Measure) -> list[str]:
    """Return the keys of a measure that ships with nobody, for the mix file that defines it."""
    given = measure.model_dump(exclude_defaults=True, exclude={"id"})
    given.setdefault("rows", [])
    return [f"{key} = {_inline(value)}" for key, value in given.items()]


def _inline(value: Any) -> str:
    """Return a value of a table as TOML on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        parts = [f"{k} = {_inline(v)}" for k, v in value.items() if v is not None]
        return "{ " + ", ".join(parts) + " }"
    if isinstance(value, Sequence):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    return repr(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _table(number: Number) -> str:
    given = number.model_dump(exclude_none=True)
    parts = [f"{k} = {_quoted(v) if isinstance(v, str) else repr(v)}" for k, v in given.items()]
    return "{ " + ", ".join(parts) + " }"
