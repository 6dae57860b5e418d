"""The heartbeat at the end of a run: when it is written, and when it is not."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from connector.domain.entities import Kind
from connector.errors import CreditflagError, RedRunError, RefusedError, SecretError
from connector.mapping.check import check_mapping
from connector.mapping.feeds import combine
from connector.mapping.load import read_document
from connector.ports.allowance import Pressure
from connector.ports.crm import Budget
from connector.service.main_job import apply_file, plan_only, pull_only, run_main_job
from connector.service.office import Office
from connector.service.reporting import measure_freshness, status
from connector.testing.builders import field_info, invoice_values, mapping_text, object_info
from connector.testing.faults import Trouble
from tests.unit.service.offices import OWNERS, crm_of

pytestmark = pytest.mark.usefixtures("small_credit")

FIELDS = {
    "refreshed_at": "RefreshedAt", "as_of": "AsOf", "stale_after_hours": "Stale",
    "connection": "Of",
}  # fmt: skip
BEAT = object_info(
    "Beat", field_info("RefreshedAt", Kind.TIMESTAMP), field_info("AsOf", Kind.DATE),
    field_info("Stale", Kind.COUNT), field_info("Of"),
)  # fmt: skip
Beats = list[tuple[str, dict[str, str | None]]]


def map_heartbeat(office: Office) -> None:
    """The connection's mapping with a heartbeat, before it is resolved."""
    document = json.loads(mapping_text(owners=OWNERS))
    document["heartbeat"] = {"object": "Beat", "fields": FIELDS}
    connection = office.connect("crm")
    connection.documents = combine([read_document(json.dumps(document), "memory.yaml")])


@pytest.fixture
def beats(office: Office) -> Beats:
    """What the CRM, which can keep a heartbeat, was told."""
    told: Beats = []

    def keep(object_name: str, values: Mapping[str, str | None]) -> None:
        told.append((object_name, dict(values)))

    map_heartbeat(office)
    crm_of(office).define(BEAT)
    vars(crm_of(office))["write_heartbeat"] = keep
    return told


def settle(office: Office) -> None:
    apply_file(office, run_main_job(office).plan_files["crm"])


def test_each_complete_run_tells_when_it_ended(office: Office, beats: Beats) -> None:
    settle(office)
    report = run_main_job(office)
    assert report.heartbeats == {"crm": "written"}
    (beat,) = beats
    assert beat == (
        "Beat",
        {"RefreshedAt": "2026-03-02T08:00:00+00:00", "AsOf": "2026-03-02", "Stale": "26",
         "Of": "crm"},
    )  # fmt: skip
    writes = crm_of(office).call_counts()["write"]
    run_main_job(office)
    assert len(beats) == 2
    assert crm_of(office).call_counts()["write"] == writes


def test_nothing_is_told_at_first_contact(office: Office, beats: Beats) -> None:
    assert run_main_job(office).heartbeats == {}
    assert beats == []
    assert office.store.freshness()["crm"].refreshed_at is None


def test_only_a_run_that_writes_and_is_whole_tells(office: Office, beats: Beats) -> None:
    settle(office)
    pull_only(office)
    plan_only(office)
    crm_of(office).fail("pull", Trouble.MISCOUNT)
    with pytest.raises(RedRunError):
        run_main_job(office)
    assert beats == []


def test_a_run_that_waits_for_a_person_tells_nothing(office: Office, beats: Beats) -> None:
    crm = crm_of(office)
    for number in range(6):
        account = crm.add("Account", {"Name": f"Customer {number}", "Terms": 30})
        crm.add("Invoice", invoice_values(account, f"G-{number}", 9000, Due="2026-03-20"))
    settle(office)
    office.clock.sleep(30 * 86_400)
    assert run_main_job(office).exit_code == 5
    assert beats == []


@pytest.mark.parametrize("refused", [RefusedError, SecretError])
def test_a_record_that_cannot_be_written_makes_no_failure_of_the_run(
    office: Office, beats: Beats, refused: type[CreditflagError]
) -> None:
    def refuse(_object: str, _values: Mapping[str, str | None]) -> None:
        raise refused("The integration user may not write it.")

    settle(office)
    vars(crm_of(office))["write_heartbeat"] = refuse
    report = run_main_job(office)
    assert report.exit_code == 0
    assert report.heartbeats == {"crm": "The integration user may not write it."}


def test_where_the_crm_lacks_the_record_all_else_works(office: Office) -> None:
    map_heartbeat(office)
    settle(office)
    assert run_main_job(office).heartbeats == {}
    connection = office.connect("crm")
    (finding,) = [
        f
        for f in check_mapping(connection.documents, connection.describe)
        if "heartbeat" in f.where
    ]
    assert (finding.level, finding.params["object"]) == ("warning", "Beat")


def test_a_check_tells_field_by_field(office: Office, beats: Beats) -> None:
    connection = office.connect("crm")
    crm_of(office).define(object_info("Beat", field_info("RefreshedAt", Kind.TIMESTAMP),
                                      field_info("AsOf", Kind.DATE, updateable=False)))  # fmt: skip
    found = check_mapping(connection.documents, connection.describe)
    levels = {f.where.rpartition(".")[2]: f.level for f in found if "heartbeat" in f.where}
    assert levels == {
        "refreshed_at": "ok", "as_of": "warning", "stale_after_hours": "warning",
        "connection": "warning",
    }  # fmt: skip


def test_a_connection_grows_stale(office: Office, beats: Beats) -> None:
    (before,) = measure_freshness(office)
    assert before["stale"]
    settle(office)
    run_main_job(office)
    assert [row["stale"] for row in measure_freshness(office)] == [False]
    office.clock.sleep(26 * 3600 + 1)
    assert [row["stale"] for row in measure_freshness(office)] == [True]


def test_status_tells_the_calls_of_a_day_and_the_office_how_short_they_are(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    (before,) = status(office)["connections"]
    assert before["calls"] == {"used": 0, "allowed": None}
    office.store.allowance("crm").take(7, 200, office.clock.now())
    (after,) = status(office)["connections"]
    assert after["calls"] == {"used": 7, "allowed": 200}
    calm = office.pressure
    short = Budget(used=160, allowed=200, left=40, pressure=Pressure.SLOW_POLLS)
    monkeypatch.setattr(crm_of(office), "budget", lambda: short)
    assert (calm, office.pressure) == (Pressure.NONE, Pressure.SLOW_POLLS)
