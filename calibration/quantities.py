"""What a published quantity is in the simulation: window, population and definition of its source.

:data:`QUANTITIES` maps a quantity of ``evidence/targets.csv`` to a statistic of the raw sums of
:mod:`calibration.table`, in the unit of the target. Quantities that the model does not count (by
occupation group, by opinion of employers) are in :data:`NOT_MEASURED` with the reason and never
count as met.

Register (A + P) and survey (A + S) are two populations that overlap in A. ``survey_per_register``
links them: no row of one is compared with a count of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from calibration.moments import DAYS_A_MONTH, moment_list, moments
from calibration.priors import FITTED_IN
from scenarios import Site
from scenarios.targets import Target, targets_of
from simulator.codes import RUNGS, Fill
from simulator.world import Flow, Total

Row = Mapping[str, float]
MOMENTS = "_moments"  # where a row keeps them
SETTLED_AT = 1.645  # a tolerance is the half-width of a 90 % interval of a normal


def _total(row: Row, item: Total) -> float:
    return float(row[f"total_{item.name.lower()}"])


def _flow(row: Row, k: int) -> float:
    return float(sum(row[f"flow_{rung}_{k}"] for rung in range(RUNGS)))


def _ratio(a: float, b: float) -> float:
    return float(a / b) if b > 0 else float("nan")


def _panel(numerator: str, denominator: str) -> Callable[[Row], float]:
    tops, bottoms = numerator.split("+"), denominator.split("+")

    def share(row: Row) -> float:
        return 100.0 * _ratio(
            sum(row.get(f"panel_{name}", np.nan) for name in tops),
            sum(row.get(f"panel_{name}", np.nan) for name in bottoms),
        )

    return share


def _register(row: Row) -> float:
    return _total(row, Total.A) + _total(row, Total.P)


def _survey(row: Row) -> float:
    return _total(row, Total.A) + _total(row, Total.S)


def _working(row: Row) -> float:
    return _total(row, Total.RESIDENTS_HERE) + _total(row, Total.RESIDENTS_ELSEWHERE)


def _seeking(row: Row, public: bool = False) -> float:
    """Return the vacancies for which an employer still seeks somebody, as sources count them.

    In the model a post stays vacant until the person who has accepted it begins.
    """
    if public:
        return _total(row, Total.VACANT_PUBLIC) - _total(row, Total.PROMISED_PUBLIC)
    return _total(row, Total.VACANT) - _total(row, Total.PROMISED)


def _vacancy_rate(public: bool) -> Callable[[Row], float]:
    def rate(row: Row) -> float:
        open_posts = _seeking(row, public)
        return 100.0 * _ratio(open_posts, open_posts + _total(row, Total.EMPLOYED_HERE))

    return rate


def _hires(row: Row) -> float:
    return sum(
        _flow(row, Flow.FILL + fill)
        for fill in (
            Fill.HIRE_FROM_WORKPLACE,
            Fill.HIRE_SHORT_TERM_UNEMPLOYED,
            Fill.HIRE_LONG_TERM_UNEMPLOYED,
            Fill.HIRE_OUTSIDE_LABOUR_FORCE,
            Fill.HIRE_OUTSIDE_REGION,
        )
    )


def _monthly(quarterly: Callable[[Row], float]) -> Callable[[Row], float]:
    return lambda row: 100.0 * (1.0 - (1.0 - quarterly(row) / 100.0) ** (1.0 / 3.0))


@dataclass(frozen=True)
class Quantity:
    """How a published quantity is measured.

    Attributes
    ----------
    statistic : callable
        Raw sums to a value in the unit of the target.
    how : str
        Population and window in words.
    ceiling : bool
        The published figure counts more than the model does: met when not above it.
    repeats : str
        A quantity of which this one is a transformation: shown, not fitted a second time.
    """

    statistic: Callable[[Row], float]
    how: str
    ceiling: bool = False
    repeats: str = ""


_UE = _panel("ue", "uu+ue+ui")
_THREE = (
    "residents of 15-74 at both ends of three months; unemployed = A + S; outside = P, N, retired"
)
# stock over flow in days, with the flow that each source divides by
_STOCK_FLOW = {
    "nl": Quantity(
        lambda r: DAYS_A_MONTH * _ratio(_seeking(r), _hires(r)),
        "vacancies not yet promised / monthly hires x 30.4; moves inside apart",
    ),
    "pt": Quantity(
        lambda r: 12.0 * DAYS_A_MONTH * _ratio(
            _ratio(_seeking(r), _total(r, Total.EMPLOYED_HERE)),
            _ratio(r.get("panel_hired_year", np.nan), r.get("panel_e_year", np.nan)),
        ),
        "vacancies not yet promised per post / (hired within twelve months, of those in work / 12)"
        " x 30.4",
    ),
    "bg": Quantity(
        lambda r: 3.0 * DAYS_A_MONTH * _ratio(_seeking(r), _total(r, Total.STARTERS)),
        "vacancies not yet promised / (in work here, began within three months / 3) x 30.4",
    ),
}  # fmt: skip


def _by_country(site: Site) -> dict[str, Quantity]:
    """Return the quantities whose definition differs between sources of a country."""
    if site.country == "fi":
        return {
            "vacancy_duration_days": Quantity(
                lambda r: moments_of(r)["public_spell"]
                * _ratio(_seeking(r, True), _total(r, Total.VACANT_PUBLIC)),
                "public vacancies: mean completed spell until somebody accepts",
            ),
            "j2j_annual": Quantity(
                lambda r: 1200.0 * _ratio(_total(r, Total.OTHER_EMPLOYER),
                                          _total(r, Total.RESIDENTS_HERE)),
                "twelve times the monthly rate", repeats="j2j_monthly",
            ),
            "hire_share_from_employment": Quantity(
                lambda r: 100.0 * moments_of(r)["hires_from_job"],
                "hires by status at the month end before; people from outside apart",
            ),
            "hire_share_from_unemployment": Quantity(
                lambda r: 100.0 * moments_of(r)["hires_from_register"],
                "hires of people in A or P at the month end before",
            ),
            "hire_share_from_inactivity": Quantity(
                lambda r: 100.0 * (1.0 - moments_of(r)["hires_from_job"]
                                   - moments_of(r)["hires_from_register"]),
                "the rest", repeats="hire_share_from_employment",
            ),
        }  # fmt: skip
    return {
        "vacancy_duration_days": _STOCK_FLOW.get(site.country, _STOCK_FLOW["nl"]),
        "j2j_annual": Quantity(
            _panel("other_year", "same_year"),
            "in work here at both ends of a year, with another employer",
        ),
        **{
            f"hire_share_from_{word}": Quantity(
                _panel(f"hired_quarter_{letter}", "hired_quarter"),
                "residents hired within three months, by state at the quarter's start",
            )
            for word, letter in (("employment", "e"), ("unemployment", "u"), ("inactivity", "i"))
        },
    }


QUANTITIES: dict[str, Quantity] = {
    "unemployed_registered": Quantity(_register, "A + P, mean of month ends"),
    "unemployment_rate_registered": Quantity(
        lambda r: 100.0 * _ratio(_register(r), _register(r) + _working(r)),
        "A + P over employed residents and A + P", repeats="unemployed_registered",
    ),
    "unemployed_lfs": Quantity(_survey, "A + S, mean of month ends"),
    "unemployed_census": Quantity(_survey, "A + S, mean of month ends"),
    "unemployment_rate_lfs": Quantity(
        lambda r: 100.0 * _ratio(_survey(r), _survey(r) + _working(r)),
        "A + S over employed residents and A + S",
    ),
    "unemployment_rate_census": Quantity(
        lambda r: 100.0 * _ratio(_survey(r), _survey(r) + _working(r)),
        "A + S over employed residents and A + S",
    ),
    **{
        f"unemployment_rate_lfs_q{q}": Quantity(
            _panel(f"u_q{q}", f"lf_q{q}"), "A + S over the labour force at the quarter's end",
            repeats="unemployment_rate_lfs",
        )
        for q in (1, 2, 3, 4)
    },
    "unemployment_rate_lfs_15_29": Quantity(_panel("u_15_29", "lf_15_29"), "aged 15-29"),
    "unemployment_rate_lfs_youth_16_24": Quantity(_panel("u_15_24", "lf_15_24"), "aged 15-24"),
    **{
        f"unemployment_rate_lfs_{isced}": Quantity(
            _panel(f"u_{name}", f"lf_{name}"), f"schooling {name}"
        )
        for isced, name in (
            ("isced0_2", "basic"), ("isced3_4", "secondary"), ("isced5_8", "tertiary")
        )
    },
    **{
        f"edu_unemp_{isced}_share": Quantity(
            _panel(f"u_{name}", "u_basic+u_secondary+u_tertiary"), f"A + S, schooling {name}"
        )
        for isced, name in (
            ("isced0_2", "basic"), ("isced3_4", "secondary"), ("isced5_8", "tertiary")
        )
    },
    **{
        f"unemp_age_{ages}_share": Quantity(
            _panel(f"u_{ages}", "u_basic+u_secondary+u_tertiary"), f"A + S aged {ages}"
        )
        for ages in ("15_24", "25_34", "55_64")
    },
    "ltu_registered_share": Quantity(
        lambda r: 100.0 * _ratio(_total(r, Total.REGISTER_LONG), _register(r)),
        "A + P, registered twelve months or more without a break",
    ),
    "ltu_registered_persons": Quantity(
        lambda r: _total(r, Total.REGISTER_LONG), "A + P, registered twelve months or more",
        repeats="ltu_registered_share",
    ),
    "ltu_lfs_share": Quantity(
        lambda r: 100.0 * _ratio(_total(r, Total.SURVEY_LONG), _survey(r)),
        "A + S, unemployed twelve months or more",
    ),
    "ltu_rate_lfs": Quantity(
        lambda r: 100.0 * _ratio(_total(r, Total.SURVEY_LONG), _survey(r) + _working(r)),
        "A + S, unemployed twelve months or more, over the labour force",
        repeats="ltu_lfs_share",
    ),
    "ue_quarterly": Quantity(_UE, _THREE),
    "ui_quarterly": Quantity(_panel("ui", "uu+ue+ui"), _THREE),
    "uu_quarterly": Quantity(_panel("uu", "uu+ue+ui"), _THREE, repeats="ue_quarterly"),
    "ue_monthly": Quantity(_monthly(_UE), "1 - (1 - quarterly)^(1/3)", repeats="ue_quarterly"),
    "ue_quarterly_stu": Quantity(_panel("ue_short", "u_short"), "unemployed under twelve months"),
    "ue_quarterly_ltu": Quantity(_panel("ue_long", "u_long"), "unemployed twelve months or more"),
    "eu_quarterly": Quantity(_panel("eu", "ee+eu+ei"), _THREE),
    "ei_quarterly": Quantity(_panel("ei", "ee+eu+ei"), _THREE),
    "ie_quarterly": Quantity(_panel("ie", "ii+ie+iu"), _THREE),
    "iu_quarterly": Quantity(_panel("iu", "ii+ie+iu"), _THREE),
    "exit_to_work_monthly_registered": Quantity(
        _panel("register_to_work", "register"), "A + P, in work a month later"
    ),
    "j2j_monthly": Quantity(
        lambda r: 100.0 * _ratio(_total(r, Total.OTHER_EMPLOYER), _total(r, Total.RESIDENTS_HERE)),
        "in work here, with another employer at the next month end",
    ),
    "j2j_quarterly": Quantity(
        _panel("other_quarter", "same_quarter"),
        "in work here at both ends of three months, with another employer",
    ),
    "job_starters_3m_share": Quantity(
        lambda r: 100.0 * _ratio(_total(r, Total.STARTERS), _total(r, Total.EMPLOYED_HERE)),
        "in work here, began with the employer within three months",
    ),
    "hire_rate_annual": Quantity(
        lambda r: 100.0 * _ratio(
            r.get("panel_hired_year", np.nan), r.get("panel_e_year", np.nan)
        ),
        "residents in work here who began with the employer within twelve months",
    ),
    "hire_rate_quarterly": Quantity(
        _panel("hired_quarter", "ee+eu+ei"), "the same within three months"
    ),
    "separation_rate_annual": Quantity(
        _panel("other_year+eu_year+ei_year", "e_year"),
        "in work a year before: with another employer, unemployed or outside now",
    ),
    "vacancies_open_registered": Quantity(
        lambda r: _seeking(r, True), "public vacancies not yet promised, mean of month ends"
    ),
    "vacancies_new_per_month_registered": Quantity(
        lambda r: _flow(r, Flow.OPENED_PUBLIC), "public vacancies opened a month"
    ),
    "job_vacancy_rate": Quantity(
        _vacancy_rate(False), "vacancies not yet promised, over these and filled posts"
    ),
    "job_vacancy_rate_registered": Quantity(
        _vacancy_rate(True), "public vacancies not yet promised, over these and filled posts",
        repeats="vacancies_open_registered",
    ),
    "vacancy_unemployment_ratio": Quantity(
        lambda r: _ratio(_seeking(r), _survey(r)), "vacancies not yet promised over A + S"
    ),
    "unemployed_per_pes_vacancy": Quantity(
        lambda r: _ratio(_register(r), _seeking(r, True)),
        "A + P over public vacancies not yet promised",
    ),
    "promotion_annual": Quantity(
        _panel("stepped_up", "stayers"),
        "a rung up at the same workplace within a year, two years or more there before",
        ceiling=True,
    ),
}  # fmt: skip

NOT_MEASURED = {
    "isco": "the model has rungs, not occupations; rungs were built from these shares",
    "hard_to_fill": "an employer's opinion; the model counts vacancies open longer than 3 months",
    "recruit_problems": "an employer's opinion",
    "plf_to_e": "the potential labour force is a part of N that the model does not mark",
    "region": "a count of the region around the place",
    "ltu_24m": "spells are counted to twelve months",
    "in_education": "students are not marked in the model",
    "ww": "the insured are not marked in the model",
    "high_skill": "the model has rungs, not occupations",
    "accommodation_food": "vacancies are not counted by sector",
    "fixed_term": "vacancies are not counted by contract",
    "by_pes": "how a vacancy was filled is not recorded by channel",
    "2y_share": "the yearly share is measured",
}

# fit rows that must not pull the fit, with the reason (evidence/data_notes.md)
APART = {
    ("sofia", "ltu_registered_share"): "the register loses the long-term unemployed, which the "
    "model does not; contradicts the survey's 42 % (data notes, conflict 2)",
    ("kokkola", "job_vacancy_rate_registered"): "campaign notices for many posts: contradicts new "
    "public vacancies a month times their duration",
    ("kokkola", "vacancies_open_registered"): "campaign notices for many posts: contradicts new "
    "public vacancies a month times their duration",
    ("kokkola", "job_vacancy_rate"): "national rate, approximate denominator",
}


# rows that Kokkola's moments do not cover: fitted beside them, with their own wide tolerances
BESIDE = ("ltu_lfs_share", "ie_quarterly", "ei_quarterly")


@dataclass(frozen=True)
class Aim:
    """A target of a place with what the simulation measures for it.

    Attributes
    ----------
    id, meaning, unit
        Name in tables; how it is measured; unit of value, tolerance and statistic.
    value, tolerance, low, high
        Published figure; half-width within which it is met, or bounds where there is no value.
    role : {"fit", "check"}
    used : bool
        Whether the posterior is conditioned on it.
    why : str
        Why a row of role ``fit`` is not used.
    source : str
    statistic : callable
        Raw sums of the table to a value.
    ceiling : bool
    """

    id: str
    meaning: str
    unit: str
    value: float | None
    tolerance: float | None
    low: float | None
    high: float | None
    role: str
    used: bool
    why: str
    source: str
    tier: str
    statistic: Callable[[Row], float]
    ceiling: bool = False

    @property
    def relative_tolerance(self) -> float:
        """Half-width within which it is met, relative to the value.

        Raises
        ------
        ValueError
            Where there are bounds and no value; those are not fitted.
        """
        if self.value is None or self.tolerance is None:
            raise ValueError(f"the target {self.id} has bounds, but no value with a tolerance")
        return self.tolerance / abs(self.value)

    def met(self, simulated: float) -> bool:
        """Return whether a simulated value lies within the tolerance."""
        if self.value is None or self.tolerance is None:
            return (self.low is None or simulated >= self.low) and (
                self.high is None or simulated <= self.high
            )
        if self.ceiling:
            return simulated <= self.value + self.tolerance
        return abs(simulated - self.value) <= self.tolerance

    def distance(self, simulated: float) -> float | None:
        """Return how far a simulated value is from the target, in tolerances."""
        if self.value is None or not self.tolerance:
            return None
        return (simulated - self.value) / self.tolerance


def moments_of(row: Row) -> dict[str, float]:
    """Return the moments of :mod:`calibration.moments` for raw sums of the table.

    A row that is a dictionary keeps them: every target of a row asks for them.
    """
    if MOMENTS in row:
        return row[MOMENTS]  # type: ignore[return-value]
    totals = np.array([[row[f"total_{item.name.lower()}"] for item in Total]], float)
    flows = np.array(
        [[[row[f"flow_{rung}_{k}"] for k in range(Flow.SIZE)] for rung in range(RUNGS)]], float
    )
    found = moments(totals, flows, float(row["retired"]), (0, 1))
    if isinstance(row, dict):
        row[MOMENTS] = found
    return found


def _moment(name: str) -> Callable[[Row], float]:
    return lambda row: moments_of(row)[name]


def quantity_of(site: Site, target: Target) -> Quantity | None:
    """Return how a published quantity is measured at a place; None when the model does not."""
    return _by_country(site).get(target.quantity) or QUANTITIES.get(target.quantity)


def why_not(quantity: str) -> str:
    """Return why the model does not measure a quantity."""
    for part, reason in NOT_MEASURED.items():
        if part in quantity:
            return reason
    return "not measured in the model"


def aims(site: Site) -> list[Aim]:
    """Return the targets of a place that the model measures.

    Kokkola: the moments of ``calibration_start.md`` are fitted, the rows of ``targets.csv`` are
    shown with their own windows. Other places: the chosen rows of ``targets.csv``; head counts
    that the site file states as margins are fitted too, since a world must keep what it was built
    with.
    """
    found = []
    starts = [m for m in moment_list(site) if m.role == "fit"]
    margins = {"employed", "register", "survey", "searching", "in_commuters"}
    own = site.country == "fi"
    borrowed = FITTED_IN.get(site.country)
    for item in starts:
        if not own and item.id not in margins:
            continue
        source = item.row if own else "margin of the site file"
        found.append(
            Aim(
                f"moment_{item.id}", item.meaning, item.unit, item.target, item.tolerance, None,
                None, "fit" if own else "margin", True, "", source, "local", _moment(item.id),
            )
        )  # fmt: skip
    for target in targets_of(site.id, site.like):
        quantity = quantity_of(site, target) if target.counted else None
        if quantity is None:
            continue
        used, why = target.role == "fit", ""
        if used and own and target.quantity not in BESIDE:
            used, why = False, "a moment of calibration_start.md is fitted in its place"
        elif used and (site.id, target.quantity) in APART:
            used, why = False, APART[site.id, target.quantity]
        elif used and quantity.repeats:
            used, why = False, f"follows from {quantity.repeats}"
        elif used and quantity.ceiling:
            used, why = False, "a ceiling, not a target"
        elif used and borrowed and target.quantity.startswith("vacancies_open"):
            used, why = False, "the rate of the same source is fitted"
        if target.role == "fit" and (site.id, target.quantity) in APART:
            why = APART[site.id, target.quantity]
        found.append(
            Aim(
                target.quantity, quantity.how, target.unit, target.value, target.tolerance,
                target.low, target.high, target.role, used, why,
                f"{target.source}, {target.year}", target.tier, quantity.statistic,
                quantity.ceiling,
            )
        )  # fmt: skip
    return found


def not_measured(site: Site) -> list[tuple[Target, str]]:
    """Return the counted targets of a place that the model does not measure, with the reason."""
    return [
        (target, why_not(target.quantity))
        for target in targets_of(site.id, site.like)
        if target.counted and quantity_of(site, target) is None
    ]


def survey_per_register(row: Row) -> float:
    """Return the survey unemployed per register unemployed: the link of both populations."""
    return _ratio(_survey(row), _register(row))
