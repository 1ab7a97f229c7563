"""Chance is a function of keys: published vectors, purity, no correlation between neighbours."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from scipy import stats

from simulator.chance import (
    GOLDEN,
    Stream,
    draw,
    index_high,
    index_low,
    key_hash,
    logistic_noise,
    mix,
    pair_word,
    poisson,
    stream_base,
    unit,
    unit_high,
    unit_low,
    word,
)

N = 20000


@pytest.mark.parametrize(
    ("seed", "published"),
    [
        (
            1234567,
            [
                6457827717110365317,
                3203168211198807973,
                9817491932198370423,
                4593380528125082431,
                16408922859458223821,
            ],
        ),
        (0, [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]),
    ],
)
def test_published_vectors_of_splitmix64(seed, published):
    with np.errstate(over="ignore"):
        state = np.uint64(seed)
        found = []
        for _ in published:
            state = np.uint64(state + GOLDEN)
            found.append(int(mix(state)))
    assert found == published


def test_draw_is_pure_and_depends_on_every_part():
    assert list(inspect.signature(draw).parameters) == [
        "seed", "stream", "who", "whom", "when", "k",
    ]  # fmt: skip
    parts = (7, int(Stream.WORK), 1234, 99, -5, 3)
    with np.errstate(over="ignore"):
        first = draw(*parts)
        others = [
            draw(*(value + (i == at) for i, value in enumerate(parts))) for at in range(len(parts))
        ]
        assert draw(*parts) == first
    assert 0.0 <= first < 1.0
    assert len({first, *others}) == len(parts) + 1


def draws(**ranges) -> np.ndarray:
    """Draws over one part that runs, all others fixed."""
    parts = {"seed": 1, "stream": int(Stream.WORK), "who": 5, "whom": 0, "when": 0, "k": 0}
    (name, values), *fixed = ranges.items()
    parts |= dict(fixed)
    with np.errstate(over="ignore"):
        return np.array([draw(**{**parts, name: value}) for value in values])


def hash_of(key: int) -> np.uint64:
    # kernels give plain integers to the interpreter: name the type again
    with np.errstate(over="ignore"):
        return np.uint64(key_hash(np.int64(key)))


def words_of(seed: int, stream: Stream, when: int, n: int) -> list[np.uint64]:
    with np.errstate(over="ignore"):
        base = np.uint64(stream_base(seed, stream, when))
        return [np.uint64(word(hash_of(key), base, 0)) for key in range(n)]


def uncorrelated(u: np.ndarray, v: np.ndarray) -> None:
    """Correlation, and chi-square of the pairs in a grid, both at five standard errors."""
    assert abs(np.corrcoef(u, v)[0, 1]) < 5 / np.sqrt(u.size)
    cells = 8
    table, _, _ = np.histogram2d(u, v, bins=cells, range=[[0, 1], [0, 1]])
    expected = u.size / cells**2
    chi_square = ((table - expected) ** 2 / expected).sum()
    freedom = cells**2 - 1
    assert abs(chi_square - freedom) < 5 * np.sqrt(2 * freedom)


@pytest.mark.parametrize("part", ["who", "whom", "when", "k", "seed"])
def test_neighbours_are_uncorrelated(part):
    u = draws(**{part: range(N + 1)})
    uncorrelated(u[:-1], u[1:])
    assert abs(u.mean() - 0.5) < 5 / np.sqrt(12 * N)


@pytest.mark.parametrize(
    ("part", "other"), [("stream", Stream.SEARCH), ("seed", 2), ("when", 1), ("whom", 1), ("k", 1)]
)
def test_the_same_keys_elsewhere_are_uncorrelated(part, other):
    uncorrelated(draws(who=range(N)), draws(who=range(N), **{part: int(other)}))


def test_every_pair_of_streams_is_uncorrelated():
    u = np.array([draws(who=range(2000), stream=int(stream)) for stream in Stream])
    between = np.corrcoef(u)[np.triu_indices(len(u), 1)]
    assert np.abs(between).max() < 5 / np.sqrt(u.shape[1])


def test_factored_draws_are_uncorrelated_too():
    """Kernels use words of a stored hash and a base per month; halves of a word count as two."""
    with np.errstate(over="ignore"):
        hashes = [hash_of(key) for key in range(N + 1)]
        words = words_of(1, Stream.WORK, 0, N + 1)
        next_month = words_of(1, Stream.WORK, 1, N + 1)
        base = np.uint64(stream_base(1, Stream.WORK, 0))
        pairs = [np.uint64(pair_word(h, hashes[0], base)) for h in hashes]
    high, low = (np.array([half(z) for z in words]) for half in (unit_high, unit_low))
    uncorrelated(high[:-1], high[1:])
    uncorrelated(high, low)
    uncorrelated(high, np.array([unit_high(z) for z in next_month]))
    uncorrelated(high, np.array([unit(z) for z in pairs]))


def test_order_of_a_pair_matters():
    with np.errstate(over="ignore"):
        a, b = hash_of(3), hash_of(4)
        base = np.uint64(stream_base(1, Stream.INSIDE, 0))
        assert pair_word(a, b, base) != pair_word(b, a, base)


@pytest.mark.parametrize("n", [1, 7, 1000])
def test_indices_are_equally_likely(n):
    words = words_of(3, Stream.TRIES, 0, N)
    for index in (index_high, index_low):
        drawn = np.array([index(z, n) for z in words])
        assert drawn.min() >= 0
        assert drawn.max() < n
        assert abs(drawn.mean() - (n - 1) / 2) <= 5 * n / np.sqrt(12 * N)


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.7, 2.5, 8.0])
def test_poisson_counts(rate):
    u = draws(who=range(N))
    counts = np.array([poisson(rate, x) for x in u])
    assert abs(counts.mean() - rate) <= 5 * np.sqrt(rate / N)
    assert abs(counts.var() - rate) <= 5 * np.sqrt((rate + 2 * rate**2) / N)
    # few counts are exact: the shares of 0 and 1
    for k in (0, 1):
        share = stats.poisson.pmf(k, rate)
        assert abs((counts == k).mean() - share) <= 5 * np.sqrt(share * (1 - share) / N) + 1e-12


def test_logistic_noise_is_finite_and_logistic():
    for z in (np.uint64(0), np.uint64(2**64 - 1)):
        assert np.isfinite(logistic_noise(z))
    noise = np.array([logistic_noise(z) for z in words_of(4, Stream.WRITTEN, 0, N)])
    assert stats.kstest(noise, "logistic").pvalue > 1e-6
