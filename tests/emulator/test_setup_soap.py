"""SOAP: sign-in, and the Metadata API as the library and raw calls use it."""

from __future__ import annotations

import base64
import io
import zipfile
from typing import Any

import pytest
import requests
from defusedxml import ElementTree
from simple_salesforce import exceptions
from simple_salesforce.api import Salesforce
from simple_salesforce.login import SalesforceLogin

from adapters.salesforce.emulator import start
from tests.emulator.deployment_kit import (
    GRADE,
    LIGHT,
    SCORE,
    account_package,
    make_zip,
    manifest,
    permission_file,
)

USER, PASSWORD, TOKEN = "ann.admin@example.com", "made-up", "TOKEN"
MET = "{http://soap.sforce.com/2006/04/metadata}"


def envelope(inner: str, session: str = "", face: str = "m") -> bytes:
    namespace = {"m": "http://soap.sforce.com/2006/04/metadata", "u": "urn:partner.soap.sforce.com"}
    header = f"<x:SessionHeader><x:sessionId>{session}</x:sessionId></x:SessionHeader>"
    return (
        '<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:x="{namespace[face]}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<e:Header>{header}</e:Header><e:Body>{inner}</e:Body></e:Envelope>"
    ).encode()


class SoapClient:
    """Sends raw SOAP calls with the session of an OrgClient."""

    def __init__(self, org):
        self.org = org
        self.session = org.http.headers["Authorization"].removeprefix("Bearer ")

    def send(self, inner, face="m", version="66.0", session=None):
        body = envelope(inner, self.session if session is None else session, face)
        url = f"{self.org.emulator.url}/services/Soap/{face}/{version}"
        headers = {"Content-Type": "text/xml", "SOAPAction": '""'}
        return requests.post(url, data=body, headers=headers, timeout=30)

    def ask(self, inner, **more):
        answer = self.send(inner, **more)
        assert answer.status_code == 200, answer.text
        return ElementTree.fromstring(answer.content)

    def fault(self, inner, **more):
        answer = self.send(inner, **more)
        assert answer.status_code == 500, answer.text
        assert answer.headers["Content-Type"].startswith("text/xml")
        root = ElementTree.fromstring(answer.content)
        return next(e.text for e in root.iter() if e.tag.endswith("exceptionCode"))


@pytest.fixture
def soap(org):
    return SoapClient(org)


def login_call(password=PASSWORD + TOKEN):
    return f"<x:login><x:username>{USER}</x:username><x:password>{password}</x:password></x:login>"


def test_sign_in_by_password(org, soap):
    org.control.ask("POST", "logins", {"user": USER, "password": PASSWORD + TOKEN})
    root = soap.ask(login_call(), face="u", version="59.0")
    found = {element.tag.rpartition("}")[2]: element.text for element in root.iter()}
    assert (
        found["serverUrl"] == f"{org.emulator.url}/services/Soap/u/59.0/{found['sessionId'][:15]}"
    )
    assert (found["passwordExpired"], found["sessionSecondsValid"]) == ("false", "7200")
    assert found["organizationMultiCurrency"] == "false"
    token = {"Authorization": f"Bearer {found['sessionId']}"}
    me = requests.get(f"{org.emulator.url}/services/oauth2/userinfo", headers=token, timeout=30)
    assert me.json()["preferred_username"] == USER
    again = soap.ask("<x:getUserInfo/>", face="u", session=found["sessionId"])
    assert next(e.text for e in again.iter() if e.tag.endswith("userName")) == USER
    soap.ask("<x:logout/>", face="u", session=found["sessionId"])
    assert soap.fault("<x:getUserInfo/>", face="u", session=found["sessionId"]) == (
        "INVALID_SESSION_ID"
    )


def test_sign_in_is_refused_as_orgs_refuse_it(org, soap):
    org.control.ask("POST", "logins", {"user": USER, "password": PASSWORD + TOKEN})
    assert soap.fault(login_call("wrong"), face="u", version="59.0") == "INVALID_LOGIN"
    assert soap.fault(login_call(PASSWORD), face="u", version="59.0") == "INVALID_LOGIN"
    assert soap.fault(login_call(), face="u", version="65.0") == "UNSUPPORTED_API_VERSION"
    assert soap.fault(login_call(), face="u", version="20.0") == "UNSUPPORTED_API_VERSION"
    org.control.settings(soap_login=False)
    assert soap.fault(login_call(), face="u", version="59.0") == "INVALID_OPERATION"
    wrong = soap.send(login_call("wrong"), face="u", version="59.0").text
    assert "made-up" not in wrong


