"""Rules of partner organisations: who hears of a measure, who can use it, how many places it has.

``reach = known x reachable x motivated, and a place`` (``docs/odd.md``, submodel *Reach*).
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.compile import kernel


@kernel
def is_reached(known, access, u):
    """Return whether a person knows of a measure and can use it, by one uniform number."""
    return u < known * access


def known_share(own_awareness: float, referrals: Iterable[tuple[float, float, float]]) -> float:
    """Return the share of eligible people who know of a measure.

    Parameters
    ----------
    own_awareness : float
        Share who know of it by themselves.
    referrals : iterable of (reach, engagement, link)
        One triple per partner that refers to the measure, each a share.

    Notes
    -----
    ``1 - (1 - own) prod (1 - reach engagement link)``.

    Examples
    --------
    >>> round(known_share(0.2, [(0.5, 1.0, 0.5)]), 3)
    0.4
    """
    unknown = 1.0 - own_awareness
    for reach, engagement, link in referrals:
        unknown *= 1.0 - reach * engagement * link
    return 1.0 - unknown


def places_share(deliveries: Iterable[tuple[float, float, float]]) -> float:
    """Return the share of a measure's places that its delivering partners provide.

    Parameters
    ----------
    deliveries : iterable of (share, capacity, engagement)
        Each partner's share of the places, its capacity and engagement relative to full (1.0).
    """
    return sum(share * capacity * engagement for share, capacity, engagement in deliveries)
