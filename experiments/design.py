"""Designs of sweeps: what varies, how its points are chosen, how often each is repeated.

A design file keeps apart what is chosen (``[levers]``), what nobody knows (``[assumptions]``),
contested rules (``[variants]``) and the places. Points of the design are crossed with places,
closures and replications; each combination is one row. See ``docs/sweeps.md``.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, Field, ValidationError, model_validator

from scenarios import ScenarioError, Site, load_parameters
from scenarios.errors import Table, read_toml, suggestion, unknown_name, validate
from scenarios.measures import BASELINE, Dose, Mix, shipped_measures
from simulator.comparison import SEED_STEP, TERM, THIRD_YEAR
from simulator.town import Town

HEADLINE = (
    "work_months/side/target_jobseekers",
    "work_months/side/other_jobseekers",
    "work_months/all/residents",
    "work_months/all/everybody",
    "at_work/group/target_jobseekers",
    "hires_of_target_group",
    "filled_post_months",
    "vacant_post_months",
    "not_backfilled_post_months",
    "given_up_post_months",
    "post_months",
    "advertised_vacancies/rung/rung_0",
    "openings_closed/fill/promotion",
    "supported_promotions",
    "advertised_after_supported_promotion/rung/rung_0",
    "on_a_higher_rung/group/low_schooled_workers",
    "register_unemployed",
    "employed_residents",
)
DESIGNS = Path(__file__).parent / "designs"
VARIANT = "variant_"
STRENGTH_WORDS = ("none", "assumed", "top")
MULTIPLIER_RANGE = (0.0, 10.0)
BLOCK_ROWS = 16  # rows handed to a worker at a time; they share a start

Cell = float | str


class Factor(Table):
    """What varies: a range, or named values; an empty table takes the range of the evidence."""

    low: float | None = None
    high: float | None = None
    values: Annotated[list[float | int | str], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Factor:
        if self.values is not None and (self.low is not None or self.high is not None):
            raise ValueError("has values beside low or high; give a range or values, not both.")
        if self.values is not None and len(set(self.values)) != len(self.values):
            raise ValueError("names a value twice.")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"has low = {self.low:g}, which must be below high = {self.high:g}.")
        return self


Count = Annotated[int, Field(ge=1)]


class Design(Table):
    """A design file as read."""

    id: Annotated[str, Field(min_length=1, pattern=r"^[A-Za-z0-9_-]+$")]
    summary: str = ""
    kind: Literal["pair", "world"] = "pair"
    design: Literal["factorial", "latin_hypercube", "sobol", "morris"]
    points: Count | None = None
    levels: Annotated[int, Field(ge=2)] = 4
    design_seed: Annotated[int, Field(ge=0)] = 1
    replications: Count
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)]
    years: Annotated[int, Field(ge=1, le=50)] = 4
    term_months: Annotated[int, Field(ge=1)] | None = TERM
    closures: Annotated[list[Literal["R", "E"]], Field(min_length=1)] = ["R", "E"]
    places: Annotated[list[str], Field(min_length=1)]
    mix: str | None = None
    against: str = BASELINE
    outcomes: list[str] | Literal["all"] | None = None
    months: Annotated[list[Count], Field(min_length=1)] | None = None
    levers: dict[str, Factor] = {}
    assumptions: dict[str, Factor] = {}
    variants: dict[str, Factor] = {}

    def misfits(self) -> list[str]:
        """Return what keys, right each by itself, are not together: ends of sentences."""
        wrong = []
        if self.design == "factorial" and self.points is not None:
            wrong.append("has points, but a factorial design takes them from its factors; drop it.")
        if self.design != "factorial" and self.points is None:
            wrong.append(f"lacks points; say how many points the {self.design} design has.")
        if self.replications > SEED_STEP:
            wrong.append(f"has replications = {self.replications}; at most {SEED_STEP} are told "
                         "apart by their seeds.")  # fmt: skip
        for name in ("places", "closures"):
            if len(set(getattr(self, name))) != len(getattr(self, name)):
                wrong.append(f"has {name} with an entry twice; name each once.")
        beyond = [m for m in self.months or [] if m > 12 * self.years]
        if beyond:
            wrong.append(f"has months up to {max(beyond)}, but follows {12 * self.years} months.")
        points = self.points or 1
        if self.design == "sobol" and points & (points - 1):
            wrong.append(
                f"has points = {points}, but a Sobol design needs a power of two, such as "
                f"{1 << (points.bit_length() - 1)} or {1 << points.bit_length()}."
            )
        return wrong

    @property
    def windows(self) -> list[int]:
        """Months after the start at which outcomes are summed up."""
        return sorted(set(self.months or [12 * self.years]))


@dataclass(frozen=True)
class Dimension:
    """One factor, resolved: a range, or a list of values.

    Attributes
    ----------
    role : {"lever", "assumption", "variant"}
    name : str
        As in the design file.
    column : str
        Name of its column in the results.
    """

    role: str
    name: str
    column: str
    low: float = 0.0
    high: float = 1.0
    values: tuple[Cell, ...] | None = None
    unit: str = ""

    def at(self, share: np.ndarray) -> np.ndarray:
        """Return values (or positions in the list of values) for shares from 0 to 1."""
        if self.values is None:
            return self.low + (self.high - self.low) * share
        last = len(self.values) - 1
        return np.minimum(np.floor(share * len(self.values)), last)

    def grid(self, levels: int) -> np.ndarray:
        """Return the levels of a factorial design."""
        if self.values is not None:
            return np.arange(len(self.values), dtype=float)
        return np.linspace(self.low, self.high, levels)

    def cell(self, code: float) -> Cell:
        """Return what stands in the results for a code."""
        return float(code) if self.values is None else self.values[int(code)]


class Row(NamedTuple):
    """One run of a sweep."""

    row: int
    place: int
    point: int
    closure: str
    replication: int
    seed: int


class Block(NamedTuple):
    """Rows that share place, parameters and seed, so that one start serves them all."""

    place: int
    point: int
    seed: int
    rows: tuple[Row, ...]


@dataclass
class Plan:
    """A design with everything that it names: ready to run, the same on every machine.

    Attributes
    ----------
    design : Design
    sites : list of Site
    mixes : list of dict
        By place, the mixes by name.
    against : list of Mix
    dimensions : list of Dimension
    codes : ndarray, shape (points, dimensions)
        Values of factors with a range, positions in the list of the others.
    """

    design: Design
    sites: list[Site]
    mixes: list[dict[str, Mix]]
    against: list[Mix]
    dimensions: list[Dimension]
    codes: np.ndarray
    hashes: list[dict[str, str]] = field(default_factory=list)

    # ---- rows: place, then parameters, then replication, then point, then closure --------------

    @cached_property
    def _groups(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points sorted by the parameters of their world, and where each group begins."""
        built = [i for i, d in enumerate(self.dimensions) if d.role != "lever"]
        if not built or not len(self.codes):
            order = np.arange(len(self.codes))
            return order, np.array([0, len(order)]), np.zeros(len(order), np.int64)
        _, group = np.unique(self.codes[:, built], axis=0, return_inverse=True)
        group = group.ravel()
        # groups in the order of their first point, so that early rows are early points
        first = np.full(group.max() + 1, len(group))
        np.minimum.at(first, group, np.arange(len(group)))
        rank = np.argsort(np.argsort(first))
        group = rank[group]
        order = np.argsort(group, kind="stable")
        return order, np.searchsorted(group[order], np.arange(group.max() + 2)), group

    @property
    def groups(self) -> int:
        """Number of different worlds by parameters."""
        return len(self._groups[1]) - 1

    @property
    def per_point(self) -> int:
        """Rows of a point at one place."""
        return self.design.replications * len(self.design.closures)

    @property
    def rows(self) -> int:
        """Number of rows of the sweep."""
        return len(self.sites) * len(self.codes) * self.per_point

    def row(self, number: int) -> Row:
        """Return a row by its number.

        Raises
        ------
        ScenarioError
            When there is no such row.
        """
        if not 0 <= number < self.rows:
            raise ScenarioError(
                f"there is no row {number}; the design has rows 0 to {self.rows - 1}."
            )
        order, begins, _ = self._groups
        closures = self.design.closures
        place, left = divmod(number, len(self.codes) * self.per_point)
        group = int(np.searchsorted(begins * self.per_point, left, side="right")) - 1
        size = int(begins[group + 1] - begins[group])
        left -= int(begins[group]) * self.per_point
        replication, left = divmod(left, size * len(closures))
        at, closure = divmod(left, len(closures))
        return Row(
            number,
            place,
            int(order[begins[group] + at]),
            closures[closure],
            replication,
            self.design.seed * SEED_STEP + replication,
        )

    def blocks(self, done: np.ndarray | None = None) -> Iterator[Block]:
        """Yield the rows that are not done, in order, a few with the same start at a time."""
        number = 0
        _, begins, _ = self._groups
        for _place in range(len(self.sites)):
            for group in range(self.groups):
                share = int(begins[group + 1] - begins[group]) * len(self.design.closures)
                for _replication in range(self.design.replications):
                    for first in range(number, number + share, BLOCK_ROWS):
                        last = min(first + BLOCK_ROWS, number + share)
                        todo = [n for n in range(first, last) if done is None or not done[n]]
                        if todo:
                            rows = tuple(self.row(n) for n in todo)
                            yield Block(rows[0].place, rows[0].point, rows[0].seed, rows)
                    number += share

    # ---- what a row means ------------------------------------------------------------------

    def cells(self, point: int) -> dict[str, Cell]:
        """Return the factors of a point by column."""
        codes = self.codes[point]
        return {d.column: d.cell(c) for d, c in zip(self.dimensions, codes, strict=True)}

    def parameters(self, point: int) -> dict[str, float]:
        """Return the parameters that a point sets."""
        return {
            d.name: float(d.cell(c))
            for d, c in zip(self.dimensions, self.codes[point], strict=True)
            if d.role != "lever"
        }

    def levers(self, place: int, point: int) -> tuple[Mix, float]:
        """Return the mix of a point and the factor on its unmeasured levers."""
        chosen = {
            d.name: d.cell(c)
            for d, c in zip(self.dimensions, self.codes[point], strict=True)
            if d.role == "lever"
        }
        multiplier = float(chosen.pop("multiplier", 1.0))
        mix = self.mixes[place][str(chosen.pop("mix", self.default_mix(place)))]
        changes: dict[str, dict[str, Any]] = {}
        for name, value in chosen.items():
            measure, _, key = name.partition(".")
            whole = key in ("start_month", "months")
            changes.setdefault(measure, {})[key] = int(value) if whole else value
        doses = {}
        for name, dose in mix.measures.items():
            update = dict(changes.get(name, {}))
            if self.design.kind == "pair" and self.design.term_months is not None:
                months = update.get("months", dose.months) or self.design.term_months
                update["months"] = min(months, self.design.term_months)
            doses[name] = dose.model_copy(update=update) if update else dose
        return mix.model_copy(update={"measures": doses}), multiplier

    def default_mix(self, place: int) -> str:
        """Return the mix of rows whose design does not vary it."""
        return self.design.mix or self.sites[place].default_mix

    def town(self, place: int, point: int) -> Town:
        """Return the place of a point, with its parameters laid out."""
        # worlds with other parameters never share a start, so none needs to be kept for long
        kept = 1 if self.groups > 1 else 4
        return Town(self.sites[place], self.parameters(point), starts_kept=kept)

    # ---- identity --------------------------------------------------------------------------

    @cached_property
    def run_base(self) -> list[str]:
        """By place, what decides a run besides its factors, closure and seed."""
        d = self.design
        return [
            json.dumps(
                [hashes, against.id, d.kind, d.years, d.term_months, self.default_mix(at)],
                sort_keys=True,
            )
            for at, (hashes, against) in enumerate(zip(self.hashes, self.against, strict=True))
        ]

    def run_id(self, row: Row) -> str:
        """Return 16 hex digits of everything that decides a run."""
        text = json.dumps(
            [self.run_base[row.place], self.cells(row.point), row.closure, row.seed],
            sort_keys=True,
        )
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @cached_property
    def design_hash(self) -> str:
        """16 hex digits of the design file's content and of its points."""
        digest = hashlib.sha256(self.design.model_dump_json().encode())
        digest.update(np.ascontiguousarray(np.round(self.codes, 12)).tobytes())
        digest.update(repr(self.dimensions).encode())
        return digest.hexdigest()[:16]

    def inputs(self) -> dict[str, Any]:
        """Return everything from which the plan can be made again, as plain data."""
        return {
            "design": self.design.model_dump(mode="json"),
            # as text, since the order of measures counts
            "sites": [site.model_dump_json() for site in self.sites],
            "mixes": [
                [[name, mix.model_dump_json()] for name, mix in found.items()]
                for found in self.mixes
            ],
            "against": [mix.model_dump_json() for mix in self.against],
            "hashes": self.hashes,
        }

    @cached_property
    def scenario_hash(self) -> str:
        """16 hex digits of code, places, parameters and mixes."""
        return hashlib.sha256(json.dumps(self.hashes, sort_keys=True).encode()).hexdigest()[:16]


