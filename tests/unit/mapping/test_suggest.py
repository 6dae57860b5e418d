"""A mapping suggested from what a CRM has: an org of one's own words, English and Chinese."""

from __future__ import annotations

from typing import Any

import pytest

from connector.domain.catalogue import CREDIT_FIELDS
from connector.domain.entities import ENTITIES, Kind
from connector.mapping.check import check_mapping
from connector.mapping.draft import Suggestion, spell, write_document
from connector.mapping.feeds import combine
from connector.mapping.load import read_document
from connector.mapping.suggest import EntityProposal, Scene, rank_objects, suggest_entities
from connector.mapping.suggest_write import suggest_task, suggest_write
from connector.mapping.synonyms import match, phrases, words
from connector.ports.crm import FieldInfo, ObjectInfo
from connector.testing.builders import field_info

SYSTEM = (
    field_info("_id", createable=False, updateable=False, label="数据ID", vendor_type="id"),
    field_info("last_modified_time", Kind.TIMESTAMP, updateable=False, label="最后修改时间"),
    field_info("last_modified_by", updateable=False, label="最后修改人"),
)


def thing(name: str, label: str, *fields: FieldInfo) -> ObjectInfo:
    return ObjectInfo(name, label, {f.name: f for f in (*SYSTEM, *fields)})


def lookup(name: str, label: str, target: str) -> FieldInfo:
    return field_info(
        name, label=label, refers_to=(target,), relationship=f"{name}__r", vendor_type="reference"
    )


def field(name: str, label: str, kind: Kind = Kind.TEXT, **more: Any) -> FieldInfo:
    return field_info(name, kind, label=label, **more)


CUSTOMER = thing(
    "AccountObj", "客户",
    field("name", "客户名称"), field("field_k1__c", "客户编码"),
    field("field_k2__c", "统一社会信用代码"), field("field_k3__c", "账期天数", Kind.COUNT),
    lookup("owner", "负责人", "PersonnelObj"),
    field("field_k4__c", "信用额度", Kind.MONEY, scale=2),
    field("field_k5__c", "信用等级", choices=("A", "B")), field("field_k6__c", "币种"),
    field("field_k7__c", "逾期金额", Kind.MONEY, calculated=True, updateable=False),
)  # fmt: skip
PERSON = thing(
    "PersonnelObj", "人员", field("name", "姓名"), field("is_active", "是否启用", Kind.FLAG)
)
RECEIVABLE = thing(
    "object_a1__c", "应收单",
    lookup("field_a1__c", "客户", "AccountObj"), field("name", "单据编号"),
    field("field_a2__c", "币别"), field("field_a3__c", "价税合计", Kind.MONEY, scale=2),
    field("field_a4__c", "未核销金额", Kind.MONEY, scale=2), field("field_a5__c", "开票日期"),
    field("field_a6__c", "到期日", Kind.DATE),
)  # fmt: skip
ORDER = thing(
    "SalesOrderObj", "销售订单",
    lookup("account_id", "客户", "AccountObj"), field("name", "订单编号"),
    field("status", "状态", choices=("草稿", "执行中", "已完成", "已作废")),
    field("order_amount", "订单金额", Kind.MONEY, scale=2),
    field("order_time", "下单日期", Kind.TIMESTAMP),
)  # fmt: skip
RECEIPT = thing(
    "PaymentObj", "回款", lookup("account_id", "客户", "AccountObj"),
    field("payment_amount", "回款金额", Kind.MONEY, scale=2),
)  # fmt: skip
TASK = thing(
    "TaskObj", "任务", field("subject", "主题", length=200), field("content", "描述"),
    lookup("related", "关联客户", "AccountObj"), field("deadline", "截止日期", Kind.DATE),
    lookup("assignee", "执行人", "PersonnelObj"),
)  # fmt: skip
OBJECTS = {info.name: info for info in (CUSTOMER, PERSON, RECEIVABLE, ORDER, RECEIPT, TASK)}


@pytest.fixture(scope="module")
def proposed() -> dict[str, EntityProposal]:
    return {p.name: p for p in suggest_entities(Scene(OBJECTS))}


def sources(entity: EntityProposal) -> dict[str, object]:
    return {p.name: p.value for p in entity.columns}


