"""Stores on real databases: a file, and a PostgreSQL schema of its own where there is a server."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connector.ports.store import Fence
from connector.store.database import setup
from connector.store.opening import open_store
from tests.unit.store.samples import NOW

if TYPE_CHECKING:
    from connector.store.store import DjangoStore

OpenStore = Callable[..., "DjangoStore"]

# Test modules import the models.
setup()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """None for a file in the state folder, else the URL of a fresh schema."""
    if request.param == "sqlite":
        yield None
        return
    server = request.getfixturevalue("postgres_url")
    import psycopg

    schema = f"store_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    yield f"{server}?options=-c%20search_path%3D{schema}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture
def reopen(tmp_path: Path, database_url: str | None) -> Iterator[OpenStore]:
    """Opens the test's store, again and again if wanted; closes what was opened."""
    opened: list[DjangoStore] = []

    def _open(lock_seconds: float = 30) -> DjangoStore:
        store = open_store(tmp_path / "state", database_url, lock_seconds=lock_seconds)
        opened.append(store)
        return store

    yield _open
    for store in opened:
        store.close()


@pytest.fixture
def store(reopen: OpenStore) -> DjangoStore:
    return reopen()


@pytest.fixture
def fence(store: DjangoStore) -> Fence:
    return store.acquire_lease("run", "host:1:1", NOW, 600)
