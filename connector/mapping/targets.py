"""Where credit fields and alert tasks go: vendor fields with everything needed to write them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace

from connector.domain.catalogue import CREDIT_FIELDS, When
from connector.domain.change import Owner
from connector.domain.entities import Kind
from connector.domain.values import canonical
from connector.mapping.document import TaskDoc, WriteDoc, WriteFieldDoc
from connector.ports.crm import FieldInfo, ObjectInfo

NUMBERS = (Kind.MONEY, Kind.QUANTITY, Kind.RATE, Kind.COUNT)


@dataclass(frozen=True, slots=True)
class TargetField:
    """One vendor field that takes a credit field.

    `kind`, `scale` (decimal digits), `precision` (all digits), `length` (characters) and `parts`
    (a multi-choice field, whose order means nothing) are the vendor's when the target is resolved,
    else the catalogue's with 0 for "no bound known". `labels` translate our words into theirs.
    """

    credit_field: str
    field: str
    owner: Owner
    kind: Kind
    scale: int
    precision: int = 0
    length: int = 0
    parts: bool = False
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    zero_means: str = "cash_only"
    unlimited: str | None = None

    @property
    def when(self) -> When:
        """When a difference is worth a write."""
        return CREDIT_FIELDS[self.credit_field].when

    @property
    def adopts(self) -> bool:
        """Whether the value found at first contact is taken over."""
        return CREDIT_FIELDS[self.credit_field].adopts

    @property
    def text_kind(self) -> bool:
        """Whether the vendor's field holds text."""
        return self.kind is Kind.TEXT


@dataclass(frozen=True, slots=True)
class WriteTarget:
    """An object whose records get credit fields; `fields` by credit field."""

    entity: str
    object_name: str
    fields: Mapping[str, TargetField]
    modified_by: str = ""
    modified_at: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """Vendor paths that a read needs to mirror what the CRM holds."""
        marks = tuple(path for path in (self.modified_by, self.modified_at) if path)
        return tuple(f.field for f in self.fields.values()) + marks

    @property
    def limit_alone(self) -> bool:
        """Whether one amount field has to carry all three states of a limit."""
        return "limit" in self.fields and "limit_state" not in self.fields

    def by_vendor_field(self, name: str) -> TargetField | None:
        """The target field by the vendor's name."""
        return next((f for f in self.fields.values() if f.field == name), None)


@dataclass(frozen=True, slots=True)
class TaskTarget:
    """The object for alert tasks.

    `key_field` is set when the org has the unique external-id field: create by upsert. Otherwise
    the key stands as `[key]` in `key_in`, and a create searches there first. `search_field` is the
    one of both that finds a task by key. `slots` are vendor fields by slot, `constants` are fixed
    texts by vendor field.
    """

    object_name: str
    key_field: str
    key_in: str
    slots: Mapping[str, str]
    constants: Mapping[str, str] = dataclasses.field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    lengths: Mapping[str, int] = dataclasses.field(default_factory=dict)

    @property
    def search_field(self) -> str:
        """The field in which a task is found by its key."""
        return self.key_field or self.key_in


def build_target(entity: str, doc: WriteDoc, info: ObjectInfo | None) -> WriteTarget:
    """The target of a document; with `info`, resolved: fields that the vendor lacks are left out
    and kinds, scales and lengths are the vendor's."""
    fields: dict[str, TargetField] = {}
    for credit_field, field_doc in doc.fields.items():
        found = info.find(field_doc.field) if info else None
        if info is None or found is not None:
            fields[credit_field] = _build_field(credit_field, field_doc, found)
    marks = [
        path if info is None or (path and info.find(path)) else ""
        for path in (doc.modified_by, doc.modified_at)
    ]
    name = info.name if info else doc.object
    return WriteTarget(entity, name, fields, marks[0], marks[1])


def _build_field(credit_field: str, doc: WriteFieldDoc, found: FieldInfo | None) -> TargetField:
    entry = CREDIT_FIELDS[credit_field]
    target = TargetField(
        credit_field, doc.field, doc.owner, entry.kind, entry.scale,
        labels=doc.labels, zero_means=doc.zero_means, unlimited=doc.unlimited,
    )  # fmt: skip
    if found is None:
        return target
    return replace(
        target, field=found.name, kind=found.kind, scale=found.scale, precision=found.precision,
        length=found.length, parts=found.vendor_type.lower() == "multipicklist",
    )  # fmt: skip


def build_task_target(doc: TaskDoc, info: ObjectInfo | None) -> TaskTarget:
    """The task target; with `info`, resolved: slots whose field the vendor lacks are left out."""
    slots, constants, labels, lengths = {}, {}, {}, {}
    for slot, field_doc in doc.fields.items():
        found = info.find(field_doc.field) if info else None
        if info is not None and found is None:
            continue
        name = found.name if found else field_doc.field
        if field_doc.constant is not None:
            constants[name] = field_doc.constant
        else:
            slots[slot] = name
            labels[slot] = field_doc.labels
        if found and found.length:
            lengths[name] = found.length
    key = info.find(doc.key) if info else None
    usable = info is None or (key is not None and key.external_id and key.unique and key.createable)
    key_field = (key.name if key else doc.key) if usable else ""
    return TaskTarget(doc.object, key_field, doc.key_in, slots, constants, labels, lengths)


def seen_text(target: TargetField, value: object) -> str | None:
    """Canonical text of what the CRM holds in the field, by the vendor's kind and scale.

    A value that is not of that kind is given as plain text: it then differs from ours, which is
    true.
    """
    scale = target.scale if target.kind in NUMBERS else None
    try:
        text = canonical(value, target.kind, scale)
    except ValueError:
        text = str(value).strip() or None
    if text and target.text_kind:
        text = text.replace("\r\n", "\n")
        if target.parts:
            text = ";".join(sorted(text.split(";")))
    return text
