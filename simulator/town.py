"""A place ready to run: scenario files read, parameters laid out, worlds built and settled."""

from __future__ import annotations

import functools
import hashlib
import threading
import tomllib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import scenarios
from scenarios import ScenarioError, Site, load_parameters, load_site
from scenarios.measures import BASELINE, Mix, load_mix
from scenarios.surroundings import Surroundings, load_surroundings
from simulator.build import BuiltWorld, build_world
from simulator.codes import Status
from simulator.columns import Person
from simulator.compact import drop_gone
from simulator.compile import code_hash
from simulator.engine import MONTHS_SETTLED, ROUNDS, Place, World, place_of, settle
from simulator.ledger import Snapshot
from simulator.parameters import Par, parameter_vector
from simulator.policy import lay_out_mix
from simulator.scale import scaled_site
from simulator.surroundings import install

PENALTIES = "penalties"  # among parameters: a factor on all penalties of penalties.toml
STARTS_KEPT = 8  # settled worlds kept in memory (some 15 MB each for a town)
PEOPLE_KEPT = 400_000  # in all of them; large places keep two


@functools.cache
def penalty_scores() -> dict[str, float]:
    """Return the written-stage penalty of each barrier, score units (``penalties.toml``)."""
    path = Path(scenarios.__file__).parent / "penalties.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: float(row["score"]) for name, row in table.items() if isinstance(row, dict)}


@dataclass
class Start:
    """A settled world and what stood before it (for the ledger)."""

    world: World
    built: BuiltWorld
    built_snapshot: Snapshot
    events_settle: np.ndarray
    retired: int


