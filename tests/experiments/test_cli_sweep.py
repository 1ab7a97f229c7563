"""The commands of sweeps: exit codes and one clear sentence each."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.experiments.hamlet import write_hamlet

ROOT = Path(__file__).resolve().parents[2]
DESIGN = """\
schema = 1
id = "tiny"
kind = "world"
design = "factorial"
replications = 2
seed = 1
years = 1
closures = ["R"]
places = ["hamlet.toml"]
outcomes = ["posts", "work_months/side"]

[levers]
"taite.dose" = { values = [0.0, 1.0] }
"""


def command(*words, cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", "experiments.app", *map(str, words)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )


def test_from_a_design_to_an_archive(tmp_path):
    write_hamlet(tmp_path / "hamlet.toml")
    (tmp_path / "мой дизайн.toml").write_text(DESIGN, encoding="utf-8")
    design = tmp_path / "мой дизайн.toml"
    planned = command("sweep", design, "--plan", cwd=tmp_path)
    assert planned.returncode == 0, planned.stderr.decode()
    assert b"= 4 rows" in planned.stdout
    first = command("sweep", design, "--workers", "2", cwd=tmp_path)
    assert first.returncode == 0, first.stderr.decode()
    assert b"4 of 4 rows are done, 0 of them failed" in first.stdout
    folder = tmp_path / "results" / "sweep-tiny"
    again = command("sweep", design, cwd=tmp_path)  # the same command: nothing left to do
    assert again.returncode == 0
    assert (folder / "results.parquet").exists()
    for words, says in (
        (["run", "--from", folder, "--row", "3"], b"agrees with row 3"),
        (["reproduce", folder, "--rows", "1"], b"1 of 1 tables agree"),
        (["bundle", folder], b"Archive: "),
    ):
        done = command(*words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr.decode()
        assert says in done.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["sweep"], "DESIGN.toml"),
        (["sweep", "no-such.toml"], "does not exist"),
        (["sweep", "kokkola_dose"], "kokkola_doses"),
        (["sweep", "kokkola_doses", "--executor", "cloud"], "--executor"),
        (["sweep", "kokkola_doses", "--part", "3/2"], "--part"),
        (["sweep", "kokkola_doses", "--scheduler", "tcp://x:1", "--out", "x"], "dask"),
        (["sweep", "--merge", "a"], "--out"),
        (["run"], "SITE"),
        (["run", "--from", "x"], "--row"),
        (["run", "kokkola", "--from", "x", "--row", "1"], "not both"),
        (["run", "--from", "no-such-folder", "--row", "1"], "no-such-folder"),
        (["sensitivity", "no-such-folder"], "no-such-folder"),
        (["reproduce", "no-such-folder"], "no-such-folder"),
        (["bundle", "no-such-folder"], "no-such-folder"),
    ],
)
def test_wrong_input_ends_with_code_2_and_a_message(words, says, tmp_path):
    done = command(*words, cwd=tmp_path)
    message = done.stderr.decode()
    assert done.returncode == 2, message
    assert says in message
    assert "Traceback" not in message


def test_a_bad_design_and_a_bad_folder_are_told(tmp_path):
    design = tmp_path / "d.toml"
    write_hamlet(tmp_path / "hamlet.toml")
    design.write_text(DESIGN.replace("taite.dose", "taite.does"))
    done = command("sweep", design, cwd=tmp_path)
    assert done.returncode == 2
    assert b"d.toml: levers.taite.does" in done.stderr
    design.write_text(DESIGN)
    (tmp_path / "file").write_text("")
    done = command("sweep", design, "--out", tmp_path / "file")
    assert done.returncode == 2
    assert b"is a file" in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"d.toml", "file", "hamlet.toml"}
