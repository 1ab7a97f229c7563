"""Sweeps on a hamlet: stopping, resuming, merging, failing, running rows again."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from experiments import design as design_module
from experiments import execution, merge, read_results, reproduce, rerun, sweep
from experiments.design import read_design
from experiments.store import Store
from experiments.sweeps import plan_of
from simulator.errors import ResultError
from tests.experiments.hamlet import write_hamlet

HAMLET = write_hamlet(Path(tempfile.mkdtemp()) / "hamlet.toml")
ROOT = Path(__file__).resolve().parents[2]
DESIGN = {
    "id": "short",
    "design": "latin_hypercube",
    "points": 3,
    "replications": 1,
    "seed": 1,
    "years": 1,
    "closures": ["R", "E"],
    "places": [str(HAMLET)],
    "levers": {"multiplier": {}},
    "variants": {"variant_stigma": {"values": [0, 1]}},
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return the folder of a sweep that nobody stopped."""
    return sweep(DESIGN, tmp_path_factory.mktemp("sweep") / "whole", workers=2)


def final(folder):
    return (Path(folder) / "results.parquet").read_bytes()


@pytest.fixture
def copy(whole, tmp_path):
    """Return a copy of the sweep's folder that a test may spoil."""
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def test_results_are_tidy(whole):
    table = read_results(whole)
    assert list(table["row"]) == list(range(6))
    assert (table["status"] == "done").all()
    assert table["error"].isna().all()
    assert set(table["closure"]) == {"R", "E"}
    assert table["lever_multiplier"].nunique() == 3
    assert table.filter(like="difference__").notna().all(axis=None)
    codebook = (whole / "codebook.csv").read_text()
    assert all(f"results.parquet,{column}," in codebook for column in table.columns)


def test_no_file_but_the_manifest_tells_time_or_place(whole):
    for path in whole.rglob("*"):
        if path.is_file() and path.name != "manifest.json":
            data = path.read_bytes()
            assert str(whole).encode() not in data
            assert b"seconds" not in data


def test_a_sweep_stopped_in_the_middle_goes_on_and_ends_with_the_same_bytes(
    whole, tmp_path, monkeypatch
):
    monkeypatch.setattr(design_module, "BLOCK_ROWS", 1)
    seen = []

    def stop(state):
        seen.append(state.done)
        if len(seen) == 3:
            raise KeyboardInterrupt

    folder = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt):
        sweep(DESIGN, folder, workers=1, report=stop)
    store = Store(folder, read_design(DESIGN))
    assert 3 <= store.done.sum() < 6
    assert not (folder / "results.parquet").exists()
    counted = []
    sweep(DESIGN, folder, workers=2, report=lambda state: counted.append(state.new))
    assert max(counted) == 6 - store.done.sum()  # nothing is run twice
    assert final(folder) == final(whole)


@pytest.mark.slow
def test_a_killed_process_loses_nothing():
    from benchmarks.kills import kills

    counts = kills(2, seed=3, place=str(HAMLET))
    assert counts["kills"] == 2
    assert counts["different"] == counts["left"] == 0


def test_processes_give_the_same_bytes(whole, tmp_path):
    assert final(sweep(DESIGN, tmp_path / "out", "processes", 1)) == final(whole)


