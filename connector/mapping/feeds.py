"""A connection's mapping: its documents combined, as feeds to pull and targets to write to."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from connector.domain.change import digest
from connector.domain.entities import ENTITIES, Entity
from connector.errors import MappingError
from connector.mapping.document import ROW_ID, EntityDoc, FieldDoc, HeartbeatDoc, MappingDoc
from connector.mapping.load import load_documents
from connector.mapping.targets import TaskTarget, WriteTarget, build_target, build_task_target
from connector.ports.crm import ObjectInfo, PullRequest

Objects = MappingType[str, ObjectInfo | None]
"""Live descriptions by object name as documents spell it; None: the vendor lacks or hides it."""


@dataclass(frozen=True)
class Feed:
    """One source of rows of an entity.

    `fields` are the columns that can be read (optional ones that the vendor lacks are left out);
    `target` is set when the same object's records also take credit fields.
    """

    name: str
    mapping: str
    doc: EntityDoc
    fields: MappingType[str, FieldDoc]
    object_name: str
    target: WriteTarget | None = None

    @property
    def entity(self) -> Entity:
        """The entity of the rows."""
        return ENTITIES[self.doc.entity or self.name]

    @property
    def snapshot(self) -> bool:
        """Whether every pull gives the full list."""
        return self.doc.feed == "snapshot"

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Vendor paths to read, each once: id, stamp, columns, mirrored fields, filters."""
        wanted = [path for path in self.doc.id if path != ROW_ID]
        wanted += [self.doc.stamp] if self.doc.stamp else []
        for field_doc in self.fields.values():
            wanted += field_doc.paths
        wanted += self.doc.only
        wanted += self.target.paths if self.target else ()
        return tuple(dict.fromkeys(wanted))

    def request(self, cursor: str | None, ids: Sequence[str] = ()) -> PullRequest:
        """What to ask the adapter for, from `cursor` on (None: everything), or by id."""
        return PullRequest(
            object_name=self.object_name,
            paths=self.paths,
            where=self.doc.where,
            cursor=cursor,
            overlap_seconds=self.doc.overlap_seconds,
            mode=self.doc.feed,
            stamp_path=self.doc.stamp,
            options=dict(self.doc.options),
            ids=tuple(ids),
        )


@dataclass(frozen=True)
class Mapping:
    """Documents of one connection, combined.

    `objects` holds live descriptions after `resolve`; before it the documents are taken at their
    word. Feeds stand in the order of `ENTITIES`, so that accounts come before what names them.
    """

    documents: tuple[MappingDoc, ...]
    objects: Objects = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Names of the documents, joined with +."""
        return "+".join(document.mapping for document in self.documents)

    @property
    def adapter(self) -> str:
        """The adapter all documents are written for."""
        return self.documents[0].adapter

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the content of all documents."""
        return digest([document.model_dump(mode="json") for document in self.documents])

    @property
    def guide(self) -> dict[str, str]:
        """The vendor's own words for what an admin has to do."""
        merged: dict[str, str] = {}
        for document in self.documents:
            merged.update({str(key): text for key, text in document.guide.items()})
        return merged

    @cached_property
    def object_names(self) -> tuple[str, ...]:
        """Every object to describe before `resolve`, each once."""
        names: list[str] = []
        for document in self.documents:
            names += [doc.object for doc in document.entities.values()]
            names += [doc.object for doc in document.write.values()]
            names += [document.task.object] if document.task else []
            names += [document.heartbeat.object] if document.heartbeat else []
        return tuple(dict.fromkeys(names))

    def resolve(self, objects: Objects) -> Mapping:
        """The same mapping with live descriptions of `object_names`.

        Feeds, columns and write-back fields that are optional, or that the vendor lacks, are then
        left out; whether they may be missing is `check_mapping`'s matter.
        """
        return replace(self, objects=dict(objects))

    @cached_property
    def feeds(self) -> tuple[Feed, ...]:
        """Feeds to pull, in the order of entities."""
        order = list(ENTITIES)
        feeds = [
            self._build_feed(name, document, doc)
            for document in self.documents
            for name, doc in document.entities.items()
            if not self._is_absent(doc)
        ]
        return tuple(sorted(feeds, key=lambda feed: order.index(feed.entity.name)))

    @cached_property
    def left_out(self) -> tuple[str, ...]:
        """Names of optional feeds whose object the vendor lacks."""
        return tuple(
            name
            for document in self.documents
            for name, doc in document.entities.items()
            if self._is_absent(doc)
        )

    @cached_property
    def targets(self) -> tuple[WriteTarget, ...]:
        """Where credit fields go."""
        return tuple(
            build_target(entity, doc, self.objects.get(doc.object))
            for document in self.documents
            for entity, doc in document.write.items()
            if not (doc.object in self.objects and self.objects[doc.object] is None)
        )

    @cached_property
    def task_target(self) -> TaskTarget | None:
        """Where alert tasks go; None without one."""
        docs = [document.task for document in self.documents if document.task]
        if not docs or (docs[0].object in self.objects and self.objects[docs[0].object] is None):
            return None
        return build_task_target(docs[0], self.objects.get(docs[0].object))

    @cached_property
    def heartbeat(self) -> HeartbeatDoc | None:
        """The record that tells how old the credit fields are, with the fields that it has.

        None without one, and where the vendor lacks its object or says nothing of when.
        """
        doc = next((document.heartbeat for document in self.documents if document.heartbeat), None)
        if doc is None or doc.object not in self.objects:
            return doc
        info = self.objects[doc.object]
        there = {slot: name for slot, name in doc.fields.items() if info and info.find(name)}
        return doc.model_copy(update={"fields": there}) if "refreshed_at" in there else None

    def feed(self, name: str) -> Feed | None:
        """The feed of that name."""
        return next((feed for feed in self.feeds if feed.name == name), None)

    def _is_absent(self, doc: EntityDoc) -> bool:
        return doc.optional and doc.object in self.objects and self.objects[doc.object] is None

    def _build_feed(self, name: str, document: MappingDoc, doc: EntityDoc) -> Feed:
        info = self.objects.get(doc.object)
        fields = {
            column: readable
            for column, field_doc in doc.fields.items()
            if (readable := keep_readable(field_doc, info)) is not None
        }
        entity = doc.entity or name
        target = next(
            (t for t in self.targets if t.entity == entity and _same(t.object_name, doc.object)),
            None,
        )
        return Feed(name, document.mapping, doc, fields, doc.object, target)


