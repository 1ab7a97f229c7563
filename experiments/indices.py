"""``sensitivity``: on which assumption the answer hangs, where its sign turns, when a mix fails.

Indices are computed on means over replications. The share of their variance that is nothing but
replication noise stands beside every index: an index that is not above it says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.design import Dimension, Plan, _morris, third_year
from experiments.folders import Call, write_result
from experiments.sweeps import plan_of, read_results
from scenarios import ScenarioError
from scenarios.errors import suggestion
from simulator.errors import ResultError
from simulator.files import read_manifest, write_manifest

LEVEL = 0.90
RESAMPLES = 200
DEPTH = 3  # of the rule: more is not readable
FOLDS = 5
GRID = 5  # so few different values of a range are a grid; more are cut into fifths
EXTRA = "needs the extra 'analysis': pip install 'vacancy-chain-simulator[analysis]'."


@dataclass
class Case:
    """One place under one closure.

    Attributes
    ----------
    x : ndarray, shape (points, dimensions)
    y : ndarray, shape (points,)
        Means over replications.
    noise_share : float
        Share of the variance of ``y`` that is replication noise; NaN with one replication.
    blocks : ndarray, shape (points,)
        Points of the same block were sampled together.
    """

    place: str
    closure: str
    x: np.ndarray
    y: np.ndarray
    noise_share: float
    blocks: np.ndarray
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    sentence: str = ""
    rule: str = ""


@dataclass
class Sensitivity:
    """What a sweep says about its factors.

    Attributes
    ----------
    outcome : str
        Column of the results that was analysed.
    table : DataFrame
        A row per place, closure and factor: ``place, closure, role, factor, method, first,
        first_half, total, total_half, noise_share, at_low, at_high, turns_at, turns_low,
        turns_high``. ``first`` and ``total`` are Sobol indices (``sobol``), the standard deviation
        and mean absolute size of elementary effects (``morris``), or the share of variance
        between values (``factorial``) and a first-order index alone (``latin_hypercube``).
    sentence : str
        On what the answer hangs, a sentence per place and closure.
    rule : str
        Where the mix fails.
    """

    outcome: str
    unit: str
    table: pd.DataFrame
    sentence: str
    rule: str
    stamp: str
    cases: list[Case]
    call: Call | None = None

    def write(self, folder: str | Path, force: bool = False) -> Path:
        """Write the table, the sentence, the rule and the tornado figure, whole or not at all."""

        def write(out: Path) -> None:
            self.table.to_csv(out / "sensitivity.csv", index=False, lineterminator="\n")
            (out / "answer.txt").write_bytes(
                f"{self.sentence}\n\n{self.rule}\n\n{self.stamp}\n".encode()
            )
            _tornado(self, out)
            swept, name = {}, "DIR"
            if self.call is not None:
                source = self.call.arguments["folder"]
                swept, name = read_manifest(source), source.resolve().name
            write_manifest(
                out,
                command=f"sensitivity {name} --outcome {self.outcome}",
                seeds=swept.get("seeds", []),
                scenario_hash=str(swept.get("scenario_hash")),
                kind="sensitivity",
                outcome=self.outcome,
                inputs=swept.get("inputs"),
                **{"from": self.stamp},
            )

        return write_result(folder, force, self.call, write)


def sensitivity(folder: str | Path, outcome: str | None = None) -> Sensitivity:
    """Analyse a finished sweep.

    Parameters
    ----------
    folder
        Written by sweep.
    outcome : str, optional
        Column of ``results.parquet``; default: additional people of the target group at work in
        the third year, else additional months of work of the target group.

    Raises
    ------
    ResultError
        When the sweep is not finished or points have no result.
    ScenarioError
        When there is no such outcome or no factor.
    """
    plan = plan_of(folder)
    if not plan.dimensions:
        raise ScenarioError("the design has no factor, so there is nothing to analyse.")
    results = read_results(folder)
    manifest = read_manifest(folder)
    outcomes = [c for c in results.columns if c.startswith(("difference__", "value__", "served"))
                or c == "placements"]  # fmt: skip
    outcome = outcome or _default(plan, outcomes)
    if outcome not in outcomes:
        raise ScenarioError(f"--outcome names the unknown column '{outcome}'; "
                            + suggestion(outcome, outcomes))  # fmt: skip
    if len(results) < plan.rows:
        raise ResultError(
            f"{folder} holds {len(results)} of {plan.rows} rows; let the sweep finish, or merge "
            "its parts, first."
        )
    cases = []
    for at, site in enumerate(plan.sites):
        own = results[results["place"] == site.id]
        for closure in plan.design.closures:
            case = _case(plan, own[own["closure"] == closure], outcome, site.id, closure, folder)
            case.table = _table(plan, case)
            case.sentence = _sentence(plan, case, outcome, at)
            case.rule = _rule(plan, case, outcome)
            cases.append(case)
    stamp = (
        f"vacancy-chain-simulator {manifest.get('version')}, scenario "
        f"{manifest.get('scenario_hash')}, digest {manifest.get('digest')}"
    )
    return Sensitivity(
        outcome,
        _unit(outcome),
        pd.concat([case.table for case in cases], ignore_index=True),
        "\n".join(case.sentence for case in cases),
        "\n".join(case.rule for case in cases),
        stamp,
        cases,
        Call("sensitivity", folder=Path(folder), outcome=outcome),
    )


def _default(plan: Plan, outcomes: list[str]) -> str:
    if plan.design.kind == "pair" and third_year(plan.design):
        return "placements"
    kind = "difference" if plan.design.kind == "pair" else "value"
    best = f"{kind}__work_months__side__target_jobseekers__m{plan.design.windows[-1]}"
    return best if best in outcomes else outcomes[0]


def _unit(outcome: str) -> str:
    if outcome == "placements":
        return "additional people of the target group at work in the third year"
    return outcome.replace("__", " ")


def _case(
    plan: Plan, own: pd.DataFrame, outcome: str, place: str, closure: str, folder: str | Path
) -> Case:
    grouped = own.groupby("point")[outcome]
    mean = grouped.mean().reindex(range(len(plan.codes))).to_numpy()
    if np.isnan(mean).any():
        raise ResultError(
            f"{int(np.isnan(mean).sum())} points of {folder} have no finished run; run the sweep "
            "again with --retry."
        )
    spread = float((grouped.var() / grouped.count()).mean())
    total = float(mean.var())
    noise = min(spread / total, 1.0) if total > 0 else 1.0
    d = len(plan.dimensions)
    size = {"sobol": d + 2, "morris": d + 1}.get(plan.design.design, 1)
    return Case(place, closure, plan.codes, mean, noise, np.arange(len(mean)) // size)


# ---- indices -----------------------------------------------------------------------------------


def _salib(module: str) -> Any:
    try:
        from importlib import import_module

        return import_module(module)
    except ImportError:
        raise ScenarioError(f"sensitivity {EXTRA}") from None


def _indices(plan: Plan, case: Case) -> dict[str, np.ndarray]:
    """Return first and total indices with their half-widths, each of shape (dimensions,)."""
    d, kind = len(plan.dimensions), plan.design.design
    problem = {"num_vars": d, "names": [x.column for x in plan.dimensions],
               "bounds": [[0.0, 1.0]] * d}  # fmt: skip
    nothing = np.full(d, np.nan)
    if case.y.std() == 0:
        zero = np.zeros(d)
        return {"first": zero, "first_half": nothing, "total": zero, "total_half": nothing}
    if kind == "sobol":
        found = _salib("SALib.analyze.sobol").analyze(
            problem, case.y, calc_second_order=False, conf_level=LEVEL,
            num_resamples=RESAMPLES, seed=1,
        )  # fmt: skip
        return {"first": found["S1"], "first_half": found["S1_conf"], "total": found["ST"],
                "total_half": found["ST_conf"]}  # fmt: skip
    if kind == "morris":
        x = _morris(plan.design, d, Path("manifest.json"))
        found = _salib("SALib.analyze.morris").analyze(
            problem, x, case.y, num_levels=plan.design.levels, conf_level=LEVEL,
            num_resamples=RESAMPLES, seed=1,
        )  # fmt: skip
        return {"first": np.asarray(found["sigma"]), "first_half": nothing,
                "total": np.asarray(found["mu_star"]),
                "total_half": np.asarray(found["mu_star_conf"])}  # fmt: skip
    first = np.array([_between(case.x[:, i], case.y, x) for i, x in enumerate(plan.dimensions)])
    return {"first": first, "first_half": nothing, "total": first, "total_half": nothing}


def _between(x: np.ndarray, y: np.ndarray, dimension: Dimension) -> float:
    """Return the share of variance between values, or between fifths of a range."""
    code = _parts(x, dimension)
    values = np.unique(code)
    means = np.array([y[code == v].mean() for v in values])
    sizes = np.array([(code == v).sum() for v in values])
    between = float((sizes * (means - y.mean()) ** 2).sum() / len(y))
    within = y.var() - between
    # what chance alone puts between the parts is taken off
    free = len(y) - len(values)
    if free <= 0:
        return np.nan
    chance = within * (len(values) - 1) / free
    return max(0.0, (between - chance) / y.var())


def _parts(x: np.ndarray, dimension: Dimension) -> np.ndarray:
    if dimension.values is not None or len(np.unique(x)) <= GRID:
        return x
    edges = np.quantile(x, [0.2, 0.4, 0.6, 0.8])
    return np.searchsorted(edges, x, side="right").astype(float)


def _table(plan: Plan, case: Case) -> pd.DataFrame:
    index = _indices(plan, case)
    rows = []
    for i, dimension in enumerate(plan.dimensions):
        code = _parts(case.x[:, i], dimension)
        turns = _turns(plan, case, i)
        rows.append(
            {
                "place": case.place,
                "closure": case.closure,
                "role": dimension.role,
                "factor": dimension.name,
                "method": plan.design.design,
                **{name: float(values[i]) for name, values in index.items()},
                "noise_share": case.noise_share,
                "at_low": float(case.y[code == code.min()].mean()),
                "at_high": float(case.y[code == code.max()].mean()),
                "turns_at": turns[0],
                "turns_low": turns[1],
                "turns_high": turns[2],
            }
        )
    return pd.DataFrame(rows)


def _turns(plan: Plan, case: Case, i: int) -> tuple[float, float, float]:
    """Return where the sign turns along a factor, others in the middle of their range; or NaN.

    A straight line through all factors; the interval is that of the zero when blocks of points
    are drawn again, open (NaN) where more than one in ten draws has no zero within the range.
    """
    dimension = plan.dimensions[i]
    if dimension.values is not None and any(isinstance(v, str) for v in dimension.values):
        return (np.nan,) * 3
    x = case.x.astype(float)
    low, high = x[:, i].min(), x[:, i].max()
    middle = np.array(
        [(d.low + d.high) / 2 if d.values is None else (len(d.values) - 1) / 2
         for d in plan.dimensions]
    )  # fmt: skip

    def zero(keep: np.ndarray) -> float:
        centred = x[keep] - middle
        design = np.column_stack([np.ones(len(keep)), centred])
        coefficient, *_ = np.linalg.lstsq(design, case.y[keep], rcond=None)
        slope = coefficient[1 + i]
        at = np.inf if slope == 0 else middle[i] - coefficient[0] / slope
        return at if low <= at <= high else np.nan

    at = zero(np.arange(len(x)))
    if np.isnan(at):
        return (np.nan,) * 3
    rng = np.random.default_rng(1)
    members = [np.flatnonzero(case.blocks == b) for b in np.unique(case.blocks)]
    found = []
    for _ in range(RESAMPLES):
        drawn = rng.integers(0, len(members), len(members))
        found.append(zero(np.concatenate([members[b] for b in drawn])))
    if np.isnan(found).mean() > 1 - LEVEL:
        return _value(dimension, at), np.nan, np.nan
    edges = np.nanquantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return _value(dimension, at), _value(dimension, edges[0]), _value(dimension, edges[1])


def _value(dimension: Dimension, code: float) -> float:
    if dimension.values is None:
        return float(code)
    values = np.array(dimension.values, float)  # words have no turning point, see _turns
    return float(np.interp(code, np.arange(len(values)), values))


def _sentence(plan: Plan, case: Case, outcome: str, at: int) -> str:
    own = case.table[case.table["role"] != "lever"]
    where = f"{plan.sites[at].id}, closure {case.closure}"
    if own.empty:
        own = case.table
    noise = (
        "replications: one, so nobody can say how much of this is noise"
        if np.isnan(case.noise_share)
        else f"{case.noise_share:.0%} of the variance is replication noise"
    )
    if case.y.std() == 0:
        return f"{where}: {_unit(outcome)} is {case.y[0]:g} at every point."
    if own["total"].isna().all():
        return f"{where}: too few points to say on what the answer hangs."
    best = own.loc[own["total"].idxmax()]
    sobol = plan.design.design == "sobol"
    floor = best["total"] - (best["total_half"] if np.isfinite(best["total_half"]) else 0.0)
    # noise enters a total index as a whole
    drowned = floor <= case.noise_share if sobol else floor <= 0 or case.noise_share > 0.5
    if drowned:
        return (
            f"{where}: no assumption stands out from the luck of the draw ({noise}); more "
            "replications or wider ranges could tell."
        )
    size = f"{best['total']:.2f}"
    if np.isfinite(best["total_half"]):
        size += f" ± {best['total_half']:.2f}"
    what = {"sobol": "total index", "morris": "mean absolute effect over its range"}.get(
        plan.design.design, "share of the variance"
    )
    text = f"{where}: the answer hangs most on {best['factor']} ({what} {size}; {noise}); "
    if np.isnan(best["turns_low"]):
        return text + (
            f"no value can be told at which its sign turns ({best['at_low']:+.3g} at its low end, "
            f"{best['at_high']:+.3g} at its high end, {_unit(outcome)})."
        )
    return text + (
        f"its sign turns at {best['turns_at']:.3g} "
        f"({best['turns_low']:.3g} to {best['turns_high']:.3g}), all else in the middle of its "
        "range."
    )


# ---- where the mix fails -----------------------------------------------------------------------


def _rule(plan: Plan, case: Case, outcome: str) -> str:
    where = f"{case.place}, closure {case.closure}"
    fails = case.y <= 0
    if plan.design.kind != "pair":
        return f"{where}: single worlds do not say whether a mix fails."
    share = f"{fails.mean():.0%}"
    if fails.all() or not fails.any():
        word = "everywhere" if fails.all() else "nowhere"
        return f"{where}: the mix fails {word} in this design ({_unit(outcome)} not above zero)."
    try:
        from sklearn.model_selection import GroupKFold, cross_val_predict
        from sklearn.tree import DecisionTreeClassifier, export_text
    except ImportError:
        raise ScenarioError(f"sensitivity {EXTRA}") from None
    tree = DecisionTreeClassifier(
        max_depth=DEPTH, min_samples_leaf=max(5, len(fails) // 20), random_state=1
    )
    commoner = max(fails.mean(), 1 - fails.mean())
    head = f"{where}: the mix fails ({_unit(outcome)} not above zero) at {share} of the points."
    folds = min(FOLDS, len(np.unique(case.blocks)))
    if folds < 2 or len(fails) < 20:
        return f"{head} Too few points for a rule."
    told = cross_val_predict(tree, case.x, fails, groups=case.blocks, cv=GroupKFold(folds))
    right = float((told == fails).mean())
    # the error of a share over so many points
    error = 1.645 * np.sqrt(right * (1 - right) / len(fails))
    check = (
        f"right at {right:.0%} of points left out while it was learnt; always saying the commoner "
        f"answer is right at {commoner:.0%}"
    )
    if right - error <= commoner:
        return f"{head} No rule does better than guessing ({check})."
    tree.fit(case.x, fails)
    names = [_readable(d) for d in plan.dimensions]
    text = export_text(tree, feature_names=names, decimals=3)
    text = text.replace("class: True", "fails").replace("class: False", "works")
    return f"{head} A rule ({check}):\n{text.rstrip()}"


def _readable(dimension: Dimension) -> str:
    if dimension.values is None:
        return dimension.name
    return f"{dimension.name} (number in {', '.join(map(str, dimension.values))})"


# ---- figure ------------------------------------------------------------------------------------


def _tornado(found: Sensitivity, out: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    cases = found.cases
    rows = max(len(case.table) for case in cases)
    figure = Figure(figsize=(7, len(cases) * (1.2 + 0.32 * rows)), layout="constrained")
    FigureCanvasAgg(figure)
    for i, case in enumerate(cases):
        axes = figure.add_subplot(len(cases), 1, i + 1)
        table = case.table.assign(width=(case.table["at_high"] - case.table["at_low"]).abs())
        table = table.sort_values("width")
        centre = case.y.mean()
        for y, row in enumerate(table.itertuples()):
            axes.barh(y - 0.17, row.at_low - centre, 0.34, left=centre, color="#b35806")
            axes.barh(y + 0.17, row.at_high - centre, 0.34, left=centre, color="#2166ac")
        axes.axvline(0, color="black", linewidth=1)
        axes.axvline(centre, color="grey", linewidth=1, linestyle=":")
        axes.set_yticks(range(len(table)), [f"{r.factor} ({r.role})" for r in table.itertuples()])
        axes.set_xlabel(found.unit)
        axes.set_title(
            f"{case.place}, closure {case.closure}: low end (orange) and high end (blue); "
            f"noise {case.noise_share:.0%} of the variance",
            fontsize=9, loc="left",
        )  # fmt: skip
        axes.spines[["top", "right"]].set_visible(False)
    figure.supxlabel(found.stamp, fontsize=6, color="grey", x=0.01, ha="left")
    figure.savefig(out / "tornado.png", dpi=150, metadata={"Software": None})
    figure.savefig(out / "tornado.svg", metadata={"Date": None})
