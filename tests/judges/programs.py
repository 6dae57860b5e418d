"""Finds the foreign programs that judge, and runs them; a missing one is a reason to skip."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
STAMP = MODULES / "judges.stamp"  # npm begins by removing it, so it means a whole installation
NODE_FROM = 22
DEADLINE = 180  # seconds for one program; far above what it takes, so that a busy machine passes
INSTALL = "run scripts/env_judges to install it"


def skip(reason: str) -> NoReturn:
    """Skip the judge, or fail where CREDITFLAG_JUDGES=required says that all must be there."""
    if os.environ.get("CREDITFLAG_JUDGES") == "required":
        pytest.fail(f"a judge is required but missing: {reason}")
    pytest.skip(reason)


def find_node() -> str:
    """Return a Node that is new enough: the one on the PATH, else the one from npm."""
    if not STAMP.exists():
        skip(f"the npm packages of the judges are not installed; {INSTALL}")
    machine = {"x86_64": "x64", "AMD64": "x64", "aarch64": "arm64", "arm64": "arm64"}
    package = f"node-{platform.system().lower()}-{machine.get(platform.machine(), '')}"
    for candidate in (shutil.which("node"), str(MODULES / package / "bin" / "node")):
        if candidate and Path(candidate).exists() and _major(candidate) >= NODE_FROM:
            return candidate
    skip(f"there is no Node {NODE_FROM} or newer; {INSTALL}")


def find_package(name: str) -> Path:
    """Return the folder of an npm package of the judges."""
    folder = MODULES / name
    if not STAMP.exists() or not folder.exists():
        skip(f"the npm package {name} is not installed; {INSTALL}")
    return folder


def find_tap() -> Path:
    """Return the Python that has tap-salesforce."""
    python = HERE / ".venv" / "bin" / "python"
    if not (HERE / ".venv" / "judges.stamp").exists() or not python.exists():
        skip(f"tap-salesforce is not installed; {INSTALL}")
    return python


def run(command: list[str], environment: dict[str, str], folder: Path) -> str:
    """Run a program to its end and return what it printed; a failure shows all it said."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": os.environ.get("PATH", ""), "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    said = f"{done.stdout}\n{done.stderr}"
    assert done.returncode == 0, f"{command[:3]} ended with {done.returncode}:\n{said}"
    return done.stdout


def _major(node: str) -> int:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)", said)
    return int(found.group(1)) if found else 0
