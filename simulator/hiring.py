"""One hiring round: inside, applications, closing of collections, starts.

Rounds let chains move at their real speed: a start empties a post, which is advertised and can
take applications from the next round on.
"""

from __future__ import annotations

import math

import numpy as np

from simulator.agents.person import (
    bump_by_slack,
    bump_down_share,
    competence_in_sector,
    is_jobless,
    is_registered,
    rung_sought,
    value_of_post,
    works_or_seeks,
)
from simulator.agents.workplace import (
    inside_score,
    is_ready_inside,
    offer_score,
    refuses_release,
    shift_log_odds,
    standard,
    stigma,
    written_score,
)
from simulator.chance import (
    GOLDEN,
    Stream,
    index_high,
    index_low,
    logistic_noise,
    mix,
    pair_word,
    poisson,
    stream_base,
    unit,
    unit_high,
    unit_low,
    word,
)
from simulator.codes import RUNGS, Cause, EventKind, PostState, Status
from simulator.columns import Person, Policy, Post, Trait, Workplace
from simulator.compile import kernel
from simulator.memory import prefetch, prefetch_one
from simulator.moves import (
    competence_now,
    create_person,
    drop_applications,
    emit,
    fill_of,
    flow,
    give_up,
    help_of,
    person_state,
    start_collection,
    start_in_post,
    stratum_of,
)
from simulator.parameters import Par
from simulator.world import (
    LONGEST_SHORTLIST,
    Block,
    Count,
    Flow,
    Help,
    Scalar,
    Sector,
    Shift,
    Stratum,
)

MEETING = 63  # number of an application that is a meeting with an employer
AHEAD = 8  # how many entries ahead memory is asked for
TOGETHER = 1024  # applications that first all choose, then all file
POST_SHIFT = 37  # an application being sent: post, person (31 bits), number (6 bits)
CODE_BITS = (1 << POST_SHIFT) - 1
TRIES = 256  # keyed tries for one of the vacancies, before all are looked at
SPARSE = 8  # posts of a stratum per slot of its search table
FEWEST_SLOTS = 16
ONE = np.uint64(1)
KEPT_FOR = np.uint64(1 << 63)  # mark in ``served``: of the group that vacancies are kept for


@kernel
def barriers_now(w, person, month):
    """Return barrier flags with those that follow from age brought up to date."""
    flags = w.people[Person.BARRIERS, person]
    age_months = month - w.people[Person.BIRTH_MONTH, person]
    of_age_55 = w.counts[Count.FLAG_AGE_55]  # 0 when the place has no such barrier
    under_30 = w.counts[Count.FLAG_UNDER_30]
    flags &= ~(of_age_55 | under_30)
    if age_months >= 660:
        flags |= of_age_55
    if age_months < 360:
        flags |= under_30
    return flags


@kernel
def penalty_of(w, flags):
    """Return the written-stage penalty of a set of barriers, score units (penalties add)."""
    return w.penalty_of_flags[flags]


@kernel
def months_idle(w, person):
    """Return months out of work (0 for people in work)."""
    if w.people[Person.STATUS, person] <= Status.EMPLOYED_ELSEWHERE:
        return 0
    return w.counts[Count.MONTH] - w.people[Person.IDLE_SINCE, person]


@kernel
def registered_for(w, person, months):
    """Return whether a person has been registered as unemployed for so many unbroken months."""
    if not is_registered(w.people[Person.STATUS, person]):
        return False
    return w.counts[Count.MONTH] - w.people[Person.REGISTER_SINCE, person] >= months


@kernel
def is_kept_for(w, person, asks):
    """Return whether a vacancy that is not open to everybody (``Post.ASKS``) is open to a person.

    A group is marked at the start of a month; who has begun to work since then is out of it.
    """
    if asks > 0:
        return registered_for(w, person, asks - 1)
    return is_jobless(w.people[Person.STATUS, person]) and w.served[person] & KEPT_FOR != 0


@kernel
def inclusiveness_of(w, workplace):
    """Return the share of penalties that a workplace does not apply, help included."""
    value = w.policies[Policy.INCLUSIVENESS, workplace] + w.shifts[Shift.PENALTY, workplace]
    return min(max(value, -0.5), 1.0)


