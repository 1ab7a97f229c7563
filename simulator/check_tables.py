"""Check the tables of a folder of ``compare``: what anybody can recompute from the files.

The worlds themselves are not in the folder, so nothing here says that they were simulated rightly;
that is what rerunning with the manifest's command and the checks of the ledger are for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from scenarios import ScenarioError
from simulator.codebook import columns_of
from simulator.errors import ResultError
from simulator.files import program_version, read_manifest, read_table

VALUES = ("reference", "scenario", "difference")
ARM = ["mix", "against", "closure", "strength", "design", "months"]
STOCK_UNITS = ("persons", "posts")  # a window takes the mean of these and the sum of all others
CLOSE = 0.03  # how near a count of the world should be to its target
TOLERANCE = 1e-6  # relative; sums of floats written with all their digits
NAMED = 4  # counts named in a line

# whole = sum of parts; each part and whole is (outcome, breakdown, group)
SUMS = (
    (("work_months", "all", "everybody"), (("work_months", "side", None),)),
    (("local_work_months", "all", "everybody"), (("local_work_months", "side", None),)),
    (
        ("work_months", "side", "target_jobseekers"),
        (("work_months", "target_by_sex", None),),
    ),
    *(
        ((name, "all", "all"), ((name, "rung", None),))
        for name in ("filled_post_months", "vacant_post_months", "post_months",
                     "advertised_vacancies", "applications")
    ),
    (
        ("post_months", "all", "all"),
        tuple(
            (f"{state}_post_months", "all", "all")
            for state in ("filled", "vacant", "not_backfilled", "given_up")
        ),
    ),
    (("register_unemployed", "all", "all"), (("state_A", "all", "all"), ("state_P", "all", "all"))),
    (("survey_unemployed", "all", "all"), (("state_A", "all", "all"), ("state_S", "all", "all"))),
)  # fmt: skip


class CheckRow(NamedTuple):
    """One line of the result of a check; ``holds`` is None where nothing can be said."""

    check: str
    holds: bool | None
    detail: str


def read_csv(folder: Path, file: str) -> pd.DataFrame:
    """Read a table of text, with the columns of the codebook.

    Raises
    ------
    ResultError
        When it is missing, damaged, or lacks a column.
    """
    try:
        frame = pd.read_csv(folder / file)
    except FileNotFoundError:
        raise ResultError(f"{file} is missing in {folder}; the folder is not whole.") from None
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise ResultError(f"{file} in {folder} cannot be read as a table ({error}).") from None
    for column in columns_of(file):
        if column.name not in frame.columns:
            raise ResultError(f"{file} in {folder} lacks the column {column.name}.")
        if column.dtype == "string":
            continue
        try:
            frame[column.name] = pd.to_numeric(frame[column.name])
        except (ValueError, TypeError):
            raise ResultError(
                f"{file} in {folder}: {column.name} must hold numbers only."
            ) from None
    return frame


def check_tables(folder: str | Path) -> list[CheckRow]:
    """Verify what the tables of a comparison say of each other, of their manifest and the world.

    Raises
    ------
    ResultError
        When a file is missing or damaged.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    summary = read_csv(folder, "summary.csv")
    world = read_csv(folder, "world.csv")
    monthly = read_table(folder, "monthly.parquet").to_pandas()
    costs, money = read_csv(folder, "costs.csv"), read_csv(folder, "money.csv")
    with np.errstate(all="ignore"):  # numbers beyond any size are found wrong, not warned of
        return [
            _differences(summary),
            _intervals(summary, manifest),
            _sums(summary),
            _months(summary, monthly),
            _costs(costs, money),
            _money(money, summary),
            _world(world),
            _hash(manifest),
        ]


def _where(row: Any) -> str:
    group = "" if row.group == "all" else f" {row.group}"
    return (
        f"{row.outcome} {row.breakdown}{group}, mix {row.mix}, {row.closure}, {row.strength}, "
        f"{row.design}, {row.months} months"
    )


