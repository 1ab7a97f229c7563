"""What the page shows of a place before anything is computed: names, measures, numbers."""

from __future__ import annotations

from typing import Any

from experiments.levels import levels
from scenarios import Site, load_parameters, load_site
from scenarios.costs import Costs, load_costs
from scenarios.loader import shipped_sites
from scenarios.measures import BASELINE, Measure, Mix, load_mix, load_partners, shipped_mixes
from scenarios.numbers import Number
from scenarios.schema import Names
from simulator.comparison import TERM

from . import own
from .mixes import capacities, changed, fitting_measures, services, share_of_capacity
from .twins import page_scale

KINDS = ("jobseeker", "worker", "employer", "coordination")
# assumptions that a room may dispute, each with a sentence in the locale files; the others are
# shown with source and grade
DISPUTED = (
    "backfill", "backfill_shrinking", "return_withdrawn", "internal_first", "retention_first",
    "short_of_staff", "considers_long_term", "statistical_share", "meeting_information",
    "promotion_penalty", "bump_down", "learning", "skill_loss",
)  # fmt: skip


def names(item: Names) -> dict[str, str]:
    """Return the languages that a name has."""
    return item.model_dump(exclude_none=True)


def _number(item: Number | None) -> dict[str, Any] | None:
    if item is None:
        return None
    return item.model_dump(include={"value", "unit", "low", "high", "grade", "source"})


def places() -> list[dict[str, Any]]:
    """Return the shipped places."""
    found = []
    for name in shipped_sites():
        site = load_site(name)
        found.append(
            {
                "id": site.id,
                "names": names(site.name),
                "description": names(site.description),
                "country": site.country,
                "base_period": site.base_period,
            }
        )
    return found


def mix_setting(mix: Mix) -> dict[str, Any]:
    """Return a mix as the page sets it: what it changes of today's services, and what is new."""
    partners: dict[str, dict[str, Any]] = {}
    for kind, change in mix.partners.items():
        partners[kind] = {"takes_part": change.takes_part}
        if change.capacity is not None:
            partners[kind]["capacity"] = change.capacity.value
    return {
        "measures": {
            name: {
                "dose": min(share_of_capacity(mix.site or "", name, dose), 1.0),
                "strength": dose.strength,
                "start": dose.start_month,
            }
            for name, dose in changed(mix).items()
        },
        "partners": partners,
        "own": {name: one.model_dump(exclude_none=True) for name, one in own_in(mix).items()},
    }


def own_in(mix: Mix) -> dict[str, own.OwnMeasure]:
    """Return the room's own measures of a mix; those that the page cannot show are left out."""
    found = {name: own.own_of(mix.files[name]) for name in mix.measures if name in own.IDS}
    return {name: one for name, one in found.items() if one is not None}


def lost_in_setting(mix: Mix, site: Site) -> list[str]:
    """Return what of a mix file the page cannot set, in words of the file."""
    lost = []
    fitting = {measure.id for measure in fitting_measures(site)} | set(own_in(mix))
    running = services(site.id)
    for name, dose in changed(mix).items():
        if dose.file is not None or name not in fitting:
            lost.append(f"measures.{name}")
            continue
        full = capacities(site.id).get(name)
        too_much = share_of_capacity(site.id, name, dose) > 1
        if dose.capacity is not None and (full is None or too_much):
            lost.append(f"measures.{name}.capacity")
        if not dose.fidelity:
            lost.append(f"measures.{name}.fidelity")
        if dose.months not in (None, TERM):
            lost.append(f"measures.{name}.months")
        if name in running and dose.start_month:
            lost.append(f"measures.{name}.start_month")
    for kind, change in mix.partners.items():
        lost += [
            f"partners.{kind}.{field}"
            for field in ("reach", "engagement")
            if getattr(change, field) is not None
        ]
    return lost


