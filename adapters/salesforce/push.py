"""Writing records 200 at a time, and finding and reading them back.

A write is sent once; many rows go by a bulk job instead (`ingest`). Sources, all in the REST API
Developer Guide: "Using sObject Collections": one call for 200 records, results in their order,
each record on its own (`allOrNone` false); "Conditional Requests" for a row that must not have
been modified; "Retrieve Multiple Records with Fewer Round-Trips" for reading back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from adapters.salesforce.describe import Catalogue
from adapters.salesforce.errors import Call, translate_nonsense
from adapters.salesforce.ids import to_long_id
from adapters.salesforce.outcomes import mark_together, read_outcome
from adapters.salesforce.pages import read_pages
from adapters.salesforce.pull import strip_attributes
from adapters.salesforce.query import (
    URL_BYTES_MAX,
    check_name,
    match_or_carry,
    match_values,
    measure_url,
    write_select,
)
from adapters.salesforce.rows import encode_json, find_writable, to_json_value
from adapters.salesforce.selection import read_stamp
from adapters.salesforce.session import SalesforceSession
from connector.errors import RefusedError
from connector.ports.crm import FieldInfo, ObjectInfo, Record, RowOutcome, WriteRow

BATCH_SIZE = 200
RETRIEVE_SIZE = 2000
_CONDITION_BYTES = URL_BYTES_MAX - 1000  # what the rest of a key query needs at most
_COLLECTIONS = "composite/sobjects"


class Writer:
    """Writes and reads back through one session; see `TargetPort` for each call."""

    def __init__(self, session: SalesforceSession, catalogue: Catalogue) -> None:
        self._session = session
        self._catalogue = catalogue

    def update(self, object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        """Set fields of existing records; a row with `unchanged_since` must be the only one."""
        info = self._catalogue.expect(object_name)
        fields = find_fields(rows, info, create=False)
        if any(row.unchanged_since for row in rows):
            (row,) = rows
            return [self._update_unless_moved(info, fields, row)]

        def name_record(row: WriteRow) -> dict[str, object]:
            return {"id": to_long_id(row.record_id)}

        return self._send("PATCH", _COLLECTIONS, info, fields, rows, name_record)

    def upsert(
        self, object_name: str, key_field: str, rows: Sequence[WriteRow]
    ) -> Sequence[RowOutcome]:
        """Create or update by a unique external-id field."""
        info = self._catalogue.expect(object_name)
        key = find_key(key_field, info)
        fields = find_fields(rows, info, create=True)

        def name_record(row: WriteRow) -> dict[str, object]:
            if not row.key:
                raise ValueError("the row has no key")
            return {key.name: row.key}

        path = f"{_COLLECTIONS}/{info.name}/{key.name}"
        return self._send("PATCH", path, info, fields, rows, name_record)

    def create(self, object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        """Create records; the caller has looked for their keys before."""
        info = self._catalogue.expect(object_name)
        fields = find_fields(rows, info, create=True)
        return self._send("POST", _COLLECTIONS, info, fields, rows, lambda _row: {})

    def find_by_key(
        self, object_name: str, key_field: str, keys: Sequence[str]
    ) -> Mapping[str, str]:
        """Record ids by key, the oldest where several carry it.

        The field must equal the key, or contain it as `[key]` unless it is an external id.
        Archived activities are looked through too, deleted records are not.
        """
        info = self._catalogue.expect(object_name)
        field = info.find(check_name(key_field, info.name))
        if field is None or not field.filterable:
            raise RefusedError(
                "{field} of {object} cannot be searched.",
                code="NOT_FILTERABLE",
                where=info.name,
                next_step="Map the key to an external id, or to a text field that is no long text.",
                field=key_field,
                object=info.name,
            )
        found: dict[str, str] = {}
        for chunk in _chunk_keys(field, list(dict.fromkeys(keys))):
            for row in self._search(info, field, chunk):
                text = str(row.get(field.name) or "").casefold()
                for key in chunk:
                    if _carries(text, key, field):
                        found.setdefault(key, to_long_id(str(row["Id"])))
        return found

    def read(
        self, object_name: str, record_ids: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Record | None]:
        """Present records by the ids as given, `modified_at` as ISO text in UTC."""
        info = self._catalogue.expect(object_name)
        names = [check_name(name, info.name) for name in fields]
        stamps = [name for name in ("LastModifiedById", "LastModifiedDate") if info.find(name)]
        asked = list({name.lower(): name for name in [*stamps, *names, "Id"]}.values())
        long_ids = {given: _try_long_id(given) for given in record_ids}
        wanted = list(dict.fromkeys(long_id for long_id in long_ids.values() if long_id))
        present: dict[str, Record] = {}
        call = self._session.name_call("read_back", info.name)
        for start in range(0, len(wanted), RETRIEVE_SIZE):
            chunk = wanted[start : start + RETRIEVE_SIZE]
            body = encode_json({"ids": chunk, "fields": asked})
            answer = self._session.ask("POST", f"{_COLLECTIONS}/{info.name}", call, body=body)
            present.update(_match_records(answer, chunk, call))
        return {
            given: _shape_record(present[long_id], names) if long_id in present else None
            for given, long_id in long_ids.items()
        }

    def _send(
        self,
        method: str,
        path: str,
        info: ObjectInfo,
        fields: Mapping[str, FieldInfo],
        rows: Sequence[WriteRow],
        name_record: Callable[[WriteRow], dict[str, object]],
    ) -> Sequence[RowOutcome]:
        """One call; rows that cannot be spelled are rejected here and the others sent."""
        if len(rows) > BATCH_SIZE:
            raise ValueError(f"{len(rows)} rows in one write call, {BATCH_SIZE} at most")
        outcomes: list[RowOutcome | None] = [None] * len(rows)
        records: dict[int, dict[str, object]] = {}
        taken: set[str] = set()
        for position, row in enumerate(rows):
            try:
                named = name_record(row)
                values = to_values(row, fields)
            except ValueError as error:
                outcomes[position] = RowOutcome("rejected", row.record_id, "BAD_VALUE", str(error))
                continue
            identity = str(next(iter(named.values()), "")).casefold()
            if identity and identity in taken:
                outcomes[position] = ONCE_A_CALL
                continue
            taken.add(identity)
            records[position] = {"attributes": {"type": info.name}, **values, **named}
        if records:
            sent = list(records.values())
            body = encode_json({"allOrNone": False, "records": sent})
            call = self._session.name_call("write", info.name)
            answer = self._session.ask(method, path, call, body=body)
            results = _read_results(answer, [str(r.get("id", "")) for r in sent], call)
            outcomes = _fill(outcomes, list(records), results)
        return [outcome for outcome in outcomes if outcome is not None]

    def _update_unless_moved(
        self, info: ObjectInfo, fields: Mapping[str, FieldInfo], row: WriteRow
    ) -> RowOutcome:
        """One record, unless somebody modified it since; refused without a word means moved."""
        try:
            record_id = to_long_id(row.record_id)
            body = encode_json(to_values(row, fields))
        except ValueError as error:
            return RowOutcome("rejected", row.record_id, "BAD_VALUE", str(error))
        until = datetime.fromisoformat(row.unchanged_since).astimezone(UTC)
        headers = {"If-Unmodified-Since": format_datetime(until, usegmt=True)}
        call = self._session.name_call("write", info.name)
        path = f"sobjects/{info.name}/{record_id}"
        try:
            self._session.ask("PATCH", path, call, body=body, headers=headers)
        except RefusedError as error:
            if error.code == "HTTP_412":
                return RowOutcome("moved", record_id, "MODIFIED_SINCE")
            if not error.by_row and error.code not in _ROW_STATUS:
                raise
            fault = {"statusCode": error.code, "message": error.params.get("detail")}
            return read_outcome({"success": False, "errors": [fault]}, record_id)
        return RowOutcome("ok", record_id)

    def _search(
        self, info: ObjectInfo, field: FieldInfo, keys: Sequence[str]
    ) -> Iterator[dict[str, Any]]:
        archives = info.find("IsArchived") is not None
        conditions = [_match_keys(field, keys)]
        if archives:
            conditions.append("IsDeleted = false")
        order = [name for name in ("CreatedDate", "Id") if name == "Id" or info.find(name)]
        soql = write_select(["Id", field.name], info.name, conditions, order)
        call = self._session.name_call("read_back", info.name)
        for page in read_pages(self._session, soql, call, archives, ""):
            yield from page.rows


ONCE_A_CALL = RowOutcome(
    "retry", code="SAME_RECORD_TWICE", message="The record stands twice in one call."
)


# Refusals of one record that a single write gets as the answer to the call.
_ROW_STATUS = frozenset(
    {"NOT_FOUND", "ENTITY_IS_DELETED", "INSUFFICIENT_ACCESS_OR_READONLY", "UNABLE_TO_LOCK_ROW"}
)


def find_key(key_field: str, info: ObjectInfo) -> FieldInfo:
    """The field to upsert by; RefusedError when it is no external id."""
    key = find_writable(key_field, info, create=True)
    if not key.external_id:
        raise RefusedError(
            "{field} of {object} is no external id, so records cannot be found by it.",
            code="NOT_EXTERNAL_ID",
            where=info.name,
            next_step="In Setup, make the field an external id and unique, or map another.",
            field=key.name,
            object=info.name,
        )
    return key


def find_fields(
    rows: Sequence[WriteRow], info: ObjectInfo, *, create: bool
) -> dict[str, FieldInfo]:
    """The fields that the rows write, by the names they use; RefusedError for one that cannot."""
    names = dict.fromkeys(name for row in rows for name in row.values)
    return {name: find_writable(name, info, create=create) for name in names}


def to_values(row: WriteRow, fields: Mapping[str, FieldInfo]) -> dict[str, object]:
    """JSON values by Salesforce's field names; ValueError for one that the field cannot hold."""
    return {
        fields[name].name: to_json_value(text, fields[name]) for name, text in row.values.items()
    }


