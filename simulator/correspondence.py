"""Virtual correspondence tests: pairs of applications equal but for one flag or spell.

Each penalty of ``scenarios/penalties.toml`` is set so that the ratio of call-backs (with the flag
to without) in the place's own vacancies equals the published one. ``python -m
simulator.correspondence kokkola`` prints the table and the scores that solve it. Pairs that differ
in months out of work show what stigma does; the studies of it contradict each other, so one is met
and two are ends that the swept range has to reach.
"""

from __future__ import annotations

import csv
import functools
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import scenarios
from scenarios.loader import load_parameters
from simulator.agents.workplace import stigma, written_score
from simulator.chance import GOLDEN, Stream, logistic_noise, mix, stream_base, unit, word
from simulator.codes import PostState
from simulator.columns import Post
from simulator.compile import kernel
from simulator.handle import handle
from simulator.hiring import inclusiveness_of, read_applications
from simulator.parameters import Par
from simulator.town import Town
from simulator.world import LONGEST_SHORTLIST, Count

PAIRS = 40_000  # applications of each kind
SEEDS = (1, 2, 3)  # worlds over which a ratio is averaged
GAP_LOW, GAP_HIGH = 0.0, 0.6  # testers are fit for the post, by a little
TOLERANCE = 0.05  # of a ratio of call-backs: less than half of a penalty moves it
NO_TEST = (  # penalties without a published ratio of call-backs
    (
        "inside, relative to the written stage",
        "promotion_penalty",
        "no study of the evidence sends pairs of candidates for a promotion, and no ratio is "
        "published: judged (grade D), swept from none to the whole penalty",
    ),
    (
        "at the offer, relative to the written stage",
        "offer_penalty",
        "correspondence tests end with the call-back: judged, swept",
    ),
)


@kernel
def _send_pairs(w, penalty, lost_without, lost_with, per_vacancy, first, out):
    """Send fictitious applications to every open vacancy; count call-backs without and with."""
    base = stream_base(w.counts[Count.SEED], Stream.WRITTEN, 777)
    call = min(int(w.par[Par.SHORTLIST]), LONGEST_SHORTLIST)
    for at in range(w.counts[Count.OPEN_POSTS]):
        post = w.open_posts[at]
        if w.posts[Post.STATE, post] != PostState.VACANT or w.posts[Post.PENDING, post] != -1:
            continue
        # only collections about to close: the testers compete with all applicants
        if w.posts[Post.CLOSES, post] > w.counts[Count.NOW] + 1:
            continue
        called = read_applications(w, post)
        bar = w.par[Par.WRITTEN_BAR]
        if called == call:
            bar = max(bar, w.scores[0, call - 1])
        inclusiveness = inclusiveness_of(w, w.posts[Post.WORKPLACE, post])
        for k in range(per_vacancy):
            z = word(w.post_hash[post], base, first + k)
            gap = GAP_LOW + (GAP_HIGH - GAP_LOW) * unit(mix(z + GOLDEN))
            noise = logistic_noise(z)
            out[0] += 1
            out[1] += written_score(gap, 0.0, inclusiveness, lost_without, 0.0, noise, w.par) >= bar
            out[2] += (
                written_score(gap, penalty, inclusiveness, lost_with, 0.0, noise, w.par) >= bar
            )


@dataclass(frozen=True)
class CallBacks:
    """Result of a test: pairs sent, call-back rates without and with the flag."""

    pairs: int
    without: float
    with_flag: float

    @property
    def ratio(self) -> float:
        """Call-backs with the flag over call-backs without."""
        return self.with_flag / self.without if self.without > 0 else float("nan")


