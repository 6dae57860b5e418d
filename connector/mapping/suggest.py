"""Suggest: where each entity and column of ours may live in what the vendor really has.

Evidence, strongest first: a document that names a field which is there; a lookup to the object
that an entity was found in; the vendor's name, then its label, against `synonyms.yaml`. The kind
of the field counts in every case, and a calculated field is never proposed, because its changes
would be missed. A proposal carries its confidence (0 to 1) and why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from connector.domain.catalogue import CREDIT_FIELDS
from connector.domain.entities import ENTITIES, Column, Entity, Kind
from connector.mapping.document import ROW_ID, EntityDoc, FieldDoc, MappingDoc
from connector.mapping.document_rules import IMPLIED
from connector.mapping.feeds import has_path
from connector.mapping.synonyms import LABEL_FITS, Match, match, phrases, split_words, words
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
_TELLING = ("selling_company", "number", "account_number")
"""Columns that tell the rows of a list apart."""

_FILE_TAIL = re.compile(r"[\s_.-]*(\d.*)?\.(csv|tsv|txt|xlsx)$", re.IGNORECASE)
"""Day, counter and ending of a file's name: the next one is called alike but for these."""

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


@dataclass(frozen=True, slots=True)
class EntityProposal:
    """An object for an entity. `missing` are columns without a field; with a required one among
    them the entity cannot be read."""

    name: str
    object_name: str
    confidence: float
    why: Why
    head: Mapping[str, object]
    columns: tuple[Proposal, ...]
    missing: tuple[Column, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether every required column has a source."""
        return not any(column.required for column in self.missing)


@dataclass(frozen=True, slots=True)
class Scene:
    """What proposals are made from: live objects by name, and documents that may know better."""

    objects: Mapping[str, ObjectInfo]
    known: Sequence[MappingDoc] = ()

    def find_known(self, entity: str) -> Iterator[tuple[MappingDoc, EntityDoc]]:
        """Entities of the known documents whose object is there."""
        for document in self.known:
            for name, doc in document.entities.items():
                if (doc.entity or name) == entity and doc.object in self.objects:
                    yield document, doc

    def find_written(self, info: ObjectInfo) -> frozenset[str]:
        """Fields that a known document writes, or that are named like a credit field."""
        named = {
            entry.field
            for document in self.known
            for doc in document.write.values()
            if doc.object == info.name
            for entry in doc.fields.values()
        }
        named |= {
            vendor.name
            for vendor in info.fields.values()
            for entry in CREDIT_FIELDS.values()
            if match(vendor.name, vendor.label, [entry.label_en, entry.label_zh]).score
            >= LABEL_FITS
        }
        return frozenset(named)


def rank_objects(names: Sequence[str], most: int) -> list[str]:
    """The names worth a description: those that sound like one of our entities, nearest first,
    then custom objects, whose names may say nothing."""
    every = [phrase for name in words()["objects"] for phrase in phrases("objects", name)]
    scores = {name: match(name, "", every).score for name in names}
    heard = sorted((n for n in names if scores[n] > 0), key=lambda n: (-scores[n], n))
    custom = sorted(n for n in names if scores[n] == 0 and n.lower().endswith("__c"))
    return [*heard, *custom][:most]


def suggest_entities(scene: Scene) -> list[EntityProposal]:
    """The best object for each entity, each object once, in the order of entities."""
    found: dict[str, str] = {}
    made: dict[str, EntityProposal] = {}
    # Users and accounts first: the others are told by their lookups to them.
    for names in (["user"], ["account"], [n for n in ENTITIES if n not in ("account", "user")]):
        rivals = [
            proposal
            for name in names
            for info in scene.objects.values()
            if (proposal := _propose(scene, ENTITIES[name], info, found)) is not None
        ]
        for proposal in sorted(rivals, key=lambda p: (not p.whole, -p.confidence, p.object_name)):
            if proposal.name not in made and proposal.object_name not in found.values():
                made[proposal.name] = proposal
                found[proposal.name] = proposal.object_name
    return [made[name] for name in ENTITIES if name in made]


def _propose(
    scene: Scene, entity: Entity, info: ObjectInfo, found: Mapping[str, str]
) -> EntityProposal | None:
    """The object as home of the entity, or None when nothing speaks for it."""
    if not info.queryable:
        return None
    known = next(((m, d) for m, d in scene.find_known(entity.name) if d.object == info.name), None)
    heard = match(info.name, info.label, phrases("objects", entity.name))
    if known is None and heard.score < LEAST:
        return None
    columns = propose_columns(entity, info, known, found, scene.find_written(info))
    head = _head(info, known[1] if known else None, {p.name for p in columns})
    mapped = {proposal.name for proposal in columns}
    missing = tuple(c for c in entity.columns if c.name not in mapped | IMPLIED)
    required = [c for c in entity.columns if c.required and c.name not in IMPLIED]
    covered = sum(1 for c in required if c.name in mapped) / len(required)
    if known is not None:
        why = Why("as the mapping {document} has it", {"document": known[0].mapping})
        return EntityProposal(entity.name, info.name, covered, why, head, columns, missing)
    why = why_heard(heard)
    confidence = heard.score * (0.4 + 0.6 * covered)
    return EntityProposal(entity.name, info.name, confidence, why, head, columns, missing)


def _head(info: ObjectInfo, known: EntityDoc | None, columns: Collection[str]) -> dict[str, object]:
    """Object, id, stamp and what a known document says of the feed.

    A list without record ids, such as a file, is told apart by its numbers, else row by row.
    """
    if known is not None:
        kept = known.model_dump(mode="json", exclude_defaults=True, exclude={"fields", "object"})
        return {"object": info.name, **{k: _short(v) for k, v in kept.items()}}
    record_id = find_named(info, words()["ids"], lambda f: f.kind is Kind.TEXT)
    if record_id is None:
        told = [name for name in _TELLING if name in columns]
        numbered = bool({"number", "account_number"} & set(told))
        head = {"id_from": told} if numbered else {"id": ROW_ID}
        return {"object": _FILE_TAIL.sub("*", info.name), **head}
    stamp = find_named(info, words()["stamps"], lambda f: f.kind is Kind.TIMESTAMP and f.filterable)
    head = {"object": info.name, "id": record_id.name}
    return {**head, "stamp": stamp.name} if stamp else {**head, "feed": "snapshot"}


def find_named(
    info: ObjectInfo, candidates: Sequence[str], fits: Callable[[FieldInfo], bool]
) -> FieldInfo | None:
    """The field whose whole name or label is the earliest of the phrases."""
    for phrase in candidates:
        for found in info.fields.values():
            if fits(found) and split_words(phrase) in (
                split_words(found.name), split_words(found.label)
            ):  # fmt: skip
                return found
    return None


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
    for proposal, path in sorted(rivals, key=lambda r: (-r[0].confidence, r[0].name, r[1])):
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
    entry = {key: _short(value) for key, value in dumped.items()}
    return str(entry["path"]) if list(entry) == ["path"] else entry


def _short(value: object) -> object:
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
