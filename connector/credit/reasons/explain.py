"""A decision in words: for the account's file as lines, for the CRM's field as a few sentences.

Everything comes from the decision tables of one party; nothing is computed again. English or
Chinese; amounts by the reader's conventions, dates as ISO.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
from babel.numbers import format_currency

from connector.credit.reasons import wording
from connector.credit.reasons.notes import NOTES, notes_of
from connector.domain.decision import TOTAL
from connector.domain.metrics import METRICS, Unit
from connector.domain.texts import Language, say

MOST_TEXT = 255
"""Length of the reason text field that any CRM grants."""

_LOCALES: dict[Language, str] = {"en": "en_US", "zh": "zh_CN"}
_EXPOSURE = (
    "open_receivables", "open_orders", "unbilled_deliveries", "unposted_billing",
    "gross_exposure", "unapplied_cash", "open_credit_notes", "order_prepayments", "net_exposure",
)  # fmt: skip
_BEHAVIOUR = (
    "overdue", "disputed", "overdue_ratio", "oldest_due_date", "dso", "dso_countback",
    "days_to_pay", "dbt", "dbt_with_open", "dbt_trend",
)  # fmt: skip
_LIGHTS = {"green": "green", "amber": "amber", "red": "red", "grey": "grey"}


@dataclass(frozen=True, slots=True)
class Block:
    """A titled part of an explanation; rows are cells of a table or single sentences."""

    title: str
    rows: tuple[tuple[str, ...], ...]


def reason_lines(rows: Sequence[Mapping[str, Any]], language: Language, most: int = 3) -> list[str]:
    """The first reasons as short plain sentences, at most 255 characters when joined by spaces.

    A sentence that does not fit any more is left out whole; the first is cut only if it alone is
    too long. `rows`: reason rows of one party with rank, code and params.
    """
    lines: list[str] = []
    left = MOST_TEXT
    for row in sorted(rows, key=lambda r: r["rank"])[:most]:
        text = wording.reason_text(row["code"], _object(row["params"]), language)
        if text in lines:
            continue
        if len(text) > left:
            if lines:
                break
            text = text[: left - 1] + "…"
        lines.append(text)
        left -= len(text) + 1
    return lines


def flag_line(code: str, params: Mapping[str, Any], language: Language) -> str:
    """One sentence about a flag, for the subject of a task."""
    return wording.flag_text(code, params, language)


def explain(tables: Mapping[str, pa.Table], language: Language = "en", name: str = "") -> list[str]:
    """The whole explanation of one party as lines of plain text."""
    lines: list[str] = []
    for block in explain_blocks(tables, language, name):
        if lines:
            lines.append("")
        lines.append(block.title)
        lines += _aligned(block.rows)
    return lines


def explain_blocks(
    tables: Mapping[str, pa.Table], language: Language = "en", name: str = ""
) -> list[Block]:
    """Headline, reasons, score, limit, exposure, ageing, flags and the documents behind them.

    Decisions that an older version took have no figures; they are explained without.
    """
    rows = {key: _total(table) for key, table in tables.items() if key in _TABLES}
    (decision,) = rows["decision"]
    speaker = _Speaker(language, decision["currency"])
    figures = rows["metric"][0] if rows["metric"] else {}
    notes = notes_of(figures, decision["approved_state"])
    blocks = [
        _headline(decision, speaker, name),
        _reasons(rows["reason"], speaker),
        _score(decision, rows["points"], rows["reason"], speaker),
        _limit(decision, rows["reason"], speaker),
        _figures("Exposure", _EXPOSURE, figures, notes, speaker),
        _figures("Receivables and payment", _BEHAVIOUR, figures, notes, speaker),
        _ageing(rows["breakdown"], speaker),
        _flags(rows["flag"], speaker),
        _documents(rows["evidence"], speaker),
    ]
    return [block for block in blocks if block.rows]


_TABLES = ("decision", "reason", "flag", "metric", "breakdown", "points", "evidence")


def _total(table: pa.Table) -> list[dict[str, Any]]:
    return [row for row in table.to_pylist() if row["selling_company"] == TOTAL]


def _object(text: str | None) -> dict[str, Any]:
    return dict(json.loads(text)) if text else {}


@dataclass(frozen=True, slots=True)
class _Speaker:
    language: Language
    currency: str

    def say(self, template: str, **params: object) -> str:
        return say(template, self.language, **params)

    def money(self, amount: Decimal | str | None, currency: str | None = None) -> str:
        if amount is None:
            return "–"
        shown = format_currency(
            Decimal(amount), currency or self.currency, locale=_LOCALES[self.language]
        )
        return str(shown)

    def value(self, figure: object, unit: Unit) -> str:
        """A metric's value, or its canonical text, by its unit."""
        if figure is None:
            return "–"
        text = str(figure)
        if unit == "money":
            return self.money(text)
        if unit == "ratio":
            return f"{(Decimal(text) * 100).quantize(Decimal('0.1')).normalize():f} %"
        if unit == "days":
            return f"{Decimal(text).quantize(Decimal('0.1')).normalize():f} {self.say('days')}"
        if unit == "number":
            return f"{Decimal(text).quantize(Decimal('0.01')).normalize():f}"
        return text


