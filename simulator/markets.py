"""Markets: the same place with fewer or more new posts for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.world import Sector

if TYPE_CHECKING:
    from simulator.engine import World

MARKETS = {"slack": 0.8, "reference": 1.0, "tight": 1.25}  # new posts relative to the place
LEAD = 12  # months in which a market becomes slack or tight


def market(world: World, factor: float, months: int = LEAD) -> World:
    """Return the world after some months in which new posts come at another rate.

    Parameters
    ----------
    factor : float
        New posts relative to the place (:data:`MARKETS`).
    """
    if factor != 1.0:
        sectors = world.columns.sectors.copy()
        sectors[[Sector.NEW_POSTS_OPEN, Sector.NEW_POSTS_FIXED]] *= factor
        world._replace(sectors=sectors)
    world.lay_out(world.month, months)
    world.advance(months)
    return world
