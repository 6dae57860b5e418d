"""Suggest a source for each column of an entity from the fields of one object.

A field serves one column, the surest first. The kind of the field counts in every case, and a
calculated field is never proposed, because its changes would be missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from connector.domain.entities import Column, Entity, Kind
from connector.mapping.document import EntityDoc, FieldDoc, MappingDoc
from connector.mapping.document_rules import IMPLIED
from connector.mapping.feeds import has_path
from connector.mapping.synonyms import Match, match, phrases, words
from connector.mapping.targets import NUMBERS
from connector.ports.crm import FieldInfo, ObjectInfo

Value = str | Mapping[str, object]
"""A column's source as it stands in a document."""

LEAST = 0.5
"""Confidence below which nothing is proposed."""

_REFERENCES = {
    "account_key": "account", "owner_id": "user", "manager_id": "user", "parent_id": "account",
    "order_id": "order", "invoice_id": "invoice", "payment_id": "payment",
}  # fmt: skip
_TRANSFORMS = {
    Kind.MONEY: "decimal", Kind.RATE: "decimal", Kind.QUANTITY: "decimal", Kind.COUNT: "integer",
    Kind.DATE: "date", Kind.TIMESTAMP: "datetime", Kind.FLAG: "boolean",
}  # fmt: skip
_FALL_BACK: dict[str, Value] = {"currency": {"constant": "$currency"}}


@dataclass(frozen=True, slots=True)
class Why:
    """A reason as an English template with its parameters."""

    message: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """One of our names, where it may live, how sure that is, and why."""

    name: str
    value: Value
    confidence: float
    why: Why


def propose_columns(
    entity: Entity,
    info: ObjectInfo,
    known: tuple[MappingDoc, EntityDoc] | None,
    found: Mapping[str, str],
    written: frozenset[str] = frozenset(),
) -> tuple[Proposal, ...]:
    """A source for each column that has one; a field serves one column, the surest first.

    `written` are fields that take credit values: what we write is never read as a fact.
    """
    made: dict[str, Proposal] = {}
    if known is not None:
        made = {p.name: p for p in _from_document(entity, info, known[0], known[1])}
    used = {str(path) for p in made.values() for path in _paths(p.value)}
    rivals = [
        (proposal, vendor.name)
        for column in entity.columns
        if column.name not in made and column.name not in IMPLIED
        for vendor in info.fields.values()
        if vendor.name not in written
        and (proposal := _propose_column(entity, column, vendor, found)) is not None
    ]
    # Of two columns that one field fits alike, the one that no row can do without.
    needed = {column.name for column in entity.columns if column.required}
    ranked = sorted(
        rivals, key=lambda r: (-r[0].confidence, r[0].name not in needed, r[0].name, r[1])
    )
    for proposal, path in ranked:
        if proposal.name not in made and path not in used:
            made[proposal.name] = proposal
            used.add(path)
    for name, value in _FALL_BACK.items():
        wanted = name in entity.column_names and entity.column(name).required
        if wanted and name not in made:
            made[name] = Proposal(name, value, 0.5, Why("no field fits; the connection's currency"))
    if known is None:
        _name_accounts(made, info)
    return tuple(made[name] for name in entity.column_names if name in made)


def _name_accounts(made: dict[str, Proposal], info: ObjectInfo) -> None:
    """Say whose accounts are meant where a row names one by its number instead of a lookup."""
    key = made.get("account_key")
    source = info.find(key.value) if key is not None and isinstance(key.value, str) else None
    if key is None or source is None or source.refers_to or "account_field" in made:
        return
    why = Why("a number, not a lookup")
    for name, constant in (
        ("account_connection", "$accounts"),
        ("account_field", "account_number"),
    ):
        made[name] = Proposal(name, {"constant": constant}, key.confidence, why)


