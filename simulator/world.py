"""The state of one world: columns, search tables, counters; copying and growing.

Kernels receive :class:`Columns`, a named tuple of arrays; Python code holds :class:`World`.
"""

from __future__ import annotations

from enum import IntEnum, auto
from typing import NamedTuple

import numpy as np

LONGEST_SHORTLIST = 12
ALWAYS = np.uint64(0xFFFFFFFFFFFFFFFF)  # a screen that every draw passes
NEVER = np.uint64(0)
DECAY_MONTHS = 128
STRUCK = -1  # rung of a template at a workplace that has closed
DISTANCE_MONTHS = 256


class _Positions(IntEnum):
    @staticmethod
    def _generate_next_value_(name, start, count, last_values):  # noqa: ARG004
        return count


class Count(_Positions):
    """Positions in the int64 vector of counters."""

    PEOPLE = auto()
    POSTS = auto()
    ACTIVE_PEOPLE = auto()
    ACTIVE_POSTS = auto()
    EVENTS = auto()
    OPEN_POSTS = auto()  # length of the list of vacant posts
    BLOCKS = auto()  # blocks of applications ever used
    FREE_BLOCK = auto()  # head of the list of free blocks, or -1
    CLOSING = auto()  # vacancies whose collection ends in this round
    HELPS = auto()
    ENROLMENTS = auto()
    MONTH = auto()
    NOW = auto()  # absolute round
    ROUND = auto()  # 0 in the monthly part, else 1..rounds
    ROUNDS = auto()  # rounds a month
    SEED = auto()
    RECORD = auto()  # 1: write events
    OVERFLOW = auto()  # a buffer was too small; the month is void
    FIRST_MONTH = auto()  # month of the first row of the monthly arrays
    CHECK = auto()  # 1: verify conservation after every round
    BROKEN = auto()  # number of the identity that failed, 0 when none
    VACANT = auto()
    UNEMPLOYED = auto()
    VACANT_BEFORE = auto()  # at the end of last month, of which slack is made
    UNEMPLOYED_BEFORE = auto()
    FILLED_BEFORE = auto()  # filled posts at the end of last month, for the conservation check
    POSTS_BEFORE = auto()  # posts at the end of last month, for the conservation check
    SLACK_NUMERATOR = auto()  # unemployed per thousand vacancies at the start
    PLACEBO = auto()  # 1: re-key the draws of each person on entry into a measure
    IMPULSE_RUNG = auto()  # rung of the vacancy to be overruled, or -1
    IMPULSE_MONTH = auto()
    IMPULSE_KIND = auto()  # 0 none, 1 outsider -> best inside, 2 inside -> opened to all
    IMPULSE_NUMBER = auto()  # which of the eligible vacancies of the month (hash order)
    IMPULSE_DONE = auto()  # post row + 1 of the vacancy overruled
    GONE_PEOPLE = auto()  # people in the active list who have retired, left or died
    GONE_POSTS = auto()  # posts in the active list that are destroyed
    FLAG_AGE_55 = auto()  # barrier flags that follow from age, 0 where the place has none
    FLAG_UNDER_30 = auto()
    NO_SCREENS = auto()  # 1: the rules look at everybody every month (slow; a check)
    SCREENED_UNTIL = auto()  # first month for which the screens must be computed afresh
    SETTLING = auto()  # 1: a settling month, 2: the last one (:mod:`simulator.settling`)


class Flow(_Positions):
    """Positions in the monthly counts of vacancy flows, by rung of the vacancy."""

    OPENED = 0  # + cause, 0..13
    FILL = 14  # + fill, 0..9 (not_backfilled, given_up and post_destroyed included)
    OPENED_PUBLIC = 24
    OPENED_SUPPORTED = 25  # advertised links after a supported promotion in the chain
    PROMOTED_SUPPORTED = 26  # supported promotions into this rung
    FILLED_BY_TARGET = 27  # by the target group of the place, as fixed where the twins are equal
    FAILED_COLLECTION = 28
    APPLICATIONS = 29
    SPELL_ROUNDS_PUBLIC = 31  # completed rounds of public vacancies that closed
    CLOSED_PUBLIC = 32
    OLD_VACANCIES = 33  # vacancies open longer than three months, at the month end
    FILLED_LOW_SCHOOLED_UP = 34  # promotions of people with little schooling
    SEPARATED = 35
    OFFERED_INSIDE = 37
    SIZE = 38


