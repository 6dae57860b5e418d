"""Plan: desired × what the CRM holds × what we last wrote → changes.

Three values decide about a field: `base` (last written and verified), `theirs` (in the CRM now)
and `ours` (target). Equal theirs and ours: nothing. theirs = base: plain update. Otherwise
somebody edited our field: a conflict, which the field's owner rule settles. A value that stood in
a field before our first write is ours to replace only where the field is `ours`; an adopted one
that a person changed waits for a person. What we write stands still: see `domain.catalogue.When`.
The comparison is one query over long tables; only differences reach Python. Planning the result of
a plan gives an empty plan.

What the CRM made of a value when we wrote it (cut off, rounded) is no edit while our value is the
same. A record that our own API user modified later than any write that the store knows was written
by us and forgotten, as after restoring an older store: what it holds is the base, no conflict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

import pyarrow as pa

from connector.domain.catalogue import CREDIT_FIELDS
from connector.domain.change import (
    Change,
    ChangeKind,
    ChangeState,
    FieldChange,
    Owner,
    Plan,
    PlanCounts,
    Unwritable,
)
from connector.ledger import Ledger
from connector.mapping.targets import WriteTarget
from connector.mapping.write import RENDERED_SCHEMA, render_table
from connector.ports.store import Written
from connector.sync.exchange import spell_amounts


@dataclass(frozen=True, slots=True)
class Quiet:
    """The policy's write tolerance: an amount moves when it differs by more than both."""

    share: Decimal
    least: Decimal


@dataclass(frozen=True, slots=True)
class Mirrors:
    """What the store remembers of a connection: last written and adopted values.

    `own_user` is the id under which our own writes stand in the CRM; empty while nothing of ours
    can stand there.
    """

    last_written: pa.Table
    adopted: pa.Table
    own_user: str = ""


@dataclass(frozen=True, slots=True)
class PlanFrame:
    """What every plan of a run shares."""

    run_id: str
    as_of: date
    created_at: datetime
    policy_hash: str
    quiet: Quiet


class Compared(NamedTuple):
    """Changes to existing records, where every record in scope ended, and what no field holds.

    `agreed` are fields that hold our value although we know of no write of ours: from here on that
    value is the base.
    """

    changes: list[Change]
    counts: PlanCounts
    unwritable: tuple[Unwritable, ...]
    agreed: tuple[Written, ...] = ()


def plan_updates(
    ledger: Ledger,
    connection: str,
    targets: Sequence[WriteTarget],
    decided: Mapping[str, pa.Table],
    mirrors: Mirrors,
    quiet: Quiet,
) -> Compared:
    """Compare the records of one connection with the decisions in force.

    `decided` holds the decision tables in force plus `wording` (party_id, reasons, reason_text).
    """
    if not targets:
        return Compared([], PlanCounts(), ())
    home = ledger.query(
        _HOME,
        [connection],
        {
            "decided": decided["decision"],
            "decided_flag": decided["flag"],
            "wording": decided["wording"],
            "decided_breakdown": decided["breakdown"],
        },
    )
    spelled = spell_amounts(ledger, home, quiet.share)
    rendered = [render_table(target, spelled.home) for target in targets]
    rows = ledger.query(
        _COMPARE,
        [mirrors.own_user, connection, quiet.least, quiet.share],
        {
            "home": spelled.home,
            "desired": spelled.without_lacking(
                pa.concat_tables([RENDERED_SCHEMA.empty_table(), *(r.rows for r in rendered)])
            ),
            "last_written": mirrors.last_written,
            "adopted": mirrors.adopted,
            "rule": _rules(targets),
        },
    )
    counts, listed = _split(rows)
    agreed = tuple(_agreed(row) for row in listed if row["agreed"])
    differences = [row for row in listed if not row["agreed"]]
    unwritable = (
        *spelled.unwritable(targets),
        *(Unwritable(**row) for r in rendered for row in r.unwritable.to_pylist()),
    )
    return Compared(list(_changes(connection, differences)), counts, unwritable, agreed)


def _rules(targets: Sequence[WriteTarget]) -> pa.Table:
    """One row a target field: who owns it and when a difference is worth a write."""
    return pa.table(
        {
            "object_name": [t.object_name for t in targets for _ in t.fields],
            "field": [f.field for t in targets for f in t.fields.values()],
            "credit_field": [name for t in targets for name in t.fields],
            "owner": [f.owner.value for t in targets for f in t.fields.values()],
            "writes_when": [CREDIT_FIELDS[name].when.value for t in targets for name in t.fields],
        }
    )


