"""Opening the file: one writer, and a sentence for everything that can be wrong with it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from connector.errors import BusyError, StateError
from connector.ledger import Ledger, database
from connector.ports.store import LINK_SCHEMA
from connector.sync.link import link
from tests.unit.ledger.batches import land

_HOLD = """
import sys
from pathlib import Path
import duckdb
from connector.ledger import Ledger

folder = Path(sys.argv[1])
if sys.argv[2] == "ledger":
    held = Ledger.open(folder)
else:
    held = duckdb.connect(str(folder / "ledger.duckdb"))
print("open", flush=True)
sys.stdin.readline()
held.close()
"""


def hold(folder: Path, how: str) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(folder), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    return holder


@pytest.mark.parametrize("how", ["ledger", "another program"])
def test_a_second_opener_is_told_who_holds_it(tmp_path: Path, how: str) -> None:
    with hold(tmp_path, how) as holder:
        with pytest.raises(BusyError, match=f"in use by process {holder.pid}") as refused:
            Ledger.open(tmp_path)
        holder.communicate("\n")
    if how == "ledger":
        assert socket.gethostname() in str(refused.value)
        assert "since 2" in str(refused.value)
    assert refused.value.exit_code == 75
    Ledger.open(tmp_path).close()


def test_the_same_process_cannot_open_it_twice(tmp_path: Path) -> None:
    with Ledger.open(tmp_path), pytest.raises(BusyError, match=f"process {os.getpid()} on"):
        Ledger.open(tmp_path)
    Ledger.open(tmp_path).close()


def test_a_writer_that_was_killed_leaves_no_lock(tmp_path: Path) -> None:
    with hold(tmp_path, "ledger") as holder:
        holder.kill()
    assert (tmp_path / "writer.json").exists()
    with Ledger.open(tmp_path) as ledger:
        assert ledger.last_seq == 0


def test_the_ledger_keeps_its_id_and_what_it_holds(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        first = ledger.ledger_id
        land(ledger, "account", {"id": "A"})
    with Ledger.open(tmp_path) as ledger:
        assert ledger.ledger_id == first
        assert ledger.last_seq == 1
        assert ledger.counts() == {("crm", "account"): 1}
    with Ledger.open(tmp_path / "other") as other:
        assert other.ledger_id != first
    ledger.close()


def test_a_damaged_file_is_named_with_the_next_step_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StateError, match=r"damaged.*Restore the last backup.*starts a new history"):
        Ledger.open(tmp_path)
    assert path.read_bytes() == b"no database" * 1000
    assert not (tmp_path / "writer.json").exists()


def test_a_cut_off_file_is_damaged(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        land(ledger, "account", *({"id": str(n)} for n in range(500)))
    path = tmp_path / "ledger.duckdb"
    path.write_bytes(path.read_bytes()[:20000])
    with pytest.raises(StateError, match="backup"):
        Ledger.open(tmp_path)


@pytest.mark.parametrize(("version", "said"), [("99", "newer version"), ("x", "damaged")])
def test_a_ledger_of_another_schema_is_refused(tmp_path: Path, version: str, said: str) -> None:
    Ledger.open(tmp_path).close()
    with duckdb.connect(str(tmp_path / "ledger.duckdb")) as raw:
        raw.execute("UPDATE meta SET value = ? WHERE key = 'schema_version'", [version])
    with pytest.raises(StateError, match=said):
        Ledger.open(tmp_path)


def test_a_folder_that_is_a_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("here")
    with pytest.raises(StateError, match="cannot be used"):
        Ledger.open(tmp_path / "taken")


def test_a_small_book_is_read_by_one_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with duckdb.connect() as plain:
        usual = threads_of(plain)
    with Ledger.open(tmp_path) as ledger:
        assert threads_of(ledger.connection) == 1
        land(ledger, "account", {"id": "1"}, {"id": "2"})
        link(ledger, LINK_SCHEMA.empty_table(), {}, "run")
        assert threads_of(ledger.connection) == 1
        monkeypatch.setattr(database, "SHARE_OF_A_THREAD", 1)
        link(ledger, LINK_SCHEMA.empty_table(), {}, "run")
        assert threads_of(ledger.connection) == usual


def threads_of(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("SELECT current_setting('threads')").fetchone()
    assert row is not None
    return int(row[0])