@kernel
def look_inside(w, post, first):
    """Offer a vacancy inside first: the best ready candidate, one rung below or on the same rung.

    Parameters
    ----------
    first : bool
        Whether this is the inside stage, in which another post may have chosen the same person.

    Returns
    -------
    int
        Row of the person chosen, or -1.
    """
    people = w.people
    person_hash = w.person_hash
    posts = w.posts
    post_hash = w.post_hash
    workplaces = w.workplaces
    policies = w.policies
    shifts = w.shifts
    par = w.par
    counts = w.counts
    interested = w.interested
    workplace = posts[Post.WORKPLACE, post]
    rung = posts[Post.RUNG, post]
    base = stream_base(counts[Count.SEED], Stream.RELEASE, posts[Post.OPENING, post])
    refuses = refuses_release(
        shift_log_odds(
            policies[Policy.RETENTION_FIRST, workplace], shifts[Shift.RETENTION_FIRST, workplace]
        ),
        workplaces[Workplace.POSTS, workplace],
        workplaces[Workplace.FILLED, workplace],
        unit(word(post_hash[post], base, 0)),
        par,
    )
    if refuses:
        return -1
    month = counts[Count.MONTH]
    base = stream_base(counts[Count.SEED], Stream.INSIDE, posts[Post.OPENING, post])
    inclusiveness = inclusiveness_of(w, workplace)
    shift_ready = shifts[Shift.PROMOTION_READINESS, workplace]
    best = -1
    best_score = -1e300
    for below in (1, 0):  # people on the same rung are asked when nobody below is ready
        at_rung = rung - below
        if at_rung < 0 or best >= 0:
            continue
        if below == 0 and unit(word(post_hash[post], base, 1)) >= par[Par.INSIDE_SIDEWARD]:
            continue
        person = interested[at_rung, workplace]
        while person >= 0:
            following = people[Person.NEXT_INTERESTED, person]
            prefetch(people, max(following, 0))
            prefetch(w.traits, max(following, 0))
            held = people[Person.POST, person]
            # the list was drawn up at the start of the month: the person may have moved since
            free = held >= 0 and people[Person.OFFER, person] < 0
            if first and held >= 0 and not free:
                free = would_rather(w, person, post)
            if free and held != post:
                stayed = people[Person.JOB_SINCE, person] < month
                if stayed or (
                    posts[Post.WORKPLACE, held] == workplace and posts[Post.RUNG, held] == at_rung
                ):
                    gap = competence_now(w, person) + help_of(w, person, Help.COMPETENCE) - rung
                    ready = help_of(w, person, Help.PROMOTION_READINESS) + shift_ready
                    if is_ready_inside(gap, ready, par):
                        z = pair_word(person_hash[person], post_hash[post], base)
                        score = inside_score(
                            gap,
                            month - people[Person.EMPLOYER_SINCE, person],
                            penalty_of(w, barriers_now(w, person, month)),
                            inclusiveness,
                            logistic_noise(z),
                            par,
                        )
                        if score > best_score:
                            best_score = score
                            best = person
            person = following
    return best


@kernel
def would_rather(w, person, post):
    """Return whether somebody who holds an offer of this stage finds this post worth more."""
    holds = w.people[Person.OFFER, person]
    if w.posts[Post.STARTS, holds] != w.counts[Count.NOW] + int(w.par[Par.START_LAG]):
        return False  # accepted in an earlier round
    return post_value(w, person, post) > post_value(w, person, holds)


@kernel
def accept(w, post, person):
    """Record that a person (row, or -2 - slot for somebody from outside) takes a vacancy."""
    w.posts[Post.PENDING, post] = person
    w.posts[Post.STARTS, post] = w.counts[Count.NOW] + int(w.par[Par.START_LAG])
    drop_applications(w, post)
    if person >= 0:
        w.people[Person.OFFER, person] = post


@kernel
def ask_for_interested(w, post):
    """Ask memory for the first person whom the employer of a vacancy would look at inside."""
    rung = w.posts[Post.RUNG, post]
    if w.posts[Post.INSIDE, post] == 1 and rung > 0:
        first = max(w.interested[rung - 1, w.posts[Post.WORKPLACE, post]], 0)
        prefetch(w.people, first)
        prefetch(w.traits, first)


