"""Suggest where credit fields and alert tasks may go: fields that are there and may be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from connector.domain.catalogue import CREDIT_FIELDS, CreditField
from connector.domain.entities import Kind
from connector.mapping.document import MappingDoc, TaskDoc, WriteDoc
from connector.mapping.suggest import Scene, find_named
from connector.mapping.suggest_columns import LEAST, Proposal, Why, why_heard
from connector.mapping.synonyms import match, phrases, words
from connector.mapping.targets import NUMBERS
from connector.ports.crm import FieldInfo, ObjectInfo

_SLOT_KINDS = {"due": (Kind.DATE, Kind.TIMESTAMP)}
_NEEDED_SLOTS = ("subject", "account")
_OWNERS = {"limit": "ask", "limit_state": "ask"}
"""A limit that somebody changed by hand waits for a person."""


@dataclass(frozen=True, slots=True)
class WriteProposal:
    """An object whose records take credit fields, and the credit fields without a field."""

    entity: str
    object_name: str
    head: Mapping[str, object]
    fields: tuple[Proposal, ...]
    missing: tuple[CreditField, ...]


@dataclass(frozen=True, slots=True)
class TaskProposal:
    """An object for alert tasks, with a field for each slot."""

    object_name: str
    head: Mapping[str, object]
    slots: tuple[Proposal, ...]
    why: Why


def suggest_write(scene: Scene, object_name: str, taken: Sequence[str]) -> WriteProposal:
    """Fields of the account's object for the credit fields; `taken` are read and not written."""
    info = scene.objects[object_name]
    known = next(_known_writes(scene, object_name), None)
    made: dict[str, Proposal] = {}
    used = {name.lower() for name in taken}
    for credit_field, given in _from_document(info, known):
        made[credit_field] = given
        used.add(str(_field_of(given)).lower())
    rivals = [
        (proposal, vendor.name.lower())
        for entry in CREDIT_FIELDS.values()
        if entry.name not in made
        for vendor in info.fields.values()
        if (proposal := _propose(entry, vendor)) is not None
    ]
    for proposal, name in sorted(rivals, key=lambda r: (-r[0].confidence, r[0].name, r[1])):
        if proposal.name not in made and name not in used:
            made[proposal.name] = proposal
            used.add(name)
    missing = tuple(entry for name, entry in CREDIT_FIELDS.items() if name not in made)
    ordered = tuple(made[name] for name in CREDIT_FIELDS if name in made)
    return WriteProposal("account", object_name, _marks(info, known), ordered, missing)


def _known_writes(scene: Scene, object_name: str) -> Iterator[tuple[MappingDoc, WriteDoc]]:
    for document in scene.known:
        for doc in document.write.values():
            if doc.object == object_name:
                yield document, doc


def _from_document(
    info: ObjectInfo, known: tuple[MappingDoc, WriteDoc] | None
) -> Iterator[tuple[str, Proposal]]:
    if known is None:
        return
    document, doc = known
    for credit_field, entry in doc.fields.items():
        found = info.find(entry.field)
        if found is not None and _may_take(CREDIT_FIELDS[credit_field], found):
            value = entry.model_dump(mode="json", exclude_defaults=True)
            short = str(value["field"]) if list(value) == ["field"] else value
            why = Why("as the mapping {document} has it", {"document": document.mapping})
            yield credit_field, Proposal(credit_field, short, 1.0, why)


def _marks(info: ObjectInfo, known: tuple[MappingDoc, WriteDoc] | None) -> dict[str, object]:
    """Where the object says who changed a record last, and when."""
    head: dict[str, object] = {"object": info.name}
    if known is not None:
        marks = {"modified_by": known[1].modified_by, "modified_at": known[1].modified_at}
        return head | {key: path for key, path in marks.items() if path and info.find(path)}
    by = find_named(info, words()["modified_by"], lambda f: f.kind is Kind.TEXT)
    # A person's change is meant: the stamp that system processes move as well comes last.
    stamps = [*words()["stamps"][1:], words()["stamps"][0]]
    at = find_named(info, stamps, lambda f: f.kind is Kind.TIMESTAMP)
    found = {"modified_by": by, "modified_at": at}
    return head | {key: mark.name for key, mark in found.items() if mark is not None}


