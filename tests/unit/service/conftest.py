"""Offices of their own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from connector.service.office import Office
from tests.unit.service.offices import build_office
from tests.unit.sync import small_engine


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    opened = build_office(tmp_path / "state")
    yield opened
    opened.close()


@pytest.fixture
def small_credit() -> Iterator[None]:
    """The small engine in place of the real one."""
    with patch("connector.sync.decide.decide", small_engine.decide):
        yield
