"""Virtual correspondence tests: pairs of applications equal but for one flag.

Each penalty of ``scenarios/penalties.toml`` is set so that the ratio of call-backs (with the flag
to without) in the place's own vacancies equals the published one. ``python -m
simulator.correspondence kokkola`` prints the table and the scores that solve it.
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import scenarios
from simulator.agents.workplace import written_score
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
GAP_LOW, GAP_HIGH = 0.0, 0.6  # testers are fit for the post, by a little


@kernel
def _send_pairs(w, penalty, per_vacancy, first, out):
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
            out[1] += written_score(gap, 0.0, inclusiveness, 0.0, 0.0, noise, w.par) >= bar
            out[2] += written_score(gap, penalty, inclusiveness, 0.0, 0.0, noise, w.par) >= bar


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

    def run(self, penalty: float, pairs: int = PAIRS) -> CallBacks:
        """Send pairs whose one member carries a penalty of this size, score units."""
        out = np.zeros(3, np.int64)
        vacancies = max(int(self.world.columns.counts[Count.OPEN_POSTS]), 1)
        with np.errstate(over="ignore"):
            _send_pairs(handle(self.world.columns), penalty, max(1, 4 * pairs // vacancies), 0, out)
        return CallBacks(int(out[0]), out[1] / max(out[0], 1), out[2] / max(out[0], 1))

    def solve(self, ratio: float) -> float:
        """Return the penalty at which call-backs stand in this ratio, score units."""
        low, high = 0.0, 8.0
        for _ in range(40):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.run(middle).ratio > ratio else (low, middle)
        return 0.5 * (low + high)


def table(site: str = "kokkola", seed: int = 1) -> list[dict[str, float | str]]:
    """Return published and simulated call-back ratio of each barrier, and the solving score."""
    path = Path(scenarios.__file__).parent / "penalties.toml"
    file = tomllib.loads(path.read_text(encoding="utf-8"))
    test = Test(site, seed)
    rows: list[dict[str, float | str]] = []
    for name, row in file.items():
        if not isinstance(row, dict):
            continue
        published = row["callback_ratio"]
        now = test.run(row["score"])
        rows.append(
            {
                "barrier": name,
                "published": published["value"],
                "low": published["low"],
                "high": published["high"],
                "source": published["source"],
                "score": row["score"],
                "simulated": now.ratio,
                "callbacks_without": now.without,
                "solved": test.solve(published["value"]),
            }
        )
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    site = (arguments if arguments is not None else sys.argv[1:]) or ["kokkola"]
    for row in table(site[0]):
        print(
            f"{row['barrier']:16} published {row['published']:.2f} "
            f"({row['low']:.2f} to {row['high']:.2f}), simulated {row['simulated']:.2f} with score "
            f"{row['score']:.3f}; call-backs without the flag {row['callbacks_without']:.2f}; "
            f"the score that solves it {row['solved']:.3f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