def _propose(entry: CreditField, vendor: FieldInfo) -> Proposal | None:
    if not _may_take(entry, vendor):
        return None
    heard = match(
        vendor.name, vendor.label,
        [entry.label_en, entry.label_zh, *phrases("credit_fields", entry.name)],
    )  # fmt: skip
    if heard.score < LEAST:
        return None
    why = why_heard(heard)
    owner = _OWNERS.get(entry.name)
    value: str | Mapping[str, object] = vendor.name
    if owner:
        value = {"field": vendor.name, "owner": owner}
    return Proposal(entry.name, value, round(heard.score, 2), why)


def _may_take(entry: CreditField, vendor: FieldInfo) -> bool:
    """Whether the field may be written, is wide enough to be of use, and of a kind that fits."""
    if vendor.calculated or not vendor.updateable or vendor.refers_to:
        return False
    if entry.kind in NUMBERS:
        return vendor.kind in NUMBERS
    if entry.kind is Kind.TEXT:
        least = 0 if vendor.choices else entry.least
        return vendor.kind is Kind.TEXT and (not vendor.length or vendor.length >= least)
    return vendor.kind is entry.kind


def _field_of(proposal: Proposal) -> object:
    value = proposal.value
    return value if isinstance(value, str) else value["field"]


def suggest_task(scene: Scene, account: str) -> TaskProposal | None:
    """Where alert tasks may go; None when nothing fits."""
    for document in scene.known:
        if document.task is not None and document.task.object in scene.objects:
            return _known_task(document, document.task, scene.objects[document.task.object])
    best: TaskProposal | None = None
    for info in scene.objects.values():
        heard = match(info.name, info.label, phrases("objects", "task"))
        if heard.score >= LEAST and info.createable and best is None:
            best = _build_task(info, account)
    return best


def _known_task(document: MappingDoc, doc: TaskDoc, info: ObjectInfo) -> TaskProposal:
    why = Why("as the mapping {document} has it", {"document": document.mapping})
    head = doc.model_dump(mode="json", exclude_defaults=True, exclude={"fields"})
    slots = []
    for slot, entry in doc.fields.items():
        if info.find(entry.field) is not None:
            value = entry.model_dump(mode="json", exclude_defaults=True)
            short = str(value["field"]) if list(value) == ["field"] else value
            slots.append(Proposal(slot, short, 1.0, why))
    return TaskProposal(info.name, head, tuple(slots), why)


def _build_task(info: ObjectInfo, account: str) -> TaskProposal | None:
    made: dict[str, Proposal] = {}
    for slot in words()["task_slots"]:
        kinds = _SLOT_KINDS.get(slot, (Kind.TEXT,))
        for vendor in info.fields.values():
            if vendor.kind not in kinds or not vendor.createable or vendor.calculated:
                continue
            heard = match(vendor.name, vendor.label, phrases("task_slots", slot))
            points = slot == "account" and account in vendor.refers_to
            score = max(heard.score, 0.9 if points else 0.0)
            if score >= LEAST and score > (made[slot].confidence if slot in made else 0):
                why = (
                    Why("it refers to {object}", {"object": account})
                    if points
                    else why_heard(heard)
                )
                made[slot] = Proposal(slot, vendor.name, round(score, 2), why)
    if any(slot not in made for slot in _NEEDED_SLOTS):
        return None
    key = next((f.name for f in info.fields.values() if f.external_id and f.unique), "")
    subject = str(made["subject"].value)
    head: dict[str, object] = {"object": info.name, "key": key or subject, "key_in": subject}
    why = Why("it takes a subject and refers to {object}", {"object": account})
    return TaskProposal(info.name, head, tuple(made.values()), why)
