"""Moments of a place: what calibration fits, what is held apart, and what must not drift.

The targets are those of ``scenarios/evidence/calibration_start.md``, measured in the simulation as
they are measured in the source: month-end states of residents aged 15 to 74 unless said. A moment
is a ratio of means over the months of a window, or a mean count.

Retired residents take no further part in the model but are aged 15 to 74 as the source counts
them: they stand in the denominators of people outside the labour force, with their number in the
world as built (the age structure of a place stays as it is).

People hired from outside the place have no recorded status before the hire. Shares of hires by
status are shares of the hires whose earlier status is known; job changes are those of residents,
moves to employers elsewhere included.

``python -m calibration.moments kokkola`` writes ``docs/kokkola_fit.md``; what
``vacancy-chains sites`` counts is written by ``vacancy-chains calibrate kokkola --write``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios import Site
from scenarios.fits import store_fit
from simulator.codes import Cause, Fill, label
from simulator.engine import World
from simulator.policy import lay_out_mix
from simulator.town import Town
from simulator.world import Flow, Total

if TYPE_CHECKING:
    import pandas as pd

DAYS_A_MONTH = 30.4
DAYS_A_ROUND = 7.6
SKIPPED = 12  # months not counted by a fit: what settling levelled wears off, ``today`` runs in
WINDOW = (0, 60)  # months after settling over which moments are means
HORIZON = 120  # months over which trends are read
START = "calibration_start.md"


@dataclass(frozen=True)
class Moment:
    """One row of the fit.

    Attributes
    ----------
    id, meaning, unit
        Name in tables, what it is, in what.
    target, tolerance
        Value of the source and the distance within which it counts as met; None: shown only.
    row
        Where the target stands in the evidence.
    role
        ``fit`` (calibrated on), ``check`` (held apart) or ``context`` (no target).
    """

    id: str
    meaning: str
    unit: str
    target: float | None
    tolerance: float | None
    row: str
    role: str


def moment_list(site: Site) -> list[Moment]:
    """Return the moments of a place: counts from its margins, rates and shares from Finland.

    Parameters
    ----------
    site : Site
        For a place outside Finland the rates are borrowed, and say so in their row.
    """
    counts = site.counts()
    where = START if site.country == "fi" else f"{START} (Finland, borrowed)"
    survey = counts["survey_unemployed"]
    vacancies = site.vacancies

    def fit(name: str, meaning: str, unit: str, target: float, tolerance: float) -> Moment:
        return Moment(name, meaning, unit, target, tolerance, where, "fit")

    def check(
        name: str, meaning: str, unit: str, target: float, tolerance: float, row: str
    ) -> Moment:
        return Moment(name, meaning, unit, target, tolerance, row, "check")

    def context(name: str, meaning: str, unit: str) -> Moment:
        return Moment(name, meaning, unit, None, None, "", "context")

    employed = counts["filled_posts"]
    register = counts["register_unemployed"]
    return [
        fit("employed", "filled local posts", "posts", employed, 0.015 * employed),
        fit("register", "register unemployed, A + P", "persons", register, 0.049 * register),
        fit("survey", "survey unemployed, A + S", "persons", survey, 0.1 * survey),
        fit("searching", "A / (A + P)", "share", site.margins.searching_share.value, 0.07),
        fit(
            "register_long",
            "of A + P, registered 12 months or more without a break",
            "share",
            site.margins.register_long_term_share.value,
            0.03,
        ),
        fit("u_to_e", "of A + S, in work three months later", "share", 0.31, 0.03),
        fit("u_to_outside", "of A + S, in P or N three months later", "share", 0.23, 0.03),
        fit("e_to_u", "of people in work, in A or S three months later", "share", 0.015, 0.003),
        fit(
            "outside_to_u",
            "of P + N and the retired, in A or S three months later",
            "share",
            0.0375,
            0.006,
        ),
        fit(
            "other_employer",
            "residents in work here, with another employer a month later",
            "share",
            0.017,
            0.002,
        ),
        fit(
            "starters",
            "of people in work here, began with the employer within three months",
            "share",
            site.contracts.started_three_months_share.value,
            0.012,
        ),
        fit("hires_from_job", "hires of people in work a month before", "share", 0.42, 0.04),
        fit("hires_from_register", "hires from A or P a month before", "share", 0.24, 0.04),
        fit("opened_inside", "vacancies opened by a move inside", "share", 0.074, 0.025),
        fit(
            "in_commuters",
            "of filled posts, held by people living elsewhere",
            "share",
            site.margins.in_commuter_share.value,
            0.02,
        ),
        fit(
            "public_opened",
            "public vacancies opened a month",
            "vacancies",
            vacancies.public_opened.value,
            0.175 * vacancies.public_opened.value,
        ),
        fit(
            "public_days",
            "public vacancies, mean stock / monthly outflow x 30.4",
            "days",
            vacancies.public_days.value,
            8.0,
        ),
        fit("given_up", "recruitments given up / (given up + filled)", "share", 0.066, 0.02),
        check("tenure", "mean tenure with the employer", "years", 10.1, 1.0, "P09"),
        check("survey_long", "of A + S, unemployed 12 months or more", "share", 0.19, 0.057,
              "fi ltu_lfs_share"),  # fmt: skip
        check("outside_to_e", "of P + N and the retired, in work three months later", "share",
              0.065, 0.02, f"{START}, fi ie_quarterly"),  # fmt: skip
        check("e_to_outside", "of people in work, in P or N or retired three months later",
              "share", 0.024, 0.0072, "eu27 ei_quarterly"),  # fmt: skip
        check("hires_new_post", "hires into posts created within twelve months", "share",
              0.458, 0.1, "V08"),  # fmt: skip
        check("public_spell", "completed spells of public vacancies", "days", 40.0, 13.3,
              "kokkola vacancy_duration_days"),  # fmt: skip
        check("public_per_register", "public vacancies per register unemployed", "ratio",
              0.32, 0.1, "kokkola vacancy_unemployment_ratio, 2019"),  # fmt: skip
        check("out_commuters", "residents who work elsewhere", "persons",
              counts["out_commuters"], 0.1 * counts["out_commuters"], "work_here_share"),
        context("in_commuters_count", "people from elsewhere in local posts", "persons"),
        context("hires", "hires a month, moves inside apart", "persons"),
        context("promotions", "promotions a month", "persons"),
        context("sideward_moves", "moves on the same rung inside a month", "persons"),
        context("opened", "vacancies opened a month", "vacancies"),
        *(
            context(f"opened_{label(cause)}", f"vacancies opened: {label(cause)}", "share")
            for cause in CAUSES
        ),
        context("applications", "applications of people of the place per vacancy", "number"),
        context("vacant", "vacancies, mean stock", "vacancies"),
        context("old_vacancies", "of them open longer than three months", "share"),
        context("withdrawn", "withdrawn posts, of all posts", "share"),
        context("fixed_term", "fixed-term posts, of filled posts", "share"),
    ]  # fmt: skip


CAUSES = tuple(
    cause
    for cause in Cause
    if cause <= Cause.HIRE_FROM_WORKPLACE and cause not in (Cause.COVER, Cause.LEAVE)
)


def moments(
    totals: np.ndarray, flows: np.ndarray, retired: float, window: tuple[int, int] = WINDOW
) -> dict[str, float]:
    """Return all moments of one world.

    Parameters
    ----------
    totals : ndarray, shape (months, len(Total))
        Month-end counts.
    flows : ndarray, shape (months, rungs, Flow.SIZE)
        Monthly flows of vacancies.
    retired : float
        Retired residents aged 15 to 74.
    window : (int, int)
        First month and month after the last.
    """
    first, last = window
    t = np.asarray(totals, float)[first:last].mean(axis=0)
    f = np.asarray(flows, float)[first:last].sum(axis=1).mean(axis=0)

    def ratio(numerator: float, denominator: float) -> float:
        return float(numerator / denominator) if denominator > 0 else float("nan")

    register = t[Total.A] + t[Total.P]
    survey = t[Total.A] + t[Total.S]
    outside = t[Total.PN_BEFORE] + retired
    known_hires = t[Total.HIRES] - t[Total.HIRES_FROM_OUTSIDE]
    opened = f[Flow.OPENED : Flow.OPENED + Cause.HIRE_FROM_WORKPLACE + 1]
    filled = f[Flow.FILL + Fill.PROMOTION : Flow.FILL + Fill.HIRE_OUTSIDE_REGION + 1].sum()
    given_up = f[Flow.FILL + Fill.GIVEN_UP]
    inside = opened[Cause.PROMOTION] + opened[Cause.SIDEWARD_MOVE]
    return {
        "employed": float(t[Total.EMPLOYED_HERE]),
        "register": float(register),
        "survey": float(survey),
        "searching": ratio(t[Total.A], register),
        "register_long": ratio(t[Total.REGISTER_LONG], register),
        "u_to_e": ratio(t[Total.U_TO_E], t[Total.U_BEFORE]),
        "u_to_outside": ratio(t[Total.U_TO_PN], t[Total.U_BEFORE]),
        "e_to_u": ratio(t[Total.E_TO_U], t[Total.E_BEFORE]),
        "outside_to_u": ratio(t[Total.PN_TO_U], outside),
        "other_employer": ratio(t[Total.OTHER_EMPLOYER], t[Total.RESIDENTS_HERE]),
        "starters": ratio(t[Total.STARTERS], t[Total.EMPLOYED_HERE]),
        "hires_from_job": ratio(t[Total.HIRES_FROM_JOB], known_hires),
        "hires_from_register": ratio(t[Total.HIRES_FROM_REGISTER], known_hires),
        "opened_inside": ratio(inside, opened.sum()),
        "in_commuters": ratio(t[Total.IN_COMMUTERS], t[Total.EMPLOYED_HERE]),
        "public_opened": float(f[Flow.OPENED_PUBLIC]),
        "public_days": DAYS_A_MONTH * ratio(t[Total.VACANT_PUBLIC], f[Flow.CLOSED_PUBLIC]),
        "given_up": ratio(given_up, given_up + filled),
        "tenure": ratio(t[Total.TENURE_MONTHS], t[Total.EMPLOYED_HERE]) / 12.0,
        "survey_long": ratio(t[Total.SURVEY_LONG], survey),
        "outside_to_e": ratio(t[Total.PN_TO_E], outside),
        # people who retire leave the counts of the month, so their flow is added
        "e_to_outside": ratio(t[Total.E_TO_PN] + 3.0 * opened[Cause.RETIREMENT], t[Total.E_BEFORE]),
        "hires_new_post": ratio(t[Total.HIRES_NEW_POST], t[Total.HIRES]),
        "public_spell": DAYS_A_ROUND * ratio(f[Flow.SPELL_ROUNDS_PUBLIC], f[Flow.CLOSED_PUBLIC]),
        "public_per_register": ratio(t[Total.VACANT_PUBLIC], register),
        "out_commuters": float(t[Total.RESIDENTS_ELSEWHERE]),
        "in_commuters_count": float(t[Total.IN_COMMUTERS]),
        "hires": float(t[Total.HIRES]),
        "promotions": float(f[Flow.FILL + Fill.PROMOTION]),
        "sideward_moves": float(f[Flow.FILL + Fill.SIDEWARD_MOVE]),
        "opened": float(opened.sum()),
        **{f"opened_{label(cause)}": ratio(opened[cause], opened.sum()) for cause in CAUSES},
        "applications": ratio(f[Flow.APPLICATIONS], opened.sum()),
        "vacant": float(t[Total.VACANT]),
        "old_vacancies": ratio(f[Flow.OLD_VACANCIES], t[Total.VACANT]),
        "withdrawn": ratio(t[Total.WITHDRAWN], t[Total.POSTS]),
        "fixed_term": ratio(t[Total.FIXED_TERM], t[Total.EMPLOYED_HERE]),
    }


TRENDS = {
    "employed": "filled local posts",
    "posts": "posts",
    "vacant": "vacancies",
    "withdrawn": "withdrawn posts",
    "register": "register unemployed",
    "register_long": "long-term share of the register",
    "outside": "people outside the labour force, N",
    "tenure": "mean tenure",
    "in_commuters": "people from elsewhere in local posts",
    "out_commuters": "residents who work elsewhere",
    "fixed_term": "fixed-term posts, filled",
    "hires": "hires",
}


def trend_series(totals: np.ndarray) -> dict[str, np.ndarray]:
    """Return the monthly series whose trends are watched, by id of :data:`TRENDS`."""
    t = np.asarray(totals, float).T
    register = t[Total.A] + t[Total.P]
    return {
        "employed": t[Total.EMPLOYED_HERE],
        "posts": t[Total.POSTS],
        "vacant": t[Total.VACANT],
        "withdrawn": t[Total.WITHDRAWN],
        "register": register,
        "register_long": t[Total.REGISTER_LONG] / np.maximum(register, 1.0),
        "outside": t[Total.N],
        "tenure": t[Total.TENURE_MONTHS] / np.maximum(t[Total.EMPLOYED_HERE], 1.0) / 12.0,
        "in_commuters": t[Total.IN_COMMUTERS],
        "out_commuters": t[Total.RESIDENTS_ELSEWHERE],
        "fixed_term": t[Total.FIXED_TERM],
        "hires": t[Total.HIRES],
    }


def trends(totals: np.ndarray) -> dict[str, float]:
    """Return the relative change over ten years of each watched series (least squares on years).

    Whole years are compared, so that season plays no part.
    """
    years = len(totals) // 12
    found = {}
    for name, series in trend_series(totals).items():
        means = series[: years * 12].reshape(years, 12).mean(axis=1)
        slope = np.polyfit(np.arange(years), means, 1)[0] if years > 1 else 0.0
        found[name] = float(10.0 * slope / means.mean()) if means.mean() > 0 else 0.0
    return found


@dataclass(frozen=True)
class Simulated:
    """Moments and trends of one settled world in which ``today`` runs."""

    moments: dict[str, float]
    trends: dict[str, float]


def begin_today(town: Town, seed: int, *, record: bool = False) -> tuple[World, float]:
    """Return a settled world with the services that run today, and its retired residents.

    Targets were measured where these services run; a place without ``today`` has none.
    """
    world = town.begin(seed, record=record)
    if town.today is not None:
        lay_out_mix(town.today, town.site, town.place).install(world)
    return world, float(town.start(seed, record=record).retired)


def simulate(
    town: Town, seed: int, months: int = HORIZON, window: tuple[int, int] = WINDOW
) -> Simulated:
    """Settle one world of a place, run it on with ``today`` and measure it.

    Counts of a place at a scale are multiplied back.
    """
    world, retired = begin_today(town, seed)
    world.lay_out(0, months)
    world.advance(months)
    totals, flows = world.columns.totals * town.scale, world.columns.flows * town.scale
    return Simulated(moments(totals, flows, retired * town.scale, window), trends(totals))


def simulate_many(
    site: str | Path | Site,
    seeds: Iterable[int],
    parameters: dict[str, float] | None = None,
    months: int = HORIZON,
    window: tuple[int, int] = WINDOW,
    threads: int = 2,
) -> list[Simulated]:
    """Measure several replications of a place, in threads (kernels release the lock)."""
    town = Town(site, parameters)
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda seed: simulate(town, seed, months, window), seeds))


def interval(values: Sequence[float], level: float = 0.90) -> tuple[float, float, float]:
    """Return the mean and the interval of the mean (Student's t) over replications."""
    x = np.asarray(values, float)
    mean = float(x.mean())
    if len(x) < 2:
        return mean, mean, mean
    from scipy.stats import t as student  # slow to import

    half = float(student.ppf(0.5 + level / 2.0, len(x) - 1) * x.std(ddof=1) / np.sqrt(len(x)))
    return mean, mean - half, mean + half


def fit_table(site: Site, runs: Sequence[Simulated]) -> pd.DataFrame:
    """Return one row per moment.

    Returns
    -------
    DataFrame
        ``moment, meaning, unit, role, target, tolerance, simulated, ci_low, ci_high, ratio,
        distance, met, row``; ``distance`` is in tolerances.
    """
    import pandas as pd  # slow to import

    rows = []
    for item in moment_list(site):
        mean, low, high = interval([run.moments[item.id] for run in runs])
        ratio = mean / item.target if item.target else None
        distance = None
        if item.target is not None and item.tolerance:
            distance = (mean - item.target) / item.tolerance
        rows.append(
            {
                "moment": item.id,
                "meaning": item.meaning,
                "unit": item.unit,
                "role": item.role,
                "target": item.target,
                "tolerance": item.tolerance,
                "simulated": mean,
                "ci_low": low,
                "ci_high": high,
                "ratio": ratio,
                "distance": distance,
                "met": None if distance is None else abs(distance) <= 1.0,
                "row": item.row,
            }
        )
    return pd.DataFrame(rows)


def fit_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of :func:`fit_table` that have a target, as a place's fit is stored.

    ``low`` and ``high`` are the target less and plus its tolerance.
    """
    rows = []
    for row in table[table.target.notna()].to_dict("records"):
        target, tolerance = float(row["target"]), float(row["tolerance"])
        rows.append(
            {
                "quantity": f"{row['meaning']} ({row['unit']})",
                "role": row["role"],
                "met": bool(row["met"]),
                **{
                    name: float(f"{value:.6g}")
                    for name, value in (
                        ("target", target),
                        ("simulated", row["simulated"]),
                        ("low", target - tolerance),
                        ("high", target + tolerance),
                    )
                },
                "source": row["row"],
            }
        )
    return rows


def trend_table(runs: Sequence[Simulated]) -> pd.DataFrame:
    """Return the relative change over ten years of each watched series, with its interval."""
    import pandas as pd  # slow to import

    rows = []
    for name, meaning in TRENDS.items():
        mean, low, high = interval([run.trends[name] for run in runs])
        rows.append(
            {"series": name, "meaning": meaning, "change": mean, "ci_low": low, "ci_high": high}
        )
    return pd.DataFrame(rows)


def _number(value: float | None) -> str:
    if value is None or np.isnan(value):
        return ""
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 1 else f"{value:.4f}"


def write_fit(site: Site, runs: Sequence[Simulated], path: str | Path, command: str) -> None:
    """Write the tables of the fit as a page of documentation."""
    table = fit_table(site, runs)
    fitted = table[table.role == "fit"]
    checked = table[table.role == "check"]
    lines = [
        f"# How well {site.name.en} is met",
        "",
        f"Made by `{command}`: {len(runs)} replications of the place with its services of today,"
        f" settled for 36 months; means over the {WINDOW[1] - WINDOW[0]} months after that, in"
        " brackets the 90 per cent interval of the mean over replications. The definitions stand in"
        " `calibration/moments.py`.",
        "",
        f"Within tolerance: {int(fitted.met.sum())} of {len(fitted)} fitted moments,"
        f" {int(checked.met.sum())} of {len(checked)} held apart.",
        "",
    ]
    for role, title in (
        ("fit", "Fitted"),
        ("check", "Held apart: compared, never fitted"),
        ("context", "Without a target"),
    ):
        lines += [f"## {title}", ""]
        part = table[table.role == role]
        if role == "context":
            lines += ["| what | simulated |", "|---|---|"]
        else:
            lines += [
                "| what | target | tolerance | simulated | ratio | in tolerances | source row |",
                "|---|---|---|---|---|---|---|",
            ]
        for row in part.itertuples():
            value = f"{_number(row.simulated)} ({_number(row.ci_low)} to {_number(row.ci_high)})"
            what = f"{row.meaning} ({row.unit})"
            if role == "context":
                lines.append(f"| {what} | {value} |")
            else:
                lines.append(
                    f"| {what} | {_number(row.target)} | {_number(row.tolerance)} | {value} |"
                    f" {row.ratio:.2f} | {row.distance:+.1f} | {row.row} |"
                )
        lines.append("")
    lines += [
        "## Trends with the services of today",
        "",
        "Change over ten years by a straight line through yearly means, per cent of the mean.",
        "",
        "| series | change |",
        "|---|---|",
    ]
    for row in trend_table(runs).itertuples():
        lines.append(
            f"| {row.meaning} | {100 * row.change:+.1f} ({100 * row.ci_low:+.1f} to"
            f" {100 * row.ci_high:+.1f}) |"
        )
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure a place and write its page."""
    parser = argparse.ArgumentParser(prog="python -m calibration.moments", description=__doc__)
    parser.add_argument("site", help="shipped name or path of a site file")
    parser.add_argument("--seeds", type=int, default=8, help="replications (default 8)")
    parser.add_argument("--out", type=Path, help="page to write (default docs/SITE_fit.md)")
    parser.add_argument(
        "--table", type=Path, help="also store the rows with a target (a place not calibrated)"
    )
    given = parser.parse_args(arguments)
    town = Town(given.site)
    runs = simulate_many(town.site, range(1, given.seeds + 1))
    path = given.out or Path("docs") / f"{town.id}_fit.md"
    command = f"python -m calibration.moments {given.site}"
    if given.seeds != parser.get_default("seeds"):
        command += f" --seeds {given.seeds}"
    write_fit(town.site, runs, path, command)
    if given.table is not None:
        store_fit(given.table, fit_rows(fit_table(town.site, runs)))
    print(f"{path} written")


if __name__ == "__main__":
    main()
