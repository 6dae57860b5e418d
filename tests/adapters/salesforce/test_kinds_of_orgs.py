"""Orgs with several currencies and with person accounts, read through the shipped mapping."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.emulator import RunningEmulator
from connector.mapping.feeds import load_mapping
from connector.mapping.read import ReadContext, map_page
from tests.adapters.salesforce.connections import read_all


def read_accounts(adapter: SalesforceAdapter) -> pa.Table:
    """Accounts in our terms, as a run reads them."""
    mapping = load_mapping(("salesforce",), Path())
    found = mapping.resolve({name: adapter.describe(name) for name in mapping.object_names})
    feed = found.feed("account")
    assert feed is not None
    context = ReadContext(connection="crm", accounts="", currency="EUR")
    pages = [map_page(feed, page, context) for page in read_all(adapter, feed.request(None))]
    assert not any(page.problems.num_rows for page in pages)
    return pa.concat_tables(page.rows for page in pages).sort_by("name")


@pytest.mark.parametrize("several", [False, True])
def test_the_currency_is_the_records_where_the_org_has_several(
    emulator: RunningEmulator, adapter: SalesforceAdapter, several: bool
) -> None:
    record: dict[str, object] = {"Name": "A"}
    if several:
        emulator.control.apply_schema({"currencies": {"EUR": 1, "USD": 1.1}})
        record["CurrencyIsoCode"] = "USD"
    emulator.control.seed("Account", [record])
    assert read_accounts(adapter)["currency"].to_pylist() == ["USD" if several else "EUR"]


def test_a_person_account_is_a_natural_person_whatever_else_is_said(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    kind = {"name": "Party_Kind__c", "type": "picklist", "values": ["company", "sole_trader"]}
    emulator.control.apply_schema(
        {"person_accounts": True, "objects": [{"name": "Account", "fields": [kind]}]}
    )
    emulator.control.seed(
        "Account",
        [
            {"FirstName": "Ada", "LastName": "Byron", "Party_Kind__c": "company"},
            {"Name": "Baker", "Party_Kind__c": "sole_trader"},
            {"Name": "Carpets Ltd"},
        ],
    )
    rows = read_accounts(adapter)
    assert rows["name"].to_pylist() == ["Ada Byron", "Baker", "Carpets Ltd"]
    assert rows["party_kind"].to_pylist() == ["natural_person", "sole_trader", "company"]
