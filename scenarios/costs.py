"""Prices of measures and who pays: the user's own table, one per place.

A price that is not given is unknown, never zero: totals say how many measures they leave out.
Without a table of its own a place uses the published prices of the measure files, and nobody is
named as the payer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from scenarios.errors import SCHEMA, ScenarioError, Table, read_toml, suggestion, validate
from scenarios.measures import PRICE_UNITS, Measure, shipped_measures
from scenarios.numbers import Number, Text, is_number

Payer = Literal["municipality", "state", "insurance", "health", "employer", "project"]
PAYERS: tuple[str, ...] = (*get_args(Payer), "unknown")
FOLDER = Path(__file__).parent / "costs"

Chance = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[Number, is_number("share", 0.0, 1.0)]
PerYear = Annotated[Number, is_number("EUR per year", 0.0)]
PerEvent = Annotated[Number, is_number("persons", 1.0)]


def _sums_to_one(shares: Mapping[Payer, float], what: str) -> None:
    total = sum(shares.values())
    if shares and abs(total - 1.0) > 1e-6:
        raise ValueError(f"has shares of {what} that sum to {total:.4g}, but must sum to 1.")


def _payers(shares: Mapping[Payer, float]) -> dict[str, float]:
    """Return shares by payer; ``unknown`` pays where there are none."""
    return {payer: share for payer, share in shares.items()} or {"unknown": 1.0}


class MeasureCost(Table):
    """What one measure costs here.

    ``price`` goes with what the unit names; ``fixed`` is spent in every year in which the
    measure recruits. ``people_per_event`` goes with a price per event where the measure's own
    file names no group size. ``paid_by`` splits both; left out, the payer is unknown.
    """

    price: Number | None = None
    fixed: PerYear | None = None
    people_per_event: PerEvent | None = None
    paid_by: dict[Payer, Chance] = {}

    @property
    def payers(self) -> dict[str, float]:
        """Return who pays which share; ``unknown`` where the file does not say."""
        return _payers(self.paid_by)

    @model_validator(mode="after")
    def _check(self) -> MeasureCost:
        if self.price is not None:
            if self.price.unit not in PRICE_UNITS:
                allowed = ", ".join(f"'{unit}'" for unit in PRICE_UNITS)
                raise ValueError(
                    f"has a price in '{self.price.unit}', but it must be in one of {allowed}."
                )
            if self.price.value < 0:
                raise ValueError(f"has a price of {self.price.value:g}, but it must be 0 or more.")
        _sums_to_one(self.paid_by, "payers")
        return self


class BenefitShares(Table):
    """Who pays the benefits of the unemployed from a month on."""

    since: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
    paid_by: dict[Payer, Chance]
    grade: Literal["A", "B", "C", "D", "E"]
    source: Text

    @model_validator(mode="after")
    def _check(self) -> BenefitShares:
        _sums_to_one(self.paid_by, "benefits")
        return self


class BenefitCosts(Table):
    """Benefits: in which share of registered months one is paid, and by whom."""

    received: Share
    shares: list[BenefitShares] = []


class Costs(Table):
    """The cost table of one place."""

    site: Text
    benefits: BenefitCosts
    measures: dict[str, MeasureCost] = {}

    def of(self, measure: Measure) -> MeasureCost:
        """Return the costs of a measure; the published price of its file where none is given."""
        own = self.measures.get(measure.id, MeasureCost())
        if own.price is None and measure.price is not None:
            return own.model_copy(update={"price": measure.price})
        return own

    def benefit_payers(self, year: int, month: int) -> dict[str, float]:
        """Return who pays benefits in a calendar month; ``unknown`` where no row says."""
        now = f"{year:04d}-{month:02d}"
        known = [row for row in self.benefits.shares if row.since <= now]
        return _payers(max(known, key=lambda row: row.since).paid_by if known else {})


def shipped_costs() -> list[str]:
    """Return the places that have a cost table of their own."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_costs(
    name_or_path: str | Path, site_id: str | None = None, measures: Iterable[str] = ()
) -> Costs:
    """Read the cost table of a place.

    Parameters
    ----------
    name_or_path : str or Path
        Id of a place (one without a table of its own has only published prices), or path of a
        TOML file.
    site_id : str, optional
        Place for which the table is wanted; a table of another place is an error.
    measures
        Measures that may have a price beside the shipped ones (a user's own).

    Raises
    ------
    ScenarioError
        With every problem of the file.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = FOLDER / f"{name_or_path}.toml"
        if not path.exists() and site_id not in (None, str(name_or_path)):
            known = shipped_costs()
            raise ScenarioError(
                f"'{name_or_path}' is no table of costs; name a TOML file, or a place that has "
                f"one: {', '.join(known)}."
            )
        if not path.exists():
            path = FOLDER / "unknown.toml"
            site_id = None
    problems: list[str] = []
    data = read_toml(path, problems)
    if data is None:
        raise ScenarioError(problems)
    costs = validate(Costs, data, path, problems)
    known = [*shipped_measures(), *measures]
    for name in data.get("measures", {}) if isinstance(data.get("measures"), dict) else []:
        if name not in known:
            problems.append(
                f"{path.name}: measures.{name} is no measure; " + suggestion(name, known)
            )
    if costs is not None and site_id is not None and costs.site != site_id:
        problems.append(
            f"{path.name}: site is '{costs.site}', but the place asked for is '{site_id}'; "
            f"use a table of {site_id}."
        )
    if problems or costs is None:
        raise ScenarioError(problems)
    return costs


def people_per_event(measure: Measure, cost: MeasureCost) -> float | None:
    """Return how many people an event takes: as the table says, else the measure's own file."""
    size = cost.people_per_event or measure.group_size
    return None if size is None else float(size.value)


def check_events(costs: Costs, measures: Iterable[Measure]) -> None:
    """Refuse a price per event of a measure of which nobody says how many people an event takes.

    Raises
    ------
    ScenarioError
        With every such measure.
    """
    problems = []
    for measure in measures:
        cost = costs.of(measure)
        by_event = cost.price is not None and cost.price.unit == "EUR per event"
        if by_event and people_per_event(measure, cost) is None:
            problems.append(
                f"costs of {costs.site}: measures.{measure.id}.price is in EUR per event, but "
                "neither it nor the measure's file says how many people an event takes; add "
                "people_per_event, or give the price in EUR per participant."
            )
    if problems:
        raise ScenarioError(problems)


__all__ = ["PAYERS", "SCHEMA", "Costs", "MeasureCost", "check_events", "load_costs",
           "people_per_event", "shipped_costs"]  # fmt: skip
