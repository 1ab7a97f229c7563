"""A run is made again from its manifest, and its archive holds what a paper needs."""

import json
import zipfile

import pandas as pd
import pytest

from experiments import bundle, reproduce
from experiments.archive import methods
from experiments.draws import compare_draws, load_draws
from experiments.reproduction import compare_tables
from scenarios import load_site
from simulator import compare, run
from simulator.errors import ResultError
from simulator.town import Town
from tests.experiments.hamlet import write_hamlet


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "made"
    return run("kokkola", mix="kokkola", years=1, seed=3, parameters={"backfill": 0.8},
               multiplier=1.5).write(folder)  # fmt: skip


def test_a_run_is_reproduced_with_its_own_parameters(result):
    found = reproduce(result)
    assert found.holds
    assert {verdict.verdict for verdict in found.verdicts} == {"identical"}
    assert {"events.parquet", "summary.csv"} <= {verdict.table for verdict in found.verdicts}


@pytest.mark.slow
def test_a_comparison_is_reproduced(tmp_path):
    folder = compare("kokkola", replications=2, years=3, closure="R", design="whole",
                     strengths=("assumed",), seed=4).write(tmp_path / "made")  # fmt: skip
    found = reproduce(folder)
    assert found.holds
    assert {verdict.verdict for verdict in found.verdicts} == {"identical"}
    tables = {verdict.table for verdict in found.verdicts}
    assert {"monthly.parquet", "summary.csv", "world.csv", "figures/who_gains.csv"} <= tables


def test_a_claim_that_does_not_hold_is_found_where_it_is(result, tmp_path):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(result, copy)
    summary = pd.read_csv(copy / "summary.csv")
    summary.loc[5, "scenario"] += 1.0
    summary.to_csv(copy / "summary.csv", index=False)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["packages"]["numpy"] = "0.1"
    (copy / "manifest.json").write_text(json.dumps(manifest))
    found = reproduce(copy)
    assert not found.holds
    wrong = next(verdict for verdict in found.verdicts if not verdict.holds)
    assert wrong.table == "summary.csv"
    assert "first in row 5, column scenario" in wrong.detail
    assert any(text.startswith("numpy is") for text in found.changed)


def test_tables_within_the_tolerance(tmp_path):
    one, two = tmp_path / "a.csv", tmp_path / "b.csv"
    one.write_text("x,y\n1.0,a\n,b\n")
    two.write_text("x,y\n1.0000000000001,a\n,b\n")
    assert compare_tables("a.csv", one, one).verdict == "identical"
    assert compare_tables("a.csv", one, two).verdict == "within tolerance"
    two.write_text("x,y\n1.0,a\n2.0,b\n")
    assert compare_tables("a.csv", one, two).verdict == "different"


def test_an_older_manifest_is_told(result, tmp_path):
    manifest = json.loads((result / "manifest.json").read_text())
    del manifest["inputs"]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ResultError, match="older version"):
        reproduce(tmp_path)


def test_the_archive_holds_what_a_paper_needs(result, tmp_path):
    made = bundle(result, tmp_path / "paper.zip")
    with zipfile.ZipFile(made) as archive:
        names = {name.split("/", 1)[1] for name in archive.namelist()}
        methods = archive.read(f"{result.name}/METHODS.md").decode()
    assert {"LICENSE", "CITATION.cff", "constraints.txt", "METHODS.md", "README.md", "figures.py",
            "results/manifest.json", "results/codebook.csv", "inputs/site-kokkola.json",
            "inputs/mix-kokkola.json"} <= names  # fmt: skip
    assert "seed 3" in methods
    assert bundle(result, tmp_path / "again.zip").read_bytes() == made.read_bytes()
    with pytest.raises(ResultError, match="exists"):
        bundle(result, made)


@pytest.mark.slow
def test_draws_are_reproduced_under_their_surroundings(tmp_path):
    town = Town(write_hamlet(tmp_path / "hamlet.toml"), surroundings="kokkola_new_plants")
    comparison = compare(town, replications=2, years=1, closure="R", strengths=("assumed",))
    folder = comparison.write(tmp_path / "made")
    draws = compare_draws(
        town.whole, mixes=comparison.mixes, against=comparison.against, draws=8, closure="R",
        posterior=load_draws(load_site("kokkola")), surroundings=town.surroundings, threads=2,
    )  # fmt: skip
    draws.write(folder)
    found = reproduce(folder)
    assert {v.table: v.verdict for v in found.verdicts if v.table.startswith("draws")} == {
        "draws.csv": "identical", "draws.parquet": "identical",
    }  # fmt: skip
    assert found.holds
    assert "drawn 8 times" in methods(folder)
