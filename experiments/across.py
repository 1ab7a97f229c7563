"""``across``: the answers to the four questions for several places, and why they differ.

Each place runs its own mix against what runs there today. The work of the target group changes by
its share of the jobs that the mix adds (rescued, filled faster, created) plus what is redirected to
it; the sentence about a place is read off these four terms and off the features of its market in
the reference. It names where a place differs most; that the difference is the cause, no run says.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.folders import Call, write_result
from scenarios import ScenarioError, load_site, shipped_sites
from scenarios.measures import Mix
from simulator.columns import Person, Workplace
from simulator.comparison import ENOUGH_PAIRS, Comparison, Estimate, Key, compare
from simulator.figures import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, STYLE
from simulator.files import manifest_of, write_study
from simulator.groups import SEXES, Group, assign_cells
from simulator.headline import of_values, quantities
from simulator.money import Ratio, money, ratio
from simulator.scale import check_scale
from simulator.town import Town
from simulator.wording import Words
from simulator.world import Count

SCALES = (1, 2, 5, 10, 20, 25, 40, 50, 100, 200, 250, 400, 500, 1000)
MOST_POSTS = 25_000  # simulated; larger places are run at a scale
SMALL = 10  # posts of a workplace below which it is called small
STRENGTHS = ("none", "assumed")
TERMS = {
    "rescued": "rescued posts",
    "faster": "faster filling",
    "posts": "more posts",
    "redirection": "redirection",
}
TAKEN = (  # fills that give somebody the post
    "promotion", "sideward_move", "hire_from_workplace", "hire_short_term_unemployed",
    "hire_long_term_unemployed", "hire_outside_labour_force", "hire_outside_region",
)  # fmt: skip
ENDS = {
    "end_jobseeker": ("hire_short_term_unemployed", "hire_long_term_unemployed"),
    "end_outside_labour_force": ("hire_outside_labour_force",),
    "end_outside_region": ("hire_outside_region",),
    "end_withdrawn": ("not_backfilled", "given_up"),
    "end_destroyed": ("post_destroyed",),
}
# where a place can differ: words, how a high and how a low value is called
FEATURES = {
    "unemployed_per_vacancy": ("unemployed per vacancy", "slacker", "tighter"),
    "opened_by_promotion": ("vacancies opened by a promotion", "steeper", "flatter"),
    "small_workplaces": ("posts in small workplaces", "more small firms", "fewer small firms"),
    "end_outside_region": ("chains ended by outside hires", "more leaks", "fewer leaks"),
    "end_withdrawn": ("chains ended by withdrawal", "more withdrawn", "less withdrawn"),
    "penalty": ("penalty of the target group", "more discrimination", "less discrimination"),
}
# tables of the answer: question, then (row, head of the column, kind)
TABLES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "1. Entry posts per supported promotion, and who gets them": (
        ("supported", "supported promotions", "count"),
        ("ledger_per_promotion", "entry posts seen behind one", "number"),
        ("net_per_promotion", "net more advertised for each", "ratio"),
    ),
    "1b. Entry posts taken, more than in the reference, per 100 served": (
        ("net", "advertised", "change"),
        ("got_target", "target group (also among the others)", "change"),
        ("got_unemployed", "unemployed", "change"),
        ("got_outside_labour_force", "outside the labour force", "change"),
        ("got_outside_region", "outside the place", "change"),
        ("got_workers", "people at work here", "change"),
    ),
    "2. Deadweight and displacement (months of work per 100 served)": (
        ("anyway", "supported promotions that come anyway", "share"),
        ("direct", "direct, served against losers", "change"),
        ("displaced", "displaced", "change"),
        ("residents", "all residents", "change"),
        ("target", "target group", "change"),
    ),
    "2b. The identity: change in the target group's work (months per 100 served)": (
        ("share", "its share of posts taken", "share"),
        *((term, f"{words} x share" if term != "redirection" else words, "change")
          for term, words in TERMS.items()),
        ("target", "sum", "change"),
    ),
    "3. Where chains end in the reference": (
        ("end_jobseeker", "jobseeker", "share"),
        ("end_outside_labour_force", "outside labour force", "share"),
        ("end_outside_region", "outside the place", "share"),
        ("end_withdrawn", "withdrawn", "share"),
        ("end_destroyed", "destroyed", "share"),
        ("length", "links per chain", "number"),
    ),
    "3b. The market in the reference": (
        ("unemployed_per_vacancy", "unemployed per vacancy", "number"),
        ("opened_by_promotion", "vacancies opened by a promotion", "share"),
        ("entry_share", "entry posts", "share"),
        ("small_workplaces", f"posts in workplaces under {SMALL}", "share"),
        ("penalty", "penalty of the target group (score)", "number"),
    ),
    "4. More of the target group in work in the third year, per 100 served": (
        ("per_100_none", "unmeasured effects none", "change"),
        ("per_100", "as assumed", "change"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What one place answers under one closure.

    Attributes
    ----------
    label, name : str
        Id (numbered when it comes twice) and name of the place.
    mix, against : str
        Names, with the stamp where a part is hypothetical.
    served, workplaces : float
        People and workplaces taken in by a cohort.
    values : dict
        An :class:`Estimate` by row of :data:`TABLES`; None where it is not determined.
    cost : Ratio or None
        Euros per additional placement; None when no price is known.
    unknown : tuple of str
        Measures without a price.
    """

    label: str
    name: str
    closure: str
    mix: str
    against: str
    scale: int
    pairs: int
    served: float
    workplaces: float
    values: dict[str, Estimate | None]
    cost: Ratio | None
    unknown: tuple[str, ...]

    @property
    def largest(self) -> str | None:
        """The term of the identity that is largest, whatever its sign."""
        known = {term: self.values.get(term) for term in TERMS}
        sizes = {term: abs(found.mean) for term, found in known.items() if found is not None}
        return max(sizes, key=lambda term: sizes[term]) if sizes else None


