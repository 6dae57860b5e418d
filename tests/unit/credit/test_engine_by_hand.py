"""The engine's figures are those of a query written by hand, and of a loop over rows."""

from __future__ import annotations

from pathlib import Path

from scripts.benches.engine import by_engine, by_hand, by_rows, compared, differences, make_book

PARTIES = 500
"""Parties of the sample; `scripts/bench engine` compares 20,000."""


def test_the_engine_finds_what_is_found_by_hand(tmp_path: Path) -> None:
    book = tmp_path / "book.duckdb"
    make_book(book, PARTIES)
    engine = by_engine(book, PARTIES)
    assert len(engine.figures) == PARTIES
    for other in (by_hand(book, PARTIES), by_rows(book, PARTIES)):
        assert compared(other, engine) >= 4 * len(other.figures)
        assert differences(other, engine) == []
