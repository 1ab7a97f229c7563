"""Find, read and check site files and the file of behavioural parameters.

A file may say ``like = "kokkola"`` and only what it knows itself; the rest is borrowed and marked
(:mod:`scenarios.borrow`), or derived from ten numbers (:mod:`scenarios.template`).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from scenarios.borrow import borrow, fit_together, scale_counts
from scenarios.conditions import Clause
from scenarios.errors import (
    ScenarioError,
    is_file,
    read_toml,
    suggestion,
    unknown_name,
    validate,
)
from scenarios.local import Local, lay_over
from scenarios.schema import Parameter, Site, cross_problems
from scenarios.template import apply_ten

FOLDER = Path(__file__).parent
SITES = FOLDER / "sites"
PARAMETERS = FOLDER / "parameters.toml"
TEMPLATE = "template"  # an example to copy, no place


def shipped_sites() -> list[str]:
    """Return the names of the shipped places in alphabetical order."""
    return sorted(path.stem for path in SITES.glob("*.toml") if path.stem != TEMPLATE)


def site_path(name_or_path: str | Path) -> Path:
    """Return the file of a shipped place or of a path.

    Raises
    ------
    ScenarioError
        When there is no such place or file.
    """
    text = str(name_or_path)
    shipped = SITES / f"{text}.toml"
    if text in shipped_sites():
        return shipped
    path = Path(name_or_path)
    looks_like_path = path.suffix == ".toml" or len(path.parts) > 1
    if looks_like_path or is_file(path):
        if is_file(path):
            return path
        raise ScenarioError(f"{path}: the file does not exist; give a shipped place or a file.")
    raise ScenarioError(f"There is no place called '{text}'; " + suggestion(text, shipped_sites()))


def load_site(name_or_path: str | Path, local: Local | None = None) -> Site:
    """Load a place by its shipped name or from a file.

    Parameters
    ----------
    name_or_path
        ``"kokkola"`` or the path of a TOML file.
    local
        Newer or own numbers laid over the place: a file, or the numbers themselves
        (:mod:`scenarios.local`).

    Returns
    -------
    The checked place.

    Raises
    ------
    ScenarioError
        With every problem of the files in ``problems``.
    """
    path = site_path(name_or_path)
    problems: list[str] = []
    named = path.name
    data = read_toml(path, problems)
    site = None
    if data is not None:
        for key in ("local", "borrowed"):  # filled here, no keys of a file
            if key in data:
                problems.append(f"{path.name}: unknown key '{key}'; leave it out.")
                del data[key]
        likes = "like" in data
        data = _whole(data, path, problems)
        if local is not None:
            named += f" with {lay_over(data, local, problems)}"
        if likes or local is not None:
            fit_together(data)
        site = validate(Site, data, path, problems)
        problems.extend(_parameter_problems(path, data))
    if site is not None:
        problems.extend(f"{named}: {problem}" for problem in cross_problems(site))
        problems.extend(_name_problems(path, site))
    if problems or site is None:
        raise ScenarioError(list(dict.fromkeys(problems)))
    return site


def _whole(
    data: dict[str, Any], path: Path, problems: list[str], seen: tuple[Path, ...] = ()
) -> dict[str, Any]:
    """Return the data of a place with what it borrows from the place that it is like."""
    like = data.get("like")
    if like is None:
        if "ten" in data:
            problems.append(f'{path.name}: [ten] needs like = "...": whom to borrow the rest from.')
        return {key: value for key, value in data.items() if key != "ten"}
    if not isinstance(like, str):
        problems.append(f'{path.name}: like must be the name of a place, such as "kokkola".')
        return data
    try:
        other = path.parent / like if like.endswith(".toml") else site_path(like)
    except ScenarioError as error:
        problems.extend(f"{path.name}: like: {problem}" for problem in error.problems)
        return data
    if other.resolve() in (path.resolve(), *seen):
        problems.append(f"{path.name}: like = '{like}' leads back to itself; name another place.")
        return data
    found = read_toml(other, problems)
    if found is None:
        return data
    base = _whole(found, other, problems, (*seen, path.resolve()))
    validate(Site, base, other, problems)
    if problems:  # what cannot be read cannot be borrowed
        return data
    whole = borrow(data, copy.deepcopy(base))
    if "ten" in whole:
        share = default_parameters()["public_share"].value
        share = value if (value := _parameter(base, "public_share")) is not None else share
        given = _parameter(data, "public_share")
        ten = whole.pop("ten")
        apply_ten(ten, whole, base, share if given is None else given, path, problems)
    scale_counts(whole, data, base)
    return whole


def _parameter(data: dict[str, Any], name: str) -> float | None:
    table = data.get("parameters", {}).get(name, {})
    value = table.get("value") if isinstance(table, dict) else None
    return float(value) if isinstance(value, int | float) else None


def _clauses(site: Site) -> Iterator[tuple[str, Clause]]:
    for place, group in enumerate(site.groups, 1):
        for number, clause in enumerate(group.any, 1):
            yield f"groups[{place}].any[{number}]", clause


def _name_problems(path: Path, site: Site) -> list[str]:
    wrong = []
    groups = [group.id for group in site.groups]
    if site.target not in groups:
        wrong.append(unknown_name(path, "target", "group", site.target, groups))
    for sector in site.season.sectors or []:
        if sector not in site.sector_ids:
            wrong.append(unknown_name(path, "season.sectors", "sector", sector, site.sector_ids))
    for place, employer in enumerate(site.employers, 1):
        for sector in employer.sectors:
            if sector not in site.sector_ids:
                key = f"employers[{place}].sectors"
                wrong.append(unknown_name(path, key, "sector", sector, site.sector_ids))
    for key, clause in _clauses(site):
        for field in ("barriers_any", "barriers_all"):
            for name in getattr(clause, field) or []:
                if name not in site.barrier_ids:
                    wrong.append(
                        unknown_name(path, f"{key}.{field}", "barrier", name, site.barrier_ids)
                    )
        for name in clause.sectors or []:
            if name not in site.sector_ids:
                wrong.append(unknown_name(path, f"{key}.sectors", "sector", name, site.sector_ids))
    return wrong


def _parameter_problems(path: Path, data: dict) -> list[str]:
    """Check the overrides of a site file against the list of parameters."""
    given = data.get("parameters")
    if not isinstance(given, dict):
        return []
    wrong = []
    known = default_parameters()
    for name, table in given.items():
        if name not in known:
            wrong.append(
                f"{path.name}: unknown parameter '{name}' in [parameters]; "
                + suggestion(name, known)
            )
            continue
        unit = table.get("unit") if isinstance(table, dict) else None
        value = table.get("value") if isinstance(table, dict) else None
        if isinstance(unit, str) and unit != known[name].unit:
            wrong.append(
                f"{path.name}: parameters.{name} has the unit '{unit}', but must be in "
                f"'{known[name].unit}'."
            )
        elif isinstance(value, int | float):
            wrong.extend(_outside_evidence(path, name, float(value), known[name]))
    return wrong


def _outside_evidence(path: Path, name: str, value: float, default: Parameter) -> list[str]:
    low, high = default.low, default.high
    if low is not None and value < low or high is not None and value > high:
        return [
            f"{path.name}: parameters.{name} is {value:g}, outside the range of its evidence, "
            f"{low:g} to {high:g}."
        ]
    return []


def read_parameters(path: str | Path) -> dict[str, Parameter]:
    """Read a file of parameters: tables ``[group.name]``, each a number with role and meaning.

    Returns
    -------
    Parameters by name in the order of the file.
    """
    problems: list[str] = []
    data = read_toml(path, problems)
    found: dict[str, Parameter] = {}
    for group, tables in (data or {}).items():
        if not isinstance(tables, dict):
            problems.append(
                f"{Path(path).name}: {group} is no table; write parameters as [group.name]."
            )
            continue
        for name, table in tables.items():
            if name in found:
                problems.append(
                    f"{Path(path).name}: the parameter '{name}' stands in two groups; "
                    "names must differ."
                )
            item = validate(Parameter, table, path, problems, (group, name))
            if item is not None:
                found[name] = item
    if problems:
        raise ScenarioError(problems)
    return found


@lru_cache(maxsize=1)
def default_parameters() -> dict[str, Parameter]:
    """Return the parameters of every place (do not change the dictionary)."""
    return read_parameters(PARAMETERS)


def load_parameters(site: Site | None = None) -> dict[str, Parameter]:
    """Return all behavioural parameters of a place, in the order of the file.

    Parameters
    ----------
    site
        The place whose overrides count; None for the values of every place.

    Examples
    --------
    >>> values = {name: float(number) for name, number in load_parameters().items()}
    """
    merged = dict(default_parameters())
    if site is None:
        return merged
    for name, override in site.parameters.items():
        if name not in merged:
            raise ScenarioError(
                f"{site.id}: unknown parameter '{name}'; " + suggestion(name, merged)
            )
        default = merged[name]
        merged[name] = override.model_copy(
            update={
                "role": default.role,
                "meaning": default.meaning,
                "low": override.low if override.low is not None else default.low,
                "high": override.high if override.high is not None else default.high,
            }
        )
    return merged
