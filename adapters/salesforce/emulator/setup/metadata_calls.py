"""The Metadata API over SOAP: deploy, retrieve, lists, and the calls for single components."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

from adapters.salesforce.emulator.ids import make_id, to_18
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.setup.deploy_book import Deployment, DeployOptions, Retrieval
from adapters.salesforce.emulator.setup.deploy_results import show_result
from adapters.salesforce.emulator.setup.deployment import (
    cancel_deployment,
    poll_deployment,
    start_deployment,
)
from adapters.salesforce.emulator.setup.inventory import Listed, build_package, list_components
from adapters.salesforce.emulator.setup.kinds import KINDS, file_of, is_known
from adapters.salesforce.emulator.setup.packages import read_members
from adapters.salesforce.emulator.setup.problems import SetupError
from adapters.salesforce.emulator.setup.single_calls import SINGLE_CALLS
from adapters.salesforce.emulator.setup.soap import (
    Envelope,
    SoapFaultError,
    child,
    children,
    is_true,
)
from adapters.salesforce.emulator.setup.zips import pack

LIST_QUERIES_MAX = 3
FREE_CALLS = {"checkDeployStatus", "checkRetrieveStatus"}


def answer_metadata_call(org: Org, user_id: str, envelope: Envelope, version: str) -> Any:
    """Return the result of a Metadata API call; raises SoapFaultError."""
    single = SINGLE_CALLS.get(envelope.operation)
    try:
        if single is not None:
            return single(org, user_id, envelope)
        known = _CALLS.get(envelope.operation)
        if known is None:
            text = f"No operation available for request {envelope.operation}"
            raise SoapFaultError("UNKNOWN_EXCEPTION", text)
        return known(org, user_id, envelope, version)
    except SetupError as error:
        raise SoapFaultError(error.code, error.problem) from None


def new_job_id(org: Org, prefix: str) -> str:
    """Return an unused id for a deployment (0Af) or a retrieve (09S)."""
    org.serials[prefix] += 1
    return make_id(prefix, org.serials[prefix])


def find_deployment(org: Org, given: str) -> Deployment:
    """Return a deployment by its id of 15 or 18 characters; raises SetupError."""
    found = org.deploys.deployments.get(to_18(given) or "")
    if found is None:
        text = f"invalid cross reference id: no deployment {given}"
        raise SetupError(text, "INVALID_CROSS_REFERENCE_KEY")
    return found


def _deploy(org: Org, user_id: str, envelope: Envelope, version: str) -> dict[str, Any]:
    try:
        packed = "".join(envelope.text("ZipFile").split())
        content = base64.b64decode(packed.encode(), validate=True)
    except (binascii.Error, ValueError):
        raise SoapFaultError("INVALID_ZIP_FILE", "ZipFile is not base64") from None
    options = _read_options(child(envelope.call, "DeployOptions"))
    deployment = start_deployment(org, user_id, options, content, new_job_id(org, "0Af"))
    return {"done": False, "id": deployment.deploy_id, "state": "Queued"}


def _read_options(element: Element | None) -> DeployOptions:
    def flag(name: str, default: bool) -> bool:
        found = None if element is None else child(element, name)
        return default if found is None else is_true(found.text or "")

    level = None if element is None else child(element, "testLevel")
    return DeployOptions(
        check_only=flag("checkOnly", False),
        rollback_on_error=flag("rollbackOnError", False),
        single_package=flag("singlePackage", False),
        ignore_warnings=flag("ignoreWarnings", False),
        purge_on_delete=flag("purgeOnDelete", False),
        allow_missing_files=flag("allowMissingFiles", False),
        test_level="" if level is None else (level.text or "").strip(),
    )


def _check_deploy(org: Org, user_id: str, envelope: Envelope, version: str) -> dict[str, Any]:
    deployment = find_deployment(org, envelope.text("asyncProcessId"))
    poll_deployment(org, deployment)
    with_details = is_true(envelope.text("includeDetails"))
    return show_result(org, deployment, with_details=with_details)


def _cancel(org: Org, user_id: str, envelope: Envelope, version: str) -> dict[str, Any]:
    deployment = find_deployment(org, envelope.text("String") or envelope.text("asyncProcessId"))
    cancel_deployment(org, deployment, user_id)
    return {"done": True, "id": deployment.deploy_id}


def _describe(org: Org, user_id: str, envelope: Envelope, version: str) -> dict[str, Any]:
    objects = [
        {
            "childXmlNames": list(kind.children),
            "directoryName": kind.folder,
            "inFolder": False,
            "metaFile": kind.has_meta_file,
            "suffix": kind.suffix or None,
            "xmlName": kind.name,
        }
        for kind in KINDS.values()
    ]
    return {
        "metadataObjects": objects,
        "organizationNamespace": "",
        "partialSaveAllowed": True,
        "testRequired": False,
    }


def _list(org: Org, user_id: str, envelope: Envelope, version: str) -> list[dict[str, Any]]:
    queries = children(envelope.call, "queries")
    if len(queries) > LIST_QUERIES_MAX:
        text = f"The maximum number of queries is {LIST_QUERIES_MAX}"
        raise SoapFaultError("LIMIT_EXCEEDED", text)
    found = []
    for query in queries:
        kind = child(query, "type")
        name = "" if kind is None else (kind.text or "").strip()
        if not is_known(name):
            raise SoapFaultError("INVALID_TYPE", f"INVALID_TYPE: Unknown type: {name}")
        found += [_properties(org, item) for item in list_components(org, name)]
    return found


def _properties(org: Org, item: Listed) -> dict[str, Any]:
    def name_of(user_id: str) -> Any:
        return (org.records.get("User", user_id) or {}).get("Name")

    return {
        "createdById": item.created_by,
        "createdByName": name_of(item.created_by),
        "createdDate": item.created_at.replace("+0000", "Z"),
        "fileName": file_of(item.kind, item.full_name),
        "fullName": item.full_name,
        "id": item.component_id,
        "lastModifiedById": item.changed_by,
        "lastModifiedByName": name_of(item.changed_by),
        "lastModifiedDate": item.changed_at.replace("+0000", "Z"),
        "manageableState": "unmanaged",
        "type": item.kind,
    }


def _retrieve(org: Org, user_id: str, envelope: Envelope, version: str) -> dict[str, Any]:
    request = child(envelope.call, "retrieveRequest")
    wanted = None if request is None else child(request, "unpackaged")
    if request is None or wanted is None:
        raise SoapFaultError("INVALID_TYPE", "retrieve needs what is unpackaged")
    _, members = read_members(wanted, "package.xml")
    single = child(request, "singlePackage")
    folder = "" if single is not None and is_true(single.text or "") else "unpackaged/"
    job = Retrieval(new_job_id(org, "09S"), members, version, folder)
    org.deploys.retrievals[job.retrieve_id] = job
    return {"done": False, "id": job.retrieve_id, "state": "Queued"}


def _check_retrieve(org: Org, user_id: str, envelope: Envelope, version: str) -> dict[str, Any]:
    job = org.deploys.retrievals.get(to_18(envelope.text("asyncProcessId")) or "")
    if job is None:
        raise SoapFaultError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    job.polls += 1
    if not job.is_done and job.polls >= org.settings.deploy_polls:
        files, job.listed, job.messages = build_package(org, job.members, job.version)
        job.content = pack({job.folder + path: body for path, body in files.items()})
        job.is_done = True
    with_zip = envelope.text("includeZip", "true").lower() != "false"
    zipped = base64.b64encode(job.content).decode() if job.is_done and with_zip else None
    return {
        "done": job.is_done,
        "fileProperties": [
            _properties(org, item)
            for kind, name, _ in job.listed
            for item in list_components(org, kind)
            if item.full_name == name
        ],
        "id": job.retrieve_id,
        "messages": [{"fileName": file, "problem": text} for file, text in job.messages],
        "status": "Succeeded" if job.is_done else "InProgress",
        "success": job.is_done,
        "zipFile": zipped,
    }


_CALLS: dict[str, Callable[[Org, str, Envelope, str], Any]] = {
    "deploy": _deploy,
    "checkDeployStatus": _check_deploy,
    "cancelDeploy": _cancel,
    "describeMetadata": _describe,
    "listMetadata": _list,
    "retrieve": _retrieve,
    "checkRetrieveStatus": _check_retrieve,
}
