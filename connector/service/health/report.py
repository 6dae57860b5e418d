"""Findings on files: examples, counts, and who repairs them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from connector.service.health.rules import Level, Rule

MOST_EXAMPLES = 5
LEVELS: tuple[Level, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Example:
    """Where it stands (file and row), and what stands there."""

    where: str
    shown: str


@dataclass(frozen=True, slots=True)
class HealthFinding:
    """One kind of fault in one kind of fact: how often, where, who repairs it and how."""

    code: str
    level: Level
    entity: str
    message: str
    next_step: str
    count: int
    examples: tuple[Example, ...]
    owners: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class HealthReport:
    """What was read (rows by entity, files) and what is wrong, the gravest first."""

    rows: Mapping[str, int]
    files: tuple[str, ...]
    findings: tuple[HealthFinding, ...]
    accounts_known: bool

    @property
    def bad(self) -> bool:
        """Whether something must be repaired."""
        return any(finding.level == "error" for finding in self.findings)

    def repairs(self) -> dict[str, list[tuple[HealthFinding, int]]]:
        """Findings and rows by who repairs them, the longest list first."""
        lists: dict[str, list[tuple[HealthFinding, int]]] = defaultdict(list)
        for finding in self.findings:
            for owner, count in finding.owners.items():
                lists[owner].append((finding, count))
        return dict(sorted(lists.items(), key=lambda item: -sum(n for _, n in item[1])))


def gather(rule: Rule, found: pa.Table, owners: Mapping[str, str]) -> HealthFinding:
    """The finding of a rule from its rows (where_from, owner, account_key, shown).

    The row's own owner repairs it, else the account's (`owners` by account key), else whoever keeps
    the file.
    """
    first = found.slice(0, MOST_EXAMPLES).to_pylist()
    counted: Counter[str] = Counter()
    for where, owner, key in zip(
        *(found[name].to_pylist() for name in ("where_from", "owner", "account_key")), strict=True
    ):
        counted[owner or owners.get(key or "") or file_of(where)] += 1
    return HealthFinding(
        rule.code, rule.level, rule.entity, rule.message, rule.next_step, found.num_rows,
        tuple(Example(row["where_from"], _plain(str(row["shown"] or ""))) for row in first),
        dict(counted),
    )  # fmt: skip


def _plain(shown: str) -> str:
    """Amounts without the noughts that the ledger's four places add."""
    return re.sub(r"(\.\d*?)0+(?!\d)", lambda m: m[1].rstrip("."), shown)


def owners_by_key(accounts: pa.Table) -> dict[str, str]:
    """Owners of the CRM's accounts, by every key an account has."""
    pairs = zip(accounts["account_key"].to_pylist(), accounts["owner"].to_pylist(), strict=True)
    return {key: owner for key, owner in pairs if owner}


def file_of(where: str) -> str:
    """The file of a place such as `a.xlsx#Sheet:3`."""
    return re.sub(r":\d+$", "", where).partition("#")[0]


def as_json(report: HealthReport) -> dict[str, Any]:
    """The report for programs."""
    return {
        "rows": dict(report.rows),
        "files": list(report.files),
        "accounts_known": report.accounts_known,
        "findings": [
            {
                "code": f.code, "level": f.level, "entity": f.entity, "count": f.count,
                "message": f.message, "next_step": f.next_step, "owners": dict(f.owners),
                "examples": [{"where": e.where, "shown": e.shown} for e in f.examples],
            }
            for f in report.findings
        ],
    }  # fmt: skip
