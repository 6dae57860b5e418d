"""Which payments paid only a part, and which invoices are meant to be paid in parts."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import ibis

from connector.credit.metrics.receipts import short_payments
from connector.credit.metrics.workbench import Workbench
from connector.credit.policy.behaviour import ReceiptsDoc

MONEY = "decimal(18, 4)"
KEY = {"party_id": "string", "connection": "string", "id": "string"}
SEEN = {
    **KEY, "seller": "string", "from_connection": "string", "from_id": "string",
    "method": "string", "settled_on": "date", "applied": MONEY, "invoice_amount": MONEY,
    "base": MONEY,
}  # fmt: skip
APPLIED = {**KEY, "entity": "string", "applied": MONEY}
PARTS = {**KEY, "part": "int64", "due_date": "date", "amount": MONEY, "basis": "string"}


def paid(invoice: str, amount: int, of: int, method: str = "2_named") -> dict[str, Any]:
    return {
        "party_id": "p", "connection": "erp", "id": invoice, "seller": "", "from_connection": "erp",
        "from_id": f"y-{invoice}", "method": method, "settled_on": date(2026, 3, 1),
        "applied": amount, "invoice_amount": of, "base": amount,
    }  # fmt: skip


def test_what_is_meant_to_be_paid_in_parts_is_no_part_payment(tables: Any) -> None:
    """Parts may come from instalments, a retention, or terms that stand in the department's list:
    all are cut into parts by the settlement, and a payment is seen once for each part."""
    seen = [
        paid("half", 50, 100), paid("charges", 99, 100), paid("whole", 100, 100),
        paid("guess", 50, 100, method="4_oldest"), paid("terms", 30, 100), paid("terms", 70, 100),
    ]  # fmt: skip
    parts = [
        {"party_id": "p", "connection": "erp", "id": "terms", "part": n, "amount": amount}
        for n, amount in ((1, 30), (2, 70))
    ]
    bench = SimpleNamespace(
        seen=tables.make("seen", SEEN, seen),
        settled=SimpleNamespace(
            applied=tables.make("applied", APPLIED, []), parts=tables.make("parts", PARTS, parts)
        ),
        as_of=ibis.date(2026, 3, 31),
    )
    found = tables.rows(short_payments(cast("Workbench", bench), ReceiptsDoc()))
    assert [row["id"] for row in found] == ["half"]
