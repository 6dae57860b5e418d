"""The one session through which everything is said to an org.

simple-salesforce builds addresses and reads bodies on top of it; this session adds what that
library lacks: the token written at send time and renewed once, deadlines, retries of reads,
translated errors, exact numbers, and the count of calls.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, cast
from xml.sax.saxutils import escape

import requests
from simple_salesforce.api import Salesforce

from adapters.salesforce.errors import (
    Call,
    CallKind,
    read_fault,
    translate_answer,
    translate_exchange,
    translate_nonsense,
)
from adapters.salesforce.meter import Meter
from adapters.salesforce.options import Options, read_options
from adapters.salesforce.retries import retry_reads
from adapters.salesforce.signin import Token, TokenRequest, share_keeper
from adapters.salesforce.transport import Answer, BoundedSession, ExchangeError
from connector.errors import SignInError
from connector.ports.clock import ClockPort
from connector.ports.manifest import Opening

_NO_CONTENT = 204
_NOT_MODIFIED = 304
_SESSION_ENDS = (401, 500)  # REST, and SOAP, whose every fault is a 500
_PLACEHOLDER = "written at send time"


class SalesforceHttp(BoundedSession):
    """A `requests.Session` for simple-salesforce whose requests raise our errors.

    `request` takes one more keyword, `call`, which says what the request is for. Reads are
    repeated on passing errors; a write is sent once, and only an ended session repeats it,
    because then nothing was applied.
    """

    def __init__(self, options: Options, opening: Opening, meter: Meter) -> None:
        super().__init__(options, opening.clock)
        self._meter = meter
        self._keeper = share_keeper(options)
        self._credentials = TokenRequest(options, opening.secrets, self, meter, opening.clock)
        self.trust_plain_http(options.url)

    def fetch_token(self) -> Token:
        """The token in use; signs in when there is none."""
        return retry_reads(self._clock)(self._get_token)

    def request(  # type: ignore[override]  # the part of the signature that is used
        self,
        method: str,
        url: str,
        *,
        call: Call,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        raw: bool = False,
    ) -> requests.Response:
        """Send and return a success (or 304); its `json()` gives numbers as Decimal.

        `raw` is for answers that are no JSON (CSV, or nothing): the body is taken as it is.
        """
        prepared = self.prepare_request(
            requests.Request(method, url, params=params, headers=headers, data=data)
        )
        if call.writes:
            return self._attempt(prepared, call, raw)
        return retry_reads(self._clock)(self._attempt, prepared, call, raw)

    def _get_token(self) -> Token:
        return self._keeper.get(self._credentials.sign_in, self._clock)

    def _attempt(
        self, prepared: requests.PreparedRequest, call: Call, raw: bool
    ) -> requests.Response:
        token = self._get_token()
        answer = self._send(prepared, call, token)
        if answer.status in _SESSION_ENDS and read_fault(answer).code == "INVALID_SESSION_ID":
            token = self._keeper.renew(token, self._credentials.sign_in, self._clock)
            answer = self._send(prepared, call, token)
        try:
            return _settle(answer, call, raw)
        except SignInError as error:
            # A fresh session that is refused would be renewed by every call to come.
            self._keeper.reject(token, error, self._clock)
            raise

    def _send(self, prepared: requests.PreparedRequest, call: Call, token: Token) -> Answer:
        request = prepared.copy()
        request.headers["Authorization"] = f"Bearer {token.value}"
        if "SOAPAction" in request.headers and isinstance(request.body, bytes):
            # SOAP wants the session in the envelope.
            session_id = escape(token.value).encode()
            request.prepare_body(request.body.replace(_PLACEHOLDER.encode(), session_id), None)
        self._meter.admit(call)
        try:
            answer = self.exchange(request)
        except ExchangeError as error:
            raise translate_exchange(error, call) from None
        self._meter.note(answer.headers)
        return answer


class SalesforceSession:
    """An opened connection: calls by resource path, with Salesforce's clock and budget.

    Every call raises SignInError, BudgetError, RefusedError, TransientError, or for a write whose
    answer was lost UnknownOutcomeError.
    """

    def __init__(self, opening: Opening) -> None:
        self.options = read_options(opening)
        self.clock: ClockPort = opening.clock
        self.meter = Meter(self.options, opening.clock, opening.allowance)
        self._http = SalesforceHttp(self.options, opening, self.meter)
        self._clients: dict[str, Salesforce] = {}

    def __repr__(self) -> str:
        return f"SalesforceSession({self.options.host})"

    def query(self, soql: str, call: Call, *, deleted_too: bool = False) -> dict[str, Any]:
        """First page of a query, 2,000 records at most; `deleted_too` also gives binned ones."""
        return _expect_dict(
            self._client().query(soql, include_deleted=deleted_too, headers=_PAGE, call=call), call
        )

    def query_more(self, next_url: str, call: Call) -> dict[str, Any]:
        """The page at a query's `nextRecordsUrl`."""
        if not next_url.startswith("/services/data/"):
            raise translate_nonsense(call, "the next page has a strange address")
        page = self._client().query_more(next_url, identifier_is_url=True, headers=_PAGE, call=call)
        return _expect_dict(page, call)

    def ask(
        self,
        method: str,
        path: str,
        call: Call,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON answer of a REST resource below `/services/data/vNN.0/`; None when empty."""
        return self._client().restful(
            path, method=method, data=body, headers=headers or {}, call=call
        )

    def respond(self, path: str, call: Call, headers: Mapping[str, str]) -> requests.Response:
        """The whole answer of a GET, for what rests on status and headers (304)."""
        client = self._client()
        return self._http.request("GET", client.base_url + path, call=call, headers=headers)

    def carry_csv(
        self,
        method: str,
        path: str,
        call: Call,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> requests.Response:
        """Upload CSV, or fetch it: the answer's `content` is the text in UTF-8.

        An answer with content that is no CSV counts as no answer.
        """
        headers = {"Accept": "text/csv"}
        if body is not None:
            headers["Content-Type"] = "text/csv; charset=UTF-8"
        url = self._client().base_url + path
        response = self._http.request(
            method, url, call=call, params=params, headers=headers, data=body, raw=True
        )
        if response.content and "csv" not in response.headers.get("Content-Type", ""):
            raise translate_nonsense(call, "the answer is not CSV")
        return response

    def ask_root(self, path: str, call: Call) -> Any:
        """The JSON answer of a GET outside the versioned API, such as `/services/data/`."""
        client = self._client()
        return self._http.request("GET", f"https://{client.sf_instance}{path}", call=call).json()

    def ask_metadata(self, envelope_of: Callable[[str], bytes], call: Call) -> bytes:
        """The XML answer of the Metadata API's SOAP end.

        `envelope_of` makes the envelope around the session id it is given.
        """
        client = self._client()
        answer = self._http.request(
            "POST",
            f"https://{client.sf_instance}/services/Soap/m/{self.options.api_version}",
            call=call,
            headers={"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'},
            data=envelope_of(_PLACEHOLDER),
            raw=True,
        )
        return answer.content

    def name_call(self, kind: CallKind, subject: str, *, repeatable: bool = False) -> Call:
        """What a call is for, with this connection's host."""
        return Call(kind, subject, self.options.host, repeatable)

    def close(self) -> None:
        """Close the connections and give unused calls back; the token stays with the process."""
        self._http.close()
        self.meter.close()

    def _client(self) -> Salesforce:
        url = self._http.fetch_token().instance_url
        client = self._clients.get(url)
        if client is None:
            self._http.trust_plain_http(url)
            client = Salesforce(
                session_id=_PLACEHOLDER,
                instance_url=url,
                version=self.options.api_version,
                session=self._http,
                parse_float=Decimal,
                object_pairs_hook=None,
            )
            del client.headers["X-PrettyPrint"]  # a third fewer bytes
            self._clients[url] = client
        return client


_PAGE = {"Sforce-Query-Options": "batchSize=2000"}


def parse_body(body: bytes) -> Any:
    """JSON with every number as Decimal; ValueError for anything else, NaN included."""
    return json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _settle(answer: Answer, call: Call, raw: bool) -> requests.Response:
    """Raise for a refusal, and for a success whose body is cut or not JSON (unless `raw`)."""
    response = answer.response
    if answer.status == _NOT_MODIFIED and "If-Modified-Since" in response.request.headers:
        return response
    if not 200 <= answer.status < 300:
        raise translate_answer(answer, call)
    if answer.status == _NO_CONTENT or raw:
        return response
    try:
        parsed = parse_body(answer.body)
    except (ValueError, RecursionError):
        raise translate_nonsense(call, "the answer is not JSON") from None
    # The body is read once, here; simple-salesforce asks `json()` with its own settings.
    response.json = lambda **_settings: parsed  # type: ignore[method-assign]  # exact numbers
    return response


def _expect_dict(value: object, call: Call) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise translate_nonsense(call, "the answer is no object")
    return cast("dict[str, Any]", value)
