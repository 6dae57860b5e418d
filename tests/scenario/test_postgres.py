"""The main job with its store in PostgreSQL: first contact, a quiet second run, a hand edit."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.scenario.erp_company import AS_OF, ErpCompany, build_company
from tests.scenario.world import Ended

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

VARIABLE = "CREDITFLAG_SCENARIO_DATABASE"
IN_POSTGRES = f'[state]\ndatabase = "env:{VARIABLE}"\n'
INVOICES = """Customer No,Invoice No,Currency,Amount,Invoice Date,Due Date
1001,F-001,CNY,12000.00,2026-01-31,2026-03-02
1002,F-002,EUR,2000.00,2026-02-13,2026-03-15
"""
LIMITS = """Customer No,State,Currency,Limit
1001,amount,CNY,20000.00
"""


@dataclass(frozen=True)
class Database:
    """A database of the test's own; `password` must not show up anywhere."""

    url: str
    password: str


@pytest.fixture(scope="module")
def database(postgres_url: str) -> Iterator[Database]:
    import psycopg

    name = f"scenario_{uuid.uuid4().hex[:12]}"
    parts = urlsplit(postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    yield Database(urlunsplit(parts._replace(path=f"/{name}")), parts.password or "")
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def company(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ErpCompany]:
    with build_company(tmp_path_factory.mktemp("postgres")) as made:
        made.config.write_text(made.settings(IN_POSTGRES), encoding="utf-8")
        made.environment[VARIABLE] = database.url
        made.put("invoices.csv", INVOICES)
        made.put("limits_20260331.csv", LIMITS)
        yield made


@pytest.fixture(scope="module")
def first(company: ErpCompany) -> Ended:
    return company.settle()


def test_first_contact_ends_in_the_accounts(company: ErpCompany, first: Ended) -> None:
    assert first.json["plans"][0]["first_contact"]
    assert company.money("1001", "Exposure") == 12_000
    assert company.money("1001", "Limit") == 20_000
    assert company.record("1002")["Credit_Grade__c"]


def test_the_store_is_in_the_server_and_not_in_the_folder(
    company: ErpCompany, first: Ended, database: Database
) -> None:
    import psycopg

    assert not list(company.state.glob("store.sqlite3*"))
    with psycopg.connect(database.url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchone()
    assert found is not None
    assert found[0] > 10


def test_a_second_run_makes_no_write_call(company: ErpCompany, first: Ended) -> None:
    before = company.write_calls()
    second = company.run()
    assert second.code == 0, second.err
    assert second.json["decided"] is None
    assert company.write_calls() == before


def test_a_hand_edit_is_a_conflict_that_stays(company: ErpCompany, first: Ended) -> None:
    control = company.emulator.control
    control.edit("Account", company.accounts["1001"], {"Credit_Limit__c": 7_777})
    before = company.write_calls()
    edited = company.run()
    assert edited.code == 0, edited.err
    assert edited.json["plans"][0]["conflicts"] == 1
    assert company.record("1001")["Credit_Limit__c"] == 7_777
    assert company.write_calls() == before
    (connection,) = [
        c for c in company.call("status", "--json").json["connections"] if c["name"] == "crm"
    ]
    (conflict,) = connection["conflicts"]
    assert conflict["record"] == company.accounts["1001"]
    assert conflict["fields"][0]["theirs"] == "7777"


def test_the_journal_holds_and_the_account_is_explained(company: ErpCompany, first: Ended) -> None:
    checked = company.call("journal", "crm", "--verify", "--json")
    assert checked.code == 0, checked.err
    assert checked.json["whole"] is True
    assert checked.json["events"] > 0
    assert company.metrics("1001")["open_receivables"] == "12000"


def test_a_server_that_is_gone_is_told_without_the_password(
    company: ErpCompany, first: Ended, database: Database
) -> None:
    parts = urlsplit(database.url)
    nowhere = parts._replace(netloc=f"{parts.username}:canary-2b7d@127.0.0.1:9")
    company.environment[VARIABLE] = urlunsplit(nowhere)
    try:
        ended = company.call("run", "--as-of", AS_OF.isoformat())
    finally:
        company.environment[VARIABLE] = database.url
    assert ended.code == 2
    assert "The database server cannot be reached (" in ended.err
    assert "canary-2b7d" not in ended.out + ended.err
    kept = b"".join(p.read_bytes() for p in company.state.rglob("*") if p.is_file())
    assert b"canary-2b7d" not in kept
    # A short password may be a common word.
    assert len(database.password) < 12 or database.password.encode() not in kept
