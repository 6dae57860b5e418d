"""Decisions: staged invisibly in small commits, made visible by one pointer.

Every staging writes under the number after the visible one. Until the pointer moves, readers see
the decisions of before; a staging that a crash cut short is thrown away by the next one, and so
are decisions that newer ones replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from connector.errors import StateError
from connector.ports.store import DecisionSet, Fence
from connector.store.database import MAX_COMMIT_ROWS
from connector.store.leases import writing
from connector.store.models import Decision, DecisionFlag, Seam
from connector.store.payloads import KEY, PayloadWriter, typed
from connector.store.rows import arrow_rows, in_portions, insert_columns

_HASHES = pa.schema([(name, pa.string()) for name in ("party_id", "selling_company", "hash")])
_COPIED = (
    "as_of", "currency", "score", "grade", "colour", "hold", "band", "net_exposure", "overdue",
    "available", "utilisation", "proposed_amount", "next_review", "decision_hash",
)  # fmt: skip
_FLAG_COLUMNS = ("party_id", "selling_company", "code", "severity", "since", "amount")


def stage(alias: str, decisions: DecisionSet, fence: Fence) -> int:
    """Store what changed under the next number; how many parties changed or left."""
    number = _begin_staging(alias, fence)
    _discard(alias, fence)
    tables = typed(decisions.tables)
    changed, left = _compare(alias, tables["decision"], decisions.among)
    tables = {
        name: table.filter(pc.is_in(table["party_id"], changed)) for name, table in tables.items()
    }
    _insert_decisions(alias, number, tables, fence)
    _insert_flags(alias, number, tables["flag"], fence)
    _insert_left(alias, number, left.to_pylist(), fence)
    with writing(alias, fence):
        Seam.objects.using(alias).update(staged_run=decisions.run_id)
    return len(changed) + len(left)


def make_visible(alias: str, run_id: str, through_seq: int, basis: str) -> None:
    """Move the pointer, `decided_through` and the basis, inside the caller's transaction."""
    seam = Seam.objects.using(alias).select_for_update().first()
    if seam is None or seam.staged_run != run_id:
        raise StateError(
            "The decisions of run {run_id} were not stored completely, so they stay invisible.",
            next_step="Run again: it decides anew from the same facts.",
            run_id=run_id,
        )
    seam.visible_number += 1
    seam.staged_run = ""
    seam.decided_through_seq = through_seq
    seam.basis = basis
    seam.save(using=alias)


def visible(alias: str) -> QuerySet[Decision]:
    """The decisions in force."""
    pointer = _pointer(alias)
    return (
        Decision.objects.using(alias)
        .filter(number__lte=Subquery(pointer), gone=False)
        .filter(~Exists(_newer(alias, pointer)))
    )


def visible_flags(alias: str) -> QuerySet[DecisionFlag]:
    """The flags of the decisions in force."""
    pointer = _pointer(alias)
    return (
        DecisionFlag.objects.using(alias)
        .filter(number__lte=Subquery(pointer))
        .filter(~Exists(_newer(alias, pointer)))
    )


def _pointer(alias: str) -> QuerySet[Seam, int]:
    return Seam.objects.using(alias).values_list("visible_number", flat=True)[:1]


def _newer(alias: str, pointer: QuerySet[Seam, int]) -> QuerySet[Decision]:
    """A visible decision on the same party from a later run."""
    return Decision.objects.using(alias).filter(
        party_id=OuterRef("party_id"),
        number__gt=OuterRef("number"),
        number__lte=Subquery(pointer),
    )


def _begin_staging(alias: str, fence: Fence) -> int:
    with writing(alias, fence):
        seam, _ = Seam.objects.using(alias).select_for_update().get_or_create(id=Seam.ONLY)
        seam.staged_run = ""
        seam.save(using=alias, update_fields=["staged_run"])
        return seam.visible_number + 1


def _discard(alias: str, fence: Fence) -> None:
    """Delete what a crashed staging left and what newer decisions replaced."""
    pointer = _pointer(alias)
    stale = Q(number__gt=Subquery(pointer)) | Exists(_newer(alias, pointer))
    _delete(alias, fence, lambda: DecisionFlag.objects.using(alias).filter(stale))
    _delete(alias, fence, lambda: Decision.objects.using(alias).filter(stale))
    # The mark of a party that left goes last: until then it hides what it replaced.
    _delete(alias, fence, lambda: Decision.objects.using(alias).filter(gone=True))


def _delete(
    alias: str, fence: Fence, find: Callable[[], QuerySet[Decision] | QuerySet[DecisionFlag]]
) -> None:
    while True:
        with writing(alias, fence):
            ids = list(find().values_list("pk", flat=True)[:MAX_COMMIT_ROWS])
            if not ids:
                return
            find().model._base_manager.using(alias).filter(pk__in=ids).delete()


def _compare(
    alias: str, decided: pa.Table, among: Sequence[str] | None
) -> tuple[pa.Array, pa.Array]:
    """Parties whose decisions differ from those in force, and parties that are no longer there."""
    columns = ("party_id", "selling_company", "decision_hash")
    found = decided.select(list(columns)).rename_columns(_HASHES.names)
    known = arrow_rows(_HASHES, visible(alias).values_list(*columns).iterator())
    fresh = found.join(known, keys=_HASHES.names, join_type="left anti")["party_id"]
    missing = known.join(found, keys=_HASHES.names, join_type="left anti")["party_id"]
    named = pc.is_in(missing, value_set=found["party_id"].combine_chunks())
    changed = pa.chunked_array([*fresh.chunks, *missing.filter(named).chunks], pa.string())
    left = missing.filter(pc.invert(named))
    if among is not None:
        left = left.filter(pc.is_in(left, value_set=pa.array(among, pa.string())))
    return pc.unique(changed), pc.unique(left)


def _insert_decisions(
    alias: str, number: int, tables: Mapping[str, pa.Table], fence: Fence
) -> None:
    decided = tables["decision"]
    payloads = PayloadWriter(tables)
    for start in range(0, len(decided), MAX_COMMIT_ROWS):
        portion = decided.slice(start, MAX_COMMIT_ROWS)
        count = len(portion)
        columns: dict[str, Sequence[object]] = {
            "number": [number] * count,
            "gone": [False] * count,
            "payload": payloads.texts(start, start + count),
            **{name: portion[name].to_pylist() for name in (*KEY, *_COPIED)},
        }
        with writing(alias, fence):
            insert_columns(alias, Decision, columns)


def _insert_flags(alias: str, number: int, flags: pa.Table, fence: Fence) -> None:
    for start in range(0, len(flags), MAX_COMMIT_ROWS):
        portion = flags.slice(start, MAX_COMMIT_ROWS)
        columns = {name: portion[name].to_pylist() for name in _FLAG_COLUMNS}
        with writing(alias, fence):
            insert_columns(alias, DecisionFlag, {"number": [number] * len(portion), **columns})


def _insert_left(alias: str, number: int, parties: Iterable[str], fence: Fence) -> None:
    for portion in in_portions(list(parties)):
        count = len(portion)
        columns: dict[str, Sequence[object]] = {
            "number": [number] * count,
            "gone": [True] * count,
            "party_id": portion,
            "selling_company": [""] * count,
            "decision_hash": [""] * count,
            "payload": ["{}"] * count,
        }
        with writing(alias, fence):
            insert_columns(alias, Decision, columns)
