"""The moves of people and posts: every change of state goes through one of these kernels.

Each keeps columns, search tables, stocks and the event table in step, so that conservation holds
by construction and is checked after every round.
"""

from __future__ import annotations

import numpy as np

from simulator.agents.person import competence, distance_kept, is_registered, is_unemployed
from simulator.agents.workplace import (
    backfill_share,
    collection_length,
    inside_share,
    shown_share,
)
from simulator.chance import (
    Stream,
    index_high,
    key_hash,
    stream_base,
    unit,
    unit_high,
    unit_low,
    word,
)
from simulator.codes import (
    LONG_TERM_MONTHS,
    RUNGS,
    Cause,
    Contract,
    EventKind,
    Fill,
    PostState,
    Status,
)
from simulator.columns import Event, Person, Policy, Post, Trait, Workplace
from simulator.compile import kernel
from simulator.parameters import Par
from simulator.world import (
    ALWAYS,
    DISTANCE_MONTHS,
    NEVER,
    Block,
    Count,
    Flow,
    Help,
    Shift,
    Snapshot,
    Stock,
    Stratum,
)

OF_THIS_MONTH = 64  # bit of a recorded state: the person is in the month's list of changes
NOT_COUNTED = 18  # recorded state of somebody new: position OUT


@kernel
def emit(w, kind, cause, person, post, from_post, rung, state, measure, chain_post, opening, place):
    """Append one row to the event table when events are recorded."""
    if w.counts[Count.RECORD] == 0:
        return
    row = w.counts[Count.EVENTS]
    if row >= w.events.shape[0]:
        w.counts[Count.OVERFLOW] = 1
        return
    event = w.events[row]
    event[Event.WHEN] = w.counts[Count.MONTH] * 16 + w.counts[Count.ROUND]
    event[Event.KIND] = kind
    event[Event.CAUSE] = cause
    event[Event.PERSON] = person
    event[Event.POST] = post
    event[Event.FROM_POST] = from_post
    event[Event.RUNG] = rung
    event[Event.STATE] = state
    event[Event.MEASURE] = measure
    event[Event.CHAIN_POST] = chain_post
    event[Event.CHAIN_OPENING] = opening
    event[Event.PLACE] = place
    w.counts[Count.EVENTS] = row + 1


@kernel
def flow(w, rung, what):
    """Count one flow of the month at a rung."""
    w.flows[w.counts[Count.MONTH] - w.counts[Count.FIRST_MONTH], rung, what] += 1


@kernel
def person_state(w, person):
    """Return status * 2 + resident, as the event table stores it."""
    return w.people[Person.STATUS, person] * 2 + w.people[Person.RESIDENT, person]


@kernel
def stratum_of(w, post):
    """Return the stratum (sector and rung) of a post."""
    return w.posts[Post.SECTOR, post] * RUNGS + w.posts[Post.RUNG, post]


@kernel
def enter_register(w, person):
    """Let measures recruit a person: the person joins a hashed cell of the register.

    A measure draws cells and asks everybody in them, so one more person changes nobody's turn.
    """
    cell = index_high(w.person_hash[person], w.register_heads.shape[0])
    w.register[person] = w.register_heads[cell]
    w.register_heads[cell] = person


@kernel
def link_to_workplace(w, post):
    """Put a post at the head of the list of its workplace and rung."""
    workplace = w.posts[Post.WORKPLACE, post]
    rung = w.posts[Post.RUNG, post]
    head = w.heads[rung, workplace]
    w.posts[Post.NEXT, post] = head
    w.posts[Post.PREVIOUS, post] = -1
    if head >= 0:
        w.posts[Post.PREVIOUS, head] = post
    w.heads[rung, workplace] = post
    w.workplaces[Workplace.POSTS, workplace] += 1


