"""The office: everything that stays open between use cases, and the desk that a run works at."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connector.credit.policy.document import PolicyDoc
from connector.domain.change import digest
from connector.domain.texts import Language
from connector.errors import InputError
from connector.ledger import Ledger
from connector.ports.allowance import Pressure
from connector.ports.clock import ClockPort
from connector.ports.setup import SetupPort
from connector.ports.stopping import StopSignal
from connector.ports.store import StorePort
from connector.sync.desk import LEASE_SECONDS, Connection, Desk, House
from connector.sync.rules import rules_of
from connector.sync.truth import check_truth

if TYPE_CHECKING:
    from connector.credit.spark import Cluster

LEASE = "runner"


def _no_folder(_folder: Path, _mapping: str, _accounts: str) -> Connection:
    raise InputError("Files cannot be read here.", next_step="Use the command line.")


@dataclass
class Office:
    """Store, clock, policy, house rules and the connections of one settings file.

    `connect` opens a connection by name; `close` closes all that were opened and the store.
    `open_setup` opens a connection's set-up side, None when it has none; the caller closes it.
    `open_folder` opens a folder of files with a mapping document, for the accounts of a connection.
    """

    folder: Path
    store: StorePort
    clock: ClockPort
    policy: PolicyDoc
    house: House
    timezone: str
    owner: str
    connection_names: tuple[str, ...]
    writing_names: tuple[str, ...]
    open_connection: Callable[[str], Connection]
    cluster: Cluster | None = None
    open_setup: Callable[[str], SetupPort | None] = lambda _name: None
    open_folder: Callable[[Path, str, str], Connection] = _no_folder
    _open: dict[str, Connection] = field(default_factory=dict)

    @property
    def language(self) -> Language:
        """The company's language."""
        return self.house.language

    @property
    def snapshots(self) -> Path:
        """Folder of published ledger snapshots."""
        return self.folder / "snapshots"

    @property
    def plans(self) -> Path:
        """Folder of plan files."""
        return self.folder / "plans"

    @property
    def pressure(self) -> Pressure:
        """How short API calls are where they are shortest, among the connections in use."""
        targets = [c.target for c in self._open.values() if c.target is not None]
        return max((t.budget().pressure for t in targets), default=Pressure.NONE)

    def connect(self, name: str) -> Connection:
        """The open connection; InputError naming the known ones when there is none."""
        self.expect(name)
        if name not in self._open:
            self._open[name] = self.open_connection(name)
        return self._open[name]

    def expect(self, name: str) -> None:
        """InputError naming the known connections when there is none of this name."""
        if name not in self.connection_names:
            raise InputError(
                "There is no connection {name}.",
                next_step="Known connections: {known}. Add one with `creditflag connect`.",
                name=name,
                known=", ".join(self.connection_names) or "none",
            )

    def connect_all(self) -> Sequence[Connection]:
        """Every connection, opened, in the order of the settings."""
        if not self.connection_names:
            raise InputError(
                "No connection is set up yet.",
                next_step="Add one with `creditflag connect`.",
            )
        connections = [self.connect(name) for name in self.connection_names]
        check_truth(connections, self.house.truth)
        return connections

    def today(self) -> date:
        """Today in the company's time zone."""
        return self.clock.now().astimezone(ZoneInfo(self.timezone)).date()

    @contextmanager
    def desk(
        self,
        as_of: date | None = None,
        accept_shrunk_lists: bool = False,
        stop: StopSignal | None = None,
        census: bool = False,
    ) -> Iterator[Desk]:
        """A run's working place: ledger open, pair checked, lease held.

        BusyError when another runner holds ledger or lease; StateError for a ledger that does
        not belong to this store.
        """
        with Ledger.open(self.folder / "ledger") as ledger:
            self.store.bind_ledger(ledger.ledger_id, ledger.last_seq)
            fence = self.store.acquire_lease(
                LEASE, self.owner, self.clock.now(), LEASE_SECONDS, self._is_dead
            )
            try:
                yield Desk(
                    run_id=self._run_id(),
                    as_of=as_of or self.today(),
                    ledger=ledger,
                    store=self.store,
                    clock=self.clock,
                    house=self.house,
                    fence=fence,
                    guard=rules_of(self.policy).guard,
                    accept_shrunk_lists=accept_shrunk_lists,
                    census=census,
                    programs=self.folder / "programs",
                    cluster=self.cluster,
                    stop=stop or StopSignal(),
                )
            finally:
                self.store.release_lease(fence)

    def _is_dead(self, holder: str) -> bool:
        """Whether a lease's holder must be gone: it ran on this machine, and the ledger's lock,
        which dies with its process, is ours now."""
        return holder.partition(":")[0] == self.owner.partition(":")[0]

    def _run_id(self) -> str:
        stamp = self.clock.now().strftime("%Y%m%d-%H%M%S")
        return f"{stamp}-{digest(uuid.uuid4().hex)[:6]}"

    def close(self) -> None:
        """Close connections and store."""
        for connection in self._open.values():
            connection.adapter.close()
        self._open.clear()
        self.store.close()
