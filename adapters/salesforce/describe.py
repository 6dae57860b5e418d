"""What the org has: objects and fields as the integration user sees them.

Source: REST API Developer Guide, "sObject Describe" and "Describe Global"; fields that
field-level security hides are missing from the answer altogether.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.salesforce.errors import translate_nonsense
from adapters.salesforce.query import check_name
from adapters.salesforce.session import SalesforceSession
from connector.domain.entities import Kind
from connector.errors import RefusedError
from connector.ports.crm import FieldInfo, ObjectInfo

FRESH_FOR = 300.0  # seconds in which a description is taken as it is
_MONEY_SCALE = 4  # digits that money and quantity columns keep
COMPOUND_TYPES = ("address", "location")
_KINDS = {
    "boolean": Kind.FLAG,
    "date": Kind.DATE,
    "datetime": Kind.TIMESTAMP,
    "currency": Kind.MONEY,
    "double": Kind.QUANTITY,
    "percent": Kind.QUANTITY,
    "int": Kind.COUNT,
    "long": Kind.COUNT,
}


@dataclass(frozen=True, slots=True)
class _Known:
    info: ObjectInfo
    last_modified: str
    asked_at: float


class Catalogue:
    """Live descriptions, kept for a while and then asked for again only if they changed."""

    def __init__(self, session: SalesforceSession) -> None:
        self._session = session
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def describe(self, object_name: str) -> ObjectInfo | None:
        """The object and its fields; None when the org does not know or hides it."""
        name = check_name(object_name, object_name)
        with self._lock:
            known = self._known.get(name.lower())
        now = self._session.clock.monotonic()
        if known is not None and now - known.asked_at < FRESH_FOR:
            return known.info
        found = self._ask(name, known)
        with self._lock:
            if found is None:
                self._known.pop(name.lower(), None)
            else:
                self._known[name.lower()] = found
        return found.info if found else None

    def expect(self, object_name: str) -> ObjectInfo:
        """As `describe`; RefusedError when there is no such object."""
        info = self.describe(object_name)
        if info is None:
            raise RefusedError(
                "Salesforce knows no object {object}, or hides it from the integration user.",
                code="INVALID_TYPE",
                where=self._session.options.host,
                next_step="Correct the mapping, or give the permission set access to the object.",
                object=object_name,
            )
        return info

    def forget(self, object_name: str) -> None:
        """Drop what is kept, because an answer contradicted it."""
        with self._lock:
            self._known.pop(object_name.lower(), None)

    def list_objects(self) -> Sequence[str]:
        """Names of all objects that can be queried, in alphabetical order."""
        call = self._session.name_call("describe", "sobjects")
        body = self._session.ask("GET", "sobjects", call)
        rows = body.get("sobjects") if isinstance(body, dict) else None
        if not isinstance(rows, list):
            raise translate_nonsense(call, "the list of objects is missing")
        return sorted(str(row["name"]) for row in rows if row.get("queryable"))

    def _ask(self, name: str, known: _Known | None) -> _Known | None:
        call = self._session.name_call("describe", name)
        headers = {"If-Modified-Since": known.last_modified} if known else {}
        now = self._session.clock.monotonic()
        try:
            answer = self._session.respond(
                f"sobjects/{name}/describe", call, {k: v for k, v in headers.items() if v}
            )
        except RefusedError as error:
            if error.code in ("NOT_FOUND", "INVALID_TYPE"):
                return None
            raise
        if answer.status_code == 304 and known is not None:
            return _Known(known.info, known.last_modified, now)
        body = answer.json()
        if not isinstance(body, dict) or not isinstance(body.get("fields"), list):
            raise translate_nonsense(call, "the description has no fields")
        return _Known(read_object(body), answer.headers.get("Last-Modified", ""), now)


def read_object(body: Mapping[str, Any]) -> ObjectInfo:
    """An object from its describe body."""
    fields = [read_field(raw) for raw in body["fields"]]
    return ObjectInfo(
        name=str(body["name"]),
        label=str(body.get("label") or body["name"]),
        fields={info.name: info for info in fields},
        queryable=bool(body.get("queryable", True)),
        createable=bool(body.get("createable", True)),
        updateable=bool(body.get("updateable", True)),
    )


def read_field(raw: Mapping[str, Any]) -> FieldInfo:
    """A field from its describe entry.

    Required means: a create without it fails, which a default or a checkbox prevents.
    """
    vendor_type = str(raw.get("type") or "")
    fixed = bool(raw.get("calculated") or raw.get("autoNumber"))
    createable = bool(raw.get("createable")) and not fixed
    scale = int(raw.get("scale") or 0)
    whole_digits = int(raw.get("digits") or 0)
    return FieldInfo(
        name=str(raw["name"]),
        label=str(raw.get("label") or raw["name"]),
        kind=_find_kind(vendor_type, scale),
        vendor_type=vendor_type,
        length=int(raw.get("length") or 0),
        precision=int(raw.get("precision") or 0) or whole_digits,
        scale=scale,
        createable=createable,
        updateable=bool(raw.get("updateable")) and not fixed,
        required=createable and not raw.get("nillable") and not raw.get("defaultedOnCreate"),
        calculated=bool(raw.get("calculated")),
        filterable=bool(raw.get("filterable", True)),
        external_id=bool(raw.get("externalId")),
        unique=bool(raw.get("unique")),
        choices=tuple(
            str(choice["value"]) for choice in raw.get("picklistValues") or () if choice["active"]
        ),
        restricted=bool(raw.get("restrictedPicklist")),
        refers_to=tuple(map(str, raw.get("referenceTo") or ())),
        relationship=str(raw.get("relationshipName") or ""),
    )


def _find_kind(vendor_type: str, scale: int) -> Kind:
    kind = _KINDS.get(vendor_type, Kind.TEXT)
    return Kind.RATE if kind is Kind.QUANTITY and scale > _MONEY_SCALE else kind
