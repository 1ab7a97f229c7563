"""Rules of persons: learning, leaving, searching, wanting.

Small pure scalar functions, compiled by numba; random numbers come in as arguments. Read from top
to bottom; kernels elsewhere only schedule and move. Parameter names: ``scenarios/parameters.toml``.
"""

from __future__ import annotations

import numpy as np

from simulator.codes import Education, Status
from simulator.compile import kernel
from simulator.parameters import Par


@kernel
def works_or_seeks(status):
    """Return whether a person still takes part (neither retired, left nor dead)."""
    return status <= Status.N


@kernel
def is_jobless(status):
    """Return whether the status is one of the four states without work."""
    return Status.A <= status <= Status.N


@kernel
def is_unemployed(status):
    """Return whether the status is A, P or S (N counts as outside the labour force)."""
    return Status.A <= status <= Status.S


@kernel
def is_registered(status):
    """Return whether the status is A or P (register unemployment)."""
    return status == Status.A or status == Status.P  # noqa: PLR1714


@kernel
def competence(q, learn, rung, home_rung, in_work, months, par):
    """Return competence after some months in one state.

    Parameters
    ----------
    q : float
        Competence at the start of the months, rung units.
    learn : float
        Headroom a_i of learning on the job, rung units.
    rung, home_rung : int
        Rung of the post held (in work), rung of the last post (out of work).
    in_work : bool
    months : int

    Notes
    -----
    ODD submodel *Competence*. In work ``dq = lambda (a_i - (q - r))+`` a month, so q runs towards
    r + a_i and stays there when above; out of work ``dq = -delta (q - (home rung - 1))+``. Both
    have closed solutions, so competence is computed when needed.
    """
    if in_work:
        goal = rung + learn
        if q < goal:
            return goal - (goal - q) * (1.0 - par[Par.LEARNING]) ** months
        return q
    floor = home_rung - 1.0
    if q > floor:
        return floor + (q - floor) * (1.0 - par[Par.SKILL_LOSS]) ** months
    return q


@kernel
def competence_in_sector(q, home_sector, sector):
    """Return competence usable in a sector: one rung less outside the home sector, floor 0."""
    if home_sector == sector:
        return q
    return max(min(q, 0.0), q - 1.0)


@kernel
def job_loss_per_month(tenure_months, rung, shortfall, attachment, help_log, par):
    """Return the hazard of losing the post (dismissal, poor match) in a month.

    Notes
    -----
    ODD submodel *Separation*. Falls with tenure from ``job_loss_new`` times the long-tenure hazard,
    rises on entry posts and with each rung that competence fell short at the start.
    """
    hazard = par[Par.JOB_LOSS] * attachment
    fade = 1.0 - min(1.0, tenure_months / (3.0 * par[Par.JOB_LOSS_TENURE]))
    hazard *= 1.0 + (par[Par.JOB_LOSS_NEW] - 1.0) * fade * fade * fade
    if rung == 0:
        hazard *= par[Par.JOB_LOSS_LOW_RUNG]
    if shortfall > 0.0 and fade > 0.0:
        hazard *= np.exp(par[Par.JOB_LOSS_POOR_MATCH] * shortfall)
    if help_log != 0.0:
        hazard *= np.exp(help_log)
    return hazard


@kernel
def exit_per_month(age, attachment, title, par):
    """Return the hazard of quitting work for outside the labour force in a month."""
    hazard = par[Par.EXIT_TO_OUTSIDE] * attachment
    if age < 25:
        hazard *= par[Par.EXIT_YOUNG]
    elif age >= 60:
        hazard *= par[Par.EXIT_OLD]
    if title == 1 and par[Par.TITLE_QUIT] != 0.0:
        hazard *= np.exp(par[Par.TITLE_QUIT])
    return hazard


@kernel
def status_after_job_loss(u, par):
    """Return the state without work that a person enters on losing a post."""
    if u < par[Par.JOB_LOSS_TO_A]:
        return Status.A
    if u < par[Par.JOB_LOSS_TO_A] + par[Par.JOB_LOSS_TO_S]:
        return Status.S
    return Status.P