class Test:
    """A settled place whose vacancies receive pairs of fictitious applications."""

    def __init__(self, site: str = "kokkola", seed: int = 1) -> None:
        self.town = Town(site)
        self.world = self.town.begin(seed)
        self.world.lay_out(0, 12)
        self.world.advance(6)

    def run(
        self, penalty: float, lost: tuple[float, float] = (0.0, 0.0), pairs: int = PAIRS
    ) -> CallBacks:
        """Send pairs whose one member carries a penalty of this size, score units.

        Parameters
        ----------
        penalty : float
        lost : tuple of float
            Score that stigma takes from the member without and from the one with the flag.
        pairs : int
        """
        out = np.zeros(3, np.int64)
        vacancies = max(int(self.world.columns.counts[Count.OPEN_POSTS]), 1)
        with np.errstate(over="ignore"):
            _send_pairs(
                handle(self.world.columns), penalty, *lost, max(1, 4 * pairs // vacancies), 0, out
            )
        return CallBacks(int(out[0]), out[1] / max(out[0], 1), out[2] / max(out[0], 1))

    def spell(
        self, months: int, against: int, size: float | None = None, since: float | None = None
    ) -> CallBacks:
        """Send pairs whose one member has been out of work for longer, both under a year.

        From a year on some employers never consider an application; that is not stigma.

        Parameters
        ----------
        months, against : int
            Months out of work of the one and of the other.
        size, since : float, optional
            Score lost and the month from which it is, instead of the place's.
        """
        if max(months, against) >= 12:
            raise ValueError("spells of a year or more are not stigma alone")
        par = self.world.columns.par.copy()
        par[Par.STIGMA] = par[Par.STIGMA] if size is None else size
        par[Par.STIGMA_MONTHS] = par[Par.STIGMA_MONTHS] if since is None else since
        return self.run(0.0, (stigma(against, par), stigma(months, par)))

    def solve(self, ratio: float) -> float:
        """Return the penalty at which call-backs stand in this ratio, score units."""
        low, high = 0.0, 8.0
        for _ in range(40):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.run(middle).ratio > ratio else (low, middle)
        return 0.5 * (low + high)


@dataclass(frozen=True)
class BarrierRow:
    """Call-backs of a barrier: published, and with its score in the model."""

    barrier: str
    published: float
    low: float
    high: float
    source: str
    score: float
    simulated: float

    @property
    def holds(self) -> bool:
        """Whether the simulated ratio is the published one within the tolerance."""
        return abs(self.simulated - self.published) <= TOLERANCE


def table(site: str = "kokkola", factor: float = 1.0) -> list[BarrierRow]:
    """Return published and simulated call-back ratio of each barrier with a penalty.

    Parameters
    ----------
    site : str
    factor : float
        On every score, to see that the comparison finds a wrong one.
    """
    tests = _tests(site)
    return [
        BarrierRow(
            name, row["callback_ratio"]["value"], row["callback_ratio"]["low"],
            row["callback_ratio"]["high"], row["callback_ratio"]["source"], row["score"],
            float(np.mean([test.run(factor * row["score"]).ratio for test in tests])),
        )
        for name, row in _penalties().items()
    ]  # fmt: skip


def _penalties() -> dict[str, dict]:
    path = Path(scenarios.__file__).parent / "penalties.toml"
    file = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: row for name, row in file.items() if isinstance(row, dict)}


@functools.cache
def _tests(site: str) -> list[Test]:
    return [Test(site, seed) for seed in SEEDS]


@dataclass(frozen=True)
class SpellRow:
    """Call-backs by months out of work: a study, and what the model gives."""

    study: str
    months: int
    against: int
    published: float
    simulated: float  # with the place's stigma
    lowest: float  # at the end of the swept range with most stigma
    highest: float  # at the end with none
    met: bool  # whether the place's stigma is meant to give the published ratio
    verified: str
    source: str

    @property
    def holds(self) -> bool:
        """Whether the study is met, or lies within what the swept range gives."""
        if self.met:
            return abs(self.simulated - self.published) <= TOLERANCE
        return self.lowest - TOLERANCE <= self.published <= self.highest + TOLERANCE


# study, months out of work, of the other, whether the default is set by it
SPELLS = (("DI12", 9, 1, True), ("DI14", 8, 1, False), ("DI15", 11, 1, False))


def spells(site: str = "kokkola") -> list[SpellRow]:
    """Return published and simulated ratio of call-backs by months out of work."""
    path = Path(scenarios.__file__).parent / "evidence" / "effects.csv"
    with path.open(encoding="utf-8", newline="") as file:
        effects = {row["effect_id"]: row for row in csv.DictReader(file)}
    values = load_parameters()
    tests = _tests(site)

    def ratio(months: int, against: int, *stigma: float | None) -> float:
        return float(np.mean([test.spell(months, against, *stigma).ratio for test in tests]))

    rows = []
    for study, months, against, met in SPELLS:
        effect = effects[study]
        most = ratio(months, against, values["stigma"].high, values["stigma_months"].low)
        none = ratio(months, against, values["stigma"].low, values["stigma_months"].high)
        rows.append(
            SpellRow(
                study, months, against, float(effect["estimate"]),
                ratio(months, against), most, none, met,
                effect["verified"], effect["source"],
            )
        )  # fmt: skip
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Print the table, with the score that solves each barrier in one world."""
    site = (arguments if arguments is not None else sys.argv[1:]) or ["kokkola"]
    test = Test(site[0])
    for row in table(site[0]):
        print(
            f"{row.barrier:16} published {row.published:.2f} ({row.low:.2f} to {row.high:.2f}), "
            f"simulated {row.simulated:.2f} with score {row.score:.3f}; call-backs without the "
            f"flag {test.run(row.score).without:.2f}; the score that solves it "
            f"{test.solve(row.published):.3f}"
        )
    for found in spells(site[0]):
        print(
            f"{found.months} months out of work against {found.against} ({found.study}): published "
            f"{found.published:.2f}, simulated {found.simulated:.2f}; over the swept range "
            f"{found.lowest:.2f} to {found.highest:.2f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
