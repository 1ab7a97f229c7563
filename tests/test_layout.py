"""The shape of the repository: imports flow one way, nothing ties it to a machine."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("scenarios", "simulator", "experiments", "calibration", "benchmarks")

# who may import whom; the application is a layer of its own above the rest
ALLOWED = {
    "scenarios": set(),
    "simulator": {"scenarios"},
    "experiments": {"scenarios", "simulator"},
    "calibration": {"scenarios", "simulator", "experiments"},
    "experiments.app": {"scenarios", "simulator", "experiments", "calibration"},
    "benchmarks": {"scenarios", "simulator", "experiments", "calibration", "experiments.app"},
}
TOP_LEVEL = (
    ".ci/run",
    ".gitignore",
    "CHANGELOG.md",
    "CITATION.cff",
    "LICENSE",
    "Makefile",
    "README.md",
    "constraints.txt",
    "docs/decisions.md",
    "pyproject.toml",
    "scenarios/evidence",
    "scenarios/measures",
    "scenarios/mixes",
    "scenarios/sites",
    "simulator/agents",
    "experiments/app/cli.py",
    "calibration",
    "benchmarks/__main__.py",
    "tests",
)
# joined here, so that this file does not hold what it forbids
HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
    )
]
MACHINE_PATHS = [
    "/" + "/".join(parts)
    for parts in (
        ("opt", "venv"),
        ("work", "main"),
        ("work", "shared"),
        ("root", ""),
        ("opt", "py"),
    )
]


def layer(module: str) -> str | None:
    """Return the layer of a dotted module name, None for packages of others."""
    parts = module.split(".")
    if parts[0] not in PACKAGES:
        return None
    return "experiments.app" if parts[:2] == ["experiments", "app"] else parts[0]


def imported_modules(source: str, module: str, is_package: bool) -> list[tuple[int, str]]:
    """Return line and dotted name of everything a source imports, inside functions too."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                parts = parts[: len(parts) - node.level + (1 if is_package else 0)]
                base = ".".join([*parts, base] if base else parts)
            # "from experiments import app" names the layer only in the alias
            found += [(node.lineno, f"{base}.{alias.name}") for alias in node.names]
    return found


def against_the_flow(source: str, module: str, is_package: bool = False) -> list[str]:
    own = layer(module)
    wrong = []
    for line, name in imported_modules(source, module, is_package):
        target = layer(name)
        if target is not None and target != own and target not in ALLOWED[own]:
            wrong.append(f"{module} line {line} imports {name}")
    return wrong


def tracked_files() -> list[Path]:
    """Return the files of the repository; without git, those of the folder."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout.decode()
        paths = [ROOT / name for name in listed.split("\0") if name]
    else:
        skipped = {".venv", "results", "build", "__pycache__"}
        paths = [p for p in ROOT.rglob("*") if not skipped & set(p.relative_to(ROOT).parts)]
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_follow_the_flow(package):
    wrong = []
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        module = ".".join(parts[:-1] if is_package else parts)
        wrong += against_the_flow(path.read_text(encoding="utf-8"), module, is_package)
    assert not wrong


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("scenarios.loader", "import simulator.codes"),
        ("simulator.engine", "from experiments import sweep"),
        ("simulator.engine", "def f():\n    import calibration"),
        ("experiments.sweep", "from experiments.app import cli"),
        ("experiments.sweep", "from . import app"),
        ("experiments.sweep", "from .app.cli import main"),
        ("calibration.fit", "from experiments import app"),
        ("experiments.app.cli", "import benchmarks"),
    ],
)
def test_the_walk_sees_a_wrong_import(module, source):
    assert against_the_flow(source, module)


def test_the_walk_lets_right_imports_pass():
    assert not against_the_flow("import numpy\nfrom scenarios import x", "simulator.engine")
    assert not against_the_flow("from . import look", "experiments.app.cli")
    assert not against_the_flow("from simulator.codes import Fill", "experiments.app.look")


def test_everything_has_its_place():
    assert not [name for name in TOP_LEVEL if not (ROOT / name).exists()]


def test_no_file_names_a_registry_or_a_machine():
    wrong = []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture
        wrong += [
            f"{path.relative_to(ROOT)}: {word}" for word in HOSTS + MACHINE_PATHS if word in text
        ]
    assert not wrong


def test_code_and_tests_read_nothing_outside_the_clone():
    outside = "../" + "shared"
    wrong = [
        str(path.relative_to(ROOT))
        for path in tracked_files()
        if path.suffix in {".py", ".toml", ".cfg"} and outside in path.read_text(encoding="utf-8")
    ]
    assert not wrong


@pytest.mark.slow
def test_types_hold():
    """The half of ``make lint`` that can find a wrong argument or a None in arithmetic."""
    pytest.importorskip("mypy", reason="mypy is not installed; it is in the extra dev")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-color-output", "--no-pretty"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_shipped_data_are_part_of_the_package():
    import tomllib

    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = data["tool"]["setuptools"]["package-data"]["scenarios"]
    folder = ROOT / "scenarios"
    covered = {path for pattern in patterns for path in folder.glob(pattern)}
    shipped = {
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"} and "__pycache__" not in path.parts
    }
    assert shipped <= covered
