"""Permission sets, what they grant, and who has them: compared with what is needed, and made so.

Source: Object Reference, "PermissionSet", "ObjectPermissions", "FieldPermissions",
"PermissionSetAssignment". A field made by API is hidden from everybody until a set grants it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.salesforce.errors import shorten, translate_nonsense
from adapters.salesforce.metadata import INTEGRATION, PERMISSION_SETS, READER
from adapters.salesforce.session import SalesforceSession
from connector.errors import RefusedError
from connector.ports.setup import SetupItem, SetupOutcome, Step

_BATCH = 200  # records of one call to composite/sobjects
_SETS = ", ".join(f"'{name}'" for name in PERMISSION_SETS)
_FIELD_RIGHTS = ("PermissionsRead", "PermissionsEdit")
_OBJECT_RIGHTS = ("PermissionsRead", "PermissionsEdit", "PermissionsViewAllRecords")
_JSON = {"Content-Type": "application/json"}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RightsWanted:
    """What the integration user must be able to do, and what readers see: fields by full name,
    objects by name with whether their records are changed."""

    user_id: str
    user_name: str
    shown: Sequence[str]
    written: Sequence[str]
    read: Sequence[str]
    objects: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class _Job:
    """A record to be made or changed; `parent` is the permission set it hangs on."""

    item: SetupItem
    object_name: str
    values: Row
    record_id: str = ""
    parent: str = ""


class Rights:
    """Plans and grants the rights of our two permission sets."""

    def __init__(self, session: SalesforceSession) -> None:
        self._session = session
        self._set_ids: dict[str, str] = {}
        self._jobs: list[_Job] = []

    def plan(self, wanted: RightsWanted) -> list[SetupItem]:
        """Permission sets, their grants and the user's assignment, against the org's."""
        self._set_ids = {
            str(row["Name"]): str(row["Id"])
            for row in read_rows(self._session, "PermissionSet", "Id, Name", f"Name IN ({_SETS})")
        }
        self._jobs = []
        items = [self._plan_set(name) for name in PERMISSION_SETS]
        items += self._plan_objects(wanted.objects)
        items += self._plan_fields(wanted)
        return [*items, self._plan_assignment(wanted)]

    def apply(self, pending: Sequence[SetupItem]) -> list[SetupOutcome]:
        """Carry out the pending items of a plan that this object made."""
        jobs = [job for job in self._jobs if job.item in pending]
        outcomes = [self._make_set(job) for job in jobs if job.object_name == "PermissionSet"]
        for name in ("ObjectPermissions", "FieldPermissions", "PermissionSetAssignment"):
            ours = [job for job in jobs if job.object_name == name]
            outcomes += self._send("POST", [job for job in ours if not job.record_id])
            outcomes += self._send("PATCH", [job for job in ours if job.record_id])
        return outcomes

    # --- planning --------------------------------------------------------------------

    def _plan_set(self, name: str) -> SetupItem:
        label, description = PERMISSION_SETS[name]
        if name in self._set_ids:
            return SetupItem("PermissionSet", name, Step.SAME)
        item = SetupItem("PermissionSet", name, Step.CREATE)
        values = {"Name": name, "Label": label, "Description": description}
        self._jobs.append(_Job(item, "PermissionSet", values))
        return item

    def _plan_objects(self, objects: Mapping[str, bool]) -> list[SetupItem]:
        columns = f"Id, SobjectType, {', '.join(_OBJECT_RIGHTS)}"
        rows = read_rows(
            self._session, "ObjectPermissions", columns, f"Parent.Name = '{INTEGRATION}'"
        )
        held = {str(row["SobjectType"]): row for row in rows}
        return [
            self._plan_grant(
                "ObjectPermissions",
                INTEGRATION,
                {"SobjectType": name},
                dict(zip(_OBJECT_RIGHTS, (True, edits, True), strict=True)),
                held.get(name),
            )
            for name, edits in objects.items()
        ]

    def _plan_fields(self, wanted: RightsWanted) -> list[SetupItem]:
        columns = f"Id, Parent.Name, Field, {', '.join(_FIELD_RIGHTS)}"
        rows = read_rows(self._session, "FieldPermissions", columns, f"Parent.Name IN ({_SETS})")
        held = {(str(row["Parent"]["Name"]), str(row["Field"])): row for row in rows}
        shown = [name for name in wanted.shown if not name.startswith("Task.")]
        grants = [(INTEGRATION, name, True) for name in wanted.written]
        grants += [(INTEGRATION, n, False) for n in wanted.read if n not in wanted.written]
        grants += [(READER, name, False) for name in shown]
        return [
            self._plan_grant(
                "FieldPermissions",
                parent,
                {"SobjectType": name.partition(".")[0], "Field": name},
                dict(zip(_FIELD_RIGHTS, (True, edits), strict=True)),
                held.get((parent, name)),
            )
            for parent, name, edits in grants
        ]

    def _plan_grant(
        self, kind: str, parent: str, subject: Row, rights: Mapping[str, bool], held: Row | None
    ) -> SetupItem:
        """One grant of a set; more rights than needed are left to it."""
        name = f"{parent}: {subject.get('Field') or subject['SobjectType']}"
        lacking = [right for right, on in rights.items() if on and not (held or {}).get(right)]
        if not lacking:
            return SetupItem(kind, name, Step.SAME)
        given = {right: True for right, on in rights.items() if on}
        if held is None:
            item = SetupItem(kind, name, Step.CREATE)
            self._jobs.append(_Job(item, kind, {**subject, **given}, parent=parent))
        else:
            words = ", ".join(right.removeprefix("Permissions") for right in lacking)
            params = {"names": words}
            item = SetupItem(kind, name, Step.CHANGE, message="It lacks {names}.", params=params)
            self._jobs.append(_Job(item, kind, given, str(held["Id"]), parent))
        return item

    def _plan_assignment(self, wanted: RightsWanted) -> SetupItem:
        kind, name = "PermissionSetAssignment", f"{INTEGRATION}: {wanted.user_name}"
        where = f"AssigneeId = '{wanted.user_id}' AND PermissionSet.Name = '{INTEGRATION}'"
        if read_rows(self._session, kind, "Id", where):
            return SetupItem(kind, name, Step.SAME)
        item = SetupItem(kind, name, Step.CREATE)
        self._jobs.append(_Job(item, kind, {"AssigneeId": wanted.user_id}, parent=INTEGRATION))
        return item

    # --- granting --------------------------------------------------------------------

    def _make_set(self, job: _Job) -> SetupOutcome:
        call = self._session.name_call("write", "PermissionSet")
        try:
            answer = self._session.ask(
                "POST", "sobjects/PermissionSet", call, body=json.dumps(job.values).encode()
            )
        except RefusedError as error:
            return SetupOutcome(job.item, False, str(error.params.get("detail") or error))
        self._set_ids[job.item.name] = str(answer["id"])
        return SetupOutcome(job.item, True)

    def _send(self, method: str, jobs: Sequence[_Job]) -> list[SetupOutcome]:
        outcomes: list[SetupOutcome] = []
        for start in range(0, len(jobs), _BATCH):
            outcomes += self._send_batch(method, jobs[start : start + _BATCH])
        return outcomes

    def _send_batch(self, method: str, jobs: Sequence[_Job]) -> list[SetupOutcome]:
        lost = [job for job in jobs if job.parent not in self._set_ids]
        sent = [job for job in jobs if job.parent in self._set_ids]
        outcomes = [SetupOutcome(job.item, False) for job in lost]
        if not sent:
            return outcomes
        call = self._session.name_call("write", sent[0].object_name)
        records = [self._record(job) for job in sent]
        body = json.dumps({"allOrNone": False, "records": records}).encode()
        answers = self._session.ask(method, "composite/sobjects", call, body=body, headers=_JSON)
        if not isinstance(answers, list) or len(answers) != len(sent):
            raise translate_nonsense(call, "the answer has another number of rows")
        return outcomes + [
            SetupOutcome(job.item, bool(answer.get("success")), _tell(answer))
            for job, answer in zip(sent, answers, strict=True)
        ]

    def _record(self, job: _Job) -> Row:
        record: Row = {"attributes": {"type": job.object_name}, **job.values}
        if job.record_id:
            return {**record, "id": job.record_id}
        key = "PermissionSetId" if job.object_name == "PermissionSetAssignment" else "ParentId"
        return {**record, key: self._set_ids[job.parent]}


def read_rows(session: SalesforceSession, object_name: str, columns: str, where: str) -> list[Row]:
    """All records of an object that a condition finds; the parts are ours, not a user's."""
    call = session.name_call("read", object_name)
    page = session.query(f"SELECT {columns} FROM {object_name} WHERE {where}", call)  # noqa: S608  # our own names
    rows = list(page["records"])
    while not page.get("done", True):
        page = session.query_more(str(page["nextRecordsUrl"]), call)
        rows += page["records"]
    return rows


