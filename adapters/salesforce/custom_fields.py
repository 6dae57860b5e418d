"""Every custom field that we make in an org, drawn from the catalogue of credit fields.

Types and their settings: Metadata API Developer Guide, "CustomField". Standard objects have no
credit fields (Object Reference, Account), so every one is custom.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.domain.catalogue import CREDIT_FIELDS, Choice, CreditField
from connector.domain.entities import Kind

MARKER = "Made by creditflag."
"""Stands in the description of all that is ours; only what carries it is ever removed."""

CREDIT_FIELD_NAMES: dict[str, str] = {
    "score": "Credit_Score__c",
    "grade": "Credit_Grade__c",
    "colour": "Credit_Light__c",
    "hold": "Credit_Hold__c",
    "flags": "Credit_Flags__c",
    "reasons": "Credit_Reasons__c",
    "reason_text": "Credit_Reason_Text__c",
    "limit": "Credit_Limit__c",
    "limit_state": "Credit_Limit_State__c",
    "proposed_limit": "Proposed_Credit_Limit__c",
    "exposure": "Credit_Exposure__c",
    "available": "Credit_Available__c",
    "overdue": "Credit_Overdue__c",
    "oldest_due_date": "Credit_Oldest_Due__c",
    "ageing": "Credit_Ageing__c",
    "next_review": "Credit_Next_Review__c",
    "allowed_terms": "Credit_Allowed_Terms__c",
    "action": "Credit_Action__c",
    "action_due": "Credit_Action_Due__c",
    "currency": "Credit_Currency__c",
}
"""Field on Account by name in the catalogue of credit fields."""

HEARTBEAT = "CreditFlag_Heartbeat__c"
_LABEL_MAX = 40  # characters of a field's label
_ICON_SIZE = "16, 16"


@dataclass(frozen=True, slots=True)
class CustomField:
    """One custom field; `type` is the Metadata API's word for it.

    `length` counts characters, `precision` all digits and `scale` decimals. A field with a
    `formula` is calculated and never written.
    """

    object_name: str
    name: str
    type: str
    label: str
    label_zh: str
    meaning: str
    help: str = ""
    help_zh: str = ""
    length: int = 0
    precision: int = 0
    scale: int = 0
    choices: tuple[Choice, ...] = ()
    formula: str = ""
    key: bool = False

    @property
    def full_name(self) -> str:
        """Object and field, as the Metadata API names it."""
        return f"{self.object_name}.{self.name}"

    @property
    def description(self) -> str:
        """What it holds, and whose it is."""
        return f"{self.meaning[:1].upper()}{self.meaning[1:]}. {MARKER}"


def credit_field_on(object_name: str, name: str, field: CreditField) -> CustomField:
    """The custom field that holds a credit field well."""
    return CustomField(
        object_name=object_name,
        name=name,
        type=_type_of(field),
        label=field.label_en[:_LABEL_MAX],
        label_zh=field.label_zh,
        meaning=field.meaning,
        help=field.help_en,
        help_zh=field.help_zh,
        length=0 if field.choices else field.length,
        precision=field.precision,
        scale=field.scale,
        choices=field.choices,
    )


def _type_of(field: CreditField) -> str:
    if field.choices:
        return "Picklist"
    if field.long_text:
        return "LongTextArea"
    return {
        Kind.TEXT: "Text",
        Kind.MONEY: "Currency",
        Kind.QUANTITY: "Number",
        Kind.FLAG: "Checkbox",
        Kind.DATE: "Date",
    }[field.kind]


def credit_fields(names: Mapping[str, str] = CREDIT_FIELD_NAMES) -> list[CustomField]:
    """The fields on Account that creditflag writes, by the names given for them."""
    return [credit_field_on("Account", name, CREDIT_FIELDS[key]) for key, name in names.items()]


def task_key(object_name: str = "Activity", name: str = "CreditFlag_Key__c") -> CustomField:
    """The unique external id by which a task is never doubled; Activity serves Task and Event."""
    return CustomField(
        object_name=object_name,
        name=name,
        type="Text",
        label="CreditFlag key",
        label_zh="CreditFlag 键",
        meaning="key of an alert, so that its task is never doubled",
        length=80,
        key=True,
    )


def heartbeat_fields() -> list[CustomField]:
    """Fields of the custom setting that says, once for the org, how old the figures are."""

    def made(name: str, kind: str, label: str, zh: str, meaning: str, **size: int) -> CustomField:
        return CustomField(HEARTBEAT, name, kind, label, zh, meaning, **size)  # type: ignore[arg-type]  # sizes only

    return [
        made("Refreshed_At__c", "DateTime", "Refreshed at", "刷新时间",
             "when the last complete run ended"),
        made("As_Of__c", "Date", "As of", "估值日期", "valuation date of the figures"),
        made("Stale_After_Hours__c", "Number", "Stale after (hours)", "过期时限（小时）",
             "hours after which the figures are called stale", precision=5),
        made("Connection__c", "Text", "Connection", "连接",
             "name of the connection that writes them", length=80),
    ]  # fmt: skip


def formula_fields() -> list[CustomField]:
    """Calculated fields: the icon for lists, the age of the data, and the account's standing on
    its orders and opportunities."""
    fields = [_refreshed_at(), _stale_after(), _icon("Account", "")]
    for name in ("Order", "Opportunity"):
        fields += [_icon(name, "Account."), *_standing(name)]
    return fields


def list_all() -> list[CustomField]:
    """Every custom field of the app, by object."""
    return [*credit_fields(), *formula_fields(), task_key(), *heartbeat_fields()]


def _refreshed_at() -> CustomField:
    return CustomField(
        "Account", "Credit_Refreshed_At__c", "DateTime", "Credit data of", "信用数据时间",
        "when the credit figures were last brought up to date",
        "When the credit figures of all accounts were last brought up to date.",
        "所有客户的信用数据最近一次更新的时间。",
        formula=f"$Setup.{HEARTBEAT}.Refreshed_At__c",
    )  # fmt: skip


def _stale_after() -> CustomField:
    return CustomField(
        "Account", "Credit_Stale_After_Hours__c", "Number", "Credit data stale after (hours)",
        "信用数据过期时限（小时）",
        "hours after which the panel says that the credit figures may be out of date",
        "Older figures are shown with a warning.",
        "超过该时限的数据会显示提醒。",
        precision=5,
        formula=f"$Setup.{HEARTBEAT}.Stale_After_Hours__c",
    )  # fmt: skip


def _icon(object_name: str, path: str) -> CustomField:
    return CustomField(
        object_name, "Credit_Flag_Icon__c", "Text", "Credit flag", "信用标志",
        "flag in the colour of the credit light, with its meaning in words",
        "Flag in the colour of the credit light; sort by Credit light.",
        "与信用灯同色的标志；排序请用“信用灯”。",
        formula=_icon_formula(path),
    )  # fmt: skip


def _icon_formula(path: str) -> str:
    """A stock picture that every org has, and words beside it: colour alone is not enough."""

    def flag(colour: str, words: str) -> str:
        return f'IMAGE("/img/samples/flag_{colour}.gif", "{words}", {_ICON_SIZE}) & " {words}"'

    return (
        f"IF({path}Credit_Hold__c,\n"
        f"  {flag('red', 'On hold')},\n"
        f"  CASE({path}Credit_Light__c,\n"
        f'    "green", {flag("green", "Green")},\n'
        f'    "amber", {flag("yellow", "Amber")},\n'
        f'    "red", {flag("red", "Red")},\n'
        f'    "Not rated"))'
    )


def _standing(object_name: str) -> list[CustomField]:
    """The account's light, grade, hold and available credit, seen from its order or opportunity."""
    fields = []
    for key, formula in (
        ("colour", "TEXT(Account.Credit_Light__c)"),
        ("grade", "Account.Credit_Grade__c"),
        ("hold", "Account.Credit_Hold__c"),
        ("available", "Account.Credit_Available__c"),
    ):
        entry = CREDIT_FIELDS[key]
        kind = "Text" if entry.kind is Kind.TEXT else _type_of(entry)
        fields.append(
            CustomField(
                object_name,
                CREDIT_FIELD_NAMES[key],
                kind,
                entry.label_en,
                entry.label_zh,
                f"{entry.meaning}, of the account",
                entry.help_en,
                entry.help_zh,
                precision=entry.precision,
                scale=entry.scale,
                formula=formula,
            )
        )
    return fields
