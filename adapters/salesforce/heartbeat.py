"""The heartbeat: the org's own record of a hierarchical custom setting.

Source: Apex Developer Guide, "Custom Settings Methods": a hierarchical setting has at most one
record for the organisation, one for each profile and one for each user; `SetupOwnerId` names whose
it is, and formulas read it as `$Setup.Object__c.Field__c`. It is written like any object (REST API
Developer Guide, "sObject Rows").
"""

from __future__ import annotations

from collections.abc import Mapping

from adapters.salesforce.describe import Catalogue
from adapters.salesforce.errors import translate_nonsense
from adapters.salesforce.ids import to_long_id
from adapters.salesforce.query import write_select
from adapters.salesforce.rows import encode_json, find_writable, to_json_value
from adapters.salesforce.session import SalesforceSession

OWNER = "SetupOwnerId"


class Heartbeat:
    """Keeps one record for the whole org; remembers its id while the connection is open."""

    def __init__(self, session: SalesforceSession, catalogue: Catalogue) -> None:
        self._session = session
        self._catalogue = catalogue
        self._record_ids: dict[str, str] = {}

    def write(self, object_name: str, values: Mapping[str, str | None]) -> None:
        """Set fields of the org's record, made when there is none. Values are absolute, so that a
        call whose answer was lost is simply sent again."""
        info = self._catalogue.expect(object_name)
        record_id = self._find(info.name)
        body: dict[str, object] = {}
        for name, text in values.items():
            field = find_writable(name, info, create=not record_id)
            body[field.name] = to_json_value(text, field)
        call = self._session.name_call("heartbeat", info.name)
        path = f"sobjects/{info.name}"
        if record_id:
            self._session.ask("PATCH", f"{path}/{record_id}", call, body=encode_json(body))
            return
        body[OWNER] = self._name_org()
        made = self._session.ask("POST", path, call, body=encode_json(body))
        if not isinstance(made, dict) or not made.get("success"):
            raise translate_nonsense(call, "it does not say what became of the record")
        self._record_ids[info.name] = to_long_id(str(made["id"]))

    def _find(self, object_name: str) -> str:
        if object_name not in self._record_ids:
            call = self._session.name_call("heartbeat", object_name)
            owned = f"{OWNER} = '{self._name_org()}'"
            page = self._session.query(write_select(["Id"], object_name, [owned], []), call)
            found = page.get("records") or []
            if not found:
                return ""
            self._record_ids[object_name] = to_long_id(str(found[0]["Id"]))
        return self._record_ids[object_name]

    def _name_org(self) -> str:
        """The org's id, as the identity service tells it; that costs no call of the allowance."""
        call = self._session.name_call("login", "userinfo")
        told = self._session.ask_root("/services/oauth2/userinfo", call)
        if not isinstance(told, dict) or not told.get("organization_id"):
            raise translate_nonsense(call, "it does not name the organisation")
        return to_long_id(str(told["organization_id"]))
