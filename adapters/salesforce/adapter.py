"""A Salesforce org as a CRM: source and target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from adapters.salesforce.describe import Catalogue
from adapters.salesforce.errors import translate_nonsense
from adapters.salesforce.heartbeat import Heartbeat
from adapters.salesforce.ids import to_long_id
from adapters.salesforce.ingest import BulkWriter
from adapters.salesforce.pull import Puller
from adapters.salesforce.push import BATCH_SIZE, Writer
from adapters.salesforce.session import SalesforceSession
from connector.errors import RefusedError
from connector.ports.bulk import JobStatus
from connector.ports.crm import (
    Budget,
    ObjectInfo,
    Page,
    PullRequest,
    Record,
    RowOutcome,
    WriteRow,
)
from connector.ports.manifest import Opening


class SalesforceAdapter:
    """One opened connection. Nothing is sent before the first call."""

    def __init__(self, opening: Opening) -> None:
        self._session = SalesforceSession(opening)
        self._catalogue = Catalogue(self._session)
        self._puller = Puller(self._session, self._catalogue)
        self._writer = Writer(self._session, self._catalogue)
        self._heartbeat = Heartbeat(self._session, self._catalogue)
        self._bulk = BulkWriter(self._session, self._catalogue)
        self._user_id = ""

    def __repr__(self) -> str:
        return f"SalesforceAdapter({self._session.options.host})"

    # --- source ----------------------------------------------------------------------

    def pull(self, request: PullRequest) -> Iterator[Page]:
        """Pages of one object; see `adapters.salesforce.pull`."""
        return self._puller.pull(request)

    def describe(self, object_name: str) -> ObjectInfo | None:
        """Live description, at most five minutes old."""
        return self._catalogue.describe(object_name)

    def list_objects(self) -> Sequence[str]:
        """Names of the objects that the integration user may query."""
        return self._catalogue.list_objects()

    # --- target ----------------------------------------------------------------------

    @property
    def batch_size(self) -> int:
        """Most rows in one write call."""
        return BATCH_SIZE

    def update(self, object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        """Set fields of existing records in one call."""
        return self._writer.update(object_name, rows)

    def upsert(
        self, object_name: str, key_field: str, rows: Sequence[WriteRow]
    ) -> Sequence[RowOutcome]:
        """Create or update by a unique external-id field in one call."""
        return self._writer.upsert(object_name, key_field, rows)

    def create(self, object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        """Create records in one call."""
        return self._writer.create(object_name, rows)

    def find_by_key(
        self, object_name: str, key_field: str, keys: Sequence[str]
    ) -> Mapping[str, str]:
        """Record ids by key."""
        return self._writer.find_by_key(object_name, key_field, keys)

    def read(
        self, object_name: str, record_ids: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Record | None]:
        """Present records by id; None for those that are gone."""
        return self._writer.read(object_name, record_ids, fields)

    def writes_as(self) -> str:
        """Id of the integration user."""
        if not self._user_id:
            call = self._session.name_call("login", "userinfo")
            told = self._session.ask_root("/services/oauth2/userinfo", call) or {}
            self._user_id = to_long_id(str(told.get("user_id") or ""))
        return self._user_id

    def write_heartbeat(self, object_name: str, values: Mapping[str, str | None]) -> None:
        """Set fields of the org's record of a hierarchical custom setting."""
        self._heartbeat.write(object_name, values)

    # --- many rows as one job ----------------------------------------------------------

    def prefers_job(self, object_name: str, rows: int) -> bool:
        """Whether a bulk job costs less than batches."""
        return self._bulk.prefers_job(object_name, rows)

    def fit_into_job(self, object_name: str, key_field: str, rows: Sequence[WriteRow]) -> int:
        """How many of the rows one job takes."""
        return self._bulk.fit_into_job(object_name, key_field, rows)

    def open_job(self, object_name: str, key_field: str) -> str:
        """A new ingest job."""
        return self._bulk.open_job(object_name, key_field)

    def load_job(
        self, job_id: str, object_name: str, key_field: str, rows: Sequence[WriteRow]
    ) -> Mapping[int, RowOutcome]:
        """Upload the rows."""
        return self._bulk.load_job(job_id, object_name, key_field, rows)

    def start_job(self, job_id: str) -> None:
        """Close the upload."""
        self._bulk.start_job(job_id)

    def look_at_job(self, job_id: str) -> JobStatus:
        """Where the job is."""
        return self._bulk.look_at_job(job_id)

    def abort_job(self, job_id: str) -> None:
        """Give the job up."""
        self._bulk.abort_job(job_id)

    def read_job(
        self, job_id: str, object_name: str, key_field: str, rows: Sequence[WriteRow]
    ) -> Sequence[RowOutcome | None]:
        """What became of the rows."""
        return self._bulk.read_job(job_id, object_name, key_field, rows)

    # --- the connection --------------------------------------------------------------

    def budget(self) -> Budget:
        """API calls of the org's last 24 hours, as of the last answer."""
        return self._session.meter.budget()

    def call_counts(self) -> Mapping[str, int]:
        """Calls sent so far by class."""
        return self._session.meter.counts()

    def server_time(self) -> datetime | None:
        """Salesforce's clock (UTC) at its last answer."""
        return self._session.meter.server_time()

    def check(self) -> Mapping[str, str]:
        """Signs in and names organisation, user, API version and the calls that are left."""
        session = self._session
        self._check_version()
        user = session.ask_root("/services/oauth2/userinfo", session.name_call("login", "userinfo"))
        call = session.name_call("read", "Organization")
        page = session.query("SELECT Id, Name, OrganizationType, IsSandbox FROM Organization", call)
        if not page.get("records"):
            raise translate_nonsense(call, "the org does not name itself")
        org = page["records"][0]
        limits = session.ask("GET", "limits", session.name_call("limits", "limits")) or {}
        daily = limits.get("DailyApiRequests") or {}
        return {
            "organisation": f"{org.get('Name')} ({org.get('Id')})",
            "edition": str(org.get("OrganizationType") or ""),
            "sandbox": "yes" if org.get("IsSandbox") else "no",
            "user": str((user or {}).get("preferred_username") or ""),
            "api_version": session.options.api_version,
            "calls_left": f"{daily.get('Remaining', '?')} of {daily.get('Max', '?')}",
            "clock_skew_seconds": f"{session.meter.skew():.0f}",
        }

    def close(self) -> None:
        """Give up the connections."""
        self._session.close()

    def _check_version(self) -> None:
        session = self._session
        call = session.name_call("login", "versions")
        served = [str(row["version"]) for row in session.ask_root("/services/data/", call)]
        if session.options.api_version not in served:
            raise RefusedError(
                "The org does not serve API version {version}; it serves {first} to {last}.",
                code="UNSUPPORTED_API_VERSION",
                where=session.options.host,
                next_step="Set api_version of the connection to one of these.",
                version=session.options.api_version,
                first=served[0] if served else "none",
                last=served[-1] if served else "none",
            )
