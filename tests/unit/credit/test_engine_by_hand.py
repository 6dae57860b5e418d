"""The engine's figures are those of a query written by hand, and of a loop over rows."""

from __future__ import annotations

from pathlib import Path

from scripts.benches.engine import by_engine, by_hand, by_measure, by_rows, compare, make_book

PARTIES = 500
"""Parties of the sample; `scripts/bench engine` compares 20,000."""


def test_the_engine_finds_what_is_found_by_hand(tmp_path: Path) -> None:
    book = tmp_path / "book.duckdb"
    make_book(book, PARTIES)
    hand, figures, engine = (way(book, PARTIES) for way in (by_hand, by_measure, by_engine))
    assert figures.figures.num_rows == engine.figures.num_rows > PARTIES
    rows = by_rows(book, PARTIES)
    for one, other, least in ((hand, figures, 30), (hand, engine, 30), (rows, engine, 4)):
        count, wrong = compare(one, other)
        assert count >= least * one.figures.num_rows
        assert wrong == []
