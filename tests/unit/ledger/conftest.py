"""A ledger on disk for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger") as opened:
        yield opened
