"""Parts of a study kept on disk, so that the same command goes on after a stop.

A part counts as done when its file is closed; its name holds the hash of its bytes, so that a
damaged one gives itself away. Sweeps have a store of their own (:mod:`experiments.store`).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from experiments.folders import DIGITS, UNFINISHED, Call, changed_arguments
from simulator.errors import ResultError, explain
from simulator.files import json_bytes, manifest_of, read_manifest, write_whole


def part_folder(target: str | Path) -> Path:
    """Return the folder that keeps the parts of what is to become a result folder."""
    target = Path(target)
    return target.with_name(f"{target.name}.part")


class Kept:
    """Finished parts of a study.

    Parameters
    ----------
    folder
        Made when it is not there.
    call : Call
        Everything that decides the result.
    sources : sequence of Path
        Files of the program outside the simulator that decide it, too.
    command : str
        For the manifest.
    force
        Start again where the folder was begun with something else; else that is an error.

    Raises
    ------
    ResultError
        When the folder was begun with other code, scenarios or options, holds something else, or
        cannot be written.
    """

    def __init__(
        self,
        folder: str | Path,
        call: Call,
        sources: Sequence[Path],
        command: str,
        force: bool = False,
    ) -> None:
        self.folder = Path(folder)
        plain = json.loads(json_bytes(call.plain(self.folder)))
        digest = hashlib.sha256()
        for path in sources:
            digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
        program = digest.hexdigest()[:DIGITS]
        if (self.folder / "manifest.json").exists():
            changed = self._changed(plain, program)
            if changed and not force:
                raise ResultError(
                    f"{self.folder} was begun before a change of {' and of '.join(changed)}; go "
                    "back to what it was, choose another folder with --out, or start again with "
                    "--force."
                )
            if changed:
                drop(self.folder)
        elif self.folder.is_dir() and any(self.folder.glob("[!.]*")):
            raise ResultError(
                f"{self.folder} is not empty and holds no unfinished study; choose another folder "
                "with --out."
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise explain(error, "write", self.folder) from error
        if not (self.folder / "manifest.json").exists():
            about = manifest_of(
                command=command, seeds=[], scenario_hash="", kind=call.kind, state=UNFINISHED,
                program=program, call=plain,
            )  # fmt: skip
            write_whole(self.folder / "manifest.json", json_bytes(about))

    def _changed(self, plain: dict, program: str) -> list[str]:
        manifest = read_manifest(self.folder)
        old = manifest.get("call")
        if manifest.get("state") != UNFINISHED or not isinstance(old, dict):
            raise ResultError(
                f"{self.folder} holds other results; choose another folder with --out."
            )
        if old.get("kind") != plain["kind"]:
            return ["the command"]
        found = changed_arguments(old["arguments"], plain["arguments"])
        if manifest.get("program") != program:
            found.append("the program")
        return list(dict.fromkeys(found))

    def get(self, stage: str, number: int) -> np.ndarray | None:
        """Return a part that is done, or None.

        Raises
        ------
        ResultError
            When its file is damaged.
        """
        for path in self.folder.glob(f"{stage}-{number:04d}-*.json"):
            try:
                data = path.read_bytes()
            except OSError as error:
                raise explain(error, "read", path) from error
            if not path.stem.endswith(hashlib.sha256(data).hexdigest()[:DIGITS]):
                raise ResultError(
                    f"{path} is damaged; delete it and run the same command again: only its part "
                    "is run again."
                )
            return np.array(json.loads(data), float)
        return None

    def put(self, stage: str, number: int, values: np.ndarray) -> None:
        """Keep a part, whole or not at all."""
        data = json.dumps(values.tolist()).encode()  # floats are written with all their digits
        name = f"{stage}-{number:04d}-{hashlib.sha256(data).hexdigest()[:DIGITS]}.json"
        write_whole(self.folder / name, data)


def parts_done(folder: Path) -> int:
    """Return how many parts are kept in a folder."""
    return sum(path.name != "manifest.json" for path in folder.glob("[!.]*.json"))


def drop(folder: Path) -> None:
    """Remove the parts once the whole is written."""
    if (folder / "manifest.json").exists() and read_manifest(folder).get("state") == UNFINISHED:
        shutil.rmtree(folder, ignore_errors=True)
