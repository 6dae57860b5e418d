"""Two mappings, told apart by what they mean."""

from __future__ import annotations

from connector.mapping.compare import Difference, compare_mappings
from connector.mapping.document import MappingDoc
from connector.mapping.load import read_document

BEFORE = """
mapping: one
adapter: memory
entities:
  account:
    object: Account
    id: Id
    stamp: Stamp
    fields:
      name: Name
      owner_id: OwnerId
      country: {path: Country, transform: upper, map: {CN: CN, DE: DE}}
  user: {object: User, id: Id, stamp: Stamp, fields: {name: Name}}
write:
  account:
    object: Account
    fields:
      grade: Grade
      limit: {field: Limit, owner: ask}
      hold: Hold
task:
  object: Task
  key: Key
  key_in: Subject
  fields: {subject: Subject, account: AccountId}
"""


def document(text: str) -> MappingDoc:
    return read_document(text, "x.yaml")


def compare(after: str) -> list[Difference]:
    return compare_mappings([document(BEFORE)], [document(after)])


def test_the_same_is_the_same_however_it_is_written() -> None:
    after = (
        BEFORE.replace("mapping: one", "# a comment\nmapping: other")
        .replace("name: Name\n      owner_id", "name: {first_of: [Name]}\n      owner_id")
        .replace("map: {CN: CN, DE: DE}", "map: {DE: DE, CN: CN}, optional: false")
        .replace("grade: Grade", "grade: {field: Grade, owner: ours}")
    )
    assert after.count("first_of") == after.count("a comment") == after.count("owner: ours") == 1
    assert compare(after) == []


def test_documents_are_taken_together() -> None:
    whole = document(BEFORE)
    parts = [
        whole.model_copy(update={"entities": {"account": whole.entities["account"]}}),
        whole.model_copy(update={"entities": {"user": whole.entities["user"]}, "write": {},
                                 "task": None}),
    ]  # fmt: skip
    assert compare_mappings([whole], parts) == []


def test_a_column_that_reads_another_field_has_everything_read_again() -> None:
    (found,) = compare(BEFORE.replace("owner_id: OwnerId", "owner_id: Responsible"))
    assert (found.kind, found.path) == ("changed", "entities.account.fields.owner_id")
    assert (found.before, found.after) == ({"from": ["OwnerId"]}, {"from": ["Responsible"]})
    assert found.message == "Every record of {feed} is read again."
    assert found.params == {"feed": "account"}


def test_transforms_maps_filters_and_feeds_count() -> None:
    after = (
        BEFORE.replace("transform: upper", "transform: lower")
        .replace("  user: {object: User, id: Id, stamp: Stamp, fields: {name: Name}}\n", "")
        .replace("    stamp: Stamp\n", "    stamp: Stamp\n    where: Kind = 'x'\n")
    )
    paths = {(f.kind, f.path) for f in compare(after)}
    assert paths == {
        ("changed", "entities.account.where"),
        ("changed", "entities.account.fields.country"),
        ("removed", "entities.user"),
    }


def test_an_added_feed_is_told_with_what_it_reads() -> None:
    (found,) = compare_mappings(
        [document(BEFORE.replace("  user: {object: User, id: Id, stamp: Stamp, fields: "
                                 "{name: Name}}\n", ""))],
        [document(BEFORE)],
    )  # fmt: skip
    assert (found.kind, found.path, found.after["object"]) == ("added", "entities.user", "User")


def test_write_targets_say_what_becomes_of_the_old_field() -> None:
    after = (
        BEFORE.replace("grade: Grade", "grade: Rating")
        .replace("owner: ask", "owner: theirs")
        .replace("      hold: Hold\n", "      score: Score\n")
    )
    told = {f.path.removeprefix("write.account.fields."): (f.kind, f.message)
            for f in compare(after)}  # fmt: skip
    assert told == {
        "grade": (
            "changed",
            "{credit_field} is written to another field; the old one keeps its last value.",
        ),
        "limit": ("changed", "The next plan writes {credit_field} by this rule."),
        "hold": (
            "removed",
            "{credit_field} is not written any more; its field keeps its last value.",
        ),
        "score": ("added", "{credit_field} is written from the next plan on."),
    }


def test_tasks_are_compared_slot_by_slot() -> None:
    after = BEFORE.replace("subject: Subject, account", "subject: Title, account")
    (found,) = compare(after)
    assert (found.path, found.before, found.after["field"]) == (
        "task.fields.subject", found.before, "Title",
    )  # fmt: skip
    assert found.before["field"] == "Subject"
    assert found.as_json()["kind"] == "changed"


def test_the_heartbeat_is_compared() -> None:
    beat = "heartbeat: {object: Beat, fields: {as_of: AsOf}}\n"
    (added, slot) = compare(BEFORE + beat)
    assert (added.kind, added.path, added.after) == ("added", "heartbeat.object", "Beat")
    assert slot.path == "heartbeat.fields.as_of"
    before, after = document(BEFORE + beat), document(BEFORE + beat.replace("AsOf", "Day"))
    (found,) = compare_mappings([before], [after])
    assert (found.path, found.before, found.after) == ("heartbeat.fields.as_of", "AsOf", "Day")


def test_what_is_done_about_drift_is_compared() -> None:
    (found,) = compare(BEFORE + "drift: {removed: alert}\n")
    assert (found.kind, found.path, found.after) == ("added", "drift.removed", "alert")
