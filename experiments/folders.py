"""Which folder is which: what kind of result it holds, how it is made again, whether it is whole.

The one place for the rule. A study that is no run, comparison or sweep leaves a :class:`Call` in
its manifest: the function by its kind, and every argument with what it named (places, mixes,
measures and prices as read), so that nothing but the manifest is needed to run it again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pydantic import BaseModel

from scenarios import ScenarioError, Site
from scenarios.costs import Costs
from scenarios.measures import Measure, Mix
from scenarios.surroundings import Surroundings
from simulator.check_tables import CheckRow
from simulator.errors import ResultError, explain
from simulator.files import json_bytes, output_folder, read_manifest
from simulator.town import Town

# studies that can be run again from their call: where the function is
STUDIES = {
    "across": "experiments.across:across",
    "break-even": "experiments.break_even:break_even",
    "essential": "experiments.essential:essential",
    "impulses": "experiments.impulse_study:impulse_study",
    "optimise": "experiments.optimise:optimise",
    "reserve": "experiments.reserve:reserve",
    "saturation": "experiments.saturation:saturation",
    "sensitivity": "experiments.indices:sensitivity",
    "transfer": "experiments.transfer:transfer",
    "trial": "experiments.trials:trial_study",
    "workplace": "experiments.workplace:workplace",
}
KINDS = ("run", "compare", "sweep", *STUDIES, "calibrate")
MODELS: dict[str, type[BaseModel]] = {"mix": Mix, "measure": Measure, "costs": Costs}
DIGITS = 16  # of a file's digest in the manifest
UNFINISHED = "unfinished"  # state of a folder that keeps the parts of a stopped study


def kind_of(manifest: Mapping[str, Any]) -> str:
    """Return the kind of a result folder by its manifest; the empty word when it does not say.

    Examples
    --------
    >>> kind_of({"command": "run kokkola --years 2"}), kind_of({"kind": "sweep"})
    ('run', 'sweep')
    >>> kind_of({"command": "across --transfer kokkola"}), kind_of({"command": "break_even('x')"})
    ('transfer', 'break-even')
    """
    named = manifest.get("kind")
    if named:
        return str(named)
    words = str(manifest.get("command", "")).split()
    if words[:2] == ["across", "--transfer"]:
        return "transfer"
    first = words[0].split("(")[0].replace("_", "-") if words else ""
    return first if first in KINDS else ""


# ---- what a manifest holds of a call -----------------------------------------------------------


class Call:
    """A call of a study: its kind and its arguments as they were used.

    Parameters
    ----------
    kind : str
        Of :data:`STUDIES`.
    arguments
        By name, with everything that they named read: towns, mixes, measures, prices, tables;
        a path is a folder of results.
    """

    def __init__(self, kind: str, /, **arguments: Any) -> None:
        self.kind = kind
        self.arguments = arguments

    def plain(self, folder: Path) -> dict[str, Any]:
        """Return the call as a manifest in a folder holds it."""
        # in the order of their texts, each once, as changed_since finds them
        found = {
            mix.model_dump_json(): mix for mix in _each(self.arguments) if isinstance(mix, Mix)
        }
        mixes = [found[text] for text in sorted(found)]
        return {
            "kind": self.kind,
            "arguments": {
                name: _plain(value, mixes, folder) for name, value in self.arguments.items()
            },
        }


def _each(value: Any) -> Iterator[Any]:
    """Yield everything within lists and dictionaries."""
    if isinstance(value, dict):
        for one in value.values():
            yield from _each(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _each(one)
    else:
        yield value


def _plain(value: Any, mixes: list[Mix], folder: Path) -> Any:
    if isinstance(value, Town):
        return {"town": value.inputs(mixes)}
    for name, model in MODELS.items():
        if isinstance(value, model):
            return {name: value.model_dump_json()}
    if isinstance(value, pd.DataFrame):
        # columns apart, since a manifest sorts its keys
        return {"table": {"columns": list(value.columns), "rows": value.to_numpy().tolist()}}
    if isinstance(value, Path):
        return {"folder": Path(os.path.relpath(value.resolve(), folder.resolve())).as_posix()}
    if isinstance(value, list | tuple):
        return [_plain(one, mixes, folder) for one in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def town_of(inputs: Mapping[str, Any], folder: Path) -> Town:
    """Return the place that inputs of a manifest hold.

    Raises
    ------
    ResultError
        When it is none that this version can read.
    """
    try:
        site = Site.model_validate_json(inputs["site"])
        given = inputs["surroundings"]
        around = None if given is None else Surroundings.model_validate_json(given)
        parameters, scale = dict(inputs["parameters"] or {}), int(inputs["scale"])
    except (ValueError, TypeError) as error:
        raise _unreadable(folder) from error
    try:
        return Town(site, parameters or None, scale=scale, surroundings=around)
    except ScenarioError as error:
        raise ResultError(f"{folder}: {error}") from error


def mixes_of(texts: list[str], folder: Path) -> list[Mix]:
    """Return the mixes that inputs of a manifest hold."""
    try:
        return [Mix.model_validate_json(text) for text in texts]
    except ValueError as error:
        raise _unreadable(folder) from error


def _unreadable(folder: Path) -> ResultError:
    return ResultError(
        f"manifest.json in {folder} holds a place or a mix that this version cannot read."
    )


def _live(value: Any, folder: Path) -> Any:
    """Return an argument from what the manifest holds of it."""
    if isinstance(value, list):
        return [_live(one, folder) for one in value]
    if not isinstance(value, dict):
        return value
    (name, held), *_ = value.items()
    if name == "town":
        return town_of(held, folder)
    if name == "table":
        return pd.DataFrame(held["rows"], columns=held["columns"])
    if name == "folder":
        found = folder / held
        if not found.is_dir():
            raise ResultError(
                f"{folder} was made from the results in {found}, which are not there; put them "
                "back or make them again first."
            )
        return found
    try:
        return MODELS[name].model_validate_json(held)
    except ValueError as error:
        raise _unreadable(folder) from error


def arguments_of(call: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the arguments of a call as a manifest in a folder holds it, ready to use.

    Raises
    ------
    ResultError
        When this version cannot read one, or a folder that it names is gone.
    """
    return {name: _live(value, folder) for name, value in call["arguments"].items()}


