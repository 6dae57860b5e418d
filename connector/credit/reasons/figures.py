"""The blocks of an explanation that are figures: score, limit, metrics by group, breakdowns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.credit.reasons import wording
from connector.credit.reasons.notes import NOTES
from connector.credit.reasons.speaker import Block, Speaker
from connector.credit.reasons.wording import read_object
from connector.domain import metrics
from connector.domain.metrics import METRICS

EXPOSURE = (
    "open_receivables", "open_orders", "unbilled_deliveries", "unposted_billing",
    "gross_exposure", "unapplied_cash", "open_credit_notes", "order_prepayments", "net_exposure",
)  # fmt: skip
PAYING = (
    "overdue", "disputed", "overdue_ratio", "oldest_due_date", "dso", "dso_countback",
    "days_to_pay", "dbt", "dbt_with_open", "dbt_trend",
)  # fmt: skip
ALWAYS = ("net_exposure", "overdue")
"""Metrics that are shown even when they are 0."""

SHARED = (
    "no_statement", "statement_stale", "statement_suspect", "not_in_statement",
    "no_bureau_report", "not_in_bureau_report", "one_bureau_report",
)  # fmt: skip
"""Notes that tell of many figures at once why they are unknown."""

MOST_UNKNOWN = 8
STAGES = (
    "guarantee_expiry_stage", "insurance_report_stage", "bill_stage", "limit_expiry_stage",
    "agreement_expiry_stage", "payment_change", "statement_stale", "statement_suspect",
    "bureau_fell_below", "event_severity", "failure_zone",
)  # fmt: skip
"""Metrics that are codes; their flags say in words what they mean."""

FURTHER: tuple[tuple[str, tuple[metrics.Metric, ...]], ...] = (
    ("Collateral and insurance", metrics.COLLATERAL),
    ("Bills", metrics.BILLS),
    ("What could be lost", (*metrics.LOSS, *metrics.AFTER_GRADE)),
    ("Promises, disputes and habits", metrics.CONDUCT),
    ("Orders", metrics.BUYING),
    ("Group", metrics.GROUP),
    ("Bureaus, references and events", metrics.OTHERS_VIEW),
    ("Financial statements", metrics.STATEMENTS),
)
"""Groups of metrics that only some customers have, with their titles."""

DIMENSIONS: tuple[tuple[str, str], ...] = (
    ("product_line", "By product line"),
    ("region", "By region"),
    ("market", "By market"),
    ("currency", "By currency"),
)
"""Breakdowns that are shown when there is more than one member."""


def score_block(
    decision: Mapping[str, Any], points: Sequence[Mapping[str, Any]],
    reasons: Sequence[Mapping[str, Any]], speaker: Speaker,
) -> Block:  # fmt: skip
    """The score point by point, and how much of the scorecard could be assessed."""
    labels = {row["code"]: read_object(row["params"]) for row in reasons}
    rows: list[tuple[str, ...]] = [
        tuple(speaker.say(t) for t in ("Characteristic", "Value", "Bin", "Points", "of", "Lost"))
    ]
    for row in points:
        metric = METRICS[row["metric"]]
        label = labels.get(row["characteristic"], {}).get(f"label_{speaker.language}")
        shown = wording.spoken_figure(row["bin"], speaker.language)
        if row["bin"] == "not_assessed":
            shown = speaker.say("not assessed")
        got = "–" if row["points"] is None else f"{row['points']:.0f}"
        lost = "–" if row["points"] is None else f"{row['best'] - row['points']:.0f}"
        rows.append(
            (label or speaker.say(metric.label), speaker.value(row["value"], metric.unit),
             shown, got, f"{row['best']:.0f}", lost)
        )  # fmt: skip
    total = "–" if decision["score"] is None else f"{decision['score']:.0f}"
    rows.append((speaker.say("Score"), "", "", total, "100", ""))
    known = speaker.value(str(decision["coverage"]), "ratio")
    return Block(speaker.say("How the score adds up ({known} assessed)", known=known), tuple(rows))


def limit_block(
    decision: Mapping[str, Any], reasons: Sequence[Mapping[str, Any]], speaker: Speaker
) -> Block:
    """Limit in force, what is left, the proposal, what set it, and the terms that are allowed."""
    approved = _state(decision, "approved", speaker)
    rows: list[tuple[str, ...]] = [(speaker.say("Approved limit"), approved)]
    if decision["approved_valid_to"]:
        rows.append((speaker.say("Valid to"), str(decision["approved_valid_to"])))
    if decision["available"] is not None:
        rows.append((speaker.say("Available"), speaker.money(decision["available"])))
    if decision["utilisation"] is not None:
        used = speaker.value(str(decision["utilisation"]), "ratio")
        rows.append((speaker.say("Use of the limit"), used))
    rows.append((speaker.say("Proposed limit"), _state(decision, "proposed", speaker)))
    if decision["allowed_terms_days"] is not None:
        days = speaker.value(decision["allowed_terms_days"], "days")
        rows.append((speaker.say("Longest terms allowed"), days))
    if decision["deposit_share"]:
        rows.append((speaker.say("Deposit"), speaker.value(decision["deposit_share"], "ratio")))
    for row in reasons:
        if row["source"] in ("cap", "limit"):
            params = read_object(row["params"])
            text = wording.reason_text(row["code"], params, speaker.language)
            rows.append((speaker.say("Because"), text))
    return Block(speaker.say("Limit"), tuple(rows))


def _state(decision: Mapping[str, Any], which: str, speaker: Speaker) -> str:
    state = decision[f"{which}_state"]
    if state == "amount":
        return speaker.money(decision[f"{which}_amount"])
    texts = {
        "none": "none set", "cash_only": "cash only", "unlimited": "unlimited",
        "manual": "a person has to decide",
    }  # fmt: skip
    return speaker.say(texts[state])


def figure_block(
    title: str, names: Sequence[str], figures: Mapping[str, Any], notes: Mapping[str, str],
    speaker: Speaker,
) -> Block:  # fmt: skip
    """Metrics by name; one without a value is left out unless it is told why."""
    rows: list[tuple[str, ...]] = []
    unknown: dict[str, list[str]] = {}
    for name in names:
        note = notes.get(name, "")
        if not figures.get(name) and not note and name not in ALWAYS:
            continue
        metric = METRICS[name]
        label = speaker.say(metric.label)
        if note in SHARED and figures.get(name) is None:
            unknown.setdefault(note, []).append(label)
            continue
        cells = (label, speaker.value(figures.get(name), metric.unit))
        rows.append((*cells, speaker.say(NOTES[note])) if note else cells)
    rows += [_unknown(note, labels, speaker) for note, labels in unknown.items()]
    return Block(speaker.say(title), tuple(rows) if figures else ())


def _unknown(note: str, labels: Sequence[str], speaker: Speaker) -> tuple[str, ...]:
    """Figures that are unknown for one reason, in one line; many are not listed."""
    why = speaker.say(NOTES[note])
    if len(labels) > MOST_UNKNOWN:
        return (speaker.say("{n} figures unknown: {why}", n=len(labels), why=why),)
    between = "、" if speaker.language == "zh" else ", "
    return (speaker.say("Unknown: {labels} ({why})", labels=between.join(labels), why=why),)


def ageing_block(breakdown: Sequence[Mapping[str, Any]], speaker: Speaker) -> Block:
    """What is owed by days past due; nothing to show when nothing is owed."""
    found = [row for row in breakdown if row["dimension"] == "ageing"]
    found.sort(key=lambda row: row["place"])
    rows = [(_bucket(row["member"], speaker), speaker.money(row["amount"])) for row in found]
    owed = any(row["amount"] for row in found)
    return Block(speaker.say("Ageing, days past due"), tuple(rows) if owed else ())


def _bucket(member: str, speaker: Speaker) -> str:
    """A bucket in words."""
    first, *last = member.split("_")
    if first == "current":
        return speaker.say("Not yet due")
    if first == "over":
        return speaker.say("more than {days}", days=last[0])
    return f"{first} – {last[0]}"


def further_blocks(
    figures: Mapping[str, Any], notes: Mapping[str, str], speaker: Speaker
) -> list[Block]:
    """Every further group of which something is known."""
    return [
        figure_block(
            title, [m.name for m in group if m.name not in STAGES], figures, notes, speaker
        )
        for title, group in FURTHER
        if any(figures.get(metric.name) for metric in group)
    ]


def breakdown_blocks(breakdown: Sequence[Mapping[str, Any]], speaker: Speaker) -> list[Block]:
    """Receivables, overdue part and sales by line of business, where there are several."""
    blocks = []
    for dimension, title in DIMENSIONS:
        found = [row for row in breakdown if row["dimension"] == dimension]
        if len(found) < 2:
            continue
        found.sort(key=lambda row: (-row["amount"], row["member"]))
        rows = [tuple(speaker.say(text) for text in ("", "Open", "Overdue", "Sales"))]
        for row in found:
            member = speaker.say("unassigned") if row["member"] == "" else row["member"]
            parts = (row["amount"], row["overdue"], row["sales"])
            rows.append((member, *(speaker.money(part) for part in parts)))
        blocks.append(Block(speaker.say(title), tuple(rows)))
    return blocks