@kernel
def unlink_from_workplace(w, post):
    """Take a post out of the list of its workplace and rung."""
    workplace = w.posts[Post.WORKPLACE, post]
    following = w.posts[Post.NEXT, post]
    previous = w.posts[Post.PREVIOUS, post]
    if previous >= 0:
        w.posts[Post.NEXT, previous] = following
    else:
        w.heads[w.posts[Post.RUNG, post], workplace] = following
    if following >= 0:
        w.posts[Post.PREVIOUS, following] = previous
    w.workplaces[Workplace.POSTS, workplace] -= 1


@kernel
def stock_position(w, post):
    """Return the stock in which a post counts."""
    state = w.posts[Post.STATE, post]
    if state == PostState.FILLED:
        return Stock.FILLED
    if state == PostState.VACANT:
        return Stock.VACANT
    if w.posts[Post.CAUSE, post] == Cause.GIVEN_UP:
        return Stock.GIVEN_UP
    return Stock.NOT_BACKFILLED


@kernel
def count_post(w, post, change):
    """Add a post to, or take it from, the stock of its state."""
    posts = w.posts
    workplaces = w.workplaces
    counts = w.counts
    rung = posts[Post.RUNG, post]
    w.stock[rung, stock_position(w, post)] += change
    w.post_screens[w.place_of_post[post]] = ALWAYS
    if posts[Post.STATE, post] == PostState.FILLED:
        workplaces[Workplace.FILLED, posts[Post.WORKPLACE, post]] += change
        if posts[Post.CONTRACT, post] == Contract.FIXED_TERM:
            w.stock[rung, Stock.FIXED_TERM] += change
    elif posts[Post.STATE, post] == PostState.VACANT:
        counts[Count.VACANT] += change


@kernel
def settle_competence(w, person):
    """Bring stored competence up to this month; call before anything that moves it changes."""
    month = w.counts[Count.MONTH]
    months = month - w.people[Person.Q_SINCE, person]
    if months > 0:
        w.traits[Trait.Q, person] = competence_now(w, person)
        w.people[Person.Q_SINCE, person] = month


@kernel
def competence_now(w, person):
    """Return a person's competence this month, help from measures included."""
    people = w.people
    traits = w.traits
    par = w.par
    counts = w.counts
    months = counts[Count.MONTH] - people[Person.Q_SINCE, person]
    in_work = people[Person.STATUS, person] <= Status.EMPLOYED_ELSEWHERE
    rung = people[Person.HOME_RUNG, person]
    if months < DISTANCE_MONTHS:
        kept = w.distance[1 if in_work else 0, months]
    else:
        kept = distance_kept(in_work, months, par)
    return competence(
        traits[Trait.Q, person],
        traits[Trait.LEARN, person] + help_of(w, person, Help.LEARNING),
        rung,
        in_work,
        kept,
    )


@kernel
def help_of(w, person, what):
    """Return the active help of a person on one lever (0 outside measures)."""
    row = w.people[Person.HELP, person]
    if row < 0:
        return 0.0
    return w.helps[what, row]


@kernel
def note_change(w, person):
    """Note that a person's status or post changed: for the record and for the screen."""
    gone = w.people[Person.STATUS, person] > Status.N
    w.screens[w.place_of_person[person]] = NEVER if gone else ALWAYS
    state = w.snapshots[Snapshot.STATE, person]
    if state & OF_THIS_MONTH:
        return
    w.snapshots[Snapshot.STATE, person] = state | OF_THIS_MONTH
    ring = w.counts[Count.MONTH] & 3
    at = w.changed_counts[ring]
    w.changed[ring, at] = person
    w.changed_counts[ring] = at + 1


