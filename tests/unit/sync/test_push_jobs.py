"""Writing by bulk job: re-attachment after a crash, rows left over, rows in doubt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from connector.domain.change import ChangeState, Plan
from connector.errors import BudgetError, RefusedError, StoppedError, TransientError
from connector.ports.bulk import JobPhase, JobStatus
from connector.ports.crm import RowOutcome
from connector.sync.push import push
from connector.testing.builders import decision_row
from connector.testing.faults import Trouble
from tests.unit.sync.job_crm import JobCrm
from tests.unit.sync.test_push import task
from tests.unit.sync.workplace import Workplace, plan_of

OpenWorkplace = Callable[..., Workplace]
S = ChangeState


@pytest.fixture
def place(workplaces: OpenWorkplace) -> Workplace:
    return workplaces(crm=JobCrm)


def crm_of(place: Workplace) -> JobCrm:
    assert isinstance(place.crm, JobCrm)
    return place.crm


def portfolio(place: Workplace, count: int) -> Plan:
    records = [place.crm.add("Account", {"Name": f"Customer {n}"}) for n in range(count)]
    place.take_in()
    return place.plan([decision_row(f"acc:crm:{record}") for record in records])


def effects(place: Workplace) -> Counter[str]:
    return Counter(effect.record_id for effect in place.crm.effects)


def assert_all_once(place: Workplace, plan: Plan) -> None:
    assert effects(place) == Counter({c.record_id: 1 for c in plan.changes})


def break_off(place: Workplace, plan: Plan) -> None:
    """A push that is stopped while its job runs."""
    place.store.save_plan(plan, place.fence)
    desk = place.desk()
    desk.stop.ask()
    stopped = iter([False])

    def check() -> None:
        if next(stopped, True):
            raise StoppedError("stopped")

    desk.stop.check = check  # type: ignore[method-assign]
    with pytest.raises(StoppedError):
        push(desk, place.connection, plan.to_write)


def test_many_rows_go_as_one_job(place: Workplace) -> None:
    plan = portfolio(place, 5)
    report = place.push(plan)
    assert report.ended == {S.VERIFIED: 5}
    assert report.jobs == len(crm_of(place).jobs) == 1
    assert place.trail(plan.changes[0]) == [S.PLANNED, S.SENT, S.ACKED, S.VERIFIED]
    assert place.store.open_jobs("crm") == []
    assert_all_once(place, plan)


def test_more_rows_than_a_job_takes_go_as_several(place: Workplace) -> None:
    plan = portfolio(place, 120)
    assert place.push(plan).ended == {S.VERIFIED: 120}
    assert [len(job.rows) for job in crm_of(place).jobs.values()] == [50, 50, 20]
    assert_all_once(place, plan)


def test_the_job_and_its_rows_are_durable_before_it_gets_them(place: Workplace) -> None:
    """Goes red when the job's name is kept only after the rows were given to it."""
    plan = portfolio(place, 2)
    crm = crm_of(place)
    load = crm.load_job
    seen: list[object] = []

    def spy(job_id, *rest):
        (job,) = place.store.open_jobs("crm")
        seen.append((job.job_id, place.store.job_members("crm", job.batch_id)))
        return load(job_id, *rest)

    crm.load_job = spy  # type: ignore[method-assign]
    place.push(plan)
    assert seen == [("JOB1", [c.id for c in plan.to_write])]


def test_rows_that_the_job_left_over_are_sent_again(place: Workplace) -> None:
    plan = portfolio(place, 5)
    crm_of(place).most = 2
    report = place.push(plan)
    assert report.ended == {S.VERIFIED: 5}
    assert report.jobs == 3
    assert_all_once(place, plan)


def test_a_job_that_does_nothing_is_not_tried_a_second_time(place: Workplace) -> None:
    plan = portfolio(place, 5)
    crm_of(place).most = 0
    report = place.push(plan)
    assert report.ended == {S.VERIFIED: 5}
    assert report.jobs == 1
    assert_all_once(place, plan)


def test_rows_that_the_results_are_silent_about_are_read_back(place: Workplace) -> None:
    plan = portfolio(place, 3)
    crm_of(place).mute = {plan.to_write[1].record_id}
    assert place.push(plan).ended == {S.VERIFIED: 3}
    assert place.trail(plan.to_write[1]) == [S.PLANNED, S.SENT, S.UNKNOWN, S.VERIFIED]
    assert_all_once(place, plan)


def test_refused_rows_end_and_locked_ones_go_in_batches(place: Workplace) -> None:
    plan = portfolio(place, 4)
    bad, locked = plan.to_write[0].record_id, plan.to_write[2].record_id
    place.crm.refuse(bad, "rejected", code="VALIDATION")
    place.crm.refuse(locked, "retry")
    report = place.push(plan)
    assert report.ended == {S.VERIFIED: 3, S.REJECTED: 1}
    assert report.jobs == 1
    assert set(effects(place).values()) == {1}


def test_rows_pulled_down_by_another_are_found_in_batches(place: Workplace) -> None:
    plan = portfolio(place, 6)
    crm = crm_of(place)
    read = crm.read_job
    crm.most = 0

    def trigger(*arguments):
        outcomes = read(*arguments)
        return [RowOutcome("rejected", code="APEX", message="x", together=True) for _ in outcomes]

    crm.read_job = trigger  # type: ignore[method-assign]
    assert place.push(plan).ended == {S.VERIFIED: 6}
    assert_all_once(place, plan)


