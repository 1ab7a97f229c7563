"""A measure of the room's own: a name, a group, one lever with a range, a price.

What the room does not say (how long, who wants it, how it fades) are stand-ins of grade E, written
into the mix file like everything else. A lever may be as strong as the widest range that a shipped
measure states for it, not stronger: beyond that nobody has said anything.
"""

from __future__ import annotations

import functools
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from scenarios.conditions import Clause, WorkplaceClause
from scenarios.measures import (
    LEVER_UNITS,
    Kind,
    Lever,
    Measure,
    PartnerKind,
    Strength,
    load_measure,
    shipped_measures,
)
from scenarios.numbers import Number
from scenarios.schema import Names

IDS = ("own_1", "own_2", "own_3")
STAMP = "assumed by the room"
STAND_IN = "stand-in of the workshop page; the room said nothing"
MOST_NAME = 60
MOST_PLACES = 10_000  # a year
MOST_PRICE = 1_000_000.0
# whom a measure of a group serves
ON: dict[str, Literal["person", "workplace", "place"]] = {
    "jobseeker": "person", "worker": "person", "employer": "workplace", "coordination": "place",
}  # fmt: skip
PRICED = {
    "person": "EUR per participant", "workplace": "EUR per workplace", "place": "EUR per year",
}  # fmt: skip
JOBSEEKERS_TOO = ("jobseeker", "employer")
SERVED: dict[str, list[Clause]] = {
    "jobseeker": [Clause(statuses=["A", "P", "S"], resident=True)],
    "worker": [Clause(statuses=["employed"], rungs=[0, 1])],
}


class OwnMeasure(BaseModel):
    """A measure of the room's own, as set on the page."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    name: Annotated[str, Field(min_length=1, max_length=MOST_NAME)]
    kind: Kind
    lever: Annotated[str, Field(max_length=40)]
    low: float
    assumed: float
    top: float
    places: Annotated[int, Field(ge=1, le=MOST_PLACES)] = 100
    price: Annotated[float, Field(ge=0, le=MOST_PRICE)] | None = None
    partner: PartnerKind = "employment_services"


@functools.cache
def spans() -> dict[tuple[str, str], tuple[float, float]]:
    """Return the widest range that shipped measures state, by group of measures and lever."""
    found: dict[tuple[str, str], tuple[float, float]] = {}
    for name in shipped_measures():
        one = load_measure(name)
        for lever in one.levers:
            for kind, on in ON.items():
                # jobseekers are served by measures for employers too (a subsidy, a meeting)
                same = on != "person" or one.kind == kind or (kind, one.kind) == JOBSEEKERS_TOO
                if lever.applies_to == on and same:
                    low, high = found.get((kind, lever.lever), (0.0, 0.0))
                    size = lever.strength
                    found[kind, lever.lever] = (min(low, size.low), max(high, size.high))
    return {key: span for key, span in sorted(found.items()) if span[0] < span[1]}


def choices() -> dict[str, list[dict[str, Any]]]:
    """Return the levers that each group may move: name, unit, range."""
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in ON}
    for (kind, lever), (low, high) in spans().items():
        # mood is reported and never priced
        if lever != "mood":
            found[kind].append(
                {"lever": lever, "unit": LEVER_UNITS[lever], "low": low, "high": high}
            )
    return found


def problem(own: OwnMeasure) -> str | None:
    """Return what is wrong with a measure of the room, or None."""
    known = {item["lever"]: item for item in choices()[own.kind]}
    if own.lever not in known:
        names = ", ".join(known)
        return f"lever: '{own.lever[:40]}' is no lever for this group; there are {names}."
    if not own.name.strip() or any(not c.isprintable() for c in own.name):
        return "name: must be one line of text that can be read."
    low, high = known[own.lever]["low"], known[own.lever]["high"]
    for key in ("low", "assumed", "top"):
        size = getattr(own, key)
        if not low <= size <= high:
            return (
                f"{key}: {size:g} is outside {low:g} to {high:g}, the widest range that a shipped "
                "measure states for this lever."
            )
    ends = sorted((own.low, own.top))
    if not ends[0] <= own.assumed <= ends[1]:
        return f"assumed: {own.assumed:g} does not lie between low and top."
    return None


def _stand_in(value: float, unit: str, low: float, high: float) -> Number:
    return Number(value=value, unit=unit, low=low, high=high, grade="E", source=STAND_IN)


def measure_of(id_: str, own: OwnMeasure) -> Measure:
    """Return a measure of the room as the model reads it."""
    on = ON[own.kind]
    low, high = sorted((own.low, own.top))
    strength = Strength(
        none=0.0, assumed=own.assumed, top=own.top, low=low, high=high,
        unit=LEVER_UNITS[own.lever], grade="D", source=STAMP, spike=0.5,
    )  # fmt: skip
    fades: dict[str, Any] = (
        {} if on == "place" else {"months_to_half": 12.0, "months_to_zero": 24.0}
    )
    lever = Lever(
        lever=own.lever, applies_to=on, strength=strength, published=False, reason=STAMP, **fades
    )
    given: dict[str, Any] = {}
    if on != "place":
        people = on == "person"
        places = own.places / 12 if people else float(own.places)
        given = {
            "capacity": Number(
                value=places,
                unit="person places per month" if people else "workplaces per year",
                low=places,
                high=places,
                grade="D",
                source=STAMP,
            ),
            "take_up": _stand_in(0.5, "share", 0.2, 0.8),
            "duration_months": _stand_in(1.0 if people else 12.0, "months", 1.0, 12.0),
            "lock_in": _stand_in(1.0, "multiplier", 0.8, 1.0),
            "drop_out": _stand_in(0.1, "share", 0.0, 0.3),
            "referred_by": [own.partner],
        }
        if people:
            given["eligibility"] = SERVED[own.kind]
        else:
            given["workplaces"] = [WorkplaceClause()]
    if own.price is not None:
        given["price"] = Number(
            value=own.price, unit=PRICED[on], low=own.price, high=own.price, grade="D", source=STAMP
        )
    return Measure(
        id=id_,
        kind=own.kind,
        names=Names(en=own.name),
        summary=f"A measure of the room's own, {STAMP}.",
        rows=[],
        delivered_by={own.partner: 1.0},
        primary_lever=own.lever,
        levers=[lever],
        **given,
    )


def own_of(measure: Measure) -> OwnMeasure | None:
    """Return a measure of the room from its definition in a mix file; None: the page cannot."""
    if len(measure.levers) != 1 or len(measure.delivered_by) != 1:
        return None
    lever, size = measure.levers[0], measure.levers[0].strength
    places = round(measure.places_per_month * 12)
    try:
        own = OwnMeasure(
            name=measure.names.en,
            kind=measure.kind,
            lever=lever.lever,
            low=size.low if size.top == size.high else size.high,
            assumed=size.assumed,
            top=size.top,
            places=max(1, places),
            price=None if measure.price is None else measure.price.value,
            partner=next(iter(measure.delivered_by)),
        )
    except ValueError:
        return None
    if problem(own) is not None or measure_of(measure.id, own) != measure:
        return None
    return own