@kernel
def set_status(w, person, status):
    """Change what a person does and keep the clocks of spells."""
    people = w.people
    counts = w.counts
    settle_competence(w, person)
    month = counts[Count.MONTH]
    old = people[Person.STATUS, person]
    if old == status:
        return
    was_in_work = old <= Status.EMPLOYED_ELSEWHERE
    in_work = status <= Status.EMPLOYED_ELSEWHERE
    if was_in_work and not in_work:
        people[Person.IDLE_SINCE, person] = month
    if is_registered(status):
        if not is_registered(old):
            people[Person.REGISTER_SINCE, person] = month
    else:
        people[Person.REGISTER_SINCE, person] = -1000000
    if is_unemployed(status):
        if not is_unemployed(old):
            people[Person.UNEMPLOYED_SINCE, person] = month
    else:
        people[Person.UNEMPLOYED_SINCE, person] = -1000000
    if is_unemployed(old) and people[Person.RESIDENT, person] == 1:
        counts[Count.UNEMPLOYED] -= 1
    if is_unemployed(status) and people[Person.RESIDENT, person] == 1:
        counts[Count.UNEMPLOYED] += 1
    people[Person.STATUS, person] = status
    people[Person.STATUS_SINCE, person] = month
    if status > Status.N:
        counts[Count.GONE_PEOPLE] += 1
    note_change(w, person)


@kernel
def start_collection(w, post):
    """Start to collect applications: a keyed number of rounds until the closing round."""
    base = stream_base(w.counts[Count.SEED], Stream.COLLECTION, 0)
    number = w.posts[Post.OPENING, post] * 32 + w.posts[Post.ATTEMPT, post]
    length = collection_length(unit(word(w.post_hash[post], base, number)), w.par)
    w.posts[Post.CLOSES, post] = w.counts[Count.NOW] + length
    w.posts[Post.APPLICANTS, post] = -1


@kernel
def open_vacancy(w, post, cause, chain_post, chain_opening, place, supported):
    """Advertise an empty post; its opening number has been set."""
    posts = w.posts
    post_hash = w.post_hash
    workplaces = w.workplaces
    policies = w.policies
    shifts = w.shifts
    par = w.par
    counts = w.counts
    open_posts = w.open_posts
    base = stream_base(counts[Count.SEED], Stream.OPENING, 0)
    z = word(post_hash[post], base, posts[Post.OPENING, post])
    workplace = posts[Post.WORKPLACE, post]
    rung = posts[Post.RUNG, post]
    posts[Post.STATE, post] = PostState.VACANT
    posts[Post.OPENED, post] = counts[Count.NOW]
    posts[Post.ATTEMPT, post] = 0
    posts[Post.PENDING, post] = -1
    shown = shown_share(par[Par.PUBLIC_SHARE], shifts[Shift.VISIBILITY, workplace])
    public = 1 if unit_high(z) < shown else 0
    posts[Post.PUBLIC, post] = public
    share = inside_share(
        workplaces[Workplace.SIZE_CLASS, workplace],
        policies[Policy.INTERNAL_FIRST, workplace] + shifts[Shift.INTERNAL_FIRST, workplace],
        par,
    )
    inside = posts[Post.ASKS, post] == 0 and unit_low(z) < share
    posts[Post.INSIDE, post] = 1 if inside else 0
    posts[Post.CAUSE, post] = cause
    posts[Post.CHAIN_POST, post] = chain_post
    posts[Post.CHAIN_OPENING, post] = chain_opening
    posts[Post.PLACE, post] = place
    posts[Post.SUPPORTED, post] = supported
    count_post(w, post, 1)
    at = counts[Count.OPEN_POSTS]
    if at >= open_posts.shape[0]:
        counts[Count.OVERFLOW] = 3
        return
    open_posts[at] = post
    counts[Count.OPEN_POSTS] = at + 1
    start_collection(w, post)
    flow(w, rung, Flow.OPENED + cause)
    if public == 1:
        flow(w, rung, Flow.OPENED_PUBLIC)
    if supported == 1:
        flow(w, rung, Flow.OPENED_SUPPORTED)
    emit(
        w, EventKind.VACANCY_OPENED, cause, -1, post, -1, rung, public, -1,
        chain_post, chain_opening, place,
    )  # fmt: skip