def _read_results(answer: object, record_ids: Sequence[str], call: Call) -> list[RowOutcome]:
    """Outcomes by position; another number of results leaves all of them open."""
    if not isinstance(answer, list) or len(answer) != len(record_ids):
        count = len(answer) if isinstance(answer, list) else 0
        raise translate_nonsense(call, f"{count} results for {len(record_ids)} records")
    try:
        outcomes = [read_outcome(*pair) for pair in zip(answer, record_ids, strict=True)]
        return mark_together(outcomes)
    except (KeyError, ValueError, TypeError, AttributeError):
        raise translate_nonsense(call, "a result is not built as it should be") from None


def _fill(
    outcomes: list[RowOutcome | None], positions: Sequence[int], results: Sequence[RowOutcome]
) -> list[RowOutcome | None]:
    by_position = dict(zip(positions, results, strict=True))
    return [by_position.get(position, outcome) for position, outcome in enumerate(outcomes)]


def _match_keys(field: FieldInfo, keys: Sequence[str]) -> str:
    if field.external_id:
        return match_values(field.name, keys)
    return match_or_carry(field.name, keys)


def _carries(text: str, key: str, field: FieldInfo) -> bool:
    """Whether the folded text is or holds the key; Salesforce compares without regard to case."""
    folded = key.casefold()
    return text == folded or (not field.external_id and f"[{folded}]" in text)


