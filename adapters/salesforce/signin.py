"""Signing in by OAuth, and the one access token that a process shares.

Source: Salesforce Help, "OAuth 2.0 Client Credentials Flow" and "OAuth 2.0 JWT Bearer Flow": both
give no refresh token and no expiry; a session ends by 401 INVALID_SESSION_ID. Client credentials
work on the org's My Domain host only.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from adapters.salesforce.errors import (
    Call,
    read_fault,
    read_retry_after,
    translate_exchange,
    translate_nonsense,
)
from adapters.salesforce.grants import write_form
from adapters.salesforce.meter import Meter
from adapters.salesforce.options import Options, find_url_problem
from adapters.salesforce.transport import Answer, BoundedSession, ExchangeError, spell_https
from connector.errors import CreditflagError, SignInError, TransientError
from connector.ports.clock import ClockPort
from connector.ports.secrets import SecretsPort

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path, not a password
REFUSAL_LASTS = 300.0  # seconds in which a refused sign-in is not tried again

_TOKEN_BUSY = frozenset({"rate_limit_exceeded", "server_error", "temporarily_unavailable"})
_WRONG_SECRET = (
    "Salesforce refused the client id or secret: {detail}",
    "Check client_id, and the secret that client_secret points to, against the External Client "
    "App's consumer details.",
)
_SIGN_IN_OTHERWISE = (
    "Salesforce refused to sign in: {detail}",
    "Check the External Client App: client credentials flow enabled, run-as user set and active.",
)
_SIGN_IN_BY_KEY_OTHERWISE = (
    "Salesforce refused to sign in: {detail}",
    "Check client_id and username, the certificate in the External Client App, and that the app "
    "may use the JWT bearer flow.",
)
_NOT_APPROVED = (
    "The user may not use this app yet: {detail}",
    "In Setup, open the app's policies, let admin-approved users use it, and give the user's "
    "permission set or profile access to it.",
)
_WRONG_AUDIENCE = (
    "Salesforce does not accept the assertion's audience: {detail}",
    "Set audience of the connection: https://login.salesforce.com, for a sandbox "
    "https://test.salesforce.com, else the My Domain address.",
)
_WRONG_ASSERTION = (
    "Salesforce does not accept the signed assertion: {detail}",
    "Check that the certificate in the External Client App belongs to the private key, that "
    "audience fits the org, and that this machine's clock is right.",
)
_CLOCK_OFF = (
    "Salesforce does not accept the signed assertion, and this machine's clock differs from its by "
    "{skew} s: {detail}",
    "Set this machine's clock by a time server.",
)
_CLOCK_TOLERANCE = 60.0  # seconds; an assertion lasts three minutes
_NOT_SALESFORCE = (
    "The host does not answer as Salesforce does: {detail}",
    "Set url of the connection to the org's My Domain address, as Setup shows it.",
)
# Words of the answer, in the order in which they are looked for.
_SIGN_IN_TEXTS: tuple[tuple[str, tuple[str, str]], ...] = (
    (
        "not supported on this domain",
        (
            "Salesforce signs this app in on the org's own address only: {detail}",
            "Set url of the connection to the My Domain address (…my.salesforce.com), "
            "not login.salesforce.com.",
        ),
    ),
    (
        "no client credentials user",
        (
            "The External Client App has no run-as user: {detail}",
            "In Setup, open the app's policies and set the run-as user of the client "
            "credentials flow.",
        ),
    ),
    (
        "unsupported_grant_type",
        (
            "The client credentials flow is not enabled: {detail}",
            "In Setup, enable the client credentials flow in the External Client App.",
        ),
    ),
    (
        "inactive",
        (
            "The integration user or the org is not active: {detail}",
            "Ask the Salesforce admin to activate the run-as user.",
        ),
    ),
    ("hasn't approved", _NOT_APPROVED),
    ("not admin approved", _NOT_APPROVED),
    ("audience", _WRONG_AUDIENCE),
    ("assertion", _WRONG_ASSERTION),
    ("expired", _WRONG_ASSERTION),
    ("invalid_client", _WRONG_SECRET),
    ("authentication failure", _WRONG_SECRET),
)


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and the host to use it on. Its value never shows in a repr."""

    value: str = field(repr=False)
    instance_url: str


