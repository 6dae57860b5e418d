"""Joins the rooms: settings, secrets, store, adapters and policy become an office."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from connector import logs
from connector.credentials import Secrets
from connector.credit.policy.document import PolicyDoc, shipped_policy
from connector.credit.policy.lint import load_policy
from connector.domain.change import digest
from connector.errors import InputError, MappingError, StateError
from connector.mapping.feeds import Mapping as FieldMapping
from connector.mapping.feeds import load_mapping
from connector.ports.allowance import AllowancePort
from connector.ports.clock import ClockPort
from connector.ports.entering import ENTERED_CONNECTION
from connector.ports.manifest import Opening, OptionSpec, as_target
from connector.ports.secrets import SecretsPort, is_reference
from connector.ports.setup import SetupPort
from connector.registry import FILES_ADAPTER, load_manifest
from connector.service.office import Office
from connector.settings import ConnectionSettings, Settings, load_settings
from connector.sync.desk import Connection, House

if TYPE_CHECKING:
    from connector.credit.spark import Cluster

DATABASE_VARIABLE = "CREDITFLAG_DATABASE_URL"


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def options_of(adapter: str) -> tuple[OptionSpec, ...]:
    """Options of an adapter, for checking the settings."""
    return load_manifest(adapter).options


@contextmanager
def open_office(config: Path, clock: ClockPort | None = None) -> Iterator[Office]:
    """Everything open for the settings at `config`; closed at the end."""
    settings = load_settings(config, options_of)
    start_logs(settings)
    with office_of(settings, clock or SystemClock(), Secrets()) as office:
        yield office


def start_logs(settings: Settings) -> None:
    """Log into the state folder from now on; once a process."""
    folder = private_folder(settings.state_folder)
    with _state_usable(folder):
        logs.configure(settings.logs.level, file=folder / "creditflag.log")


@contextmanager
def office_of(settings: Settings, clock: ClockPort, secrets: SecretsPort) -> Iterator[Office]:
    """Everything open for these settings; closed at the end. Threads open one each."""
    from connector.store.opening import open_store

    folder = private_folder(settings.state_folder)
    policy = load_policy_named(settings.policy.file, settings.folder)
    store = open_store(folder, _database(settings, secrets))
    office = Office(
        folder=folder,
        store=store,
        clock=clock,
        policy=policy,
        house=_house(settings),
        cluster=_cluster(settings, secrets),
        timezone=settings.company.timezone,
        owner=owner_name(),
        connection_names=tuple(settings.connections),
        writing_names=tuple(name for name in settings.connections if _writes(settings, name)),
        open_connection=lambda name: open_connection(
            settings, name, clock, secrets, store.allowance(name)
        ),
        open_setup=lambda name: open_setup(settings, name, clock, secrets),
        open_folder=lambda folder, mapping, accounts: open_folder(
            settings, folder, mapping, accounts, clock, secrets
        ),
    )
    try:
        yield office
    finally:
        office.close()


def open_connection(
    settings: Settings,
    name: str,
    clock: ClockPort,
    secrets: SecretsPort,
    allowance: AllowancePort | None = None,
) -> Connection:
    """Open one connection with its mapping; `allowance` is shared by the processes of a store."""
    wanted = settings.connections[name]
    manifest = load_manifest(wanted.adapter)
    opening = _opening(settings, name, clock, secrets)
    adapter = manifest.open(replace(opening, allowance=allowance) if allowance else opening)
    return Connection(
        name=name,
        adapter=adapter,
        documents=_mapping(settings, name, wanted, manifest.mappings),
        target=as_target(adapter) if _writes(settings, name) else None,
        accounts=wanted.accounts,
        currency=wanted.currency or settings.company.currency,
        census_days=wanted.census_days,
    )


def open_setup(
    settings: Settings, name: str, clock: ClockPort, secrets: SecretsPort
) -> SetupPort | None:
    """The set-up side of a connection; None when its adapter has none."""
    manifest = load_manifest(settings.connections[name].adapter)
    if manifest.open_setup is None:
        return None
    return manifest.open_setup(_opening(settings, name, clock, secrets))


def open_folder(
    settings: Settings,
    folder: Path,
    mapping: str,
    accounts: str,
    clock: ClockPort,
    secrets: SecretsPort,
) -> Connection:
    """A folder of files as a connection that the settings do not name, read with one document."""
    documents = load_mapping([mapping], settings.folder, FILES_ADAPTER)
    opening = Opening(
        connection=ENTERED_CONNECTION,
        options={"folder": str(folder)},
        secrets=secrets,
        clock=clock,
        folder=folder,
        state_folder=folder,
    )
    return Connection(
        name=ENTERED_CONNECTION,
        adapter=load_manifest(FILES_ADAPTER).open(opening),
        documents=documents,
        accounts=accounts,
        currency=settings.company.currency,
    )


def _opening(settings: Settings, name: str, clock: ClockPort, secrets: SecretsPort) -> Opening:
    return Opening(
        connection=name,
        options=settings.connections[name].options,
        secrets=secrets,
        clock=clock,
        folder=settings.folder,
        state_folder=private_folder(settings.state_folder / "connections" / name),
    )


def _database(settings: Settings, secrets: SecretsPort) -> str | None:
    """Where the store lies: as the settings refer, else $CREDITFLAG_DATABASE_URL, else a file."""
    if settings.state.database:
        return secrets.resolve(settings.state.database)
    return os.environ.get(DATABASE_VARIABLE) or None


def _writes(settings: Settings, name: str) -> bool:
    """Whether credit fields go to this connection: its adapter can write and it is told to."""
    wanted = settings.connections[name]
    return wanted.write and load_manifest(wanted.adapter).writes


def _mapping(
    settings: Settings, name: str, wanted: ConnectionSettings, shipped: tuple[str, ...]
) -> FieldMapping:
    """The connection's mapping documents: shipped ones by name, others by path."""
    names = wanted.mapping or shipped
    if not names:
        raise MappingError(
            "The connection {name} names no mapping document.",
            next_step="Add mapping = [...] to it.",
            name=name,
        )
    return load_mapping(names, settings.folder, wanted.adapter)


