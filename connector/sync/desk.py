"""What every step of a run works with: the open connections, ledger, store, clock and lease."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from connector.domain.change import Change
from connector.domain.texts import Language
from connector.errors import RefusedError
from connector.ledger import Ledger
from connector.mapping.feeds import Mapping as FieldMapping
from connector.mapping.targets import TargetField, seen_text
from connector.ports.clock import ClockPort
from connector.ports.crm import ObjectInfo, Record, TargetPort
from connector.ports.facts import LandBatch, row_schema
from connector.ports.manifest import AdapterPort
from connector.ports.stopping import StopSignal
from connector.ports.store import Fence, JournalEntry, StorePort, Written
from connector.sync.guard import UNGUARDED, GuardLimits

if TYPE_CHECKING:
    from connector.credit.spark import Cluster

LEASE_SECONDS = 120
MIRROR_FEED = "read-back"


@dataclass
class Connection:
    """One opened connection with its mapping; `target` is None for one that only reads."""

    name: str
    adapter: AdapterPort
    documents: FieldMapping
    target: TargetPort | None = None
    accounts: str = ""
    currency: str = ""
    census_days: int = 7
    _objects: dict[str, ObjectInfo | None] = field(default_factory=dict)

    @cached_property
    def mapping(self) -> FieldMapping:
        """The mapping documents, resolved against the live objects once a run."""
        names = self.documents.object_names
        return self.documents.resolve({name: self.describe(name) for name in names})

    def describe(self, object_name: str) -> ObjectInfo | None:
        """The live description, asked for once a run."""
        if object_name not in self._objects:
            self._objects[object_name] = self.adapter.describe(object_name)
        return self._objects[object_name]

    def look_anew(self) -> None:
        """Forget the descriptions, as a run does that begins on a connection that stayed open."""
        self._objects.clear()
        self.__dict__.pop("mapping", None)

    @property
    def writer(self) -> TargetPort:
        """The target; RefusedError for a connection that is not written to."""
        if self.target is None:
            raise RefusedError(
                "The connection {name} is not written to.",
                next_step="Set write = true for it, if its adapter can write.",
                name=self.name,
            )
        return self.target

    def keyed(self, change: Change) -> bool:
        """Whether the change's key field is a unique external id, so that upsert is safe."""
        info = self.describe(change.object_name)
        key = info.find(change.key_field) if info else None
        return bool(key and key.external_id and key.unique)

    def written_fields(self, object_name: str) -> Mapping[str, TargetField]:
        """The fields of the object that take credit fields, by the vendor's name."""
        targets = [t for t in self.mapping.targets if t.object_name == object_name]
        return {f.field: f for target in targets for f in target.fields.values()}

    def read_back(self, object_name: str, record_ids: Sequence[str]) -> Mapping[str, Record | None]:
        """Present records with every field we write, so that the mirror of each is whole."""
        return self.writer.read(object_name, record_ids, sorted(self.written_fields(object_name)))

    def held(self, object_name: str, record: Record) -> dict[str, str | None]:
        """Canonical text of every credit field that the record read back has, as pulls see it."""
        fields = self.written_fields(object_name)
        return {name: seen_text(f, record[name]) for name, f in fields.items() if name in record}


@dataclass(frozen=True, slots=True)
class House:
    """Our own side of a run: the company and its rules, as the settings and the policy say.

    `rollout` is the stage that a connection begins at, until a person moves it; `hold` for others.
    """

    company_currency: str
    language: Language
    own_group: tuple[str, ...]
    order_months: int
    natural_persons: bool
    truth: Mapping[str, tuple[str, ...]]
    rates: Mapping[str, Decimal]
    stale_after_hours: int = 26
    rollout: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Desk:
    """One run's working place. `programs` is a private folder that keeps compiled policies;
    `cluster` computes the decisions in place of this process.

    Steps check `stop` between two calls, where nothing is half done.
    """

    run_id: str
    as_of: date
    ledger: Ledger
    store: StorePort
    clock: ClockPort
    house: House
    fence: Fence
    guard: GuardLimits = UNGUARDED
    accept_shrunk_lists: bool = False
    census: bool = False
    programs: Path | None = None
    cluster: Cluster | None = None
    attempts: int = 4
    _renewed: float = field(default=float("-inf"), repr=False)
    stop: StopSignal = field(default_factory=StopSignal)

    def append(
        self,
        connection: Connection,
        entries: Sequence[JournalEntry],
        written: Sequence[Written] = (),
    ) -> None:
        """Journal events (and the mirror of last written values) in one store transaction."""
        self.store.append_journal(
            connection.name, self.run_id, entries, written, self.clock.now(), self.fence
        )

    def mirror(self, connection: Connection, seen: pa.Table) -> None:
        """Put what was read back into the ledger, so that the next plan knows it."""
        self.ledger.land(
            LandBatch(
                connection=connection.name,
                feed=MIRROR_FEED,
                entity="account",
                run_id=self.run_id,
                known_at=self.clock.now(),
                rows=row_schema("account").empty_table(),
                seen=seen,
            )
        )

    def keep_lease(self) -> None:
        """Prolong the lease when a good part of it has passed; for use between any two calls."""
        moment = self.clock.monotonic()
        if moment - self._renewed > LEASE_SECONDS / 4:
            self.renew_lease()

    def renew_lease(self) -> None:
        """Prolong the lease; BusyError when another runner took it."""
        self.store.renew_lease(self.fence, self.clock.now(), LEASE_SECONDS)
        self._renewed = self.clock.monotonic()
