"""Rules of persons: learning, leaving, searching, wanting.

Small pure scalar functions, compiled by numba; random numbers come in as arguments. Read from top
to bottom; kernels elsewhere only schedule and move. Parameter names: ``scenarios/parameters.toml``.
"""

from __future__ import annotations

import math

import numpy as np

from simulator.codes import Education, Sex, Status
from simulator.compile import kernel
from simulator.parameters import Par

FINISH_SECONDARY = 12 * 19 + 6  # age in months at which schooling ends
FINISH_TERTIARY = 12 * 24 + 6

AT_SCHOOL = 20  # years of age below which most are at school
YOUNG = 25  # below: rarely registered
OLD = 55


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
def distance_kept(in_work, months, par):
    """Return the share of the distance to where competence tends that is left after some months."""
    rate = par[Par.LEARNING] if in_work else par[Par.SKILL_LOSS]
    return math.pow(1.0 - rate, float(months))


@kernel
def competence(q, learn, rung, in_work, kept):
    """Return competence after some months in one state.

    Parameters
    ----------
    q : float
        Competence at the start of the months, rung units.
    learn : float
        Headroom a_i of learning on the job, rung units.
    rung : int
        Rung of the post held (in work) or of the last post (out of work).
    in_work : bool
    kept : float
        :func:`distance_kept` of the months.

    Notes
    -----
    ODD submodel *Competence*. In work ``dq = lambda (a_i - (q - r))+`` a month, so q runs towards
    r + a_i and stays there when above; out of work ``dq = -delta (q - (home rung - 1))+``. Both
    have closed solutions, so competence is computed when needed.
    """
    if in_work:
        goal = rung + learn
        if q < goal:
            return goal - (goal - q) * kept
        return q
    floor = rung - 1.0
    if q > floor:
        return floor + (q - floor) * kept
    return q


@kernel
def competence_in_sector(q, home_sector, sector):
    """Return competence usable in a sector: one rung less outside the home sector, floor 0."""
    if home_sector == sector:
        return q
    return max(min(q, 0.0), q - 1.0)


@kernel
def looseness(tenure_months, rung, attachment, par):
    """Return how loosely a person is tied to the present employer (about 1 on long tenure).

    Notes
    -----
    ODD submodel *Separation*. A lasting difference between people times a factor that falls with
    tenure from ``leaving_new`` to one, and with each rung by ``leaving_by_rung``. It multiplies job
    loss, quits and search from work alike: only then do a yearly hire rate of two fifths and a
    long mean tenure go together.
    """
    fade = 1.0 - min(1.0, tenure_months / (3.0 * par[Par.LEAVING_TENURE]))
    by_rung = 1.0 + par[Par.LEAVING_BY_RUNG] * (1.5 - rung)
    return attachment * by_rung * (1.0 + (par[Par.LEAVING_NEW] - 1.0) * fade * fade * fade)


@kernel
def unemployment_risk(education, sex, par):
    """Return how much more often than others people lose a job or come to the register.

    Notes
    -----
    ODD submodel *Separation*. By schooling and sex, so that the register keeps its composition.
    """
    risk = par[Par.RISK_MEN] if sex == Sex.MALE else 2.0 - par[Par.RISK_MEN]
    if education == Education.BASIC:
        risk *= par[Par.RISK_BASIC]
    elif education == Education.TERTIARY:
        risk *= par[Par.RISK_TERTIARY]
    return risk


@kernel
def job_loss_per_month(loose, shortfall, help_log, par):
    """Return the hazard of losing the post (dismissal, poor match) in a month.

    Notes
    -----
    ODD submodel *Separation*. Rises with :func:`looseness` and with each rung that competence
    falls short.
    """
    hazard = par[Par.JOB_LOSS] * loose
    if shortfall > 0.0:
        hazard *= math.exp(par[Par.JOB_LOSS_POOR_MATCH] * shortfall)
    if help_log != 0.0:
        hazard *= math.exp(help_log)
    return hazard


@kernel
def exit_per_month(age, loose, title, par):
    """Return the hazard of quitting work for outside the labour force in a month."""
    hazard = par[Par.EXIT_TO_OUTSIDE] * loose
    if age < 25:
        hazard *= par[Par.EXIT_YOUNG]
    elif age >= 60:
        hazard *= par[Par.EXIT_OLD]
    if title == 1 and par[Par.TITLE_QUIT] != 0.0:
        hazard *= math.exp(par[Par.TITLE_QUIT])
    return hazard


@kernel
def school_ends(education):
    """Return the age in months at which schooling ends (0: before people enter)."""
    if education == Education.SECONDARY:
        return FINISH_SECONDARY
    return FINISH_TERTIARY if education == Education.TERTIARY else 0


@kernel
def status_after_job_loss(u, age, par):
    """Return the state without work that a person enters on losing a post.

    Most people below 25 search without registering.
    """
    to_a = par[Par.JOB_LOSS_TO_A]
    to_s = par[Par.JOB_LOSS_TO_S]
    if age < YOUNG:
        to_a *= par[Par.REGISTER_YOUNG]
        to_s = 1.0 - (1.0 - to_s) * par[Par.REGISTER_YOUNG]
    if u < to_a:
        return Status.A.value
    if u < to_a + to_s:
        return Status.S.value
    return Status.P.value