@dataclass(frozen=True)
class Across:
    """Answers of several places side by side.

    Attributes
    ----------
    answers : list of Answer
        By closure, then place.
    seeds : list of int
    scenario_hashes : dict
        By place.
    scale : int or None
        Of all places, where one was asked for.
    """

    answers: list[Answer]
    seed: int
    seeds: list[int]
    scenario_hashes: dict[str, str]
    call: Call | None = None
    scale: int | None = None

    @property
    def closures(self) -> list[str]:
        """The demand closures that were run."""
        return list(dict.fromkeys(answer.closure for answer in self.answers))

    def of(self, closure: str) -> list[Answer]:
        """Return the answers under a closure, in order of the places."""
        return [answer for answer in self.answers if answer.closure == closure]

    def frame(self) -> pd.DataFrame:
        """Return every number in long form.

        Columns ``place, closure, question, row, value, ci_low, ci_high, told, pairs, scale,
        served``; missing where not determined.
        """
        rows = []
        for answer in self.answers:
            head = (answer.label, answer.closure)
            tail = (answer.pairs, answer.scale, answer.served)
            for question, columns in TABLES.items():
                for row, _, kind in columns:
                    rows.append(
                        (
                            *head,
                            question.split(".")[0],
                            row,
                            *_told(answer.values[row], kind),
                            *tail,
                        )
                    )
            if answer.cost is not None:
                found = answer.cost.value
                rows.append((*head, "4", "cost_per_placement", *_told(found, "count"), *tail))
        names = ["place", "closure", "question", "row", "value", "ci_low", "ci_high", "told"]
        return pd.DataFrame(rows, columns=[*names, "pairs", "scale", "served"]).drop_duplicates(
            ["place", "closure", "row"], ignore_index=True
        )

    def sentence(self, answer: Answer) -> str:
        """Return why the answer of a place is as it is, from the identity and its market."""
        target = answer.values["target"]
        if target is None:
            return f"{answer.name}: nobody is served, so nothing is told per person served."
        if not target.is_enough:
            return (
                f"{answer.name}: {answer.pairs} pairs are too few to tell; use {ENOUGH_PAIRS} or "
                "more."
            )
        words = Words("en", plain=True)
        verdict = "" if target.is_told else ", which cannot be told from none"
        text = (
            f"{answer.name}: per 100 served the target group's work changes by "
            f"{words.estimate(target, mark=False)} months in four years{verdict}: "
        )
        parts = {
            term: words.estimate(found, mark=False)
            for term in TERMS
            if (found := answer.values[term]) is not None
        }
        share, largest = answer.values["share"], answer.values[answer.largest or "share"]
        if answer.largest is None or share is None or largest is None:
            text += "its share of posts taken is not determined."
        else:
            verdict = "can" if largest.is_told else "cannot"
            text += (
                f"its share of posts taken ({words.number(100 * share.mean, 1)} %) of rescued "
                f"posts gives {parts['rescued']}, of faster filling {parts['faster']}, of more "
                f"posts {parts['posts']}; redirection to it {parts['redirection']}. The largest "
                f"term is {TERMS[answer.largest]}, which {verdict} be told from none."
            )
        return f"{text}{self._differs(answer)}"

    def told(self, closure: str) -> str:
        """Return in how many places the answer can be told, and how many would be by chance."""
        own = [a for a in self.of(closure) if a.values["target"] is not None]
        if any(answer.pairs < ENOUGH_PAIRS for answer in own):
            return f"Fewer than {ENOUGH_PAIRS} pairs: nothing is told."
        sure = [a.label for a in own if (e := a.values["target"]) is not None and e.is_told]
        effects = [
            found.is_told
            for answer in own
            for row in dict.fromkeys(r for c in TABLES.values() for r, _, k in c if k == "change")
            if (found := answer.values[row]) is not None
        ]
        listed = f": {', '.join(sure)}" if sure else ""
        return (
            f"The target group's work can be told from none in {len(sure)} of {len(own)} places"
            f"{listed}. Of all {len(effects)} effects above {sum(effects)} can be told; some "
            f"{0.1 * len(effects):.0f} would be if no mix did anything, since one interval in ten "
            "misses."
        )

    def _differs(self, answer: Answer) -> str:
        found = self.most_different(answer)
        if found is None:
            return ""
        feature, score = found
        what, high, low = FEATURES[feature]
        value = answer.values[feature]
        assert value is not None
        kind = {row: kind for rows in TABLES.values() for row, _, kind in rows}[feature]
        return (
            f" The market differs most from the mean of the places in {what} "
            f"({_cell(value, kind)}; "
            f"{abs(score):.1f} standard deviations {'above' if score > 0 else 'below'}: "
            f"{high if score > 0 else low})."
        )

    def most_different(self, answer: Answer) -> tuple[str, float] | None:
        """Return the feature in which a place differs most, in standard deviations.

        None with fewer than three places: two differ from their mean by the same everywhere.
        """
        others = self.of(answer.closure)
        if len(others) < 3:
            return None
        scores = {}
        for feature in FEATURES:
            values = [other.values[feature] for other in others]
            own = answer.values[feature]
            if own is None or any(value is None for value in values):
                continue
            means = np.array([value.mean for value in values if value is not None])
            spread = float(means.std(ddof=1))
            if spread > 1e-9 * abs(means.mean()):
                scores[feature] = (own.mean - float(means.mean())) / spread
        if not scores:
            return None
        feature = max(scores, key=lambda name: abs(scores[name]))
        return feature, scores[feature]

    def text(self) -> str:
        """Return the answer for the screen: tables, costs in words, a sentence per place."""
        lines = [
            "The four questions in each place: its own mix against what runs there now. Effects "
            "over four years, three intakes of",
            "twelve months averaged; (a to b) right nine times in ten over pairs of worlds; ?: "
            "cannot be told from none.",
        ]
        words = Words("en", plain=True)
        for closure in self.closures:
            own = self.of(closure)
            lines += ["", f"CLOSURE {closure}", ""]
            lines += table_lines(
                ["place", "against", "pairs", "one in", "people served", "workplaces"],
                [
                    [a.label, a.against, str(a.pairs), str(a.scale),
                     words.number(a.served, 0), words.number(a.workplaces, 0)]
                    for a in own
                ],
            )  # fmt: skip
            lines += ["", *(f"- {a.label}: {a.mix}" for a in own)]
            for title, columns in TABLES.items():
                lines += ["", title, ""]
                heads = ["place", *(head for _, head, _ in columns)]
                rows = [
                    [a.label, *(_cell(a.values[row], kind) for row, _, kind in columns)]
                    for a in own
                ]
                if title.startswith("4"):
                    heads.append("EUR per additional placement")
                    rows = [[*row, _cost(a)] for row, a in zip(rows, own, strict=True)]
                lines += table_lines(heads, rows)
            unpriced = [a for a in own if a.cost is not None and a.unknown]
            lines += ["" for _ in unpriced[:1]]
            lines += [
                f"{a.label}: nobody gave the prices of {', '.join(a.unknown)}." for a in unpriced
            ]
            lines += ["", "Why they differ (read off the identity and the reference; no cause is "
                      "claimed beyond that):", ""]  # fmt: skip
            lines += [f"- {self.sentence(answer)}" for answer in own]
            lines += ["", self.told(closure)]
        return "\n".join(lines)

    def draw(self, path: str | Path | None = None):  # noqa: ANN201
        """Return the figure: terms of the identity by place and their sum.

        With ``path`` (no suffix) it is also written as PNG and SVG.
        """
        import matplotlib
        import matplotlib.pyplot as plt

        with matplotlib.rc_context(STYLE):
            count = len(self.closures)
            places = len(self.of(self.closures[0]))
            figure, axes = plt.subplots(
                count, 1, figsize=(7.5, 1.9 + 0.5 * places * count), sharex=True, squeeze=False,
                layout="constrained",
            )  # fmt: skip
            for axis, closure in zip(axes[:, 0], self.closures, strict=True):
                _draw_places(axis, self.of(closure))
                axis.set_title(
                    f"Demand closure {closure}" if count > 1 else "",
                    fontsize=9,
                    fontweight="normal",
                )
            figure.suptitle(
                "What changes the work of the target group, by place", x=0.01, ha="left",
                fontsize=11, fontweight="bold",
            )  # fmt: skip
            axes[-1][0].set_xlabel("months of work in four years, per 100 people served")
            axes[0][0].legend(
                loc="lower left", bbox_to_anchor=(-0.02, 1.01 if count == 1 else 1.06), ncols=5,
                frameon=False, fontsize=8, handlelength=1.4, columnspacing=1.2, borderpad=0,
            )  # fmt: skip
            figure.supxlabel(self.caption(), x=0.01, ha="left", fontsize=7, color=GREY)
        if path is not None:
            from simulator.stories import save_figure

            save_figure(figure, path)
        return figure

    def caption(self) -> str:
        """Return what the figure rests on."""
        version = manifest_of(command="", seeds=[], scenario_hash="")["version"]
        pairs = sorted({answer.pairs for answer in self.answers})
        span = f"{self.seeds[0]}-{self.seeds[-1]}" if len(self.seeds) > 1 else f"{self.seeds[0]}"
        few = "; too few pairs to tell" if pairs[0] < ENOUGH_PAIRS else ""
        return (
            "Each place: its own mix as assumed, against what runs there now. Bars: its share of "
            "jobs rescued, filled faster and added, and\nwork redirected to it; they add up to the "
            f"dot. {pairs[0]} pairs of worlds (seeds {span}), 90 % interval of the sum over pairs"
            f"{few}; hollow dot:\nthe sum cannot be told from none. Closure "
            f"{' and '.join(self.closures)}. vacancy-chain-simulator {version}."
        )

    def write(self, folder: str | Path, force: bool = False) -> Path:
        """Write ``across.csv``, the figure, the answer and the manifest.

        Raises
        ------
        ResultError
            When the folder exists and is not empty, or cannot be written.
        """
        own = self.of(self.closures[0])
        return write_result(
            folder, force, self.call,
            lambda made: write_study(
                made,
                True,
                {"across": self.frame()},
                self.text(),
                {"across": self.draw()},
                command=" ".join(["across", *(answer.label for answer in own), *self.options()]),
                seeds=self.seeds,
                scenario_hash="-".join(self.scenario_hashes.values()),
                sites=self.scenario_hashes,
                scales={answer.label: answer.scale for answer in own},
            ),
        )  # fmt: skip

    def options(self) -> list[str]:
        """Return the options of the command that makes this again."""
        return options_of(self.closures, len(self.seeds), self.seed, self.scale)


