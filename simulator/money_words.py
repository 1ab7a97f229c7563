"""Money in words: what the screen and the report say of costs, savings and payback."""

from __future__ import annotations

import math

from scenarios.measures import Mix
from simulator.comparison import Comparison, Estimate
from simulator.money import Money, Ratio
from simulator.wording import Words


def euros(words: Words, found: Estimate, mark: bool = True) -> str:
    """Return euros with their interval, no more digits than the interval deserves.

    With ``mark`` a ``?`` when they cannot be told from none.
    """
    half = (found.high - found.low) / 2
    if found.is_enough and 0 < half < math.inf:
        unit = 10.0 ** (math.floor(math.log10(half)) - 1)
        ends = (round(x / unit) * unit for x in (found.mean, found.low, found.high))
        found = Estimate(*ends, found.replications)
    text = words.estimate(found, sign=False, mark=False, digits=0)
    return text + ("?" if mark and found.is_enough and not found.is_told and half > 0 else "")


def ratio_text(words: Words, found: Ratio, money: Money, short: bool = False) -> str:
    """Return euros per something gained, or in words why there is no such number."""
    if short and found.verdict == "not_determined":
        return words("format.not_determined")
    if not money.priced:
        return words("money.no_price")
    if found.value is not None:
        text = f"{euros(words, found.value, mark=False)} EUR"
        return words("money.at_known", text=text) if money.unknown else text
    if not found.gained.is_enough:
        return words("format.few_pairs")
    return words(f"money.{found.verdict}")


def payback_text(words: Words, found: Money) -> str:
    """Return the year in which savings have reached the known costs, or that they have not."""
    verdict, years = found.payback
    return words(f"money.payback_{verdict}", years=years, n=years)


def without_text(words: Words, found: Money, mix: Mix, comparison: Comparison) -> str:
    """Return which measures the totals leave out, or nothing when every price is known."""
    if not found.unknown:
        return ""
    files = {**comparison.against.files, **mix.files}
    names = [files[name].names(words.lang) for name in found.unknown]
    return words("money.without", n=len(names), names=", ".join(names))


def screen_text(words: Words, found: Money, running: Money | None, closure: str) -> str:
    """Return two or three lines on money: costs, savings, per placement, payback.

    Parameters
    ----------
    found, running : Money
        Of one intake, and of the mix left running (None when that was not run).
    """
    less = found.saved.mean < 0
    saved = euros(words, found.saved.flipped() if less else found.saved)
    saves = words("money.saves_less" if less else "money.saves", saved=saved)
    n = len(found.unknown)
    parts = [words("money.head", closure=closure, years=found.years)]
    if found.priced:
        without = words("money.without_short", n=n) if n else ""
        less = found.cost.mean < 0
        cost = euros(words, found.cost.flipped() if less else found.cost)
        total = "money.costs_less" if less else "money.costs"
        parts.append(words(total, cost=cost, saves=saves, without=without))
        placement = ratio_text(words, found.per_placement, found, short=True)
        parts.append(words("money.per", placement=placement, payback=payback_text(words, found)))
        if running is not None:
            parts.append(words("money.running", payback=payback_text(words, running)))
    else:
        parts.append(words("money.unpriced", saves=saves, n=n))
    if found.break_even_price is not None and found.break_even_price.mean > 0:
        parts.append(words("money.at_most", price=euros(words, found.break_even_price)))
    return " ".join(parts)
