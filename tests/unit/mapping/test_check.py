from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import ModuleType

import pytest

from connector.domain.entities import Kind
from connector.domain.texts import chinese_templates
from connector.mapping import check, check_read, check_write, load
from connector.mapping.check import check_mapping
from connector.mapping.check_read import list_filter_fields
from connector.mapping.feeds import load_mapping
from connector.mapping.findings import Finding
from connector.ports.crm import FieldInfo, ObjectInfo
from tests.unit.mapping.conftest import build, field, thing

ROOT = Path(__file__).resolve().parents[3]

TEXT = """
mapping: crm
adapter: anything
entities:
  account:
    object: Account
    id: Id
    stamp: Changed
    where: Name != null AND Kind = 'a b'
    fields:
      name: Name
      terms_days: Terms
      customer_since: {path: Since, optional: true}
write:
  account:
    object: Account
    fields:
      grade: Grade
      hold: Hold
      limit: Limit
task:
  object: Task
  key: Key
  key_in: Subject
  fields_on: Activity
  fields: {subject: Subject, account: Whom, priority: {field: Urgency, labels: {high: Hoch}}}
guide:
  new_field: "Setup > {object} > New"
  access: "Sets > {object}"
  access_zh: "权限 > {object}"
"""


def world(**changes: FieldInfo | None) -> dict[str, ObjectInfo | None]:
    """An org into which the document fits, but for the changes to its Account (None: no field)."""
    fields = {
        "Id": field("Id"),
        "Changed": field("Changed", Kind.TIMESTAMP),
        "Name": field("Name"),
        "Kind": field("Kind"),
        "Terms": field("Terms", Kind.COUNT),
        "Grade": field("Grade", length=10),
        "Hold": field("Hold", Kind.FLAG),
        "Limit": field("Limit", Kind.MONEY, precision=18, scale=2),
        **changes,
    }
    task = thing(
        "Task", field("Key", external_id=True, unique=True), field("Subject"), field("Whom"),
        field("Urgency", choices=("Hoch",), restricted=True),
    )  # fmt: skip
    return {"Account": thing("Account", *(f for f in fields.values() if f)), "Task": task}


def findings(objects: dict[str, ObjectInfo | None]) -> list[Finding]:
    return check_mapping(build(TEXT), objects.get, words={"grade": ["A", "B"]})


def wrong(objects: dict[str, ObjectInfo | None]) -> list[tuple[str, str, str]]:
    """Level, place and sentence of what does not fit, without the remark on unlimited."""
    return [
        (f.level, f.where.removeprefix("crm: "), f.sentence())
        for f in findings(objects)
        if f.level != "ok" and "cannot say unlimited" not in f.message
    ]


def test_a_fitting_org_has_no_complaint_but_the_unlimited_state() -> None:
    assert wrong(world()) == []
    (remark,) = [f for f in findings(world()) if f.level != "ok"]
    assert remark.sentence().startswith("Limit cannot say unlimited. Give `unlimited` a figure")
    oks = {f.where for f in findings(world()) if f.level == "ok"}
    assert "crm: write.account.fields.grade" in oks
    assert "crm: task" in oks


def test_a_missing_field_comes_with_the_exact_next_step() -> None:
    ((level, where, sentence),) = wrong(world(Grade=None))
    assert (level, where) == ("error", "write.account.fields.grade")
    assert sentence == (
        "Account has no field Grade, or the integration user may not see it. Create it: Text, "
        "length 10 (Setup > Account > New), and give the integration user read and edit access "
        "(field-level security: Sets > Account); or change write.account.fields.grade in crm."
    )
    (finding,) = [f for f in findings(world(Grade=None)) if f.level == "error"]
    assert "文本，长度 10" in finding.sentence("zh")
    assert "权限 > Account" in finding.sentence("zh")


