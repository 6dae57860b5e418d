"""Runs an emulator on free loopback ports, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import uvicorn

from adapters.emulatorkit.asgi import EmulatorApp

LOOPBACK = "127.0.0.1"
HEADER_BYTES_MAX = 256 * 1024  # above the vendors' own limits, so that emulators answer 414 and 431


# A server that nobody gave a log writes none, not even to stderr.
logging.getLogger("uvicorn").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a running emulator listens; `tls_url` is empty without a TLS context."""

    url: str
    tls_url: str


@contextlib.contextmanager
def serve(
    app: EmulatorApp, *, port: int = 0, tls_port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[Ports]:
    """Serve `app` over http and, with a context in `tls`, over https until the block ends.

    Port 0 takes a free port. Both ports share one event loop, so the application
    never runs twice at the same time. Raises OSError when a port is taken.
    """
    with contextlib.ExitStack() as stack:
        listeners = (
            [(_listen(stack, port), None)]
            if tls is None
            else [
                (_listen(stack, port), None),
                (_listen(stack, tls_port), tls),
            ]
        )
        urls = [
            f"{'http' if context is None else 'https'}://{LOOPBACK}:{sock.getsockname()[1]}"
            for sock, context in listeners
        ]
        servers = [(_server(app, context), sock) for sock, context in listeners]
        thread = threading.Thread(target=_run, args=(servers,), name="emulator", daemon=True)
        thread.start()
        try:
            yield Ports(urls[0], urls[1] if len(urls) > 1 else "")
        finally:
            for server, _ in servers:
                server.should_exit = True
            thread.join()


class _Server(uvicorn.Server):
    """A uvicorn server that ends at once, also with clients that keep connections open."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            transport = getattr(connection, "transport", None)
            # A TLS client that does not read would hold a polite close for half a minute.
            if transport is not None and (cycle is None or cycle.response_complete):
                transport.abort()
        await super().shutdown(sockets)


def _listen(stack: contextlib.ExitStack, port: int) -> socket.socket:
    # asyncio switches Nagle's algorithm off (40 ms a call) only for sockets that say they are TCP.
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock = stack.enter_context(contextlib.closing(tcp))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((LOOPBACK, port))
    # Listening before the thread runs lets clients connect at once.
    sock.listen(128)
    return sock


def _server(app: EmulatorApp, context: ssl.SSLContext | None) -> _Server:
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=HEADER_BYTES_MAX,
        ssl_context_factory=None if context is None else (lambda _config, _default: context),
    )
    return _Server(config)


def _run(servers: list[tuple[_Server, socket.socket]]) -> None:
    async def run_all() -> None:
        await asyncio.gather(*(server.serve(sockets=[sock]) for server, sock in servers))

    asyncio.run(run_all())
