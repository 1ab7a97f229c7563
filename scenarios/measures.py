"""Measures, mixes of measures and partner organisations, read from TOML files.

A measure is data, not code. Its file says whom it serves, how many places it has, who delivers
it, and which *levers* of the model it moves, each with a range, a grade and a reason. A mix
names measures with doses; a dose is a share of the capacity in the file, never of the effect.

Strength
    ``none`` is zero; ``assumed`` is the size used unless said otherwise; ``top`` is the
    favourable end of the range. ``spike`` is the chance, in draws over uncertain inputs, that
    the lever does not move at all.
Onset and decay
    An effect starts ``onset_months`` after entry, is whole for ``months_to_half`` months, half
    until ``months_to_zero`` months, then gone (months counted from the onset). Without
    ``months_to_half`` it is whole until ``months_to_zero``; without both it stays.
Where a lever acts
    on the ``person`` served, on the ``workplace`` that takes part (its posts and its staff), or
    on the whole ``place`` (its people, workplaces and partners; nobody is recruited).
"""

from __future__ import annotations

import csv
import functools
import re
import zlib
from collections.abc import Iterable
from pathlib import Path
from statistics import NormalDist
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from scenarios.conditions import Condition, WorkplaceCondition, barriers_named, named
from scenarios.errors import (
    ScenarioError,
    Table,
    is_file,
    parsed,
    read_toml,
    suggestion,
    unknown_name,
    validate,
)
from scenarios.numbers import Grade, Months, Number, Share, Text, number
from scenarios.schema import Names

FOLDER = Path(__file__).parent
BASELINE = "baseline"
TODAY = "today"

Kind = Literal["jobseeker", "worker", "employer", "coordination"]
StrengthWord = Literal["none", "assumed", "top"]
AppliesTo = Literal["person", "workplace", "place"]
PartnerKind = Literal[
    "employment_services",
    "training_provider",
    "third_sector",
    "labour_market_party",
    "social_security",
    "health_social_services",
    "representatives",
]
PARTNER_KINDS: tuple[str, ...] = get_args(PartnerKind)

# Each lever changes one rule of the model, on the scale of that rule.
LEVER_UNITS: dict[str, str] = {
    "search_effort": "log",
    "search_effectiveness": "score",
    "mood": "sd",
    "competence": "q",
    "learning": "q headroom",
    "stigma": "score",
    "penalty": "share closed",
    "hiring_subsidy": "score at offer",
    "hiring_standard": "score",
    "meetings": "per month per participant",
    "visibility": "share of unseen vacancies seen",
    "separation_after_hire": "log",
    "fixed_term_conversion": "log odds",
    "ambition": "log odds",
    "promotion_readiness": "q",
    "internal_first": "log odds",
    "retention_first": "log odds",
    "backfilling": "log odds",
    "new_entry_posts": "posts per workplace and year",
    "hours": "share",
    "awareness": "share",
    "access": "share",
    "engagement": "share",
    "interaction": "share",
}
SHARE_UNITS = ("share", "share closed", "share of unseen vacancies seen")

PERSON_PLACES = "person places per month"
WORKPLACES = "workplaces per year"
CAPACITY_UNITS = (PERSON_PLACES, WORKPLACES)
PRICE_UNITS = (
    "EUR per participant",
    "EUR per participant and month",
    "EUR per event",
    "EUR per workplace",
    "EUR per year",
)

NonNegative = Annotated[float, Field(ge=0)]
Chance = Annotated[float, Field(ge=0, le=1)]


@functools.cache
def evidence_ids(table: str, column: str) -> tuple[str, ...]:
    """Return the ids of an evidence table, in file order.

    Parameters
    ----------
    table
        Name of the file in the evidence folder without its ending.
    column
        Column that holds the id.
    """
    path = FOLDER / "evidence" / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(row[column] for row in csv.DictReader(file))


def _known(value: str, what: str, choices: Iterable[str]) -> str:
    choices = list(choices)
    if value not in choices:
        raise ValueError(f"names the unknown {what} '{value}'; " + suggestion(value, choices))
    return value


RowId = Annotated[
    str,
    AfterValidator(lambda v: _known(v, "measure row", evidence_ids("measures", "measure_id"))),
]
EffectId = Annotated[
    str, AfterValidator(lambda v: _known(v, "effect", evidence_ids("effects", "effect_id")))
]
LeverName = Annotated[str, AfterValidator(lambda v: _known(v, "lever", LEVER_UNITS))]


class Strength(Table):
    """Size of a lever: nothing, the assumed size, the favourable end, and the range."""

    none: float
    assumed: float
    top: float
    low: float
    high: float
    unit: Text
    grade: Grade
    source: Text
    spike: Chance


