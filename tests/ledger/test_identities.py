"""The ten identities hold on worlds of random events, and each violation is caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.check import CHECKS, STOCKS, check_results
from simulator.codes import Cause, EventKind, Fill
from simulator.columns import Event
from simulator.errors import ResultError
from simulator.files import read_table, write_parquet
from simulator.ledger import derive_ledger
from tests.ledger.synthetic_town import make_record, write_run


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 2**32 - 1),
    people=st.integers(30, 80),
    posts=st.integers(8, 30),
    workplaces=st.integers(2, 6),
    months=st.integers(1, 15),
)
def test_identities_hold_on_random_worlds(tmp_path, seed, people, posts, workplaces, months):
    folder = tmp_path / f"{seed}-{people}-{posts}-{workplaces}-{months}"
    if not folder.exists():
        write_run(folder, seed, people=people, posts=posts, workplaces=workplaces, months=months)
    rows = check_results(folder)
    assert [row.check for row in rows] == list(CHECKS)
    assert [row for row in rows if not row.holds] == []


def test_ledger_follows_the_events():
    record = make_record(5)
    ledger = derive_ledger(record)
    links, events = ledger.links, record.events
    closed = links["closed_event"]
    in_run = (links["fill"] != Fill.OPEN) & (links["closed_month"] >= 0)
    rows = events[closed[in_run]]
    assert np.array_equal(rows[:, Event.POST], links["post_row"][in_run])
    assert np.array_equal(rows[:, Event.PERSON], links["person_row"][in_run])
    # every fill of the run is in the ledger once
    filled = np.flatnonzero(events[:, Event.KIND] == EventKind.FILLED)
    by_hire = in_run & (links["person_row"] >= 0)
    assert np.array_equal(np.sort(closed[by_hire]), filled)
    # chains that ended before the start are gone; open ones keep their past
    assert not np.any((ledger.chains["end_month"] < 0) & (ledger.chains["end"] != 5))
    assert np.any(links["opened_month"] < 0)


def test_a_spell_of_twelve_months_is_long():
    ledger = derive_ledger(make_record(11, months=24))
    months = ledger.links["person_months_unemployed"]
    fill = ledger.links["fill"]
    assert (months[fill == Fill.HIRE_LONG_TERM_UNEMPLOYED] >= 12).all()
    short = months[fill == Fill.HIRE_SHORT_TERM_UNEMPLOYED]
    assert short.size > 0
    assert ((short >= 0) & (short < 12)).all()
    assert (fill == Fill.HIRE_LONG_TERM_UNEMPLOYED).any()


def test_order_of_rows_does_not_show(tmp_path):
    record = write_run(tmp_path / "a", 3)
    assert list(record.post_keys[:5]) != sorted(record.post_keys[:5])
    for file, key in (("posts", "post"), ("people", "person"), ("chains", "chain_id")):
        keys = read_table(tmp_path / "a", f"{file}.parquet")[key].to_numpy()
        assert (np.diff(keys) > 0).all()


def test_contradicting_events_are_refused():
    record = make_record(1)
    events = record.events.copy()
    row = int(np.argmax(events[:, Event.KIND] == EventKind.FILLED))
    events = np.insert(events, row, events[row], axis=0)  # the same start twice
    with pytest.raises(ValueError, match="fits no open link"):
        derive_ledger(replace(record, events=events))


def test_promotion_in_place_opens_nothing():
    record = make_record(1)
    row = np.array([[16, EventKind.UPGRADED_IN_PLACE, Cause.NONE, 0, 0, -1, 2, 1, -1, -1, 0, 0]])
    ledger = derive_ledger(
        replace(record, events_settle=record.events[:0], events=row.astype(np.int32))
    )
    assert ledger.links["place"].size == 0
    assert ledger.chains["length"].size == 0


# --- one violation of each identity ---


class Folder:
    """A results folder that is spoilt by hand."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __getitem__(self, file: str) -> list[dict]:
        return read_table(self.path, f"{file}.parquet").to_pylist()

    def set(self, file: str, column: str, row: int, value: object) -> None:
        made = read_table(self.path, f"{file}.parquet")
        values = made[column].to_pylist()
        values[row] = value
        at = made.column_names.index(column)
        kind = made.schema.field(column).type
        made = made.set_column(at, column, pa.array(values, kind))
        write_parquet(self.path / f"{file}.parquet", made)

    def keep(self, file: str, wanted: Callable[[dict], bool]) -> None:
        made = read_table(self.path, f"{file}.parquet")
        rows = [i for i, row in enumerate(made.to_pylist()) if wanted(row)]
        write_parquet(self.path / f"{file}.parquet", made.take(pa.array(rows, pa.int64())))

    def find(self, file: str, wanted: Callable[[dict], bool]) -> int:
        return next(i for i, row in enumerate(self[file]) if wanted(row))

    def failing(self) -> set[str]:
        return {row.check for row in check_results(self.path) if not row.holds}