class Town:
    """A place with its parameters, from which worlds are started.

    Parameters
    ----------
    site : str, Path or Site
        Shipped name, path of a site file, or a site.
    parameters : dict, optional
        Values by name that replace those of the files (assumptions, draws); ``penalties`` is a
        factor on the penalties of all barriers.
    rounds : int
        Hiring rounds a month.
    starts_kept : int
        Settled worlds kept in memory, fewer of large places.
    scale : int
        One person in so many is simulated (:mod:`simulator.scale`); outcomes are multiplied back.
        That of the site file unless given.
    people_kept : int
        People in all settled worlds kept.
    surroundings : str, Path or Surroundings, optional
        What happens anyway, in every world of the town alike.

    Raises
    ------
    ScenarioError
        When a file or a name is wrong.
    """

    def __init__(
        self,
        site: str | Path | Site,
        parameters: dict[str, float] | None = None,
        rounds: int = ROUNDS,
        starts_kept: int = STARTS_KEPT,
        scale: int | None = None,
        people_kept: int = PEOPLE_KEPT,
        surroundings: str | Path | Surroundings | None = None,
    ) -> None:
        self.starts_kept = starts_kept
        self.people_kept = people_kept
        self.whole = site if isinstance(site, Site) else load_site(site)
        if scale is None:
            scale = self.whole.scale.one_in if self.whole.scale else 1
        self.scale = scale
        self.site = scaled_site(self.whole, scale)
        self.numbers = load_parameters(self.site)
        self.values = {name: float(number) for name, number in self.numbers.items()}
        self.changed = dict(parameters or {})
        parameters = dict(self.changed)
        self.penalty_factor = float(parameters.pop(PENALTIES, 1.0))
        unknown = set(parameters) - set(self.values)
        if unknown:
            raise ScenarioError([f"unknown parameter '{name}'" for name in sorted(unknown)])
        self.values.update(parameters)
        scores = penalty_scores()
        penalties = np.array([scores.get(barrier, 0.0) for barrier in self.site.barrier_ids])
        penalties *= self.penalty_factor
        self.place: Place = place_of(
            self.site, parameter_vector(self.values), penalties, rounds, scale
        )
        if surroundings is not None and not isinstance(surroundings, Surroundings):
            surroundings = load_surroundings(surroundings, self.whole)
        self.surroundings: Surroundings | None = surroundings
        self._starts: OrderedDict[tuple[int, bool], Start] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def id(self) -> str:
        """Id of the place."""
        return self.site.id

    def mix(self, name: str | Path | Mix) -> Mix:
        """Return a mix that fits the place.

        Raises
        ------
        ScenarioError
            When it is unknown, wrong, or for another place.
        """
        if isinstance(name, Mix):
            return name
        return load_mix(name, self.site.id)

    def under(self, mix: Mix) -> Mix:
        """Return a mix as it runs here: with services changed as the surroundings say."""
        return mix if self.surroundings is None else self.surroundings.under(mix)

    @functools.cached_property
    def today(self) -> Mix | None:
        """The services that run now, under which the place settles; None where there are none."""
        mix = None if self.site.today is None else self.mix(self.site.today)
        return mix if mix is not None and mix.entries else None

    def without_services(self) -> Town:
        """Return the same town settled where no service runs, to look at one measure alone."""
        return self if self.today is None else self._bare

    @functools.cached_property
    def _bare(self) -> Town:
        return Town(
            self.whole.model_copy(update={"today": None}), self.changed, self.place.rounds,
            starts_kept=self.starts_kept, scale=self.scale, people_kept=self.people_kept,
            surroundings=self.surroundings,
        )  # fmt: skip

    def default_against(self) -> str:
        """Return the reference of comparisons: ``today`` where the place has one."""
        return self.site.today or BASELINE

    def reference(self, against: str | Path | Mix | None = None) -> Mix:
        """Return the mix that others are compared with: the one named, else the default.

        Raises
        ------
        ScenarioError
            When it is unknown, wrong, or for another place.
        """
        return self.mix(self.default_against() if against is None else against)

    def start(self, seed: int, *, record: bool = False, check: bool = False) -> Start:
        """Return the settled world of a replication; callers copy it before they run it.

        It settled under the services of today. From month 0 on none of them takes anybody in
        unless a mix is installed that has them; who takes part by then goes on to the end.
        """
        key = (seed, record)
        with self._lock:
            if key in self._starts and not check:
                self._starts.move_to_end(key)
                return self._starts[key]
        built = build_world(self.site, self.values, seed, rounds=self.place.rounds)
        world = World.assemble(built, self.place, seed, record=record, check=check)
        as_built = snapshot(world)
        if self.today is not None:
            lay_out_mix(self.today, self.site, self.place, start=-MONTHS_SETTLED).install(world)
        settle(world)
        if self.today is not None:
            lay_out_mix(self.mix(BASELINE), self.site, self.place).install(world)
        if not record:
            drop_gone(world)
        events = world.take_events()
        retired = int((built.people[Person.STATUS] == Status.RETIRED).sum())
        start = Start(world, built, as_built, events, retired)
        with self._lock:
            self._starts[key] = start
            kept = min(self.starts_kept, max(2, self.people_kept // built.people.shape[1]))
            while len(self._starts) > kept:
                self._starts.popitem(last=False)
        return start

    def begin(
        self, seed: int, *, closure: str = "R", record: bool = False, check: bool = False
    ) -> World:
        """Return a fresh copy of the settled world under a demand closure.

        Parameters
        ----------
        closure : {"R", "E"}
            R: new posts do not answer to hiring (eps = 0); E: they do (eps = 1).
        """
        world = self.start(seed, record=record, check=check).world.copy()
        if closure == "E":
            world.set_parameter(Par.CLOSURE_EPS, 1.0)
        if self.surroundings is not None:
            install(world, self.surroundings, self.site)
        return world

    def hashes(self, mixes: Sequence[Mix] = ()) -> dict[str, str]:
        """Return 16 hex digits for each part that decides a result; no machine changes them.

        Returns
        -------
        dict
            ``code``, ``site``, ``parameters``, ``penalties``, ``partners``, ``mixes``,
            ``today``; with surroundings also ``surroundings``.
        """
        partners = Path(scenarios.__file__).parent / "partners.toml"
        parts = {
            "site": self.site.model_dump_json(),
            "parameters": repr((sorted(self.values.items()), self.place.rounds, self.scale)),
            "penalties": repr((sorted(penalty_scores().items()), self.penalty_factor)),
            "partners": partners.read_text(encoding="utf-8"),
            "mixes": "".join(mix.model_dump_json() for mix in mixes),
            "today": "" if self.today is None else self.today.model_dump_json(),
        }
        if self.surroundings is not None:
            parts["surroundings"] = self.surroundings.model_dump_json()
        return {"code": code_hash()} | {
            name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in parts.items()
        }

    def scenario_hash(self, mixes: Sequence[Mix] | None = None) -> str:
        """Return 16 hex digits of everything that decides a result: numbers, mixes, source."""
        digest = hashlib.sha256(repr(sorted(self.hashes(mixes or ()).items())).encode())
        return digest.hexdigest()[:16]

    def inputs(self, mixes: Sequence[Mix] = ()) -> dict[str, Any]:
        """Return what a manifest holds so that a result can be made again from it alone.

        Returns
        -------
        dict
            ``site`` (at full size) and ``mixes`` as JSON text (the order of measures counts),
            ``scale``, ``parameters`` that replace those of the files, ``surroundings`` or null,
            ``hashes`` of the parts.
        """
        return {
            "site": self.whole.model_dump_json(),
            "scale": self.scale,
            "parameters": dict(sorted(self.changed.items())),
            "mixes": [mix.model_dump_json() for mix in mixes],
            "surroundings": None
            if self.surroundings is None
            else self.surroundings.model_dump_json(),
            "hashes": self.hashes(mixes),
        }


def snapshot(world: World) -> Snapshot:
    """Copy the columns from which a ledger is replayed."""
    from simulator.world import Count

    w = world.columns
    return Snapshot.of(w.people, w.posts, int(w.counts[Count.PEOPLE]), int(w.counts[Count.POSTS]))
