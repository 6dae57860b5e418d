"""What an area of metrics is given, and what it makes.

An area is a module of this room that owns some metrics: `sums` adds up documents, one row a (party,
seller); `columns` makes metrics of the sums once all of them stand beside each other; `breakdowns`
tells what a figure consists of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir

from connector.credit.facts import Facts
from connector.credit.policy.document import PolicyDoc
from connector.credit.program import Builder
from connector.credit.settlement.matching import Settled


@dataclass(frozen=True)
class Workbench:
    """Facts and the documents that earlier stages made of them.

    `rates` to company currency, `items` open items in base currency, `seen` payments with the days
    they took. Further stages are kept with `stage.keep`.
    """

    stage: Builder
    facts: Facts
    policy: PolicyDoc
    rates: ir.Table
    settled: Settled
    items: ir.Table
    seen: ir.Table

    @property
    def as_of(self) -> Any:
        """The valuation date."""
        return self.facts.as_of


def _no_sums(bench: Workbench) -> Mapping[str, ir.Table]:
    return {}


def unchanged(t: ir.Table, bench: Workbench) -> ir.Table:
    """An area that joins nothing."""
    return t


def _no_columns(t: ir.Table, bench: Workbench) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Area:
    """One area: its name, and how it makes its sums and columns.

    `sums` gives tables by name, each with one row a (party_id, seller), seller "" when none is
    named, and otherwise additive columns (of dates the earliest counts) whose names are unique
    over all areas; nothing there counts 0. `of_party` gives tables by name with one row a party_id,
    whose columns stand on all rows of the party; nothing there is null. `extend` joins figures to
    the party table that rest on other parties' rows, before the area's own columns. `columns`
    gives expressions over the party table by metric name. `breakdowns` gives tables by dimension,
    with party_id, seller, member, and any of place, amount, overdue, exposure and sales, each with
    one row a (party_id, seller, member). `documents` gives tables by kind of evidence, with
    party_id, entity, connection, id, number, currency, amount (the one concerned), due_date or
    null, and weight: the heaviest are shown.
    """

    name: str
    sums: Callable[[Workbench], Mapping[str, ir.Table]] = _no_sums
    of_party: Callable[[Workbench], Mapping[str, ir.Table]] = _no_sums
    extend: Callable[[ir.Table, Workbench], ir.Table] = unchanged
    columns: Callable[[ir.Table, Workbench], Mapping[str, Any]] = _no_columns
    breakdowns: Callable[[Workbench], Mapping[str, ir.Table]] = _no_sums
    documents: Callable[[Workbench], Mapping[str, ir.Table]] = _no_sums