class ByFlag(Table):
    """How the size differs between people with and without a barrier flag.

    The range of the lever is that of the mean participant; the two factors multiply what the
    range has let through.
    """

    flag: Text
    with_flag: float
    without_flag: float
    reason: Text


class Lever(Table):
    """One lever that a measure moves."""

    lever: LeverName
    applies_to: AppliesTo
    strength: Strength
    published: bool
    reason: Text
    effects: list[EffectId] = []
    stage: Literal["written", "offer"] | None = None
    onset_months: NonNegative = 0.0
    months_to_half: NonNegative | None = None
    months_to_zero: NonNegative | None = None
    by_flag: ByFlag | None = None
    fidelity_lost: float | None = None

    @property
    def unit(self) -> str:
        """Unit of the lever's scale."""
        return LEVER_UNITS[self.lever]

    @property
    def size(self) -> Number:
        """The assumed size as a number with range, grade and source."""
        s = self.strength
        return Number(
            value=s.assumed,
            unit=s.unit,
            low=s.low,
            high=s.high,
            grade=s.grade,
            source=s.source,
            note=self.reason,
        )

    def at(self, strength: str = "assumed", fidelity: bool = True) -> float:
        """Return the size at a strength.

        Parameters
        ----------
        strength
            ``none``, ``assumed`` or ``top``.
        fidelity
            Whether the method is kept. Where it is not, a lever with ``fidelity_lost`` has
            that size instead, whatever the strength.
        """
        if not fidelity and self.fidelity_lost is not None:
            return self.fidelity_lost
        return float(getattr(self.strength, strength))

    def draw(self, u: float) -> float:
        """Return the size for a uniform draw: zero with chance ``spike``, else from the range.

        The range is read as the central 95 % of a normal distribution on the lever's own scale
        and cuts it off, as no lever may pass the end of its range.
        """
        s = self.strength
        if u < s.spike:
            return 0.0
        if s.high == s.low:
            return s.high
        v = (u - s.spike) / (1.0 - s.spike)
        v = min(max(v, 1e-9), 1.0 - 1e-9)
        spread = (s.high - s.low) / (2 * 1.959964)
        return min(max(NormalDist((s.low + s.high) / 2, spread).inv_cdf(v), s.low), s.high)

    def share_left(self, months: float) -> float:
        """Return which share of the effect acts so many months after entry.

        Examples
        --------
        Whole for 12 months, half until month 24, then gone:

        >>> lever = load_measure("taite").levers[0]
        >>> [lever.share_left(month) for month in (0, 11, 12, 23, 24)]
        [1.0, 1.0, 0.5, 0.5, 0.0]
        """
        since = months - self.onset_months
        if since < 0:
            return 0.0
        if self.months_to_zero is not None and since >= self.months_to_zero:
            return 0.0
        return 0.5 if self.months_to_half is not None and since >= self.months_to_half else 1.0


class Cover(Table):
    """A substitute's fixed-term post while the participant trains or is on leave.

    Posts come per participant, at the participant's workplace and rung; the lever
    ``new_entry_posts`` of such a measure multiplies them, so that none means no substitute. With
    ``registered_months`` only people so long on the register are hired; without, anybody.
    """

    origin: Literal["cover", "leave"]
    per_participant: Share
    registered_months: Months | None = None


class Measure(Table):
    """One measure as its file says it."""

    id: Text
    kind: Kind
    names: Names
    summary: Text
    rows: list[RowId]
    answers: list[RowId] = []
    hypothetical: bool = False
    hypothetical_reason: Text | None = None
    content: Literal["known", "unknown"] = "known"
    capacity: Number | None = None
    group_size: Number | None = None
    eligibility: Condition | None = None
    workplaces: WorkplaceCondition | None = None
    take_up: Share | None = None
    duration_months: Months | None = None
    lock_in: number("multiplier", 0.0, 2.0) | None = None  # type: ignore[valid-type]
    drop_out: Share | None = None
    delivered_by: dict[PartnerKind, Chance] = {}
    referred_by: list[PartnerKind] = []
    price: Number | None = None
    primary_lever: LeverName | None = None
    second_lever: LeverName | None = None
    levers: list[Lever] = []
    cover: Cover | None = None
    demonstration: Share | None = None
    notes: list[Text] = []

    @property
    def key(self) -> int:
        """Number of the measure for keyed draws: the same in every mix and order."""
        return zlib.crc32(self.id.encode())

    @property
    def recruits(self) -> str:
        """Whom the measure recruits: ``person``, ``workplace``, or ``place`` for nobody."""
        if self.capacity is None:
            return "place"
        return "person" if self.capacity.unit == PERSON_PLACES else "workplace"

    @property
    def places_per_month(self) -> float:
        """New places a month at dose one: for people, or for workplaces."""
        if self.capacity is None:
            return 0.0
        months = 1.0 if self.capacity.unit == PERSON_PLACES else 12.0
        return self.capacity.value / months

    @property
    def grade(self) -> str:
        """Worst grade among the levers; E for a measure whose content is unknown."""
        grades = [lever.strength.grade for lever in self.levers]
        if self.content == "unknown":
            grades.append("E")
        return max(grades, default="-")

    @property
    def effect_published(self) -> bool:
        """Whether any lever rests on a published effect."""
        return any(lever.published for lever in self.levers)

    def as_row(self) -> dict[str, Any]:
        """Return what a list of measures shows."""
        return {
            "id": self.id,
            "kind": self.kind,
            "name": self.names.en,
            "rows": list(self.rows),
            "answers": list(self.answers),
            "recruits": self.recruits,
            "levers": [lever.lever for lever in self.levers],
            "grade": self.grade,
            "effect_published": self.effect_published,
            "hypothetical": self.hypothetical,
            "price": None if self.price is None else self.price.value,
        }


