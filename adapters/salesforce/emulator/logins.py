"""What lets a user sign in without a browser: the app's certificate, approvals, passwords."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey


@dataclass(slots=True)
class LoginBook:
    """The app's certificates (PEM) and whom they may sign in; passwords by user id.

    A password is kept with the security token appended, as callers send it.
    `approved` holds user ids; None means that every user has approved the app.
    """

    certificates: list[str] = field(default_factory=list)
    approved: set[str] | None = None
    passwords: dict[str, str] = field(default_factory=dict, repr=False)

    def add_certificate(self, pem: str) -> None:
        """Upload a certificate to the app; raises ValueError when it is none with an RSA key."""
        read_public_key(pem)
        self.certificates.append(pem)

    def is_approved(self, user_id: str) -> bool:
        """Say whether a user may use the app without being asked."""
        return self.approved is None or user_id in self.approved

    def fits(self, user_id: str, password: str) -> bool:
        """Say whether this is the user's password with the security token."""
        known = self.passwords.get(user_id, "")
        return bool(known) and hmac.compare_digest(known.encode(), password.encode())

    def state(self) -> dict[str, Any]:
        """Return what survives a restart."""
        approved = None if self.approved is None else sorted(self.approved)
        return {
            "certificates": self.certificates,
            "approved": approved,
            "passwords": self.passwords,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over the `state()` of an earlier run."""
        self.certificates = list(state.get("certificates", []))
        approved = state.get("approved")
        self.approved = None if approved is None else set(approved)
        self.passwords = dict(state.get("passwords", {}))


def read_public_key(pem: str) -> RSAPublicKey:
    """Return the RSA key of a certificate in PEM; raises ValueError."""
    key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    if not isinstance(key, RSAPublicKey):
        raise ValueError("the certificate's key is not RSA")
    return key
