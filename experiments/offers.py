"""Offers without a limit of places: a measure for everybody who wants it, here or everywhere.

A mix limits a measure by places, by partners and by who hears of it. Some questions take these
limits away: what if everybody eligible were served (saturation), what if one workplace offered
support to all its staff? Nothing else of the measure changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from simulator.columns import Workplace
from simulator.engine import World
from simulator.policy import Policy
from simulator.world import ClauseColumn, Columns, Count
from simulator.world import Measure as Row

MARK = 61  # an employer number that no place uses (named ones count from 0) and a mask can hold
SURE = 50.0  # log odds of taking part that stand for certainty


@dataclass
class Offer(Policy):
    """A mix in which some measures have a place for everybody.

    Attributes
    ----------
    offered : tuple of str
        The measures without a limit of places.
    everybody : bool
        Whether all who are eligible know of them, can use them and want them; else as the
        measure and the partners say.
    """

    offered: tuple[str, ...] = ()
    everybody: bool = False

    @classmethod
    def of(
        cls,
        policy: Policy,
        offered: Sequence[str],
        everybody: bool = False,
        never_served: float = 0.0,
    ) -> Offer:
        """Return a mix as laid out, without limits for some of its measures.

        Parameters
        ----------
        never_served : float
            Share of those who take part in the measures offered that the lottery leaves out.
        """
        given = {f.name: getattr(policy, f.name) for f in fields(Policy) if f.init}
        offer = cls(**given, offered=tuple(offered), everybody=everybody)
        offer.measures = offer.measures.copy()
        offer.measures[offer.rows, Row.NEVER_SERVED] = never_served
        if everybody:
            offer.measures[offer.rows, Row.TAKE_UP] = SURE
            offer.measures[offer.rows, Row.MOOD_SLOPE] = 0.0
            offer.measures[offer.rows, Row.AMBITION_SLOPE] = 0.0
        return offer

    @property
    def rows(self) -> list[int]:
        """Positions of the measures offered."""
        return [self.names.index(name) for name in self.offered]

    def apply(self, columns: Columns, month: int) -> None:
        """Set reach and places of a month, then lift the limits."""
        super().apply(columns, month)
        people = columns.counts[Count.PEOPLE]
        # a place for everybody, whatever the size of groups
        columns.measures[self.rows, Row.PLACES] = (
            people + columns.measures[self.rows, Row.GROUP_SIZE]
        )
        if self.everybody:
            columns.measures[self.rows, Row.KNOWN] = 1.0
            columns.access[:] = 1.0

    def only_at(self, world: World, workplaces: Sequence[int] | np.ndarray) -> None:
        """Restrict the measures offered to some workplaces of a world.

        They get an employer number of their own, which no rule but the condition of a measure
        reads. The measure's own conditions on workplaces stay.
        """
        marked = world.columns.workplaces.copy(order="K")
        marked[Workplace.EMPLOYER, list(workplaces)] = MARK
        world._replace(workplaces=marked)
        self.measures, clauses = self.measures.copy(), list(self.clauses)
        for row in self.rows:
            first, last = self.measures[row, [Row.WORKPLACE_CLAUSE_START, Row.WORKPLACE_CLAUSE_END]]
            own = [clause.copy() for clause in self.clauses[int(first) : int(last)]]
            if not own:
                own = [np.zeros(len(ClauseColumn), np.int64)]
                own[0][ClauseColumn.SECTORS] = (1 << 62) - 1
                own[0][ClauseColumn.SIZE_CLASSES] = 0b1111
            own = [clause for clause in own if not clause[ClauseColumn.EMPLOYERS]]
            for clause in own:
                clause[ClauseColumn.EMPLOYERS] = 1 << MARK
            if not own:  # for named employers alone, so for nobody here
                own = [np.zeros(len(ClauseColumn), np.int64)]
            self.measures[row, Row.WORKPLACE_CLAUSE_START] = len(clauses)
            clauses += own
            self.measures[row, Row.WORKPLACE_CLAUSE_END] = len(clauses)
        self.clauses = np.array(clauses, np.int64).reshape(-1, len(ClauseColumn))
