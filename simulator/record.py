"""What a month leaves in the monthly arrays: people by cell, totals as the targets measure them.

Only people whose status or post changed in the month are visited: running counts hold the rest.
"""

from __future__ import annotations

from simulator.agents.person import is_registered
from simulator.codes import RUNGS, Cause, Status
from simulator.columns import Person, Post
from simulator.compile import kernel
from simulator.memory import prefetch
from simulator.moves import OF_THIS_MONTH, stratum_of
from simulator.world import Count, Flow, Head, Recent, Snapshot, Stock, Tally, Total

AHEAD = 8  # how many entries ahead memory is asked for
RING = 16  # months held in the counts of recent spells
STARTER_MONTHS = 3
LONG_MONTHS = 12
FLOW_MONTHS = 3
IN_WORK, SEARCHING, NEITHER, GONE = 0, 1, 2, 3  # groups of the flows over three months


@kernel
def recorded_state(w, person):
    """Return the position in :class:`Tally` times two plus resident."""
    status = w.people[Person.STATUS, person]
    where = Tally.OUT.value
    if status == Status.EMPLOYED:
        where = Tally.IN_WORK_0 + w.posts[Post.RUNG, w.people[Person.POST, person]]
    elif status <= Status.N:
        where = Tally.ELSEWHERE + status - Status.EMPLOYED_ELSEWHERE
    return where * 2 + w.people[Person.RESIDENT, person]


@kernel
def group_of(state):
    """Return the group of the three-month flows to which a recorded state belongs."""
    where = state >> 1
    if where <= Tally.ELSEWHERE:
        return IN_WORK
    if where == Tally.A or where == Tally.S:
        return SEARCHING
    if where <= Tally.N:
        return NEITHER
    return GONE


@kernel
def count_person(w, person, state, change):
    """Add a person in a recorded state to the running counts, or take the person out."""
    where = state >> 1
    if where == Tally.OUT:
        return
    month = w.counts[Count.MONTH]
    resident = state & 1
    since = w.snapshots[Snapshot.SINCE, person]
    w.headcount[Head.BY_STATE + state] += change
    w.tally_now[w.people[Person.CELL, person], where] += change
    if where < Tally.ELSEWHERE:
        w.headcount[Head.EMPLOYER_SINCE] += change * since
        if since > month - RING:
            w.recent[Recent.EMPLOYED, since & (RING - 1)] += change
    elif resident == 1:
        registered = where == Tally.A or where == Tally.P
        if registered and since > month - RING:
            w.recent[Recent.REGISTERED, since & (RING - 1)] += change
        searching = where == Tally.A or where == Tally.S
        since = w.snapshots[Snapshot.UNEMPLOYED_SINCE, person]
        if searching and since > month - RING:
            w.recent[Recent.SEARCHING, since & (RING - 1)] += change


@kernel
def note_spells(w, person, state):
    """Remember since when a person is with the employer, on the register, unemployed."""
    if state >> 1 < Tally.ELSEWHERE:
        w.snapshots[Snapshot.SINCE, person] = w.people[Person.EMPLOYER_SINCE, person]
    else:
        w.snapshots[Snapshot.SINCE, person] = w.people[Person.REGISTER_SINCE, person]
    w.snapshots[Snapshot.UNEMPLOYED_SINCE, person] = w.people[Person.UNEMPLOYED_SINCE, person]


@kernel
def count_everybody(w):
    """Set the running counts from the columns, as of the month end before ``Count.MONTH`` + 1."""
    w.headcount[:] = 0
    w.recent[:, :] = 0
    w.tally_now[:, :] = 0
    for at in range(w.counts[Count.ACTIVE_PEOPLE]):
        person = w.active_people[at]
        state = recorded_state(w, person)
        w.snapshots[Snapshot.STATE, person] = state
        note_spells(w, person, state)
        count_person(w, person, state, 1)