# ---- reading -----------------------------------------------------------------------------------


def read_design(path: str | Path | dict[str, Any], name: str = "design") -> Plan:
    """Read a design file (or its content as a dictionary) and everything that it names.

    Parameters
    ----------
    path
        A TOML file; or the same as a dictionary, for use from Python.
    name
        What a dictionary is called in messages.

    Raises
    ------
    ScenarioError
        With every problem found: unknown keys, measures and parameters, values out of range,
        an empty design, one that does not fit into memory.
    """
    problems: list[str] = []
    data: dict | None
    if isinstance(path, dict):
        file = Path(f"{name}.toml")
        data = {key: value for key, value in path.items() if key != "schema"}
    else:
        file = _design_file(path)
        data = read_toml(file, problems)
    if data is None:
        raise ScenarioError(problems)
    design = _design(data, file, problems)
    folder = None if isinstance(path, dict) else file.parent
    return _plan(design, file, folder, problems)


def _design(data: dict[str, Any], file: Path, problems: list[str]) -> Design | None:
    """Return the design of a file; where keys are wrong, that of the others.

    So that what the others name is looked at in the same pass; the problems say that the design
    is not to be run. None where nothing can be said of the others.
    """
    found = validate(Design, data, file, problems)
    if found is None:
        found = _of_right_keys(data, file)
    if found is not None:
        problems.extend(f"{file.name} {text}" for text in found.misfits())
    return found


