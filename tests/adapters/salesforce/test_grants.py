"""Signing in with a private key: the assertion itself, and what each refusal says to do."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.grants import JWT_GRANT, sign_assertion
from adapters.salesforce.options import Options, read_options
from connector.errors import SecretError, SignInError
from tests.adapters.salesforce.connections import REFERENCE, FakeClock, make_opening
from tests.adapters.salesforce.raw_server import serve_raw

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
USER = "integration@acme.example"
BY_KEY = {"client_secret": "", "private_key": REFERENCE, "username": USER}


def write_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def options_for(url: str) -> Options:
    return read_options(make_opening(url, client_id="3MVG9key", secret="", options=BY_KEY))


def test_the_assertion_says_who_signs_in_where_and_for_how_long(key: rsa.RSAPrivateKey) -> None:
    options = options_for("https://acme--x.sandbox.my.salesforce.com")
    first, second = (sign_assertion(options, write_pem(key), NOW) for _ in range(2))
    claims = jwt.decode(
        first,
        key.public_key(),
        algorithms=["RS256"],
        audience="https://test.salesforce.com",
        options={"verify_exp": False},
    )
    assert (claims["iss"], claims["sub"]) == ("3MVG9key", USER)
    assert 60 <= claims["exp"] - NOW.timestamp() <= 300
    assert jwt.get_unverified_header(first)["alg"] == "RS256"
    assert first != second  # each may be used once


@pytest.mark.parametrize("secret", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n", "ec"])
def test_a_key_that_cannot_sign_is_told_and_never_shown(secret: str) -> None:
    pem = write_pem(ec.generate_private_key(ec.SECP256R1())) if secret == "ec" else secret
    with pytest.raises(SecretError, match="cannot sign") as caught:
        sign_assertion(options_for("https://acme.my.salesforce.com"), pem, NOW)
    assert "passphrase" in str(caught.value)
    assert pem[30:60] == "" or pem[30:60] not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("code", "description", "ahead", "words"),
    [
        ("invalid_grant", "user hasn't approved this consumer", 0, "admin-approved"),
        ("invalid_app_access", "user is not admin approved to access this app", 0,
         "admin-approved"),
        ("invalid_grant", "audience is invalid", 0, "Set audience"),
        ("invalid_grant", "invalid assertion", 0, "belongs to the private key"),
        ("invalid_grant", "invalid assertion", 900, "clock differs from its by 900 s"),
        ("invalid_grant", "expired authorization", -900, "clock differs from its by -900 s"),
        ("invalid_client_id", "client identifier invalid", 900, "client id or secret"),
        ("unheard_of", "something else", 0, "JWT bearer flow"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_do(
    key: rsa.RSAPrivateKey, code: str, description: str, ahead: float, words: str
) -> None:
    body = json.dumps({"error": code, "error_description": description})
    date = format_datetime(NOW + timedelta(seconds=ahead), usegmt=True)
    head = f"HTTP/1.1 400 Bad Request\r\nDate: {date}\r\nContent-Length: {len(body)}\r\n"

    def refuse(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(f"{head}Connection: close\r\n\r\n{body}".encode())

    with serve_raw(refuse) as server:
        opening = make_opening(
            server.url,
            client_id="3MVG9key",
            secret=write_pem(key),
            options=BY_KEY,
            clock=FakeClock(NOW),
        )
        adapter = SalesforceAdapter(opening)
        with pytest.raises(SignInError) as caught:
            adapter.describe("Account")
        adapter.close()
    (sent,) = server.requests
    form = parse_qs(sent.partition(b"\r\n\r\n")[2].decode())
    assert form["grant_type"] == [JWT_GRANT]
    assert "client_secret" not in form
    assert words in str(caught.value)
