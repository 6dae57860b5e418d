"""Use cases of set-up over a vendor that only takes notes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from connector.errors import InputError, RefusedError
from connector.ports.setup import (
    FieldsWanted,
    SetupItem,
    SetupOutcome,
    SetupPlan,
    SetupPort,
    Step,
    Tell,
)
from connector.service.installing import (
    read_wanted,
    remove_app,
    set_up_app,
    set_up_fields,
)
from connector.service.office import Office

MISSING = SetupItem("Field", "Account.Grade", Step.CREATE)
FOREIGN = SetupItem("Field", "Account.Limit", Step.BLOCKED, message="Too small.")


class NotingSetup:
    """SetupPort that carries out whatever it is told and keeps it."""

    parts = ("extra",)

    def __init__(self, *items: SetupItem) -> None:
        self.plan = SetupPlan(items)
        self.done: list[str] = []
        self.wanted: FieldsWanted | None = None
        self.closed = 0

    def plan_fields(self, wanted: FieldsWanted) -> SetupPlan:
        self.wanted = wanted
        return self.plan

    def apply_fields(self, plan: SetupPlan) -> Sequence[SetupOutcome]:
        self.done += [item.name for item in plan.pending]
        return [SetupOutcome(item, done=True) for item in plan.pending]

    def plan_app(self, parts: Sequence[str]) -> SetupPlan:
        return self.plan

    def plan_removal(self, wanted: FieldsWanted) -> SetupPlan:
        self.wanted = wanted
        return self.plan

    def apply_app(self, plan: SetupPlan, tell: Tell) -> Sequence[SetupOutcome]:
        return self.apply_fields(plan)

    def close(self) -> None:
        self.closed += 1


def with_setup(office: Office, port: SetupPort | None) -> Office:
    office.open_setup = lambda name: port
    return office


def untold(_done: int, _all: int) -> None:
    """Nobody watches."""


def test_a_plan_is_shown_and_not_carried_out(office: Office) -> None:
    port = NotingSetup(MISSING)
    report = set_up_fields(with_setup(office, port), "crm", apply=False)
    assert (report.applied, report.outcomes, port.done) == (False, (), [])
    assert port.closed == 1


def test_what_a_person_must_settle_does_not_keep_fields_from_being_made(office: Office) -> None:
    port = NotingSetup(MISSING, FOREIGN)
    report = set_up_fields(with_setup(office, port), "crm", apply=True)
    assert port.done == ["Account.Grade"]
    assert report.plan.blocked == (FOREIGN,)
    assert report.refused == ()


def test_the_app_is_all_or_nothing(office: Office) -> None:
    port = NotingSetup(MISSING, FOREIGN)
    report = set_up_app(with_setup(office, port), "crm", ("extra",), True, untold)
    assert (report.applied, port.done, port.closed) == (False, [], 1)


def test_an_unknown_part_is_refused_with_the_known_ones(office: Office) -> None:
    port = NotingSetup(MISSING)
    with pytest.raises(InputError, match=r"no part frills\. Parts .* extra"):
        set_up_app(with_setup(office, port), "crm", ("frills",), True, untold)
    assert (port.done, port.closed) == ([], 1)


def test_removal_knows_the_mappings_names(office: Office) -> None:
    port = NotingSetup(MISSING)
    with_setup(office, port)
    assert not remove_app(office, "crm", False, untold).applied
    assert remove_app(office, "crm", True, untold).applied
    assert port.done == ["Account.Grade"]
    assert port.wanted == read_wanted(office.connect("crm").documents)
    assert port.wanted.credit_fields["grade"] == ("Account", "Grade")


def test_a_crm_that_is_set_up_by_hand_is_named(office: Office) -> None:
    with pytest.raises(RefusedError, match="adapter of crm has nothing to set up"):
        set_up_fields(with_setup(office, None), "crm", apply=False)


def test_an_unknown_connection_is_named(office: Office) -> None:
    with pytest.raises(InputError, match="no connection moon"):
        set_up_fields(with_setup(office, NotingSetup()), "moon", apply=False)