@kernel
def vacate(w, post, cause, chain_post, chain_opening, place, supported):
    """Empty a post that has just lost its holder: advertise it again, or let it lapse.

    ``chain_post`` -1 begins a chain at this post.
    """
    posts = w.posts
    post_hash = w.post_hash
    workplaces = w.workplaces
    policies = w.policies
    shifts = w.shifts
    par = w.par
    counts = w.counts
    workplace = posts[Post.WORKPLACE, post]
    if posts[Post.TITLE, post] == 1:
        posts[Post.TITLE, post] = 0
        rung = posts[Post.RUNG, post]
        emit(w, EventKind.UPGRADED_IN_PLACE, Cause.NONE, -1, post, -1, rung, 0, -1, -1, 0, 0)
    posts[Post.HOLDER, post] = -1
    posts[Post.OPENING, post] += 1
    if chain_post < 0:
        chain_post = post
        chain_opening = posts[Post.OPENING, post]
    base = stream_base(counts[Count.SEED], Stream.BACKFILL, 0)
    u = unit(word(post_hash[post], base, posts[Post.OPENING, post]))
    share = backfill_share(
        workplaces[Workplace.TREND, workplace],
        policies[Policy.BACKFILL, workplace] + shifts[Shift.BACKFILLING, workplace],
        par,
    )
    if u < share:
        open_vacancy(w, post, cause, chain_post, chain_opening, place, supported)
        return
    rung = posts[Post.RUNG, post]
    posts[Post.STATE, post] = PostState.WITHDRAWN
    posts[Post.CAUSE, post] = Cause.NOT_BACKFILLED
    count_post(w, post, 1)
    flow(w, rung, Flow.FILL + Fill.NOT_BACKFILLED)
    emit(
        w, EventKind.WITHDRAWN, Cause.NOT_BACKFILLED, -1, post, -1, rung, 0, -1,
        chain_post, chain_opening, place,
    )  # fmt: skip


@kernel
def drop_applications(w, post):
    """Give the applications of a collection back to the pool."""
    at = w.posts[Post.APPLICANTS, post]
    while at >= 0:
        following = w.pool[Block.NEXT, at]
        w.pool[Block.NEXT, at] = np.int32(w.counts[Count.FREE_BLOCK])
        w.counts[Count.FREE_BLOCK] = at
        at = following
    w.posts[Post.APPLICANTS, post] = -1


@kernel
def close_public_spell(w, post):
    """Count the completed spell of a public vacancy."""
    if w.posts[Post.PUBLIC, post] == 1:
        month = w.counts[Count.MONTH] - w.counts[Count.FIRST_MONTH]
        rung = w.posts[Post.RUNG, post]
        w.flows[month, rung, Flow.CLOSED_PUBLIC] += 1
        w.flows[month, rung, Flow.SPELL_ROUNDS_PUBLIC] += (
            w.counts[Count.NOW] - w.posts[Post.OPENED, post]
        )


@kernel
def give_up(w, post):
    """Withdraw a vacancy for which nobody was found."""
    rung = w.posts[Post.RUNG, post]
    drop_applications(w, post)
    close_public_spell(w, post)
    count_post(w, post, -1)
    w.posts[Post.STATE, post] = PostState.WITHDRAWN
    w.posts[Post.CAUSE, post] = Cause.GIVEN_UP
    count_post(w, post, 1)
    flow(w, rung, Flow.FILL + Fill.GIVEN_UP)
    emit(
        w, EventKind.WITHDRAWN, Cause.GIVEN_UP, -1, post, -1, rung, 0, -1,
        w.posts[Post.CHAIN_POST, post], w.posts[Post.CHAIN_OPENING, post],
        w.posts[Post.PLACE, post],
    )  # fmt: skip


@kernel
def cancel_offer(w, person):
    """Take back the acceptance of somebody who left, died or retired; the vacancy reopens."""
    post = w.people[Person.OFFER, person]
    if post < 0:
        return
    w.people[Person.OFFER, person] = -1
    w.posts[Post.PENDING, post] = -1
    w.posts[Post.ATTEMPT, post] += 1
    start_collection(w, post)