class Stock(_Positions):
    """Positions in the stocks of posts, by rung."""

    FILLED = auto()
    VACANT = auto()
    NOT_BACKFILLED = auto()  # withdrawn: never advertised
    GIVEN_UP = auto()  # withdrawn: recruitment given up
    FIXED_TERM = auto()  # filled fixed-term posts (also counted in FILLED)


class Tally(_Positions):
    """Month-end counts of people by cell."""

    IN_WORK_0 = 0
    IN_WORK_1 = 1
    IN_WORK_2 = 2
    IN_WORK_3 = 3
    ELSEWHERE = 4
    A = 5
    P = 6
    S = 7
    N = 8
    OUT = 9  # retired, left, dead
    SIZE = 10


class Stratum(_Positions):
    """int64 rows of the table of strata (sector and rung)."""

    FIRST = auto()  # first slot in the search table
    SIZE = auto()  # slots, and the number of posts among which a search looks for open ones
    POSTS = auto()  # posts not destroyed
    OPEN = auto()  # vacancies that take applications this round
    OPEN_PUBLIC = auto()
    USED = auto()  # slots in use this round


class Block(_Positions):
    """int32 rows of a block of applications: 64 bytes, what memory hands over at a time."""

    NEXT = 0  # next block of the same collection or of the free ones, or -1
    COUNT = 1  # applications in this block
    FIRST = 2  # person row * 2 + whether the two have met, fourteen times
    SIZE = 16


class Snapshot(_Positions):
    """int32 columns of a person as the last month end left them."""

    STATE = auto()  # see record.recorded_state
    SINCE = auto()  # with the employer, or on the register
    UNEMPLOYED_SINCE = auto()
    EMPLOYER = auto()  # workplace, -2 a job elsewhere, -3 on the register, -1 neither
    SEEN = auto()  # month in which the person was last met in the lists of changes


class Head(_Positions):
    """Running counts of people as the last month end left them, from which totals are read."""

    BY_STATE = 0  # + position in Tally * 2 + resident, 0..19
    EMPLOYER_SINCE = 20  # sum over people in work here
    SIZE = 21


class Recent(_Positions):
    """People by the month in which a spell began, for spells of the last fifteen months."""

    EMPLOYED = auto()
    REGISTERED = auto()  # residents
    SEARCHING = auto()  # residents in A or S, by the end of their last job


class Total(_Positions):
    """Month-end counts of the place (residents unless said), measured as the targets are."""

    POPULATION = auto()
    EMPLOYED_HERE = auto()  # filled local posts
    RESIDENTS_HERE = auto()
    RESIDENTS_ELSEWHERE = auto()
    A = auto()
    P = auto()
    S = auto()
    N = auto()
    RETIRED = auto()
    REGISTER_LONG = auto()  # A or P for 12 or more unbroken months
    SURVEY_LONG = auto()  # A or S, unemployed (A, P, S) for 12 or more unbroken months
    STARTERS = auto()  # in work here, began with the employer within three months
    TENURE_MONTHS = auto()
    OTHER_EMPLOYER = auto()  # in work here at one month end, with another employer at the next
    U_BEFORE = auto()  # in A or S three months before, still a resident of 15-74
    U_TO_E = auto()
    U_TO_PN = auto()
    E_BEFORE = auto()
    E_TO_U = auto()
    E_TO_PN = auto()
    PN_BEFORE = auto()
    PN_TO_U = auto()
    PN_TO_E = auto()
    HIRES = auto()  # of people in work at the month end who were not with this employer before
    HIRES_FROM_JOB = auto()
    HIRES_FROM_REGISTER = auto()
    WITHDRAWN = auto()
    VACANT = auto()
    VACANT_PUBLIC = auto()
    POSTS = auto()
    IN_COMMUTERS = auto()
    FIXED_TERM = auto()
    HIRES_FROM_OUTSIDE = auto()  # of people from outside, whose earlier status is unknown
    HIRES_NEW_POST = auto()  # into posts created within twelve months
    PROMISED = auto()  # vacant posts that somebody has accepted, who has not begun yet
    PROMISED_PUBLIC = auto()


