"""What calibration may move: the free parameters of a place and the inputs that stay at priors.

At most thirteen free parameters a place. Some stand for several numbers that move together by one
factor (``names``); the value of a free parameter is that of its first name. Free parameters are
uniform on their own scale (logarithm, log odds or plain) between the bounds of
``scenarios/parameters.toml``, pulled in softly at the ends.

The *inputs* are what no target identifies (``evidence/calibration_start.md``): they are drawn from
the range of their file in every simulation and are never fitted. The posterior of the free
parameters is conditional on them, so that every draw meets the targets whatever the inputs are.

Places with few targets fit fewer parameters: the others are drawn from the posterior of Kokkola,
widened twofold (around its value, with a quarter of the range as deviation, while none is shipped).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from calibration.least_squares import FREE
from scenarios import ScenarioError, Site, load_parameters
from scenarios.loader import SITES
from scenarios.local import is_fitted
from scenarios.schema import Parameter
from simulator.town import PENALTIES

SCALES = {"standard": "plain", "internal_first": "plain", "give_up": "odds", "public_share": "odds"}

# never fitted: drawn from their ranges, whatever the targets say
INPUTS: tuple[str, ...] = (
    "backfill",
    "backfill_shrinking",
    "return_withdrawn",
    "ambition_mean",
    "tolerance",
    "promotion_penalty",
    "learning",
    "skill_loss",
    "stigma",
    "considers_long_term",
    "statistical_share",
    "offer_penalty",
    "search_decay",
    "standard_relaxes",
    "bump_down",
    "search_other_sector",
    "search_upward",
    "fixed_term_kept",
    "retention_first",
)

# all penalties of penalties.toml by one factor: the ranges of the published call-back ratios there,
# as logarithms relative to their points, span about 0.35 to 2; ours in between
PENALTY_RANGE = (0.4, 1.6)

# countries without local or national targets for the rest: these are fitted, the others keep the
# Finnish posterior widened (evidence/calibration_start.md)
FITTED_IN: dict[str, tuple[str, ...]] = {
    "bg": ("search_a", "n_to_a", "register_to_n", "short_posts", "unregistered"),
    "nl": (
        "search_a",
        "search_outside_the_labour_force",
        "search_employed",
        "outsiders",
        "short_posts",
        "exit_to_outside",
        "a_to_p",
        "register_to_n",
        "n_to_a",
        "standard",
        "collection",
        "unregistered",
    ),
    "pt": (
        "search_a",
        "search_outside_the_labour_force",
        "search_employed",
        "short_posts",
        "exit_to_outside",
        "a_to_p",
        "register_to_n",
        "n_to_a",
        "standard",
        "outsiders",
        "collection",
        "unregistered",
    ),
}
# fitted only where FITTED_IN names them. How long employers collect applications: Kokkola's value
# follows from its register, elsewhere surveys count vacancies. How fast people come and go who
# search without registering: it decides the long-term share of the survey, given that of the
# register
ELSEWHERE = {"collection": ("collection_rounds",), "unregistered": ("s_to_n", "n_to_s")}
HOME = "kokkola"  # whose posterior other places borrow
WIDENED = 2.0
POSTERIORS = SITES / "posteriors"
LEAST = 0.05  # lowest factor of parameters whose range begins at zero


@dataclass(frozen=True)
class Coordinate:
    """One number that the table varies.

    Attributes
    ----------
    id, names
        Name in tables; parameters that move with it.
    scale : {"log", "odds", "plain"}
        Where it is uniform.
    low, high
        Bounds on its own scale of values (not transformed).
    factors
        Value of each name relative to the first.
    mean, sd
        For borrowed ones: mean and standard deviation on the transformed scale; else None.
    fitted
        Whether targets may move it; inputs and borrowed ones are not.
    meaning, unit, grade
        As in the file of parameters (of the first name).
    """

    id: str
    names: tuple[str, ...]
    scale: str
    low: float
    high: float
    factors: tuple[float, ...]
    kind: str  # free, borrowed, input
    mode: float
    meaning: str
    unit: str
    grade: str
    mean: float | None = None
    sd: float | None = None

    @property
    def fitted(self) -> bool:
        """Whether the targets may move it."""
        return self.kind == "free"

    def inside(self, value: ArrayLike) -> np.ndarray:
        """Return values on the scale where the prior is even."""
        x = np.asarray(value, float)
        if self.scale == "log":
            return np.log(x)
        if self.scale == "odds":
            return np.log(x / (1.0 - x))
        return x

    def outside(self, inner: np.ndarray | float) -> np.ndarray:
        """Return values from the scale where the prior is even."""
        x = np.asarray(inner, float)
        if self.scale == "log":
            return np.exp(x)
        if self.scale == "odds":
            return 1.0 / (1.0 + np.exp(-x))
        return x

    def draw(self, u: np.ndarray, box: tuple[float, float] | None = None) -> np.ndarray:
        """Return draws from the prior for uniform numbers, within a box of the inner scale.

        Free: Beta(1.5, 1.5) between the bounds on the inner scale. Borrowed: normal, cut at the
        bounds. Inputs: triangular between their bounds with the file's value as mode.
        """
        from scipy import stats  # slow to import

        u = np.asarray(u, float)
        a, b = float(self.inside(self.low)), float(self.inside(self.high))
        if self.kind == "input":
            width = self.high - self.low
            shape = stats.triang((self.mode - self.low) / width, self.low, width)
            return shape.ppf(u)
        if self.kind == "borrowed":
            if self.mean is None or self.sd is None:
                raise ValueError(f"{self.id} is borrowed, but has no mean and sd")
            left, right = (a - self.mean) / self.sd, (b - self.mean) / self.sd
            shape = stats.truncnorm(left, right, self.mean, self.sd)
        else:
            shape = stats.beta(1.5, 1.5, a, b - a)
        if box is not None:
            first, last = shape.cdf(box[0]), shape.cdf(box[1])
            u = first + u * (last - first)
        return self.outside(shape.ppf(u))

    def values(self, value: float) -> dict[str, float]:
        """Return the parameters by name for a value of the coordinate."""
        return {name: float(value) * f for name, f in zip(self.names, self.factors, strict=True)}


def _bound(value: float | None, name: str, which: str) -> float:
    if value is None:
        raise ScenarioError(
            f"The parameter '{name}' has no {which}; calibration draws it from a range, so it "
            "needs both low and high."
        )
    return float(value)


def _coordinate(
    name: str, names: tuple[str, ...], kind: str, numbers: Mapping[str, Parameter]
) -> Coordinate:
    first = numbers[names[0]]
    scale = "plain" if kind == "input" else SCALES.get(name, "log")
    if scale == "plain":
        low, high = _bound(first.low, names[0], "low"), _bound(first.high, names[0], "high")
        factors = (1.0,) * len(names)
    else:
        factors = tuple(numbers[n].value / first.value for n in names)
        low = max((numbers[n].low or LEAST * numbers[n].value) / f
                  for n, f in zip(names, factors, strict=True))  # fmt: skip
        high = min(_bound(numbers[n].high, n, "high") / f
                   for n, f in zip(names, factors, strict=True))  # fmt: skip
    return Coordinate(
        name, names, scale, low, high, factors, kind, float(first.value),
        first.meaning, first.unit, first.grade,
    )  # fmt: skip


@lru_cache(maxsize=4)
def home_posterior(folder: Path = POSTERIORS) -> dict[str, tuple[float, float]] | None:
    """Return mean and deviation of Kokkola's posterior by free parameter (inner scale)."""
    import pandas as pd  # slow to import

    path = folder / f"{HOME}.csv"
    if not path.is_file():
        return None
    frame = pd.read_csv(path)
    found = {}
    for name, names in FREE.items():
        item = _coordinate(name, names, "free", load_parameters())
        inner = item.inside(frame[names[0]].to_numpy())
        found[name] = (float(inner.mean()), float(inner.std(ddof=1)))
    return found


