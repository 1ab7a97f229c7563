"""Several places side by side: the identity adds up, sentences follow numbers, mixes travel."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from experiments.across import ENDS, TABLES, TERMS, Across, across, scale_for, terms, towns_of
from experiments.app import cli
from experiments.transfer import Cell, added_by, transfer, transferred
from scenarios import ScenarioError
from scenarios.measures import based_on, mix_of
from simulator.comparison import Estimate, compare
from simulator.town import Town
from tests.experiments.hamlet import write_hamlet

PAIRS = 2


@pytest.fixture(scope="module")
def towns(tmp_path_factory) -> list[Town]:
    path = write_hamlet(tmp_path_factory.mktemp("hamlet") / "kokkola.toml")
    return [Town(path), Town(path, {"backfill": 0.5})]


@pytest.fixture(scope="module")
def found(towns) -> Across:
    return across(towns, replications=PAIRS, closure="R", threads=2)


def sure(mean: float) -> Estimate:
    return Estimate(mean, mean - 0.1, mean + 0.1, 16)


@pytest.fixture
def three(found) -> Across:
    """Return three places with enough pairs and numbers of our own."""
    whole = {row: sure(1.0) for row in found.answers[0].values}
    whole |= {"rescued": sure(1.0), "faster": sure(-2.0), "posts": sure(0.5)}
    whole |= {"redirection": sure(7.0), "target": sure(6.5)}
    places = []
    for label, market in (("a", 1.0), ("b", 1.2), ("c", 9.0)):
        values = {**whole, "unemployed_per_vacancy": sure(market)}
        one = replace(found.answers[0], label=label, name=label.upper(), pairs=16, values=values)
        places.append(one)
    return replace(found, answers=places)


def test_the_identity_adds_up_pair_by_pair_and_is_that_of_the_posts(towns) -> None:
    comparison = compare(
        towns[0], years=1, replications=PAIRS, closure="R", threads=2, strengths=("assumed",),
        placebo=False,
    )  # fmt: skip
    key = ("R", comparison.mixes[0].id, "assumed", "cohorts")
    parts = terms(comparison, key)
    assert parts is not None
    assert np.allclose(sum(parts[term] for term in TERMS), parts["target"])
    assert parts["target"].any()
    filled = comparison.values(key, ("filled_post_months", "all", "all"), 0, 48, "difference")
    jobs = parts["rescued"] + parts["faster"] + parts["posts"]
    assert filled.any()
    assert np.allclose(jobs, parts["share"] * filled)
    assert ((parts["share"] > 0) & (parts["share"] < 1)).all()


def test_every_row_of_every_place_is_there_and_ends_add_up_to_all(found) -> None:
    assert [a.label for a in found.answers] == ["kokkola", "kokkola (2)"]
    rows = {row for columns in TABLES.values() for row, _, _ in columns}
    for answer in found.answers:
        assert rows <= set(answer.values)
        assert sum(answer.values[end].mean for end in ENDS) == pytest.approx(1.0)
        total = sum(answer.values[term].mean for term in TERMS)
        assert total == pytest.approx(answer.values["target"].mean)
    table = found.frame()
    assert set(table["row"]) >= rows
    assert not table.duplicated(["place", "closure", "row"]).any()


def test_less_backfilling_ends_more_chains_by_withdrawal(found) -> None:
    here, other = found.answers
    gap = other.values["end_withdrawn"].mean - here.values["end_withdrawn"].mean
    assert 0.05 < gap < 0.6


def test_with_few_pairs_nothing_is_told(found) -> None:
    assert not any(found.frame()["told"].dropna())
    assert all(f"{PAIRS} pairs are too few" in found.sentence(a) for a in found.answers)
    assert found.most_different(found.answers[0]) is None  # of two places


def test_the_sentence_follows_the_numbers(three) -> None:
    last = three.answers[-1]
    text = three.sentence(last)
    assert "largest term is redirection, which can be told from none" in text
    assert "changes by +6.50 (6.40 to 6.60) months" in text
    assert "unemployed per vacancy" in text
    assert "above: slacker" in text
    assert "below: tighter" in three.sentence(three.answers[0])

    doubtful = {"faster": Estimate(-9.0, -20.0, 2.0, 16), "target": Estimate(-0.5, -12, 11, 16)}
    changed = replace(last, values={**last.values, **doubtful})
    text = three.sentence(changed)
    assert "largest term is faster filling, which cannot be told from none" in text
    assert "-0.5 (-12.0 to 11.0) months in four years, which cannot be told from none" in text

    nobody = replace(last, values={**last.values, "target": None})
    assert "nobody is served" in three.sentence(nobody)


def test_the_most_different_feature_is_in_standard_deviations(three) -> None:
    feature, score = three.most_different(three.answers[-1])
    markets = np.array([1.0, 1.2, 9.0])
    assert feature == "unemployed_per_vacancy"
    assert score == pytest.approx((9.0 - markets.mean()) / markets.std(ddof=1))


def test_the_figure_stacks_the_terms_and_fills_dots_that_are_told(three, tmp_path) -> None:
    axis = three.draw(tmp_path / "figure").axes[0]
    assert (tmp_path / "figure.png").stat().st_size > 5000
    assert (tmp_path / "figure.svg").exists()
    widths = [bar.get_width() for bar in axis.patches]
    assert sum(widths) == pytest.approx(3 * 6.5)
    dots = [line for line in axis.lines if line.get_marker() == "o" and len(line.get_xdata()) == 1]
    assert {dot.get_markerfacecolor() for dot in dots} == {"#000000"}


def test_files_hold_the_answer(found, tmp_path) -> None:
    folder = found.write(tmp_path / "out")
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert names == {"across.csv", "across.png", "across.svg", "answer.txt", "manifest.json"}
    text = (folder / "answer.txt").read_text(encoding="utf-8")
    assert all(title in text for title in TABLES)
    assert "too few pairs to tell" in text
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["command"].endswith("--replications 2 --closure R --seed 1")
    assert manifest["scales"] == {"kokkola": 1, "kokkola (2)": 1}


def test_one_scale_for_all_places(tmp_path, monkeypatch, capsys) -> None:
    # refused before any place is run, each place in a sentence of its own
    monkeypatch.setattr("experiments.across.compare", None)
    assert cli.main(["across", "kokkola", "lagoa", "--scale", "20", "--out", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert told.count("--scale 20 leaves") == 2
    assert "Kokkola: " in told
    assert {label: town.scale for label, town in towns_of(["lisbon", "amersfoort"], 5).items()} == {
        "lisbon": 5, "amersfoort": 5
    }  # fmt: skip
    assert towns_of(["lisbon"])["lisbon"].scale == 25


def test_a_scale_stands_in_command_tables_and_manifest(tmp_path) -> None:
    folder = across(["kokkola"], scales=2, replications=2, closure="R", threads=2).write(
        tmp_path / "out"
    )
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["command"].endswith("--scale 2")
    assert manifest["scales"] == {"kokkola": 2}
    assert (pd.read_csv(folder / "across.csv")["scale"] == 2).all()
    row = next(
        line for line in (folder / "answer.txt").read_text(encoding="utf-8").splitlines()
        if line.startswith("| kokkola")
    )  # fmt: skip
    assert [cell.strip() for cell in row.split("|")][4] == "2"


def test_a_mix_at_home_gives_what_across_gives_and_every_cell_is_there(
    towns, found, tmp_path
) -> None:
    moved = transfer(towns, replications=PAIRS, closure="R", threads=2)
    assert len(moved.cells) == 4
    for answer in found.answers:
        cell = moved.at(answer.label, answer.label, "R")
        assert cell.per_100 == answer.values["per_100"]
        assert cell.served == answer.served
    # the same mix in the same market, under another id
    other = moved.at("kokkola", "kokkola (2)", "R")
    assert other.per_100.mean == pytest.approx(moved.at("kokkola", "kokkola", "R").per_100.mean)
    assert "too few to tell" in moved.text()
    assert len(moved.frame()) == 4
    assert len(moved.draw().axes[0].texts) == 4
    assert (moved.write(tmp_path / "out") / "transfer.csv").exists()


def test_what_travels_is_what_a_mix_adds_in_proportion_to_the_registered() -> None:
    towns = towns_of(["kokkola", "evora"])
    home, market = towns["kokkola"], towns["evora"]
    mix, today = home.mix("kokkola"), home.mix("today")
    added = added_by(mix, today)
    assert set(added) == set(mix.measures) - set(today.measures)
    moved, left_out = transferred(mix, today, home, market)
    assert not left_out
    ratio = (
        market.site.margins.register_unemployed.value / home.site.margins.register_unemployed.value
    )
    for name in ("taite", "inclusive_workplaces"):
        planned = moved.places_per_month(name)
        assert planned == pytest.approx(ratio * mix.places_per_month(name))
    assert moved.measures["coalition"] == mix.measures["coalition"]
    assert moved.hypothetical == mix.hypothetical


def test_a_measure_that_does_not_fit_is_left_out_and_named() -> None:
    towns = towns_of(["kokkola", "evora"])
    home, market = towns["kokkola"], towns["evora"]
    today = home.mix("today")
    both = based_on(mix_of(["city_first", "taite"], "kokkola"), today)
    moved, left_out = transferred(both, today, home, market)
    assert set(moved.measures) == {"taite"}
    assert left_out == {"city_first": "no employer 'city'"}
    moved, left_out = transferred(based_on(mix_of(["city_first"], "kokkola"), today), today, home,
                                  market)  # fmt: skip
    assert moved is None
    assert "city_first" in left_out


def test_large_places_run_at_a_scale() -> None:
    towns = towns_of(["lagoa", "amersfoort"], {"amersfoort": 5})
    assert [town.scale for town in towns.values()] == [1, 5]
    assert scale_for(5_112_000) == 250
    with pytest.raises(ScenarioError, match="'sofia', which is not among"):
        towns_of(["lagoa"], {"sofia": 2})


@pytest.mark.parametrize("more", [[], ["--transfer"]])
def test_an_unknown_place_is_refused(capsys, tmp_path, more) -> None:
    out = tmp_path / "out"
    assert cli.main(["across", "kokola", *more, "--out", str(out)]) == 2
    assert "no place called 'kokola'" in capsys.readouterr().err
    assert not out.exists()


def test_a_cell_with_few_served_is_never_told() -> None:
    told = Estimate(5.0, 4.0, 6.0, 16)
    assert Cell("a", "b", "R", 300.0, 0.0, told, told, {}, simulated=30.0).is_told
    assert not Cell("a", "b", "R", 90.0, 0.0, told, told, {}, simulated=9.0).is_told
    assert not Cell("a", "b", "R", 300.0, 0.0, sure(0.0), told, {}, simulated=30.0).is_told
