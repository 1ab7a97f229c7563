"""One hiring round at a time, to look at applications and rankings before anybody is hired."""

from __future__ import annotations

import numpy as np

from simulator.codes import PostState
from simulator.columns import Post
from simulator.compile import kernel
from simulator.enrolment import add_meetings, run_measures
from simulator.hiring import inside_stage, list_vacancies, rank_applicants, send_application
from simulator.month import (
    add_entrants,
    add_new_posts,
    people_pass,
    posts_pass,
    set_fill_factors,
    set_trends,
)
from simulator.world import LONGEST_SHORTLIST, Block, Count


@kernel
def _to_first_applications(w, slack):
    """Run the monthly part and the applications of the first round."""
    set_trends(w)
    set_fill_factors(w)
    add_entrants(w)
    run_measures(w)
    people_pass(w)
    add_meetings(w)
    posts_pass(w)
    add_new_posts(w)
    w.counts[Count.ROUND] = 1
    inside_stage(w)
    list_vacancies(w)
    for at in range(w.intent_counts[0]):
        code = w.intents[0, at]
        send_application(w, code >> 6, code & 63, slack)


@kernel
def _rank(w, post):
    """Rank the applicants of a vacancy into the first row of ``closing``."""
    return rank_applicants(w, post, w.closing[0, 2:])


def first_round(world):
    """Run a copy of a world to the first closings.

    Returns
    -------
    dict
        Applications by vacancy: keys of the applicants, sorted.
    dict
        Rankings by vacancy that closes in this round: (key, or slot from outside; score).
    """
    world = world.copy()
    world._make_room()
    w, h, month = world.columns, world._kernel_handle(), world.month
    w.counts[Count.MONTH] = month
    w.counts[Count.ROUND] = 0
    w.counts[Count.NOW] = month * w.counts[Count.ROUNDS]
    w.fill_ring[(month + 1200) % 12] = 0.0
    w.changed_counts[month & 3] = 0
    slack = 1.0
    if w.counts[Count.SLACK_NUMERATOR] > 0:
        slack = (
            1000.0
            * w.counts[Count.UNEMPLOYED_BEFORE]
            / max(w.counts[Count.VACANT_BEFORE], 1)
            / w.counts[Count.SLACK_NUMERATOR]
        )
    with np.errstate(over="ignore"):
        _to_first_applications(h, slack)
        applications, rankings = {}, {}
        for post in w.open_posts[: int(w.counts[Count.OPEN_POSTS])]:
            if w.posts[Post.STATE, post] != PostState.VACANT or w.posts[Post.PENDING, post] != -1:
                continue
            key = int(w.post_keys[post])
            at, names = int(w.posts[Post.APPLICANTS, post]), []
            while at >= 0:
                filed = w.pool[Block.FIRST : Block.FIRST + w.pool[Block.COUNT, at], at]
                names += w.person_keys[filed >> 1].tolist()
                at = int(w.pool[Block.NEXT, at])
            applications[key] = sorted(names)
            if w.posts[Post.CLOSES, post] <= w.counts[Count.NOW]:
                n = _rank(h, post)
                rows = w.closing[0, 2 : 2 + n]
                assert n <= LONGEST_SHORTLIST
                names = [int(w.person_keys[row]) if row >= 0 else int(row) for row in rows]
                rankings[key] = list(zip(names, w.scores[1, :n].tolist(), strict=True))
    assert not w.counts[Count.OVERFLOW]
    return applications, rankings
