"""The commands on a real, short run: run, check, chain, and what goes wrong on the way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def command(*words, cwd=ROOT, **options):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    return subprocess.run(
        [sys.executable, "-m", "experiments.app", *map(str, words)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        check=False,
        **options,
    )


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Return the folder of a run of one year, under a name that consoles cannot show."""
    folder = tmp_path_factory.mktemp("Työpöytä") / "мои резултати"
    done = command("run", "kokkola", "--years", "1", "--out", folder)
    assert done.returncode == 0, done.stderr.decode()
    return folder


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_run_writes_its_files(results):
    names = set(contents(results))
    assert {"manifest.json", "world.csv", "summary.csv", "monthly.parquet", "codebook.csv"} <= names
    assert {"posts", "people", "workplaces", "events", "links", "chains"} <= {
        name.removesuffix(".parquet") for name in names
    }


def test_check_finds_that_all_holds(results):
    done = command("check", results)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    assert b"FAILS" not in done.stdout


def test_check_finds_a_changed_file(results, tmp_path):
    import pandas as pd

    copy = tmp_path / "changed"
    copy.mkdir()
    for name, data in contents(results).items():
        (copy / name).write_bytes(data)
    # whole keys must survive the round trip: no detour over floats
    links = pd.read_parquet(copy / "links.parquet", dtype_backend="pyarrow")
    links.loc[links.index[links["place"] == 1][0], "place"] = 7
    links.to_parquet(copy / "links.parquet", index=False)
    done = command("check", copy)
    assert done.returncode in (1, 2)
    assert b"Traceback" not in done.stderr
    if done.returncode == 1:
        assert b"FAILS" in done.stdout


def test_check_of_a_broken_folder_is_wrong_input(results, tmp_path):
    copy = tmp_path / "broken"
    copy.mkdir()
    for name, data in contents(results).items():
        (copy / name).write_bytes(data[: len(data) // 2] if name == "links.parquet" else data)
    done = command("check", copy)
    assert done.returncode == 2
    assert b"links.parquet" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["--longest"], ["--random", "--seed", "4"], ["--lang", "fi"]])
def test_chain_tells_and_draws(results, tmp_path, words):
    done = command("chain", results, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert len(done.stdout.splitlines()) >= 4
    drawn = sorted(path.suffix for path in tmp_path.glob("results/chain-*/*"))
    assert drawn == [".png", ".svg"]


def test_chain_of_an_unknown_id_is_wrong_input(results, tmp_path):
    done = command("chain", results, "5", cwd=tmp_path)
    assert done.returncode == 2
    assert b"no chain 5" in done.stderr
    assert not list(tmp_path.iterdir())


def test_same_seed_same_bytes(results, tmp_path):
    for seed, same in (("1", True), ("2", False)):
        folder = tmp_path / seed
        done = command("run", "kokkola", "--years", "1", "--seed", seed, "--out", folder)
        assert done.returncode == 0
        mine, theirs = contents(folder), contents(results)
        del mine["manifest.json"], theirs["manifest.json"]
        assert (mine == theirs) is same


def test_force_replaces_results_but_no_files_of_others(results, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    words = ("run", "kokkola", "--years", "1", "--out", folder, "--force")
    assert command(*words).returncode == 0
    assert (folder / "mine.txt").read_text() == "mine"
    (folder / "manifest.json").write_text("{}")
    # now it is a folder of results, and is replaced as a whole
    assert command(*words).returncode == 0
    assert set(contents(folder)) == set(contents(results))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_disk_that_takes_no_more_leaves_nothing_behind(results, tmp_path):
    import resource

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))

    assert results.is_dir()  # compiled rules are on disk by now
    done = command("run", "kokkola", "--years", "1", "--out", tmp_path / "out", preexec_fn=limit)
    assert done.returncode == 2, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_problems_of_all_files_are_told_in_one_pass(tmp_path):
    first, second = tmp_path / "first ä.toml", tmp_path / "second.toml"
    first.write_text("schema = 1\nkind = 'jobseeker'\nleavers = 3\n", encoding="utf-8")
    second.write_text("not toml", encoding="utf-8")
    done = command("check", first, second)
    assert done.returncode == 2
    assert b"leavers" in done.stderr
    assert b"second.toml" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("folder", "kinds"),
    [
        ("sites", {"site"}),
        ("measures", {"measure"}),
        ("mixes", {"mix"}),
        (".", {"site", "measure", "mix", "partners", "parameters", "penalties"}),
    ],
)
def test_shipped_files_are_found_good_and_recognised(folder, kinds):
    done = command("check", ROOT / "scenarios" / folder)
    assert done.returncode == 0, done.stderr.decode()
    found = {line.split(": ")[-1].split(",")[0] for line in done.stdout.decode().splitlines()}
    assert found == kinds


@pytest.mark.parametrize("name", ["sites", "measures", "mixes"])
def test_lists_as_json(name, tmp_path):
    import json

    target = tmp_path / "liste é.json"
    assert command(name, "--json", target).returncode == 0
    rows = json.loads(target.read_text(encoding="utf-8"))
    assert json.loads(command(name, "--json", "-").stdout) == rows
    assert all(row["id"] for row in rows)
    if name == "sites":
        assert all({"targets", "targets_met"} <= set(row) for row in rows)
    if name == "measures":
        assert any(row["rows"] for row in rows)
    if name == "mixes":
        assert rows[0]["id"] == "baseline"