@kernel
def record_move(w, person, state, total):
    """Count a hire of the month; keep the employer and the months in work up to date."""
    month = w.counts[Count.MONTH]
    status = w.people[Person.STATUS, person]
    resident = state & 1 == 1
    last = w.snapshots[Snapshot.EMPLOYER, person]
    workplace = -1
    if status == Status.EMPLOYED:
        workplace = w.posts[Post.WORKPLACE, w.people[Person.POST, person]]
        if last != workplace:
            # the snapshot of the month before decides, as in the source; -2 stands for a job
            # elsewhere, -3 for the register
            total[Total.HIRES] += 1
            if month - w.posts[Post.CREATED_MONTH, w.people[Person.POST, person]] < 12:
                total[Total.HIRES_NEW_POST] += 1
            if last >= 0 or last == -2:
                total[Total.HIRES_FROM_JOB] += 1
                if last >= 0 and resident:
                    total[Total.OTHER_EMPLOYER] += 1
            elif last == -3:
                total[Total.HIRES_FROM_REGISTER] += 1
            elif (
                w.people[Person.ENTERED_AS, person] == Cause.HIRED_FROM_OUTSIDE
                and w.people[Person.ENTERED_MONTH, person] == month
            ):
                total[Total.HIRES_FROM_OUTSIDE] += 1
    elif status == Status.EMPLOYED_ELSEWHERE:
        workplace = -2
        if last >= 0 and resident:
            total[Total.OTHER_EMPLOYER] += 1
    elif is_registered(status):
        workplace = -3
    w.snapshots[Snapshot.EMPLOYER, person] = workplace
    # people in work carry their months in work less the month, so that nothing counts them up
    worked_before = last >= 0 or last == -2
    works = status <= Status.EMPLOYED_ELSEWHERE
    if works and not worked_before:
        w.people[Person.WORK_MONTHS, person] -= month - 1
    elif worked_before and not works:
        w.people[Person.WORK_MONTHS, person] += month - 1


@kernel
def record_changes(w):
    """Bring the running counts up to date with the people who changed this month."""
    month = w.counts[Count.MONTH]
    at_month = month - w.counts[Count.FIRST_MONTH]
    tally = w.tallies[at_month]
    total = w.totals[at_month]
    changed = w.changed[month & 3]
    for kind in range(w.recent.shape[0]):
        w.recent[kind, month & (RING - 1)] = 0
    n = w.changed_counts[month & 3]
    for at in range(n):
        soon = changed[min(at + AHEAD, n - 1)]
        prefetch(w.people, soon)
        prefetch(w.snapshots, soon)
        person = changed[at]
        before = w.snapshots[Snapshot.STATE, person] & ~OF_THIS_MONTH
        state = recorded_state(w, person)
        count_person(w, person, before, -1)
        note_spells(w, person, state)
        count_person(w, person, state, 1)
        w.snapshots[Snapshot.STATE, person] = state
        record_move(w, person, state, total)
        if state >> 1 == Tally.OUT:
            tally[w.people[Person.CELL, person], Tally.OUT] += 1
        changed[at] = (person << 5) | before
    for cell in range(tally.shape[0]):
        for where in range(Tally.OUT.value):
            tally[cell, where] = w.tally_now[cell, where]


@kernel
def residents(w, where):
    """Return the residents in a position of :class:`Tally`."""
    return w.headcount[Head.BY_STATE + where * 2 + 1]


@kernel
def newer_than(w, kind, months):
    """Return how many began a spell of this kind less than some months ago."""
    month = w.counts[Count.MONTH]
    n = 0
    for back in range(months):
        n += w.recent[kind, (month - back) & (RING - 1)]
    return n


@kernel
def record_flows(w, total):
    """Count flows over three months among those who are residents of 15-74 now.

    Who is in none of the last three lists of changes is where he or she was.
    """
    month = w.counts[Count.MONTH]
    in_work = 0
    for where in range(Tally.ELSEWHERE + 1):
        in_work += residents(w, where)
    searching = residents(w, Tally.A) + residents(w, Tally.S)
    neither = residents(w, Tally.P) + residents(w, Tally.N)
    total[Total.E_BEFORE] = in_work
    total[Total.U_BEFORE] = searching
    total[Total.PN_BEFORE] = neither
    first_before = (Total.E_BEFORE.value, Total.U_BEFORE.value, Total.PN_BEFORE.value)
    for back in range(FLOW_MONTHS - 1, -1, -1):
        changed = w.changed[(month - back) & 3]
        n = w.changed_counts[(month - back) & 3]
        for at in range(n):
            prefetch(w.snapshots, changed[min(at + AHEAD, n - 1)] >> 5)
            person = changed[at] >> 5
            if w.snapshots[Snapshot.SEEN, person] == month:
                continue
            w.snapshots[Snapshot.SEEN, person] = month
            state = w.snapshots[Snapshot.STATE, person]
            was = group_of(changed[at] & 31)
            now = group_of(state)
            if was == now or now == GONE or state & 1 == 0:
                continue
            total[first_before[now]] -= 1
            if was == GONE:
                continue
            total[first_before[was]] += 1
            if was == SEARCHING:
                total[Total.U_TO_E if now == IN_WORK else Total.U_TO_PN] += 1
            elif was == IN_WORK:
                total[Total.E_TO_U if now == SEARCHING else Total.E_TO_PN] += 1
            else:
                total[Total.PN_TO_U if now == SEARCHING else Total.PN_TO_E] += 1


