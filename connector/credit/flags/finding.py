"""What a flag is given, and the one form in which it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import ibis
import ibis.expr.types as ir

from connector.credit.expressions import (
    MONEY,
    decimal_text,
    exact,
    exact_money,
    json_object,
    when,
)
from connector.credit.metrics.labels import figure
from connector.credit.policy.document import FlagDoc, FlagStepDoc, PolicyDoc
from connector.domain.metrics import Unit

FINDING_COLUMNS = (
    "party_id", "selling_company", "code", "severity", "value", "threshold", "amount", "params",
)  # fmt: skip


Owner = Literal["sales", "credit", "finance", "management"]
"""Whose job a flag is."""


@dataclass(frozen=True)
class FlagCard:
    """What a flag is, apart from its figures, which stand in the policy.

    `evidence`: kind of documents that support it (`reasons.evidence`), "" for none. `name`, `text`,
    `playbook` (what the owner does) and `closes` (when it goes by itself) are English templates;
    their Chinese stands in the domain's texts. `customer` is what may be said to the customer
    himself; "" is never told, as is right for all that others told us. `text` may use `threshold`
    and the parameters that the flag gives, none of which moves with the clock.
    """

    code: str
    unit: Unit
    owner: Owner
    name: str
    text: str
    playbook: str
    closes: str
    evidence: str = ""
    customer: str = ""


@dataclass(frozen=True)
class FlagContext:
    """`parties`: one row a (party, selling company) with every metric; `items`: open items."""

    parties: ir.Table
    items: ir.Table
    rule: FlagDoc
    as_of: Any = None
    policy: PolicyDoc | None = None


def floor_of(parties: ir.Table, rule: FlagDoc) -> Any:
    """Materiality floor in policy currency: the larger of amount and share of the receivables."""
    amount = exact_money(rule.materiality.amount)
    share = exact(rule.materiality.share)
    relative = (parties.open_receivables.cast("decimal(28, 10)") * share).cast(MONEY)
    return ibis.greatest(amount, relative)


def reached(value: Any, steps: Sequence[FlagStepDoc]) -> tuple[Any, Any]:
    """Severity and threshold of the highest step that the value exceeds; null below the first."""
    falling = list(reversed(steps))
    severity = when(
        *(
            (value > exact(step.above), ibis.literal(step.severity, type="int64"))
            for step in falling
        )
    )
    threshold = when(*((value > exact(step.above), exact(step.above)) for step in falling))
    return severity, threshold


def threshold_figure(threshold: Any, steps: Sequence[FlagStepDoc], unit: Unit) -> Any:
    """The threshold as shown to people: 25 %, 30 d."""
    return when(*((threshold == exact(step.above), figure(step.above, unit)) for step in steps))


def answer(
    parties: ir.Table,
    card: FlagCard,
    rule: FlagDoc,
    *,
    value: Any,
    amount: Any,
    params: Mapping[str, Any] | None = None,
    only: Any = None,
) -> ir.Table:
    """Rows of the parties whose value passed a step and whose amount reaches the floor.

    `params` fill the text and must not move with the clock; `threshold` is added to them.
    """
    severity, threshold = reached(value, rule.steps)
    t = parties.select(
        "party_id", "selling_company",
        severity=severity, passed=threshold, measured=value, concerned=amount.cast(MONEY),
        floor=floor_of(parties, rule), counts=ibis.literal(True) if only is None else only,
        **{f"param_{name}": text for name, text in (params or {}).items()},
    )  # fmt: skip
    t = t.filter(t.severity.notnull(), t.concerned >= t.floor, t.concerned > 0, t.counts)
    shown = threshold_figure(t.passed, rule.steps, card.unit)
    members = {name: t[f"param_{name}"] for name in params or {}}
    return t.select(
        "party_id", "selling_company", "severity",
        code=ibis.literal(card.code), value=decimal_text(t.measured.cast("decimal(18, 6)")),
        threshold=decimal_text(t.passed), amount=t.concerned,
        params=json_object({**members, "threshold": shown}),
    ).select(*FINDING_COLUMNS)  # fmt: skip


def no_findings(parties: ir.Table) -> ir.Table:
    """The answer of a policy that switches every flag off."""
    kinds = {
        "code": "string", "severity": "int64", "value": "string", "threshold": "string",
        "amount": MONEY, "params": "string",
    }  # fmt: skip
    nothing = {name: ibis.null(kind) for name, kind in kinds.items()}
    return (
        parties.limit(0).select("party_id", "selling_company", **nothing).select(*FINDING_COLUMNS)
    )