# ---- one place -------------------------------------------------------------------------------


def terms(comparison: Comparison, key: Key) -> dict[str, np.ndarray] | None:
    """Return the identity of the target group's work, months per pair of worlds.

    Returns
    -------
    dict or None
        ``share`` of all posts taken in the reference, the four of :data:`TERMS` and ``target``,
        their sum to the last digit; None where no post is taken.
    """
    months = comparison.horizon(key)

    def change(*outcome: str) -> np.ndarray:
        full = (*outcome, *("all", "all")[len(outcome) - 1 :])
        return comparison.values(key, full, 0, months, "difference")  # type: ignore[arg-type]

    taken = np.sum([_before(comparison, key, "openings_closed", "fill", f) for f in TAKEN], axis=0)
    if not (taken > 0).all():
        return None
    share = _before(comparison, key, "hires_of_target_group") / taken
    found = {
        "rescued": share * -(change("not_backfilled_post_months") + change("given_up_post_months")),
        "faster": share * -change("vacant_post_months"),
        "posts": share * change("post_months"),
    }
    target = change("work_months", "side", "target_jobseekers")
    found["redirection"] = target - sum(found.values())
    return {"share": share, **found, "target": target}


def _before(
    comparison: Comparison, key: Key, outcome: str, breakdown: str = "all", group: str = "all"
) -> np.ndarray:
    months = comparison.horizon(key)
    return comparison.values(key, (outcome, breakdown, group), 0, months, "reference")