def _headline(decision: Mapping[str, Any], speaker: _Speaker, name: str) -> Block:
    light = speaker.say(_LIGHTS[decision["colour"]])
    score = "–" if decision["score"] is None else f"{decision['score']:.0f}"
    title = speaker.say(
        "{name}: {light}, grade {grade}, score {score} (as of {as_of})",
        name=name or decision["party_id"], light=light,
        grade=decision["grade"] or speaker.say("unrated"), score=score, as_of=decision["as_of"],
    )  # fmt: skip
    hold = "New orders should be held." if decision["hold"] else "Orders may go on."
    rows = [(speaker.say(hold),)]
    if decision["next_review"]:
        rows.append((speaker.say("Next review: {day}", day=decision["next_review"]),))
    return Block(title, tuple(rows))


def _reasons(reasons: Sequence[Mapping[str, Any]], speaker: _Speaker) -> Block:
    rows: list[tuple[str, ...]] = []
    for row in sorted(reasons, key=lambda r: r["rank"]):
        text = wording.reason_text(row["code"], _object(row["params"]), speaker.language)
        rows.append((f"{row['rank']}. {text}",))
        if row["remedy"]:
            rows.append((f"   → {_remedy(row, speaker)}",))
    return Block(speaker.say("Why, and what would help"), tuple(rows))


def _remedy(row: Mapping[str, Any], speaker: _Speaker) -> str:
    params = _object(row["remedy_params"])
    amounts = {
        key: speaker.money(params[key], params.get("currency"))
        for key in ("amount", "total")
        if params.get(key) is not None
    }
    return wording.remedy_text(row["remedy"], params, speaker.language, amounts)


def _score(
    decision: Mapping[str, Any], points: Sequence[Mapping[str, Any]],
    reasons: Sequence[Mapping[str, Any]], speaker: _Speaker,
) -> Block:  # fmt: skip
    labels = {row["code"]: _object(row["params"]) for row in reasons}
    rows: list[tuple[str, ...]] = [
        tuple(speaker.say(t) for t in ("Characteristic", "Value", "Bin", "Points", "of"))
    ]
    for row in points:
        metric = METRICS[row["metric"]]
        label = labels.get(row["characteristic"], {}).get(f"label_{speaker.language}")
        shown = speaker.say("not assessed") if row["bin"] == "not_assessed" else row["bin"]
        got = "–" if row["points"] is None else f"{row['points']:.0f}"
        rows.append(
            (label or speaker.say(metric.label), speaker.value(row["value"], metric.unit),
             shown, got, f"{row['best']:.0f}")
        )  # fmt: skip
    total = "–" if decision["score"] is None else f"{decision['score']:.0f}"
    rows.append((speaker.say("Score"), "", "", total, "100"))
    known = speaker.value(str(decision["coverage"]), "ratio")
    return Block(speaker.say("How the score adds up ({known} assessed)", known=known), tuple(rows))


