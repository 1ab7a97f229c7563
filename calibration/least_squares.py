"""Fit the free parameters of a place to its moments by damped Gauss-Newton steps.

The same seeds serve every evaluation (common random numbers). Thirteen groups of parameters move,
each as one: factors on the log scale, ``standard`` and ``internal_first`` on their own scale; none
leaves its range in ``scenarios/parameters.toml``. Moments are means over ten years after settling,
so that what drifts away from its target does not count as met. Distances are in tolerances, those
of head counts double; a ridge keeps what the moments do not tell where it was.

``python -m calibration.least_squares kokkola`` prints the fitted values; it writes no file.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np

from calibration.moments import HORIZON, moment_list, simulate_many
from scenarios import load_parameters
from simulator.town import Town

FREE: dict[str, tuple[str, ...]] = {
    "search_a": ("search_a", "search_s"),
    "search_outside_the_labour_force": ("search_n",),
    "search_employed": ("search_employed",),
    "outsiders": ("outsiders_0", "outsiders_1", "outsiders_2", "outsiders_3"),
    "short_posts": ("short_posts",),
    "exit_to_outside": ("exit_to_outside",),
    "a_to_p": ("a_to_p",),
    "register_to_n": ("a_to_n", "p_to_n"),
    "n_to_a": ("n_to_a",),
    "standard": ("standard",),
    "give_up": ("give_up",),
    "public_share": ("public_share",),
    "internal_first": ("internal_first",),
}
MARGINS = ("employed", "register", "in_commuters")  # weigh double: they must hold at month 0
ADDED = {"standard": 0.15, "internal_first": 0.3}  # moved on their own scale, by this step
STEP = 0.12  # log step of all others
RIDGE = 0.4  # weight of staying where the parameters are, per step squared


def moved(
    values: dict[str, float],
    changes: dict[str, float],
    ranges: dict[str, tuple[float | None, float | None]] | None = None,
) -> dict[str, float]:
    """Return parameters with groups moved (in steps of :data:`STEP` or :data:`ADDED`).

    Parameters
    ----------
    values : dict
        Parameters by name.
    changes : dict
        Steps by group of :data:`FREE`.
    ranges : dict, optional
        Lowest and highest value by name; nobody moves beyond.

    Examples
    --------
    >>> round(moved({"search_a": 2.0}, {"search_a": 1.0})["search_a"], 3)
    2.255
    """
    result = dict(values)
    for group, steps in changes.items():
        for name in FREE[group]:
            if group in ADDED:
                result[name] = values[name] + ADDED[group] * steps
            else:
                result[name] = values[name] * float(np.exp(STEP * steps))
            if ranges is not None:
                result[name] = float(np.clip(result[name], *ranges[name]))
    return result


def gauss_newton(
    distances: Callable[[dict[str, float]], np.ndarray],
    values: dict[str, float],
    groups: Sequence[str] = tuple(FREE),
    iterations: int = 2,
    longest: float = 2.0,
    ranges: dict[str, tuple[float | None, float | None]] | None = None,
) -> tuple[dict[str, float], np.ndarray]:
    """Return better parameters and their distances.

    Parameters
    ----------
    distances : callable
        Parameters to distances of the moments, in tolerances.
    values : dict
        All parameters at the start.
    longest : float
        Longest move of a group in one iteration, in steps.
    ranges : dict, optional
        Lowest and highest value by name.
    """
    now = distances(values)
    for _ in range(iterations):
        slopes = np.array([distances(moved(values, {group: 1.0})) - now for group in groups]).T
        damped = slopes.T @ slopes + RIDGE * np.eye(len(groups))
        steps = np.clip(np.linalg.solve(damped, -slopes.T @ now), -longest, longest)
        for part in (1.0, 0.5, 0.25):
            tried = moved(values, dict(zip(groups, part * steps, strict=True)), ranges)
            found = distances(tried)
            if found @ found < now @ now:
                values, now = tried, found
                break
    return values, now


def fit(site: str, seeds: Sequence[int] = (1, 2, 3, 4), iterations: int = 2) -> dict[str, float]:
    """Return the fitted values of the free parameters of a place."""
    town = Town(site)
    fitted = [
        (item.id, item.target, item.tolerance)
        for item in moment_list(town.site)
        if item.role == "fit" and item.target is not None and item.tolerance is not None
    ]

    def distances(values: dict[str, float]) -> np.ndarray:
        runs = simulate_many(town.site, seeds, values, HORIZON, (0, HORIZON))
        means = {key: np.mean([run.moments[key] for run in runs]) for key in runs[0].moments}
        found = np.array([(means[id_] - target) / tolerance for id_, target, tolerance in fitted])
        found *= [2.0 if id_ in MARGINS else 1.0 for id_, *_ in fitted]
        print(f"largest distance {np.abs(found).max():.2f}, sum of squares {found @ found:.2f}")
        return found

    ranges = {name: (p.low, p.high) for name, p in load_parameters(town.site).items()}
    values, _ = gauss_newton(distances, town.values, iterations=iterations, ranges=ranges)
    return {name: values[name] for names in FREE.values() for name in names}


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit a place and print the values."""
    parser = argparse.ArgumentParser(prog="python -m calibration.least_squares")
    parser.add_argument("site", help="shipped name or path of a site file")
    parser.add_argument("--iterations", type=int, default=2)
    given = parser.parse_args(arguments)
    for name, value in fit(given.site, iterations=given.iterations).items():
        print(f"{name} = {value:.3g}")


if __name__ == "__main__":
    main()
