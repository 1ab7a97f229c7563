"""The face towards Mesa: a model that steps month by month, with read-only views as agents.

Stepping gives bit for bit what :func:`simulator.run` gives; views read the columns of the world.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mesa
from mesa.agent import AgentSet

from scenarios import Site
from scenarios.measures import BASELINE, Mix
from simulator.codes import Education, PostState, Sex, Status, label
from simulator.columns import Person, Policy, Post, Trait, Workplace
from simulator.groups import assign_cells, target_cells
from simulator.moves import competence_now
from simulator.policy import lay_out_mix
from simulator.town import Town
from simulator.world import Count, Total


class PersonView(mesa.Agent):
    """A person, read-only.

    Attributes
    ----------
    key : int
        Identity, the same in all files.
    """

    def __init__(self, model: LabourMarket, row: int) -> None:
        super().__init__(model)
        self._row = row

    def _get(self, column: Person) -> int:
        return int(self.model.world.columns.people[column, self._row])

    @property
    def key(self) -> int:
        """Identity of the person, the same in all files."""
        return int(self.model.world.columns.person_keys[self._row])

    @property
    def status(self) -> str:
        """What the person does: ``employed``, ``A``, ``P``, ``S``, ``N``, ..."""
        return label(Status(self._get(Person.STATUS)))

    @property
    def resident(self) -> bool:
        """Whether the person lives in the place."""
        return self._get(Person.RESIDENT) == 1

    @property
    def age(self) -> int:
        """Age in whole years."""
        return (self.model.world.month - self._get(Person.BIRTH_MONTH)) // 12

    @property
    def sex(self) -> str:
        """``female`` or ``male``."""
        return label(Sex(self._get(Person.SEX)))

    @property
    def education(self) -> str:
        """``basic``, ``secondary`` or ``tertiary``."""
        return label(Education(self._get(Person.EDUCATION)))

    @property
    def barriers(self) -> tuple[str, ...]:
        """Ids of the barriers whose flag is set."""
        flags = self._get(Person.BARRIERS)
        return tuple(
            name for bit, name in enumerate(self.model.town.place.barriers) if flags >> bit & 1
        )

    @property
    def competence(self) -> float:
        """Competence on the rung scale, this month."""
        return float(competence_now(self.model.world._kernel_handle(), self._row))

    @property
    def ambition(self) -> float:
        """Chance a month to apply for a post inside the workplace."""
        return float(self.model.world.columns.traits[Trait.AMBITION, self._row])

    @property
    def rung(self) -> int | None:
        """Rung of the post held, None without one."""
        post = self._get(Person.POST)
        return None if post < 0 else int(self.model.world.columns.posts[Post.RUNG, post])

    @property
    def workplace(self) -> int | None:
        """Workplace of the post held, None without one."""
        post = self._get(Person.POST)
        return None if post < 0 else int(self.model.world.columns.posts[Post.WORKPLACE, post])


class WorkplaceView(mesa.Agent):
    """A workplace, read-only; ``key`` is its number in all files."""

    def __init__(self, model: LabourMarket, row: int) -> None:
        super().__init__(model)
        self.key = row

    def _get(self, column: Workplace) -> int:
        return int(self.model.world.columns.workplaces[column, self.key])

    @property
    def sector(self) -> str:
        """Id of the sector."""
        return self.model.town.place.sector_ids[self._get(Workplace.SECTOR)]

    @property
    def posts(self) -> int:
        """Posts: filled, vacant and withdrawn."""
        return self._get(Workplace.POSTS)

    @property
    def filled(self) -> int:
        """Filled posts."""
        return self._get(Workplace.FILLED)

    @property
    def vacant(self) -> int:
        """Posts that the employer tries to fill now."""
        columns = self.model.world.columns
        posts = columns.posts[:, : columns.counts[Count.POSTS]]
        here = posts[Post.WORKPLACE] == self.key
        return int((here & (posts[Post.STATE] == PostState.VACANT)).sum())

    @property
    def inclusiveness(self) -> float:
        """Share of hiring penalties that the workplace does not apply."""
        return float(self.model.world.columns.policies[Policy.INCLUSIVENESS, self.key])


class PartnerView(mesa.Agent):
    """A partner organisation, read-only; ``key`` is its kind."""

    def __init__(self, model: LabourMarket, kind: str) -> None:
        super().__init__(model)
        self.key = kind

    @property
    def capacity(self) -> float:
        """Share of its part of the planned places that the partner can run."""
        return float(self._partner.capacity.value)

    @property
    def engagement(self) -> float:
        """Share of the agreed referrals and deliveries that the partner does."""
        return float(self._partner.engagement.value)

    @property
    def _partner(self) -> Any:
        return self.model.policy.partners.partners[self.key]


class LabourMarket(mesa.Model):
    """One place as a Mesa model; a step is a month.

    Parameters
    ----------
    site : str, Path or Site
    mix : str, Path or Mix
    closure : {"R", "E"}
    years : int
        Longest run for which monthly counts are laid out.
    seed : int
        Replication, as in :func:`simulator.run`.
    between_months : callable, optional
        Called with the model before each month: the place to run one's own Python.

    Examples
    --------
    >>> market = LabourMarket("kokkola", seed=1)  # doctest: +SKIP
    >>> market.step()  # doctest: +SKIP
    >>> market.filled_posts  # doctest: +SKIP
    """

    def __init__(
        self,
        site: str | Path | Site | Town = "kokkola",
        mix: str | Path | Mix = BASELINE,
        closure: str = "R",
        years: int = 10,
        seed: int = 1,
        parameters: dict[str, float] | None = None,
        between_months: Callable[[LabourMarket], None] | None = None,
    ) -> None:
        super().__init__(seed=seed)
        self.town = site if isinstance(site, Town) else Town(site, parameters)
        self.mix = self.town.mix(mix)
        self.policy = lay_out_mix(self.mix, self.town.site, self.town.place)
        self.world = self.town.begin(seed, closure=closure, record=True)
        if self.mix.entries:
            self.policy.install(self.world)
        cells = assign_cells(self.world, self.town.site)
        self.world.lay_out(0, 12 * years, cells, target_cells())
        self.months_laid_out = 12 * years
        self.between_months = between_months
        # Mesa holds agents weakly: the model keeps its views alive
        self._people: dict[int, PersonView] = {}
        self._others: list[mesa.Agent] = []
        self._views_of_month: int | None = None

    def step(self) -> None:
        """Run one month.

        Raises
        ------
        IndexError
            Past the last month laid out (``years``).
        """
        if self.world.month >= self.months_laid_out:
            raise IndexError(f"the model was laid out for {self.months_laid_out} months")
        if self.between_months is not None:
            self.between_months(self)
        self.world.advance(1)

    @property
    def agents(self) -> AgentSet:
        """Views of all persons in the place, workplaces and partners; made when first asked for."""
        if self._views_of_month != self.world.month:
            self._renew_views()
            self._views_of_month = self.world.month
        return super().agents

    def _renew_views(self) -> None:
        columns = self.world.columns
        status = columns.people[Person.STATUS, : columns.counts[Count.PEOPLE]]
        present = set(map(int, (status <= Status.N).nonzero()[0]))
        for row in self._people.keys() - present:
            self._people.pop(row).remove()
        for row in sorted(present - self._people.keys()):
            self._people[row] = PersonView(self, row)
        if not self._others:
            self._others = [
                *(WorkplaceView(self, row) for row in range(columns.workplaces.shape[1])),
                *(PartnerView(self, kind) for kind in self.policy.partners.partners),
            ]

    def _total(self, what: Total) -> int:
        month = self.world.month - 1
        return int(self.world.columns.totals[month, what]) if month >= 0 else 0

    @property
    def filled_posts(self) -> int:
        """Filled local posts at the end of the last month."""
        return self._total(Total.EMPLOYED_HERE)

    @property
    def vacant_posts(self) -> int:
        """Vacant posts at the end of the last month."""
        return self._total(Total.VACANT)

    @property
    def register_unemployed(self) -> int:
        """Residents in A or P at the end of the last month."""
        return self._total(Total.A) + self._total(Total.P)
