"""Runs a parsed query: which rows, in which order, and how each one is rendered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.errors import ApiError
from adapters.salesforce.emulator.fields import FieldSpec
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.soql.columns import Reader, Scope
from adapters.salesforce.emulator.soql.conditions import (
    SEMI_JOINS_MAX,
    compile_condition,
    count_semi_joins,
)
from adapters.salesforce.emulator.soql.flat import FlatColumn, flat_columns
from adapters.salesforce.emulator.soql.groups import (
    GROUPS_MAX,
    GroupReader,
    build_groups,
    is_aggregate,
    operand_text,
    order_operand,
    render_groups,
)
from adapters.salesforce.emulator.soql.literals import LiteralReader
from adapters.salesforce.emulator.soql.ordering import cut_rows, sort_rows
from adapters.salesforce.emulator.soql.parse import SoqlError, parse_soql
from adapters.salesforce.emulator.soql.projection import Render, render_columns
from adapters.salesforce.emulator.soql.tree import (
    Chain,
    ChildItem,
    Comparison,
    Condition,
    FunctionCall,
    Membership,
    Operand,
    OrderItem,
    Plain,
    Query,
    SelectItem,
)

OFFSET_MAX = 2000


@dataclass(slots=True)
class QueryResult:
    """The rows of a query (a snapshot) and the renderer of one row."""

    total: int
    rows: list[Row]
    render: Render


ChildPager = Callable[[QueryResult], dict[str, Any]]


def _render_all(result: QueryResult) -> dict[str, Any]:
    records = [result.render(row) for row in result.rows]
    return {"totalSize": result.total, "done": True, "records": records}


@dataclass(slots=True)
class FlatResult:
    """The rows of a query without nesting: name, type and reader of each column."""

    object: str
    columns: list[FlatColumn]
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class QueryRun:
    """One run of a query for a user."""

    org: Org
    user_id: str
    data_path: str
    include_deleted: bool
    literals: LiteralReader
    page_children: ChildPager

    @classmethod
    def begin(
        cls,
        org: Org,
        user_id: str,
        data_path: str,
        *,
        include_deleted: bool,
        page_children: ChildPager | None = None,
    ) -> QueryRun:
        """Prepare a run with the user's time zone for date literals.

        `page_children` renders the rows of a child sub-query (default: all at once).
        """
        name = (org.records.get("User", user_id) or {}).get("TimeZoneSidKey") or "GMT"
        try:
            zone: Any = UTC if name == "GMT" else ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            zone = UTC
        literals = LiteralReader(org.clock.now().astimezone(zone).date(), zone)
        return cls(org, user_id, data_path, include_deleted, literals, page_children or _render_all)

    def run(self, soql: str) -> QueryResult:
        """Run a query text; raises ApiError with the vendor's texts."""
        query = parse_soql(soql)
        try:
            return self._result(query)
        except SoqlError as error:
            raise error.as_call_error(soql) from None
        except RecursionError:
            message = "Query is either selecting too many fields or the filter is too complicated."
            raise ApiError(400, "QUERY_TOO_COMPLICATED", message) from None

    def run_flat(self, soql: str) -> FlatResult:
        """Run a query as the Bulk API does: plain columns only; raises ApiError."""
        query = parse_soql(soql)
        try:
            scope = self._scope(query)
            columns = flat_columns(scope, query)
            rows = cut_rows(
                sort_rows(self._select(scope, query), query.order, scope.operand), query
            )
        except SoqlError as error:
            raise error.as_call_error(soql) from None
        return FlatResult(scope.spec.name, columns, rows)

    def parse(self, soql: str) -> tuple[Scope, Query]:
        """Return a query with the object that it reads; raises ApiError."""
        query = parse_soql(soql)
        try:
            return self._scope(query), query
        except SoqlError as error:
            raise error.as_call_error(soql) from None

    def _result(self, query: Query) -> QueryResult:
        scope = self._scope(query)
        if query.offset is not None and query.offset > OFFSET_MAX:
            message = f"Maximum SOQL offset allowed is {OFFSET_MAX}"
            raise SoqlError("NUMBER_OUTSIDE_VALID_RANGE", message, query.offset_token)
        if is_aggregate(query):
            return self._grouped(scope, query)
        rows = self._select(scope, query)
        if _counts_rows(query):
            total = len(rows) if query.limit is None else min(len(rows), query.limit)
            return QueryResult(total, [], dict)
        children = {
            name: read
            for item in query.items
            if isinstance(item, ChildItem)
            for name, read in [self._child_reader(scope, item.query)]
        }
        render = render_columns(scope, query, self.data_path, children)
        rows = cut_rows(sort_rows(rows, query.order, scope.operand), query)
        return QueryResult(len(rows), rows, render)

    def _grouped(self, scope: Scope, query: Query) -> QueryResult:
        if not query.group and query.limit is not None:
            message = (
                "Non-grouped query that uses overall aggregate functions cannot also use LIMIT"
            )
            raise SoqlError("MALFORMED_QUERY", message)
        reader = GroupReader(scope, tuple(_group_keys(query)))
        render = render_groups(reader, query)
        groups = build_groups(scope, query, self._select(scope, query))
        if query.having is not None:
            context = _Having(self.literals, reader)
            test = compile_condition(context, query.having)
            groups = [group for group in groups if test(group)]
        order = tuple(
            OrderItem(order_operand(query, item), item.descending, item.nulls_last)
            for item in query.order
        )
        groups = cut_rows(sort_rows(groups, order, reader.operand), query)
        if len(groups) > GROUPS_MAX:
            message = f"Aggregate query has too many rows for direct assignment: {len(groups)}"
            raise SoqlError("EXCEEDED_ID_LIMIT", message)
        return QueryResult(len(groups), groups, render)

    # --- rows ------------------------------------------------------------------------

    def _scope(self, query: Query) -> Scope:
        spec = self.org.schema.find(query.source)
        if spec is None:
            message = (
                f"sObject type '{query.source}' is not supported. If you are attempting to use a "
                "custom object, be sure to append the '__c' after the entity name. Please "
                "reference your WSDL or the describe call for the appropriate names."
            )
            raise SoqlError("INVALID_TYPE", message, query.source)
        return Scope(self.org, spec, str(query.source_alias or ""))

    def _select(self, scope: Scope, query: Query) -> list[Row]:
        """Return the rows that fit WHERE, unordered."""
        table = self.org.records.table(scope.spec.name)
        tests: list[Callable[[Row], bool]] = []
        rows: list[Row] | None = None
        if query.where is not None:
            if count_semi_joins(query.where) > SEMI_JOINS_MAX:
                raise SoqlError("MALFORMED_QUERY", "Maximum 2 semi join sub-selects are allowed")
            tests.append(compile_condition(_Where(self, scope), query.where))
            ids = self._candidates(scope, query.where)
            rows = None if ids is None else [table[i] for i in ids if i in table]
        if query.scope is not None and query.scope.lower() == "mine":
            tests.append(lambda row: row.get("OwnerId") == self.user_id)
        found = list(table.values()) if rows is None else rows
        if not self.include_deleted:
            found = [row for row in found if not row.get("IsDeleted")]
        for test in tests:
            found = list(filter(test, found))
        return found

    def _candidates(self, scope: Scope, condition: Condition) -> list[str] | None:
        """Return ids outside of which no row can fit, from an index; None without one."""
        if isinstance(condition, Chain):
            if not condition.every:
                return None
            found = (self._candidates(scope, part) for part in condition.parts)
            return next((ids for ids in found if ids is not None), None)
        tokens: tuple[Any, ...] = ()
        if isinstance(condition, Comparison) and condition.operator == "=":
            tokens = (condition.value,)
        elif isinstance(condition, Membership) and not condition.negated:
            tokens = condition.values if isinstance(condition.values, tuple) else ()
        if not tokens or not isinstance(condition, (Comparison, Membership)):
            return None
        if not isinstance(condition.operand, Plain):
            return None
        column = scope.column(condition.operand.path)
        values = [self.literals.read(column.spec, token) for token in tokens]
        if column.steps or None in values:
            return None
        if column.spec.name == "Id":
            return list(dict.fromkeys(values))
        records = self.org.records
        if not records.has_index(scope.spec.name, column.spec.name):
            return None
        sets = (records.find(scope.spec.name, column.spec.name, value) for value in values)
        return list(dict.fromkeys(record_id for ids in sets for record_id in sorted(ids)))

    # --- sub-queries -----------------------------------------------------------------

    def semi_join(self, query: Query) -> set[Any]:
        """Return the values of a sub-query with one id column."""
        scope = self._scope(query)
        item = query.items[0]
        if len(query.items) != 1 or not isinstance(item, SelectItem):
            raise SoqlError("MALFORMED_QUERY", "a semi join selects one column", query.source)
        _, read = scope.operand(item.operand)
        rows = cut_rows(sort_rows(self._select(scope, query), query.order, scope.operand), query)
        return {value for value in map(read, rows) if value is not None}

    def _child_reader(self, scope: Scope, query: Query) -> tuple[str, Reader]:
        """Return relationship name and reader of a child sub-query's result for a parent row."""
        child, link = find_children(self.org, scope.spec, query)
        inner = Scope(self.org, child, str(query.source_alias or ""))
        render = render_columns(inner, query, self.data_path, {})
        by_parent: dict[str, list[Row]] = {}
        for row in sort_rows(self._select(inner, query), query.order, inner.operand):
            parent_id = row.get(link.name)
            if parent_id is not None:
                by_parent.setdefault(parent_id, []).append(row)

        def read(row: Row) -> Any:
            rows = cut_rows(by_parent.get(row["Id"], []), query)
            if not rows:
                return None
            return self.page_children(QueryResult(len(rows), rows, render))

        return link.child_relationship, read


