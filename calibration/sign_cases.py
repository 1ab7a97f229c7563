"""Sign cases of one more promotion, run through the engine: positive, zero, negative.

Each shipped case (:mod:`scenarios.sign_cases`) is a village in which new upper posts keep opening,
vacancies collect applications, candidates are compared with noise and people start with a lag, at
the shipped values; who is there decides what a promotion does. Impulses (:mod:`simulator.impulses`)
change who gets one upper vacancy. ``python -m calibration.sign_cases`` prints the table of
``docs/validation.md``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from calibration.small_worlds import quiet_parameters, quiet_place, quiet_world
from calibration.validate import CheckRow, check
from scenarios import load_parameters
from scenarios.sign_cases import Kind, SignCase, load_sign_case, shipped_sign_cases
from simulator.codes import Status
from simulator.columns import Person, Policy, Post, Trait
from simulator.comparison import Estimate, estimate
from simulator.engine import ROUNDS, World
from simulator.impulses import impulses, is_promotion, who_got, with_impulse
from simulator.parameters import Par
from simulator.surroundings import LaidOut
from simulator.town import Town
from simulator.world import Flow, Stock

BEFORE = 4  # months until vacancies, offers and starts have reached their usual numbers
MONTHS = 9  # followed
WORLDS = 200
QUICK = 60
# the interval of each number lies this close to what it must be: of vacancies and jobs, which are
# whole in each world, and of months, where one vacancy differs from the next
TOLERANCE, TOLERANCE_MONTHS = 0.25, 0.4
NEVER, ALWAYS = -700.0, 700.0  # log odds of backfilling
ENTRY, UPPER = 0, 1
# the steps of hiring run at the shipped values; all other rules are switched off
HIRING = (
    "collection_rounds", "start_lag", "shortlist", "written_noise", "offer_noise", "written_bar",
    "standard", "standard_relaxes", "give_up", "match_below", "match_above", "match_above_cap",
    "tolerance", "taste_sd", "tenure_bonus",
)  # fmt: skip


def village(case: SignCase, kind: Kind, seed: int, months: int, **changes: float) -> World:
    """Return the world of a case at the start of month 0.

    Parameters
    ----------
    kind : {"promote", "open", "in_place"}
        ``open``: employers look inside first; otherwise nobody does by itself.
    months : int
        Months for which upper posts open.
    changes : float
        Parameters by name, to see what a village says when something else holds.
    """
    shipped = {name: number.value for name, number in load_parameters().items()}
    own = {name: shipped[name] for name in HIRING}
    # people at work who look for a post look as much as jobseekers
    own |= {
        "search_a": shipped["search_a"], "search_employed": shipped["search_a"], "backfill": 0.5,
        "variant_inside": 1.0 if kind == "open" else 2.0,
    }  # fmt: skip
    if kind == "in_place":  # what a title could change
        own |= {name: shipped[name] for name in ("job_loss", "exit_to_outside")}
    par = quiet_parameters(**(own | changes))
    ladder = case.ladder.employers * case.ladder.entry_posts
    flat = case.flat.employers * case.flat.entry_posts
    skilled, unskilled = case.jobseekers.skilled, case.jobseekers.unskilled
    groups = np.repeat(np.arange(4), (ladder, flat, skilled, unskilled))
    # those outside are better by so much that, once on an upper post, they would look above it,
    # where there is nothing: nobody moves from one upper post to another
    fit = np.array([1.0, 1.5, 1.5, 0.0])
    # who is to be promoted waits for the employer; a jobseeker who has found a post stays there
    effort, attachment = np.array([0.0, 1.0, 1.0, 1.0]), np.array([1.0, 1.0, 0.0, 0.0])
    workplaces = np.concatenate([
        np.repeat(np.arange(case.ladder.employers), case.ladder.entry_posts),
        case.ladder.employers + np.repeat(np.arange(case.flat.employers), case.flat.entry_posts),
    ])  # fmt: skip
    replaces = [case.ladder.backfills] * case.ladder.employers
    replaces += [case.flat.backfills] * case.flat.employers
    world = quiet_world(
        quiet_place(par),
        {
            Person.STATUS: np.where(groups >= 2, Status.A, Status.N),
            Person.HOME_RUNG: np.where(groups == 2, UPPER, ENTRY),
        },
        {Post.HOLDER: np.arange(ladder + flat), Post.RUNG: ENTRY, Post.WORKPLACE: workplaces},
        traits={Trait.Q: fit[groups], Trait.EFFORT: effort[groups],
                Trait.ATTACHMENT: attachment[groups]},
        policies={Policy.BACKFILL: np.where(replaces, ALWAYS, NEVER)},
        months=months,
        seed=seed,
    )  # fmt: skip
    laid = LaidOut()
    for number in range(months * case.upper_posts_a_month):
        employer = number % case.ladder.employers
        laid.rows[number // case.upper_posts_a_month].append((employer, 0, UPPER, 1))
    world.surroundings = laid
    return world


def vacant_time() -> float:
    """Return the months for which a vacancy is open that somebody fit applies for at once.

    One collection of applications and the lag from offer to start.
    """
    values = load_parameters()
    return (values["collection_rounds"].value + values["start_lag"].value) / ROUNDS


class Counted(NamedTuple):
    """What one world shows over the months followed."""

    lower_vacancies: float  # advertised
    jobs: float  # filled posts at the end
    vacant_months: float  # of entry posts


def counted(world: World) -> Counted:
    """Count a world that has been followed."""
    w = world.columns
    return Counted(
        float(w.flows[:, ENTRY, Flow.OPENED : Flow.FILL].sum()),
        float(w.stock[:, Stock.FILLED].sum()),
        float(w.stock_rounds[:, ENTRY, Stock.VACANT].sum() / world.place.rounds),
    )


@dataclass
class Found:
    """A case by one kind of impulse: what each promotion added, one row a world.

    Attributes
    ----------
    added : ndarray, shape (worlds, len(Counted))
    """

    case: SignCase
    kind: Kind
    added: np.ndarray

    def rows(self) -> Iterator[tuple[str, float, Estimate]]:
        """Yield each number with what it must be and the mean with its 90 % interval."""
        expected = self.case.expected
        # the term that the closed form leaves out: the added link is vacant for a while
        open_for = expected.lower_vacancies * vacant_time()
        must = (expected.lower_vacancies, expected.jobs, open_for)
        words = ("lower vacancies", "jobs", "months for which the added link is vacant")
        for at, (what, value) in enumerate(zip(words, must, strict=True)):
            mean, low, high = estimate(self.added[:, at])
            yield what, value, Estimate(float(mean), float(low), float(high), len(self.added))


def follow(
    case: SignCase,
    kind: Kind,
    worlds: int = WORLDS,
    *,
    before: int = BEFORE,
    months: int = MONTHS,
    **changes: float,
) -> Found:
    """Follow one more promotion in each of some worlds.

    Parameters
    ----------
    before, months : int
        Months run before the impulse, and followed from its month on.
    changes : float
        Parameters by name, as in :func:`village`.

    Raises
    ------
    ValueError
        When no world has a vacancy that an impulse could change.
    """
    added = []
    for seed in range(1, worlds + 1):
        base = village(case, kind, seed, before + months, **changes)
        base.advance(before)
        base.lay_out(before, months)
        near = base.copy().advance(1)
        if kind == "in_place":
            world, post = base.copy(), 0
            world.set_parameter(Par.UPGRADE_IN_PLACE, case.titles_a_month)
            world.advance(1)
        else:
            world, post = with_impulse(base, kind, UPPER)
            got = world if kind == "promote" else near
            if post < 0 or not is_promotion(base, who_got(got, post), UPPER):
                continue
        reference = near.advance(months - 1)
        world.advance(months - 1)
        pair = np.array(counted(world)), np.array(counted(reference))
        if kind == "in_place":
            titles = int((world.columns.posts[Post.TITLE] == 1).sum())
            if titles == 0:
                continue  # nothing was promoted, so nothing is said
        added.append(pair[1] - pair[0] if kind == "open" else pair[0] - pair[1])
    if not added:
        raise ValueError(f"{case.id}: no promotion was found in {worlds} worlds.")
    return Found(case, kind, np.array(added))


def checked(found: Found) -> Iterator[CheckRow]:
    """Yield a row per number: the whole interval lies within the tolerance of what it must be."""
    case = found.case
    how = {"promote": "given inside instead of to the outsider chosen",
           "open": "opened to all instead of given inside, turned round",
           "in_place": "titles given in one world only"}[found.kind]  # fmt: skip
    exact = found.kind == "in_place"
    for what, must, is_ in found.rows():
        within = TOLERANCE_MONTHS if what.startswith("months") else TOLERANCE
        within = 0.0 if exact else within
        holds = must - within <= is_.low <= is_.high <= must + within
        yield CheckRow(
            f"{case.id}, {found.kind}: {what}", "sign case", bool(holds),
            f"{must:.2f}" if exact else f"{must:.2f} (+-{within:g})",
            f"{is_.mean:.2f} ({is_.low:.2f} to {is_.high:.2f})",
            f"per promotion, mean of {len(found.added)} worlds; {how}",
        )  # fmt: skip


@check(
    "sign cases", kind="sign case",
    source="formula of closed_forms.json, net_effect_of_one_extra_promotion",
)  # fmt: skip
def sign_cases(quick: bool) -> Iterator[CheckRow]:
    """One more promotion in each village: positive, zero and negative as it must be."""
    for name in shipped_sign_cases():
        case = load_sign_case(name)
        for kind in case.promotion:
            yield from checked(follow(case, kind, QUICK if quick else WORLDS))


def table(worlds: int = WORLDS) -> str:
    """Return the table of ``docs/validation.md``."""
    lines = [
        "| case | promotion by | lower vacancies: must be | is | jobs: must be | is "
        "| months vacant: must be | is |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name in shipped_sign_cases():
        case = load_sign_case(name)
        for kind in case.promotion:
            cells = []
            for _, must, is_ in follow(case, kind, worlds).rows():
                cells += [f"{must:.2f}", f"{is_.mean:.2f} ({is_.low:.2f} to {is_.high:.2f})"]
            lines.append(f"| {case.id} | {kind} | {' | '.join(cells)} |")
    return "\n".join(lines)


def place_table(name: str, number: int) -> str:
    """Return what a promotion to rung 1 does at a place, by what the displaced person held.

    Every emptied post is advertised, so that the textbook says one vacancy, or none where an
    incumbent is displaced; after three months.
    """
    town = Town(name, {"backfill": 1.0, "backfill_shrinking": 1.0})
    found = impulses(town, rungs=(UPPER,), number=number, months=3)
    lines = [
        "| displaced | impulses | textbook | vacancies, all rungs | entry vacancies |",
        "|---|---:|---:|---:|---:|",
    ]
    for (who, held), rows in found.frame.groupby(["displaced", "displaced_rung"]):
        cells = []
        for outcome in (("all", "all"), ("rung", "rung_0")):
            values = found.values(("advertised_vacancies", *outcome), 3)
            mean = found.mean(values, found.frame.index.isin(rows.index))
            cells.append(f"{mean.mean:.2f} ({mean.low:.2f} to {mean.high:.2f})")
        told = who.replace("_", " ") + (f", held rung {held}" if held >= 0 else "")
        lines.append(f"| {told} | {len(rows)} | {int(held < 0)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run every case and print the table of the docs."""
    parser = argparse.ArgumentParser(prog="python -m calibration.sign_cases", description=__doc__)
    parser.add_argument("--worlds", type=int, default=WORLDS, help=f"default {WORLDS}")
    parser.add_argument("--place", help="instead: impulses at a place, by what the displaced held")
    parser.add_argument("--number", type=int, default=400, help="impulses there, default 400")
    given = parser.parse_args(arguments)
    print(place_table(given.place, given.number) if given.place else table(given.worlds))


if __name__ == "__main__":
    main()
