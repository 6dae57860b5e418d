"""One source of truth per fact kind, so that an ERP invoice and its copy in the CRM count once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.errors import SettingsError
from connector.sync.desk import Connection

COUNTED = (
    "order", "delivery", "invoice", "credit_note", "payment", "limit", "bill", "guarantee",
    "insured_limit", "dispute", "promise",
)  # fmt: skip
"""Fact kinds whose rows add up: two sources of one kind would count twice.

What people enter is no source of this kind: they enter what the others lack. Where it should not
count, the truth names the connections that do.
"""


def check_truth(connections: Sequence[Connection], truth: Mapping[str, tuple[str, ...]]) -> None:
    """SettingsError naming every fact kind that several connections bring without a truth."""
    problems = []
    for kind in COUNTED:
        names = [c.name for c in connections if any(f.entity.name == kind for f in c.mapping.feeds)]
        if len(names) > 1 and kind not in truth:
            listed = " and ".join(names)
            problems.append(f'truth.{kind}: {listed} both bring it; write {kind} = ["{names[0]}"]')
    if problems:
        raise SettingsError(
            "Several connections bring the same kind of fact, which would count twice.",
            next_step="Say under [truth] in the settings which one holds.",
            problems=problems,
        )
