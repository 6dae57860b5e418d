"""What an endpoint gets: the org, the user, the call; and how it answers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from adapters.emulatorkit.wire import Call
from adapters.salesforce.emulator.errors import bad_json, missing_resource
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.writes import Writer

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_ALLOW_SAVE = re.compile(r"allowSave\s*=\s*true", re.IGNORECASE)


@dataclass(slots=True)
class Answer:
    """Status, JSON value (None: no body) and headers of an endpoint's answer.

    `content` is a body that is not JSON; its type stands in the headers.
    """

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """An authenticated API call for one version."""

    org: Org
    call: Call
    user_id: str
    version: str

    @property
    def data_path(self) -> str:
        """The path all resources of this version begin with."""
        return f"/services/data/v{self.version}"

    @property
    def method(self) -> str:
        """The HTTP method; HEAD is served as GET."""
        return self.call.method

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the URL."""
        return dict(self.call.query)

    def writer(self, records: int = 1) -> Writer:
        """Return a writer for this user and call, which writes so many records."""
        header = self.call.headers.get("sforce-duplicate-rule-header", "")
        allow = _ALLOW_SAVE.search(header) is not None
        return Writer(self.org, self.user_id, "api", self.call.number, records, allow)

    def json(self) -> Any:
        """Return the body with exact decimals; raises ApiError JSON_PARSER_ERROR."""
        try:
            value = json.loads(self.call.body, parse_float=Decimal, parse_constant=_refuse)
            if _SURROGATE.search(self.call.body):
                # Half of a pair cannot be written as UTF-8 again.
                json.dumps(value, ensure_ascii=False, default=str).encode()
        except (ValueError, RecursionError):
            raise bad_json("The HTTP entity body is not well formed JSON") from None
        return value

    def json_object(self) -> dict[str, Any]:
        """Return the body, which must be an object."""
        value = self.json()
        if not isinstance(value, dict):
            raise bad_json("The HTTP entity body is required to be a JSON object")
        return value

    def object(self, name: str) -> ObjectSpec:
        """Return an object by name in any case; raises ApiError 404."""
        spec = self.org.schema.find(name)
        if spec is None:
            raise missing_resource()
        return spec

    def within(self, method: str, path: str, query: dict[str, str], body: bytes) -> Request:
        """Return a request inside this one (composite, batch)."""
        call = Call(
            method, path, query, {}, body, self.call.base_url, self.call.number, raw_path=path
        )
        return Request(self.org, call, self.user_id, self.version)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
