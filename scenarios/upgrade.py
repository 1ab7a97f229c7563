"""Scenario files of older schemas: read as they are, or rewritten by ``check --upgrade``.

``STEPS`` holds what changed from each schema to the next, as renamed keys. A reader applies the
steps to the parsed data and says so once; ``check --upgrade`` applies them to the text, line by
line, so that comments, order and layout stay. See ``docs/carrying_on.md`` for how to add a step.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeGuard

SCHEMA = 1  # version of all scenario files


class Rename(NamedTuple):
    """A key that got another name.

    Attributes
    ----------
    table : tuple of str
        Names of the tables around the key; ``"*"`` stands for any name, an entry of a list of
        tables counts as its list. Names as they are after the renamings before this one.
    old, new : str
        The key before and after.
    """

    table: tuple[str, ...]
    old: str
    new: str


# by schema: how its files become files of the next one
STEPS: dict[int, tuple[Rename, ...]] = {
    0: (Rename((), "place", "site"),),
}


def older(version: Any) -> TypeGuard[int]:
    """Whether files of a schema can be read by way of the steps."""
    return type(version) is int and version < SCHEMA and version in STEPS  # true is an int too


def upgraded(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parsed data of an older file as the current schema has them.

    Keys keep their order, since the order of measures counts.
    """
    found = dict(data)
    version = found.get("schema")
    while older(version):
        for step in STEPS[version]:
            found = _renamed(found, step.table, step)
        version += 1
        found["schema"] = version
    return found


def _renamed(value: Any, way: Sequence[str], step: Rename) -> Any:
    if isinstance(value, list):
        return [_renamed(item, way, step) for item in value]
    if not isinstance(value, dict):
        return value
    if way:
        return {
            key: _renamed(item, way[1:], step) if way[0] in (key, "*") else item
            for key, item in value.items()
        }
    if step.new in value:  # both names: leave the old one for the reader to refuse
        return value
    return {step.new if key == step.old else key: item for key, item in value.items()}


def upgraded_text(text: str) -> str | None:
    """Return the text of an older file in the current schema, comments and layout kept.

    Returns
    -------
    The new text, or None where the keys stand in a way that only a person can change (in tables
    written on one line, for example). What is returned holds what :func:`upgraded` gives.

    Raises
    ------
    tomllib.TOMLDecodeError
        When the text is not TOML.
    """
    data = tomllib.loads(text)
    wanted, version = upgraded(data), data.get("schema")
    lines = text.split("\n")
    while older(version):
        for step in STEPS[version]:
            lines = list(_renamed_lines(lines, step))
        version += 1
        lines = list(_numbered(lines, version))
    made = "\n".join(lines)
    try:
        return made if tomllib.loads(made) == wanted else None
    except tomllib.TOMLDecodeError:
        return None


_HEADER = re.compile(r"^\s*\[{1,2}\s*([^\[\]]+?)\s*\]{1,2}")
_SCHEMA = re.compile(r"^(\s*schema\s*=\s*)\d+")


def _renamed_lines(lines: list[str], step: Rename) -> Iterator[str]:
    """Rename a key in its own table and in the headers that go through it."""
    depth = len(step.table)
    key = re.compile(rf"^(\s*)(['\"]?){re.escape(step.old)}\2(?=\s*[.=])")
    here: list[str] = []
    for line in lines:
        header = _HEADER.match(line)
        if header:
            here = [part.strip().strip("'\"") for part in header[1].split(".")]
            if len(here) > depth and here[depth] == step.old and _fits(here[:depth], step.table):
                here[depth] = step.new
                yield line[: header.start(1)] + ".".join(here) + line[header.end(1) :]
                continue
        elif len(here) == depth and _fits(here, step.table):
            line = key.sub(rf"\g<1>{step.new}", line, count=1)
        yield line


def _fits(names: Sequence[str], table: Sequence[str]) -> bool:
    return all(wanted in (name, "*") for name, wanted in zip(names, table, strict=True))


def _numbered(lines: list[str], version: int) -> Iterator[str]:
    """Write the number of the schema, which stands before the first table."""
    done = False
    for line in lines:
        if not done and _SCHEMA.match(line):
            line, done = _SCHEMA.sub(rf"\g<1>{version}", line), True
        yield line


def changes(version: int) -> str:
    """Say in words what the steps from a schema to the current one rename."""
    told = []
    while older(version):
        told += [f"{'.'.join((*s.table, s.old))} is now {s.new}" for s in STEPS[version]]
        version += 1
    return ", ".join(told)
