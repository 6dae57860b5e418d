"""simple-salesforce's own sign-ins: signed assertion, password with token, SOAP login."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

LOGIN = "https://login.salesforce.com"
USER = "creditflag.integration@example.com"


@pytest.fixture
def session(emulator: Any) -> Iterator[requests.Session]:
    """A session that leads the login host, which the library has built in, to the emulator."""

    class ToEmulator(requests.adapters.HTTPAdapter):
        def send(self, request: Any, *arguments: Any, **more: Any) -> Any:
            request.url = str(request.url).replace(LOGIN, emulator.tls_url)
            return super().send(request, *arguments, **more)

    prepared = requests.Session()
    prepared.trust_env = False
    prepared.verify = str(emulator.ca_file)
    prepared.mount(LOGIN, ToEmulator())
    yield prepared
    prepared.close()


@pytest.fixture(scope="module")
def pair() -> tuple[str, str]:
    """A private key and its certificate, both in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "judge")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=20_000))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


def who(sf: Any) -> str:
    """Return the username that the org knows the caller by."""
    return str(sf.oauth2("userinfo")["preferred_username"])


def test_by_signed_assertion(emulator: Any, session: Any, pair: tuple[str, str]) -> None:
    key, certificate = pair
    options = {"username": USER, "consumer_key": emulator.client_id, "privatekey": key}
    with pytest.raises(SalesforceAuthenticationFailed):
        Salesforce(**options, session=session, version="66.0")
    emulator.control.ask("POST", "logins", {"certificate": certificate})
    assert who(Salesforce(**options, session=session, version="66.0")) == USER


def test_by_password_through_the_app(emulator: Any, session: Any) -> None:
    emulator.control.ask("POST", "logins", {"user": USER, "password": "pw" + "TOKEN"})
    options = {
        "username": USER,
        "consumer_key": emulator.client_id,
        "consumer_secret": emulator.client_secret,
    }
    sf = Salesforce(**options, password="pwTOKEN", session=session, version="66.0")
    assert who(sf) == USER
    with pytest.raises(SalesforceAuthenticationFailed):
        Salesforce(**options, password="pw", session=session, version="66.0")


def test_by_soap_up_to_version_64(emulator: Any, session: Any) -> None:
    emulator.control.ask("POST", "logins", {"user": USER, "password": "pw" + "TOKEN"})
    options = {"username": USER, "password": "pw", "security_token": "TOKEN", "session": session}
    assert who(Salesforce(**options, version="59.0")) == USER
    with pytest.raises(SalesforceAuthenticationFailed):
        Salesforce(**options, version="66.0")
    with pytest.raises(SalesforceAuthenticationFailed):
        Salesforce(**{**options, "security_token": "OLD"}, version="59.0")