@kernel
def return_post(w, post):
    """Advertise a withdrawn post again: the origin of a new chain."""
    rung = w.posts[Post.RUNG, post]
    count_post(w, post, -1)
    w.posts[Post.OPENING, post] += 1
    emit(w, EventKind.RETURNED, Cause.NONE, -1, post, -1, rung, 0, -1, -1, 0, 0)
    open_vacancy(w, post, Cause.RETURNED_POST, post, w.posts[Post.OPENING, post], 1, 0)


@kernel
def destroy_post(w, post, cause):
    """Destroy a post; its holder, if any, must have been separated before."""
    rung = w.posts[Post.RUNG, post]
    state = w.posts[Post.STATE, post]
    chain_post = -1
    opening = 0
    place = 0
    if state == PostState.VACANT:
        pending = w.posts[Post.PENDING, post]
        if pending >= 0:
            w.people[Person.OFFER, pending] = -1
        drop_applications(w, post)
        close_public_spell(w, post)
        chain_post = w.posts[Post.CHAIN_POST, post]
        opening = w.posts[Post.CHAIN_OPENING, post]
        place = w.posts[Post.PLACE, post]
        flow(w, rung, Flow.FILL + Fill.POST_DESTROYED)
    if state != PostState.FILLED:  # a filled post left the stock with its holder
        count_post(w, post, -1)
    w.strata[Stratum.POSTS, stratum_of(w, post)] -= 1
    unlink_from_workplace(w, post)
    w.posts[Post.STATE, post] = PostState.DESTROYED
    w.posts[Post.PENDING, post] = -1
    w.posts[Post.HOLDER, post] = -1
    w.posts[Post.REMOVED_MONTH, post] = w.counts[Count.MONTH]
    w.posts[Post.REMOVED_BY, post] = cause
    w.post_screens[w.place_of_post[post]] = NEVER
    w.counts[Count.GONE_POSTS] += 1
    emit(
        w, EventKind.POST_DESTROYED, cause, -1, post, -1, rung, 0, -1, chain_post, opening, place
    )  # fmt: skip


@kernel
def separate(w, person, cause, status, destroy):
    """Part a person from the post held; the post is advertised, lapses, or goes along.

    Parameters
    ----------
    status : int
        What the person does afterwards; people living elsewhere leave the place.
    destroy : bool
        True when the post is destroyed with its holder (no link).
    """
    post = w.people[Person.POST, person]
    if w.people[Person.RESIDENT, person] == 0:
        status = Status.LEFT
    set_status(w, person, status)
    count_post(w, post, -1)
    w.people[Person.POST, person] = -1
    rung = w.posts[Post.RUNG, post]
    if status > Status.N:
        cancel_offer(w, person)
    flow(w, rung, Flow.SEPARATED)
    emit(
        w, EventKind.SEPARATED, cause, person, post, -1, rung, person_state(w, person), -1, -1, 0, 0
    )
    if destroy:
        destroy_post(w, post, cause)
    else:
        vacate(w, post, cause, -1, 0, 1, 0)


@kernel
def leave_place(w, person, cause, status):
    """Let a person without a local post retire, move away or die."""
    cancel_offer(w, person)
    set_status(w, person, status)
    kind = EventKind.STATUS_CHANGED if status == Status.RETIRED else EventKind.LEFT
    emit(w, kind, cause, person, -1, -1, -1, person_state(w, person), -1, -1, 0, 0)


@kernel
def change_status(w, person, status, cause):
    """Move a person between the states without a local post."""
    set_status(w, person, status)
    emit(
        w, EventKind.STATUS_CHANGED, cause, person, -1, -1, -1, person_state(w, person),
        -1, -1, 0, 0,
    )  # fmt: skip


