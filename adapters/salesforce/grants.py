"""What a sign-in sends: client id and secret, or an assertion signed with a private key.

Source: Salesforce Help, "OAuth 2.0 Client Credentials Flow" and "OAuth 2.0 JWT Bearer Flow": the
assertion names the consumer key (iss), the user (sub) and the login host (aud), ends within five
minutes and is signed with RS256; it gives no refresh token.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from adapters.salesforce.options import Options
from connector.errors import SecretError

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_LASTS = timedelta(seconds=180)


def write_form(options: Options, secret: str, now: datetime) -> dict[str, str]:
    """The token request's form; SecretError when the private key is none."""
    if options.signs_assertions:
        return {"grant_type": JWT_GRANT, "assertion": sign_assertion(options, secret, now)}
    return {
        "grant_type": "client_credentials",
        "client_id": options.client_id,
        "client_secret": secret,
    }


def sign_assertion(options: Options, private_key: str, now: datetime) -> str:
    """A JWT that asks for a token of the connection's user; `now` is aware.

    SecretError when the key cannot sign; the library's error is dropped, because it may quote it.
    """
    import jwt  # loads a cryptography library that most connections do not need

    claims = {
        "iss": options.client_id,
        "sub": options.username,
        "aud": options.audience,
        "exp": int((now + ASSERTION_LASTS).timestamp()),
        "jti": uuid.uuid4().hex,
    }
    try:
        return jwt.encode(claims, private_key, algorithm="RS256")
    except (jwt.exceptions.PyJWTError, ValueError, TypeError):
        raise SecretError(
            "The private key at {reference} cannot sign.",
            where=options.host,
            next_step="Keep an RSA private key there, in PEM and without a passphrase; its "
            "certificate belongs into the External Client App.",
            reference=options.secret_reference,
        ) from None
