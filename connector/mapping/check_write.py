"""Checks of what is written: credit fields and alert tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.domain.catalogue import CREDIT_FIELDS
from connector.domain.entities import Kind
from connector.mapping.advice import WANTED
from connector.mapping.check_read import NO_FIELD, NO_FILTER
from connector.mapping.document import TaskDoc, WriteDoc, WriteFieldDoc
from connector.mapping.findings import Findings
from connector.mapping.targets import NUMBERS
from connector.ports.crm import FieldInfo, ObjectInfo

CREATE_WRITABLE = (
    "Create it: {wanted} ({new_field}), and give the integration user read and edit access "
    "(field-level security: {access}); or change {path} in {mapping}."
)
NO_EDIT = "The integration user may read {object}.{field} but not change it."
GRANT_EDIT = "Give it edit access (field-level security: {access})."
KEY_TYPE = ("Text, length 80, unique, external ID", "文本，长度 80，唯一，外部 ID")


def check_write(
    path: str,
    doc: WriteDoc,
    info: ObjectInfo,
    words: Mapping[str, Sequence[str]],
    findings: Findings,
) -> None:
    """Findings on one object that takes credit fields."""
    if not info.updateable:
        findings.add(
            "error", path, "The integration user may not change records of {object}.",
            "Grant edit access to the object ({object_access}).", object=info.name,
        )  # fmt: skip
    for credit_field, field_doc in doc.fields.items():
        here = f"{path}.fields.{credit_field}"
        found = info.find(field_doc.field)
        if found is None:
            _add_missing(here, credit_field, field_doc, info, findings)
            continue
        texts = list(words.get(credit_field, ())) or list(WANTED[credit_field].words)
        before = len(findings.found)
        _check_rights(here, info, found, findings)
        _check_kind(here, credit_field, field_doc, info, found, findings)
        _check_size(here, credit_field, field_doc, info, found, findings)
        _check_choices(here, field_doc, texts, info, found, findings)
        if len(findings.found) == before:
            findings.add(
                "ok", here, "{credit_field} is written to {object}.{field}.",
                credit_field=credit_field, object=info.name, field=found.name,
            )  # fmt: skip
    if "limit" in doc.fields and "limit_state" not in doc.fields:
        _check_lone_limit(path, doc.fields["limit"], findings)


def _add_missing(
    path: str, credit_field: str, doc: WriteFieldDoc, info: ObjectInfo, findings: Findings
) -> None:
    wanted = WANTED[credit_field]
    findings.add(
        "warning" if doc.optional else "error", path, NO_FIELD, CREATE_WRITABLE,
        object=info.name, field=doc.field, wanted=wanted.english, wanted_zh=wanted.chinese,
    )  # fmt: skip


def _check_rights(path: str, info: ObjectInfo, found: FieldInfo, findings: Findings) -> None:
    if found.calculated:
        findings.add(
            "error", path, "{object}.{field} is calculated and cannot be written.",
            "Name an ordinary field in {path} of {mapping}.", object=info.name, field=found.name,
        )  # fmt: skip
    elif not found.updateable:
        findings.add("error", path, NO_EDIT, GRANT_EDIT, object=info.name, field=found.name)


def _check_kind(
    path: str,
    credit_field: str,
    doc: WriteFieldDoc,
    info: ObjectInfo,
    found: FieldInfo,
    findings: Findings,
) -> None:
    ours, theirs = CREDIT_FIELDS[credit_field].kind, found.kind
    fits = (
        theirs is ours
        or (ours in NUMBERS and theirs in NUMBERS)
        or (theirs is Kind.TEXT and (ours is not Kind.FLAG or bool(doc.labels)))
    )
    if not fits:
        wanted = WANTED[credit_field]
        findings.add(
            "error", path, "{object}.{field} holds {kind} and cannot take {credit_field}.",
            "Name a field of this type in {path} of {mapping}: {wanted}.",
            object=info.name, field=found.name, kind=theirs.value, credit_field=credit_field,
            wanted=wanted.english, wanted_zh=wanted.chinese,
        )  # fmt: skip


def _check_size(
    path: str,
    credit_field: str,
    doc: WriteFieldDoc,
    info: ObjectInfo,
    found: FieldInfo,
    findings: Findings,
) -> None:
    wanted, place = WANTED[credit_field], {"object": info.name, "field": found.name}
    if found.kind is Kind.TEXT and found.length and not found.choices:
        longest = max((len(label) for label in doc.labels.values()), default=wanted.least)
        if found.length < longest:
            findings.add(
                "error", path,
                "{object}.{field} holds {length} characters, {credit_field} needs {least}.",
                "Make the field longer: {wanted}.", length=found.length, least=longest,
                credit_field=credit_field, wanted=wanted.english, wanted_zh=wanted.chinese, **place,
            )  # fmt: skip
        elif found.length < wanted.length:
            findings.add(
                "warning", path, "{object}.{field} holds {length} characters; longer text is cut.",
                "Make the field longer: {wanted}.", length=found.length,
                wanted=wanted.english, wanted_zh=wanted.chinese, **place,
            )  # fmt: skip
    if found.kind in NUMBERS and found.precision:
        _check_digits(path, credit_field, found, place, findings)


def _check_digits(
    path: str, credit_field: str, found: FieldInfo, place: Mapping[str, str], findings: Findings
) -> None:
    wanted, scale = WANTED[credit_field], CREDIT_FIELDS[credit_field].scale
    if found.scale < scale:
        findings.add(
            "warning", path, "{object}.{field} holds {scale} decimals; amounts are rounded.",
            "For exact amounts: {wanted}.", scale=found.scale,
            wanted=wanted.english, wanted_zh=wanted.chinese, **place,
        )  # fmt: skip
    digits = found.precision - found.scale
    if digits < wanted.digits:
        findings.add(
            "warning", path,
            "{object}.{field} holds {digits} digits before the point; larger amounts are refused.",
            "Make room: {wanted}.", digits=digits,
            wanted=wanted.english, wanted_zh=wanted.chinese, **place,
        )  # fmt: skip


def _check_choices(
    path: str,
    doc: WriteFieldDoc,
    texts: Sequence[str],
    info: ObjectInfo,
    found: FieldInfo,
    findings: Findings,
) -> None:
    if not found.choices:
        return
    written = [doc.labels.get(text, text) for text in texts] or list(doc.labels.values())
    lacking = [text for text in written if text not in found.choices]
    if lacking:
        findings.add(
            "error" if found.restricted else "warning", path,
            "The picklist {object}.{field} lacks {values}.",
            "Add the values to the picklist, or give labels in {path} of {mapping}.",
            object=info.name, field=found.name, values=", ".join(lacking),
        )  # fmt: skip


def _check_lone_limit(path: str, doc: WriteFieldDoc, findings: Findings) -> None:
    here = f"{path}.fields.limit"
    if doc.zero_means != "cash_only":
        findings.add(
            "warning", here, "{field} cannot say cash only, because 0 means no limit there.",
            "Map limit_state as well.", field=doc.field,
        )  # fmt: skip
    if doc.unlimited is None:
        findings.add(
            "warning", here, "{field} cannot say unlimited.",
            "Give `unlimited` a figure in {path} of {mapping}, or map limit_state as well.",
            field=doc.field,
        )  # fmt: skip


def check_task(doc: TaskDoc, info: ObjectInfo, findings: Findings) -> None:
    """Findings on the object that takes alert tasks."""
    before = len(findings.found)
    if not info.createable:
        findings.add(
            "error", "task.object", "The integration user may not create records of {object}.",
            "Grant create access to the object ({object_access}).", object=info.name,
        )  # fmt: skip
    _check_key(doc, info, findings)
    for slot, field_doc in doc.fields.items():
        path, found = f"task.fields.{slot}", info.find(field_doc.field)
        place = {"object": info.name, "field": field_doc.field}
        if found is None:
            findings.add(
                "error", path, NO_FIELD, "Give access ({access}), or change {path} in {mapping}.",
                **place,
            )  # fmt: skip
            continue
        if not found.createable or found.calculated:
            findings.add("error", path, NO_EDIT, GRANT_EDIT, **place)
        texts = [field_doc.constant] if field_doc.constant else list(field_doc.labels.values())
        lacking = [text for text in texts if found.choices and text not in found.choices]
        if lacking:
            findings.add(
                "error" if found.restricted else "warning", path,
                "The picklist {object}.{field} lacks {values}.",
                "Add the values to the picklist, or give labels in {path} of {mapping}.",
                values=", ".join(lacking), **place,
            )  # fmt: skip
    _check_required(doc, info, findings)
    if not any(f.level == "error" for f in findings.found[before:]):
        findings.add("ok", "task", "Alert tasks are created as {object}.", object=info.name)


def _check_key(doc: TaskDoc, info: ObjectInfo, findings: Findings) -> None:
    key, mark = info.find(doc.key), info.find(doc.key_in)
    create = "Create it: {wanted} ({new_field}), with read and edit access ({access})."
    params = {"object": info.name, "field": doc.key, "key_in": doc.key_in,
              "wanted": KEY_TYPE[0], "wanted_zh": KEY_TYPE[1],
              "fields_on": doc.fields_on}  # fmt: skip
    usable = key is not None and key.external_id and key.unique and key.createable
    if key is None:
        findings.add(
            "warning", "task.key",
            "{object} has no field {field}: each task is looked for by its key in {key_in} before "
            "it is created.", create, **params,
        )  # fmt: skip
    elif not usable:
        findings.add(
            "warning", "task.key",
            "{object}.{field} is not a unique external ID that may be written: each task is looked "
            "for by its key in {key_in} before it is created.",
            "Make it {wanted}, with read and edit access ({access}).", **params,
        )  # fmt: skip
    if mark is None and not usable:
        findings.add("error", "task.key_in", NO_FIELD, create, **{**params, "field": doc.key_in})
    elif mark is not None and not mark.filterable and not usable:
        findings.add("error", "task.key_in", NO_FILTER, create, **{**params, "field": mark.name})


def _check_required(doc: TaskDoc, info: ObjectInfo, findings: Findings) -> None:
    filled = {field_doc.field.lower() for field_doc in doc.fields.values()} | {doc.key.lower()}
    for found in info.fields.values():
        if found.required and found.createable and found.name.lower() not in filled:
            findings.add(
                "error", "task.fields", "{object} needs {field} in every new record.",
                "Give it a constant under {path} in {mapping}.",
                object=info.name, field=found.name,
            )  # fmt: skip