def _limit(
    decision: Mapping[str, Any], reasons: Sequence[Mapping[str, Any]], speaker: _Speaker
) -> Block:
    approved = _state(decision, "approved", speaker)
    rows: list[tuple[str, ...]] = [(speaker.say("Approved limit"), approved)]
    if decision["approved_valid_to"]:
        rows.append((speaker.say("Valid to"), str(decision["approved_valid_to"])))
    rows.append((speaker.say("Available"), speaker.money(decision["available"])))
    used = decision["utilisation"]
    shown = None if used is None else str(used)
    rows.append((speaker.say("Use of the limit"), speaker.value(shown, "ratio")))
    rows.append((speaker.say("Proposed limit"), _state(decision, "proposed", speaker)))
    for row in reasons:
        if row["source"] in ("cap", "limit"):
            params = _object(row["params"])
            rows.append(("", wording.reason_text(row["code"], params, speaker.language)))
    return Block(speaker.say("Limit"), tuple(rows))


def _state(decision: Mapping[str, Any], which: str, speaker: _Speaker) -> str:
    state = decision[f"{which}_state"]
    if state == "amount":
        return speaker.money(decision[f"{which}_amount"])
    texts = {
        "none": "none set", "cash_only": "cash only", "unlimited": "unlimited",
        "manual": "a person has to decide",
    }  # fmt: skip
    return speaker.say(texts[state])


def _figures(
    title: str, names: Sequence[str], figures: Mapping[str, Any], notes: Mapping[str, str],
    speaker: _Speaker,
) -> Block:  # fmt: skip
    """Metrics by name; one without a value is left out unless it is told why."""
    rows = []
    for name in names:
        note = notes.get(name, "")
        if not figures.get(name) and not note and name not in ("net_exposure", "overdue"):
            continue
        metric = METRICS[name]
        cells = (speaker.say(metric.label), speaker.value(figures.get(name), metric.unit))
        rows.append((*cells, speaker.say(NOTES[note])) if note else cells)
    return Block(speaker.say(title), tuple(rows) if figures else ())


def _ageing(breakdown: Sequence[Mapping[str, Any]], speaker: _Speaker) -> Block:
    """What is owed by days past due; nothing to show when nothing is owed."""
    found = [row for row in breakdown if row["dimension"] == "ageing"]
    found.sort(key=lambda row: row["place"])
    rows = [(_bucket(row["member"], speaker), speaker.money(row["amount"])) for row in found]
    owed = any(row["amount"] for row in found)
    return Block(speaker.say("Ageing, days past due"), tuple(rows) if owed else ())


def _bucket(member: str, speaker: _Speaker) -> str:
    """A bucket in words."""
    first, *last = member.split("_")
    if first == "current":
        return speaker.say("Not yet due")
    if first == "over":
        return speaker.say("more than {days}", days=last[0])
    return f"{first} – {last[0]}"


def _flags(flags: Sequence[Mapping[str, Any]], speaker: _Speaker) -> Block:
    rows = []
    for row in sorted(flags, key=lambda r: (-r["severity"], r["code"])):
        text = wording.flag_text(row["code"], _object(row["params"]), speaker.language)
        since = speaker.say("since {day}", day=row["since"])
        rows.append((text, since, speaker.money(row["amount"])))
    return Block(speaker.say("Flags"), tuple(rows))


def _documents(evidence: Sequence[Mapping[str, Any]], speaker: _Speaker) -> Block:
    seen: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for row in evidence:
        key = (row["entity"], row["connection"], row["record_id"])
        due = speaker.say("due {day}", day=row["due_date"]) if row["due_date"] else ""
        amount = speaker.money(row["amount"], row["currency"])
        seen.setdefault(key, (row["number"] or row["record_id"], amount, due))
    return Block(speaker.say("Documents behind it"), tuple(seen.values()))


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Cells in columns; wide (Chinese) characters count double, as terminals show them."""
    columns = max((len(row) for row in rows), default=0)
    widths = [
        max((_width(row[n]) for row in rows if len(row) > n + 1), default=0) for n in range(columns)
    ]
    lines = []
    for row in rows:
        cells = [cell + " " * (widths[n] - _width(cell)) for n, cell in enumerate(row[:-1])]
        lines.append("  " + "  ".join([*cells, row[-1]]).rstrip())
    return lines


def _width(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)