class Measure(_Positions):
    """float64 columns of a measure of the mix, as the kernels see it."""

    KIND = auto()  # 0 jobseeker, 1 worker, 2 employer, 3 coordination
    APPLIES_TO = auto()  # 0 people, 1 workplaces
    PLACES = auto()  # places a month (people) or workplaces a month
    START = auto()  # first month of recruiting
    END = auto()  # first month without recruiting
    DURATION = auto()  # months in the measure
    LOCK_IN = auto()  # factor on search while in it
    DROP_OUT = auto()  # share that drops out before the end
    TAKE_UP = auto()  # log odds that somebody of average mood and ambition accepts a place
    MOOD_SLOPE = auto()  # log odds per sd of mood
    AMBITION_SLOPE = auto()  # log odds per log odds of ambition
    KNOWN = auto()
    NEVER_SERVED = auto()  # eta, share of the lottery that is never served
    EFFECTIVE = auto()  # 0: shadow enrolment, recruits and gives nothing
    CLAUSE_START = auto()
    CLAUSE_END = auto()
    WORKPLACE_CLAUSE_START = auto()  # condition on the workplace (of the participant)
    WORKPLACE_CLAUSE_END = auto()
    NUMBER = auto()  # stable number of the measure (keys its draws in every mix)
    SUPPORT = auto()  # 1: promotions of its participants count as supported
    LEVER_START = auto()
    LEVER_END = auto()
    GROUP_SIZE = auto()  # places come in groups of so many (1: one by one)
    INTERACTION = auto()  # share added to effects where measures of two kinds meet (this month)
    DEMONSTRATION = auto()  # share of other employers that know once all first ones take part
    COVER_SHARE = auto()  # substitutes per participant (0: none)
    COVER_ORIGIN = auto()  # codes.Cause: COVER or LEAVE
    COVER_ASKS = auto()  # whom the substitute's post is open to, as Post.ASKS


class Lever(_Positions):
    """float64 columns of a lever of a measure."""

    KIND = auto()  # position in Help (people) or Shift (workplaces)
    ON_WORKPLACE = auto()  # 0: on the person served, 1: on the workplace that takes part
    SIZE = auto()
    ONSET = auto()  # months after entry before it acts
    HALF = auto()  # months after onset at which it halves
    ZERO = auto()  # months after onset at which it is gone
    FLAG = auto()  # bit of the barrier that scales it, or -1
    WITH_FLAG = auto()
    WITHOUT_FLAG = auto()


class ClauseColumn(_Positions):
    """int64 columns of a clause of a condition (-1 or an all-ones mask: not asked)."""

    STATUSES = auto()  # mask over Status
    SEXES = auto()
    EDUCATION = auto()
    AGE_MIN = auto()
    AGE_MAX = auto()
    BARRIERS_ANY = auto()  # mask, 0: not asked
    BARRIERS_ALL = auto()
    BARRIERS_AT_LEAST = auto()
    BARRIERS_COUNTED = auto()  # mask of the flags that count as barriers to work
    MONTHS_OUT_MIN = auto()
    MONTHS_REGISTER_MIN = auto()
    RESIDENT = auto()  # -1: not asked
    RUNGS = auto()  # mask, 0: not asked
    TENURE_MAX = auto()
    SECTORS = auto()  # mask over sectors
    FIRST_JOB = auto()  # -1: not asked
    SIZE_CLASSES = auto()  # workplaces: mask
    EMPLOYERS = auto()  # workplaces: mask over the first 62 employers, 0: not asked
    POSTS_MIN = auto()


class Help(_Positions):
    """float64 columns of the active help of a person (sums over measures, own scales)."""

    SEARCH_EFFORT = auto()
    SEARCH_EFFECTIVENESS = auto()
    MOOD = auto()
    COMPETENCE = auto()
    LEARNING = auto()
    STIGMA = auto()
    PENALTY = auto()
    HIRING_SUBSIDY = auto()
    MEETINGS = auto()
    VISIBILITY = auto()
    SEPARATION_AFTER_HIRE = auto()
    FIXED_TERM_CONVERSION = auto()
    AMBITION = auto()
    PROMOTION_READINESS = auto()
    HOURS = auto()
    LOCK_IN = auto()  # log of the factor on search
    SUPPORT = auto()  # number of active worker measures


