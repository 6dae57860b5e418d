"""Stages of the roll-out: `RolloutPort` over the store."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from connector.domain.rollout import Stage
from connector.ports.rollout import BASELINE_SCHEMA, RolloutStep
from connector.store.failures import translated
from connector.store.leases import writing
from connector.store.models import BaselineFlag, RolloutStepRow
from connector.store.rows import arrow_rows, fit, insert_columns


class StoredRollout:
    """See `RolloutPort`."""

    def __init__(self, alias: str) -> None:
        self._alias = alias

    def steps(self, connection: str) -> Sequence[RolloutStep]:
        """See `RolloutPort`."""
        with translated(self._alias):
            rows = RolloutStepRow.objects.using(self._alias).filter(connection=connection)
            return [
                RolloutStep(row.connection, Stage(row.stage), row.who, row.why, row.at)
                for row in rows.order_by("-pk")
            ]

    def move(self, step: RolloutStep, baseline: pa.Table | None) -> None:
        """See `RolloutPort`."""
        with writing(self._alias):
            RolloutStepRow.objects.using(self._alias).create(
                connection=step.connection,
                stage=step.stage.value,
                who=step.who,
                why=step.why,
                at=step.at,
            )
            if baseline is None:
                return
            BaselineFlag.objects.using(self._alias).filter(connection=step.connection).delete()
            columns = fit(baseline, BASELINE_SCHEMA).to_pydict()
            named = {"connection": [step.connection] * len(baseline), **columns}
            insert_columns(self._alias, BaselineFlag, named)

    def baseline(self, connection: str) -> pa.Table:
        """See `RolloutPort`."""
        with translated(self._alias):
            rows = BaselineFlag.objects.using(self._alias).filter(connection=connection)
            names = BASELINE_SCHEMA.names
            ordered = rows.order_by("pk").values_list(*names)
            return arrow_rows(BASELINE_SCHEMA, ordered.iterator())