def call_of(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the call that a manifest holds, as plain data.

    Raises
    ------
    ResultError
        When it holds none.
    """
    if manifest.get("state") == UNFINISHED:
        raise ResultError(
            f"{folder} keeps the parts of a study that was stopped; run its command again to "
            f"finish it: vacancy-chains {manifest.get('command')}"
        )
    found = manifest.get("call")
    if not isinstance(found, dict) or found.get("kind") not in STUDIES:
        raise ResultError(
            f"manifest.json in {folder} does not say enough to make the result again; it was "
            "written by an older version."
        )
    return found


def run_again(
    folder: Path,
    manifest: Mapping[str, Any],
    threads: int | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> Any:
    """Run a study again as its manifest says, and return the result.

    Raises
    ------
    ResultError
        When the manifest does not say enough.
    """
    call = call_of(folder, manifest)
    module, name = STUDIES[call["kind"]].split(":")
    arguments = arguments_of(call, folder)
    if call["kind"] != "sensitivity":
        arguments |= {"threads": threads, "progress": progress}
    return getattr(import_module(module), name)(**arguments)


def _held(call: Mapping[str, Any], name: str) -> list[Any]:
    """Return everything of one kind that a plain call holds, each once."""
    found: list[Any] = []

    def walk(value: Any) -> None:
        if isinstance(value, list):
            for one in value:
                walk(one)
        elif isinstance(value, dict) and name in value and value[name] not in found:
            found.append(value[name])

    walk(list(call["arguments"].values()))
    return found


def inputs_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a result: places, mixes, measures and prices as JSON texts.

    Empty when the manifest holds none.
    """
    if isinstance(manifest.get("inputs"), dict) and manifest["inputs"]:
        return dict(manifest["inputs"])
    call = manifest.get("call")
    if not isinstance(call, dict):
        return {}
    towns = _held(call, "town")
    return {
        "sites": list(dict.fromkeys(town["site"] for town in towns)),
        "mixes": _held(call, "mix"),
        "measures": _held(call, "measure"),
        "costs": _held(call, "costs"),
        "parameters": {k: v for town in towns for k, v in town["parameters"].items()},
        "hashes": [town["hashes"] for town in towns],
    }


def changed_hashes(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Return which inputs are not those of a manifest, in words."""
    words = {"code": "the program", "parameters": "the file of parameters",
             "penalties": "the file of penalties", "partners": "the file of partners",
             "site": "the site file", "mixes": "the mixes", "today": "the services of today",
             "surroundings": "the surroundings"}  # fmt: skip
    return [f"{words.get(part, part)} changed" for part in new if old.get(part) != new[part]]


def changed_arguments(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return which arguments of two plain calls differ, in words."""
    words = {"against": "the reference", "costs": "the prices", "measures": "the measures",
             "posterior": "the posterior"}  # fmt: skip
    found: list[str] = []
    for name in sorted({*old, *new}):
        before, now = old.get(name), new.get(name)
        if before == now:
            continue
        if (
            isinstance(before, dict)
            and isinstance(now, dict)
            and "town" in before
            and "town" in now
        ):
            parts = changed_hashes(before["town"]["hashes"], now["town"]["hashes"])
            found += [part.removesuffix(" changed") for part in parts] or ["the place"]
        else:
            found.append(words.get(name, f"--{name}"))
    return list(dict.fromkeys(found))


def changed_since(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Return what of program and shipped files a study would now meet changed, in words."""
    call = call_of(folder, manifest)
    mixes = mixes_of(sorted(_held(call, "mix")), folder)
    found: list[str] = []
    for held in _held(call, "town"):
        found += changed_hashes(held["hashes"], town_of(held, folder).hashes(mixes))
    return list(dict.fromkeys(found))


# ---- writing -----------------------------------------------------------------------------------


def write_result(
    folder: str | Path, force: bool, call: Call | None, write: Callable[[Path], Any]
) -> Path:
    """Write a result folder whole or not at all, with its call and a digest of every file.

    Parameters
    ----------
    call : Call, optional
        None for a result that no function made.
    write : callable
        Writes everything, the manifest too, into the folder that it is given.

    Raises
    ------
    ResultError
        When the folder exists and is not empty, or cannot be written.
    """
    target = Path(folder)
    with output_folder(target, force) as made:
        write(made)
        manifest = read_manifest(made)
        if call is not None:
            manifest |= {"kind": call.kind, "call": call.plain(target)}
        manifest["digests"] = digests(made)
        (made / "manifest.json").write_bytes(json_bytes(manifest))
    return target


def digests(folder: Path) -> dict[str, str]:
    """Return the first hex digits of the SHA-256 of every file but the manifest."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:DIGITS]
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json" and not path.name.startswith(".")
    }


# ---- checking ----------------------------------------------------------------------------------


def check_folder(folder: str | Path) -> list[CheckRow]:
    """Verify what the files of a result folder claim, whatever command wrote it.

    Parameters
    ----------
    folder
        Written by any command that leaves a ``manifest.json``.

    Returns
    -------
    list of CheckRow
        A row per check; ``holds`` is None where nothing can be said.

    Raises
    ------
    ResultError
        When the folder holds no results, or results of no known command.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    kind = kind_of(manifest)
    if manifest.get("state") == UNFINISHED:
        call_of(folder, manifest)
    if kind in ("run", "compare", ""):
        from simulator.check import check_results

        return check_results(folder)
    try:
        if kind == "sweep":
            return _check_sweep(folder, manifest)
        if kind not in KINDS:
            raise ResultError(
                f"{folder} was written by '{kind}', which this version does not know; it knows "
                f"{', '.join(KINDS)}."
            )
        tables = {path.name: _read(path) for path in sorted(folder.glob("*.csv"))}
        rows = [_files(folder, manifest), *_intervals(kind, tables)]
        rows += _again_from_rows(kind, tables)
        if manifest.get("call") and _held(manifest["call"], "town"):
            rows.append(_scenario(changed_since(folder, manifest)))
        return rows
    except OSError as error:
        raise explain(error, "read", folder) from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ResultError(
            f"{folder} cannot be checked: manifest.json or a table does not hold what {kind} "
            f"writes ({type(error).__name__}: {error})."
        ) from error


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path)
    except (ValueError, UnicodeDecodeError) as error:
        raise ResultError(f"{path.name} in {path.parent} cannot be read as a table.") from error


def _scenario(changed: list[str]) -> CheckRow:
    if changed:
        return CheckRow("same_program_and_scenario", None, f"not those here: {'; '.join(changed)}")
    return CheckRow("same_program_and_scenario", True, "program and scenario files are those here")


def _files(folder: Path, manifest: Mapping[str, Any]) -> CheckRow:
    claimed = manifest.get("digests")
    name = "files_as_written"
    if not claimed:
        return CheckRow(name, None, "the manifest holds no digests, so nothing can be said")
    found = digests(folder)
    gone = sorted(set(claimed) - set(found))
    other = sorted(file for file in set(claimed) & set(found) if claimed[file] != found[file])
    wrong = [f"{file} is missing" for file in gone] + [f"{file} was changed" for file in other]
    if wrong:
        return CheckRow(name, False, "; ".join(wrong))
    more = sorted(set(found) - set(claimed))
    extra = f"; not of this result: {', '.join(more)}" if more else ""
    return CheckRow(name, True, f"{len(claimed)} files have the digests of the manifest{extra}")


def _intervals(kind: str, tables: Mapping[str, pd.DataFrame]) -> list[CheckRow]:
    """Check that each mean lies in its interval and that what is told leaves out zero."""
    if kind in ("sensitivity", "calibrate"):  # their columns low and high are ranges of inputs
        return []
    count, wrong = 0, []
    for file, table in tables.items():
        columns = list(table.columns)
        for at, column in enumerate(columns):
            high = f"{column[:-3]}high"
            if at == 0 or not column.endswith("low") or high not in columns:
                continue
            mean, low, top = (
                pd.to_numeric(table[name], errors="coerce").to_numpy(float)
                for name in (columns[at - 1], column, high)
            )
            known = np.isfinite(mean) & np.isfinite(low) & np.isfinite(top)
            slack = 1e-5 * np.maximum(np.abs(low), np.abs(top))  # tables may be rounded
            outside = known & ((mean < low - slack) | (mean > top + slack))
            if column == "ci_low" and "told" in table:
                told = table["told"].astype(str).to_numpy() == "True"
                outside |= known & told & (low < -slack) & (top > slack)
            count += int(known.sum())
            wrong += [f"{file} row {i + 1}, {columns[at - 1]}" for i in np.flatnonzero(outside)]
    if not count:
        return [CheckRow("means_within_intervals", None, "no table holds an interval")]
    if wrong:
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        return [CheckRow("means_within_intervals", False, f"not in {wrong[0]}{more}")]
    return [CheckRow("means_within_intervals", True, f"{count} means lie in their intervals, and "
                     "what is told leaves out zero")]  # fmt: skip


def _again_from_rows(kind: str, tables: Mapping[str, pd.DataFrame]) -> list[CheckRow]:
    """Form the table of the answer again from the single worlds, where the folder holds them."""
    from experiments.reproduction import compare_frames

    pair: tuple[str, pd.DataFrame] | None = None
    if kind == "saturation":
        from experiments.saturation import frame_of as saturation_frame

        pair = "saturation.csv", saturation_frame(tables["worlds.csv"])
    elif kind == "optimise":
        from experiments.optimise import front

        table = tables["simulated.csv"]
        unbeaten = np.zeros(len(table), bool)
        unbeaten[front(table["planned_eur"].to_numpy(), table["months_of_work"].to_numpy())] = True
        pair = "simulated.csv", table.assign(unbeaten=unbeaten)
    if pair is None:
        return []
    verdict = compare_frames(pair[0], tables[pair[0]], pair[1], 1e-9)
    detail = verdict.detail or f"{pair[0]} follows from what the folder holds"
    return [CheckRow("answer_follows_from_rows", verdict.holds, detail)]


def _check_sweep(folder: Path, manifest: Mapping[str, Any]) -> list[CheckRow]:
    """Check shards, table and run keys of a sweep."""
    from experiments.design import plan_from
    from experiments.store import RESULTS, SHARDS, Columns, changes, read_shard

    plan = plan_from(manifest["inputs"])
    schema = Columns(plan).schema
    rows = []
    try:
        paths = sorted((folder / SHARDS).glob("*.parquet"))
        found = [read_shard(path, schema)[0] for path in paths]
        held = np.unique(np.concatenate(found)) if found else np.array([], int)
        rows.append(CheckRow("shards_as_written", True, f"{len(paths)} shards, {len(held)} rows"))
    except ResultError as error:
        return [CheckRow("shards_as_written", False, str(error))]
    path = folder / RESULTS
    if not path.exists():
        return [*rows, CheckRow("table_as_written", None, f"{RESULTS} is not written yet; run the "
                                "same command again to continue")]  # fmt: skip
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:DIGITS]
    claimed = manifest.get("digest")
    same = digest == claimed
    rows.append(CheckRow("table_as_written", same, f"digest {digest}" if same else
                         f"digest {digest}, but the manifest says {claimed}"))  # fmt: skip
    try:
        table = pd.read_parquet(path)
    except (ValueError, pa.ArrowException):
        return [*rows, CheckRow("rows_of_the_design", False, f"{RESULTS} cannot be read")]
    numbers = table["row"].to_numpy()
    whole = len(np.unique(numbers)) == len(numbers) == manifest.get("finished_rows")
    whole &= not paths or set(held.tolist()) == set(numbers.tolist())
    said = "each once" if whole else "not those of shards and manifest"
    rows.append(
        CheckRow("rows_of_the_design", bool(whole), f"{len(numbers)} of {plan.rows} rows, {said}")
    )
    changed = changes(folder, plan)
    if not changed:
        keys = [plan.run_id(plan.row(int(number))) for number in numbers]
        wrong = [int(n) for n, a, b in zip(numbers, keys, table["run"], strict=True) if a != b]
        rows.append(CheckRow("keys_of_the_runs", not wrong, f"row {wrong[0]} is of another run"
                             if wrong else f"{len(keys)} keys say what was run"))  # fmt: skip
    rows.append(_scenario([f"{part} changed" for part in changed]))
    return rows
