"""Write and read result files: the same bytes for the same data, whole or not at all.

Columns become files through :mod:`simulator.codebook`: integers that are codes are written as
words, missing values as null. No file but ``manifest.json`` holds a time, a path or a name of a
machine. A folder is written beside its target under another name and renamed when it is complete.
"""

from __future__ import annotations

import csv
import io
import json
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from simulator.codebook import BARRIER, FILES, MEASURE, SECTOR, Column, columns_of
from simulator.codes import Cause, EventKind, PostState, Status, labels
from simulator.columns import Event, Person, Policy, Post, Workplace
from simulator.errors import ResultError, explain
from simulator.ledger import (
    NULL,
    NULL_KEY,
    OPENINGS,
    Ledger,
    RunRecord,
    derive_ledger,
    keys_of,
    month_of,
    round_of,
)

EVENT_GROUP = 1 << 18  # rows of events converted and written at a time
PACKAGES = (
    "vacancy-chain-simulator",
    "numpy",
    "scipy",
    "pandas",
    "numba",
    "mesa",
    "matplotlib",
    "pyarrow",
    "pydantic",
)
_FINAL = (Status.RETIRED, Status.LEFT, Status.DEAD)

Words = Mapping[str, Sequence[str]]


# --- folders and single files -------------------------------------------------------------------


@contextmanager
def output_folder(target: str | Path, force: bool = False) -> Iterator[Path]:
    """Give a folder to write into, which becomes ``target`` when the block ends without error.

    Parameters
    ----------
    target
        Folder that shall hold the results; parents are made.
    force
        Replace an existing results folder. In an existing folder that holds no results
        (no ``manifest.json``) only files of the same name are replaced.

    Yields
    ------
    Path
        An empty folder beside the target.

    Raises
    ------
    ResultError
        When the target exists and is not empty, cannot be written or the disk is full. Nothing
        is left half-written.
    """
    target = Path(target)
    made: list[Path] = []
    partial = None
    try:
        _check_target(target, force)
        for parent in [*reversed(target.absolute().parents)]:
            if not parent.exists():
                parent.mkdir()
                made.append(parent)
        partial = target.absolute().parent / f".{target.absolute().name}.{secrets.token_hex(4)}"
        partial.mkdir()
        yield partial
        _put(partial, target)
    except BaseException as error:
        if partial is not None:
            shutil.rmtree(partial, ignore_errors=True)
        for parent in reversed(made):
            try:
                parent.rmdir()
            except OSError:
                break
        if isinstance(error, OSError):
            raise explain(error, "write", target) from error
        raise


def _check_target(target: Path, force: bool) -> None:
    if target.exists() and not target.is_dir():
        raise ResultError(f"{target} is a file; give the name of a folder with --out.")
    if target.is_dir() and any(target.iterdir()) and not force:
        raise ResultError(
            f"{target} already holds files; choose another folder with --out or replace it with "
            "--force."
        )


def _put(partial: Path, target: Path) -> None:
    """Move the complete folder to its place."""
    if target.is_dir() and any(target.iterdir()):
        if not (target / "manifest.json").is_file():
            # not a folder of ours: leave alone what else it holds
            for path in sorted(partial.iterdir()):
                old = target / path.name
                if old.is_dir() and not old.is_symlink():
                    shutil.rmtree(old)
                path.replace(old)
            partial.rmdir()
            return
        aside = partial.with_name(partial.name + ".old")
        target.rename(aside)
        try:
            partial.rename(target)
        except OSError:
            aside.rename(target)
            raise
        shutil.rmtree(aside, ignore_errors=True)
        return
    if target.is_dir():
        target.rmdir()
    partial.rename(target)


