from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import KeyringLocked

from connector.credentials import MAX_SECRET_BYTES, Secrets
from connector.domain.texts import say_error
from connector.errors import EXIT_CONFIG, SecretError
from connector.ports.secrets import is_reference

CANARY = "canary-9b2e77"
posix = pytest.mark.skipif(os.name != "posix", reason="modes and owners are POSIX")


class MemoryKeyring(KeyringBackend):
    priority = 1.0

    def __init__(self, *, locked: bool = False) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}
        self.locked = locked

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked(f"locked, holds {CANARY}")
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password


@pytest.fixture(autouse=True)
def memory_keyring() -> Iterator[MemoryKeyring]:
    """A keyring of the test's own, so that no test meets the developer's."""
    present = keyring.get_keyring()
    ours = MemoryKeyring()
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(present)


@pytest.fixture
def private_file(tmp_path: Path) -> Path:
    """A file that holds a secret and that only its owner can read."""
    file = tmp_path / "secret"
    file.write_text(CANARY + "\n", encoding="utf-8")
    file.chmod(0o600)
    return file


def refused(reference: str) -> SecretError:
    """The error for a reference, after making sure that it shows no secret in any form."""
    with pytest.raises(SecretError) as caught:
        Secrets().resolve(reference)
    error = caught.value
    assert error.exit_code == EXIT_CONFIG
    assert error.next_step
    chain = [error, error.__cause__, None if error.__suppress_context__ else error.__context__]
    for link in chain:
        assert CANARY not in f"{link} {link!r} {getattr(link, 'args', '')}"
    assert CANARY not in f"{error.params} {say_error(error, 'zh')}"
    return error


def test_an_environment_variable_is_read_and_trimmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDITFLAG_TEST_SECRET", f" {CANARY}\n")
    assert Secrets().resolve("env:CREDITFLAG_TEST_SECRET") == CANARY


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDITFLAG_TEST_SECRET", raising=False)
    assert "Set CREDITFLAG_TEST_SECRET" in str(refused("env:CREDITFLAG_TEST_SECRET"))


def test_an_empty_secret_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDITFLAG_TEST_SECRET", "  ")
    assert "is empty" in str(refused("env:CREDITFLAG_TEST_SECRET"))


def test_a_private_file_is_read(private_file: Path) -> None:
    assert Secrets().resolve(f"file:{private_file}") == CANARY


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_file_that_others_can_read_is_refused(private_file: Path, mode: int) -> None:
    private_file.chmod(mode)
    error = refused(f"file:{private_file}")
    assert "can be read by others" in str(error)
    assert f"chmod 600 {private_file}" in str(error)


@posix
def test_a_file_of_another_user_is_refused(
    private_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = private_file.stat().st_uid
    monkeypatch.setattr("connector.credentials.os.getuid", lambda: owner + 1)
    monkeypatch.setattr("connector.credentials.ROOT_USER", owner + 2)
    assert "belongs to another user" in str(refused(f"file:{private_file}"))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for place in (tmp_path / "none", tmp_path):
        assert "cannot be read" in str(refused(f"file:{place}"))
    assert "cannot be read" in str(refused("file:~nobody-of-this-name/secret"))


@posix
def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "cannot be read" in str(refused(f"file:{tmp_path / 'pipe'}"))


def test_a_file_that_is_no_text_or_far_too_long_is_refused(private_file: Path) -> None:
    private_file.write_bytes(b"\xff\xfe" + CANARY.encode())
    assert "as text" in str(refused(f"file:{private_file}"))
    private_file.write_text(CANARY * (MAX_SECRET_BYTES // len(CANARY) + 1), encoding="utf-8")
    assert "the secret alone" in str(refused(f"file:{private_file}"))


def test_the_keyring_is_asked_for_service_and_user(memory_keyring: MemoryKeyring) -> None:
    memory_keyring.set_password("creditflag/crm", "acme", CANARY)
    assert Secrets().resolve("keyring:creditflag/crm/acme") == CANARY


def test_what_the_keyring_does_not_hold_comes_with_the_command_that_stores_it() -> None:
    assert "keyring set creditflag acme" in str(refused("keyring:creditflag/acme"))


def test_a_locked_keyring_and_a_bad_reference_are_sentences(memory_keyring: MemoryKeyring) -> None:
    memory_keyring.locked = True
    assert "Unlock" in str(refused("keyring:creditflag/acme"))
    for reference in ("keyring:creditflag", "keyring:/acme", "keyring:creditflag/"):
        assert "keyring:service/user" in str(refused(reference))


def test_a_machine_without_keyring_gets_the_three_ways_to_go_on() -> None:
    keyring.set_keyring(NoKeyring())
    sentence = str(refused("keyring:creditflag/acme"))
    assert all(way in sentence for way in ("file:/path", "env:NAME", "credential:NAME"))


def test_a_credential_of_the_service_manager_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "crm").write_text(CANARY, encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert Secrets().resolve("credential:crm") == CANARY
    assert "cannot be read" in str(refused("credential:erp"))


@pytest.mark.parametrize("name", ["../outside", "a/b", ".hidden"])
def test_a_credential_name_cannot_leave_its_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "inside"
    folder.mkdir()
    (tmp_path / "outside").write_text(CANARY, encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    assert "no credentials directory" in str(refused(f"credential:{name}"))


def test_without_credentials_directory_the_sentence_says_how(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert "LoadCredential=" in str(refused("credential:crm"))


@pytest.mark.parametrize("value", [CANARY, f"vault:{CANARY}", f"{CANARY}:x", "env:", "file:", ""])
def test_a_value_in_place_of_a_reference_is_refused_and_not_shown(value: str) -> None:
    assert not is_reference(value)
    assert "by reference" in str(refused(value))


def test_nothing_falls_through_to_another_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory_keyring: MemoryKeyring
) -> None:
    memory_keyring.set_password("creditflag", "acme", CANARY)
    monkeypatch.setenv("acme", CANARY)
    assert "cannot be read" in str(refused(f"file:{tmp_path / 'acme'}"))
    monkeypatch.delenv("acme")
    assert "is not set" in str(refused("env:acme"))


def test_a_changed_secret_is_seen_at_the_next_question(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = Secrets()
    for value in ("first-value", "second-value"):
        monkeypatch.setenv("CREDITFLAG_TEST_SECRET", value)
        assert secrets.resolve("env:CREDITFLAG_TEST_SECRET") == value
    assert "second-value" not in repr(secrets) + repr(vars(secrets))
