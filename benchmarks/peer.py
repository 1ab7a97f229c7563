"""The unit of speed and the peer: a bare loop of draws, and a naive Mesa model."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

MONTHS = 120
PEOPLE = 25_000


def floor_ns(repeat: int = 7) -> float:
    """Return the nanoseconds of one keyed draw in a bare compiled loop (the *floor*).

    Everything else is quoted in floors, which travel between machines better than seconds do.
    On a processor with 64-bit vector multiplication (AVX-512) the compiler turns this loop into
    vector code, and a floor is less than half of what it is elsewhere: see ``scalar_floor_ns``.
    """
    import numba

    golden = np.uint64(0x9E3779B97F4A7C15)
    first = np.uint64(0xBF58476D1CE4E5B9)
    second = np.uint64(0x94D049BB133111EB)

    @numba.njit(error_model="numpy")
    def mix(z):
        z = (z ^ (z >> np.uint64(30))) * first
        z = (z ^ (z >> np.uint64(27))) * second
        return z ^ (z >> np.uint64(31))

    @numba.njit(error_model="numpy")
    def loop(months, people):
        n = 0
        for t in range(months):
            key = mix(np.uint64(t))
            for i in range(people):
                z = mix(key + np.uint64(i) * golden)
                n += np.float64(z >> np.uint64(11)) * (1.0 / 9007199254740992.0) < 0.013  # type: ignore[assignment]
        return n

    loop(1, 10)  # compile
    best = np.inf
    for _ in range(repeat):
        begun = time.perf_counter()
        hits = loop(MONTHS, PEOPLE)
        best = min(best, time.perf_counter() - begun)
    assert 0.012 < hits / (MONTHS * PEOPLE) < 0.014
    return best / (MONTHS * PEOPLE) * 1e9


def scalar_floor_ns() -> float:
    """Return the floor without vector code, measured in a process of its own.

    It makes results from processors with and without vector multiplication comparable.
    """
    done = subprocess.run(
        [sys.executable, "-c", "from benchmarks.peer import floor_ns; print(floor_ns())"],
        cwd=Path(__file__).resolve().parent.parent,
        env={**os.environ, "NUMBA_LOOP_VECTORIZE": "0", "NUMBA_SLP_VECTORIZE": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def naive_mesa_ns(people: int = 34_000, months: int = 6) -> float:
    """Return the nanoseconds per agent-month of the naive Mesa model."""
    from benchmarks.naive_mesa import NaiveMarket

    market = NaiveMarket(people)
    market.step()
    begun = time.perf_counter()
    for _ in range(months):
        market.step()
    return (time.perf_counter() - begun) / (people * months) * 1e9
