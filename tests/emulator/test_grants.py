"""JWT bearer and username-password sign-in, introspection."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from adapters.emulatorkit.client import EmulatorControlError

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
USER = "creditflag.integration@example.com"


def make_pair() -> tuple[rsa.RSAPrivateKey, str]:
    """Return a private key and its certificate in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "creditflag")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=20_000))
        .sign(key, hashes.SHA256())
    )
    return key, built.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def pair():
    return make_pair()


def sign_in(emulator, key, *, algorithm: str = "RS256", **changes: Any) -> requests.Response:
    claims = {
        "iss": emulator.client_id,
        "sub": USER,
        "aud": "https://login.salesforce.com",
        "exp": int(emulator.control.now().timestamp()) + 180,
        **changes,
    }
    form = {"grant_type": GRANT, "assertion": jwt.encode(claims, key, algorithm=algorithm)}
    return requests.post(f"{emulator.url}/services/oauth2/token", data=form, timeout=30)


def test_a_signed_assertion_signs_its_user_in(emulator, pair):
    key, certificate = pair
    emulator.control.ask("POST", "logins", {"certificate": certificate})
    for audience in ("https://login.salesforce.com", "https://test.salesforce.com", emulator.url):
        answer = sign_in(emulator, key, aud=audience, sub=USER.upper())
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert "refresh_token" not in body
        head = {"Authorization": f"Bearer {body['access_token']}"}
        info = requests.get(
            f"{emulator.url}/services/oauth2/userinfo", headers=head, timeout=30
        ).json()
        assert info["preferred_username"] == USER


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"iss": "other"}, "invalid_client_id", "client identifier invalid"),
        ({"aud": "https://example.com"}, "invalid_grant", "audience"),
        ({"sub": "nobody@example.com"}, "invalid_grant", "hasn't approved"),
        ({"exp": 1_000_000_000}, "invalid_grant", "expired"),
        ({"exp": 9_000_000_000}, "invalid_grant", "invalid assertion"),
        ({"exp": "soon"}, "invalid_grant", "assertion"),
    ],
)
def test_an_assertion_is_checked(emulator, pair, changes, error, text):
    key, certificate = pair
    emulator.control.ask("POST", "logins", {"certificate": certificate})
    answer = sign_in(emulator, key, **changes)
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert text in answer.json()["error_description"]


def test_only_the_right_key_and_algorithm_sign(emulator, pair):
    key, certificate = pair
    assert sign_in(emulator, key).json()["error_description"] == "invalid assertion"
    emulator.control.ask("POST", "logins", {"certificate": certificate})
    stranger, _ = make_pair()
    assert sign_in(emulator, stranger).status_code == 400
    assert sign_in(emulator, "x" * 64, algorithm="HS256").status_code == 400
    assert sign_in(emulator, None, algorithm="none").status_code == 400
    assert sign_in(emulator, key).status_code == 200


def test_only_approved_users_sign_in(emulator, pair):
    key, certificate = pair
    wish = {"certificate": certificate, "approved": ["ann.admin@example.com"]}
    emulator.control.ask("POST", "logins", wish)
    assert "hasn't approved" in sign_in(emulator, key).json()["error_description"]
    emulator.control.ask("POST", "logins", {"approved": None})
    assert sign_in(emulator, key).status_code == 200


def test_a_certificate_must_be_one(emulator):
    with pytest.raises(EmulatorControlError, match="certificate cannot be read"):
        emulator.control.ask("POST", "logins", {"certificate": "-----BEGIN"})


def test_username_and_password_with_token(emulator):
    emulator.control.ask("POST", "logins", {"user": USER, "password": "secret" + "TOKEN"})
    form = {
        "grant_type": "password",
        "client_id": emulator.client_id,
        "client_secret": emulator.client_secret,
        "username": USER,
    }
    url = f"{emulator.url}/services/oauth2/token"
    wrong = requests.post(url, data={**form, "password": "secret"}, timeout=30)
    assert wrong.json() == {
        "error": "invalid_grant",
        "error_description": "authentication failure",
    }
    right = requests.post(url, data={**form, "password": "secretTOKEN"}, timeout=30)
    assert right.status_code == 200


def test_introspection_tells_until_when(emulator, org):
    token = org.http.headers["Authorization"].partition(" ")[2]
    url = f"{emulator.url}/services/oauth2/introspect"
    pair = (emulator.client_id, emulator.client_secret)
    emulator.control.freeze()
    org.call("GET", "/limits")
    now = int(emulator.control.now().timestamp())
    known = requests.post(url, data={"token": token}, auth=pair, timeout=30).json()
    assert (known["active"], known["username"], known["exp"]) == (True, USER, now + 7200)
    other = requests.post(url, data={"token": "x"}, auth=pair, timeout=30).json()
    assert other == {"active": False}
    assert requests.post(url, data={"token": token}, auth=("a", "b"), timeout=30).status_code == 400
