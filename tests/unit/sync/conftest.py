"""Working places of their own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.sync.workplace import Workplace, open_workplace

OpenWorkplace = Callable[..., Workplace]


@pytest.fixture
def workplaces(tmp_path: Path) -> Iterator[OpenWorkplace]:
    """Opens working places (keywords of `open_workplace`) and closes them at the end."""
    opened: list[Workplace] = []

    def open_one(**more: object) -> Workplace:
        opened.append(open_workplace(tmp_path / str(len(opened)), **more))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for place in opened:
        place.close()


@pytest.fixture
def place(workplaces: OpenWorkplace) -> Workplace:
    return workplaces()