class Shift(_Positions):
    """float64 columns of the active help of a workplace."""

    PENALTY = auto()
    PENALTY_WRITTEN = auto()  # written stage only
    HIRING_STANDARD = auto()
    INTERNAL_FIRST = auto()
    RETENTION_FIRST = auto()
    BACKFILLING = auto()
    NEW_ENTRY_POSTS = auto()
    VISIBILITY = auto()
    FIXED_TERM_CONVERSION = auto()
    SEPARATION_AFTER_HIRE = auto()
    AMBITION = auto()
    PROMOTION_READINESS = auto()
    SUPPORT = auto()
    KINDS = auto()  # mask of the kinds of measures that reach the workplace now


class Enrolment(_Positions):
    """int32 columns of an enrolment."""

    WHO = auto()  # person or workplace row
    MEASURE = auto()  # position in the mix
    START = auto()
    LOSER = auto()  # 1: drawn in the lottery, never served
    STATE = auto()  # 0 in the measure, 1 completed, 2 dropped out, 3 loser
    WORK_AT_START = auto()  # WORK_MONTHS at entry
    WORK_12 = auto()  # months in work in the 12 months after entry, -1 until then
    WORK_24 = auto()
    COVER_POST = auto()  # row of the substitute's post, or -1


class Table(_Positions):
    """Rows of the float64 table indexed by age in years (0..99): women's, then men's.

    A row of men stands :data:`OF_MEN` below that of women.
    """

    DIES = auto()
    MOVES_AWAY = auto()
    MOVES_AWAY_IN_WORK = auto()  # people with a post here
    RETIRES = auto()
    MOVES_IN = auto()  # cumulative share of movers-in by age


OF_MEN = len(Table)  # rows by which men's stand below women's


class Sector(_Positions):
    """Rows of the float64 table indexed by sector."""

    CUMULATIVE_SHARE = auto()  # of posts at the start, for the choice of another sector
    NEW_POSTS_OPEN = auto()  # new open-ended posts a month in a resting year
    NEW_POSTS_FIXED = auto()
    SEASON_0 = auto()  # twelve rows: season of new posts by calendar month
    ENDS_0 = SEASON_0 + 12  # twelve rows: share of the hazard of fixed-term ends that acts


class Scalar(_Positions):
    """Positions in the float64 vector of numbers of the place that no parameter holds."""

    MOVERS_IN = auto()  # persons a month
    SCHOOL_LEAVERS = auto()  # persons a month
    MOVER_ELSEWHERE = auto()  # share of movers-in who work elsewhere
    MOVER_A = auto()
    MOVER_S = auto()
    FIRST_CALENDAR_MONTH = auto()  # calendar month (0 = January) of month 0
    INCLUSIVENESS = auto()
    BIT_LITTLE_SCHOOLING = auto()  # bit positions of barriers that follow from age or schooling
    BIT_AGE_55 = auto()
    BIT_UNDER_30 = auto()
    BIT_NO_NETWORK = auto()
    BIT_DISCOURAGED = auto()
    BIT_HEALTH = auto()
    FILL_CHANCE_WEIGHT = auto()  # vacancy-months of Q0 mixed into Q of a stratum


class Plan(_Positions):
    """int64 columns of what the surroundings do in a month."""

    WORKPLACE = auto()
    SECTOR = auto()
    RUNG = auto()
    NUMBER = auto()  # posts that open; 0: the workplace closes