def _of_right_keys(data: dict[str, Any], file: Path) -> Design | None:
    rest = dict(data)
    try:
        Design.model_validate(data)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            key, *inside = item["loc"] or [""]
            if key in ("levers", "assumptions", "variants") and inside:
                rest[key] = {k: v for k, v in rest[key].items() if k != inside[0]}
            else:
                rest.pop(str(key), None)
    if "places" not in rest:
        return None
    sound = {
        "id": "design", "replications": 1, "seed": 1,
        "design": "latin_hypercube" if "points" in data else "factorial",
    }  # fmt: skip
    if "points" in data and "points" not in rest:
        rest["points"] = 2
    if "years" in data and "years" not in rest:
        rest.pop("months", None)
    return validate(Design, sound | rest, file, [])


def shipped_designs() -> list[str]:
    """Return the names of the example designs that ship with the package."""
    return sorted(path.stem for path in DESIGNS.glob("*.toml"))


def _design_file(name: str | Path) -> Path:
    """Return the file of a shipped design or of a path."""
    path = Path(name)
    if str(name) in shipped_designs() and not path.is_file():
        return DESIGNS / f"{name}.toml"
    if path.suffix != ".toml" and not path.exists():
        raise ScenarioError(
            f"There is no design called '{name}'; " + suggestion(str(name), shipped_designs())
        )
    return path


