"""One month: people age and separate, posts come and go, hiring rounds run, the month is recorded.

The order is that of the ODD: entries, measures, transitions and separations, posts, hiring rounds,
record. Rules live in :mod:`simulator.agents`; this file schedules.
"""

from __future__ import annotations

import math

import numpy as np

from simulator.agents.person import (
    YOUNG,
    applications_per_month,
    entrant_competence,
    exit_per_month,
    is_unemployed,
    job_loss_per_month,
    looseness,
    next_jobless_status,
    school_ends,
    search_left,
    search_with_hours,
    status_after_job_loss,
    unemployment_risk,
)
from simulator.agents.workplace import (
    destroyed_on_average,
    destroyed_per_month,
    growth_weight,
    mean_over_trends,
    return_per_month,
    shift_log_odds,
    trend_of_year,
)
from simulator.chance import (
    GOLDEN,
    Stream,
    index_high,
    index_low,
    mix,
    poisson,
    stream_base,
    unit,
    unit_high,
    unit_low,
    word,
)
from simulator.codes import RUNGS, Cause, Contract, EventKind, Fill, PostState, Status
from simulator.columns import Person, Post, Trait, Workplace
from simulator.compile import kernel
from simulator.enrolment import add_meetings, run_measures
from simulator.hiring import give_traits, hiring_round
from simulator.memory import prefetch
from simulator.moves import (
    change_status,
    create_person,
    create_post,
    destroy_post,
    emit,
    enter_register,
    help_of,
    is_cover,
    leave_place,
    person_state,
    return_post,
    separate,
    set_status,
    settle_competence,
    stratum_of,
)
from simulator.parameters import Par
from simulator.record import record_people, record_posts
from simulator.screen import (
    CHOOSES,
    LEAVES,
    LOSES,
    SENDS,
    drop_gone_people,
    drop_gone_posts,
    flag_people,
    flag_posts,
    list_flagged,
    post_screen_of,
    screen_afresh,
    screen_of,
)
from simulator.settling import KEY_MONTH, level, note_room, replace_posts, takes_room
from simulator.surroundings import change_surroundings
from simulator.world import (
    ALWAYS,
    DECAY_MONTHS,
    OF_MEN,
    STRUCK,
    Count,
    Flow,
    Help,
    Scalar,
    Sector,
    Shift,
    Stock,
    Stratum,
    Table,
)

FIRST_HIRE = Fill.HIRE_SHORT_TERM_UNEMPLOYED.value  # fills by people who held no post
LAST_HIRE = Fill.HIRE_OUTSIDE_REGION.value
ROUNDING = 1e-9
AHEAD = 6  # how many entries ahead memory is asked for
SETTLING_TRIES = 24


@kernel
def entrant_key(month, kind, slot):
    """Return the identity of somebody who enters: made of month, kind of entry and slot."""
    return (np.int64(month + KEY_MONTH) << 26) | (np.int64(kind) << 20) | np.int64(slot)


