"""Secrets by reference."""

from __future__ import annotations

from typing import Protocol


class SecretsPort(Protocol):
    """Resolves `keyring:service/user`, `env:NAME`, `file:/path` and `credential:NAME`."""

    def resolve(self, reference: str) -> str:
        """The secret's value. SecretError names the reference, never the value."""
        ...