@pytest.mark.parametrize(
    ("changes", "level", "where", "words"),
    [
        ({"Id": None}, "error", "entities.account.id", "has no field Id"),
        ({"Changed": None}, "error", "entities.account.stamp", "has no field Changed"),
        ({"Changed": field("Changed")}, "error", "entities.account.stamp", "not a moment"),
        ({"Changed": field("Changed", Kind.TIMESTAMP, filterable=False)}, "error",
         "entities.account.stamp", "cannot be used in a filter"),
        ({"Kind": None}, "error", "entities.account.where", "has no field Kind"),
        ({"Kind": field("Kind", filterable=False)}, "error", "entities.account.where",
         "cannot be used in a filter"),
        ({"Terms": None}, "error", "entities.account.fields.terms_days",
         "Create it: Number, 5 digits, no decimals"),
        ({"Terms": field("Terms", Kind.COUNT, calculated=True)}, "error",
         "entities.account.fields.terms_days", "its changes do not move the record's stamp"),
        ({"Terms": field("Terms")}, "warning", "entities.account.fields.terms_days",
         "Add transform: integer"),
        ({"Terms": field("Terms", Kind.DATE)}, "error", "entities.account.fields.terms_days",
         "holds date, which cannot become terms_days"),
        ({"Hold": field("Hold", Kind.FLAG, updateable=False)}, "error",
         "write.account.fields.hold", "may read Account.Hold but not change it"),
        ({"Hold": field("Hold", Kind.FLAG, calculated=True)}, "error",
         "write.account.fields.hold", "is calculated and cannot be written"),
        ({"Hold": field("Hold", length=9)}, "error", "write.account.fields.hold",
         "of this type in write.account.fields.hold of crm: Checkbox"),
        ({"Grade": field("Grade", length=2)}, "error", "write.account.fields.grade",
         "holds 2 characters, grade needs 3"),
        ({"Grade": field("Grade", length=5)}, "warning", "write.account.fields.grade",
         "longer text is cut"),
        ({"Grade": field("Grade", Kind.MONEY)}, "error", "write.account.fields.grade",
         "cannot take grade"),
        ({"Grade": field("Grade", choices=("A", "C"), restricted=True)}, "error",
         "write.account.fields.grade", "The picklist Account.Grade lacks B"),
        ({"Grade": field("Grade", choices=("A", "C"))}, "warning",
         "write.account.fields.grade", "lacks B"),
        ({"Limit": field("Limit", Kind.MONEY, precision=18, scale=0)}, "warning",
         "write.account.fields.limit", "holds 0 decimals"),
        ({"Limit": field("Limit", Kind.MONEY, precision=8, scale=2)}, "warning",
         "write.account.fields.limit", "holds 6 digits before the point"),
    ],
)  # fmt: skip
def test_each_misfit_is_found_where_it_stands(
    changes: dict[str, FieldInfo | None], level: str, where: str, words: str
) -> None:
    ((found_level, found_where, sentence),) = wrong(world(**changes))
    assert (found_level, found_where) == (level, where)
    assert words in sentence


@pytest.mark.parametrize(
    ("fields", "level", "words"),
    [
        ((field("Subject"),), "warning", "looked for by its key in Subject"),
        ((field("Subject"), field("Key", external_id=True)), "warning", "not a unique external ID"),
        ((field("Subject", filterable=False),), "error", "cannot be used in a filter"),
        ((field("Key", external_id=True, unique=True),), "error", "has no field Subject"),
        ((field("Key", external_id=True, unique=True), field("Subject", createable=False)),
         "error", "may read Task.Subject but not change it"),
        ((field("Key", external_id=True, unique=True), field("Subject"),
          field("Reason", required=True)), "error", "Task needs Reason in every new record"),
    ],
)  # fmt: skip
def test_tasks_need_a_way_to_be_found_again(
    fields: tuple[FieldInfo, ...], level: str, words: str
) -> None:
    urgency = field("Urgency", choices=("Hoch",), restricted=True)
    objects = world()
    objects["Task"] = thing("Task", *fields, field("Whom"), urgency)
    assert any(found == level and words in said for found, _, said in wrong(objects))