def _off(found: Any, expected: Any, scale: Any) -> np.ndarray:
    """Return where two columns differ by more than rounding."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    return ~(np.abs(found - expected) <= TOLERANCE * (1.0 + np.abs(np.asarray(scale, float))))


def _line(check: str, frame: pd.DataFrame, wrong: np.ndarray, good: str, says: str) -> CheckRow:
    if not wrong.any():
        return CheckRow(check, True, good)
    first = next(frame[wrong].itertuples())
    return CheckRow(check, False, f"{says} in {int(wrong.sum())} rows, first: {_where(first)}")


def _differences(summary: pd.DataFrame) -> CheckRow:
    wrong = _off(
        summary["difference"], summary["scenario"] - summary["reference"], summary["reference"]
    )
    return _line(
        "differences", summary, wrong,
        f"difference = scenario - reference in {len(summary)} rows of summary.csv",
        "difference is not scenario - reference",
    )  # fmt: skip


def _intervals(summary: pd.DataFrame, manifest: dict[str, Any]) -> CheckRow:
    names = ("ci_low", "difference", "ci_high")
    low, mean, high = (summary[name].to_numpy(float) for name in names)
    slack = TOLERANCE * (1.0 + np.abs(summary["reference"].to_numpy(float)))
    holds = (low <= mean + slack) & (mean <= high + slack)
    # one pair has no interval
    holds |= (summary["replications"] == 1).to_numpy() & np.isnan(low) & np.isnan(high)
    seeds = manifest.get("seeds")
    pairs = len(seeds) if isinstance(seeds, list) else -1
    counted = (summary["replications"] == pairs).to_numpy()
    level = (summary["ci_level"] == 0.90).to_numpy()
    if holds.all() and not counted.all():
        return _line(
            "intervals", summary, ~counted, "", f"replications are not the manifest's {pairs} seeds"
        )
    return _line(
        "intervals", summary, ~(holds & level),
        f"each holds its difference, {pairs} pairs as in the manifest",
        "a 90 % interval does not hold its difference",
    )  # fmt: skip


def _sums(summary: pd.DataFrame) -> CheckRow:
    keyed = summary.set_index(["outcome", "breakdown", "group"]).sort_index()
    found = 0
    for whole, parts in SUMS:
        if whole not in keyed.index:
            continue
        left = keyed.loc[[whole]].set_index(ARM)[list(VALUES)]
        frames = []
        for outcome, breakdown, group in parts:
            part = summary[(summary["outcome"] == outcome) & (summary["breakdown"] == breakdown)]
            frames.append(part if group is None else part[part["group"] == group])
        right = pd.concat(frames).groupby(ARM)[list(VALUES)].sum()
        if right.empty:
            continue
        right = right.reindex(left.index)
        for name in VALUES:
            wrong = _off(right[name], left[name], left["reference"])
            if wrong.any():
                arm = ", ".join(map(str, left.index[wrong][0]))
                return CheckRow(
                    "sums", False,
                    f"the parts of {whole[0]} {whole[2]} do not add up to it ({name}; {arm})",
                )  # fmt: skip
        found += 1
    if not found:
        return CheckRow("sums", False, "summary.csv holds none of the tables that add up")
    return CheckRow(
        "sums", True,
        f"{found} tables add up, who gains and who loses among them",
    )  # fmt: skip


def _months(summary: pd.DataFrame, monthly: pd.DataFrame) -> CheckRow:
    design = "cohorts" if (summary["design"] == "cohorts").any() else "whole"
    rows = summary[summary["design"] == design]
    names = ["outcome", "breakdown", "group"]
    sides = []
    for months, part in rows.groupby("months"):
        window = monthly[monthly["month"] < months]
        totals = window.groupby(["mix", "closure", "strength", *names])["mean"].agg(["sum", "size"])
        totals = totals[totals["size"] == months]["sum"].reset_index()
        arms = part.merge(totals, on=["mix", "closure", "strength", *names], how="left")
        arms["written"] = arms["scenario"]
        # the reference stands in monthly.parquet once per closure, under its own name
        own = totals[totals["strength"] == "assumed"].drop(columns="strength")
        base = part.merge(
            own, left_on=["against", "closure", *names], right_on=["mix", "closure", *names],
            how="left", suffixes=("", "_"),
        )  # fmt: skip
        base["written"] = base["reference"]
        sides += [arms, base]
    if not sides:
        return CheckRow("monthly", False, "summary.csv names no number of months")
    both = pd.concat(sides, ignore_index=True)
    per = np.where(both["unit"].isin(STOCK_UNITS), both["months"], 1)
    wrong = _off(both["sum"] / per, both["written"], both["written"])
    return _line(
        "monthly", both, wrong,
        f"the months of monthly.parquet give the {len(both)} numbers of summary.csv ({design})",
        "the months of monthly.parquet do not give summary.csv",
    )  # fmt: skip


MONEY_ARM = ["mix", "against", "closure", "strength", "design"]


def _costs(costs: pd.DataFrame, money: pd.DataFrame) -> CheckRow:
    """Check that costs are bought x price + fixed, and that the payers pay all that is known."""
    own = costs["bought"] * costs["price"] + costs["fixed"]
    wrong = _off(costs["cost"].fillna(0), own.fillna(0), own.fillna(0))
    wrong |= (costs["cost"].isna() != costs["price"].isna()).to_numpy()
    if wrong.any():
        row = next(costs[wrong].itertuples())
        return CheckRow(
            "costs", False,
            f"cost is not bought x price + fixed in {int(wrong.sum())} rows of costs.csv, first: "
            f"{row.measure}, year {row.year}, mix {row.mix}",
        )  # fmt: skip
    by = [*MONEY_ARM, "year"]
    known = costs.assign(known=own.fillna(costs["fixed"])).groupby(by)["known"].sum()
    paid = money.groupby(by)["cost"].sum()
    known, paid = known.align(paid, fill_value=0.0)
    scale = known.abs().max() if len(known) else 0.0
    wrong = _off(paid, known, np.full(len(known), scale))
    if wrong.any():
        arm = ", ".join(map(str, known.index[wrong][0]))
        return CheckRow("costs", False, f"the payers do not pay what the measures cost ({arm})")
    return CheckRow(
        "costs", True,
        f"bought x price + fixed in {len(costs)} rows, paid by the payers of money.csv; "
        f"{costs.loc[costs['price'].isna(), 'measure'].nunique()} measures without a price",
    )  # fmt: skip


def _money(money: pd.DataFrame, summary: pd.DataFrame) -> CheckRow:
    """Check that savings are the benefits of registered months, and net is saved less cost."""
    scale = money[["saved", "cost"]].abs().max(axis=1)
    wrong = _off(money["net"], money["saved"] - money["cost"], scale)
    low, high = money["ci_low"], money["ci_high"]
    slack = TOLERANCE * (1.0 + scale)
    outside = ~(((low <= money["net"] + slack) & (money["net"] <= high + slack)) | low.isna())
    if wrong.any() or outside.any():
        row = next(money[wrong | outside].itertuples())
        return CheckRow(
            "money", False,
            f"net is not saved less cost, or outside its interval: {row.payer}, year {row.year}, "
            f"mix {row.mix}",
        )  # fmt: skip
    registered = summary[
        (summary["outcome"] == "register_months") & (summary["breakdown"] == "all")
    ]
    seen = 0
    for row in registered[registered["months"] % 12 == 0].itertuples():
        own = money[(money[MONEY_ARM] == [getattr(row, name) for name in MONEY_ARM]).all(axis=1)]
        own = own[own["year"] <= row.months // 12]
        if own.empty:
            continue
        expected = -row.difference * own["benefit"].iloc[0]
        if _off(own["saved"].sum(), expected, row.reference).any():
            return CheckRow(
                "money", False, f"savings are not the benefits of registered months: {_where(row)}"
            )
        seen += 1
    return CheckRow(
        "money", True,
        f"net = saved - cost in {len(money)} rows; savings are registered months not paid, "
        f"{seen} windows of summary.csv",
    )  # fmt: skip


def _world(world: pd.DataFrame) -> CheckRow:
    counted = world[(world["target"] > 0) & world["at_start"].notna()]
    off = (counted["at_start"] / counted["target"] - 1).abs()
    far = counted[off > CLOSE].assign(off=off)
    far = far.sort_values(["target", "cell"], ascending=[False, True])
    if far.empty:
        return CheckRow("world", True, f"all {len(counted)} counts within 3 % of their target")
    named = [
        f"{row.margin}: {row.cell} {row.at_start:,.0f} for {row.target:,.0f}"
        for row in far.head(NAMED).itertuples()
    ]
    more = len(far) - len(named)
    return CheckRow(
        "world", None,
        f"{len(counted) - len(far)} of {len(counted)} counts within 3 % of their target; not: "
        + "; ".join(named) + (f"; and {more} smaller ones" if more else ""),
    )  # fmt: skip


def _hash(manifest: dict[str, Any]) -> CheckRow:
    """Compare the hash of what decides the result with that of the files at hand."""
    from simulator.town import Town

    site, against, mixes = (manifest.get(name) for name in ("site", "against", "mixes"))
    written = manifest.get("scenario_hash")
    around = manifest.get("surroundings")
    named = [site, against, *(mixes if isinstance(mixes, list) else [None])]
    if not all(isinstance(x, str) for x in named + ([] if around is None else [around])):
        return CheckRow("scenario_hash", False, "manifest.json does not name place and mixes")
    try:
        town = Town(str(site), surroundings=around)
        found = town.scenario_hash([town.mix(name) for name in named[1:]])
    except ScenarioError as error:
        return CheckRow(
            "scenario_hash", None,
            f"{written} cannot be recomputed: no longer shipped, or read from files of one's own "
            f"({str(error).splitlines()[0]})",
        )  # fmt: skip
    if found == written:
        return CheckRow("scenario_hash", True, f"{found}, as the files and the program here")
    if manifest.get("version") != program_version():
        return CheckRow(
            "scenario_hash", None,
            f"made by version {manifest.get('version')}; this is {program_version()}",
        )  # fmt: skip
    return CheckRow(
        "scenario_hash", False,
        f"the manifest says {written}, the files and the program here give {found}: they have "
        "changed since, or a place or mix was read from a file of one's own",
    )  # fmt: skip
