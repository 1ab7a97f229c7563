"""Find, read and check site files and the file of behavioural parameters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from scenarios.conditions import Clause
from scenarios.errors import (
    ScenarioError,
    read_toml,
    suggestion,
    unknown_name,
    validate,
)
from scenarios.schema import Parameter, Site, cross_problems

FOLDER = Path(__file__).parent
SITES = FOLDER / "sites"
PARAMETERS = FOLDER / "parameters.toml"


def shipped_sites() -> list[str]:
    """Return the names of the shipped places in alphabetical order."""
    return sorted(path.stem for path in SITES.glob("*.toml"))


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
    if looks_like_path or path.is_file():
        if path.is_file():
            return path
        raise ScenarioError(f"{path}: the file does not exist; give a shipped place or a file.")
    raise ScenarioError(f"There is no place called '{text}'; " + suggestion(text, shipped_sites()))


def load_site(name_or_path: str | Path) -> Site:
    """Load a place by its shipped name or from a file.

    Parameters
    ----------
    name_or_path
        ``"kokkola"`` or the path of a TOML file.

    Returns
    -------
    The checked place.

    Raises
    ------
    ScenarioError
        With every problem of the file in ``problems``.
    """
    path = site_path(name_or_path)
    problems: list[str] = []
    data = read_toml(path, problems)
    site = None
    if data is not None:
        site = validate(Site, data, path, problems)
        problems.extend(_parameter_problems(path, data))
    if site is not None:
        problems.extend(f"{path.name}: {problem}" for problem in cross_problems(site))
        problems.extend(_name_problems(path, site))
    if problems or site is None:
        raise ScenarioError(problems)
    return site


def _clauses(site: Site) -> Iterator[tuple[str, Clause]]:
    for place, group in enumerate(site.groups, 1):
        for number, clause in enumerate(group.any, 1):
            yield f"groups[{place}].any[{number}]", clause


def _name_problems(path: Path, site: Site) -> list[str]:
    wrong = []
    groups = [group.id for group in site.groups]
    if site.target not in groups:
        wrong.append(unknown_name(path, "target", "group", site.target, groups))
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
