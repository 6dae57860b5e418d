"""What the engine says about a party, as tables.

A decision is one row for each (party, selling company); `selling_company` is "" for the total over
all selling companies, which is the row that is written back. Its metrics stand beside it, one
typed column each; its flags, reasons, points, documents and breakdowns are long tables, never
arrays. All amounts stand in `currency`, the policy currency.
"""

from __future__ import annotations

from connector.domain.entities import Column, Entity, Kind
from connector.domain.metrics import METRICS

TOTAL = ""
"""The `selling_company` of the row that sums over all of them."""

GREEN, AMBER, RED, GREY = "green", "amber", "red", "grey"
COLOURS = (GREEN, AMBER, RED, GREY)
"""Green: sell; amber: look; red: hold or stop; grey: not enough is known."""

_KEY = (
    Column("party_id", Kind.TEXT, "the legal entity", required=True),
    Column("selling_company", Kind.TEXT, '"" = the total', required=True),
)

DECISION = Entity(
    "decision",
    (
        *_KEY,
        Column("as_of", Kind.DATE, "valuation date", required=True),
        Column("currency", Kind.TEXT, "policy currency of every amount", required=True),
        Column("party_kind", Kind.TEXT, "company, sole_trader, public_body", required=True),
        Column("score", Kind.QUANTITY, "Σ points, 0–100, half-up; null below minimum coverage"),
        Column("coverage", Kind.RATE, "weight of assessed characteristics, 0–1", required=True),
        Column("grade", Kind.TEXT, "band of the score, or the hard stop's grade; null = unrated"),
        Column("hard_stop", Kind.TEXT, "code of the hard stop that set the grade"),
        Column("colour", Kind.TEXT, "green, amber, red or grey", required=True),
        Column("hold", Kind.FLAG, "recommendation to hold new orders", required=True),
        Column("gross_exposure", Kind.MONEY, "receivables, orders, deliveries, unposted billing"),
        Column("net_exposure", Kind.MONEY, "gross less cash, credit notes, order prepayments"),
        Column("open_receivables", Kind.MONEY, "open posted invoices"),
        Column("overdue", Kind.MONEY, "past due part of the open invoices, disputed included"),
        Column("oldest_due_date", Kind.DATE, "due date of the oldest open undisputed item"),
        Column("approved_state", Kind.TEXT, "none, cash_only, unlimited, amount", required=True),
        Column("approved_amount", Kind.MONEY, "approved limit when state is amount"),
        Column("approved_source", Kind.TEXT, "inherited, policy, person, file; null when none"),
        Column("approved_valid_to", Kind.DATE, "last day of the approved limit"),
        Column("proposed_state", Kind.TEXT, "none, cash_only, amount, manual", required=True),
        Column("proposed_amount", Kind.MONEY, "proposed limit when state is amount"),
        Column("binding_cap", Kind.TEXT, "the cap or method that set the proposal"),
        Column("available", Kind.MONEY, "approved less net exposure; null when none or unlimited"),
        Column("utilisation", Kind.RATE, "net exposure ÷ approved; null when undefined"),
        Column(
            "band",
            Kind.COUNT,
            "policy thresholds reached: 100 × those of utilisation + those of the overdue ratio",
            required=True,
        ),
        Column("terms_days", Kind.COUNT, "agreed terms; null = unknown"),
        Column("next_review", Kind.DATE, "when the decision is due for review"),
        Column("grade_by", Kind.TEXT, "score, hard_stop, country, group_support, group_drag"),
        Column("allowed_terms_days", Kind.COUNT, "longest terms of the grade; 0 = prepayment"),
        Column("deposit_share", Kind.RATE, "part of an order to be paid before delivery"),
        Column("action", Kind.TEXT, "what to do to prevent a loss; null = nothing"),
        Column("action_owner", Kind.TEXT, "sales, credit, finance or management"),
        Column("action_due", Kind.DATE, "until when"),
        Column("decision_hash", Kind.TEXT, "digest of content, policy and engine", required=True),
    ),
)
REASON = Entity(
    "reason",
    (
        *_KEY,
        Column("rank", Kind.COUNT, "1 = first", required=True),
        Column("source", Kind.TEXT, "hard_stop, flag, characteristic, grade, cap, limit", True),
        Column("code", Kind.TEXT, "reason code; texts are keyed by it", required=True),
        Column("metric", Kind.TEXT, "metric it rests on"),
        Column("value", Kind.TEXT, "value of the metric, canonical text"),
        Column("points", Kind.QUANTITY, "points received"),
        Column("points_lost", Kind.QUANTITY, "points of the best bin less points received"),
        Column("params", Kind.TEXT, "JSON object that fills the text", required=True),
        Column("remedy", Kind.TEXT, "remedy code; null when nothing helps"),
        Column("remedy_params", Kind.TEXT, "JSON object that fills and defines the remedy"),
    ),
)
FLAG = Entity(
    "flag",
    (
        *_KEY,
        Column("code", Kind.TEXT, "flag code", required=True),
        Column("severity", Kind.COUNT, "1 notice, 2 warning, 3 severe", required=True),
        Column("since", Kind.DATE, "first day of the present episode", required=True),
        Column("value", Kind.TEXT, "measured value, canonical text"),
        Column("threshold", Kind.TEXT, "threshold it passed, canonical text"),
        Column("amount", Kind.MONEY, "amount concerned, in policy currency"),
        Column("params", Kind.TEXT, "JSON object that fills the text", required=True),
    ),
)
METRIC = Entity("metric", (*_KEY, *(metric.column for metric in METRICS.values())))
"""One row a (party, selling company), one column a metric; null = unknown."""

