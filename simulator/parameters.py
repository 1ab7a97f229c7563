"""The behavioural parameters as one float64 vector.

Names, values, ranges, grades and sources stand in ``scenarios/parameters.toml``; a test holds the
two lists together.
"""

from __future__ import annotations

from enum import IntEnum, auto

import numpy as np


class Par(IntEnum):
    """Position of a parameter in the vector; the lower-case name is the one in the files."""

    @staticmethod
    def _generate_next_value_(name, start, count, last_values):  # noqa: ARG004
        return count

    SEARCH_A = auto()
    SEARCH_S = auto()
    SEARCH_N = auto()
    SEARCH_P = auto()
    SEARCH_EMPLOYED = auto()
    SEARCH_ELSEWHERE = auto()
    SEARCH_DECAY = auto()
    SEARCH_DECAY_FLOOR = auto()
    SEARCH_SCHOOL = auto()
    SEARCH_OLD = auto()
    SEARCH_HEALTH = auto()
    SEARCH_OTHER_SECTOR = auto()
    SEARCH_UPWARD = auto()
    SEARCH_TRIES = auto()
    OUTSIDERS_0 = auto()
    OUTSIDERS_1 = auto()
    OUTSIDERS_2 = auto()
    OUTSIDERS_3 = auto()
    OUTSIDER_MOVES_IN = auto()
    OUTSIDER_GAP_SD = auto()
    BUMP_DOWN = auto()
    BUMP_DOWN_PER_MONTH = auto()
    BUMP_DOWN_HIGHEST = auto()
    BUMP_DOWN_SLACK = auto()
    EFFORT_SD = auto()
    ATTACHMENT_SD = auto()
    AMBITION_MEAN = auto()
    AMBITION_SD = auto()
    MOOD_EFFORT = auto()
    A_TO_P = auto()
    A_TO_N = auto()
    P_TO_A = auto()
    P_TO_N = auto()
    S_TO_N = auto()
    S_TO_A = auto()
    N_TO_A = auto()
    N_TO_S = auto()
    N_YOUNG = auto()
    N_OLD = auto()
    REGISTER_YOUNG = auto()
    STAY_OLD = auto()
    RISK_BASIC = auto()
    RISK_TERTIARY = auto()
    RISK_MEN = auto()
    RISK_HEALTH = auto()
    JOB_LOSS = auto()
    LEAVING_NEW = auto()
    LEAVING_TENURE = auto()
    LEAVING_BY_RUNG = auto()
    JOB_LOSS_POOR_MATCH = auto()
    JOB_LOSS_TO_A = auto()
    JOB_LOSS_TO_S = auto()
    EXIT_TO_OUTSIDE = auto()
    EXIT_YOUNG = auto()
    EXIT_OLD = auto()
    JOB_ELSEWHERE = auto()
    ELSEWHERE_END = auto()
    FIND_ELSEWHERE = auto()
    COMMUTER_LEAVES = auto()
    MOVE_IN_WORK = auto()
    POST_DESTROYED = auto()
    DESTROYED_SHRINKING = auto()
    DESTROYED_GROWING = auto()
    NEW_GROWING = auto()
    NEW_SHRINKING = auto()
    GROWING_SHARE = auto()
    SHRINKING_SHARE = auto()
    FIXED_TERM_END = auto()
    FIXED_TERM_KEPT = auto()
    FIXED_TERM_POST_ENDS = auto()
    FIXED_TERM_TO_N = auto()
    SHORT_POSTS = auto()
    BACKFILL = auto()
    BACKFILL_SHRINKING = auto()
    RETURN_WITHDRAWN = auto()
    RETURN_GROWING = auto()
    RETURN_SHRINKING = auto()
    WITHDRAWN_SHARE_START = auto()
    CLOSURE_EPS = auto()
    CLOSURE_CAP = auto()
    TREND_PER_YEAR = auto()
    UPGRADE_IN_PLACE = auto()
    TITLE_QUIT = auto()
    COLLECTION_ROUNDS = auto()
    START_LAG = auto()
    PUBLIC_SHARE = auto()
    SHORTLIST = auto()
    WRITTEN_NOISE = auto()
    OFFER_NOISE = auto()
    WRITTEN_BAR = auto()
    STANDARD = auto()
    STANDARD_RELAXES = auto()
    GIVE_UP = auto()
    MATCH_BELOW = auto()
    MATCH_ABOVE = auto()
    MATCH_ABOVE_CAP = auto()
    TOLERANCE = auto()
    CONSIDERS_LONG_TERM = auto()
    STIGMA = auto()
    STIGMA_MONTHS = auto()
    STATISTICAL_SHARE = auto()
    OFFER_PENALTY = auto()
    MEETING_INFORMATION = auto()
    TASTE_SD = auto()
    INSIDE_MICRO = auto()
    INSIDE_SMALL = auto()
    INSIDE_MEDIUM = auto()
    INSIDE_LARGE = auto()
    INTERNAL_FIRST = auto()
    INSIDE_SIDEWARD = auto()
    TENURE_BONUS = auto()
    PROMOTION_PENALTY = auto()
    SHORT_OF_STAFF = auto()
    RETENTION_FIRST = auto()
    LEARNING = auto()
    SKILL_LOSS = auto()
    VARIANT_RANKING = auto()
    VARIANT_STANDARD = auto()
    VARIANT_INSIDE = auto()
    VARIANT_BUMPING = auto()
    VARIANT_STIGMA = auto()
    VARIANT_RENEWAL = auto()
    SEARCH_HOURS = auto()


def parameter_vector(values: dict[str, float]) -> np.ndarray:
    """Return the vector of parameters, shape (len(Par),).

    Raises
    ------
    KeyError
        When a name is missing or unknown.
    """
    unknown = set(values) - {member.name.lower() for member in Par}
    if unknown:
        raise KeyError(f"unknown parameters: {sorted(unknown)}")
    return np.array([float(values[member.name.lower()]) for member in Par])
