"""Which file is which: hand a scenario file to the reader that knows it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

from scenarios.barriers import read_barriers
from scenarios.breaks import load_break
from scenarios.costs import load_costs
from scenarios.errors import ScenarioError, read_toml, suggestion, validate
from scenarios.loader import load_site, read_parameters, shipped_sites
from scenarios.local import check_numbers
from scenarios.measures import Mix, check_mix_fits, load_measure, load_mix, load_partners
from scenarios.numbers import Number
from scenarios.schema import Site
from scenarios.sign_cases import load_sign_case
from scenarios.surroundings import load_surroundings
from scenarios.trials import read_studies
from scenarios.upgrade import SCHEMA, older, upgraded, upgraded_text
from simulator.files import write_whole


def kind_of(path: Path) -> str:
    """Return the word for what a file is.

    One of site, mix, measure, break, sign case, surroundings, barriers, trials, costs, partners,
    parameters, penalties, and numbers (to be laid over a place). A file that cannot be parsed
    counts as a site, whose reader says what is wrong.
    """
    try:
        data = upgraded(tomllib.loads(path.read_bytes().decode("utf-8-sig")))
    except (OSError, ValueError, RecursionError):
        return "site"
    keys = set(data)
    if keys - {"schema"} == {"numbers"}:
        return "numbers"
    if {"teaches", "with", "without"} & keys:
        return "break"
    if {"ladder", "flat", "expected"} & keys:
        return "sign case"
    if {"plants", "closures", "services", "migration"} & keys:
        return "surroundings"
    if "trial" in keys:
        return "trials"
    if "benefits" in keys and "margins" not in keys:
        return "costs"
    if {"levers", "rows", "eligibility", "delivered_by", "take_up"} & keys:
        return "measure"
    if {"awareness", "access_loss", "default_link"} & keys:
        return "partners"
    if {"margins", "sectors", "demography", "base_period", "calendar"} & keys:
        return "site"
    if {"measures", "hypothetical", "site", "partners"} & keys:
        return "mix"
    if {"kind", "names", "summary"} & keys:
        return "measure"
    tables = [value for key, value in data.items() if key != "schema"]
    if tables and all(isinstance(value, dict) for value in tables):
        if all("stands_for" in table for table in tables):
            return "barriers"
        if any("callback_ratio" in table for table in tables):
            return "penalties"
        return "parameters"
    return "site"


def check_file(path: Path) -> str:
    """Check one scenario file and return what it is.

    Raises
    ------
    ScenarioError
        With every problem of the file.
    """
    readers: dict[str, Callable[[Path], object]] = {
        "measure": load_measure,
        "break": load_break,
        "sign case": load_sign_case,
        "surroundings": _check_surroundings,
        "barriers": read_barriers,
        "numbers": check_numbers,
        "partners": load_partners,
        "parameters": read_parameters,
        "trials": read_studies,
        "penalties": _check_penalties,
        "costs": load_costs,
    }
    kind = kind_of(path)
    if kind == "site":
        problems = _default_problems(path, load_site(path))
        if problems:
            raise ScenarioError(problems)
    elif kind in readers:
        readers[kind](path)
    else:
        problems = _place_problems(path)
        if problems:
            raise ScenarioError(problems)
    return kind


def _check_surroundings(path: Path) -> None:
    """Check surroundings, and whether they fit the place that they name."""
    found = load_surroundings(path)
    if found.site is not None:
        own = _site_beside(path, found.site)
        load_surroundings(path, load_site(own or found.site))


def _check_penalties(path: Path) -> None:
    """Check a file of call-back ratios and the scores solved from them."""
    problems: list[str] = []
    for barrier, row in (read_toml(path, problems) or {}).items():
        validate(Number, row.get("callback_ratio"), path, problems, (barrier, "callback_ratio"))
        if not isinstance(row.get("score"), int | float):
            problems.append(f"{path.name}: {barrier}.score must be a number of score units.")
    if problems:
        raise ScenarioError(problems)


def _place_problems(path: Path) -> list[str]:
    """Return what is wrong between a mix and its place, which is shipped or lies near it."""
    place = (read_toml(path, []) or {}).get("site")
    own = _site_beside(path, place) if isinstance(place, str) else None
    if isinstance(place, str) and own is None and place not in shipped_sites():
        return [
            f"{path.name}: site names the place '{place}', which is neither shipped nor in this "
            f"folder or a folder sites beside it; {suggestion(place, shipped_sites())}"
        ]
    mix = load_mix(path)
    return [] if mix.site is None else _fit_problems(mix, load_site(own or mix.site))


def _site_beside(path: Path, site_id: str) -> Path | None:
    """Return the file of a place of one's own in the folder of a mix, or in sites beside it."""
    for folder in (path.parent, path.parent.parent / "sites"):
        file = folder / f"{site_id}.toml"
        if file.is_file() and kind_of(file) == "site":
            return file
    return None


def _default_problems(path: Path, site: Site) -> list[str]:
    """Return what is wrong with the mixes that a place names."""
    problems = []
    for key, name in (("default_mix", site.default_mix), ("today", site.today)):
        if not name:
            continue
        try:
            problems += _fit_problems(load_mix(name, site.id), site)
        except ScenarioError as error:
            problems += [f"{path.name}: {key} = '{name}': {text}" for text in error.problems]
    return problems


def _fit_problems(mix: Mix, site: Site) -> list[str]:
    return check_mix_fits(
        mix, site.barrier_ids, site.sector_ids, [employer.id for employer in site.employers]
    )


def _from_here(path: Path, problem: str) -> str:
    """Name the file with its folder, since several files may have one name."""
    return str(path) + problem[len(path.name) :] if problem.startswith(path.name) else problem


def check_files(paths: Iterable[Path]) -> list[str]:
    """Check scenario files in one pass and return a line per file.

    Raises
    ------
    ScenarioError
        With the problems of all files together.
    """
    lines: list[str] = []
    problems: list[str] = []
    for path in paths:
        try:
            lines.append(f"{path}: {check_file(path)}, no problem found.")
        except ScenarioError as error:
            problems.extend(_from_here(path, problem) for problem in error.problems)
    if problems:
        raise ScenarioError(list(dict.fromkeys(problems)))
    return lines


def upgrade_file(path: Path) -> str | None:
    """Rewrite a scenario file of an older schema, the old one kept beside it.

    Returns
    -------
    A line that says what was done; None for a file that is not of an older schema.

    Raises
    ------
    ScenarioError
        When the file cannot be rewritten, or one with the name of the old one stands there.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        version = tomllib.loads(text).get("schema")
    except (OSError, ValueError, RecursionError):
        return None  # its reader says what is wrong
    if not older(version):
        return None
    made = upgraded_text(text)
    if made is None:
        raise ScenarioError(
            f"{path.name}: schema {version} cannot be rewritten to {SCHEMA} by itself, since its "
            f"keys stand in tables on one line; write each table under a [header] of its own."
        )
    kept = path.with_name(f"{path.name}.schema-{version}")
    if kept.exists():
        raise ScenarioError(
            f"{path.name}: {kept.name} exists already and would be lost; move it away first."
        )
    write_whole(kept, path.read_bytes())
    write_whole(path, made.encode())
    return f"{path}: schema {version} rewritten to {SCHEMA}; the old file is {kept.name}."
