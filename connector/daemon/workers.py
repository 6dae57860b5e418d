"""Threads that do jobs, one a lane at a time, each with its stop signal and deadline."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from queue import SimpleQueue

from connector.daemon.due import Turn
from connector.errors import EXIT_BUG, BudgetError, CreditflagError
from connector.logs import get_logger, record_bug
from connector.ports.clock import ClockPort
from connector.ports.stopping import StopSignal
from connector.ports.store import ScheduledJob


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job ended. `again_in` seconds is set when the vendor or a lock asks for patience;
    `short` says that API calls are so short that changes are to be asked for less often."""

    outcome: str
    code: int
    error: str = ""
    again_in: float | None = None
    short: bool = False


@dataclass
class Task:
    """One job at work. `ended` is set by its thread, last of all."""

    job: ScheduledJob
    turn: Turn
    lane: str
    deadline: float
    started_at: datetime
    started: float
    stop: StopSignal = field(default_factory=StopSignal)
    ended: Ended | None = None


Work = Callable[[Task], Ended]


class Workers:
    """Lanes with at most one task each. `bell` is rung with each end, so that nobody need poll."""

    def __init__(self, clock: ClockPort, bell: SimpleQueue[str]) -> None:
        self._clock = clock
        self._bell = bell
        self._lanes: dict[str, Task] = {}

    def free(self, lane: str) -> bool:
        """Whether a task may start on the lane."""
        return lane not in self._lanes

    @property
    def tasks(self) -> list[Task]:
        """Tasks on their lanes, those included that have ended and were not cleared yet."""
        return list(self._lanes.values())

    @property
    def at_work(self) -> list[Task]:
        """Tasks that have not ended."""
        return [task for task in self.tasks if task.ended is None]

    def start(self, task: Task, work: Work) -> None:
        """Do the work on a thread of its own; it never outlives the process."""
        self._lanes[task.lane] = task
        name = f"job-{task.job.name}"
        threading.Thread(target=self._do, args=(task, work), name=name, daemon=True).start()

    def clear(self, task: Task) -> None:
        """Take an ended task off its lane: how it ended is kept."""
        del self._lanes[task.lane]

    def expire_late(self) -> None:
        """Ask those to stop that are past their deadline."""
        now = self._clock.monotonic()
        for task in self._lanes.values():
            if now - task.started > task.deadline and not task.stop.asked:
                get_logger().warning("job_past_deadline", job=task.job.name)
                task.stop.expire()

    def ask_all(self) -> None:
        """Ask every task to stop at the next place where nothing is half done."""
        for task in self._lanes.values():
            task.stop.ask()

    def _do(self, task: Task, work: Work) -> None:
        try:
            task.ended = work(task)
        except CreditflagError as error:
            task.ended = Ended(type(error).__name__, error.exit_code, str(error), _patience(error))
        except Exception as error:
            task.ended = Ended("bug", EXIT_BUG, type(error).__name__)
            _keep_trace(error)
        finally:
            # A thread that was ended from outside must not keep its lane.
            if task.ended is None:
                task.ended = Ended("bug", EXIT_BUG)
            self._bell.put("ended")


def _patience(error: CreditflagError) -> float | None:
    return error.resume_after if isinstance(error, BudgetError) else None


def _keep_trace(error: Exception) -> None:
    import traceback

    record_bug("".join(traceback.format_exception(error)))
