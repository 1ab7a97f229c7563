"""What the report says of surroundings: paired differences, and words for both signs."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.answer import short_answer
from simulator.comparison import Pair
from simulator.headline import surroundings_rows
from simulator.town import Town
from simulator.wording import LANGUAGES, Words
from tests.report.stub import at, stub


def under(shift: float, replications: int = 8):
    """Return a comparison in which surroundings add so many months to the target group's effect."""
    made = stub(replications=replications)
    made.town = Town("kokkola", surroundings="largest_closes")
    row = at("work_months", "side", "target_jobseekers")
    rng = np.random.default_rng(4)
    for key, pairs in made.pairs.items():
        if key[2:] == ("assumed", "cohorts"):
            made.plain[key] = [
                Pair(p.reference, _moved(p.scenario, row, -shift + rng.normal(0, 0.1)),
                     p.enrolments, p.taken_in)
                for p in pairs
            ]  # fmt: skip
    return made


def _moved(values: np.ndarray, row: int, by: float) -> np.ndarray:
    out = values.copy()
    out[row] += by
    return out


@pytest.mark.parametrize(
    ("shift", "verdict"), [(2.0, "better"), (-2.0, "worse"), (0.0, "not_told")]
)
def test_the_verdict_follows_the_paired_difference(shift, verdict) -> None:
    made = under(shift)
    rows = {(r[0], r[1]): r for r in surroundings_rows(made, "kokkola")}
    _, _, own, without, gap, said = rows["target_jobseekers", "R"]
    assert said == verdict
    assert gap.mean == pytest.approx(own.mean - without.mean)
    # pairing: the gap is far better known than either effect
    assert gap.high - gap.low < 0.5 * (own.high - own.low)
    assert rows["everybody", "R"][5] == "not_told"  # untouched: exactly no difference


def test_few_pairs_give_no_verdict() -> None:
    assert {row[5] for row in surroundings_rows(under(5.0, 2), "kokkola")} == {"few"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_screen_names_the_surroundings(lang) -> None:
    words = Words(lang, plain=True)
    made = under(2.0)
    said = " ".join(short_answer(made, lang).split())
    assert made.town.surroundings.names(lang) in said
    assert words("surroundings.better") in said
    assert surroundings_rows(stub(), "kokkola") == []
