"""Real receivables from end to end, on every day for which an oracle counts.

CREDITFLAG_REAL_DATA=FOLDER scripts/bench real
"""

from __future__ import annotations

import os
import subprocess
import sys


def main() -> int:
    """Run all scenes; exit code 1 when a figure differs from the oracle's."""
    command = [sys.executable, "-m", "pytest", "tests/scenario/test_real_data.py", "-q"]
    environment = {**os.environ, "CREDITFLAG_FULL_SWEEP": "1"}
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