class TokenKeeper:
    """Holds one connection's token in memory and renews it once, however many threads ask.

    After a refusal nobody hammers the token endpoint: the same error is raised again until
    `REFUSAL_LASTS` has passed or the connection is opened anew.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._refusal: tuple[float, SignInError] | None = None

    def get(self, sign_in: Callable[[], Token], clock: ClockPort) -> Token:
        """The present token; signs in when there is none."""
        return self._token or self.renew(None, sign_in, clock)

    def renew(self, stale: Token | None, sign_in: Callable[[], Token], clock: ClockPort) -> Token:
        """A token other than `stale`: another thread's newer one, or by signing in."""
        with self._lock:
            if self._token is not None and self._token != stale:
                return self._token
            self._token = None
            if self._refusal and clock.monotonic() - self._refusal[0] < REFUSAL_LASTS:
                raise self._refusal[1]
            try:
                self._token = sign_in()
            except SignInError as error:
                self._refusal = (clock.monotonic(), error)
                raise
            self._refusal = None
            return self._token

    def reject(self, token: Token, error: SignInError, clock: ClockPort) -> None:
        """Take note that the org refuses even a fresh token."""
        with self._lock:
            if self._token == token:
                self._token = None
                self._refusal = (clock.monotonic(), error)

    def forgive(self) -> None:
        """Forget a refusal, because somebody may have mended its cause."""
        with self._lock:
            self._refusal = None


_keepers: dict[tuple[str, ...], TokenKeeper] = {}
_keepers_lock = threading.Lock()


def share_keeper(options: Options) -> TokenKeeper:
    """The process's keeper for these credentials.

    Salesforce ends the oldest of a user's few sessions of an app, so signing in once for each
    opened connection would end sessions that are in use.
    """
    key = (options.url, options.client_id, options.secret_reference, options.username)
    with _keepers_lock:
        keeper = _keepers.setdefault(key, TokenKeeper())
    keeper.forgive()
    return keeper


class TokenRequest:
    """Asks the org for a token. The secret is resolved for each request and not kept."""

    def __init__(
        self,
        options: Options,
        secrets: SecretsPort,
        session: BoundedSession,
        meter: Meter,
        clock: ClockPort,
    ) -> None:
        self._options = options
        self._secrets = secrets
        self._session = session
        self._meter = meter
        self._clock = clock
        self._call = Call("login", "sign-in", options.host)

    def sign_in(self) -> Token:
        """One token request; SignInError when refused, TransientError when it may succeed."""
        secret = self._secrets.resolve(self._options.secret_reference)
        request = requests.Request(
            "POST",
            spell_https(self._options.url) + TOKEN_PATH,
            data=write_form(self._options, secret, self._clock.now()),
            headers={"Accept": "application/json"},
        )
        self._meter.admit(self._call)
        try:
            answer = self._session.exchange(self._session.prepare_request(request))
        except ExchangeError as error:
            raise translate_exchange(error, self._call) from None
        self._meter.note(answer.headers)
        if answer.status != 200:
            skew = self._meter.skew() if self._options.signs_assertions else None
            raise translate_refusal(answer, self._call, secret, skew)
        return self._read_token(answer)

    def _read_token(self, answer: Answer) -> Token:
        try:
            body = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise translate_nonsense(self._call, "the answer is not JSON") from None
        value = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(value, str) or not (value.isascii() and value.isprintable()) or not value:
            raise translate_nonsense(self._call, "the answer holds no access token")
        instance_url = str(body.get("instance_url") or self._options.url).rstrip("/")
        if find_url_problem(instance_url):
            raise translate_nonsense(self._call, "the answer names no usable instance address")
        return Token(value, instance_url)


def translate_refusal(
    answer: Answer, call: Call, secret: str, skew: float | None = None
) -> CreditflagError:
    """The error for a refused token request; a server that echoes the secret is not quoted.

    `skew` is given for a signed assertion: seconds by which the org's clock is ahead of ours.
    """
    fault = read_fault(answer)
    if answer.status in (406, 420, 429) or answer.status >= 500 or fault.code in _TOKEN_BUSY:
        return TransientError(
            "Salesforce cannot sign anybody in just now (HTTP {status}).",
            code=fault.code or f"HTTP_{answer.status}",
            retry_after=read_retry_after(answer.headers),
            where=call.where,
            next_step="It is tried again.",
            status=answer.status,
        )
    detail = fault.detail or f"HTTP {answer.status}"
    if secret and secret in detail:
        detail = fault.code
    message, next_step = _SIGN_IN_OTHERWISE if skew is None else _SIGN_IN_BY_KEY_OTHERWISE
    if not fault.code:
        message, next_step = _NOT_SALESFORCE
    for words, told in _SIGN_IN_TEXTS:
        if words in f"{fault.code} {fault.detail}".lower():
            message, next_step = told
            break
    if (message, next_step) == _WRONG_ASSERTION and abs(skew or 0) > _CLOCK_TOLERANCE:
        message, next_step = _CLOCK_OFF
    return SignInError(
        message, where=call.where, next_step=next_step, detail=detail, skew=f"{skew or 0:.0f}"
    )