class Dose(Table):
    """How much of a measure a mix runs, from when and for how long.

    People and workplaces are recruited in the months ``start_month`` to ``start_month + months -
    1`` and then finish what they began; levers on the place act in these months and then fade (at
    once without ``months_to_half`` and ``months_to_zero``). Without
    ``months`` the measure runs to the end. ``file`` is a measure file beside the mix file.
    """

    dose: Chance
    start_month: Annotated[int, Field(ge=0)] = 0
    months: Annotated[int, Field(ge=1)] | None = None
    strength: StrengthWord = "assumed"
    fidelity: bool = True
    capacity: Number | None = None
    file: Text | None = None
    # how much of a service runs today: published, or unknown and then assumed within a range
    volume: Literal["published", "unknown"] | None = None
    low: Chance | None = None
    high: Chance | None = None
    grade: Grade | None = None
    source: Text | None = None

    @model_validator(mode="after")
    def _says_how_it_knows(self) -> Dose:
        wrong = []
        if self.volume is not None and (self.grade is None or self.source is None):
            wrong.append(f"has volume = '{self.volume}', so it needs grade and source.")
        if self.volume == "unknown":
            if self.grade in ("A", "B", "C"):
                wrong.append(f"has an unknown volume with grade {self.grade}, but must be D or E.")
            if self.low is None or self.high is None:
                wrong.append("has an unknown volume, so it needs low and high: how far off?")
        if self.low is not None and self.low > self.dose:
            wrong.append(f"has low = {self.low:g} above its dose {self.dose:g}.")
        if self.high is not None and self.high < self.dose:
            wrong.append(f"has high = {self.high:g} below its dose {self.dose:g}.")
        if wrong:
            raise ValueError("\n".join(wrong))
        return self


class PartnerChange(Table):
    """What a mix says about a partner of its place, instead of the default."""

    takes_part: bool = True
    capacity: Share | None = None
    reach: Share | None = None
    engagement: Share | None = None


class Mix(Table):
    """A set of measures with doses for one place; ``baseline`` is empty and fits every place.

    With ``base = "today"`` a mix begins with the services that run in the place now: ``change``
    scales some of them (``hiring_subsidy = "-50 %"``, by measure or by the lever that is primary
    to one measure only), and ``measures`` adds others or replaces them. A file may define measures
    of its own in ``[own.NAME]``, with the keys of a measure file.
    """

    id: Text
    site: Text | None
    names: Names
    summary: str = ""
    hypothetical: list[Text] = []
    base: Literal["today"] | None = None
    change: dict[str, Text] = {}
    measures: dict[str, Dose] = {}
    partners: dict[PartnerKind, PartnerChange] = {}
    files: dict[str, Measure] = {}  # the measures as read, in the order of ``measures``

    @property
    def entries(self) -> list[tuple[Measure, Dose]]:
        """Measures with their doses, in the order of the file."""
        return [(self.files[name], dose) for name, dose in self.measures.items()]

    def places_per_month(self, name: str) -> float:
        """Return the new places a month of one measure: dose x capacity.

        The capacity is that of the measure's file unless the mix gives its own. Partners have
        not been taken into account yet.
        """
        measure, dose = self.files[name], self.measures[name]
        if measure.capacity is None:
            return 0.0
        capacity = dose.capacity or measure.capacity
        return dose.dose * capacity.value / (1.0 if measure.recruits == "person" else 12.0)

    def at_strength(self, strength: str) -> Mix:
        """Return the same mix with every measure at one strength."""
        doses = {
            name: dose.model_copy(update={"strength": strength})
            for name, dose in self.measures.items()
        }
        return self.model_copy(update={"measures": doses})

    def without(self, measure: str) -> Mix:
        """Return the same mix without one measure."""
        kept = {name: dose for name, dose in self.measures.items() if name != measure}
        return self.model_copy(
            update={
                "measures": kept,
                "files": {name: self.files[name] for name in kept},
                "hypothetical": [name for name in self.hypothetical if name in kept],
            }
        )