def keep_readable(doc: FieldDoc, info: ObjectInfo | None) -> FieldDoc | None:
    """The column with the paths that the object has.

    A required path stays even when it is missing, so that the vendor's refusal is seen. An
    optional column without any path becomes its default, or None without one.
    """
    if info is None or not doc.optional or doc.constant is not None:
        return doc
    paths = tuple(path for path in doc.paths if has_path(info, path))
    if paths == doc.paths:
        return doc
    if not paths:
        if doc.default is None:
            return None
        return FieldDoc.model_validate({"constant": doc.default})
    there = set(paths)
    changes: dict[str, object] = {"path": None}
    if doc.join:
        changes["join"] = tuple(tuple(p for p in part if p in there) for part in doc.join)
    elif doc.which:
        changes["which"] = {w: tuple(p for p in g if p in there) for w, g in doc.which.items()}
    else:
        changes["first_of"] = paths
    return doc.model_copy(update=changes)


def has_path(info: ObjectInfo, path: str) -> bool:
    """Whether the object has the field, or the relationship a path with points starts with."""
    if info.find(path) is not None:
        return True
    head, point, _ = path.partition(".")
    names = {f.relationship.lower() for f in info.fields.values() if f.relationship}
    return bool(point) and head.lower() in names


def load_mapping(sources: Sequence[str], folder: Path, adapter: str = "") -> Mapping:
    """The mapping of a connection from shipped names and paths.

    `adapter` is the connection's; documents for another one are refused. Raises MappingError with
    every problem at once.
    """
    return combine(load_documents(sources, folder), adapter)


def combine(documents: Sequence[MappingDoc], adapter: str = "") -> Mapping:
    """Documents as one mapping; MappingError when they name the same feed or target twice."""
    problems: list[str] = []
    wanted = adapter or (documents[0].adapter if documents else "")
    taken: dict[str, str] = {}
    for document in documents:
        if document.adapter != wanted:
            problems.append(
                f"{document.mapping} is written for {document.adapter}, the connection is {wanted}"
            )
        names = [f"feed {name}" for name in document.entities]
        names += [f"write target {name}" for name in document.write]
        names += ["task"] if document.task else []
        for name in names:
            if name in taken:
                problems.append(f"{name} stands in {taken[name]} and in {document.mapping}")
            taken[name] = document.mapping
    if not any(document.entities or document.write for document in documents):
        problems.append("no document reads or writes anything")
    if problems:
        raise MappingError(
            "The mapping documents of the connection do not fit together.",
            next_step="Leave out one of them, or rename the feed.",
            problems=problems,
        )
    return Mapping(tuple(documents))


def _same(left: str, right: str) -> bool:
    return left.lower() == right.lower()
