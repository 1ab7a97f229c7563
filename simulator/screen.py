"""Screens: cheap bounds that tell for whom a month can bring anything at all.

In most months nothing happens to most people and posts. A screen holds four chances in sixteenths
of a bit range (units of 2**-16), rounded up, that are at least as high as the true ones for the
year to come; the month's draws are compared with them in one vectorised pass, and the rules are
asked only where a draw falls below. Results do not depend on screens: they are bounds, and every
change of state takes them back to :data:`ALWAYS`.
"""

from __future__ import annotations

import numpy as np

from simulator.agents.person import (
    applications_per_month,
    distance_kept,
    exit_per_month,
    is_unemployed,
    job_loss_per_month,
    leaves_jobless_status,
    looseness,
    school_ends,
    search_decay,
    search_left,
    unemployment_risk,
)
from simulator.agents.workplace import destroyed_per_month, return_per_month
from simulator.chance import mix
from simulator.codes import Contract, PostState, Status, Trend
from simulator.columns import Person, Post, Trait
from simulator.compile import kernel
from simulator.parameters import Par
from simulator.world import ALWAYS, DECAY_MONTHS, NEVER, OF_MEN, Count, Scalar, Shift, Table

SCREEN_MONTHS = 12  # how long screens hold
LONG_TENURE = 10000
_S16 = np.uint64(16)
_S32 = np.uint64(32)
_S48 = np.uint64(48)
_LOW16 = np.uint64(0xFFFF)
# what a person's draws may reach: leave the place, change by choice, change of work, applications
LEAVES, CHOOSES, LOSES, SENDS = 1, 2, 4, 8
ONE_GONE_IN = 16  # the list of active people is compacted when one in so many is gone


@kernel
def sixteen_bits(chance):
    """Return a chance in units of 2**-16, rounded down (draws equal to it pass the screen)."""
    return np.uint64(min(max(chance, 0.0) * 65536.0, 65535.0))


@kernel
def pack(first, second, third, fourth):
    """Return four chances in one word."""
    return (
        (sixteen_bits(first) << _S48)
        | (sixteen_bits(second) << _S32)
        | (sixteen_bits(third) << _S16)
        | sixteen_bits(fourth)
    )