@dataclass(frozen=True, slots=True)
class _Where:
    """What WHERE conditions need."""

    run: QueryRun
    scope: Scope

    @property
    def literals(self) -> LiteralReader:
        return self.run.literals

    def operand(self, operand: Operand) -> tuple[FieldSpec, Reader]:
        return self.scope.operand(operand)

    def semi_join(self, query: Query) -> set[Any]:
        return self.run.semi_join(query)


@dataclass(frozen=True, slots=True)
class _Having:
    """What HAVING conditions need."""

    literals: LiteralReader
    reader: GroupReader

    def operand(self, operand: Operand) -> tuple[FieldSpec, Reader]:
        return self.reader.operand(operand)

    def semi_join(self, query: Query) -> set[Any]:
        raise SoqlError("MALFORMED_QUERY", "no sub-select in HAVING", query.source)


def find_children(org: Org, spec: ObjectSpec, query: Query) -> tuple[ObjectSpec, FieldSpec]:
    """Return object and lookup of the child relationship that a sub-query reads."""
    wanted = query.source.lower().split(".")[-1]
    for child, link in org.schema.children(spec.name):
        if link.child_relationship.lower() == wanted:
            return child, link
    message = f"Didn't understand relationship '{query.source}' in FROM part of query call."
    raise SoqlError("INVALID_TYPE", message, query.source)


def _counts_rows(query: Query) -> bool:
    item = query.items[0]
    return (
        len(query.items) == 1
        and isinstance(item, SelectItem)
        and isinstance(item.operand, FunctionCall)
        and item.operand.key == "COUNT"
        and not item.operand.arguments
    )


def _group_keys(query: Query) -> list[str]:
    return [operand_text(part) for part in query.group]
