"""The heartbeat: the org's own record of a hierarchical custom setting.

Source: Apex Developer Guide, "Custom Settings Methods": a hierarchical setting has at most one
record for the organisation, one for each profile and one for each user; `SetupOwnerId` names whose
it is, and formulas read it as `$Setup.Object__c.Field__c`. It is written like any object (REST API
Developer Guide, "sObject Rows"), by users who may customise the application (Salesforce Help,
"Custom Settings").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.salesforce.describe import Catalogue
from adapters.salesforce.errors import translate_nonsense
from adapters.salesforce.ids import to_long_id
from adapters.salesforce.query import write_select
from adapters.salesforce.rows import encode_json, find_writable, to_json_value
from adapters.salesforce.session import SalesforceSession
from connector.errors import RefusedError
from connector.ports.crm import ObjectInfo

OWNER = "SetupOwnerId"
# What is known of the record is wrong: it was deleted, or it came by a call whose answer was lost.
_LOOK_ANEW = frozenset({"NOT_FOUND", "ENTITY_IS_DELETED", "HTTP_404", "DUPLICATE_VALUE"})
_NO_RIGHT = frozenset(
    {
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "METHOD_NOT_ALLOWED",
        "HTTP_403",
    }
)


class Heartbeat:
    """Keeps one record for the whole org; remembers its id while the connection is open."""

    def __init__(self, session: SalesforceSession, catalogue: Catalogue) -> None:
        self._session = session
        self._catalogue = catalogue
        self._record_ids: dict[str, str] = {}

    def write(self, object_name: str, values: Mapping[str, str | None]) -> None:
        """Set fields of the org's record, made when there is none. Values are absolute, so that a
        call whose answer was lost is simply sent again; the org has one record at most."""
        info = self._catalogue.expect(object_name)
        try:
            self._write(info, values)
        except RefusedError as error:
            if error.code in _NO_RIGHT:
                raise _ask_for_right(error) from None
            if error.code not in _LOOK_ANEW:
                raise
            self._record_ids.pop(info.name, None)
            self._write(info, values)

    def _write(self, info: ObjectInfo, values: Mapping[str, str | None]) -> None:
        record_id = self._find(info.name)
        body = _spell(info, values, create=not record_id)
        call = self._session.name_call("heartbeat", info.name)
        path = f"sobjects/{info.name}"
        if record_id:
            self._session.ask("PATCH", f"{path}/{record_id}", call, body=encode_json(body))
            return
        body[OWNER] = self._name_org()
        made = self._session.ask("POST", path, call, body=encode_json(body))
        self._record_ids[info.name] = self._read_id(made, "id", info.name)

    def _find(self, object_name: str) -> str:
        if object_name not in self._record_ids:
            call = self._session.name_call("heartbeat", object_name)
            owned = f"{OWNER} = '{self._name_org()}'"
            page = self._session.query(write_select(["Id"], object_name, [owned], []), call)
            found = page.get("records")
            if not found:
                return ""
            first = found[0] if isinstance(found, list) else None
            self._record_ids[object_name] = self._read_id(first, "Id", object_name)
        return self._record_ids[object_name]

    def _name_org(self) -> str:
        """The org's id, as the identity service tells it; that costs no call of the allowance."""
        call = self._session.name_call("login", "userinfo")
        told = self._session.ask_root("/services/oauth2/userinfo", call)
        return self._read_id(told, "organization_id", "userinfo")

    def _read_id(self, answer: Any, name: str, subject: str) -> str:
        try:
            return to_long_id(str(answer[name]))
        except (KeyError, TypeError, ValueError):
            call = self._session.name_call("heartbeat", subject)
            raise translate_nonsense(call, "it does not name the record") from None


def _spell(
    info: ObjectInfo, values: Mapping[str, str | None], *, create: bool
) -> dict[str, object]:
    body: dict[str, object] = {}
    for name, text in values.items():
        field = find_writable(name, info, create=create)
        try:
            body[field.name] = to_json_value(text, field)
        except ValueError as error:
            raise RefusedError(
                "The field {field} of {object} cannot hold its value: {detail}",
                code="BAD_VALUE",
                where=info.name,
                next_step="Correct heartbeat in the mapping, or the field's type in Setup.",
                field=field.name,
                object=info.name,
                detail=str(error),
            ) from None
    return body


def _ask_for_right(error: RefusedError) -> RefusedError:
    return RefusedError(
        "The integration user may not write the heartbeat: {detail}",
        code=error.code,
        where=error.where,
        next_step="Give it the permission Customize Application by a permission set of its own: "
        "Salesforce asks for it to write custom settings. All else works without.",
        detail=error.params.get("detail") or error.code,
    )
