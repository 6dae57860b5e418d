from __future__ import annotations

import gzip
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from connector.demo.real_sets import ASSUMED_RATES, RealSet, read_real_set, rows_known_at
from connector.domain.entities import ENTITIES
from connector.domain.texts import say_error
from connector.errors import InputError

LATE_HEADER = (
    "countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,"
    "Disputed,SettledDate,PaperlessBill,DaysToSettle,DaysLate"
)
CLOSED_HEADER = (
    "row_id,cust_number,name_customer,invoice_id,due_date,clear_date,days_late,amount,"
    "currency_est,term_days_est,is_exact_duplicate"
)
OPEN_HEADER = (
    "business_code,cust_number,name_customer,business_year,doc_id,posting_date,"
    "document_create_date,document_create_date_norm,due_in_date,invoice_currency,document_type,"
    "posting_id,total_open_amount,baseline_create_date,cust_payment_terms,invoice_id,isOpen"
)
LATE_ROWS = (
    "1,AAA,1/1/2012,0001,1/2/2012,2/1/2012,100.50,Yes,2/10/2012,Paper,39,9",
    "1,AAA,1/1/2012,0002,3/1/2012,3/31/2012,20,No,3/20/2012,Paper,19,0",
    "2,BBB,1/1/2012,0003,5/5/2012,6/4/2012,7.25,No,6/4/2012,Paper,30,0",
)
CLOSED_ROWS = (
    "C00001,77,Rose llc,,2020-01-31,2020-02-05,5,1000.00,CAD,30,0",
    "C00002,77,,,2020-01-31,2020-02-05,5,1000.00,CAD,30,1",
    "C00003,88,,555,2020-02-20,2020-02-01,-19,12.34,,,0",
)
OPEN_ROWS = (
    "CA02,77,Rose corp,2020,9001,2020-02-10,2020-02-09,2020-02-10,2020-02-25,CAD,RV,1,250.75,"
    "2020-02-10,CA10,9001,1",
    "CA02,77,Rose corp,2020,9002,2020-03-10,2020-03-09,2020-03-10,2020-03-25,CAD,RV,1,1,"
    "2020-03-10,CA10,9002,1",
)