def _quotient(above: np.ndarray, below: np.ndarray) -> Estimate | None:
    """Return a ratio of two numbers of the reference; None over zero."""
    return of_values(above / below) if (below > 0).all() else None


def market_of(comparison: Comparison, key: Key) -> dict[str, Estimate | None]:
    """Return where chains end in the reference, and what the market is like."""

    def before(*outcome: str) -> np.ndarray:
        return _before(comparison, key, *outcome)

    ends = {
        row: np.sum([before("openings_closed", "fill", fill) for fill in fills], axis=0)
        for row, fills in ENDS.items()
    }
    all_ends = np.sum(list(ends.values()), axis=0)
    opened = before("advertised_vacancies")
    found = {row: _quotient(values, all_ends) for row, values in ends.items()}
    # every opening is a link of one chain, every chain has one end
    found["length"] = _quotient(
        all_ends + np.sum([before("openings_closed", "fill", fill) for fill in TAKEN[:3]], axis=0),
        all_ends,
    )
    found["unemployed_per_vacancy"] = _quotient(before("survey_unemployed"), before("vacant_posts"))
    found["opened_by_promotion"] = _quotient(
        before("advertised_vacancies", "cause", "promotion"), opened
    )
    found["entry_share"] = _quotient(before("post_months", "rung", "rung_0"), before("post_months"))
    return found


