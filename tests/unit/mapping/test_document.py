from __future__ import annotations

import re
from pathlib import Path

import pytest

from connector.domain.catalogue import CREDIT_FIELDS
from connector.domain.closed_lists import CLOSED_LISTS
from connector.domain.credit_file import CREDIT_FILE
from connector.errors import MappingError
from connector.mapping.advice import WANTED
from connector.mapping.document import EntityDoc, FieldDoc, MappingDoc
from connector.mapping.feeds import combine, load_mapping
from connector.mapping.load import load_documents, read_document, shipped_documents
from connector.mapping.transforms import TRANSFORMS
from connector.mapping.yaml_source import MAX_BYTES, read_yaml
from tests.unit.mapping.conftest import INVOICE

ROOT = Path(__file__).resolve().parents[3]


def problems_of(text: str) -> list[str]:
    with pytest.raises(MappingError) as caught:
        read_document(text, "shop.yaml")
    return list(caught.value.problems)


def test_every_problem_is_listed_at_once_with_line_and_place() -> None:
    text = """\
mapping: shop
adapter: anything
colour: blue
entities:
  invoice:
    object: Bill
    id: Id
    fields:
      account_key: Customer
      number: Name
      currency: {path: C, first_of: [D]}
      amount: {path: A, transform: decimals}
      invoice_dat: {path: I}
  invoyce:
    object: X
    id: Id
    fields: {name: N}
write:
  account:
    object: Account
    fields:
      grad: G
      score: {field: S, zero_means: none}
task:
  object: Task
  key: K
  key_in: Subject
  fields: {subject: Subject, when: Due}
"""
    found = "\n".join(problems_of(text))
    for wanted in (
        "shop.yaml line 3, colour: the key 'colour' is not known here",
        "line 11, entities.invoice.fields.currency: give exactly one of path, first_of",
        "line 12, entities.invoice.fields.amount: transform 'decimals' is not known; "
        "did you mean 'decimal'?",
        "line 13, entities.invoice.fields.invoice_dat: column 'invoice_dat' is not known; "
        "did you mean 'invoice_date'?",
        "line 8, entities.invoice.fields: invoice needs invoice_date (date of issue)",
        "line 14, entities.invoyce: entity 'invoyce' is not known; did you mean 'invoice'?",
        "line 22, write.account.fields.grad: credit field 'grad' is not known; "
        "did you mean 'grade'?",
        "line 23, write.account.fields.score: zero_means and unlimited belong to limit alone",
        "line 28, task.fields.when: task slot 'when' is not known",
        "line 28, task.fields: a task needs account",
    ):
        assert wanted in found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the document is empty"),
        ("a: &x 1\nb: *x\n", "anchors and aliases are not used here"),
        ("a: [1", "line 1"),
        ("a: 1\na: 2\n", "the key 'a' stands here twice"),
        ("[" * 100 + "]" * 100, "nested too deeply"),
        ("? [1]\n: 2\n", "keys are words"),
        ("x: " + "y" * MAX_BYTES, "larger than 1 MB"),
    ],
)
def test_hostile_yaml_is_refused_with_a_sentence(text: str, reason: str) -> None:
    assert any(reason in problem for problem in problems_of(text))


def test_yaml_words_stay_words() -> None:
    source = read_yaml("a: [no, NA, 'null', 007, 2026-01-31, 12, true, ~, Yes, 'true']")
    assert source.data == {
        "a": ["no", "NA", "null", "007", "2026-01-31", 12, True, None, "Yes", "true"]
    }


def test_short_and_long_forms_mean_the_same() -> None:
    assert FieldDoc.model_validate("Name") == FieldDoc.model_validate({"path": "Name"})
    one = FieldDoc.model_validate({"path": "A", "transform": "trim"})
    assert [name for name, _ in one.steps] == ["trim"]
    assert EntityDoc.model_validate({"object": "X", "id": "Id", "fields": {"name": "N"}}).id == (
        "Id",
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("id: Id", "id: Id\n    id_from: [number]"), "give exactly one of id"),
        (("id: Id", "id_from: [nothing]"), "id_from names 'nothing'"),
        (("stamp: Changed", "positive: nothing"), "positive names 'nothing'"),
        (("default: $currency", "default: $house"), "$house is not known"),
        (("{path: Due, transform: date}", "{path: Due, transform: decimal}"),
         "transform decimal does not give date, which due_date is"),
        (("transform: terms_days", "transform: {date: {day_last: true}}"), "day_last"),
    ],
)  # fmt: skip
def test_rules_across_nodes_are_kept(change: tuple[str, str], reason: str) -> None:
    assert any(reason in problem for problem in problems_of(INVOICE.replace(*change)))


