"""A document behind a reason as a line that a person can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.credit.reasons.speaker import Speaker
from connector.credit.reasons.wording import REASON_TEXTS

PAPERS: dict[str, str] = {
    "invoice": "{number}",
    "payment": "Receipt {number}",
    "credit_note": "Credit note {number}",
    "order": "Order {number}",
    "opportunity": "Opportunity {number}",
    "promise": "Promise {number}",
    "dispute": "Dispute {number}",
    "bill": "Bill {number}",
    "guarantee": "Guarantee {number}",
    "insured_limit": "Insured limit {number}",
    "agreement": "Agreement {number}",
    "statement": "Statement to {number}",
    "bureau_report": "Bureau report of {number}",
}
"""How a document of each entity is called; an invoice needs no word."""

OTHER_PAPER = "{number}"
UNTIL = ("guarantee", "insured_limit", "agreement")
"""Documents whose date is their end."""


def paper_cells(row: Mapping[str, Any], speaker: Speaker) -> tuple[str, str, str]:
    """Name, amount and date of a row of the evidence table; an event is told in its own words."""
    number = row["number"] or row["record_id"]
    if row["entity"] == "event":
        return speaker.say(REASON_TEXTS.get(number, OTHER_PAPER), number=number), "", ""
    name = speaker.say(PAPERS.get(row["entity"], OTHER_PAPER), number=number)
    amount = "" if row["amount"] is None else speaker.money(row["amount"], row["currency"])
    if row["due_date"] is None:
        return name, amount, ""
    template = "until {day}" if row["entity"] in UNTIL else "due {day}"
    return name, amount, speaker.say(template, day=row["due_date"])
