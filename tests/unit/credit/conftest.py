"""What the credit tests share: the standard policy and expressions over rows given in the test."""

from __future__ import annotations

from typing import Any

import duckdb
import ibis
import pyarrow as pa
import pytest

from connector.credit.policy.document import PolicyDoc, shipped_policy
from connector.credit.policy.lint import load_policy


@pytest.fixture(scope="session")
def policy() -> PolicyDoc:
    return load_policy(shipped_policy("standard"), "standard")


class Tables:
    """Tables of rows in DuckDB, and the rows that an expression over them gives."""

    def __init__(self) -> None:
        self.backend: Any = ibis.duckdb.from_connection(duckdb.connect(config={"threads": 1}))

    def make(self, name: str, schema: dict[str, str], rows: list[dict[str, Any]]) -> Any:
        full = [{**dict.fromkeys(schema), **row} for row in rows]
        typed = ibis.schema(schema).to_pyarrow()
        return self.backend.create_table(name, pa.Table.from_pylist(full, schema=typed))

    def keep(self, name: str, expression: Any) -> Any:
        """As `Builder.keep`, computed at once."""
        return self.backend.create_table(f"credit_{name}", expression, overwrite=True)

    def rows(self, expression: Any) -> list[dict[str, Any]]:
        return list(expression.to_pyarrow().to_pylist())


@pytest.fixture
def tables() -> Tables:
    return Tables()