@kernel
def fill_of(w, person, post):
    """Return how an opening closes when this person starts (codes of :class:`Fill`)."""
    old = w.people[Person.POST, person]
    status = w.people[Person.STATUS, person]
    if old >= 0:
        if w.posts[Post.WORKPLACE, old] == w.posts[Post.WORKPLACE, post]:
            if w.posts[Post.RUNG, old] < w.posts[Post.RUNG, post]:
                return Fill.PROMOTION
            return Fill.SIDEWARD_MOVE
        return Fill.HIRE_FROM_WORKPLACE
    from_outside = w.people[Person.RESIDENT, person] == 0 or status == Status.LEFT
    if from_outside or status == Status.EMPLOYED_ELSEWHERE:
        return Fill.HIRE_OUTSIDE_REGION
    if status == Status.N:
        return Fill.HIRE_OUTSIDE_LABOUR_FORCE
    months = w.counts[Count.MONTH] - w.people[Person.UNEMPLOYED_SINCE, person]
    if months >= LONG_TERM_MONTHS:
        return Fill.HIRE_LONG_TERM_UNEMPLOYED
    return Fill.HIRE_SHORT_TERM_UNEMPLOYED


@kernel
def start_in_post(w, person, post, fill):
    """Let a person start: the post is filled and the old one empties in the same round."""
    people = w.people
    traits = w.traits
    posts = w.posts
    shifts = w.shifts
    counts = w.counts
    month = counts[Count.MONTH]
    old = people[Person.POST, person]
    rung = posts[Post.RUNG, post]
    workplace = posts[Post.WORKPLACE, post]
    chain_post = posts[Post.CHAIN_POST, post]
    chain_opening = posts[Post.CHAIN_OPENING, post]
    place = posts[Post.PLACE, post]
    supported = posts[Post.SUPPORTED, post]
    settle_competence(w, person)
    close_public_spell(w, post)
    count_post(w, post, -1)
    posts[Post.STATE, post] = PostState.FILLED
    posts[Post.HOLDER, post] = person
    posts[Post.PENDING, post] = -1
    count_post(w, post, 1)
    cause = Cause.NONE
    inside = fill <= Fill.SIDEWARD_MOVE
    if old >= 0:
        count_post(w, old, -1)
        cause = Cause.PROMOTION + fill
        if inside:
            # the promotion counts as supported when the person or the workplace has support
            active = help_of(w, person, Help.SUPPORT) > 0.0
            active = active or shifts[Shift.SUPPORT, workplace] > 0.0
            if active and fill == Fill.PROMOTION:
                flow(w, rung, Flow.PROMOTED_SUPPORTED)
                supported = 1
    people[Person.OFFER, person] = -1
    people[Person.POST, person] = post
    people[Person.JOB_SINCE, person] = month
    if not inside:
        people[Person.EMPLOYER_SINCE, person] = month
        people[Person.JOBS, person] += 1
    set_status(w, person, Status.EMPLOYED)
    people[Person.HOME_RUNG, person] = rung
    note_change(w, person)
    if people[Person.SECTOR, person] != posts[Post.SECTOR, post]:
        # competence usable here counts from now on; the new sector becomes home
        q = traits[Trait.Q, person]
        traits[Trait.Q, person] = max(min(q, 0.0), q - 1.0)
        people[Person.SECTOR, person] = posts[Post.SECTOR, post]
    flow(w, rung, Flow.FILL + fill)
    if fill == Fill.PROMOTION and people[Person.EDUCATION, person] == 0:
        flow(w, rung, Flow.FILLED_LOW_SCHOOLED_UP)
    if w.cell_is_target[people[Person.CELL, person]] == 1 and not inside:
        flow(w, rung, Flow.FILLED_BY_TARGET)
    stratum = stratum_of(w, post)
    w.fill_ring[(month + 1200) % 12, 0, stratum] += 1.0
    emit(
        w, EventKind.FILLED, cause, person, post, old, rung, person_state(w, person), -1,
        chain_post, chain_opening, place,
    )  # fmt: skip
    if old >= 0:
        vacate(w, old, cause, chain_post, chain_opening, place + 1, supported)


@kernel
def is_cover(cause):
    """Return whether a post was made for a substitute; it lasts as long as the holder is away."""
    return cause == Cause.COVER or cause == Cause.LEAVE  # noqa: PLR1714


