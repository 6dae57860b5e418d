"""What a CRM, ERP or file adapter implements: describe, pull, write, read back.

An adapter translates its vendor's errors into `connector.errors` in one place and knows nothing of
our entities: it moves records of vendor objects, as the mapping names them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

from connector.domain.entities import Kind
from connector.domain.headers import header_names, spell_header
from connector.ports.allowance import Pressure

Record = dict[str, object]
"""One vendor record: JSON values with numbers as Decimal, parents as nested dicts."""


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One field of a vendor object, as its live describe tells.

    `scale` and `precision` count decimal and total digits; `choices` are the active values of a
    picklist; `restricted` means that others are refused. `vendor_type` is the vendor's own word.
    """

    name: str
    label: str
    kind: Kind
    vendor_type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    createable: bool = False
    updateable: bool = False
    required: bool = False
    calculated: bool = False
    filterable: bool = True
    external_id: bool = False
    unique: bool = False
    choices: tuple[str, ...] = ()
    restricted: bool = False
    refers_to: tuple[str, ...] = ()
    relationship: str = ""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """A vendor object and its fields by name (the vendor's spelling)."""

    name: str
    label: str
    fields: Mapping[str, FieldInfo]
    queryable: bool = True
    createable: bool = True
    updateable: bool = True

    def find(self, name: str) -> FieldInfo | None:
        """The field, matched without regard to case, or as headers of files are; None when there
        is none."""
        lowered = name.lower()
        for info in self.fields.values():
            if info.name.lower() == lowered:
                return info
        wanted = spell_header(name)
        return next((f for f in self.fields.values() if wanted in header_names(f.name)), None)


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What to read: an object (or file pattern), vendor paths, a vendor filter, and from where.

    `cursor` None means everything. `overlap_seconds` is how far before the cursor reading starts.
    `mode` is the feed: `changes` or `snapshot`. `resume` is the last landed page's own word on
    where a reading that broke off goes on. With `ids` only these records are read, deleted ones as
    deletions; what is not answered for at all is gone for good.
    """

    object_name: str
    paths: tuple[str, ...]
    where: str = ""
    cursor: str | None = None
    overlap_seconds: int = 600
    mode: Literal["changes", "snapshot"] = "changes"
    stamp_path: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    resume: str | None = None
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deletion:
    """A record that is gone, and the survivor when it was merged."""

    id: str
    merged_into: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A piece of input that never became a record (a broken line): where, why and the raw text."""

    where: str
    reason: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a pull.

    `expected` is the vendor's own count for the whole request (records + deletions + unreadable),
    None when it gives none; the last page's is the one that holds. `cursor` is set on the last page
    only. `incomplete` says that the source no longer knows all that was deleted since the cursor,
    so that only a comparison of all ids can tell. `wheres` names the origin of each record, in step
    with `records`, when that says more than the record id. `resume`, when the vendor allows it, is
    what a later request of the same reading may give once this page and all before it have landed.
    """

    records: Sequence[Record]
    deletions: Sequence[Deletion] = ()
    unreadable: Sequence[Unreadable] = ()
    expected: int | None = None
    cursor: str | None = None
    last: bool = False
    listed_on: date | None = None
    wheres: Sequence[str] = ()
    resume: str | None = None
    incomplete: bool = False


class SourcePort(Protocol):
    """Reads records. Every call may raise VendorError subclasses, SignInError, BudgetError."""

    def pull(self, request: PullRequest) -> Iterator[Page]:
        """Pages, in (stamp, id) order where the vendor keeps one; the last one has `last` and the
        next `cursor`."""
        ...

    def describe(self, object_name: str) -> ObjectInfo | None:
        """Live description; None when the vendor does not know (or hides) the object."""
        ...

    def list_objects(self) -> Sequence[str]:
        """Names of the objects that the integration user sees."""
        ...


@dataclass(frozen=True, slots=True)
class WriteRow:
    """One record to write: canonical text by vendor field name, None clears the field.

    `record_id` for updates, `key` for keyed creates. An update with `unchanged_since` (ISO time)
    is applied only while nobody has modified the record after that time.
    """

    values: Mapping[str, str | None]
    record_id: str = ""
    key: str = ""
    unchanged_since: str = ""


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of one row: ok, rejected (lasting), retry (passing), gone, or moved (modified
    since, so not written).

    `together` says that the call's rows were refused as one, so that another row may be the cause.
    """

    state: Literal["ok", "rejected", "retry", "gone", "moved"]
    record_id: str = ""
    code: str = ""
    message: str = ""
    fields: tuple[str, ...] = ()
    together: bool = False


@dataclass(frozen=True, slots=True)
class Budget:
    """API calls used and allowed in the vendor's window; None when the vendor does not say.

    `left` is what we may still send by our share and the reserve for others, `pressure` what that
    means for the work.
    """

    used: int | None = None
    allowed: int | None = None
    left: int | None = None
    pressure: Pressure = Pressure.NONE


class TargetPort(Protocol):
    """Writes records. Outcomes come in the order of the rows, one for each.

    A call that may have been applied without an answer raises UnknownOutcomeError; a call that
    was certainly not applied raises another VendorError.
    """

    @property
    def batch_size(self) -> int:
        """Most rows in one write call."""
        ...

    def describe(self, object_name: str) -> ObjectInfo | None:
        """As in SourcePort."""
        ...

    def writes_as(self) -> str:
        """The id under which our own writes stand in `modified_by`."""
        ...

    def update(self, object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        """Set fields of existing records in one call; a row with `unchanged_since` comes alone."""
        ...

    def upsert(
        self, object_name: str, key_field: str, rows: Sequence[WriteRow]
    ) -> Sequence[RowOutcome]:
        """Create or update by a unique external-id field in one call."""
        ...

    def create(self, object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        """Create records in one call; only after `find_by_key` found none of them."""
        ...

    def find_by_key(
        self, object_name: str, key_field: str, keys: Sequence[str]
    ) -> Mapping[str, str]:
        """Record ids by key: records whose `key_field` equals the key or carries it as `[key]`."""
        ...

    def read(
        self, object_name: str, record_ids: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Record | None]:
        """Present records by id; None for those that are gone. Also gives who changed them last
        under the keys `modified_by` and `modified_at`."""
        ...

    def budget(self) -> Budget:
        """Budget as of the last answer."""
        ...

    def call_counts(self) -> Mapping[str, int]:
        """Calls made so far by class: login, describe, limits, read, poll, write, read_back."""
        ...


class CrmPort(SourcePort, TargetPort, Protocol):
    """A CRM is both source and target."""

    def server_time(self) -> datetime | None:
        """The vendor's clock (UTC) at its last answer."""
        ...
