"""An event loop beside the one that the browser's driver keeps in the main thread."""

import asyncio
from concurrent.futures import ThreadPoolExecutor


def run(work):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
