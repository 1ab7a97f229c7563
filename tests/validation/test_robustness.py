"""The robustness table: what varies is what it says, cases are kept, another verdict is seen."""

from __future__ import annotations

import numpy as np
import pytest

from calibration import robustness as rob
from calibration.robustness import CONCLUSIONS, Case, Cell, cases, entry_site, flatter_site, table
from scenarios import load_site
from simulator.build import build_world
from simulator.codes import PostState
from simulator.columns import Post
from simulator.town import ROUNDS, Town
from tests.experiments.hamlet import write_hamlet


@pytest.fixture(scope="module")
def hamlet(tmp_path_factory):
    return load_site(write_hamlet(tmp_path_factory.mktemp("hamlet") / "kokkola.toml"))


def entry(site):
    shares = np.array(site.occupations.shares.values)
    return float(shares @ site.occupations.rung_parts()[0] / shares.sum())


@pytest.mark.parametrize("share", rob.ENTRY_SHARES)
def test_the_share_of_entry_posts_is_that_of_the_case(share):
    site = load_site("kokkola")
    assert entry(site) == pytest.approx(0.22, abs=0.01)
    changed = entry_site(site, share)
    assert entry(changed) == pytest.approx(share)
    assert (changed.occupations.rung_parts() >= 0).all()
    built = build_world(changed, Town(changed).values, 1)
    rungs = built.posts[Post.RUNG, built.posts[Post.STATE] == PostState.FILLED]
    assert (rungs == 0).mean() == pytest.approx(share, abs=0.03)


def test_a_flatter_ladder_has_fewer_posts_at_the_top():
    site = load_site("kokkola")
    before, after = site.ladders().mean(axis=0), flatter_site(site, 0.5).ladders().mean(axis=0)
    assert after[2:] == pytest.approx(before[2:] / 2)
    assert after[0] == pytest.approx(before[0])


@pytest.mark.parametrize("rounds", [ROUNDS // 2, 2 * ROUNDS])
def test_other_rounds_keep_the_days(rounds):
    site = load_site("kokkola")
    usual, town = Town(site), rob.more_rounds(site, rounds)
    assert town.place.rounds == rounds
    for name in ("collection_rounds", "start_lag"):
        assert town.values[name] / rounds == pytest.approx(usual.values[name] / ROUNDS)


def test_a_start_with_other_rounds_has_no_vacancy_from_the_future(hamlet):
    town = rob.more_rounds(hamlet, 2 * ROUNDS)
    start = town.start(1)
    built = start.built.posts
    vacant = built[Post.STATE] == PostState.VACANT
    first = -36 * 2 * ROUNDS
    assert vacant.any()
    assert (built[Post.OPENED, vacant] <= first).all()


def test_every_variant_of_a_rule_is_a_case():
    rules = {case.name for case in cases("kokkola") if case.group == "rule"}
    assert rules == {
        "ranking 1", "standard 1", "inside 1", "inside 2", "bumping 1", "stigma 1", "stigma 2",
        "renewal 1",
    }  # fmt: skip
    assert {case.group for case in cases("kokkola")} == {
        "usual", "seed", "scale", "rounds", "ladder", "horizon", "rule",
    }  # fmt: skip
    files = [case.file for case in cases("kokkola")]
    assert len(set(files)) == len(files)


def test_a_small_table_is_made_kept_and_gone_on_with(hamlet, tmp_path, monkeypatch):
    few = [case for case in cases(hamlet) if case.name in ("as in the README", "24 months")]
    monkeypatch.setattr(rob, "cases", lambda _: few)
    said: list[str] = []
    kwargs = {"pairs": 2, "threads": 1, "announce": said.append}
    rob.robustness(hamlet, tmp_path, minutes=-1, **kwargs)
    assert said == ["2 cases left; the same command goes on."]
    found = rob.robustness(hamlet, tmp_path, **kwargs)
    assert [case.group for case in found] == ["usual", "horizon"]
    assert len(said) == 3
    again = rob.robustness(hamlet, tmp_path, **kwargs)
    assert again == found
    assert len(said) == 3  # nothing was run
    rob.robustness(hamlet, tmp_path, only=["seed"], **(kwargs | {"pairs": 3}))
    assert len(said) == 4  # other pairs are another case
    usual = found[few[0]]["R"]
    assert set(usual) == set(CONCLUSIONS)
    assert all(cell.mean is not None for cell in usual.values())
    assert found[few[1]]["R"]["added"].mean is None
    assert usual["ledger"] != found[few[1]]["R"]["ledger"]
    text = table(found, 2)
    assert "| horizon: 24 months | E |" in text
    assert "With fewer than 8 pairs" in text


def test_another_verdict_is_bold_and_counted():
    def row(low, high):
        return {c: dict.fromkeys(CONCLUSIONS, Cell((low + high) / 2, low, high)) for c in "RE"}

    made = {
        Case("usual", "a", Town): row(-1.0, 2.0),
        Case("seed", "same", Town): row(-2.0, 1.0),
        Case("seed", "more", Town): row(0.5, 1.0),
        Case("seed", "far less", Town): row(-9.0, -8.0),
    }
    text = table(made, 24)
    assert "| seed: same | R | -0.50 (-2.00 to 1.00) |" in text
    assert "| seed: more | R | **+0.75 (0.50 to 1.00)** |" in text
    assert "**-8.50 (-9.00 to -8.00)** \N{DAGGER}" in text
    assert "| 2 of 6 | seed more R: 0 becomes +" in text
    assert f"seed far less E: 0 becomes {rob.LESS}" in text
