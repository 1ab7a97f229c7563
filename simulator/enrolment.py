"""Measures in the running world: who enters, who leaves, what help is active this month.

A measure looks for participants by keyed tries on a list that is the same in both twins. Whether
somebody knows of it, can use it and wants a place is drawn once for a calendar year: who finds no
place stays willing and is asked again next month. At the first recruitment a person draws one
keyed number per measure; a share eta is never served: the lottery from which direct effects are
read. A workplace takes part in a measure at most once.
"""

from __future__ import annotations

import math

import numpy as np

from simulator.agents.partner import is_reached
from simulator.agents.person import is_motivated, status_after_job_loss
from simulator.chance import (
    GOLDEN,
    Stream,
    index_high,
    mix,
    stream_base,
    unit,
    unit_high,
    unit_low,
    word,
)
from simulator.codes import RUNGS, Cause, Contract, EventKind, PostState, Status
from simulator.columns import Person, Post, Trait, Workplace
from simulator.compile import kernel
from simulator.hiring import MEETING, barriers_now
from simulator.memory import prefetch
from simulator.moves import create_post, destroy_post, emit, person_state, separate
from simulator.parameters import Par
from simulator.world import (
    ALWAYS,
    ClauseColumn,
    Count,
    Enrolment,
    Help,
    Lever,
    Measure,
    Shift,
    Snapshot,
)

AHEAD = 8  # how many entries ahead memory is asked for
FOREVER = 1000000
ONE = np.uint64(1)


@kernel
def bits_set(mask):
    """Return the number of bits set in a small mask."""
    n = 0
    while mask:
        n += mask & 1
        mask >>= 1
    return n


@kernel
def meets_clause(w, person, clause):
    """Return whether a person meets one clause of a condition (all its fields)."""
    month = w.counts[Count.MONTH]
    asked = w.clauses[clause]
    status = w.people[Person.STATUS, person]
    if not (asked[ClauseColumn.STATUSES] >> status) & 1:
        return False
    if not (asked[ClauseColumn.SEXES] >> w.people[Person.SEX, person]) & 1:
        return False
    if not (asked[ClauseColumn.EDUCATION] >> w.people[Person.EDUCATION, person]) & 1:
        return False
    age = (month - w.people[Person.BIRTH_MONTH, person]) // 12
    if age < asked[ClauseColumn.AGE_MIN] or age > asked[ClauseColumn.AGE_MAX]:
        return False
    flags = barriers_now(w, person, month)
    any_of = asked[ClauseColumn.BARRIERS_ANY]
    if any_of and not flags & any_of:
        return False
    all_of = asked[ClauseColumn.BARRIERS_ALL]
    if all_of and (flags & all_of) != all_of:
        return False
    at_least = asked[ClauseColumn.BARRIERS_AT_LEAST]
    if at_least > 0 and bits_set(flags & asked[ClauseColumn.BARRIERS_COUNTED]) < at_least:
        return False
    out = asked[ClauseColumn.MONTHS_OUT_MIN]
    if out > 0 and (
        status <= Status.EMPLOYED_ELSEWHERE or month - w.people[Person.IDLE_SINCE, person] < out
    ):
        return False
    registered = asked[ClauseColumn.MONTHS_REGISTER_MIN]
    if registered > 0 and (
        w.people[Person.REGISTER_SINCE, person] < -100000
        or month - w.people[Person.REGISTER_SINCE, person] < registered
    ):
        return False
    resident = asked[ClauseColumn.RESIDENT]
    if resident >= 0 and w.people[Person.RESIDENT, person] != resident:
        return False
    post = w.people[Person.POST, person]
    rungs = asked[ClauseColumn.RUNGS]
    if rungs and (post < 0 or not (rungs >> w.posts[Post.RUNG, post]) & 1):
        return False
    tenure = asked[ClauseColumn.TENURE_MAX]
    if tenure >= 0 and (post < 0 or month - w.people[Person.EMPLOYER_SINCE, person] > tenure):
        return False
    sector = w.people[Person.SECTOR, person]
    if post >= 0:
        sector = w.posts[Post.SECTOR, post]
    if not (asked[ClauseColumn.SECTORS] >> sector) & 1:
        return False
    first = asked[ClauseColumn.FIRST_JOB]
    return first < 0 or (post >= 0 and (w.people[Person.JOBS, person] <= 1) == (first == 1))


