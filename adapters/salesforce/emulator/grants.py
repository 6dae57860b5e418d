"""The grants that name a user: JWT bearer and username with password."""

from __future__ import annotations

import re
from typing import Any

import jwt

from adapters.salesforce.emulator.logins import read_public_key
from adapters.salesforce.emulator.org import Org

LOGIN_URLS = ("https://login.salesforce.com", "https://test.salesforce.com")
ASSERTION_MAX = 300  # seconds that an assertion may last at most
SKEW = 60  # seconds by which a caller's clock may differ


class GrantError(Exception):
    """The grant is refused; `code` and `description` are those of the token answer."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description


def user_of_assertion(org: Org, assertion: str, base_url: str) -> str:
    """Return the id of the user whom a signed assertion signs in; raises GrantError.

    Salesforce Help, "OAuth 2.0 JWT Bearer Flow": RS256; iss is the consumer key, sub the
    username, aud the login host, exp at most some minutes ahead.
    """
    claims = _unlock(org, assertion)
    if claims.get("iss") != org.client_id:
        raise GrantError("invalid_client_id", "client identifier invalid")
    audience = str(claims.get("aud", "")).rstrip("/")
    if audience not in {*LOGIN_URLS, base_url.rstrip("/")}:
        raise GrantError("invalid_grant", "audience is invalid")
    _check_expiry(org, claims.get("exp"))
    user_id = find_user(org, claims.get("sub"))
    if user_id is None or not org.logins.is_approved(user_id):
        raise GrantError("invalid_grant", "user hasn't approved this consumer")
    return user_id


def user_of_password(org: Org, username: str, password: str) -> str:
    """Return the id of the user with this password and security token; raises GrantError."""
    user_id = find_user(org, username)
    if user_id is None or not org.logins.fits(user_id, password):
        raise GrantError("invalid_grant", "authentication failure")
    return user_id


def find_user(org: Org, username: object) -> str | None:
    """Return the id of the user with this username, in any case."""
    wanted = str(username or "").casefold()
    for user in org.records.table("User").values():
        if str(user.get("Username") or "").casefold() == wanted:
            return str(user["Id"])
    return None


def _unlock(org: Org, assertion: str) -> dict[str, Any]:
    for pem in org.logins.certificates:
        try:
            claims: dict[str, Any] = jwt.decode(
                assertion,
                read_public_key(pem),
                algorithms=["RS256"],
                # Times are checked below, by the emulator's own clock.
                options={
                    "verify_exp": False,
                    "verify_aud": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.InvalidTokenError:
            continue
        return claims
    raise GrantError("invalid_grant", "invalid assertion")


def _check_expiry(org: Org, expiry: object) -> None:
    # Orgs take the seconds as text, too: simple-salesforce sends them so.
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]+)?", str(expiry)):
        raise GrantError("invalid_grant", "invalid assertion")
    ends, now = float(str(expiry)), org.clock.timestamp()
    if ends < now - SKEW:
        raise GrantError("invalid_grant", "expired assertion")
    if ends > now + ASSERTION_MAX + SKEW:
        raise GrantError("invalid_grant", "invalid assertion")