def test_calls_need_a_session_and_a_known_operation(soap):
    assert soap.fault("<x:describeMetadata/>", session="") == "INVALID_SESSION_ID"
    assert soap.fault("<x:dance/>") == "UNKNOWN_EXCEPTION"
    assert soap.fault("<x:describeMetadata/>", version="99.0") == "UNSUPPORTED_API_VERSION"
    soap.org.control.settings(setup_rights=False)
    assert soap.fault("<x:describeMetadata/>") == "INSUFFICIENT_ACCESS"


def test_deploy_and_poll(org, soap):
    org.control.settings(deploy_polls=2)
    zipped = base64.b64encode(make_zip(account_package(Score__c=SCORE))).decode()
    options = "<x:singlePackage>true</x:singlePackage><x:rollbackOnError>true</x:rollbackOnError>"
    root = soap.ask(
        f"<x:deploy><x:ZipFile>{zipped}</x:ZipFile><x:DeployOptions>{options}</x:DeployOptions>"
        "</x:deploy>"
    )
    deploy_id = root.findtext(f".//{MET}id")
    assert root.findtext(f".//{MET}state") == "Queued"
    used = org.control.settings()["used_calls"]
    ask = f"<x:checkDeployStatus><x:asyncProcessId>{deploy_id[:15]}</x:asyncProcessId>"
    ask += "<x:includeDetails>true</x:includeDetails></x:checkDeployStatus>"
    assert soap.ask(ask).findtext(f".//{MET}status") == "InProgress"
    done = soap.ask(ask)
    assert done.findtext(f".//{MET}status") == "Succeeded"
    assert done.findtext(f".//{MET}componentSuccesses/{MET}fullName") == "Account.Score__c"
    # Polling costs no API calls.
    assert org.control.settings()["used_calls"] == used
    assert soap.fault(ask.replace(deploy_id[:15], "0Af000000000001")) == (
        "INVALID_CROSS_REFERENCE_KEY"
    )


def test_what_was_deployed_is_listed_and_retrieved_alike(org, soap):
    files = account_package(Score__c=SCORE, Light__c=LIGHT)
    files["package.xml"] = manifest(
        CustomField=["Account.Score__c", "Account.Light__c"],
        PermissionSet=["Reader"],
        LightningComponentBundle=["tiny"],
    )
    files["permissionsets/Reader.permissionset"] = permission_file(
        "Reader", {"Account.Score__c": True, "Account.Light__c": False}
    )
    meta = '<LightningComponentBundle xmlns="http://soap.sforce.com/2006/04/metadata"/>'
    files |= {"lwc/tiny/tiny.js": "export default 1;", "lwc/tiny/tiny.js-meta.xml": meta}
    first = retrieve_after_deploy(soap, files)
    assert first["lwc/tiny/tiny.js"] == b"export default 1;"
    again = retrieve_after_deploy(soap, {**files, **first, "package.xml": files["package.xml"]})
    assert first == again
    listed = soap.ask(
        "<x:listMetadata><x:queries><x:type>CustomField</x:type></x:queries></x:listMetadata>"
    )
    names = {e.text for e in listed.iter(f"{MET}fullName")}
    assert names == {"Account.Score__c", "Account.Light__c"}
    sets = soap.ask(
        "<x:listMetadata><x:queries><x:type>PermissionSet</x:type></x:queries></x:listMetadata>"
    )
    assert [e.text for e in sets.iter(f"{MET}fullName")] == ["Reader"]


def retrieve_after_deploy(soap, files):
    zipped = base64.b64encode(make_zip(files)).decode()
    root = soap.ask(
        f"<x:deploy><x:ZipFile>{zipped}</x:ZipFile><x:DeployOptions>"
        "<x:singlePackage>true</x:singlePackage><x:rollbackOnError>true</x:rollbackOnError>"
        "</x:DeployOptions></x:deploy>"
    )
    check = (
        f"<x:checkDeployStatus><x:asyncProcessId>{root.findtext(f'.//{MET}id')}</x:asyncProcessId>"
    )
    done = soap.ask(check + "<x:includeDetails>true</x:includeDetails></x:checkDeployStatus>")
    assert done.findtext(f".//{MET}status") == "Succeeded", ElementTree.tostring(done)
    wanted = (
        "<x:types><x:members>Account.Score__c</x:members><x:members>Account.Light__c</x:members>"
        "<x:name>CustomField</x:name></x:types>"
        "<x:types><x:members>*</x:members><x:name>PermissionSet</x:name></x:types>"
        "<x:types><x:members>*</x:members><x:name>LightningComponentBundle</x:name></x:types>"
    )
    asked = soap.ask(
        "<x:retrieve><x:retrieveRequest><x:apiVersion>66.0</x:apiVersion>"
        "<x:singlePackage>true</x:singlePackage>"
        f"<x:unpackaged>{wanted}<x:version>66.0</x:version></x:unpackaged>"
        "</x:retrieveRequest></x:retrieve>"
    )
    job = asked.findtext(f".//{MET}id")
    result = soap.ask(
        f"<x:checkRetrieveStatus><x:asyncProcessId>{job}</x:asyncProcessId>"
        "<x:includeZip>true</x:includeZip></x:checkRetrieveStatus>"
    )
    assert result.findtext(f".//{MET}status") == "Succeeded"
    content = base64.b64decode(result.findtext(f".//{MET}zipFile") or "")
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        return {name: found.read(name) for name in found.namelist()}


