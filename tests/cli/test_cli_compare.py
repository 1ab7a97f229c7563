"""compare on the command line: its last lines work as printed, and check recomputes its tables."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
QUICK = ["--replications", "1", "--years", "1", "--closure", "R"]


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}


def command(*words, cwd):
    return subprocess.run(
        [sys.executable, "-m", "experiments.app", *map(str, words)],
        cwd=cwd, env=environment(), capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip


def typed(line, cwd):
    """Run a line as somebody would type it."""
    return subprocess.run(
        line, shell=True, cwd=cwd, env=environment(), capture_output=True, text=True,
        encoding="utf-8", check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Return the folder in which compare was typed, and what it printed."""
    cwd = tmp_path_factory.mktemp("my work")
    done = command("compare", "kokkola", *QUICK, "--out", "first try", "--lang", "sv", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return cwd, done.stdout


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the lines are typed into a POSIX shell")
def test_next_steps_work_exactly_as_printed(compared):
    cwd, printed = compared
    number, report, place = printed.splitlines()[-3:]
    file, again = re.fullmatch(r"Ändra ett tal: +redigera (.+), sedan: (.+)", number).groups()
    assert Path(file.strip('"')).name == "kokkola.toml"
    assert (cwd / file.strip('"')).is_file()
    assert (cwd / report.partition(":")[2].strip().strip('"')).is_file()
    copy, mine = re.fullmatch(
        r"Pröva din egen ort: +(cp .+), redigera kopian \(behåll id\), sedan: (.+)", place
    ).groups()
    assert typed(copy, cwd).returncode == 0
    for line in (again, mine):
        before = set(cwd.glob("results/*"))
        done = typed(line, cwd)
        assert done.returncode == 0, done.stderr
        assert len(set(cwd.glob("results/*")) - before) == 1
    # the same question gets the same answer, and nothing was replaced
    first = (cwd / "first try" / "summary.csv").read_bytes()
    assert all(p.read_bytes() == first for p in cwd.glob("results/*/summary.csv"))


def test_one_pair_on_screen_gives_no_verdict(compared):
    _, printed = compared
    assert "FÖR FÅ PAR" in printed
    assert "exakt noll" not in printed
    assert "E: antalet nya jobb" not in printed  # --closure R


def test_check_recomputes_a_comparison(compared):
    cwd, _ = compared
    done = command("check", "first try", cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert sum(line.startswith("holds") for line in lines) == 7
    world = next(line for line in lines if " world: " in line)
    assert re.search(r"\d+ of \d+ counts within 3 %", world)
    assert "people: residents" not in world  # the retired are counted too


def edit_summary(change):
    def edit(folder):
        frame = pd.read_csv(folder / "summary.csv")
        change(frame)
        frame.to_csv(folder / "summary.csv", index=False)

    return edit


def _difference(frame):
    frame.loc[5, "difference"] += 1.0


def _interval(frame):
    frame["ci_low"] = frame["difference"] + 1.0
    frame["ci_high"] = frame["difference"] + 2.0


def _side(frame):
    rows = (frame["outcome"] == "work_months") & (frame["group"] == "target_jobseekers")
    at = frame.index[rows & (frame["breakdown"] == "side")][0]
    frame.loc[at, ["scenario", "difference"]] += 7.0


def _scenario(frame):
    rows = (frame["outcome"] == "separations") & (frame["design"] == "cohorts")
    frame.loc[frame.index[rows][0], ["scenario", "difference"]] += 1.0


def _replications(frame):
    frame["replications"] = 9


def _edit(file, column, by):
    def edit(folder):
        frame = pd.read_csv(folder / file)
        frame.loc[frame[column].first_valid_index(), column] += by
        frame.to_csv(folder / file, index=False)

    return edit


def _hash(folder):
    path = folder / "manifest.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    data["scenario_hash"] = "0" * 16
    path.write_text(json.dumps(data), encoding="utf-8")


@pytest.mark.parametrize(
    ("edit", "fails"),
    [
        (edit_summary(_difference), "differences"),
        (edit_summary(_interval), "intervals"),
        (edit_summary(_side), "sums"),
        (edit_summary(_scenario), "monthly"),
        (edit_summary(_replications), "intervals"),
        (_hash, "scenario_hash"),
        (_edit("costs.csv", "cost", 1.0), "costs"),
        (_edit("money.csv", "cost", 1e6), "costs"),
        (_edit("money.csv", "saved", 1e6), "money"),
    ],
)
def test_check_finds_a_changed_comparison(compared, tmp_path, edit, fails):
    folder = tmp_path / "copy"
    shutil.copytree(compared[0] / "first try", folder)
    edit(folder)
    from simulator.check import check_results

    rows = {row.check: row for row in check_results(folder)}
    assert rows[fails].holds is False, rows


def test_check_names_counts_that_are_off(compared, tmp_path):
    from simulator.check import check_results

    folder = tmp_path / "copy"
    shutil.copytree(compared[0] / "first try", folder)
    world = pd.read_csv(folder / "world.csv")
    at = world.index[(world["margin"] == "people") & (world["cell"] == "residents")][0]
    world.loc[at, "at_start"] = 1.2 * world.loc[at, "target"]
    world.to_csv(folder / "world.csv", index=False)
    row = next(row for row in check_results(folder) if row.check == "world")
    assert row.holds is None
    assert "people: residents 40,800 for 34,000" in row.detail


@pytest.mark.parametrize("name", ["summary.csv", "world.csv", "monthly.parquet"])
def test_check_of_a_comparison_that_is_not_whole_is_wrong_input(compared, tmp_path, name):
    folder = tmp_path / "copy"
    shutil.copytree(compared[0] / "first try", folder)
    (folder / name).unlink()
    done = command("check", folder, cwd=tmp_path)
    assert done.returncode == 2
    assert name in done.stderr
    (folder / name).write_text("nothing\n1\n")
    done = command("check", folder, cwd=tmp_path)
    assert done.returncode == 2
    assert name in done.stderr
    assert "Traceback" not in done.stderr
