"""``python -m benchmarks.workshop [--json FILE]``: how fast the page answers, in real Chromium.

One server, one browser. A slider is moved again and again; the time runs from the movement to
the frame in which the numbers are painted, the browser and the socket included:

``look_p50_ms``, ``look_p95_ms``
    to the first look (two pairs, 24 months)
``pairs_p50_ms``, ``pairs_p95_ms``
    to ten pairs with band and staircase
``finished_s``
    to sixteen pairs from three dates with the answers beside
``room_p95_ms``
    to the first look with twenty pages at one movement in two seconds each (websocket only)
``look_cpu_ms``, ``pairs_cpu_ms``
    processor time of the worlds alone, which other work on the machine hardly changes; on two
    idle cores half of it is waited for
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from experiments.app.console import complain, prepare_streams, write_json

ROOT = Path(__file__).resolve().parent.parent
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# what must hold on two cores
LIMITS = {"look_p95_ms": 100.0, "pairs_p95_ms": 500.0, "room_p95_ms": 400.0}
MOVES = 40
PEOPLE = 20
ROOM_SECONDS = 20

# runs in the page: move the slider, resolve when the numbers of a stage are painted
MOVE = """async ([value, stages]) => {
  const slider = document.querySelector('[data-measure="taite"] input[type=range]');
  const screen = document.querySelector('.explore');
  const before = Number(screen.dataset.request);
  const begun = performance.now();
  slider.value = value;
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  const found = {};
  while (Object.keys(found).length < stages.length) {
    await new Promise(requestAnimationFrame);
    const stage = screen.dataset.stage;
    if (Number(screen.dataset.request) > before) {
      if (!('look' in found)) found.look = performance.now() - begun;
      if (stage !== 'look' && !('pairs' in found)) found.pairs = performance.now() - begun;
    }
    if (performance.now() - begun > 60000) throw new Error('no answer');
  }
  return found;
}"""


def quantile(values: Sequence[float], share: float) -> float:
    """Return an empirical quantile, the higher of two."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Server:
    """The page's server in a process of its own."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "experiments.app", "workshop", "--no-open", "--port", "0"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = ""
        for line in self.process.stdout:
            found = re.search(r"The page is at (\S+)", line)
            if found:
                self.url = found[1]
            if line.startswith("Stop it"):
                break

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait(20)


def processor_times() -> dict[str, float]:
    """Return the processor time of the worlds of one first look and of ten pairs."""
    from experiments.app.workshop.twins import FIRST, PAIRS, Bench

    bench = Bench("kokkola")
    mix = bench.town.mix(bench.town.site.default_mix)
    for seed in bench.seeds[:FIRST]:
        bench.reference(seed)
    looks, wholes = [], []
    for repeat in range(6):
        steps = bench.cohort(mix, bench.seeds[repeat % FIRST], 0, "R")
        begun = time.process_time()
        while next(steps) is None:
            pass
        looks.append(time.process_time() - begun)
        for _ in steps:
            pass
        wholes.append(time.process_time() - begun)
    return {
        "look_cpu_ms": 1000 * FIRST * statistics.median(looks),
        "pairs_cpu_ms": 1000 * PAIRS * statistics.median(wholes),
    }


def browser_times(url: str, moves: int) -> dict[str, float]:
    """Return the times of one page in Chromium."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))))
    looks, pairs = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{url}#v=1&lang=en&s=explore")
        # the references are followed in the background after the start; let them finish
        page.wait_for_selector('.explore[data-stage="finished"]', timeout=300_000)
        page.locator('[data-measure="taite"] summary').click()
        for move in range(moves):
            # values that no named level has and none was asked before
            value = 5 + 5 * (move * 7 % 18)
            page.evaluate(
                "document.querySelector('[data-measure=\"taite\"] input[type=range]').step = 0.1"
            )
            found = page.evaluate(MOVE, [value + move / 10 + 0.1, ["look", "pairs"]])
            looks.append(found["look"])
            pairs.append(found["pairs"])
        begun = time.perf_counter()
        page.evaluate(MOVE, [33.3, ["look"]])
        page.wait_for_selector('.explore[data-stage="finished"]', timeout=300_000)
        finished = time.perf_counter() - begun
        browser.close()
    return {
        "look_p50_ms": statistics.median(looks),
        "look_p95_ms": quantile(looks, 0.95),
        "pairs_p50_ms": statistics.median(pairs),
        "pairs_p95_ms": quantile(pairs, 0.95),
        "finished_s": finished,
    }


async def _person(url: str, seconds: float, number: int, times: list[float]) -> None:
    import websockets
    from websockets.typing import Origin

    chance = random.Random(number)
    measures = ("taite", "career_management", "iisirekry", "coalition", "hiring_supports")
    setting: dict = {"site": "kokkola", "measures": {name: {"dose": 1.0} for name in measures}}
    base = url.rstrip("/")
    async with websockets.connect(
        f"{base.replace('http', 'ws')}/socket",
        origin=Origin(base),
        max_size=2**24,  # type: ignore[arg-type]
    ) as line:
        await asyncio.sleep(chance.random() * 2)
        until = time.perf_counter() + seconds
        request = 0
        while time.perf_counter() < until:
            request += 1
            setting["measures"][chance.choice(measures)]["dose"] = round(chance.random(), 3)
            begun = time.perf_counter()
            await line.send(json.dumps({"type": "ask", "request": request, "setting": setting}))
            while True:
                message = json.loads(await line.recv())
                if message["type"] == "result" and message["request"] == request:
                    break
            times.append(1000 * (time.perf_counter() - begun))
            # what comes later is read and dropped, as a page does
            rest = begun + 2.0 - time.perf_counter()
            stop = time.perf_counter() + rest
            while (left := stop - time.perf_counter()) > 0:
                try:
                    await asyncio.wait_for(line.recv(), left)
                except TimeoutError:
                    break


def room_p95_ms(url: str, people: int = PEOPLE, seconds: float = ROOM_SECONDS) -> float:
    """Return the 95th percentile of the time to a first look in a full room."""
    times: list[float] = []

    async def main() -> None:
        await asyncio.gather(*(_person(url, seconds, n, times) for n in range(people)))

    asyncio.run(main())
    return quantile(times, 0.95)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    prepare_streams()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.workshop", description=__doc__)
    parser.add_argument("--json", metavar="FILE", help="write the numbers; - prints them")
    parser.add_argument("--moves", type=int, default=MOVES)
    options = parser.parse_args(arguments)
    if not any(map(shutil.which, ("chromium", "chromium-browser"))):
        complain("There is no Chromium; install it with: apt-get install chromium")
        return 1
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    server = Server()
    try:
        found: dict[str, float] = browser_times(server.url, options.moves)
        found["room_p95_ms"] = room_p95_ms(server.url)
    finally:
        server.stop()
    found |= processor_times()
    for name, value in found.items():
        bound = LIMITS.get(name)
        verdict = (
            "" if bound is None else f"  must be <= {bound:g}: {'yes' if value <= bound else 'no'}"
        )
        print(f"{name:14} {value:9.1f}{verdict}", file=sys.stderr)
    if options.json:
        write_json(found, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
