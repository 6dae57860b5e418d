"""Exactly-once effects under crashes: every durable step, and 200 random kills of the process.

Runs the crash scenarios in full: the whole policy, and a run after each crash, where the tests let
one crash follow the other under a small policy. The emulator's own record of effects is the judge.
The promise is 0 lost and 0 doubled.
"""

from __future__ import annotations

import os
import subprocess
import sys


def main() -> int:
    """Run the sweep; exit code 1 when an effect was lost or doubled."""
    command = [sys.executable, "-m", "pytest", "tests/scenario/test_crashes.py", "-q"]
    environment = {**os.environ, "CREDITFLAG_FULL_SWEEP": "1"}
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
