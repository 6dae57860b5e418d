"""Reading through bulk jobs: the same values as through REST, and jobs that go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from adapters.salesforce import bulk_query, reading
from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.bulk_query import bulk_pays
from adapters.salesforce.emulator import RunningEmulator
from connector.errors import TransientError
from connector.ports.crm import Deletion, Page, PullRequest, Record
from tests.adapters.salesforce.conftest import Connect
from tests.adapters.salesforce.connections import FakeClock, count_rows, read_all

START = datetime(2026, 3, 1, 9, 0, 0, tzinfo=UTC)
FIELDS: list[dict[str, Any]] = [
    {"name": "Money__c", "type": "currency", "precision": 18, "scale": 2},
    {"name": "Share__c", "type": "percent", "precision": 5, "scale": 2},
    {"name": "Number__c", "type": "double", "precision": 15, "scale": 6},
    {"name": "Whole__c", "type": "int", "precision": 9},
    {"name": "Flag__c", "type": "boolean"},
    {"name": "Day__c", "type": "date"},
    {"name": "Moment__c", "type": "datetime"},
    {"name": "Long__c", "type": "textarea", "length": 32000},
    {"name": "Choice__c", "type": "picklist", "values": ["A", "NA", "None", "华"]},
]
PATHS = (
    *(str(field["name"]) for field in FIELDS), "Name", "ParentId", "parent.Name", "Parent.Money__c",
    "Parent.Flag__c", "Owner.Name", "Parent.Owner.Email", "money__c",
)  # fmt: skip
EVERYTHING = PullRequest("Account", PATHS)
NAMES = PullRequest("Account", ("Name",))


@pytest.fixture(autouse=True)
def frozen(emulator: RunningEmulator) -> None:
    emulator.control.set_clock(START, frozen=True)
    emulator.control.apply_schema({"objects": [{"name": "Account", "fields": FIELDS}]})


@pytest.fixture
def by_bulk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every reading goes by a bulk job, in small portions."""
    monkeypatch.setattr(reading, "bulk_pays", lambda rows, least: rows > 0 and least > 0)
    monkeypatch.setattr(bulk_query, "PORTION", 2)


def kinds(emulator: RunningEmulator) -> dict[str, int]:
    counted: dict[str, int] = emulator.control.counters()["by_kind"]
    return {k: n for k, n in counted.items() if k.startswith(("query", "bulk"))}


def seed(emulator: RunningEmulator, count: int) -> list[str]:
    return emulator.control.seed("Account", [{"Name": f"Account {i}"} for i in range(count)])


def flatten(record: Record) -> dict[str, object]:
    """A record by path. A parent without any value and no parent at all read alike."""
    found: dict[str, object] = {}
    for name, value in record.items():
        inner = flatten(value) if isinstance(value, dict) else {"": value}
        found.update({f"{name}.{k}".rstrip("."): v for k, v in inner.items() if v is not None})
    return found


def by_id(pages: list[Page]) -> dict[str, dict[str, object]]:
    return {str(r["Id"]): flatten(r) for page in pages for r in page.records}


# -- when --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "least", "pays"),
    [
        (0, 1, False),
        (9_999, 1, False),
        (12_001, 1, True),
        (12_001, 20_000, False),
        (20_000, 20_000, True),
        (1_000_000, 20_000, True),
        (1_000_000, 0, False),
    ],
)
def test_a_job_is_made_where_it_takes_fewer_calls(rows: int, least: int, pays: bool) -> None:
    assert bulk_pays(rows, least) is pays


def test_many_rows_take_the_fewest_calls(emulator: RunningEmulator, connect: Connect) -> None:
    ids = [i for _ in range(3) for i in seed(emulator, 5000)]
    adapter = connect(bulk_read_rows="10000")
    pages = read_all(adapter, NAMES)
    assert set(by_id(pages)) == set(ids)
    assert pages[-1].expected == count_rows(pages) == 15_000
    assert max(len(page.records) for page in pages) <= 5000
    assert kinds(emulator) == {
        "query": 1, "bulk_query_create": 1, "bulk_query_poll": 2, "bulk_query_results": 1
    }  # fmt: skip
    assert (adapter.call_counts()["read"], adapter.call_counts()["poll"]) == (3, 2)
    assert pages[-1].cursor == START.isoformat()


def test_zero_switches_jobs_off(emulator: RunningEmulator, connect: Connect, by_bulk: None) -> None:
    seed(emulator, 5)
    read_all(connect(bulk_read_rows="0"), NAMES)
    assert kinds(emulator) == {"query": 1}


# -- the same values ---------------------------------------------------------------------------

TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00"),
    min_size=1,
    max_size=40,
)
VALUES = st.fixed_dictionaries(
    {
        "Money__c": st.none() | st.decimals(-(10**12), 10**12, places=2),
        "Share__c": st.none() | st.decimals(-999, 999, places=2),
        "Number__c": st.none() | st.decimals(-(10**6), 10**6, places=6),
        "Whole__c": st.none() | st.integers(-(10**8), 10**8),
        "Flag__c": st.booleans(),
        "Day__c": st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(date.isoformat),
        "Moment__c": st.none()
        | st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(
            lambda m: m.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        ),
        "Long__c": st.none() | TEXTS | st.just("\"a\",\r\n'b'\n#N/A"),
        "Choice__c": st.sampled_from([None, "A", "NA", "None", "华"]),
    }
)


# Each example costs a dozen calls: few examples of many rows, and no search for the smallest.
@settings(
    max_examples=4,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(rows=st.lists(VALUES, min_size=10, max_size=40))
def test_every_type_is_the_same_by_rest_and_by_bulk(
    emulator: RunningEmulator,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[dict[str, Any]],
) -> None:
    plain = [{k: float(v) if isinstance(v, Decimal) else v for k, v in row.items()} for row in rows]
    ids = emulator.control.seed("Account", [{"Name": "Parent", **row} for row in plain])
    emulator.control.seed(
        "Account", [{"Name": f"Child {i}", "ParentId": one} for i, one in enumerate(ids)]
    )
    by_rest = read_all(connect(bulk_read_rows="0"), EVERYTHING)
    with monkeypatch.context() as patch:
        patch.setattr(reading, "bulk_pays", lambda _rows, _least: True)
        emulator.control.reset_counters()
        by_job = read_all(connect(), EVERYTHING)
    assert "bulk_query_results" in kinds(emulator)
    wanted, got = by_id(by_rest), by_id(by_job)
    assert wanted.keys() == got.keys()
    assert [got[one] for one in got if got[one] != wanted[one]] == [
        wanted[one] for one in got if got[one] != wanted[one]
    ]
    types = {k: type(v) for one in wanted.values() for k, v in one.items()}
    assert {k: type(v) for one in got.values() for k, v in one.items()} == types


def test_changes_and_deletions_come_by_a_job_too(
    emulator: RunningEmulator, connect: Connect, by_bulk: None
) -> None:
    ids = seed(emulator, 6)
    adapter = connect()
    first = read_all(adapter, NAMES)
    emulator.control.advance(3600)
    emulator.control.remove("Account", [ids[0]])
    emulator.control.merge("Account", ids[1], [ids[2]])
    pages = read_all(adapter, replace(NAMES, cursor=first[-1].cursor, overlap_seconds=0))
    gone = sorted((d for page in pages for d in page.deletions), key=lambda d: d.merged_into)
    assert gone == [Deletion(ids[0]), Deletion(ids[2], ids[1])]
    assert pages[-1].expected == count_rows(pages)


def test_a_compound_field_is_read_through_rest(
    emulator: RunningEmulator, connect: Connect, by_bulk: None
) -> None:
    seed(emulator, 3)
    read_all(connect(), PullRequest("Account", ("Name", "BillingAddress.city")))
    assert kinds(emulator) == {"query": 1}


def test_what_the_bulk_api_refuses_is_read_through_rest_and_not_asked_for_again(
    emulator: RunningEmulator, connect: Connect, by_bulk: None
) -> None:
    seed(emulator, 3)
    emulator.control.settings(bulk_refused_objects="Account")
    adapter = connect()
    for _ in range(2):
        pages = read_all(adapter, NAMES)
        assert pages[-1].expected == count_rows(pages) == 3
    assert kinds(emulator)["bulk_query_create"] == 1


# -- jobs that go wrong ------------------------------------------------------------------------


def script(emulator: RunningEmulator, action: str, **more: object) -> None:
    emulator.control.ask("POST", "bulk/faults", {"rules": [{"action": action, **more}]})


def test_a_failed_job_is_read_through_rest(
    emulator: RunningEmulator, connect: Connect, by_bulk: None
) -> None:
    seed(emulator, 5)
    script(emulator, "fail", message="InternalServerError")
    pages = read_all(connect(), NAMES)
    assert pages[-1].expected == count_rows(pages) == 5


def test_a_job_that_took_too_long_is_made_of_two_halves(
    emulator: RunningEmulator, connect: Connect, by_bulk: None
) -> None:
    seed(emulator, 5)
    emulator.control.advance(86_400)
    seed(emulator, 5)
    emulator.control.advance(60)
    script(emulator, "fail")
    pages = read_all(connect(), NAMES)
    assert len(by_id(pages)) == pages[-1].expected == count_rows(pages) == 10
    assert kinds(emulator)["bulk_query_create"] == 3


def test_an_aborted_job_ends_the_reading_and_the_next_one_makes_another(
    emulator: RunningEmulator, connect: Connect, by_bulk: None
) -> None:
    seed(emulator, 5)
    script(emulator, "abort")
    pages: list[Page] = []
    with pytest.raises(TransientError, match="aborted the bulk job"):
        pages.extend(connect().pull(NAMES))
    resumed = connect().pull(NAMES)
    place = next(resumed).resume
    assert place
    again = read_all(connect(), replace(NAMES, resume=place))
    assert count_rows(again) == 5


def test_a_job_that_never_ends_is_left_and_found_again(
    emulator: RunningEmulator, connect: Connect, by_bulk: None, clock: FakeClock
) -> None:
    seed(emulator, 5)
    emulator.control.settings(bulk_polls=40)
    places: list[str | None] = []
    adapter = connect(bulk_wait="600")
    with pytest.raises(TransientError) as caught:
        places.extend(page.resume for page in adapter.pull(NAMES))
    assert caught.value.code == "JOB_STILL_RUNNING"
    assert clock.elapsed <= 600
    emulator.control.settings(bulk_polls=1)
    pages = read_all(connect(), replace(NAMES, resume=places[-1]))
    assert pages[-1].expected == count_rows(pages) == 5
    assert kinds(emulator)["bulk_query_create"] == 1


@pytest.mark.parametrize("after", [1, 2, 3, 4, 5])
def test_a_reading_goes_on_within_the_results(
    emulator: RunningEmulator, connect: Connect, by_bulk: None, after: int
) -> None:
    ids = seed(emulator, 7)
    emulator.control.settings(bulk_page_rows=3, bulk_polls=2)
    first: Iterator[Page] = connect().pull(NAMES)
    before = [next(first) for _ in range(after)]
    rest = read_all(connect(), replace(NAMES, resume=before[-1].resume))
    assert set(by_id(before)) | set(by_id(rest)) == set(ids)
    assert count_rows(before) + count_rows(rest) == 7
    assert rest[-1].expected == count_rows(rest)
    assert kinds(emulator)["bulk_query_create"] == 1


def test_results_without_their_headers_are_still_whole(
    emulator: RunningEmulator, connect: Connect, by_bulk: None
) -> None:
    seed(emulator, 5)
    script(emulator, "strip_headers")
    pages = read_all(connect(), NAMES)
    assert pages[-1].expected == count_rows(pages) == 5


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "truncate", "bytes": 40},
        {"action": "html"},
        {"action": "drop_before"},
        {"action": "respond", "status": 503, "body": ""},
    ],
    ids=lambda fault: fault["action"],
)
def test_results_that_come_broken_are_fetched_again(
    emulator: RunningEmulator, connect: Connect, by_bulk: None, fault: dict[str, object]
) -> None:
    seed(emulator, 5)
    emulator.control.add_faults({**fault, "kind": "bulk_query_results", "times": 1})
    pages = read_all(connect(), NAMES)
    assert pages[-1].expected == count_rows(pages) == 5


