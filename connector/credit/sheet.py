"""One wide table kept as many narrow ones.

The party table has hundreds of columns. Copied at every step, it would take gigabytes, and each
statement would carry all of its names. So a sheet keeps what a step adds as a piece of its own,
and a statement that reads the sheet joins the pieces whose columns it uses, over the row's number.
Pieces without rows are not joined: their columns are 0 or unknown everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from connector.credit.dialects import PREFIX
from connector.credit.program import Builder, Piece, Reading

ROW = "row_no"
"""Number of a row of the sheet."""


@dataclass(frozen=True)
class _Place:
    """Where a column of the sheet stands; the spine's own have none."""

    stage: str
    on: tuple[str, ...]
    counted: bool


class Sheet:
    """The table `name`; `table` is all of it as an expression, `spine` its rows and keys."""

    def __init__(self, stage: Builder, name: str, spine: str) -> None:
        self._stage = stage
        self._name = name
        self._spine = spine
        self._schema = dict(stage.kept[spine].schema())
        self._places: dict[str, _Place] = {}
        self._whole: set[str] = set()
        self.table = self._named()
        stage.sheets[name] = self

    @property
    def spine(self) -> ir.Table:
        """Number and keys of the rows, with what was known from the start."""
        return self._stage.kept[self._spine]

    def add(self, stage: str, columns: Mapping[str, Any]) -> ir.Table:
        """Add or replace columns computed from the sheet itself; the sheet with them."""
        if columns:
            self._stage.keep(stage, self.table.select(ROW, **columns))
            self._attach(stage, tuple(columns), (ROW,), whole=True, counted=False)
        return self.table

    def adopt(
        self,
        stage: str,
        on: Sequence[str],
        *,
        whole: bool = False,
        counted: bool = False,
        replace: Sequence[str] = (),
    ) -> ir.Table:
        """Add the columns of a kept stage that has at most one row for each value of `on`.

        Columns that the sheet has already stay as they are, except those to `replace`. `whole`:
        every row of the sheet is there. `counted`: numbers are 0 where a row is missing.
        """
        columns = self._stage.kept[stage].columns
        fresh = tuple(n for n in columns if n not in self._schema or (n in replace and n not in on))
        self._attach(stage, fresh, tuple(on), whole=whole, counted=counted)
        return self.table

    def _attach(
        self, stage: str, names: tuple[str, ...], on: tuple[str, ...], *, whole: bool, counted: bool
    ) -> None:
        kinds = self._stage.kept[stage].schema()
        for name in names:
            self._schema[name] = kinds[name]
            self._places[name] = _Place(stage, on, counted and kinds[name].is_numeric())
        if whole:
            self._whole.add(stage)
        self.table = self._named()

    def _named(self) -> ir.Table:
        return ibis.table(self._schema, name=PREFIX + self._name)

    def reading(self, query: str, columns: Sequence[str]) -> Reading:
        """What a query with these result columns reads of the sheet."""
        dialect = self._stage.dialect
        names = [n for n in self._schema if n in columns or dialect.quoted(n) in query]
        of_stage: dict[str, list[str]] = {}
        for name in names:
            of_stage.setdefault(
                self._places[name].stage if name in self._places else "", []
            ).append(name)
        own = of_stage.pop("", []) or [ROW]
        pieces = tuple(self._piece(stage, held) for stage, held in of_stage.items())
        return Reading(self._name, self._spine, tuple(own), pieces)

    def _piece(self, stage: str, names: Sequence[str]) -> Piece:
        dialect = self._stage.dialect
        columns = tuple((n, dialect.kind(self._schema[n]), self._places[n].counted) for n in names)
        return Piece(stage, self._places[names[0]].on, stage in self._whole, columns)
