"""The credit fields creditflag writes into a CRM, each with its type, meaning and labels.

A mapping's write-back targets name these fields; nothing else can be written onto a record.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from connector.domain.entities import Kind


class When(StrEnum):
    """When a difference between target and CRM is worth a write; what we write stands still."""

    CHANGED = "changed"  # any difference
    MOVED = "moved"  # an amount past the policy's write tolerance, or the band changed
    BANDED = "banded"  # the decision's band changed: amounts that the clock moves
    ALONG = "along"  # only together with another change of the same record


@dataclass(frozen=True, slots=True)
class CreditField:
    """One credit field.

    `adopts` marks fields whose value in the CRM at first contact is taken over (limit, grade,
    hold) instead of being overwritten.
    """

    name: str
    kind: Kind
    scale: int
    meaning: str
    label_en: str
    label_zh: str
    when: When = When.CHANGED
    adopts: bool = False


CREDIT_FIELDS: dict[str, CreditField] = {
    field.name: field
    for field in (
        CreditField("score", Kind.QUANTITY, 0, "score, 0–100", "Credit score", "信用评分"),
        CreditField(
            "grade",
            Kind.TEXT,
            0,
            "grade of the policy's scale",
            "Credit grade",
            "信用等级",
            adopts=True,
        ),
        CreditField("colour", Kind.TEXT, 0, "green, amber, red or grey", "Credit light", "信用灯"),
        CreditField(
            "hold",
            Kind.FLAG,
            0,
            "new orders should be held",
            "Credit hold",
            "信用冻结",
            adopts=True,
        ),
        CreditField(
            "flags",
            Kind.TEXT,
            0,
            "codes of the open flags, sorted, separated by ;",
            "Credit flags",
            "信用预警",
        ),
        CreditField(
            "reasons",
            Kind.TEXT,
            0,
            "JSON list of the top reasons: code and parameters",
            "Credit reasons (data)",
            "信用原因(数据)",
            when=When.ALONG,
        ),
        CreditField(
            "reason_text",
            Kind.TEXT,
            0,
            "the top reasons in words, in the company's language",
            "Credit reasons",
            "信用原因",
            when=When.ALONG,
        ),
        CreditField(
            "limit",
            Kind.MONEY,
            2,
            "approved limit; empty unless the state is amount",
            "Credit limit",
            "信用额度",
            adopts=True,
        ),
        CreditField(
            "limit_state",
            Kind.TEXT,
            0,
            "none, cash_only, unlimited or amount",
            "Credit limit state",
            "额度状态",
            adopts=True,
        ),
        CreditField(
            "proposed_limit",
            Kind.MONEY,
            2,
            "the engine's proposal",
            "Proposed credit limit",
            "建议额度",
            when=When.MOVED,
        ),
        CreditField(
            "exposure",
            Kind.MONEY,
            2,
            "net exposure",
            "Credit exposure",
            "信用敞口",
            when=When.MOVED,
        ),
        CreditField(
            "available",
            Kind.MONEY,
            2,
            "approved limit less net exposure",
            "Available credit",
            "可用信用",
            when=When.MOVED,
        ),
        CreditField(
            "overdue",
            Kind.MONEY,
            2,
            "past due amount",
            "Overdue amount",
            "逾期金额",
            when=When.BANDED,
        ),
        CreditField(
            "ageing",
            Kind.TEXT,
            0,
            "JSON object: what is owed by days past due, bucket and amount",
            "Credit ageing (data)",
            "账龄(数据)",
            when=When.BANDED,
        ),
        CreditField(
            "oldest_due_date",
            Kind.DATE,
            0,
            "due date of the oldest open undisputed item",
            "Oldest due date",
            "最早到期日",
        ),
        CreditField(
            "next_review", Kind.DATE, 0, "next credit review", "Next credit review", "下次复审日"
        ),
        CreditField(
            "currency", Kind.TEXT, 0, "currency of these amounts", "Credit currency", "信用币种"
        ),
    )
}
"""Credit fields by name, in the order in which a panel shows them."""
