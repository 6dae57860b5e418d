from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from connector.domain.change import Owner
from connector.domain.entities import Kind
from connector.mapping.canonical_texts import decimal_texts, seen_texts
from connector.mapping.read import ReadContext, map_page
from connector.mapping.targets import TargetField, seen_text
from connector.ports.crm import Page, Record
from connector.ports.facts import SEEN_SCHEMA
from tests.unit.mapping.conftest import build
from tests.unit.mapping.test_feeds import TEXT, resolved


def target(kind: Kind, scale: int = 0, parts: bool = False) -> TargetField:
    return TargetField("grade", "F", Owner.OURS, kind, scale, parts=parts)


def test_every_record_with_an_id_is_mirrored_also_when_it_is_a_problem() -> None:
    feed = resolved().feed("account")
    assert feed is not None
    records: list[Record] = [
        {"Id": "1", "Name": "Ann", "Owner": {"Key": "o"}, "Grade": " B ",
         "Limit_Amount": Decimal("100.50"), "By": "u1"},
        {"Id": "2", "Name": "", "Owner": None, "Grade": None, "Limit_Amount": 7, "By": None},
        {"Id": None, "Name": "lost", "Owner": None, "Grade": "C", "Limit_Amount": 7, "By": "u"},
    ]  # fmt: skip
    page = map_page(feed, Page(records), ReadContext("crm", "EUR"))
    assert page.problems.num_rows == 2
    assert page.seen.schema == SEEN_SCHEMA
    assert [tuple(row.values()) for row in page.seen.to_pylist()] == [
        ("Account", "1", "Grade", "B", "u1", ""),
        ("Account", "2", "Grade", None, "", ""),
        ("Account", "1", "Limit_Amount", "100.5", "u1", ""),
        ("Account", "2", "Limit_Amount", "7", "", ""),
    ]


def test_a_feed_of_another_object_mirrors_nothing() -> None:
    order = build(TEXT).feed("order")
    assert order is not None
    assert map_page(order, Page([{"Id": "1"}]), ReadContext("crm")).seen.num_rows == 0


def test_the_vendors_forms_become_canonical() -> None:
    assert seen_text(target(Kind.MONEY, 2), Decimal("12.345")) == "12.35"
    assert seen_text(target(Kind.COUNT), 12) == "12"
    assert seen_text(target(Kind.FLAG), True) == "true"
    assert seen_text(target(Kind.DATE), "2026-01-31T00:00:00Z") == "2026-01-31"
    assert seen_text(target(Kind.DATE), date(2026, 1, 31)) == "2026-01-31"
    assert seen_text(target(Kind.TEXT), "a\r\nb ") == "a\nb"
    assert seen_text(target(Kind.TEXT, parts=True), "b;a") == "a;b"
    assert seen_text(target(Kind.TEXT), "") is None
    assert seen_text(target(Kind.MONEY, 2), "plenty") == "plenty"


AMOUNTS = st.decimals(-(10**13), 10**13, places=4)


@given(st.lists(st.one_of(st.none(), AMOUNTS), max_size=20), st.integers(0, 4))
def test_columns_give_the_texts_of_their_values(values: list[object], scale: int) -> None:
    import pyarrow as pa

    field = target(Kind.MONEY, scale)
    expected = [seen_text(field, value) for value in values]
    assert decimal_texts(pa.array(values, pa.decimal128(18, 4)), scale).to_pylist() == expected
    assert seen_texts(field, values, len(values)).to_pylist() == expected


@given(
    st.sampled_from([Kind.MONEY, Kind.FLAG, Kind.DATE, Kind.TEXT]),
    st.lists(
        st.one_of(st.none(), st.text("a; 1.5\n", max_size=5), st.booleans(), st.integers(),
                  st.just(["x"]), st.just("2026-01-31")),
        max_size=8,
    ),
)  # fmt: skip
def test_odd_values_give_the_same_text_by_column_and_one_by_one(
    kind: Kind, values: list[object]
) -> None:
    field = target(kind, 2)
    assert seen_texts(field, values, len(values)).to_pylist() == [
        None if value is None else seen_text(field, value) for value in values
    ]