BREAKDOWN = Entity(
    "breakdown",
    (
        *_KEY,
        Column("dimension", Kind.TEXT, "ageing, product_line, region, currency, …", required=True),
        Column("member", Kind.TEXT, '"" = unassigned; of the ageing: current, 1_30, over_120, …'),
        Column("place", Kind.COUNT, "order in which the members are shown", required=True),
        Column("amount", Kind.MONEY, "open receivables"),
        Column("overdue", Kind.MONEY, "past due part of them"),
        Column("exposure", Kind.MONEY, "exposure"),
        Column("sales", Kind.MONEY, "credit sales of the last twelve months"),
    ),
)
"""What a figure consists of; a member without a row has nothing of it."""

POINTS = Entity(
    "points",
    (
        *_KEY,
        Column("characteristic", Kind.TEXT, "name in the scorecard", required=True),
        Column("metric", Kind.TEXT, "metric it reads", required=True),
        Column("value", Kind.TEXT, "canonical text; null = not assessed"),
        Column("bin", Kind.TEXT, "label of the bin hit", required=True),
        Column("points", Kind.QUANTITY, "points received; null = not assessed"),
        Column("best", Kind.QUANTITY, "points of the best bin", required=True),
    ),
)
EVIDENCE = Entity(
    "evidence",
    (
        *_KEY,
        Column("code", Kind.TEXT, "reason or flag code it supports", required=True),
        Column("entity", Kind.TEXT, "entity of the document", required=True),
        Column("connection", Kind.TEXT, "where the document lives", required=True),
        Column("record_id", Kind.TEXT, "record id there", required=True),
        Column("number", Kind.TEXT, "document number"),
        Column("currency", Kind.TEXT, "document currency"),
        Column("amount", Kind.MONEY, "amount concerned in document currency"),
        Column("due_date", Kind.DATE, "due date, where it has one"),
    ),
)

DECISION_TABLES: dict[str, Entity] = {
    entity.name: entity for entity in (DECISION, REASON, FLAG, METRIC, BREAKDOWN, POINTS, EVIDENCE)
}
"""Everything `decide` puts out, by name."""
