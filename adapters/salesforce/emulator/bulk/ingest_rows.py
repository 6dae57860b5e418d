"""Works through the rows of an ingest job: each row is written, refused or left over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adapters.salesforce.emulator import lifecycle
from adapters.salesforce.emulator.bulk.csv_text import BatchError, read_rows, write_line
from adapters.salesforce.emulator.bulk.jobs import Job
from adapters.salesforce.emulator.errors import ApiError, RecordError
from adapters.salesforce.emulator.fields import FieldSpec
from adapters.salesforce.emulator.ids import to_18
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.values import store_value
from adapters.salesforce.emulator.writes import SeveralMatchesError, Writer, external_key

NULL = "#N/A"
CHUNK = 200  # rows that one transaction of the vendor takes; keys must not repeat within
BY_ID = frozenset({"update", "delete", "hardDelete"})
_CHECKBOX = {"1": "true", "0": "false"}


@dataclass(frozen=True, slots=True)
class _Cell:
    """What a column of the upload fills: a field, or a lookup by the parent's external id."""

    field: FieldSpec
    key: str
    parent_key: str = ""


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the rows of a job become records; `id_at` is the column of the key, -1 for none."""

    spec: ObjectSpec
    cells: list[_Cell | None]
    id_at: int
    key: FieldSpec | None


def begin(org: Org, job: Job) -> None:
    """Read the upload once to count its rows and check its header; a bad one fails the job."""
    content = job.content or b""
    try:
        rows = read_rows(content, job.delimiter, job.line_ending)
        job.columns = next(rows, [])
        _plan(org, job)
        job.total = sum(1 for _ in rows)
    except BatchError as error:
        fail(job, str(error))
        return
    job.source = read_rows(content, job.delimiter, job.line_ending)
    next(job.source)


def work(org: Org, job: Job, until: int) -> None:
    """Write rows until `until` of them are processed."""
    if job.source is None:
        return
    plan = _plan(org, job)
    writer = Writer(org, job.user_id, "api", job.call, min(job.total, CHUNK))
    while job.processed < until:
        row = next(job.source, None)
        if row is None:
            return
        if job.processed % CHUNK == 0:
            job.seen.clear()
        job.processed += 1
        _work_row(org, writer, plan, job, row)


def finish(job: Job, state: str) -> None:
    """End a job: the rows not worked on are the unprocessed ones; results leave upload order."""
    if job.source is not None:
        job.unprocessed_lines = [write_line(row, job.delimiter) for row in job.source]
    job.source, job.content = None, None
    job.successful_lines = _out_of_order(job.successful_lines)
    job.failed_lines = _out_of_order(job.failed_lines)
    job.state = state


def fail(job: Job, message: str) -> None:
    """End a job as Failed."""
    job.message = message
    finish(job, "Failed")


def _out_of_order(lines: list[str]) -> list[str]:
    return lines[1::2] + lines[0::2]


def _plan(org: Org, job: Job) -> _Plan:
    spec = org.schema.find(job.object)
    if spec is None:
        raise BatchError(f"InvalidJob : Unable to find object: {job.object}")
    names = [name.strip().lower() for name in job.columns]
    if not names:
        raise BatchError("InvalidBatch : Failed to read the header of the data: it is empty")
    for name in names:
        if names.count(name) > 1:
            raise BatchError(f"InvalidBatch : Duplicate field in header: {name}")
    if job.operation in {"delete", "hardDelete"} and names != ["id"]:
        raise BatchError("InvalidBatch : A delete takes exactly one column: Id")
    key = _key(spec, job)
    id_at = names.index(key.name.lower()) if key is not None and key.name.lower() in names else -1
    if id_at < 0 and key is not None:
        raise BatchError(f"InvalidBatch : Field name not found : {key.name}")
    cells = [
        None if at == id_at else _cell(org, spec, name.strip())
        for at, name in enumerate(job.columns)
    ]
    return _Plan(spec, cells, id_at, key)


def _key(spec: ObjectSpec, job: Job) -> FieldSpec | None:
    if job.operation in BY_ID:
        return spec.fields["id"]
    if job.operation != "upsert":
        return None
    try:
        return external_key(spec, job.external_id)
    except ApiError as error:
        raise BatchError(f"InvalidJob : {error.message}") from None


def _cell(org: Org, spec: ObjectSpec, name: str) -> _Cell:
    relationship, _, inner = name.partition(".")
    if not inner:
        item = spec.field(name)
        if item is None:
            raise BatchError(f"InvalidBatch : Field name not found : {name}")
        return _Cell(item, item.name)
    lookup = spec.parent(relationship)
    target = org.schema.find(lookup.reference_to[0]) if lookup is not None else None
    key = target.field(inner) if target is not None else None
    if lookup is None or key is None:
        raise BatchError(f"InvalidBatch : Field name not found : {name}")
    return _Cell(lookup, lookup.relationship, key.name)


def _work_row(org: Org, writer: Writer, plan: _Plan, job: Job, row: list[str]) -> None:
    try:
        with org.records.transaction():
            record_id, created = _write(writer, plan, job, row)
    except RecordError as error:
        job.failed += 1
        known = to_18(row[plan.id_at]) if plan.id_at >= 0 and _is_id(plan.key) else None
        cells = [known or "", _error_text(error), *row]
        job.failed_lines.append(write_line(cells, job.delimiter))
        return
    done = [record_id, "true" if created else "false", *row]
    job.successful_lines.append(write_line(done, job.delimiter))


def _write(writer: Writer, plan: _Plan, job: Job, row: list[str]) -> tuple[str, bool]:
    body = _body(plan, row)
    given = row[plan.id_at] if plan.id_at >= 0 else ""
    _refuse_repeat(plan, job, given)
    try:
        if job.operation == "insert":
            return writer.create(plan.spec, body), True
        if job.operation == "upsert":
            return _upsert(writer, plan, given, body)
        if not given:
            raise RecordError("MISSING_ARGUMENT", f"Id not specified in a {job.operation} call")
        if job.operation == "update":
            return writer.update(plan.spec, given, body), False
        record_id = writer.delete(plan.spec, given)
        if job.operation == "hardDelete":
            lifecycle.purge(writer, plan.spec, record_id)
    except ApiError as error:
        raise _wrong_value(plan, row, error) from None
    return record_id, False


def _upsert(writer: Writer, plan: _Plan, given: str, body: dict[str, Any]) -> tuple[str, bool]:
    key = plan.key
    if key is None:
        raise RecordError("MISSING_ARGUMENT", "an upsert needs an external id")
    if not given or given == NULL:
        if key.name == "Id":
            return writer.create(plan.spec, body), True
        raise RecordError("MISSING_ARGUMENT", f"{key.name} not specified", [key.name])
    try:
        return writer.upsert(plan.spec, key, given, body)
    except SeveralMatchesError as error:
        message = f"{key.name}: more than one record found for external id field: {error.ids}"
        raise RecordError("DUPLICATE_EXTERNAL_ID", message, [key.name]) from None


def _refuse_repeat(plan: _Plan, job: Job, given: str) -> None:
    if plan.key is None or not given:
        return
    folded = to_18(given) or given if _is_id(plan.key) else given.casefold()
    if folded in job.seen:
        what = "id" if _is_id(plan.key) else "external id"
        raise RecordError("DUPLICATE_VALUE", f"Duplicate {what} specified: {given}", [])
    job.seen.add(folded)


def _body(plan: _Plan, row: list[str]) -> dict[str, Any]:
    """Return the fields of a row: an empty cell says nothing, `#N/A` is null."""
    body: dict[str, Any] = {}
    for cell, text in zip(plan.cells, row, strict=True):
        if cell is None or text == "":
            continue
        if text == NULL:
            body[cell.field.name] = None
        elif cell.parent_key:
            body[cell.key] = {cell.parent_key: text}
        elif cell.field.type == "boolean":
            body[cell.key] = _CHECKBOX.get(text, text)
        else:
            body[cell.key] = text
    return body


def _wrong_value(plan: _Plan, row: list[str], error: ApiError) -> RecordError:
    """Name the cell that is not of its field's type."""
    for cell, text in zip(plan.cells, row, strict=True):
        if cell is None or cell.parent_key or text in ("", NULL):
            continue
        try:
            store_value(cell.field, text)
        except ApiError:
            message = f"{cell.field.label}: value not of required type: {text}"
            return RecordError("INVALID_TYPE_ON_FIELD_IN_RECORD", message, [cell.field.name])
        except RecordError:
            continue
    return RecordError(error.code, error.message)


def _is_id(key: FieldSpec | None) -> bool:
    return key is not None and key.name == "Id"


def _error_text(error: RecordError) -> str:
    fields = ",".join(error.fields)
    return (
        f"{error.code}:{error.message}:{fields} --"
        if fields
        else f"{error.code}:{error.message}:--"
    )