@kernel
def meets_condition(w, person, first, last):
    """Return whether a person meets any clause from ``first`` to before ``last``."""
    for clause in range(first, last):  # noqa: SIM110  (kernels have no generators)
        if meets_clause(w, person, clause):
            return True
    return False


@kernel
def workplace_meets(w, workplace, first, last):
    """Return whether a workplace meets any clause (no clause: every workplace does)."""
    if first == last:
        return True
    for clause in range(first, last):
        asked = w.clauses[clause]
        employers = asked[ClauseColumn.EMPLOYERS]
        employer = w.workplaces[Workplace.EMPLOYER, workplace]
        if (
            (asked[ClauseColumn.SECTORS] >> w.workplaces[Workplace.SECTOR, workplace]) & 1
            and (asked[ClauseColumn.SIZE_CLASSES] >> w.workplaces[Workplace.SIZE_CLASS, workplace])
            & 1
            and w.workplaces[Workplace.POSTS, workplace] >= asked[ClauseColumn.POSTS_MIN]
            and (not employers or (employer < 62 and (employers >> employer) & 1))
        ):
            return True
    return False


@kernel
def months_in_work(w, person):
    """Return month ends in work up to the last one (see :func:`simulator.record.record_move`)."""
    months = w.people[Person.WORK_MONTHS, person]
    last = w.snapshots[Snapshot.EMPLOYER, person]
    if last >= 0 or last == -2:
        months += w.counts[Count.MONTH] - 1
    return months


@kernel
def access_of(w, flags):
    """Return the share of people with these barriers that can use a measure they know of."""
    share = 1.0
    for bit in range(w.access.shape[0]):
        if flags & (1 << bit):
            share *= w.access[bit]
    return share


@kernel
def enrol(w, who, measure, loser):
    """Write an enrolment; a loser of the lottery is followed and never served."""
    at = w.counts[Count.ENROLMENTS]
    if at >= w.enrolments.shape[1]:
        w.counts[Count.OVERFLOW] = 8
        return
    w.counts[Count.ENROLMENTS] = at + 1
    on_people = w.measures[measure, Measure.APPLIES_TO] == 0.0
    w.enrolments[Enrolment.WHO, at] = who
    w.enrolments[Enrolment.MEASURE, at] = measure
    w.enrolments[Enrolment.START, at] = w.counts[Count.MONTH]
    w.enrolments[Enrolment.LOSER, at] = loser
    w.enrolments[Enrolment.STATE, at] = 3 if loser else 0
    w.enrolments[Enrolment.WORK_12, at] = -1
    w.enrolments[Enrolment.WORK_24, at] = -1
    w.enrolments[Enrolment.COVER_POST, at] = -1
    if on_people:
        w.enrolments[Enrolment.WORK_AT_START, at] = months_in_work(w, who)
        if not loser:
            emit(
                w, EventKind.ENROLLED, Cause.MEASURE, who, -1, -1, -1, person_state(w, who),
                measure, -1, 0, 0,
            )  # fmt: skip
        if w.counts[Count.PLACEBO] == 1 and not loser:
            w.person_hash[who] = mix(w.person_hash[who] + np.uint64(Stream.REKEY) * GOLDEN)
            w.active_hash[w.place_of_person[who]] = w.person_hash[who]
        if not loser and w.measures[measure, Measure.COVER_SHARE] > 0.0:
            open_cover(w, at)


