"""Who is connected, what they may do, and what the room shares."""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MOST_SESSIONS = 40
MOST_PINS = 6  # mixes on the board
MOST_NAME = 60
# settings that one page follows: the one at hand, its pins, and the town with the files' numbers
SLOTS = 2 + MOST_PINS
MOST_MESSAGES = 40  # a second, more is no person
WRONG_CODES = 20  # a minute, for all devices together
# no letters or digits that look alike
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 6
GUESSES = ("many_more", "few_more", "same", "few_less", "many_less")
MOST_STEPS = 50  # that the facilitator can take back
SCREENS = ("welcome", "explore", "predict", "compare", "assumptions", "workplace", "save")


def new_code() -> str:
    """Return a room code that a person can read aloud."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def clean_name(text: object, most: int = MOST_NAME) -> str:
    """Return typed text without what cannot be shown in one line."""
    kept = "".join(c if c.isprintable() else " " for c in str(text)[: 4 * most])
    return " ".join(kept.split())[:most]


class Session:
    """One open page.

    Parameters
    ----------
    facilitator
        Whether the page runs on the machine of the server.
    """

    def __init__(self, facilitator: bool) -> None:
        self.id = secrets.token_hex(6)
        self.facilitator = facilitator
        self.subscribed: dict[int, tuple[Any, Any]] = {}  # slot: study, listener
        self.extra: dict[str, asyncio.Task] = {}  # what is computed for this page alone
        self._messages: deque[dict[str, Any]] = deque(maxlen=100)
        self._results: dict[int, dict[str, Any]] = {}
        self._ready = asyncio.Event()
        self._times: deque[float] = deque(maxlen=MOST_MESSAGES)

    def say(self, message: dict[str, Any]) -> None:
        """Queue a message."""
        self._messages.append(message)
        self._ready.set()

    def show(self, result: dict[str, Any]) -> None:
        """Set the newest result of a slot; an older one that was not sent yet is dropped."""
        self._results[result["slot"]] = result
        self._ready.set()

    async def next(self) -> dict[str, Any]:
        """Return what is to be sent next."""
        while True:
            if self._messages:
                return self._messages.popleft()
            if self._results:
                return self._results.pop(min(self._results))
            self._ready.clear()
            await self._ready.wait()

    def too_fast(self) -> bool:
        """Note a message; return whether there were too many within a second."""
        now = time.monotonic()
        full = len(self._times) == MOST_MESSAGES and now - self._times[0] < 1.0
        self._times.append(now)
        return full


@dataclass
class Room:
    """What all pages of one server share.

    Attributes
    ----------
    code : str
        Asked of every other device; empty without ``--share``.
    holding : bool
        Results are held back from all but the facilitator until they are revealed.
    guesses : dict
        By session, the answer picked on the page *Predict*; shown as numbers only.
    locked : dict or None
        ``site`` and ``measures`` (settings by id) that only the facilitator can move.
    budget : float or None
        Euro a year, set by the facilitator.
    """

    code: str = ""
    address: str = ""
    holding: bool = False
    screen: str | None = None
    question: dict[str, Any] | None = None  # the mix that is guessed at
    guesses: dict[str, str] = field(default_factory=dict)
    hands: dict[str, int] = field(default_factory=dict)  # raised hands, counted by the facilitator
    board: list[dict[str, Any]] = field(default_factory=list)
    parameters: dict[str, float] = field(default_factory=dict)
    locked: dict[str, Any] | None = None
    budget: float | None = None
    sessions: dict[str, Session] = field(default_factory=dict)
    _past: deque[tuple[str, Callable[[], None]]] = field(
        default_factory=lambda: deque(maxlen=MOST_STEPS)
    )
    _wrong: deque[float] = field(default_factory=lambda: deque(maxlen=WRONG_CODES))

    def admits(self, code: str, local: bool) -> bool:
        """Return whether a device may join: the server's own, or one that knows the code."""
        if local:
            return True
        now = time.monotonic()
        if len(self._wrong) == WRONG_CODES and now - self._wrong[0] < 60.0:
            return False
        good = bool(self.code) and hmac.compare_digest(
            code.strip().upper().encode(), self.code.encode()
        )
        if not good:
            self._wrong.append(now)
        return good

    def kept(self) -> dict[str, Any]:
        """Return what a step of the facilitator may change, as it is now."""
        return {
            "holding": self.holding, "question": self.question, "screen": self.screen,
            "guesses": dict(self.guesses), "hands": dict(self.hands), "locked": self.locked,
            "budget": self.budget, "parameters": dict(self.parameters),
        }  # fmt: skip

    def note(self, what: str, before: dict[str, Any]) -> None:
        """Keep what a step has changed, so that it can be taken back."""
        now = self.kept()
        changed = {key: value for key, value in before.items() if value != now[key]}
        if changed:

            def back() -> None:
                for key, value in changed.items():
                    setattr(self, key, value)

            self._past.append((what, back))

    def unpin(self, at: int) -> None:
        """Take a mix off the board."""
        item = self.board.pop(at)

        def back() -> None:
            if len(self.board) < MOST_PINS:
                self.board.insert(at, item)

        self._past.append(("unpin", back))

    def step_back(self) -> None:
        """Take back the facilitator's newest step."""
        if self._past:
            self._past.pop()[1]()

    def state(self, session: Session) -> dict[str, Any]:
        """Return what a page may know of the room."""
        counts = {guess: self.hands.get(guess, 0) for guess in GUESSES}
        for guess in self.guesses.values():
            counts[guess] += 1
        return {
            "type": "room",
            "shared": bool(self.code),
            "code": self.code if session.facilitator else "",
            "address": self.address if session.facilitator else "",
            "people": len(self.sessions),
            "holding": self.holding,
            "screen": self.screen,
            "question": self.question,
            "guessed": sum(counts.values()),
            "mine": self.guesses.get(session.id),
            # the picture of the guesses belongs to the reveal
            "guesses": counts if not self.holding else None,
            "hands": self.hands if session.facilitator else {},
            "board": self.board,
            "parameters": self.parameters,
            "locked": self.locked,
            "budget": self.budget,
            # the step that "step back" would take back
            "last": self._past[-1][0] if self._past and session.facilitator else None,
        }

    def tell(self) -> None:
        """Send the state to every page."""
        for session in self.sessions.values():
            session.say(self.state(session))
