"""The developer's guide works: its changes apply to a copy of the sources, its code runs there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "developing.md").read_text(encoding="utf-8")
FENCED = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
PACKAGES = ("scenarios", "simulator", "experiments", "calibration")
SECTIONS = ("rule", "variant", "lever", "measure", "place")


def section(name):
    return re.search(rf"^## Add a {name}\n(.*?)(?=^## |\Z)", GUIDE, re.DOTALL | re.MULTILINE)[1]


@pytest.mark.parametrize("name", SECTIONS)
def test_every_section_has_something_to_run(name):
    kinds = {kind for kind, _ in FENCED.findall(section(name))}
    assert "python" in kinds
    assert ("toml" if name in ("measure", "place") else "diff") in kinds


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git to apply the changes")
def test_the_guide_runs_on_a_copy_of_the_sources(tmp_path):
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    code = []
    for kind, body in FENCED.findall(GUIDE):
        if kind == "diff":  # empty lines of context stand without their blank in the page
            done = subprocess.run(
                ["git", "apply", "--whitespace=nowarn", "-"],
                cwd=tmp_path,
                input=re.sub(r"^\n", " \n", body, flags=re.MULTILINE).encode(),
                # the copy is no part of a repository that may lie above it
                env={**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)},
                capture_output=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr.decode()
        elif kind == "toml":
            name = re.match(r"# (\S+\.toml)\n", body)[1]
            (tmp_path / name).write_text(body, encoding="utf-8")
        elif kind == "python":
            code.append(body)
    words = [line.split()[2:] for line in GUIDE.splitlines()
             if line.startswith("vacancy-chains check")]  # fmt: skip
    code.append("from experiments.app.cli import main\n")
    code += [f"assert main(['check', *{files!r}]) == 0\n" for files in words]
    (tmp_path / "guide.py").write_text("".join(code), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "guide.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
