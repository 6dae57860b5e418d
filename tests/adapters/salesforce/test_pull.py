from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.emulator import RunningEmulator
from connector.errors import RefusedError, StateError, TransientError
from connector.ports.crm import Deletion, Page, PullRequest
from tests.adapters.salesforce.conftest import Connect
from tests.adapters.salesforce.connections import count_rows, drain, read_all

START = datetime(2026, 3, 1, 9, 0, 0, tzinfo=UTC)
NAMES = PullRequest("Account", ("Name",))


@pytest.fixture(autouse=True)
def frozen(emulator: RunningEmulator) -> None:
    """The org's clock stands still, so that stamps are known."""
    emulator.control.set_clock(START, frozen=True)


def seed_accounts(emulator: RunningEmulator, count: int) -> list[str]:
    return emulator.control.seed("Account", [{"Name": f"Account {i}"} for i in range(count)])


def next_pull(pages: list[Page], overlap: int = 600) -> PullRequest:
    cursor = pages[-1].cursor
    return PullRequest("Account", ("Name",), cursor=cursor, overlap_seconds=overlap)


def list_ids(pages: list[Page]) -> list[str]:
    return [str(record["Id"]) for page in pages for record in page.records]


def list_kinds(emulator: RunningEmulator) -> dict[str, int]:
    kinds = emulator.control.counters()["by_kind"]
    return {kind: count for kind, count in kinds.items() if kind.startswith("query")}


# -- the first read ----------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "calls"), [(0, 1), (1, 1), (2000, 1), (2001, 2), (5000, 3)])
def test_a_first_read_takes_the_fewest_calls(
    emulator: RunningEmulator, adapter: SalesforceAdapter, rows: int, calls: int
) -> None:
    ids = seed_accounts(emulator, rows)
    pages = read_all(adapter, NAMES)
    assert sorted(list_ids(pages)) == sorted(ids)
    assert {page.expected for page in pages} == {rows}
    made = {kind: n for kind, n in adapter.call_counts().items() if n}
    assert made == {"login": 1, "describe": 1, "read": calls}
    assert sum(list_kinds(emulator).values()) == calls
    assert pages[-1].cursor == START.isoformat()


def test_records_come_with_parents_compounds_and_exact_numbers(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    exact = {"name": "Exact__c", "type": "currency", "precision": 18, "scale": 4}
    emulator.control.apply_schema({"objects": [{"name": "Account", "fields": [exact]}]})
    (parent,) = emulator.control.seed("Account", [{"Name": "华为技术 😀"}])
    emulator.control.seed(
        "Account",
        [{
            "Name": "Child", "ParentId": parent, "BillingCity": "Köln",
            "Exact__c": "12345678901.5678", "NumberOfEmployees": 12,
        }],
    )  # fmt: skip
    paths = (
        "Name", "Parent.Name", "Parent.Owner.Name", "BillingAddress.city", "exact__c",
        "NumberOfEmployees", "ParentId", "parent.Id",
    )  # fmt: skip
    (page,) = read_all(adapter, PullRequest("account", paths, where="ParentId != null"))
    (record,) = page.records
    assert record["Name"] == "Child"
    assert record["ParentId"] == parent
    assert record["Parent"] == {"Name": "华为技术 😀", "Owner": {"Name": "Ann Admin"}, "Id": parent}
    assert record["parent"] == record["Parent"]
    address = record["BillingAddress"]
    assert isinstance(address, dict)
    assert address["city"] == "Köln"
    assert "attributes" not in str(record)
    for name, number in (("exact__c", "12345678901.5678"), ("NumberOfEmployees", "12")):
        assert record[name] == Decimal(number)
        assert isinstance(record[name], Decimal)


def test_the_mappings_filter_cannot_reach_past_its_parentheses(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    seed_accounts(emulator, 3)
    wanted = PullRequest(
        "Account", ("Name",), where="Name = 'Account 1' OR Name = 'x)('", cursor=START.isoformat()
    )
    assert count_rows(read_all(adapter, wanted)) == 1
    later = (START + timedelta(days=1)).isoformat()
    nothing = PullRequest("Account", ("Name",), where="Name != null OR Id != null", cursor=later)
    assert count_rows(read_all(adapter, nothing)) == 0
    for text in ("Name = 'a') OR (Id != null", "Name = 'a", "(Name = 'a'", "Name = 'a\\'"):
        with pytest.raises(RefusedError, match="do not match"):
            read_all(adapter, PullRequest("Account", ("Name",), where=text))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("Nmae", "no field Nmae on Account"),
        ("Owner.Nmae", "no field Nmae on User"),
        ("Onwer.Name", "could not read the query"),
        ("Name FROM Account--", "cannot be a name"),
        ("A.B.C.D.E.F.G", "more than five parents"),
        ("", "cannot be a name"),
    ],
)
def test_a_wrong_path_is_told_with_its_object(
    emulator: RunningEmulator, adapter: SalesforceAdapter, path: str, words: str
) -> None:
    with pytest.raises(RefusedError, match=words) as caught:
        read_all(adapter, PullRequest("Account", (path,)))
    assert caught.value.next_step
    assert caught.value.exit_code == 2