@kernel
def record_people(w):
    """Count people at the month end, by cell and as the targets measure them."""
    month = w.counts[Count.MONTH]
    total = w.totals[month - w.counts[Count.FIRST_MONTH]]
    record_changes(w)
    here = 0
    residents_here = 0
    for rung in range(RUNGS):
        residents_here += residents(w, rung)
        here += residents(w, rung) + w.headcount[Head.BY_STATE + 2 * rung]
    total[Total.EMPLOYED_HERE] = here
    total[Total.RESIDENTS_HERE] = residents_here
    total[Total.IN_COMMUTERS] = here - residents_here
    total[Total.RESIDENTS_ELSEWHERE] = residents(w, Tally.ELSEWHERE)
    population = residents_here + residents(w, Tally.ELSEWHERE)
    for state in range(4):
        total[Total.A + state] = residents(w, Tally.A + state)
        population += residents(w, Tally.A + state)
    total[Total.POPULATION] = population
    total[Total.TENURE_MONTHS] = month * here - w.headcount[Head.EMPLOYER_SINCE]
    total[Total.STARTERS] = newer_than(w, Recent.EMPLOYED, STARTER_MONTHS)
    registered = residents(w, Tally.A) + residents(w, Tally.P)
    total[Total.REGISTER_LONG] = registered - newer_than(w, Recent.REGISTERED, LONG_MONTHS)
    searching = residents(w, Tally.A) + residents(w, Tally.S)
    total[Total.SURVEY_LONG] = searching - newer_than(w, Recent.SEARCHING, LONG_MONTHS)
    record_flows(w, total)
    w.changed_counts[(month + 1) & 3] = 0


@kernel
def record_posts(w):
    """Record stocks of posts at the month end and the vacancy-months of closure E."""
    posts = w.posts
    counts = w.counts
    open_posts = w.open_posts
    month = counts[Count.MONTH]
    total = w.totals[month - counts[Count.FIRST_MONTH]]
    slot = (month + 1200) % 12
    for rung in range(RUNGS):
        total[Total.VACANT] += w.stock[rung, Stock.VACANT]
        total[Total.WITHDRAWN] += (
            w.stock[rung, Stock.NOT_BACKFILLED] + w.stock[rung, Stock.GIVEN_UP]
        )
        total[Total.FIXED_TERM] += w.stock[rung, Stock.FIXED_TERM]
        total[Total.POSTS] += (
            w.stock[rung, Stock.FILLED]
            + w.stock[rung, Stock.VACANT]
            + w.stock[rung, Stock.NOT_BACKFILLED]
            + w.stock[rung, Stock.GIVEN_UP]
        )
    flows = w.flows[month - counts[Count.FIRST_MONTH]]
    old = 3 * counts[Count.ROUNDS]
    for at in range(counts[Count.OPEN_POSTS]):
        post = open_posts[at]
        w.fill_ring[slot, 1, stratum_of(w, post)] += 1.0
        promised = 1 if posts[Post.PENDING, post] != -1 else 0
        total[Total.PROMISED] += promised
        if posts[Post.PUBLIC, post] == 1:
            total[Total.VACANT_PUBLIC] += 1
            total[Total.PROMISED_PUBLIC] += promised
        if counts[Count.NOW] - posts[Post.OPENED, post] > old:
            flows[posts[Post.RUNG, post], Flow.OLD_VACANCIES] += 1
