"""One HTTP exchange that is sure to end: total deadline, bounded body, no redirects, no retries.

`requests` bounds only the silence between two bytes, so a server that drips would hold a call for
ever; here the body is read piece by piece against a deadline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from adapters.salesforce.options import LOOPBACK_HOSTS, Options
from connector.ports.clock import ClockPort

CONNECT_TIMEOUT = 10.0
BODY_BYTES_MAX = 128 * 1024 * 1024
_PIECE = 64 * 1024


class ExchangeError(Exception):
    """No complete answer. `sent` tells whether the request may have reached the server."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer: status, headers (names in any case) and the decoded body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    response: requests.Response


class PlainOnLoopbackAdapter(HTTPAdapter):
    """Speaks http where the caller wrote https: simple-salesforce knows no other scheme."""

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Send over http; refuses any host but this machine."""
        parts = urlsplit(request.url or "")
        if parts.hostname not in LOOPBACK_HOSTS:
            raise requests.exceptions.InvalidURL("plain http is for this machine only")
        plain = request.copy()
        plain.url = urlunsplit(parts._replace(scheme="http"))
        return super().send(plain, *args, **kwargs)


def spell_https(url: str) -> str:
    """The https spelling of a checked address; a loopback http address is served by its mount."""
    return urlunsplit(urlsplit(url)._replace(scheme="https"))


class BoundedSession(requests.Session):
    """A `requests.Session` whose `exchange` ends in time and tells what was sent.

    The environment's proxies, netrc and certificate bundles are not looked at, because they would
    replace the session's own; cookies are not kept.
    """

    def __init__(self, options: Options, clock: ClockPort) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.verify = str(options.ca_file) if options.ca_file else True
        self.headers.update({"User-Agent": "creditflag", "Accept-Encoding": "gzip"})
        self._clock = clock
        self._read_timeout = options.read_timeout
        self._deadline = options.call_deadline
        # No mount for http:// at all, so that nothing can leave unencrypted by mistake.
        self.adapters.clear()
        self.mount("https://", HTTPAdapter(max_retries=0))

    def trust_plain_http(self, url: str) -> None:
        """Let https calls to this loopback http address go over http."""
        parts = urlsplit(url)
        prefix = f"https://{parts.netloc}/"
        loopback = parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS
        if loopback and prefix not in self.adapters:
            self.mount(prefix, PlainOnLoopbackAdapter(max_retries=0))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: a redirect is an answer like any other; following it could carry the token off."""

    def exchange(self, request: requests.PreparedRequest) -> Answer:
        """Send once and read the whole answer; ExchangeError when there is none."""
        ends = self._clock.monotonic() + self._deadline
        try:
            response = self.send(
                request,
                stream=True,
                allow_redirects=False,
                timeout=(CONNECT_TIMEOUT, min(self._read_timeout, self._deadline)),
                proxies={},
            )
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            # `from None`: the library's error carries the request, and with it the token.
            raise ExchangeError(_tell_reason(error), sent=_may_be_sent(error)) from None
        try:
            body = self._read_body(response, ends)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            reason = f"the answer broke off ({type(error).__name__})"
            raise ExchangeError(reason, sent=True) from None
        finally:
            response.close()
        response._content = body  # what `requests` would have read without a deadline
        return Answer(response.status_code, response.headers, body, response)

    def _read_body(self, response: requests.Response, ends: float) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while True:
            if self._clock.monotonic() > ends:
                raise ExchangeError(f"no full answer within {self._deadline:g} s", sent=True)
            piece = response.raw.read1(_PIECE, decode_content=True)
            if not piece:
                return b"".join(pieces)
            size += len(piece)
            if size > BODY_BYTES_MAX:
                raise ExchangeError("the answer is larger than is sound", sent=True)
            pieces.append(piece)


def _may_be_sent(error: Exception) -> bool:
    """False only when the connection was never made, so that nothing can have been applied."""
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.InvalidURL):
        return False
    cause = _find_cause(error)
    if isinstance(error, requests.exceptions.SSLError):
        return "CERTIFICATE_VERIFY_FAILED" not in str(error)
    return not isinstance(cause, urllib3.exceptions.NewConnectionError)


def _find_cause(error: BaseException) -> object:
    """What urllib3 said under the layers of requests."""
    inner = error.args[0] if error.args else None
    return getattr(inner, "reason", inner)


def _tell_reason(error: Exception) -> str:
    cause = _find_cause(error)
    if isinstance(cause, urllib3.exceptions.NameResolutionError):
        return "the host name is not known"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return f"no connection within {CONNECT_TIMEOUT:g} s"
    if isinstance(error, requests.exceptions.Timeout):
        return "the server fell silent"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted or TLS failed"
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return "the connection was refused"
    return f"the connection broke ({type(cause).__name__})"
