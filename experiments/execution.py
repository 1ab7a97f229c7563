"""Run the rows of a sweep: a pair of worlds, or a single one, reduced to its outcomes."""

from __future__ import annotations

import pickle
import threading
import time
from collections import OrderedDict
from typing import NamedTuple

import numpy as np

from experiments.design import HEADLINE, Block, Design, Plan, Row, third_year
from scenarios import ScenarioError
from simulator.comparison import THIRD_YEAR, enrolment_rows
from simulator.compile import code_hash
from simulator.errors import ResultError
from simulator.groups import assign_cells, target_cells
from simulator.outcomes import Outcome, series, window
from simulator.policy import lay_out_mix
from simulator.town import Town

TOWNS_KEPT = 4
_plans: OrderedDict[str, Plan] = OrderedDict()
_towns: OrderedDict[tuple[str, int, int], Town] = OrderedDict()
_lock = threading.Lock()


class Done(NamedTuple):
    """What came of a block.

    Attributes
    ----------
    rows : tuple of Row
    values : ndarray, shape (rows, outcome columns)
        NaN where a row failed.
    errors : list of str
        Empty where a row did not fail.
    model_seconds : float
        Time in the simulator: starts built and settled, worlds copied, months run.
    seconds : float
    """

    rows: tuple[Row, ...]
    values: np.ndarray
    errors: list[str]
    model_seconds: float
    seconds: float


class Packed(NamedTuple):
    """A plan as it travels to workers."""

    key: str
    code: str
    data: bytes


def pack(plan: Plan) -> Packed:
    """Return a plan as it travels to workers."""
    return Packed(f"{plan.design_hash}-{plan.scenario_hash}", code_hash(), pickle.dumps(plan))


def _unpack(packed: Packed) -> Plan:
    with _lock:
        if packed.key in _plans:
            return _plans[packed.key]
    if code_hash() != packed.code:
        raise ResultError(
            "The program on a worker differs from the one that started the sweep; "
            "install the same version everywhere."
        )
    plan = pickle.loads(packed.data)
    with _lock:
        _plans[packed.key] = plan
        while len(_plans) > 2:
            _plans.popitem(last=False)
    return plan


def _town(packed: Packed, plan: Plan, place: int, point: int) -> Town:
    key = (packed.key, place, int(plan._groups[2][point]))
    with _lock:
        if key in _towns:
            _towns.move_to_end(key)
            return _towns[key]
    town = plan.town(place, point)
    with _lock:
        town = _towns.setdefault(key, town)
        while len(_towns) > TOWNS_KEPT:
            _towns.popitem(last=False)
    return town


# ---- columns -----------------------------------------------------------------------------------


def path_of(outcome: Outcome) -> str:
    """Return the name of a series in design files, ``outcome/breakdown/group``.

    Examples
    --------
    >>> path_of(Outcome("posts", "posts", "all", "all", "mean"))
    'posts'
    """
    if (outcome.breakdown, outcome.group) == ("all", "all"):
        return outcome.outcome
    return f"{outcome.outcome}/{outcome.breakdown}/{outcome.group}"


def chosen(design: Design, known: list[Outcome]) -> list[int]:
    """Return the positions of the outcomes that a design keeps.

    Raises
    ------
    ScenarioError
        When it names one that the model does not have.
    """
    if design.outcomes == "all":
        return list(range(len(known)))
    at = {path_of(outcome): i for i, outcome in enumerate(known)}
    found: list[int] = []
    for name in design.outcomes or HEADLINE:
        # a name alone is the total; with a breakdown it is each of its groups
        matching = [at[name]] if name in at else []
        matching = matching or [i for path, i in at.items() if path.startswith(f"{name}/")]
        if not matching:
            raise ScenarioError(f"outcomes names '{name}', which no world reports.")
        found.extend(matching)
    return sorted(set(found))