@kernel
def create_post(w, key, workplace, sector, rung, contract, cause, asks):
    """Create a post at a workplace and advertise it: the origin of a chain.

    Parameters
    ----------
    cause : int
        ``COVER`` and ``LEAVE`` (a substitute's post) are origins of their own.
    asks : int
        Whom it is open to, as ``Post.ASKS``.
    """
    post = w.counts[Count.POSTS]
    if post >= w.post_keys.shape[0]:
        w.counts[Count.OVERFLOW] = 4
        return
    w.counts[Count.POSTS] = post + 1
    w.post_keys[post] = key
    w.post_hash[post] = key_hash(key)
    for column in range(w.posts.shape[0]):
        w.posts[column, post] = 0
    w.posts[Post.WORKPLACE, post] = workplace
    w.posts[Post.SECTOR, post] = sector
    w.posts[Post.RUNG, post] = rung
    w.posts[Post.CONTRACT, post] = contract
    w.posts[Post.HOLDER, post] = -1
    w.posts[Post.PENDING, post] = -1
    w.posts[Post.APPLICANTS, post] = -1
    w.posts[Post.OPENING, post] = 1
    w.posts[Post.CREATED_MONTH, post] = w.counts[Count.MONTH]
    w.posts[Post.CREATED_BY, post] = cause
    w.posts[Post.ASKS, post] = asks
    w.posts[Post.REMOVED_MONTH, post] = -1000000
    w.posts[Post.REMOVED_BY, post] = -1
    at = w.counts[Count.ACTIVE_POSTS]
    w.active_posts[at] = post
    w.active_post_hash[at] = w.post_hash[post]
    w.place_of_post[post] = at
    w.counts[Count.ACTIVE_POSTS] += 1
    w.strata[Stratum.POSTS, stratum_of(w, post)] += 1
    link_to_workplace(w, post)
    emit(w, EventKind.POST_CREATED, cause, -1, post, -1, rung, 0, -1, -1, 0, 0)
    origin = cause if is_cover(cause) else Cause.NEW_POST
    open_vacancy(w, post, origin, post, 1, 1, 0)


@kernel
def create_person(w, key, resident, birth_month, cause):
    """Add a person with neutral columns; the caller sets the rest. Return the row, or -1."""
    person = w.counts[Count.PEOPLE]
    if person >= w.person_keys.shape[0]:
        w.counts[Count.OVERFLOW] = 5
        return -1
    w.counts[Count.PEOPLE] = person + 1
    month = w.counts[Count.MONTH]
    w.person_keys[person] = key
    w.person_hash[person] = key_hash(key)
    for column in range(w.people.shape[0]):
        w.people[column, person] = 0
    for column in range(w.traits.shape[0]):
        w.traits[column, person] = 0.0
    w.people[Person.STATUS, person] = Status.LEFT
    w.people[Person.RESIDENT, person] = resident
    w.people[Person.BIRTH_MONTH, person] = birth_month
    w.people[Person.POST, person] = -1
    w.people[Person.OFFER, person] = -1
    w.people[Person.HELP, person] = -1
    w.people[Person.NEXT_INTERESTED, person] = -1
    w.people[Person.STATUS_SINCE, person] = month
    w.people[Person.JOB_SINCE, person] = month
    w.people[Person.EMPLOYER_SINCE, person] = month
    w.people[Person.IDLE_SINCE, person] = month
    w.people[Person.Q_SINCE, person] = month
    w.people[Person.REGISTER_SINCE, person] = -1000000
    w.people[Person.UNEMPLOYED_SINCE, person] = -1000000
    w.people[Person.ENTERED_MONTH, person] = month
    w.people[Person.ENTERED_AS, person] = cause
    w.snapshots[Snapshot.STATE, person] = NOT_COUNTED
    w.snapshots[Snapshot.SEEN, person] = -1000000
    w.snapshots[Snapshot.EMPLOYER, person] = -1
    w.served[person] = np.uint64(0)
    at = w.counts[Count.ACTIVE_PEOPLE]
    w.active_people[at] = person
    w.active_hash[at] = w.person_hash[person]
    w.place_of_person[person] = at
    w.counts[Count.ACTIVE_PEOPLE] += 1
    return person
