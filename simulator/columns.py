"""Names of the state columns.

State is columns: ``people[Person.STATUS, row]``. Row is storage, key is identity: keys, draws
and files never use row numbers. Months count from 0, the first month after the start; what
happened before is negative. ``-1`` in a row-valued column means none.
"""

from __future__ import annotations

from enum import IntEnum, auto


class _Columns(IntEnum):
    @staticmethod
    def _generate_next_value_(name, start, count, last_values):  # noqa: ARG004
        return count


class Person(_Columns):
    """int32 columns of a person."""

    STATUS = auto()  # codes.Status
    RESIDENT = auto()  # 1 lives here, 0 lives elsewhere
    BIRTH_MONTH = auto()  # month of birth (negative: before the start)
    SEX = auto()
    EDUCATION = auto()
    SECTOR = auto()  # home sector: where competence counts in full
    HOME_RUNG = auto()  # rung of the present or last post (skill-loss floor is one below)
    BARRIERS = auto()  # bit flags in the order of the site file
    POST = auto()  # row of the post held, or -1
    OFFER = auto()  # row of the post accepted and not yet started, or -1
    STATUS_SINCE = auto()  # month in which the present status began
    JOB_SINCE = auto()  # month in which the present post was taken
    EMPLOYER_SINCE = auto()  # month in which tenure at the present employer began
    IDLE_SINCE = auto()  # month in which the last job ended (never worked: month of entry)
    REGISTER_SINCE = auto()  # month in which the unbroken A/P spell began, or -1 outside it
    Q_SINCE = auto()  # month up to which Trait.Q is computed
    ENTERED_MONTH = auto()
    ENTERED_AS = auto()  # codes.Cause: START, SCHOOL_LEAVER, MOVED_IN, HIRED_FROM_OUTSIDE
    CELL = auto()  # counting cell, fixed where the twins are equal
    WORK_MONTHS = auto()  # month ends in work since the cells were fixed
    UNEMPLOYED_SINCE = auto()  # month in which the unbroken A/P/S spell began, or -1 outside it
    HELP = auto()  # row of active help from measures, or -1
    JOBS = auto()  # employers worked for so far, the present one included
    NEXT_INTERESTED = auto()  # next person of the workplace and rung who wants to move this month


class Trait(_Columns):
    """float64 columns of a person."""

    Q = auto()  # competence on the rung scale, at month Person.Q_SINCE
    LEARN = auto()  # a_i, the headroom that learning on the job can reach
    AMBITION = auto()  # chance per month to apply for a post inside the workplace
    EFFORT = auto()  # search effort relative to the mean person
    ATTACHMENT = auto()  # multiplies the hazards of leaving work
    MOOD = auto()  # 0 = average; below: discouraged


class Post(_Columns):
    """int32 columns of a post."""

    WORKPLACE = auto()
    SECTOR = auto()
    RUNG = auto()
    CONTRACT = auto()
    STATE = auto()  # codes.PostState
    HOLDER = auto()  # person row or -1
    PENDING = auto()  # person row that accepted and has not started, or -1
    STARTS = auto()  # absolute round in which the pending person starts
    OPENED = auto()  # absolute round of the present opening (month * rounds + round - 1)
    CLOSES = auto()  # absolute round in which the present collection of applications ends
    ATTEMPT = auto()  # collections of the present opening so far (the standard falls with it)
    PUBLIC = auto()  # 1 notified to the employment service, 0 filled through contacts
    OPENING = auto()  # number of the present or last opening of this post, from 1
    CHAIN_POST = auto()  # row of the post with which the present chain began
    CHAIN_OPENING = auto()  # opening number of that post
    PLACE = auto()  # position of the present opening in its chain, from 1
    CAUSE = auto()  # codes.Cause of the present opening
    SUPPORTED = auto()  # 1 when a supported promotion came earlier in the present chain
    NEXT = auto()  # next post of the same workplace and rung, or -1
    PREVIOUS = auto()
    CREATED_MONTH = auto()
    CREATED_BY = auto()  # codes.Cause: START, NEW_POST, MEASURE, COVER, LEAVE
    REMOVED_MONTH = auto()
    REMOVED_BY = auto()
    TITLE = auto()  # 1 while the holder has been promoted in place; lapses when the holder leaves
    APPLICANTS = auto()  # first block of applications of the present collection, or -1
    INSIDE = auto()  # 1 while the employer still has to look inside first
    PROPOSED = auto()  # scratch of a round: position in the ranking reached so far
    # 0 open to everybody, 1 + months that the hired must have been registered, -1 the group marked
    ASKS = auto()  # (groups.keep_for)


class Workplace(_Columns):
    """int32 columns of a workplace."""

    SECTOR = auto()
    EMPLOYER = auto()  # employer number; internal = same employer and sector
    SIZE_CLASS = auto()  # 0: 1-9, 1: 10-49, 2: 50-249, 3: 250 and more posts at the start
    POSTS = auto()  # posts not destroyed
    FILLED = auto()
    TREND = auto()  # codes.Trend of the year
    CONSIDERS_LONG_TERM = auto()  # 1 when long-term unemployed are considered at all
    TAKES_PART = auto()  # 1 when an employer measure is active here


class Policy(_Columns):
    """float64 columns of a workplace: its propensities."""

    INCLUSIVENESS = auto()  # 0..1, scales hiring and promotion penalties down
    INTERNAL_FIRST = auto()  # log-odds shift of looking inside first
    RETENTION_FIRST = auto()  # chance to refuse releases when short of staff
    BACKFILL = auto()  # log-odds shift of the backfill propensity
    AWARENESS = auto()  # 0..1, chance to know of supports


class Event(_Columns):
    """int32 columns of one row of the raw event table (48 bytes a row)."""

    WHEN = auto()  # month * 16 + round; round 0 is the monthly part (floor division for < 0)
    KIND = auto()  # codes.EventKind
    CAUSE = auto()  # codes.Cause
    PERSON = auto()  # row or -1
    POST = auto()  # row or -1
    FROM_POST = auto()  # row of the post left by the same move, or -1
    RUNG = auto()  # rung of the post, or -1
    STATE = auto()  # person: status * 2 + resident after the event; vacancy_opened: public
    MEASURE = auto()  # number of the measure in the mix, or -1
    CHAIN_POST = auto()  # row of the post with which the chain began, or -1
    CHAIN_OPENING = auto()  # opening number of that post
    PLACE = auto()  # position of the link in its chain, from 1; 0 outside chains
