"""What people may enter by hand, and whether what they entered holds together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connector.domain.closed_lists import CLOSED_LISTS
from connector.domain.credit_file import ENTERED
from connector.domain.entities import ENTITIES, Column, Entity, Kind
from connector.domain.money import is_currency
from connector.domain.texts import Language, say
from connector.domain.values import decimal_text

ENTERABLE: tuple[str, ...] = (*ENTERED, "limit")
"""Entities that people may enter."""

ACCOUNT_COLUMNS = ("account_connection", "account_field", "account_key")
MOST_TEXT = 500
"""Characters of one text value."""
_SHOWN = 40
_DIGITS = {Kind.MONEY: (14, 4), Kind.QUANTITY: (14, 4), Kind.RATE: (8, 10), Kind.COUNT: (9, 0)}
"""Digits before and behind the point."""
_EARLIEST, _LATEST = date(1900, 1, 1), date(2199, 12, 31)
_WORDS = {"yes": "true", "y": "true", "是": "true", "no": "false", "n": "false", "否": "false"}
_SIGNED = ("statement",)
"""Entities whose amounts may be below zero: losses, negative equity."""
_SPANS = (
    ("valid_from", "valid_to"), ("made_on", "promised_on"), ("opened_on", "closed_on"),
    ("since", "ended_on"), ("issued_on", "matures_on"), ("signed_on", "valid_to"),
)  # fmt: skip
"""Pairs of dates of which the second is not before the first."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a value cannot be entered. `message` is a template; `params` name at least the column."""

    message: str
    params: dict[str, object]

    def sentence(self, language: Language) -> str:
        """The template, filled, in `language`."""
        return say(self.message, language, **self.params)


def spell_values(entity: Entity, given: Mapping[str, str]) -> tuple[dict[str, str], list[Unfit]]:
    """The values in canonical text by column, empty ones left out, and everything that is wrong.

    Unknown columns, words that are not on a closed list, numbers and dates that cannot be meant,
    required columns without a value, and columns that contradict each other are wrong.
    """
    values: dict[str, str] = {}
    unfit: dict[str, Unfit] = {}
    for name, text in given.items():
        spelled = _spell(entity, name, text)
        if isinstance(spelled, Unfit):
            unfit[name] = spelled
        elif spelled is not None:
            values[name] = spelled
    for column in entity.columns:
        if column.required and column.name not in values and column.name not in unfit:
            unfit[column.name] = Unfit("{column} is missing.", {"column": column.name})
    return values, list(unfit.values()) or list(_contradictions(entity, values))


def _spell(entity: Entity, name: str, given: str) -> str | Unfit | None:
    if name not in entity.column_names:
        known = ", ".join(c for c in entity.column_names if c not in ACCOUNT_COLUMNS)
        told: dict[str, object] = {"column": name, "entity": entity.name, "known": known}
        return Unfit("{entity} has no {column}; it has {known}.", told)
    column, text = entity.column(name), given.strip()
    if not text:
        return None
    if column.kind is Kind.TEXT:
        return _spell_text(entity, column, text)
    if column.kind is Kind.DATE:
        return _spell_day(column, text)
    if column.kind is Kind.FLAG:
        word = _WORDS.get(text.lower(), text.lower())
        wrong = Unfit("{column} is neither true nor false.", {"column": name})
        return word if word in ("true", "false") else wrong
    return _spell_number(entity, column, text)


def _spell_text(entity: Entity, column: Column, text: str) -> str | Unfit:
    told: dict[str, object] = {"column": column.name, "most": MOST_TEXT, "value": text[:_SHOWN]}
    if len(text) > MOST_TEXT:
        return Unfit("{column} is longer than {most} characters.", told)
    if not text.isprintable():
        return Unfit("{column} has signs that cannot be printed.", told)
    if column.name == "currency":
        fits = is_currency(text.upper())
        wrong = Unfit("{column}: {value} is not an ISO 4217 currency code.", told)
        return text.upper() if fits else wrong
    words = CLOSED_LISTS.get((entity.name, column.name))
    if words is None or text in words:
        return text
    told["words"] = ", ".join(words)
    return Unfit("{column}: {value} is not one of {words}.", told)


def _spell_day(column: Column, text: str) -> str | Unfit:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is not None and _EARLIEST <= day <= _LATEST:
        return day.isoformat()
    told: dict[str, object] = {"column": column.name, "value": text[:_SHOWN]}
    return Unfit("{column}: {value} is not a date; write it as YYYY-MM-DD.", told)


def _spell_number(entity: Entity, column: Column, text: str) -> str | Unfit:
    before, behind = _DIGITS[column.kind]
    told: dict[str, object] = {
        "column": column.name, "value": text[:_SHOWN], "before": before, "behind": behind,
    }  # fmt: skip
    try:
        spelled = decimal_text(text)
    except ValueError:
        return Unfit("{column}: {value} is not a number; write it as 1234.56.", told)
    whole, _, part = spelled.lstrip("-").partition(".")
    if len(whole) > before or len(part) > behind:
        return Unfit(
            "{column}: {value} has more than {before} digits before or {behind} behind the point.",
            told,
        )
    number = Decimal(spelled)
    if number < 0 and entity.name not in _SIGNED:
        return Unfit("{column}: {value} is below zero.", told)
    if column.kind is Kind.RATE and number > 1:
        return Unfit("{column}: {value} is more than 1; write 20 % as 0.2.", told)
    return spelled


def _contradictions(entity: Entity, values: Mapping[str, str]) -> Iterator[Unfit]:
    for first, second in _SPANS:
        if first in values and second in values and values[second] < values[first]:
            told: dict[str, object] = {
                "column": second, "value": values[second], "first": first, "before": values[first],
            }  # fmt: skip
            yield Unfit("{column}: {value} lies before {first}, {before}.", told)
    if entity.name == "limit" and (values["state"] == "amount") != ("amount" in values):
        yield Unfit(
            "{column}: a limit has one in the state amount, and in no other.", {"column": "amount"}
        )


def enterable(name: str) -> Entity | None:
    """The entity of that name (promise, insured-limit or insured_limit), None when people may not
    enter it."""
    known = name.strip().lower().replace("-", "_")
    return ENTITIES[known] if known in ENTERABLE else None
