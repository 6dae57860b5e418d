"""One emulated org: schema, records, users, sessions, settings."""

from __future__ import annotations

import base64
import secrets
from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from adapters.emulatorkit.clock import EmulatorClock
from adapters.emulatorkit.counters import Counters
from adapters.emulatorkit.datafile import DataFile
from adapters.emulatorkit.faults import FaultScript
from adapters.emulatorkit.records import RecordStore, Row
from adapters.salesforce.emulator.bulk.jobs import JobBook
from adapters.salesforce.emulator.bulk_v1.batch_jobs import AsyncJob
from adapters.salesforce.emulator.deletions import DeletionLog
from adapters.salesforce.emulator.fields import FieldSpec
from adapters.salesforce.emulator.ids import make_id
from adapters.salesforce.emulator.locks import LockBook
from adapters.salesforce.emulator.logins import LoginBook
from adapters.salesforce.emulator.schema import ObjectSpec, SchemaBook
from adapters.salesforce.emulator.setup.components import ComponentBook
from adapters.salesforce.emulator.setup.deploy_book import DeployBook
from adapters.salesforce.emulator.setup.rule_book import RuleBook
from adapters.salesforce.emulator.standard import standard_objects
from adapters.salesforce.emulator.times import write_stamp

HOUR = 3600


@dataclass(slots=True)
class OrgSettings:
    """What the caller can set; times in seconds on the emulator's clock.

    A child sub-query gives `child_rows` rows at once, the others by its own locator;
    a query that finds more than `query_timeout_rows` rows times out (0: none does).
    `expire_after_calls` ends a session after so many API calls (0: never). A bulk
    job is done at its `bulk_polls`-th poll, or unasked after `bulk_seconds`; a page
    of bulk results has at most `bulk_page_rows`; `bulk_refused_objects` (comma
    between) cannot be queried in bulk. A deployment is done at its `deploy_polls`-th
    poll; without `setup_rights` the API user may not change the org's set-up;
    `languages` (comma between) can be translated into; `soap_login` allows SOAP sign-in.
    """

    daily_limit: int = 100_000
    session_seconds: int = 7200
    expire_after_calls: int = 0
    locator_seconds: int = 900
    locators_kept: int = 50
    child_rows: int = 2000
    query_timeout_rows: int = 0
    rotate_refresh_tokens: bool = False
    run_as: str = ""
    human: str = ""
    bulk_polls: int = 2
    bulk_seconds: int = 600
    bulk_page_rows: int = 50_000
    bulk_batches: int = 15_000
    bulk_query_jobs: int = 10_000
    bulk_hard_delete: bool = False
    bulk_refused_objects: str = ""
    deploy_polls: int = 1
    setup_rights: bool = True
    languages: str = ""
    soap_login: bool = True
    first_version: int = 31
    last_version: int = 66


@dataclass(slots=True)
class Session:
    """One access token."""

    user_id: str
    last_used: float
    calls: int = 0


