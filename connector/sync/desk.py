"""What every step of a run works with: the open connections, ledger, store, clock and lease."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

import pyarrow as pa

from connector.domain.change import Change
from connector.domain.texts import Language
from connector.domain.values import canonical
from connector.errors import RefusedError
from connector.ledger import Ledger
from connector.mapping.feeds import Mapping as FieldMapping
from connector.ports.clock import ClockPort
from connector.ports.crm import ObjectInfo, Record, TargetPort
from connector.ports.facts import LandBatch, row_schema
from connector.ports.manifest import AdapterPort
from connector.ports.store import Fence, JournalEntry, StorePort, Written

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

    def canonical(self, object_name: str, field_name: str, record: Record) -> str | None:
        """Canonical text of a field of a vendor record, rounded to the field's scale."""
        info = self.describe(object_name)
        spec = info.find(field_name) if info else None
        if spec is None:
            return None
        value = record.get(spec.name, record.get(field_name))
        scale = spec.scale if isinstance(value, Decimal | int | float) else None
        return canonical(value, spec.kind, scale)


@dataclass(frozen=True, slots=True)
class House:
    """Our own side of a run: the company and its rules, as the settings and the policy say."""

    company_currency: str
    language: Language
    own_group: tuple[str, ...]
    order_months: int
    natural_persons: bool
    truth: Mapping[str, tuple[str, ...]]
    rates: Mapping[str, Decimal]


@dataclass
class Desk:
    """One run's working place."""

    run_id: str
    as_of: date
    ledger: Ledger
    store: StorePort
    clock: ClockPort
    house: House
    fence: Fence
    attempts: int = 4

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

    def renew_lease(self) -> None:
        """Prolong the lease; BusyError when another runner took it."""
        self.store.renew_lease(self.fence, self.clock.now(), LEASE_SECONDS)

    @property
    def order_horizon(self) -> date:
        """Orders since this day bring an account into scope."""
        return self.as_of - timedelta(days=round(self.house.order_months * 30.4375))
