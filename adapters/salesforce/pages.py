"""The pages of one query, each checked against what Salesforce said there would be.

Source: REST API Developer Guide, "Query" and "Query More"; `totalSize` counts all rows of the
query, and a query locator may be given up by the server at any time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from adapters.salesforce.errors import Call, translate_nonsense
from adapters.salesforce.session import SalesforceSession
from connector.errors import TransientError

_OFFSET = re.compile(r"-(\d+)$")  # locators end in the rows given so far, as a rule


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Rows as they came, how many rows the whole reading must give, and whether it is the last.

    `total` is the count of the running query. `edge` is the greatest stamp so far and `before` how
    many rows with a lower one were given; `sound` says that no row is known to be missing.
    """

    rows: list[dict[str, Any]]
    expected: int
    last: bool
    total: int = 0
    edge: str = ""
    before: int = 0
    sound: bool = True


def read_pages(
    session: SalesforceSession, soql: str, call: Call, deleted_too: bool, stamp: str
) -> Iterator[RecordPage]:
    """Every page of a query ordered by `stamp` and Id.

    A short or doubled page is read once more; rows given before are left out, so that what is
    still wrong shows as a sum below `expected`. An expired locator restarts the query once and
    leaves out what was given before; that needs a `stamp`.
    """
    first = partial(session.query, soql, call, deleted_too=deleted_too)
    fetch: Callable[[], dict[str, Any]] = first
    trace = _Trace(stamp)
    while True:
        try:
            body = _fetch_sound(fetch, trace, call)
        except TransientError as error:
            if error.code != "INVALID_QUERY_LOCATOR" or trace.restarted or not stamp:
                raise
            trace.restart()
            fetch = first
            continue
        page = trace.take(body)
        yield page
        if page.last:
            return
        fetch = partial(session.query_more, str(body["nextRecordsUrl"]), call)


def _fetch_sound(fetch: Callable[[], dict[str, Any]], trace: _Trace, call: Call) -> dict[str, Any]:
    body = _check_shape(fetch(), call)
    return _check_shape(fetch(), call) if trace.is_flawed(body) else body


class _Trace:
    """What was received and given so far, enough to tell flaws and to leave out repetitions."""

    def __init__(self, stamp: str) -> None:
        self.restarted = False
        self._stamp = stamp
        self._received = 0  # rows of the running query
        self._given = 0  # rows handed on, of both runs
        self._skipped = 0  # rows of the second run that the first had given
        self._given_before = 0
        self._previous: set[str] = set()
        self._edge = ""  # greatest stamp of the rows given
        self._at_edge: set[str] = set()
        self._sound = True

    def is_flawed(self, body: dict[str, Any]) -> bool:
        """Whether rows are missing from the page or came before."""
        ids = [row["Id"] for row in body["records"]]
        if len(set(ids)) < len(ids) or not self._previous.isdisjoint(ids):
            return True
        received = self._received + len(ids)
        if body["done"]:
            return received != int(body["totalSize"])
        offset = _OFFSET.search(body["nextRecordsUrl"])
        return not ids or (offset is not None and int(offset[1]) != received)

    def take(self, body: dict[str, Any]) -> RecordPage:
        """The page's rows that were not given before."""
        fresh = {row["Id"]: row for row in body["records"] if row["Id"] not in self._previous}
        self._received += len(fresh)
        self._previous = {row["Id"] for row in body["records"]}
        rows = [row for row in fresh.values() if not (self.restarted and self._was_given(row))]
        self._skipped += len(fresh) - len(rows)
        self._given += len(rows)
        if rows and self._stamp:
            self._move_edge(rows)
        total = int(body["totalSize"])
        if not body["done"]:
            offset = _OFFSET.search(body["nextRecordsUrl"])
            self._sound = self._sound and (offset is None or int(offset[1]) == self._received)
        return RecordPage(
            rows=rows,
            expected=total + self._given_before - self._skipped,
            last=bool(body["done"]),
            total=total,
            edge=self._edge,
            before=self._given - len(self._at_edge),
            sound=self._sound,
        )

    def restart(self) -> None:
        """The query is run a second time from its beginning."""
        self.restarted = True
        self._given_before = self._given
        self._received = 0
        self._previous = set()

    def _was_given(self, row: dict[str, Any]) -> bool:
        # What changed since carries a later stamp and is given again, as a change.
        stamp = str(row.get(self._stamp))
        return stamp < self._edge or (stamp == self._edge and row["Id"] in self._at_edge)

    def _move_edge(self, rows: list[dict[str, Any]]) -> None:
        stamps = [row.get(self._stamp) or "" for row in rows]
        edge = max(stamps)
        here = {row["Id"] for row, stamp in zip(rows, stamps, strict=True) if stamp == edge}
        self._at_edge = here | self._at_edge if edge == self._edge else here
        self._edge = edge


def _check_shape(body: dict[str, Any], call: Call) -> dict[str, Any]:
    rows = body.get("records")
    sound = (
        isinstance(rows, list)
        and set(map(type, rows)) <= {dict}
        and {type(row.get("Id")) for row in rows} <= {str}
        and body.get("totalSize") is not None
        and isinstance(body.get("done"), bool)
        and (body["done"] or isinstance(body.get("nextRecordsUrl"), str))
    )
    if not sound:
        raise translate_nonsense(call, "the page is not built as it should be")
    return body