def test_a_queued_deployment_is_cancelled(soap):
    zipped = base64.b64encode(make_zip(account_package(Score__c=SCORE))).decode()
    root = soap.ask(f"<x:deploy><x:ZipFile>{zipped}</x:ZipFile></x:deploy>")
    deploy_id = root.findtext(f".//{MET}id")
    soap.ask(f"<x:cancelDeploy><x:String>{deploy_id}</x:String></x:cancelDeploy>")
    done = soap.ask(
        f"<x:checkDeployStatus><x:asyncProcessId>{deploy_id}</x:asyncProcessId>"
        "</x:checkDeployStatus>"
    )
    assert done.findtext(f".//{MET}status") == "Canceled"
    assert done.findtext(f".//{MET}success") == "false"


def test_single_components_are_upserted_each_for_itself(org, soap):
    def field(name, length):
        return (
            '<x:metadata xsi:type="x:CustomField">'
            f"<x:fullName>{name}</x:fullName><x:label>L</x:label><x:length>{length}</x:length>"
            "<x:type>Text</x:type></x:metadata>"
        )

    def upsert(*parts):
        root = soap.ask(f"<x:upsertMetadata>{''.join(parts)}</x:upsertMetadata>")
        return [
            (e.findtext(f"{MET}success"), e.findtext(f"{MET}created"))
            for e in root.iter(f"{MET}result")
        ]

    first = upsert(field("Account.A__c", 10), field("Account.B__c", 999))
    assert first == [("true", "true"), ("false", "false")]
    assert upsert(field("Account.A__c", 20)) == [("true", "false")]
    assert soap.fault(f"<x:upsertMetadata>{field('Account.A__c', 1) * 11}</x:upsertMetadata>") == (
        "LIMIT_EXCEEDED"
    )
    listed = org.query("SELECT DeveloperName FROM CustomField", "/tooling/query").json()
    assert [row["DeveloperName"] for row in listed["records"]] == ["A"]


def test_a_retrieve_tells_what_is_not_there(soap):
    wanted = "<x:types><x:members>Account.No__c</x:members><x:name>CustomField</x:name></x:types>"
    asked = soap.ask(
        f"<x:retrieve><x:retrieveRequest><x:unpackaged>{wanted}</x:unpackaged>"
        "</x:retrieveRequest></x:retrieve>"
    )
    result = soap.ask(
        f"<x:checkRetrieveStatus><x:asyncProcessId>{asked.findtext(f'.//{MET}id')}"
        "</x:asyncProcessId></x:checkRetrieveStatus>"
    )
    text = "Entity of type 'CustomField' named 'Account.No__c' cannot be found"
    assert result.findtext(f".//{MET}problem") == text


def test_describe_names_the_kinds(soap):
    root = soap.ask("<x:describeMetadata><x:asOfVersion>66.0</x:asOfVersion></x:describeMetadata>")
    kinds = {e.text for e in root.iter(f"{MET}xmlName")}
    assert {"CustomObject", "PermissionSet", "LightningComponentBundle"} <= kinds
    folders = {e.text for e in root.iter(f"{MET}directoryName")}
    assert {"objects", "permissionsets", "lwc"} <= folders


# --- the library ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def secure():
    with start() as running:
        running.control.ask("POST", "logins", {"user": USER, "password": PASSWORD + TOKEN})
        yield running


@pytest.fixture
def session(secure):
    class ToEmulator(requests.adapters.HTTPAdapter):
        """Sends calls for the login host to the emulator."""

        def send(self, request, *arguments, **more):
            url = str(request.url)
            request.url = url.replace("https://login.salesforce.com", secure.tls_url)
            return super().send(request, *arguments, **more)

    prepared = requests.Session()
    prepared.trust_env = False
    prepared.verify = str(secure.ca_file)
    prepared.mount("https://login.salesforce.com", ToEmulator())
    yield prepared
    prepared.close()