@kernel
def open_cover(w, at):
    """Open a fixed-term post like the participant's own for as long as the participant is away."""
    person = w.enrolments[Enrolment.WHO, at]
    row = w.measures[w.enrolments[Enrolment.MEASURE, at]]
    held = w.people[Person.POST, person]
    if row[Measure.EFFECTIVE] == 0.0 or held < 0:
        return
    month = w.counts[Count.MONTH]
    base = stream_base(w.counts[Count.SEED], Stream.NEW_POST_TRAITS, month)
    z = word(w.person_hash[person] + np.uint64(row[Measure.NUMBER]), base, 1)
    if unit_high(z) >= row[Measure.COVER_SHARE]:
        return
    # a key range of its own: bit 46, the rest hashed from person, measure and month
    key = np.int64((ONE << np.uint64(46)) | (mix(z + GOLDEN) >> np.uint64(18)))
    w.enrolments[Enrolment.COVER_POST, at] = w.counts[Count.POSTS]
    create_post(
        w, key, w.posts[Post.WORKPLACE, held], w.posts[Post.SECTOR, held],
        w.posts[Post.RUNG, held], Contract.FIXED_TERM, int(row[Measure.COVER_ORIGIN]),
        int(row[Measure.COVER_ASKS]),
    )  # fmt: skip


@kernel
def close_cover(w, at):
    """End a substitute's post when the participant is back; a substitute then loses it."""
    post = w.enrolments[Enrolment.COVER_POST, at]
    if post < 0 or w.posts[Post.STATE, post] == PostState.DESTROYED:
        return
    if w.posts[Post.STATE, post] != PostState.FILLED:
        destroy_post(w, post, Cause.NO_LONGER_NEEDED)
        return
    holder = w.posts[Post.HOLDER, post]
    month = w.counts[Count.MONTH]
    base = stream_base(w.counts[Count.SEED], Stream.CONTRACT, month)
    u = unit(word(w.person_hash[holder], base, 1))
    to_n = w.par[Par.FIXED_TERM_TO_N]
    after = Status.N
    if u >= to_n:
        age = (month - w.people[Person.BIRTH_MONTH, holder]) // 12
        after = status_after_job_loss((u - to_n) / (1.0 - to_n), age, w.par)
    separate(w, holder, Cause.FIXED_TERM_END, after, True)


@kernel
def year_of(month):
    """Return the year, counted from the start, for which reach and consent are drawn."""
    return (month + 1200) // 12


@kernel
def places_of_month(row, u):
    """Return the places of a month: whole groups, or single places when there are no groups.

    Groups start when a keyed number says so, so that their mean is the capacity.
    """
    size = max(row[Measure.GROUP_SIZE], 1.0)
    return int(np.floor(row[Measure.PLACES] / size + u) * size)


@kernel
def would_take_part(w, person, measure):
    """Return whether a person is eligible, reached and motivated this month."""
    status = w.people[Person.STATUS, person]
    if status > Status.N or w.served[person] & (ONE << np.uint64(measure)):
        return False
    month = w.counts[Count.MONTH]
    row = w.measures[measure]
    if not meets_condition(w, person, int(row[Measure.CLAUSE_START]), int(row[Measure.CLAUSE_END])):
        return False
    post = w.people[Person.POST, person]
    first = int(row[Measure.WORKPLACE_CLAUSE_START])
    last = int(row[Measure.WORKPLACE_CLAUSE_END])
    if post >= 0 and not workplace_meets(w, w.posts[Post.WORKPLACE, post], first, last):
        return False
    take_up = stream_base(w.counts[Count.SEED], Stream.TAKE_UP, year_of(month))
    z = word(w.person_hash[person] + np.uint64(row[Measure.NUMBER]), take_up, 0)
    access = access_of(w, barriers_now(w, person, month))
    if not is_reached(row[Measure.KNOWN], access, unit_high(z)):
        return False
    return is_motivated(
        row[Measure.TAKE_UP],
        w.traits[Trait.MOOD, person],
        w.traits[Trait.AMBITION, person],
        row[Measure.MOOD_SLOPE],
        row[Measure.AMBITION_SLOPE],
        unit_low(z),
    )


