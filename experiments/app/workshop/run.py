"""Start the page: warm the kernels, bind the port, print the address, serve until stopped."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import socket
import sys
import threading
import webbrowser
from dataclasses import dataclass
from pathlib import Path

from experiments.app.console import InputError, Progress

from .sessions import Room, new_code
from .studies import Library
from .twins import FIRST, PAIRS, SEEDS

DEFAULT_PORT = 8321
PORTS_TRIED = 20


@dataclass(frozen=True)
class Options:
    """What ``workshop`` was asked."""

    site: str
    port: int | None = None
    share: bool = False
    open_browser: bool = True
    seed: int = 1
    threads: int | None = None
    prepare: str | None = None
    export: Path | None = None
    replications: int = SEEDS
    mixes: int | None = None


def bind(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens; without a wish the first free port from the default on.

    Raises
    ------
    InputError
        When the port is taken or may not be used.
    """
    wanted = [port] if port is not None else [*range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED), 0]
    for number in wanted:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name != "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, number))
            listener.listen(128)
            listener.setblocking(False)
            return listener
        except OSError as error:
            listener.close()
            if port is None and error.errno == errno.EADDRINUSE:
                continue
            reason = "is already in use" if error.errno == errno.EADDRINUSE else "may not be used"
            raise InputError(
                f"Port {number} {reason}; name another one, or leave --port out."
            ) from None
    raise InputError("No port is free; name one with --port.")


def own_addresses() -> list[str]:
    """Return the addresses of this machine in its networks, the likeliest first.

    Nothing is sent: a datagram socket only asks the system which address it would use.
    """
    found = []
    for target in ("10.255.255.255", "192.168.255.255", "172.31.255.255"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((target, 9))
                found.append(probe.getsockname()[0])
            except OSError:
                continue
    with contextlib.suppress(OSError):
        found += [item[4][0] for item in socket.getaddrinfo(socket.gethostname(), None)]
    kept = []
    for address in map(str, found):
        usable = ":" not in address and not ipaddress.ip_address(address).is_loopback
        if usable and address != "0.0.0.0" and address not in kept:
            kept.append(address)
    return kept


def warm(library: Library, site: str, progress: Progress) -> None:
    """Compile the kernels and follow what the first look needs."""
    from scenarios.measures import load_mix
    from simulator.policy import lay_out_mix

    bench = library.bench(site)
    for done, seed in enumerate(bench.seeds[:FIRST]):
        bench.reference(seed)
        progress(done + 1, FIRST + 1)
    # one month with the default mix compiles what only measures use
    town = bench.town
    world = town.begin(bench.seeds[0])
    lay_out_mix(load_mix(town.site.default_mix, town.id), town.site, town.place).install(world)
    world.lay_out(0, 1)
    world.advance(1)
    progress(FIRST + 1, FIRST + 1)


def write_files(options: Options) -> None:
    """Compute the tables of a place and write the page as one file, whichever was asked.

    Raises
    ------
    InputError
        When there is nothing to write a file from.
    """
    from scenarios import load_site
    from scenarios.loader import shipped_sites

    from . import tables

    threads = options.threads or os.cpu_count() or 1
    every = options.prepare == "all"
    sites = shipped_sites() if every else [load_site(options.prepare or options.site).id]
    if every and options.export is not None and options.export.suffix:
        raise InputError(
            f"--export {options.export} is one file; with --prepare all name a folder, "
            "which gets a file for each place."
        )
    for site in sites:
        if options.prepare is not None:
            with Progress(f"Preparing {site}") as progress:
                path = tables.prepare(
                    site, threads, options.seed, options.replications, options.mixes,
                    progress=progress,
                )  # fmt: skip
            print(f"Table: {path}")
        if options.export is not None:
            library = Library(1, options.replications, options.seed)
            target = options.export / f"{site}.html" if every else options.export
            size = tables.export(library, site, target)
            library.scheduler.stop()
            print(f"Page as one file: {target} ({size / 1e6:.1f} MB)")


def serve(options: Options) -> None:
    """Run the server until it is stopped.

    Raises
    ------
    InputError
        When a package is missing or the port cannot be used.
    """
    try:
        import segno  # noqa: F401
        import uvicorn
        import websockets  # noqa: F401

        from .server import LARGEST_MESSAGE, LOOPBACK, Workshop
    except ModuleNotFoundError as missing:
        raise InputError(
            f"The page needs the package '{missing.name}'; "
            "install vacancy-chain-simulator[workshop]."
        ) from None
    from scenarios import load_site

    site = load_site(options.site).id
    host = "0.0.0.0" if options.share else "127.0.0.1"
    listener = bind(host, options.port)
    port = listener.getsockname()[1]
    library = Library(options.threads or os.cpu_count() or 1, seed=options.seed)
    _take_tables(library)
    with Progress(f"Preparing {site}") as progress:
        warm(library, site, progress)
    addresses = own_addresses() if options.share else []
    room = Room(
        code=new_code() if options.share else "",
        address=f"http://{addresses[0]}:{port}/" if addresses else "",
    )
    workshop = Workshop(library, room, site, (*LOOPBACK, *addresses))
    config = uvicorn.Config(
        workshop.app(),
        log_level="warning",
        ws="websockets-sansio",
        ws_max_size=LARGEST_MESSAGE,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=2,
        access_log=False,
        server_header=False,
    )
    local = f"http://127.0.0.1:{port}/"
    print(f"The page is at {local}")
    if options.share:
        if addresses:
            print(f"Phones in the same network: {room.address}  room code {room.code}")
        else:
            print("This machine is in no network; phones cannot join. The page works here.")
    print("Stop it with Ctrl+C.")
    sys.stdout.flush()
    # the other references are followed while people read the first screen
    rest = threading.Thread(
        target=library.bench(site).prepare, args=(PAIRS,), daemon=True, name="references"
    )
    rest.start()
    if options.open_browser:
        threading.Thread(target=webbrowser.open, args=(local,), daemon=True).start()
    uvicorn.Server(config).run(sockets=[listener])


def _take_tables(library: Library) -> None:
    """Give the library the tables that fit; say which do not."""
    from scenarios.loader import shipped_sites

    from .tables import load_table, path_of

    for site in shipped_sites():
        if not path_of(site).is_file():
            continue
        table, stale = load_table(library, site)
        if table is not None:
            library.tables[site] = table
            print(f"Prepared answers of {site}: {len(table.answers)}")
        elif stale:
            print(
                f"{path_of(site)} was computed with other numbers or code and is not used; "
                f"renew it with: vacancy-chains workshop --prepare {site}"
            )
