"""A watched source: what changed and lies still is read soon, and only then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from connector.daemon.lookout import Lookout
from connector.daemon.workers import Ended, Task
from connector.errors import InputError
from connector.ports.store import StorePort
from connector.ports.watching import Glimpse, WatchedPort
from connector.settings import JobSettings
from tests.unit.daemon.plant import FENCE, Plant

START = datetime(2026, 1, 1, tzinfo=UTC)
WATCH = 10
LONG_AGO = START - timedelta(days=9)


class Source:
    """A source that tells what lies there; nothing of it is read."""

    watch_seconds = WATCH

    def __init__(self) -> None:
        self.lies = Glimpse("a", LONG_AGO)
        self.looks = 0
        self.trouble: InputError | None = None

    def glimpse(self) -> Glimpse:
        self.looks += 1
        if self.trouble:
            raise self.trouble
        return self.lies


class Post:
    """A plant with a lookout on its tick."""

    def __init__(self, **jobs: JobSettings) -> None:
        self.plant = Plant(jobs or {"run": JobSettings(when="daily 06:00")})
        self.source = Source()
        store = cast("StorePort", self.plant.store)
        watched: dict[str, WatchedPort] = {"erp": self.source}
        self.lookout = Lookout(watched, store, self.plant.clock, FENCE)

    def pass_time(self, looks: int, seconds: float = WATCH) -> list[str]:
        """So many ticks, `seconds` apart; the jobs that ran."""
        before = len(self.plant.ran)
        for _ in range(looks):
            self.plant.clock.move(seconds=seconds)
            self.lookout.look()
            self.plant.tick()
        return [task.job.name for task in self.plant.ran[before:]]

    def drop(self, name: str) -> None:
        self.source.lies = Glimpse(name, self.plant.clock.now())


@pytest.fixture
def post() -> Post:
    """Watched for a while, after the job of the day has run."""
    made = Post()
    assert made.pass_time(1, 6 * 3600) == ["run"]
    assert made.pass_time(3) == []
    return made


def test_a_dropped_file_is_read_once_it_lies_still(post: Post) -> None:
    post.drop("half")
    assert post.pass_time(1) == []
    post.drop("whole")
    assert post.pass_time(1) == []
    assert post.pass_time(1) == ["run"]
    assert post.pass_time(5) == []
    assert post.plant.job("run").next_due == START + timedelta(hours=30)


def test_nothing_is_looked_at_more_often_than_asked(post: Post) -> None:
    looked = post.source.looks
    post.pass_time(10, 1)
    assert post.source.looks - looked == 1


def test_what_came_while_the_job_was_at_work_is_read_by_the_next(post: Post) -> None:
    def work(_task: Task) -> Ended:
        post.drop("two")
        return Ended("ok", 0)

    post.drop("one")
    post.plant.do = work
    assert post.pass_time(2) == ["run"]
    post.plant.do = lambda _task: Ended("ok", 0)
    assert post.pass_time(2) == ["run"]
    assert post.pass_time(3) == []


def test_after_a_restart_only_what_is_newer_than_the_last_reading_is_read() -> None:
    post = Post()
    assert post.pass_time(1, 6 * 3600) == ["run"]
    for dropped, ran in ((False, []), (True, ["run"])):
        if dropped:
            post.drop("while nobody looked")
        fresh = Lookout(
            {"erp": cast("WatchedPort", post.source)}, cast("StorePort", post.plant.store),
            post.plant.clock, FENCE,
        )  # fmt: skip
        post.lookout = fresh
        assert post.pass_time(3) == ran


def test_the_job_that_reads_the_connection_is_chosen() -> None:
    post = Post(
        other=JobSettings(when="daily 01:00", connection="crm"),
        audit=JobSettings(when="daily 02:00", do="audit"),
        pull=JobSettings(when="daily 03:00", do="pull", connection="erp"),
    )
    post.pass_time(1, 4 * 3600)
    post.pass_time(2)
    post.drop("new")
    assert post.pass_time(3) == ["pull"]


def test_a_folder_that_is_gone_hinders_nothing_else(post: Post) -> None:
    post.source.trouble = InputError("There is no folder {folder}.", folder="exports")
    assert post.pass_time(3) == []
    post.source.trouble = None
    post.drop("back")
    assert post.pass_time(3) == ["run"]
