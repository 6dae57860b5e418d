"""Rows that could not be mapped: kept until they land well, so that nothing is lost silently."""

from __future__ import annotations

from connector.ledger.landing import Step
from connector.ports.facts import PROBLEM_SCHEMA


def land_problems(step: Step) -> int:
    """Settle old problems and note the batch's; number of rows that could not be mapped.

    A problem ends when its record lands well (without a record id: a row of the same origin), when
    the record is deleted, when the row is reported anew, or when a later full list of the feed
    does not report it again.
    """
    _settle(step)
    if step.batch.problems.num_rows == 0:
        return 0
    step.show("landing_problems", step.batch.problems, PROBLEM_SCHEMA)
    step.run(
        "CREATE OR REPLACE TEMP TABLE reported AS SELECT DISTINCT coalesce(entity, $entity) AS "
        "entity, where_from, nullif(record_id, '') AS record_id, field, reason, raw, "
        "coalesce(nullif(record_id, ''), where_from, '') AS row_key FROM landing_problems",
        entity=step.entity,
    )
    step.run(
        "DELETE FROM problem USING (SELECT DISTINCT row_key, where_from FROM reported) AS n "
        "WHERE problem.connection = $connection AND problem.feed = $feed "
        "AND coalesce(problem.record_id, problem.where_from, '') = n.row_key "
        "AND (problem.run_id != $run_id OR problem.where_from = n.where_from)",
        connection=step.batch.connection,
        feed=step.batch.feed,
        run_id=step.batch.run_id,
    )
    step.run(
        "INSERT INTO problem SELECT $connection, entity, $feed, where_from, record_id, field, "
        "reason, raw, $run_id, $seq::BIGINT, NULL::BIGINT FROM reported",
        connection=step.batch.connection,
        feed=step.batch.feed,
        run_id=step.batch.run_id,
        seq=step.seq,
    )
    return step.run("SELECT count(*) FROM (SELECT DISTINCT row_key, where_from FROM reported)")


def _settle(step: Step) -> None:
    step.run(
        "UPDATE problem SET resolved_seq = $seq WHERE resolved_seq IS NULL "
        "AND connection = $connection AND entity = $entity AND ("
        "record_id IN (SELECT id FROM judged WHERE verdict != 'stale') OR (record_id IS NULL "
        "AND where_from IN (SELECT where_from FROM judged WHERE verdict != 'stale')))",
        connection=step.batch.connection,
        entity=step.entity,
        seq=step.seq,
    )
    if step.batch.snapshot is not None:
        step.run(
            "UPDATE problem SET resolved_seq = $seq WHERE resolved_seq IS NULL "
            "AND connection = $connection AND feed = $feed AND run_id != $run_id",
            connection=step.batch.connection,
            feed=step.batch.feed,
            run_id=step.batch.run_id,
            seq=step.seq,
        )