def lender() -> str:
    """Return in words where the parameters come from that a place cannot fit."""
    if home_posterior() is None:
        return "the site file's own range, or around Kokkola's value (it ships no draws)"
    return "the site file's own range, or Kokkola's posterior widened twofold"


def own_numbers(site: Site) -> dict[str, Parameter]:
    """Return what a site file itself says of parameters; values that a fit wrote are none."""
    return {
        name: number for name, number in site.parameters.items()
        if not is_fitted(number)
    }  # fmt: skip


def coordinates(site: Site) -> list[Coordinate]:
    """Return what the table of a place varies: free or borrowed parameters, then inputs."""
    from dataclasses import replace

    # bounds, ties and modes are those of every place, or the place's own where its file has a
    # source for them; never those of a fit, which would narrow its own prior
    own = own_numbers(site)
    numbers = load_parameters(site.model_copy(update={"parameters": own}))
    fitted = FITTED_IN.get(site.country, tuple(FREE))
    home = home_posterior() if len(fitted) < len(FREE) else None
    found = []
    for name, names in (FREE | {k: v for k, v in ELSEWHERE.items() if k in fitted}).items():
        item = _coordinate(name, names, "free", numbers)
        if name not in fitted:
            a, b = float(item.inside(item.low)), float(item.inside(item.high))
            if names[0] in own:
                mean, sd = float(item.inside(item.mode)), (b - a) / 3.29
            else:
                mean, sd = (home or {}).get(name, (float(item.inside(item.mode)), (b - a) / 8.0))
                sd *= WIDENED
            item = replace(item, kind="borrowed", mean=mean, sd=sd)
        found.append(item)
    penalties = Coordinate(
        PENALTIES, (PENALTIES,), "plain", *PENALTY_RANGE, (1.0,), "input", 1.0,
        "penalties of barriers in hiring, all by one factor", "factor", "D",
    )  # fmt: skip
    return [*found, *(_coordinate(name, (name,), "input", numbers) for name in INPUTS), penalties]


def parameters_of(row: Mapping[str, float], items: list[Coordinate]) -> dict[str, float]:
    """Return parameters by name for a row of coordinates."""
    values: dict[str, float] = {}
    for item in items:
        values.update(item.values(row[item.id]))
    return values