def test_the_library_signs_in_by_soap(session, secure):
    wish: dict[str, Any] = {
        "username": USER, "password": PASSWORD, "security_token": TOKEN, "session": session,
    }  # fmt: skip
    session_id, instance = SalesforceLogin(**wish, sf_version="59.0")
    assert instance == secure.tls_url.removeprefix("https://")
    sf = Salesforce(session_id=session_id, instance=instance, session=session, version="59.0")
    assert sf.query("SELECT COUNT() FROM User")["totalSize"] == 2
    with pytest.raises(exceptions.SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        SalesforceLogin(**{**wish, "password": "x"}, sf_version="59.0")
    with pytest.raises(exceptions.SalesforceAuthenticationFailed, match="UNSUPPORTED_API_VERSION"):
        SalesforceLogin(**wish, sf_version="65.0")


@pytest.fixture
def library(session, secure):
    wish: dict[str, Any] = {"username": USER, "password": PASSWORD, "security_token": TOKEN}
    session_id, _ = SalesforceLogin(**wish, session=session, sf_version="59.0")
    return Salesforce(
        session_id=session_id, instance_url=secure.tls_url, session=session, version="66.0"
    )


def test_the_library_deploys(library, secure):
    content = io.BytesIO(make_zip(account_package(Score__c=SCORE)))
    started = library.deploy(content, sandbox=False)
    assert started["state"] == "Queued"
    status = library.checkDeployStatus(started["asyncId"])
    assert status["state"] == "Succeeded"
    assert status["deployment_detail"]["deployed_count"] == "1"
    broken = io.BytesIO(make_zip(account_package(Other__c="<label>x</label><type>Text</type>")))
    started = library.deploy(broken, sandbox=False)
    status = library.checkDeployStatus(started["asyncId"])
    assert status["state"] == "Failed"
    assert "Must specify 'length'" in status["deployment_detail"]["errors"][0]["message"]


def test_the_library_s_metadata_types(library, session):
    api = library.mdapi
    api._client.transport.session = session
    text = api._client.get_type("ns0:FieldType")("Text")
    field = api.CustomField(fullName="Account.Zed__c", label="Zed", type=text, length=10)
    api.CustomField.create([field])
    assert api.CustomField.read(["Account.Zed__c"]).length == 10
    with pytest.raises(Exception, match="DUPLICATE_DEVELOPER_NAME"):
        api.CustomField.create([field])
    wider = api.CustomField(fullName="Account.Zed__c", label="Zed", type=text, length=20)
    api.CustomField.update([wider])
    assert api.CustomField.read(["Account.Zed__c"]).length == 20
    kinds = [item.xmlName for item in api.describe_metadata().metadataObjects]
    assert "CustomObject" in kinds
    query = api._client.get_type("ns0:ListMetadataQuery")
    names = [item.fullName for item in api.list_metadata([query(type="CustomField")])]
    assert "Account.Zed__c" in names
    api.CustomField.delete(["Account.Zed__c"])
    with pytest.raises(Exception, match="INVALID_CROSS_REFERENCE_KEY"):
        api.CustomField.delete(["Account.Zed__c"])


def test_components_survive_a_restart(tmp_path):
    from tests.emulator.conftest import OrgClient
    from tests.emulator.deployment_kit import deploy, grant

    place = tmp_path / "org.db"
    icon = '<label>I</label><type>Text</type><formula>TEXT(Light__c) &amp; "!"</formula>'
    with start(tls=False, data=place) as running:
        org = OrgClient(running)
        deploy(org, account_package(Light__c=LIGHT, Icon__c=icon, Grade__c=GRADE))
        grant(org, "Account.Light__c")
        grant(org, "Account.Icon__c", edit=False)
        org.control.ask(
            "POST",
            "rules",
            {"validation": [{"object": "Account", "name": "R", "formula": 'Site = "no"'}]},
        )
        org.create("Account", Name="a", Light__c="red")
        ids = org.query("SELECT Id FROM CustomField", "/tooling/query").json()["records"]
        org.http.close()
    with start(tls=False, data=place) as running:
        org = OrgClient(running)
        assert [r["Icon__c"] for r in org.rows("SELECT Icon__c FROM Account")] == ["red!"]
        assert "INVALID_FIELD" in org.query("SELECT Grade__c FROM Account").text
        refused = org.call("POST", "/sobjects/Account", {"Name": "b", "Site": "no"})
        assert org.error(refused, 400)["errorCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
        found = org.query("SELECT Id FROM CustomField", "/tooling/query").json()["records"]
        assert found == ids
        org.http.close()