@pytest.fixture
def folder(tmp_path):
    write_run(tmp_path / "run", 7, people=80, posts=40, months=24)
    spoilt = Folder(tmp_path / "run")
    assert spoilt.failing() == set()
    return spoilt


def _move(row: dict) -> bool:
    return row["fill"] in ("promotion", "sideward_move", "hire_from_workplace")


def test_place_skipped(folder):
    at = folder.find("links", lambda row: row["place"] == 2)
    folder.set("links", "place", at, 9)
    assert "chain_places" in folder.failing()


def test_chain_goes_on_after_its_end(folder):
    at = folder.find("links", lambda row: _move(row) and row["closed_month"] >= 0)
    folder.set("links", "fill", at, "hire_outside_region")
    assert "chain_places" in folder.failing()


def test_length_wrong(folder):
    folder.set("chains", "length", 0, 17)
    assert folder.failing() == {"chain_places", "chains_agree_with_links"}


def test_next_post_is_another(folder):
    at = folder.find("links", lambda row: row["place"] == 2)
    other = next(
        row["post"] for row in folder["posts"] if row["post"] != folder["links"][at]["post"]
    )
    folder.set("links", "from_post", at - 1, other)
    assert "from_post_is_next_post" in folder.failing()


def test_next_post_opens_later(folder):
    at = folder.find("links", lambda row: row["place"] == 2 and row["fill"] == "given_up")
    folder.set("links", "opened_round", at, folder["links"][at]["opened_round"] + 1)
    assert folder.failing() == {"from_post_is_next_post"}


def test_rung_left_is_another(folder):
    at = folder.find("links", lambda row: row["fill"] == "hire_from_workplace")
    folder.set("links", "from_rung", at, (folder["links"][at]["from_rung"] + 1) % 4)
    assert folder.failing() == {"rungs_along_chain"}


def test_promotion_that_leads_nowhere_up(folder):
    at = folder.find("links", lambda row: row["fill"] == "sideward_move")
    folder.set("links", "fill", at, "promotion")
    assert folder.failing() == {"rungs_along_chain"}


def test_post_in_two_rows_at_once(folder):
    seen = {}
    for row in sorted(folder["links"], key=lambda r: r["opened_month"]):
        before = seen.get(row["post"])
        if before and row["place"] == 1 and before["opened_month"] < before["closed_month"]:
            break
        seen[row["post"]] = row
    at = folder.find("links", lambda r: r["chain_id"] == row["chain_id"] and r["place"] == 1)
    folder.set("links", "opened_month", at, before["opened_month"])
    folder.set("links", "opened_round", at, before["opened_round"])
    assert "one_row_per_post_at_a_time" in folder.failing()


@pytest.mark.parametrize(
    ("column", "value"),
    [("end_rung", 9), ("origin_sector", "mining"), ("end", "destroyed"), ("origin", "promotion")],
)
def test_chain_disagrees_with_links(folder, column, value):
    at = folder.find("chains", lambda row: row["end"] == "jobseeker")
    folder.set("chains", column, at, value)
    assert folder.failing() == {"chains_agree_with_links"}


@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("people", "status_end"),
        ("people", "post_end"),
        ("posts", "holder_end"),
        ("posts", "rung_end"),
    ],
)
def test_end_column_differs(folder, file, column):
    at = folder.find(file, lambda row: row[column] not in (None, 0, "dead"))
    folder.set(file, column, at, {"status_end": "dead", "rung_end": 0}.get(column))
    assert folder.failing() == {"replay_gives_end_columns"}


def test_event_of_another_person(folder):
    at = folder.find("events", lambda row: row["kind"] == "separated")
    other = folder.find("events", lambda row: row["kind"] == "kept_on")
    folder.set("events", "person", at, folder["events"][other]["person"])
    assert "conservation_every_round" in folder.failing()


def test_event_lost(folder):
    at = folder.find("events", lambda row: row["kind"] == "vacancy_opened")
    folder.keep("events", lambda row: row["seq"] != at)
    assert "conservation_every_round" in folder.failing()