class Partner(Table):
    """One kind of partner organisation."""

    names: Names
    serves: list[Literal["jobseeker", "worker", "employer"]]
    capacity: Share
    reach: Share
    engagement: Share
    accompanies: list[Text] = []
    accompaniment: Share


class Link(Table):
    """How well two kinds of partners pass people on to each other."""

    between: Annotated[list[PartnerKind], Field(min_length=2, max_length=2)]
    strength: Share


class Awareness(Table):
    """Share of each group that knows of a measure without being told by a partner."""

    jobseeker: Share
    worker: Share
    employer: Share


class Motivation(Table):
    """Slopes of the chance to accept an offered place, in log odds."""

    mood: number("log odds per sd")  # type: ignore[valid-type]
    ambition: number("log odds per log odds")  # type: ignore[valid-type]


class Partners(Table):
    """Everything about reach that does not depend on a single measure.

    Reach is known x reachable x motivated, and a place:
    known = 1 - (1 - own awareness) x product over the referring partners that serve the person
    of (1 - reach x engagement x link to a deliverer); reachable = product over the flags of the
    person of (1 - loss), improved by the best accompanying partner; motivated has the log odds of
    the take-up in the measure's file plus the two slopes; places = dose x capacity of the file x
    sum over delivering partners of share x capacity x engagement.
    """

    awareness: Awareness
    access_loss: dict[str, Share]
    motivation: Motivation
    default_link: Share
    partners: dict[PartnerKind, Partner]
    links: list[Link] = []

    def link(self, one: str, other: str) -> float:
        """Return the link between two kinds of partners; one with itself is 1."""
        if one == other:
            return 1.0
        for item in self.links:
            if set(item.between) == {one, other}:
                return item.strength.value
        return self.default_link.value

    def changed_by(self, mix: Mix) -> Partners:
        """Return the partners of a mix: one that does not take part is left out."""
        result = {}
        for kind, partner in self.partners.items():
            change = mix.partners.get(kind)
            if change is None:
                result[kind] = partner
            elif change.takes_part:
                given = {
                    field: getattr(change, field)
                    for field in ("capacity", "reach", "engagement")
                    if getattr(change, field) is not None
                }
                result[kind] = partner.model_copy(update=given)
        return self.model_copy(update={"partners": result})


# ---------------------------------------------------------------- loading


def shipped_measures() -> list[str]:
    """Return the ids of the measures that ship with the package."""
    return _shipped("measures")


def shipped_mixes(site_id: str | None = None) -> list[str]:
    """Return the ids of the shipped mixes, ``baseline`` first.

    Parameters
    ----------
    site_id
        Only mixes of this place (``baseline`` fits every place).
    """
    mixes = [BASELINE]
    for name in _shipped("mixes"):
        data = parsed((FOLDER / "mixes" / f"{name}.toml").read_text(encoding="utf-8"))
        if site_id is None or data.get("site") == site_id:
            mixes.append(name)
    return mixes


def load_measure(name_or_path: str | Path) -> Measure:
    """Read a measure.

    Parameters
    ----------
    name_or_path
        Id of a shipped measure, or path of a TOML file.

    Raises
    ------
    ScenarioError
        With every problem of the file.
    """
    problems: list[str] = []
    measure = _read_measure(name_or_path, problems)
    if measure is None or problems:
        raise ScenarioError(problems)
    return measure


def load_mix(name_or_path: str | Path, site_id: str | None = None) -> Mix:
    """Read a mix and the measures that it names.

    Parameters
    ----------
    name_or_path
        Id of a shipped mix, ``baseline`` for the empty one, ``today`` for the services that run
        in the place now, or path of a TOML file.
    site_id
        Place for which the mix is wanted; a mix of another place is an error.

    Raises
    ------
    ScenarioError
        With every problem of the mix and of the measures that it names.
    """
    if str(name_or_path) == BASELINE:
        return _baseline(site_id)
    if str(name_or_path) == TODAY:
        return load_mix(_today_of(site_id), site_id)
    problems: list[str] = []
    path = _find(name_or_path, "mixes", "mix", [*shipped_mixes()], problems)
    data = None if path is None else read_toml(path, problems)
    if path is None or data is None:
        raise ScenarioError(problems)
    if "files" in data:  # filled by the loader, no key of the file
        problems.append(f"{path.name}: unknown key 'files'; " + suggestion("files", ["measures"]))
        data = {key: value for key, value in data.items() if key != "files"}
    own = _own_measures(data.pop("own", {}), data, path, problems)
    mix = validate(Mix, data, path, problems)
    files = _measures_of(data, path, problems, own)
    problems.extend(_mix_problems(data, path, site_id, files))
    if mix is not None and not problems:
        mix = mix.model_copy(update={"files": {name: files[name] for name in mix.measures}})
        mix = _on_base(mix, path, problems)
    if mix is None or problems:
        raise ScenarioError(problems)
    return mix