@dataclass(slots=True)
class Org:
    """The state of one org. `client_id` and `client_secret` are those of its only app."""

    client_id: str
    client_secret: str = field(repr=False)
    datafile: DataFile | None = None
    clock: EmulatorClock = field(default_factory=EmulatorClock)
    counters: Counters = field(default_factory=Counters)
    faults: FaultScript = field(default_factory=FaultScript)
    settings: OrgSettings = field(default_factory=OrgSettings)
    schema: SchemaBook = field(default_factory=lambda: SchemaBook(standard_objects()))
    sessions: dict[str, Session] = field(default_factory=dict, repr=False)
    refresh_tokens: dict[str, str] = field(default_factory=dict, repr=False)
    serials: Counter[str] = field(default_factory=Counter)
    usage: Counter[int] = field(default_factory=Counter)
    jobs: JobBook = field(default_factory=JobBook)
    async_jobs: dict[str, AsyncJob] = field(default_factory=dict)
    logins: LoginBook = field(default_factory=LoginBook)
    locks: LockBook = field(default_factory=LockBook)
    deletions: DeletionLog = field(default_factory=DeletionLog)
    components: ComponentBook = field(default_factory=ComponentBook)
    deploys: DeployBook = field(default_factory=DeployBook)
    rules: RuleBook = field(default_factory=RuleBook)
    currencies: tuple[str, ...] = ()
    viewer: str = ""
    views: dict[str, Any] = field(default_factory=dict)
    schema_changed: dict[str, str] = field(default_factory=dict)
    schema_log: list[dict[str, Any]] = field(default_factory=list)
    org_id: str = ""
    records: RecordStore = field(init=False)

    def __post_init__(self) -> None:
        self.records = RecordStore(self.clock, self.counters, self.datafile)
        for spec in self.schema:
            self.index_keys(spec)

    # --- records ---------------------------------------------------------------------

    def new_id(self, spec: ObjectSpec) -> str:
        """Return an unused id for an object."""
        while True:
            self.serials[spec.prefix] += 1
            record_id = make_id(spec.prefix, self.serials[spec.prefix])
            if self.records.get(spec.name, record_id) is None:
                return record_id

    def next_number(self, spec: ObjectSpec, item: FieldSpec) -> str:
        """Return the next value of an auto-number field, such as `INV-0007` for `INV-{0000}`."""
        counter = f"{spec.name}.{item.name}"
        self.serials[counter] += 1
        shape = item.display_format or "{0}"
        start, end = shape.find("{"), shape.find("}")
        width = max(end - start - 1, 1)
        return f"{shape[:start]}{self.serials[counter]:0{width}d}{shape[end + 1 :]}"

    def stamp(self) -> str:
        """Return the clock's time in the form of a system stamp."""
        return write_stamp(self.clock.now())

    def row(self, spec: ObjectSpec, record_id: str, *, deleted: bool = False) -> Row | None:
        """Return a committed row; a soft-deleted one only with `deleted`."""
        row = self.records.get(spec.name, record_id)
        if row is None or (row.get("IsDeleted") and not deleted):
            return None
        return row

    def index_keys(self, spec: ObjectSpec) -> None:
        """Keep indexes for the fields that identify records."""
        for item in spec.fields.values():
            if item.is_lookup_key and not self.records.has_index(spec.name, item.name):
                fold = _exact if item.case_sensitive else _folded
                self.records.add_index(spec.name, item.name, fold)

    # --- sessions --------------------------------------------------------------------

    def open_session(self, user_id: str) -> str:
        """Return a new access token for a user: 15-character org id, `!`, text."""
        text = base64.b64encode(secrets.token_bytes(69), b"._").decode().rstrip("=")
        token = f"{self.org_id[:15]}!AQ8A{text}"
        self.sessions[token] = Session(user_id, self.clock.timestamp())
        return token

    def use_session(self, token: str) -> str | None:
        """Return the user of a living session and note the use; None ends a dead one."""
        session = self.sessions.get(token)
        if session is None:
            return None
        now, limit = self.clock.timestamp(), self.settings.expire_after_calls
        if now - session.last_used > self.settings.session_seconds or 0 < limit <= session.calls:
            del self.sessions[token]
            return None
        session.last_used = now
        session.calls += 1
        return session.user_id

    # --- API usage -------------------------------------------------------------------

    def used_calls(self) -> int:
        """Return the API calls of the rolling 24 hours."""
        hour = int(self.clock.timestamp() // HOUR)
        for old in [key for key in self.usage if key <= hour - 24]:
            del self.usage[old]
        return self.usage.total()

    def spend_call(self) -> bool:
        """Count one API call; False when the daily limit is used up."""
        if self.used_calls() >= self.settings.daily_limit:
            return False
        self.usage[int(self.clock.timestamp() // HOUR)] += 1
        return True

    # --- keeping ---------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Return everything but the records."""
        return {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "org_id": self.org_id,
            "clock": self.clock.state(),
            "settings": asdict(self.settings),
            "serials": dict(self.serials),
            "refresh_tokens": self.refresh_tokens,
            "logins": self.logins.state(),
            "graves": self.deletions.graves,
            "graves_since": self.deletions.since,
            "schema_log": self.schema_log,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over the `state()` of an earlier run (the schema log is replayed by the caller)."""
        self.client_id, self.client_secret = state["client_id"], state["client_secret"]
        self.org_id = state["org_id"]
        self.clock.restore(state["clock"])
        known = {item.name for item in fields(OrgSettings)}
        for name, value in state["settings"].items():
            if name in known:
                setattr(self.settings, name, value)
        self.serials.update(state["serials"])
        self.refresh_tokens.update(state["refresh_tokens"])
        self.logins.restore(state.get("logins", {}))
        graves = [(str(kind), str(one), str(at)) for kind, one, at in state.get("graves", [])]
        self.deletions = DeletionLog(graves, str(state.get("graves_since", "")))

    def save_components(self) -> None:
        """Write the deployed components, which change seldom, to the data file."""
        if self.datafile is not None:
            self.datafile.write_setting("components", self.components.state())

    def save(self) -> None:
        """Write everything but records and components to the data file, if there is one."""
        if self.datafile is not None:
            self.datafile.write_setting("org", self.state())


def _exact(value: Any) -> Any:
    return value


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
