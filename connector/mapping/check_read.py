"""Checks of what is read: paths, types, stamps and filters."""

from __future__ import annotations

import re

from connector.domain.entities import ENTITIES, Column, Kind
from connector.mapping.advice import READ_TYPES
from connector.mapping.document import ROW_ID, EntityDoc, FieldDoc
from connector.mapping.feeds import has_path
from connector.mapping.findings import Findings
from connector.mapping.targets import NUMBERS
from connector.ports.crm import FieldInfo, ObjectInfo

NO_FIELD = "{object} has no field {field}, or the integration user may not see it."
CREATE_READABLE = (
    "Create it: {wanted} ({new_field}), and give the integration user read access "
    "(field-level security: {access}); or change {path} in {mapping}."
)
CALCULATED = (
    "{object}.{field} is calculated: its changes do not move the record's stamp and would be "
    "missed."
)
MAP_STORED = (
    "Map a stored field that holds the value, leave {path} out of {mapping}, or write "
    "reread: daily under the feed, so that everything is read again each day."
)
OF_A_PARENT = (
    "{object}.{field} belongs to a parent record: its changes do not move the record's stamp and "
    "would be missed."
)
MAP_OWN = (
    "Map a field of the record itself, or write reread: weekly under the feed, so that everything "
    "is read again each week."
)
NO_FILTER = "{object}.{field} cannot be used in a filter."
WRONG_KIND = "{object}.{field} holds {kind}, which cannot become {column} ({column_kind})."
TEXT_NEEDS = "{object}.{field} holds text; {column} is {column_kind}."

_TRANSFORMS_FOR = {
    Kind.MONEY: "decimal", Kind.RATE: "decimal", Kind.QUANTITY: "decimal", Kind.COUNT: "integer",
    Kind.DATE: "date", Kind.TIMESTAMP: "datetime", Kind.FLAG: "boolean",
}  # fmt: skip
# Operators, literals and functions of filter languages that look like field names.
_FILTER_WORDS = frozenset(
    (
        "and", "or", "not", "in", "like", "is", "null", "true", "false", "includes", "excludes",
        "between", "starts_with", "today", "yesterday", "tomorrow", "this_month", "last_month",
        "this_year", "last_year", "select", "from", "where",
    )
)  # fmt: skip


def check_feed(path: str, name: str, doc: EntityDoc, info: ObjectInfo, findings: Findings) -> None:
    """Findings on one feed: id, stamp, filter and every column."""
    before = len(findings.found)
    entity = ENTITIES[doc.entity or name]
    for id_path in doc.id:
        if id_path != ROW_ID and not has_path(info, id_path):
            _add_missing(f"{path}.id", id_path, info, Kind.TEXT, findings)
    _check_stamp(path, doc, info, findings)
    _check_filter(path, doc, info, findings)
    stays_fresh = doc.feed == "snapshot" or bool(doc.reread)
    for column_name, field_doc in doc.fields.items():
        column = entity.column(column_name)
        place = f"{path}.fields.{column_name}"
        _check_column(place, column, field_doc, info, findings)
        if doc.stamp and not stays_fresh:
            _check_freshness(place, field_doc, info, findings)
    if not any(f.level == "error" for f in findings.found[before:]):
        findings.add(
            "ok", path, "{object} gives {count} columns of {entity}.",
            object=info.name, count=len(doc.fields), entity=entity.name,
        )  # fmt: skip


def _check_stamp(path: str, doc: EntityDoc, info: ObjectInfo, findings: Findings) -> None:
    if not doc.stamp:
        return
    stamp = info.find(doc.stamp)
    if stamp is None:
        _add_missing(f"{path}.stamp", doc.stamp, info, Kind.TIMESTAMP, findings)
    elif stamp.kind is not Kind.TIMESTAMP:
        findings.add(
            "error", f"{path}.stamp", "{object}.{field} is not a moment in time.",
            "Name the field that says when the record changed last.",
            object=info.name, field=stamp.name,
        )  # fmt: skip
    elif not stamp.filterable:
        findings.add(
            "error", f"{path}.stamp", NO_FILTER, "Name a field that filters accept as stamp.",
            object=info.name, field=stamp.name,
        )  # fmt: skip


def _check_filter(path: str, doc: EntityDoc, info: ObjectInfo, findings: Findings) -> None:
    for name in list_filter_fields(doc.where):
        found = info.find(name)
        if found is None and not has_path(info, name):
            findings.add(
                "error", f"{path}.where", NO_FIELD, "Correct the filter {path} in {mapping}.",
                object=info.name, field=name,
            )  # fmt: skip
        elif found is not None and not found.filterable:
            findings.add(
                "error", f"{path}.where", NO_FILTER, "Correct the filter {path} in {mapping}.",
                object=info.name, field=found.name,
            )  # fmt: skip


