"""What bad people and broken clients send to the set-up side: a fault, never a traceback."""

from __future__ import annotations

import io
import json
import struct
import zipfile

import pytest
import requests

from tests.emulator.deployment_kit import (
    SCORE,
    account_package,
    deploy,
    make_zip,
    manifest,
    object_file,
    problems,
    start,
)

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
    '<Package xmlns="http://soap.sforce.com/2006/04/metadata"><version>&b;</version></Package>'
)
OUTSIDE = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
    '<Package xmlns="http://soap.sforce.com/2006/04/metadata"><version>&f;</version></Package>'
)


def soap(org, body, path="/services/Soap/m/66.0"):
    headers = {"Content-Type": "text/xml", "SOAPAction": '""'}
    return requests.post(org.emulator.url + path, data=body, headers=headers, timeout=30)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"\x00\xff\xfe",
        b"<a><b></a>",
        b"<a/>",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b'<?xml version="1.0" encoding="utf-16"?><a/>',
        BOMB.encode(),
        OUTSIDE.encode(),
        b"<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body/></e:Envelope>",
        b"<a>" * 20_000 + b"</a>" * 20_000,
    ],
)
@pytest.mark.parametrize("face", ["u", "m"])
def test_bad_soap_is_a_fault(org, body, face):
    answer = soap(org, body, f"/services/Soap/{face}/59.0")
    assert answer.status_code == 500
    assert "exceptionCode" in answer.text
    assert "Traceback" not in answer.text
    assert "emulator itself failed" not in answer.text


def test_other_methods_and_paths_of_soap(org):
    answer = requests.get(org.emulator.url + "/services/Soap/m/66.0", timeout=30)
    assert answer.status_code == 500
    assert soap(org, b"<a/>", "/services/Soap/x/66.0").status_code == 404


def deploy_bytes(org, content: bytes) -> dict:
    deploy_id = start(org, content)
    body = org.call("GET", f"/metadata/deployRequest/{deploy_id}?includeDetails=true").json()
    return body["deployResult"]


