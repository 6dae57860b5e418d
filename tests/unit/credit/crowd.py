"""Many small books decided as one: a decision costs the same for one customer as for a hundred.

A case is a generator: it yields a book and is sent what comes of it; it may yield another. All
cases' books of a round are put into one book, each with parties and ids of its own, and decided at
once.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connector.credit.engine import Decided, decide, open_items
from connector.credit.policy.document import PolicyDoc
from tests.unit.credit.book import AS_OF, Book

OWN = ("party_id", "id", "order_id", "invoice_id", "payment_id")
"""Columns by which a row belongs to its case."""


@dataclass(frozen=True)
class Answer:
    """What came of one book: rows of its open items, and its part of what was decided."""

    items: list[dict[str, Any]]
    decided: Decided


Case = Callable[[], Generator[Book, Answer, None]]


def run_cases(cases: Mapping[str, Case], policy: PolicyDoc) -> dict[str, AssertionError | None]:
    """What failed in each case, by its name."""
    failures: dict[str, AssertionError | None] = dict.fromkeys(cases)
    running = {name: case() for name, case in cases.items()}
    books = {name: next(case) for name, case in running.items()}
    while books:
        answers = answer_books(books, policy)
        asked, books = books, {}
        for name in asked:
            try:
                books[name] = running[name].send(answers[name])
            except StopIteration:
                continue
            except AssertionError as failure:
                failures[name] = failure
    return failures


def check_case(failures: Mapping[str, AssertionError | None], name: str) -> None:
    """Fail with what failed in the case."""
    failure = failures[name]
    if failure is not None:
        raise failure


def answer_books(books: Mapping[str, Book], policy: PolicyDoc) -> dict[str, Answer]:
    """What comes of each book, decided together."""
    joined = join_books(books)
    items = open_items(joined.connection, joined.inputs, policy, AS_OF)
    decided = decide(joined.connection, joined.inputs, policy, AS_OF, "run")
    return {
        name: Answer(
            part_of(items, name).to_pylist(),
            replace(
                decided,
                tables={k: part_of(t, name) for k, t in decided.tables.items()},
                receivables=part_of(decided.receivables, name),
            ),
        )
        for name in books
    }


def join_books(books: Mapping[str, Book]) -> Book:
    """One book with the rows of all, their parties and ids led by the case's name."""
    joined = Book()
    seen: set[tuple[Any, ...]] = set()
    for name, book in books.items():
        for (table, columns), rows in book.waiting.items():
            for values in rows:
                if table == "fx":
                    if tuple(values) in seen:
                        continue
                    seen.add(tuple(values))
                row = dict(zip(columns, values, strict=True))
                joined.insert(table, {key: _owned(name, key, row[key]) for key in row})
        given = {
            field: _joined(getattr(joined.inputs, field), getattr(book.inputs, field), name)
            for field in ("approved_limits", "prior_decisions", "prior_flags", "hard_stops")
        }
        joined.inputs = replace(joined.inputs, **given)
    return joined


def _joined(all_of_them: pa.Table, own: pa.Table, name: str) -> pa.Table:
    rows = [{k: _owned(name, k, v) for k, v in row.items()} for row in own.to_pylist()]
    return pa.concat_tables([all_of_them, pa.Table.from_pylist(rows, schema=own.schema)])


def _owned(name: str, column: str, value: Any) -> Any:
    return f"{name}/{value}" if column in OWN and value is not None else value


def part_of(table: pa.Table, name: str) -> pa.Table:
    """The rows of one case, with parties and ids as it knows them."""
    mine = table.filter(pc.starts_with(table["party_id"], f"{name}/"))
    for place, field in enumerate(mine.schema):
        if field.name in OWN:
            own = pc.utf8_slice_codeunits(mine[field.name], len(name) + 1)
            mine = mine.set_column(place, field, own)
    return mine
