"""What a mix cannot do without: each measure and each partner taken away in turn.

All mixes run on the same random numbers, so that the loss is a difference of pairs. What cannot be
told from none stands in one group, whatever its mean. A partner taken away takes its deliveries,
its referrals and its accompaniment along.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from scenarios import ScenarioError
from scenarios.measures import Mix, PartnerChange, load_partners
from simulator.comparison import THIRD_YEAR, Comparison, Estimate, compare, estimate
from simulator.files import write_study
from simulator.town import Town

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


@dataclass(frozen=True)
class Loss:
    """What is lost without one measure or partner (positive: the whole mix has more)."""

    what: str
    kind: str
    outcome: str
    lost: Estimate
    served_lost: float


@dataclass
class Essential:
    """Losses of all measures and partners of a mix."""

    site: str
    mix: Mix
    closure: str
    losses: list[Loss]
    whole: dict[str, Estimate]
    comparison: Comparison

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
                    "served_lost": loss.served_lost,
                    "replications": loss.lost.replications,
                }
                for loss in self.losses
            ]
        )

    def text(self) -> str:
        """Return the answer for the screen."""
        whole = self.whole[HEADLINE]
        lines = [
            f"{self.mix.names.en} in {self.site}: what is lost without one measure or partner "
            f"(closure {self.closure})",
            f"Whole mix against {self.comparison.against.names.en}, {HEADLINE}: "
            f"{whole.mean:+.2f} ({whole.low:+.2f} to {whole.high:+.2f})",
            "",
        ]
        found = [loss for loss in self.losses if loss.outcome == HEADLINE]
        told = sorted((x for x in found if x.lost.is_told), key=lambda x: -x.lost.mean)
        if told:
            lines.append("Told apart from none:")
        lines += [_line(loss) for loss in told]
        rest = sorted((x for x in found if not x.lost.is_told), key=lambda x: x.what)
        if rest:
            lines.append("Cannot be told from none (more --replications may):")
        lines += [_line(loss) for loss in rest]
        return "\n".join(lines)

    def write(self, folder: str | Path, force: bool = False) -> Path:
        """Write ``essential.csv`` and the manifest.

        Raises
        ------
        ResultError
            When the folder exists and is not empty, or cannot be written.
        """
        return write_study(
            folder,
            force,
            {"essential": self.frame()},
            self.text(),
            command=f"essential({self.site!r}, {self.mix.id!r})",
            seeds=self.comparison.seeds,
            scenario_hash=self.comparison.town.scenario_hash(self.comparison.mixes),
            site=self.site,
        )


def _line(loss: Loss) -> str:
    lost = loss.lost
    return (
        f"  without {loss.what:<24} lost {lost.mean:+.2f} ({lost.low:+.2f} to {lost.high:+.2f}); "
        f"{loss.served_lost:.0f} fewer served"
    )


def partners_of(mix: Mix) -> list[str]:
    """Return the partners that deliver, refer to or accompany for a measure of the mix."""
    known = load_partners().changed_by(mix).partners
    used = set()
    for measure, _ in mix.entries:
        used |= set(measure.delivered_by) | set(measure.referred_by)
    accompany = {kind for kind, partner in known.items() if partner.accompanies}
    return [kind for kind in known if kind in used | accompany]


def without_partner(mix: Mix, kind: str) -> Mix:
    """Return the same mix in which a partner does not take part."""
    changes = {**mix.partners, kind: PartnerChange(takes_part=False)}
    return mix.model_copy(update={"id": f"{mix.id}_without_{kind}", "partners": changes})


def essential(
    site: str | Path | Town,
    mix: str | Path | Mix | None = None,
    *,
    against: str | Path | Mix | None = None,
    replications: int = 24,
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
    less = {
        (name, "measure"): chosen.without(name).model_copy(
            update={"id": f"{chosen.id}_without_{name}"}
        )
        for name in chosen.measures
    }
    less |= {(kind, "partner"): without_partner(chosen, kind) for kind in partners_of(chosen)}
    reference = town.reference(against)
    comparison = compare(
        town, [chosen, *less.values()], against=reference, years=1, replications=replications,
        closure=closure, seed=seed, threads=threads, strengths=("assumed",), progress=progress,
    )  # fmt: skip

    def values(of: Mix, outcome: tuple) -> np.ndarray:
        key = (closure, of.id, "assumed", "cohorts")
        return comparison.values(key, outcome[:3], outcome[3], outcome[4], "difference")

    def told(found: np.ndarray) -> Estimate:
        mean, low, high = estimate(found)
        return Estimate(float(mean), float(low), float(high), len(found))

    def served(of: Mix) -> float:
        return comparison.served((closure, of.id, "assumed", "cohorts"))

    losses = [
        Loss(
            what, kind, name, told(values(chosen, outcome) - values(rest, outcome)),
            served(chosen) - served(rest),
        )
        for (what, kind), rest in less.items()
        for name, outcome in OUTCOMES.items()
    ]  # fmt: skip
    whole = {name: told(values(chosen, outcome)) for name, outcome in OUTCOMES.items()}
    return Essential(town.id, chosen, closure, losses, whole, comparison)
