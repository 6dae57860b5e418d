"""Runs a query job and cuts its result into pages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from adapters.salesforce.emulator.bulk.csv_text import LINE_ENDINGS, write_line
from adapters.salesforce.emulator.bulk.jobs import Job
from adapters.salesforce.emulator.errors import ApiError
from adapters.salesforce.emulator.fields import FieldSpec
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.soql.run import FlatResult, QueryRun


def run_query(org: Org, job: Job) -> FlatResult:
    """Run the job's query on the records as they are; raises ApiError."""
    include_deleted = job.operation == "queryAll"
    run = QueryRun.begin(org, job.user_id, job.data_path, include_deleted=include_deleted)
    result = run.run_flat(job.query)
    slow = org.settings.query_timeout_rows
    if job.state != "Open" and 0 < slow < len(result.rows):
        raise ApiError(400, "QUERY_TIMEOUT", "Your query request was running for too long.")
    return result


def keep_result(job: Job, result: FlatResult) -> None:
    """Keep the result as lines of CSV: a snapshot, values always quoted."""
    job.columns = [name for name, _, _ in result.columns]
    cells = [(read, text_writer(spec)) for _, spec, read in result.columns]
    mark = job.delimiter
    job.successful_lines = [
        write_line([write(read(row)) for read, write in cells], mark) for row in result.rows
    ]
    job.processed = job.total = len(result.rows)


def cut_page(job: Job, locator: str, size: int) -> tuple[bytes, int, str]:
    """Return a page with its own header line, its row count, and the next locator or `null`."""
    start = _read_locator(locator)
    if start is None or (start and start >= len(job.successful_lines)):
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    lines = job.successful_lines[start : start + size]
    end = LINE_ENDINGS[job.line_ending]
    header = write_line(job.columns, job.delimiter)
    text = end.join([header, *lines]) + end
    reached = start + len(lines)
    after = "null" if reached >= len(job.successful_lines) else write_locator(reached)
    return text.encode(), len(lines), after


def write_locator(offset: int) -> str:
    """Return the text that stands for a row offset, such as `MTAwMDA` for 10000."""
    return base64.urlsafe_b64encode(str(offset).encode()).decode().rstrip("=")


def _read_locator(text: str) -> int | None:
    if not text:
        return 0
    try:
        padded = text + "=" * (-len(text) % 4)
        plain = base64.b64decode(padded.encode(), altchars=b"-_", validate=True)
        return int(plain) if plain.isdigit() else None
    except (binascii.Error, ValueError):
        return None


def text_writer(spec: FieldSpec) -> Callable[[Any], str]:
    """Return the function that writes a value of a field as a CSV cell."""
    if spec.type == "boolean":
        # A checkbox is never null, but a parent that is not there has none.
        return lambda value: "" if value is None else "true" if value else "false"
    if spec.type == "datetime":
        return lambda value: "" if value is None else str(value).replace("+0000", "Z")
    return lambda value: "" if value is None else str(value)
