"""统一社会信用代码: wrong ones, and customers without one (GB 32100-2015)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc
from stdnum.cn import uscc

from connector.domain.entities import ENTITIES
from connector.service.health.report import HealthFinding, gather, owners_by_key
from connector.service.health.rules import Rule

_USCC_SHAPE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
_KEYS = (("registration_no", "account"), ("guarantor_key", "guarantee"), ("acceptor_key", "bill"))


def list_numbers(tables: Mapping[str, pa.Table], accounts: pa.Table) -> Iterator[HealthFinding]:
    """统一社会信用代码 whose check character is wrong, and accounts in use that have none."""
    owners = owners_by_key(accounts)
    for entity, table in tables.items():
        for column, key in _number_columns(entity):
            values = pc.if_else(
                pc.equal(table[key], "registration_no"), table[column], pa.scalar(None, pa.string())
            ) if key else table[column]  # fmt: skip
            wrong = [v for v in pc.unique(values).to_pylist() if v is not None and _is_wrong(v)]
            if wrong:
                rows = table.filter(pc.is_in(values, pa.array(wrong, pa.string())))
                yield gather(
                    Rule("wrong_uscc", "error", entity, WRONG_USCC, COPY_IT),
                    _as_found(rows, column), owners,
                )  # fmt: skip
    yield from _list_nameless(tables, accounts)


WRONG_USCC = "The 统一社会信用代码 has a wrong check character."
COPY_IT = "Copy it from the business licence; a spreadsheet cuts off what it takes for a number."


def _number_columns(entity: str) -> list[tuple[str, str]]:
    """Columns that hold register numbers, with the column that says so where it may be another."""
    names = ENTITIES[entity].column_names
    found = [(column, "") for column, home in _KEYS if home == entity]
    return found + ([("account_key", "account_field")] if "account_key" in names else [])


def _is_wrong(value: str) -> bool:
    bare = re.sub(r"[^0-9A-Za-z]", "", value).upper()
    return bool(_USCC_SHAPE.fullmatch(bare)) and not uscc.is_valid(bare)


def _as_found(rows: pa.Table, column: str) -> pa.Table:
    nothing = pa.nulls(rows.num_rows, pa.string())
    given = rows.column_names
    return pa.table(
        {
            "where_from": rows["where_from"],
            "owner": rows["owner"] if "owner" in given else nothing,
            "account_key": rows["account_key"] if "account_key" in given else nothing,
            "shown": rows[column],
        }
    )


def _list_nameless(tables: Mapping[str, pa.Table], accounts: pa.Table) -> Iterator[HealthFinding]:
    """Accounts without register number: those that the files name, and those they bring."""
    own = tables["account"]
    lacking = own.filter(pc.and_(pc.is_null(own["registration_no"]), _is_chinese(own["country"])))
    if lacking.num_rows:
        shown = _as_found(lacking, "name")
        yield gather(Rule("no_uscc", "warning", "account", NO_USCC, ENTER_IT), shown, {})
    used = {
        key for name, table in tables.items() if "account_key" in table.column_names
        for key in pc.unique(table["account_key"]).to_pylist()
    }  # fmt: skip
    mask = pc.and_(
        pc.is_in(accounts["account_key"], pa.array(sorted(used - {None}), pa.string())),
        pc.and_(pc.is_null(accounts["registration_no"]), _is_chinese(accounts["country"])),
    )
    nameless = accounts.filter(mask)
    if nameless.num_rows:
        found = pa.table(
            {
                "where_from": nameless["account_key"], "owner": nameless["owner"],
                "account_key": nameless["account_key"], "shown": nameless["name"],
            }
        )  # fmt: skip
        yield gather(Rule("no_uscc", "warning", "account", NO_USCC, ENTER_IT), found, {})


NO_USCC = "The customer has no 统一社会信用代码."
ENTER_IT = "Enter it: without it accounts of one company cannot be seen as one."


def _is_chinese(country: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.is_in(pc.utf8_upper(country), pa.array([None, "CN", "CHN", "中国"], pa.string()))
