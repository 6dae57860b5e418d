"""One value, three ways of writing it: the org must store the same, whatever the type.

The judge is what the emulator stored, compared between a single REST call, a collection and a bulk
job, and with what was meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.emulator import RunningEmulator, start
from connector.ports.bulk import JobPhase
from connector.ports.crm import WriteRow
from tests.adapters.salesforce.connections import FakeClock, make_opening

CHOICES = ["A", "B & C", "D=E", "中文"]
SCHEMA = {
    "objects": [
        {
            "name": "Account",
            "fields": [
                {"name": "Money__c", "type": "currency", "precision": 18, "scale": 4},
                {"name": "Number__c", "type": "double", "precision": 16, "scale": 2},
                {"name": "Part__c", "type": "percent", "precision": 5, "scale": 2},
                {"name": "Whole__c", "type": "double", "precision": 10, "scale": 0},
                {"name": "Flag__c", "type": "boolean"},
                {"name": "Day__c", "type": "date"},
                {"name": "Moment__c", "type": "datetime"},
                {"name": "Text__c", "type": "string", "length": 80},
                {"name": "Long__c", "type": "textarea", "length": 4000},
                {"name": "Choice__c", "type": "picklist", "values": CHOICES},
                {"name": "Choices__c", "type": "multipicklist", "values": CHOICES},
                {"name": "Mail__c", "type": "email"},
                {"name": "Page__c", "type": "url"},
            ],
        }
    ]
}
CLEARED = {"Flag__c": False}


def number(digits: int, places: int) -> st.SearchStrategy[str]:
    most = Decimal(10) ** (digits - places) - 1
    return st.decimals(-most, most, places=places + 1, allow_nan=False).map(str)


def text(most: int) -> st.SearchStrategy[str]:
    awkward = st.sampled_from(
        ["=1+1", '"', '""', ",", ";", "a\nb", "a\r\nb", "'", "\\", "NULL", "null", "N/A", "NA",
         "nan", "true", "00012", "1e5", "😀", "逾期 “引号”", "%", "@", "-", "+", "\t", "#N/A!",
         "﻿x", "x, \"y\"\nz", "sf__Id"]
    )  # fmt: skip
    letters = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))
    return awkward | st.text(letters, min_size=1, max_size=most).filter(
        lambda t: t.strip().upper() not in ("", "#N/A") and t == t.strip()
    )


MOMENTS = st.datetimes(datetime(1901, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))
VALUES: dict[str, st.SearchStrategy[str]] = {
    "Money__c": number(18, 4),
    "Number__c": number(16, 2),
    "Part__c": number(5, 2),
    "Whole__c": number(10, 0),
    "Flag__c": st.sampled_from(["true", "false"]),
    "Day__c": st.dates(date(1800, 1, 1), date(3999, 12, 31)).map(date.isoformat),
    "Moment__c": MOMENTS.map(lambda m: m.replace(microsecond=0).isoformat()),
    "Text__c": text(40),
    "Long__c": text(300),
    "Choice__c": st.sampled_from(CHOICES),
    "Choices__c": st.lists(st.sampled_from(CHOICES), min_size=1, unique=True).map(
        lambda chosen: ";".join(sorted(chosen))
    ),
    "Mail__c": st.sampled_from(["a@example.com", "x.y+z@example.org"]),
    "Page__c": st.sampled_from(["https://example.com/?a=1&b=2", "http://example.org/#x"]),
}
ROWS = st.fixed_dictionaries({}, optional={n: st.none() | s for n, s in VALUES.items()})


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    with start(tls=False) as running:
        running.control.apply_schema(SCHEMA)
        running.control.settings(bulk_polls=1, daily_limit=1_000_000)
        yield running


@pytest.fixture(scope="module")
def adapter(emulator: RunningEmulator) -> Iterator[SalesforceAdapter]:
    opening = make_opening(
        emulator.url, client_id=emulator.client_id, secret=emulator.client_secret,
        clock=FakeClock(emulator.control.now()),
    )  # fmt: skip
    made = SalesforceAdapter(opening)
    yield made
    made.close()


FULL = {
    "Money__c": "1", "Flag__c": "true", "Day__c": "2026-02-28", "Text__c": "x", "Long__c": "y",
    "Choice__c": "A", "Choices__c": "A;D=E", "Moment__c": "2026-02-28T05:00:00+00:00",
}  # fmt: skip


@given(ROWS)
@example(dict.fromkeys(VALUES))
@example({"Text__c": '"', "Long__c": "\n"})
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_org_stores_the_same_by_every_way(
    emulator: RunningEmulator, adapter: SalesforceAdapter, values: dict[str, str | None]
) -> None:
    """Goes red when JSON and CSV spell a value, a null or a missing field differently."""
    ids = emulator.control.seed("Account", [{"Name": "x", **json_of(FULL)}] * 3)
    single, together, bulk = ids
    moment = emulator.control.now().isoformat()
    (outcome,) = adapter.update("Account", [WriteRow(values, single, unchanged_since=moment)])
    assert outcome.state == "ok", outcome
    (outcome,) = adapter.update("Account", [WriteRow(values, together)])
    assert outcome.state == "ok", outcome
    write_by_job(adapter, WriteRow(values, bulk))
    stored = [
        {name: record.get(name) for name in VALUES}
        for record in (emulator.control.record("Account", record_id) for record_id in ids)
    ]
    assert stored[0] == stored[1] == stored[2]
    meant = {n: FULL.get(n) for n in VALUES} | values
    for name, text_ in meant.items():
        assert is_stored(name, text_, stored[0][name]), (name, text_, stored[0][name])


def write_by_job(adapter: SalesforceAdapter, row: WriteRow) -> None:
    job = adapter.open_job("Account", "")
    assert adapter.load_job(job, "Account", "", [row]) == {}
    adapter.start_job(job)
    while adapter.look_at_job(job).phase is JobPhase.RUNNING:
        pass
    (outcome,) = adapter.read_job(job, "Account", "", [row])
    assert outcome is not None
    assert outcome.state == "ok", outcome


def json_of(values: dict[str, str]) -> dict[str, object]:
    kinds: dict[str, object] = {"Money__c": 1, "Flag__c": True}
    spelled = {"Moment__c": "2026-02-28T05:00:00.000+0000"}
    return {**values, **spelled, **{n: v for n, v in kinds.items() if n in values}}


def is_stored(name: str, meant: str | None, stored: object) -> bool:
    """Whether the emulator holds what was meant, in its own spelling."""
    if meant is None:
        return stored in (None, CLEARED.get(name))
    if name in ("Money__c", "Number__c", "Part__c", "Whole__c"):
        places = {"Money__c": 4, "Whole__c": 0}.get(name, 2)
        half = Decimal(1).scaleb(-places) / 2
        return abs(Decimal(str(stored)) - Decimal(meant)) <= half
    if name == "Flag__c":
        return stored is (meant == "true")
    if name == "Moment__c":
        return datetime.fromisoformat(str(stored)) == datetime.fromisoformat(meant)
    if name == "Choices__c":
        return sorted(str(stored).split(";")) == meant.split(";")
    return str(stored or "").strip() == meant.strip()