@kernel
def screen_of(w, person):
    """Return bounds for a person's next year: leaving the place, choices, work, applications."""
    people = w.people
    traits = w.traits
    par = w.par
    month = w.counts[Count.MONTH]
    status = people[Person.STATUS, person]
    if status > Status.N:
        return NEVER
    if people[Person.HELP, person] >= 0:
        return ALWAYS
    age_months = month - people[Person.BIRTH_MONTH, person]
    if 0 <= school_ends(people[Person.EDUCATION, person]) - age_months < SCREEN_MONTHS:
        return ALWAYS
    age = min(age_months // 12, 99)
    later = min(age + 1, 99)
    leaves = 0.0
    own = people[Person.SEX, person] * OF_MEN
    away = Table.MOVES_AWAY_IN_WORK if status == Status.EMPLOYED else Table.MOVES_AWAY
    for table in (Table.DIES, away, Table.RETIRES):
        leaves += max(w.ages[own + table, age], w.ages[own + table, later])
    leaves *= 1.000001
    health = int(w.scalars[Scalar.BIT_HEALTH])
    ill = health >= 0 and (people[Person.BARRIERS, person] >> health) & 1 == 1
    risk = unemployment_risk(people[Person.EDUCATION, person], people[Person.SEX, person], par)
    left_of_search = 1.0
    choices = 0.0
    work = 0.0
    if status == Status.EMPLOYED:
        post = people[Person.POST, person]
        workplace = w.posts[Post.WORKPLACE, post]
        if (
            par[Par.UPGRADE_IN_PLACE] > 0.0
            or w.shifts[Shift.SEPARATION_AFTER_HIRE, workplace] != 0.0
            or w.shifts[Shift.AMBITION, workplace] != 0.0
        ):
            return ALWAYS
        rung = w.posts[Post.RUNG, post]
        attachment = traits[Trait.ATTACHMENT, person]
        title = w.posts[Post.TITLE, post]
        shortfall = rung - traits[Trait.Q, person]
        tenure = month - people[Person.EMPLOYER_SINCE, person]
        loose = max(
            looseness(tenure, rung, attachment, par),
            looseness(LONG_TENURE, rung, attachment, par),
        )
        leaving = loose * par[Par.RISK_HEALTH] if ill else loose
        lost = job_loss_per_month(leaving * risk, shortfall, 0.0, par)
        exits = max(
            exit_per_month(age, leaving, title, par), exit_per_month(later, leaving, title, par)
        )
        elsewhere = par[Par.JOB_ELSEWHERE] * loose
        if people[Person.RESIDENT, person] == 0:
            elsewhere += par[Par.COMMUTER_LEAVES]
        work = (lost + exits + elsewhere) * 1.000001
        left_of_search = loose
        choices = traits[Trait.AMBITION, person]
    elif status == Status.EMPLOYED_ELSEWHERE:
        choices = par[Par.ELSEWHERE_END]
    else:
        choices = max(
            leaves_jobless_status(status, age, risk, par),
            leaves_jobless_status(status, later, risk, par),
        )
        if is_unemployed(status):
            work = par[Par.FIND_ELSEWHERE]
        idle = min(month - people[Person.IDLE_SINCE, person], DECAY_MONTHS - 1)
        left_of_search = w.decay[max(idle, 0)]
        left_of_search *= max(search_left(age, ill, par), search_left(later, ill, par))
    sends = applications_per_month(status, traits[Trait.EFFORT, person], left_of_search, 0.0, par)
    return pack(leaves, choices, work, sends * 1.000001)


@kernel
def post_screen_of(w, post):
    """Return bounds for a post: destroyed or end of a fixed term, return of a withdrawn post."""
    par = w.par
    state = w.posts[Post.STATE, post]
    if state == PostState.DESTROYED:
        return NEVER
    if state == PostState.FILLED and w.posts[Post.CONTRACT, post] == Contract.FIXED_TERM:
        return pack(par[Par.FIXED_TERM_END], 0.0, 0.0, 0.0)
    destroyed = 0.0
    returns = 0.0
    for trend in range(Trend.GROWING + 1):
        destroyed = max(destroyed, destroyed_per_month(trend, par))
        returns = max(returns, return_per_month(trend, par))
    if state != PostState.WITHDRAWN:
        returns = 0.0
    return pack(destroyed, returns, 0.0, 0.0)


@kernel
def screen_afresh(w):
    """Compute all screens anew once a year and when a parameter has changed."""
    counts = w.counts
    par = w.par
    month = counts[Count.MONTH]
    until = counts[Count.SCREENED_UNTIL]
    changed = month >= until or month < until - SCREEN_MONTHS
    for i in range(par.shape[0]):
        if par[i] != w.par_screened[i]:
            w.par_screened[i] = par[i]
            changed = True
    if counts[Count.NO_SCREENS] == 1:
        counts[Count.SCREENED_UNTIL] = month
        w.screens[:] = ALWAYS
        w.post_screens[:] = ALWAYS
    if not changed:
        return
    for m in range(DECAY_MONTHS):
        w.decay[m] = search_decay(m, par)
    for m in range(w.distance.shape[1]):
        w.distance[0, m] = distance_kept(False, m, par)
        w.distance[1, m] = distance_kept(True, m, par)
    if counts[Count.NO_SCREENS] == 1:
        return
    counts[Count.SCREENED_UNTIL] = month + SCREEN_MONTHS
    for at in range(counts[Count.ACTIVE_PEOPLE]):
        w.screens[at] = screen_of(w, w.active_people[at])
    for at in range(counts[Count.ACTIVE_POSTS]):
        w.post_screens[at] = post_screen_of(w, w.active_posts[at])


@kernel
def flag_people(screens, hashes, demography, work, flagged, n):
    """Compare the month's two draws of each person with the screen (vectorised by the compiler).

    A bit for each of the four chances says which of them a draw may reach.
    """
    for at in range(n):
        x = mix(hashes[at] ^ demography)
        y = mix(hashes[at] ^ work)
        bound = screens[at]
        flagged[at] = (
            ((x >> _S48) <= (bound >> _S48)) * LEAVES
            + (((x >> _S16) & _LOW16) <= ((bound >> _S32) & _LOW16)) * CHOOSES
            + ((y >> _S48) <= ((bound >> _S16) & _LOW16)) * LOSES
            + (((~y >> _S16) & _LOW16) <= (bound & _LOW16)) * SENDS
        )


@kernel
def flag_posts(screens, hashes, base, flagged, n):
    """Compare the month's draw of each post with its screen."""
    for at in range(n):
        z = mix(hashes[at] ^ base)
        bound = screens[at]
        flagged[at] = ((z >> _S48) <= (bound >> _S48)) | (
            ((z >> _S16) & _LOW16) <= ((bound >> _S32) & _LOW16)
        )


@kernel
def list_flagged(flagged, due, n):
    """List the places flagged, in order; return how many."""
    kept = 0
    for at in range(n):
        due[kept] = at
        kept += flagged[at] != 0
    return kept


@kernel
def drop_gone_people(w):
    """Take people who have gone out of the active list when they are many."""
    counts = w.counts
    if counts[Count.GONE_PEOPLE] * ONE_GONE_IN <= counts[Count.ACTIVE_PEOPLE]:
        return
    kept = 0
    for at in range(counts[Count.ACTIVE_PEOPLE]):
        person = w.active_people[at]
        if w.people[Person.STATUS, person] <= Status.N:
            w.active_people[kept] = person
            w.active_hash[kept] = w.active_hash[at]
            w.screens[kept] = w.screens[at]
            w.place_of_person[person] = kept
            kept += 1
    counts[Count.ACTIVE_PEOPLE] = kept
    counts[Count.GONE_PEOPLE] = 0


@kernel
def drop_gone_posts(w):
    """Take destroyed posts out of the active list when they are many."""
    counts = w.counts
    if counts[Count.GONE_POSTS] * ONE_GONE_IN <= counts[Count.ACTIVE_POSTS]:
        return
    kept = 0
    for at in range(counts[Count.ACTIVE_POSTS]):
        post = w.active_posts[at]
        if w.posts[Post.STATE, post] != PostState.DESTROYED:
            w.active_posts[kept] = post
            w.active_post_hash[kept] = w.active_post_hash[at]
            w.post_screens[kept] = w.post_screens[at]
            w.place_of_post[post] = kept
            kept += 1
    counts[Count.ACTIVE_POSTS] = kept
    counts[Count.GONE_POSTS] = 0
