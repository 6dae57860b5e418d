"""Amounts go to records of several currencies only where each record's own is read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector.mapping.check import check_mapping
from connector.mapping.feeds import combine
from connector.mapping.load import read_document
from connector.ports.crm import FieldInfo
from connector.testing.builders import (
    account_object,
    field_info,
    invoice_object,
    mapping_text,
    object_info,
    task_object,
    user_object,
)

CODES = field_info("RecordCurrency", choices=("EUR", "USD"), restricted=True)


def findings(field: FieldInfo | None, **account: Any) -> list[str]:
    document = json.loads(mapping_text())
    document["entities"]["account"]["fields"] |= account
    own = [f for f in account_object().fields.values() if f.createable]
    objects = {
        info.name: info
        for info in (
            object_info("Account", *own, *([field] if field else [])),
            user_object(), invoice_object(), task_object(),
        )
    }  # fmt: skip
    mapping = combine([read_document(json.dumps(document), "memory.yaml")])
    found = check_mapping(mapping, objects.get)
    return [f.sentence() for f in found if f.level == "error" and "RecordCurrency" in f.sentence()]


def test_amounts_in_a_currency_that_nobody_reads_are_an_error() -> None:
    (told,) = findings(CODES)
    assert "Limit" in told
    assert "Map entities.account.fields.currency to RecordCurrency" in told


def test_a_currency_that_is_read_is_well() -> None:
    assert findings(CODES, currency={"path": "recordcurrency", "optional": True}) == []


@pytest.mark.parametrize(
    "field",
    [
        None,
        field_info("RecordCurrency"),
        field_info("RecordCurrency", choices=("EUR",), restricted=True),
        field_info("RecordCurrency", choices=("EUR", "old"), restricted=True),
    ],
)
def test_a_crm_of_one_currency_needs_none(field: FieldInfo | None) -> None:
    assert findings(field) == []
