"""The server: whom it answers, what it refuses, what it never does."""

import asyncio
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

websockets = pytest.importorskip("websockets")

from experiments.app.console import InputError  # noqa: E402
from experiments.app.workshop import server as pages  # noqa: E402
from experiments.app.workshop.run import bind, own_addresses  # noqa: E402
from tests.workshop.conftest import ROOT  # noqa: E402
from tests.workshop.loops import run  # noqa: E402


def get(url, **headers):
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def socket(url, origin=None, query=""):
    base = url.rstrip("/")
    return websockets.connect(
        f"{base.replace('http', 'ws')}/socket{query}",
        origin=origin or base,
        max_size=2**24,
        max_queue=None,
    )


async def next_of(connection, kind):
    while True:
        message = json.loads(await asyncio.wait_for(connection.recv(), 60))
        if message["type"] == kind:
            return message


async def closed_with(connection):
    try:
        while True:
            await asyncio.wait_for(connection.recv(), 20)
    except websockets.ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


def test_the_page_comes_with_headers_of_security(served):
    status, headers, body = get(served.url)
    assert status == 200
    assert b"app.js" in body
    policy = headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "default-src 'self'" in policy
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1.example.org", "10.0.0.1", ""])
def test_another_name_is_refused(served, host):
    assert get(served.url, Host=host)[0] in (400, 421)


@pytest.mark.parametrize(
    "path",
    ["static/x/app.js", "static/{d}/../server.py", "static/{d}/%2e%2e/server.py",
     "static/{d}/nothing.js", "place/../x.json", "place/nowhere.json", "socket"],
)  # fmt: skip
def test_there_are_no_other_files(served, path):
    assert get(served.url + path.format(d=pages.digest()))[0] in (400, 404, 405)


def test_static_files_are_kept_and_packed(served):
    status, headers, body = get(
        f"{served.url}static/{pages.digest()}/vendor/echarts.min.js", **{"Accept-Encoding": "gzip"}
    )
    assert status == 200
    assert headers["content-encoding"] == "gzip"
    assert "immutable" in headers["cache-control"]
    assert len(body) < 500_000


@pytest.mark.parametrize(
    "origin", ["http://example.org", "null", "http://127.0.0.1", "https://127.0.0.1:{port}"]
)
def test_pages_of_others_cannot_talk_to_it(served, origin):
    async def main():
        async with socket(served.url, origin.format(port=served.port)) as connection:
            assert await closed_with(connection) == pages.REFUSED_ORIGIN

    run(main())


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("no json", ""),
        ("[]", "object"),
        ("{}", "kind"),
        ('{"type": "ask"}', "request"),
        ('{"type": "ask", "request": 1, "setting": {"site": "nowhere"}}', "no such place"),
        ('{"type": "ask", "request": 1, "slot": 99, "setting": {"site": "kokkola"}}', "slot"),
        (
            '{"type": "ask", "request": 1, "setting": {"site": "kokkola",'
            ' "parameters": {"backfill": 7}}}',
            "range",
        ),
        ('{"type": "lead", "what": "explode"}', "facilitator"),
        ('{"type": "lead", "what": "parameters", "parameters": {"seed": 1}}', "no assumption"),
        ('{"type": "guess", "guess": "<b>"}', "guess"),
        ('{"type": "read", "site": "kokkola", "text": "id = 3"}', "schema"),
        (
            '{"type": "chain", "request": 1, "setting": {"site": "kokkola"}, "rung": 4,'
            ' "side": "out", "band": "short", "which": 0}',
            "rung",
        ),
        (
            '{"type": "chain", "request": 1, "setting": {"site": "kokkola"}, "rung": 1,'
            ' "side": "out", "band": "__class__", "which": 0}',
            "band",
        ),
        ('{"type": "essential", "request": 1, "setting": {"site": "nowhere"}}', "no such place"),
        ("[" * 60000, ""),
    ],
)
def test_a_wrong_message_gets_a_sentence_and_the_line_stays(served, message, says):
    async def main():
        async with socket(served.url) as connection:
            await next_of(connection, "hello")
            await connection.send(message)
            problem = await next_of(connection, "problem")
            assert says in problem["text"]
            assert "Traceback" not in problem["text"]
            await connection.send('{"type": "guess", "guess": "same"}')
            await next_of(connection, "room")

    run(main())