def test_shipped_documents_are_whole() -> None:
    names = shipped_documents()
    assert {"salesforce", "salesforce-invoices", "files-erp"} <= set(names)
    for name in names:
        (document,) = load_documents([name], ROOT)
        assert document.mapping == name


def test_the_salesforce_document_writes_every_credit_field() -> None:
    mapping = load_mapping(["salesforce", "salesforce-invoices"], ROOT, "salesforce")
    (target,) = mapping.targets
    assert set(target.fields) == set(CREDIT_FIELDS)
    assert target.fields["limit"].owner == "ask"
    assert [feed.name for feed in mapping.feeds] == [
        "account", "user", "order", "order_line", "invoice", "credit_note", "payment",
        "opportunity",
    ]  # fmt: skip
    task = mapping.task_target
    assert task is not None
    assert task.slots["subject"] == "Subject"


def test_the_files_document_feeds_every_kind_of_receivable() -> None:
    mapping = load_mapping(["files-erp"], ROOT, "files")
    assert {feed.entity.name for feed in mapping.feeds} == {
        "order", "order_line", "delivery", "invoice", "credit_note", "payment", "limit",
        "instalment", "invoice_line", "fx_rate",
    }  # fmt: skip
    assert [feed.name for feed in mapping.feeds if feed.snapshot] == [
        "delivery", "open_item", "open_credit_note", "limit"
    ]  # fmt: skip
    assert not mapping.targets
    assert mapping.task_target is None


def test_the_credit_document_feeds_every_column_of_the_credit_file() -> None:
    mapping = load_mapping(["files-erp", "files-credit"], ROOT, "files")
    feeds = [feed for feed in mapping.feeds if feed.mapping == "files-credit"]
    assert {feed.entity.name for feed in feeds} == {e.name for e in CREDIT_FILE} | {"limit"}
    for feed in feeds:
        assert set(feed.fields) == set(feed.entity.column_names), feed.name
        assert feed.doc.samples
        for name, doc in feed.fields.items():
            words = CLOSED_LISTS.get((feed.entity.name, name))
            assert words is None or set(doc.map.values()) == set(words), (feed.name, name)


def test_documents_that_clash_or_belong_elsewhere_are_refused() -> None:
    one = read_document(INVOICE, "a.yaml")
    two = one.model_copy(update={"mapping": "twin", "adapter": "other"})
    with pytest.raises(MappingError) as caught:
        combine([one, two], "anything")
    assert caught.value.problems == (
        "twin is written for other, the connection is anything",
        "feed invoice stands in shop and in twin",
    )


def test_documents_come_by_path_and_every_bad_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(INVOICE, encoding="utf-8")
    (tmp_path / "broken.yaml").write_text("mapping: x\n", encoding="utf-8")
    (tmp_path / "latin.yaml").write_bytes("mapping: M\xfcller".encode("latin-1"))
    assert load_mapping(["mine.yaml"], tmp_path).name == "shop"
    with pytest.raises(MappingError) as caught:
        load_documents(["mine.yaml", "broken.yaml", "latin.yaml", "gone.yaml"], tmp_path)
    found = "\n".join(caught.value.problems)
    assert "broken.yaml line 1: 'adapter' is missing" in found
    assert "no readable mapping document latin.yaml" in found
    assert "no readable mapping document gone.yaml" in found


def test_the_hash_follows_the_content() -> None:
    one = combine([read_document(INVOICE, "a.yaml")])
    same = combine([read_document("# comment\n" + INVOICE, "b.yaml")])
    other = combine([read_document(INVOICE.replace("path: Open", "path: Rest"), "a.yaml")])
    assert one.hash == same.hash != other.hash


def listed_under(heading: str) -> set[str]:
    """First words in code style of the table rows below a heading of mappings/docs.md."""
    text = (ROOT / "mappings" / "docs.md").read_text(encoding="utf-8")
    part = re.split(r"^## ", text.split(f"## {heading}\n", 1)[1], flags=re.M)[0]
    return set(re.findall(r"^\| `([a-z_$]+)", part, re.M))


def test_the_guide_lists_exactly_what_there_is() -> None:
    assert listed_under("Transforms") == set(TRANSFORMS)
    assert listed_under("A column") == set(FieldDoc.model_fields)
    assert listed_under("A feed") == set(EntityDoc.model_fields)
    assert listed_under("A document") == set(MappingDoc.model_fields)


def test_every_credit_field_has_its_advice() -> None:
    assert set(WANTED) == set(CREDIT_FIELDS)
