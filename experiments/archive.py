"""``bundle``: everything that a paper's archive needs, in one zip file."""

from __future__ import annotations

import json
import tempfile
import zipfile
from importlib.metadata import PackageNotFoundError, distribution, distributions
from pathlib import Path
from typing import Any

import pandas as pd

import scenarios
from experiments.folders import STUDIES, UNFINISHED, inputs_of, kind_of
from experiments.sweeps import read_results
from scenarios import ScenarioError
from simulator.errors import ResultError, explain
from simulator.files import read_manifest

ROOT = Path(scenarios.__file__).resolve().parent.parent
PACKAGE = "vacancy-chain-simulator"
EPOCH = (1980, 1, 1, 0, 0, 0)  # a zip without times: the same bytes for the same content
LEFT_OUT = (".lock",)


def bundle(folder: str | Path, target: str | Path | None = None, force: bool = False) -> Path:
    """Write the archive of a result folder.

    It holds the results, the inputs, exact versions, the codebook, figures with the lines that
    draw them, licence, citation, and a paragraph on methods with its numbers.

    Parameters
    ----------
    folder
        Written by any command that leaves a manifest with its inputs.
    target
        The zip file; default beside the folder.
    force
        Replace an existing file.

    Returns
    -------
    Path of the zip file.

    Raises
    ------
    ResultError
        When the folder holds no results, or the file exists or cannot be written.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    target = Path(target) if target else folder.resolve().with_name(f"{folder.resolve().name}.zip")
    if target.exists() and not force:
        raise ResultError(f"{target} exists; name another file with --out or add --force.")
    name = folder.resolve().name
    files: dict[str, bytes] = {}
    try:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            inside = path.relative_to(folder)
            hidden = any(part.startswith(".") for part in inside.parts)
            # the table of a finished sweep holds its shards
            whole = inside.parts[0] == "shards" and (folder / "results.parquet").exists()
            if not hidden and not whole:
                files[f"results/{inside.as_posix()}"] = path.read_bytes()
        files |= _inputs(manifest)
        files |= _figures(folder, manifest)
        files["constraints.txt"] = constraints(manifest).encode()
        files["LICENSE"] = _licence()
        files["CITATION.cff"] = _citation(manifest)
        files["METHODS.md"] = methods(folder).encode()
        files["figures.py"] = figure_lines(folder, manifest).encode()
        files["README.md"] = _readme(name, manifest, files).encode()
        partial = target.with_name(f".{target.name}.part")
        try:
            with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
                for entry in sorted(files):
                    archive.writestr(zipfile.ZipInfo(f"{name}/{entry}", EPOCH), files[entry])
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise explain(error, "write", target) from error
    return target


def _inputs(manifest: dict[str, Any]) -> dict[str, bytes]:
    if manifest.get("state") == UNFINISHED:
        raise ResultError(
            "the folder keeps the parts of a study that was stopped; run its command again, then "
            "bundle the result."
        )
    inputs = inputs_of(manifest)
    if not inputs and kind_of(manifest) == "calibrate":
        raise ResultError(
            "a calibration is not bundled: its simulations are kept elsewhere. Bundle a result "
            "that rests on it; its archive holds the place with the fitted values."
        )
    if not inputs:
        raise ResultError(
            "manifest.json does not hold the inputs (it was written by an older version); "
            "make the result again, then bundle it."
        )
    files: dict[str, bytes] = {}

    def put(kind: str, text: str) -> None:
        data = json.loads(text)
        files[f"inputs/{kind}-{data['id']}.json"] = _pretty(data)

    for site in inputs.get("sites") or [inputs["site"]]:
        put("site", site)
    for mix in inputs["mixes"]:
        for text in [mix] if isinstance(mix, str) else [pair[1] for pair in mix]:
            put("mix", text)
    for mix in inputs.get("against", []):
        put("mix", mix)
    for measure in inputs.get("measures", []):
        put("measure", measure)
    for number, costs in enumerate(inputs.get("costs") or [], 1):
        files[f"inputs/costs-{number}.json"] = _pretty(json.loads(costs))
    for key in ("design", "parameters", "hashes"):
        if key in inputs:
            files[f"inputs/{key}.json"] = _pretty(inputs[key])
    for file in ("parameters.toml", "penalties.toml", "partners.toml"):
        files[f"inputs/{file}"] = (Path(scenarios.__file__).parent / file).read_bytes()
    return files


def _figures(folder: Path, manifest: dict[str, Any]) -> dict[str, bytes]:
    """Return the analysis of a finished sweep; other folders hold their figures already."""
    if manifest.get("kind") != "sweep" or manifest.get("state") != "complete":
        return {}
    from experiments.indices import sensitivity

    try:
        found = sensitivity(folder)
    except ScenarioError:  # no factor, or the extra for analysis is not installed
        return {}
    with tempfile.TemporaryDirectory() as made:
        written = found.write(Path(made) / "sensitivity")
        return {
            f"figures/{path.name}": path.read_bytes()
            for path in sorted(written.iterdir())
            if path.name != "manifest.json"  # it would name the folder that is gone
        }


def _pretty(data: Any) -> bytes:
    return (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode()


def constraints(manifest: dict[str, Any]) -> str:
    """Return exact versions of all installed packages; those of the manifest win."""
    found = {d.metadata["Name"]: d.version for d in distributions() if d.metadata["Name"]}
    lower = {name.lower(): name for name in found}
    for name, number in (manifest.get("packages") or {}).items():
        if number is not None:
            found[lower.get(name.lower(), name)] = number
    lines = [f"{name}=={found[name]}" for name in sorted(found, key=str.lower) if name != PACKAGE]
    head = "# Versions with which the results were made; of packages that the manifest does not\n"
    return (
        head
        + "# name, the versions of the machine that made this archive.\n"
        + "\n".join(lines)
        + "\n"
    )


def _licence() -> bytes:
    path = ROOT / "LICENSE"
    if path.exists():
        return path.read_bytes()
    try:
        text = distribution(PACKAGE).read_text("licenses/LICENSE")
    except PackageNotFoundError:
        text = None
    return (text or "MIT; see the package.\n").encode()


def _citation(manifest: dict[str, Any]) -> bytes:
    path = ROOT / "CITATION.cff"
    if path.exists():
        return path.read_bytes()
    return (
        "cff-version: 1.2.0\nmessage: If you use these results, please cite the software.\n"
        f"title: Vacancy chain simulator\ntype: software\nversion: {manifest.get('version')}\n"
        "license: MIT\nauthors:\n  - name: The vacancy chain simulator developers\n"
    ).encode()


def methods(folder: str | Path) -> str:
    """Return a paragraph on methods, with the numbers of a result folder."""
    folder = Path(folder)
    manifest = read_manifest(folder)
    head = (
        f"Results were made with the vacancy chain simulator {manifest.get('version')} "
        f"(scenario hash {manifest['scenario_hash']}), an agent-based model of a local labour "
        "market in which every person and every post is followed month by month"
    )
    kind = kind_of(manifest)
    if kind == "sweep":
        return "# Methods\n\n" + head + ". " + _sweep_methods(folder, manifest)
    if kind in STUDIES:
        return f"# Methods\n\n{head}. {_study_methods(manifest, kind)}"
    seeds = manifest.get("seeds", [])
    span = f"{min(seeds)} to {max(seeds)}" if len(seeds) > 1 else f"{seeds[0]}"
    years, site = manifest.get("years"), manifest.get("site")
    if kind == "compare":
        summary = pd.read_csv(folder / "summary.csv")
        level = summary["ci_level"].iloc[0] if len(summary) else 0.9
        designs = ", ".join(sorted(summary["design"].unique()))
        strengths = ", ".join(summary["strength"].unique())
        mixes = ", ".join(manifest.get("mixes", []))
        drawn = (manifest.get("draws") or {}).get("arguments")
        draws = (
            "Draws from input distributions: none. "
            if not drawn
            else f"Parameters from the posterior of the place, and levers from their ranges, were "
            f"drawn {drawn['draws']} times with {drawn['pairs']} pairs each (draws.csv). "
        )
        return (
            f"# Methods\n\n{head}. For {site}, the mix {mixes} was compared with "
            f"{manifest.get('against')} in {len(seeds)} pairs of worlds on common random numbers "
            f"(seeds {span}; designs: {designs}; whole horizon {years} years; strengths of effects "
            f"that nobody has measured: {strengths}; demand closure {manifest.get('closure')}). "
            "Effects are differences of sums over groups fixed where the two worlds are equal, as "
            f"means over pairs; intervals are {level:.0%} intervals of the mean (Student's t over "
            f"pairs) and hold the simulation error only. {draws}"
            f"Command: `vacancy-chains {manifest['command']}`.\n"
        )
    return (
        f"# Methods\n\n{head}. One world of {site} with the mix {manifest.get('mix')} was followed "
        f"for {years} years (seed {span}, demand closure {manifest.get('closure')}); numbers of a "
        "single world carry no interval. "
        f"Command: `vacancy-chains {manifest['command']}`.\n"
    )


def _study_methods(manifest: dict[str, Any], kind: str) -> str:
    seeds = manifest.get("seeds", [])
    span = f"{len(seeds)} seeds, {min(seeds)} to {max(seeds)}" if seeds else "no seed"
    places = [json.loads(site)["id"] for site in inputs_of(manifest).get("sites", [])]
    named = {
        name: value
        for name, value in (manifest.get("call") or {}).get("arguments", {}).items()
        if isinstance(value, int | float | str)
        or (isinstance(value, list) and not any(isinstance(one, dict) for one in value))
    }
    options = ", ".join(f"{name} {value}" for name, value in sorted(named.items()))
    return (
        f"The study '{kind}' was run for {', '.join(places) or 'the place'} ({span}; {options}). "
        "Worlds with and without a change share their random numbers; intervals are 90% intervals "
        "over worlds or pairs of worlds and hold the simulation error, and what the options say "
        f"was drawn. Command: `{manifest.get('command')}`.\n"
    )


def _sweep_methods(folder: Path, manifest: dict[str, Any]) -> str:
    design = manifest["inputs"]["design"]
    table = read_results(folder, ["status", "replication", "seed", "point"])
    done = int((table["status"] == "done").sum())
    factors = [
        f"{len(design[role])} {role}" for role in ("levers", "assumptions", "variants")
        if design[role]
    ]  # fmt: skip
    what = "a pair of worlds on common random numbers"
    if design["kind"] == "world":
        what = "a single world"
    seeds = f"{table['seed'].min()} to {table['seed'].max()}" if len(table) else "none"
    return (
        f"A {design['design'].replace('_', ' ')} design over {', '.join(factors) or 'no factor'} "
        f"with {manifest['points']} points (sampling seed {design['design_seed']}) was crossed "
        f"with the places {', '.join(design['places'])}, the demand closures "
        f"{', '.join(design['closures'])} and {design['replications']} replications (seeds "
        f"{seeds}); each of the {done} finished runs ({len(table) - done} failed) is "
        f"{what}, followed "
        f"{design['years']} years. Analyses use means over replications; the share of variance "
        "that is replication noise is shown beside every index. "
        f"Digest of the table: {manifest.get('digest')}.\n"
    )


def figure_lines(folder: Path, manifest: dict[str, Any]) -> str:
    """Return a Python file with the lines that draw the figures of a folder."""
    kind = kind_of(manifest)
    head = (
        '"""The lines that make the tables and figures of this archive again.\n\n'
        "Install first: pip install -c constraints.txt vacancy-chain-simulator[all]\n"
        '"""\n\nfrom experiments import reproduce\n\n'
        'result = reproduce("results")  # from the manifest alone\n'
        "for verdict in result.verdicts:\n"
        "    print(verdict.table, verdict.verdict, verdict.detail)\n"
    )
    if kind == "compare":
        figures = sorted(path.stem for path in (folder / "figures").glob("*.png"))
        listed = "".join(f"#   figures/{name}.png\n" for name in figures)
        return head + (
            "\nfrom simulator import compare\nfrom simulator.report import write_comparison\n\n"
            f"# all of these at once:\n{listed}comparison = compare(\n"
            f'    "{manifest.get("site")}", mixes={manifest.get("mixes")!r}, '
            f'against="{manifest.get("against")}",\n'
            f"    years={manifest.get('years')}, replications={len(manifest.get('seeds', []))}, "
            f'closure="{manifest.get("closure")}",\n)\n'
            f'write_comparison(comparison, "again", lang="{manifest.get("language", "en")}")\n'
        )
    if kind == "sweep":
        return head + (
            "\nfrom experiments import sensitivity\n\n"
            'found = sensitivity("results")\nprint(found.sentence)\nfound.write("sensitivity")\n'
        )
    if kind in STUDIES:
        return head
    return head + (
        "\nfrom simulator.stories import draw_chain, pick_chain, read_chain_tables\n\n"
        'tables = read_chain_tables("results")\n'
        'chosen = pick_chain(tables["chains"], "longest")\n'
        'draw_chain(tables["links"], tables["chains"], chosen, "en").savefig("chain.png")\n'
    )


def _readme(name: str, manifest: dict[str, Any], files: dict[str, bytes]) -> str:
    listed = "\n".join(f"- `{file}`" for file in sorted(files))
    columns = ""
    if "results/codebook.csv" in files:
        columns = "`results/codebook.csv` explains every column. "
    return (
        f"# {name}\n\nMade by the vacancy chain simulator {manifest.get('version')}, scenario hash "
        f"{manifest['scenario_hash']}. {columns}`METHODS.md` says "
        "how the numbers came about. To check them, install the versions of `constraints.txt` and "
        f"run `vacancy-chains reproduce results`.\n\n{listed}\n"
    )