@kernel
def recruit_people(w, measure):
    """Fill the places of this month with eligible, reached and motivated people."""
    month = w.counts[Count.MONTH]
    seed = w.counts[Count.SEED]
    row = w.measures[measure]
    number = np.uint64(row[Measure.NUMBER])
    base = stream_base(seed, Stream.RECRUIT, month)
    places = places_of_month(row, unit(word(number, base, 0)))
    if places <= 0:
        return
    lottery = stream_base(seed, Stream.LOTTERY, 0)
    bit = ONE << np.uint64(measure)
    cells = w.register_heads.shape[0]
    # with a place for everybody each is asked once, and in which order does not matter
    everybody = places >= w.counts[Count.ACTIVE_PEOPLE]
    tries = cells if everybody else 300 * places + 500
    served = 0
    for k in range(tries):
        cell = k
        if not everybody:
            soon = w.register_heads[index_high(word(number, base, 1 + k + AHEAD), cells)]
            prefetch(w.people, max(soon, 0))
            cell = index_high(word(number, base, 1 + k), cells)
        following = w.register_heads[cell]
        while following >= 0:
            person = following
            following = w.register[person]
            if not would_take_part(w, person, measure):
                continue
            w.served[person] |= bit
            u = unit(word(w.person_hash[person] + number, lottery, 0))
            if u < row[Measure.NEVER_SERVED]:
                enrol(w, person, measure, 1)
                continue
            enrol(w, person, measure, 0)
            served += 1
            if served == places:
                return


@kernel
def recruit_workplaces(w, measure):
    """Let workplaces that know of a measure and meet its condition take part.

    The willing ones come in the order of one keyed number a month. Where there is a demonstration,
    other workplaces know of the measure in proportion to the share of the first ones in it.
    """
    month = w.counts[Count.MONTH]
    seed = w.counts[Count.SEED]
    row = w.measures[measure]
    number = np.uint64(row[Measure.NUMBER])
    base = stream_base(seed, Stream.RECRUIT_WORKPLACE, month)
    places = places_of_month(row, unit(word(number, base, 0)))
    if places <= 0:
        return
    others_know = 0.0
    if row[Measure.DEMONSTRATION] > 0.0:
        others_know = row[Measure.DEMONSTRATION] * share_taking_part(w, measure)
    last_word = np.uint64(0)
    for _ in range(places):
        best = -1
        best_word = ALWAYS
        for workplace in range(w.workplaces.shape[1]):
            z = word(w.workplace_hash[workplace] + number, base, 1)
            if z <= last_word or z >= best_word:
                continue
            if workplace_would(w, workplace, measure, others_know):
                best = workplace
                best_word = z
        if best < 0:
            return
        enrol(w, best, measure, 0)
        last_word = best_word


@kernel
def workplace_would(w, workplace, measure, others_know):
    """Return whether a workplace may, knows and wants to take part this month."""
    row = w.measures[measure]
    first = int(row[Measure.WORKPLACE_CLAUSE_START])
    knows = row[Measure.KNOWN]
    if not workplace_meets(w, workplace, first, int(row[Measure.WORKPLACE_CLAUSE_END])):
        knows = others_know
    base = stream_base(w.counts[Count.SEED], Stream.TAKE_UP, year_of(w.counts[Count.MONTH]))
    z = word(w.workplace_hash[workplace] + np.uint64(row[Measure.NUMBER]), base, 0)
    if unit_high(z) >= knows:
        return False
    if not is_motivated(row[Measure.TAKE_UP], 0.0, 0.1, 0.0, 0.0, unit_low(z)):
        return False
    return not took_part(w, workplace, measure)