@kernel
def next_jobless_status(status, age, risk, u, par):
    """Return the state without work of next month, by one uniform number.

    Notes
    -----
    ODD submodel *States without work*: A, P, S and N with monthly transition hazards. People below
    25 rarely register; people of 55 and over stay registered longer and seldom come back.
    """
    first, second = jobless_hazards(status, age, risk, par)
    if u >= first + second:
        return int(status)
    if status == Status.A:
        return Status.P.value if u < first else Status.N.value
    if status == Status.P or status == Status.S:  # noqa: PLR1714
        return Status.A.value if u < first else Status.N.value
    return Status.A.value if u < first else Status.S.value


@kernel
def jobless_hazards(status, age, risk, par):
    """Return the two hazards of leaving a state without work for another one.

    From A to P and N, from P and S to A and N, from N to A and S.
    """
    young = age < YOUNG
    old = age >= OLD
    if status == Status.A:
        return par[Par.A_TO_P], par[Par.A_TO_N] * (par[Par.STAY_OLD] if old else 1.0)
    if status == Status.P:
        return par[Par.P_TO_A], par[Par.P_TO_N] * (par[Par.STAY_OLD] if old else 1.0)
    if status == Status.S:
        return par[Par.S_TO_A] * (par[Par.REGISTER_YOUNG] if young else 1.0), par[Par.S_TO_N]
    to_a = par[Par.N_TO_A] * risk
    to_s = par[Par.N_TO_S]
    if young:
        to_a *= par[Par.REGISTER_YOUNG]
        to_s *= par[Par.N_YOUNG]
    elif old:
        to_a *= par[Par.N_OLD]
        to_s *= par[Par.N_OLD]
    return to_a, to_s


@kernel
def leaves_jobless_status(status, age, risk, par):
    """Return the chance to leave a state without work in a month (:func:`next_jobless_status`)."""
    first, second = jobless_hazards(status, age, risk, par)
    return first + second


@kernel
def search_left(age, ill, par):
    """Return the search of people without work by age and health, relative to others."""
    left = 1.0
    if age < AT_SCHOOL:
        left = par[Par.SEARCH_SCHOOL]
    elif age >= OLD:
        left = par[Par.SEARCH_OLD]
    if ill:
        left *= par[Par.SEARCH_HEALTH]
    return left


@kernel
def search_decay(months_idle, par):
    """Return what is left of search after some months: ``max(floor, exp(-kappa months))``."""
    return max(par[Par.SEARCH_DECAY_FLOOR], math.exp(-par[Par.SEARCH_DECAY] * months_idle))


@kernel
def search_with_hours(hours, par):
    """Return the log of what longer hours leave of search from work: ``-elasticity log(1 + h)``.

    Notes
    -----
    ODD submodel *Applications*. A fuller job is left less readily; ``hours`` is the share by which
    working time grows.
    """
    if hours == 0.0:
        return 0.0
    return -par[Par.SEARCH_HOURS] * math.log(max(1.0 + hours, 0.1))


@kernel
def applications_per_month(status, effort, left, help_log, par):
    """Return the mean number of applications that a person sends in a month.

    Notes
    -----
    ODD submodel *Applications*: ``sigma_state x effort x left``, where ``left`` is
    :func:`search_decay` for people without work and :func:`looseness` for people in work here.
    Mood is part of effort.
    """
    rate = effort * left
    if status == Status.EMPLOYED:
        rate *= par[Par.SEARCH_EMPLOYED]
    elif status == Status.EMPLOYED_ELSEWHERE:
        rate *= par[Par.SEARCH_ELSEWHERE]
    elif status == Status.A:
        rate *= par[Par.SEARCH_A]
    elif status == Status.P:
        rate *= par[Par.SEARCH_P]
    elif status == Status.S:
        rate *= par[Par.SEARCH_S]
    else:
        rate *= par[Par.SEARCH_N]
    if help_log != 0.0:
        rate *= math.exp(help_log)
    return rate


@kernel
def bump_by_slack(slack, par):
    """Return the factor on bumping down of unemployed per vacancy relative to the start."""
    return 1.0 if slack == 1.0 else math.pow(slack, par[Par.BUMP_DOWN_SLACK])


@kernel
def bump_down_share(months_idle, by_slack, par):
    """Return the share of applications that a jobless person sends below the own level.

    ``by_slack`` is the factor of :func:`bump_by_slack`.
    """
    if par[Par.VARIANT_BUMPING] == 1.0:
        return 0.0
    share = par[Par.BUMP_DOWN] + par[Par.BUMP_DOWN_PER_MONTH] * min(months_idle, 36)
    share *= by_slack
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
    log_odds += ambition_slope * (math.log(bounded / (1.0 - bounded)) + 2.197)
    return u < 1.0 / (1.0 + math.exp(-log_odds))


@kernel
def entrant_competence(education, u):
    """Return the competence of somebody who enters: by schooling, with spread."""
    spread = 0.8 * (u - 0.5)
    if education == Education.TERTIARY:
        return 2.35 + 1.5 * spread
    if education == Education.SECONDARY:
        return 1.1 + spread
    return 0.3 + spread