def test_too_large_and_too_many_messages_end_the_line(served):
    async def main():
        async with socket(served.url) as connection:
            await connection.send("x" * 100_000)
            assert await closed_with(connection) == 1009
        async with socket(served.url) as connection:
            for _ in range(80):
                await connection.send('{"type": "guess", "guess": "same"}')
            assert await closed_with(connection) == pages.TOO_FAST

    run(main())


def test_the_newest_question_wins(served):
    setting = {"site": "kokkola", "measures": {"taite": {"dose": 1.0}}}

    async def main():
        async with socket(served.url) as connection:
            await next_of(connection, "hello")
            for number in range(1, 6):
                setting["measures"]["taite"]["dose"] = number / 10
                await connection.send(
                    json.dumps({"type": "ask", "request": number, "setting": setting})
                )
            while True:
                result = await next_of(connection, "result")
                if result["request"] == 5:
                    break
            assert result["main"]["pairs"] >= 1
            # nothing of an older question comes any more
            assert (await next_of(connection, "result"))["request"] == 5

    run(main())


def test_more_pages_than_seats_are_refused(served):
    async def main():
        lines = []
        try:
            while True:
                line = await socket(served.url)
                lines.append(line)
                if len(lines) > pages.MOST_SESSIONS:
                    break
                assert json.loads(await asyncio.wait_for(line.recv(), 20))["type"] == "hello"
            assert await closed_with(lines[-1]) == pages.REFUSED_FULL
        finally:
            for line in lines:
                await line.close()

    run(main())


def test_other_devices_need_the_code_and_do_not_lead(shared):
    async def main():
        for query in ("", "?room=WRONG1"):
            async with socket(shared.address, query=query) as connection:
                assert await closed_with(connection) == pages.REFUSED_CODE
        async with (
            socket(shared.address, query=f"?room={shared.code.lower()}") as phone,
            socket(shared.url) as laptop,
        ):
            assert not (await next_of(phone, "hello"))["facilitator"]
            assert (await next_of(laptop, "hello"))["facilitator"]
            state = await next_of(phone, "room")
            assert state["code"] == ""
            await phone.send('{"type": "lead", "what": "hold"}')
            assert "facilitator" in (await next_of(phone, "problem"))["text"]
            # held back from the phone until it is revealed, on the server, not on the page
            await laptop.send('{"type": "lead", "what": "hold"}')
            await laptop.send('{"type": "code"}')
            assert (await next_of(laptop, "code"))["svg"].startswith("<svg")
            ask = '{"type": "ask", "request": 1, "setting": {"site": "kokkola"}}'
            await phone.send(ask)
            held = await next_of(phone, "result")
            assert held["stage"] == "held"
            assert "main" not in held
            await phone.send('{"type": "guess", "guess": "few_more"}')
            while (state := await next_of(phone, "room"))["guessed"] != 1:
                pass
            assert state["guesses"] is None
            await laptop.send('{"type": "lead", "what": "reveal"}')
            result = state = None
            while result is None or state is None:
                message = json.loads(await asyncio.wait_for(phone.recv(), 60))
                if message["type"] == "result" and message["stage"] != "held":
                    result = message
                if message["type"] == "room" and not message["holding"]:
                    state = message
            assert "main" in result
            assert state["guesses"]["few_more"] == 1

    run(main())


def test_without_share_only_this_machine_is_served(served):
    addresses = own_addresses()
    if not addresses:
        pytest.skip("this machine is in no network")
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://{addresses[0]}:{served.port}/", timeout=3)


def test_a_taken_port_is_told_in_one_sentence(served):
    with pytest.raises(InputError, match="already in use"):
        bind("127.0.0.1", served.port)
    other = bind("127.0.0.1", None)
    assert other.getsockname()[1] != served.port
    other.close()


def test_the_server_works_in_a_network_without_a_way_out():
    alone = ["unshare", "--user", "--map-root-user", "--net"]
    try:
        allowed = subprocess.run([*alone, "true"], capture_output=True, timeout=20)
    except FileNotFoundError:
        pytest.skip("no unshare on this machine")
    if allowed.returncode:
        pytest.skip("network namespaces are not permitted here")
    done = subprocess.run(
        [*alone, sys.executable, "-m", "tests.workshop.island"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.endswith("island: 10 pairs\n")
