"""The result of a deployment in the form that SOAP and REST share."""

from __future__ import annotations

from typing import Any

from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.setup.deploy_book import Deployment, DeployMessage
from adapters.salesforce.emulator.setup.packages import MANIFEST


def show_result(org: Org, deployment: Deployment, *, with_details: bool) -> dict[str, Any]:
    """Return the DeployResult of a deployment (Metadata API guide, DeployResult)."""
    counted = [m for m in deployment.messages if m.full_name != MANIFEST]
    failures = [m for m in deployment.messages if not m.success]
    user = org.records.get("User", deployment.user_id) or {}
    result: dict[str, Any] = {
        "checkOnly": deployment.options.check_only,
        "completedDate": _iso(deployment.completed_at),
        "createdBy": deployment.user_id[:15],
        "createdByName": user.get("Name"),
        "createdDate": _iso(deployment.created_at),
    }
    if deployment.canceled_by:
        result["canceledBy"] = deployment.canceled_by[:15]
    if with_details:
        result["details"] = _details(deployment)
    if deployment.error:
        result |= {
            "errorMessage": deployment.error,
            "errorStatusCode": deployment.error_code,
        }
    return result | {
        "done": deployment.is_done,
        "id": deployment.deploy_id,
        "ignoreWarnings": deployment.options.ignore_warnings,
        "lastModifiedDate": _iso(deployment.completed_at or deployment.created_at),
        "numberComponentErrors": len(failures),
        "numberComponentsDeployed": sum(1 for m in counted if m.success),
        "numberComponentsTotal": len(counted),
        "numberTestErrors": 0,
        "numberTestsCompleted": 0,
        "numberTestsTotal": 0,
        "rollbackOnError": deployment.options.rollback_on_error,
        "runTestsEnabled": False,
        "startDate": _iso(deployment.started_at),
        "status": deployment.status,
        "success": deployment.status in {"Succeeded", "SucceededPartial"},
    }


def _details(deployment: Deployment) -> dict[str, Any]:
    return {
        "componentFailures": [
            _message(deployment, m) for m in deployment.messages if not m.success
        ],
        "componentSuccesses": [_message(deployment, m) for m in deployment.messages if m.success],
        "runTestResult": {"numFailures": 0, "numTestsRun": 0, "totalTime": 0.0},
    }


def _message(deployment: Deployment, message: DeployMessage) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "changed": message.changed,
        "componentType": message.kind,
        "created": message.created,
        "createdDate": _iso(deployment.completed_at or deployment.started_at),
        "deleted": message.deleted,
        "fileName": message.file_name,
        "fullName": message.full_name,
    }
    if message.line:
        shown |= {"columnNumber": message.column, "lineNumber": message.line}
    if message.component_id:
        shown["id"] = message.component_id
    if message.problem:
        shown |= {"problem": message.problem, "problemType": message.problem_type}
    return shown | {"success": message.success}


def _iso(stamp: str) -> str | None:
    return stamp.replace("+0000", "Z") if stamp else None
