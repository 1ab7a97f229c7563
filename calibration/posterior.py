"""The posterior of a place on its table: a fitted emulator of the targets, and chains on it.

*Emulator*: ridge regression (scikit-learn) of the logarithm of each simulated quantity on the
coordinates, their squares and their products with a free parameter, with the penalty chosen by
leave-one-out. What it leaves over, with the noise of one world in it, is a normal error with the
covariance of the leave-one-out residuals.

*Posterior*: the emulated quantities equal the targets within that error and the tolerance of each
target (half-width of a 90 % interval). Inputs keep their priors: each draw has its own inputs and
is taken from the posterior of the free parameters given these (a *cut* posterior), so that no
target pretends to measure what it does not. It is amortised: another target, or a simulated one,
needs no new simulation.

*Sampler*: differential-evolution Metropolis chains (ter Braak 2006), many at once. Choice and
comparison stand in ``docs/calibration.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from calibration.priors import Coordinate
from calibration.quantities import SETTLED_AT, Aim

FURTHEST = 2.5  # logarithm of simulated over target; beyond, how far does not matter
STEPS = 800
CROSS = 1.0 / 3.0
LEAST_ROWS = 300  # rows within the box before those outside are left out


def scaled(values: np.ndarray, aims: Sequence[Aim]) -> np.ndarray:
    """Return quantities as logarithms relative to their targets, shape (rows, aims)."""
    target = np.array([aim.value for aim in aims])
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.log(np.maximum(values, 1e-9 * target) / target)
    return np.clip(ratio, -FURTHEST, FURTHEST)


def statistics(frame: pd.DataFrame, aims: Sequence[Aim]) -> np.ndarray:
    """Return the quantities of each row in the units of the targets, shape (rows, aims)."""
    return np.array(
        [[aim.statistic(row) for aim in aims] for row in frame.to_dict("records")], float
    ).reshape(len(frame), len(aims))


@dataclass
class Emulator:
    """Quantities as a function of the coordinates, with the error of that function.

    Attributes
    ----------
    aims, free, inputs : list
        What is predicted; coordinates that may move; coordinates held at their priors.
    error : ndarray, shape (aims, aims)
        Covariance of the leave-one-out residuals.
    explained : ndarray, shape (aims,)
        Share of the variance over the table that it explains.
    rows : int
        Rows it was fitted on.
    """

    aims: list[Aim]
    free: list[Coordinate]
    inputs: list[Coordinate]
    centre: np.ndarray
    spread: np.ndarray
    weights: np.ndarray
    offset: np.ndarray
    error: np.ndarray
    explained: np.ndarray
    rows: int

    @classmethod
    def fit(
        cls, frame: pd.DataFrame, values: np.ndarray, aims: Sequence[Aim],
        items: Sequence[Coordinate],
    ) -> Emulator:  # fmt: skip
        """Fit the emulator to rows of a table.

        Parameters
        ----------
        frame : DataFrame
            Rows with a column per coordinate.
        values : ndarray, shape (rows, aims)
            Their quantities, see :func:`statistics`.
        """
        from sklearn.linear_model import RidgeCV  # slow to import

        free = [item for item in items if item.fitted]
        inputs = [item for item in items if not item.fitted]
        y = scaled(values, aims)
        keep = np.isfinite(y).all(1)
        theta, phi = inner(frame[keep], free), inner(frame[keep], inputs)
        y = y[keep]
        both = np.concatenate([theta, phi], 1)
        centre, spread = both.mean(0), np.maximum(both.std(0), 1e-12)
        x = _features((both - centre) / spread, len(free))
        model = RidgeCV(
            alphas=np.logspace(-1, 3, 9), alpha_per_target=True, store_cv_results=True
        ).fit(x, y)
        best = np.argmin(model.cv_results_.mean(0), axis=-1)
        found = np.array([model.cv_results_[:, k, best[k]] for k in range(len(aims))]).T
        # leave-one-out errors come squared; their signs are those of the residuals
        residual = np.sqrt(found) * np.sign(y - model.predict(x))
        error = np.atleast_2d(np.cov(residual.T))
        return cls(
            list(aims), free, inputs, centre, spread, model.coef_.T, model.intercept_, error,
            1.0 - found.mean(0) / np.maximum(y.var(0), 1e-12), int(keep.sum()),
        )  # fmt: skip

    def predict(self, theta: np.ndarray, phi: np.ndarray) -> np.ndarray:
        """Return logarithms relative to the targets, shape (points, aims)."""
        both = (np.concatenate([theta, phi], 1) - self.centre) / self.spread
        return _features(both, len(self.free)) @ self.weights + self.offset


def _features(z: np.ndarray, n_free: int) -> np.ndarray:
    first, second = np.triu_indices(n_free)
    theta, phi = z[:, :n_free], z[:, n_free:]
    # products with inputs are many and small: scaled down, the same penalty shrinks them more
    mixed = CROSS * (theta[:, :, None] * phi[:, None, :]).reshape(len(z), -1)
    return np.concatenate([z, theta[:, first] * theta[:, second], phi**2, mixed], 1)


def inner(frame: pd.DataFrame, items: Sequence[Coordinate]) -> np.ndarray:
    """Return coordinates on their inner scales, shape (rows, items)."""
    if not items:
        return np.zeros((len(frame), 0))
    return np.column_stack([item.inside(frame[item.id].to_numpy()) for item in items])


def tolerances(aims: Sequence[Aim]) -> np.ndarray:
    """Return the tolerances as standard deviations of the logarithm."""
    return np.array([aim.relative_tolerance / SETTLED_AT for aim in aims])


def log_prior(theta: np.ndarray, free: Sequence[Coordinate], bounds: np.ndarray) -> np.ndarray:
    """Return the log density of the prior, -inf outside the box; shape (points,)."""
    outer = np.array([item.inside([item.low, item.high]) for item in free])
    u = (theta - outer[:, 0]) / (outer[:, 1] - outer[:, 0])
    inside = ((theta >= bounds[:, 0]) & (theta <= bounds[:, 1]) & (u > 0) & (u < 1)).all(1)
    u = np.clip(u, 1e-12, 1.0 - 1e-12)
    return np.where(inside, 0.5 * (np.log(u) + np.log1p(-u)).sum(1), -np.inf)


def chains(
    emulator: Emulator,
    phi: np.ndarray,
    observed: np.ndarray,
    box: dict[str, tuple[float, float]],
    rng: np.random.Generator,
    group: int,
    steps: int = STEPS,
) -> tuple[np.ndarray, float]:
    """Return one draw of the free parameters per chain.

    Parameters
    ----------
    phi : ndarray, shape (chains, inputs)
        Inputs of each chain, held fixed.
    observed : ndarray, shape (chains, aims)
        What each chain is to meet, as logarithms relative to the targets.
    box : dict
        Bounds on the inner scale by free parameter; others are bounded by their prior.
    group : int
        Chains that learn steps from each other (consecutive rows).

    Returns
    -------
    theta, accepted
        Last states, shape (chains, free); share of accepted steps in the second half.
    """
    free = emulator.free
    n, d = len(phi), len(free)
    outer = np.array([item.inside([item.low, item.high]) for item in free])
    bounds = np.array([box.get(item.id, tuple(outer[k])) for k, item in enumerate(free)])
    precision = np.linalg.inv(emulator.error + np.diag(tolerances(emulator.aims) ** 2))

    everyone = np.arange(n)

    def density(theta: np.ndarray, who: np.ndarray = everyone) -> np.ndarray:
        gap = observed[who] - emulator.predict(theta, phi[who])
        return log_prior(theta, free, bounds) - 0.5 * np.einsum("ni,ij,nj->n", gap, precision, gap)

    width = bounds[:, 1] - bounds[:, 0]
    theta = bounds[:, 0] + width * rng.uniform(0.02, 0.98, (n, d))
    now = density(theta)
    for _ in range(30):  # start from the best of some places
        other = bounds[:, 0] + width * rng.uniform(0.02, 0.98, (n, d))
        found = density(other)
        better = found > now
        theta[better], now[better] = other[better], found[better]
    # one half of a group moves at a time, by steps that the other half tells: moving all at once
    # would not keep the posterior (it comes out too narrow)
    at = np.arange(n) % group
    base = np.arange(n) - at
    size = np.minimum(base + group, n) - base
    accepted = 0.0
    for step in range(steps):
        for half in (0, 1):
            moving = np.flatnonzero(at % 2 == half)
            others = (size[moving] + half) // 2  # chains of the other half in the group
            first, second = _two(others, rng)
            a = base[moving] + 2 * first + 1 - half
            b = base[moving] + 2 * second + 1 - half
            m = len(moving)
            wide = 2.38 / np.sqrt(2 * d) * rng.uniform(0.3, 1.2, m)
            gamma = np.where(rng.random(m) < 0.1, 1.0, wide)
            tried = theta[moving] + gamma[:, None] * (theta[a] - theta[b])
            tried += 1e-3 * width * rng.normal(size=(m, d))
            found = density(tried, moving)
            take = np.log(rng.random(m)) < found - now[moving]
            theta[moving[take]], now[moving[take]] = tried[take], found[take]
            if step >= steps // 2:
                accepted += take.mean() / 2.0
    return theta, float(accepted / max(steps - steps // 2, 1))


def _two(n: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return two different numbers below each ``n`` (the same one where ``n`` is 1)."""
    first = rng.integers(0, n)
    second = (first + rng.integers(1, np.maximum(n, 2))) % n
    return first, second


