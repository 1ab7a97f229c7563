"""One chain of openings as an example: what happened to one post of one simulated town.

The first year of the first world with the mix is run again with its ledger; a chain through the
asked band of the staircase is drawn from it. It shows how a chain goes, never how often.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from scenarios.measures import Mix
from simulator import run
from simulator.codes import RUNGS, Cause, Fill, label

from .summary import INTO, OUT_OF
from .twins import Bench

YEARS = 1
LONGEST = 8  # links told
# every band of the staircase by its side, as the page presses it
BANDS = (
    *(("into", band) for band in (*INTO, "never")),
    *(("out", band) for band in (*OUT_OF, "still_open")),
)


class Examples:
    """The ledger of one year with a mix.

    Parameters
    ----------
    bench : Bench
    mix : Mix
    closure : {"R", "E"}
    """

    def __init__(self, bench: Bench, mix: Mix, closure: str) -> None:
        result = run(bench.town, mix, years=YEARS, seed=bench.seeds[0], closure=closure)
        self.links: pd.DataFrame = result.links
        self.chains: pd.DataFrame = result.chains

    def ids(self, rung: int, side: str, band: str) -> list[int]:
        """Return the chains that pass a band of the staircase, in the order of their ids."""
        links = self.links[self.links["rung"] == rung]
        if side == "into" and band in INTO and band not in ("stepped_down", "moves"):
            origins = [label(Cause(cause)) for cause in INTO[band]]
            chains = self.chains[
                (self.chains["origin_rung"] == rung) & self.chains["origin"].isin(origins)
            ]
            return sorted(chains["chain_id"])
        if band == "never":
            fills = [label(Fill.NOT_BACKFILLED)]
        elif band == "still_open":
            fills = [label(Fill.OPEN)]
        else:
            fills = [label(Fill(fill)) for fill in OUT_OF.get(band, ())]
        return sorted(set(links[links["fill"].isin(fills)]["chain_id"]))

    def every(self, each: int) -> dict[str, list[dict[str, Any]]]:
        """Return up to so many examples of every band, by ``"rung side band"``."""
        found: dict[str, list[dict[str, Any]]] = {}
        for rung in range(RUNGS):
            for side, band in BANDS:
                n = min(each, len(self.ids(rung, side, band)))
                chains = [self.tell(rung, side, band, which) for which in range(n)]
                if chains:
                    found[f"{rung} {side} {band}"] = [one for one in chains if one is not None]
        return found

    def tell(self, rung: int, side: str, band: str, which: int) -> dict[str, Any] | None:
        """Return one chain as steps that the page puts into words.

        Parameters
        ----------
        rung, side, band
            Band of the staircase: ``into`` or ``out`` of a step.
        which : int
            The how many-th example; after the last comes the first.

        Returns
        -------
        dict or None
            ``n`` (such chains), ``origin`` (band of the left side), ``links``: ``rung, sector,
            month, closed`` and ``fill`` (band of the right side), ``more`` (links not told).
        """
        found = self.ids(rung, side, band)
        if not found:
            return None
        # neighbours in the list are posts of one workplace: go through it in large steps
        chain = found[(which * 7919) % len(found)]
        row = self.chains[self.chains["chain_id"] == chain].iloc[0]
        links = self.links[self.links["chain_id"] == chain].sort_values("place")
        bands = {label(Fill(fill)): name for name, fills in OUT_OF.items() for fill in fills}
        causes = {label(Cause(cause)): name for name, group in INTO.items() for cause in group}
        return {
            "n": len(found),
            "origin": causes[row["origin"]],
            "links": [
                {
                    "rung": int(link.rung),
                    "sector": str(link.sector),
                    "month": int(link.opened_month) + 1,
                    "closed": None if pd.isna(link.closed_month) else int(link.closed_month) + 1,
                    "fill": bands.get(link.fill, "open"),
                }
                for link in links.head(LONGEST).itertuples()
            ],
            "more": max(len(links) - LONGEST, 0),
        }