@kernel
def share_taking_part(w, measure):
    """Return which share of the workplaces that a measure is meant for has taken part."""
    row = w.measures[measure]
    first = int(row[Measure.WORKPLACE_CLAUSE_START])
    last = int(row[Measure.WORKPLACE_CLAUSE_END])
    meant = 0
    for workplace in range(w.workplaces.shape[1]):
        meant += workplace_meets(w, workplace, first, last)
    taken = 0
    for at in range(w.counts[Count.ENROLMENTS]):
        if w.enrolments[Enrolment.MEASURE, at] == measure:
            taken += workplace_meets(w, w.enrolments[Enrolment.WHO, at], first, last)
    return taken / meant if meant > 0 else 0.0


@kernel
def took_part(w, workplace, measure):
    """Return whether a workplace is or was in a measure."""
    for at in range(w.counts[Count.ENROLMENTS]):
        if (
            w.enrolments[Enrolment.MEASURE, at] == measure
            and w.enrolments[Enrolment.WHO, at] == workplace
        ):
            return True
    return False


@kernel
def effect_now(w, lever, months):
    """Return the size of a lever so many months after entry: onset, half life, end."""
    since = months - w.levers[lever, Lever.ONSET]
    if since < 0:
        return 0.0
    if since >= w.levers[lever, Lever.ZERO]:
        return 0.0
    if since >= w.levers[lever, Lever.HALF]:
        return 0.5 * w.levers[lever, Lever.SIZE]
    return w.levers[lever, Lever.SIZE]


@kernel
def help_row(w, person):
    """Return the row of active help of a person, a cleared one when there was none."""
    row = w.people[Person.HELP, person]
    if row >= 0:
        return row
    row = w.counts[Count.HELPS]
    if row >= w.helps.shape[1]:
        w.counts[Count.OVERFLOW] = 9
        return -1
    w.counts[Count.HELPS] = row + 1
    for what in range(w.helps.shape[0]):
        w.helps[what, row] = 0.0
    w.people[Person.HELP, person] = row
    w.screens[w.place_of_person[person]] = ALWAYS
    return row


@kernel
def workplace_of(w, at):
    """Return the workplace that an enrolment reaches, or -1 for people without a local post."""
    who = w.enrolments[Enrolment.WHO, at]
    if w.measures[w.enrolments[Enrolment.MEASURE, at], Measure.APPLIES_TO] == 1.0:
        return who
    post = w.people[Person.POST, who]
    return w.posts[Post.WORKPLACE, post] if post >= 0 else -1


@kernel
def mark_kinds(w):
    """Note which kinds of measures reach each workplace now (for their interaction)."""
    for at in range(w.counts[Count.ENROLMENTS]):
        workplace = workplace_of(w, at)
        if workplace < 0 or w.enrolments[Enrolment.STATE, at] != 0:
            continue
        kind = int(w.measures[w.enrolments[Enrolment.MEASURE, at], Measure.KIND])
        mask = int(w.shifts[Shift.KINDS, workplace]) | (1 << kind)
        w.shifts[Shift.KINDS, workplace] = float(mask)


