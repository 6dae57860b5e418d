"""Facts from a filled form: all rows or none, each once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

import pyarrow as pa
import pytest

from adapters.files.adapter import FilesAdapter
from adapters.files.folders import Folder
from connector.errors import InputError
from connector.mapping.feeds import load_mapping
from connector.mapping.load import load_documents
from connector.ports.facts import LandBatch, row_schema
from connector.service.entering import Author, list_facts
from connector.service.filled_forms import fill_forms
from connector.service.importing import Imported, import_facts
from connector.service.main_job import run_main_job
from connector.service.office import Office
from connector.service.templates import choose_forms
from connector.sync.desk import Connection
from tests.unit.service.offices import build_office
from tests.unit.sync import small_engine

ROOT = Path(__file__).resolve().parents[3]
ANN = Author("ann", "list of the department")
FORMS = choose_forms(load_documents(["files-credit"], ROOT), [])
WHOSE = {"account_field": "account_number", "account_key": "10001"}
GUARANTEE = {
    **WHOSE, "number": "G-1", "kind": "bank_guarantee", "currency": "EUR",
    "amount": Decimal(5000), "valid_to": date(2026, 12, 31),
}  # fmt: skip
PROMISE = {
    **WHOSE, "currency": "EUR", "amount": Decimal(300), "made_on": date(2026, 3, 1),
    "promised_on": date(2026, 3, 20),
}  # fmt: skip


def open_folder(folder: Path, mapping: str, accounts: str) -> Connection:
    documents = load_mapping([mapping], ROOT, "files")
    adapter = FilesAdapter(Folder(folder, 50_000_000))
    return Connection("entered", adapter, documents, accounts=accounts, currency="EUR")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = build_office(tmp_path / "state")
    made.open_folder = open_folder
    yield made
    made.close()


def write(path: Path, **rows: list[dict[str, object]]) -> Path:
    fill_forms(FORMS, "en", rows).save(path)
    return path


def bring(office: Office, file: Path) -> Imported:
    return import_facts(office, file, "", "", ANN)


def test_a_form_is_entered_once_and_changes_follow(office: Office, tmp_path: Path) -> None:
    file = write(tmp_path / "my list.xlsx", guarantee=[GUARANTEE], promise=[PROMISE])
    done = bring(office, file)
    assert (done.entered, done.changed, done.known) == (2, 0, 0)
    again = bring(office, file)
    assert (again.entered, again.changed, again.known) == (0, 0, 2)
    more = write(tmp_path / "more.xlsx", guarantee=[{**GUARANTEE, "amount": Decimal(7000)}])
    changed = bring(office, more)
    assert (changed.entered, changed.changed, changed.known) == (0, 1, 0)
    (held,) = list_facts(office, "guarantee")
    assert (held.values["amount"], held.revision, held.who) == ("7000", 2, "ann")
    assert (held.values["account_connection"], held.values["account_key"]) == ("crm", "10001")


def test_one_wrong_row_keeps_all_out(office: Office, tmp_path: Path) -> None:
    wrong = {**PROMISE, "made_on": date(2026, 3, 2), "promised_on": date(2026, 2, 1)}
    file = write(tmp_path / "list.xlsx", guarantee=[GUARANTEE], promise=[PROMISE, wrong])
    with pytest.raises(InputError, match="1 row\\(s\\) are wrong") as told:
        bring(office, file)
    (problem,) = told.value.problems
    assert problem.startswith("list.xlsx#Promises:4: promised_on: 2026-02-01 lies before made_on")
    assert list_facts(office) == []
    twice = write(tmp_path / "twice.xlsx", guarantee=[GUARANTEE, {**GUARANTEE, "note": "x"}])
    with pytest.raises(InputError) as told:
        bring(office, twice)
    (problem,) = told.value.problems
    assert "stands at twice.xlsx#Guarantees:3 with other content" in problem


def test_what_cannot_be_a_form_is_told_once(office: Office, tmp_path: Path) -> None:
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"\x00\x9f garbage" * 99)
    with pytest.raises(InputError) as told:
        bring(office, broken)
    assert len(told.value.problems) == 1
    empty = write(tmp_path / "empty.xlsx")
    with pytest.raises(InputError, match="holds no row"):
        bring(office, empty)
    for path, sentence in (
        (tmp_path, "is no file"), (Path("/dev/zero"), "is no file"),
        (tmp_path / "none.xlsx", "cannot be read"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=sentence):
            bring(office, path)


def test_what_a_connection_tells_already_is_not_entered_beside_it(
    office: Office, tmp_path: Path
) -> None:
    row = {
        "id": "G-1", "where_from": "x", "account_connection": "crm", "number": "G-1",
        "account_field": "account_number", "account_key": "10001", "kind": "bank_guarantee",
        "currency": "EUR", "amount": Decimal(5000),
    }  # fmt: skip
    with office.desk() as desk:
        rows = pa.Table.from_pylist([row], schema=row_schema("guarantee"))
        batch = LandBatch("desk", "list", "guarantee", desk.run_id, desk.clock.now(), rows)
        desk.ledger.land(batch)
    with patch("connector.sync.decide.decide", small_engine.decide):
        run_main_job(office)
    file = write(tmp_path / "list.xlsx", guarantee=[GUARANTEE, {**GUARANTEE, "number": "G-2"}])
    with pytest.raises(InputError, match="would count twice") as told:
        bring(office, file)
    assert list(told.value.problems) == ["guarantee G-1: desk"]
    other = {**GUARANTEE, "account_key": "10002"}
    assert bring(office, write(tmp_path / "other.xlsx", guarantee=[other])).entered == 1
