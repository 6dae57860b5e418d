"""`query`, `queryAll` and the pages behind them."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from adapters.salesforce.emulator.context import Answer, Request
from adapters.salesforce.emulator.errors import ApiError, wrong_method
from adapters.salesforce.emulator.ids import make_id
from adapters.salesforce.emulator.soql.column_metadata import describe_columns
from adapters.salesforce.emulator.soql.parse import SoqlError
from adapters.salesforce.emulator.soql.run import ChildPager, QueryResult, QueryRun

BATCH_MAX = 2000
CHILD_CURSORS = 10_000
_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)
_LOCATOR = re.compile(r"(01g[0-9A-Za-z]{15})-(\d+)\Z")


@dataclass(slots=True)
class Locator:
    """An open cursor: its result set, page size, owner and when it was last used."""

    result: QueryResult
    batch: int
    user_id: str
    used_at: float


@dataclass(slots=True)
class Locators:
    """The open cursors of an org; the oldest go when there are too many.

    Cursors of child sub-queries live as long as others but are not counted.
    """

    opened: int = 0
    cursors: OrderedDict[str, Locator] = field(default_factory=OrderedDict)
    children: OrderedDict[str, Locator] = field(default_factory=OrderedDict)

    def open(self, locator: Locator, kept: int, *, of_children: bool = False) -> str:
        """Keep a cursor and return its name."""
        self.opened += 1
        name = make_id("01g", self.opened)
        book, most = (self.children, CHILD_CURSORS) if of_children else (self.cursors, kept)
        book[name] = locator
        while len(book) > most:
            book.popitem(last=False)
        return name

    def find(self, name: str) -> Locator | None:
        """Return an open cursor."""
        return self.cursors.get(name) or self.children.get(name)

    def close(self, name: str) -> None:
        """Forget a cursor."""
        self.cursors.pop(name, None)
        self.children.pop(name, None)

    def close_all(self) -> int:
        """Forget all cursors; returns how many there were."""
        count = len(self.cursors) + len(self.children)
        self.cursors.clear()
        self.children.clear()
        return count


def serve_query(request: Request, locators: Locators, *, include_deleted: bool) -> Answer:
    """`/query?q=` and `/queryAll?q=`."""
    if request.method != "GET":
        raise wrong_method(request.method)
    soql = request.query.get("q")
    if not soql:
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    run = QueryRun.begin(
        request.org,
        request.user_id,
        request.data_path,
        include_deleted=include_deleted,
        page_children=_child_pager(request, locators),
    )
    if request.query.get("columns", "").lower() == "true":
        return _describe(run, soql)
    result = run.run(soql)
    slow = request.org.settings.query_timeout_rows
    if 0 < slow < len(result.rows):
        message = "Your query request was running for too long."
        raise ApiError(400, "QUERY_TIMEOUT", message)
    batch = _batch_size(request)
    if len(result.rows) <= batch:
        return Answer(200, _page(result, 0, batch, ""))
    return Answer(200, _page(result, 0, batch, _open(request, locators, result, batch)))


def _open(
    request: Request, locators: Locators, result: QueryResult, batch: int, *, child: bool = False
) -> str:
    """Keep the result for later pages and return the path that their names begin with."""
    locator = Locator(result, batch, request.user_id, request.org.clock.timestamp())
    name = locators.open(locator, request.org.settings.locators_kept, of_children=child)
    return f"{request.data_path}/query/{name}"


def _child_pager(request: Request, locators: Locators) -> ChildPager:
    def page(result: QueryResult) -> dict[str, Any]:
        batch = min(request.org.settings.child_rows, _batch_size(request))
        if len(result.rows) <= batch:
            return _page(result, 0, batch, "")
        return _page(result, 0, batch, _open(request, locators, result, batch, child=True))

    return page


def _describe(run: QueryRun, soql: str) -> Answer:
    scope, query = run.parse(soql)
    try:
        return Answer(200, describe_columns(run.org, scope, query))
    except SoqlError as error:
        raise error.as_call_error(soql) from None


def serve_more(request: Request, locators: Locators, text: str) -> Answer:
    """`/query/<locator>-<offset>`; pages may be fetched again while the cursor lives."""
    if request.method != "GET":
        raise wrong_method(request.method)
    match = _LOCATOR.match(text)
    locator = locators.find(match.group(1)) if match else None
    if match is None or locator is None or locator.user_id != request.user_id:
        raise _invalid_locator()
    now = request.org.clock.timestamp()
    if now - locator.used_at > request.org.settings.locator_seconds:
        locators.close(match.group(1))
        raise _invalid_locator()
    locator.used_at = now
    start = int(match.group(2))
    if start >= len(locator.result.rows):
        raise _invalid_locator()
    path = f"{request.data_path}/query/{match.group(1)}"
    return Answer(200, _page(locator.result, start, locator.batch, path))


def _page(result: QueryResult, start: int, batch: int, path: str) -> dict[str, Any]:
    rows = result.rows[start : start + batch]
    done = start + batch >= len(result.rows)
    page: dict[str, Any] = {"totalSize": result.total, "done": done}
    if not done:
        page["nextRecordsUrl"] = f"{path}-{start + batch}"
    page["records"] = [result.render(row) for row in rows]
    return page


def _batch_size(request: Request) -> int:
    """Read the hint; small sizes, which real orgs raise to 200, serve tests that page."""
    match = _BATCH_SIZE.search(request.call.headers.get("sforce-query-options", ""))
    return min(max(int(match.group(1)), 1), BATCH_MAX) if match else BATCH_MAX


def _invalid_locator() -> ApiError:
    return ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