def load_policy_named(name: str, folder: Path) -> PolicyDoc:
    """A shipped policy by name, or one by path."""
    shipped = not name.endswith((".yaml", ".yml"))
    path = folder / name
    try:
        text = shipped_policy(name) if shipped else path.read_text(encoding="utf-8")
        return load_policy(text, name if shipped else str(path))
    except (OSError, UnicodeDecodeError):
        raise InputError(
            "The policy {path} cannot be read.",
            next_step="Check the path in the settings, and that it is UTF-8 text.",
            path=path,
        ) from None


def _cluster(settings: Settings, secrets: SecretsPort) -> Cluster | None:
    """The Spark cluster that computes decisions; None = this process does."""
    wanted = settings.engine
    if not wanted.spark:
        return None
    from connector.credit.spark import Cluster

    remote = secrets.resolve(wanted.spark) if is_reference(wanted.spark) else wanted.spark
    return Cluster(remote, settings.folder / wanted.spark_folder)


def _house(settings: Settings) -> House:
    return House(
        company_currency=settings.company.currency,
        language=settings.company.language,
        own_group=settings.company.own_group,
        order_months=settings.scope.order_months,
        natural_persons=settings.scope.natural_persons,
        truth=dict(settings.truth),
        rates=dict(settings.rates),
        stale_after_hours=settings.daemon.stale_after_hours,
        rollout={name: one.rollout for name, one in settings.connections.items()},
    )


def private_folder(path: Path) -> Path:
    """The folder, made if needed, readable by its owner only; StateError when that cannot be."""
    with _state_usable(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix":
            path.chmod(0o700)
    return path


@contextmanager
def _state_usable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StateError(
            "The state folder cannot be used: {reason}.",
            where=str(folder),
            next_step="Name a folder that this user may write to.",
            reason=error.strerror or type(error).__name__,
        ) from None


def owner_name() -> str:
    """host:pid:start, unique among living processes."""
    return f"{socket.gethostname()}:{os.getpid()}:{digest(time.time_ns())[:6]}"
