"""`portfolio`: what the last run decided about the whole book, readable in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from connector.domain.portfolio import PORTFOLIO_TABLES
from connector.ledger import Ledger
from connector.ports.facts import table_schema
from connector.sync.portfolio import keep_portfolio
from tests.unit.cli.conftest import Creditflag
from tests.unit.ledger.batches import land

FIRST, LAST = date(2025, 5, 31), date(2025, 6, 30)


def spread(*members: tuple[str, str, int, str | None]) -> dict[str, pa.Table]:
    """Both tables from members of one dimension each: dimension, member, amount, allowed share."""
    listed: list[dict[str, Any]] = []
    figures: list[dict[str, Any]] = []
    for dimension in sorted({row[0] for row in members}):
        own = sorted((row for row in members if row[0] == dimension), key=lambda row: -row[2])
        total = sum(amount for _, _, amount, _ in own)
        key = {"dimension": dimension, "base": "exposure"}
        shares = [Decimal(amount) / total for _, _, amount, _ in own]
        for place, ((_, member, amount, most), share) in enumerate(zip(own, shares, strict=True)):
            allowed = None if most is None else Decimal(most)
            listed.append({
                **key, "member": member, "place": place + 1, "amount": Decimal(amount),
                "share": round(share, 10), "limit_share": allowed,
                "breach": allowed is not None and member != "" and share > allowed,
            })  # fmt: skip
        hhi = sum((share * share for share in shares), start=Decimal(0))
        figures.append({
            **key, "members": len(own), "total": Decimal(total), "hhi": round(hhi, 6),
            "effective_names": round(1 / hhi, 4),
            "breaches": sum(row["breach"] for row in listed if row["dimension"] == dimension),
            **{f"top{n}_share": round(sum(shares[:n]), 6) for n in (1, 3, 10)},
        })  # fmt: skip
    rows = {"portfolio": figures, "concentration": listed}
    return {name: _table(rows[name], name) for name in PORTFOLIO_TABLES}


def _table(rows: list[dict[str, Any]], name: str) -> pa.Table:
    entity = PORTFOLIO_TABLES[name]
    full = [{c: row.get(c) for c in entity.column_names} for row in rows]
    return pa.Table.from_pylist(full, schema=table_schema(entity))


@pytest.fixture
def keep(settings: Path) -> Callable[[date, dict[str, pa.Table]], None]:
    """Keep a spread in the ledger and publish it, as a run does."""
    state = settings.parent / ".creditflag"

    def kept(day: date, tables: dict[str, pa.Table]) -> None:
        with Ledger.open(state / "ledger") as ledger:
            land(ledger, "account", {"id": "a1", "name": "Säumig KG"})
            ledger.query(
                "CREATE TABLE IF NOT EXISTS party AS SELECT 'acc:a1' AS party_id, name "
                "FROM account_current"
            )
            keep_portfolio(ledger, tables, day, "EUR")
            ledger.publish(state / "snapshots")

    return kept


BOOK = spread(
    ("party", "acc:a1", 600, "0.10"), ("party", "acc:a2", 400, None), ("country", "", 1000, None),
    ("guarantor", "Bürge AG", 700, "0.20"), ("guarantor", "", 300, "0.20"),
)  # fmt: skip


def test_figures_and_what_is_beyond_limits(creditflag: Creditflag, keep: Any) -> None:
    keep(LAST, BOOK)
    answer = creditflag("--language", "en", "portfolio")
    assert answer.code == 0
    assert "The book as of 2025-06-30, amounts in EUR." in answer.out
    told = [line.split() for line in answer.out.splitlines()]
    assert ["customer", "2", "1,000.00", "60.0%", "100.0%", "100.0%", "1.9", "1"] in told
    assert "Säumig KG (customer; By net exposure): 60.0%, allowed 10.0%." in answer.out
    assert "Bürge AG (guarantor; By net exposure): 70.0%, allowed 20.0%." in answer.out
    # Nothing is said of countries, so there is no line about them.
    assert "country" not in answer.out
    farthest, nearer = answer.out.index("Säumig KG ("), answer.out.index("Bürge AG (")
    assert farthest < nearer
    assert "not said" not in answer.out


def test_members_in_chinese(creditflag: Creditflag, keep: Any) -> None:
    keep(LAST, BOOK)
    answer = creditflag("--language", "zh", "portfolio", "--dimension", "guarantor")
    assert answer.code == 0
    assert "Bürge AG" in answer.out
    assert "未注明" in answer.out
    assert "超限" in answer.out
    assert "Säumig" not in answer.out


def test_the_last_state_of_each_day_is_kept(creditflag: Creditflag, keep: Any) -> None:
    keep(FIRST, spread(("party", "acc:a1", 1, None)))
    keep(FIRST, spread(("party", "acc:a1", 50, None), ("party", "acc:a2", 50, None)))
    keep(LAST, BOOK)
    for asked, day, members in (([], LAST, 2), (["--on", "2025-06-29"], FIRST, 2)):
        told = json.loads(creditflag("portfolio", "--json", *asked).out)
        assert (told["as_of"], told["currency"]) == (day.isoformat(), "EUR")
        parties = [r for r in told["concentration"] if r["dimension"] == "party"]
        assert len(parties) == members
    assert creditflag("portfolio", "--on", "2025-05-30").code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--dimension", "moon"], "moon is none of party, group"),
        (["--base", "hope"], "hope is none of exposure, unsecured, sales"),
        (["--on", "yesterday"], "yesterday is not a date"),
        (["--on", "2020-01-01"], "Nothing was decided up to 2020-01-01"),
    ],
)
def test_what_cannot_be_shown_is_a_sentence(
    creditflag: Creditflag, keep: Any, arguments: list[str], said: str
) -> None:
    keep(LAST, BOOK)
    answer = creditflag("--language", "en", "portfolio", *arguments)
    assert answer.code == 2
    assert said in answer.err


@pytest.mark.usefixtures("settings")
def test_before_the_first_run(creditflag: Creditflag) -> None:
    answer = creditflag("--language", "en", "portfolio")
    assert answer.code != 0
    assert "Run `creditflag run`" in answer.err
