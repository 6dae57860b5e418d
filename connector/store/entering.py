"""Facts that people entered: `EnteringPort` over append-only revisions."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError
from django.db.models import Max, OuterRef, QuerySet, Subquery

from connector.errors import StateError
from connector.ports.entering import Entry, FactRevision
from connector.store.failures import translated
from connector.store.leases import writing
from connector.store.models import FactRevisionRow


class StoredEntering:
    """See `EnteringPort`."""

    def __init__(self, alias: str) -> None:
        self._alias = alias

    def enter(
        self, entries: Sequence[Entry], who: str, why: str, at: datetime
    ) -> Sequence[FactRevision]:
        """See `EnteringPort`."""
        made: list[FactRevisionRow] = []
        try:
            with writing(self._alias):
                for entry in entries:
                    row = self._next(entry)
                    row.who, row.why, row.at = who, why, at
                    row.save(using=self._alias, force_insert=True)
                    made.append(row)
        except StateError as error:
            if isinstance(error.__cause__, IntegrityError):
                raise _moved(made[-1].fact_id if made else "") from error
            raise
        return [_revision(row) for row in made]

    def _next(self, entry: Entry) -> FactRevisionRow:
        fact_id, revision = entry.fact_id, 1
        if fact_id:
            latest = self._all().filter(fact_id=fact_id).aggregate(n=Max("revision"))["n"]
            if latest != entry.revision:
                raise _moved(fact_id)
            revision = int(latest) + 1
        return FactRevisionRow(
            fact_id=fact_id or f"{entry.entity.replace('_', '-')}-{uuid.uuid4().hex[:10]}",
            revision=revision,
            entity=entry.entity,
            payload=json.dumps(dict(entry.values), ensure_ascii=False, sort_keys=True),
            withdrawn=entry.withdrawn,
        )

    def in_force(self, entity: str = "") -> Sequence[FactRevision]:
        """See `EnteringPort`."""
        with translated(self._alias):
            rows = self._all()
            if entity:
                rows = rows.filter(entity=entity)
            newest = self._all().filter(fact_id=OuterRef("fact_id")).order_by("-revision")
            rows = rows.filter(revision=Subquery(newest.values("revision")[:1]), withdrawn=False)
            found = [_revision(row) for row in rows]
            first = dict(self._all().filter(revision=1).values_list("fact_id", "pk"))
        return sorted(found, key=lambda fact: first[fact.fact_id])

    def history(self, fact_id: str) -> Sequence[FactRevision]:
        """See `EnteringPort`."""
        with translated(self._alias):
            rows = self._all().filter(fact_id=fact_id).order_by("revision")
            return [_revision(row) for row in rows]

    def _all(self) -> QuerySet[FactRevisionRow]:
        return FactRevisionRow.objects.using(self._alias)


def _moved(fact_id: str) -> StateError:
    return StateError(
        "The fact {fact} was changed by somebody else meanwhile, or is not there.",
        next_step="Look at it with `creditflag facts show {fact}`, then try again.",
        fact=fact_id,
    )


def _revision(row: FactRevisionRow) -> FactRevision:
    return FactRevision(
        fact_id=row.fact_id,
        revision=row.revision,
        entity=row.entity,
        values=json.loads(row.payload),
        withdrawn=row.withdrawn,
        who=row.who,
        why=row.why,
        at=row.at,
    )
