"""All checks of the model behind one function; other modules add theirs with :func:`check`."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from calibration.closed_forms import check_closed_forms
from calibration.identities import (
    by_key,
    difference,
    differing,
    events_by_key,
    largest_gap,
    ledger_identities,
    one_more,
    permuted,
    random_place,
    round_stocks,
    without_person,
)
from calibration.small_worlds import START, random_columns, random_world, run_recorded, small_place
from simulator.codes import Status
from simulator.engine import EngineError, World, settle
from simulator.ledger import chain_statistics, derive_ledger


class CheckRow(NamedTuple):
    """One line of the result: what was checked, whether it holds, what was expected and found.

    Attributes
    ----------
    source : str
        Where the expected value is from: a file or row of ``scenarios/evidence``, else the rule
        that it follows from.
    interval : str
        Of the simulated value, where that is a number alone, with what it means.
    """

    check: str
    kind: str
    holds: bool
    expected: float | str
    simulated: float | str
    detail: str
    source: str = ""
    interval: str = ""


class Registered(NamedTuple):
    """A function that yields rows, and what is known of it before it runs."""

    run: Check
    quick: bool
    kind: str
    source: str


Check = Callable[[bool], Iterable[CheckRow]]
_CHECKS: dict[str, Registered] = {}
LAST_FULL_RUN = "docs/validation.md"
# other modules whose checks belong to the set; they are imported when it runs
MODULES = (
    "calibration.sign_cases",
    "calibration.twin_checks",
    "calibration.correspondence",
    "calibration.emergent",
    "calibration.retirements",
    "calibration.beveridge",
    "calibration.reforms",
    "calibration.recovery",
    "calibration.facts",
)


def check(
    name: str, quick: bool = True, *, kind: str = "", source: str = ""
) -> Callable[[Check], Check]:
    """Register a function as a check.

    Parameters
    ----------
    name : str
        Shown as progress.
    quick : bool
        Whether it also runs in the quick set; the function is told which set runs.
    kind : str
        Of its rows, for the sentence on what the quick set leaves out.
    source : str
        Of its rows that name none themselves.
    """

    def register(function: Check) -> Check:
        _CHECKS[name] = Registered(function, quick, kind or name, source)
        return function

    return register


def left_out() -> str:
    """Return one sentence: what the quick set does not run, and where the last full run stands."""
    _import_all()
    rest = [one for one in _CHECKS.values() if not one.quick]
    kinds = Counter(one.kind for one in rest)
    told = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    return (
        f"Not run by --quick: {len(rest)} of {len(_CHECKS)} sets of checks ({told}); the rows of "
        f"the last full run stand in {LAST_FULL_RUN}."
    )


def _import_all() -> None:
    for module in MODULES:
        import_module(module)


def validate(
    quick: bool = False, progress: Callable[[str, float], None] | None = None
) -> list[CheckRow]:
    """Run all registered checks.

    Parameters
    ----------
    quick : bool
        The quick set takes less than two minutes.
    progress : callable, optional
        Called with the name of each check and the share of checks done, before it runs.

    Returns
    -------
    list of CheckRow
    """
    _import_all()
    chosen = {name: one for name, one in _CHECKS.items() if one.quick or not quick}
    rows: list[CheckRow] = []
    for done, (name, one) in enumerate(chosen.items()):
        if progress is not None:
            progress(name, done / len(chosen))
        rows += [row._replace(source=row.source or one.source) for row in one.run(quick)]
    return rows


def same(name: str, found: list[str], detail: str) -> CheckRow:
    """Return a row on the equality of two worlds; ``found`` names what differs."""
    return CheckRow(name, "identity", not found, "equal", ", ".join(found) or "equal", detail)


@check("closed forms", kind="closed form")
def closed_forms(quick: bool) -> Iterator[CheckRow]:
    """Limiting cases with exact answers."""
    for row in check_closed_forms(quick):
        yield CheckRow(
            row.check,
            f"closed form, {row.kind.replace('_', ' ')}",
            row.holds,
            row.expected,
            row.simulated,
            f"{row.observations} observations",
            f"closed_forms.json, {row.check.partition(':')[0]}",
            row.interval,
        )


@check("conservation on random worlds", kind="identity", source="stocks and flows must add up")
def conservation(quick: bool) -> Iterator[CheckRow]:
    """Parameters drawn inside their ranges; columns verified after every round."""
    worlds, months = (12, 24) if quick else (150, 48)
    broken, gaps, rounds = [], [], 0
    for seed in range(worlds):
        rng = np.random.default_rng(seed)
        place = random_place(rng, sectors=int(rng.integers(1, 5)), rounds=int(rng.integers(1, 7)))
        shape: dict[str, Any] = {
            "people": int(rng.integers(2, 400)),
            "posts": int(rng.integers(1, 250)),
            "workplaces": int(rng.integers(1, 40)),
        }
        world = random_world(seed, place, months=months, **shape)
        try:
            stocks = round_stocks(run_recorded(world, months))
        except EngineError as error:
            broken.append(f"seed {seed}: {error}")
            continue
        gaps.append(largest_gap(stocks))
        rounds += months * place.rounds
    yield CheckRow(
        "conservation after every round",
        "identity",
        not broken,
        "holds",
        "; ".join(broken) or "holds",
        f"{worlds} random worlds, {rounds} rounds",
    )
    gap = max(gaps, default=-1)
    yield CheckRow(
        "hires, separations and posts add up",
        "identity",
        gap == 0,
        0,
        gap,
        "hires = separations + change in filled; change in filled = posts - vacant - withdrawn; "
        f"replayed from events after every round of {worlds} random worlds",
    )


@check(
    "twins", kind="identity", source="draws are keyed: what is equal by construction stays equal"
)
def twins(quick: bool) -> Iterator[CheckRow]:
    """Equal worlds, permuted rows, one more person, and the identities between twins."""
    months = 24
    place = small_place(bump_down_slack=1.0)
    settled = settle(random_world(11, place, months=36, people=500, posts=260))
    settled.take_events()
    settled.lay_out(0, months)

    def after(world):  # noqa: ANN001, ANN202
        world.advance(months)
        return by_key(world), events_by_key(world, world.take_events())

    state, events = after(settled.copy())
    again, events_again = after(settled.copy())
    wrong = differing(state, again) + ["events"] * (not np.array_equal(events, events_again))
    yield same("two equal worlds have the same bits", wrong, f"{months} months, settled world")

    other, events_other = after(permuted(settled, np.random.default_rng(5)))
    wrong = differing(state, other) + ["events"] * (not np.array_equal(events, events_other))
    yield same("permuting rows changes nothing", wrong, f"{months} months, compared by key")

    # somebody outside the labour force, without search and ambition; in this place nobody outside
    # it begins to search, since one more unemployed person would change the slack that all see
    place = small_place(bump_down_slack=1.0, n_to_a=0.0, n_to_s=0.0)
    key = 10**6
    built = random_columns(12, people=500, posts=260)
    more = one_more(built, key, Status.N, START, effort=0.0, ambition=0.0)
    states = []
    for columns in (built, more):
        world = settle(World.assemble(columns, place, 12, months=36))
        world.lay_out(0, months)
        states.append(without_person(after(world)[0], key))
    yield same(
        "a person who never applies changes no other row",
        differing(*states),
        f"settled, then {months} months",
    )

    gaps = []
    for seed in range(4 if quick else 40):
        pair = []
        for backfill in (0.7, 1.0):
            world = random_world(seed, small_place(backfill=backfill), months=months)
            pair.append(round_stocks(run_recorded(world, months)))
        gaps.append(largest_gap(difference(pair[1], pair[0])))
    yield CheckRow(
        "the identities hold between a world and its twin",
        "identity",
        max(gaps) == 0,
        0,
        max(gaps),
        f"{len(gaps)} pairs with other backfilling, after every round",
    )


@check("ledger", kind="identity", source="identities of the ledger (docs/definitions.md)")
def ledger(quick: bool) -> Iterator[CheckRow]:
    """Verify the ten identities from written files, and ``(I - Q')^-1 f``."""
    place = small_place(sectors=3)
    months = 36 if quick else 120
    world = random_world(21, place, months=-START + months, people=900, posts=500, workplaces=60)
    record = run_recorded(world, months, settle_months=-START)
    with tempfile.TemporaryDirectory() as folder:
        rows = ledger_identities(Path(folder), record, world.columns.totals, place.sector_ids)
    for row in rows:
        yield CheckRow(
            f"ledger: {row.check}",
            "identity",
            row.holds is True,
            "holds",
            row.detail,
            f"{months} months",
        )
    links, chains = derive_ledger(record).frames()
    closed = chains[chains["end"] != "open"]
    total = chain_statistics(links[links["chain_id"].isin(closed["chain_id"])], closed)
    yield CheckRow(
        "(I - Q')^-1 f gives the vacancies by rung",
        "identity",
        total["deviation"] < 1e-9,
        0.0,
        total["deviation"],
        f"{len(closed)} closed chains of the engine",
    )
