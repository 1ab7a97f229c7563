"""Trials inside the model: what they take from the evidence, and what must hold in any of them."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

import scenarios
from scenarios.errors import ScenarioError
from scenarios.measures import load_measure
from scenarios.trials import Study, studies
from simulator.codes import Cause
from simulator.columns import Post
from simulator.comparison import Estimate
from simulator.town import Town
from simulator.trial import (
    Host,
    Solution,
    Trial,
    _default_study,
    lever_of,
    sample_size,
    trial,
)
from simulator.world import Count, Flow

EVIDENCE = Path(scenarios.__file__).parent / "evidence" / "effects.csv"
with EVIDENCE.open(encoding="utf-8", newline="") as file:
    EFFECTS = {row["effect_id"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def town():
    return Town("kokkola")


@pytest.mark.parametrize("study", studies(), ids=lambda s: f"{s.measure}-{s.study}")
def test_a_study_says_what_the_evidence_says(study):
    row = EFFECTS[study.study]
    published = float(row["estimate"]) * study.discount
    if row["unit"] == "percentage_points":
        published /= 100
    assert study.centre == pytest.approx(published)
    assert row["use"] == "trial"
    assert row["verified"] == "yes"
    if study.horizon_source == "effects.csv":
        assert int(row["horizon_months"]) == study.horizon_months
    if study.control_rate is not None:
        assert float(row["control_rate"]) == study.control_rate
    rows = set(load_measure(study.measure).rows)
    assert rows & set(row["measure_ids"].split(";"))


def test_an_impossible_study_is_refused():
    good = studies("taite")[0].model_dump()
    with pytest.raises(ValueError, match="low <= centre"):
        Study(**{**good, "low": 1.0})


def test_nothing_is_exactly_nothing_and_more_is_more(town):
    host = Host(town, load_measure("taite"), studies("taite")[0], replications=3, share=0.2,
                seed=1, threads=2)  # fmt: skip
    host.control()
    lever = lever_of(load_measure("taite"), "search_effort")
    assert host.effect_of(lever, 0.0).mean == 0.0
    assert host.effect_of(lever, 2.0).mean > 0.05
    # both arms are drawn among the eligible of the study, who are registered for a short time
    served = sum((arm == 1).sum() for arm in host.arms)
    everybody = sum((arm >= 0).sum() for arm in host.arms)
    assert served / everybody == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("name", ["dk_jobrotation", "se_leave_year", "fi_leave"])
def test_posts_of_substitutes_count_in_the_first_month_of_a_trial(town, name):
    measure = load_measure(name)
    host = Host(town, measure, _default_study(measure), replications=1, share=0.1, seed=1,
                threads=1)  # fmt: skip
    world = host._begin(0, host.policy_of(measure.levers, {}))
    w = world.columns
    assert w.counts[Count.FIRST_MONTH] == w.counts[Count.MONTH] == world.month
    opened = w.flows[0, :, [Flow.OPENED + Cause.COVER, Flow.OPENED + Cause.LEAVE]].sum()
    of_measures = (w.posts[Post.CREATED_BY] == Cause.COVER) | (
        w.posts[Post.CREATED_BY] == Cause.LEAVE
    )
    assert opened == of_measures.sum() > 0


def test_a_trial_of_workplaces_without_study_levers(town):
    result = trial(town, "sme_help", replications=2, solve=False, power=True, threads=2)
    assert 0.3 < result.control < 5  # hires per small workplace in half a year
    assert result.solutions == []
    assert result.power["per_arm_published"] > 100
    assert "EV05" in result.text()


def test_hires_with_migrant_background_are_counted_apart(town):
    measure = load_measure("inclusive_workplaces")
    study = next(s for s in studies("inclusive_workplaces") if s.study == "AD02")
    host = Host(town, measure, study, replications=2, share=0.3, seed=1, threads=2)
    control = host.control()
    everybody = Host(town, measure, study.model_copy(update={"outcome": "hires"}), replications=2,
                     share=0.3, seed=1, threads=2).control()  # fmt: skip
    assert 0 < control < 0.5 * everybody
    penalty = lever_of(measure, "penalty")
    assert host.effect_of(penalty, 0.0).mean == 0.0
    assert host.effect_of(penalty, 1.0).mean > 0.02


def test_no_measure_with_a_published_effect_says_that_none_is_published():
    for name in ("dk_jobrotation", "inclusive_workplaces"):
        measure = load_measure(name)
        known = studies(name)
        result = Trial("kokkola", measure, known[0] if known else studies()[0], bool(known), 0.4,
                       None, 0.0, Estimate(0.0, 0.0, 0.0, 2), 0.4, (1.0, 1.0))  # fmt: skip
        assert "No effect of this measure is published" not in result.text()


def test_what_serves_nobody_has_no_trial(town):
    for name in ("coalition", "monitoring", "women55"):
        with pytest.raises(ScenarioError, match="not possible"):
            trial(town, name)
    with pytest.raises(ScenarioError, match="does not exist"):
        trial(town, "taite", study=7)


def test_second_levers_have_a_range_even_where_the_file_has_none():
    measure = load_measure("taite")
    lever = lever_of(measure, "search_effectiveness")
    assert lever.strength.top > 0
    assert lever.months_to_zero == measure.levers[0].months_to_zero


@pytest.mark.parametrize("name", sorted({study.measure for study in studies()}))
def test_both_levers_of_a_study_act_on_whom_the_measure_serves(name):
    measure = load_measure(name)
    for lever in (measure.primary_lever, measure.second_lever):
        assert lever_of(measure, lever).applies_to == measure.recruits


def test_sample_size_by_the_formula():
    # two proportions, 50 % and 60 %: (1.96 + 0.84)^2 (0.25 + 0.24) / 0.01
    assert sample_size(0.6, 0.5, 0.24, 0.25) == pytest.approx(7.8489 * 0.49 / 0.01, rel=1e-3)
    assert sample_size(0.5, 0.5, 0.25, 0.25) == math.inf


def test_files_and_words_of_a_result(tmp_path):
    measure = load_measure("taite")
    found = Solution("search_effort", "centre", 0.02, 0.5, 0.4, 0.6, "beyond", 0.1, 0.0, 0.34)
    never = Solution("search_effort", "high", 0.2, math.nan, math.nan, math.nan, "never", 0.1, 0, 1)
    result = Trial(
        "kokkola", measure, studies("taite")[0], True, 0.45, 0.5, 0.0,
        Estimate(0.01, 0.0, 0.02, 24), 0.46, (100.0, 400.0), solutions=[found, never],
    )  # fmt: skip
    assert "beyond the stated range" in result.text()
    assert "no size up to 3 times" in result.text()
    folder = result.write(tmp_path / "trial")
    assert (folder / "trial.csv").read_text().count("\n") == 4
    assert (folder / "manifest.json").exists()