def _near(name: str, folder: Path | None) -> str:
    """Return a path of a file that stands beside the design file, else the name."""
    if folder is not None and name.endswith(".toml") and (folder / name).is_file():
        return str(folder / name)
    return name


def _plan(design: Design | None, file: Path, folder: Path | None, problems: list[str]) -> Plan:
    """Return the plan of a design, or raise with its problems and those found before."""
    if design is None:
        raise ScenarioError(problems)
    towns: list[Town] = []
    for place in design.places:
        try:
            towns.append(Town(_near(place, folder)))
        except ScenarioError as error:
            problems.extend(f"{file.name}: places: {text}" for text in error.problems)
    mixes: list[dict[str, Mix]] = []
    against: list[Mix] = []
    wanted = design.levers.get("mix")
    for town in towns:
        names = [str(v) for v in wanted.values or []] if wanted else []
        names = names or [design.mix or town.site.default_mix]
        found = {}
        for mix in names:
            try:
                found[mix] = town.mix(_near(mix, folder))
            except ScenarioError as error:
                problems.extend(f"{file.name}: mix: {text}" for text in error.problems)
        mixes.append(found)
        try:
            against.append(town.mix(_near(design.against, folder)))
        except ScenarioError as error:
            problems.extend(f"{file.name}: against: {text}" for text in error.problems)
    return _assemble(design, file, towns, mixes, against, problems)