def list_filter_fields(where: str) -> list[str]:
    """Names in a filter that may be fields: words outside quotes that are no operators, dates or
    function names."""
    bare = re.sub(r"'(?:[^'\\]|\\.)*'", " ", where)
    bare = re.sub(r"\b\d{4}-\d{2}-\d{2}\S*|\b[A-Za-z_]+(?=\s*[(:])", " ", bare)
    names = re.findall(r"[A-Za-z_][A-Za-z0-9_.]*", bare)
    return list(dict.fromkeys(n for n in names if n.lower() not in _FILTER_WORDS))


def _check_freshness(path: str, doc: FieldDoc, info: ObjectInfo, findings: Findings) -> None:
    """Columns that change without moving the record's stamp, in a feed of changes.

    Source: the vendors' own connectors treat calculated fields apart for the same reason.
    """
    for name in doc.paths if doc.constant is None else ():
        found = info.find(name)
        if found is not None and found.calculated:
            findings.add("error", path, CALCULATED, MAP_STORED, object=info.name, field=found.name)
        elif found is None and "." in name and _is_of_parent(name, info):
            findings.add("warning", path, OF_A_PARENT, MAP_OWN, object=info.name, field=name)


def _is_of_parent(name: str, info: ObjectInfo) -> bool:
    head = name.partition(".")[0].lower()
    return any(f.relationship.lower() == head for f in info.fields.values() if f.relationship)


def _check_column(
    path: str, column: Column, doc: FieldDoc, info: ObjectInfo, findings: Findings
) -> None:
    if doc.constant is not None:
        return
    there = [name for name in doc.paths if has_path(info, name)]
    if not there:
        _check_absent(path, column, doc, info, findings)
        return
    for name in doc.paths if len(doc.paths) == 1 else there:
        found = info.find(name)
        if found is not None:
            _check_found(path, column, doc, info, found, findings)
    lacking = [name for name in doc.paths if name not in there]
    if lacking and not doc.optional and len(doc.paths) > 1 and info.name:
        findings.add(
            "warning", path, "{object} has no field {field}; {column} comes from {others} alone.",
            object=info.name, field=", ".join(lacking), column=column.name,
            others=", ".join(there),
        )  # fmt: skip


def _check_absent(
    path: str, column: Column, doc: FieldDoc, info: ObjectInfo, findings: Findings
) -> None:
    names = ", ".join(doc.paths)
    if not doc.optional:
        _add_missing(path, names, info, column.kind, findings)
    elif doc.default is not None:
        findings.add(
            "ok", path, "{object} has no {field}; {column} is always {default}.",
            object=info.name, field=names, column=column.name, default=doc.default,
        )  # fmt: skip
    elif column.required:
        _add_missing(path, names, info, column.kind, findings)
    else:
        findings.add(
            "ok", path, "{object} has no {field}; {column} stays unknown.",
            object=info.name, field=names, column=column.name,
        )  # fmt: skip


def _check_found(
    path: str,
    column: Column,
    doc: FieldDoc,
    info: ObjectInfo,
    found: FieldInfo,
    findings: Findings,
) -> None:
    place = {"object": info.name, "field": found.name, "column": column.name}
    kinds = {"kind": found.kind.value, "column_kind": column.kind.value}
    if doc.map or column.kind is Kind.TEXT or found.kind is column.kind:
        return
    if found.kind is Kind.TEXT:
        if not doc.steps:
            findings.add(
                "warning", path, TEXT_NEEDS, "Add transform: {transform} to {path} in {mapping}.",
                transform=_TRANSFORMS_FOR[column.kind], **place, **kinds,
            )  # fmt: skip
        return
    alike = (found.kind in NUMBERS and column.kind in NUMBERS) or (
        found.kind in (Kind.DATE, Kind.TIMESTAMP) and column.kind in (Kind.DATE, Kind.TIMESTAMP)
    )
    if not alike and not doc.steps:
        findings.add(
            "error", path, WRONG_KIND, "Map another field, or add a transform or a map.",
            **place, **kinds,
        )  # fmt: skip


def _add_missing(
    path: str, field_name: str, info: ObjectInfo, kind: Kind, findings: Findings
) -> None:
    english, chinese = READ_TYPES[kind]
    findings.add(
        "error", path, NO_FIELD, CREATE_READABLE,
        object=info.name, field=field_name, wanted=english, wanted_zh=chinese,
    )  # fmt: skip