_HOME = """
SELECT link.account_id AS record_id, account.name AS label, d.party_id, d.decision_hash, d.band,
       d.approved_source, d.score, d.grade, d.colour, d.hold, flags.codes AS flags,
       wording.reasons, wording.reason_text, d.approved_amount AS "limit",
       d.approved_state AS limit_state,
       CASE d.proposed_state WHEN 'amount' THEN d.proposed_amount
            WHEN 'cash_only' THEN CAST(0 AS DECIMAL(18,4)) END AS proposed_limit,
       d.net_exposure AS exposure, d.available, d.overdue, ageing.buckets AS ageing,
       d.oldest_due_date, d.next_review, d.allowed_terms_days AS allowed_terms, d.action,
       d.action_due, d.currency, upper(account.currency) AS account_currency,
       d.as_of
FROM account_party AS link
JOIN decided AS d ON d.party_id = link.party_id AND d.selling_company = ''
JOIN account_current AS account
  ON account.connection = link.connection AND account.id = link.account_id
LEFT JOIN (
    SELECT party_id, string_agg(code, ';' ORDER BY code) AS codes
    FROM decided_flag WHERE selling_company = '' GROUP BY party_id
) AS flags ON flags.party_id = d.party_id
LEFT JOIN wording ON wording.party_id = d.party_id
LEFT JOIN (
    SELECT party_id, '{"buckets":[' || string_agg(
               '["' || member || '","'
                   || regexp_replace(CAST(amount AS VARCHAR), '[.]?0+$', '') || '"]', ','
               ORDER BY place
           ) || ']}' AS buckets
    FROM decided_breakdown
    WHERE selling_company = '' AND dimension = 'ageing' AND amount IS NOT NULL
    GROUP BY party_id
) AS ageing ON ageing.party_id = d.party_id
WHERE link.connection = ?
ORDER BY record_id
"""
"""One row an account of the connection whose party has a decision; credit fields by name."""

_COMPARE = """
WITH joined AS (
    SELECT d.object_name, d.record_id, d.field, d.credit_field, d.value AS ours,
           home.party_id, home.label, home.decision_hash, home.band,
           home.per_unit, rule.owner, rule.writes_when,
           seen.value AS theirs, coalesce(person.name, seen.modified_by) AS modified_by,
           seen.modified_at,
           written.field IS NOT NULL AS was_written,
           written.band AS base_band,
           adopted.field IS NOT NULL AND (
               d.credit_field NOT IN ('limit', 'limit_state')
               OR coalesce(home.approved_source, 'inherited') = 'inherited'
           ) AS pinned,
           coalesce(written.altered, FALSE) AND seen.value IS NOT DISTINCT FROM written.held
               AS keeps_other,
           written.value AS written_value, written.held AS written_held,
           adopted.value AS adopted_value,
           coalesce(seen.modified_by = own.id, FALSE) AS by_us,
           epoch_ms(TRY_CAST(seen.modified_at AS TIMESTAMPTZ)) AS modified_ms,
           count(written.field) OVER record AS fields_written,
           max(epoch_ms(TRY_CAST(written.stamp AS TIMESTAMPTZ))) OVER record AS written_ms
    FROM desired AS d
    CROSS JOIN (SELECT nullif(?, '') AS id) AS own
    JOIN home ON home.record_id = d.record_id
    JOIN rule ON rule.object_name = d.object_name AND rule.field = d.field
    LEFT JOIN seen ON seen.connection = ? AND seen.object_name = d.object_name
      AND seen.record_id = d.record_id AND seen.field = d.field
    LEFT JOIN user_current AS person
      ON person.connection = seen.connection AND person.id = seen.modified_by
    LEFT JOIN last_written AS written ON written.object_name = d.object_name
      AND written.record_id = d.record_id AND written.field = d.field
    LEFT JOIN adopted ON adopted.object_name = d.object_name
      AND adopted.record_id = d.record_id AND adopted.field = d.field
    WINDOW record AS (PARTITION BY d.object_name, d.record_id)
),
target AS (
    SELECT * EXCLUDE (ours, owner, adopted_value),
           CASE WHEN by_us AND (fields_written = 0 OR modified_ms > written_ms) THEN theirs
                WHEN keeps_other THEN written_held
                WHEN was_written THEN written_value
                ELSE adopted_value END AS base,
           CASE WHEN pinned THEN adopted_value ELSE ours END AS ours,
           CASE WHEN pinned AND NOT was_written AND owner = 'ours' THEN 'ask' ELSE owner END
               AS owner,
           was_written OR pinned AS known
    FROM joined
),
judged AS (
    SELECT *,
           theirs IS DISTINCT FROM ours
               AND NOT (keeps_other AND ours IS NOT DISTINCT FROM written_value) AS differs,
           theirs = ours AND NOT pinned
               AND (NOT was_written OR written_value IS DISTINCT FROM ours) AS agrees,
           theirs IS DISTINCT FROM base AND theirs IS DISTINCT FROM ours AND (
               known OR owner <> 'ours' AND NOT (credit_field = 'hold' AND theirs = 'false')
           ) AS edited,
           writes_when IN ('moved', 'banded') AND was_written
               AND theirs IS NOT DISTINCT FROM base AND base_band IS NOT DISTINCT FROM band
               AND (
                   writes_when = 'banded'
                   OR abs(TRY_CAST(ours AS DECIMAL(18,4)) - TRY_CAST(base AS DECIMAL(18,4)))
                       <= greatest(
                           CAST(? AS DOUBLE) * coalesce(per_unit, 1),
                           CAST(? AS DOUBLE) * abs(TRY_CAST(base AS DECIMAL(18,4)))
                       )
               ) AS still
    FROM target
),
caused AS (
    SELECT *,
           edited AND owner <> 'ours' AS waits,
           (edited OR (differs AND writes_when <> 'along' AND still IS NOT TRUE))
               AND NOT (edited AND owner <> 'ours') AS cause
    FROM judged
),
recorded AS (
    SELECT *,
           bool_or(cause) OVER record AS record_written,
           bool_or(waits) OVER record AS record_waits,
           bool_or(differs) OVER record AS record_differs
    FROM caused
    WINDOW record AS (PARTITION BY object_name, record_id)
),
counted AS (
    SELECT count(*) AS records,
           count(*) FILTER (WHERE record_written) AS planned,
           count(*) FILTER (WHERE record_waits AND NOT record_written) AS conflicts,
           count(*) FILTER (WHERE record_differs AND NOT record_written AND NOT record_waits)
               AS within_tolerance
    FROM (SELECT DISTINCT object_name, record_id, record_written, record_waits, record_differs
          FROM recorded)
)
SELECT counted.*, emitted.*
FROM counted LEFT JOIN (
    SELECT object_name, record_id, party_id, label, decision_hash, band, field, credit_field,
           base, theirs, ours, owner, edited, waits, cause, modified_by, modified_at,
           credit_field = 'hold' AND ours = 'true' AS blocks,
           coalesce(agrees, FALSE) AS agreed, by_us
    FROM recorded
    WHERE waits OR (differs AND record_written) OR agrees
) AS emitted ON TRUE
ORDER BY object_name, record_id, waits, field
"""


