"""What may be said to the customer himself: his own documents, his limit, and the way back.

Nothing that others told us stands in it: no bureau, insurer, guarantor or group, no score, no
grade, no note of ours. A flag is told only when its card has a sentence for the customer, and a way
back only when it is the customer who can go it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from connector.credit.flags import FLAGS, flag_card
from connector.credit.reasons.speaker import Amounts, Block, Speaker, lines_of
from connector.credit.reasons.wording import remedy_text, spoken
from connector.domain.decision import TOTAL
from connector.domain.metrics import METRICS
from connector.domain.texts import Language

FIGURES = ("open_receivables", "overdue", "disputed", "unapplied_cash", "open_credit_notes")
"""Metrics of the customer's own documents."""

OWN_PAPERS = ("invoice", "payment", "credit_note", "order", "promise", "dispute")
"""Entities of which the customer knows as well as we do."""

CUSTOMERS_WAYS = ("pay_items", "reduce_exposure", "resolve_disputes")
"""Ways back that the customer can go."""


def write_letter(
    tables: Mapping[str, pa.Table], language: Language, amounts: Amounts = "one", name: str = ""
) -> list[str]:
    """The explanation of one party as it may be told to the party, as lines of plain text."""
    rows = {
        key: _total(tables[key]) for key in ("decision", "reason", "flag", "metric", "evidence")
    }
    (decision,) = rows["decision"]
    speaker = Speaker(language, decision["currency"], amounts)
    blocks = (
        _opening(decision, speaker, name),
        _standing(rows["metric"], speaker),
        _noticed(rows["flag"], speaker),
        _way_back(rows["reason"], speaker),
        _papers(rows["evidence"], speaker),
    )
    return lines_of([block for block in blocks if block.rows])


_TABLES = ("decision", "reason", "flag", "metric", "evidence")


def told_flags() -> tuple[str, ...]:
    """Codes of the flags that a customer may be told of."""
    return tuple(code for code in FLAGS if flag_card(code).customer)


def _total(table: pa.Table) -> list[dict[str, Any]]:
    return [row for row in table.to_pylist() if row["selling_company"] == TOTAL]


def _opening(decision: Mapping[str, Any], speaker: Speaker, name: str) -> Block:
    title = speaker.say("{name}: account as of {as_of}", name=name, as_of=decision["as_of"])
    rows: list[tuple[str, ...]] = []
    if decision["approved_state"] == "amount":
        limit = speaker.money(decision["approved_amount"])
        rows.append((speaker.say("Approved limit"), limit))
        rows.append((speaker.say("Available"), speaker.money(decision["available"])))
    elif decision["approved_state"] == "cash_only":
        rows.append((speaker.say("Deliveries against payment in advance."),))
    if decision["hold"]:
        rows.append((speaker.say("New orders wait until this is settled."),))
    return Block(title, tuple(rows or [(speaker.say("Orders may go on."),)]))


def _standing(metrics: Sequence[Mapping[str, Any]], speaker: Speaker) -> Block:
    found = metrics[0] if metrics else {}
    rows = []
    for metric in (METRICS[name] for name in FIGURES if found.get(name)):
        rows.append((speaker.say(metric.label), speaker.money(found[metric.name])))
    return Block(speaker.say("What is open"), tuple(rows))


def _noticed(flags: Sequence[Mapping[str, Any]], speaker: Speaker) -> Block:
    rows = []
    for row in sorted(flags, key=lambda r: (-r["severity"], r["code"])):
        if row["code"] in told_flags():
            params = spoken(json.loads(row["params"]), speaker.language)
            rows.append((speaker.say(flag_card(row["code"]).customer, **params),))
    return Block(speaker.say("What we noticed"), tuple(rows))


def _way_back(reasons: Sequence[Mapping[str, Any]], speaker: Speaker) -> Block:
    rows: list[tuple[str, ...]] = []
    for row in sorted(reasons, key=lambda r: r["rank"]):
        if row["remedy"] in CUSTOMERS_WAYS:
            params = {k: v for k, v in json.loads(row["remedy_params"]).items() if k != "result"}
            shown = {
                key: speaker.money(params[key], params.get("currency"))
                for key in ("amount", "total")
                if params.get(key) is not None
            }
            text = remedy_text(row["remedy"], params, speaker.language, shown)
            if (text,) not in rows:
                rows.append((text,))
    return Block(speaker.say("What would help"), tuple(rows))


def _papers(evidence: Sequence[Mapping[str, Any]], speaker: Speaker) -> Block:
    rows: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for row in evidence:
        if row["entity"] in OWN_PAPERS and row["code"] in told_flags():
            key = (row["entity"], row["connection"], row["record_id"])
            due = speaker.say("due {day}", day=row["due_date"]) if row["due_date"] else ""
            amount = speaker.money(row["amount"], row["currency"])
            rows.setdefault(key, (row["number"] or row["record_id"], amount, due))
    return Block(speaker.say("Documents"), tuple(rows.values()))
