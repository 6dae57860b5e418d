"""The Tooling API as far as custom fields need it: rows of CustomField, and queries."""

from __future__ import annotations

from typing import Any

from adapters.salesforce.emulator.context import Answer, Request
from adapters.salesforce.emulator.errors import ApiError, bad_json, missing_resource, wrong_method
from adapters.salesforce.emulator.ids import to_18
from adapters.salesforce.emulator.setup.documents import check_document
from adapters.salesforce.emulator.setup.inventory import Listed, list_components, read_document
from adapters.salesforce.emulator.setup.kinds import file_of
from adapters.salesforce.emulator.setup.makers import Making, make_component
from adapters.salesforce.emulator.setup.packages import Part
from adapters.salesforce.emulator.setup.problems import SetupError
from adapters.salesforce.emulator.setup.removals import remove_component
from adapters.salesforce.emulator.setup.rights import may_change_setup
from adapters.salesforce.emulator.setup.single_calls import change_setup
from adapters.salesforce.emulator.setup.tooling_tables import query_tooling, table_of

FIELD = "CustomField"


def serve_tooling(request: Request, rest: list[str]) -> Answer:
    """`/tooling/query` and `/tooling/sobjects/CustomField[/<id>]`."""
    if not may_change_setup(request.org, request.user_id):
        text = "You need the Customize Application permission to use the Tooling API"
        raise ApiError(403, "INSUFFICIENT_ACCESS", text)
    match [part.lower() for part in rest]:
        case ["query"]:
            if request.method != "GET":
                raise wrong_method(request.method)
            return Answer(200, query_tooling(request))
        case ["sobjects", "customfield"]:
            if request.method != "POST":
                raise wrong_method(request.method)
            return _create(request)
        case ["sobjects", "customfield", _]:
            return _serve_field(request, rest[2])
    raise missing_resource()


def _create(request: Request) -> Answer:
    org, body = request.org, request.json_object()
    full_name = body.get("FullName")
    if not isinstance(full_name, str) or "." not in full_name:
        message = "Required fields are missing: [FullName]"
        raise ApiError(400, "REQUIRED_FIELD_MISSING", message, ["FullName"])
    owner, _, name = full_name.partition(".")
    if read_document(org, FIELD, full_name) is not None:
        message = f"There is already a field named {name.removesuffix('__c')} on {owner}."
        raise ApiError(400, "DUPLICATE_DEVELOPER_NAME", message, ["DeveloperName"])
    _save(request, full_name, body)
    found = _find(request, full_name)
    answer = {"id": found.component_id, "success": True, "errors": [], "warnings": [], "infos": []}
    location = f"{request.data_path}/tooling/sobjects/{FIELD}/{found.component_id}"
    return Answer(201, answer, {"location": location})


def _serve_field(request: Request, given: str) -> Answer:
    wanted = to_18(given)
    fields = list_components(request.org, FIELD)
    found = next((item for item in fields if item.component_id == wanted), None)
    if found is None:
        raise missing_resource()
    if request.method == "GET":
        return Answer(200, _show(request, found))
    if request.method == "PATCH":
        _save(request, found.full_name, request.json_object())
        return Answer(204)
    if request.method == "DELETE":
        org, name = request.org, found.full_name
        _changed(request, lambda: bool(remove_component(org, request.user_id, FIELD, name, set())))
        return Answer(204)
    raise wrong_method(request.method)


def _save(request: Request, full_name: str, body: dict[str, Any]) -> None:
    unknown = set(body) - {"FullName", "Metadata", "attributes"}
    if unknown:
        message = f"No such column '{sorted(unknown)[0]}' on sobject of type {FIELD}"
        raise ApiError(400, "INVALID_FIELD", message)
    if not isinstance(body.get("Metadata"), dict):
        raise bad_json("Metadata must be an object")
    org = request.org

    def make() -> bool:
        document = check_document(body["Metadata"], FIELD)
        part = Part(FIELD, full_name, file_of(FIELD, full_name), document)
        return make_component(Making(org, request.user_id), part).created

    _changed(request, make)


def _changed(request: Request, work: Any) -> None:
    try:
        change_setup(request.org, work)
    except SetupError as error:
        raise ApiError(400, error.code, error.problem, []) from None


def _find(request: Request, full_name: str) -> Listed:
    wanted = full_name.lower()
    fields = list_components(request.org, FIELD)
    return next(item for item in fields if item.full_name.lower() == wanted)


def _show(request: Request, found: Listed) -> dict[str, Any]:
    row = next(row for row in table_of(request.org, FIELD) if row["Id"] == found.component_id)
    url = f"{request.data_path}/tooling/sobjects/{FIELD}/{found.component_id}"
    shown = {key: value for key, value in row.items() if key not in {"IsDeleted", "EntityLink"}}
    return {"attributes": {"type": FIELD, "url": url}, **shown}
