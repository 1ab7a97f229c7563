"""Every result folder is known: made again from its manifest, checked, put into an archive."""

from __future__ import annotations

import inspect
import json
import shutil
import zipfile
from importlib import import_module

import pandas as pd
import pytest

from experiments import bundle, reproduce
from experiments.across import across
from experiments.app import cli
from experiments.break_even import break_even
from experiments.essential import essential
from experiments.folders import STUDIES, check_folder, kind_of
from experiments.impulse_study import impulse_study
from experiments.indices import sensitivity
from experiments.optimise import optimise
from experiments.reserve import reserve
from experiments.saturation import saturation
from experiments.sweeps import sweep
from experiments.transfer import transfer
from experiments.trials import trial_study
from experiments.workplace import workplace
from simulator.errors import ResultError
from simulator.town import Town
from tests.experiments.hamlet import write_hamlet

DESIGN = {
    "id": "small", "design": "factorial", "levels": 2, "replications": 1, "seed": 1, "years": 1,
    "closures": ["R"], "assumptions": {"backfill": {}, "public_share": {}},
}  # fmt: skip
MADE = {
    "across": lambda town, _: across([town], replications=2, closure="R", threads=2),
    "break-even": lambda town, _: break_even(
        town, "taite", multiples=(0, 1, 2), replications=2, threads=2
    ),
    "essential": lambda town, _: essential(town, replications=2, threads=2),
    "impulses": lambda town, _: impulse_study(town, number=4, months=3, threads=2),
    "optimise": lambda town, _: optimise(
        town, 160_000, measures=["taite"], replications=2, threads=2
    ),
    "reserve": lambda town, _: reserve(town, replications=2, threads=2),
    "saturation": lambda town, _: saturation(
        town, "taite", shares=(0.5,), markets=("reference",), closures=("R",), months=12,
        replications=2, threads=2,
    ),
    "sensitivity": lambda _, swept: sensitivity(swept),
    "transfer": lambda town, _: transfer([town], replications=2, closure="R", threads=2),
    "trial": lambda town, _: trial_study(town, "taite", replications=2, threads=2),
    "workplace": lambda town, _: workplace(
        town, town.site.sector_ids[0], 5, worlds=2, threads=2
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("folders")


@pytest.fixture(scope="module")
def town(home):
    # a lever's range alone: the hamlet has no posterior, the place of its id has one
    return Town(write_hamlet(home / "hamlet.toml"), {"backfill": 0.8})


@pytest.fixture(scope="module")
def swept(home, town):
    return sweep(DESIGN | {"places": [str(home / "hamlet.toml")]}, home / "sweep", workers=2)


@pytest.fixture(scope="module")
def made(home, town, swept):
    """Return a folder of a kind, written once."""

    def folder(kind):
        path = home / kind
        if not path.exists():
            MADE[kind](town, swept).write(path)
        return path

    return folder


def checked(folder):
    return {row.check: row.holds for row in check_folder(folder)}


@pytest.mark.parametrize("kind", MADE)
def test_a_study_is_made_again_checked_and_bundled(made, kind, tmp_path, capsys):
    folder = made(kind)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert kind_of(manifest) == kind
    found = reproduce(folder, workers=2)
    assert found.kind == kind
    assert {verdict.verdict for verdict in found.verdicts} == {"identical"}
    assert not found.changed
    assert cli.main(["check", str(folder)]) == 0
    assert "FAILS" not in capsys.readouterr().out
    with zipfile.ZipFile(bundle(folder, tmp_path / "paper.zip")) as archive:
        names = {name.split("/", 1)[1] for name in archive.namelist()}
        methods = archive.read(f"{kind}/METHODS.md").decode()
    assert {"results/manifest.json", "results/answer.txt", "inputs/site-kokkola.json",
            "constraints.txt", "figures.py"} <= names  # fmt: skip
    assert kind in methods


def test_every_study_is_tried_here():
    assert set(STUDIES) == set(MADE)


@pytest.mark.parametrize("kind", MADE)
def test_every_argument_that_decides_the_result_is_recorded(made, kind):
    module, name = STUDIES[kind].split(":")
    parameters = set(inspect.signature(getattr(import_module(module), name)).parameters)
    manifest = json.loads((made(kind) / "manifest.json").read_text(encoding="utf-8"))
    recorded = set(manifest["call"]["arguments"])
    # the others say how and where it is computed; the scale is one of the town
    assert parameters - recorded <= {"threads", "progress", "work", "force", "scale"}
    assert recorded <= parameters


def test_a_changed_file_and_a_changed_claim_are_found(made, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(made("saturation"), folder)
    table = pd.read_csv(folder / "saturation.csv")
    table.loc[0, "mean"] = table.loc[0, "ci_high"] + 1.0
    table.to_csv(folder / "saturation.csv", index=False)
    (folder / "answer.txt").unlink()
    rows = {row.check: row for row in check_folder(folder)}
    assert "answer.txt is missing" in rows["files_as_written"].detail
    assert "saturation.csv was changed" in rows["files_as_written"].detail
    assert not rows["means_within_intervals"].holds
    assert not rows["answer_follows_from_rows"].holds
    assert cli.main(["check", str(folder)]) == 1
    found = reproduce(folder, workers=2)
    assert {v.table: v.verdict for v in found.verdicts}["saturation.csv"] == "different"


def test_a_mix_that_should_be_unbeaten_is_missed(made, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(made("optimise"), folder)
    table = pd.read_csv(folder / "simulated.csv")
    table["unbeaten"] = ~table["unbeaten"]
    table.to_csv(folder / "simulated.csv", index=False)
    assert checked(folder)["answer_follows_from_rows"] is False


def test_a_sweep_is_checked(swept, tmp_path):
    assert all(checked(swept).values())
    folder = tmp_path / "copy"
    shutil.copytree(swept, folder)
    table = pd.read_parquet(folder / "results.parquet")
    table.iloc[:-1].to_parquet(folder / "results.parquet", index=False)
    found = checked(folder)
    assert found["table_as_written"] is False
    assert found["rows_of_the_design"] is False
    shard = next((folder / "shards").glob("*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-1])
    assert checked(folder)["shards_as_written"] is False


def test_sensitivity_without_its_sweep_is_said(made, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(made("sensitivity"), folder)
    with pytest.raises(ResultError, match="which are not there"):
        reproduce(folder)


def test_a_folder_of_an_older_version_is_told(made, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(made("across"), folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for key in ("call", "kind", "digests"):
        del manifest[key]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ResultError, match="older version"):
        reproduce(folder)
    with pytest.raises(ResultError, match="older version"):
        bundle(folder, tmp_path / "paper.zip")
    assert checked(folder)["files_as_written"] is None


def test_an_unknown_folder_is_refused_in_one_sentence(tmp_path, capsys):
    (tmp_path / "manifest.json").write_text('{"kind": "horoscope"}', encoding="utf-8")
    for command in ("check", "reproduce", "bundle"):
        assert cli.main([command, str(tmp_path)]) != 0
        told = capsys.readouterr().err
        assert "Traceback" not in told
        assert len(told.strip().splitlines()) == 1


def test_a_calibration_is_known(tmp_path, capsys):
    (tmp_path / "manifest.json").write_text(
        '{"command": "calibrate kokkola --seed 1"}', encoding="utf-8"
    )
    assert cli.main(["reproduce", str(tmp_path)]) != 0
    assert "calibrate kokkola --seed 1" in capsys.readouterr().err
    assert cli.main(["bundle", str(tmp_path)]) != 0
    assert "calibration" in capsys.readouterr().err
    assert cli.main(["check", str(tmp_path)]) == 0
