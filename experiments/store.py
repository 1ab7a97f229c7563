"""Results of a sweep on disk: shards that appear whole or not at all, and one final table.

A run counts as done when its row stands in a closed shard. The name of a shard is the hash of its
bytes, so that a damaged one gives itself away. No shard holds a time, a path or a machine: the
final table has the same bytes however often the sweep was stopped and wherever it ran.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.design import Plan
from experiments.execution import Done, known_outcomes, outcome_columns
from simulator.errors import ResultError, explain
from simulator.files import json_bytes, manifest_of, read_manifest, write_whole

SHARDS = "shards"
RESULTS = "results.parquet"
GROUP = 1 << 14  # rows of the final table that are in memory at a time
DIGITS = 32  # of a shard's hash, in its name
KEYS = (
    ("row", pa.int64(), "number", "position in the design; run --from DIR --row N runs it again"),
    ("run", pa.string(), "key", "hash of everything that decides the run"),
    ("place", pa.string(), "word", "place"),
    ("point", pa.int64(), "number", "point of the design"),
    ("closure", pa.string(), "word", "demand closure: R or E"),
    ("replication", pa.int32(), "number", "replication, from 0"),
    ("seed", pa.int64(), "number", "seed of the worlds"),
    ("status", pa.string(), "word", "done or failed"),
    ("error", pa.string(), "text", "what went wrong; null when nothing did"),
)


class Columns:
    """The columns of a sweep's table: keys, factors, outcomes."""

    def __init__(self, plan: Plan) -> None:
        self.outcomes = outcome_columns(plan.design, known_outcomes(plan))
        fields = [pa.field(name, kind) for name, kind, _, _ in KEYS]
        for d in plan.dimensions:
            words = d.values is not None and any(isinstance(v, str) for v in d.values)
            fields.append(pa.field(d.column, pa.string() if words else pa.float64()))
        fields += [pa.field(name, pa.float64()) for name, _, _ in self.outcomes]
        self.schema = pa.schema(fields)
        self._described = [(name, str(kind), unit, text) for name, kind, unit, text in KEYS] + [
            (d.column, str(self.schema.field(d.column).type), d.unit, f"{d.role}: {d.name}")
            for d in plan.dimensions
        ] + [(name, "double", unit, text) for name, unit, text in self.outcomes]  # fmt: skip

    def codebook(self) -> bytes:
        """Return ``codebook.csv``."""
        lines = ["file,column,type,unit,meaning"]
        for name, kind, unit, text in self._described:
            lines.append(",".join(_quoted(x) for x in (RESULTS, name, kind, unit, text)))
        return ("\n".join(lines) + "\n").encode()

    def table(self, plan: Plan, done: Sequence[Done]) -> pa.Table:
        """Return the rows of finished blocks, sorted by row."""
        rows = [row for block in done for row in block.rows]
        errors = [error for block in done for error in block.errors]
        width = len(self.outcomes)
        values = np.concatenate(
            [
                block.values if block.values.shape[1] else np.full((len(block.rows), width), np.nan)
                for block in done
            ]
        )
        order = sorted(range(len(rows)), key=lambda i: rows[i].row)
        rows = [rows[i] for i in order]
        errors = [errors[i] for i in order]
        values = values[order]
        cells = [plan.cells(row.point) for row in rows]
        columns: list[Any] = [
            [row.row for row in rows],
            [plan.run_id(row) for row in rows],
            [plan.sites[row.place].id for row in rows],
            [row.point for row in rows],
            [row.closure for row in rows],
            [row.replication for row in rows],
            [row.seed for row in rows],
            ["failed" if error else "done" for error in errors],
            [error or None for error in errors],
        ]
        columns += [[cell[d.column] for cell in cells] for d in plan.dimensions]
        columns += [pa.array(values[:, i], from_pandas=True) for i in range(width)]
        arrays = [
            column if isinstance(column, pa.Array) else pa.array(column, field.type)
            for column, field in zip(columns, self.schema, strict=True)
        ]
        return pa.Table.from_arrays(arrays, schema=self.schema)


def _quoted(text: str) -> str:
    return f'"{text}"' if "," in text else text