def _today_of(site_id: str | None) -> str:
    """Return the id of the mix of services that run in a place now."""
    if site_id is None:
        raise ScenarioError(f"'{TODAY}' is a mix of a place; say of which.")
    name = f"{site_id}_{TODAY}"
    if name not in _shipped("mixes"):
        raise ScenarioError(
            f"'{site_id}' has no mix '{TODAY}'; describe the services that run there in a file "
            f"'{name}.toml' beside the mix, or use '{BASELINE}'."
        )
    return name


def _on_base(mix: Mix, path: Path, problems: list[str]) -> Mix:
    """Return a mix with what it takes over from ``today``, changed as it says."""
    if mix.base is None:
        if mix.change:
            problems.append(f"{path.name}: change needs base = '{TODAY}': what is changed?")
        return mix
    beside = path.parent / f"{mix.site}_{TODAY}.toml"
    try:
        today = load_mix(beside if beside.is_file() else TODAY, mix.site)
    except ScenarioError as error:
        problems.extend(error.problems)
        return mix
    doses = dict(today.measures)
    for name, text in mix.change.items():
        measure = service_of(name, today)
        factor = change_factor(text)
        if measure is None:
            known = [*doses, *(m.primary_lever for m in today.files.values() if m.primary_lever)]
            problems.append(unknown_name(path, f"change.{name}", "service of today", name, known))
        elif factor is None:
            problems.append(
                f"{path.name}: change.{name} is '{text}', but must be a change such as "
                "'-50 %' or '+20 %', not below '-100 %'."
            )
        else:
            changed = _scaled(doses[measure], today.files[measure], factor)
            if changed is None:
                problems.append(
                    f"{path.name}: change.{name} = '{text}' asks for more than the full dose of "
                    f"'{measure}', which has no places; change it by less."
                )
            else:
                doses[measure] = changed
    return based_on(mix, today.model_copy(update={"measures": doses}))


def based_on(mix: Mix, today: Mix) -> Mix:
    """Return a mix on top of the services that run now; a dose of zero takes one away.

    Parameters
    ----------
    mix : Mix
        What is added or replaced.
    today : Mix
        The services that run now, changed as the mix asks.
    """
    doses = {
        name: dose for name, dose in {**today.measures, **mix.measures}.items() if dose.dose > 0
    }
    files = {**today.files, **mix.files}
    stamped = [name for name in (*today.hypothetical, *mix.hypothetical) if name in doses]
    return mix.model_copy(
        update={
            "base": TODAY,
            "measures": doses,
            "files": {name: files[name] for name in doses},
            "hypothetical": list(dict.fromkeys(stamped)),
            "partners": {**today.partners, **mix.partners},
        }
    )


def service_of(name: str, today: Mix) -> str | None:
    """Return the measure meant by its id or by the primary lever that it alone has."""
    if name in today.measures:
        return name
    found = [id_ for id_, measure in today.files.items() if measure.primary_lever == name]
    return found[0] if len(found) == 1 else None


def change_factor(text: str) -> float | None:
    """Return 0.5 for '-50 %', 1.2 for '+20 %', None for anything else.

    Examples
    --------
    >>> change_factor("-50 %"), change_factor("+20%"), change_factor("half")
    (0.5, 1.2, None)
    """
    found = re.fullmatch(r"([+\-\u2212])\s*(\d+(?:\.\d+)?)\s*%", text.strip())
    if found is None:
        return None
    share = float(found[2]) / 100
    factor = 1 + share if found[1] == "+" else 1 - share
    return factor if factor >= 0 else None


def changed_services(mix: Mix, changes: dict[str, str]) -> Mix:
    """Return a mix with some services scaled, by id or primary lever; what it lacks is left out.

    Parameters
    ----------
    changes
        Such as ``{"hiring_subsidy": "-50 %"}``.
    """
    doses = dict(mix.measures)
    for name, text in changes.items():
        measure, factor = service_of(name, mix), change_factor(text)
        if measure is not None and factor is not None:
            doses[measure] = _scaled(doses[measure], mix.files[measure], factor) or doses[measure]
    kept = {name: dose for name, dose in doses.items() if dose.dose > 0}
    return mix.model_copy(
        update={"measures": kept, "files": {name: mix.files[name] for name in kept}}
    )


def _scaled(dose: Dose, measure: Measure, factor: float) -> Dose | None:
    """Return a dose times a factor; above the full dose the capacity grows instead."""
    size = dose.dose * factor
    unknown = {"volume": None, "low": None, "high": None, "grade": None, "source": None}
    if size <= 1:
        return dose.model_copy(update={"dose": size, **unknown})
    capacity = dose.capacity or measure.capacity
    if capacity is None:
        return None
    grown = {
        name: None if (value := getattr(capacity, name)) is None else value * size
        for name in ("value", "low", "high")
    }
    return dose.model_copy(
        update={"dose": 1.0, "capacity": capacity.model_copy(update=grown), **unknown}
    )