@kernel
def add_effects(w, at):
    """Add what an enrolment gives this month to the person or the workplace."""
    measure = w.enrolments[Enrolment.MEASURE, at]
    row = w.measures[measure]
    if row[Measure.EFFECTIVE] == 0.0:
        return
    who = w.enrolments[Enrolment.WHO, at]
    state = w.enrolments[Enrolment.STATE, at]
    months = w.counts[Count.MONTH] - w.enrolments[Enrolment.START, at]
    on_people = row[Measure.APPLIES_TO] == 0.0
    if state == 2 or (on_people and w.people[Person.STATUS, who] > Status.N):
        return
    inside = state == 0
    if on_people and inside and row[Measure.LOCK_IN] != 1.0:
        at_help = help_row(w, who)
        if at_help < 0:
            return
        w.helps[Help.LOCK_IN, at_help] += math.log(max(row[Measure.LOCK_IN], 1e-12))
    if row[Measure.SUPPORT] == 1.0 and (inside or months <= 24):
        if on_people:
            at_help = help_row(w, who)
            if at_help < 0:
                return
            w.helps[Help.SUPPORT, at_help] += 1.0
        else:
            w.shifts[Shift.SUPPORT, who] += 1.0
    together = 1.0
    if row[Measure.INTERACTION] != 0.0:
        workplace = workplace_of(w, at)
        if workplace >= 0 and bits_set(int(w.shifts[Shift.KINDS, workplace])) > 1:
            together += row[Measure.INTERACTION]
    for lever in range(int(row[Measure.LEVER_START]), int(row[Measure.LEVER_END])):
        size = effect_now(w, lever, months)
        if size == 0.0:
            continue
        size *= together
        kind = int(w.levers[lever, Lever.KIND])
        if w.levers[lever, Lever.ON_WORKPLACE] == 1.0:
            if not on_people:
                w.shifts[kind, who] += size
            elif w.people[Person.POST, who] >= 0:
                w.shifts[kind, w.posts[Post.WORKPLACE, w.people[Person.POST, who]]] += size
            continue
        flag = int(w.levers[lever, Lever.FLAG])
        if flag >= 0:
            has = w.people[Person.BARRIERS, who] & (1 << flag)
            size *= w.levers[lever, Lever.WITH_FLAG] if has else w.levers[lever, Lever.WITHOUT_FLAG]
        at_help = help_row(w, who)
        if at_help < 0:
            return
        w.helps[kind, at_help] += size


@kernel
def months_stayed(w, at):
    """Return the months from entry to the end of a measure, negative for who drops out.

    Drop-outs leave at a keyed month of the measure, each month alike.
    """
    row = w.measures[w.enrolments[Enrolment.MEASURE, at]]
    who = w.enrolments[Enrolment.WHO, at]
    base = stream_base(w.counts[Count.SEED], Stream.MEETING, w.enrolments[Enrolment.START, at])
    on_people = row[Measure.APPLIES_TO] == 0.0
    hashed = w.person_hash[who] if on_people else w.workplace_hash[who]
    u = unit(word(hashed + np.uint64(row[Measure.NUMBER]), base, 1))
    duration = int(row[Measure.DURATION])
    if u < row[Measure.DROP_OUT]:
        return -1 - int(u / row[Measure.DROP_OUT] * duration)
    return duration


@kernel
def follow_enrolments(w):
    """Complete and drop out, and note months in work one and two years after entry."""
    month = w.counts[Count.MONTH]
    for at in range(w.counts[Count.ENROLMENTS]):
        measure = w.enrolments[Enrolment.MEASURE, at]
        row = w.measures[measure]
        who = w.enrolments[Enrolment.WHO, at]
        months = month - w.enrolments[Enrolment.START, at]
        on_people = row[Measure.APPLIES_TO] == 0.0
        if on_people and (months == 12 or months == 24):  # noqa: PLR1714
            worked = months_in_work(w, who) - w.enrolments[Enrolment.WORK_AT_START, at]
            year = Enrolment.WORK_12 if months == 12 else Enrolment.WORK_24
            w.enrolments[year, at] = worked
        if w.enrolments[Enrolment.STATE, at] != 0:
            continue
        stays = months_stayed(w, at)
        dropped = stays < 0
        if months < abs(stays):
            continue
        w.enrolments[Enrolment.STATE, at] = 2 if dropped else 1
        close_cover(w, at)
        if on_people:
            kind = EventKind.DROPPED_OUT if dropped else EventKind.COMPLETED
            emit(
                w, kind, Cause.MEASURE, who, -1, -1, -1, person_state(w, who), measure, -1, 0, 0
            )  # fmt: skip


@kernel
def carve_entry_posts(w):
    """Create entry posts at workplaces whose measures do so: a keyed number a month."""
    month = w.counts[Count.MONTH]
    base = stream_base(w.counts[Count.SEED], Stream.NEW_POST_TRAITS, month)
    for workplace in range(w.workplaces.shape[1]):
        rate = w.shifts[Shift.NEW_ENTRY_POSTS, workplace] / 12.0
        if rate <= 0.0:
            continue
        u = unit(word(w.workplace_hash[workplace], base, 0))
        number = int(np.floor(rate + u))
        for slot in range(number):
            # a key range of its own: bit 45 marks posts made by measures
            key = (ONE << np.uint64(45)) | (np.uint64(month + 1000) << np.uint64(30))
            key |= (np.uint64(workplace) << np.uint64(8)) | np.uint64(slot)
            sector = w.workplaces[Workplace.SECTOR, workplace]
            create_post(w, np.int64(key), workplace, sector, 0, 0, Cause.MEASURE, 0)