def test_a_lost_answer_to_the_start_does_not_start_a_second_job(place: Workplace) -> None:
    plan = portfolio(place, 3)
    crm_of(place).lost_starts = 1
    report = place.push(plan)
    assert report.ended == {S.VERIFIED: 3}
    assert report.jobs == 1
    assert_all_once(place, plan)


def test_a_job_of_which_nobody_knows_whether_it_started_is_left_to_the_next_run(
    place: Workplace,
) -> None:
    """Goes red when rows of a job that may be running are sent a second time."""
    plan = portfolio(place, 3)
    crm = crm_of(place)
    crm.lost_starts, crm.looks = 1, 3
    look, failures = crm.look_at_job, iter([True])

    def unreachable(job_id: str) -> JobStatus:
        if next(failures, False):
            raise TransientError("No answer came.", code="LOST")
        return look(job_id)

    crm.look_at_job = unreachable  # type: ignore[method-assign]
    with pytest.raises(TransientError):
        place.push(plan)
    assert set(place.states(plan).values()) == {S.SENT}
    assert crm.jobs["JOB1"].phase is JobPhase.RUNNING
    assert place.recover().ended == {S.VERIFIED: 3}
    assert len(crm.jobs) == 1
    assert_all_once(place, plan)


def test_an_upload_that_fails_for_a_passing_reason_is_repeated_with_another_job(
    place: Workplace,
) -> None:
    plan = portfolio(place, 3)
    place.crm.fail("load_job", Trouble.TRANSIENT)
    report = place.push(plan)
    assert report.ended == {S.VERIFIED: 3}
    assert [job.phase for job in crm_of(place).jobs.values()] == [JobPhase.ENDED] * 2
    assert_all_once(place, plan)


def test_an_upload_refused_for_good_leaves_the_rows_planned(place: Workplace) -> None:
    plan = portfolio(place, 3)
    place.crm.fail("load_job", Trouble.REFUSED)
    with pytest.raises(RefusedError):
        place.push(plan)
    assert set(place.states(plan).values()) == {S.PLANNED}
    assert place.store.open_jobs("crm") == []
    assert not place.crm.effects


def test_a_running_job_is_waited_for_by_the_next_run(place: Workplace) -> None:
    """Goes red when recovery reads back at once: the job would write after it looked."""
    plan = portfolio(place, 4)
    crm_of(place).looks = 5
    break_off(place, plan)
    assert set(place.states(plan).values()) == {S.SENT}
    assert len(place.store.open_jobs("crm")) == 1
    assert not place.crm.effects
    assert place.recover().ended == {S.VERIFIED: 4}
    assert place.store.open_jobs("crm") == []
    assert_all_once(place, plan)


def test_what_a_running_job_left_over_is_planned_again(place: Workplace) -> None:
    plan = portfolio(place, 4)
    crm_of(place).looks, crm_of(place).most = 5, 1
    break_off(place, plan)
    assert place.recover().ended == {S.VERIFIED: 1}
    crm_of(place).most = 10
    place.take_in()
    rest = place.plan([decision_row(c.party_id) for c in plan.changes])
    assert len(rest.to_write) == 3
    assert place.push(rest).ended == {S.VERIFIED: 3}
    assert_all_once(place, plan)


def test_a_job_that_was_never_started_is_given_up(place: Workplace) -> None:
    plan = portfolio(place, 2)
    place.crm.fail("load_job", Trouble.BUDGET)
    with pytest.raises(BudgetError):
        place.push(plan)
    assert set(place.states(plan).values()) == {S.SENT}
    assert place.recover().ended == {}
    assert set(place.states(plan).values()) == {S.PLANNED}
    assert crm_of(place).jobs["JOB1"].phase is JobPhase.ENDED
    assert place.store.open_jobs("crm") == []


def test_of_a_job_that_is_gone_only_the_records_tell(place: Workplace) -> None:
    plan = portfolio(place, 3)
    crm_of(place).looks = 5
    break_off(place, plan)
    crm = crm_of(place)
    crm.most = 1
    crm._work(crm.jobs["JOB1"])
    del crm.jobs["JOB1"]
    assert place.recover().ended == {S.VERIFIED: 1}
    assert Counter(place.states(plan).values()) == {S.VERIFIED: 1, S.PLANNED: 2}


def test_a_job_that_never_ends_stops_the_run_and_is_kept(place: Workplace) -> None:
    plan = portfolio(place, 2)
    crm_of(place).looks = 10**6
    with pytest.raises(TransientError, match="still works on the bulk job JOB1"):
        place.push(plan)
    assert len(place.store.open_jobs("crm")) == 1
    assert max(place.clock.slept) <= 30.0
    crm_of(place).looks = 1
    assert place.recover().ended == {S.VERIFIED: 2}
    assert_all_once(place, plan)


def test_tasks_with_a_unique_key_go_by_job_too(place: Workplace) -> None:
    plan = plan_of(task(place, "cf-1"), task(place, "cf-2"))
    report = place.push(plan)
    assert report.ended == {S.VERIFIED: 2}
    assert report.jobs == 1
    assert len(place.crm.records("Task")) == 2


def test_tasks_without_a_unique_key_never_go_by_job(workplaces: OpenWorkplace) -> None:
    place = workplaces(crm=JobCrm, keyed_tasks=False)
    report = place.push(plan_of(task(place, "cf-1"), task(place, "cf-2")))
    assert report.ended == {S.VERIFIED: 2}
    assert report.jobs == 0
