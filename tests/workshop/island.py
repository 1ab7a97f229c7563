"""The server in a network without a way out: ``unshare --net`` runs this, see test_server.

Every file that the page loads is fetched and one question is asked until ten pairs are there.
"""

import asyncio
import errno
import fcntl
import json
import re
import socket
import struct
import urllib.request

import websockets

from tests.workshop.conftest import Served

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        ask = struct.pack("16sH14s", b"lo", 0, b"")
        flags = struct.unpack("16sH14s", fcntl.ioctl(probe, SIOCGIFFLAGS, ask))[1]
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", flags | IFF_UP, b""))


def no_way_out():
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=2)
    except OSError as error:
        return error.errno == errno.ENETUNREACH
    return False


def get(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read().decode("utf-8", errors="replace")


async def ask(url):
    base = url.rstrip("/")
    async with websockets.connect(
        f"{base.replace('http', 'ws')}/socket", origin=base, max_size=2**24
    ) as line:
        setting = {"site": "kokkola", "measures": {"taite": {"dose": 1.0}}}
        await line.send(json.dumps({"type": "ask", "request": 1, "setting": setting}))
        while True:
            message = json.loads(await asyncio.wait_for(line.recv(), 300))
            if message["type"] == "result" and message["stage"] == "pairs":
                return message["main"]["pairs"]


def main():
    loopback_up()
    assert no_way_out()
    server = Served()
    try:
        page = get(server.url)
        for path in re.findall(r'(?:src|href)="(/[^"]+)"', page):
            get(server.url.rstrip("/") + path)
        get(f"{server.url}place/kokkola.json")
        pairs = asyncio.run(ask(server.url))
    finally:
        server.stop()
    print(f"island: {pairs} pairs")


if __name__ == "__main__":
    main()
