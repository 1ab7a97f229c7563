"""optimise stopped at any moment goes on by the same command, and says what changed meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments.app import cli
from experiments.optimise import Laboratory, optimise
from experiments.reproduction import compare_folders
from experiments.resume import parts_done
from simulator.errors import ResultError
from simulator.town import Town
from tests.experiments.hamlet import write_hamlet

ROOT = Path(__file__).resolve().parents[2]
BUDGET = 160_000
PAIRS = 3


@pytest.fixture(scope="module")
def hamlet(tmp_path_factory):
    return write_hamlet(tmp_path_factory.mktemp("hamlet") / "hamlet.toml")


def searched(hamlet, **options):
    town = Town(hamlet, options.pop("parameters", None))
    given = {"measures": ["taite"], "replications": PAIRS, "strength": "assumed", "threads": 1}
    return optimise(town, BUDGET, **(given | options))


class StoppedError(Exception):
    pass


def stopped_after(monkeypatch, n):
    """Let a laboratory simulate so many pairs, then fail."""
    run = Laboratory._pair
    left = [n]

    def pair(self, *words):
        if not left[0]:
            raise StoppedError
        left[0] -= 1
        return run(self, *words)

    monkeypatch.setattr(Laboratory, "_pair", pair)


def test_a_stopped_search_goes_on_and_gives_what_one_without_a_stop_gives(
    hamlet, tmp_path, monkeypatch
):
    whole = searched(hamlet).write(tmp_path / "whole")
    work = tmp_path / "work"
    for stop, done in ((2, 2), (2, 4)):  # once while mixes are chosen, once while they are told
        with monkeypatch.context() as patched:
            stopped_after(patched, stop)
            with pytest.raises(StoppedError):
                searched(hamlet, work=work)
        assert parts_done(work) == done
    with monkeypatch.context() as patched:
        stopped_after(patched, 2 * PAIRS - 4)  # and not one more
        again = searched(hamlet, work=work).write(tmp_path / "again")
    verdicts, _ = compare_folders(whole, again)
    assert {verdict.verdict for verdict in verdicts} == {"identical"}
    assert (whole / "answer.txt").read_bytes() == (again / "answer.txt").read_bytes()


def test_what_changed_is_said_and_force_starts_again(hamlet, tmp_path, monkeypatch):
    work = tmp_path / "work"
    with monkeypatch.context() as patched:
        stopped_after(patched, 2)
        with pytest.raises(StoppedError):
            searched(hamlet, work=work)
    for options, says in (
        ({"parameters": {"backfill": 0.8}}, "the file of parameters"),
        ({"seed": 2}, "--seed"),
        ({"strength": "top"}, "--strength"),
    ):
        with pytest.raises(ResultError, match=f"before a change of {says};"):
            searched(hamlet, work=work, **options)
    manifest = json.loads((work / "manifest.json").read_text(encoding="utf-8"))
    manifest["program"] = "0"
    (work / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ResultError, match="the program"):
        searched(hamlet, work=work)
    assert parts_done(work) == 2
    searched(hamlet, work=work, force=True)
    assert parts_done(work) == 2 * PAIRS


def test_a_damaged_part_is_said(hamlet, tmp_path, capsys):
    work = tmp_path / "work"
    searched(hamlet, work=work)
    part = next(path for path in work.glob("*.json") if path.name != "manifest.json")
    part.write_bytes(part.read_bytes().replace(b"1", b"2", 1))
    with pytest.raises(ResultError, match="is damaged; delete it"):
        searched(hamlet, work=work)
    part.unlink()
    searched(hamlet, work=work)
    for command in ("check", "reproduce", "bundle"):
        assert cli.main([command, str(work)]) != 0
        assert "was stopped; run its command again" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_command_goes_on(hamlet, tmp_path, how):
    words = [
        sys.executable, "-m", "experiments.app.cli", "optimise", str(hamlet),
        "--budget", str(BUDGET), "--measures", "taite", "--replications", "8",
        "--threads", "1", "--out", str(tmp_path / "out"),
    ]  # fmt: skip
    work = tmp_path / "out.part"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        words, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    until = time.monotonic() + 120
    while parts_done(work) < 3 and time.monotonic() < until and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(how)
    assert process.wait(60) != 0
    done = parts_done(work)
    assert 3 <= done < 16
    assert not (tmp_path / "out").exists()
    again = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, timeout=300)
    assert again.returncode == 0, again.stderr.decode()
    assert f"Going on: {done} parts".encode() in again.stdout
    assert (tmp_path / "out" / "optimise.csv").exists()
    assert not work.exists()
