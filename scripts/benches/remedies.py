"""Remedies applied to copies of the facts give exactly what they state, in both books.

Runs the tests of remedies with every seed.
"""

from __future__ import annotations

import os
import subprocess
import sys


def main() -> int:
    """Run the sweep; exit code 1 when a remedy gives something else than it states."""
    command = [sys.executable, "-m", "pytest", "tests/unit/credit/test_remedies.py", "-q"]
    environment = {**os.environ, "CREDITFLAG_FULL_SWEEP": "1"}
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