@kernel
def add_entrants(w):
    """Let school leavers and movers in enter; their number is a keyed draw, never of the state."""
    month = w.counts[Count.MONTH]
    seed = w.counts[Count.SEED]
    base = stream_base(seed, Stream.ENTRY, month)
    traits_base = stream_base(seed, Stream.ENTRY_TRAITS, month)
    for kind in range(2):
        mean = w.scalars[Scalar.SCHOOL_LEAVERS] if kind == 0 else w.scalars[Scalar.MOVERS_IN]
        # a whole part for sure and one more with the rest: little noise in the inflow
        number = int(np.floor(mean + unit(word(np.uint64(kind), base, 0))))
        for slot in range(number):
            sex = education = 0
            age_months = 180
            tries = SETTLING_TRIES if kind == 1 and w.counts[Count.SETTLING] > 0 else 1
            for attempt in range(tries):
                z = word(np.uint64((kind << 20) + slot), traits_base, 1 + 8 * attempt)
                z2 = mix(z + GOLDEN)
                sex = 0 if unit_high(z2) < w.entrants[kind, 0] else 1
                u = unit_low(z2)
                education = 2
                if u < w.entrants[kind, 1]:
                    education = 0
                elif u < w.entrants[kind, 1] + w.entrants[kind, 2]:
                    education = 1
                if kind == 1:
                    u = unit_high(z)
                    age = 15
                    while age < 74 and u >= w.ages[Table.MOVES_IN + sex * OF_MEN, age]:
                        age += 1
                    age_months = age * 12 + index_low(z, 12)
                if tries > 1 and takes_room(w, sex, education, age_months):
                    break
            cause = Cause.SCHOOL_LEAVER if kind == 0 else Cause.MOVED_IN
            person = create_person(w, entrant_key(month, kind, slot), 1, month - age_months, cause)
            if person < 0:
                return
            enter_register(w, person)
            z3 = mix(z2 + GOLDEN)
            w.people[Person.SEX, person] = sex
            w.people[Person.EDUCATION, person] = education
            flags = 0
            for bit in range(w.penalties.shape[0]):
                z3 = mix(z3 + GOLDEN)
                if unit_high(z3) < w.entrants[kind, 3 + bit]:
                    flags |= 1 << bit
            bit_schooling = int(w.scalars[Scalar.BIT_LITTLE_SCHOOLING])
            if bit_schooling >= 0 and education == 0:
                flags |= 1 << bit_schooling
            w.people[Person.BARRIERS, person] = flags
            u = unit_low(z3)
            sector = 0
            while (
                sector < w.sectors.shape[1] - 1 and u >= w.sectors[Sector.CUMULATIVE_SHARE, sector]
            ):
                sector += 1
            w.people[Person.SECTOR, person] = sector
            z4 = mix(z3 + GOLDEN)
            schooled = kind == 1 or education == 0
            q = entrant_competence(education if schooled else 0, unit_high(z4))
            w.traits[Trait.Q, person] = q
            w.people[Person.HOME_RUNG, person] = min(max(int(q), 0), 3)
            w.people[Person.CELL, person] = w.cell_is_target.shape[0] - 3
            give_traits(w, person, mix(z4 + GOLDEN))
            status = Status.N
            u = unit_low(z4)
            if kind == 1:
                registers = w.par[Par.REGISTER_YOUNG] if age_months < 12 * YOUNG else 1.0
                if u < w.scalars[Scalar.MOVER_A] * registers:
                    status = Status.A
                elif u < w.scalars[Scalar.MOVER_A] + w.scalars[Scalar.MOVER_S]:
                    status = Status.S
                elif u < (
                    w.scalars[Scalar.MOVER_A]
                    + w.scalars[Scalar.MOVER_S]
                    + w.scalars[Scalar.MOVER_ELSEWHERE]
                ):
                    status = Status.EMPLOYED_ELSEWHERE
            set_status(w, person, status)
            emit(
                w, EventKind.ENTERED, cause, person, -1, -1, -1,
                person_state(w, person), -1, -1, 0, 0,
            )  # fmt: skip


@kernel
def finish_school(w, person, age_months):
    """Raise the competence of somebody whose schooling ends this month."""
    education = w.people[Person.EDUCATION, person]
    if age_months == school_ends(education):
        settle_competence(w, person)
        base = stream_base(w.counts[Count.SEED], Stream.ENTRY_TRAITS, 0)
        u = unit(word(w.person_hash[person], base, 2))
        w.traits[Trait.Q, person] = max(w.traits[Trait.Q, person], entrant_competence(education, u))


@kernel
def add_intents(w, person, number, base):
    """Spread a person's applications of the month over its rounds, by keyed draws."""
    rounds = w.counts[Count.ROUNDS]
    for k in range(min(number, 60)):
        at_round = index_low(word(w.person_hash[person], base, 1 + k), rounds)
        at = w.intent_counts[at_round]
        if at >= w.intents.shape[1]:
            w.counts[Count.OVERFLOW] = 7
            return
        w.intents[at_round, at] = (np.int64(person) << 6) | k
        w.intent_counts[at_round] = at + 1


