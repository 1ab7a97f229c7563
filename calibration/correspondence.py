"""Call-backs published and simulated: penalties of barriers, stigma of months out of work."""

from __future__ import annotations

from collections.abc import Iterator

from calibration.validate import CheckRow, check
from simulator.correspondence import PAIRS, SEEDS, TOLERANCE, spells, table

SITE = "kokkola"
KIND = "virtual correspondence test"


@check("virtual correspondence tests", kind=KIND, source="effects.csv, rows of the ratios")
def correspondence(quick: bool) -> Iterator[CheckRow]:  # noqa: ARG001
    """Compare ratios of call-backs with those of field experiments."""
    detail = f"at least {PAIRS} pairs in each of {len(SEEDS)} worlds of {SITE}"
    for row in table(SITE):
        yield CheckRow(
            f"call-backs: {row.barrier}", KIND, row.holds,
            f"{row.published:g} within {TOLERANCE:g}", round(row.simulated, 3),
            detail, row.source,
        )  # fmt: skip
    for found in spells(SITE):
        name = f"call-backs: {found.months} months out of work against {found.against}"
        if found.met:
            wanted, given = f"{found.published:g} within {TOLERANCE:g}", f"{found.simulated:.3f}"
        else:
            wanted = f"{found.published:g} within the range of stigma"
            given = f"{found.simulated:.3f} ({found.lowest:.3f} to {found.highest:.3f})"
        yield CheckRow(f"{name} ({found.study})", KIND, found.holds, wanted, given,
                       detail, found.source)  # fmt: skip
