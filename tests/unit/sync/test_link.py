"""Accounts become parties, and documents meet their party."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from connector.ledger import Ledger
from connector.ports.store import LINK_SCHEMA
from connector.sync.link import LinkReport, link
from tests.unit.ledger.batches import land, table, to

USCC = "91110000600037341L"
LEI = "213800KUD8LAJWSQ9D15"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger") as opened:
        yield opened


def account(key: str, **values: object) -> dict[str, object]:
    return {"id": key, "name": f"Name of {key}", **values}


def relink(
    ledger: Ledger,
    *confirmed: tuple[str, str],
    run_id: str = "run-1",
    **truth: tuple[str, ...],
) -> LinkReport:
    links = [
        {"connection": "crm", "account_id": key, "party_id": party} for key, party in confirmed
    ]
    return link(ledger, table(LINK_SCHEMA, *links), truth, run_id)


def parties(ledger: Ledger) -> dict[str, str]:
    found = ledger.query("SELECT connection, account_id, party_id FROM account_party").to_pylist()
    return {f"{row['connection']}/{row['account_id']}": row["party_id"] for row in found}


def party(ledger: Ledger, party_id: str) -> dict[str, Any]:
    found = ledger.query("SELECT * FROM party WHERE party_id = ?", [party_id]).to_pylist()
    assert len(found) == 1
    return dict(found[0])


def linked(ledger: Ledger, entity: str, *columns: str) -> list[tuple[Any, ...]]:
    named = ", ".join(f'"{column}"' for column in columns)
    found = ledger.query(f'SELECT {named} FROM linked."{entity}" ORDER BY ALL').to_pylist()
    return [tuple(row.values()) for row in found]


# accounts to parties


def test_an_account_without_identifier_is_its_own_party_whatever_its_name(ledger: Ledger) -> None:
    land(ledger, "account", account("A", name="Acme GmbH"), account("B", name="Acme GmbH"))
    report = relink(ledger)
    assert parties(ledger) == {"crm/A": "acc:crm:A", "crm/B": "acc:crm:B"}
    assert (report.accounts, report.parties, report.shared_parties) == (2, 2, 0)


@pytest.mark.parametrize(
    ("one", "other", "party_id"),
    [
        ({"lei": LEI}, {"lei": LEI.lower()}, f"lei:{LEI}"),
        ({"duns": "15-048-3782"}, {"duns": "150483782"}, "duns:150483782"),
        (
            {"registration_no": "HRB 1234 B", "country": "DE"},
            {"registration_no": "HRB1234B", "country": "de"},
            "reg:DE:HRB1234B",
        ),
        (
            {"tax_no": "DE 136695976", "country": "DE"},
            {"tax_no": "136695976", "country": "DE"},
            "tax:DE:136695976",
        ),
        (
            {"registration_no": USCC, "country": "CN"},
            {"tax_no": USCC.lower(), "country": "CN"},
            f"reg:CN:{USCC}",
        ),
        ({"registration_no": USCC}, {"registration_no": USCC, "country": "CN"}, f"reg:CN:{USCC}"),
    ],
)
def test_a_shared_identifier_links(
    ledger: Ledger, one: dict[str, str], other: dict[str, str], party_id: str
) -> None:
    land(ledger, "account", account("A", **one))
    land(ledger, "account", account("7", **other), connection="erp")
    report = relink(ledger)
    assert parties(ledger) == {"crm/A": party_id, "erp/7": party_id}
    assert (report.shared_parties, report.unused_identifiers) == (1, 0)


@pytest.mark.parametrize(
    "values",
    [
        {"lei": LEI[:-1] + "6"},
        {"duns": "999999999"},
        {"duns": "12345"},
        {"registration_no": "HRB 1234 B"},
        {"registration_no": "00000000", "country": "DE"},
        {"registration_no": "unknown", "country": "DE"},
        {"registration_no": USCC[:-1] + "M", "country": "CN"},
        {"tax_no": "136695976"},
        {"tax_no": "---", "lei": "n/a", "country": "DE"},
    ],
)
def test_what_cannot_be_trusted_links_nothing_and_is_counted(
    ledger: Ledger, values: dict[str, str]
) -> None:
    land(ledger, "account", account("A", **values), account("B", **values))
    report = relink(ledger)
    assert report.parties == 2
    assert report.unused_identifiers > 0 or values["tax_no"] == "---"


def test_the_same_number_in_two_countries_is_two_parties(ledger: Ledger) -> None:
    land(
        ledger,
        "account",
        account("A", registration_no="12345678", country="GB"),
        account("B", registration_no="12345678", country="PL"),
    )
    assert relink(ledger).parties == 2


def test_a_chain_of_identifiers_is_one_party_named_by_the_strongest(ledger: Ledger) -> None:
    links = [account(f"{n:03}", duns=f"1000{n:05}") for n in range(0, 40, 2)]
    land(ledger, "account", *links)
    bridges = [
        account(f"{n:03}", duns=f"1000{n - 1:05}", tax_no=f"{7000000 + n}", country="FR")
        for n in range(1, 40, 2)
    ]
    land(ledger, "account", *bridges)
    more = [
        account(f"x{n:03}", duns=f"1000{n + 1:05}", tax_no=f"{7000000 + n}", country="FR")
        for n in range(1, 38, 2)
    ]
    land(ledger, "account", *more)
    land(ledger, "account", account("end", lei=LEI, duns="100000038"))
    assert relink(ledger).parties == 1
    assert set(parties(ledger).values()) == {f"lei:{LEI}"}


def test_a_merged_account_follows_its_survivor_over_several_merges(ledger: Ledger) -> None:
    land(ledger, "account", account("A"), account("B"), account("C", duns="150483782"))
    land(ledger, "account", deletions=[{"id": "A", "merged_into": "B"}])
    land(ledger, "account", deletions=[{"id": "B", "merged_into": "C"}])
    land(ledger, "invoice", {"id": "1", **to("A")}, {"id": "2", **to("B")}, {"id": "3", **to("C")})
    relink(ledger)
    assert parties(ledger) == {"crm/C": "duns:150483782"}
    assert linked(ledger, "invoice", "id", "party_id") == [
        (key, "duns:150483782") for key in ("1", "2", "3")
    ]


def test_a_row_that_says_it_was_merged_is_no_account_any_more(ledger: Ledger) -> None:
    land(ledger, "account", account("A", merged_into="B", duns="150483782"), account("B"))
    land(ledger, "invoice", {"id": "1", **to("A")})
    relink(ledger)
    assert parties(ledger) == {"crm/B": "duns:150483782"}
    assert party(ledger, "duns:150483782")["home_account_id"] == "B"
    assert linked(ledger, "invoice", "party_id") == [("duns:150483782",)]


def test_a_circle_of_merges_and_a_survivor_never_seen_do_no_harm(ledger: Ledger) -> None:
    land(
        ledger,
        "account",
        account("A"),
        deletions=[
            {"id": "X", "merged_into": "Y"},
            {"id": "Y", "merged_into": "X"},
            {"id": "Z", "merged_into": "W"},
        ],
    )
    land(ledger, "invoice", {"id": "1", **to("X")}, {"id": "2", **to("Z")})
    report = relink(ledger)
    assert parties(ledger) == {"crm/A": "acc:crm:A"}
    assert report.unlinked == {("invoice", "deleted_account"): 2}


def test_a_confirmed_link_overrides_identifiers_and_does_not_speak_for_others(
    ledger: Ledger,
) -> None:
    land(
        ledger,
        "account",
        account("A", duns="150483782"),
        account("B", duns="150483782"),
        account("C"),
        account("D"),
    )
    report = relink(ledger, ("A", "acc:crm:C"), ("D", "group-of-friends"))
    assert parties(ledger) == {
        "crm/A": "acc:crm:C",
        "crm/B": "duns:150483782",
        "crm/C": "acc:crm:C",
        "crm/D": "group-of-friends",
    }
    assert report.confirmed == 2
    relink(ledger)
    assert parties(ledger)["crm/A"] == "duns:150483782"
    assert parties(ledger)["crm/D"] == "acc:crm:D"


def test_a_confirmed_link_names_a_party_by_any_of_its_names(ledger: Ledger) -> None:
    land(ledger, "account", account("A"), account("B", duns="150483782", lei=LEI))
    for name in ("acc:crm:B", "duns:150483782", f"lei:{LEI}"):
        relink(ledger, ("A", name))
        assert parties(ledger) == {"crm/A": f"lei:{LEI}", "crm/B": f"lei:{LEI}"}


def test_a_party_keeps_its_id_when_an_identifier_is_filled_in_later(ledger: Ledger) -> None:
    land(ledger, "account", account("A"))
    relink(ledger)
    land(ledger, "account", account("A", duns="150483782"))
    report = relink(ledger, run_id="run-2")
    assert parties(ledger) == {"crm/A": "acc:crm:A"}
    assert report.moved is not None
    assert report.moved.num_rows == 0


def test_an_account_whose_party_is_another_is_reported_as_moved(ledger: Ledger) -> None:
    land(ledger, "account", account("A"), account("B", duns="150483782"))
    relink(ledger)
    land(ledger, "account", account("A", duns="150483782"))
    report = relink(ledger, run_id="run-2")
    assert report.moved is not None
    assert report.moved.to_pylist() == [
        {
            "connection": "crm",
            "account_id": "A",
            "from_party": "acc:crm:A",
            "to_party": "duns:150483782",
        }
    ]
    land(ledger, "account", account("B", duns="150483790"))
    relink(ledger, run_id="run-3")
    assert parties(ledger) == {"crm/A": "duns:150483782", "crm/B": "duns:150483790"}


# the party


def test_a_party_is_described_by_its_home_account_and_completed_by_the_others(
    ledger: Ledger,
) -> None:
    land(
        ledger,
        "account",
        account("7", duns="150483782", terms_days=30, customer_since=None, own_group=True),
        connection="erp",
    )
    land(
        ledger,
        "account",
        account("A", duns="150483782", name="Home", owner_id="U", country="de", currency="EUR"),
        account("B", duns="150483782", name="Second", terms_days=60, currency="USD"),
    )
    relink(ledger)
    assert party(ledger, "duns:150483782") == {
        "party_id": "duns:150483782",
        "name": "Home",
        "party_kind": "company",
        "country": "DE",
        "group_id": "duns:150483782",
        "terms_days": 60,
        "customer_since": None,
        "home_connection": "crm",
        "home_account_id": "A",
        "own_group": True,
        "currency": "EUR",
        "industry": None,
        "region": None,
        "registration_no": None,
    }
    relink(ledger, account=("erp", "crm"))
    home = party(ledger, "duns:150483782")
    assert (home["home_connection"], home["terms_days"]) == ("erp", 30)


@pytest.mark.parametrize(
    ("kinds", "kind"),
    [
        ((None, None), "company"),
        (("natural_person", "natural_person"), "natural_person"),
        (("natural_person", None), "natural_person"),
        (("natural_person", "sole_trader"), "sole_trader"),
        ((None, "public_body"), "public_body"),
    ],
)
def test_a_party_is_a_natural_person_only_if_all_say_so(
    ledger: Ledger, kinds: tuple[str | None, ...], kind: str
) -> None:
    land(
        ledger,
        "account",
        *(account(str(n), duns="150483782", party_kind=k) for n, k in enumerate(kinds)),
    )
    relink(ledger)
    assert party(ledger, "duns:150483782")["party_kind"] == kind


def groups(ledger: Ledger) -> dict[str, str]:
    found = ledger.query("SELECT party_id, group_id FROM party").to_pylist()
    return {row["party_id"][-1]: row["group_id"][-1] for row in found}


def test_the_group_is_the_top_of_the_chain_of_parents(ledger: Ledger) -> None:
    chain = [account(str(n), parent_id=str(n - 1) if n > 0 else None) for n in range(9)]
    land(ledger, "account", *chain, account("X"), account("Y", parent_id="nobody"))
    relink(ledger)
    assert groups(ledger) == {**{str(n): "0" for n in range(9)}, "X": "X", "Y": "Y"}


def test_a_circle_of_parents_is_one_group(ledger: Ledger) -> None:
    land(
        ledger,
        "account",
        account("D", parent_id="C"),
        account("C", parent_id="E"),
        account("E", parent_id="D"),
        account("A", parent_id="E"),
        account("S", parent_id="S"),
    )
    relink(ledger)
    assert groups(ledger) == {"A": "C", "C": "C", "D": "C", "E": "C", "S": "S"}


def test_parents_within_a_party_do_not_hide_the_group(ledger: Ledger) -> None:
    land(
        ledger,
        "account",
        account("A", duns="150483782", parent_id="B"),
        account("B", duns="150483782", parent_id="T"),
        account("T"),
    )
    relink(ledger)
    assert party(ledger, "duns:150483782")["group_id"] == "acc:crm:T"


# documents


def test_documents_name_accounts_by_any_unique_field(ledger: Ledger) -> None:
    land(
        ledger,
        "account",
        account("A", account_number=" 10023 ", registration_no="HRB 1", lei=LEI),
        account("B", account_number="77"),
        account("C", account_number="77"),
    )
    land(
        ledger,
        "invoice",
        {"id": "1", **to("10023", "account_number")},
        {"id": "2", **to("hrb-1", "registration_no")},
        {"id": "3", **to(LEI, "lei")},
        {"id": "4", **to("77", "account_number"), "where_from": "open.csv line 5"},
        {"id": "5", **to("10024", "account_number")},
        {"id": "6", **to("A", connection="elsewhere")},
        connection="files",
    )
    report = relink(ledger)
    assert linked(ledger, "invoice", "id", "connection", "party_id") == [
        (key, "files", f"lei:{LEI}") for key in ("1", "2", "3")
    ]
    assert report.unlinked == {
        ("invoice", "ambiguous_account"): 1,
        ("invoice", "unknown_account"): 2,
    }
    listed = ledger.query(
        "SELECT id, where_from, account_key, currency, amount FROM unlinked ORDER BY id LIMIT 1"
    ).to_pylist()
    assert listed == [
        {
            "id": "4",
            "where_from": "open.csv line 5",
            "account_key": "77",
            "currency": "EUR",
            "amount": Decimal(100),
        }
    ]


def test_a_number_shared_by_accounts_of_one_party_is_not_ambiguous(ledger: Ledger) -> None:
    land(
        ledger,
        "account",
        account("B", account_number="77", duns="150483782"),
        account("C", account_number="77", duns="150483782"),
    )
    land(ledger, "invoice", {"id": "1", **to("77", "account_number")})
    assert relink(ledger).unlinked == {}
    assert linked(ledger, "invoice", "party_id") == [("duns:150483782",)]


def test_only_the_source_of_truth_counts(ledger: Ledger) -> None:
    land(ledger, "account", account("A"))
    for connection in ("crm", "erp", "o'neill"):
        land(ledger, "invoice", {"id": "1", **to("A")}, connection=connection)
        land(ledger, "payment", {"id": "1", **to("Z"), "amount": 1}, connection=connection)
    land(ledger, "allocation", {"id": "1", "invoice_id": "1", "payment_id": "1", "amount": 1})
    report = relink(ledger, invoice=("erp", "o'neill"), payment=("crm",))
    assert linked(ledger, "invoice", "connection") == [("erp",), ("o'neill",)]
    assert report.unlinked == {("payment", "unknown_account"): 1}
    assert linked(ledger, "allocation", "id") == []
    assert relink(ledger).unlinked == {("payment", "unknown_account"): 3}
    assert len(linked(ledger, "invoice", "connection")) == 3
    assert linked(ledger, "allocation", "party_id") == [("acc:crm:A",)]


def test_lines_and_allocations_that_lead_nowhere_are_listed(ledger: Ledger) -> None:
    land(ledger, "account", account("A"))
    land(ledger, "order", order("1"), {**order("2"), **to("nobody")})
    lines = [{"id": str(n), "order_id": str(n)} for n in (1, 2, 3)]
    land(ledger, "order_line", *lines)
    allocation = {"id": "1", "invoice_id": "9", "payment_id": "9", "amount": Decimal(5)}
    land(ledger, "allocation", allocation)
    report = relink(ledger)
    assert linked(ledger, "order_line", "id", "party_id") == [("1", "acc:crm:A")]
    assert report.unlinked == {
        ("allocation", "unknown_invoice"): 1,
        ("order", "unknown_account"): 1,
        ("order_line", "unknown_order"): 1,
        ("order_line", "unlinked_order"): 1,
    }


def test_every_kind_of_document_is_there_with_its_columns(ledger: Ledger) -> None:
    relink(ledger)
    for entity in (
        "invoice",
        "payment",
        "order",
        "order_line",
        "delivery",
        "credit_note",
        "allocation",
        "limit",
        "opportunity",
    ):
        found: pa.Table = ledger.query(f'SELECT * FROM linked."{entity}"')
        assert {"connection", "id", "party_id", "known_at", "known_basis"} <= set(
            found.schema.names
        )
        assert not {"ref", "content_hash"} & set(found.schema.names)
        assert found.num_rows == 0


# what an order still has to be invoiced


def order(key: str, **values: object) -> dict[str, object]:
    return {"id": key, "number": f"O-{key}", **to("A"), "amount": Decimal(100), **values}


def rest(ledger: Ledger) -> dict[str, tuple[Decimal, str]]:
    found = linked(ledger, "order", "id", "uninvoiced", "uninvoiced_basis")
    return {key: (amount, basis) for key, amount, basis in found}


def bill(key: str, number: str, amount: int, **values: object) -> dict[str, object]:
    return {
        "id": key,
        "number": key,
        **to("A"),
        "amount": Decimal(amount),
        "order_number": number,
        **values,
    }


def test_without_figures_the_state_decides(ledger: Ledger) -> None:
    land(ledger, "account", account("A"))
    states = ("open", "fulfilled", "cancelled", "draft")
    land(ledger, "order", *(order(state, state=state) for state in states))
    relink(ledger)
    assert rest(ledger) == {
        "open": (Decimal(100), "state"),
        "fulfilled": (Decimal(0), "state"),
        "cancelled": (Decimal(0), "state"),
        "draft": (Decimal(0), "state"),
    }


def test_a_mapped_figure_comes_first_but_not_for_drafts(ledger: Ledger) -> None:
    land(ledger, "account", account("A"))
    mapped = {"uninvoiced_amount": Decimal(30)}
    states = ("open", "fulfilled", "cancelled", "draft")
    land(ledger, "order", *(order(state, state=state, **mapped) for state in states))
    land(
        ledger,
        "order_line",
        {"id": "1", "order_id": "open", "invoiced_quantity": 0, "unit_price": 9},
    )
    relink(ledger)
    assert rest(ledger) == {
        "open": (Decimal(30), "mapped"),
        "fulfilled": (Decimal(30), "mapped"),
        "cancelled": (Decimal(0), "state"),
        "draft": (Decimal(0), "state"),
    }


def test_lines_count_what_was_not_invoiced_and_never_below_zero(ledger: Ledger) -> None:
    land(ledger, "account", account("A"))
    land(ledger, "order", order("1"), order("2"), order("3"))

    def line(key: str, of: str, quantity: str, invoiced: str | None, price: str | None) -> dict:
        return {
            "id": key,
            "order_id": of,
            "quantity": Decimal(quantity),
            "invoiced_quantity": None if invoiced is None else Decimal(invoiced),
            "unit_price": None if price is None else Decimal(price),
        }

    land(
        ledger,
        "order_line",
        line("1", "1", "10", "4", "2.5"),
        line("2", "1", "1", "3", "50"),
        line("3", "1", "-5", "0", "7"),
        line("4", "1", "0.5", None, "8"),
        {**line("7", "1", "10", "4", "1"), "delivered_quantity": Decimal(12)},
        line("5", "2", "10", "4", None),
        line("6", "3", "10", None, "1"),
    )
    relink(ledger)
    assert rest(ledger) == {
        "1": (Decimal(27), "lines"),
        "2": (Decimal(100), "state"),
        "3": (Decimal(100), "state"),
    }


def test_invoices_that_name_the_order_are_taken_off(ledger: Ledger) -> None:
    land(ledger, "account", account("A"), account("B"))
    land(
        ledger,
        "order",
        order("1"),
        order("2"),
        order("3"),
        order("4", state="fulfilled"),
        order("5"),
        connection="crm",
    )
    land(
        ledger,
        "invoice",
        bill("1", "O-1", 30),
        bill("2", "O-1", 20),
        bill("3", "O-2", 130),
        {**bill("4", "O-3", 50), **to("B")},
        bill("5", "O-5", 50, currency="USD"),
        connection="erp",
    )
    relink(ledger, invoice=("erp",), order=("crm",))
    assert rest(ledger) == {
        "1": (Decimal(50), "invoices"),
        "2": (Decimal(0), "invoices"),
        "3": (Decimal(100), "invoices"),
        "4": (Decimal(0), "state"),
        "5": (Decimal(100), "invoices"),
    }
    relink(ledger, invoice=("crm",), order=("crm",))
    assert rest(ledger)["1"] == (Decimal(100), "state")


def test_orders_of_one_number_share_its_invoices(ledger: Ledger) -> None:
    land(ledger, "account", account("A"))
    land(ledger, "order", order("a", number="77"), order("b", number="77"))
    land(ledger, "invoice", bill("1", "77", 130))
    relink(ledger)
    assert rest(ledger) == {"a": (Decimal(0), "invoices"), "b": (Decimal(70), "invoices")}
