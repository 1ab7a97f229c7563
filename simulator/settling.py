"""Settling: what comes equals what goes, and the noise of the last month is taken out.

The model's own stationary state is near the margins of a place, since it was fitted to them; chance
still moves small counts by more than they may be off. While a world settles, new posts therefore
replace those that have gone, cell by cell, and movers in take the place of residents who have gone,
by age, sex and schooling. At the end of the last settling month a few jobless people change their
state, and a few vacancies are withdrawn or withdrawn posts advertised, until these counts are those
of the world as built (:func:`level`). Every change is an ordinary event of the model. Nothing of
this acts from month 0 on.
"""

from __future__ import annotations

import numpy as np

from simulator.agents.person import is_registered
from simulator.agents.workplace import growth_weight
from simulator.chance import Stream, index_high, stream_base, unit_high, unit_low, word
from simulator.codes import RUNGS, Cause, PostState, Status
from simulator.columns import Person, Post, Trait, Workplace
from simulator.compile import kernel
from simulator.moves import change_status, create_post, give_up, return_post
from simulator.parameters import Par
from simulator.world import Count

KEY_MONTH = 1000  # months before the start are negative; keys are not
LONG_TERM_MONTHS = 12
OLDEST_MONTHS = 12 * 75

# places in the vector of counts
AGE_GROUPS = 12  # of five years, from 15
SCHOOLING_FROM = 2 * AGE_GROUPS
STATUS_FROM = SCHOOLING_FROM + 3
STATUSES = 4  # A, P, S, in work elsewhere
REGISTER_LONG = STATUS_FROM + 6 * STATUSES
VACANT_UNSEEN = REGISTER_LONG + 1  # and public after it
POSTS_FROM = VACANT_UNSEEN + 2
TEMPLATES_TRIED = 4096


@kernel
def place_of_status(status):
    """Return the place of a status among those that are levelled, or -1."""
    if status == Status.EMPLOYED_ELSEWHERE:
        return 3
    if Status.A <= status <= Status.S:
        return status - Status.A
    return -1


@kernel
def place_of_group(w, person, status):
    """Return the place in the counts of a person's sex and schooling with some status."""
    group = w.people[Person.SEX, person] * 3 + w.people[Person.EDUCATION, person]
    return STATUS_FROM + group * STATUSES + place_of_status(status)


