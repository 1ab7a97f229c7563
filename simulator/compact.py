"""Drop the rows of people who have gone and of posts destroyed long ago.

Row is storage, key is identity: a settled world from which nobody reads the past any more is
copied for every twin, and a third of its rows would be of people who have retired, left or died.
"""

from __future__ import annotations

import numpy as np

from simulator.codes import PostState, Status
from simulator.columns import Person, Post
from simulator.engine import (
    BY_PERSON,
    BY_POST,
    CLOSING_COLUMNS,
    World,
    blocks_at_most,
    closing_at_most,
    room_for_people,
    room_for_posts,
    widened,
)
from simulator.world import Block, Columns, Count, Enrolment, Measure

GROWTH = 1.02  # rows laid out beyond those that a month may need

# columns of posts and people that hold rows
_POSTS_OF_PERSON = (Person.POST, Person.OFFER)
_PEOPLE_OF_POST = (Post.HOLDER, Post.PENDING)
_POSTS_OF_POST = (Post.NEXT, Post.PREVIOUS, Post.CHAIN_POST)


def _new_rows(kept: np.ndarray) -> np.ndarray:
    """Return the new row of each old one, -1 for rows dropped and for -1 itself."""
    rows = np.full(len(kept) + 1, -1, np.int64)
    rows[:-1][kept] = np.arange(kept.sum())
    return rows


def _applicants(w: Columns, posts: int) -> np.ndarray:
    """Return the people whose applications wait for an answer."""
    rows = []
    block = w.posts[Post.APPLICANTS, :posts]
    block = block[(w.posts[Post.STATE, :posts] == PostState.VACANT) & (block >= 0)]
    while block.size:
        filed = np.arange(Block.SIZE - Block.FIRST)[:, None] < w.pool[Block.COUNT, block]
        rows.append(w.pool[Block.FIRST :, block][filed] >> 1)
        block = w.pool[Block.NEXT, block]
        block = block[block >= 0]
    return np.concatenate([*rows, np.zeros(0, np.int32)])


def _enrolments(w: Columns, person_at: np.ndarray, post_at: np.ndarray) -> np.ndarray:
    """Return the enrolments of workplaces and of people still there, with their new rows."""
    rows = w.enrolments[:, : int(w.counts[Count.ENROLMENTS])].copy()
    of_people = w.measures[rows[Enrolment.MEASURE], Measure.APPLIES_TO] == 0.0
    rows[Enrolment.WHO, of_people] = person_at[rows[Enrolment.WHO, of_people]]
    rows[Enrolment.COVER_POST] = post_at[rows[Enrolment.COVER_POST]]
    return np.ascontiguousarray(rows[:, rows[Enrolment.WHO] >= 0])


def drop_gone(world: World) -> None:
    """Drop rows that nothing refers to; no result changes, since none depends on rows.

    Only for a world between two months that records no events, since these name rows.
    """
    w = world.columns
    counts = w.counts
    n, p = int(counts[Count.PEOPLE]), int(counts[Count.POSTS])
    if counts[Count.RECORD] or world.flushed:
        raise ValueError("events name rows of this world")
    posts, people = w.posts[:, :p], w.people[:, :n]
    kept_people = people[Person.STATUS] <= Status.N
    kept_people[_applicants(w, p)] = True  # who reads the application sees that they have gone
    vacant = posts[Post.STATE] == PostState.VACANT
    kept_posts = posts[Post.STATE] != PostState.DESTROYED
    kept_posts[posts[Post.CHAIN_POST, vacant]] = True
    person_at, post_at = _new_rows(kept_people), _new_rows(kept_posts)
    n_people, n_posts = int(kept_people.sum()), int(kept_posts.sum())
    room_people = room_for_people(w, n_people, GROWTH)
    room_posts = room_for_posts(n_posts, GROWTH)
    arrays = {}
    for names, kept, room in (
        (BY_PERSON, np.flatnonzero(kept_people), room_people),
        (BY_POST, np.flatnonzero(kept_posts), room_posts),
    ):
        for name in names:
            array = getattr(w, name)
            arrays[name] = widened(np.asfortranarray(array[..., kept]), room)
    people, posts = arrays["people"][:, :n_people], arrays["posts"][:, :n_posts]
    for own in _POSTS_OF_PERSON:
        people[own] = post_at[people[own]]
    for column in _PEOPLE_OF_POST:
        rows = posts[column]
        posts[column] = np.where(rows >= 0, person_at[np.maximum(rows, -1)], rows)
    for column in _POSTS_OF_POST:
        posts[column] = post_at[posts[column]]
    arrays["register"][:n_people] = -1
    used = int(counts[Count.BLOCKS])
    pool = widened(w.pool[:, :used], int(max(used, blocks_at_most(w)) * GROWTH))
    codes = pool[Block.FIRST :, : int(counts[Count.BLOCKS])]
    codes[:] = (person_at[codes >> 1] << 1) | (codes & 1)
    for used, rows, places, at, beside in (
        (Count.ACTIVE_PEOPLE, "active_people", "place_of_person", person_at,
         ("active_hash", "screens")),
        (Count.ACTIVE_POSTS, "active_posts", "place_of_post", post_at,
         ("active_post_hash", "post_screens")),
    ):  # fmt: skip
        listed = getattr(w, rows)[: int(counts[used])]
        state = people[Person.STATUS] if rows == "active_people" else posts[Post.STATE]
        last = Status.N if rows == "active_people" else PostState.DESTROYED - 1
        stays = at[listed] >= 0
        stays[stays] = state[at[listed[stays]]] <= last
        room = len(arrays[places])
        arrays[rows] = widened(at[listed[stays]].astype(np.int32), room)
        for name in beside:
            arrays[name] = widened(getattr(w, name)[: len(listed)][stays], room)
        counts[used] = stays.sum()
        arrays[places][:] = 0
        arrays[places][at[listed[stays]]] = np.arange(stays.sum())
    counts[[Count.GONE_PEOPLE, Count.GONE_POSTS]] = 0
    changed = np.zeros((len(w.changed), room_people), np.int32)
    for month in range(len(changed)):  # entries are person * 32 + state before
        entries = w.changed[month, : int(w.changed_counts[month])]
        entries = entries[person_at[entries >> 5] >= 0]
        changed[month, : len(entries)] = (person_at[entries >> 5] << 5) | (entries & 31)
        w.changed_counts[month] = len(entries)
    open_posts = w.open_posts[: int(counts[Count.OPEN_POSTS])]
    slots = np.where(w.slots >= 0, (post_at[w.slots >> 1] << 1) | (w.slots & 1), -1)
    enrolments = _enrolments(w, person_at, post_at)
    counts[Count.ENROLMENTS] = enrolments.shape[1]
    rows = max(room_people, room_posts)
    counts[Count.PEOPLE], counts[Count.POSTS] = n_people, n_posts
    world._replace(
        **arrays,
        changed=changed,
        pool=pool,
        intents=np.zeros((len(w.intents), int(w.intent_counts.max()) * 2 + 500), np.int64),
        enrolments=enrolments,
        helps=np.zeros((len(w.helps), enrolments.shape[1])),
        open_posts=widened(post_at[open_posts].astype(np.int32), room_posts),
        slots=slots.astype(np.int32),
        heads=np.asfortranarray(post_at[w.heads].astype(np.int32)),
        closing=np.zeros((closing_at_most(w), CLOSING_COLUMNS), np.int32),
        flagged=np.zeros(rows, np.uint8),
        due=np.zeros(rows, np.int32),
    )
    world._enter_registers()
    world._drop_help()
