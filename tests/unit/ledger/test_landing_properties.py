"""Whatever pages come in whatever order: landing them twice is landing them once."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.ledger import Ledger
from tests.unit.ledger.batches import batch, stamp, to

IDS = st.sampled_from(["1", "2", "3"])
ROW = st.fixed_dictionaries(
    {
        "id": IDS,
        "stamp": st.one_of(st.none(), st.integers(0, 3).map(stamp)),
        "open_amount": st.one_of(st.none(), st.integers(0, 2).map(Decimal)),
        "number": st.sampled_from(["x", "y"]),
    }
).map(lambda row: {**to("A"), **row})
PAGE = st.fixed_dictionaries(
    {
        "feed": st.sampled_from(["list", "changes"]),
        "rows": st.lists(ROW, max_size=4),
        "deletions": st.lists(IDS.map(lambda key: {"id": key}), max_size=1),
        "present": st.one_of(st.none(), st.lists(IDS, max_size=3)),
    }
)


EXAMPLES = count(1)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """One ledger for all examples; each has a connection of its own."""
    with Ledger.open(tmp_path_factory.mktemp("ledger")) as opened:
        yield opened


def land_page(ledger: Ledger, connection: str, page: dict[str, Any]) -> None:
    """Land a page; every row and deletion of it has one end."""
    more = {"connection": connection, "feed": page["feed"], "deletions": page["deletions"]}
    if page["present"] is not None:
        more["present"] = [*page["present"], *(row["id"] for row in page["rows"])]
    result = ledger.land(batch("invoice", *page["rows"], **more))
    assert result.new + result.changed + result.re_read + result.deleted == len(page["rows"]) + len(
        page["deletions"]
    )


CONTENT = (
    "SELECT feed, id, number, open_amount, cleared_date, derived_clear, content_hash "
    "FROM invoice_current WHERE connection = ? ORDER BY id"
)
IN_FORCE = (
    "SELECT id, content_hash, seq, known_at, derived_clear FROM invoice_current "
    "WHERE connection = ? ORDER BY id"
)
LAST_VERSIONS = (
    "SELECT id, content_hash, seq, known_at, derived_clear FROM (SELECT * FROM invoice_history "
    "WHERE connection = ? "
    "QUALIFY row_number() OVER (PARTITION BY id ORDER BY seq DESC, rowid DESC) = 1) "
    "WHERE op = 'put' ORDER BY id"
)


@settings(max_examples=40)
@given(pages=st.lists(PAGE, max_size=6))
def test_landing_pages_twice_gives_the_same_current_rows_as_once(
    shared: Ledger, pages: list[dict[str, Any]]
) -> None:
    connection = f"crm-{next(EXAMPLES)}"
    for page in pages:
        land_page(shared, connection, page)
    once = shared.query(CONTENT, [connection]).to_pylist()
    last = shared.query(LAST_VERSIONS, [connection]).to_pylist()
    assert shared.query(IN_FORCE, [connection]).to_pylist() == last
    for page in pages:
        land_page(shared, connection, page)
    assert shared.query(CONTENT, [connection]).to_pylist() == once
    assert len({row["id"] for row in once}) == len(once)
