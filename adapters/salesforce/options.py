"""The settings of one Salesforce connection, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from connector.errors import SettingsError
from connector.ports.manifest import Opening, OptionSpec

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
OPTIONS = (
    OptionSpec(
        "url",
        "your org's My Domain address, https://acme.my.salesforce.com",
        required=True,
    ),
    OptionSpec("client_id", "consumer key of the External Client App", required=True),
    OptionSpec(
        "client_secret",
        "where its consumer secret is kept, for example keyring:creditflag/acme",
        required=True,
        secret=True,
        unless="private_key",
    ),
    OptionSpec(
        "private_key",
        "instead of the secret: where the private key (PEM) of the JWT bearer flow is kept",
        secret=True,
    ),
    OptionSpec("username", "user to sign in as with private_key"),
    OptionSpec(
        "audience",
        "login address that assertions are made out to; by default that of the org's kind",
    ),
    OptionSpec("setup_client_id", "consumer key of an admin's app, for `fields` and `deploy` only"),
    OptionSpec(
        "setup_client_secret", "where the consumer secret of the admin's app is kept", secret=True
    ),
    OptionSpec("setup_username", "admin to sign in as with private_key, for set-up only"),
    OptionSpec("api_version", "version of Salesforce's API", default="66.0"),
    OptionSpec("ca_file", "certificate authority to trust instead of the public ones (PEM)"),
    OptionSpec(
        "budget_share", "part of the org's daily API calls that we may use, 0 to 1", default="0.2"
    ),
    OptionSpec(
        "budget_reserve", "part of the daily calls that is left to others, 0 to 1", default="0.1"
    ),
    OptionSpec(
        "bulk_write_rows",
        "rows from which a write goes by a bulk job instead of batches of 200",
        default="2000",
    ),
    OptionSpec("read_timeout", "seconds of silence after which a call is given up", default="120"),
    OptionSpec("call_deadline", "seconds after which a call is given up anyway", default="300"),
    OptionSpec(
        "bulk_read_rows",
        "rows from which on the Bulk API is asked, where it takes fewer calls; 0: never",
        default="20000",
    ),
    OptionSpec(
        "bulk_wait", "seconds after which a bulk job that does not end is given up", default="3600"
    ),
)


@dataclass(frozen=True, slots=True)
class Options:
    """A connection's settings. `secret_reference` says where the secret is, not what it is: a
    consumer secret, or with a `username` the private key that signs assertions.

    Times are seconds; `budget_share` and `budget_reserve` are parts of the daily calls.
    """

    url: str
    client_id: str
    secret_reference: str
    api_version: str
    ca_file: Path | None
    budget_share: float
    budget_reserve: float
    bulk_write_rows: int
    read_timeout: float
    call_deadline: float
    bulk_read_rows: int = 0
    bulk_wait: float = 3600.0
    username: str = ""
    audience: str = ""

    @property
    def signs_assertions(self) -> bool:
        """Whether it signs in with the JWT bearer flow."""
        return bool(self.username)

    @property
    def host(self) -> str:
        """Host name, as people recognise the org by."""
        return urlsplit(self.url).hostname or self.url


def read_options(opening: Opening) -> Options:
    """Check a connection's options; SettingsError lists every problem at once."""
    given = {name: text.strip() for name, text in opening.options.items() if text.strip()}
    problems = [
        f"{spec.name} is missing: {spec.meaning}"
        for spec in OPTIONS
        if spec.required and spec.name not in given and spec.unless not in given
    ]
    problems += _find_sign_in_problems(given)
    values = {spec.name: given.get(spec.name, spec.default) for spec in OPTIONS}
    if values["url"] and (problem := find_url_problem(values["url"])):
        problems.append(problem)
    if not re.fullmatch(r"\d{2,3}\.0", values["api_version"]):
        problems.append("api_version must look like 66.0")
    ca_file = opening.folder / values["ca_file"] if values["ca_file"] else None
    if ca_file is not None and not ca_file.is_file():
        problems.append(f"ca_file names no file: {values['ca_file']}")
    numbers = {
        "budget_share": (0.0, 1.0),
        "budget_reserve": (0.0, 1.0),
        "bulk_write_rows": (1, 100_000_000),
        "read_timeout": (0.1, 600.0),
        "call_deadline": (0.1, 3600.0),
        "bulk_read_rows": (0, 150_000_000),
        "bulk_wait": (1.0, 86_400.0),
    }
    problems += [
        f"{name} must be a number from {low:g} to {high:g}"
        for name, (low, high) in numbers.items()
        if not _is_between(values[name], low, high)
    ]
    if problems:
        raise SettingsError(
            "The Salesforce connection is not set up completely.",
            where=opening.connection,
            next_step="Correct these options of the connection:",
            problems=problems,
        )
    return Options(
        url=values["url"].rstrip("/"),
        client_id=values["client_id"],
        secret_reference=values["private_key"] or values["client_secret"],
        api_version=values["api_version"],
        ca_file=ca_file,
        budget_share=float(values["budget_share"]),
        budget_reserve=float(values["budget_reserve"]),
        bulk_write_rows=int(float(values["bulk_write_rows"])),
        read_timeout=float(values["read_timeout"]),
        call_deadline=float(values["call_deadline"]),
        bulk_read_rows=int(float(values["bulk_read_rows"])),
        bulk_wait=float(values["bulk_wait"]),
        username=values["username"],
        audience=(values["audience"] or find_audience(values["url"])).rstrip("/"),
    )


def find_audience(url: str) -> str:
    """The login host that assertions for an org are made out to: by its kind, as its address
    shows it; a server on this machine is its own.

    Source: Salesforce Help, "OAuth 2.0 JWT Bearer Flow", claim `aud`.
    """
    host = urlsplit(url).hostname or ""
    if host in LOOPBACK_HOSTS:
        return url
    return f"https://{'test' if '.sandbox.' in host else 'login'}.salesforce.com"


def _find_sign_in_problems(given: Mapping[str, str]) -> list[str]:
    if "private_key" in given and "client_secret" in given:
        return ["give client_secret or private_key, not both"]
    if "private_key" in given and "username" not in given:
        return ["username is missing: private_key signs in as one user"]
    if "username" in given and "private_key" not in given:
        return ["private_key is missing: username signs in with one"]
    return []


def find_url_problem(url: str) -> str:
    """Why `url` cannot be used, or nothing: https is a must, but for this machine itself."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "url is no web address"
    if not parts.hostname or port == 0:
        return "url must look like https://acme.my.salesforce.com"
    if parts.username or parts.password or parts.query or parts.fragment:
        return "url must hold only scheme and host"
    if parts.path.strip("/"):
        return "url must end after the host name"
    if parts.scheme == "https":
        return ""
    if parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS:
        return ""
    return "url must begin with https:// (plain http is for this machine only)"


def _is_between(text: str, low: float, high: float) -> bool:
    try:
        return low <= float(text) <= high
    except ValueError:
        return False
