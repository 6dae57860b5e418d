"""The panel's tools and a browser, or the sentence why a test is skipped."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "adapters" / "salesforce" / "app"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def panel_tools() -> Path:
    """Folder of the app, its packages installed by the lock (scripts/env_panel)."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed; install it and run scripts/env_panel")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    digest = hashlib.sha256((APP / "package-lock.json").read_bytes())
    digest.update(version.stdout.strip().encode())
    stamp = APP / "node_modules" / ".creditflag.stamp"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8").strip() != digest.hexdigest():
        pytest.skip("the panel's packages are not installed as locked; run scripts/env_panel")
    return APP


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's program."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("Chromium is not installed; install it or run scripts/env_panel")
    return Path(found)