@kernel
def next_jobless_status(status, age, u, par):
    """Return the state without work of next month, by one uniform number.

    Notes
    -----
    ODD submodel *States without work*: A, P, S and N with monthly transition hazards.
    """
    if status == Status.A:
        if u < par[Par.A_TO_P]:
            return Status.P.value
        if u < par[Par.A_TO_P] + par[Par.A_TO_N]:
            return Status.N.value
    elif status == Status.P:
        if u < par[Par.P_TO_A]:
            return Status.A.value
        if u < par[Par.P_TO_A] + par[Par.P_TO_N]:
            return Status.N.value
    elif status == Status.S:
        if u < par[Par.S_TO_N]:
            return Status.N.value
        if u < par[Par.S_TO_N] + par[Par.S_TO_A]:
            return Status.A.value
    elif status == Status.N:
        factor = 1.0
        if age < 30:
            factor = par[Par.N_YOUNG]
        elif age >= 55:
            factor = par[Par.N_OLD]
        if u < par[Par.N_TO_A] * factor:
            return Status.A.value
        if u < (par[Par.N_TO_A] + par[Par.N_TO_S]) * factor:
            return Status.S.value
    return int(status)


@kernel
def search_decay(months_idle, par):
    """Return what is left of search after months out of work: ``max(floor, exp(-kappa months))``."""
    return max(par[Par.SEARCH_DECAY_FLOOR], np.exp(-par[Par.SEARCH_DECAY] * months_idle))


@kernel
def applications_per_month(status, effort, decay, help_log, par):
    """Return the mean number of applications that a person sends in a month.

    Notes
    -----
    ODD submodel *Applications*: ``sigma_state x effort x decay``, the decay of
    :func:`search_decay` for people without work only. Mood is part of effort.
    """
    if status == Status.EMPLOYED:
        rate = par[Par.SEARCH_EMPLOYED] * effort
    elif status == Status.EMPLOYED_ELSEWHERE:
        rate = par[Par.SEARCH_ELSEWHERE] * effort
    elif status == Status.A:
        rate = par[Par.SEARCH_A] * effort * decay
    elif status == Status.P:
        rate = par[Par.SEARCH_P] * effort * decay
    elif status == Status.S:
        rate = par[Par.SEARCH_S] * effort * decay
    else:
        rate = par[Par.SEARCH_N] * effort * decay
    if help_log != 0.0:
        rate *= np.exp(help_log)
    return rate


@kernel
def bump_down_share(months_idle, slack, par):
    """Return the share of applications that a jobless person sends below the own level.

    ``slack`` is unemployed per vacancy relative to the start of the run.
    """
    if par[Par.VARIANT_BUMPING] == 1.0:
        return 0.0
    share = par[Par.BUMP_DOWN] + par[Par.BUMP_DOWN_PER_MONTH] * min(months_idle, 36)
    if slack != 1.0:
        share *= slack ** par[Par.BUMP_DOWN_SLACK]
    return min(share, par[Par.BUMP_DOWN_HIGHEST])


@kernel
def rung_sought(status, q, rung_held, u, share_down, par):
    """Return the rung that an application aims at.

    People in work aim one rung up with ``search_upward`` (when not hopelessly short of competence),
    else sideways; others at the highest rung they are fit for, or one below when bumping down.
    """
    if status <= Status.EMPLOYED_ELSEWHERE:
        if rung_held < 3 and u < par[Par.SEARCH_UPWARD] and q >= rung_held + 0.4:
            return rung_held + 1
        return rung_held
    top = int(np.floor(q + par[Par.TOLERANCE]))
    top = min(max(top, 0), 3)
    if top > 0 and u < share_down:
        return top - 1
    return top


@kernel
def value_of_post(log_wage, taste, par):
    """Return what a post is worth to a person: log wage and keyed taste."""
    return log_wage + par[Par.TASTE_SD] * taste


@kernel
def is_motivated(take_up, mood, ambition, mood_slope, ambition_slope, u):
    """Return whether a person accepts a place that is offered.

    Parameters
    ----------
    take_up : float
        Log odds at average mood and ambition.
    mood : float
        Standard deviations from the average.
    ambition : float
        Chance a month to apply inside; compared with the default mean of one in ten.

    Notes
    -----
    ODD submodel *Reach*: logistic in mood and ambition.
    """
    bounded = min(max(ambition, 0.005), 0.9)
    log_odds = take_up + mood_slope * mood
    log_odds += ambition_slope * (np.log(bounded / (1.0 - bounded)) + 2.197)
    return u < 1.0 / (1.0 + np.exp(-log_odds))


@kernel
def entrant_competence(education, u):
    """Return the competence of somebody who enters: by schooling, with spread."""
    spread = 0.8 * (u - 0.5)
    if education == Education.TERTIARY:
        return 1.9 + spread
    if education == Education.SECONDARY:
        return 1.0 + spread
    return 0.3 + spread
