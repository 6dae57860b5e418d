"""The emulated org as a service: which path is served by what."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from adapters.emulatorkit.wire import Call, Reply
from adapters.salesforce.emulator import composite, oauth, resources
from adapters.salesforce.emulator.bulk import progress
from adapters.salesforce.emulator.bulk.ingest_calls import serve_ingest
from adapters.salesforce.emulator.bulk.query_calls import serve_query_jobs
from adapters.salesforce.emulator.bulk_v1.async_calls import ASYNC_PATH, serve_async
from adapters.salesforce.emulator.collection_calls import (
    serve_collection,
    serve_object_collection,
    serve_upsert_collection,
)
from adapters.salesforce.emulator.composite_tree import serve_tree
from adapters.salesforce.emulator.context import Answer, Request
from adapters.salesforce.emulator.control import run_control
from adapters.salesforce.emulator.endpoint_classes import classify_data
from adapters.salesforce.emulator.errors import ApiError, missing_resource
from adapters.salesforce.emulator.install import new_org
from adapters.salesforce.emulator.json_text import write_json
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.query_calls import Locators, serve_more, serve_query
from adapters.salesforce.emulator.setup.deploy_calls import serve_deploy_request
from adapters.salesforce.emulator.setup.permissions import look_as
from adapters.salesforce.emulator.setup.soap_calls import SOAP_PATH, serve_soap
from adapters.salesforce.emulator.setup.tooling import serve_tooling
from adapters.salesforce.emulator.sobject_calls import serve_sobjects

URL_MAX = 16_384
_SLASHES = re.compile(r"/{2,}")
_DATA = re.compile(r"/services/data/v(\d+\.\d)(/.*)?\Z", re.IGNORECASE)


class SalesforceService:
    """Answers calls for one org (the service behind the shared HTTP side)."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.clock = org.clock
        self.records = org.records
        self.faults = org.faults
        self.counters = org.counters
        self.locators = Locators()

    def classify(self, call: Call) -> str:
        """Name the endpoint class: token, query, query_more, collection_update, ..."""
        path = _tidy(call.path).lower()
        if path.startswith("/services/oauth2/"):
            return path.rsplit("/", 1)[-1]
        if path.startswith("/id/"):
            return "identity"
        if path.startswith("/services/async/"):
            return "bulk_v1"
        if path.startswith("/services/soap/"):
            return "soap_login" if path.startswith("/services/soap/u/") else "metadata"
        match = _DATA.match(path)
        if match is None:
            return "versions" if path == "/services/data" else "other"
        parts = [part for part in (match.group(2) or "").split("/") if part]
        return classify_data(call.method, parts)

    def answer(self, call: Call) -> Reply:
        """Answer an API call in the vendor's forms."""
        pretty = call.headers.get("x-prettyprint") == "1"
        progress.settle(self.org)
        try:
            answer = self._serve(call)
        except oauth.OAuthError as error:
            answer = Answer(error.status, error.body)
        except ApiError as error:
            answer = Answer(error.status, error.body())
        if answer.status == 401:
            answer.headers["www-authenticate"] = "Token"
        if call.method != "GET":
            self.save_settings()
        if _DATA.match(_tidy(call.path)) and answer.status != 401:
            used, top = self.org.used_calls(), self.org.settings.daily_limit
            answer.headers["sforce-limit-info"] = f"api-usage={used}/{top}"
        if answer.body is None:
            return Reply(answer.status, answer.content or b"", answer.headers)
        answer.headers["content-type"] = "application/json;charset=UTF-8"
        return Reply(answer.status, write_json(answer.body, pretty=pretty), answer.headers)

    def expire_sessions(self) -> int:
        """End every session; returns how many there were."""
        count = len(self.org.sessions)
        self.org.sessions.clear()
        return count

    def control(self, action: str, call: Call) -> Any:
        """Do one of this emulator's own control actions."""
        look_as(self.org, "")
        if action == "reset" and call.method == "POST":
            return self._reset()
        return run_control(self.org, self.locators, action, call)

    def save_settings(self) -> None:
        """Write clock, schema and settings to the data file, if there is one."""
        self.org.save()

    def _reset(self) -> dict[str, str]:
        """Begin again with an empty org: only the app's credentials stay."""
        old = self.org
        if old.datafile is not None:
            old.datafile.clear_org()
        fresh = new_org(old.datafile, client_id=old.client_id, client_secret=old.client_secret)
        self.org, self.clock, self.records = fresh, fresh.clock, fresh.records
        self.faults, self.counters, self.locators = fresh.faults, fresh.counters, Locators()
        return {"org_id": fresh.org_id}

    # --- paths -----------------------------------------------------------------------

    def _serve(self, call: Call) -> Answer:
        path = _tidy(call.path)
        lower = path.lower()
        if call.url_bytes > URL_MAX:
            raise ApiError(414, "URI_TOO_LONG", f"The URL is longer than {URL_MAX} bytes")
        headers = sum(len(name) + len(value) + 4 for name, value in call.headers.items())
        if call.url_bytes + headers > URL_MAX:
            raise ApiError(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", "URL and headers are too long")
        if lower == "/services/data":
            return Answer(200, resources.list_versions(self.org))
        if lower == "/services/oauth2/token":
            return Answer(200, oauth.issue_token(self.org, call))
        if lower == "/services/oauth2/revoke":
            oauth.revoke(self.org, call)
            return Answer(200)
        if lower == "/services/oauth2/introspect":
            return Answer(200, oauth.introspect(self.org, call))
        if lower == "/services/oauth2/userinfo":
            return self._userinfo(call)
        if lower.startswith("/id/"):
            return self._identity(call, path)
        soap = SOAP_PATH.match(path)
        if soap is not None:
            return serve_soap(self.org, call, soap.group(1), soap.group(2))
        batches = ASYNC_PATH.match(path)
        if batches is not None:
            return serve_async(self.org, call, batches.group(1), batches.group(2))
        match = _DATA.match(path)
        if match is None:
            raise missing_resource()
        return self._serve_data(call, match.group(1))

    def _user(self, token: str) -> str:
        user_id = self.org.use_session(token)
        if user_id is None:
            raise oauth.session_invalid()
        return user_id

    def _userinfo(self, call: Call) -> Answer:
        token = call.query.get("oauth_token") or oauth.bearer_token(call)
        return Answer(200, oauth.user_info(self.org, self._user(token), call.base_url))

    def _identity(self, call: Call, path: str) -> Answer:
        token = call.query.get("oauth_token") or oauth.bearer_token(call)
        self._user(token)
        parts = path.strip("/").split("/")
        if len(parts) != 3 or parts[1] != self.org.org_id:
            raise missing_resource()
        if self.org.records.get("User", parts[2]) is None:
            raise missing_resource()
        return Answer(200, oauth.identity(self.org, parts[2], call.base_url))

    def _serve_data(self, call: Call, version: str) -> Answer:
        settings = self.org.settings
        if float(version) < settings.first_version:
            message = f"The requested API version v{version} is retired"
            raise ApiError(410, "UNSUPPORTED_API_VERSION", message)
        if float(version) > settings.last_version or not version.endswith(".0"):
            raise missing_resource()
        user_id = self._user(oauth.bearer_token(call))
        if not self.org.spend_call():
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        look_as(self.org, user_id)
        return self.dispatch(Request(self.org, call, user_id, version))

    def dispatch(self, request: Request) -> Answer:
        """Serve an authenticated call, also one inside composite or batch."""
        match = _DATA.match(_tidy(request.call.path))
        if match is None:
            raise missing_resource()
        # Parts are split before they are decoded: an external id may hold a slash.
        raw = _DATA.match(_tidy(request.call.raw_path or request.call.path))
        tail = (raw.group(2) if raw else match.group(2)) or ""
        parts = [unquote(part) for part in tail.split("/") if part]
        with self.records.transaction():
            return self._route(request, parts)

    def _route(self, request: Request, parts: list[str]) -> Answer:
        match [parts[0].lower() if parts else "", *parts[1:]]:
            case [""]:
                return resources.list_resources(request)
            case ["limits"]:
                return resources.show_limits(request)
            case ["limits", name] if name.lower() == "recordcount":
                return resources.count_records(request)
            case ["query"]:
                return serve_query(request, self.locators, include_deleted=False)
            case ["queryall"]:
                return serve_query(request, self.locators, include_deleted=True)
            case ["query" | "queryall", locator]:
                return serve_more(request, self.locators, locator)
            case ["sobjects", *rest]:
                return serve_sobjects(request, rest)
            case ["composite", *rest]:
                return self._route_composite(request, rest)
            case ["jobs", kind, *rest] if kind.lower() == "ingest":
                return serve_ingest(request, rest)
            case ["jobs", kind, *rest] if kind.lower() == "query":
                return serve_query_jobs(request, rest)
            case ["tooling", *rest]:
                return serve_tooling(request, rest)
            case ["metadata", name, *rest] if name.lower() == "deployrequest":
                return serve_deploy_request(request, rest)
        raise missing_resource()

    def _route_composite(self, request: Request, rest: list[str]) -> Answer:
        match [rest[0].lower() if rest else "", *rest[1:]]:
            case [""]:
                return composite.serve_composite(request, self.dispatch)
            case ["batch"]:
                return composite.serve_batch(request, self.dispatch)
            case ["tree", name]:
                return serve_tree(request, name)
            case ["sobjects"]:
                return serve_collection(request)
            case ["sobjects", name]:
                return serve_object_collection(request, name)
            case ["sobjects", name, field]:
                return serve_upsert_collection(request, name, field)
        raise missing_resource()


def _tidy(path: str) -> str:
    return _SLASHES.sub("/", path).rstrip("/") or "/"
