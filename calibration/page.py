"""Files of a calibration: posterior, tables, one picture, one self-contained page."""

from __future__ import annotations

import base64
import io
import json
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.calibrate import Calibration, used
from calibration.posterior import statistics
from calibration.priors import lender
from scenarios.errors import ScenarioError
from scenarios.fits import store_fit
from scenarios.loader import site_path
from simulator.files import output_folder

BLUE, ORANGE, GREY, LIGHT = "#0072B2", "#D55E00", "#777777", "#DDDDDD"
YEARS = ["year", "quantity", "trend", "published", "simulated"]
MARKETS = {-0.4: "slack", 0.0: "reference", 0.4: "tight"}
SHOWN = ("register", "survey", "u_to_e", "e_to_u", "other_employer", "hires", "promotions",
         "public_opened", "public_days", "given_up", "old_vacancies")  # fmt: skip
FURTHEST = 4.0  # tolerances shown; beyond, an arrow


def write(result: Calibration, folder: str | Path, force: bool = False) -> Path:
    """Write all files of a calibration, whole or not at all.

    ``posterior.csv`` (draws by parameter), ``fit.csv``, ``parameters.csv``, ``conflicts.csv``,
    ``figure.png``, ``figure.svg``, ``report.html``, ``manifest.json``.

    Raises
    ------
    ResultError
        When the folder exists and is not empty, or cannot be written.
    """
    with output_folder(folder, force) as out:
        fit, parameters = result.fit_table, result.parameter_table
        conflicts = result.conflicts
        result.named_draws().to_csv(out / "posterior.csv", index=False, float_format="%.6g")
        fit.to_csv(out / "fit.csv", index=False, float_format="%.6g")
        parameters.to_csv(out / "parameters.csv", index=False, float_format="%.6g")
        conflicts.to_csv(out / "conflicts.csv", index=False, float_format="%.6g")
        years = pd.DataFrame(result.years, columns=YEARS)
        years.to_csv(out / "years.csv", index=False, float_format="%.6g")
        result.markets.to_csv(out / "markets.csv", float_format="%.6g")
        figure = draw(result, fit, parameters)
        figure.savefig(out / "figure.png", dpi=150, metadata={"Software": None})
        figure.savefig(out / "figure.svg", metadata={"Date": None, "Creator": None})
        (out / "report.html").write_text(
            page(result, fit, parameters, conflicts, figure), encoding="utf-8"
        )
        about = {
            "command": f"calibrate {result.site.id} --simulations {result.simulations} "
            f"--seed {result.table.seed} --scale {result.table.scale}",
            "site": result.site.id,
            "table": result.table.folder.name,
            "rows": len(result.rows),
            "refused": int((result.rows["ok"] != 1).sum()),
            "months": result.table.months,
            "seed": result.table.seed,
        }
        (out / "manifest.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return Path(folder)


def draw(result: Calibration, fit: pd.DataFrame, parameters: pd.DataFrame):  # noqa: ANN201
    """Return the picture: targets on the left, parameters on the right."""
    from matplotlib.figure import Figure  # slow to import

    shown = fit[fit.distance.notna() & (fit.used | fit.role.isin(["fit", "check"]))]
    shown = shown.assign(rank=np.where(shown.used, 0, np.where(shown.role == "fit", 1, 2)))
    shown = shown.sort_values("rank", kind="stable")
    free = parameters[parameters.kind != "input"]
    tall = max(4.0, 0.21 * max(len(shown), 1.6 * len(free)) + 1.6)
    fig = Figure(figsize=(11.0, tall), layout="constrained")
    left, right = fig.subplots(1, 2, width_ratios=[1.15, 1.0])
    left.axvspan(-1, 1, color="#E8F1F8", zorder=0)
    left.axvline(0, color=GREY, lw=0.8)
    for y, row in enumerate(shown.itertuples()):
        where = float(np.clip(row.distance, -FURTHEST, FURTHEST))
        beyond = abs(row.distance) > FURTHEST
        colour = BLUE if row.verdict == "met" else ORANGE
        scale = row.tolerance or 1.0
        ends = np.clip(
            [(row.draw_low - row.value) / scale, (row.draw_high - row.value) / scale],
            -FURTHEST, FURTHEST,
        )  # fmt: skip
        left.plot(ends, [y, y], color=colour, lw=1.6, alpha=0.6)
        marker = (">" if where > 0 else "<") if beyond else ("o" if row.verdict == "met" else "D")
        left.plot(
            where, y, marker, color=colour, ms=5.5, mfc=colour if row.used else "white", mew=1.3
        )
    left.set_yticks(range(len(shown)), [_short(name) for name in shown.target], fontsize=7.5)
    left.set_ylim(len(shown) - 0.4, -0.6)
    left.set_xlim(-FURTHEST - 0.2, FURTHEST + 0.2)
    left.set_xlabel("simulated less target, in tolerances (band: met; filled: fitted)")
    left.set_title(f"{result.site.name.en}: targets", loc="left", fontsize=11)
    for y, row in enumerate(free.itertuples()):
        item = next(i for i in result.items if i.id == row.parameter)
        a, b = item.inside(item.low), item.inside(item.high)

        def place(value: float, item=item, a=a, b=b) -> float:  # noqa: ANN001
            return float((item.inside(value) - a) / (b - a))

        right.plot([0, 1], [y, y], color=LIGHT, lw=7, solid_capstyle="butt")
        right.plot([place(row.low), place(row.high)], [y, y], color=BLUE, lw=3.5)
        right.plot(place(row.mean), y, "o", color=BLUE, ms=5.5)
        right.text(
            1.02, y, f"{row.mean:.3g}  ({100 * max(row.variance_removed, 0):.0f} %)",
            va="center", fontsize=7.5, color=ORANGE if row.informed_by != "targets" else "black",
        )  # fmt: skip
    right.set_yticks(range(len(free)), [_short(name) for name in free.parameter], fontsize=7.5)
    right.set_ylim(len(free) - 0.4, -0.6)
    right.set_xlim(-0.02, 1.4)
    right.set_xticks([0, 1], ["lowest", "highest"])
    right.set_title(
        "parameters: range allowed, 90 % of the posterior\n(share of the prior variance removed)",
        loc="left", fontsize=9,
    )  # fmt: skip
    for axis in (left, right):
        axis.spines[["top", "right", "left"]].set_visible(False)
        axis.tick_params(axis="y", length=0)
    return fig


def _short(name: str) -> str:
    return name.removeprefix("moment_").replace("_", " ")


def _number(value: object) -> str:
    if not isinstance(value, int | float) or not np.isfinite(value):
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def sentences(result: Calibration) -> list[str]:
    """Return what a reader should know first, one sentence each."""
    counts = result.counts()
    found = []
    words = {
        "moment": "moments of calibration_start.md"
        if result.site.country == "fi"
        else "margins of the site file",
        "fit": "targets of role fit",
        "check": "targets of role check",
    }
    said = [f"{met} of {n} {words[name]}" for name, (met, n) in counts.items() if n]
    found.append(f"Within tolerance at the point: {', '.join(said)}.")
    parameters = result.parameter_table
    free = parameters[parameters.kind == "free"]
    blind = free[free.informed_by == "prior only"].parameter.tolist()
    told = f"nothing of {', '.join(map(_short, blind))}" if blind else "something of each"
    found.append(f"{len(free)} free parameters; the targets say {told}.")
    inputs = parameters[parameters.kind == "input"].parameter.tolist()
    found.append(
        f"{len(inputs)} inputs are drawn from their ranges and never fitted: "
        f"{', '.join(map(_short, inputs))}. All other parameters stand at the values of the files."
    )
    borrowed = parameters[parameters.kind == "borrowed"].parameter.tolist()
    if borrowed:
        found.append(
            f"Not fitted, for want of targets, but drawn from {lender()}: "
            f"{', '.join(map(_short, borrowed))}."
        )
    tied = result.tied()
    if tied:
        pairs = ", ".join(f"{_short(a)} and {_short(b)} ({r:+.2f})" for a, b, r in tied[:5])
        found.append(f"The targets tell these only together (correlation): {pairs}.")
    conflicts = result.conflicts
    if len(conflicts):
        top = conflicts.iloc[0]
        found.append(
            f"{len(conflicts)} pairs of targets contradict each other in this model; the worst: "
            f"{_short(top['first'])} and {_short(top['second'])}, at best {top.distance:.1f} "
            "tolerances away from one of them."
        )
    found.append(
        f"The link of both populations: {result.link():.2f} survey unemployed (A + S) per register "
        "unemployed (A + P)."
    )
    return found


def page(
    result: Calibration, fit: pd.DataFrame, parameters: pd.DataFrame, conflicts: pd.DataFrame,
    figure,  # noqa: ANN001
) -> str:  # fmt: skip
    """Return the report as one self-contained page."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=150, metadata={"Software": None})
    source = base64.b64encode(picture.getvalue()).decode()
    found = result.posterior
    title = f"Calibration of {result.site.name.en}"
    text = "".join(f"<li>{escape(line)}</li>" for line in sentences(result))
    explained = pd.DataFrame(
        {
            "target": [aim.id for aim in found.emulator.aims],
            "variance of the table explained": found.emulator.explained,
            "error, in tolerances": np.sqrt(np.diag(found.emulator.error))
            / [aim.relative_tolerance for aim in found.emulator.aims],
        }
    )
    refused = int((result.rows["ok"] != 1).sum())
    how = (
        f"{len(result.rows):,} worlds ({refused} refused by the engine as impossible), "
        f"{result.table.months} months each after settling; emulator fitted on "
        f"{found.emulator.rows:,} worlds of the last box; {len(found.draws)} draws, "
        f"{100 * found.accepted:.0f} % of steps accepted."
    )
    named = {
        "fit": fit.drop(columns=["low", "high", "tier"]),
        "parameters": parameters,
        "conflicts": conflicts,
        "years": pd.DataFrame(result.years, columns=YEARS),
        "markets": _markets(result),
        "emulator": explained,
    }
    heads = {
        "fit": "Targets and what was simulated",
        "parameters": "Prior and posterior",
        "conflicts": "Targets that contradict each other (best attainable compromise)",
        "years": "Other years, relative to the base period, moved by demand alone (not fitted): "
        "the demand that gives the year's register unemployed, and what it says of the rest",
        "markets": "Slack, reference and tight market: new posts -33, 0 and +49 % a year, "
        "third year",
        "emulator": "Diagnostics: how well the emulator knows each target",
    }
    tables = "".join(
        f"<h2>{heads[name]}</h2>{_table(frame) if len(frame) else '<p>None.</p>'}"
        for name, frame in named.items()
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        "</title><style>body{font:15px/1.45 sans-serif;max-width:70rem;margin:2rem auto;"
        "padding:0 1rem}table{border-collapse:collapse;font-size:12px}td,th{border-bottom:"
        "1px solid #ddd;padding:2px 6px;text-align:left;vertical-align:top}img{max-width:100%}"
        f".missed{{color:{ORANGE};font-weight:600}}</style></head><body><h1>{escape(title)}</h1>"
        f"<ul>{text}</ul>"
        f'<img alt="Targets in tolerances and parameters within their ranges; the tables below '
        f'hold the numbers" src="data:image/png;base64,{source}"><p>{escape(how)}</p>{tables}'
        "</body></html>\n"
    )


def _markets(result: Calibration) -> pd.DataFrame:
    if result.markets.empty:
        return pd.DataFrame()
    rows = result.markets.loc[list(MARKETS), list(SHOWN)].T
    rows.columns = list(MARKETS.values())
    return rows.reset_index(names="moment")


def _table(frame: pd.DataFrame) -> str:
    head = "".join(f"<th>{escape(str(name)).replace('_', ' ')}</th>" for name in frame.columns)
    body = []
    for row in frame.itertuples(index=False):
        cells = []
        for value in row:
            text = _number(value) if isinstance(value, float) else str(value)
            text = "" if text in ("nan", "None") else text
            mark = ' class="missed"' if text == "missed" else ""
            cells.append(f"<td{mark}>{escape(text)}</td>")
        body.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


# ------------------------------------------------------------------ into the site file


def ship(result: Calibration, site: str | Path) -> list[Path]:
    """Write the fitted values into the site file, and beside it the posterior and its table.

    ``posteriors/SITE.csv`` holds the draws by parameter, ``posteriors/SITE.parquet`` the table in
    short: coordinates and the quantities of the fitted targets of every world, for the checks.

    Returns
    -------
    list of Path
        The files written.
    """
    target = site_path(site)
    folder = target.parent / "posteriors"
    folder.mkdir(exist_ok=True)
    draws = folder / f"{result.site.id}.csv"
    temporary = draws.with_suffix(".tmp")
    result.named_draws().to_csv(temporary, index=False, float_format="%.5g")
    temporary.replace(draws)
    short = folder / f"{result.site.id}.parquet"
    temporary = short.with_suffix(".tmp")
    short_table(result).to_parquet(temporary, index=False, compression="zstd")
    temporary.replace(short)
    fit = target.parent / "fits" / f"{result.site.id}.json"
    store_fit(fit, stored_rows(result))
    return [write_point(result, target), draws, short, fit]


def stored_rows(result: Calibration) -> list[dict[str, object]]:
    """Return the fit as ``vacancy-chains sites`` counts it; margins and the unmeasured apart."""
    rows = []
    for row in result.fit_table.itertuples():
        known = row.verdict != "not measured"
        bounds = (row.low, row.high)
        if _is(row.value) and _is(row.tolerance):
            bounds = (row.value - row.tolerance, row.value + row.tolerance)
        counted = known and row.role in ("fit", "check")
        rows.append(
            {
                "quantity": row.target, "role": row.role if counted else "context",
                "met": row.verdict == "met" if known else None,
                "target": _rounded(row.value),
                "simulated": _rounded(row.simulated) if known else None,
                "low": _rounded(bounds[0]), "high": _rounded(bounds[1]), "source": row.source,
            }
        )  # fmt: skip
    return rows


def _is(value: object) -> bool:
    return isinstance(value, int | float) and bool(np.isfinite(value))


def _rounded(value: object) -> float | None:
    return float(f"{value:.6g}") if _is(value) else None


def short_table(result: Calibration) -> pd.DataFrame:
    """Return coordinates, part and quantities of the fitted targets of every usable world."""
    rows = result.rows[result.rows["ok"] == 1].reset_index(drop=True)
    chosen = used(result.aims)
    values = statistics(rows, chosen)
    frame = rows[["part", *(item.id for item in result.items)]].astype(np.float32)
    for k, aim in enumerate(chosen):
        frame[f"target_{aim.id}"] = values[:, k].astype(np.float32)
    return frame


def write_point(result: Calibration, path: str | Path | None = None) -> Path:
    """Put the fitted values into ``[parameters.*]`` of the site file; the rest stays as it is.

    Raises
    ------
    ScenarioError
        When the file cannot be found.
    """
    target = Path(path) if path is not None else site_path(result.site.id)
    if not target.is_file():
        raise ScenarioError([f"{target}: the site file does not exist; nothing was written."])
    text = target.read_text(encoding="utf-8")
    numbers = fitted_numbers(result)
    lines, kept, skip = text.splitlines(), [], False
    for line in lines:
        if line.startswith("["):
            name = line.strip("[]# ").removeprefix("parameters.")
            skip = line.startswith("[parameters.") and name in numbers
        if not skip:
            kept.append(line)
    while kept and not kept[-1].strip():
        kept.pop()
    body = "\n".join(kept)
    for name, (value, unit, low, high) in numbers.items():
        body += (
            f'\n\n[parameters.{name}]\nvalue = {value:.4g}\nunit = "{unit}"\nlow = {low:.4g}\n'
            f'high = {high:.4g}\ngrade = "B"\n'
            f'source = "posterior mean of vacancy-chains calibrate {result.site.id}; low and high '
            'hold 90 per cent of the draws"'
        )
    temporary = target.with_suffix(".tmp")
    temporary.write_text(body + "\n", encoding="utf-8")
    temporary.replace(target)
    return target


def fitted_numbers(result: Calibration) -> dict[str, tuple[float, str, float, float]]:
    """Return value, unit and 90 % range of every fitted or borrowed parameter."""
    from scenarios import load_parameters

    units = load_parameters()
    draws = result.named_draws()
    found = {}
    for item in result.items:
        if item.kind == "input":
            continue
        for name in item.names:
            value = result.point[name]
            low, high = np.quantile(draws[name], [0.05, 0.95])
            found[name] = (value, units[name].unit, min(low, value), max(high, value))
    return found