def test_entities_are_found_under_words_of_their_own(proposed: dict[str, EntityProposal]) -> None:
    assert {name: p.object_name for name, p in proposed.items()} == {
        "account": "AccountObj", "user": "PersonnelObj", "invoice": "object_a1__c",
        "order": "SalesOrderObj", "payment": "PaymentObj",
    }  # fmt: skip


def test_columns_are_found_by_their_chinese_labels(proposed: dict[str, EntityProposal]) -> None:
    assert sources(proposed["invoice"]) == {
        "account_key": "field_a1__c", "number": "name",
        "currency": {"path": "field_a2__c", "transform": "currency"},
        "amount": "field_a3__c", "open_amount": "field_a4__c",
        "invoice_date": {"path": "field_a5__c", "transform": "date"}, "due_date": "field_a6__c",
    }  # fmt: skip
    account = sources(proposed["account"])
    assert account["registration_no"] == "field_k2__c"
    assert account["account_number"] == "field_k1__c"
    assert account["terms_days"] == "field_k3__c"
    assert account["owner_id"] == "owner"


def test_a_list_of_states_is_translated(proposed: dict[str, EntityProposal]) -> None:
    assert sources(proposed["order"])["state"] == {
        "path": "status",
        "map": {"草稿": "draft", "执行中": "open", "已完成": "fulfilled", "已作废": "cancelled"},
        "default": "open",
    }


def test_what_a_required_column_lacks_is_said(proposed: dict[str, EntityProposal]) -> None:
    assert not proposed["payment"].whole
    assert [c.name for c in proposed["payment"].missing if c.required] == ["value_date"]
    assert proposed["invoice"].whole


def test_what_we_write_is_not_read_as_a_fact_and_calculated_fields_never(
    proposed: dict[str, EntityProposal],
) -> None:
    read = set(map(str, sources(proposed["account"]).values()))
    assert not read & {"field_k4__c", "field_k5__c", "field_k7__c"}


def test_every_proposal_says_how_sure_it_is(proposed: dict[str, EntityProposal]) -> None:
    for entity in proposed.values():
        for proposal in entity.columns:
            assert 0.5 <= proposal.confidence <= 1.0
            assert proposal.why.message


def test_credit_fields_go_where_they_fit() -> None:
    write = suggest_write(Scene(OBJECTS), "AccountObj", taken=["name"])
    assert {p.name: p.value for p in write.fields} == {
        "limit": {"field": "field_k4__c", "owner": "ask"}, "grade": "field_k5__c",
    }  # fmt: skip
    assert {entry.name for entry in write.missing} == set(CREDIT_FIELDS) - {"limit", "grade"}
    assert write.head["modified_by"] == "last_modified_by"


def test_tasks_go_where_accounts_can_be_named() -> None:
    task = suggest_task(Scene(OBJECTS), "AccountObj")
    assert task is not None
    slots = {p.name: p.value for p in task.slots}
    assert (slots["subject"], slots["account"], slots["due"]) == ("subject", "related", "deadline")
    assert suggest_task(Scene({"AccountObj": CUSTOMER}), "AccountObj") is None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_document_reads_back_and_passes_its_check(language: Any) -> None:
    proposed = suggest_entities(Scene(OBJECTS))
    suggestion = Suggestion(
        "own", "memory", tuple(p for p in proposed if p.whole),
        tuple(p for p in proposed if not p.whole),
        suggest_write(Scene(OBJECTS), "AccountObj", ["name"]),
        suggest_task(Scene(OBJECTS), "AccountObj"), {},
    )  # fmt: skip
    text = write_document(suggestion, language)
    document = read_document(text, "own.yaml")
    assert set(document.entities) == {"account", "user", "order", "invoice"}
    findings = check_mapping(combine([document]), OBJECTS.get, {"grade": ["A", "B"]})
    assert not [f.sentence() for f in findings if f.level == "error"]
    assert "value_date" in text
    assert ("not found: lei" in text) is (language == "en")
    assert suggestion.as_json()["left_out"]["payment"]["object"] == "PaymentObj"


def test_a_known_document_is_believed_where_its_fields_are_there() -> None:
    from connector.testing.builders import account_object, invoice_object, user_object

    objects = {i.name: i for i in (account_object(), invoice_object(), user_object())}
    known = read_document(_known(), "known.yaml")
    proposed = {p.name: p for p in suggest_entities(Scene(objects, [known]))}
    assert proposed["account"].confidence == 1.0
    assert sources(proposed["invoice"])["amount"] == {"path": "Open", "transform": "absolute"}
    assert proposed["invoice"].head["where"] == "Open > 0"


