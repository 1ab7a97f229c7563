"""Code lists of the model: what the small integers in columns, events and files mean.

One place for every code. The lower-case member names are the words of the files
(``fill``, ``origin``, ``end``, ``kind``, ``cause``) and of the documentation.
"""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """What a person does. A, P, S and N are the four states without work."""

    EMPLOYED = 0  # holds a local post
    EMPLOYED_ELSEWHERE = 1  # resident who works outside the place (out-commuter)
    A = 2  # registered and searching
    P = 3  # registered, not searching
    S = 4  # searching, not registered
    N = 5  # neither
    RETIRED = 6
    LEFT = 7
    DEAD = 8


class PostState(IntEnum):
    """State of a post; filled, vacant and withdrawn all count as posts."""

    FILLED = 0
    VACANT = 1
    WITHDRAWN = 2
    DESTROYED = 3


class Contract(IntEnum):
    """Open-ended or fixed-term post."""

    OPEN_ENDED = 0
    FIXED_TERM = 1


class Trend(IntEnum):
    """Whether a workplace grows, rests or shrinks this year."""

    SHRINKING = 0
    RESTING = 1
    GROWING = 2


class Education(IntEnum):
    """ISCED 0-2, 3-4, 5-8."""

    BASIC = 0
    SECONDARY = 1
    TERTIARY = 2


class Sex(IntEnum):
    """Register sex."""

    FEMALE = 0
    MALE = 1


class EventKind(IntEnum):
    """Kinds of rows of the event table."""

    POST_CREATED = 0
    VACANCY_OPENED = 1
    FILLED = 2
    KEPT_ON = 3
    WITHDRAWN = 4
    RETURNED = 5
    POST_DESTROYED = 6
    SEPARATED = 7
    STATUS_CHANGED = 8
    ENTERED = 9
    LEFT = 10
    UPGRADED_IN_PLACE = 11
    ENROLLED = 12
    COMPLETED = 13
    DROPPED_OUT = 14


class Cause(IntEnum):
    """Why something happened. The first twelve are the origins of chains."""

    NEW_POST = 0
    RETURNED_POST = 1
    RETIREMENT = 2
    LABOUR_FORCE_EXIT = 3
    JOB_LOSS = 4
    FIXED_TERM_END = 5
    COVER = 6
    MOVED_AWAY = 7
    JOB_ELSEWHERE = 8
    DIED = 9
    LEAVE = 10
    # causes of a vacancy inside a chain
    PROMOTION = 11
    SIDEWARD_MOVE = 12
    HIRE_FROM_WORKPLACE = 13
    # ends of a vacancy without a fill
    NOT_BACKFILLED = 14
    GIVEN_UP = 15
    # other causes
    SCHOOL_LEAVER = 16
    MOVED_IN = 17
    HIRED_FROM_OUTSIDE = 18
    TRANSITION = 19  # between A, P, S and N
    MEASURE = 20
    START = 21  # part of the world as built
    NO_LONGER_NEEDED = 22  # a withdrawn or vacant post destroyed
    NONE = 23


class Fill(IntEnum):
    """How an opening closed (column ``fill`` of links)."""

    PROMOTION = 0
    SIDEWARD_MOVE = 1
    HIRE_FROM_WORKPLACE = 2
    HIRE_SHORT_TERM_UNEMPLOYED = 3
    HIRE_LONG_TERM_UNEMPLOYED = 4
    HIRE_OUTSIDE_LABOUR_FORCE = 5
    HIRE_OUTSIDE_REGION = 6
    NOT_BACKFILLED = 7
    GIVEN_UP = 8
    POST_DESTROYED = 9
    OPEN = 10


class End(IntEnum):
    """How a chain ended (column ``end`` of chains)."""

    JOBSEEKER = 0
    OUTSIDE_LABOUR_FORCE = 1
    OUTSIDE_REGION = 2
    WITHDRAWN = 3
    DESTROYED = 4
    OPEN = 5


ORIGINS = tuple(cause for cause in Cause if cause <= Cause.LEAVE)
RUNGS = 4
LONG_TERM_MONTHS = 12


def label(member: IntEnum) -> str:
    """Return the word used in files for a code, e.g. ``Fill.PROMOTION`` -> ``promotion``.

    The one-letter states without work keep their capital letters.
    """
    return member.name if len(member.name) == 1 else member.name.lower()


def labels(codes: type[IntEnum]) -> list[str]:
    """Return the words of a code list, in order of the codes."""
    return [label(member) for member in codes]
