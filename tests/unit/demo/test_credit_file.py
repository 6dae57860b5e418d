"""What the demo's credit department keeps: whole rows, of every kind, at customers that exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.files.adapter import FilesAdapter
from adapters.files.folders import Folder
from connector.demo.company import DemoCompany, build_company
from connector.demo.credit_file import BY_LIST, keep_credit_file
from connector.domain.closed_lists import CLOSED_LISTS
from connector.domain.entities import ENTITIES
from connector.mapping.feeds import load_mapping
from connector.mapping.load import load_documents
from connector.mapping.read import ReadContext, map_page
from connector.service.filled_forms import fill_forms
from connector.service.templates import choose_forms

AS_OF = date(2026, 3, 31)
ROOT = Path(__file__).resolve().parents[3]
Rows = Mapping[str, Sequence[Mapping[str, object]]]


@pytest.fixture(scope="module", params=[AS_OF, date(2026, 8, 1)], ids=str)
def kept(request: pytest.FixtureRequest) -> tuple[DemoCompany, Rows]:
    return keep_credit_file(build_company(7, request.param))


def test_rows_are_whole_and_name_customers_that_exist(kept: tuple[DemoCompany, Rows]) -> None:
    company, lists = kept
    numbers = {row["account_number"] for row in company.rows["account"]}
    for name, rows in lists.items():
        entity = ENTITIES[name]
        assert rows, name
        for row in rows:
            assert set(row) <= set(entity.column_names), name
            assert all(row.get(c.name) is not None for c in entity.columns if c.required), row
            assert row.get("account_key") in numbers or name == "insurance_policy"
            for column, value in row.items():
                words = CLOSED_LISTS.get((name, column))
                assert words is None or value in words, (name, column, value)
                assert not isinstance(value, Decimal) or abs(value) < 10_000_000, (name, column)


def test_terms_that_stand_in_the_list_stand_nowhere_else(kept: tuple[DemoCompany, Rows]) -> None:
    company, _ = kept
    own = {company.story(code).account_id for code in BY_LIST}
    for row in company.rows["invoice"]:
        assert (row["due_date"] is None) == (row["account_key"] in own)
    assert all(r["terms_days"] is None for r in company.rows["account"] if r["id"] in own)


def test_the_filled_form_says_what_was_filled_in(
    kept: tuple[DemoCompany, Rows], tmp_path: Path
) -> None:
    _, lists = kept
    forms = choose_forms(load_documents(["files-credit"], ROOT), [])
    for language in ("en", "zh"):
        folder = tmp_path / language
        folder.mkdir()
        fill_forms(forms, language, lists).save(folder / "credit-file.xlsx")
        adapter = FilesAdapter(Folder(folder, 50_000_000))
        mapping = load_mapping(["files-credit"], ROOT, "files")
        found = mapping.resolve({name: adapter.describe(name) for name in mapping.object_names})
        context = ReadContext("credit", currency="CNY", accounts="crm")
        read: dict[str, list[dict[str, object]]] = {}
        for feed in found.feeds:
            for page in adapter.pull(feed.request(None)):
                mapped = map_page(feed, page, context)
                assert mapped.problems.num_rows == 0, mapped.problems.to_pylist()
                read.setdefault(feed.entity.name, []).extend(mapped.rows.to_pylist())
        for name, rows in lists.items():
            said = [{c: row[c] for c in given} for row, given in zip(read[name], rows, strict=True)]
            assert said == list(rows), (name, language)