def start_of(town: Town, seeds: Sequence[int]) -> dict[str, Estimate | None]:
    """Return features of the settled worlds: posts in small workplaces, penalties."""
    small, penalties = [], []
    for seed in seeds:
        world = town.begin(seed)
        w = world.columns
        posts = w.workplaces[Workplace.POSTS]
        small.append(posts[posts < SMALL].sum() / posts.sum())
        group = assign_cells(world, town.site) // SEXES
        people = w.people[Person.BARRIERS, : int(w.counts[Count.PEOPLE])]
        own = people[group == Group.TARGET_JOBSEEKERS]
        penalties.append(w.penalty_of_flags[own].mean() if len(own) else np.nan)
    known = np.array(penalties)
    return {
        "small_workplaces": of_values(np.array(small)),
        "penalty": None if np.isnan(known).any() else of_values(known),
    }


def answer_of(comparison: Comparison, key: Key, label: str) -> Answer:
    """Return the answers of one place from its comparison."""
    town, mix = comparison.town, comparison.mixes[0]
    found = quantities(comparison, key)
    served = comparison.served(key)
    per = 100 / served if served > 0 else None
    values: dict[str, Estimate | None] = dict(market_of(comparison, key))
    # the worlds that stand last are still kept
    values |= start_of(town, comparison.seeds[-ENOUGH_PAIRS:])
    values["supported"] = found["supported"].found
    values["anyway"] = found["anyway"].found
    months = comparison.horizon(key)
    entry = ("advertised_vacancies", "rung", "rung_0")
    supported = comparison.values(
        key, ("supported_promotions", "all", "all"), 0, months, "difference"
    )
    for row, outcome in (
        ("ledger_per_promotion", ("advertised_after_supported_promotion", "rung", "rung_0")),
        ("net_per_promotion", entry),
    ):
        more = comparison.values(key, outcome, 0, months, "difference")
        values[row] = ratio(more, supported).value

    def per_100(row: str, estimate: Estimate | None) -> None:
        values[row] = None if per is None or estimate is None else estimate.scaled(per)

    for row, name in (
        ("net", "net"), ("got_target", "got_target"), ("direct", "direct_total"),
        ("displaced", "displaced"), ("residents", "net_total"),
        *((row, row) for row in ("got_outside_labour_force", "got_outside_region", "got_workers")),
    ):  # fmt: skip
        per_100(row, found[name].found)
    unemployed = np.sum(
        [
            comparison.values(
                key, ("openings_closed", "fill_and_rung", f"{fill}:rung_0"), 0, months, "difference"
            )
            for fill in ENDS["end_jobseeker"]
        ],
        axis=0,
    )
    per_100("got_unemployed", of_values(unemployed))
    identity = terms(comparison, key)
    target = comparison.estimate(key, "work_months", "side", "target_jobseekers")
    per_100("target", target)
    values["share"] = None if identity is None else of_values(identity["share"])
    for term in TERMS:
        per_100(term, None if identity is None else of_values(identity[term]))
    values["per_100"] = found["per_100"].found
    none = (key[0], key[1], "none", key[3])
    values["per_100_none"] = (
        comparison.placements_per_100(none)
        if none in comparison.pairs and comparison.served(none) > 0
        else None
    )
    spent = money(comparison, key)
    words = Words("en", plain=True)
    names = {measure.id: measure.names.en for measure in comparison.bought_by(mix)}
    return Answer(
        label, town.site.name("en"), key[0], words.mix(mix), comparison.against.id, town.scale,
        comparison.replications, served, comparison.workplaces_served(key), values,
        spent.per_placement if spent.priced else None,
        tuple(names.get(measure, measure) for measure in spent.unknown),
    )  # fmt: skip


