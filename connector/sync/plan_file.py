"""A plan as a file: what `run` writes for a person and `apply --plan` takes back.

JSON with a digest over its content: a file that was edited by hand is refused, because what a
person approved and what is sent must be the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from connector.domain.change import (
    Change,
    ChangeKind,
    ChangeState,
    FieldChange,
    Owner,
    Plan,
    PlanCounts,
    Unwritable,
    digest,
)
from connector.errors import InputError

FORMAT = "creditflag-plan/1"
MAX_BYTES = 1_000_000_000


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The plan as JSON-able values, without digest."""
    content = asdict(plan)
    content["as_of"] = plan.as_of.isoformat()
    content["created_at"] = plan.created_at.isoformat()
    return {"format": FORMAT, "id": plan.id, "plan": content}


def write_plan(plan: Plan, path: Path) -> None:
    """Write the file atomically, readable by its owner only; InputError when that cannot be."""
    document = plan_to_json(plan)
    document["digest"] = digest(document)
    try:
        _write_atomically(document, path)
    except OSError as error:
        raise InputError(
            "The plan file cannot be written: {reason}.",
            where=str(path),
            next_step="Name a folder that this user may write to.",
            reason=error.strerror or type(error).__name__,
        ) from None


def _write_atomically(document: Mapping[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(path.suffix + ".draft")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_plan(path: Path) -> Plan:
    """Read a plan file; InputError when it is missing, damaged or edited."""
    document = _load(path)
    stated = document.pop("digest", None)
    if stated != digest(document):
        raise InputError(
            "The plan file was changed after it was written.",
            where=str(path),
            next_step="Make a new one with `creditflag plan --out FILE`.",
        )
    try:
        return _plan(document["plan"])
    except (KeyError, TypeError, ValueError):
        raise InputError(
            "The plan file is of another version.",
            where=str(path),
            next_step="Make a new one with `creditflag plan --out FILE`.",
        ) from None


def _load(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("too large")
        document = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ValueError("not a plan")
    except FileNotFoundError:
        raise InputError(
            "There is no plan file {path}.",
            next_step="Make one with `creditflag plan --out FILE`.",
            path=path,
        ) from None
    except (OSError, ValueError, RecursionError):
        raise InputError(
            "This is not a readable plan file.",
            where=str(path),
            next_step="Make one with `creditflag plan --out FILE`.",
        ) from None
    return document


def _plan(content: Mapping[str, Any]) -> Plan:
    return Plan(
        connection=content["connection"],
        run_id=content["run_id"],
        as_of=date.fromisoformat(content["as_of"]),
        created_at=datetime.fromisoformat(content["created_at"]),
        policy_hash=content["policy_hash"],
        changes=tuple(_change(row) for row in content["changes"]),
        counts=PlanCounts(**content["counts"]),
        first_contact=content["first_contact"],
        unwritable=tuple(Unwritable(**row) for row in content["unwritable"]),
        adopted=tuple(content["adopted"]),
    )


def _change(row: Mapping[str, Any]) -> Change:
    fields = tuple(FieldChange(**{**item, "owner": Owner(item["owner"])}) for item in row["fields"])
    return Change(
        **{
            **row,
            "fields": fields,
            "kind": ChangeKind(row["kind"]),
            "state": ChangeState(row["state"]),
        }
    )