def list_assignments(session: SalesforceSession, sets: Sequence[str]) -> list[Row]:
    """All assignments of the permission sets to users."""
    if not sets:
        return []
    names = ", ".join(f"'{name}'" for name in sets)
    columns, where = "Id, AssigneeId, PermissionSetId", f"PermissionSet.Name IN ({names})"
    return read_rows(session, "PermissionSetAssignment", columns, where)


def take_from_users(session: SalesforceSession, assignments: Sequence[Row]) -> None:
    """End these assignments."""
    for start in range(0, len(assignments), _BATCH):
        ids = ",".join(str(row["Id"]) for row in assignments[start : start + _BATCH])
        call = session.name_call("write", "PermissionSetAssignment")
        session.ask("DELETE", f"composite/sobjects?ids={ids}&allOrNone=false", call)


def give_to_users(session: SalesforceSession, taken: Sequence[Row]) -> None:
    """Make the assignments again that `take_from_users` ended; those that stand are left."""
    for start in range(0, len(taken), _BATCH):
        records = [
            {
                "attributes": {"type": "PermissionSetAssignment"},
                "AssigneeId": row["AssigneeId"],
                "PermissionSetId": row["PermissionSetId"],
            }
            for row in taken[start : start + _BATCH]
        ]
        body = json.dumps({"allOrNone": False, "records": records}).encode()
        call = session.name_call("write", "PermissionSetAssignment")
        session.ask("POST", "composite/sobjects", call, body=body, headers=_JSON)


def _tell(answer: Row) -> str:
    return "; ".join(
        shorten(str(error.get("message") or "")) for error in answer.get("errors") or ()
    )