class Store:
    """The folder of a sweep.

    Parameters
    ----------
    folder
        Made when it is not there.
    plan
        What the folder is to hold.

    Raises
    ------
    ResultError
        When it holds another sweep, or was begun with other code or other scenarios, or a shard
        is damaged, or nothing can be written.
    """

    def __init__(self, folder: str | Path, plan: Plan, command: str = "") -> None:
        self.folder = Path(folder)
        self.plan = plan
        self.columns = Columns(plan)
        self.shards = self.folder / SHARDS
        self._pending: list[Done] = []
        try:
            manifest = self.folder / "manifest.json"
            if manifest.exists():
                check_same(self.folder, plan)
            elif self.folder.is_dir() and any(self.folder.glob("[!.]*")):
                raise ResultError(
                    f"{self.folder} is not empty and holds no sweep; choose another folder "
                    "with --out."
                )
            self.shards.mkdir(parents=True, exist_ok=True)
            if not manifest.exists():
                self._write_manifest(command, "running")
                write_whole(self.folder / "codebook.csv", self.columns.codebook())
            for left in self.shards.glob(".*.part"):
                left.unlink()
        except OSError as error:
            raise explain(error, "write", self.folder) from error
        self.done = np.zeros(plan.rows, bool)
        self.failed = 0
        for path in self.shard_paths():
            self._take(path)

    def shard_paths(self) -> list[Path]:
        """Return the closed shards, by name."""
        return sorted(self.shards.glob("*.parquet"))

    def _take(self, path: Path) -> None:
        rows, failed = read_shard(path, self.columns.schema)
        if len(rows) and (rows.min() < 0 or rows.max() >= self.plan.rows):
            raise _damaged(path)
        new = ~self.done[rows]
        self.failed += int((failed & new).sum())
        self.done[rows] = True

    def _write_manifest(self, command: str, state: str, **more: Any) -> None:
        plan, design = self.plan, self.plan.design
        data = manifest_of(
            command=command or f"sweep {design.id}",
            seeds=[design.seed],
            scenario_hash=plan.scenario_hash,
            kind="sweep",
            state=state,
            design_hash=plan.design_hash,
            rows=plan.rows,
            points=len(plan.codes),
            replications=design.replications,
            inputs=plan.inputs(),
            **more,
        )
        write_whole(self.folder / "manifest.json", json_bytes(data))

    # ---- writing ---------------------------------------------------------------------------

    @property
    def pending(self) -> int:
        """Rows that are finished, but not yet in a closed shard."""
        return sum(len(block.rows) for block in self._pending)

    def add(self, done: Done) -> None:
        """Take a finished block; it counts once :meth:`close_shard` returned."""
        self._pending.append(done)

    def close_shard(self) -> None:
        """Write what is pending as one shard, whole or not at all.

        Raises
        ------
        ResultError
            When the disk is full or cannot be written; closed shards stay good.
        """
        if not self._pending:
            return
        made = self.columns.table(self.plan, self._pending)
        data = _bytes_of(made)
        name = hashlib.sha256(data).hexdigest()[:DIGITS]
        partial = self.shards / f".{secrets.token_hex(4)}.part"
        try:
            try:
                with partial.open("wb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())
                partial.replace(self.shards / f"{name}.parquet")
                _sync(self.shards)
            finally:
                partial.unlink(missing_ok=True)
        except OSError as error:
            raise ResultError(
                f"{explain(error, 'write', self.shards)} The {len(self.shard_paths())} closed "
                "shards are kept: run the same command again to continue."
            ) from error
        rows = made["row"].to_numpy()
        new = ~self.done[rows]
        self.failed += int((np.array([bool(e) for b in self._pending for e in b.errors])).sum())
        self.done[rows[new]] = True
        self._pending.clear()

    def forget_failed(self) -> int:
        """Take rows that failed as not done, so that they are run again; return their number."""
        again = 0
        for path in self.shard_paths():
            rows, failed = read_shard(path, self.columns.schema)
            again += int(failed.sum())
            self.done[rows[failed]] = False
        self.failed = 0
        return again

    def finish(self, command: str = "", **more: Any) -> Path:
        """Write ``results.parquet`` from all shards, sorted by row, and close the manifest.

        Returns
        -------
        Path of the table.
        """
        path = self.folder / RESULTS
        partial = self.folder / f".{RESULTS}.{secrets.token_hex(4)}"
        digest = hashlib.sha256()
        try:
            try:
                # no arrow schema: nothing but the data and the name of the library
                with (
                    partial.open("wb") as stream,
                    pq.ParquetWriter(
                        stream, self.columns.schema, compression="zstd", store_schema=False
                    ) as writer,
                ):
                    for part in merged(self.shard_paths(), self.columns.schema):
                        for first in range(0, len(part), GROUP):
                            # one chunk, so that pages do not show where shards ended
                            writer.write_table(part.slice(first, GROUP).combine_chunks())
                with partial.open("rb") as written:
                    while data := written.read(1 << 20):
                        digest.update(data)
                    os.fsync(written.fileno())
                partial.replace(path)
            finally:
                partial.unlink(missing_ok=True)
        except OSError as error:
            raise explain(error, "write", path) from error
        complete = bool(self.done.all())
        self._write_manifest(
            command,
            "complete" if complete else "part",
            finished_rows=int(self.done.sum()),
            failed=self.failed,
            digest=digest.hexdigest()[:16],
            **more,
        )
        return path


def _bytes_of(made: pa.Table) -> bytes:
    stream = io.BytesIO()
    pq.write_table(made, stream, compression="zstd", store_schema=False)
    return stream.getvalue()


def _sync(folder: Path) -> None:
    """Make the name of a new file outlive a power cut, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def _damaged(path: Path) -> ResultError:
    return ResultError(
        f"The shard {path} is damaged; delete it and run the same command again: "
        "only its rows are run again."
    )


def _checked(path: Path, schema: pa.Schema) -> pq.ParquetFile:
    try:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest()[:DIGITS] != path.stem:
            raise _damaged(path)
        file = pq.ParquetFile(io.BytesIO(data))
    except pa.ArrowException as error:
        raise _damaged(path) from error
    except OSError as error:
        raise explain(error, "read", path) from error
    if file.schema_arrow.names != schema.names:
        raise _damaged(path)
    return file


def read_shard(path: Path, schema: pa.Schema) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of a shard and which of them failed; its bytes are verified.

    Raises
    ------
    ResultError
        When the shard is damaged.
    """
    made = _checked(path, schema).read(columns=["row", "status"])
    return made["row"].to_numpy(), made["status"].to_numpy() == "failed"


def merged(paths: Sequence[Path], schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield the rows of all shards in order, each once, some thousands at a time.

    Shards lie nearly in the order of rows, so only those that overlap are in memory together. A
    row that was run again after a failure counts as run again.

    Raises
    ------
    ResultError
        When the same row stands in two shards with different results.
    """
    spans = []
    for path in paths:
        rows, _ = read_shard(path, schema)
        if len(rows):
            spans.append((int(rows[0]), path))
    spans.sort()
    held: pa.Table | None = None
    for at, (_, path) in enumerate(spans):
        made = _checked(path, schema).read().cast(schema)
        held = made if held is None else pa.concat_tables([held, made])
        following = spans[at + 1][0] if at + 1 < len(spans) else None
        held = _each_once(held.sort_by("row"))
        rows = held["row"].to_numpy()
        ready = len(rows) if following is None else int(np.searchsorted(rows, following))
        if following is None or ready >= GROUP:
            # whole groups, so that the final bytes do not depend on the shards
            if following is not None:
                ready -= ready % GROUP
            yield held.slice(0, ready)
            held = held.slice(ready)


def _each_once(made: pa.Table) -> pa.Table:
    rows = made["row"].to_numpy()
    if len(rows) < 2 or not (rows[1:] == rows[:-1]).any():
        return made
    failed = made["status"].to_numpy() == "failed"
    keep: list[int] = []
    for i in range(len(rows)):
        if keep and rows[keep[-1]] == rows[i]:
            if failed[keep[-1]]:
                keep[-1] = i
            elif not failed[i] and made.slice(i, 1) != made.slice(keep[-1], 1):
                raise ResultError(
                    f"Row {rows[i]} has two different results in the shards; the machines do not "
                    "agree. Run 'reproduce' on each folder to see which one differs."
                )
        else:
            keep.append(i)
    return made.take(keep)


# ---- comparing and opening folders ---------------------------------------------------------------


def changes(folder: Path, plan: Plan) -> list[str]:
    """Return what is not as it was when a folder was begun, in words.

    Raises
    ------
    ResultError
        When the folder holds no sweep.
    """
    manifest = read_manifest(folder)
    if manifest.get("kind") != "sweep":
        raise ResultError(f"{folder} holds other results; choose another folder with --out.")
    inputs = manifest.get("inputs", {})
    found = []
    old, new = inputs.get("design", {}), json.loads(plan.design.model_dump_json())
    keys = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    if keys:
        found.append(f"the design ({', '.join(keys)})")
    for before, now in zip(inputs.get("hashes", []), plan.hashes, strict=False):
        found += [
            f"the {word}" for part, word in _PARTS.items() if before.get(part) != now.get(part)
        ]
    if not found and manifest.get("design_hash") != plan.design_hash:
        found.append("the points (another version of scipy or SALib)")
    return list(dict.fromkeys(found))


def check_same(folder: Path, plan: Plan) -> None:
    """Refuse a folder that was begun with another design, other code or other scenarios.

    Raises
    ------
    ResultError
        Saying which of them changed.
    """
    found = changes(folder, plan)
    if found:
        raise ResultError(
            f"{folder} was begun before a change of {' and of '.join(found)}; go back to what it "
            "was, choose another folder with --out, or start again with --force."
        )


_PARTS = {
    "code": "program",
    "site": "site file",
    "parameters": "parameters",
    "penalties": "penalties",
    "partners": "partners",
    "mixes": "mixes",
}


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Refuse a second run into the same folder while one runs (where the system has locks)."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / ".lock").open("w")
    except OSError as error:
        raise explain(error, "write", folder) from error
    try:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ResultError(
                f"Another command is writing to {folder}; wait for it or choose another --out."
            ) from None
        except OSError:
            pass  # a network disk without locks
        yield
    finally:
        stream.close()
        (folder / ".lock").unlink(missing_ok=True)
