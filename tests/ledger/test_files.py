"""Files: the same bytes for the same data, whole or not at all, every column explained."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from simulator import files
from simulator.codebook import FILES
from simulator.codes import Fill, labels
from simulator.errors import ResultError
from simulator.files import (
    output_folder,
    read_columns,
    table,
    write_csv,
    write_parquet,
    write_whole,
)
from tests.ledger.synthetic_town import write_run

ROOT = Path(__file__).parents[2]


def digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.name != "manifest.json"
    }


def test_every_written_column_is_in_the_codebook(tmp_path):
    write_run(tmp_path / "run", 1)
    with open(tmp_path / "run" / "codebook.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    explained = {(row["file"], row["column"]): row for row in rows}
    assert len(explained) == len(rows)
    written = set()
    for path in (tmp_path / "run").iterdir():
        if path.suffix == ".parquet":
            schema = pq.read_schema(path)
            for name in schema.names:
                written.add((path.name, name))
                assert explained[path.name, name]["type"] == str(schema.field(name).type).replace(
                    "double", "float64"
                )
        elif path.suffix == ".csv":
            header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
            written |= {(path.name, name) for name in header}
    assert written == set(explained)
    for row in rows:
        assert row["unit"]
        assert row["meaning"]
    assert ("people.parquet", "barrier_no_network") in written


def test_codebook_names_every_word(tmp_path):
    write_run(tmp_path / "run", 1)
    text = (tmp_path / "run" / "codebook.csv").read_text(encoding="utf-8")
    for word in labels(Fill):
        assert word in text


CONTRACT = {
    "events.parquet": "seq month round kind person post from_post workplace rung status resident "
    "chain_id place cause measure",
    "links.parquet": "chain_id place post workplace sector rung opened_month opened_round "
    "closed_month closed_round fill person from_post from_workplace from_rung public "
    "person_education person_state_before person_months_unemployed person_resident",
    "chains.parquet": "chain_id origin origin_month origin_round origin_rung origin_sector "
    "origin_workplace length end end_month end_round end_rung",
    "posts.parquet": "post workplace sector created_month created_by removed_month removed_by "
    "state_start holder_start rung_start state_end holder_end rung_end",
}


@pytest.mark.parametrize("file", CONTRACT)
def test_columns_of_the_contract(file):
    assert " ".join(column.name for column in FILES[file]) == CONTRACT[file]


_WRITE = """
import sys
from pathlib import Path
from tests.ledger.synthetic_town import write_run
write_run(Path(sys.argv[1]), 2)
"""


def test_same_bytes_in_another_process(tmp_path):
    write_run(tmp_path / "a", 2)
    write_run(tmp_path / "b", 2)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    # interpreted, with another hash seed
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONHASHSEED": "77"}
    subprocess.run(
        [sys.executable, "-c", _WRITE, str(tmp_path / "c")], cwd=ROOT, env=environment, check=True
    )
    assert digests(tmp_path / "a") == digests(tmp_path / "c")
    write_run(tmp_path / "d", 3)
    assert digests(tmp_path / "a") != digests(tmp_path / "d")


def test_nothing_of_this_machine_in_the_files(tmp_path):
    write_run(tmp_path / "run", 1)
    for path in (tmp_path / "run").glob("*.parquet"):
        metadata = pq.read_metadata(path)
        assert metadata.metadata is None
        assert metadata.row_group(0).column(0).compression == "ZSTD"


def test_events_in_parts_equal_events_at_once(tmp_path, monkeypatch):
    write_run(tmp_path / "a", 2)
    monkeypatch.setattr(files, "EVENT_GROUP", 50)
    write_run(tmp_path / "b", 2)
    a, b = (pq.read_table(tmp_path / name / "events.parquet") for name in "ab")
    assert a.equals(b)
    assert pq.read_metadata(tmp_path / "b" / "events.parquet").num_row_groups > 1


def test_columns_come_back(tmp_path):
    write_run(tmp_path / "run", 1)
    links = read_columns(tmp_path / "run", "links.parquet")
    assert set(np.unique(links["fill"])) <= set(Fill)
    frame = pd.read_parquet(tmp_path / "run" / "links.parquet")
    assert frame["from_post"].isna().sum() == (links["from_post"] == files.NULL_KEY).sum()
    assert frame["fill"].tolist() == [labels(Fill)[code] for code in links["fill"]]


def test_csv_is_the_same_everywhere(tmp_path):
    world = pd.DataFrame(
        {
            "margin": ["posts", "age"],
            "cell": ["all", "15-24"],
            "target": [1.0, 0.1],
            "built": [1.0, 1 / 3],
            "at_start": [1.0, np.nan],
            "source": ["Statistics Finland", 'said "so", twice'],
        }
    )
    write_csv(tmp_path / "world.csv", "world.csv", world)
    assert (tmp_path / "world.csv").read_bytes() == (
        b"margin,cell,target,built,at_start,source\n"
        b"posts,all,1.0,1.0,1.0,Statistics Finland\n"
        b'age,15-24,0.1,0.3333333333333333,,"said ""so"", twice"\n'
    )


def test_missing_numbers_are_null():
    rows = {"mix": ["m"], "month": [3], "mean": [np.nan]}
    blank = {c.name: [None] for c in FILES["monthly.parquet"] if c.name not in rows}
    made = table("monthly.parquet", {**blank, **rows})
    assert made["mean"].null_count == 1
    assert made["closure"].null_count == 1


# --- folders ---


def test_folder_appears_whole(tmp_path):
    target = tmp_path / "Työpöytä" / "результаты 1"
    with output_folder(target) as folder:
        (folder / "manifest.json").write_text("{}")
        assert not target.exists()
    assert [path.name for path in target.iterdir()] == ["manifest.json"]
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_folder_does_not_appear_after_an_error(tmp_path):
    def fail():
        with output_folder(tmp_path / "new" / "run") as folder:
            (folder / "a").write_text("a")
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_existing_folder_is_kept(tmp_path):
    (tmp_path / "run").mkdir()
    with output_folder(tmp_path / "run") as folder:  # empty: fine
        (folder / "manifest.json").write_text("old")
    with (
        pytest.raises(ResultError, match="already holds files"),
        output_folder(tmp_path / "run"),
    ):
        pass
    assert (tmp_path / "run" / "manifest.json").read_text() == "old"


def test_force_replaces_results(tmp_path):
    for text in ("old", "new"):
        with output_folder(tmp_path / "run", force=True) as folder:
            (folder / "manifest.json").write_text(text)
            (folder / f"{text}.csv").write_text(text)
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == ["manifest.json", "new.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_force_leaves_other_files_alone(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    with output_folder(tmp_path / "notes", force=True) as folder:
        (folder / "manifest.json").write_text("{}")
    assert (tmp_path / "notes" / "mine.txt").read_text() == "mine"
    assert (tmp_path / "notes" / "manifest.json").exists()


def test_target_is_a_file(tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(ResultError, match="is a file"), output_folder(tmp_path / "run"):
        pass
    with pytest.raises(ResultError, match="file of that name"), output_folder(tmp_path / "run/x"):
        pass


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "The disk is full"),
        (errno.EACCES, "may not write"),
        (errno.EROFS, "cannot be written to"),
        (errno.EIO, "Could not write"),
    ],
)
def test_one_sentence_when_writing_fails(tmp_path, number, words):
    def fail():
        with output_folder(tmp_path / "run") as folder:
            (folder / "half").write_text("half")
            raise OSError(number, os.strerror(number))

    with pytest.raises(ResultError, match=words) as caught:
        fail()
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_full_disk_while_writing_parquet(tmp_path, monkeypatch):
    class Full:
        """A file on a disk that is full."""

        closed = False

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def write(self, _):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def flush(self):
            pass

        def tell(self):
            return 0

        def close(self):
            pass

    monkeypatch.setattr(files, "open", lambda *_: Full(), raising=False)
    with pytest.raises(ResultError, match="The disk is full"):
        write_run(tmp_path / "run", 1)
    assert list(tmp_path.iterdir()) == []


def test_one_file_whole_or_not_at_all(tmp_path):
    write_whole(tmp_path / "a.json", files.json_bytes({"b": 1, "a": "ö"}))
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"a": "ö", "b": 1}
    with pytest.raises(ResultError):
        write_whole(tmp_path / "missing" / "a.json", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_parquet_of_another_writer_is_read(tmp_path):
    write_run(tmp_path / "run", 1)
    path = tmp_path / "run" / "chains.parquet"
    before = read_columns(tmp_path / "run", "chains.parquet")
    pd.read_parquet(path).to_parquet(path)  # floats where numbers are missing
    after = read_columns(tmp_path / "run", "chains.parquet")
    for name, column in before.items():
        assert np.array_equal(column, after[name])
    write_parquet(path, files.read_table(tmp_path / "run", "chains.parquet"))