def mix_of(names: Iterable[str], site_id: str | None = None, **dose: Any) -> Mix:
    """Return a mix of shipped measures that all have the same dose.

    Parameters
    ----------
    names
        Ids of shipped measures.
    dose
        Fields of :class:`Dose` (by default the full dose from month 0 to the end).
    """
    names = list(names)
    given = Dose(**{"dose": 1.0, **dose})
    text = ", ".join(names) or BASELINE
    return Mix(
        id="_".join(names) or BASELINE,
        site=site_id,
        names=Names(en=text, fi=text, sv=text),
        measures=dict.fromkeys(names, given),
        files={name: load_measure(name) for name in names},
    )


def load_partners(path: str | Path | None = None) -> Partners:
    """Read the partner organisations; without a path the shipped defaults."""
    path = FOLDER / "partners.toml" if path is None else Path(path)
    problems: list[str] = []
    data = read_toml(path, problems)
    partners = None if data is None else validate(Partners, data, path, problems)
    if partners is not None:
        problems.extend(
            f"{path.name}: partners.{kind} is missing; each of the seven kinds needs a table."
            for kind in PARTNER_KINDS
            if kind not in partners.partners
        )
    if partners is None or problems:
        raise ScenarioError(problems)
    return partners


def check_mix_fits(
    mix: Mix,
    barriers: Iterable[str],
    sectors: Iterable[str] = (),
    employers: Iterable[str] = (),
) -> list[str]:
    """Return a sentence for each word of the mix's measures that the place does not have.

    Parameters
    ----------
    mix
        The mix.
    barriers, sectors, employers
        Flags, sector codes and employer ids of the site file.
    """
    known = {"barrier": list(barriers), "sector": list(sectors), "employer": list(employers)}
    problems: list[str] = []
    for measure in mix.files.values():
        flags = barriers_named(measure.eligibility)
        flags += [lever.by_flag.flag for lever in measure.levers if lever.by_flag]
        used = {
            "barrier": dict.fromkeys(flags),
            "sector": named(measure.eligibility, "sectors") + named(measure.workplaces, "sectors"),
            "employer": named(measure.workplaces, "employers"),
        }
        for what, words in used.items():
            problems.extend(
                unknown_name(f"{measure.id}.toml", f"measure {measure.id}", what, word, known[what])
                for word in words
                if word not in known[what]
            )
    return problems


def _baseline(site_id: str | None) -> Mix:
    return Mix(
        id=BASELINE,
        site=site_id,
        names=Names(
            en="No measures",
            fi="Ei toimia",
            sv="Inga åtgärder",
            nl="Geen maatregelen",
            pt="Sem medidas",
            bg="Без мерки",
        ),
        summary="The empty mix: the place without any measure.",
    )


def _shipped(folder: str) -> list[str]:
    return sorted(path.stem for path in (FOLDER / folder).glob("*.toml"))


def _find(
    name_or_path: str | Path, folder: str, what: str, names: list[str], problems: list[str]
) -> Path | None:
    """Return the file meant by a shipped name or a path; else add a sentence."""
    text = str(name_or_path)
    path = Path(name_or_path)
    if path.suffix == ".toml" or len(path.parts) > 1 or (text not in names and is_file(path)):
        return path
    shipped = FOLDER / folder / f"{text}.toml"
    if text in names and shipped.exists():
        return shipped
    problems.append(f"There is no {what} called '{text}'; " + suggestion(text, names))
    return None


def _read_measure(
    name_or_path: str | Path, problems: list[str], names: list[str] | None = None
) -> Measure | None:
    path = _find(name_or_path, "measures", "measure", names or shipped_measures(), problems)
    data = None if path is None else read_toml(path, problems)
    if path is None or data is None:
        return None
    measure = validate(Measure, data, path, problems)
    problems.extend(f"{path.name}: {text}" for text in _measure_problems(data, path.stem))
    return measure


def _own_measures(
    tables: Any, data: dict, path: Path, problems: list[str]
) -> dict[str, Measure | None]:
    """Read the measures that a mix file defines itself (``[own.NAME]``); None: wrong, and told."""
    if not isinstance(tables, dict):
        problems.append(f"{path.name}: own is no table; define measures as [own.NAME].")
        return {}
    found: dict[str, Measure | None] = {}
    for name, table in tables.items():
        here = len(problems)
        if name in shipped_measures():
            problems.append(
                f"{path.name}: own.{name} has the name of a shipped measure; choose another one."
            )
        if name not in _table(data.get("measures")):
            problems.append(
                f"{path.name}: own.{name} is defined but not used; add [measures.{name}]."
            )
        given = {"id": name, **table} if isinstance(table, dict) else table
        measure = validate(Measure, given, path, problems, ("own", name))
        if isinstance(given, dict):
            wrong = _measure_problems({**given, "id": name}, name)
            if given["id"] != name:
                wrong.append(f"id is '{given['id']}', but must be '{name}'.")
            problems.extend(f"{path.name}: own.{name}: {text}" for text in wrong)
        found[name] = measure if len(problems) == here else None
    return found