def _known() -> str:
    return """
mapping: known
adapter: memory
entities:
  account: {object: Account, id: Id, stamp: Stamp, fields: {name: Name}}
  invoice:
    object: Invoice
    id: Id
    stamp: Stamp
    where: Open > 0
    fields:
      account_key: AccountId
      number: Number
      currency: Currency
      amount: {path: Open, transform: absolute}
      invoice_date: Issued
      due_date: Lacking
"""


def test_an_erps_export_is_proposed_by_its_headers() -> None:
    """Headers as ERPs in China print them: text throughout, customers by number, no record id."""
    heads = (
        "客户编码",
        "客户名称",
        "单据编号",
        "单据日期",
        "到期日",
        "币别",
        "价税合计",
        "未核销金额",
    )
    name = "应收单_2026-01-31.csv"
    info = ObjectInfo(
        name, name, {h: FieldInfo(h, h, Kind.TEXT, "column") for h in heads}, createable=False
    )
    (invoice,) = suggest_entities(Scene({name: info}))
    assert invoice.whole
    assert invoice.head == {"object": "应收单*", "id_from": ["number"]}
    assert sources(invoice) == {
        "account_connection": {"constant": "$accounts"},
        "account_field": {"constant": "account_number"},
        "account_key": "客户编码", "number": "单据编号",
        "currency": {"path": "币别", "transform": "currency"},
        "amount": {"path": "价税合计", "transform": "decimal"},
        "open_amount": {"path": "未核销金额", "transform": "decimal"},
        "invoice_date": {"path": "单据日期", "transform": "date"},
        "due_date": {"path": "到期日", "transform": "date"},
    }  # fmt: skip
    suggestion = Suggestion("erp", "files", (invoice,), (), None, None, {})
    document = read_document(write_document(suggestion, "zh"), "erp.yaml")
    assert document.entities["invoice"].object == "应收单*"


def test_objects_that_sound_like_ours_come_first() -> None:
    names = ["ApexClass", "Zebra__c", "Sales_Invoice__c", "Account", "客户档案", "Knowledge"]
    assert rank_objects(names, 10) == ["Account", "Sales_Invoice__c", "客户档案", "Zebra__c"]
    assert rank_objects(names, 1) == ["Account"]


@pytest.mark.parametrize(
    ("name", "label", "column", "least", "most"),
    [
        ("DueDate__c", "x", "due_date", 1.0, 1.0),
        ("field_1__c", "到期日", "due_date", 0.95, 0.95),
        ("Invoice_Due_Date__c", "x", "due_date", 0.5, 0.9),
        ("f1", "付款到期日期", "due_date", 0.5, 0.95),
        ("Subdued__c", "x", "due_date", 0.0, 0.0),
        ("Discount__c", "折扣", "amount", 0.0, 0.0),
    ],
)
def test_names_are_near_or_not(
    name: str, label: str, column: str, least: float, most: float
) -> None:
    assert least <= match(name, label, phrases("columns", column)).score <= most


def test_the_words_are_words_for_names_that_there_are() -> None:
    for section, known in (
        ("objects", {*ENTITIES, "task"}),
        ("columns", {c.name for e in ENTITIES.values() for c in e.columns}),
        ("credit_fields", set(CREDIT_FIELDS)),
    ):
        listed = words()[section]
        assert set(listed) <= known
        assert all(isinstance(phrase, str) for group in listed.values() for phrase in group)
    # Which account is meant stands in three columns; the other two say where its key is from.
    implied = {"account_connection", "account_field", "merged_into"}
    columns = {c.name for e in ENTITIES.values() for c in e.columns}
    assert columns - set(words()["columns"]) == implied
    assert set(words()["credit_fields"]) == set(CREDIT_FIELDS)


def test_words_that_yaml_would_misread_are_quoted() -> None:
    for value in ("yes", "no", "N/A", "a: b", "# x", "客户", "AccountId != null", "", "1e5", "-"):
        text = f"mapping: {spell(value or 'x')}\nadapter: a\nentities: {{}}\n"
        assert read_document(text, "x").mapping == (value or "x")