def lying_zip() -> bytes:
    """Return a zip whose entry says it is a few bytes long and is a million."""
    content = bytearray(make_zip({"package.xml": "x" * 1_000_000}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.index(mark) + offset
        content[at : at + 4] = struct.pack("<I", 10)
    return bytes(content)


def encrypted_zip() -> bytes:
    content = bytearray(make_zip({"package.xml": manifest()}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        b"no zip at all" * 100,
        make_zip({"../package.xml": manifest()}),
        make_zip({"/package.xml": manifest()}),
        make_zip({"a/../../package.xml": manifest()}),
        make_zip({"C:\\package.xml": manifest()}),
        make_zip({"package.xml": BOMB}),
        make_zip({"package.xml": OUTSIDE}),
        make_zip({"package.xml": "<Package/>"}),
        make_zip({"package.xml": b"\xff\xfe\x00"}),
        lying_zip(),
        encrypted_zip(),
    ],
)
def test_bad_zips_fail_the_deployment(org, content):
    result = deploy_bytes(org, content)
    assert (result["status"], result["done"], result["success"]) == ("Failed", True, False)
    assert result["numberComponentErrors"] >= 1


def test_a_name_twice_in_the_zip(org):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.writestr("package.xml", manifest())
        with pytest.warns(UserWarning, match="Duplicate name"):
            target.writestr("package.xml", manifest())
    result = deploy_bytes(org, out.getvalue())
    assert "two files" in problems(result)["package.xml"]


def test_zip_bombs_are_not_unpacked(org):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("package.xml", manifest())
        target.writestr("staticresources/big.resource", b"0" * 1024)
    content = bytearray(out.getvalue())
    at = content.rindex(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<I", 2_000_000_000)
    result = deploy_bytes(org, bytes(content))
    assert result["errorStatusCode"] == "LIMIT_EXCEEDED"


def test_too_many_files(org):
    files: dict[str, str | bytes] = {f"lwc/a/{n}.js": "" for n in range(10_001)}
    result = deploy(org, {"package.xml": manifest(), **files})
    assert "Maximum number of files exceeded" in problems(result)["package.xml"]


@pytest.mark.parametrize(
    "content",
    [
        "<CustomObject",
        BOMB.replace("Package", "CustomObject"),
        '<CustomObject xmlns="urn:other"/>',
        '<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata"/>',
        b"\xff\xfe\x00\x00",
        object_file(**{"Score__c": "<label>" + "<type>" * 50 + "</type>" * 50 + "</label>"}),
    ],
)
def test_bad_files_are_told_by_their_name(org, content):
    files = {**account_package(Score__c=SCORE), "objects/Account.object": content}
    result = deploy(org, files)
    assert result["status"] == "Failed"
    failure = result["details"]["componentFailures"][0]
    assert failure["fileName"] == "objects/Account.object"
    assert failure["problemType"] == "Error"


def test_a_broken_file_names_its_line(org):
    broken = object_file(Score__c=SCORE).replace("</label>", "\n</lable>")
    result = deploy(org, {**account_package(Score__c=SCORE), "objects/Account.object": broken})
    assert result["details"]["componentFailures"][0]["lineNumber"] == 2


@pytest.mark.parametrize(
    ("files", "status"),
    [
        (None, 415),
        ({"json": (None, "{}")}, 400),
        ({"file": b"x"}, 400),
        ({"json": (None, "[]"), "file": b"x"}, 400),
        ({"json": (None, "{"), "file": b"x"}, 400),
        ({"json": (None, "[" * 100_000), "file": b"x"}, 400),
        ({"json": (None, json.dumps({"deployOptions": 1})), "file": b"x"}, 400),
        ({"json": (None, json.dumps({"deployOptions": {"nope": 1}})), "file": b"x"}, 400),
        ({"json": (None, json.dumps({"deployOptions": {"checkOnly": "x"}})), "file": b"x"}, 400),
    ],
)
def test_bad_deploy_requests(org, files, status):
    answer = org.http.post(org.data + "/metadata/deployRequest", files=files)
    assert answer.status_code == status, answer.text
    assert answer.json()[0]["errorCode"]


def test_bad_deploy_paths(org):
    assert org.call("GET", "/metadata/deployRequest").status_code == 405
    assert org.call("GET", "/metadata/deployRequest/0Af").status_code == 404
    made = start(org, make_zip(account_package(Score__c=SCORE)))
    path = f"/metadata/deployRequest/{made}"
    assert org.call("DELETE", path).status_code == 405
    assert org.call("PATCH", path, {"deployResult": "x"}).status_code == 400


def test_soap_zip_that_is_no_base64(org):
    token = org.http.headers["Authorization"].removeprefix("Bearer ")
    body = (
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/' "
        "xmlns='http://soap.sforce.com/2006/04/metadata'><e:Header><SessionHeader><sessionId>"
        f"{token}</sessionId></SessionHeader></e:Header><e:Body><deploy><ZipFile>%%%é</ZipFile>"
        "</deploy></e:Body></e:Envelope>"
    )
    answer = soap(org, body.encode())
    assert answer.status_code == 500
    assert "INVALID_ZIP_FILE" in answer.text


def test_half_of_a_pair_of_surrogates_is_refused(org):
    for path, body in (
        ("/sobjects/Account", '{"Name": "\\ud800"}'),
        ("/tooling/sobjects/CustomField", '{"FullName": "Account.\\uDFFF", "Metadata": {}}'),
    ):
        headers = {"Content-Type": "application/json"}
        answer = org.http.post(org.data + path, data=body, headers=headers)
        assert org.error(answer, 400)["errorCode"] == "JSON_PARSER_ERROR"
    whole = org.http.post(
        org.data + "/sobjects/Account",
        data='{"Name": "\\ud83d\\ude00"}',
        headers={"Content-Type": "application/json"},
    )
    assert whole.status_code == 201
    assert org.names("Name != null") == ["\U0001f600"]
