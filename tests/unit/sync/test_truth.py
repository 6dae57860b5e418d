"""One source of truth for each kind of fact that adds up."""

from __future__ import annotations

import pytest

from connector.errors import SettingsError
from connector.mapping.feeds import combine
from connector.mapping.load import read_document
from connector.sync.desk import Connection
from connector.sync.truth import COUNTED, check_truth
from connector.testing.builders import account_object, invoice_object, mapping_text, user_object
from connector.testing.clock import FakeClock
from connector.testing.crm import MemoryCrm


def connection(
    name: str, *, optional_invoices: bool = False, with_invoices: bool = True
) -> Connection:
    feeds = {"invoice": {"optional": True}} if optional_invoices else None
    crm = MemoryCrm(FakeClock())
    for info in (account_object(), user_object()):
        crm.define(info)
    if with_invoices:
        crm.define(invoice_object())
    document = read_document(mapping_text(feeds=feeds), "memory.yaml")
    return Connection(name, crm, combine([document]), currency="EUR")


def test_two_sources_of_one_kind_are_refused_with_the_line_to_write() -> None:
    with pytest.raises(SettingsError) as caught:
        check_truth([connection("crm"), connection("erp")], {})
    assert caught.value.problems == (
        'truth.invoice: crm and erp both bring it; write invoice = ["crm"]',
    )


def test_a_truth_settles_it_and_one_source_needs_none() -> None:
    check_truth([connection("crm"), connection("erp")], {"invoice": ("erp",)})
    check_truth([connection("crm")], {})


def test_kinds_that_do_not_add_up_need_no_truth() -> None:
    """Accounts and users of several systems stand side by side."""
    assert not {"account", "user", "opportunity", "fx_rate"} & set(COUNTED)


def test_a_source_that_lacks_the_object_does_not_count() -> None:
    lacking = connection("erp", optional_invoices=True, with_invoices=False)
    check_truth([connection("crm"), lacking], {})
