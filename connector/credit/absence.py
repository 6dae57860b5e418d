"""When a stage has no rows, told before it is computed.

Most companies keep no guarantees, bills or trade references. A stage that rests on what nobody has
is empty, and so is what rests on it; that follows from the expression alone, and the program skips
such stages when it sees which of its tables are empty.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir

from connector.credit.dialects import PREFIX

Ways = tuple[tuple[str, ...], ...]
"""Sets of tables: where all of one set are empty, so is the result."""

_MOST = 12
"""Ways that are kept; a stage that has more is computed more often than it has to be."""


def ways_to_nothing(table: ir.Table) -> Ways:
    """How an expression comes to have no rows, by the names of its stages and inputs."""
    found = _of(table.op(), {})
    return tuple(sorted(tuple(sorted(names)) for names in found))


def is_nothing(ways: Ways, empty: Iterable[str]) -> bool:
    """Whether a result with these ways has no rows where these tables are empty."""
    known = set(empty)
    return any(known.issuperset(names) for names in ways)


_Sets = frozenset[frozenset[str]]


def _of(op: Any, seen: dict[Any, _Sets]) -> _Sets:
    if op not in seen:
        seen[op] = _least(_found(op, seen))
    return seen[op]


def _found(op: Any, seen: dict[Any, _Sets]) -> Iterable[frozenset[str]]:
    if isinstance(op, ops.UnboundTable):
        return {frozenset([op.name.removeprefix(PREFIX)])}
    if isinstance(op, ops.JoinChain):
        return _joined(op, seen)
    if isinstance(op, ops.Union):
        right = _of(op.right, seen)
        return {one | other for one in _of(op.left, seen) for other in right}
    if isinstance(op, ops.Limit) and op.n == 0:
        return {frozenset()}
    if isinstance(op, ops.Aggregate) and not op.groups:
        return frozenset()
    if isinstance(op, _KEEPING):
        return _of(op.parent, seen)
    return frozenset()


_KEEPING = (
    ops.Filter, ops.Project, ops.Sort, ops.Distinct, ops.Limit, ops.Aggregate, ops.DropColumns,
    ops.JoinReference, ops.SelfReference,
)  # fmt: skip
"""Relations that have no rows where their parent has none."""


def _joined(op: Any, seen: dict[Any, _Sets]) -> Iterable[frozenset[str]]:
    found = set(_of(op.first, seen))
    for link in op.rest:
        if link.how in ("inner", "semi", "cross"):
            found |= _of(link.table, seen)
        elif link.how not in ("left", "anti"):
            return frozenset()
    return found


def _least(found: Iterable[frozenset[str]]) -> _Sets:
    """Without sets that hold another one, and not too many."""
    kept: list[frozenset[str]] = []
    for names in sorted(found, key=lambda names: (len(names), sorted(names))):
        if len(kept) < _MOST and not any(one <= names for one in kept):
            kept.append(names)
    return frozenset(kept)
