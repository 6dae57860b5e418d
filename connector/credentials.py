"""Secrets by reference: configuration names where a secret lies, never the secret.

`env:NAME` · `file:/path` (private to its owner) · `keyring:service/user` · `credential:NAME`
(systemd's `$CREDENTIALS_DIRECTORY`). The choice is explicit; nothing falls through to another
place.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from connector.errors import SecretError
from connector.ports.secrets import is_reference

MAX_SECRET_BYTES = 64 * 1024
ROOT_USER = 0


class Secrets:
    """Resolves references each time they are asked for and keeps nothing."""

    def resolve(self, reference: str) -> str:
        """The secret's value.

        SecretError when the reference has an unknown scheme, points nowhere, or its file can be
        read by others. The error names the reference only.
        """
        if not is_reference(reference):
            raise SecretError(
                "A secret must be given by reference, not as its value.",
                next_step="Use env:NAME, file:/path, keyring:service/user or credential:NAME.",
            )
        scheme, _, rest = reference.partition(":")
        readers: dict[str, Callable[[str, str], str]] = {
            "env": _from_environment,
            "file": _from_file,
            "keyring": _from_keyring,
            "credential": _from_credential,
        }
        value = readers[scheme](rest, reference).strip()
        if not value:
            raise SecretError(
                "The secret {reference} is empty.",
                next_step="Store the value there and try again.",
                reference=reference,
            )
        return value


def _from_environment(name: str, reference: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise SecretError(
            "The environment variable behind {reference} is not set.",
            next_step="Set {name}, or point the setting to another place.",
            reference=reference,
            name=name,
        )
    return value


def _from_file(path_text: str, reference: str) -> str:
    try:
        path = Path(path_text).expanduser()
    except RuntimeError:  # ~someone, and there is no such user
        path = Path(path_text)
    return _read_bounded(path, reference, private=True)


def _from_credential(name: str, reference: str) -> str:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder or "/" in name or name.startswith("."):
        raise SecretError(
            "There is no credentials directory for {reference}.",
            next_step="Use LoadCredential= in the systemd unit, or another kind of reference.",
            reference=reference,
        )
    return _read_bounded(Path(folder) / name, reference)


def _read_bounded(path: Path, reference: str, private: bool = False) -> str:
    """The file's text. What is checked is what is open, so that nobody can swap it in between."""
    try:
        # Not blocking: opening a pipe must fail, not wait for a writer.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            details = os.fstat(file.fileno())
            if not stat.S_ISREG(details.st_mode):
                raise OSError("not a file")
            if private:
                _check_private(details, path, reference)
            content = file.read(MAX_SECRET_BYTES + 1)
        if len(content) > MAX_SECRET_BYTES:
            raise OSError("too long")
        return content.decode("utf-8")
    except (OSError, ValueError):
        raise SecretError(
            "The secret {reference} cannot be read as text.",
            next_step="Check that the file exists, that you may read it, and that it holds the "
            "secret alone.",
            reference=reference,
        ) from None


def _check_private(details: os.stat_result, path: Path, reference: str) -> None:
    if os.name != "posix":
        return
    if details.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SecretError(
            "The file behind {reference} can be read by others.",
            next_step="Run: chmod 600 {path}",
            reference=reference,
            path=path,
        )
    if details.st_uid not in (os.getuid(), ROOT_USER):
        raise SecretError(
            "The file behind {reference} belongs to another user.",
            next_step="Make it the property of the user that runs creditflag.",
            reference=reference,
        )


def _from_keyring(rest: str, reference: str) -> str:
    import keyring
    from keyring.errors import KeyringError, NoKeyringError

    service, _, user = rest.rpartition("/")
    if not service or not user:
        raise SecretError(
            "{reference} does not name a service and a user.",
            next_step="Write keyring:service/user.",
            reference=reference,
        )
    try:
        value = keyring.get_password(service, user)
    except NoKeyringError:
        raise SecretError(
            "This machine has no keyring, so {reference} cannot be read.",
            next_step="Use file:/path (chmod 600), env:NAME, or credential:NAME under systemd.",
            reference=reference,
        ) from None
    except KeyringError:
        raise SecretError(
            "The keyring refused {reference}.",
            next_step="Unlock the keyring and try again.",
            reference=reference,
        ) from None
    if value is None:
        raise SecretError(
            "The keyring holds nothing under {reference}.",
            next_step="Store it with: keyring set {service} {user}",
            reference=reference,
            service=service,
            user=user,
        )
    return value
