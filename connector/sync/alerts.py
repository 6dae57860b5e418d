"""Alert tasks: one for each episode of a flag that the policy wants a person to see.

The key is deterministic (connection, party, flag, first day of the episode), so a repeat finds
the task instead of making a twin, and a flag that stays raises no second one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from connector.credit.calendars import add_working_days
from connector.credit.policy.terms import CalendarDoc
from connector.credit.reasons.explain import flag_line
from connector.domain.change import Change, ChangeKind, FieldChange
from connector.domain.texts import Language, say
from connector.ledger import Ledger
from connector.mapping.targets import TaskTarget
from connector.mapping.write import render_task
from connector.ports.rollout import BASELINE_SCHEMA
from connector.sync.plan import PlanFrame


@dataclass(frozen=True, slots=True)
class AlertRule:
    """Which flags become tasks: the policy's codes, from this severity on.

    `calendar` says how many working days a task gives and which days they are.
    """

    codes: tuple[str, ...]
    least_severity: int
    calendar: CalendarDoc = field(default_factory=CalendarDoc)


_EPISODES = """
WITH home AS (
    SELECT party.party_id, party.home_account_id AS account_id, account.name, account.owner_id,
           coalesce(owner.active, TRUE) AS owner_active
    FROM party
    JOIN account_current AS account
      ON account.connection = party.home_connection AND account.id = party.home_account_id
    LEFT JOIN user_current AS owner
      ON owner.connection = account.connection AND owner.id = account.owner_id
    WHERE party.home_connection = ?
),
episode AS (
    SELECT home.*, flag.code, flag.severity, flag.since, flag.params, flag.value,
           decided.decision_hash, decided.band,
           'cf-' || left(sha256(
               concat_ws('|', ?, home.party_id, flag.code, CAST(flag.since AS VARCHAR))
           ), 20) AS key
    FROM decided_flag AS flag
    JOIN home USING (party_id)
    JOIN decided ON decided.party_id = flag.party_id AND decided.selling_company = ''
    WHERE flag.selling_company = '' AND flag.severity >= ?
      AND list_contains(CAST(? AS VARCHAR[]), flag.code)
)
SELECT episode.* FROM episode
WHERE NOT EXISTS (
    SELECT 1 FROM last_written
    WHERE last_written.object_name = ? AND last_written.record_id = episode.key
) AND NOT EXISTS (
    SELECT 1 FROM baseline
    WHERE baseline.party_id = episode.party_id AND baseline.code = episode.code
      AND baseline.since = episode.since AND baseline.severity >= episode.severity
)
ORDER BY severity DESC, account_id, code
"""


def plan_alerts(
    ledger: Ledger,
    connection: str,
    target: TaskTarget | None,
    decided: Mapping[str, pa.Table],
    last_written: pa.Table,
    rule: AlertRule,
    frame: PlanFrame,
    language: Language,
    baseline: pa.Table | None = None,
) -> list[Change]:
    """Tasks that do not exist yet, as keyed creates.

    `baseline` (BASELINE_SCHEMA) are flags that were open when tasks were switched on: they make
    none unless they get worse.
    """
    if target is None or not rule.codes:
        return []
    rows = ledger.query(
        _EPISODES,
        [connection, connection, rule.least_severity, list(rule.codes), target.object_name],
        {
            "decided": decided["decision"],
            "decided_flag": decided["flag"],
            "last_written": last_written,
            "baseline": BASELINE_SCHEMA.empty_table() if baseline is None else baseline,
        },
    )
    return [_task(connection, target, row, rule, frame, language) for row in rows.to_pylist()]


def _task(
    connection: str,
    target: TaskTarget,
    row: Mapping[str, Any],
    rule: AlertRule,
    frame: PlanFrame,
    language: Language,
) -> Change:
    line = flag_line(row["code"], json.loads(row["params"]), language)
    rules = rule.calendar
    due = add_working_days(frame.as_of, rules.task_days, rules.country, rules)
    values: dict[str, str | None] = {
        "subject": say("Credit alert: {line}", language, line=line),
        "account": row["account_id"],
        "owner": row["owner_id"] if row["owner_active"] else None,
        "due": due.isoformat(),
        "text": say(
            "{line} Since {since}. creditflag writes each alert once; close it when it is done.",
            language,
            line=line,
            since=row["since"],
        ),
    }
    fields = tuple(
        FieldChange(field=name, credit_field="task", base=None, theirs=None, ours=text)
        for name, text in render_task(target, row["key"], values).items()
    )
    return Change(
        connection=connection,
        object_name=target.object_name,
        record_id="",
        party_id=row["party_id"],
        label=row["name"],
        kind=ChangeKind.CREATE,
        fields=fields,
        decision_hash=row["decision_hash"],
        key=row["key"],
        key_field=target.search_field,
        band=row["band"],
        blocking=row["severity"] >= 3,
    )