def place(site_id: str) -> dict[str, Any]:
    """Return everything that the page needs to know of a place.

    Raises
    ------
    ScenarioError
        When there is no such place.
    """
    site = load_site(site_id)
    default = load_mix(site.default_mix, site.id)
    costs = load_costs(site.id)
    tried = [name for name in default.measures if name not in services(site.id)]
    return {
        "id": site.id,
        "names": names(site.name),
        "description": names(site.description),
        "country": site.country,
        "base_period": site.base_period,
        "residents": site.margins.residents.value,
        "posts": site.margins.filled_posts.value,
        "register": site.margins.register_unemployed.value,
        "target": names(site.target_group.name),
        "against": site.today or BASELINE,
        # one person in so many is simulated
        "scale": page_scale(site),
        "levels": levels()["levels"],
        "mixes": [
            _mix(name, site)
            for name in shipped_mixes(site.id)
            if name not in (BASELINE, site.today)
        ],
        "default_mix": site.default_mix,
        "measures": [
            _measure(measure, measure.id in tried, costs, site.id)
            for kind in KINDS
            for measure in sorted(fitting_measures(site), key=lambda m: (m.id not in tried, m.id))
            if measure.kind == kind
        ],
        "partners": _partners(),
        "sectors": [{"id": one.id, "names": names(one.name)} for one in site.sectors],
        "parameters": _parameters(site),
        "disputed": list(DISPUTED),
        "own_levers": own.choices(),
    }


def _mix(name: str, site: Site) -> dict[str, Any]:
    mix = load_mix(name, site.id)
    return {"id": mix.id, "names": names(mix.names), "summary": mix.summary} | mix_setting(mix)


def _measure(measure: Measure, tried_here: bool, costs: Costs, site_id: str) -> dict[str, Any]:
    takes = levels()["takes"].get(measure.id)
    cost = costs.of(measure)
    now = services(site_id).get(measure.id)
    return {
        "id": measure.id,
        "kind": measure.kind,
        "names": names(measure.names),
        "summary": measure.summary,
        "tried_here": tried_here,
        "hypothetical": measure.hypothetical,
        "hypothetical_reason": measure.hypothetical_reason,
        "recruits": measure.recruits,
        "capacity": _number(capacities(site_id).get(measure.id, measure.capacity)),
        # runs in the place now: how much, and whether that is known
        "today": None
        if now is None
        else {
            "dose": share_of_capacity(site_id, measure.id, now),
            "volume": now.volume,
            "grade": now.grade,
            "source": now.source,
        },
        "months": None if measure.duration_months is None else measure.duration_months.value,
        "price": _number(cost.price),
        "fixed": _number(cost.fixed),
        "takes": takes,
        "published": measure.effect_published,
        # levers that the second control moves
        "untested": any(not lever.published for lever in measure.levers),
        "moves_nothing": not measure.levers,
        "delivered_by": dict(measure.delivered_by),
        "referred_by": list(measure.referred_by),
        "grade": measure.grade,
        "levers": [
            {
                "lever": lever.lever,
                "published": lever.published,
                "assumed": lever.strength.assumed,
                "low": lever.strength.low,
                "high": lever.strength.high,
                "unit": lever.strength.unit,
                "grade": lever.strength.grade,
                "source": lever.strength.source,
                "reason": lever.reason,
            }
            for lever in measure.levers
        ],
    }


def partner_kinds() -> list[str]:
    """Return the kinds of partners."""
    return list(load_partners().partners)


def _partners() -> list[dict[str, Any]]:
    return [
        {
            "kind": kind,
            "names": names(partner.names),
            "serves": list(partner.serves),
            "capacity": _number(partner.capacity),
            "reach": _number(partner.reach),
            "engagement": _number(partner.engagement),
        }
        for kind, partner in load_partners().partners.items()
    ]


def _parameters(site: Site) -> list[dict[str, Any]]:
    return [
        {
            "id": name,
            "value": item.value,
            "low": item.low,
            "high": item.high,
            "unit": item.unit,
            "grade": item.grade,
            "role": item.role,
            "source": item.source,
            "meaning": item.meaning,
        }
        for name, item in load_parameters(site).items()
    ]


def parameter_problem(site: Site, values: dict[str, float]) -> str | None:
    """Return what is wrong with the room's values, or None."""
    known = load_parameters(site)
    for name, value in values.items():
        if name not in DISPUTED:
            return f"parameters: '{name[:40]}' is no assumption that a room can change."
        item = known[name]
        if item.low is None or item.high is None or not item.low <= value <= item.high:
            return (
                f"parameters.{name}: {value:g} is outside its range, {item.low:g} to {item.high:g}."
            )
    return None
