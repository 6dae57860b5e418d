"""A server that sends exactly the bytes a test wants, for what no framework lets one send."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Speak = Callable[[socket.socket, bytes], None]


@dataclass
class RawServer:
    """Where it listens, and the requests it has read so far."""

    url: str
    requests: list[bytes] = field(default_factory=list)


@contextlib.contextmanager
def serve_raw(speak: Speak) -> Iterator[RawServer]:
    """Run `speak(connection, request)` for each request; it sends what it likes and returns.

    The connection is closed after each request.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = RawServer(f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread = threading.Thread(target=_accept, args=(listener, server, speak), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            # Closing alone does not wake a thread that waits in accept().
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join(10)
            assert not thread.is_alive()


def _accept(listener: socket.socket, server: RawServer, speak: Speak) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            request = read_request(connection)
            if request:
                server.requests.append(request)
                with contextlib.suppress(OSError):
                    speak(connection, request)


def read_request(connection: socket.socket) -> bytes:
    """One request with its body; empty when the client only connected."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    while lengths and len(body) < lengths[0]:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def send_json(connection: socket.socket, value: object, status: str = "200 OK") -> None:
    """Send a whole answer."""
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    connection.sendall(head.encode() + b"\r\nConnection: close\r\n\r\n" + body)


def send_token(connection: socket.socket, url: str) -> None:
    """Answer a token request."""
    send_json(connection, {"access_token": "00D000000000001!raw", "instance_url": url})
