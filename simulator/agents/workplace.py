"""Rules of workplaces: replacing, looking inside, reading applications, making offers."""

from __future__ import annotations

import math

from simulator.codes import Trend
from simulator.compile import kernel
from simulator.parameters import Par

LARGE = 3  # size class of workplaces with 250 and more posts


@kernel
def shift_log_odds(share, shift):
    """Return a share moved by a shift on the log-odds scale (0 and 1 stay)."""
    if shift == 0.0 or share <= 0.0 or share >= 1.0:
        return share
    odds = share / (1.0 - share) * math.exp(shift)
    return odds / (1.0 + odds)


@kernel
def backfill_share(trend, shift, par):
    """Return the chance that an emptied post is advertised again.

    Notes
    -----
    ODD submodel *Backfilling*. Resting and growing employers replace leavers, shrinking ones let
    posts lapse (replacement region of Elsby and others, facts V13 to V17).
    """
    share = par[Par.BACKFILL_SHRINKING] if trend == Trend.SHRINKING else par[Par.BACKFILL]
    return shift_log_odds(share, shift)


@kernel
def return_per_month(trend, par):
    """Return the hazard that a withdrawn post is advertised again."""
    if par[Par.VARIANT_RENEWAL] == 1.0:
        return 0.0
    if trend == Trend.GROWING:
        return par[Par.RETURN_WITHDRAWN] * par[Par.RETURN_GROWING]
    if trend == Trend.SHRINKING:
        return par[Par.RETURN_WITHDRAWN] * par[Par.RETURN_SHRINKING]
    return par[Par.RETURN_WITHDRAWN]


@kernel
def destroyed_per_month(trend, par):
    """Return the hazard that an open-ended post is destroyed."""
    if trend == Trend.GROWING:
        return par[Par.POST_DESTROYED] * par[Par.DESTROYED_GROWING]
    if trend == Trend.SHRINKING:
        return par[Par.POST_DESTROYED] * par[Par.DESTROYED_SHRINKING]
    return par[Par.POST_DESTROYED]


@kernel
def mean_over_trends(growing, shrinking, par):
    """Return the mean of a factor that is 1 at rest, over the workplaces that have trends."""
    up, down = par[Par.GROWING_SHARE], par[Par.SHRINKING_SHARE]
    return 1.0 + up * (growing - 1.0) + down * (shrinking - 1.0)


@kernel
def growth_weight(trend, size_class, par):
    """Return how readily a workplace takes up a new post, relative to its mean over years."""
    if size_class == LARGE:
        return 1.0
    weight = 1.0
    if trend == Trend.GROWING:
        weight = par[Par.NEW_GROWING]
    elif trend == Trend.SHRINKING:
        weight = par[Par.NEW_SHRINKING]
    return weight / mean_over_trends(par[Par.NEW_GROWING], par[Par.NEW_SHRINKING], par)


@kernel
def destroyed_on_average(at_rest, size_class, par):
    """Return the hazard that an open-ended post is destroyed, mean over the years."""
    if size_class == LARGE:
        return at_rest
    return at_rest * mean_over_trends(par[Par.DESTROYED_GROWING], par[Par.DESTROYED_SHRINKING], par)


@kernel
def trend_of_year(u, size_class, par):
    """Return whether a workplace grows, rests or shrinks in a year.

    Workplaces of 250 and more posts rest: their units go up and down apart, and one year of one
    hospital would otherwise move the whole town.
    """
    if size_class == LARGE:
        return Trend.RESTING
    if u < par[Par.GROWING_SHARE]:
        return Trend.GROWING
    if u < par[Par.GROWING_SHARE] + par[Par.SHRINKING_SHARE]:
        return Trend.SHRINKING
    return Trend.RESTING


@kernel
def inside_share(size_class, shift, par):
    """Return the chance that a vacancy is first offered inside the workplace."""
    if par[Par.VARIANT_INSIDE] == 1.0:
        return 1.0
    if par[Par.VARIANT_INSIDE] == 2.0:
        return 0.0
    share = par[Par.INSIDE_MICRO]
    if size_class == 1:
        share = par[Par.INSIDE_SMALL]
    elif size_class == 2:
        share = par[Par.INSIDE_MEDIUM]
    elif size_class == 3:
        share = par[Par.INSIDE_LARGE]
    return shift_log_odds(share, par[Par.INTERNAL_FIRST] + shift)


