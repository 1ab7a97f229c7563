"""The server of the page: static files, one websocket, nothing from outside.

It listens on the loopback address unless asked to share. What a page sends is checked against a
schema and answered with one sentence when it is wrong; the kernels run on threads of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gzip
import hashlib
import ipaddress
import json
import mimetypes
import os
import re
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from scenarios import ScenarioError, load_site
from scenarios.loader import shipped_sites
from scenarios.measures import load_mix
from simulator.codes import RUNGS

from . import catalogue, my_workplace
from .decade import decade
from .indispensable import losses
from .mixes import (
    Request,
    RequestError,
    mix_file,
    mix_of,
    read_request,
    services,
    share_of_capacity,
)
from .scheduler import Token
from .sessions import (
    GUESSES,
    MOST_PINS,
    MOST_SESSIONS,
    SCREENS,
    SLOTS,
    Room,
    Session,
    clean_name,
)
from .studies import Library
from .summary import INTO, OUT_OF

STATIC = Path(__file__).parent / "static"
LOCALE = Path(__file__).parent / "locale"
GUIDE = Path(__file__).parent / "guide"
LANGUAGES = ("en", "fi", "sv", "nl", "pt", "bg")
LARGEST_MESSAGE = 64 * 1024  # bytes of one websocket message
MOST_HANDS = 99
MOST_EXAMPLES = 10_000
MOST_BUDGET = 1e9
LARGEST_FILE = 32 * 1024  # characters of a mix file
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SECURITY = {
    "content-security-policy": "default-src 'self'; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
# closing codes of the websocket, told in words by the page
REFUSED_ORIGIN, REFUSED_CODE, REFUSED_FULL, TOO_FAST = 4401, 4403, 4429, 4408


@functools.cache
def static_files() -> dict[str, tuple[bytes, str]]:
    """Return all static files by path: content and media type (read once)."""
    found = {}
    for folder, under in ((STATIC, ""), (LOCALE, "locale/"), (GUIDE, "guide/")):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                name = under + path.relative_to(folder).as_posix()
                kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
                if path.suffix == ".md":
                    kind = "text/plain; charset=utf-8"
                if path.suffix in (".js", ".mjs"):
                    kind = "text/javascript"
                found[name] = (path.read_bytes(), kind)
    return found


@functools.cache
def digest() -> str:
    """Return a name for this version of the static files; part of their address."""
    total = hashlib.sha256()
    for name, (content, _) in static_files().items():
        total.update(name.encode() + b"\0" + content)
    return total.hexdigest()[:12]


@functools.cache
def _zipped(name: str) -> bytes:
    return gzip.compress(static_files()[name][0], 6)


def host_name(host: str) -> str:
    """Return the name in a Host header without its port."""
    return (urlsplit(f"//{host}").hostname or "").lower()


class Guard:
    """Refuses requests that name another host, and adds headers of security.

    A page of another site that points a name of its own at this machine is stopped here.
    """

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...]) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if host_name(headers.get(b"host", b"").decode("latin-1")) not in self.hosts:
            await PlainTextResponse("This server does not answer to that name.", 421)(
                scope, receive, send
            )
            return

        async def guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    *((k.encode(), v.encode()) for k, v in SECURITY.items()),
                ]
            await send(message)

        await self.app(scope, receive, guarded)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # no JSON, or beyond what its reader can take
        raise RequestError(f"The message is no JSON: {str(error)[:200]}.") from None


def _slot(message: dict[str, Any]) -> int:
    slot = message.get("slot", 0)
    if not isinstance(slot, int) or not 0 <= slot < SLOTS:
        raise RequestError(f"slot: must be a whole number from 0 to {SLOTS - 1}.")
    return slot


def _band(message: dict[str, Any]) -> tuple[int, str, str, int]:
    """Return the band of the staircase that was pressed, and how often before."""
    rung, which, side, band = (message.get(key) for key in ("rung", "which", "side", "band"))
    if type(rung) is not int or not 0 <= rung < RUNGS:
        raise RequestError(f"rung: must be a whole number from 0 to {RUNGS - 1}.")
    if side not in ("into", "out"):
        raise RequestError("side: must be 'into' or 'out'.")
    if not isinstance(band, str) or band not in (*INTO, *OUT_OF, "never", "still_open"):
        raise RequestError("band: must be a band of the staircase.")
    if type(which) is not int or not 0 <= which < MOST_EXAMPLES:
        raise RequestError(f"which: must be a whole number from 0 to {MOST_EXAMPLES - 1}.")
    return rung, side, band, which


class Workshop:
    """The state behind the page.

    Parameters
    ----------
    library : Library
    room : Room
    site : str
        The place that the page opens with.
    hosts : tuple of str
        Names and addresses under which the server may be asked.
    """

    def __init__(
        self, library: Library, room: Room, site: str, hosts: tuple[str, ...] = LOOPBACK
    ) -> None:
        self.library = library
        self.room = room
        self.site = site
        self.hosts = hosts
        self._ledgers = asyncio.Lock()
        self._workplaces = asyncio.Lock()

    def app(self) -> Starlette:
        """Return the application."""

        @contextlib.asynccontextmanager
        async def life(_app: Starlette):  # noqa: ANN202
            yield
            self.library.scheduler.stop()

        return Starlette(
            routes=[
                Route("/", self.index),
                Route("/favicon.ico", self.icon),
                Route("/static/{digest}/{name:path}", self.static),
                Route("/place/{site}.json", self.place),
                WebSocketRoute("/socket", self.socket),
            ],
            middleware=[Middleware(Guard, hosts=self.hosts)],
            lifespan=life,
        )

    # ---- files -------------------------------------------------------------------------------

    async def index(self, _request: HttpRequest) -> Response:
        """Return the page."""
        text = static_files()["index.html"][0].decode("utf-8").replace("{digest}", digest())
        return Response(text, media_type="text/html", headers={"cache-control": "no-cache"})

    async def icon(self, _request: HttpRequest) -> Response:
        """Return the icon."""
        return Response(static_files()["icon.svg"][0], media_type="image/svg+xml")

    async def static(self, request: HttpRequest) -> Response:
        """Return a static file; its address changes with its content."""
        name = request.path_params["name"]
        if request.path_params["digest"] != digest() or name not in static_files():
            return PlainTextResponse("There is no such file.", 404)
        content, kind = static_files()[name]
        headers = {"cache-control": "public, max-age=31536000, immutable"}
        if len(content) > 1000 and "gzip" in request.headers.get("accept-encoding", ""):
            content = _zipped(name)
            headers |= {"content-encoding": "gzip", "vary": "accept-encoding"}
        return Response(content, media_type=kind, headers=headers)

    async def place(self, request: HttpRequest) -> Response:
        """Return what the page needs to know of a place."""
        site = request.path_params["site"]
        if site not in shipped_sites():
            return PlainTextResponse("There is no such place.", 404)
        return JSONResponse(catalogue.place(site), headers={"cache-control": "no-cache"})

    # ---- websocket ---------------------------------------------------------------------------

    def _is_local(self, socket: WebSocket) -> bool:
        if socket.client is None:
            return False
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(socket.client.host).is_loopback
        return False

    def _same_origin(self, socket: WebSocket) -> bool:
        host = socket.headers.get("host", "")
        origin = urlsplit(socket.headers.get("origin", ""))
        return (
            host_name(host) in self.hosts
            and origin.scheme == "http"
            and origin.netloc.lower() == host.lower()
        )

    async def socket(self, socket: WebSocket) -> None:
        """Serve one open page."""
        await socket.accept()
        if not self._same_origin(socket):
            await socket.close(REFUSED_ORIGIN)
            return
        local = self._is_local(socket)
        if not self.room.admits(socket.query_params.get("room", ""), local):
            await asyncio.sleep(0.3)
            await socket.close(REFUSED_CODE)
            return
        if len(self.room.sessions) >= MOST_SESSIONS:
            await socket.close(REFUSED_FULL)
            return
        session = Session(facilitator=local)
        self.room.sessions[session.id] = session
        session.say(self._hello(session))
        self.room.tell()
        sender = asyncio.create_task(self._send(socket, session))
        try:
            await self._receive(socket, session)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the page went away
        finally:
            sender.cancel()
            self._leave(session)

    def _hello(self, session: Session) -> dict[str, Any]:
        from importlib.metadata import version

        return {
            "type": "hello",
            "facilitator": session.facilitator,
            "site": self.site,
            "places": catalogue.places(),
            "version": version("vacancy-chain-simulator"),
            "seed": self.library.seed,
            "pairs": self.library.seeds,
        }

    def _leave(self, session: Session) -> None:
        for slot in list(session.subscribed):
            self._unsubscribe(session, slot)
        for task in session.extra.values():
            task.cancel()
        self.room.sessions.pop(session.id, None)
        self.room.tell()

    @staticmethod
    def _unsubscribe(session: Session, slot: int) -> None:
        if slot in session.subscribed:
            study, listener = session.subscribed.pop(slot)
            study.unsubscribe(listener)

    @staticmethod
    async def _send(socket: WebSocket, session: Session) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                message = await session.next()
                text = json.dumps(message, allow_nan=False, ensure_ascii=False)
                await socket.send_text(text)

    async def _receive(self, socket: WebSocket, session: Session) -> None:
        while True:
            text = await socket.receive_text()
            if session.too_fast():
                await socket.close(TOO_FAST)
                return
            message: Any = None
            try:
                if len(text) > LARGEST_MESSAGE:
                    raise RequestError("The message is too large.")
                message = _parsed(text)
                if not isinstance(message, dict):
                    raise RequestError("A message must be an object.")
                await self._answer(session, message)
            except (RequestError, ScenarioError, RecursionError) as error:
                number = message.get("request") if isinstance(message, dict) else None
                session.say(
                    {
                        "type": "problem",
                        "request": number if isinstance(number, int) else None,
                        "text": str(error)[:2000],
                    }
                )

    async def _answer(self, session: Session, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind == "ask":
            self._ask(session, message)
        elif kind == "leave":
            self._unsubscribe(session, _slot(message))
        elif kind == "file":
            request = self._request(session, message)
            name = clean_name(message.get("name", ""))
            mix = mix_of(request, load_site(request.site), name)
            session.say(
                {
                    "type": "file",
                    "request": message.get("request"),
                    "file": f"{mix.id}.toml",
                    "text": mix_file(mix),
                }
            )
        elif kind in ("chain", "essential", "eligible", "decade", "workplace"):
            request = self._request(session, message)
            work = getattr(self, f"_{kind}")
            if kind in session.extra:
                session.extra[kind].cancel()
            session.extra[kind] = asyncio.get_running_loop().create_task(
                self._reported(session, message, work(session, request, message))
            )
        elif kind == "stop":
            task = session.extra.get(str(message.get("what")))
            if task is not None:
                task.cancel()
        elif kind == "read":
            session.say(self._read(message))
        elif kind == "code":
            if session.facilitator:
                session.say({"type": "code", "svg": self._picture()})
        elif kind in ("guess", "pin"):
            getattr(self, f"_{kind}")(session, message)
            self.room.tell()
        elif kind == "lead":
            if not session.facilitator:
                raise RequestError("Only the facilitator can do that.")
            self._lead(message)
            self.room.tell()
        else:
            raise RequestError("This kind of message is not known.")

    def _request(self, session: Session, message: dict[str, Any]):  # noqa: ANN202
        request = read_request(message.get("setting"))
        if request.site not in shipped_sites():
            raise RequestError("There is no such place.")
        if request.parameters:
            wrong = catalogue.parameter_problem(load_site(request.site), request.parameters)
            if wrong:
                raise RequestError(wrong)
            if not session.facilitator and request.parameters != self.room.parameters:
                raise RequestError("Only the facilitator can change the room's assumptions.")
        return request

    def _ask(self, session: Session, message: dict[str, Any]) -> None:
        number = message.get("request")
        if not isinstance(number, int):
            raise RequestError("request: must be a whole number.")
        slot = _slot(message)
        request = self._request(session, message)
        study = self.library.study(request)

        def listener(result: dict[str, Any]) -> None:
            if self.room.holding and not session.facilitator:
                result = {"stage": "held"}
            session.show({"type": "result", "slot": slot, "request": number, **result})

        before = session.subscribed.get(slot)
        session.subscribed[slot] = (study, listener)
        study.subscribe(listener)
        if before is not None:
            before[0].unsubscribe(before[1])

    @staticmethod
    async def _reported(
        session: Session, message: dict[str, Any], work: Coroutine[Any, Any, None]
    ) -> None:
        try:
            await work
        except (RequestError, ScenarioError) as error:
            session.say(
                {"type": "problem", "request": message.get("request"), "text": str(error)[:2000]}
            )

    async def _chain(self, session: Session, request: Request, message: dict[str, Any]) -> None:
        """Answer with one chain through a band of the staircase, as an example."""
        rung, side, band, which = _band(message)
        async with self._ledgers:  # one at a time, however many press
            examples = await asyncio.to_thread(self.library.examples, request)
        found = examples.tell(rung, side, band, which)
        session.say({"type": "chain", "request": message.get("request"), "found": found})

    async def _eligible(self, session: Session, request: Request, message: dict[str, Any]) -> None:
        """Answer with how many could take part in each measure."""
        async with self._ledgers:
            found = await asyncio.to_thread(self.library.eligible, request)
        session.say({"type": "eligible", "request": message.get("request"), "found": found})

    async def _essential(self, session: Session, request: Request, message: dict[str, Any]) -> None:
        """Take each partner and measure away in turn, and tell the page as it goes."""
        bench = self.library.bench(request.site, request.parameters)
        token = Token()

        def tell(done: int, total: int, found: list[dict[str, Any]]) -> None:
            session.say(
                {"type": "essential", "request": message.get("request"), "done": done,
                 "total": total, "losses": list(found)}
            )  # fmt: skip

        try:
            await losses(
                bench, self.library.scheduler, mix_of(request, bench.town.site),
                request.closure, token, tell,
            )  # fmt: skip
        finally:
            token.cancel()

    async def _decade(self, session: Session, request: Request, message: dict[str, Any]) -> None:
        """Let the mix go on for ten years, and tell the page as it goes."""
        bench = self.library.bench(request.site, request.parameters)
        token = Token()

        def tell(done: int, total: int, rows: dict[str, Any] | None) -> None:
            session.say(
                {"type": "decade", "request": message.get("request"), "done": done,
                 "total": total, "rows": rows}
            )  # fmt: skip

        try:
            await decade(
                bench, self.library.scheduler, mix_of(request, bench.town.site),
                request.closure, token, tell,
            )  # fmt: skip
        finally:
            token.cancel()

    async def _workplace(self, session: Session, request: Request, message: dict[str, Any]) -> None:
        """Tell of workplaces like one, and how far it is; one after the other."""
        asked = my_workplace.read_workplace(message.get("workplace"))
        if asked.worlds == "whole" and not session.facilitator:
            raise RequestError("worlds: the long answer holds up the room; ask for quick.")
        loop, token = asyncio.get_running_loop(), Token()

        def say(**more: Any) -> None:
            session.say({"type": "workplace", "request": message.get("request"), **more})

        def progress(done: float, total: float) -> None:
            loop.call_soon_threadsafe(lambda: say(done=done, total=total))

        def work() -> dict[str, Any]:
            site = load_site(request.site)
            town = my_workplace.town_of(site, request.parameters)
            threads = max(1, (os.cpu_count() or 2) // 2)  # the other pages go on
            return my_workplace.tell(
                town, mix_of(request, site), asked, request.closure, token,
                self.library.seed, threads, progress,
            )  # fmt: skip

        try:
            say(done=0, total=my_workplace.WORLDS[asked.worlds])
            async with self._workplaces:
                found = await asyncio.to_thread(work)
            say(found=found)
        except my_workplace.StoppedError:
            pass
        finally:
            token.cancel()

    def _read(self, message: dict[str, Any]) -> dict[str, Any]:
        text, site_id = message.get("text"), message.get("site")
        if not isinstance(text, str) or len(text) > LARGEST_FILE:
            raise RequestError("The mix file is too large or no text.")
        if site_id not in shipped_sites():
            raise RequestError("There is no such place.")
        # the id must be the name of the file, so the file gets the name that its id asks for
        found = re.search(r'^id\s*=\s*"([A-Za-z0-9_-]{1,60})"', text, re.MULTILINE)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{found[1] if found else 'mix'}.toml"
            path.write_text(text, encoding="utf-8", errors="replace")
            mix = load_mix(path, site_id)
        site = load_site(site_id)
        lost = catalogue.lost_in_setting(mix, site)
        setting = catalogue.mix_setting(mix)
        fitting = {measure["id"] for measure in catalogue.place(site_id)["measures"]}
        fitting |= set(setting["own"])
        setting["measures"] = {k: v for k, v in setting["measures"].items() if k in fitting}
        return {
            "type": "read", "request": message.get("request"), "setting": setting, "lost": lost,
        }  # fmt: skip

    # ---- the room ----------------------------------------------------------------------------

    def _picture(self) -> str:
        """Return the address with the room code as a QR code, drawn here."""
        import io

        import segno

        if not self.room.code:
            return ""
        out = io.BytesIO()
        segno.make(f"{self.room.address}?room={self.room.code}", error="m").save(
            out, kind="svg", scale=6, border=3, xmldecl=False, svgns=True
        )
        return out.getvalue().decode("utf-8")

    def _guess(self, session: Session, message: dict[str, Any]) -> None:
        if message.get("guess") not in GUESSES:
            raise RequestError("guess: must be one of the answers.")
        self.room.guesses[session.id] = message["guess"]

    def _pin(self, session: Session, message: dict[str, Any]) -> None:
        request = self._request(session, message)
        if not session.facilitator:
            self._obeys(request)
        if len(self.room.board) >= MOST_PINS:
            raise RequestError("The board is full; ask the facilitator to take a mix off.")
        self.room.board.append(
            {
                "name": clean_name(message.get("name", "")),
                "setting": request.model_dump(exclude_none=True),
            }
        )

    def _obeys(self, request: Request) -> None:
        """Refuse a mix that moves what the facilitator has locked."""
        locked = self.room.locked
        if locked is None or locked["site"] != request.site:
            return
        running = services(request.site)
        for name, wanted in locked["measures"].items():
            given = request.measures.get(name)
            now = share_of_capacity(request.site, name, running[name]) if name in running else 0.0
            dose = now if given is None else given.dose
            strength = "assumed" if given is None else given.strength
            same = abs(dose - wanted["dose"]) < 1e-6
            if not same or (dose > 0 and strength != wanted["strength"]):
                raise RequestError(f"measures.{name}: the facilitator has locked this measure.")

    def _release(self) -> None:
        """Send every page what it may see now."""
        for session in self.room.sessions.values():
            for study, listener in session.subscribed.values():
                if study.message is not None:
                    listener(study.message)

    def _lead(self, message: dict[str, Any]) -> None:
        room, what = self.room, message.get("what")
        held, before = room.holding, room.kept()
        self._step(message)
        if what not in ("back", "unpin"):
            room.note(str(what), before)
        if room.holding != held:
            self._release()

    @staticmethod
    def _locked(setting: object) -> dict[str, Any] | None:
        """Return the measures that are locked, each as it is set; None for none."""
        if setting is None:
            return None
        request = read_request(setting)
        if request.site not in shipped_sites() or request.own:
            raise RequestError("lock: only measures of a shipped place can be locked.")
        if not request.measures:
            return None
        return {
            "site": request.site,
            "measures": {name: one.model_dump() for name, one in request.measures.items()},
        }

    def _step(self, message: dict[str, Any]) -> None:
        room, what = self.room, message.get("what")
        if what == "hold":
            room.holding = True
            room.guesses.clear()
            room.hands.clear()
            room.question = message.get("setting") and read_request(
                message["setting"]
            ).model_dump(exclude_none=True)  # fmt: skip
        elif what == "reveal":
            room.holding = False
        elif what == "back":
            room.step_back()
        elif what == "lock":
            room.locked = self._locked(message.get("setting"))
        elif what == "budget":
            euro = message.get("budget")
            good = isinstance(euro, int | float) and not isinstance(euro, bool)
            if euro is not None and not (good and 0 <= euro <= MOST_BUDGET):
                raise RequestError(f"budget: must be a number from 0 to {MOST_BUDGET:.0f}.")
            room.budget = None if euro is None else float(euro)
        elif what == "hands" and message.get("guess") in GUESSES:
            number = message.get("n")
            if not isinstance(number, int) or not 0 <= number <= MOST_HANDS:
                raise RequestError(f"n: must be a whole number from 0 to {MOST_HANDS}.")
            room.hands[message["guess"]] = number
        elif what == "call" and message.get("screen") in (*SCREENS, None):
            room.screen = message.get("screen")
        elif what == "unpin" and isinstance(message.get("at"), int):
            if 0 <= message["at"] < len(room.board):
                room.unpin(message["at"])
        elif what == "parameters":
            site = load_site(self.site)
            values = message.get("parameters")
            good = isinstance(values, dict) and all(
                isinstance(v, int | float) and not isinstance(v, bool) and abs(v) <= 1e12
                for v in values.values()
            )
            if not good or len(values) > 40:  # type: ignore[arg-type]
                raise RequestError("parameters: must be names with numbers.")
            wrong = catalogue.parameter_problem(site, values)  # type: ignore[arg-type]
            if wrong:
                raise RequestError(wrong)
            room.parameters = {k: float(v) for k, v in values.items()}  # type: ignore[union-attr]
        else:
            raise RequestError("This is nothing that a facilitator can do.")
