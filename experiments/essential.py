"""What a mix cannot do without: each measure and each partner taken away in turn.

All mixes run on the same random numbers, so that the loss is a difference of pairs. What cannot be
told from none stands in one group, whatever its mean; what leaves every world as it was, to the
bit, in another. A partner taken away takes its deliveries, its referrals and its accompaniment
along, those in the services of today too, which the reference keeps: a loss may therefore exceed
what the mix brings.

Pairs of measures are taken away together, with interaction at zero, to see whether complements
emerge. With draws the numbers of the partners, which nobody has counted, are drawn from their
ranges, and what comes first is counted; what the luck of so few worlds alone does to that count
stands beside it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.folders import Call, write_result
from scenarios import ScenarioError
from scenarios.measures import Mix, PartnerChange, PartnerKind, Partners, load_partners
from scenarios.numbers import Number
from simulator.comparison import (
    ENOUGH_PAIRS,
    SEED_STEP,
    THIRD_YEAR,
    Comparison,
    Estimate,
    compare,
    estimate,
)
from simulator.files import write_study
from simulator.town import Town
from simulator.wording import Words

OUTCOMES = {  # what may be lost: outcome, breakdown, group, first and last month
    "target group in work, third year (people)": (
        "at_work", "group", "target_jobseekers", *THIRD_YEAR,
    ),
    "work of the target group, four years (months)": (
        "work_months", "side", "target_jobseekers", 0, 48,
    ),
    "promotions, four years": ("openings_closed", "fill", "promotion", 0, 48),
    "entry posts advertised, four years": ("advertised_vacancies", "rung", "rung_0", 0, 48),
}  # fmt: skip
HEADLINE = next(iter(OUTCOMES))
DRAW_PAIRS = 2  # pairs of worlds of each draw, as in compare --draws
MOST_PAIRS = 12  # pairs of measures taken away together
FIELDS = ("capacity", "reach", "engagement", "accompaniment")  # numbers of a partner
RESAMPLED = 4000  # times that pairs at the numbers of the file are drawn again
NONE_FIRST = "none of them (nothing is lost)"
BLOCKS = {"measure": "Measures", "partner": "Partners"}
VERDICTS = {  # groups of a block, in this order
    "told": "Told apart from none",
    "not_told": "Cannot be told from none (more --replications may)",
    "nothing": "Changes nothing at all",
    "few": "Too few pairs to tell anything",
}


@dataclass(frozen=True)
class Loss:
    """What is lost without one measure or partner (positive: the whole mix has more).

    Attributes
    ----------
    what, kind, name
        Id, ``measure`` or ``partner``, and name for people.
    people, workplaces : float
        How many fewer are taken in within four years, services of today included.
    same : bool
        Whether no outcome of any pair of worlds differs.
    today : tuple of str
        Services of today that are touched; the reference keeps them.
    """

    what: str
    kind: str
    name: str
    outcome: str
    lost: Estimate
    people: float
    workplaces: float
    same: bool
    today: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """A key of :data:`VERDICTS`."""
        if not self.lost.is_enough:
            return "few"
        if self.same:
            return "nothing"
        return "told" if self.lost.is_told else "not_told"


@dataclass(frozen=True)
class Together:
    """Loss of two measures together less the sum of the losses alone, interaction at zero."""

    one: str
    other: str
    names: tuple[str, str]
    surplus: Estimate


@dataclass
class Essential:
    """Losses of all measures and partners of a mix.

    Attributes
    ----------
    together : list of Together
        Pairs of measures; ``pairs_left_out`` were too many.
    draws : DataFrame or None
        ``draw, kind, without, lost`` of the headline, by draw of the partners' numbers.
    first : DataFrame or None
        ``kind, without, name, share_first, by_luck``: in which share of draws the loss is the
        largest of its kind, and in which share it would be by the luck of as few worlds, at the
        numbers of the file (missing with too few pairs).
    """

    site: str
    mix: Mix
    closure: str
    losses: list[Loss]
    whole: dict[str, Estimate]
    comparison: Comparison
    together: list[Together]
    pairs_left_out: int = 0
    draws: pd.DataFrame | None = None
    first: pd.DataFrame | None = None
    call: Call | None = None

    def frame(self) -> pd.DataFrame:
        """Return one row per measure or partner and outcome."""
        return pd.DataFrame(
            [
                {
                    "without": loss.what,
                    "kind": loss.kind,
                    "outcome": loss.outcome,
                    "lost": loss.lost.mean,
                    "ci_low": loss.lost.low,
                    "ci_high": loss.lost.high,
                    "told": loss.lost.is_told,
                    "verdict": loss.verdict,
                    "people_lost": loss.people,
                    "workplaces_lost": loss.workplaces,
                    "services_of_today": " ".join(loss.today),
                    "replications": loss.lost.replications,
                }
                for loss in self.losses
            ]
        )

    def pairs_frame(self) -> pd.DataFrame:
        """Return one row per pair of measures."""
        names = ["one", "other", "surplus", "ci_low", "ci_high", "told", "replications"]
        return pd.DataFrame(
            [
                (t.one, t.other, t.surplus.mean, t.surplus.low, t.surplus.high, t.surplus.is_told,
                 t.surplus.replications)
                for t in self.together
            ],
            columns=names,
        )  # fmt: skip

    def text(self) -> str:
        """Return the answer for the screen."""
        pairs = self.comparison.replications
        lines = [
            f"{self.mix.names.en} in {self.comparison.town.site.name('en')}: what is lost without "
            f"one measure or partner (closure {self.closure}, {pairs} pairs of worlds)",
            f"Whole mix against {self.comparison.against.names.en}, {HEADLINE}: "
            f"{_told(self.whole[HEADLINE])}",
            "Taken in: within four years, whole mix less the mix without it; (a to b) is right "
            "nine times in ten.",
        ]
        if pairs < ENOUGH_PAIRS:
            lines.append(
                f"TOO FEW PAIRS TO TELL: {pairs} where at least {ENOUGH_PAIRS} are needed."
            )
        found = [loss for loss in self.losses if loss.outcome == HEADLINE]
        touched = dict.fromkeys(name for loss in found for name in loss.today)
        if touched:
            lines.append(
                "[today]: services of today go too, which the reference keeps, so that more may "
                f"be lost than the mix brings ({', '.join(touched)})."
            )
        for kind, title in BLOCKS.items():
            own = [loss for loss in found if loss.kind == kind]
            lines += ["", *_block(title, own)]
        lines += self._together()
        if self.first is not None and self.draws is not None:
            lines += _first(self.first, self.draws["draw"].nunique())
        return "\n".join(lines)

    def _together(self) -> list[str]:
        if not self.together:
            return []
        lines = [
            "",
            "Taken away together, interaction at zero: loss of both less the two losses alone",
            "(below zero: each does more beside the other; above: one stands in for the other)",
        ]
        for pair in self.together:
            words = ""
            if pair.surplus.is_enough and not pair.surplus.is_told:
                exact = pair.surplus.low == pair.surplus.high == 0
                words = "; exactly none" if exact else "; cannot be told from none"
            lines.append(f"  {' + '.join(pair.names)}: {_told(pair.surplus)}{words}")
        if self.pairs_left_out:
            lines.append(f"  {self.pairs_left_out} more pairs of the mix were not run.")
        return lines

    def write(self, folder: str | Path, force: bool = False) -> Path:
        """Write ``essential.csv``, ``pairs.csv`` (measures taken away together) and the manifest.

        With draws also ``first.csv`` and ``draws.csv``.

        Raises
        ------
        ResultError
            When the folder exists and is not empty, or cannot be written.
        """
        tables = {"essential": self.frame(), "pairs": self.pairs_frame()}
        if self.first is not None and self.draws is not None:
            tables |= {"first": self.first, "draws": self.draws}
        return write_result(
            folder, force, self.call,
            lambda made: write_study(
                made,
                True,
                tables,
                self.text(),
                command=f"essential({self.site!r}, {self.mix.id!r})",
                seeds=self.comparison.seeds,
                scenario_hash=self.comparison.town.scenario_hash(self.comparison.mixes),
                site=self.site,
            ),
        )  # fmt: skip


def _told(found: Estimate) -> str:
    """Return mean and interval as ``compare`` writes them, with two decimals."""
    return Words("en", plain=True).estimate(found, mark=False, digits=2)


def _block(title: str, losses: list[Loss]) -> list[str]:
    lines = [f"{title}, each taken away alone"]
    for verdict, words in VERDICTS.items():
        own = [loss for loss in losses if loss.verdict == verdict]
        own.sort(key=lambda x: -x.lost.mean if verdict == "told" else x.name)
        if own:
            lines.append(f" {words}")
        for loss in own:
            today = " [today]" if loss.today else ""
            lost = "" if verdict == "nothing" else f" lost {_told(loss.lost)};"
            lines.append(f"  without {loss.name}{today}:{lost} {_taken_in(loss)}")
    return lines


def _first(table: pd.DataFrame, draws: int) -> list[str]:
    lines = [
        "",
        f"Over {draws} draws of the partners' numbers (capacity, reach, engagement, accompaniment, "
        f"links; {DRAW_PAIRS} pairs each): whose loss comes first. By luck: how often it would at "
        "the numbers of the file, in as few worlds.",
    ]
    for kind, title in BLOCKS.items():
        own = table[(table["kind"] == kind) & ((table["share_first"] > 0) | (table["by_luck"] > 0))]
        if not len(own):
            continue
        lines.append(f"{title + ', first in':<50}{'draws':>8}{'by luck':>10}")
        for row in own.sort_values("share_first", ascending=False).itertuples():
            luck = "-" if np.isnan(row.by_luck) else f"{row.by_luck:.0%}"
            lines.append(f"  {row.name:<48}{row.share_first:>8.0%}{luck:>10}")
    return lines


def _taken_in(loss: Loss) -> str:
    """Return how many fewer are taken in, in words."""
    parts = []
    for number, one, many in (
        (loss.people, "person", "people"),
        (loss.workplaces, "workplace", "workplaces"),
    ):
        n = round(abs(number))
        if n:
            parts.append(f"{n:,} {'fewer' if number > 0 else 'more'} {one if n == 1 else many}")
    return f"{', '.join(parts)} taken in" if parts else "as many taken in"


# ---- mixes with something taken away ---------------------------------------------------------


def partners_of(mix: Mix) -> list[PartnerKind]:
    """Return the partners that deliver, refer to or accompany for a measure of the mix."""
    known = load_partners().changed_by(mix).partners
    used = set()
    for measure, _ in mix.entries:
        used |= set(measure.delivered_by) | set(measure.referred_by)
    accompany = {kind for kind, partner in known.items() if partner.accompanies}
    return [kind for kind in known if kind in used | accompany]


def without_partner(mix: Mix, kind: PartnerKind) -> Mix:
    """Return the same mix in which a partner does not take part."""
    changes = {**mix.partners, kind: PartnerChange(takes_part=False)}
    return mix.model_copy(update={"id": f"{mix.id}_without_{kind}", "partners": changes})


def without_measures(mix: Mix, names: Iterable[str]) -> Mix:
    """Return the same mix without some measures, with an id of its own."""
    less, names = mix, list(names)
    for name in names:
        less = less.without(name)
    return less.model_copy(update={"id": "_without_".join([mix.id, *names])})


def without_interaction(mix: Mix) -> Mix:
    """Return the same mix with the lever ``interaction`` at zero; itself where none moves it."""
    files = dict(mix.files)
    for name, measure in mix.files.items():
        levers = [
            lever.model_copy(update={"strength": lever.strength.model_copy(update=_ZERO)})
            if lever.lever == "interaction"
            else lever
            for lever in measure.levers
        ]
        if levers != measure.levers:
            files[name] = measure.model_copy(update={"levers": levers})
    if files == mix.files:
        return mix
    return mix.model_copy(update={"id": f"{mix.id}_no_interaction", "files": files})


_ZERO = {"assumed": 0.0, "top": 0.0, "low": 0.0, "high": 0.0}


def pairs_of(mix: Mix) -> list[tuple[str, str]]:
    """Return each worker measure of a mix with each of its jobseeker and employer measures."""
    kinds = {name: measure.kind for name, measure in mix.files.items()}
    workers = [name for name, kind in kinds.items() if kind == "worker"]
    others = [name for name, kind in kinds.items() if kind in ("jobseeker", "employer")]
    return list(product(workers, others))


def drawn_partners(partners: Partners, u: Callable[[], float]) -> Partners:
    """Return partners whose uncertain numbers are drawn, each uniform between low and high.

    Drawn are capacity, reach, engagement and accompaniment of each partner, the links and the
    link of the others; awareness, access loss and motivation, which are no partner's, stay.

    Parameters
    ----------
    u
        Gives the next number between 0 and 1; called in the order of the file.
    """

    def drawn(number: Number) -> Number:
        if number.low is None or number.high is None:
            return number
        value = number.low + (number.high - number.low) * u()
        return number.model_copy(update={"value": value})

    return partners.model_copy(
        update={
            "default_link": drawn(partners.default_link),
            "partners": {
                kind: partner.model_copy(update={f: drawn(getattr(partner, f)) for f in FIELDS})
                for kind, partner in partners.partners.items()
            },
            "links": [
                link.model_copy(update={"strength": drawn(link.strength)})
                for link in partners.links
            ],
        }
    )


# ---- running ---------------------------------------------------------------------------------


def _values(comparison: Comparison, of: Mix, outcome: tuple) -> np.ndarray:
    key = (comparison.closures[0], of.id, "assumed", "cohorts")
    return comparison.values(key, outcome[:3], outcome[3], outcome[4], "difference")


def _estimate(found: np.ndarray) -> Estimate:
    mean, low, high = estimate(found)
    return Estimate(float(mean), float(low), float(high), len(found))


def _taken(comparison: Comparison, of: Mix) -> dict[str, float]:
    """Return the people and the workplaces that a mix takes in within four years, a cohort."""
    pairs = comparison.pairs[comparison.closures[0], of.id, "assumed", "cohorts"]
    found = np.mean([pair.taken_in[1].sum(1) for pair in pairs], axis=0)
    files = {m: f for mix in (*comparison.mixes, comparison.against) for m, f in mix.files.items()}
    sums = {"person": 0.0, "workplace": 0.0, "place": 0.0}
    for name, number in zip(comparison.bought, found, strict=True):
        sums[files[name].recruits] += float(number)
    return sums


def _same(comparison: Comparison, one: Mix, other: Mix) -> bool:
    """Return whether no outcome of any world and no intake differs between two mixes."""
    ours, theirs = (
        comparison.pairs[comparison.closures[0], of.id, "assumed", "cohorts"] for of in (one, other)
    )
    return all(
        np.array_equal(a.scenario, b.scenario) and np.array_equal(a.taken_in, b.taken_in)
        for a, b in zip(ours, theirs, strict=True)
    )


def _touched(what: str, kind: str, mix: Mix, today: Mix) -> tuple[str, ...]:
    """Return the names of the services of the reference that go along."""
    return tuple(
        measure.names.en
        for name, measure in mix.files.items()
        if name in today.measures
        and (
            name == what
            if kind == "measure"
            else what in measure.delivered_by or what in measure.referred_by
        )
    )


def firsts(lost: np.ndarray) -> np.ndarray:
    """Return how often each loss is the largest, and in the last place how often none is above 0.

    Parameters
    ----------
    lost : ndarray, shape (things, draws)

    Returns
    -------
    ndarray, shape (things + 1,)
        Shares of the draws; equal losses share theirs.

    Examples
    --------
    >>> firsts(np.array([[2.0, -1.0], [1.0, 0.0]])).tolist()
    [0.5, 0.0, 0.5]
    """
    most = lost.max(0)
    is_first = (lost == most) & (most > 0)
    share = is_first / np.maximum(is_first.sum(0), 1)
    return np.append(share.mean(1), (most <= 0).mean())


def essential(
    site: str | Path | Town,
    mix: str | Path | Mix | None = None,
    *,
    against: str | Path | Mix | None = None,
    replications: int = 24,
    draws: int | None = None,
    closure: str = "R",
    seed: int = 1,
    threads: int | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> Essential:
    """Take each measure and each partner of a mix away in turn.

    Parameters
    ----------
    mix : optional
        Default: the place's default mix.
    against : optional
        Reference; default: ``today`` where the place has one, else the empty mix.
    draws : int, optional
        Also draw the numbers of the partners so many times and count what comes first; the place
        has settled by the numbers of the file.
    closure : {"R", "E"}

    Raises
    ------
    ScenarioError
        When the mix is empty, wrong, or for another place.
    """
    town = site if isinstance(site, Town) else Town(site)
    chosen = town.mix(mix if mix is not None else town.site.default_mix)
    if not chosen.entries:
        raise ScenarioError(["the mix is empty, so nothing can be taken away; name another."])
    less = {(name, "measure"): without_measures(chosen, [name]) for name in chosen.measures}
    less |= {(kind, "partner"): without_partner(chosen, kind) for kind in partners_of(chosen)}
    reference = town.reference(against)
    quiet = without_interaction(chosen)
    found_pairs = pairs_of(quiet)
    shown = found_pairs[:MOST_PAIRS]
    # without interaction in the mix these are the mixes above, and run once
    quiet_less = {
        names: without_measures(quiet, names)
        for pair in shown
        for names in (pair, pair[:1], pair[1:])
    }
    arms = {m.id: m for m in (chosen, *less.values())}
    extra = {m.id: m for m in (quiet, *quiet_less.values())} if shown else {}
    steps = replications + (draws or 0) * DRAW_PAIRS

    def first_part(done: float, of: float) -> None:
        if progress is not None:
            progress(done, of + steps - replications)

    comparison = compare(
        town, list((arms | extra).values()), against=reference, years=1,
        replications=replications, closure=closure, seed=seed, threads=threads,
        strengths=("assumed",), progress=first_part, placebo=False,
    )  # fmt: skip
    names = {m: f.names.en for m, f in chosen.files.items()}
    names |= {kind: partner.names.en for kind, partner in load_partners().partners.items()}
    whole_taken = _taken(comparison, chosen)

    def loss(rest: Mix, outcome: tuple) -> np.ndarray:
        return _values(comparison, chosen, outcome) - _values(comparison, rest, outcome)

    losses = []
    for (what, kind), rest in less.items():
        taken = _taken(comparison, rest)
        same = _same(comparison, chosen, rest)
        touched = _touched(what, kind, chosen, reference)
        losses += [
            Loss(
                what, kind, names[what], name,
                _estimate(loss(rest, outcome)),
                whole_taken["person"] - taken["person"],
                whole_taken["workplace"] - taken["workplace"], same, touched,
            )
            for name, outcome in OUTCOMES.items()
        ]  # fmt: skip
    whole = {
        name: _estimate(_values(comparison, chosen, outcome)) for name, outcome in OUTCOMES.items()
    }

    headline = OUTCOMES[HEADLINE]

    def surplus(pair: tuple[str, str]) -> np.ndarray:
        with_one, with_other, neither = (
            _values(comparison, quiet_less[names], headline) for names in (pair[1:], pair[:1], pair)
        )
        return with_one + with_other - neither - _values(comparison, quiet, headline)

    together = [
        Together(*pair, (names[pair[0]], names[pair[1]]), _estimate(surplus(pair)))
        for pair in shown
    ]
    found = Essential(
        town.id, chosen, closure, losses, whole, comparison, together,
        len(found_pairs) - len(shown),
        call=Call("essential", site=town, mix=chosen, against=reference,
                  replications=replications, closure=closure, seed=seed, draws=draws),
    )  # fmt: skip
    if draws:
        at_file = {key: loss(rest, headline) for key, rest in less.items()}
        found.draws = _over_draws(
            town, chosen, less, reference, draws, closure, seed, threads,
            lambda done: progress(replications + done * DRAW_PAIRS, steps) if progress else None,
        )  # fmt: skip
        found.first = _first_table(found.draws, at_file, names, seed)
    return found


def _over_draws(
    town: Town, chosen: Mix, less: dict[tuple[str, str], Mix], reference: Mix, draws: int,
    closure: str, seed: int, threads: int | None, progress: Callable[[int], None],
) -> pd.DataFrame:  # fmt: skip
    """Return the headline loss of everything by draw of the partners' numbers."""
    partners = load_partners()
    rng = np.random.default_rng(seed)
    # each number meets every part of its range equally often
    numbers = len(FIELDS) * len(partners.partners) + len(partners.links) + 1
    u = np.array([(rng.permutation(draws) + rng.random(draws)) / draws for _ in range(numbers)])

    def one(d: int) -> list[tuple[int, str, str, float]]:
        values = iter(u[:, d].tolist())
        made = compare(
            town, [chosen, *less.values()], against=reference, years=1, replications=DRAW_PAIRS,
            closure=closure, seed=seed * SEED_STEP + d, threads=1, strengths=("assumed",),
            placebo=False, partners=drawn_partners(partners, lambda: next(values)),
        )  # fmt: skip
        whole = _values(made, chosen, OUTCOMES[HEADLINE])
        return [
            (d, kind, what, float((whole - _values(made, rest, OUTCOMES[HEADLINE])).mean()))
            for (what, kind), rest in less.items()
        ]

    rows = []
    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        for done, found in enumerate(pool.map(one, range(draws)), 1):
            rows += found
            progress(done)
    return pd.DataFrame(rows, columns=["draw", "kind", "without", "lost"])


def _first_table(
    draws: pd.DataFrame, at_file: dict[tuple[str, str], np.ndarray], names: dict[str, str],
    seed: int,
) -> pd.DataFrame:  # fmt: skip
    """Return how often each comes first over draws, and by luck alone, by kind."""
    rng = np.random.default_rng(seed)
    rows = []
    for kind in BLOCKS:
        own = [what for what, of in at_file if of == kind]
        if not own:
            continue
        table = draws[draws["kind"] == kind].pivot(index="without", columns="draw", values="lost")
        share = firsts(table.loc[own].to_numpy())
        values = np.array([at_file[what, kind] for what in own])
        n = values.shape[1]
        luck = np.full(len(own) + 1, np.nan)
        if n >= ENOUGH_PAIRS:
            again = rng.permuted(np.tile(np.arange(n), (RESAMPLED, 1)), axis=1)[:, :DRAW_PAIRS]
            luck = firsts(values[:, again].mean(2))
        for at, what in enumerate([*own, ""]):
            rows.append((kind, what, names.get(what, NONE_FIRST), share[at], luck[at]))
    return pd.DataFrame(rows, columns=["kind", "without", "name", "share_first", "by_luck"])