@kernel
def place_of_age(sex, age_months):
    """Return the place in the counts of residents by sex and age."""
    return sex * AGE_GROUPS + min(max((age_months // 12 - 15) // 5, 0), AGE_GROUPS - 1)


@kernel
def place_of_post(w, post):
    """Return the place in the counts of posts by sector, rung and contract."""
    cell = w.posts[Post.SECTOR, post] * RUNGS + w.posts[Post.RUNG, post]
    return POSTS_FROM + 2 * cell + w.posts[Post.CONTRACT, post]


@kernel
def takes_part(w, person):
    """Return whether a person counts in settling: lives here, below 75, and ever searches.

    Somebody who never applies must change nobody else's path, not even while the world settles.
    """
    return (
        w.people[Person.RESIDENT, person] == 1
        and w.people[Person.STATUS, person] <= Status.RETIRED
        and w.counts[Count.MONTH] - w.people[Person.BIRTH_MONTH, person] < OLDEST_MONTHS
        and w.traits[Trait.EFFORT, person] > 0.0
    )


@kernel
def count_as_built(w, out):
    """Count residents by age, sex, schooling and status, vacancies, and posts by cell."""
    month = w.counts[Count.MONTH]
    out[:] = 0
    for person in range(w.counts[Count.PEOPLE]):
        if not takes_part(w, person):
            continue
        status = w.people[Person.STATUS, person]
        age_months = month - w.people[Person.BIRTH_MONTH, person]
        out[place_of_age(w.people[Person.SEX, person], age_months)] += 1
        out[SCHOOLING_FROM + w.people[Person.EDUCATION, person]] += 1
        if place_of_status(status) >= 0:
            out[place_of_group(w, person, status)] += 1
        since = w.people[Person.REGISTER_SINCE, person]
        if is_registered(status) and month - since >= LONG_TERM_MONTHS:
            out[REGISTER_LONG] += 1
    for post in range(w.counts[Count.POSTS]):
        state = w.posts[Post.STATE, post]
        if state == PostState.DESTROYED:
            continue
        out[place_of_post(w, post)] += 1
        if state == PostState.VACANT:
            out[VACANT_UNSEEN + w.posts[Post.PUBLIC, post]] += 1


@kernel
def note_room(w):
    """Note what is missing of the counts of the world as built."""
    count_as_built(w, w.room)
    for at in range(w.room.shape[0]):
        w.room[at] = w.as_built[at] - w.room[at]


@kernel
def takes_room(w, sex, education, age_months):
    """Return whether somebody like this is missing, and if so count them as come."""
    age = place_of_age(sex, age_months)
    if w.room[age] <= 0 or w.room[SCHOOLING_FROM + education] <= 0:
        return False
    w.room[age] -= 1
    w.room[SCHOOLING_FROM + education] -= 1
    return True


@kernel
def replace_posts(w):
    """Create as many posts of each sector, rung and contract as have gone.

    Each copies a randomly drawn post of the start, as new posts do later, so that growing
    workplaces take up more.
    """
    par = w.par
    month = w.counts[Count.MONTH]
    base = stream_base(w.counts[Count.SEED], Stream.NEW_POSTS, month)
    note_room(w)
    highest = max(1.0, max(par[Par.NEW_GROWING], par[Par.NEW_SHRINKING]))
    for sector in range(w.sectors.shape[1]):
        first = w.template_start[sector]
        n = w.template_start[sector + 1] - first
        slot = 0
        for cell in range(2 * RUNGS):
            rung = cell // 2
            contract = cell % 2
            for _ in range(w.room[POSTS_FROM + sector * 2 * RUNGS + cell]):
                slot += 1
                for attempt in range(TEMPLATES_TRIED):
                    z = word(np.uint64((sector << 20) + slot), base, attempt)
                    template = first + index_high(z, n)
                    if w.templates[1, template] != rung or w.templates[2, template] != contract:
                        continue
                    workplace = np.int64(w.templates[0, template])
                    weight = growth_weight(
                        w.workplaces[Workplace.TREND, workplace],
                        w.workplaces[Workplace.SIZE_CLASS, workplace],
                        par,
                    )
                    if unit_low(z) * 2.0 * highest < weight:
                        key = (np.int64(month + KEY_MONTH) << 26) | (sector << 20) | slot
                        create_post(w, key, workplace, sector, rung, contract, Cause.NEW_POST, 0)
                        break


@kernel
def level(w):
    """Bring the counts of jobless people and of vacancies to those of the world as built."""
    note_room(w)
    level_people(w)
    level_vacancies(w)


@kernel
def change(w, person, status):
    """Change a person's status and keep the room."""
    old = w.people[Person.STATUS, person]
    if place_of_status(old) >= 0:
        w.room[place_of_group(w, person, old)] += 1
    if place_of_status(status) >= 0:
        w.room[place_of_group(w, person, status)] -= 1
    if is_registered(old) and not is_registered(status):
        month = w.counts[Count.MONTH]
        if month - w.people[Person.REGISTER_SINCE, person] >= LONG_TERM_MONTHS:
            w.room[REGISTER_LONG] += 1
    change_status(w, person, status, Cause.TRANSITION)


@kernel
def state_missing(w, person, status):
    """Return the jobless state to which somebody of a state in surplus goes."""
    for tried in (Status.A, Status.P, Status.S):
        if tried == Status.S and is_registered(status):
            continue
        if tried == Status.P and status != Status.A:
            continue
        if tried != status and w.room[place_of_group(w, person, tried)] > 0:
            return tried
    return Status.N


@kernel
def level_people(w):
    """Let people of states in surplus change to states with room, then people outside join."""
    people = w.people
    month = w.counts[Count.MONTH]
    n = w.counts[Count.PEOPLE]
    for sweep in range(2):
        for person in range(n):
            status = people[Person.STATUS, person]
            place = place_of_status(status)
            if place < 0 or not takes_part(w, person):
                continue
            if people[Person.OFFER, person] >= 0:
                continue
            if w.room[place_of_group(w, person, status)] >= 0:
                continue
            if sweep == 0 and is_registered(status):  # first those whose duration is in surplus
                long = month - people[Person.REGISTER_SINCE, person] >= LONG_TERM_MONTHS
                if long != (w.room[REGISTER_LONG] < 0):
                    continue
            change(w, person, state_missing(w, person, status))
    for person in range(n):
        if people[Person.STATUS, person] != Status.N or not takes_part(w, person):
            continue
        age = (month - people[Person.BIRTH_MONTH, person]) // 12
        if age < 18 or age >= 60 or people[Person.OFFER, person] >= 0:
            continue
        for status in (Status.A, Status.P, Status.S, Status.EMPLOYED_ELSEWHERE):
            if w.room[place_of_group(w, person, status)] > 0:
                change(w, person, status)
                break


@kernel
def level_vacancies(w):
    """Withdraw vacancies in surplus, advertise withdrawn posts where vacancies are missing."""
    posts = w.posts
    counts = w.counts
    kept = 0
    for at in range(counts[Count.OPEN_POSTS]):
        post = w.open_posts[at]
        place = VACANT_UNSEEN + posts[Post.PUBLIC, post]
        takes = posts[Post.STATE, post] == PostState.VACANT and posts[Post.PENDING, post] < 0
        if takes and w.room[place] < 0:
            w.room[place] += 1
            give_up(w, post)
        if posts[Post.STATE, post] == PostState.VACANT:
            w.open_posts[kept] = post
            kept += 1
    counts[Count.OPEN_POSTS] = kept
    base = stream_base(counts[Count.SEED], Stream.OPENING, 0)
    for post in range(counts[Count.POSTS]):
        if posts[Post.STATE, post] != PostState.WITHDRAWN:
            continue
        z = word(w.post_hash[post], base, posts[Post.OPENING, post] + 1)
        place = VACANT_UNSEEN + (1 if unit_high(z) < w.par[Par.PUBLIC_SHARE] else 0)
        if w.room[place] > 0:
            w.room[place] -= 1
            return_post(w, post)