def scale_for(posts: float) -> int:
    """Return the scale at which a place has the most simulated posts up to :data:`MOST_POSTS`.

    Examples
    --------
    >>> [scale_for(posts) for posts in (9_000, 24_000, 170_000, 501_000, 788_800, 5_112_000)]
    [1, 1, 10, 25, 40, 250]
    """
    return next((k for k in SCALES if posts / k <= MOST_POSTS), SCALES[-1])


def towns_of(
    sites: Sequence[str | Path | Town] | None, scales: dict[str, int] | int | None = None
) -> dict[str, Town]:
    """Return towns by label, each at its scale; all shipped places when none are named.

    Parameters
    ----------
    scales : dict or int, optional
        As for :func:`across`.

    Raises
    ------
    ScenarioError
        When a place does not exist, a scale is given for none of them, or one leaves too few
        posts.
    """
    names = list(sites) if sites else list(shipped_sites())
    loaded = [name if isinstance(name, Town) else load_site(name) for name in dict.fromkeys(names)]
    same_for_all = scales if isinstance(scales, int) else None
    given = dict(scales) if isinstance(scales, dict) else {}
    unknown = set(given) - {place.id for place in loaded}
    if unknown:
        raise ScenarioError(
            [f"a scale is given for '{sorted(unknown)[0]}', which is not among the places."]
        )
    towns: dict[str, Town] = {}
    problems: list[str] = []
    for place in loaded:
        same = sum(town.id == place.id for town in towns.values())
        label = f"{place.id} ({same + 1})" if same else place.id
        if isinstance(place, Town):
            towns[label] = place
            continue
        posts = place.margins.filled_posts.value
        scale = same_for_all or given.get(place.id, scale_for(posts))
        try:
            check_scale(posts / scale, scale)
            towns[label] = Town(place, scale=scale)
        except ScenarioError as error:
            problems += [f"{place.name.en}: {text}" for text in error.problems]
    if problems:  # before any place is run
        raise ScenarioError(problems)
    return towns