def test_a_dask_worker_killed_in_the_middle_costs_nothing(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(design_module, "BLOCK_ROWS", 1)
    distributed = pytest.importorskip("distributed")
    import os
    import signal

    killed = []
    with (
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):

        def kill(state):
            if not killed:
                address, pid = next(iter(client.run(os.getpid).items()))
                os.kill(pid, signal.SIGKILL)
                killed.append(address)

        folder = sweep(DESIGN, tmp_path / "out", "dask", client=client, report=kill)
    assert killed
    assert final(folder) == final(whole)


def test_parts_merge_into_the_whole(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(design_module, "BLOCK_ROWS", 1)
    parts = [sweep(DESIGN, tmp_path / str(k), workers=2, part=(k, 2)) for k in (1, 2)]
    sizes = [len(read_results(part)) for part in parts]
    assert sizes == [3, 3]
    assert final(merge(parts, tmp_path / "out")) == final(whole)
    # merged once more with what is there already, nothing changes
    assert final(merge([*parts, whole], tmp_path / "again")) == final(whole)


def test_machines_that_disagree_are_told(copy, whole, tmp_path):
    plan = read_design(DESIGN)
    folder = tmp_path / "other"
    store = Store(folder, plan)
    block = next(plan.blocks())
    done = execution.execute(execution.pack(plan), block)
    store.add(done._replace(values=done.values + 1.0))
    store.close_shard()
    with pytest.raises(ResultError, match="Row 0 has two different results"):
        merge([whole, folder], tmp_path / "out")


def test_a_failed_run_is_recorded_and_can_be_run_again(whole, tmp_path, monkeypatch):
    right = execution._run

    def wrong(packed, plan, row, *rest):
        if row.row == 2:
            raise ValueError("no such world\nand more")
        return right(packed, plan, row, *rest)

    monkeypatch.setattr(execution, "_run", wrong)
    folder = sweep(DESIGN, tmp_path / "out", workers=2)
    table = read_results(folder)
    assert list(table.index[table["status"] == "failed"]) == [2]
    assert table["error"][2] == "ValueError: no such world"
    assert table.loc[[0, 1, 3, 4, 5]].filter(like="difference__").notna().all(axis=None)
    monkeypatch.setattr(execution, "_run", right)
    sweep(DESIGN, folder, workers=2)
    assert read_results(folder)["status"][2] == "failed"  # only when asked
    sweep(DESIGN, folder, workers=2, retry=True)
    assert final(folder) == final(whole)


def test_a_damaged_shard_is_told(copy):
    shard = next((copy / "shards").glob("*.parquet"))
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    with pytest.raises(ResultError, match=shard.name):
        sweep(DESIGN, copy)
    shard.unlink()
    assert final(sweep(DESIGN, copy, workers=2)) == (copy / "results.parquet").read_bytes()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"replications": 2}, "the design (replications)"),
        ({"years": 2}, "the design (years)"),
    ],
)
def test_another_design_is_refused(copy, change, words):
    with pytest.raises(ResultError) as error:
        sweep({**DESIGN, **change}, copy)
    assert words in str(error.value)
    assert "--force" in str(error.value)


@pytest.mark.parametrize("part", ["code", "site", "parameters", "partners"])
def test_changed_code_or_scenario_is_refused(copy, part):
    plan = read_design(DESIGN)
    plan.hashes[0] = {**plan.hashes[0], part: "0" * 16}
    with pytest.raises(ResultError, match="was begun before a change"):
        sweep(plan, copy)


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ResultError, match="holds no sweep"):
        sweep(DESIGN, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_a_row_can_be_run_again_with_its_ledger(whole, tmp_path):
    made, twin, differing = rerun(whole, 3)
    assert differing == []
    assert twin is not None
    made.write(tmp_path / "run")
    assert (tmp_path / "run" / "events.parquet").exists()


def test_a_row_that_does_not_agree_is_told(copy):
    import pyarrow.parquet as pq

    path = copy / "results.parquet"
    table = pq.read_table(path)
    at = table.column_names.index("served")
    wrong = table.set_column(at, "served", [np.arange(6.0)])
    pq.write_table(wrong, path)
    assert rerun(copy, 3)[2] == ["served"]
    found = reproduce(copy, rows=2)
    assert not found.holds
    assert "first in row 0, column served" in found.verdicts[0].detail


def test_a_sweep_is_reproduced_from_its_manifest(whole):
    found = reproduce(whole, rows=2)
    assert found.holds
    assert found.changed == []
    assert found.verdicts[0].verdict == "identical"
    assert plan_of(whole).design_hash == read_design(DESIGN).design_hash


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_is_told_and_costs_no_closed_shard(whole, tmp_path):
    code = (
        "import json, resource, sys\n"
        "from experiments import sweep\n"
        "DESIGN = json.loads(sys.argv[2])\n"
        "from simulator.errors import ResultError\n"
        "count = 0\n"
        "def limit(state):\n"
        "    if state.done >= 2:\n"
        "        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "from experiments import design\n"
        "design.BLOCK_ROWS = 1\n"
        "try:\n"
        "    sweep(DESIGN, sys.argv[1], workers=1, report=limit, shard_seconds=0.0)\n"
        "except ResultError as error:\n"
        "    print(error)\n"
        "    sys.exit(2)\n"
    )
    folder = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder), json.dumps(DESIGN)],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr.decode()
    assert b"closed shards are kept" in done.stdout
    store = Store(folder, read_design(DESIGN))
    assert store.done.sum() >= 2
    assert final(sweep(DESIGN, folder, workers=2)) == final(whole)
