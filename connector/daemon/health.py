"""`/healthz`, `/readyz` and `/metrics` over HTTP, on this machine only unless told otherwise."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connector.errors import InputError

START_SECONDS = 30.0
STOP_SECONDS = 10.0

Look = Callable[[], Mapping[str, object]]
"""What is asked for; its `well` says whether all is as it should be."""


def build_app(alive: Look, ready: Look, metrics: Callable[[], bytes]) -> Starlette:
    """200 when all is well, 503 with the reasons when not."""

    def _tell(look: Look) -> Callable[[Request], Response]:
        def endpoint(_request: Request) -> Response:
            found = look()
            return JSONResponse(dict(found), status_code=200 if found["well"] else 503)

        return endpoint

    def _metrics(_request: Request) -> Response:
        return Response(metrics(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return Starlette(
        routes=[
            Route("/healthz", _tell(alive), methods=["GET"]),
            Route("/readyz", _tell(ready), methods=["GET"]),
            Route("/metrics", _metrics, methods=["GET"]),
        ]
    )


@contextmanager
def serve_health(app: Starlette, host: str, port: int) -> Iterator[int]:
    """Serve on a thread; gives the port. InputError when the address cannot be used."""
    bound = _bind(host, port)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", server_header=False,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [bound]}, name="health", daemon=True
    )
    thread.start()
    try:
        yield bound.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS)
        bound.close()


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind(address)
            bound.listen(16)
        except OSError:
            bound.close()
            raise
        return bound
    except OSError as error:
        raise InputError(
            "The health endpoints cannot listen on {host}:{port}: {reason}.",
            next_step="Set health_host and health_port under [daemon], or health = false.",
            host=host,
            port=port,
            reason=error.strerror or type(error).__name__,
        ) from None
