"""The parts that emulators share, without a server around them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.emulatorkit.clock import EmulatorClock
from adapters.emulatorkit.counters import Counters, Effect
from adapters.emulatorkit.faults import FaultScript
from adapters.emulatorkit.records import RecordStore
from adapters.salesforce.emulator.ids import BASE62, checksum, make_id, to_18


@pytest.fixture
def store():
    return RecordStore(EmulatorClock(), Counters())


def effect(seq, record_id="1"):
    return Effect(seq, "", "api", 1, "update", "T", record_id, "me")


def test_a_failed_transaction_leaves_no_trace(store):
    store.add_index("T", "key", str.lower)
    with store.transaction():
        store.put("T", "1", {"key": "A"})
        store.note(effect(1))

    def fail_after_changes():
        with store.transaction():
            store.put("T", "1", {"key": "B"})
            store.put("T", "2", {"key": "A"})
            store.remove("T", "1")
            store.note(effect(2))
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail_after_changes()
    assert store.table("T") == {"1": {"key": "A"}}
    assert store.find("T", "key", "a") == {"1"}
    assert store.find("T", "key", "b") == set()
    assert [entry["seq"] for entry in store.counters.effect_list(0)] == [1]


def test_an_inner_failure_keeps_the_outer_part(store):
    def write_two():
        with store.transaction():
            store.put("T", "1", {"n": 1})
            store.note(effect(1))
            try:
                with store.transaction():
                    store.put("T", "1", {"n": 2})
                    store.note(effect(2))
                    raise ValueError("inner")
            except ValueError:
                store.put("T", "3", {"n": 3})

    write_two()
    assert store.table("T") == {"1": {"n": 1}, "3": {"n": 3}}
    assert store.counters.record_writes == {("T", "1"): 1}


def test_rows_held_by_a_reader_are_a_snapshot(store):
    with store.transaction():
        store.put("T", "1", {"n": 1})
    held = list(store.table("T").values())
    with store.transaction():
        store.put("T", "1", {"n": 2})
    assert held == [{"n": 1}]


def test_the_clock_moves_only_as_told():
    clock = EmulatorClock()
    clock.freeze()
    start = clock.timestamp()
    clock.advance(90)
    assert clock.timestamp() == start + 90
    clock.set(datetime(2031, 1, 1, tzinfo=UTC))
    assert clock.now() == datetime(2031, 1, 1, tzinfo=UTC)
    other = EmulatorClock()
    other.restore(clock.state())
    assert other.now() == clock.now()
    with pytest.raises(ValueError, match="zone"):
        clock.set(datetime(2031, 1, 1))


def test_fault_rules_are_added_all_or_none():
    script = FaultScript()
    with pytest.raises(ValueError, match="must be one of"):
        script.add([{"action": "delay"}, {"action": "explode"}])
    with pytest.raises(ValueError, match="regular expression"):
        script.add([{"action": "delay", "path": "("}])
    assert script.listing() == {"calls": [], "records": []}


@pytest.mark.parametrize(
    "recorded", ["001RM000003oCprYAE", "00Dxx0000001gPqEAI", "005xx000001SwiUAAS"]
)
def test_checksums_of_recorded_ids(recorded):
    assert recorded[:15] + checksum(recorded[:15]) == recorded
    assert to_18(recorded[:15]) == recorded


@given(st.text(alphabet=BASE62, min_size=15, max_size=15))
def test_18_characters_survive_any_change_of_case(id15):
    whole = to_18(id15)
    assert whole is not None
    assert to_18(whole) == whole
    assert to_18(whole.lower()) == whole
    assert to_18(whole.swapcase()) == whole


@pytest.mark.parametrize("text", ["", "001", "001RM000003oCp!", "001RM000003oCprY9E", 5, None])
def test_texts_that_are_no_ids(text):
    assert to_18(text) is None


def test_generated_ids_are_distinct_and_do_not_rise():
    ids = [make_id("001", number) for number in range(1, 20_001)]
    assert len(set(ids)) == len(ids)
    assert ids != sorted(ids)
    assert all(to_18(record_id[:15]) == record_id for record_id in ids[:500])