def test_a_result_that_lacks_rows_shows_in_the_sum(
    emulator: RunningEmulator, connect: Connect, by_bulk: None
) -> None:
    ids = seed(emulator, 5)
    body = f'"Id","SystemModstamp","Name"\n"{ids[0]}","2026-03-01T09:00:00.000Z","x"\n'
    emulator.control.add_faults(
        {
            "kind": "bulk_query_results", "action": "respond", "status": 200, "body": body,
            "times": None, "headers": {"Content-Type": "text/csv"},
        }
    )  # fmt: skip
    pages = read_all(connect(), NAMES)
    assert (pages[-1].expected, count_rows(pages)) == (5, 1)


@pytest.mark.usefixtures("by_bulk")
def test_a_snapshot_can_come_by_a_job(
    emulator: RunningEmulator, adapter: SalesforceAdapter
) -> None:
    seed(emulator, 5)
    pages = read_all(adapter, replace(NAMES, mode="snapshot"))
    assert count_rows(pages) == 5


@pytest.mark.parametrize("place", [0, -2])
def test_a_job_of_another_api_version_is_given_up_for_a_fresh_one(
    emulator: RunningEmulator, connect: Connect, by_bulk: None, place: int
) -> None:
    ids = seed(emulator, 5)
    places = [page.resume for page in connect().pull(NAMES)]
    pages = read_all(connect(api_version="65.0"), replace(NAMES, resume=places[place]))
    assert set(by_id(pages)) == set(ids)
    assert pages[-1].expected == count_rows(pages)