def plan_from(inputs: dict[str, Any]) -> Plan:
    """Return the plan that a manifest holds (see :meth:`Plan.inputs`).

    Raises
    ------
    ScenarioError
        When the data do not fit this version.
    """
    problems: list[str] = []
    file = Path("manifest.json")

    def read(model: type[BaseModel], data: Any) -> Any:
        try:
            return model.model_validate_json(data)
        except ValueError as error:
            problems.append(
                f"manifest.json holds a {model.__name__.lower()} that this version cannot read: "
                f"{str(error).splitlines()[0]}."
            )
            return None

    try:
        design = read(Design, json.dumps(inputs["design"]))
        sites = [read(Site, site) for site in inputs["sites"]]
        mixes = [{name: read(Mix, mix) for name, mix in found} for found in inputs["mixes"]]
        against = [read(Mix, mix) for mix in inputs["against"]]
    except (KeyError, TypeError, ValueError) as error:
        raise ScenarioError("manifest.json does not hold the inputs of a sweep.") from error
    if not len(sites) == len(mixes) == len(against):
        problems.append("manifest.json must hold mixes and a reference for each place.")
    if problems:
        raise ScenarioError(problems)
    return _assemble(design, file, [Town(site) for site in sites], mixes, against, problems)


def _assemble(
    design: Design,
    file: Path,
    towns: list[Town],
    mixes: list[dict[str, Mix]],
    against: list[Mix],
    problems: list[str],
) -> Plan:
    dimensions = _dimensions(design, file, towns, mixes, problems)
    _check_outcomes(design, file, problems)
    if not problems and not dimensions and design.design != "factorial":
        problems.append(
            f"{file.name}: the design is empty; name at least one factor under [levers], "
            "[assumptions] or [variants]."
        )
    if problems:
        raise ScenarioError(list(dict.fromkeys(problems)))
    codes = _points(design, dimensions, file)
    hashes = [
        town.hashes([*found.values(), against[at]])
        for at, (town, found) in enumerate(zip(towns, mixes, strict=True))
    ]
    return Plan(design, [t.site for t in towns], mixes, against, dimensions, codes, hashes)


def _dimensions(
    design: Design, file: Path, towns: list[Town], mixes: list[dict[str, Mix]], problems: list[str]
) -> list[Dimension]:
    found: list[Dimension] = []
    for name, factor in design.levers.items():
        found.extend(_lever(name, factor, file, mixes, problems))
    known = towns[0].numbers if towns else load_parameters()
    for role, table in (("assumption", design.assumptions), ("variant", design.variants)):
        title = f"[{role}s]"
        for name, factor in table.items():
            at = f"{role}s.{name}"
            own = [n for n in known if n.startswith(VARIANT) == (role == "variant")]
            if name not in known:
                problems.append(f"{file.name}: unknown parameter '{name}' in {title}; "
                                + suggestion(name, own))  # fmt: skip
                continue
            if name not in own:
                where = "[variants]" if role == "assumption" else "[assumptions]"
                problems.append(f"{file.name}: {at} belongs under {where}.")
                continue
            number = known[name]
            low, high = number.low, number.high
            values = factor.values
            if role == "variant" and values is None:
                if factor.low is not None or factor.high is not None:
                    problems.append(f"{file.name}: {at} is a rule variant; give values, no range.")
                    continue
                values = list(range(int(low or 0), int(high or 0) + 1))
            if values is not None and any(isinstance(v, str) for v in values):
                problems.append(f"{file.name}: {at} has text in values, but must have numbers.")
                continue
            given = [v for v in values or (factor.low, factor.high) if isinstance(v, int | float)]
            outside = [v for v in given if (low is not None and v < low)
                       or (high is not None and v > high)]  # fmt: skip
            if outside:
                problems.append(f"{file.name}: {at} has {outside[0]:g}, outside the range of its "
                                f"evidence, {low:g} to {high:g}.")  # fmt: skip
                continue
            column = name if role == "variant" else f"assumption_{name}"
            if values is not None:
                values = [float(v) for v in values]
                found.append(Dimension(role, name, column, values=tuple(values), unit=number.unit))
                continue
            low = low if factor.low is None else factor.low
            high = high if factor.high is None else factor.high
            if low is None or high is None or low >= high:
                problems.append(f"{file.name}: {at} has no range; give low and high.")
                continue
            found.append(Dimension(role, name, column, low, high, unit=number.unit))
    return found


