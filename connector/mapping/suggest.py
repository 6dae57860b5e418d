"""Suggest: where each entity of ours may live in what the vendor really has.

Evidence, strongest first: a document that names a field which is there; a lookup to the object
that an entity was found in; the vendor's name, then its label, against `synonyms.yaml`. A proposal
carries its confidence (0 to 1) and why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connector.domain.catalogue import CREDIT_FIELDS
from connector.domain.entities import ENTITIES, Column, Entity, Kind
from connector.mapping.document import ROW_ID, EntityDoc, MappingDoc
from connector.mapping.document_rules import IMPLIED
from connector.mapping.suggest_columns import (
    LEAST,
    Proposal,
    Why,
    propose_columns,
    shorten,
    why_heard,
)
from connector.mapping.synonyms import LABEL_FITS, match, phrases, split_words, words
from connector.ports.crm import FieldInfo, ObjectInfo

_TELLING = ("selling_company", "number", "account_number")
"""Columns that tell the rows of a list apart."""

_FILE_TAIL = re.compile(r"[\s_.-]*(\d.*)?\.(csv|tsv|txt|xlsx)$", re.IGNORECASE)
"""Day, counter and ending of a file's name: the next one is called alike but for these."""


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
        return {"object": info.name, **{k: shorten(v) for k, v in kept.items()}}
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