def draw_inputs(inputs: Sequence[Coordinate], n: int, rng: np.random.Generator) -> np.ndarray:
    """Return draws of the inputs from their priors on the inner scale, shape (n, inputs)."""
    if not inputs:
        return np.zeros((n, 0))
    return np.column_stack([item.inside(item.draw(rng.random(n))) for item in inputs])


def within(frame: pd.DataFrame, free: Sequence[Coordinate],
           box: dict[str, tuple[float, float]]) -> np.ndarray:  # fmt: skip
    """Return which rows lie inside a box of free parameters."""
    inside = np.ones(len(frame), bool)
    for item in free:
        if item.id in box:
            x = item.inside(frame[item.id].to_numpy())
            inside &= (x >= box[item.id][0]) & (x <= box[item.id][1])
    return inside


@dataclass
class Posterior:
    """Draws for a place, with what is needed to judge them.

    Attributes
    ----------
    draws : DataFrame
        One row per draw: every coordinate, free ones fitted, inputs from their priors.
    emulator : Emulator
    box : dict
    accepted : float
        Share of accepted steps.
    """

    draws: pd.DataFrame
    emulator: Emulator
    box: dict[str, tuple[float, float]]
    accepted: float


def fit_rows(
    frame: pd.DataFrame, free: Sequence[Coordinate], box: dict[str, tuple[float, float]]
) -> np.ndarray:
    """Return which rows the emulator is fitted on: those in the box, once there are enough."""
    usable = frame["ok"].to_numpy() == 1
    inside = usable & within(frame, free, box)
    return inside if inside.sum() >= LEAST_ROWS else usable


