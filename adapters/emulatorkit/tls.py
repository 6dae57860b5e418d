"""A certificate authority of the emulator's own, for its TLS port."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme


@dataclass(frozen=True, slots=True)
class EmulatorCA:
    """A throw-away authority; `pem` is what clients must trust."""

    authority: trustme.CA

    @classmethod
    def create(cls) -> EmulatorCA:
        """Make a fresh authority."""
        return cls(trustme.CA(organization_name="creditflag emulator"))

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> EmulatorCA:
        """Restore an authority from `state()`, so that clients keep trusting it."""
        return cls(trustme.CA.from_pem(state["certificate"].encode(), state["key"].encode()))

    @property
    def pem(self) -> bytes:
        """The authority's certificate."""
        return self.authority.cert_pem.bytes()

    def state(self) -> dict[str, str]:
        """Return certificate and key as text, to be kept in the emulator's own file."""
        return {
            "certificate": self.pem.decode(),
            "key": self.authority.private_key_pem.bytes().decode(),
        }

    def write_pem(self, path: Path) -> Path:
        """Write the certificate to `path` for clients and return the path."""
        path.write_bytes(self.pem)
        return path

    def server_context(self) -> ssl.SSLContext:
        """Return a server context for 127.0.0.1 and localhost."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("127.0.0.1", "localhost", "::1").configure_cert(context)
        return context
