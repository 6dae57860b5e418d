"""A decision in words: for the account's file as lines, for the CRM's field as a few sentences.

Everything comes from the decision tables of one party; nothing is computed again. English or
Chinese; amounts by the reader's conventions, dates as ISO.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from connector.credit.reasons import figures, wording
from connector.credit.reasons.cheapest import cheapest_way
from connector.credit.reasons.notes import notes_of
from connector.credit.reasons.papers import paper_cells
from connector.credit.reasons.speaker import Amounts, Block, Speaker, lines_of
from connector.credit.reasons.wording import ACTION_TEXTS, OWNERS, SEVERITIES
from connector.domain.decision import TOTAL
from connector.domain.metrics import METRICS
from connector.domain.texts import Language

MOST_TEXT = 255
"""Length of the reason text field that any CRM grants."""

_LIGHTS = {"green": "green", "amber": "amber", "red": "red", "grey": "grey"}


def reason_lines(rows: Sequence[Mapping[str, Any]], language: Language, most: int = 3) -> list[str]:
    """The first reasons as short plain sentences, at most 255 characters when joined by spaces.

    A sentence that does not fit any more is left out whole; the first is cut only if it alone is
    too long. `rows`: reason rows of one party with rank, code and params.
    """
    lines: list[str] = []
    left = MOST_TEXT
    for row in sorted(rows, key=lambda r: r["rank"])[:most]:
        text = wording.reason_text(row["code"], wording.read_object(row["params"]), language)
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


def explain(
    tables: Mapping[str, pa.Table],
    language: Language = "en",
    name: str = "",
    amounts: Amounts = "one",
) -> list[str]:
    """The whole explanation of one party as lines of plain text."""
    return lines_of(explain_blocks(tables, language, name, amounts))


def explain_blocks(
    tables: Mapping[str, pa.Table],
    language: Language = "en",
    name: str = "",
    amounts: Amounts = "one",
) -> list[Block]:
    """Headline, reasons, flags, score, limit, figures by group, breakdowns.

    Decisions that an older version took have no figures; they are explained without.
    """
    rows = {key: _total(table) for key, table in tables.items() if key in _TABLES}
    (decision,) = rows["decision"]
    speaker = Speaker(language, decision["currency"], amounts)
    known = rows["metric"][0] if rows["metric"] else {}
    notes = notes_of(known, decision["approved_state"])
    blocks = [
        _headline(decision, speaker, name),
        _reasons(rows["reason"], rows["flag"], decision, speaker),
        *_flags(rows["flag"], rows["evidence"], known, speaker),
        figures.score_block(decision, rows["points"], rows["reason"], speaker),
        figures.limit_block(decision, rows["reason"], speaker),
        figures.figure_block("Exposure", figures.EXPOSURE, known, notes, speaker),
        figures.figure_block("Receivables and payment", figures.PAYING, known, notes, speaker),
        figures.ageing_block(rows["breakdown"], speaker),
        *figures.breakdown_blocks(rows["breakdown"], speaker),
        *figures.further_blocks(known, notes, speaker),
        _documents(rows["evidence"], {row["code"] for row in rows["flag"]}, speaker),
    ]
    return [block for block in blocks if block.rows]


_TABLES = ("decision", "reason", "flag", "metric", "breakdown", "points", "evidence")


def _total(table: pa.Table) -> list[dict[str, Any]]:
    return [row for row in table.to_pylist() if row["selling_company"] == TOTAL]


def _headline(decision: Mapping[str, Any], speaker: Speaker, name: str) -> Block:
    light = speaker.say(_LIGHTS[decision["colour"]])
    score = "–" if decision["score"] is None else f"{decision['score']:.0f}"
    title = speaker.say(
        "{name}: {light}, grade {grade}, score {score} (as of {as_of})",
        name=name or decision["party_id"], light=light,
        grade=decision["grade"] or speaker.say("unrated"), score=score, as_of=decision["as_of"],
    )  # fmt: skip
    hold = "New orders should be held." if decision["hold"] else "Orders may go on."
    rows = [(speaker.say(hold),)]
    if decision["action"]:
        what = speaker.say(ACTION_TEXTS[decision["action"]])
        owner = speaker.say(OWNERS[decision["action_owner"]])
        due = decision["action_due"]
        told = speaker.say("{what} ({owner}, until {due})", what=what, owner=owner, due=due)
        rows.append((speaker.say("What to do: {what}", what=told),))
    if decision["next_review"]:
        rows.append((speaker.say("Next review: {day}", day=decision["next_review"]),))
    return Block(title, tuple(rows))


def _reasons(
    reasons: Sequence[Mapping[str, Any]], flags: Sequence[Mapping[str, Any]],
    decision: Mapping[str, Any], speaker: Speaker,
) -> Block:  # fmt: skip
    rows: list[tuple[str, ...]] = []
    told: dict[str, int] = {}
    names = {
        row["code"]: wording.flag_name(
            row["code"], wording.read_object(row["params"]), speaker.language
        )
        for row in flags
    }
    for row in sorted(reasons, key=lambda r: r["rank"]):
        text = wording.reason_text(
            row["code"], wording.read_object(row["params"]), speaker.language
        )
        rows.append((f"{row['rank']}. {text}",))
        if row["remedy"]:
            way = _remedy(row, names, speaker)
            first = told.setdefault(way, row["rank"])
            same = speaker.say("the same way as at {rank}.", rank=first)
            rows.append((f"   → {way if first == row['rank'] else same}",))
    least = cheapest_way(reasons, decision)
    if least is not None:
        way = _remedy(least, names, speaker)
        rows.append((speaker.say("The cheapest way back: {way}", way=way),))
    return Block(speaker.say("Why, and what would help"), tuple(rows))


def _remedy(row: Mapping[str, Any], names: Mapping[str, str], speaker: Speaker) -> str:
    params = wording.read_object(row["remedy_params"])
    amounts = {
        key: speaker.money(params[key], params.get("currency"))
        for key in ("amount", "total")
        if params.get(key) is not None
    }
    return wording.remedy_text(row["remedy"], params, speaker.language, amounts, names)


def _flags(
    flags: Sequence[Mapping[str, Any]], evidence: Sequence[Mapping[str, Any]],
    known: Mapping[str, Any], speaker: Speaker,
) -> list[Block]:  # fmt: skip
    """Each flag with whose job it is, what to do, when it goes, and the documents behind it."""
    blocks = []
    for row in sorted(flags, key=lambda r: (-r["severity"], r["code"])):
        params = wording.read_object(row["params"])
        text = wording.flag_text(row["code"], params, speaker.language)
        about = speaker.say(
            "{severity}, since {day}, concerns {amount}",
            severity=speaker.say(SEVERITIES[row["severity"]]), day=row["since"],
            amount=speaker.money(row["amount"]),
        )  # fmt: skip
        rows: list[tuple[str, ...]] = [(about,)]
        rows += _compared(params, known, speaker)
        rows += _papers([e for e in evidence if e["code"] == row["code"]], speaker)
        advice = wording.advice_on(row["code"], params)
        if advice is not None:
            owner = speaker.say(OWNERS[advice.owner])
            told = speaker.say(advice.playbook)
            rows.append((speaker.say("To do ({owner}): {what}", owner=owner, what=told),))
            closes = speaker.say(advice.closes)
            rows.append((speaker.say("Closes when: {closes}", closes=closes),))
        blocks.append(Block(speaker.say("Flag: {text}", text=text), tuple(rows)))
    return blocks


def _compared(
    params: Mapping[str, Any], known: Mapping[str, Any], speaker: Speaker
) -> list[tuple[str, ...]]:
    """What an admin's condition compares, as it is measured."""
    names = str(params.get("metrics") or "").split(";")
    rows: list[tuple[str, ...]] = []
    for metric in (METRICS[name] for name in names if name in METRICS):
        measured = speaker.value(known.get(metric.name), metric.unit)
        rows.append((speaker.say(metric.label), measured, ""))
    return rows


def _documents(evidence: Sequence[Mapping[str, Any]], shown: set[str], speaker: Speaker) -> Block:
    """Documents behind the points; those of flags stand with their flag."""
    rest = [row for row in evidence if row["code"] not in shown]
    return Block(speaker.say("Documents behind the points"), tuple(_papers(rest, speaker)))


def _papers(evidence: Sequence[Mapping[str, Any]], speaker: Speaker) -> list[tuple[str, ...]]:
    seen: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for row in evidence:
        key = (row["entity"], row["connection"], row["record_id"])
        seen.setdefault(key, paper_cells(row, speaker))
    return list(seen.values())