class Columns(NamedTuple):
    """All arrays of a world, as kernels see them."""

    people: np.ndarray  # int32 (Person, capacity)
    traits: np.ndarray  # float64 (Trait, capacity)
    person_hash: np.ndarray  # uint64
    person_keys: np.ndarray  # int64
    snapshots: np.ndarray  # int32 (Snapshot, capacity): people as the last month end left them
    changed: np.ndarray  # int32 (4, capacity): who changed in each of the last four months
    changed_counts: np.ndarray  # int64 (4,)
    headcount: np.ndarray  # int64 (Head,)
    recent: np.ndarray  # int64 (Recent, 16): by month modulo 16
    tally_now: np.ndarray  # int64 (cells, Tally)
    posts: np.ndarray  # int32 (Post, capacity)
    post_hash: np.ndarray
    post_keys: np.ndarray
    workplaces: np.ndarray  # int32 (Workplace, n)
    policies: np.ndarray  # float64 (Policy, n)
    workplace_hash: np.ndarray
    heads: np.ndarray  # int32 (RUNGS, n): first post of a workplace and rung
    interested: np.ndarray  # int32 (RUNGS, n): first person who wants to move inside this month
    strata: np.ndarray  # int64 (Stratum, sectors * RUNGS)
    search_fails: np.ndarray  # float64 (2, sectors * RUNGS): chance, all and public vacancies
    slots: np.ndarray  # int32: vacancies open this round, post row * 2 + public, or -1
    open_posts: np.ndarray  # int32: list of vacant posts
    pool: np.ndarray  # int32 (Block, capacity): blocks of applications
    intents: np.ndarray  # int64 (rounds, capacity): person row * 64 + number of the application
    intent_counts: np.ndarray  # int64 (rounds,)
    active_people: np.ndarray  # int32
    active_hash: np.ndarray  # uint64: person_hash in order of active_people
    screens: np.ndarray  # uint64: bounds on what can happen in a month (see month.screen_of)
    place_of_person: np.ndarray  # int32: place in active_people
    active_posts: np.ndarray  # int32
    active_post_hash: np.ndarray  # uint64
    post_screens: np.ndarray  # uint64
    place_of_post: np.ndarray  # int32
    flagged: np.ndarray  # uint8: scratch, whose screen a month's draws pass
    due: np.ndarray  # int32: scratch, the list of those
    par_screened: np.ndarray  # float64 (Par,): parameters for which the screens hold
    register_heads: np.ndarray  # int32 (2**k,): first person of a cell that measures draw, or -1
    register: np.ndarray  # int32: next person of the same cell, or -1
    templates: np.ndarray  # int32 (3, posts at start): workplace, rung, contract; by sector
    template_start: np.ndarray  # int64 (sectors + 1,)
    fill_ring: np.ndarray  # float64 (12, 2, strata): fills and vacancy-months, last twelve months
    fill_factor: np.ndarray  # float64 (strata,): (Q/Q0)^eps of this month
    fill_normal: np.ndarray  # float64 (strata,): Q0
    events: np.ndarray  # int32 (rows, Event)
    flows: np.ndarray  # int32 (months, RUNGS, Flow)
    stock: np.ndarray  # int64 (RUNGS, Stock)
    stock_rounds: np.ndarray  # int64 (months, RUNGS, Stock): sums over round ends
    tallies: np.ndarray  # int32 (months, cells, Tally)
    totals: np.ndarray  # int64 (months, Total)
    cell_is_target: np.ndarray  # uint8 (cells,)
    counts: np.ndarray  # int64 (Count,)
    par: np.ndarray  # float64 (Par,)
    scalars: np.ndarray  # float64 (Scalar,)
    ages: np.ndarray  # float64 (2 * Table, 100)
    sectors: np.ndarray  # float64 (Sector + 12, sectors)
    log_wages: np.ndarray  # float64 (sectors, RUNGS)
    penalties: np.ndarray  # float64 (bits,): written score by barrier
    entrants: np.ndarray  # float64 (3 + bits * 3, ...): see build of entrants
    measures: np.ndarray  # float64 (measures, Measure)
    levers: np.ndarray  # float64 (levers, Lever)
    clauses: np.ndarray  # int64 (clauses, 18)
    access: np.ndarray  # float64 (bits,): share with a barrier that can use measures
    enrolments: np.ndarray  # int32 (Enrolment, capacity)
    helps: np.ndarray  # float64 (Help, capacity)
    shifts: np.ndarray  # float64 (Shift, workplaces)
    closing: np.ndarray  # int32 (capacity, 2 + LONGEST_SHORTLIST): scratch of the closing stage
    decay: np.ndarray  # float64 (DECAY_MONTHS,): search left by months out of work
    distance: np.ndarray  # float64 (2, DISTANCE_MONTHS): distance kept out of work and in work
    penalty_of_flags: np.ndarray  # float64 (2**bits,): written score of a set of barriers
    called: np.ndarray  # int64 (LONGEST_SHORTLIST,): scratch of one vacancy
    scores: np.ndarray  # float64 (3, 16): scratch of one vacancy: called, ranked, outsiders' gaps
    checked_stock: np.ndarray  # int64 (RUNGS, Stock): scratch of the conservation check
    checked_workplaces: np.ndarray  # int64 (2, workplaces): scratch of the conservation check
    served: np.ndarray  # uint64 (capacity people): bit per measure: recruited before; KEPT_FOR
    as_built: np.ndarray  # int64 (AsBuilt,): counts that settling restores
    room: np.ndarray  # int64 (AsBuilt,): what is missing of them, scratch
    plan: np.ndarray  # int64 (rows, Plan): what the surroundings do this month


