"""Named points around every durable step at which a test may end the process.

`CREDITFLAG_CRASH_AT=NAME` ends the process there as a power cut would: no handlers, no flush.
`NAME:3` ends it at the third passing. Tests run the main job once for each of `POINTS`.
"""

from __future__ import annotations

import os

VARIABLE = "CREDITFLAG_CRASH_AT"
EXIT_CODE = 86

POINTS = (
    "before-land",
    "after-land",
    "after-last-land",
    "after-link",
    "after-adopt",
    "after-decide",
    "after-keep-decisions",
    "after-stage-decisions",
    "before-commit-run",
    "after-commit-run",
    "before-job",
    "after-job-opened",
    "after-job-noted",
    "after-job-intended",
    "after-job-loaded",
    "after-job-started",
    "after-job-read",
    "after-job-forgotten",
    "before-sent",
    "after-sent",
    "after-call",
    "after-acked",
    "after-read-back",
    "after-verified",
    "after-mirror",
    "before-publish",
    "after-publish",
    "before-end-run",
)
"""Every crash point, in the order in which a run passes them; those of a bulk job are passed by a
run that writes one."""

JOB_POINTS = tuple(name for name in POINTS if "-job" in name)

_passed: dict[str, int] = {}


def crash_point(name: str) -> None:
    """End the process here when the environment says so; otherwise nothing."""
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    point, _, nth = wanted.partition(":")
    if point != name:
        return
    _passed[name] = _passed.get(name, 0) + 1
    if _passed[name] >= int(nth or 1):
        os._exit(EXIT_CODE)
