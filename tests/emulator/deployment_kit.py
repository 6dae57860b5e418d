"""Small packages for the deployment tests, and a client that deploys them over REST."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

NS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
SCORE = "<label>Score</label><type>Number</type><precision>3</precision><scale>0</scale>"
GRADE = "<label>Grade</label><type>Text</type><length>10</length>"
LIGHT = (
    "<label>Light</label><type>Picklist</type><valueSet><restricted>true</restricted>"
    "<valueSetDefinition><sorted>false</sorted>"
    "<value><fullName>green</fullName><default>false</default><label>Green</label></value>"
    "<value><fullName>red</fullName><default>false</default><label>Red</label></value>"
    "</valueSetDefinition></valueSet>"
)


def make_zip(files: Mapping[str, Any]) -> bytes:
    """Pack files into a zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for path, content in files.items():
            target.writestr(path, content)
    return out.getvalue()


def manifest(**members: list[str]) -> str:
    """Write a package.xml."""
    types = "".join(
        f"<types>{''.join(f'<members>{m}</members>' for m in names)}<name>{kind}</name></types>"
        for kind, names in members.items()
    )
    return f'<?xml version="1.0"?><Package {NS}>{types}<version>66.0</version></Package>'


def document(kind: str, inner: str) -> str:
    """Write a metadata file."""
    return f'<?xml version="1.0"?><{kind} {NS}>{inner}</{kind}>'


def object_file(**fields: str) -> str:
    """Write an object file with custom fields; `Score__c="<label>…"`."""
    inner = "".join(
        f"<fields><fullName>{name}</fullName>{body}</fields>" for name, body in fields.items()
    )
    return document("CustomObject", inner)


def account_package(**fields: str) -> dict[str, str | bytes]:
    """Return the files of a package with custom fields of Account."""
    return {
        "package.xml": manifest(CustomField=[f"Account.{name}" for name in fields]),
        "objects/Account.object": object_file(**fields),
    }


def permission_file(label: str, fields: dict[str, bool], more: str = "") -> str:
    """Write a permission set that lets fields be read, and edited where the value is true."""
    inner = "".join(
        f"<fieldPermissions><editable>{str(edit).lower()}</editable><field>{name}</field>"
        "<readable>true</readable></fieldPermissions>"
        for name, edit in fields.items()
    )
    return document("PermissionSet", f"{inner}<label>{label}</label>{more}")


def start(org: Any, content: bytes, **options: Any) -> str:
    """Start a deployment over REST and return its id."""
    wish = {"deployOptions": {"singlePackage": True, "rollbackOnError": True, **options}}
    answer = org.http.post(
        org.data + "/metadata/deployRequest",
        files={
            "json": (None, json.dumps(wish), "application/json"),
            "file": ("deploy.zip", content, "application/zip"),
        },
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def deploy(org: Any, files: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    """Deploy files and return the finished deployResult."""
    deploy_id = start(org, make_zip(files), **options)
    result: dict[str, Any] = {"done": False}
    while not result["done"]:
        answer = org.call("GET", f"/metadata/deployRequest/{deploy_id}?includeDetails=true")
        assert answer.status_code == 200, answer.text
        result = answer.json()["deployResult"]
    return result


def problems(result: dict[str, Any]) -> dict[str, str]:
    """Return the problem of each failed component by its full name."""
    failures = result["details"]["componentFailures"]
    return {failure["fullName"]: failure["problem"] for failure in failures}


def grant(org: Any, *fields: str, edit: bool = True) -> str:
    """Let the API user see fields, by records; returns the permission set's id."""
    set_id = org.create(
        "PermissionSet", Name=f"P{len(org.control.records('PermissionSet'))}", Label="P"
    )
    for path in fields:
        org.create(
            "FieldPermissions",
            ParentId=set_id,
            SobjectType=path.partition(".")[0],
            Field=path,
            PermissionsRead=True,
            PermissionsEdit=edit,
        )
    user = org.control.settings()["run_as"]
    org.create("PermissionSetAssignment", AssigneeId=user, PermissionSetId=set_id)
    return str(set_id)
