"""Writing many rows by Bulk API 2.0 ingest jobs; see `BulkPort` for each call.

Source: Bulk API 2.0 Developer Guide, "Bulk API 2.0 Ingest": one upload a job, results in any order
with the columns as uploaded, so a row is found again by its record id or external id. The server
has no serial mode: rows of one parent stand together, so that one chunk holds their lock.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from adapters.salesforce.costs import prefers_job
from adapters.salesforce.describe import Catalogue
from adapters.salesforce.errors import Call, translate_nonsense
from adapters.salesforce.ids import to_long_id
from adapters.salesforce.jobs import JobInfo, Jobs
from adapters.salesforce.outcomes import mark_together, read_job_error
from adapters.salesforce.push import ONCE_A_CALL, find_fields, find_key, to_values
from adapters.salesforce.rows import encode_csv, to_csv_cell
from adapters.salesforce.session import SalesforceSession
from connector.errors import RefusedError, TransientError, UnknownOutcomeError
from connector.logs import get_logger
from connector.ports.bulk import UNPROCESSED, JobPhase, JobStatus
from connector.ports.crm import FieldInfo, ObjectInfo, RowOutcome, WriteRow

BYTES_MAX = 60_000_000
"""CSV bytes in one job. Salesforce takes 100 MB; the results repeat every row with its error."""

ROWS_MAX = 100_000
_ID = "Id"
_NOT_LOADED = "The rows could not be given to the bulk job; nothing was written."


class BulkWriter:
    """Ingest jobs through one session. Keys are compared as Salesforce does, without case."""

    def __init__(self, session: SalesforceSession, catalogue: Catalogue) -> None:
        self._session = session
        self._catalogue = catalogue
        self._jobs = Jobs(session, "ingest")

    def prefers_job(self, _object_name: str, rows: int) -> bool:
        """By the cost of both ways, and the shortness of calls."""
        options = self._session.options
        return prefers_job(rows, options.bulk_write_rows, self._session.meter.budget().pressure)

    def fit_into_job(self, object_name: str, key_field: str, rows: Sequence[WriteRow]) -> int:
        """As many as stay below the limit in bytes, one at least."""
        size = 0
        for position, row in enumerate(rows[:ROWS_MAX]):
            # A character takes four bytes at most; quotes that double are single bytes.
            size += 24 + sum(4 * len(text or "") + 4 for text in row.values.values())
            if position and size > BYTES_MAX:
                return position
        return min(len(rows), ROWS_MAX)

    def open_job(self, object_name: str, key_field: str) -> str:
        """An ingest job: update by id, or upsert by the external id `key_field`."""
        info = self._catalogue.expect(object_name)
        request: dict[str, object] = {
            "object": info.name,
            "operation": "upsert" if key_field else "update",
            "contentType": "CSV",
            "columnDelimiter": "COMMA",
            "lineEnding": "LF",
        }
        if key_field:
            request["externalIdFieldName"] = find_key(key_field, info).name
        return self._jobs.create(request, info.name).id

    def load_job(
        self, job_id: str, object_name: str, key_field: str, rows: Sequence[WriteRow]
    ) -> Mapping[int, RowOutcome]:
        """Upload the rows; those that CSV cannot say, or whose key came before, stay behind.

        TransientError when they did not arrive for sure: the job is given up, nothing is written.
        """
        info = self._catalogue.expect(object_name)
        fields = find_fields(rows, info, create=bool(key_field))
        key_name = find_key(key_field, info).name if key_field else _ID
        body, left_out = _write_csv(rows, fields, key_name, keyed=bool(key_field))
        if len(left_out) == len(rows):
            return left_out
        call = self._session.name_call("write", info.name)
        path = f"jobs/ingest/{to_long_id(job_id)}/batches"
        try:
            self._session.carry_csv("PUT", path, call, body=body)
        except UnknownOutcomeError:
            # The job is not closed: whether the rows arrived does not matter any more.
            self.abort_job(job_id)
            raise TransientError(
                _NOT_LOADED, where=info.name, next_step="It is tried again."
            ) from None
        return left_out

    def start_job(self, job_id: str) -> None:
        """Close the upload."""
        self._jobs.close(job_id)

    def look_at_job(self, job_id: str) -> JobStatus:
        """Its state in one call."""
        job = self._jobs.look(job_id)
        if job is None:
            return JobStatus(JobPhase.GONE)
        return JobStatus(_phase(job), job.processed, job.error)

    def abort_job(self, job_id: str) -> None:
        """Abort, unless it ended already or is gone."""
        try:
            self._jobs.abort(job_id)
        except RefusedError:
            if self.look_at_job(job_id).phase not in (JobPhase.ENDED, JobPhase.GONE):
                raise

    def read_job(
        self, job_id: str, object_name: str, key_field: str, rows: Sequence[WriteRow]
    ) -> Sequence[RowOutcome | None]:
        """Successful, failed and unprocessed rows, found again by id or external id."""
        info = self._catalogue.expect(object_name)
        key_name = find_key(key_field, info).name if key_field else _ID
        try:
            told = self._read_results(job_id, key_name, info, keyed=bool(key_field))
        except RefusedError as error:
            # Results are given under the job's own API version only: the records tell instead.
            get_logger().warning("results refused", where=info.name, code=error.code)
            return [None] * len(rows)
        outcomes = [told.get(_own_key(row, keyed=bool(key_field)).casefold()) for row in rows]
        return _mark(outcomes)

    def _read_results(
        self, job_id: str, key_name: str, info: ObjectInfo, *, keyed: bool
    ) -> dict[str, RowOutcome | None]:
        """Outcomes by folded key, of all three lists."""
        told: dict[str, RowOutcome | None] = {}
        for name in ("successfulResults", "failedResults", "unprocessedrecords"):
            for result in self._fetch(job_id, name, info):
                key = result.get(key_name, "")
                outcome = _read_result(result, name, key, keyed=keyed)
                # Told twice and differently, it is not known at all.
                same = told.get(key.casefold(), outcome) == outcome
                told[key.casefold()] = outcome if same else None
        return told

    def _fetch(self, job_id: str, name: str, info: ObjectInfo) -> list[dict[str, str]]:
        call = self._session.name_call("write", info.name, repeatable=True)
        path = f"jobs/ingest/{to_long_id(job_id)}/{name}"
        return _read_csv(self._session.carry_csv("GET", path, call).content, call)


def _phase(job: JobInfo) -> JobPhase:
    if job.waits_for_data:
        return JobPhase.WAITING
    return JobPhase.ENDED if job.ended else JobPhase.RUNNING


def _write_csv(
    rows: Sequence[WriteRow], fields: Mapping[str, FieldInfo], key_name: str, *, keyed: bool
) -> tuple[bytes, dict[int, RowOutcome]]:
    """The upload, and outcomes of the rows that are not in it, by position."""
    left_out: dict[int, RowOutcome] = {}
    lines: list[tuple[tuple[str, ...], list[str]]] = []
    names = list(dict.fromkeys(field.name for field in fields.values()))
    parents = [field.name for field in fields.values() if field.refers_to]
    taken: set[str] = set()
    for position, row in enumerate(rows):
        key = ""
        try:
            key = row.key if keyed else to_long_id(row.record_id)
            values = to_values(row, fields)
        except ValueError as error:
            left_out[position] = RowOutcome("rejected", row.record_id, "BAD_VALUE", str(error))
            continue
        try:
            cells = {name: to_csv_cell(value) for name, value in values.items()}
            to_csv_cell(key)
        except ValueError as error:
            left_out[position] = RowOutcome("retry", code=NOT_IN_CSV, message=str(error))
            continue
        if not key or key.casefold() in taken:
            left_out[position] = ONCE_A_CALL
            continue
        taken.add(key.casefold())
        order = (*(cells.get(name, "") for name in parents), key)
        lines.append((order, [key, *(cells.get(name, "") for name in names)]))
    lines.sort(key=lambda line: line[0])
    return encode_csv([key_name, *names], (cells for _, cells in lines)), left_out


NOT_IN_CSV = "NOT_IN_CSV"


def _read_result(result: Mapping[str, str], name: str, key: str, *, keyed: bool) -> RowOutcome:
    if name == "unprocessedrecords":
        return RowOutcome("retry", code=UNPROCESSED, message="The bulk job did not come to it.")
    given = result.get("sf__Id") or ("" if keyed else key)
    record_id = to_long_id(given) if given else ""
    if name == "successfulResults":
        return RowOutcome("ok", record_id)
    return read_job_error(result.get("sf__Error", ""), record_id)


def _read_csv(content: bytes, call: Call) -> list[dict[str, str]]:
    """Rows by column name; TransientError when the text is not the table it should be."""
    try:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (csv.Error, UnicodeDecodeError):
        raise translate_nonsense(call, "the results are no CSV") from None
    if not lines:
        return []
    header, *rows = lines
    if any(len(row) != len(header) for row in rows):
        raise translate_nonsense(call, "a line of the results is cut")
    return [dict(zip(header, row, strict=True)) for row in rows]


def _own_key(row: WriteRow, *, keyed: bool) -> str:
    if keyed:
        return row.key
    try:
        return to_long_id(row.record_id)
    except ValueError:
        return row.record_id


def _mark(outcomes: Sequence[RowOutcome | None]) -> list[RowOutcome | None]:
    marked = iter(mark_together([outcome for outcome in outcomes if outcome is not None]))
    return [None if outcome is None else next(marked) for outcome in outcomes]
