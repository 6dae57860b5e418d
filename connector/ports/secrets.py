"""Secrets by reference."""

from __future__ import annotations

from typing import Protocol

SCHEMES = ("env", "file", "keyring", "credential")


def is_reference(text: str) -> bool:
    """Whether the text has the form of a secret reference."""
    scheme, colon, rest = text.partition(":")
    return bool(colon and rest) and scheme in SCHEMES


class SecretsPort(Protocol):
    """Resolves `keyring:service/user`, `env:NAME`, `file:/path` and `credential:NAME`."""

    def resolve(self, reference: str) -> str:
        """The secret's value. SecretError names the reference, never the value."""
        ...
