"""Why an account has its decision, found by whatever a person has at hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.domain.decision import DECISION_TABLES
from connector.errors import InputError, StateError
from connector.service.explaining import explain_account
from connector.service.main_job import pull_only, run_main_job
from connector.service.office import Office
from connector.service.portfolio import read_spread
from tests.unit.service.offices import build_office, crm_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office after its first run, with the real engine."""
    opened = build_office(tmp_path_factory.mktemp("office"))
    run_main_job(opened)
    yield opened
    opened.close()


def record_of(office: Office, name: str) -> str:
    accounts = crm_of(office).records("Account")
    return next(record for record, values in accounts.items() if values["Name"] == name)


@pytest.mark.parametrize("wanted", ["10003", "Säumig KG", "säumig kg", "umig", "SÄUMIG"])
def test_number_name_and_a_part_of_the_name_find_the_account(decided: Office, wanted: str) -> None:
    explained = explain_account(decided, wanted, "en")
    assert explained.account["name"] == "Säumig KG"
    assert explained.account["id"] == record_of(decided, "Säumig KG")


def test_the_record_id_finds_it(decided: Office) -> None:
    record = record_of(decided, "Muster AG")
    assert explain_account(decided, record, "en").account["id"] == record


@pytest.mark.parametrize("wanted", ["A" * 15, "A" * 15 + "BCD"])
def test_the_short_and_the_long_record_id_mean_the_same(decided: Office, wanted: str) -> None:
    with pytest.raises(InputError, match="Prospect Ltd has no decision"):
        explain_account(decided, wanted, "en")


def test_an_exact_name_goes_before_a_part_of_others(decided: Office) -> None:
    assert explain_account(decided, "muster ag", "en").account["name"] == "Muster AG"


def test_several_that_fit_are_listed(decided: Office) -> None:
    with pytest.raises(InputError, match="2 accounts fit Muster") as caught:
        explain_account(decided, "Muster", "en")
    for name in ("Muster AG", "Muster Handel GmbH"):
        assert f"{name} ({record_of(decided, name)})" in str(caught.value)


def test_none_that_fits_is_a_sentence(decided: Office) -> None:
    with pytest.raises(InputError, match="No account fits nobody"):
        explain_account(decided, "nobody", "en")


def test_marks_of_sql_are_letters_like_others(decided: Office) -> None:
    for wanted in ("%", "_", "'; DROP TABLE scope; --"):
        with pytest.raises(InputError, match="No account fits"):
            explain_account(decided, wanted, "en")


def test_out_of_scope_comes_with_its_reason(decided: Office) -> None:
    with pytest.raises(InputError, match=r"out of scope \(prospect\)"):
        explain_account(decided, "20001", "en")


def test_an_explanation_names_the_account_and_comes_as_data_too(decided: Office) -> None:
    explained = explain_account(decided, "10003", "en")
    text = "\n".join(explained.lines)
    assert "Säumig KG" in text
    assert "50,000" in text
    data = json.loads(json.dumps(explained.as_json(), default=str))
    assert set(DECISION_TABLES) <= set(data)
    (decision,) = [row for row in data["decision"] if row["selling_company"] == ""]
    assert decision["hold"] is True
    assert any(row["code"] == "oldest_overdue" for row in data["reason"])


def test_it_speaks_chinese(decided: Office) -> None:
    text = "\n".join(explain_account(decided, "10003", "zh").lines)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in text)


def test_before_the_first_run_the_next_step_is_named(tmp_path: Path) -> None:
    office = build_office(tmp_path)
    with pytest.raises(StateError, match="creditflag run"):
        explain_account(office, "10003", "en")
    pull_only(office)
    with pytest.raises((InputError, StateError), match="creditflag run"):
        explain_account(office, "10003", "en")
    office.close()


def test_the_spread_of_the_book_is_published_with_the_decisions(decided: Office) -> None:
    spread = read_spread(decided)
    largest = spread.of("party", "exposure")[0]
    assert (largest["name"], largest["place"], largest["amount"]) == ("Säumig KG", 1, 50_000)
    (figures,) = [row for row in spread.figures
                  if (row["dimension"], row["base"]) == ("party", "exposure")]  # fmt: skip
    assert (figures["members"], figures["total"]) == (3, 53_000)
    assert spread.currency == "EUR"
    # The policy's share of one customer holds for the list; the flag waits for a larger book.
    assert [row["name"] for row in spread.breaches if row["dimension"] == "party"]
