"""Spoiled files and messages are taken or refused in words; what is neither is seen.

A short seeded version of ``python -m experiments.app.mutated_files`` (docs/validation.md).
"""

from __future__ import annotations

import json
import random
import time

import numpy as np
import pytest

from experiments.app import mutated_files as mf
from experiments.app.spoil import spoil_csv, spoil_json, spoil_parquet, spoil_text
from scenarios import ScenarioError, load_site
from simulator import report
from simulator.runs import run
from tests.experiments.hamlet import write_hamlet
from tests.report.stub import stub, stub_margins

TEXT_KINDS = [name for name in mf.KINDS if name not in ("run", "compare", "sweep")]


@pytest.mark.parametrize("name", TEXT_KINDS)
def test_spoiled_files_and_messages(name):
    counts, failures = mf.run(number=25, seed=20, only=name)
    assert not failures
    assert counts[name]["refused"] > 10
    assert sum(counts[name][verdict] for verdict in mf.VERDICTS) == 25


def judged(folder, read, work, cases=25):
    verdicts = []
    for number in range(cases):
        chance = random.Random(number)
        made = mf._spoil_folder(folder, chance, work / str(number))
        verdicts.append((number, *mf.judge(read, made)))
    return verdicts


def test_spoiled_results_of_run(tmp_path):
    hamlet = load_site(write_hamlet(tmp_path / "kokkola.toml"))
    run(hamlet, years=1).write(tmp_path / "made")
    assert mf.judge(mf._run_result, tmp_path / "made")[0] == "accepted"
    found = judged(tmp_path / "made", mf._run_result, tmp_path)
    assert not [row for row in found if row[1] == "failed"]
    assert sum(row[1] == "refused" for row in found) > 8


def test_spoiled_results_of_compare(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "margins_of", lambda _: stub_margins())
    monkeypatch.setattr(report, "draw_all", lambda *_: {})  # the page is not read again
    monkeypatch.setattr(report, "render", lambda *_: "")
    report.write_comparison(stub(), tmp_path / "made", ledger=False)
    found = judged(tmp_path / "made", mf._compare_result, tmp_path)
    assert not [row for row in found if row[1] == "failed"]
    assert sum(row[1] == "refused" for row in found) > 4


def test_a_case_is_made_again_from_its_number(tmp_path):
    sources = mf.KINDS["site"].sources(tmp_path)
    first, again, other = (
        mf.case("site", number, 1, lambda: sources, tmp_path / "w").read_bytes()
        for number in (7, 7, 8)
    )
    assert first == again != other


def _hangs(_):
    time.sleep(30)


def _swallows(_):
    try:
        time.sleep(30)
    except Exception:
        return


def _grows(_):
    np.ones(1 << 32)  # 32 GB


def _throws_back(_):
    raise mf.RefusalError("x" * 20_000)


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (lambda _: {}["gone"], "KeyError"),
        (lambda _: int("x"), "ValueError"),
        (_hangs, "Hang"),
        (_swallows, "Hang"),
        (_grows, "not enough memory"),
        (_throws_back, "20000 characters"),
        (lambda _: (_ for _ in ()).throw(ScenarioError([""])), "0 characters"),
    ],
)
def test_what_is_neither_taken_nor_refused_in_words_fails(read, says):
    verdict, words, _ = mf.judge(read, None, seconds=0.3)
    assert verdict == "failed"
    assert says in words


def test_words_of_a_refusal_pass():
    def refuses(_):
        raise ScenarioError("a.toml: site is missing.")

    assert mf.judge(refuses, None) == ("refused", "a.toml: site is missing.", "")


def test_every_way_of_spoiling_changes_something(tmp_path):
    """Otherwise cases would count that test nothing."""
    import pandas as pd

    text = (mf.SHIPPED / "mixes" / "kokkola.toml").read_text(encoding="utf-8")
    data = json.dumps({"a": [1, {"b": "c"}], "d": 0.5})
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": range(9), "b": list("abcdefghi")}).to_parquet(path)
    ways = (
        {spoil_text(text, random.Random(n)) == text.encode() for n in range(60)},
        {spoil_json(data, random.Random(n)) == data.encode() for n in range(60)},
        {spoil_csv("a,b\n1,2\n3,4\n", random.Random(n)) == b"a,b\n1,2\n3,4\n" for n in range(60)},
        {spoil_parquet(path, random.Random(n)) == path.read_bytes() for n in range(60)},
    )
    assert all(False in way for way in ways)
    same = sum(spoil_text(text, random.Random(n)) == text.encode() for n in range(200))
    assert same < 10