def outcome_columns(design: Design, known: list[Outcome]) -> list[tuple[str, str, str]]:
    """Return name, unit and meaning of the outcome columns of a sweep."""
    kinds = ("reference", "difference") if design.kind == "pair" else ("value",)
    columns = []
    for months in design.windows:
        for kind in kinds:
            for i in chosen(design, known):
                path = path_of(known[i])
                name = path.replace("/", "__").replace(":", "_")
                how = "mean of" if known[i].how == "mean" else "sum over"
                columns.append(
                    (f"{kind}__{name}__m{months}", known[i].unit,
                     f"{kind} of {path}, {how} months 0 to {months - 1}")
                )  # fmt: skip
    if design.kind == "pair":
        columns.append(("served", "persons", "people served by the mix"))
        if third_year(design):
            columns.append(
                ("placements", "persons",
                 "additional people of the target group at work in the third year")
            )  # fmt: skip
    return columns


# ---- one block ---------------------------------------------------------------------------------


class _Clock:
    """Adds up time spent in the simulator."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> None:
        self._begun = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._begun


def execute(packed: Packed, block: Block) -> Done:
    """Run the rows of a block, on whatever machine; a row that fails does not stop the others."""
    begun = time.perf_counter()
    plan = _unpack(packed)
    clock = _Clock()
    values: list[np.ndarray | None] = []
    errors: list[str] = []
    references: dict[str, np.ndarray] = {}
    for row in block.rows:
        try:
            values.append(_run(packed, plan, row, references, clock))
            errors.append("")
        except ResultError:
            raise
        except Exception as error:  # recorded with its row
            values.append(None)
            first = (str(error).splitlines() or [""])[0]
            errors.append(f"{type(error).__name__}: {first}")
    width = next((len(v) for v in values if v is not None), 0)
    table = np.full((len(values), width), np.nan)
    for i, found in enumerate(values):
        if found is not None:
            table[i] = found
    return Done(block.rows, table, errors, clock.seconds, time.perf_counter() - begun)


def _run(
    packed: Packed, plan: Plan, row: Row, references: dict[str, np.ndarray], clock: _Clock
) -> np.ndarray:
    design = plan.design
    town = _town(packed, plan, row.place, row.point)
    months = 12 * design.years
    mix, multiplier = plan.levers(row.place, row.point)
    with clock:
        world = town.begin(row.seed, closure=row.closure)
    cells = assign_cells(world, town.site)
    if mix.entries:
        lay_out_mix(mix, town.site, town.place, scale=multiplier).install(world)
    world.lay_out(0, months, cells, target_cells())
    with clock:
        world.advance(months)
    names, values = series(world)
    keep = chosen(design, names)
    ends = design.windows
    if design.kind == "world":
        return np.concatenate([window(names, values, 0, end)[keep] for end in ends])
    if row.closure not in references:
        with clock:
            other = town.begin(row.seed, closure=row.closure)
        against = plan.against[row.place]
        if against.entries:
            lay_out_mix(against, town.site, town.place).install(other)
        other.lay_out(0, months, cells, target_cells())
        with clock:
            other.advance(months)
        references[row.closure] = series(other)[1]
    base = references[row.closure]
    parts = []
    for end in ends:
        reference = window(names, base, 0, end)[keep]
        parts += [reference, window(names, values, 0, end)[keep] - reference]
    enrolments = enrolment_rows(world, 0)
    parts.append([((enrolments[:, 1] == 0) & (enrolments[:, 2] == 0)).sum()])
    if third_year(design):
        at = [path_of(n) for n in names].index("at_work/group/target_jobseekers")
        parts.append([(values[at] - base[at])[slice(*THIRD_YEAR)].mean()])
    return np.concatenate(parts)


def known_outcomes(plan: Plan) -> list[Outcome]:
    """Return the catalogue of outcomes of a place, from a world of no months."""
    town = plan.town(0, 0)
    seed = plan.row(0).seed
    world = town.begin(seed)
    world.lay_out(0, 1, assign_cells(world, town.site), target_cells())
    return series(world)[0]