@kernel
def people_pass(w):
    """Age everybody one month: death, moves, retirement, transitions, separations, search."""
    people = w.people
    traits = w.traits
    posts = w.posts
    shifts = w.shifts
    par = w.par
    counts = w.counts
    interested = w.interested
    active_people = w.active_people
    active_hash = w.active_hash
    screens = w.screens
    due = w.due
    decay = w.decay
    flagged = w.flagged
    month = counts[Count.MONTH]
    seed = counts[Count.SEED]
    demography = stream_base(seed, Stream.DEMOGRAPHY, month)
    work = stream_base(seed, Stream.WORK, month)
    search = stream_base(seed, Stream.SEARCH, month)
    health = int(w.scalars[Scalar.BIT_HEALTH])
    interested[:, :] = -1
    w.intent_counts[:] = 0
    drop_gone_people(w)
    screen_afresh(w)
    n = counts[Count.ACTIVE_PEOPLE]
    flag_people(screens, active_hash, demography, work, flagged, n)
    n_due = list_flagged(flagged, due, n)
    screened = counts[Count.NO_SCREENS] == 0
    for k in range(n_due):
        # screens say whom; ask memory for the columns of those whose turn is soon
        soon = active_people[due[min(k + 2 * AHEAD, n_due - 1)]]
        prefetch(people, soon)
        prefetch(traits, soon)
        prefetch(posts, max(people[Person.POST, active_people[due[min(k + AHEAD, n_due - 1)]]], 0))
        at = due[k]
        person = active_people[at]
        status = people[Person.STATUS, person]
        if status > Status.N:
            continue
        reach = flagged[at]  # which of the chances below the draws may reach
        hashed = active_hash[at]
        x = word(hashed, demography, 0)
        y = word(hashed, work, 0)
        age_months = month - people[Person.BIRTH_MONTH, person]
        age = min(age_months // 12, 99)
        finish_school(w, person, age_months)
        if reach & LEAVES and leaves(w, person, age, unit_high(x)):
            continue
        helped = people[Person.HELP, person] >= 0
        ill = health >= 0 and (people[Person.BARRIERS, person] >> health) & 1 == 1
        left_of_search = 1.0
        if status == Status.EMPLOYED:
            post = people[Person.POST, person]
            rung = posts[Post.RUNG, post]
            workplace = posts[Post.WORKPLACE, post]
            if reach & (LOSES | SENDS):
                tenure = month - people[Person.EMPLOYER_SINCE, person]
                left_of_search = looseness(tenure, rung, traits[Trait.ATTACHMENT, person], par)
            if reach & LOSES and stops_working(w, person, age, ill, left_of_search, y):
                status = people[Person.STATUS, person]
                reach |= SENDS
            else:
                if reach & CHOOSES:
                    ambition = traits[Trait.AMBITION, person]
                    shift = shifts[Shift.AMBITION, workplace]
                    if helped or shift != 0.0:
                        shift += help_of(w, person, Help.AMBITION)
                        ambition = shift_log_odds(ambition, shift)
                    if unit_low(x) < ambition:
                        people[Person.NEXT_INTERESTED, person] = interested[rung, workplace]
                        interested[rung, workplace] = person
                if par[Par.UPGRADE_IN_PLACE] > 0.0:
                    upgrade_in_place(w, person, post)
        elif reach & (CHOOSES | LOSES):
            after = next_without_post(w, person, age, unit_low(x), unit_high(y))
            if after != status:
                change_status(w, person, after, Cause.TRANSITION)
                status = after
                reach |= SENDS
        # search of the month
        if reach & SENDS and status <= Status.N:
            if status >= Status.A:
                idle = min(month - people[Person.IDLE_SINCE, person], DECAY_MONTHS - 1)
                left_of_search = decay[max(idle, 0)] * search_left(age, ill, par)
            help_log = 0.0
            if helped:
                help_log = (
                    help_of(w, person, Help.SEARCH_EFFORT)
                    + par[Par.MOOD_EFFORT] * help_of(w, person, Help.MOOD)
                    + help_of(w, person, Help.LOCK_IN)
                )
            if helped and status == Status.EMPLOYED:
                help_log += search_with_hours(help_of(w, person, Help.HOURS), par)
            rate = applications_per_month(
                status, traits[Trait.EFFORT, person], left_of_search, help_log, par
            )
            u = unit_low(y)
            if u > 1.0 - rate:
                add_intents(w, person, poisson(rate, u), search)
        if screens[at] == ALWAYS and screened:
            screens[at] = screen_of(w, person)


@kernel
def leaves(w, person, age, u):
    """Let a person die, move away or retire when this month's draw says so; return whether."""
    own = w.people[Person.SEX, person] * OF_MEN
    working = w.people[Person.STATUS, person] == Status.EMPLOYED
    away = Table.MOVES_AWAY_IN_WORK if working else Table.MOVES_AWAY
    dies = w.ages[own + Table.DIES, age]
    moves = dies + w.ages[own + away, age]
    if u >= moves + w.ages[own + Table.RETIRES, age]:
        return False
    if u < dies:
        cause = Cause.DIED
        after = Status.DEAD
    elif u < moves:
        cause = Cause.MOVED_AWAY
        after = Status.LEFT
    else:
        cause = Cause.RETIREMENT
        after = Status.RETIRED
    if w.people[Person.STATUS, person] == Status.EMPLOYED:
        separate(w, person, cause, after, False)
    else:
        leave_place(w, person, cause, after)
    return True


@kernel
def stops_working(w, person, age, ill, loose, y):
    """Let a worker lose the post, quit or take one elsewhere when the draw says so."""
    par = w.par
    post = w.people[Person.POST, person]
    help_log = w.shifts[Shift.SEPARATION_AFTER_HIRE, w.posts[Post.WORKPLACE, post]]
    help_log += help_of(w, person, Help.SEPARATION_AFTER_HIRE)
    risk = unemployment_risk(w.people[Person.EDUCATION, person], w.people[Person.SEX, person], par)
    shortfall = w.posts[Post.RUNG, post] - w.traits[Trait.Q, person]
    leaving = loose * par[Par.RISK_HEALTH] if ill else loose
    lost = job_loss_per_month(leaving * risk, shortfall, help_log, par)
    exits = lost + exit_per_month(age, leaving, w.posts[Post.TITLE, post], par)
    elsewhere = exits + par[Par.JOB_ELSEWHERE] * loose
    if w.people[Person.RESIDENT, person] == 0:
        elsewhere += par[Par.COMMUTER_LEAVES]
    u = unit_high(y)
    if u >= elsewhere:
        return False
    if u < lost:
        after = status_after_job_loss(u / lost, age, par)
        separate(w, person, Cause.JOB_LOSS, after, False)
    elif u < exits:
        separate(w, person, Cause.LABOUR_FORCE_EXIT, Status.N, False)
    else:
        separate(w, person, Cause.JOB_ELSEWHERE, Status.EMPLOYED_ELSEWHERE, False)
    return True


@kernel
def next_without_post(w, person, age, u, finds):
    """Return the status of next month of somebody without a post here, by two uniform numbers."""
    par = w.par
    status = w.people[Person.STATUS, person]
    if status == Status.EMPLOYED_ELSEWHERE:
        if u < par[Par.ELSEWHERE_END]:
            return status_after_job_loss(u / par[Par.ELSEWHERE_END], age, par)
        return int(status)
    risk = unemployment_risk(w.people[Person.EDUCATION, person], w.people[Person.SEX, person], par)
    after = next_jobless_status(status, age, risk, u, par)
    if after == status and is_unemployed(status) and finds < par[Par.FIND_ELSEWHERE]:
        return Status.EMPLOYED_ELSEWHERE.value
    return after


@kernel
def upgrade_in_place(w, person, post):
    """Promote in place: the title rises, no post empties, no rule reads the title but quitting."""
    if w.posts[Post.TITLE, post] == 1 or w.posts[Post.RUNG, post] >= RUNGS - 1:
        return
    base = stream_base(w.counts[Count.SEED], Stream.CONTRACT, w.counts[Count.MONTH])
    if unit(word(w.person_hash[person], base, 0)) < w.par[Par.UPGRADE_IN_PLACE]:
        w.posts[Post.TITLE, post] = 1
        rung = w.posts[Post.RUNG, post] + 1
        emit(
            w, EventKind.UPGRADED_IN_PLACE, Cause.NONE, person, post, -1, rung,
            person_state(w, person), -1, -1, 0, 0,
        )  # fmt: skip


@kernel
def posts_pass(w):
    """Destroy posts, end fixed terms, let withdrawn posts return."""
    posts = w.posts
    post_hash = w.post_hash
    workplaces = w.workplaces
    shifts = w.shifts
    par = w.par
    counts = w.counts
    active_posts = w.active_posts
    due = w.due
    month = counts[Count.MONTH]
    calendar = (month + 1200 + int(w.scalars[Scalar.FIRST_CALENDAR_MONTH])) % 12
    season = Sector.ENDS_0 + calendar  # how much of the hazard of an end acts in this month
    base = stream_base(counts[Count.SEED], Stream.POST, month)
    drop_gone_posts(w)
    n = counts[Count.ACTIVE_POSTS]
    post_screens = w.post_screens
    screened = counts[Count.NO_SCREENS] == 0
    flag_posts(post_screens, w.active_post_hash, base, w.flagged, n)
    n_due = list_flagged(w.flagged, due, n)
    for k in range(n_due):
        prefetch(posts, active_posts[due[min(k + AHEAD, n_due - 1)]])
        post = active_posts[due[k]]
        state = posts[Post.STATE, post]
        if state == PostState.DESTROYED:
            continue
        if post_screens[due[k]] == ALWAYS and screened:
            post_screens[due[k]] = post_screen_of(w, post)
        z = word(post_hash[post], base, 0)
        workplace = posts[Post.WORKPLACE, post]
        trend = workplaces[Workplace.TREND, workplace]
        fixed = posts[Post.CONTRACT, post] == Contract.FIXED_TERM
        holder = posts[Post.HOLDER, post]
        if not fixed or state != PostState.FILLED:
            if unit_high(z) < destroyed_per_month(trend, par):
                if state == PostState.FILLED:
                    age = (month - w.people[Person.BIRTH_MONTH, holder]) // 12
                    after = status_after_job_loss(unit_low(z), age, par)
                    separate(w, holder, Cause.JOB_LOSS, after, True)
                else:
                    destroy_post(w, post, Cause.NO_LONGER_NEEDED)
                continue
        elif not is_cover(posts[Post.CREATED_BY, post]) and unit_high(z) < (
            par[Par.FIXED_TERM_END] * w.sectors[season, posts[Post.SECTOR, post]]
        ):
            z2 = mix(z + GOLDEN)
            shift = shifts[Shift.FIXED_TERM_CONVERSION, workplace]
            shift += help_of(w, holder, Help.FIXED_TERM_CONVERSION)
            if unit_high(z2) < shift_log_odds(par[Par.FIXED_TERM_KEPT], shift):
                rung = posts[Post.RUNG, post] + posts[Post.TITLE, post]
                emit(
                    w, EventKind.KEPT_ON, Cause.NONE, holder, post, -1, rung,
                    person_state(w, holder), -1, -1, 0, 0,
                )  # fmt: skip
            else:
                to_n = par[Par.FIXED_TERM_TO_N]
                u = unit_low(z)
                after = Status.N
                if u >= to_n:
                    age = (month - w.people[Person.BIRTH_MONTH, holder]) // 12
                    after = status_after_job_loss((u - to_n) / (1.0 - to_n), age, par)
                ends = unit_low(z2) < par[Par.FIXED_TERM_POST_ENDS]
                separate(w, holder, Cause.FIXED_TERM_END, after, ends)
        if state == PostState.WITHDRAWN and unit_low(z) < return_per_month(trend, par):
            return_post(w, post)


@kernel
def add_new_posts(w):
    """Create posts by (month, sector, slot) under the demand closure.

    While the world settles, new posts replace those that have gone. After that, each slot copies a
    post of the start (workplace, rung, contract): the list is the same in both
    twins, and closure E changes only the slots at the margin.
    """
    if w.counts[Count.SETTLING] > 0:
        replace_posts(w)
        return
    workplaces = w.workplaces
    par = w.par
    counts = w.counts
    scalars = w.scalars
    month = counts[Count.MONTH]
    base = stream_base(counts[Count.SEED], Stream.NEW_POSTS, month)
    cap = par[Par.CLOSURE_CAP]
    mean_weight = mean_over_trends(par[Par.NEW_GROWING], par[Par.NEW_SHRINKING], par)
    highest = max(par[Par.NEW_GROWING] / mean_weight, 1.0) * cap
    highest_weight = max(max(par[Par.NEW_GROWING], par[Par.NEW_SHRINKING]), 1.0) / mean_weight
    highest_weight = max(highest_weight, 1.0)
    calendar = (month + 1200 + int(scalars[Scalar.FIRST_CALENDAR_MONTH])) % 12
    trend = math.exp(par[Par.TREND_PER_YEAR] * max(month, 0) / 12.0)
    for sector in range(w.sectors.shape[1]):
        first = w.template_start[sector]
        n = w.template_start[sector + 1] - first
        if n == 0:
            continue
        rate_fixed = w.sectors[Sector.NEW_POSTS_FIXED, sector]
        at_rest = w.sectors[Sector.NEW_POSTS_OPEN, sector]
        rate_open = max(destroyed_on_average(at_rest, 0, par), at_rest)
        season = w.sectors[Sector.SEASON_0 + calendar, sector] * trend
        slots = int(np.ceil(n * max(rate_open, rate_fixed) * season * highest))
        highest_factor = 0.0
        for rung in range(RUNGS):
            highest_factor = max(highest_factor, w.fill_factor[sector * RUNGS + rung])
        most = highest_factor * highest_weight / highest + ROUNDING
        for begin in range(0, slots, w.due.shape[0]):
            n_due = list_slots(w, sector, begin, min(slots - begin, w.due.shape[0]), base, most)
            for at in range(n_due):
                slot = begin + w.due[at]
                z = word(np.uint64((sector << 20) + slot), base, 0)
                template = first + index_high(z, n)
                workplace = np.int64(w.templates[0, template])
                rung = w.templates[1, template]
                if rung == STRUCK:
                    continue
                contract = w.templates[2, template]
                size_class = workplaces[Workplace.SIZE_CLASS, workplace]
                expected = rate_fixed
                if contract != Contract.FIXED_TERM:
                    expected = destroyed_on_average(at_rest, size_class, par)
                weight = growth_weight(workplaces[Workplace.TREND, workplace], size_class, par)
                factor = w.fill_factor[sector * RUNGS + rung]
                if unit_low(z) < expected * season * weight * factor * n / slots:
                    key = (np.int64(month + KEY_MONTH) << 26) | (sector << 20) | slot
                    create_post(w, key, workplace, sector, rung, contract, Cause.NEW_POST, 0)


@kernel
def list_slots(w, sector, begin, n, base, most):
    """List the slots for new posts of a sector whose draw may be accepted; return how many."""
    flagged = w.flagged
    key = np.uint64((sector << 20) + begin)
    for at in range(n):  # vectorised by the compiler
        flagged[at] = unit_low(word(key + np.uint64(at), base, 0)) <= most
    return list_flagged(flagged, w.due, n)


@kernel
def set_trends(w):
    """Draw whether each workplace grows, rests or shrinks this year; updated in its own month."""
    workplaces = w.workplaces
    par = w.par
    counts = w.counts
    month = counts[Count.MONTH]
    year = (month + 1200) // 12
    for workplace in range(workplaces.shape[1]):
        hashed = w.workplace_hash[workplace]
        if index_low(hashed, 12) == (month + 1200) % 12:
            base = stream_base(counts[Count.SEED], Stream.TREND, year)
            size_class = workplaces[Workplace.SIZE_CLASS, workplace]
            workplaces[Workplace.TREND, workplace] = trend_of_year(
                unit(word(hashed, base, 0)), size_class, par
            )


@kernel
def set_fill_factors(w):
    """Compute (Q/Q0)^eps of each stratum from the last twelve months of fills and vacancies."""
    eps = w.par[Par.CLOSURE_EPS]
    for stratum in range(w.fill_factor.shape[0]):
        if eps == 0.0:
            w.fill_factor[stratum] = 1.0
            continue
        fills = 0.0
        exposure = 0.0
        for m in range(12):
            fills += w.fill_ring[m, 0, stratum]
            exposure += w.fill_ring[m, 1, stratum]
        normal = w.fill_normal[stratum]
        weight = w.scalars[Scalar.FILL_CHANCE_WEIGHT]
        ratio = 1.0
        if normal > 0.0:
            ratio = (fills + weight * normal) / ((exposure + weight) * normal)
        w.fill_factor[stratum] = min(math.pow(ratio, eps), w.par[Par.CLOSURE_CAP])


@kernel
def note_stocks(w):
    """Note filled posts and posts before a month, for the identities of flows and stocks."""
    filled = 0
    posts = 0
    for rung in range(RUNGS):
        filled += w.stock[rung, Stock.FILLED]
        posts += w.stock[rung, Stock.FILLED] + w.stock[rung, Stock.VACANT]
        posts += w.stock[rung, Stock.NOT_BACKFILLED] + w.stock[rung, Stock.GIVEN_UP]
    w.counts[Count.FILLED_BEFORE] = filled
    w.counts[Count.POSTS_BEFORE] = posts


@kernel
def flows_agree(w):
    """Return whether flows of the month explain the change in filled posts and in posts.

    Hires of people who held no post less separations = change in filled posts; change in posts =
    created less destroyed. Since the stocks are those of the columns, it follows that change in
    filled = change in posts less change in vacant less change in withdrawn.
    """
    month = w.counts[Count.MONTH]
    flows = w.flows[month - w.counts[Count.FIRST_MONTH]]
    hires = 0
    separations = 0
    filled = 0
    posts = 0
    for rung in range(RUNGS):
        for fill in range(FIRST_HIRE, LAST_HIRE + 1):
            hires += flows[rung, Flow.FILL + fill]
        separations += flows[rung, Flow.SEPARATED]
        filled += w.stock[rung, Stock.FILLED]
        posts += w.stock[rung, Stock.FILLED] + w.stock[rung, Stock.VACANT]
        posts += w.stock[rung, Stock.NOT_BACKFILLED] + w.stock[rung, Stock.GIVEN_UP]
    born = 0
    for post in range(w.counts[Count.POSTS]):
        if w.posts[Post.CREATED_MONTH, post] == month and (
            w.posts[Post.CREATED_BY, post] != Cause.START
        ):
            born += 1
        if w.posts[Post.REMOVED_MONTH, post] == month:
            born -= 1
    filled -= w.counts[Count.FILLED_BEFORE]
    posts -= w.counts[Count.POSTS_BEFORE]
    return hires - separations == filled and born == posts


@kernel
def search_tables_agree(w):
    """Return whether the slots of each stratum hold as many of its posts as were open."""
    for stratum in range(w.strata.shape[1]):
        first = w.strata[Stratum.FIRST, stratum]
        found = 0
        for slot in range(first, first + w.strata[Stratum.SIZE, stratum]):
            if w.slots[slot] >= 0:
                if stratum_of(w, w.slots[slot] >> 1) != stratum:
                    return False
                found += 1
        if found != w.strata[Stratum.OPEN, stratum]:
            return False
    return True


@kernel
def lists_agree(w):
    """Return whether the lists of vacancies and of posts of a workplace hold what they must."""
    vacant = 0
    for at in range(w.counts[Count.OPEN_POSTS]):
        # a vacancy destroyed in the monthly part stays in the list until the round ends
        if w.posts[Post.STATE, w.open_posts[at]] == PostState.VACANT:
            vacant += 1
    unemployed = 0
    for person in range(w.counts[Count.PEOPLE]):
        status = w.people[Person.STATUS, person]
        if is_unemployed(status) and w.people[Person.RESIDENT, person] == 1:
            unemployed += 1
    if vacant != w.counts[Count.VACANT] or unemployed != w.counts[Count.UNEMPLOYED]:
        return False
    for workplace in range(w.workplaces.shape[1]):
        left = w.workplaces[Workplace.POSTS, workplace]
        for rung in range(RUNGS):
            previous = -1
            post = w.heads[rung, workplace]
            while post >= 0:
                left -= 1
                if (
                    left < 0
                    or w.posts[Post.WORKPLACE, post] != workplace
                    or w.posts[Post.RUNG, post] != rung
                    or w.posts[Post.PREVIOUS, post] != previous
                    or w.posts[Post.STATE, post] == PostState.DESTROYED
                ):
                    return False
                previous = post
                post = w.posts[Post.NEXT, post]
        if left != 0:
            return False
    return True


@kernel
def check_conservation(w):
    """Verify the identities after a round on the columns; set BROKEN to the first broken.

    1 holder and post agree; 2 people in one status with or without a post; 3 stocks equal the
    columns; 4 posts per workplace; 5 search tables; 6 offers agree; 7 flows explain the change of
    stocks (``flows_agree``); 8 lists and counters (``lists_agree``).
    """
    stock = w.checked_stock
    stock[:, :] = 0
    w.checked_workplaces[:, :] = 0
    filled = w.checked_workplaces[0]
    held = w.checked_workplaces[1]
    broken = 0
    for post in range(w.counts[Count.POSTS]):
        state = w.posts[Post.STATE, post]
        holder = w.posts[Post.HOLDER, post]
        if state == PostState.DESTROYED:
            if holder >= 0:
                broken = 1
            continue
        rung = w.posts[Post.RUNG, post]
        workplace = w.posts[Post.WORKPLACE, post]
        held[workplace] += 1
        if state == PostState.FILLED:
            stock[rung, Stock.FILLED] += 1
            filled[workplace] += 1
            if w.posts[Post.CONTRACT, post] == Contract.FIXED_TERM:
                stock[rung, Stock.FIXED_TERM] += 1
            if holder < 0 or w.people[Person.POST, holder] != post:
                broken = 1
        else:
            if holder >= 0:
                broken = 1
            if state == PostState.VACANT:
                stock[rung, Stock.VACANT] += 1
                pending = w.posts[Post.PENDING, post]
                if pending >= 0 and w.people[Person.OFFER, pending] != post:
                    broken = 6
            elif w.posts[Post.CAUSE, post] == Cause.GIVEN_UP:
                stock[rung, Stock.GIVEN_UP] += 1
            else:
                stock[rung, Stock.NOT_BACKFILLED] += 1
    for rung in range(RUNGS):
        for what in range(stock.shape[1]):
            if stock[rung, what] != w.stock[rung, what]:
                broken = 3
    if not search_tables_agree(w):
        broken = 5
    for workplace in range(w.workplaces.shape[1]):
        if held[workplace] != w.workplaces[Workplace.POSTS, workplace]:
            broken = 4
        if filled[workplace] != w.workplaces[Workplace.FILLED, workplace]:
            broken = 4
    for person in range(w.counts[Count.PEOPLE]):
        post = w.people[Person.POST, person]
        if (w.people[Person.STATUS, person] == Status.EMPLOYED) != (post >= 0):
            broken = 2
        if post >= 0 and w.posts[Post.HOLDER, post] != person:
            broken = 1
        offer = w.people[Person.OFFER, person]
        if offer >= 0 and w.posts[Post.PENDING, offer] != person:
            broken = 6
    if not flows_agree(w):
        broken = 7
    if not lists_agree(w):
        broken = 8
    if broken != 0 and w.counts[Count.BROKEN] == 0:
        w.counts[Count.BROKEN] = broken


@kernel
def advance_month(w, month):
    """Run one month of a world (the only entry of the engine)."""
    rounds = w.counts[Count.ROUNDS]
    w.counts[Count.MONTH] = month
    w.counts[Count.ROUND] = 0
    w.counts[Count.NOW] = month * rounds
    slot = (month + 1200) % 12
    w.fill_ring[slot] = 0.0
    # slack as it was at the end of last month: who joins now changes nobody's search this month
    vacant = max(w.counts[Count.VACANT_BEFORE], 1)
    slack = 1.0
    if w.counts[Count.SLACK_NUMERATOR] > 0:
        slack = (
            1000.0 * w.counts[Count.UNEMPLOYED_BEFORE] / vacant / w.counts[Count.SLACK_NUMERATOR]
        )
    if w.counts[Count.CHECK] == 1:
        note_stocks(w)
    set_trends(w)
    set_fill_factors(w)
    if w.counts[Count.SETTLING] > 0:
        note_room(w)
    change_surroundings(w)
    add_entrants(w)
    run_measures(w)
    people_pass(w)
    add_meetings(w)
    posts_pass(w)
    add_new_posts(w)
    if w.counts[Count.CHECK] == 1:
        check_conservation(w)
    for number in range(1, rounds + 1):
        hiring_round(w, number, slack)
        if w.counts[Count.CHECK] == 1:
            check_conservation(w)
    if w.counts[Count.SETTLING] == 2:
        level(w)
        if w.counts[Count.CHECK] == 1:
            check_conservation(w)
    record_people(w)
    record_posts(w)
    w.counts[Count.VACANT_BEFORE] = w.counts[Count.VACANT]
    w.counts[Count.UNEMPLOYED_BEFORE] = w.counts[Count.UNEMPLOYED]