def test_the_key_of_tasks_is_made_where_the_vendor_keeps_their_fields() -> None:
    objects = world()
    objects["Task"] = thing("Task", field("Subject"), field("Whom"), field("Urgency"))
    (said,) = [sentence for _, where, sentence in wrong(objects) if where == "task.key"]
    assert "Text, length 80, unique, external ID (Setup > Activity > New)" in said


def test_picklists_of_tasks_and_rights_on_objects_are_checked() -> None:
    objects = world()
    task = objects["Task"]
    assert task is not None
    other = field("Urgency", choices=("High",), restricted=True)
    objects["Task"] = thing("Task", *(f for f in task.fields.values() if f.name != "Urgency"),
                            other, createable=False)  # fmt: skip
    account = objects["Account"]
    assert account is not None
    objects["Account"] = thing("Account", *account.fields.values(), updateable=False)
    said = [sentence for _, _, sentence in wrong(objects)]
    assert any("lacks Hoch" in sentence for sentence in said)
    assert any("may not create records of Task" in sentence for sentence in said)
    assert any("may not change records of Account" in sentence for sentence in said)


def test_objects_that_are_hidden_are_errors_unless_they_may_be() -> None:
    places = {(level, where) for level, where, _ in wrong({"Account": None, "Task": None})}
    assert places == {
        ("error", "entities.account.object"),
        ("error", "write.account.object"),
        ("error", "task.object"),
    }


def test_a_plain_sales_org_gets_one_to_do_for_each_field_it_lacks() -> None:
    plain = thing("Account", field("Id"), field("SystemModstamp", Kind.TIMESTAMP), field("Name"),
                  field("AccountNumber"), field("ParentId"), field("OwnerId"))  # fmt: skip
    mapping = load_mapping(["salesforce"], ROOT)
    found = check_mapping(mapping, {"Account": plain}.get)
    here = [f for f in found if "account" in f.where]
    errors = {str(f.params["field"]) for f in here if f.level == "error"}
    assert errors == {
        "Credit_Score__c", "Credit_Grade__c", "Credit_Light__c", "Credit_Hold__c",
        "Credit_Flags__c", "Credit_Reason_Text__c", "Credit_Limit__c", "Credit_Limit_State__c",
    }  # fmt: skip
    grade = next(f for f in here if f.params.get("field") == "Credit_Grade__c")
    assert "Setup → Object Manager → Account → Fields & Relationships → New" in grade.sentence()
    assert "设置 → 对象管理器 → Account" in grade.sentence("zh")
    currency = next(f for f in here if f.where.endswith("fields.currency"))
    assert currency.sentence() == "Account has no CurrencyIsoCode; currency is always $currency."


def test_filters_are_read_for_their_fields() -> None:
    where = "A = 'B AND C' AND (D__c IN ('x') OR NOT E.F LIKE 'g%') AND H > LAST_N_DAYS:3"
    assert list_filter_fields(where) == ["A", "D__c", "E.F", "H"]
    assert list_filter_fields("Name = 'it\\'s X' AND Y = 2026-01-01") == ["Name", "Y"]
    assert list_filter_fields("") == []


def templates_in(module: ModuleType) -> set[str]:
    """Sentences of a module that are no docstrings."""
    tree = ast.parse(inspect.getsource(module))
    docs = {
        ast.get_docstring(node, clean=False)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module)
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.endswith(".")
        and " " in node.value
        and node.value not in docs
    }


@pytest.mark.parametrize("module", [check, check_read, check_write, load])
def test_every_template_has_its_chinese(module: ModuleType) -> None:
    templates = templates_in(module)
    assert len(templates) >= 3
    assert templates <= set(chinese_templates())