def _lever(
    name: str,
    factor: Factor,
    file: Path,
    mixes: list[dict[str, Mix]],
    problems: list[str],
) -> Iterator[Dimension]:
    at = f"{file.name}: levers.{name}"
    column = "lever_" + name.replace(".", "_")
    if name == "mix":
        if not factor.values:
            problems.append(f"{at} needs values: names of mixes.")
        else:
            yield Dimension("lever", name, column, values=tuple(str(v) for v in factor.values))
        return
    if name == "multiplier":
        bounds = MULTIPLIER_RANGE
        unit = "multiple of the assumed strength"
    else:
        measure, _, key = name.partition(".")
        known = sorted({m for by_name in mixes for mix in by_name.values() for m in mix.measures})
        if not all(mixes) or not mixes:  # a mix is wrong, which is said already
            known = shipped_measures()
        if measure not in known:
            what = suggestion(name, ["multiplier", "mix", *(f"{m}.dose" for m in known)])
            problems.append(f"{at} names no measure of the mix; {what}")
            return
        keys = ("dose", "strength", "start_month", "months")
        if key not in keys:
            problems.append(unknown_name(file, f"levers.{name}", "key of a dose", key, keys))
            return
        if key == "strength":
            words = tuple(str(v) for v in factor.values or STRENGTH_WORDS)
            wrong = [word for word in words if word not in STRENGTH_WORDS]
            if wrong:
                problems.append(unknown_name(file, f"levers.{name}", "strength", wrong[0],
                                             STRENGTH_WORDS))  # fmt: skip
                return
            yield Dimension("lever", name, column, values=words)
            return
        if key in ("start_month", "months"):
            if not factor.values or any(not isinstance(v, int) for v in factor.values):
                problems.append(f"{at} needs values in whole months.")
                return
            for value in factor.values:
                validate(Dose, {"dose": 1.0, key: value}, file, problems, ("levers", name))
            yield Dimension("lever", name, column, values=tuple(factor.values), unit="months")
            return
        bounds, unit = (0.0, 1.0), "share of the capacity"
    if any(isinstance(v, str) for v in factor.values or ()):
        problems.append(f"{at} has text in values, but must have numbers.")
        return
    given = [v for v in factor.values or (factor.low, factor.high) if isinstance(v, int | float)]
    outside = [v for v in given if not bounds[0] <= v <= bounds[1]]
    if outside:
        problems.append(
            f"{at} has {outside[0]:g}, outside its range, {bounds[0]:g} to {bounds[1]:g}."
        )
        return
    if factor.values is not None:
        yield Dimension("lever", name, column, values=tuple(float(v) for v in given), unit=unit)
        return
    default_high = 2.0 if name == "multiplier" else 1.0
    low = bounds[0] if factor.low is None else factor.low
    high = default_high if factor.high is None else factor.high
    if low >= high:
        problems.append(f"{at} has low = {low:g}, which must be below high = {high:g}.")
        return
    yield Dimension("lever", name, column, low, high, unit=unit)


