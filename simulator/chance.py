"""Chance as a pure function of keys.

``draw(seed, stream, who, whom, when, k)`` is SplitMix64 (Steele, Lea and Flood 2014) chained over
its parts. A world and its twin therefore share every draw that a mix does not touch, whatever the
order of events. Kernels use the factored form: a hash per person or post (stored), a base per
stream and month (computed once), and one finaliser per draw.
"""

from __future__ import annotations

import math
from enum import IntEnum, auto

import numpy as np

from simulator.compile import kernel

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_S30 = np.uint64(30)
_S27 = np.uint64(27)
_S31 = np.uint64(31)
_S32 = np.uint64(32)
_S11 = np.uint64(11)
_LOW = np.uint64(0xFFFFFFFF)
_S54 = np.uint64(54)
_S22 = np.uint64(22)
_TO_UNIT = 1.0 / 9007199254740992.0  # 2**-53
_BELOW_ONE = 1.0 - _TO_UNIT  # the largest word plus one half rounds to one
_TO_UNIT_32 = 1.0 / 4294967296.0  # 2**-32

STEPS = 1024
TAIL = 16  # steps at either end whose deviates are computed
QUANTILES = np.array(
    [0.0, *(math.log(step / (STEPS - step)) for step in range(1, STEPS)), 0.0]
)  # of the logistic distribution; the two ends are never read


class Stream(IntEnum):
    """Purposes of draws; one stream per cause, so that causes never share a draw."""

    DEMOGRAPHY = auto()
    WORK = auto()
    SEARCH = auto()
    TARGET = auto()
    TRIES = auto()
    POST = auto()
    NEW_POSTS = auto()
    NEW_POST_TRAITS = auto()
    TREND = auto()
    ENTRY = auto()
    ENTRY_TRAITS = auto()
    BACKFILL = auto()
    OPENING = auto()
    COLLECTION = auto()
    INSIDE = auto()
    WRITTEN = auto()
    OFFER = auto()
    TASTE = auto()
    OUTSIDERS = auto()
    OUTSIDER_TRAITS = auto()
    GIVE_UP = auto()
    RECRUIT = auto()
    LOTTERY = auto()
    TAKE_UP = auto()
    REKEY = auto()
    CONTRACT = auto()
    MEETING = auto()
    RECRUIT_WORKPLACE = auto()
    BUILD = auto()
    RELEASE = auto()


@kernel
def mix(z):
    """Return the SplitMix64 finaliser of a 64-bit word."""
    z = (z ^ (z >> _S30)) * _M1
    z = (z ^ (z >> _S27)) * _M2
    return z ^ (z >> _S31)


@kernel
def key_hash(key):
    """Return the hash of an int64 identity (person, post, workplace)."""
    return mix((np.uint64(key) + np.uint64(1)) * GOLDEN)


@kernel
def stream_base(seed, stream, when):
    """Return the base of a stream at a time: one word per (seed, stream, month or round)."""
    z = mix(np.uint64(seed) * GOLDEN + np.uint64(stream))
    # months before the start are negative: shift them into the positive numbers
    return mix(z + np.uint64(when + 1048576) * GOLDEN)


@kernel
def word(who_hash, base, k):
    """Return the k-th 64-bit draw of an entity in a stream and month."""
    return mix((who_hash ^ base) + np.uint64(k) * GOLDEN)


@kernel
def pair_word(who_hash, whom_hash, base):
    """Return the 64-bit draw of an ordered pair of entities."""
    return mix(mix(who_hash ^ base) + whom_hash)


@kernel
def unit(z):
    """Return a number in [0, 1) from the upper 53 bits of a word."""
    return np.float64(z >> _S11) * _TO_UNIT


@kernel
def unit_high(z):
    """Return a number in [0, 1) from the upper half of a word."""
    return np.float64(z >> _S32) * _TO_UNIT_32


@kernel
def unit_low(z):
    """Return a number in [0, 1) from the lower half of a word, independent of the upper half."""
    return np.float64(z & _LOW) * _TO_UNIT_32


@kernel
def index_high(z, n):
    """Return an index below n (n < 2**31) from the upper half of a word."""
    return np.int64(((z >> _S32) * np.uint64(n)) >> _S32)


@kernel
def index_low(z, n):
    """Return an index below n (n < 2**31) from the lower half of a word."""
    return np.int64(((z & _LOW) * np.uint64(n)) >> _S32)


@kernel
def draw(seed, stream, who, whom, when, k):
    """Return a number in [0, 1) that depends on nothing but its keys.

    Parameters
    ----------
    seed, stream, who, whom, when, k : int
        Replication, purpose (:class:`Stream`), acting entity's key, other entity's key (0 when
        there is none), month or absolute round, and position in a sequence of tries.
    """
    base = stream_base(seed, stream, when)
    first = mix(key_hash(who) ^ base)
    return unit(mix(first + key_hash(whom) + np.uint64(k) * GOLDEN))


@kernel
def logistic_noise(z):
    """Return a standard logistic deviate of a word (no value is infinite).

    Quantiles by table, straight between 1024 steps of equal chance; exact in the tails.
    """
    step = np.int64(z >> _S54)
    if step < TAIL or step >= STEPS - TAIL:
        u = min((np.float64(z >> _S11) + 0.5) * _TO_UNIT, _BELOW_ONE)
        return math.log(u / (1.0 - u))
    low = QUANTILES[step]
    return low + (QUANTILES[step + 1] - low) * (np.float64((z >> _S22) & _LOW) * _TO_UNIT_32)


@kernel
def poisson(rate, u):
    """Return the Poisson count of a uniform number by inversion (0 without an exponential)."""
    if u <= 1.0 - rate:
        return 0
    p = math.exp(-rate)
    total = p
    count = 0
    while u > total and count < 64:
        count += 1
        p *= rate / count
        total += p
    return count