@kernel
def shown_share(public, visibility):
    """Return the chance that a vacancy is public when a measure shows a share of the unseen."""
    return public + min(max(visibility, 0.0), 1.0) * (1.0 - public)


@kernel
def refuses_release(retention_first, posts, filled, u, par):
    """Return whether an employer short of staff keeps people where they are.

    Parameters
    ----------
    retention_first : float
        The employer's own chance to put retention first.
    posts, filled : int
        Posts of the workplace and how many are filled.
    u : float
        Uniform number of the opening.
    """
    return (posts - filled) > par[Par.SHORT_OF_STAFF] * posts and u < retention_first


@kernel
def match(gap, par):
    """Return the score of competence relative to the rung asked (``gap = q - r``)."""
    if gap < 0.0:
        return par[Par.MATCH_BELOW] * gap
    return par[Par.MATCH_ABOVE] * min(gap, par[Par.MATCH_ABOVE_CAP])


@kernel
def stigma(months_idle, par):
    """Return the score lost through time out of work."""
    if par[Par.VARIANT_STIGMA] == 1.0:
        return 0.0
    if par[Par.VARIANT_STIGMA] == 2.0:
        return par[Par.STIGMA] * min(1.0, months_idle / 24.0)
    return par[Par.STIGMA] if months_idle >= par[Par.STIGMA_MONTHS] else 0.0


@kernel
def written_score(gap, penalty, inclusiveness, stigma_score, help_score, noise, par):
    """Return the score of a written application.

    Notes
    -----
    ODD submodel *Selection, written stage*: ``match - penalty (1 - inclusiveness) - stigma + help +
    noise``; the best few above a bar are called.
    """
    return (
        match(gap, par)
        - penalty * (1.0 - inclusiveness)
        - stigma_score
        + help_score
        + par[Par.WRITTEN_NOISE] * noise
    )


@kernel
def offer_score(gap, penalty, inclusiveness, met, subsidy, noise, par):
    """Return the score of somebody who was called.

    Notes
    -----
    ODD submodel *Selection, offer*: match, a smaller penalty, fresh noise. ``met``: the person came
    through a meeting, which may remove part of the statistical share of the penalty.
    """
    left = par[Par.OFFER_PENALTY] * penalty * (1.0 - inclusiveness)
    if met:
        left *= 1.0 - par[Par.STATISTICAL_SHARE] * par[Par.MEETING_INFORMATION]
    return match(gap, par) - left + subsidy + par[Par.OFFER_NOISE] * noise


@kernel
def standard(attempt, shift, par):
    """Return the score needed for an offer in a collection of applications (0 is the first).

    A measure's ``shift`` adds to it: below zero, candidates who fall a little short are taken.
    """
    if par[Par.VARIANT_STANDARD] == 1.0:
        return par[Par.STANDARD] + shift
    return par[Par.STANDARD] - par[Par.STANDARD_RELAXES] * attempt + shift


@kernel
def inside_score(gap, tenure_months, penalty, inclusiveness, noise, par):
    """Return the score of a candidate inside: competence, tenure, minus the promotion penalty.

    Competence counts up to the rung asked: it makes nobody a better candidate to stand above it,
    or people on the same rung would always come before those who wait for promotion.
    """
    years = min(tenure_months, 120) / 12.0
    return (
        min(gap, 0.0)
        + par[Par.TENURE_BONUS] * years
        - par[Par.PROMOTION_PENALTY] * penalty * (1.0 - inclusiveness)
        + 0.25 * noise
    )


@kernel
def is_ready_inside(gap, readiness, par):
    """Return whether a candidate inside is good enough: ``q >= r - tolerance``."""
    return gap >= -par[Par.TOLERANCE] - readiness


@kernel
def collection_length(u, par):
    """Return the rounds that one collection of applications lasts, at least one.

    Uniform between one and twice the mean less one, so that the mean is ``collection_rounds``.
    """
    return 1 + int(u * (2.0 * par[Par.COLLECTION_ROUNDS] - 1.0))
