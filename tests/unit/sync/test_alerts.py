"""Alert tasks: one for each episode of a flag, under a key that never moves."""

from __future__ import annotations

from datetime import date

import pytest

from connector.domain.change import Change, ChangeKind
from connector.domain.texts import Language
from connector.sync.alerts import AlertRule, plan_alerts
from connector.sync.plan import PlanFrame
from connector.testing.builders import decision_row, decision_tables, flag_row, mapping_text
from tests.unit.sync.workplace import QUIET, Workplace, plan_of

RULE = AlertRule(("over_limit", "oldest_overdue"), least_severity=2)


def alerts(
    place: Workplace, *flags: dict[str, object], rule: AlertRule = RULE, language: Language = "en"
) -> list[Change]:
    parties = sorted({str(flag["party_id"]) for flag in flags})
    tables = decision_tables([decision_row(p, band=3) for p in parties], flag=flags)
    frame = PlanFrame("run-1", place.today, place.clock.now(), "policy", QUIET)
    return plan_alerts(
        place.ledger, "crm", place.connection.mapping.task_target, tables,
        place.store.last_written("crm"), rule, frame, language,
    )  # fmt: skip


@pytest.fixture
def owner(place: Workplace) -> str:
    return place.crm.add("User", {"Name": "Rita Rep", "Active": True})


@pytest.fixture
def account(place: Workplace, owner: str) -> str:
    record = place.crm.add("Account", {"Name": "Muster AG", "OwnerId": owner})
    place.take_in()
    return record


def over_limit(account: str, **cells: object) -> dict[str, object]:
    return flag_row(f"acc:crm:{account}", "over_limit", params='{"threshold": "100 %"}', **cells)


def values(change: Change) -> dict[str, str | None]:
    return {f.field: f.ours for f in change.fields}


def test_a_task_says_what_to_whom_until_when(place: Workplace, account: str, owner: str) -> None:
    (task,) = alerts(place, over_limit(account))
    assert (task.kind, task.object_name, task.key_field) == (ChangeKind.CREATE, "Task", "Key")
    assert values(task) == {
        "Subject": "Credit alert: More than 100 % of the credit limit is used.",
        "Text": "More than 100 % of the credit limit is used. Since 2026-03-01. "
        "creditflag writes each alert once; close it when it is done.",
        "AccountId": account,
        "OwnerId": owner,
        "Due": "2026-03-05",
    }
    assert (task.label, task.party_id) == ("Muster AG", f"acc:crm:{account}")


def test_tasks_speak_the_companys_language(place: Workplace, account: str) -> None:
    (task,) = alerts(place, over_limit(account), language="zh")
    assert str(values(task)["Subject"]).startswith("信用预警")


def test_the_key_is_the_same_every_time_and_for_the_whole_episode(
    place: Workplace, account: str
) -> None:
    (first,) = alerts(place, over_limit(account))
    place.clock.move(days=9)
    (later,) = alerts(place, over_limit(account, severity=3, value="1.7"))
    assert later.key == first.key
    assert first.key.startswith("cf-")


def test_another_episode_account_or_flag_has_another_key(place: Workplace, account: str) -> None:
    other = place.crm.add("Account", {"Name": "Beispiel KG"})
    place.take_in()
    tasks = [
        *alerts(place, over_limit(account)),
        *alerts(place, over_limit(account, since=date(2026, 3, 2))),
        *alerts(place, over_limit(other)),
        *alerts(place, {**over_limit(account), "code": "oldest_overdue"}),
    ]
    assert len({task.key for task in tasks}) == 4


def test_an_episode_raises_one_task_and_the_next_one_another(
    place: Workplace, account: str
) -> None:
    place.push(plan_of(*alerts(place, over_limit(account))))
    assert alerts(place, over_limit(account)) == []
    (record,) = place.crm.records("Task")
    place.crm.delete("Task", record)  # the rep deleted it: it is not raised again
    assert alerts(place, over_limit(account)) == []
    assert len(alerts(place, over_limit(account, since=date(2026, 4, 1)))) == 1


@pytest.mark.parametrize(
    ("flag", "planned"),
    [
        ({"severity": 1}, 0),
        ({"severity": 2}, 1),
        ({"severity": 3}, 1),
        ({"code": "near_limit"}, 0),
        ({"selling_company": "DE01"}, 0),
    ],
)
def test_the_policy_says_which_flags_become_tasks(
    place: Workplace, account: str, flag: dict[str, object], planned: int
) -> None:
    assert len(alerts(place, {**over_limit(account), **flag})) == planned


def test_severe_flags_are_blocking_and_come_first(place: Workplace, account: str) -> None:
    tasks = alerts(
        place, over_limit(account), {**over_limit(account, severity=3), "code": "oldest_overdue"}
    )
    assert [task.blocking for task in tasks] == [True, False]


def test_one_party_with_two_accounts_gets_one_task_on_its_home_account(place: Workplace) -> None:
    known = {"Registration": "HRB 4711", "Country": "DE"}
    owned = place.crm.add("User", {"Name": "Rita Rep", "Active": True})
    place.crm.add("Account", {"Name": "Nobody's", **known})
    home = place.crm.add("Account", {"Name": "Home", "OwnerId": owned, **known})
    place.take_in()
    (party,) = {
        r["party_id"] for r in place.ledger.query("SELECT party_id FROM account_party").to_pylist()
    }
    (task,) = alerts(place, flag_row(party, "over_limit", params='{"threshold": "100 %"}'))
    assert values(task)["AccountId"] == home


def test_an_owner_who_left_gets_no_task(place: Workplace, account: str, owner: str) -> None:
    place.crm.edit("User", owner, {"Active": False})
    place.take_in()
    (task,) = alerts(place, over_limit(account))
    assert "OwnerId" not in values(task)


def test_a_long_subject_is_cut_and_keeps_the_key_of_an_unkeyed_task(workplaces) -> None:
    place = workplaces(keyed_tasks=False)
    account = place.crm.add("Account", {"Name": "Muster AG"})
    place.take_in()
    flag = flag_row(f"acc:crm:{account}", "over_limit", params='{"threshold": "%s"}' % ("9" * 400))
    (task,) = alerts(place, flag)
    subject = str(values(task)["Subject"])
    assert len(subject) == 255
    assert subject.endswith(f"… [{task.key}]")
    assert task.key_field == "Subject"


def test_without_a_task_object_or_a_rule_there_are_no_tasks(place: Workplace, account: str) -> None:
    assert alerts(place, over_limit(account), rule=AlertRule((), 1)) == []
    place.reconnect(mapping_text(task=False))
    assert alerts(place, over_limit(account)) == []
