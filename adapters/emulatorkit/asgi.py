"""The HTTP side of an emulator: an ASGI application with faults and counters."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import zlib
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.types import Receive, Scope, Send

from adapters.emulatorkit.control import PREFIX, answer_control
from adapters.emulatorkit.counters import CallNote
from adapters.emulatorkit.faults import CallFault
from adapters.emulatorkit.wire import Call, EmulatorService, Reply

LOG = logging.getLogger("emulator")
API_BODY_MAX = 160 * 1024 * 1024  # no vendor takes more than 150 MB in one call
CONTROL_BODY_MAX = 1024 * 1024 * 1024  # seeds may be large
GZIP_FROM = 1024
HTML_PAGE = (
    b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Back soon.</body></html>"
)


class BodyTooLargeError(Exception):
    """The request body is larger than the emulator takes."""


class EmulatorApp:
    """ASGI application around one emulator service; runs in a single event loop."""

    def __init__(self, service: EmulatorService) -> None:
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        if scope["type"] != "http":
            return
        try:
            call = await _read_call(scope, receive)
        except (BodyTooLargeError, zlib.error, EOFError, OSError) as error:
            await _send(send, Reply(413, str(error).encode()), [])
            return
        if call.path.startswith(PREFIX):
            await _send(send, answer_control(self.service, call), [])
            return
        await self._serve_api(call, scope, receive, send)

    async def _serve_api(self, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        service = self.service
        kind = service.classify(call)
        note = service.counters.begin(kind, call.method, call.path, len(call.body))
        call = _numbered(call, note.number)
        struck = service.faults.strike_call(call.method, kind, call.path)
        note.fault = ",".join(fault.action for fault in struck)
        reply, cut = await self._reply(call, struck)
        if cut:
            service.counters.finish(note, 0, 0, 0)
            await _drop_connection(receive, send)
            return
        await self._finish(call, note, reply, struck, scope, send)

    async def _reply(self, call: Call, struck: list[CallFault]) -> tuple[Reply, bool]:
        """Return the answer and whether the line is cut instead of sending it."""
        late_fault: CallFault | None = None
        for fault in struck:
            if fault.action == "delay":
                await asyncio.sleep(fault.seconds)
            elif fault.action == "expire_sessions":
                self.service.expire_sessions()
            elif fault.action == "drop_before":
                return Reply(0), True
            elif fault.action == "html":
                return Reply(200, HTML_PAGE, {"content-type": "text/html;charset=UTF-8"}), False
            elif fault.action == "respond":
                return _scripted_reply(fault), False
            else:
                late_fault = fault
        reply = self._answer(call)
        if late_fault is None or late_fault.action == "truncate":
            return reply, False
        if late_fault.action == "drop_after":
            return reply, True
        return _scripted_reply(late_fault), False

    def _answer(self, call: Call) -> Reply:
        try:
            self.service.records.settle()
            return self.service.answer(call)
        except Exception:
            # A mistake of the emulator itself must not look like one of the vendor's errors.
            LOG.exception("the emulator failed on %s %s", call.method, call.path)
            return Reply(500, b"The emulator itself failed; its log has the traceback.")

    async def _finish(
        self,
        call: Call,
        note: CallNote,
        reply: Reply,
        struck: list[CallFault],
        scope: Scope,
        send: Send,
    ) -> None:
        headers = [("date", format_datetime(self.service.clock.now(), usegmt=True))]
        body = reply.body
        cut_at = next((fault.bytes for fault in struck if fault.action == "truncate"), None)
        wanted = call.headers.get("accept-encoding", "")
        if "gzip" in wanted and len(body) >= GZIP_FROM and cut_at is None:
            reply = Reply(reply.status, gzip.compress(body, 1), reply.headers)
            headers.append(("content-encoding", "gzip"))
        wire = len(reply.body) if cut_at is None else min(cut_at, len(reply.body))
        self.service.counters.finish(note, reply.status, len(body), wire)
        if cut_at is not None:
            await _send_truncated(send, reply, headers, cut_at)
        else:
            await _send(send, reply, headers)


async def _read_call(scope: Scope, receive: Receive) -> Call:
    raw_path = scope.get("raw_path") or scope["path"].encode()
    query_text = scope["query_string"].decode("latin-1")
    headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
    path = unquote(raw_path.decode("latin-1"))
    limit = CONTROL_BODY_MAX if path.startswith(PREFIX) else API_BODY_MAX
    body = await _read_body(receive, limit)
    if headers.get("content-encoding") == "gzip":
        body = _inflate(body, limit)
    host = headers.get("host", "127.0.0.1")
    return Call(
        method="GET" if scope["method"] == "HEAD" else scope["method"],
        path=path,
        query=dict(parse_qsl(query_text, keep_blank_values=True)),
        headers=headers,
        body=body,
        base_url=f"{scope['scheme']}://{host}",
        url_bytes=len(raw_path) + len(query_text) + 1,
        raw_path=raw_path.decode("latin-1"),
    )


async def _read_body(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(chunks)
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            raise BodyTooLargeError(f"the body is larger than {limit} bytes")
        if not message.get("more_body"):
            return b"".join(chunks)


def _inflate(body: bytes, limit: int) -> bytes:
    inflater = zlib.decompressobj(wbits=31)
    plain = inflater.decompress(body, limit)
    if inflater.unconsumed_tail:
        raise BodyTooLargeError(f"the body is larger than {limit} bytes when unpacked")
    return plain


def _numbered(call: Call, number: int) -> Call:
    return Call(
        call.method,
        call.path,
        call.query,
        call.headers,
        call.body,
        call.base_url,
        number,
        call.url_bytes,
        call.raw_path,
    )


def _scripted_reply(fault: CallFault) -> Reply:
    headers = {name.lower(): value for name, value in fault.headers.items()}
    if isinstance(fault.body, str):
        headers.setdefault("content-type", "text/html;charset=UTF-8")
        return Reply(fault.status, fault.body.encode(), headers)
    headers.setdefault("content-type", "application/json;charset=UTF-8")
    return Reply(fault.status, json.dumps(fault.body).encode(), headers)


def _header_list(reply: Reply, extra: list[tuple[str, str]], length: int) -> list[Any]:
    pairs = [*extra, *reply.headers.items()]
    if reply.status not in (204, 304):
        pairs.append(("content-length", str(length)))
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


async def _send(send: Send, reply: Reply, extra: list[tuple[str, str]]) -> None:
    headers = _header_list(reply, extra, len(reply.body))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    body = b"" if reply.status in (204, 304) else reply.body
    await send({"type": "http.response.body", "body": body})


async def _send_truncated(
    send: Send, reply: Reply, extra: list[tuple[str, str]], cut_at: int
) -> None:
    headers = _header_list(reply, extra, len(reply.body))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body[:cut_at], "more_body": True})
    _transport_of(send).close()


async def _drop_connection(receive: Receive, send: Send) -> None:
    """Cut the TCP connection without an answer and wait until the server has noticed."""
    _transport_of(send).abort()
    while (await receive())["type"] != "http.disconnect":
        continue


def _transport_of(send: Send) -> asyncio.Transport:
    """Return the connection behind an ASGI `send`.

    ASGI has no way to cut a line, so this reaches into uvicorn's request cycle,
    whose bound method `send` is.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if not isinstance(transport, asyncio.Transport):
        raise RuntimeError("cutting the line needs uvicorn's h11 server")
    return transport
