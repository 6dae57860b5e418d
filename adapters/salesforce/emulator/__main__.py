"""`python -m adapters.salesforce.emulator`: the emulator as a process of its own.

Prints one line of JSON with the addresses and the app's credentials, then serves until
SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sqlite3
import sys
import threading
from pathlib import Path

from adapters.salesforce.emulator.running import start


def _read_options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m adapters.salesforce.emulator",
        description="A local server that speaks Salesforce's REST API.",
    )
    parser.add_argument("--port", type=int, default=0, help="http port (0: a free one)")
    parser.add_argument("--tls-port", type=int, default=0, help="https port (0: a free one)")
    parser.add_argument("--no-tls", action="store_true", help="serve http only")
    parser.add_argument("--data", type=Path, help="file that keeps the records between runs")
    parser.add_argument("--client-id", default="", help="consumer key (default: a random one)")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the emulator; returns 0 after a signal, 2 when it cannot start."""
    options = _read_options(arguments)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        with start(
            port=options.port,
            tls_port=options.tls_port,
            tls=not options.no_tls,
            data=options.data,
            client_id=options.client_id,
            client_secret=os.environ.get("CREDITFLAG_EMULATOR_SECRET", ""),
        ) as emulator:
            line = {
                "url": emulator.url,
                "tls_url": emulator.tls_url,
                "client_id": emulator.client_id,
                "client_secret": emulator.client_secret,
                "ca_file": None if emulator.ca_file is None else str(emulator.ca_file),
                "pid": os.getpid(),
            }
            print(json.dumps(line), flush=True)
            # Waiting in short turns lets Ctrl-C through on Windows too.
            while not ended.wait(0.5):
                continue
    except (OSError, sqlite3.Error) as error:
        given = [f"port {port}" for port in (options.port, options.tls_port) if port]
        given += [f"data file {options.data}"] if options.data is not None else []
        what = getattr(error, "strerror", None) or error
        place = f" ({', '.join(given)})" if given else ""
        print(f"The emulator cannot start{place}: {what}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