@kernel
def unscreen_workplace(w, workplace):
    """Let the rules look at everybody who works at a workplace that a measure has changed."""
    for rung in range(RUNGS):
        post = w.heads[rung, workplace]
        while post >= 0:
            holder = w.posts[Post.HOLDER, post]
            if holder >= 0:
                w.screens[w.place_of_person[holder]] = ALWAYS
            post = w.posts[Post.NEXT, post]


@kernel
def run_measures(w):
    """Run all measures of the mix for a month."""
    n_measures = w.measures.shape[0]
    if n_measures == 0:
        return
    month = w.counts[Count.MONTH]
    follow_enrolments(w)
    for measure in range(n_measures):
        row = w.measures[measure]
        if row[Measure.START] <= month < row[Measure.END] and row[Measure.PLACES] > 0.0:
            if row[Measure.APPLIES_TO] == 0.0:
                recruit_people(w, measure)
            elif row[Measure.APPLIES_TO] == 1.0:
                recruit_workplaces(w, measure)
    # active help is summed afresh each month
    if w.counts[Count.ENROLMENTS] == 0:
        return
    w.shifts[:, :] = 0.0
    last = w.counts[Count.ENROLMENTS] - 1
    for at in range(last + 1):
        prefetch(w.people, w.enrolments[Enrolment.WHO, min(at + AHEAD, last)])
        measure = w.enrolments[Enrolment.MEASURE, at]
        if w.measures[measure, Measure.APPLIES_TO] == 0.0:
            w.people[Person.HELP, w.enrolments[Enrolment.WHO, at]] = -1
    w.counts[Count.HELPS] = 0
    for measure in range(n_measures):
        if w.measures[measure, Measure.INTERACTION] != 0.0:
            mark_kinds(w)
            break
    for at in range(last + 1):
        prefetch(w.people, w.enrolments[Enrolment.WHO, min(at + AHEAD, last)])
        if w.enrolments[Enrolment.LOSER, at] == 0:
            add_effects(w, at)
    for workplace in range(w.workplaces.shape[1]):
        if (
            w.shifts[Shift.SEPARATION_AFTER_HIRE, workplace] != 0.0
            or w.shifts[Shift.AMBITION, workplace] != 0.0
        ):
            unscreen_workplace(w, workplace)
    carve_entry_posts(w)


@kernel
def add_meetings(w):
    """Let participants whose measure arranges meetings meet an employer this month."""
    month = w.counts[Count.MONTH]
    base = stream_base(w.counts[Count.SEED], Stream.MEETING, month)
    for at in range(w.counts[Count.ENROLMENTS]):
        if w.enrolments[Enrolment.STATE, at] != 0:
            continue
        if w.measures[w.enrolments[Enrolment.MEASURE, at], Measure.APPLIES_TO] != 0.0:
            continue
        who = w.enrolments[Enrolment.WHO, at]
        row = w.people[Person.HELP, who]
        if row < 0 or w.people[Person.STATUS, who] > Status.N:
            continue
        z = word(w.person_hash[who], base, 0)
        if unit_high(z) < w.helps[Help.MEETINGS, row]:
            at_round = index_high(mix(z + GOLDEN), w.counts[Count.ROUNDS])
            slot = w.intent_counts[at_round]
            if slot >= w.intents.shape[1]:
                w.counts[Count.OVERFLOW] = 7
                return
            w.intents[at_round, slot] = (np.int64(who) << 6) | MEETING
            w.intent_counts[at_round] = slot + 1