def _chunk_keys(field: FieldInfo, keys: Sequence[str]) -> Iterator[list[str]]:
    """Keys in groups whose conditions fit into an address."""
    chunk: list[str] = []
    size = 0
    for key in keys:
        cost = measure_url(_match_keys(field, [key])) + 10
        if chunk and size + cost > _CONDITION_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(key)
        size += cost
    if chunk:
        yield chunk


def _match_records(answer: object, asked: Sequence[str], call: Call) -> dict[str, Record]:
    if not isinstance(answer, list) or len(answer) != len(asked):
        raise translate_nonsense(call, "not as many records as were asked for")
    present: dict[str, Record] = {}
    for record in answer:
        if record is None:
            continue
        if not isinstance(record, dict) or not isinstance(record.get("Id"), str):
            raise translate_nonsense(call, "a record without id")
        present[to_long_id(record["Id"])] = record
    return present


def _shape_record(record: Record, names: Sequence[str]) -> Record:
    strip_attributes(record, ())
    by_name = {name.lower(): value for name, value in record.items()}
    shaped: Record = {name: by_name.get(name.lower()) for name in names}
    modified_at = by_name.get("lastmodifieddate")
    shaped["modified_by"] = by_name.get("lastmodifiedbyid")
    shaped["modified_at"] = read_stamp(str(modified_at)).isoformat() if modified_at else None
    return shaped


def _try_long_id(record_id: str) -> str:
    try:
        return to_long_id(record_id)
    except ValueError:
        return ""