def _measures_of(
    data: dict, path: Path, problems: list[str], own: dict[str, Measure | None]
) -> dict[str, Measure]:
    """Read the measures that a mix file names: its own, files beside it, or shipped ones."""
    found: dict[str, Measure] = {}
    doses = data.get("measures")
    for name, dose in (doses if isinstance(doses, dict) else {}).items():
        file = dose.get("file") if isinstance(dose, dict) else None
        if name in own:
            measure = own[name]
        elif isinstance(file, str):
            measure = _read_measure(path.parent / file, problems)
        elif name in shipped_measures():
            measure = _read_measure(name, problems)
        else:
            problems.append(
                unknown_name(path, f"measures.{name}", "measure", name, shipped_measures())
            )
            continue
        if measure is not None:
            found[name] = measure
    return found


# ------------------------------------------------- checks across fields, on the raw tables
#
# They run on the parsed TOML, so that a slip in one key does not hide another one.


def _table(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _tables(value: Any) -> list[dict]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None


def _measure_problems(data: dict, stem: str) -> list[str]:
    problems = []
    if isinstance(data.get("id"), str) and data["id"] != stem:
        problems.append(f"id is '{data['id']}', but must be the name of the file, '{stem}'.")
    problems.extend(_recruiting_problems(data))
    levers = _tables(data.get("levers"))
    seen = set()
    for place, lever in enumerate(levers, 1):
        problems.extend(f"levers[{place}]{text}" for text in _lever_problems(lever))
        mark = (str(lever.get("lever")), str(lever.get("applies_to")), str(lever.get("stage")))
        if mark in seen:
            problems.append(
                f"levers[{place}] moves '{mark[0]}' on a {mark[1]} a second time; "
                "one table per lever, since effects add."
            )
        seen.add(mark)
    names = [lever.get("lever") for lever in levers]
    primary = data.get("primary_lever")
    if primary is not None and not isinstance(primary, str):
        return problems  # its type is a problem of its own
    if levers and primary is None:
        problems.append("primary_lever is missing; name the lever that a trial solves for.")
    elif primary in LEVER_UNITS and primary not in names:
        problems.append(
            f"primary_lever is '{primary}', but the file has no such lever; "
            + suggestion(str(primary), [str(name) for name in names])
        )
    if primary is not None and primary == data.get("second_lever"):
        problems.append("second_lever is the same as primary_lever; name another lever.")
    return problems


def _recruiting_problems(data: dict) -> list[str]:
    problems = []
    capacity = data.get("capacity")
    levers = _tables(data.get("levers"))
    if isinstance(capacity, dict):
        unit = capacity.get("unit")
        if isinstance(unit, str) and unit not in CAPACITY_UNITS:
            problems.append(
                f"capacity has the unit '{unit}', but must be in "
                + " or ".join(f"'{item}'" for item in CAPACITY_UNITS)
                + "."
            )
        for name in ("value", "low"):
            value = _number(capacity.get(name))
            if value is not None and value < 0:
                problems.append(f"capacity has {name} = {value:g}, but must not be below 0.")
        needs = "workplaces" if unit == WORKPLACES else "eligibility"
        required = (needs, "take_up", "duration_months", "lock_in", "drop_out", "delivered_by")
        problems.extend(
            f"{key} is missing; a measure with places must say it." + _HINTS[key]
            for key in required
            if key not in data and not (unit == WORKPLACES and key == "lock_in")
        )
    for target, key in (("person", "eligibility"), ("workplace", "workplaces")):
        if key not in data and any(lever.get("applies_to") == target for lever in levers):
            problems.append(
                f"[[{key}]] is missing, but a lever applies to a {target}; say which {target}s "
                "can be served (an empty clause means all)."
            )
    if "capacity" not in data:
        served = [lever for lever in levers if lever.get("applies_to") in ("person", "workplace")]
        if served:
            problems.append(
                "capacity is missing, but a lever applies to a "
                f"{served[0]['applies_to']}; without places only levers on the place can act."
            )
    delivered = [_number(value) for value in _table(data.get("delivered_by")).values()]
    shares = [value for value in delivered if value is not None]
    if shares and abs(sum(shares) - 1.0) > 0.002:
        problems.append(
            f"delivered_by has shares that sum to {sum(shares):.4g}, but must sum to 1."
        )
    price = _table(data.get("price"))
    if isinstance(price.get("unit"), str) and price["unit"] not in PRICE_UNITS:
        problems.append(
            f"price has the unit '{price['unit']}', but must be in one of "
            + ", ".join(f"'{item}'" for item in PRICE_UNITS)
            + "."
        )
    value = _number(price.get("value"))
    if value is not None and value < 0:
        problems.append(f"price is {value:g}, but must not be below 0.")
    if data.get("hypothetical") is True and "hypothetical_reason" not in data:
        problems.append("hypothetical_reason is missing; say why the measure is hypothetical.")
    return problems


_HINTS = {
    "workplaces": " Write [[workplaces]] clauses (an empty one means all).",
    "eligibility": " Write [[eligibility]] clauses (an empty one means everybody).",
    "take_up": " Give the share of those offered a place who start.",
    "duration_months": " Give the months from start to end.",
    "lock_in": " Give the multiplier on search while in it (1 = searches as before).",
    "drop_out": " Give the share who leave before the end.",
    "delivered_by": " Give the share of places by kind of partner.",
}


def _lever_problems(lever: dict) -> list[str]:
    problems = []
    name = str(lever.get("lever"))
    strength = _table(lever.get("strength"))
    unit = strength.get("unit")
    if name in LEVER_UNITS and isinstance(unit, str) and unit != LEVER_UNITS[name]:
        problems.append(
            f".strength has the unit '{unit}', but '{name}' must be in '{LEVER_UNITS[name]}'."
        )
    value = {key: _number(strength.get(key)) for key in ("none", "assumed", "top", "low", "high")}
    if value["none"]:
        problems.append(f".strength has none = {value['none']:g}, but none must be 0.")
    low, high = value["low"], value["high"]
    if low is not None and high is not None:
        if low > high:
            problems.append(f".strength has low = {low:g} above high = {high:g}.")
        else:
            for key in ("assumed", "top"):
                size = value[key]
                if size is not None and not low <= size <= high:
                    problems.append(
                        f".strength has {key} = {size:g} outside its range {low:g} to {high:g}."
                    )
    if name in LEVER_UNITS and LEVER_UNITS[name] in SHARE_UNITS:
        for key, size in value.items():
            if size is not None and abs(size) > 1:
                problems.append(
                    f".strength has {key} = {size:g}, but a share lies within -1 and 1."
                )
    grade = strength.get("grade")
    if lever.get("published") is True and not lever.get("effects"):
        problems.append(".effects is missing; name the published effects the size rests on.")
    if lever.get("published") is False and grade in ("A", "B", "C"):
        problems.append(
            f".strength has grade {grade}, but without a published effect it must be D or E."
        )
    half, zero = _number(lever.get("months_to_half")), _number(lever.get("months_to_zero"))
    if half is not None and zero is not None and half > zero:
        problems.append(f" has months_to_half = {half:g} above months_to_zero = {zero:g}.")
    if lever.get("stage") is not None and name != "penalty":
        problems.append(" has a stage, but only the lever 'penalty' acts by stage; leave it out.")
    return problems


def _mix_problems(
    data: dict, path: Path, site_id: str | None, files: dict[str, Measure]
) -> list[str]:
    problems = []
    if data.get("id") == BASELINE:
        problems.append(f"id is '{BASELINE}', which is the empty mix; choose another id.")
    elif isinstance(data.get("id"), str) and data["id"] != path.stem:
        problems.append(f"id is '{data['id']}', but must be the name of the file, '{path.stem}'.")
    site = data.get("site")
    if site_id is not None and isinstance(site, str) and site != site_id:
        problems.append(
            f"site is '{site}', but the place asked for is '{site_id}'; "
            f"use a mix of {site_id}, or '{BASELINE}'."
        )
    listed = data.get("hypothetical", [])
    listed = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
    doses = _table(data.get("measures"))
    for name in listed:
        if name not in doses:
            problems.append(
                f"hypothetical names '{name}', which is not in the mix; "
                + suggestion(name, list(doses))
            )
    for name, measure in files.items():
        if measure.hypothetical and name not in listed:
            problems.append(
                f"hypothetical does not name '{name}', whose file says that it is hypothetical; "
                f"add '{name}' to the list."
            )
        if measure.id != name and "file" not in _table(doses.get(name)):
            problems.append(f"measures.{name} reads a file whose id is '{measure.id}'.")
        capacity = _table(_table(doses.get(name)).get("capacity"))
        unit = capacity.get("unit")
        if isinstance(unit, str) and measure.capacity and unit != measure.capacity.unit:
            problems.append(
                f"measures.{name}.capacity has the unit '{unit}', "
                f"but must be in '{measure.capacity.unit}'."
            )
    return [f"{path.name}: {text}" for text in problems]
