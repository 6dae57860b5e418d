"""Check that amounts are written in the currency of their record.

In a CRM with several currencies a record names its own, and every amount on it is read in that.
When the mapping does not read it, a figure in the company's currency would pass for another sum.
"""

from __future__ import annotations

from collections.abc import Mapping

from connector.domain.catalogue import CREDIT_FIELDS
from connector.domain.entities import Kind
from connector.domain.money import is_currency
from connector.mapping.document import EntityDoc, WriteDoc
from connector.mapping.findings import Findings
from connector.ports.crm import FieldInfo, ObjectInfo

LEAST_CODES = 2
"""A list of currencies has more than one."""


def check_currency(
    path: str,
    doc: WriteDoc,
    feeds: Mapping[str, EntityDoc],
    info: ObjectInfo,
    findings: Findings,
) -> None:
    """An error when amounts go to records with a currency of their own that nobody reads."""
    amounts = [
        entry.field
        for name, entry in doc.fields.items()
        if CREDIT_FIELDS[name].kind is Kind.MONEY and info.find(entry.field) is not None
    ]
    written = {entry.field.lower() for entry in doc.fields.values()}
    own = [f for f in info.fields.values() if f.name.lower() not in written and _lists_codes(f)]
    read = {
        name.lower()
        for name, feed in feeds.items()
        if (feed.entity or name) == "account" and feed.object.lower() == doc.object.lower()
        for name in (feed.fields["currency"].paths if "currency" in feed.fields else ())
    }
    if amounts and own and not read & {field.name.lower() for field in own}:
        findings.add(
            "error", f"{path}.fields",
            "{object}.{field} is the currency of each record, but the mapping does not read it: "
            "{fields} would be written in another one.",
            "Map entities.account.fields.currency to {field} in {mapping}.",
            object=info.name, field=own[0].name, fields=", ".join(amounts),
        )  # fmt: skip


def _lists_codes(field: FieldInfo) -> bool:
    """Whether the field is a closed list of currency codes."""
    return (
        field.restricted
        and len(field.choices) >= LEAST_CODES
        and all(is_currency(choice) for choice in field.choices)
    )
