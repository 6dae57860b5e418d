"""Creates the custom fields that a mapping needs, and shows them to the integration user.

Source: Tooling API Developer Guide, "CustomField"; the org's fields are read through the Metadata
API, because a describe hides what field-level security hides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from adapters.salesforce.components import Component, Key, list_choices, parse_document
from adapters.salesforce.custom_fields import CustomField, credit_field_on, task_key
from adapters.salesforce.describe import Catalogue
from adapters.salesforce.errors import translate_nonsense
from adapters.salesforce.metadata import field_settings, permission_name, to_xml
from adapters.salesforce.retrieval import Retrieval
from adapters.salesforce.rights import Rights, RightsWanted
from adapters.salesforce.session import SalesforceSession
from adapters.salesforce.verdicts import judge
from connector.domain.catalogue import CREDIT_FIELDS
from connector.errors import RefusedError
from connector.ports.setup import FieldsWanted, SetupItem, SetupOutcome, SetupPlan, Step

_CUSTOM = re.compile(r"[A-Za-z]\w*__c", re.ASCII)
_STANDARD = "It is no custom field of this org, so there is nothing to create."
_CHECKED = "`mapping check` says whether it fits."
_NEVER_GRANTED = ("User", "Organization")  # every user sees its colleagues as the org shares them
_GRANTED_OBJECTS = ("Account", "Contact", "Opportunity", "Order")
_JSON = {"Content-Type": "application/json"}


class FieldInstaller:
    """Plans and creates fields and rights in one org.

    `session` is a user who may customise the org; `daily` is the session whose user reads and
    writes every day, the same one unless the connection names an admin's app.
    """

    def __init__(
        self, session: SalesforceSession, catalogue: Catalogue, daily: SalesforceSession
    ) -> None:
        self._session = session
        self._catalogue = catalogue
        self._daily = daily
        self._retrieval = Retrieval(session)
        self._rights = Rights(session)
        self._ready: dict[Key, tuple[CustomField, Component]] = {}
        self._grantables: dict[str, dict[str, str]] = {}

    def plan(self, wanted: FieldsWanted) -> SetupPlan:
        """Fields, then permission sets with their grants, then who has them."""
        self._grantables.clear()
        fields = list_fields(wanted)
        theirs = self._retrieval.fetch(("CustomField", field.full_name) for field in fields)
        items = [_left_out(name) for name in _not_custom(wanted)]
        usable = [name for name in _not_custom(wanted) if self._grantable(*_halves(name))]
        for field in fields:
            ours = as_component(field)
            item, ready = judge(ours, theirs.get(ours.key))
            self._ready[ours.key] = field, ready
            items.append(item)
            if item.step is not Step.BLOCKED:
                usable.append(permission_name(field))
        return SetupPlan([*items, *self._rights.plan(self._want_rights(wanted, usable))])

    def apply(self, plan: SetupPlan) -> list[SetupOutcome]:
        """Carry out a plan that this installer made; one refusal does not stop the rest."""
        fields = [item for item in plan.pending if item.kind == "CustomField"]
        ids = self._find_ids([item for item in fields if item.step is Step.CHANGE])
        outcomes = [self._make(item, ids) for item in fields]
        for name in {item.name.partition(".")[0] for item in fields}:
            self._catalogue.forget(name)
        return outcomes + self._rights.apply(plan.pending)

    def _make(self, item: SetupItem, ids: Mapping[str, str]) -> SetupOutcome:
        field, ready = self._ready[item.kind, item.name]
        settings = field_settings(field)
        for size in ("length", "precision", "scale", "visibleLines"):
            if size in settings:
                settings[size] = int(ready.text(size))
        if field.choices:
            definition = {"sorted": False, "value": list_choices(ready)}
            settings["valueSet"] = {"restricted": True, "valueSetDefinition": definition}
        body = {"FullName": field.full_name, "Metadata": settings}
        path, method = "tooling/sobjects/CustomField", "POST"
        if item.step is Step.CHANGE:
            if item.name not in ids:
                return SetupOutcome(item, False)
            path, method = f"{path}/{ids[item.name]}", "PATCH"
        call = self._session.name_call("write", field.full_name)
        try:
            self._session.ask(method, path, call, body=json.dumps(body).encode(), headers=_JSON)
        except RefusedError as error:
            return SetupOutcome(item, False, str(error.params.get("detail") or error))
        return SetupOutcome(item, True)

    def _find_ids(self, items: Sequence[SetupItem]) -> dict[str, str]:
        """Tooling ids of custom fields by full name."""
        ids: dict[str, str] = {}
        for owner in sorted({item.name.partition(".")[0] for item in items}):
            call = self._session.name_call("describe", "CustomField")
            soql = (
                "SELECT Id, DeveloperName FROM CustomField "  # noqa: S608  # a checked name
                f"WHERE TableEnumOrId = '{owner}' AND NamespacePrefix = null"
            )
            answer = self._session.ask("GET", f"tooling/query?q={soql.replace(' ', '+')}", call)
            for row in answer["records"]:
                ids[f"{owner}.{row['DeveloperName']}__c"] = str(row["Id"])
        return ids

    def _want_rights(self, wanted: FieldsWanted, usable: Sequence[str]) -> RightsWanted:
        call = self._daily.name_call("login", "userinfo")
        user = self._daily.ask_root("/services/oauth2/userinfo", call)
        edited = {name.partition(".")[0] for name in usable} - {"Task"}
        objects = {name: name in edited for name in (*wanted.reads, *edited)}
        also = [
            name for owner, paths in wanted.writes.items() for name in self._named(owner, paths)
        ]
        user_id = str((user or {}).get("user_id") or "")
        if not user_id.isalnum():
            raise translate_nonsense(call, "the answer names no user")
        return RightsWanted(
            user_id=user_id,
            user_name=str(user.get("preferred_username") or user_id),
            shown=usable,
            written=list(dict.fromkeys([*usable, *also])),
            read=[
                name for owner, paths in wanted.reads.items() for name in self._named(owner, paths)
            ],
            objects={name: edits for name, edits in objects.items() if self._is_granted(name)},
        )

    def _named(self, owner: str, paths: Sequence[str]) -> list[str]:
        """Full names of the fields among the paths that a permission set has to show."""
        return sorted({name for path in paths if (name := self._grantable(owner, path))})

    def _grantable(self, owner: str, name: str) -> str:
        """Full name of a field to which rights are given field by field; empty for others."""
        if owner not in self._grantables:
            self._grantables[owner] = self._list_grantable(owner)
        return self._grantables[owner].get(name.lower(), "")

    def _list_grantable(self, owner: str) -> dict[str, str]:
        if owner in _NEVER_GRANTED or self._catalogue.describe(owner) is None:
            return {}
        call = self._session.name_call("describe", owner)
        body = self._session.ask("GET", f"sobjects/{owner}/describe", call)
        names = [str(f["name"]) for f in body["fields"] if f.get("permissionable")]
        return {name.lower(): f"{body['name']}.{name}" for name in names}

    def _is_granted(self, name: str) -> bool:
        """Whether object permissions exist for it: some objects follow their parents."""
        if self._catalogue.describe(name) is None:
            return False
        info = self._catalogue.describe("ObjectPermissions")
        listed = info.find("SobjectType") if info else None
        if listed is not None and listed.choices:
            return name in listed.choices
        return name in _GRANTED_OBJECTS or name.endswith("__c")


def list_fields(wanted: FieldsWanted) -> list[CustomField]:
    """The custom fields that a mapping needs, under the names it gives them."""
    fields = [
        credit_field_on(owner, name, CREDIT_FIELDS[key])
        for key, (owner, name) in wanted.credit_fields.items()
        if _is_custom(name)
    ]
    if wanted.task_key is not None and _is_custom(wanted.task_key[1]):
        fields.append(task_key(*wanted.task_key))
    return fields


def as_component(field: CustomField) -> Component:
    """A field as the Metadata API has it."""
    text = to_xml("CustomField", {"fullName": field.name, **field_settings(field)})
    return Component("CustomField", field.full_name, parse_document(text.encode(), field.name))


def _is_custom(name: str) -> bool:
    """Whether it is a custom field of the org itself, not of an installed package."""
    return _CUSTOM.fullmatch(name) is not None and "__" not in name.removesuffix("__c")


def _not_custom(wanted: FieldsWanted) -> list[str]:
    return [
        f"{owner}.{name}" for owner, name in wanted.credit_fields.values() if not _is_custom(name)
    ]


def _halves(full_name: str) -> tuple[str, str]:
    owner, _, name = full_name.partition(".")
    return owner, name


def _left_out(name: str) -> SetupItem:
    return SetupItem("CustomField", name, Step.LEFT_OUT, message=_STANDARD, next_step=_CHECKED)
