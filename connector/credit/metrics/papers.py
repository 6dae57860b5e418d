"""Documents that an area shows behind its figures, all in one form."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.settlement.documents import DOCUMENT_KEY

_SHOWN = {
    "number": "string", "currency": "string", "amount": "decimal(18, 4)", "due_date": "date",
}  # fmt: skip


def paper_rows(t: ir.Table, entity: str, weight: Any, **told: Any) -> ir.Table:
    """Rows of one kind of document as `Area.documents` gives them, the heaviest to be shown first.

    `told`: number, currency, amount and due_date where another column than that of the name is
    meant. What is neither told nor a column of the table is unknown.
    """
    shown = {
        name: told.get(name, t[name] if name in t.columns else ibis.null(kind))
        for name, kind in _SHOWN.items()
    }
    return t.select(*DOCUMENT_KEY, entity=ibis.literal(entity), weight=weight, **shown)
