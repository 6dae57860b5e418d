from __future__ import annotations

from connector.domain.entities import Kind
from connector.mapping.feeds import Mapping
from connector.ports.crm import ObjectInfo
from tests.unit.mapping.conftest import build, field, thing

TEXT = """
mapping: crm
adapter: anything
entities:
  order:
    object: Order
    optional: true
    id: Id
    fields: {account_key: A, number: N, state: S, currency: C, amount: T, order_date: D}
  account:
    object: Account
    id: Id
    stamp: Changed
    where: Name != null
    overlap_seconds: 120
    options: {depth: 3}
    fields:
      name: Name
      owner_id: Owner.Key
      currency: {path: Currency, default: $currency, optional: true}
      tax_no: {path: Tax, optional: true}
      duns: {first_of: [Duns, DunsNumber], optional: true}
      region: {path: Area.Name, optional: true}
      industry: {path: Gone.Name, optional: true}
write:
  account:
    object: account
    modified_by: By
    modified_at: At
    fields:
      grade: Grade
      limit: {field: limit_amount, owner: ask}
      score: Score
task:
  object: Task
  key: Key
  key_in: Subject
  fields: {subject: Subject, account: Whom, due: Due, status: {field: Status, constant: Open}}
"""
ACCOUNT = thing(
    "Account",
    field("Id"),
    field("Changed", Kind.TIMESTAMP),
    field("Name"),
    field("DunsNumber"),
    field("AreaId", relationship="Area"),
    field("Grade", length=10),
    field("Limit_Amount", Kind.MONEY, precision=16, scale=2),
    field("By"),
)


def resolved(**objects: ObjectInfo | None) -> Mapping:
    known: dict[str, ObjectInfo | None] = {"Order": None, "Account": ACCOUNT, "account": ACCOUNT}
    known["Task"] = thing("Task", field("Subject", length=20), field("Whom"), field("Status"))
    return build(TEXT).resolve({**known, **objects})


def test_unresolved_documents_are_taken_at_their_word() -> None:
    mapping = build(TEXT)
    assert mapping.object_names == ("Order", "Account", "account", "Task")
    assert [feed.name for feed in mapping.feeds] == ["account", "order"]
    feed = mapping.feed("account")
    assert feed is not None
    request = feed.request("c1")
    assert request.paths == (
        "Id", "Changed", "Name", "Owner.Key", "Currency", "Tax", "Duns", "DunsNumber",
        "Area.Name", "Gone.Name", "Grade", "limit_amount", "Score", "By", "At",
    )  # fmt: skip
    assert (request.object_name, request.where, request.cursor, request.mode) == (
        "Account", "Name != null", "c1", "changes"
    )  # fmt: skip
    assert (request.stamp_path, request.overlap_seconds) == ("Changed", 120)
    assert request.options == {"depth": "3"}


def test_what_the_vendor_lacks_and_may_lack_is_left_out() -> None:
    mapping = resolved()
    assert mapping.left_out == ("order",)
    feed = mapping.feed("account")
    assert feed is not None
    assert set(feed.fields) == {"name", "owner_id", "currency", "duns", "region"}
    assert feed.fields["currency"].constant == "$currency"
    assert feed.paths == (
        "Id", "Changed", "Name", "Owner.Key", "DunsNumber", "Area.Name", "Grade", "Limit_Amount",
        "By",
    )  # fmt: skip


def test_resolved_targets_take_the_vendors_spelling_and_bounds() -> None:
    (target,) = resolved().targets
    assert target.object_name == "Account"
    assert set(target.fields) == {"grade", "limit"}
    assert target.fields["grade"].length == 10
    limit = target.fields["limit"]
    assert (limit.field, limit.kind, limit.precision, limit.scale) == (
        "Limit_Amount", Kind.MONEY, 16, 2
    )  # fmt: skip
    assert limit.owner == "ask"
    assert limit.adopts
    assert target.by_vendor_field("Limit_Amount") is limit
    assert (target.modified_by, target.modified_at) == ("By", "")
    assert not resolved(account=None).targets


def test_a_task_is_keyed_only_where_the_key_is_unique() -> None:
    task = resolved().task_target
    assert task is not None
    assert (task.key_field, task.search_field) == ("", "Subject")
    assert task.slots == {"subject": "Subject", "account": "Whom"}
    assert task.constants == {"Status": "Open"}
    assert task.lengths == {"Subject": 20}
    keyed = thing("Task", field("Key", external_id=True, unique=True), field("Subject"))
    assert getattr(resolved(Task=keyed).task_target, "search_field", "") == "Key"
    loose = thing("Task", field("Key", external_id=True), field("Subject"))
    assert getattr(resolved(Task=loose).task_target, "search_field", "") == "Subject"
    assert resolved(Task=None).task_target is None