def _check_outcomes(design: Design, file: Path, problems: list[str]) -> None:
    from simulator.outcomes import _FLOWS, _JOBLESS_STOCKS, _POST_MONTHS

    if not isinstance(design.outcomes, list):
        return
    if not design.outcomes:
        problems.append(f"{file.name}: outcomes is empty; leave it out for the headline ones.")
    plain = {*_FLOWS, *_JOBLESS_STOCKS, *_POST_MONTHS}
    known = {*plain, *(name.split("/")[0] for name in HEADLINE), "local_work_months", "pay",
             "links", "chains_advertised", "register_months",
             "hires_of_people_without_local_post"}  # fmt: skip
    problems.extend(
        unknown_name(file, "outcomes", "outcome", name, sorted(known))
        for name in design.outcomes
        if name.split("/")[0] not in known
    )


# ---- points ------------------------------------------------------------------------------------


def available_memory() -> float:
    """Return the bytes of memory that are free, infinity where nobody can say."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable"):
                return float(line.split()[1]) * 1024
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (OSError, ValueError, AttributeError):
        return math.inf


def count_points(design: Design, dimensions: list[Dimension]) -> int:
    """Return how many points a design has, without making them."""
    d = len(dimensions)
    if design.design == "factorial":
        levels = (len(x.values) if x.values is not None else design.levels for x in dimensions)
        return math.prod(levels)
    points = design.points or 0
    if design.design == "sobol":
        return points * (d + 2)
    if design.design == "morris":
        return points * (d + 1)
    return points


def _points(design: Design, dimensions: list[Dimension], file: Path) -> np.ndarray:
    """Return the points, shape (points, dimensions); see :class:`Plan`."""
    n, d = count_points(design, dimensions), len(dimensions)
    # points, their order and one mark per row; sampling holds the points twice
    need = 24.0 * n * max(d, 1) + n * design.replications * len(design.closures)
    if need > 0.5 * available_memory():
        key = "levels and values" if design.design == "factorial" else "points"
        raise ScenarioError(
            f"{file.name}: {key} give {n:,} points, a table of {need / 1e9:,.0f} GB, more than "
            "half of the free memory; choose fewer, or split the design into several files."
        )
    if design.design == "factorial":
        grids = [dimension.grid(design.levels) for dimension in dimensions]
        return np.array(list(product(*grids)), float).reshape(n, d)
    from scipy.stats import qmc

    points = design.points or 0
    if design.design == "latin_hypercube":
        share = qmc.LatinHypercube(d, rng=design.design_seed).random(points)
    elif design.design == "sobol":
        both = qmc.Sobol(2 * d, scramble=True, rng=design.design_seed).random(points)
        share = saltelli(both)
    else:
        share = _morris(design, d, file)
    return np.column_stack([x.at(share[:, i]) for i, x in enumerate(dimensions)])


def saltelli(both: np.ndarray) -> np.ndarray:
    """Lay a sample of twice the dimensions out for first and total order indices.

    Parameters
    ----------
    both : ndarray, shape (points, 2 d)
        Two samples, A and B, side by side.

    Returns
    -------
    ndarray, shape (points (d + 2), d)
        By point: A, then A with one column of B each, then B (Saltelli et al. 2010), the order
        that SALib reads.
    """
    n, d = both.shape[0], both.shape[1] // 2
    a, b = both[:, :d], both[:, d:]
    made = np.repeat(a[:, None, :], d + 2, axis=1)
    for i in range(d):
        made[:, 1 + i, i] = b[:, i]
    made[:, d + 1] = b
    return made.reshape(n * (d + 2), d)


def _morris(design: Design, d: int, file: Path) -> np.ndarray:
    try:
        from SALib.sample import morris
    except ImportError:
        raise ScenarioError(
            f"{file.name}: design is 'morris', which needs the extra 'analysis': "
            "pip install 'vacancy-chain-simulator[analysis]'."
        ) from None
    problem = {"num_vars": d, "names": [str(i) for i in range(d)], "bounds": [[0, 1]] * d}
    if design.levels % 2:
        raise ScenarioError(
            f"{file.name}: levels is {design.levels}, but a Morris design needs an even number."
        )
    return morris.sample(problem, design.points, num_levels=design.levels, seed=design.design_seed)


def third_year(design: Design) -> bool:
    """Say whether the months in which an additional placement counts are followed."""
    return 12 * design.years >= THIRD_YEAR[1]
