from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from connector.cli import main


@dataclass(frozen=True)
class Answer:
    """What one invocation printed, and its exit code."""

    code: int
    out: str
    err: str


Creditflag = Callable[..., Answer]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def creditflag(folder: Path, capsys: pytest.CaptureFixture[str]) -> Creditflag:
    """Run the command line in this process; a traceback in its output fails the test."""

    def run(*arguments: str) -> Answer:
        capsys.readouterr()
        code = main.run(list(arguments))
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return Answer(code, printed.out, printed.err)

    return run


@pytest.fixture
def settings(folder: Path) -> Path:
    """A settings file without connections."""
    file = folder / "creditflag.toml"
    file.write_text('[company]\nname = "Test"\ncurrency = "EUR"\n', encoding="utf-8")
    return file
