"""`/sobjects`: what exists, and which call serves the rows of an object."""

from __future__ import annotations

from typing import Any

from adapters.salesforce.emulator import rows
from adapters.salesforce.emulator.context import Answer, Request
from adapters.salesforce.emulator.describe import describe_global, describe_object
from adapters.salesforce.emulator.errors import missing_resource, wrong_method
from adapters.salesforce.emulator.replication import serve_deleted, serve_updated
from adapters.salesforce.emulator.times import read_http_date, read_stamp


def serve_sobjects(request: Request, rest: list[str]) -> Answer:
    """Answer a call below `/sobjects`."""
    if not rest:
        if request.method != "GET":
            raise wrong_method(request.method)
        stamp = max(request.org.schema_changed.values(), default="")
        unchanged = _unchanged(request, stamp)
        return unchanged or _dated(describe_global(request.org, request.data_path), stamp)
    name = rest[0]
    if len(rest) == 1:
        return rows.serve_object(request, name)
    if len(rest) == 2 and rest[1].lower() == "describe":
        spec = request.object(name)
        stamp = request.org.schema_changed.get(spec.name, "")
        unchanged = _unchanged(request, stamp)
        return unchanged or _dated(describe_object(request.org, spec, request.data_path), stamp)
    if len(rest) == 2 and rest[1].lower() == "updated":
        return serve_updated(request, name)
    if len(rest) == 2 and rest[1].lower() == "deleted":
        return serve_deleted(request, name)
    if len(rest) == 2:
        return rows.serve_row(request, name, rest[1])
    if len(rest) == 3:
        return rows.serve_external_id(request, name, rest[1], rest[2])
    raise missing_resource()


def _dated(body: Any, stamp: str) -> Answer:
    if not stamp:
        return Answer(200, body)
    text = read_stamp(stamp).strftime("%a, %d %b %Y %H:%M:%S GMT")
    return Answer(200, body, {"last-modified": text})


def _unchanged(request: Request, stamp: str) -> Answer | None:
    since = read_http_date(request.call.headers.get("if-modified-since", ""))
    if since is not None and stamp and read_stamp(stamp) <= since:
        return Answer(304)
    return None
