"""Plans and their changes: saved, superseded, and read back until each has come to its end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from connector.domain.change import (
    END_STATES,
    Change,
    ChangeKind,
    ChangeState,
    FieldChange,
    Owner,
    Plan,
)
from connector.ports.store import JournalEntry
from connector.store.journal import append
from connector.store.models import PlannedChange, PlanRow
from connector.store.rows import in_portions, insert_columns

_UNSENT = frozenset(
    state.value for state in (ChangeState.PLANNED, ChangeState.CONFLICT, ChangeState.RETRY)
)
_AT_AN_END = frozenset(state.value for state in END_STATES)
_LOOKUP = 500
_COPIED = (
    "connection", "object_name", "record_id", "party_id", "decision_hash", "key", "key_field",
    "band", "blocking",
)  # fmt: skip
_FIELD_NAMES = tuple(field.name for field in fields(FieldChange))


def save(alias: str, plan: Plan) -> None:
    """Store a plan and its changes, inside the caller's transaction.

    A plan names every record of its connection that needs a write, so older unsent updates it
    does not repeat end as superseded, and so do older unsent creates under a key it plans anew. A
    change that is on its way stays as it is; one that came to its end in an earlier run is
    planned again; saving the same plan twice changes nothing, unless another plan superseded it
    in between.
    """
    row, is_new = _plan_row(alias, plan)
    changes = {change.id: change for change in plan.changes}
    known = _states(alias, plan.connection, list(changes))
    superseded = _find_superseded(alias, plan.connection, changes)
    again = _AT_AN_END if is_new else {ChangeState.SUPERSEDED.value}
    begins = [id for id in changes if id not in known or known[id] in again]
    repeats = [id for id in changes if known.get(id) in _UNSENT]
    _write(alias, row.pk, {id: changes[id] for id in begins + repeats}, known)
    entries = [JournalEntry(change_id=id, state=ChangeState.SUPERSEDED) for id in superseded]
    entries += [JournalEntry(change_id=id, state=changes[id].state) for id in begins]
    append(alias, plan.connection, plan.run_id, entries, plan.created_at)


def open_changes(alias: str, connection: str) -> list[Change]:
    """Changes that have something to send or to settle, each in its state, in sending order."""
    rows = (
        PlannedChange.objects.using(alias)
        .filter(connection=connection)
        .exclude(state__in=[*_AT_AN_END, ChangeState.CONFLICT.value])
    )
    changes = [_change(row) for row in rows.iterator()]
    return sorted(
        (c for c in changes if c.writes or c.kind is ChangeKind.CREATE), key=_sending_order
    )


def open_conflicts(alias: str, connection: str) -> list[Change]:
    """Conflicts of the latest plan; earlier ones were superseded by it."""
    rows = PlannedChange.objects.using(alias).filter(
        connection=connection, state=ChangeState.CONFLICT.value
    )
    return sorted((_change(row) for row in rows.iterator()), key=_sending_order)


def change_states(alias: str, connection: str, change_ids: Sequence[str]) -> dict[str, ChangeState]:
    """Present state of those changes that the store knows, by id."""
    found = _states(alias, connection, change_ids)
    return {change_id: ChangeState(state) for change_id, state in found.items()}


def _plan_row(alias: str, plan: Plan) -> tuple[PlanRow, bool]:
    return PlanRow.objects.using(alias).get_or_create(
        connection=plan.connection,
        digest=plan.id,
        run_id=plan.run_id,
        defaults={
            "as_of": plan.as_of,
            "created_at": plan.created_at,
            "policy_hash": plan.policy_hash,
            "first_contact": plan.first_contact,
            "counts": json.dumps(asdict(plan.counts)),
            "adopted": json.dumps(plan.adopted),
        },
    )


def _states(alias: str, connection: str, change_ids: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    changes = PlannedChange.objects.using(alias).filter(connection=connection)
    for portion in in_portions(change_ids, _LOOKUP):
        found.update(changes.filter(change_id__in=portion).values_list("change_id", "state"))
    return found


def _find_superseded(alias: str, connection: str, planned: Mapping[str, Change]) -> list[str]:
    """Ids of older unsent changes that the planned ones take the place of, oldest first."""
    keys = {(c.object_name, c.key) for c in planned.values() if c.kind is ChangeKind.CREATE}
    unsent = (
        PlannedChange.objects.using(alias)
        .filter(connection=connection, state__in=_UNSENT)
        .order_by("pk")
        .values_list("change_id", "kind", "object_name", "key")
    )
    return [
        change_id
        for change_id, kind, object_name, key in unsent
        if change_id not in planned
        and (kind == ChangeKind.UPDATE.value or (object_name, key) in keys)
    ]


def _write(
    alias: str, plan_pk: int, changes: Mapping[str, Change], known: Mapping[str, str]
) -> None:
    """Insert changes; what is known already is brought up to date but keeps its state.

    The events that follow move the states, so that a state never differs from its last event.
    """
    columns: dict[str, list[Any]] = {
        name: [getattr(change, name) for change in changes.values()] for name in _COPIED
    }
    columns |= {
        "plan_id": [plan_pk] * len(changes),
        "change_id": list(changes),
        "kind": [change.kind.value for change in changes.values()],
        "state": [known.get(id, change.state.value) for id, change in changes.items()],
        "payload": [_payload(change) for change in changes.values()],
    }
    insert_columns(alias, PlannedChange, columns, key=("connection", "change_id"), replace=True)


def _payload(change: Change) -> str:
    content = {
        "label": change.label,
        "modified_by": change.modified_by,
        "modified_at": change.modified_at,
        "fields": [{name: getattr(f, name) for name in _FIELD_NAMES} for f in change.fields],
    }
    return json.dumps(content, separators=(",", ":"))


def _change(row: PlannedChange) -> Change:
    content = json.loads(row.payload)
    return Change(
        **{name: getattr(row, name) for name in _COPIED},
        kind=ChangeKind(row.kind),
        state=ChangeState(row.state),
        label=content["label"],
        modified_by=content["modified_by"],
        modified_at=content["modified_at"],
        fields=tuple(_field_changes(content["fields"])),
    )


def _field_changes(stored: Iterable[dict[str, Any]]) -> Iterable[FieldChange]:
    for one in stored:
        known = {name: value for name, value in one.items() if name in _FIELD_NAMES}
        yield FieldChange(**{**known, "owner": Owner(one["owner"])})


def _sending_order(change: Change) -> tuple[bool, bool, str, str, str, str]:
    """Updates before creates, blocking ones first, as in `Plan.to_write`."""
    return (
        change.kind is not ChangeKind.UPDATE,
        not change.blocking,
        change.object_name,
        change.record_id,
        change.party_id,
        change.key,
    )