def across(
    sites: Sequence[str | Path | Town] | None = None,
    *,
    mix: str | Path | Mix | None = None,
    replications: int = 16,
    closure: str = "both",
    seed: int = 1,
    threads: int | None = None,
    scales: dict[str, int] | int | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> Across:
    """Answer the four questions for several places.

    Parameters
    ----------
    sites : sequence, optional
        Shipped names, paths or towns; default: all shipped places.
    mix : optional
        Default: the mix of each place.
    closure : {"R", "E", "both"}
    scales : dict or int, optional
        One in so many by id of the place, or the same for all; default: :func:`scale_for`. A
        :class:`Town` keeps its own.

    Raises
    ------
    ScenarioError
        When a place or a mix does not exist or does not fit.
    """
    towns = towns_of(sites, scales)
    answers: list[Answer] = []
    seeds: list[int] = []
    hashes = {}
    given: Mix | None = None
    for number, (label, town) in enumerate(towns.items()):

        def part(done: float, total: float, number: int = number) -> None:
            if progress is not None:
                progress(number + done / total, len(towns))

        if mix is not None:
            given = town.mix(mix)
        comparison = compare(
            town, None if mix is None else [mix], years=1, replications=replications,
            closure=closure, seed=seed, threads=threads, strengths=STRENGTHS, placebo=False,
            progress=part,
        )  # fmt: skip
        seeds = comparison.seeds
        hashes[label] = town.scenario_hash([comparison.against, *comparison.mixes])
        for one in comparison.closures:
            key = (one, comparison.mixes[0].id, "assumed", "cohorts")
            answers.append(answer_of(comparison, key, label))
    answers.sort(key=lambda answer: answer.closure != "R")
    same_for_all = scales if isinstance(scales, int) else None
    call = Call(
        "across", sites=list(towns.values()), mix=given, replications=replications,
        closure=closure, seed=seed, scales=same_for_all,
    )  # fmt: skip
    return Across(answers, seed, seeds, hashes, call, same_for_all)


# ---- words and drawing -----------------------------------------------------------------------


def _told(found: Estimate | None, kind: str) -> tuple[Any, Any, Any, Any]:
    """Return value, interval and whether it is told, for a table."""
    if found is None:
        return np.nan, np.nan, np.nan, None
    low, high = (end if math.isfinite(end) else np.nan for end in (found.low, found.high))
    return found.mean, low, high, found.is_told if kind in ("change", "ratio") else None


def _cell(found: Estimate | None, kind: str) -> str:
    words = Words("en", plain=True)
    if found is None:
        return "not determined"
    if kind in ("change", "ratio"):
        return words.estimate(found)
    if kind == "share":
        found = found.scaled(100)
    digits = Words.digits(max(abs(found.mean) / 10, 1e-9)) if kind == "number" else None
    if kind == "share":
        digits = 1
    unit = " %" if kind == "share" else ""
    if not found.is_enough:
        return f"{words.number(found.mean, digits)}{unit} ({words('format.few_pairs')})"
    if found.low == found.high:
        return words.number(found.mean, digits) + unit
    return (
        f"{words.number(found.mean, digits)}{unit} ({words.between(found.low, found.high, digits)})"
    )


def _cost(answer: Answer) -> str:
    """Return the cost per additional placement, in words where it has no value."""
    words = Words("en", plain=True)
    if answer.cost is None:
        return "no price is known"
    rest = f"; {len(answer.unknown)} prices unknown" if answer.unknown else ""
    euros = words.number(answer.cost.euros.mean, 0)
    if answer.pairs < ENOUGH_PAIRS:
        return "too few pairs to tell" + rest
    told = {
        "not_determined": f"not determined: {euros} EUR, but no placement can be told",
        "costs_and_loses": f"costs {euros} EUR and loses placements",
        "saves_and_loses": "costs less than the reference and loses placements",
    }
    if answer.cost.value is not None:
        return words.estimate(answer.cost.value, sign=False) + rest
    return told[answer.cost.verdict] + rest


def options_of(
    closures: Sequence[str], pairs: int, seed: int, scale: int | None = None
) -> list[str]:
    """Return the options of a command."""
    closure = closures[0] if len(closures) == 1 else "both"
    given = ["--replications", str(pairs), "--closure", closure, "--seed", str(seed)]
    return given + ([] if scale is None else ["--scale", str(scale)])


def table_lines(heads: list[str], rows: list[list[str]]) -> list[str]:
    """Return a table that reads on a screen and in markdown."""
    wide = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(c.ljust(w) for c, w in zip(cells, wide, strict=True)) + " |"

    return [line(heads), "|" + "|".join("-" * (w + 2) for w in wide) + "|", *map(line, rows)]


def _draw_places(axis, answers: list[Answer]) -> None:  # noqa: ANN001
    """Draw one closure: stacked terms to both sides of zero, dots with the interval of the sum."""
    looks = {
        "rescued": (BLUE, ""), "faster": (ORANGE, "////"), "posts": (GREEN, "...."),
        "redirection": (PURPLE, "\\\\\\\\"),
    }  # fmt: skip
    shown = [answer for answer in answers if answer.values["target"] is not None]
    y = np.arange(len(shown))[::-1]
    ends = {True: np.zeros(len(shown)), False: np.zeros(len(shown))}
    for term, (colour, hatch) in looks.items():
        means = np.array([e.mean if (e := a.values[term]) is not None else 0.0 for a in shown])
        left = np.where(means >= 0, ends[True], ends[False])
        axis.barh(
            y, means, 0.62, left=left, color=colour, hatch=hatch, edgecolor="white", lw=0.6,
            label=TERMS[term],
        )  # fmt: skip
        ends[True] += np.clip(means, 0, None)
        ends[False] += np.clip(means, None, 0)
    for row, answer in zip(y, shown, strict=True):
        total = answer.values["target"]
        assert total is not None
        if total.is_enough:
            axis.plot([total.low, total.high], [row, row], color=BLACK, lw=1.4, zorder=4)
        axis.plot(
            total.mean, row, "o", ms=7, zorder=5, mec=BLACK, mew=1.4,
            mfc=BLACK if total.is_told else "white",
        )  # fmt: skip
    axis.plot([], [], "o-", color=BLACK, ms=6, label="sum, 90 % interval")
    axis.axvline(0, color=GREY, lw=0.8, zorder=3)
    names = [f"{textwrap.fill(a.name, 26)}\n{a.served:,.0f} served" for a in shown]
    axis.set_yticks(y, names, fontsize=8)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)


__all__ = [
    "Across",
    "Answer",
    "across",
    "answer_of",
    "scale_for",
    "table_lines",
    "terms",
    "towns_of",
]