@kernel
def inside_stage(w):
    """Let employers that look inside first do so, once per opening.

    Who is the best candidate for two posts takes the better one, and the other employer looks
    again: the outcome does not depend on the order of vacancies (deferred acceptance).
    """
    people = w.people
    posts = w.posts
    counts = w.counts
    open_posts = w.open_posts
    impulse_month = counts[Count.IMPULSE_KIND] > 0 and (
        counts[Count.IMPULSE_MONTH] == counts[Count.MONTH]
    )
    n = counts[Count.OPEN_POSTS]
    for at in range(n):
        prefetch(posts, open_posts[min(at + AHEAD, n - 1)])
        ask_for_interested(w, open_posts[min(at + AHEAD // 2, n - 1)])
        post = open_posts[at]
        if posts[Post.STATE, post] != PostState.VACANT or posts[Post.INSIDE, post] == 0:
            continue
        posts[Post.INSIDE, post] = 0
        rung = posts[Post.RUNG, post]
        flow(w, rung, Flow.OFFERED_INSIDE)
        person = look_inside(w, post, True)
        if person >= 0 and impulse_month and counts[Count.IMPULSE_KIND] == 2:
            held = people[Person.POST, person]
            if rung == counts[Count.IMPULSE_RUNG] and posts[Post.RUNG, held] < rung:
                if counts[Count.IMPULSE_NUMBER] == 0 and counts[Count.IMPULSE_DONE] == 0:
                    counts[Count.IMPULSE_DONE] = post + 1
                    person = -1
                counts[Count.IMPULSE_NUMBER] -= 1
        while person >= 0:
            loser = people[Person.OFFER, person]
            accept(w, post, person)
            if loser < 0:
                break
            posts[Post.PENDING, loser] = -1
            post = loser
            person = look_inside(w, post, True)


@kernel
def list_vacancies(w):
    """List the vacancies whose collection ends, and put those that take applications in tables.

    The table of a stratum depends on nothing but which vacancies are open: each has its hashed
    slot, or one of the next where others with a higher hash need it.
    """
    posts = w.posts
    counts = w.counts
    strata = w.strata
    closing = w.closing
    open_posts = w.open_posts
    taking = w.due
    now = counts[Count.NOW]
    strata[Stratum.OPEN, :] = 0
    strata[Stratum.OPEN_PUBLIC, :] = 0
    ends = 0
    n_taking = 0
    n = counts[Count.OPEN_POSTS]
    for at in range(n):
        prefetch(posts, open_posts[min(at + AHEAD, n - 1)])
        post = open_posts[at]
        if posts[Post.STATE, post] != PostState.VACANT or posts[Post.PENDING, post] != -1:
            continue
        prefetch_one(w.post_hash, post)
        stratum = stratum_of(w, post)
        strata[Stratum.OPEN, stratum] += 1
        strata[Stratum.OPEN_PUBLIC, stratum] += posts[Post.PUBLIC, post]
        taking[n_taking] = post
        n_taking += 1
        if posts[Post.CLOSES, post] <= now:
            if ends == closing.shape[0]:
                counts[Count.OVERFLOW] = 10
                return
            closing[ends, 0] = post
            ends += 1
    counts[Count.CLOSING] = ends
    for stratum in range(strata.shape[1]):
        lay_out_slots(w, stratum)
    if counts[Count.OVERFLOW] != 0:
        return
    for at in range(n_taking):
        enter_slot(w, taking[at])


@kernel
def lay_out_slots(w, stratum):
    """Empty the search table of a stratum; compute the chance that a search finds nothing."""
    strata = w.strata
    first = strata[Stratum.FIRST, stratum]
    size = strata[Stratum.SIZE, stratum]
    is_open = strata[Stratum.OPEN, stratum]
    for slot in range(first, first + strata[Stratum.USED, stratum]):
        w.slots[slot] = -1
    used = size // SPARSE + FEWEST_SLOTS
    while used < 2 * is_open:
        used *= 2
    strata[Stratum.USED, stratum] = min(used, size)
    if is_open > size:
        w.counts[Count.OVERFLOW] = 2
        strata[Stratum.OPEN, stratum] = 0
    tries = float(int(w.par[Par.SEARCH_TRIES]))
    for kind in range(2):
        n = is_open if kind == 0 else strata[Stratum.OPEN_PUBLIC, stratum]
        w.search_fails[kind, stratum] = 1.0
        if n > 0:
            w.search_fails[kind, stratum] = math.pow(1.0 - n / size, tries)


@kernel
def enter_slot(w, post):
    """Put a vacancy in the search table of its stratum."""
    stratum = stratum_of(w, post)
    first = w.strata[Stratum.FIRST, stratum]
    used = w.strata[Stratum.USED, stratum]
    hashed = w.post_hash[post]
    at = index_high(hashed, used)
    code = (post << 1) | w.posts[Post.PUBLIC, post]
    while w.slots[first + at] >= 0:
        other = np.int64(w.slots[first + at])
        if w.post_hash[other >> 1] < hashed:  # who has the higher hash has the slot
            w.slots[first + at] = code
            code = other
            hashed = w.post_hash[code >> 1]
        at += 1
        if at == used:
            at = 0
    w.slots[first + at] = code


@kernel
def find_vacancy(w, person, number, sector, rung, only_public):
    """Return an open vacancy of a stratum, every one equally likely, or -1.

    Notes
    -----
    ODD submodel *Applications*. A search looks at ``search_tries`` posts of the stratum, open or
    not, so it finds none with chance ``(1 - open / posts)^tries``: one keyed draw. Which one: the
    first that keyed tries on the table name. One more vacancy or person disturbs few others.
    """
    strata = w.strata
    slots = w.slots
    stratum = sector * RUNGS + rung
    base = stream_base(w.counts[Count.SEED], Stream.TRIES, w.counts[Count.MONTH])
    start = word(w.person_hash[person], base, number)
    if unit(start) < w.search_fails[int(only_public), stratum]:
        return -1
    first = strata[Stratum.FIRST, stratum]
    used = strata[Stratum.USED, stratum]
    wanted = np.int64(only_public)
    for k in range(TRIES // 2):
        z = mix(start + np.uint64(k + 1) * GOLDEN)
        code = np.int64(slots[first + index_high(z, used)])
        if code >= 0 and code & wanted == wanted:
            return code >> 1
        code = np.int64(slots[first + index_low(z, used)])
        if code >= 0 and code & wanted == wanted:
            return code >> 1
    return vacancy_of_highest_draw(w, first, used, start, wanted)


@kernel
def vacancy_of_highest_draw(w, first, used, start, wanted):
    """Return the vacancy of a table with the highest keyed draw, or -1."""
    best = np.int64(-1)
    highest = np.uint64(0)
    for slot in range(first, first + used):
        code = np.int64(w.slots[slot])
        if code < 0 or code & wanted != wanted:
            continue
        z = mix(start ^ w.post_hash[code >> 1])
        if best < 0 or z > highest:
            best = code >> 1
            highest = z
    return best


@kernel
def put_application(w, person, post, met):
    """File an application with a vacancy, once per collection."""
    posts = w.posts
    counts = w.counts
    pool = w.pool
    head = posts[Post.APPLICANTS, post]
    at = head
    while at >= 0:
        for k in range(Block.FIRST, Block.FIRST + pool[Block.COUNT, at]):
            if pool[k, at] >> 1 == person:
                return
        at = pool[Block.NEXT, at]
    if head < 0 or pool[Block.COUNT, head] == Block.SIZE - Block.FIRST:
        block = counts[Count.FREE_BLOCK]
        if block >= 0:
            counts[Count.FREE_BLOCK] = pool[Block.NEXT, block]
        else:
            block = counts[Count.BLOCKS]
            if block >= pool.shape[1]:
                counts[Count.OVERFLOW] = 6
                return
            counts[Count.BLOCKS] = block + 1
        pool[Block.NEXT, block] = head
        pool[Block.COUNT, block] = 0
        posts[Post.APPLICANTS, post] = block
        head = block
    pool[Block.FIRST + pool[Block.COUNT, head], head] = (person << 1) | met
    pool[Block.COUNT, head] += 1
    flow(w, posts[Post.RUNG, post], Flow.APPLICATIONS)


@kernel
def sector_sought(w, home, z):
    """Return the sector of an application: home, or another one by its share of posts."""
    u = unit_high(z)
    other = w.par[Par.SEARCH_OTHER_SECTOR]
    if u >= other:
        return home
    u = u / other
    sectors = w.sectors.shape[1]
    for sector in range(sectors):
        if u < w.sectors[Sector.CUMULATIVE_SHARE, sector]:
            return sector
    return sectors - 1


@kernel
def choose_vacancy(w, person, number, by_slack):
    """Return the vacancy that an application of a person goes to, or -1 when none is in reach."""
    people = w.people
    person_hash = w.person_hash
    par = w.par
    counts = w.counts
    scalars = w.scalars
    status = people[Person.STATUS, person]
    if people[Person.OFFER, person] >= 0 or not works_or_seeks(status):
        return -1
    month = counts[Count.MONTH]
    base = stream_base(counts[Count.SEED], Stream.TARGET, month)
    z = word(person_hash[person], base, number)
    home = people[Person.SECTOR, person]
    sector = sector_sought(w, home, z)
    q = competence_now(w, person) + help_of(w, person, Help.COMPETENCE)
    q = competence_in_sector(q, home, sector)
    share_down = 0.0
    if is_jobless(status):
        share_down = bump_down_share(months_idle(w, person), by_slack, par)
    z2 = mix(z + GOLDEN)
    rung_held = people[Person.HOME_RUNG, person]
    rung = rung_sought(status, q, rung_held, unit_high(z2), share_down, par)
    only_public = False
    bit = int(scalars[Scalar.BIT_NO_NETWORK])
    if bit >= 0 and people[Person.BARRIERS, person] & (1 << bit):
        only_public = unit_low(z2) >= help_of(w, person, Help.VISIBILITY)
    return find_vacancy(w, person, number, sector, rung, only_public)


@kernel
def file_application(w, person, number, post):
    """File an application with a vacancy of another workplace."""
    held = w.people[Person.POST, person]
    if held >= 0 and w.posts[Post.WORKPLACE, held] == w.posts[Post.WORKPLACE, post]:
        return
    put_application(w, person, post, 1 if number == MEETING else 0)


@kernel
def send_application(w, person, number, by_slack):
    """Let a person apply for one vacancy, if one is found within reach."""
    post = choose_vacancy(w, person, number, by_slack)
    if post >= 0:
        file_application(w, person, number, post)


@kernel
def send_applications(w, number, slack):
    """Send the applications of a round: first all choose, then all file (memory asked in time)."""
    intents = w.intents[number - 1]
    n = w.intent_counts[number - 1]
    by_slack = bump_by_slack(slack, w.par)
    # some at a time, so that what the second loop reads is still at hand
    for begin in range(0, n, TOGETHER):
        end = min(begin + TOGETHER, n)
        file_applications(w, intents, begin, choose_vacancies(w, intents, begin, end, by_slack))


@kernel
def choose_vacancies(w, intents, begin, end, by_slack):
    """Add the vacancy that it goes to to each application that finds one; return their end."""
    people = w.people
    posts = w.posts
    chosen = begin
    for at in range(begin, end):
        soon = intents[min(at + AHEAD, end - 1)] >> 6
        prefetch(people, soon)
        prefetch(w.traits, soon)
        prefetch_one(w.person_hash, soon)
        code = intents[at]
        person = code >> 6
        post = choose_vacancy(w, person, code & 63, by_slack)
        if post >= 0:
            prefetch(posts, post)
            prefetch(posts, max(people[Person.POST, person], 0))
            intents[chosen] = code | (np.int64(post) << POST_SHIFT)
            chosen += 1
    return chosen


@kernel
def file_applications(w, intents, begin, end):
    """File the applications that found a vacancy."""
    for at in range(begin, end):
        soon = w.posts[Post.APPLICANTS, intents[min(at + AHEAD, end - 1)] >> POST_SHIFT]
        prefetch_one(w.pool, max(soon, 0))
        code = intents[at]
        person = (code & CODE_BITS) >> 6
        file_application(w, person, code & 63, code >> POST_SHIFT)


@kernel
def ask_for_applicants(w, post):
    """Ask memory for the people who applied for a vacancy."""
    at = w.posts[Post.APPLICANTS, post]
    while at >= 0:
        for k in range(Block.FIRST, Block.FIRST + w.pool[Block.COUNT, at]):
            person = w.pool[k, at] >> 1
            prefetch(w.people, person)
            prefetch(w.traits, person)
            prefetch_one(w.person_hash, person)
        at = w.pool[Block.NEXT, at]


@kernel
def ask_for_workplace(w, post):
    """Ask memory for the workplace of a vacancy."""
    workplace = w.posts[Post.WORKPLACE, post]
    prefetch_one(w.workplaces, workplace)
    prefetch_one(w.policies, workplace)
    prefetch(w.shifts, workplace)
    prefetch_one(w.post_hash, post)


@kernel
def ask_for_their_posts(w, post):
    """Ask memory for the posts that the applicants hold now."""
    at = w.posts[Post.APPLICANTS, post]
    while at >= 0:
        for k in range(Block.FIRST, Block.FIRST + w.pool[Block.COUNT, at]):
            prefetch_one(w.posts, max(w.people[Person.POST, w.pool[k, at] >> 1], 0))
        at = w.pool[Block.NEXT, at]


@kernel
def read_applications(w, post):
    """Read the written applications of a vacancy and call the best few above the bar.

    Returns
    -------
    int
        Number called: ``w.called`` holds rows, or -2 - slot for people from outside,
        ``w.scores[0]``
        their written scores in falling order.
    """
    people = w.people
    person_hash = w.person_hash
    posts = w.posts
    post_hash = w.post_hash
    workplaces = w.workplaces
    shifts = w.shifts
    par = w.par
    counts = w.counts
    pool = w.pool
    month = counts[Count.MONTH]
    rung = posts[Post.RUNG, post]
    workplace = posts[Post.WORKPLACE, post]
    sector = posts[Post.SECTOR, post]
    number = posts[Post.OPENING, post] * 32 + posts[Post.ATTEMPT, post]
    seed = counts[Count.SEED]
    post_word = post_hash[post] + np.uint64(number) * GOLDEN
    written_base = stream_base(seed, Stream.WRITTEN, 0)
    asks = posts[Post.ASKS, post]
    inclusiveness = inclusiveness_of(w, workplace)
    considers = workplaces[Workplace.CONSIDERS_LONG_TERM, workplace] == 1
    outsider_gaps = w.scores[2]
    call = min(int(par[Par.SHORTLIST]), LONGEST_SHORTLIST)
    called = 0
    called_person = w.called
    called_score = w.scores[0]
    # written stage: people of the place
    at = posts[Post.APPLICANTS, post]
    while at >= 0:
        for k in range(Block.FIRST, Block.FIRST + pool[Block.COUNT, at]):
            person = np.int64(pool[k, at] >> 1)
            met = pool[k, at] & 1
            status = people[Person.STATUS, person]
            if not works_or_seeks(status) or people[Person.OFFER, person] >= 0:
                continue
            held = people[Person.POST, person]
            if held >= 0 and posts[Post.WORKPLACE, held] == workplace:
                continue
            if asks != 0 and not is_kept_for(w, person, asks):
                continue
            idle = months_idle(w, person)
            if met == 0 and not considers and idle >= 12:
                continue
            q = competence_now(w, person) + help_of(w, person, Help.COMPETENCE)
            gap = competence_in_sector(q, people[Person.SECTOR, person], sector) - rung
            if met == 1:
                score = 1e6  # a meeting replaces the written stage
            else:
                stigma_score = max(0.0, stigma(idle, par) - help_of(w, person, Help.STIGMA))
                if par[Par.VARIANT_RANKING] == 1.0:
                    stigma_score += 0.1 * min(idle, 24)
                penalty = penalty_of(w, barriers_now(w, person, month))
                score = written_score(
                    gap,
                    penalty * (1.0 - help_of(w, person, Help.PENALTY)),
                    min(1.0, inclusiveness + shifts[Shift.PENALTY_WRITTEN, workplace]),
                    stigma_score,
                    help_of(w, person, Help.SEARCH_EFFECTIVENESS),
                    logistic_noise(pair_word(person_hash[person], post_word, written_base)),
                    par,
                )
            if score < par[Par.WRITTEN_BAR]:
                continue
            called = insert_ranked(called_person, called_score, called, call, person, score)
        at = pool[Block.NEXT, at]
    # people from outside, hashed from the vacancy; stored only when hired
    outside_base = stream_base(seed, Stream.OUTSIDERS, 0)
    rate = par[Par.OUTSIDERS_0 + rung]
    n_outside = 0
    if rate > 0.0 and asks == 0:
        n_outside = min(poisson(rate, unit(word(post_word, outside_base, 0))), 16)
    for slot in range(n_outside):
        z = word(post_word, outside_base, 1 + slot)
        gap = 0.15 + par[Par.OUTSIDER_GAP_SD] * 0.55 * logistic_noise(z)
        outsider_gaps[slot] = gap
        noise = logistic_noise(mix(z + GOLDEN))
        score = written_score(gap, 0.0, 0.0, 0.0, 0.0, noise, par)
        if score < par[Par.WRITTEN_BAR]:
            continue
        called = insert_ranked(called_person, called_score, called, call, -2 - slot, score)
    return called


@kernel
def rank_applicants(w, post, rank_person):
    """Read the applications of a vacancy in two stages and rank those good enough.

    Returns
    -------
    int
        Number ranked. ``rank_person`` holds rows, or -2 - slot for people from outside.
    """
    people = w.people
    posts = w.posts
    par = w.par
    called = read_applications(w, post)
    called_person = w.called
    called_score = w.scores[0]
    rank_score = w.scores[1]
    outsider_gaps = w.scores[2]
    month = w.counts[Count.MONTH]
    rung = posts[Post.RUNG, post]
    workplace = posts[Post.WORKPLACE, post]
    sector = posts[Post.SECTOR, post]
    number = posts[Post.OPENING, post] * 32 + posts[Post.ATTEMPT, post]
    post_word = w.post_hash[post] + np.uint64(number) * GOLDEN
    offer_base = stream_base(w.counts[Count.SEED], Stream.OFFER, 0)
    inclusiveness = inclusiveness_of(w, workplace)
    needed = standard(posts[Post.ATTEMPT, post], w.shifts[Shift.HIRING_STANDARD, workplace], par)
    ranked = 0
    for i in range(called):
        person = called_person[i]
        if person < 0:
            z = word(post_word, offer_base, 64 - person)
            gap = outsider_gaps[-2 - person]
            score = offer_score(gap, 0.0, 0.0, False, 0.0, logistic_noise(z), par)
        else:
            q = competence_now(w, person) + help_of(w, person, Help.COMPETENCE)
            gap = competence_in_sector(q, people[Person.SECTOR, person], sector) - rung
            penalty = penalty_of(w, barriers_now(w, person, month))
            z = pair_word(w.person_hash[person], post_word, offer_base)
            score = offer_score(
                gap,
                penalty * (1.0 - help_of(w, person, Help.PENALTY)),
                inclusiveness,
                called_score[i] > 1e5,
                help_of(w, person, Help.HIRING_SUBSIDY),
                logistic_noise(z),
                par,
            )
        if score >= needed:
            ranked = insert_ranked(
                rank_person, rank_score, ranked, LONGEST_SHORTLIST, person, score
            )
    return ranked


@kernel
def insert_ranked(persons, scores, n, limit, person, score):
    """Insert into a list in falling order of score, at most ``limit`` long; return its length."""
    if n == limit and score <= scores[n - 1]:
        return n
    at = n if n < limit else n - 1
    while at > 0 and scores[at - 1] < score:
        scores[at] = scores[at - 1]
        persons[at] = persons[at - 1]
        at -= 1
    scores[at] = score
    persons[at] = person
    return min(n + 1, limit)


@kernel
def post_value(w, person, post):
    """Return what a vacancy is worth to a person."""
    base = stream_base(w.counts[Count.SEED], Stream.TASTE, 0)
    taste = logistic_noise(pair_word(w.person_hash[person], w.post_hash[post], base))
    log_wage = w.log_wages[w.posts[Post.SECTOR, post], w.posts[Post.RUNG, post]]
    return value_of_post(log_wage, taste, w.par)


@kernel
def propose(w, first):
    """Let a vacancy propose down its ranking; who is offered several posts keeps the best.

    Deferred acceptance: the outcome does not depend on the order in which vacancies propose.
    """
    closing = w.closing
    at = first
    while at >= 0:
        post = closing[at, 0]
        following = -1
        placed = False
        while w.posts[Post.PROPOSED, post] < closing[at, 1]:
            person = closing[at, 2 + w.posts[Post.PROPOSED, post]]
            w.posts[Post.PROPOSED, post] += 1
            if person < 0:  # people from outside applied to this vacancy only
                w.posts[Post.PENDING, post] = person
                placed = True
                break
            holds = w.people[Person.OFFER, person]
            if holds < 0:
                w.people[Person.OFFER, person] = post
                w.posts[Post.PENDING, post] = person
                placed = True
                break
            if post_value(w, person, post) > post_value(w, person, holds):
                w.people[Person.OFFER, person] = post
                w.posts[Post.PENDING, post] = person
                w.posts[Post.PENDING, holds] = -1
                following = w.posts[Post.STARTS, holds]  # scratch: its place among the closing
                placed = True
                break
        if not placed:
            w.posts[Post.PENDING, post] = -1
        at = following


@kernel
def overrule_outsider(w, post):
    """Impulse: give this vacancy to the best candidate inside instead of the one chosen."""
    w.counts[Count.IMPULSE_NUMBER] -= 1
    w.counts[Count.IMPULSE_DONE] = post + 1
    chosen = w.posts[Post.PENDING, post]
    inside = look_inside(w, post, False)
    if chosen >= 0:
        w.people[Person.OFFER, chosen] = -1
    w.people[Person.OFFER, inside] = post
    w.posts[Post.PENDING, post] = inside


@kernel
def closing_stage(w):
    """Close due collections: rank, propose, accept; nobody good enough: reopen or give up."""
    posts = w.posts
    post_hash = w.post_hash
    par = w.par
    counts = w.counts
    pool = w.pool
    closing = w.closing  # per vacancy: post, number ranked, the ranking
    n = counts[Count.CLOSING]
    for at in range(n):
        post = closing[at, 0]
        posts[Post.PROPOSED, post] = 0
        posts[Post.STARTS, post] = at
    for at in range(n):
        prefetch_one(pool, max(posts[Post.APPLICANTS, closing[min(at + AHEAD, n - 1), 0]], 0))
        prefetch(posts, closing[min(at + 2 * AHEAD, n - 1), 0])
        if at + 3 < n:
            ask_for_applicants(w, closing[at + 3, 0])
            ask_for_workplace(w, closing[at + 3, 0])
        if at + 1 < n:
            ask_for_their_posts(w, closing[at + 1, 0])
        closing[at, 1] = rank_applicants(w, closing[at, 0], closing[at, 2:])
    for at in range(n):
        propose(w, at)
    impulse = counts[Count.IMPULSE_KIND] == 1 and counts[Count.IMPULSE_MONTH] == counts[Count.MONTH]
    if impulse:
        for at in range(n):
            post = closing[at, 0]
            person = posts[Post.PENDING, post]
            if (
                person == -1
                or posts[Post.RUNG, post] != counts[Count.IMPULSE_RUNG]
                or counts[Count.IMPULSE_DONE] != 0
                or look_inside(w, post, False) < 0
            ):
                continue
            if counts[Count.IMPULSE_NUMBER] == 0:
                overrule_outsider(w, post)
            else:
                counts[Count.IMPULSE_NUMBER] -= 1
    give_up_base = stream_base(counts[Count.SEED], Stream.GIVE_UP, 0)
    for at in range(n):
        post = closing[at, 0]
        person = posts[Post.PENDING, post]
        if person != -1:
            accept(w, post, person)
            continue
        flow(w, posts[Post.RUNG, post], Flow.FAILED_COLLECTION)
        number = posts[Post.OPENING, post] * 32 + posts[Post.ATTEMPT, post]
        u = unit(word(post_hash[post], give_up_base, number))
        if u < par[Par.GIVE_UP] or posts[Post.ATTEMPT, post] >= 30:
            give_up(w, post)
        else:
            drop_applications(w, post)
            posts[Post.ATTEMPT, post] += 1
            start_collection(w, post)


@kernel
def hire_from_outside(w, post):
    """Bring in the person from outside who accepted a vacancy; return the row or -1."""
    slot = -2 - w.posts[Post.PENDING, post]
    number = w.posts[Post.OPENING, post] * 32 + w.posts[Post.ATTEMPT, post]
    seed = w.counts[Count.SEED]
    post_word = w.post_hash[post] + np.uint64(number) * GOLDEN
    outside = word(post_word, stream_base(seed, Stream.OUTSIDERS, 0), 1 + slot)
    gap = 0.15 + w.par[Par.OUTSIDER_GAP_SD] * 0.55 * logistic_noise(outside)
    traits = word(post_word, stream_base(seed, Stream.OUTSIDER_TRAITS, 0), slot)
    # identity: hashed from (post, opening, collection, slot), in a range of its own
    # (below 2**53, so that a table that turns keys into floats keeps them)
    key = np.int64((outside >> np.uint64(12)) | (ONE << np.uint64(52)))
    month = w.counts[Count.MONTH]
    rung = w.posts[Post.RUNG, post]
    resident = 1 if unit_high(traits) < w.par[Par.OUTSIDER_MOVES_IN] else 0
    age_months = 240 + int(unit_low(traits) * 400.0)
    person = create_person(w, key, resident, month - age_months, Cause.HIRED_FROM_OUTSIDE)
    if person < 0:
        return -1
    z = mix(traits + GOLDEN)
    w.people[Person.SEX, person] = 1 if unit_high(z) < 0.5 else 0
    u = unit_low(z)
    education = 1
    if rung >= 2:
        education = 2 if u < 0.75 else 1
    elif rung == 0:
        education = 0 if u < 0.35 else 1
    else:
        education = 2 if u < 0.2 else (1 if u < 0.85 else 0)
    w.people[Person.EDUCATION, person] = education
    bit = int(w.scalars[Scalar.BIT_LITTLE_SCHOOLING])
    if bit >= 0 and education == 0:
        w.people[Person.BARRIERS, person] = 1 << bit
    w.people[Person.SECTOR, person] = w.posts[Post.SECTOR, post]
    w.people[Person.HOME_RUNG, person] = rung
    w.people[Person.CELL, person] = w.cell_is_target.shape[0] - 2 + resident
    w.traits[Trait.Q, person] = rung + gap
    z = mix(z + GOLDEN)
    give_traits(w, person, z)
    emit(
        w, EventKind.ENTERED, Cause.HIRED_FROM_OUTSIDE, person, -1, -1, -1,
        person_state(w, person), -1, -1, 0, 0,
    )  # fmt: skip
    return person


@kernel
def give_traits(w, person, z):
    """Draw the lasting differences of somebody new (mean-one log-normal, normal by logistic)."""
    z1 = mix(z + GOLDEN)
    z2 = mix(z1 + GOLDEN)
    z3 = mix(z2 + GOLDEN)
    z4 = mix(z3 + GOLDEN)
    z5 = mix(z4 + GOLDEN)
    scale = 0.5513  # standard deviation of the logistic brought to one
    w.traits[Trait.LEARN, person] = 0.9 + 0.35 * scale * logistic_noise(z1)
    sd = w.par[Par.EFFORT_SD]
    w.traits[Trait.EFFORT, person] = bounded_lognormal(sd, scale * logistic_noise(z2))
    sd = w.par[Par.ATTACHMENT_SD]
    w.traits[Trait.ATTACHMENT, person] = bounded_lognormal(sd, scale * logistic_noise(z3))
    sd = w.par[Par.AMBITION_SD]
    w.traits[Trait.AMBITION, person] = min(
        0.9, w.par[Par.AMBITION_MEAN] * bounded_lognormal(sd, scale * logistic_noise(z4))
    )
    mood = scale * logistic_noise(z5)
    w.traits[Trait.MOOD, person] = mood
    w.traits[Trait.EFFORT, person] *= math.exp(w.par[Par.MOOD_EFFORT] * mood)


@kernel
def bounded_lognormal(sd, deviate):
    """Return a log-normal factor of mean about one, its deviate kept within three sd."""
    return math.exp(sd * min(max(deviate, -3.0), 3.0) - 0.5 * sd * sd)


@kernel
def start_stage(w):
    """Let people start whose lag is over; emptied posts join the end of the list of vacancies."""
    posts = w.posts
    counts = w.counts
    open_posts = w.open_posts
    now = counts[Count.NOW]
    n = counts[Count.OPEN_POSTS]
    kept = 0
    for at in range(n):
        prefetch(posts, open_posts[min(at + AHEAD, n - 1)])
        soon = posts[Post.PENDING, open_posts[min(at + AHEAD // 2, n - 1)]]
        if soon >= 0:
            prefetch(w.people, soon)
            prefetch(w.traits, soon)
            prefetch(w.snapshots, soon)
        post = open_posts[at]
        if posts[Post.STATE, post] != PostState.VACANT:
            continue
        person = posts[Post.PENDING, post]
        if person == -1 or posts[Post.STARTS, post] > now:
            open_posts[kept] = post
            kept += 1
            continue
        if person < -1:
            person = hire_from_outside(w, post)
            if person < 0:
                return
        start_in_post(w, person, post, fill_of(w, person, post))
    # the posts that these starts emptied close up behind the vacancies that stay
    for at in range(n, counts[Count.OPEN_POSTS]):
        open_posts[kept] = open_posts[at]
        kept += 1
    counts[Count.OPEN_POSTS] = kept


@kernel
def hiring_round(w, number, slack):
    """Run one hiring round (``number`` from 1): inside, applications, closings, starts."""
    w.counts[Count.ROUND] = number
    w.counts[Count.NOW] = w.counts[Count.MONTH] * w.counts[Count.ROUNDS] + number - 1
    inside_stage(w)
    list_vacancies(w)
    send_applications(w, number, slack)
    closing_stage(w)
    start_stage(w)
    month = w.counts[Count.MONTH] - w.counts[Count.FIRST_MONTH]
    for rung in range(RUNGS):
        for what in range(w.stock.shape[1]):
            w.stock_rounds[month, rung, what] += w.stock[rung, what]