def test_events_out_of_order(folder):
    rows = folder["events"]
    at = folder.find("events", lambda row: row["month"] == 3)
    folder.set("events", "seq", at, rows[-1]["seq"] + 1)
    assert "conservation_every_round" in folder.failing()


def test_chain_left_out(folder):
    # a whole chain goes from both files: they still agree with each other
    gone = next(
        row["chain_id"]
        for row in folder["chains"]
        if row["end"] == "withdrawn" and row["length"] == 1 and row["end_month"] >= 0
    )
    for file in ("links", "chains"):
        folder.keep(file, lambda row: row["chain_id"] != gone)
    assert folder.failing() == {"chains_begun_ended_open"}


def test_hire_that_was_none(folder):
    at = folder.find("chains", lambda row: row["end"] == "jobseeker" and row["length"] == 1)
    chain = folder["chains"][at]["chain_id"]
    folder.set("chains", "end", at, "withdrawn")
    link = folder.find("links", lambda row: row["chain_id"] == chain)
    folder.set("links", "fill", link, "given_up")
    assert folder.failing() == {"hires_separations_filled"}


def test_filled_posts_at_start_differ(folder):
    at = folder.find("posts", lambda row: row["state_start"] == "withdrawn")
    folder.set("posts", "state_start", at, "filled")
    assert "hires_separations_filled" in folder.failing()


@pytest.mark.parametrize("outcome", ["filled_posts", "in_commuters", "register_unemployed"])
def test_monthly_stock_differs(folder, outcome):
    assert outcome in STOCKS
    at = folder.find("monthly", lambda row: row["outcome"] == outcome and row["month"] == 5)
    folder.set("monthly", "mean", at, folder["monthly"][at]["mean"] + 1)
    rows = {row.check: row for row in check_results(folder.path)}
    assert not rows["monthly_stocks"].holds
    assert rows["monthly_stocks"].detail == f"{outcome} differs; month: 1 row, first 5"
    assert folder.failing() == {"monthly_stocks"}


def test_monthly_without_stocks(folder):
    folder.keep("monthly", lambda row: row["month"] > 99)
    assert folder.failing() == {"monthly_stocks"}


# --- files that cannot be read ---


def test_missing_folder(tmp_path):
    with pytest.raises(ResultError, match="is not a folder"):
        check_results(tmp_path / "nowhere")


def test_empty_folder(tmp_path):
    with pytest.raises(ResultError, match=r"manifest\.json is missing"):
        check_results(tmp_path)


@pytest.mark.parametrize("file", ["links", "events", "people", "workplaces", "monthly"])
def test_missing_file(folder, file):
    (folder.path / f"{file}.parquet").unlink()
    with pytest.raises(ResultError, match=f"{file}.parquet is missing"):
        check_results(folder.path)


@pytest.mark.parametrize("file", ["links", "events", "posts", "workplaces"])
@pytest.mark.parametrize("part", [0, 0.5, 0.98])
def test_damaged_file(folder, file, part):
    path = folder.path / f"{file}.parquet"
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(ResultError, match=f"{file}.parquet in .* is damaged"):
        check_results(folder.path)


def test_missing_column(folder):
    path = folder.path / "links.parquet"
    write_parquet(path, read_table(folder.path, "links.parquet").drop_columns(["fill"]))
    with pytest.raises(ResultError, match="lacks the column 'fill'"):
        check_results(folder.path)


def test_column_of_another_type(folder):
    path = folder.path / "links.parquet"
    made = read_table(folder.path, "links.parquet")
    at = made.column_names.index("place")
    words = pa.array(["one"] * made.num_rows)
    write_parquet(path, made.set_column(at, "place", words))
    with pytest.raises(ResultError, match="column 'place' holds string"):
        check_results(folder.path)


def test_unknown_word(folder):
    folder.set("links", "fill", 0, "teleported")
    with pytest.raises(ResultError, match="unknown word 'teleported'"):
        check_results(folder.path)


def test_damaged_manifest(folder):
    (folder.path / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(ResultError, match=r"manifest\.json in .* is damaged"):
        check_results(folder.path)


def test_folder_without_a_ledger(folder):
    for file in ("posts", "people", "workplaces", "events", "links", "chains"):
        (folder.path / f"{file}.parquet").unlink()
    with pytest.raises(ResultError, match=r"posts\.parquet is missing"):
        check_results(folder.path)
