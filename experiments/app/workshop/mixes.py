"""What the page may ask: a mix as set on the page, checked, and as a mix file."""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from experiments.levels import mix_text
from scenarios import Site, load_site
from scenarios.measures import (
    Dose,
    Measure,
    Mix,
    PartnerChange,
    PartnerKind,
    based_on,
    check_mix_fits,
    load_measure,
    load_mix,
    shipped_measures,
    shipped_mixes,
)
from scenarios.numbers import Number
from scenarios.schema import Names
from simulator.comparison import TERM

from .own import IDS as OWN_IDS
from .own import OwnMeasure, measure_of
from .own import problem as own_problem

MIX_ID = "workshop"
MOST_MEASURES = 40
LATEST_START = 12  # months after the date of a cohort


class RequestError(ValueError):
    """What a page sent cannot be used; the message is one sentence."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Setting(_Strict):
    """One measure as set on the page."""

    dose: Annotated[float, Field(ge=0, le=1)]
    strength: Literal["none", "assumed", "top"] = "assumed"
    start: Annotated[int, Field(ge=0, le=LATEST_START)] = 0


class PartnerSetting(_Strict):
    """One kind of partner as set on the page."""

    takes_part: bool = True
    capacity: Annotated[float, Field(ge=0, le=1)] | None = None


class Request(_Strict):
    """Everything that decides a result; the page keeps it and sends it whole."""

    site: Annotated[str, Field(max_length=60, pattern=r"^[a-z][a-z0-9_]*$")]
    closure: Literal["R", "E"] = "R"
    measures: Annotated[dict[str, Setting], Field(max_length=MOST_MEASURES)] = {}
    partners: dict[PartnerKind, PartnerSetting] = {}
    parameters: Annotated[dict[str, float], Field(max_length=40)] = {}
    own: Annotated[dict[str, OwnMeasure], Field(max_length=len(OWN_IDS))] = {}

    @property
    def mix_key(self) -> str:
        """Text that is equal for equal mixes, in whatever order they were set."""
        measures = {
            name: setting.model_dump()
            for name, setting in sorted(self.measures.items())
            if setting.dose > 0 or name in services(self.site)
        }
        partners = {
            kind: change.model_dump(exclude_none=True)
            for kind, change in sorted(self.partners.items())
            if change != PartnerSetting()
        }
        parts: list[Any] = [self.closure, measures, partners]
        if self.own:
            parts.append({n: own.model_dump() for n, own in self.own.items() if n in measures})
        return json.dumps(parts, sort_keys=True)

    @property
    def place_key(self) -> str:
        """Text that is equal for equal places and assumptions."""
        return json.dumps([self.site, sorted(self.parameters.items())])


def read_request(data: object) -> Request:
    """Check what a page sent.

    Raises
    ------
    RequestError
        With one sentence.
    """
    try:
        request = Request.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part)[:40] for part in first["loc"]) or "the request"
        raise RequestError(f"{where}: {first['msg']}.") from None
    for name, own in request.own.items():
        if name not in OWN_IDS:
            raise RequestError(f"own: must be called {', '.join(OWN_IDS)}.")
        wrong = own_problem(own)
        if wrong:
            raise RequestError(f"own.{name}: {wrong}")
    unknown = set(request.measures) - set(shipped_measures()) - set(request.own)
    if unknown:
        raise RequestError(f"measures: there is no measure called '{sorted(unknown)[0][:40]}'.")
    return request


@functools.cache
def measure(name: str) -> Measure:
    """Return a shipped measure, read once."""
    return load_measure(name)


def fitting_measures(site: Site) -> list[Measure]:
    """Return the shipped measures whose words the place has."""
    sectors, employers = site.sector_ids, [employer.id for employer in site.employers]
    found = []
    for name in shipped_measures():
        one = measure(name)
        alone = Mix(id=name, site=site.id, names=one.names, files={name: one})
        if not check_mix_fits(alone, site.barrier_ids, sectors, employers):
            found.append(one)
    return found


@functools.cache
def today(site_id: str) -> Mix | None:
    """Return the services that run in a place now, or None where none are described."""
    name = load_site(site_id).today
    return None if name is None else load_mix(name, site_id)


def services(site_id: str) -> dict[str, Dose]:
    """Return the doses of the services that run in a place now."""
    mix = today(site_id)
    return {} if mix is None else mix.measures


@functools.cache
def capacities(site_id: str) -> dict[str, Number]:
    """Return the capacity of measures that a mix of the place sizes for it: that of a full dose.

    The largest counts where its mixes differ; other measures have the capacity of their file.
    """
    site = load_site(site_id)
    found: dict[str, Number] = {}
    for mix in (today(site_id), load_mix(site.default_mix, site_id)):
        for name, dose in ({} if mix is None else mix.measures).items():
            mine = dose.capacity
            if mine is not None and (name not in found or mine.value > found[name].value):
                found[name] = mine
    return found


def share_of_capacity(site_id: str, name: str, dose: Dose) -> float:
    """Return a dose as the page counts it: the share of the places of a full dose here."""
    full = capacities(site_id).get(name)
    if full is None:
        return dose.dose
    mine = dose.capacity or measure(name).capacity
    share = dose.dose if mine is None else dose.dose * mine.value / full.value
    return float(f"{share:.9g}")


def mix_of(request: Request, site: Site, name: str = "", strength: str | None = None) -> Mix:
    """Return the mix of a request: the services of today, and what the page sets on top.

    A service that is not named stays as it is; one with a dose of zero is taken away; a changed
    one stays changed. What is new recruits for the term of a cohort.

    Parameters
    ----------
    name
        What the room calls it.
    strength
        Put every new measure without a published effect at this strength instead, as ``compare``
        does.

    Raises
    ------
    RequestError
        When a measure does not fit the place.
    """
    fitting = {one.id for one in fitting_measures(site)} | set(request.own)
    base = today(site.id)
    running = {} if base is None else base.measures
    sized = capacities(site.id)
    doses, files = {}, {}
    # the order of the place's own mix, so that it is the same mix to the last draw
    order = [*running, *load_mix(site.default_mix, site.id).measures]
    rank = {key: at for at, key in enumerate(order)}
    for key in sorted(request.measures, key=lambda key: (rank.get(key, len(order)), key)):
        setting = request.measures[key]
        if setting.dose <= 0 and key not in running:
            continue
        if key not in fitting:
            raise RequestError(f"measures.{key}: this measure does not fit {site.name('en')}.")
        if key in running:
            if setting.start:
                raise RequestError(f"measures.{key}: it runs today, so it cannot start later.")
            doses[key] = Dose(dose=setting.dose, strength=setting.strength, capacity=sized.get(key))
        else:
            doses[key] = Dose(
                dose=setting.dose,
                start_month=setting.start,
                months=TERM,
                capacity=sized.get(key),
                strength=setting.strength if strength is None else strength,  # type: ignore[arg-type]
            )
        files[key] = measure_of(key, request.own[key]) if key in request.own else measure(key)
    partners = {
        kind: PartnerChange(
            takes_part=change.takes_part,
            capacity=None if change.capacity is None else _share(change.capacity),
        )
        for kind, change in sorted(request.partners.items())
        if change != PartnerSetting()
    }
    mix = Mix(
        id=mix_id(name),
        site=site.id,
        names=Names(en=name or "A mix from the workshop"),
        summary="Made on the workshop page.",
        hypothetical=[key for key in doses if files[key].hypothetical],
        measures=doses,
        partners=partners,
        files=files,
    )
    return mix if base is None else based_on(mix, base)


def changed(mix: Mix) -> dict[str, Dose]:
    """Return what a mix adds to the services of today, or changes; dose zero: taken away."""
    running = services(mix.site or "")
    gone = {name: Dose(dose=0.0) for name in running if name not in mix.measures}
    found = {name: dose for name, dose in mix.measures.items() if running.get(name) != dose}
    return found | gone


def mix_id(name: str) -> str:
    """Return the id, and file name, of a mix that a room has named."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40].strip("_")
    if not slug or not slug[0].isalpha() or slug in shipped_mixes():
        slug = f"{MIX_ID}_{slug}".strip("_")
    return slug


def _share(value: float) -> Number:
    return Number(
        value=value, unit="share", low=0.0, high=1.0, grade="D", source="set at the workshop"
    )


def mix_file(mix: Mix) -> str:
    """Return a mix as the text of a mix file that ``compare --mix`` accepts."""
    about = (
        "Made on the workshop page. Doses are shares of the capacity in the files of the",
        "measures; strengths stand for effects that nobody has measured.",
    )
    doses = changed(mix)
    gone = {name: measure(name) for name in doses if name not in mix.files}  # taken away
    files = gone | mix.files
    return mix_text(mix.model_copy(update={"files": files}), doses, about)
