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
from connector.credit.reasons.cheapest import cheapest_way, cost_of
from connector.credit.reasons.papers import paper_cells
from connector.credit.reasons.speaker import Amounts, Block, Speaker, lines_of
from connector.credit.reasons.wording import closed_up, remedy_text, spoken
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
        _way_back(rows["reason"], decision, speaker),
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
        left = decision["available"]
        words = "Available" if left is None or left >= 0 else "Above the limit by"
        rows.append((speaker.say(words), speaker.money(None if left is None else abs(left))))
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
            told = speaker.say(flag_card(row["code"]).customer, **params)
            rows.append((closed_up(told),))
    return Block(speaker.say("What we noticed"), tuple(rows))


def _way_back(
    reasons: Sequence[Mapping[str, Any]], decision: Mapping[str, Any], speaker: Speaker
) -> Block:
    """The cheapest way that is the customer's; else of each kind the one that goes furthest."""
    own = [row for row in reasons if row["remedy"] in CUSTOMERS_WAYS]
    least = cheapest_way(own, decision)
    furthest: dict[str, Mapping[str, Any]] = {}
    for row in sorted(own, key=lambda r: (cost_of(r), r["rank"])):
        furthest[row["remedy"]] = row
    rows = [(_way(row, speaker),) for row in ([least] if least else furthest.values())]
    return Block(speaker.say("What would help"), tuple(rows))


def _way(row: Mapping[str, Any], speaker: Speaker) -> str:
    params = {k: v for k, v in json.loads(row["remedy_params"]).items() if k != "result"}
    shown = {
        key: speaker.money(params[key], params.get("currency"))
        for key in ("amount", "total")
        if params.get(key) is not None
    }
    return remedy_text(row["remedy"], params, speaker.language, shown)


def _papers(evidence: Sequence[Mapping[str, Any]], speaker: Speaker) -> Block:
    rows: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for row in evidence:
        if row["entity"] in OWN_PAPERS and row["code"] in told_flags():
            key = (row["entity"], row["connection"], row["record_id"])
            rows.setdefault(key, paper_cells(row, speaker))
    return Block(speaker.say("Documents"), tuple(rows.values()))
