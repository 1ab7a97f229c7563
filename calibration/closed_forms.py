"""Limiting cases with exact answers, checked by the route recorded for each.

``scenarios/evidence/closed_forms.json`` lists the instances. *engine*: small worlds in which one
rule decides and all others are switched off. *ledger_replay*: drawn chains are written as events
and counted by the ledger. *algebra*: computed. *not_applicable*: the model leaves the case out; the
reason is given. Samples agree when the answer lies within five standard errors.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from calibration.small_worlds import (
    quiet_parameters,
    quiet_place,
    quiet_world,
    random_world,
    run_recorded,
    small_place,
)
from simulator.codes import RUNGS, Cause, EventKind, Fill, Status
from simulator.columns import Event, Person, Policy, Post, Trait
from simulator.compile import kernel
from simulator.engine import World
from simulator.hiring import list_vacancies, rank_applicants, send_application
from simulator.ledger import chain_statistics, derive_ledger, draw_chains, replay_links
from simulator.month import people_pass
from simulator.moves import drop_applications
from simulator.world import Count, Flow, Scalar, Sector, Stock

DURATION_WORLDS = 16
OLD = -70 * 12  # birth month of somebody who retires at once
RETIRE_AT = 64
LARGEST_ATTEMPT = 31  # collections after which the engine gives a vacancy up
STANDARD_ERRORS = 5.0
# so many observations, in the quick set too, that a rule wrong by a tenth (a chance by 0.05) shows;
# chains drawn in Python are slow, so replays take no more than they need
QUICK = {"engine": 20_000, "ledger_replay": 2_000, "algebra": 1}
QUICK_MORE = {
    "flow_balance_beginnings_equal_endings": 5_000,
    "akerlof_rose_yellen_chain_length": 10_000,
    "fixed_grade_sizes_port_of_entry": 10_000,
    "leakage_to_outside_region": 10_000,
}


class ClosedFormRow(NamedTuple):
    """One comparison with an exact answer."""

    check: str
    kind: str
    holds: bool
    expected: float | str
    simulated: float | str
    observations: int
    interval: str = ""


class Answer(NamedTuple):
    """What a check found, before the instance and its route are added."""

    what: str
    expected: float | str
    simulated: float | str
    holds: bool
    observations: int
    interval: str = ""


def around(value: float, half: float, what: str) -> str:
    """Return the interval in which the exact answer must lie for a check to hold."""
    return f"{value - half:.4g} to {value + half:.4g}, {what}"


def instances() -> list[dict[str, Any]]:
    """Return the recorded instances."""
    text = files("scenarios").joinpath("evidence/closed_forms.json").read_text(encoding="utf-8")
    return json.loads(text)["instances"]


def mean_of(what: str, sample: Iterable, expected: float) -> Answer:
    """Compare the mean of a sample with its expectation (five standard errors)."""
    sample = np.asarray(sample, float)
    error = sample.std() / np.sqrt(sample.size)
    mean = float(sample.mean())
    # answers are recorded with six digits
    half = STANDARD_ERRORS * error + 1e-6
    told = around(mean, half, f"{STANDARD_ERRORS:g} standard errors")
    return Answer(
        what, float(expected), mean, bool(abs(mean - expected) <= half), sample.size, told
    )


def within(what: str, value: float, expected: float, tolerance: float, n: int = 1) -> Answer:
    """Compare a number with its expectation, relative tolerance."""
    half = tolerance * abs(expected)
    told = around(value, half, f"{100 * tolerance:g} %")
    return Answer(what, float(expected), float(value), bool(abs(value - expected) <= half), n, told)


def equal(what: str, value: float, expected: float, n: int = 1) -> Answer:
    """Compare numbers that must agree to the digits recorded."""
    holds = abs(value - expected) <= 1.5e-6 * max(1.0, abs(expected))
    return Answer(what, float(expected), float(value), bool(holds), n)


# ---- replays through the ledger ----------------------------------------------------------


def replay(
    Q: ArrayLike, R: ArrayLike, starts: Sequence[int], seed: int, ends: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw chains, count them by the ledger, return its frames with the level a chain began at."""
    rng = np.random.default_rng(seed)
    ledger = replay_links(draw_chains(np.asarray(Q), np.asarray(R), starts, rng, ends))
    links, chains = ledger.frames()
    return links, chains.assign(level=len(np.atleast_2d(Q)) - 1 - chains["origin_rung"])


def visits(links: pd.DataFrame, chains: pd.DataFrame, rung: int) -> np.ndarray:
    """Return the number of links at a rung of each chain."""
    count = links[links["rung"] == rung].groupby("chain_id").size()
    return count.reindex(chains["chain_id"], fill_value=0).to_numpy()