def write(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write(tmp_path / "ibm-late-payment" / "invoices.csv.gz", LATE_HEADER, *LATE_ROWS)
    folder = tmp_path / "highradius-b2b"
    write(folder / "closed_invoices.csv.gz", CLOSED_HEADER, *CLOSED_ROWS)
    write(folder / "open_invoices.csv.gz", OPEN_HEADER, *OPEN_ROWS)
    return tmp_path


@pytest.fixture
def late(data: Path) -> RealSet:
    return read_real_set("ibm-late-payment", data)


@pytest.fixture
def b2b(data: Path) -> RealSet:
    return read_real_set("highradius-b2b", data)


def test_only_what_was_issued_and_paid_by_the_date_is_known(late: RealSet) -> None:
    rows = rows_known_at(late, date(2012, 2, 9))
    assert [row["id"] for row in rows["invoice"]] == ["0001"]
    assert rows["payment"] == []
    rows = rows_known_at(late, date(2012, 2, 10))
    (payment,) = rows["payment"]
    assert payment["invoice_id"] == "0001"
    assert payment["amount"] == Decimal("100.50")
    assert payment["value_date"] == date(2012, 2, 10)


def test_open_amounts_are_left_to_the_payments_in_one_set_and_kept_in_the_other(
    late: RealSet, b2b: RealSet
) -> None:
    first = rows_known_at(late, date(2012, 2, 10))["invoice"][0]
    assert (first["open_amount"], first["cleared_date"]) == (None, None)
    kept = {row["id"]: row for row in rows_known_at(b2b, date(2020, 2, 4))["invoice"]}
    assert (kept["C00001"]["open_amount"], kept["C00001"]["cleared_date"]) == (1000, None)
    kept = {row["id"]: row for row in rows_known_at(b2b, date(2020, 2, 5))["invoice"]}
    assert kept["C00001"]["open_amount"] == 0
    assert kept["C00001"]["cleared_date"] == date(2020, 2, 5)


def test_all_customers_are_accounts_and_terms_come_with_the_first_invoice(late: RealSet) -> None:
    accounts = {row["id"]: row for row in rows_known_at(late, date(2012, 2, 1))["account"]}
    assert accounts["AAA"]["terms_days"] == 30
    assert accounts["BBB"]["terms_days"] is None
    assert accounts["BBB"]["name"] == "Customer BBB"


def test_an_issue_date_is_due_less_terms_and_never_after_the_payment(b2b: RealSet) -> None:
    issued = {item.key: item.issued for item in b2b.receivables}
    assert issued["C00001"] == date(2020, 1, 1)
    assert issued["C00003"] == date(2020, 2, 1)  # 15 days before due would be after it was paid
    assert issued["O9001"] == date(2020, 2, 10)


def test_an_empty_currency_is_us_dollars_and_others_get_the_assumed_rate(b2b: RealSet) -> None:
    assert {i.key: i.currency for i in b2b.receivables}["C00003"] == "USD"
    (rate,) = rows_known_at(b2b, date(2020, 2, 15))["fx_rate"]
    assert (rate["currency"], rate["quote"]) == ("CAD", "USD")
    assert rate["rate"] == ASSUMED_RATES["CAD"]
    assert rate["rate_date"] == date(2020, 1, 1)


def test_exact_duplicates_are_kept_and_listed(b2b: RealSet) -> None:
    assert b2b.duplicates == ["C00002"]
    rows = rows_known_at(b2b, date(2020, 3, 1))
    assert {"C00001", "C00002"} <= {row["id"] for row in rows["invoice"]}


def test_a_customer_has_its_most_frequent_name(b2b: RealSet) -> None:
    assert b2b.names == {"77": "Rose corp", "88": "Customer 88"}


def test_rows_have_the_columns_of_their_entity(late: RealSet, b2b: RealSet) -> None:
    for real in (late, b2b):
        for name, rows in rows_known_at(real, date(2020, 3, 1)).items():
            columns = {*ENTITIES[name].column_names, "id"}
            required = {c.name for c in ENTITIES[name].columns if c.required}
            for row in rows:
                assert set(row) <= columns
                assert all(row[column] is not None for column in required)


def test_an_unknown_set_is_named_with_the_known_ones(data: Path) -> None:
    with pytest.raises(InputError, match=r"'nonsense'.*ibm-late-payment, highradius-b2b"):
        read_real_set("nonsense", data)


def test_an_absent_folder_is_one_sentence_in_both_languages(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is no folder.*--data") as caught:
        read_real_set("ibm-late-payment", tmp_path)
    assert "CREDITFLAG_REAL_DATA" in say_error(caught.value, "zh")
    assert say_error(caught.value, "zh") != str(caught.value)


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ("1,AAA,1/1/2012,9,1/2/2012,2/1/2012,ten,Yes,2/10/2012,Paper,39,9", "InvoiceAmount"),
        ("1,AAA,1/1/2012,9,1/2/2012,2/1/2012,NaN,Yes,2/10/2012,Paper,39,9", "InvoiceAmount"),
        ("1,AAA,1/1/2012,9,13/2/2012,2/1/2012,1,Yes,2/10/2012,Paper,39,9", "InvoiceDate"),
        ("1,AAA,1/1/2012,9", "InvoiceAmount"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, row: str, where: str) -> None:
    write(tmp_path / "ibm-late-payment" / "invoices.csv.gz", LATE_HEADER, LATE_ROWS[0], row)
    with pytest.raises(InputError) as caught:
        read_real_set("ibm-late-payment", tmp_path)
    assert caught.value.where == f"invoices.csv.gz, line 3, column {where}"


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ibm-late-payment" / "invoices.csv.gz"
    write(path, LATE_HEADER, *LATE_ROWS)
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(InputError, match="cannot be read") as caught:
        read_real_set("ibm-late-payment", tmp_path)
    assert "invoices.csv.gz" in caught.value.where
    path.write_bytes(b"no gzip at all")
    with pytest.raises(InputError, match="cannot be read"):
        read_real_set("ibm-late-payment", tmp_path)