# stored entity by entity: the rules read many columns of one person or post at a time
BY_ENTITY = frozenset(
    {
        "people", "traits", "snapshots", "posts", "pool",
        "workplaces", "policies", "shifts", "heads", "interested", "templates",
    }
)  # fmt: skip

# type and number of axes of each array
LAYOUT = {
    "people": ("int32", 2),
    "traits": ("float64", 2),
    "person_hash": ("uint64", 1),
    "person_keys": ("int64", 1),
    "snapshots": ("int32", 2),
    "changed": ("int32", 2),
    "changed_counts": ("int64", 1),
    "headcount": ("int64", 1),
    "recent": ("int64", 2),
    "tally_now": ("int64", 2),
    "posts": ("int32", 2),
    "post_hash": ("uint64", 1),
    "post_keys": ("int64", 1),
    "workplaces": ("int32", 2),
    "policies": ("float64", 2),
    "workplace_hash": ("uint64", 1),
    "heads": ("int32", 2),
    "interested": ("int32", 2),
    "strata": ("int64", 2),
    "search_fails": ("float64", 2),
    "slots": ("int32", 1),
    "open_posts": ("int32", 1),
    "pool": ("int32", 2),
    "intents": ("int64", 2),
    "intent_counts": ("int64", 1),
    "active_people": ("int32", 1),
    "active_hash": ("uint64", 1),
    "screens": ("uint64", 1),
    "place_of_person": ("int32", 1),
    "active_posts": ("int32", 1),
    "active_post_hash": ("uint64", 1),
    "post_screens": ("uint64", 1),
    "place_of_post": ("int32", 1),
    "flagged": ("uint8", 1),
    "due": ("int32", 1),
    "par_screened": ("float64", 1),
    "register_heads": ("int32", 1),
    "register": ("int32", 1),
    "templates": ("int32", 2),
    "template_start": ("int64", 1),
    "fill_ring": ("float64", 3),
    "fill_factor": ("float64", 1),
    "fill_normal": ("float64", 1),
    "events": ("int32", 2),
    "flows": ("int32", 3),
    "stock": ("int64", 2),
    "stock_rounds": ("int64", 3),
    "tallies": ("int32", 3),
    "totals": ("int64", 2),
    "cell_is_target": ("uint8", 1),
    "counts": ("int64", 1),
    "par": ("float64", 1),
    "scalars": ("float64", 1),
    "ages": ("float64", 2),
    "sectors": ("float64", 2),
    "log_wages": ("float64", 2),
    "penalties": ("float64", 1),
    "entrants": ("float64", 2),
    "measures": ("float64", 2),
    "levers": ("float64", 2),
    "clauses": ("int64", 2),
    "access": ("float64", 1),
    "enrolments": ("int32", 2),
    "helps": ("float64", 2),
    "shifts": ("float64", 2),
    "closing": ("int32", 2),
    "decay": ("float64", 1),
    "distance": ("float64", 2),
    "penalty_of_flags": ("float64", 1),
    "called": ("int64", 1),
    "scores": ("float64", 2),
    "checked_stock": ("int64", 2),
    "checked_workplaces": ("int64", 2),
    "served": ("uint64", 1),
    "as_built": ("int64", 1),
    "room": ("int64", 1),
    "plan": ("int64", 2),
}