def _split(rows: pa.Table) -> tuple[PlanCounts, list[dict[str, Any]]]:
    listed = rows.to_pylist()
    first = listed[0]
    ends = {name: first[name] for name in ("planned", "conflicts", "within_tolerance")}
    unchanged = first["records"] - sum(ends.values())
    counts = PlanCounts(records=first["records"], unchanged=unchanged, **ends)
    return counts, [row for row in listed if row["record_id"] is not None]


def _agreed(row: Mapping[str, Any]) -> Written:
    """The field's value as ours; the stamp only where it is that of a write of ours."""
    return Written(
        object_name=row["object_name"],
        record_id=row["record_id"],
        values={row["field"]: row["ours"]},
        band=row["band"],
        stamp=row["modified_at"] or "" if row["by_us"] else "",
    )


def _changes(connection: str, rows: Sequence[dict[str, Any]]) -> Iterator[Change]:
    """One change a record for what is written, one for what waits for a person."""
    for _, group in groupby(rows, key=lambda r: (r["object_name"], r["record_id"], r["waits"])):
        fields = list(group)
        first = fields[0]
        yield Change(
            connection=connection,
            object_name=first["object_name"],
            record_id=first["record_id"],
            party_id=first["party_id"],
            label=first["label"],
            kind=ChangeKind.UPDATE,
            fields=tuple(
                FieldChange(
                    field=row["field"],
                    credit_field=row["credit_field"],
                    base=row["base"],
                    theirs=row["theirs"],
                    ours=row["ours"],
                    owner=Owner(row["owner"]),
                    edited=row["edited"],
                    cause=row["cause"],
                )
                for row in fields
            ),
            decision_hash=first["decision_hash"],
            band=first["band"],
            blocking=any(row["blocks"] for row in fields),
            state=ChangeState.CONFLICT if first["waits"] else ChangeState.PLANNED,
            modified_by=first["modified_by"] or "",
            modified_at=first["modified_at"] or "",
        )


def assemble(
    connection: str,
    frame: PlanFrame,
    changes: Sequence[Change],
    counts: PlanCounts,
    first_contact: bool,
    adopted: Sequence[Mapping[str, str | None]] = (),
    unwritable: tuple[Unwritable, ...] = (),
) -> Plan:
    """The plan of one connection as a value."""
    return Plan(
        connection=connection,
        run_id=frame.run_id,
        as_of=frame.as_of,
        created_at=frame.created_at,
        policy_hash=frame.policy_hash,
        changes=tuple(changes),
        counts=counts,
        first_contact=first_contact,
        unwritable=unwritable,
        adopted=tuple(dict(row) for row in adopted),
    )
