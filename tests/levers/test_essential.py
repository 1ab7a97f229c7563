"""What a mix cannot do without, and how strong a lever must be."""

from __future__ import annotations

import math

import numpy as np
import pytest

from experiments.break_even import at_size, break_even
from experiments.essential import HEADLINE, essential, partners_of, without_partner
from scenarios.errors import ScenarioError
from scenarios.measures import load_measure, load_mix, mix_of
from simulator.town import Town


@pytest.fixture(scope="module")
def town():
    return Town("kokkola")


def test_without_its_only_measure_a_mix_loses_all_it_does(town, tmp_path):
    found = essential(
        town, mix_of(["taite"], "kokkola"), against="baseline", replications=2, threads=2
    )
    lost = {(loss.what, loss.outcome): loss.lost for loss in found.losses}
    for name, whole in found.whole.items():
        assert lost["taite", name].mean == pytest.approx(whole.mean)
    # who neither delivers, refers nor accompanies anybody takes nothing along
    served = {loss.what: loss.served_lost for loss in found.losses if loss.outcome == HEADLINE}
    assert served["taite"] > served["employment_services"] > 0
    assert "taite" in found.text()
    folder = found.write(tmp_path / "essential")
    assert (folder / "essential.csv").read_text().count("\n") == 1 + len(found.losses)


def test_an_empty_mix_is_refused(town):
    with pytest.raises(ScenarioError, match="empty"):
        essential(town, "baseline")


def test_partners_of_a_mix():
    mix = load_mix("kokkola")
    assert "employment_services" in partners_of(mix)
    assert without_partner(mix, "third_sector").partners["third_sector"].takes_part is False


def test_the_curve_of_a_measure(town, tmp_path):
    found = break_even(town, "taite", multiples=(0.0, 6.0), replications=2, threads=2)
    frame = found.frame()
    assert list(frame["size"]) == [0.0, pytest.approx(6 * 0.3365)]
    assert np.isfinite(frame["per_100_served"]).all()
    assert found.verdict in ("already", "needs", "beyond", "never")
    assert math.isnan(found.size) == (found.verdict == "never")
    assert (found.write(tmp_path / "even") / "break_even.csv").exists()
    assert found.comparison.against.id == "kokkola_today"
    assert set(found.comparison.against.measures) < set(found.comparison.mixes[0].measures)
    chances = frame["probability_above_zero"]
    assert ((chances >= 0) & (chances <= 1)).all()
    if found.positive[0] == "needs":
        assert 0 < found.positive[1] <= frame["size"].max()
    # a published price stands in the file of taite, so the answer is no "unknown"
    assert found.pays[0] != "unknown"
    assert "Pays for itself" in found.text()


def test_a_lever_at_a_size():
    mix = at_size(load_measure("taite"), "search_effort", 0.5, mix_of(["taite"]))
    levers = mix.files[load_measure("taite").id].levers
    assert levers[0].strength.assumed == 0.5
    assert levers[1].strength.assumed == load_measure("taite").levers[1].strength.assumed


def test_a_measure_without_the_lever_is_refused(town):
    with pytest.raises(ScenarioError, match="has no lever"):
        break_even(town, "taite", lever="hours")
    with pytest.raises(ScenarioError, match="has no lever"):
        break_even(town, "coalition")