def _from_document(
    entity: Entity, info: ObjectInfo, document: MappingDoc, doc: EntityDoc
) -> Iterator[Proposal]:
    for name, source in doc.fields.items():
        there = source.constant is not None or any(has_path(info, path) for path in source.paths)
        there = there or (source.optional and source.default is not None)
        calculated = any(f.calculated for f in map(info.find, source.paths) if f is not None)
        if name in entity.column_names and there and not calculated:
            why = Why("as the mapping {document} has it", {"document": document.mapping})
            yield Proposal(name, spell_source(source), 1.0, why)


def _propose_column(
    entity: Entity, column: Column, vendor: FieldInfo, found: Mapping[str, str]
) -> Proposal | None:
    """The vendor's field as source of the column; None when too little speaks for it."""
    fit = _fit(column.kind, vendor)
    if vendor.calculated or fit == 0.0:
        return None
    wanted = found.get(_REFERENCES.get(column.name, ""))
    if column.name == "parent_id":
        wanted = wanted or (vendor.refers_to[0] if len(vendor.refers_to) == 1 else None)
    heard = match(vendor.name, vendor.label, phrases("columns", column.name))
    if vendor.refers_to and column.name in _REFERENCES:
        if wanted not in vendor.refers_to:
            return None
        score = max(0.9, heard.score) if column.name != "parent_id" else heard.score
        why = Why("it refers to {object}", {"object": wanted})
    elif vendor.refers_to or column.name in ("owner_id", "parent_id", "manager_id", "order_id",
                                             "payment_id"):  # fmt: skip
        return None
    else:
        if column.name == "account_key":
            # A number names an account for certain, a name does not.
            numbered = match(vendor.name, vendor.label, phrases("columns", "account_number"))
            heard = numbered if numbered.score >= LEAST else replace(heard, score=heard.score * 0.9)
        score, why = heard.score, why_heard(heard)
    confidence = score * fit
    if confidence < LEAST:
        return None
    return Proposal(column.name, _source(entity, column, vendor), round(confidence, 2), why)


def _fit(kind: Kind, vendor: FieldInfo) -> float:
    """How well the vendor's kind becomes ours: 1 as it is, 0 not at all."""
    if vendor.kind is kind:
        return 1.0
    if vendor.kind in NUMBERS and kind in NUMBERS:
        return 0.95
    moments = (Kind.DATE, Kind.TIMESTAMP)
    if vendor.kind in moments and kind in moments:
        return 0.9
    if vendor.kind is Kind.TEXT:
        return 0.6 if vendor.choices and kind is not Kind.COUNT else 0.75
    return 0.6 if kind is Kind.TEXT and vendor.kind in NUMBERS else 0.0


def _source(entity: Entity, column: Column, vendor: FieldInfo) -> Value:
    """The column's entry: the path, with the transform or map that it needs."""
    table = words()["values"].get(f"{entity.name}.{column.name}")
    if table:
        listed = {
            choice: ours
            for choice in vendor.choices
            for ours, theirs in table.items()
            if match(choice, "", [ours, *theirs]).score >= LEAST
        }
        return {"path": vendor.name, "map": listed, "default": "open"} if listed else vendor.name
    if column.name == "currency" and not vendor.choices:
        return {"path": vendor.name, "transform": "currency"}
    if vendor.kind is Kind.TEXT and column.kind is not Kind.TEXT:
        transform = "terms_days" if column.name == "terms_days" else _TRANSFORMS[column.kind]
        return {"path": vendor.name, "transform": transform}
    return vendor.name


def spell_source(source: FieldDoc) -> Value:
    """A column's entry as short as a document may have it."""
    dumped = source.model_dump(mode="json", exclude_defaults=True)
    entry = {key: shorten(value) for key, value in dumped.items()}
    return str(entry["path"]) if list(entry) == ["path"] else entry


def shorten(value: object) -> object:
    """A list of one as its item."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _paths(value: Value) -> tuple[object, ...]:
    if isinstance(value, str):
        return (value,)
    several = value.get("first_of", ())
    return (value.get("path"), *(several if isinstance(several, list) else (several,)))


def why_heard(heard: Match) -> Why:
    """The reason in a name or label."""
    if heard.by == "label":
        return Why("its label says {phrase}", {"phrase": heard.phrase})
    return Why("its name says {phrase}", {"phrase": heard.phrase})