def test_a_field_that_security_hides_is_told_as_such(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    emulator.control.apply_schema({"hide": ["Account.Industry"]})
    with pytest.raises(RefusedError, match="field-level security"):
        read_all(adapter, PullRequest("Account", ("Industry",)))


def test_an_unknown_object_is_told(adapter: SalesforceAdapter) -> None:
    with pytest.raises(RefusedError, match="no object Invoice__c"):
        read_all(adapter, PullRequest("Invoice__c", ("Name",)))


def test_a_query_that_no_address_can_hold_is_refused(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    long_filter = " OR ".join(f"Name = 'Customer number {i}'" for i in range(600))
    with pytest.raises(RefusedError, match="Map fewer fields"):
        read_all(adapter, PullRequest("Account", ("Name",), where=long_filter))
    assert list_kinds(emulator) == {}


def test_a_snapshot_lists_everything_each_time(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed_accounts(emulator, 3)
    request = PullRequest("Account", ("Name",), mode="snapshot")
    assert sorted(list_ids(read_all(adapter, request))) == sorted(ids)
    emulator.control.remove("Account", ids[:1])
    again = PullRequest("Account", ("Name",), mode="snapshot", cursor=START.isoformat())
    (page,) = read_all(adapter, again)
    assert len(page.records) == 2
    assert not page.deletions
    assert page.listed_on == START.date()


# -- what moved --------------------------------------------------------------------------------


def test_changes_come_from_the_overlap_on_in_one_call(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed_accounts(emulator, 30)
    first = read_all(adapter, NAMES)
    emulator.control.advance(3600)
    emulator.control.edit("Account", ids[3], {"Name": "changed"})
    emulator.control.reset_counters()
    second = read_all(adapter, next_pull(first))
    # Everything that the first read saw at its greatest stamp comes once more: `>=`, not `>`.
    assert count_rows(second) == 30
    assert list_kinds(emulator) == {"queryall": 1}
    assert second[-1].cursor == (START + timedelta(hours=1)).isoformat()
    third = read_all(adapter, next_pull(second))
    assert list_ids(third) == [ids[3]]
    assert third[-1].expected == 1


def test_rows_of_the_same_second_are_not_lost(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    (early,) = seed_accounts(emulator, 1)
    first = read_all(adapter, NAMES)
    (late,) = seed_accounts(emulator, 1)
    second = read_all(adapter, next_pull(first, overlap=0))
    assert sorted(list_ids(second)) == sorted([early, late])


def test_a_late_commit_is_found_by_the_overlap(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed_accounts(emulator, 2)
    first = read_all(adapter, NAMES)
    emulator.control.advance(60)
    emulator.control.edit("Account", ids[0], {"Name": "slow transaction"}, late="manual")
    emulator.control.advance(120)
    emulator.control.edit("Account", ids[1], {"Name": "quick"})
    second = read_all(adapter, next_pull(first, overlap=0))
    assert second[-1].cursor == (START + timedelta(seconds=180)).isoformat()
    emulator.control.release()
    third = read_all(adapter, next_pull(second))
    names = {record["Id"]: record["Name"] for page in third for record in page.records}
    assert names[ids[0]] == "slow transaction"
    blind = read_all(adapter, next_pull(second, overlap=0))
    assert ids[0] not in list_ids(blind)


def test_the_cursor_never_passes_the_servers_clock(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ahead = (START + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    emulator.control.seed("Account", [{"Name": "from the future", "SystemModstamp": ahead}])
    assert read_all(adapter, NAMES)[-1].cursor == START.isoformat()


def test_a_mass_import_is_not_read_again_for_ever(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    seed_accounts(emulator, 2500)
    emulator.control.advance(86400)
    first = read_all(adapter, NAMES)
    assert count_rows(first) == 2500
    assert first[-1].cursor == (START + timedelta(days=1)).isoformat()
    assert count_rows(read_all(adapter, next_pull(first))) == 0


def test_a_cursor_that_is_no_time_is_refused(adapter: SalesforceAdapter) -> None:
    with pytest.raises(StateError, match="Reset the cursor"):
        read_all(adapter, PullRequest("Account", ("Name",), cursor="yesterday"))


def test_deletions_come_in_the_same_call(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed_accounts(emulator, 4)
    first = read_all(adapter, NAMES)
    emulator.control.advance(3600)
    emulator.control.remove("Account", [ids[0]])
    emulator.control.merge("Account", ids[1], [ids[2]])
    emulator.control.reset_counters()
    (page,) = read_all(adapter, next_pull(first, overlap=0))
    assert sorted(page.deletions, key=lambda d: d.merged_into) == [
        Deletion(ids[0]), Deletion(ids[2], merged_into=ids[1])
    ]  # fmt: skip
    assert sorted(str(record["Id"]) for record in page.records) == sorted([ids[1], ids[3]])
    assert page.expected == 4
    assert list_kinds(emulator) == {"queryall": 1}


def test_a_first_read_leaves_out_what_lies_in_the_bin(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed_accounts(emulator, 3)
    emulator.control.remove("Account", [ids[0]])
    (page,) = read_all(adapter, NAMES)
    assert page.expected == 2
    assert not page.deletions


def test_objects_without_a_bin_are_read_plainly(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    request = PullRequest("User", ("Name", "IsActive"), cursor="2000-01-01T00:00:00+00:00")
    (page,) = read_all(adapter, request)
    assert page.expected == len(page.records) > 0
    assert list_kinds(emulator) == {"query": 1}


# -- pages that are not what they should be ----------------------------------------------------


def page_body(
    ids: list[str], total: int, next_url: str = "", stamp: str = "2026-03-01T09:00:00.000+0000"
) -> dict[str, object]:
    records = [{"Id": id_, "SystemModstamp": stamp, "Name": "scripted"} for id_ in ids]
    body: dict[str, object] = {"totalSize": total, "done": not next_url, "records": records}
    return {**body, "nextRecordsUrl": next_url} if next_url else body


@pytest.mark.parametrize("last", [False, True])
def test_a_short_page_is_read_once_more(
    emulator: RunningEmulator, adapter: SalesforceAdapter, last: bool
) -> None:
    ids = seed_accounts(emulator, 4500)
    generator = adapter.pull(NAMES)
    pages = [next(generator), *([next(generator)] if last else [])]
    fresh = sorted(set(ids) - set(list_ids(pages)))[:3]
    locator = "" if last else "/services/data/v66.0/query/01gRM0000000001AAA-4000"
    emulator.control.add_faults(
        {
            "action": "respond", "kind": "query_more", "status": 200,
            "body": page_body(fresh, 4500, locator),
        }
    )  # fmt: skip
    pages += generator
    assert sorted(list_ids(pages)) == sorted(ids)
    assert list_kinds(emulator) == {"query": 1, "query_more": 3}


def test_a_page_that_stays_short_shows_in_the_sum(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed_accounts(emulator, 2100)
    emulator.control.add_faults(
        {
            "action": "respond", "kind": "query_more", "status": 200, "times": None,
            "body": page_body(ids[:3], 2100),
        }
    )  # fmt: skip
    pages = read_all(adapter, NAMES)
    assert pages[-1].expected == 2100
    assert count_rows(pages) < 2100
    assert list_kinds(emulator) == {"query": 1, "query_more": 2}


def test_a_doubled_page_is_read_once_more_and_never_counted_twice(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    ids = seed_accounts(emulator, 4000)
    generator = adapter.pull(NAMES)
    first = next(generator)
    given = [str(record["Id"]) for record in first.records]
    emulator.control.add_faults(
        {
            "action": "respond", "kind": "query_more", "status": 200, "times": None,
            "body": page_body(given, 4000),
        }
    )  # fmt: skip
    (second,) = list(generator)
    assert second.records == []
    assert second.expected == 4000
    assert len(ids) > len(given)


@pytest.mark.parametrize(
    "body",
    [
        {"done": True, "records": []},
        {"totalSize": 1, "done": True, "records": [{"Name": "without id"}]},
        {"totalSize": 1, "done": True, "records": [None]},
        {"totalSize": 1, "done": False, "records": []},
        {"totalSize": 1, "done": "yes", "records": []},
        {"totalSize": 9, "done": False, "records": [], "nextRecordsUrl": "https://example.com/x"},
        [],
    ],
)
def test_a_page_of_another_shape_is_no_page(
    emulator: RunningEmulator, adapter: SalesforceAdapter, body: object
) -> None:
    emulator.control.add_faults(
        {"action": "respond", "kind": "query", "status": 200, "body": body, "times": None}
    )
    with pytest.raises(TransientError, match="no complete answer"):
        read_all(adapter, NAMES)


def test_an_expired_locator_restarts_the_reading_without_doubles(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    half = seed_accounts(emulator, 2500)
    emulator.control.advance(5)
    rest = seed_accounts(emulator, 2500)
    emulator.control.advance(5)
    generator = adapter.pull(NAMES)
    pages = [next(generator)]
    # One that was given changes before the second run and comes again as a change.
    moved = str(pages[0].records[0]["Id"])
    emulator.control.edit("Account", moved, {"Name": "moved"})
    emulator.control.ask("POST", "locators/expire")
    pages += list(generator)
    assert sorted(list_ids(pages)) == sorted([*half, *rest, moved])
    assert pages[-1].expected == count_rows(pages) == 5001
    assert list_kinds(emulator) == {"query": 2, "query_more": 3}
    assert pages[-1].cursor == (START + timedelta(seconds=10)).isoformat()


def test_a_reading_that_expires_twice_is_given_up(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    seed_accounts(emulator, 2500)
    body = [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}]
    emulator.control.add_faults(
        {"action": "respond", "kind": "query_more", "status": 400, "body": body, "times": None}
    )
    with pytest.raises(TransientError) as caught:
        list(drain(adapter, NAMES))
    assert caught.value.code == "INVALID_QUERY_LOCATOR"
    assert list_kinds(emulator) == {"query": 2, "query_more": 2}


def test_a_description_that_was_contradicted_is_asked_for_again(
    emulator: RunningEmulator, connect: Connect
) -> None:
    adapter = connect()
    seed_accounts(emulator, 1)
    read_all(adapter, NAMES)
    emulator.control.apply_schema({"hide": ["Account.MasterRecordId"]})
    changes = PullRequest("Account", ("Name",), cursor=START.isoformat())
    with pytest.raises(RefusedError, match="MasterRecordId"):
        read_all(adapter, changes)
    assert count_rows(read_all(adapter, changes)) == 1