def white(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:
    """Compare lengths and ends of White's embedded chain."""
    Q, q = np.array(inputs["Q"]), np.array(inputs["q_exit"])
    _, chains = replay(Q, q[:, None], [n] * len(Q), 1, ["A"])
    for level in range(len(Q)):
        length = chains.loc[chains["level"] == level, "length"].to_numpy()
        mean = expected["mean_chain_length_by_start"][level]
        yield mean_of(f"mean length from {level}", length, mean)
        yield mean_of(
            f"variance from {level}", (length - mean) ** 2, expected["variance_by_start"][level]
        )
        for k, share in enumerate(expected["pmf_length_1_to_5_by_start"][level], start=1):
            yield mean_of(f"share of length {k} from {level}", length == k, share)
        last = len(Q) - 1 - chains.loc[chains["level"] == level, "end_rung"]
        for end, share in enumerate(expected["prob_chain_ends_in_level_by_start"][level]):
            yield mean_of(f"share ending at {end} from {level}", last == end, share)


def geometric(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:
    """Compare geometric lengths of one stratum; mean length = links per chain ended."""
    p = inputs["continuation_probability_p"]
    links, chains = replay([[p]], [[1 - p]], [n], 2, ["A"])
    yield mean_of("mean length", chains["length"], expected["mean"])
    yield mean_of("variance", (chains["length"] - expected["mean"]) ** 2, expected["variance"])
    yield equal("links per chain", len(links) / len(chains), chains["length"].mean(), n)


def flow_balance(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:
    """Hold that what begins ends; vacancies by level are ``(I - Q')^-1 f``."""
    Q, q = np.array(inputs["Q"]), np.array(inputs["q_exit"])
    years = max(n // 100, 20)
    starts = [int(f) * years for f in inputs["chain_starts_per_year_by_level"]]
    links, chains = replay(Q, q[:, None], starts, 4, ["A"])
    total = chain_statistics(links, chains)
    yield equal("begun less ended and open", len(chains) - total["closed"] - total["open"], 0.0)
    yield equal("deviation of (I - Q')^-1 f", total["deviation"], 0.0)
    per_year = len(chains) / years
    for level, flow in enumerate(expected["vacancy_flow_by_level_m"]):
        seen = visits(links, chains, 2 - level) * per_year
        yield mean_of(f"vacancies a year at level {level}", seen, flow)
    yield mean_of("mean length", chains["length"], expected["overall_mean_length"])


def endings(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:
    """Compare ends by source with ``N R``."""
    _, chains = replay(inputs["Q"], inputs["R"], [n] * 3, 6, ["A", "N", "outside"])
    words = ("jobseeker", "outside_labour_force", "outside_region")
    for level, shares in enumerate(expected["ending_shares_by_start_level"]):
        end = chains.loc[chains["level"] == level, "end"]
        for word, share in zip(words, shares, strict=True):
            yield mean_of(f"share {word} from {level}", end == word, share)


def first_round(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:
    """Hire jobless people first: every chain has length one; else chains are longer and leak."""
    rows = [row for i in range(n) for row in (("opened", i, i % 3), ("hired", i, "A"))]
    length = replay_links(rows).chains["length"]
    yield equal("length, jobless first", length.mean(), expected["chain_length_restricted"], n)
    _, chains = replay(inputs["Q"], inputs["R"], [n] * 3, 7, ["A", "N", "outside"])
    for level, mean in enumerate(expected["chain_length_unrestricted"]):
        begun = chains[chains["level"] == level]
        yield mean_of(f"length from {level}", begun["length"], mean)
        jobless = begun["end"].isin(["jobseeker", "outside_labour_force"])
        share = expected["local_jobless_hired_per_started_vacancy_unrestricted"][level]
        yield mean_of(f"jobless hired per vacancy from {level}", jobless, share)


def searchers(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:
    """See that chains lengthen when unemployment falls."""
    employed = inputs["employed_searchers_equivalent"]
    jobless = inputs["unemployed_searchers_equivalent"]
    for of, key in ((jobless, "mean_chain_length"), (jobless / 2, "if_unemployed_searchers_halve")):
        p = employed / (employed + of)
        _, chains = replay([[p]], [[1 - p]], [n], 8, ["A"])
        yield mean_of(f"mean length, {of:g} jobless", chains["length"], expected[key])


def fixed_grades(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:
    """See that with fixed posts promotion changes where outsiders enter, not how many."""
    rate = np.array(inputs["posts_by_level"]) * inputs["annual_exit_rate_by_level"]
    years = max(n // 20, 50)
    for name, ports in inputs["external_share_level2_level3"].items():
        Q = np.array([[0, 1 - ports[1], 0], [0, 0, 1 - ports[0]], [0, 0, 0]], float)
        R = 1 - Q.sum(axis=1, keepdims=True)
        links, chains = replay(Q, R, [round(f * years) for f in rate[::-1]], 9, ["outside"])
        per_year = len(chains) / years
        for rung, flow in enumerate(expected[name]["vacancies"]):
            seen = visits(links, chains, rung) * per_year
            yield mean_of(f"{name}: vacancies at {rung}", seen, flow)
        hires = (links["fill"] == "hire_outside_region").sum() / years
        yield within(
            f"{name}: hires from outside", hires, expected[name]["total_outside_hires"], 0.01, n
        )


def leak(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:
    """See that hires of people who live elsewhere take the end of a chain away."""
    source = next(i for i in instances() if i["name"] == "chain_endings_by_source")["inputs"]
    R = np.array(source["R"])
    lost = R[:, :2] * (1 - inputs["if_in_region_share_of_hires"])
    leaky = np.column_stack([R[:, :2] - lost, R[:, 2] + lost.sum(axis=1)])
    for ending, key in ((R, "local_endings_top_vacancy"), (leaky, "after_30pct_commuter_leak")):
        _, chains = replay(source["Q"], ending, [n, 0, 0], 8, ["A", "N", "outside"])
        yield mean_of(key, chains["end"] != "outside_region", expected[key])


def wage_gains(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:
    """Sum the wage steps of the people who move along a chain."""
    Q = np.array(inputs["Q"])
    links, chains = replay(Q, 1 - Q.sum(axis=1, keepdims=True), [n] * 3, 10, ["A"])
    step = inputs["log_wage_step_between_adjacent_levels"]
    gain = ((links["rung"] - links["from_rung"]) * step).fillna(0.0)
    by_chain = gain.groupby(links["chain_id"]).sum().reindex(chains["chain_id"]).to_numpy()
    for level, mean in enumerate(expected["expected_total_gain_to_incumbents_by_start"]):
        yield mean_of(f"gain from {level}", by_chain[(chains["level"] == level).to_numpy()], mean)


def six_events(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:  # noqa: ARG001
    """Replay the six events, written down."""
    links, chains = replay_links(
        [
            ("opened", 1, 0),
            ("opened", 2, 1),
            ("filled", 2, 0),
            ("hired", 1, "A"),
            ("destroyed", 2),
        ]
    ).frames()
    yield equal("chains opened", len(chains), expected["chains_opened"])
    yield equal("chains closed", (chains["end"] != "open").sum(), expected["chains_closed"])
    yield equal(
        "closed by a jobseeker",
        (chains["end"] == "jobseeker").sum(),
        expected["closed_by_hire_from_unemployment"],
    )
    yield equal(
        "closed by cancellation",
        (chains["end"] == "destroyed").sum(),
        expected["closed_by_cancellation"],
    )
    yield equal("mean length", chains["length"].mean(), expected["mean_length"])
    hired = (links["fill"] == "hire_short_term_unemployed").sum()
    yield equal("filled posts at the end", inputs["initial"]["filled"] + hired, expected["filled"])


# ---- the engine in worlds where one rule decides ------------------------------------------


def ladders(
    n: int,
    par: np.ndarray,
    competence: Sequence[np.ndarray],
    months: int = 12,
    seed: int = 1,
    record: bool = False,
) -> World:
    """Return a world of ``n`` equal workplaces whose top post empties in month 0.

    Parameters
    ----------
    competence : sequence of ndarray
        One array per rung from 0 up, shape (n, posts of the rung); the highest rung has one post,
        held by somebody who retires at once.
    """
    rungs = [np.full(c.shape, rung) for rung, c in enumerate(competence)]
    rung = np.concatenate(rungs, axis=1).ravel()
    q = np.concatenate(competence, axis=1).ravel()
    top = len(competence) - 1
    return quiet_world(
        quiet_place(par, retire_at=RETIRE_AT),
        {
            Person.HOME_RUNG: rung,
            Person.BIRTH_MONTH: np.where(rung == top, OLD, -35 * 12),
        },
        {
            Post.HOLDER: np.arange(rung.size),
            Post.RUNG: rung,
            Post.WORKPLACE: np.arange(rung.size) // (rung.size // n),
        },
        traits={Trait.Q: q},
        months=months,
        seed=seed,
        record=record,
    )


def batches(n: int, largest: int = 3000) -> list[tuple[int, int]]:
    """Return seeds and sizes of worlds that add up to ``n`` workplaces."""
    number = -(-n // largest)
    return [(seed, n // number) for seed in range(1, number + 1)]


def fills(world: World, rung: int, *kinds: Fill) -> int:
    """Return how often vacancies of a rung closed in some ways."""
    return int(sum(world.columns.flows[:, rung, Flow.FILL + kind].sum() for kind in kinds))


def shares(n: int, *counts: int) -> list[np.ndarray]:
    """Return samples of zeros and ones of size ``n`` with the given numbers of ones."""
    return [np.arange(n) < count for count in counts]


def strict_ladder(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:
    """See that a top vacancy reaches the entry post only through every rung below it."""
    rng = np.random.default_rng(3)
    inside = [inputs[f"internal_share_level{level}"] for level in (2, 3, 4)]
    outsiders = {f"outsiders_{rung}": 8.0 for rung in range(RUNGS)}
    par = quiet_parameters(variant_inside=1, **outsiders)
    frames = []
    for seed, size in batches(n):
        competence = [
            rung + (rng.random((size, 1)) < share) * 1.0 for rung, share in enumerate(inside)
        ] + [np.full((size, 1), 3.0)]
        world = ladders(size, par, competence, seed=seed, record=True)
        pair = derive_ledger(run_recorded(world, 12)).frames()
        # the same posts in every batch: keep their chains apart
        frames.append([part.assign(chain_id=part["chain_id"] + (seed << 40)) for part in pair])
    links, chains = (pd.concat(parts, ignore_index=True) for parts in zip(*frames, strict=True))
    yield mean_of("length from the top", chains["length"], expected["mean_chain_length_from_top"])
    yield mean_of(
        "top vacancy reaches entry",
        chains["end_rung"] == 0,
        expected["prob_top_vacancy_becomes_entry_vacancy"],
    )
    second = links.loc[links["rung"] == 1, "fill"] == "promotion"
    yield mean_of(
        "second vacancy reaches entry",
        second,
        expected["prob_level2_vacancy_becomes_entry_vacancy"],
    )
    total = chain_statistics(links, chains)
    yield equal("deviation of (I - Q')^-1 f", total["deviation"], 0.0, n)
    yield within(
        "length by (I - Q)^-1", total["length_markov"][3], chains["length"].mean(), 1e-9, n
    )


def readiness(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:
    """With k candidates inside, somebody is ready with chance ``1 - (1 - rho)^k``."""
    rng = np.random.default_rng(5)
    cases = (
        (inputs["candidates_below"], inputs["ready_prob_base"], "prob_some_ready_base"),
        (inputs["candidates_below"], inputs["ready_prob_trained"], "prob_some_ready_trained"),
        (1, inputs["ready_prob_base"], "one_candidate_firm_base"),
        (1, inputs["ready_prob_trained"], "one_candidate_firm_trained"),
    )
    for k, rho, key in cases:
        ready = (rng.random((n, k)) < rho) * 1.0
        yield mean_of(f"{k} candidates, ready {rho}", promoted(ready), expected[key])


def promoted(ready: np.ndarray) -> np.ndarray:
    """Return whether each workplace promoted somebody, by competence of its candidates."""
    n = len(ready)
    world = ladders(n, quiet_parameters(variant_inside=1), [ready, np.ones((n, 1))], months=1)
    world.advance(1)
    return shares(n, fills(world, 1, Fill.PROMOTION))[0]


def competing_risks(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:
    """Inside, outside, given up: who gains when the inside share rises.

    The engine decides inside first (share iota), then collects applications until somebody from
    outside is found or the employer gives up. Shares are set so that the three chances are those
    of the clocks; durations differ, since the engine has rounds.
    """
    internal = inputs["hazard_internal_per_week"]
    external, cancel = inputs["hazard_external"], inputs["hazard_cancel"]
    found = 0.5  # chance that a collection finds somebody
    ratio = cancel / external
    give_up = ratio * found / (1 - found)
    counts = {}
    for name, hazard in (("baseline", internal), ("treated", inputs["treated_hazard_internal"])):
        par = quiet_parameters(
            inside_micro=hazard / (hazard + external + cancel),
            outsiders_0=8.0,
            outsiders_1=-np.log(1 - found),
            give_up=give_up,
        )
        kinds = (Fill.PROMOTION, Fill.HIRE_OUTSIDE_REGION, Fill.GIVEN_UP)
        counts[name] = np.zeros(3, int)
        for seed, size in batches(n):
            world = ladders(size, par, [np.ones((size, 1)), np.ones((size, 1))], seed=seed)
            world.advance(12)
            counts[name] += [fills(world, 1, kind) for kind in kinds]
        answers = zip(
            ("inside", "outside", "given up"),
            shares(counts[name].sum(), *counts[name]),
            expected[f"{name}_probs_int_ext_cancel"],
            strict=True,
        )
        for word, sample, chance in answers:
            yield mean_of(f"{name}: {word}", sample, chance)
    extra = counts["treated"][0] - counts["baseline"][0]
    rescued = counts["baseline"][2] - counts["treated"][2]
    yield mean_of(
        "extra promotions that rescue a post",
        shares(extra, rescued)[0],
        expected["rescued_share_of_extra_promotions"],
    )


def run_kernel(world: World, compiled: Callable, *args: Any) -> None:
    """Run a kernel on a world; refuse the result when a buffer was too small."""
    with np.errstate(over="ignore"):
        compiled(world._kernel_handle(), *args)
    if world.columns.counts[Count.OVERFLOW]:
        raise RuntimeError(f"buffer {world.columns.counts[Count.OVERFLOW]} overflowed")


@kernel
def _occupied(w, out):
    """Let everybody apply once a month; note how many vacancies have an applicant."""
    for month in range(out.shape[0]):
        w.counts[Count.MONTH] = month
        w.counts[Count.NOW] = month
        list_vacancies(w)
        for person in range(w.counts[Count.PEOPLE]):
            send_application(w, person, 0, 1.0)
        occupied = 0
        for at in range(w.counts[Count.OPEN_POSTS]):
            post = w.open_posts[at]
            if w.posts[Post.APPLICANTS, post] >= 0:
                occupied += 1
            drop_applications(w, post)
        out[month] = occupied


def urn_ball(inputs: dict, expected: dict, n: int, only_public: bool = False) -> Iterator[Answer]:
    """Each applicant names one open vacancy, every one equally likely.

    Parameters
    ----------
    only_public : bool
        Let applicants see half of the vacancies only: a wrong rule, which the check must refuse.
    """
    vacancies = inputs["vacancies"]
    place = quiet_place(quiet_parameters(), rounds=1)
    barrier = 0
    if only_public:
        place.scalars[Scalar.BIT_NO_NETWORK] = 0
        barrier = 1
    world = quiet_world(
        place,
        {
            Person.STATUS: np.full(inputs["applicants_one_application_each"], Status.A),
            Person.BARRIERS: barrier,
        },
        {Post.HOLDER: np.full(vacancies, -1), Post.WORKPLACE: np.arange(vacancies)},
        months=n,
    )
    if only_public:
        world.columns.posts[Post.PUBLIC, : vacancies // 2] = 0
    occupied = np.zeros(n, np.int64)
    run_kernel(world, _occupied, occupied)
    yield mean_of(
        "vacancies with an applicant", occupied, expected["expected_vacancies_with_an_applicant"]
    )
    mean = expected["expected_vacancies_with_an_applicant"]
    yield mean_of("variance", (occupied - mean) ** 2, expected["variance"])


@kernel
def _ranked_first(w, months, out):
    """Let people apply by the search rule; note the barriers of whom each vacancy ranks first.

    -1 where nobody applied.
    """
    n = 0
    for month in range(months):
        w.counts[Count.MONTH] = month
        w.counts[Count.ROUND] = 0
        w.counts[Count.NOW] = month
        people_pass(w)
        list_vacancies(w)
        for at in range(w.intent_counts[0]):
            code = w.intents[0, at]
            send_application(w, code >> 6, code & 63, 1.0)
        for at in range(w.counts[Count.OPEN_POSTS]):
            post = w.open_posts[at]
            ranked = rank_applicants(w, post, w.closing[0, 2:])
            out[n] = w.people[Person.BARRIERS, w.closing[0, 2]] if ranked > 0 else -1
            n += 1
            drop_applications(w, post)


def queue(preferred: float, other: float, penalty: float, n: int) -> np.ndarray:
    """Return, per vacancy, whom it ranks first: 0 preferred, 1 not preferred, -1 nobody.

    Parameters
    ----------
    preferred, other : float
        Mean applications per vacancy of the two groups.
    penalty : float
        Score that the group that is not preferred loses.
    """
    months, vacancies = 10, n // 10
    par = quiet_parameters(search_a=1, written_noise=0.5, offer_noise=0.5)
    # two people of each group per vacancy: hardly anybody applies to the same one twice
    group = np.repeat([0, 1], 2 * vacancies)
    world = quiet_world(
        quiet_place(par, rounds=1, penalty=penalty),
        {Person.STATUS: np.full(group.size, Status.A), Person.BARRIERS: group},
        {Post.HOLDER: np.full(vacancies, -1), Post.WORKPLACE: np.arange(vacancies)},
        traits={Trait.EFFORT: np.where(group == 0, preferred, other) / 2},
        months=months,
    )
    first = np.zeros(months * vacancies, np.int64)
    run_kernel(world, _ranked_first, months, first)
    return first


def ranking_queue(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:
    """Who is not preferred gets a vacancy only when nobody preferred applies."""
    preferred = inputs["mean_applications_per_vacancy_preferred"]
    other = inputs["mean_applications_per_vacancy_non_preferred"]
    decides = 1000.0
    first = queue(preferred, other, decides, n)
    yield mean_of("filled by preferred", first == 0, expected["prob_filled_by_preferred"])
    yield mean_of("filled by others", first == 1, expected["prob_filled_by_non_preferred"])
    yield mean_of("unfilled", first == -1, expected["prob_unfilled"])
    yield mean_of(
        "others, preferred apply 25 % less",
        queue(0.75 * preferred, other, decides, n) == 1,
        expected["non_preferred_if_preferred_applications_fall_25pct"],
    )
    yield mean_of(
        "others, no ranking",
        queue(preferred, other, 0.0, n) == 1,
        expected["no_ranking_non_preferred"],
    )


@kernel
def _rank_openings(w, post, out):
    """Rank the same applicants in many openings of a post; note whom it ranks first."""
    for number in range(out.shape[0]):
        w.posts[Post.OPENING, post] = number
        ranked = rank_applicants(w, post, w.closing[0, 2:])
        out[number] = w.closing[0, 2] if ranked > 0 else -1


@kernel
def _all_apply(w):
    list_vacancies(w)
    for person in range(w.counts[Count.PEOPLE]):
        send_application(w, person, 0, 1.0)


def rationed_job(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:
    """One job: a search programme reorders the queue and hires nobody more.

    The noise of the engine is logistic; its largest of many is a Gumbel but for half a per cent
    here, which the observations do not tell.
    """
    n = 3 * n  # so many openings of the job that a weight wrong by a tenth shows
    seekers, treated = inputs["seekers"], int(inputs["seekers"] * inputs["treated_share"])
    weight = np.log(inputs["treated_weight"])
    hires = {}
    for name, gain in (("programme", weight), ("without", 0.0)):
        # the written score decides alone; log weights are score shifts
        par = quiet_parameters(written_noise=1.0, shortlist=1)
        world = quiet_world(
            quiet_place(par, rounds=1, penalty=-gain),
            {
                Person.STATUS: np.full(seekers, Status.A),
                Person.BARRIERS: np.arange(seekers) < treated,
            },
            {Post.HOLDER: np.array([-1]), Post.WORKPLACE: 0},
            months=1,
        )
        world.columns.counts[Count.MONTH] = 0
        first = np.zeros(n, np.int64)
        run_kernel(world, _all_apply)
        run_kernel(world, _rank_openings, 0, first)
        hires[name] = first
    per_person = treated
    chosen = hires["programme"]
    yield mean_of("treated", (chosen < treated) / per_person, expected["prob_treated"])
    control = (chosen >= treated) / (seekers - treated)
    yield mean_of("control in the same market", control, expected["prob_control_same_market"])
    everyone = (hires["without"] < treated) / per_person
    yield mean_of("without programme", everyone, expected["prob_everyone_without_programme"])
    extra = (hires["programme"] >= 0).sum() - (hires["without"] >= 0).sum()
    yield equal("hires more with the programme", extra, expected["true_net_effect_on_hires"], n)


def sign_case(name: str, inside: bool) -> tuple[int, int]:
    """Run one corner case of the net effect with or without the promotion.

    An upper post (rung 1) is vacant at employer 0, where somebody on the entry post is ready.

    Returns
    -------
    tuple of int
        Advertised entry vacancies and filled posts after a year.
    """
    never, always = -700.0, 700.0  # log odds of backfilling
    displaces_jobless = name.startswith("B")
    displaces_worker = name[0] in "CE"
    own_backfill = never if name[0] in "DE" else always
    par = quiet_parameters(
        search_a=6.0, search_employed=6.0, backfill=0.5, give_up=1.0, collection_rounds=8
    )
    # 0 is ready inside, 1 is a jobseeker fit for entry posts only, 2 is skilled and jobless, 3 is
    # ready and at work on the entry post of another employer
    world = quiet_world(
        quiet_place(par),
        {
            Person.STATUS: [Status.N, Status.A, Status.A, Status.N],
            Person.HOME_RUNG: [0, 0, 1, 0],
        },
        {
            Post.HOLDER: [-1, 0, 3],
            Post.RUNG: [1, 0, 0],
            Post.WORKPLACE: [0, 0, 1],
            Post.CLOSES: 12,
        },
        traits={
            Trait.Q: [1.0, 0.0, 1.0, 1.0],
            # who is to be displaced looks for work; the person inside waits for the employer
            Trait.EFFORT: [0.0, 1.0, float(displaces_jobless), float(displaces_worker)],
        },
        policies={Policy.BACKFILL: [own_backfill, always]},
        months=12,
    )
    world.columns.posts[Post.INSIDE, 0] = int(inside)
    world.advance(12)
    opened = world.columns.flows[:, 0, Flow.OPENED : Flow.FILL].sum()
    return int(opened), int(world.columns.stock[:, Stock.FILLED].sum())


def sign_cases(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:  # noqa: ARG001
    """One more promotion: positive, zero and negative, each forced and exact."""
    for name in inputs["cases"]:
        answer = expected[name[0]]
        with_it, without = sign_case(name, True), sign_case(name, False)
        yield equal(
            f"{name}: entry vacancies", with_it[0] - without[0], answer["net_lower_vacancies"]
        )
        yield equal(f"{name}: filled posts", with_it[1] - without[1], answer["net_filled_jobs"])


def in_place(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:  # noqa: ARG001
    """Promotion in place: the same world but for titles and their events."""
    months = 36
    worlds = [
        random_world(7, small_place(upgrade_in_place=rate), months=months, check=False)
        for rate in (0.0, 0.2)
    ]
    for world in worlds:
        world.advance(months)
    without, with_it = worlds
    events = [without_titles(world.take_events()) for world in worlds]
    titles = int((with_it.columns.posts[Post.TITLE] == 1).sum())
    yield Answer("titles given", "> 0", titles, titles > 0, 1)
    same = np.array_equal(events[0], events[1])
    for name, column in (("opened", slice(0, 14)), ("filled", slice(14, 21))):
        change = with_it.columns.flows[..., column].sum() - without.columns.flows[..., column].sum()
        key = "vacancies_created" if name == "opened" else "hires"
        yield equal(f"vacancies {name}", change, expected[key])
    yield Answer("every other event", "equal", "equal" if same else "differs", same, len(events[0]))
    people = np.array_equal(without.columns.people, with_it.columns.people)
    yield Answer("people at the end", "equal", "equal" if people else "differs", people, 1)


def without_titles(events: np.ndarray) -> np.ndarray:
    """Return events without promotions in place and without the rung that a title shows."""
    kept = events[events[:, Event.KIND] != EventKind.UPGRADED_IN_PLACE]
    kept[kept[:, Event.KIND] == EventKind.KEPT_ON, Event.RUNG] = 0
    return kept


def discrete_stock(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:
    """Vacancies with constant arrivals and a constant chance per collection.

    A vacancy that opens in a round closes its first collection in the next one, so the stock is
    counted before it could be filled: ``lambda / q``, less what the engine gives up after 31
    collections. Thirty copies of the instance run side by side.
    """
    copies, months = 30, max(n // 25, 400)
    arrivals = inputs["poisson_arrivals_per_step"]
    q = inputs["fill_probability_per_step"]
    par = quiet_parameters(outsiders_0=-np.log(1 - q), closure_cap=50)
    posts = 4000
    world = quiet_world(
        quiet_place(par, rounds=1),
        {Person.STATUS: np.full(posts, Status.N)},
        {Post.HOLDER: np.arange(posts), Post.WORKPLACE: np.arange(posts) // 100},
        months=months,
    )
    world.columns.sectors[Sector.NEW_POSTS_OPEN] = arrivals * copies / posts
    world.advance(months)
    burn = 100
    w = world.columns
    stock = w.stock_rounds[burn:, 0, Stock.VACANT].mean() / copies
    flow = w.flows[burn:, 0, Flow.OPENED + Cause.NEW_POST].mean() / copies
    counted = 1 - (1 - q) ** LARGEST_ATTEMPT
    steps = expected["mean_duration_steps_counting_first_step_as_1"] * counted
    yield within("stock after fills in the paper", arrivals * (1 - q) / q, 22.0, 1e-9)
    yield within("arrivals a step", flow, arrivals, 0.02, months)
    yield within("mean stock before fills", stock, arrivals * steps, 0.02, months)
    yield within("mean duration, steps", stock / flow, steps, 0.02, months)


def little(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:
    """Stock = flow x duration by rung; a round stands for two weeks here."""
    weeks, months = 2.0, max(n // 25, 400)
    flow = np.array(inputs["vacancy_flow_per_year_m"])
    duration = np.array(inputs["mean_duration_weeks"])
    posts = 4000
    rung = np.repeat([2, 1, 0], np.round(flow / flow.sum() * posts).astype(int))
    found = weeks / duration
    rates = {f"outsiders_{2 - level}": -np.log(1 - p) for level, p in enumerate(found)}
    world = quiet_world(
        quiet_place(quiet_parameters(closure_cap=50, **rates), rounds=1),
        {Person.STATUS: np.full(rung.size, Status.N)},
        {
            Post.HOLDER: np.arange(rung.size),
            Post.WORKPLACE: np.arange(rung.size) // 100,
            Post.RUNG: rung,
        },
        months=months,
    )
    copies = 30
    world.columns.sectors[Sector.NEW_POSTS_OPEN] = flow.sum() / (52 / weeks) * copies / rung.size
    world.advance(months)
    burn = 60
    w = world.columns
    for level, answer in enumerate(expected["mean_stock_by_level"]):
        at = 2 - level
        stock = w.stock_rounds[burn:, at, Stock.VACANT].mean()
        opened = w.flows[burn:, at, Flow.OPENED + Cause.NEW_POST].mean()
        # at the flow of the instance: the keyed arrivals vary a little
        scaled = stock / opened * flow[level] / (52 / weeks)
        yield within(f"stock at level {level}", scaled, answer, 0.02, months)


def two_states(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:
    """Two states without local posts: at work elsewhere and searching."""
    par = quiet_parameters(
        elsewhere_end=inputs["separation_prob"], find_elsewhere=inputs["finding_prob"]
    )
    people = 6 * n
    status = np.where(np.arange(people) < people // 10, Status.A, Status.EMPLOYED_ELSEWHERE)
    months = 66
    world = quiet_world(
        quiet_place(par),
        {Person.STATUS: status},
        {Post.HOLDER: np.array([-1]), Post.WORKPLACE: 0},
        months=months,
        record=True,
    )
    world.advance(6)

    def jobless() -> np.ndarray:
        return world.columns.people[Person.STATUS, :people] == Status.A

    yield mean_of("after 6 steps from 10 %", jobless(), expected["u_after_6_steps_from_10_percent"])
    world.advance(54)
    yield mean_of("stationary share", jobless(), expected["u_star"])
    world.take_events()
    before = jobless()
    world.advance(1)
    after = jobless()
    yield mean_of(
        "chance to find work", ~after[before], 1 / expected["mean_unemployment_spell_steps"]
    )
    yield mean_of("chance to lose it", after[~before], 1 / expected["mean_employment_spell_steps"])


def duration_dependence(
    inputs: dict, expected: dict, n: int, alike: bool = False
) -> Iterator[Answer]:
    """See the chance to find work fall with time out of work though nobody's own chance does.

    Two groups apply at fixed rates to vacancies without rivals.

    Parameters
    ----------
    alike : bool
        Give everybody the mean chance: a wrong rule, which the check must refuse.
    """
    hazard = np.array(inputs["monthly_hazards"])
    share = np.array(inputs["inflow_shares"])
    if alike:
        hazard = np.full(2, hazard @ share)
    sizes = np.round(share * 8000).astype(int)
    effort = np.repeat(-np.log(1 - hazard), sizes)
    people = effort.size
    posts = 12 * people  # so many vacancies that two seldom meet at one
    hired = np.zeros(12, int)
    worlds = max(DURATION_WORLDS * n // 8000, 1)  # few are left in month 12 of one
    for seed in range(1, worlds + 1):
        world = quiet_world(
            quiet_place(quiet_parameters(search_a=1.0), rounds=1),
            {Person.STATUS: np.full(people, Status.A)},
            {Post.HOLDER: np.full(posts, -1), Post.WORKPLACE: np.arange(posts) // 1000},
            traits={Trait.EFFORT: effort},
            months=12,
            seed=seed,
        )
        world.advance(12)
        hired += world.columns.flows[:, 0, Flow.FILL : Flow.FILL + 7].sum(axis=1)
    at_risk = worlds * people - np.concatenate([[0], np.cumsum(hired)[:-1]])
    for month in (1, 6, 12):
        sample = shares(int(at_risk[month - 1]), int(hired[month - 1]))[0]
        yield mean_of(f"hazard in month {month}", sample, expected[f"hazard_month_{month}"])


def faster_filling(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:
    """See that with fixed posts shorter vacancies are filled posts, once."""
    months = max(n // 40, 120)
    posts = 4000
    steps_per_year = 52
    stock = {}
    for name in ("before", "after"):
        par = quiet_parameters(
            job_loss=0.02,
            outsiders_0=16.0,
            collection_rounds=inputs[f"duration_weeks_{name}"],
        )
        world = quiet_world(
            quiet_place(par, rounds=4),
            {Person.STATUS: np.full(posts, Status.N)},
            {Post.HOLDER: np.arange(posts), Post.WORKPLACE: np.arange(posts) // 100},
            months=months,
        )
        world.advance(months)
        w = world.columns
        burn = 12
        vacant = w.stock_rounds[burn:, 0, Stock.VACANT].mean() / 4
        flow = w.flows[burn:, 0, Flow.OPENED : Flow.FILL].sum(axis=1).mean() / 4
        # at the flow of the instance, a round as a week
        stock[name] = vacant / flow * inputs["vacancy_flow_per_year"] / steps_per_year
        answer = expected[f"vacancy_stock_{name}"]
        yield within(f"vacancies {name}", stock[name], answer, 0.02, months)
    gain = stock["before"] - stock["after"]
    yield within("filled posts gained", gain, expected["gain_in_filled_jobs"], 0.02, months)


# ---- algebra ------------------------------------------------------------------------------


def net_effect(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:  # noqa: ARG001
    """Net effect of one extra promotion, without the vacant time of the added link."""
    rescued, displacing = (
        inputs["share_rescued_sigma_c"],
        inputs["share_displacing_external_sigma_e"],
    )
    b, other = inputs["backfill_prob_own_firm_b"], inputs["backfill_prob_other_firm_b_J"]
    local = inputs["displaced_external_from_local_job_phi_J"]
    vacancies = b - displacing * local * other
    jobs = rescued - (1 - b) + displacing * local * (1 - other)
    low = inputs["prob_lower_vacancy_chain_ends_with_low_skilled_jobseeker_a_L"]
    skilled = -displacing * inputs["displaced_external_unemployed_phi_U"]
    outside = -displacing * inputs["displaced_external_from_outside_phi_M"]
    for name, value in (
        ("net_lower_level_vacancies", vacancies),
        ("net_hires_low_skilled_jobseekers", vacancies * low),
        ("net_filled_jobs", jobs),
        ("net_hires_skilled_unemployed", skilled),
        ("net_in_migrant_hires", outside),
    ):
        yield equal(name, value, expected[name])


def manpower(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:  # noqa: ARG001
    """Stationary stock of Bartholomew's model: ``R r (I - P)^-1``."""
    P = np.array(inputs["P_annual"])
    entry = np.array(inputs["recruit_distribution"]) * inputs["recruits_per_year"]
    stock = entry @ np.linalg.inv(np.eye(3) - P)
    for level, value in enumerate(expected["stationary_stock"]):
        yield equal(f"stock at level {level}", stock[level], value)
    exits = stock @ (1 - P.sum(axis=1))
    yield equal("exits a year", exits, expected["exits_per_year"])


def three_states(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:  # noqa: ARG001
    """Stationary shares of published flows between work, unemployment and neither."""
    for key, place in (
        ("rows_E_U_N_quarterly_percent_PT_2021Q4", "PT"),
        ("rows_EU27_2021Q4", "EU"),
    ):
        P = np.array(inputs[key])
        P /= P.sum(axis=1, keepdims=True)
        pi = np.linalg.matrix_power(P, 4096)[0]
        for share, value in zip(pi, expected[f"{place}_stationary_E_U_N"], strict=True):
            yield equal(f"{place}: stationary share", share, value)
        rate = pi[1] / (pi[0] + pi[1])
        yield equal(f"{place}: unemployment rate", rate, expected[f"{place}_unemployment_rate"])


def chances(inputs: dict, expected: dict, n: int) -> Iterator[Answer]:  # noqa: ARG001
    """Convert a yearly chance to a weekly and a monthly one."""
    stay = 1 - inputs["annual_prob"]
    yield equal("weekly", 1 - stay ** (1 / 52), expected["weekly_prob"])
    yield equal("monthly", 1 - stay ** (1 / 12), expected["monthly_prob"])


Check = Callable[[dict, dict, int], Iterator[Answer]]

ROUTES: dict[str, tuple[str, Check]] = {
    "white_embedded_chain_methodist_like": ("ledger_replay", white),
    "geometric_chain_one_stratum": ("ledger_replay", geometric),
    "strict_ladder_reach_of_entry_level": ("engine", strict_ladder),
    "flow_balance_beginnings_equal_endings": ("ledger_replay", flow_balance),
    "chain_endings_by_source": ("ledger_replay", endings),
    "restricted_first_round_hiring": ("ledger_replay", first_round),
    "akerlof_rose_yellen_chain_length": ("ledger_replay", searchers),
    "competing_risks_internal_external_cancel": ("engine", competing_risks),
    "net_effect_of_one_extra_promotion": ("algebra", net_effect),
    "net_effect_sign_cases": ("engine", sign_cases),
    "fixed_grade_sizes_port_of_entry": ("ledger_replay", fixed_grades),
    "bartholomew_manpower_stationary_stock": ("algebra", manpower),
    "vacancy_stock_discrete_time": ("engine", discrete_stock),
    "steady_state_unemployment_two_state": ("engine", two_states),
    "three_state_flows_stationary_PT_EU": ("algebra", three_states),
    "duration_dependence_from_heterogeneity": ("engine", duration_dependence),
    "urn_ball_matching": ("engine", urn_ball),
    "ranking_queue_preferred_group": ("engine", ranking_queue),
    "internal_candidate_readiness": ("engine", readiness),
    "vacancy_stock_by_level_little": ("engine", little),
    "rationed_job_lottery_displacement": ("engine", rationed_job),
    "annual_to_weekly_probability": ("algebra", chances),
    "six_event_ledger": ("ledger_replay", six_events),
    "promotion_without_vacancy_is_a_null": ("engine", in_place),
    "jobs_gained_by_faster_filling": ("engine", faster_filling),
    "leakage_to_outside_region": ("ledger_replay", leak),
    "sum_of_log_wage_gains_along_chain": ("ledger_replay", wage_gains),
}


def check_instance(instance: dict[str, Any], quick: bool = False) -> list[ClosedFormRow]:
    """Check one instance by its recorded route.

    Parameters
    ----------
    instance : dict
        An entry of ``closed_forms.json``.
    quick : bool
        Use fewer observations (:data:`QUICK`, :data:`QUICK_MORE`).

    Raises
    ------
    ValueError
        When the record names another route than the one that exists.
    """
    name, via = instance["name"], instance["via"]
    if via == "not_applicable":
        return [ClosedFormRow(name, via, True, "left out", instance["via_reason"], 0)]
    route, check = ROUTES[name]
    if route != via:
        raise ValueError(f"{name}: recorded as {via}, but checked by {route}")
    n = max(int(instance["observations"]), 1)
    if quick:
        n = min(n, QUICK_MORE.get(name, QUICK[via]))
    return [
        ClosedFormRow(
            f"{name}: {answer.what}",
            via,
            answer.holds,
            answer.expected,
            answer.simulated,
            answer.observations,
            answer.interval,
        )
        for answer in check(instance["inputs"], instance["expected"], n)
    ]


def check_closed_forms(
    quick: bool = False, progress: Callable[[str], None] | None = None
) -> list[ClosedFormRow]:
    """Check every instance of ``closed_forms.json`` and return a row per comparison.

    Parameters
    ----------
    quick : bool
        Use fewer observations.
    progress : callable, optional
        Called with the name of each instance before it is checked.
    """
    rows = []
    for instance in instances():
        if progress is not None:
            progress(instance["name"])
        rows += check_instance(instance, quick)
    return rows