def write_whole(path: str | Path, content: bytes) -> None:
    """Write one file, whole or not at all.

    Raises
    ------
    ResultError
        When it cannot be written.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise explain(error, "write", path) from error


def json_bytes(data: Any) -> bytes:
    """Return JSON with sorted keys as UTF-8, ending with a line break."""
    return (json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def program_version() -> str:
    """Return the version of the program."""
    try:
        return version("vacancy-chain-simulator")
    except PackageNotFoundError:
        return "0 (not installed)"


def manifest_of(
    *, command: str, seeds: Sequence[int], scenario_hash: str, **more: Any
) -> dict[str, Any]:
    """Return the content of ``manifest.json``: what was run, on what, with which versions.

    Parameters
    ----------
    command
        The command line, or the Python call.
    seeds
        Seeds of the replications.
    scenario_hash
        Hash of everything that decides the result.
    **more
        Anything else, such as ``site``, ``mix`` and ``started``. ``check`` reads ``mix``.
    """
    packages: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = None
    return {
        "version": packages["vacancy-chain-simulator"],
        "command": command,
        "seeds": list(seeds),
        "scenario_hash": scenario_hash,
        "packages": packages,
        **more,
    }


def write_manifest(
    folder: Path,
    *,
    command: str,
    seeds: Sequence[int],
    scenario_hash: str,
    **more: Any,
) -> None:
    """Write ``manifest.json`` into a results folder; see :func:`manifest_of`."""
    data = manifest_of(command=command, seeds=seeds, scenario_hash=scenario_hash, **more)
    (folder / "manifest.json").write_bytes(json_bytes(data))


def write_study(
    folder: str | Path,
    force: bool,
    tables: Mapping[str, pd.DataFrame],
    text: str,
    figures: Mapping[str, Any] | None = None,
    **manifest: Any,
) -> Path:
    """Write what a study leaves, and return the folder.

    Parameters
    ----------
    tables
        By name, written as ``NAME.csv``.
    text
        The answer of the screen, written as ``answer.txt``.
    figures
        Drawings by name, written into ``figures``.
    **manifest
        As for :func:`manifest_of`.

    Raises
    ------
    ResultError
        When the folder exists and is not empty, or cannot be written.
    """
    with output_folder(folder, force) as made:
        for name, table in tables.items():
            table.to_csv(made / f"{name}.csv", index=False, lineterminator="\n")
        (made / "answer.txt").write_text(text + "\n", encoding="utf-8")
        if figures:
            from simulator.stories import save_figure  # it imports this module

            (made / "figures").mkdir()
            for name, figure in figures.items():
                save_figure(figure, made / "figures" / name)
        write_manifest(made, **manifest)
    return Path(folder)


# --- columns to files ---------------------------------------------------------------------------


_TYPES = {
    "int64": pa.int64(),
    "int32": pa.int32(),
    "int8": pa.int8(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
    "string": pa.string(),
}


def _words_of(column: Column, words: Words) -> list[str] | None:
    if column.words is None:
        return None
    if isinstance(column.words, str):
        return list(words.get(column.words, ()))
    return labels(column.words)


def _array(column: Column, values: Any, words: Words) -> pa.Array:
    """Turn values into an arrow array of the type of the column, sentinels into null."""
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values
    values = np.asarray(values)
    is_code = column.dtype == "string" and values.dtype.kind in "iu"
    if is_code:
        names = _words_of(column, words)
        if not names:  # a list of the run that is empty: everything is missing
            return pa.nulls(len(values), pa.string()).dictionary_encode()
        codes = values.astype(np.int32)
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), pa.array(names))
    if column.dtype == "string":
        return pa.array(pd.array(values, dtype="str"), pa.string(), from_pandas=True)
    if column.dtype == "bool":
        if values.dtype.kind == "b":
            return pa.array(values)
        return pa.array(values > 0, mask=values < 0)
    if column.dtype == "float64":
        return pa.array(values.astype(np.float64), from_pandas=True)
    if values.dtype.kind == "f":
        mask = np.isnan(values)
    else:
        mask = (values == NULL) if column.dtype != "int64" else np.zeros(len(values), bool)
        mask |= values == NULL_KEY if values.dtype.itemsize == 8 else values == NULL
    clean = np.where(mask, 0, values).astype(column.dtype)
    return pa.array(clean, mask=mask if mask.any() else None)


def table(
    file: str,
    columns: Mapping[str, Any],
    words: Words | None = None,
    barriers: Mapping[str, str] | None = None,
) -> pa.Table:
    """Turn columns into the table of a result file.

    Parameters
    ----------
    file
        Name of a result file of the codebook.
    columns
        Values by name (a mapping or a data frame); other names are ignored. Codes may be
        integers (-1 is missing) or words; numbers are missing at the smallest integer.
    words
        Lists of the run: ``{"sector": [...], "measure": [...]}``.
    barriers
        Barriers of the place (``people.parquet``).
    """
    words = words or {}
    schema = columns_of(file, barriers)
    return pa.table({c.name: _array(c, columns[c.name], words) for c in schema})


def frame(file: str, columns: Mapping[str, Any], words: Words | None = None) -> pd.DataFrame:
    """Return the rows of a result file as a data frame, words as strings."""
    made = table(file, columns, words)
    plain = [c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c for c in made.columns]
    return pa.table(dict(zip(made.column_names, plain, strict=True))).to_pandas()


def _writer(stream: Any, schema: pa.Schema) -> pq.ParquetWriter:
    # no arrow schema and no pandas metadata: nothing but the data and the name of the library
    return pq.ParquetWriter(
        stream, schema, compression="zstd", store_schema=False, write_statistics=True
    )


def write_parquet(path: str | Path, made: pa.Table) -> None:
    """Write a table: zstd, no metadata; the same bytes for the same data."""
    with open(path, "wb") as stream, _writer(stream, made.schema) as writer:
        writer.write_table(made, row_group_size=EVENT_GROUP)


def write_csv(path: str | Path, file: str, columns: Mapping[str, Any]) -> None:
    """Write a CSV file of the codebook: UTF-8, Unix line ends, shortest exact numbers.

    Parameters
    ----------
    path
        Where to write.
    file
        Name in the codebook, such as ``"summary.csv"``.
    columns
        Values by name (a mapping or a data frame).
    """
    names = [column.name for column in FILES[file]]
    text = io.StringIO()
    pd.DataFrame({name: columns[name] for name in names}).to_csv(
        text, index=False, lineterminator="\n"
    )
    Path(path).write_bytes(text.getvalue().encode())


def write_codebook(folder: Path, barriers: Mapping[str, str] | None = None) -> None:
    """Write ``codebook.csv``: every file of the folder, every column, type, unit and meaning.

    Parameters
    ----------
    folder
        Results folder with the files that are described (called last).
    barriers
        Barriers of the place, id to meaning.
    """
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow([column.name for column in FILES["codebook.csv"]])
    for file in FILES:
        if (folder / file).exists() or file == "codebook.csv":
            for c in columns_of(file, barriers):
                out.writerow([file, c.name, c.dtype, c.unit, c.description])
    (folder / "codebook.csv").write_bytes(text.getvalue().encode())


# --- the ledger files of a run ------------------------------------------------------------------


def write_ledger_files(
    folder: Path,
    record: RunRecord,
    *,
    sectors: Sequence[str],
    measures: Sequence[str],
    barriers: Mapping[str, str],
    ledger: Ledger | None = None,
) -> Ledger:
    """Write posts, people, workplaces, events, links and chains of a run.

    Rows are sorted by key, so the order of rows in the state does not show.

    Parameters
    ----------
    folder
        Folder to write into (see :func:`output_folder`).
    record
        What the run left behind.
    sectors, measures
        Words of the sector codes and of the measure numbers.
    barriers
        Barriers of the place in the order of the bits, id to meaning.
    ledger
        The derived ledger, when it is there already.
    """
    ledger = derive_ledger(record) if ledger is None else ledger
    words = {SECTOR: sectors, MEASURE: measures}
    write_parquet(folder / "posts.parquet", table("posts.parquet", _posts(record, ledger), words))
    write_parquet(
        folder / "people.parquet",
        table("people.parquet", _people(record, ledger, barriers), words, barriers),
    )
    write_parquet(
        folder / "workplaces.parquet", table("workplaces.parquet", _workplaces(record), words)
    )
    # in parts, so that a large table of events never stands twice in memory
    part = table("events.parquet", _events(record, 0, EVENT_GROUP), words)
    with (
        open(folder / "events.parquet", "wb") as stream,
        _writer(stream, part.schema) as writer,
    ):
        writer.write_table(part)
        for first in range(EVENT_GROUP, len(record.events), EVENT_GROUP):
            part = table("events.parquet", _events(record, first, first + EVENT_GROUP), words)
            writer.write_table(part)
    write_parquet(folder / "links.parquet", table("links.parquet", ledger.links, words))
    write_parquet(folder / "chains.parquet", table("chains.parquet", ledger.chains, words))
    return ledger


def _rows_at_start(column: np.ndarray, size: int, missing: int) -> np.ndarray:
    """Extend a column of month 0 by rows that came later."""
    out = np.full(size, missing, np.int32)
    out[: column.size] = column
    return out


def _posts(record: RunRecord, ledger: Ledger) -> dict[str, np.ndarray]:
    n = record.n_posts
    start, posts = record.start, record.posts[:, :n]
    state_start = _rows_at_start(start.state, n, -1)
    used = state_start != PostState.DESTROYED
    used[ledger.links["post_row"]] = True  # links of open chains may point to posts of the past
    keep = np.flatnonzero(used)
    keep = keep[np.argsort(record.post_keys[keep])]
    gone = posts[Post.STATE, keep] == PostState.DESTROYED
    return {
        "post": record.post_keys[keep],
        "workplace": posts[Post.WORKPLACE, keep].astype(np.int64),
        "sector": posts[Post.SECTOR, keep],
        "created_month": posts[Post.CREATED_MONTH, keep],
        "created_by": posts[Post.CREATED_BY, keep],
        "removed_month": np.where(gone, posts[Post.REMOVED_MONTH, keep], NULL).astype(np.int32),
        "removed_by": np.where(gone, posts[Post.REMOVED_BY, keep], -1),
        "state_start": state_start[keep],
        "holder_start": keys_of(record.person_keys, _rows_at_start(start.holder, n, -1)[keep]),
        "rung_start": _rows_at_start(start.rung, n, NULL)[keep],
        "state_end": posts[Post.STATE, keep],
        "holder_end": keys_of(record.person_keys, posts[Post.HOLDER, keep]),
        "rung_end": posts[Post.RUNG, keep] + posts[Post.TITLE, keep],
    }


def _people(
    record: RunRecord, ledger: Ledger, barriers: Mapping[str, str]
) -> dict[str, np.ndarray]:
    n = record.n_people
    start, people, events = record.start, record.people[:, :n], record.events
    status_start = _rows_at_start(start.status, n, -1)
    used = ~np.isin(status_start, _FINAL)
    for rows in (ledger.links["person_row"], events[:, Event.PERSON]):
        used[rows[rows >= 0]] = True
    keep = np.flatnonzero(used)
    keep = keep[np.argsort(record.person_keys[keep])]
    resident = _rows_at_start(start.resident, n, 0)
    entered = events[events[:, Event.KIND] == EventKind.ENTERED]
    resident[entered[:, Event.PERSON]] = entered[:, Event.STATE] & 1
    columns = {
        "person": record.person_keys[keep],
        "entered_month": people[Person.ENTERED_MONTH, keep],
        "entered_as": people[Person.ENTERED_AS, keep],
        "resident": resident[keep],
        "sex": people[Person.SEX, keep],
        "education": people[Person.EDUCATION, keep],
        "birth_month": people[Person.BIRTH_MONTH, keep],
        "status_start": status_start[keep],
        "status_end": people[Person.STATUS, keep],
        "post_start": keys_of(record.post_keys, _rows_at_start(start.post, n, -1)[keep]),
        "post_end": keys_of(record.post_keys, people[Person.POST, keep]),
    }
    flags = people[Person.BARRIERS, keep]
    for bit, name in enumerate(barriers):
        columns[BARRIER + name] = (flags >> bit) & 1
    return columns


def _workplaces(record: RunRecord) -> dict[str, np.ndarray]:
    workplaces, policies = record.workplaces, record.policies
    n = workplaces.shape[1]
    posts = record.posts[:, : record.n_posts]
    at_start = record.start.state != PostState.DESTROYED
    at_end = posts[Post.STATE] != PostState.DESTROYED
    of_start = posts[Post.WORKPLACE, : at_start.size][at_start]
    return {
        "workplace": np.arange(n, dtype=np.int64),
        "employer": workplaces[Workplace.EMPLOYER].astype(np.int64),
        "sector": workplaces[Workplace.SECTOR],
        "size_class": workplaces[Workplace.SIZE_CLASS],
        "posts_start": np.bincount(of_start, minlength=n).astype(np.int32),
        "posts_end": np.bincount(posts[Post.WORKPLACE][at_end], minlength=n).astype(np.int32),
        "trend": workplaces[Workplace.TREND],
        "considers_long_term": workplaces[Workplace.CONSIDERS_LONG_TERM],
        "takes_part": workplaces[Workplace.TAKES_PART],
        "inclusiveness": policies[Policy.INCLUSIVENESS],
        "internal_first": policies[Policy.INTERNAL_FIRST],
        "retention_first": policies[Policy.RETENTION_FIRST],
        "backfill": policies[Policy.BACKFILL],
        "awareness": policies[Policy.AWARENESS],
    }


def _events(record: RunRecord, first: int, last: int) -> dict[str, np.ndarray]:
    rows = np.ascontiguousarray(record.events[first:last].T)
    person, post, chain_post = rows[Event.PERSON], rows[Event.POST], rows[Event.CHAIN_POST]
    of_person = (person >= 0) & (rows[Event.STATE] >= 0)
    workplace = record.posts[Post.WORKPLACE].astype(np.int64)
    chain = record.post_keys[chain_post] * OPENINGS + rows[Event.CHAIN_OPENING]
    in_chain = chain_post >= 0
    return {
        "seq": np.arange(first, first + rows.shape[1], dtype=np.int64),
        "month": month_of(rows[Event.WHEN]),
        "round": round_of(rows[Event.WHEN]),
        "kind": rows[Event.KIND],
        "person": keys_of(record.person_keys, person),
        "post": keys_of(record.post_keys, post),
        "from_post": keys_of(record.post_keys, rows[Event.FROM_POST]),
        "workplace": keys_of(workplace, post),
        "rung": np.where(rows[Event.RUNG] >= 0, rows[Event.RUNG], NULL).astype(np.int32),
        "status": np.where(of_person, rows[Event.STATE] >> 1, -1),
        "resident": np.where(of_person, rows[Event.STATE] & 1, -1),
        "chain_id": np.where(in_chain, chain, NULL_KEY),
        "place": np.where(in_chain, rows[Event.PLACE], NULL).astype(np.int32),
        "cause": np.where(rows[Event.CAUSE] == Cause.NONE, -1, rows[Event.CAUSE]),
        "measure": rows[Event.MEASURE],
    }


# --- files to columns ---------------------------------------------------------------------------


def read_table(folder: str | Path, file: str) -> pa.Table:
    """Read a parquet file of a results folder, with the columns and types of the codebook.

    Raises
    ------
    ResultError
        When the file is missing, damaged, or lacks a column.
    """
    path = Path(folder) / file
    if not path.is_file():
        raise ResultError(f"{file} is missing in {folder}.")
    try:
        made = pq.read_table(path, partitioning=None)
    except (OSError, pa.ArrowException, ValueError) as error:
        if isinstance(error, PermissionError):
            raise explain(error, "read", path) from error
        raise ResultError(f"{file} in {folder} is damaged and cannot be read.") from error
    for column in columns_of(file):
        if column.name not in made.column_names:
            raise ResultError(f"{file} in {folder} lacks the column '{column.name}'.")
        found = made.schema.field(column.name).type
        if found != _TYPES[column.dtype]:
            if not _safe(found, column.dtype):
                raise ResultError(
                    f"{file} in {folder}: column '{column.name}' holds {found}, "
                    f"but should hold {column.dtype}."
                )
            at = made.column_names.index(column.name)
            made = made.set_column(
                at, column.name, made.column(at).cast(_TYPES[column.dtype], safe=False)
            )
    return made


def _safe(found: pa.DataType, wanted: str) -> bool:
    """Whether a type of another writer (such as pandas) can stand for the wanted one."""
    if pa.types.is_null(found):
        return True
    if wanted == "string":
        return pa.types.is_large_string(found) or pa.types.is_dictionary(found)
    if wanted in ("int64", "int32", "int8"):
        return pa.types.is_integer(found) or pa.types.is_floating(found)
    if wanted == "float64":
        return pa.types.is_integer(found) or pa.types.is_floating(found)
    return False


def read_columns(folder: str | Path, file: str) -> dict[str, np.ndarray]:
    """Read a parquet file back into columns: words as codes (-1 missing), numbers as integers.

    Words of lists that belong to the run (sectors, measures) and other text stay strings.

    Raises
    ------
    ResultError
        When the file is missing or damaged, or holds an unknown word.
    """
    made = read_table(folder, file)
    return {column.name: _values(made[column.name], column, file) for column in columns_of(file)}


def _values(values: pa.ChunkedArray, column: Column, file: str) -> np.ndarray:
    values = values.combine_chunks()
    if column.dtype == "string":
        if not isinstance(column.words, type):
            return values.to_numpy(zero_copy_only=False)
        encoded = values.dictionary_encode()
        code = {word: number for number, word in enumerate(labels(column.words))}
        found = encoded.dictionary.to_pylist()
        for word in found:
            if word not in code:
                raise ResultError(
                    f"{file}: column '{column.name}' holds the unknown word '{word}'."
                )
        lookup = np.array([code[word] for word in found] + [-1], np.int32)
        return lookup[encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    if column.dtype == "bool":
        return values.cast(pa.int8()).fill_null(-1).to_numpy(zero_copy_only=False)
    if column.dtype == "float64":
        return values.fill_null(float("nan")).to_numpy(zero_copy_only=False)
    missing = NULL_KEY if column.dtype == "int64" else NULL
    wide = values if column.dtype == "int64" else values.cast(pa.int32())
    return wide.fill_null(missing).to_numpy(zero_copy_only=False)


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Read ``manifest.json`` of a results folder.

    Raises
    ------
    ResultError
        When the folder or the file is missing or damaged.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ResultError(f"{folder} is not a folder; give the folder of a run.")
    path = folder / "manifest.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ResultError(f"{folder} holds no results: manifest.json is missing.") from error
    except OSError as error:
        raise explain(error, "read", path) from error
    except (ValueError, RecursionError) as error:
        raise ResultError(f"manifest.json in {folder} is damaged and cannot be read.") from error
    if not isinstance(data, dict):
        raise ResultError(f"manifest.json in {folder} is damaged and cannot be read.")
    return data