def posterior(
    frame: pd.DataFrame,
    aims: Sequence[Aim],
    items: Sequence[Coordinate],
    box: dict[str, tuple[float, float]],
    draws: int = 400,
    seed: int = 1,
    steps: int = STEPS,
    values: np.ndarray | None = None,
) -> Posterior:
    """Return the posterior of a place given the rows of its table so far.

    Parameters
    ----------
    aims : sequence of Aim
        Only those that are ``used``.
    values : ndarray, shape (rows, aims), optional
        Quantities of all rows where they are known already.
    """
    rng = np.random.default_rng(seed)
    free = [item for item in items if item.fitted]
    rows = fit_rows(frame, free, box)
    part = frame[rows]
    known = statistics(part, aims) if values is None else values[rows]
    emulator = Emulator.fit(part, known, aims, items)
    phi = draw_inputs(emulator.inputs, draws, rng)
    theta, accepted = chains(emulator, phi, np.zeros((draws, len(aims))), box, rng, draws, steps)
    columns = {item.id: item.outside(theta[:, k]) for k, item in enumerate(emulator.free)}
    columns |= {item.id: item.outside(phi[:, k]) for k, item in enumerate(emulator.inputs)}
    found = pd.DataFrame({item.id: columns[item.id] for item in items})
    return Posterior(found, emulator, box, accepted)


def box_of(
    found: Posterior, margin: float = 0.25, tail: float = 0.005
) -> dict[str, tuple[float, float]]:
    """Return the box around a posterior within which the next part of the table is drawn."""
    box = {}
    for item in found.emulator.free:
        x = item.inside(found.draws[item.id].to_numpy())
        low, high = np.quantile(x, [tail, 1.0 - tail])
        outer = item.inside([item.low, item.high])
        old = found.box.get(item.id, (float(outer[0]), float(outer[1])))
        more = margin * (high - low)
        box[item.id] = (max(float(low - more), old[0]), min(float(high + more), old[1]))
    return box
