"""Deployments over REST: what they make, refuse, undo and delete."""

from __future__ import annotations

import pytest

from tests.emulator.deployment_kit import (
    GRADE,
    LIGHT,
    SCORE,
    account_package,
    deploy,
    document,
    grant,
    make_zip,
    manifest,
    object_file,
    permission_file,
    problems,
    start,
)

HEARTBEAT = document(
    "CustomObject",
    "<customSettingsType>Hierarchy</customSettingsType><label>Heartbeat</label>"
    "<visibility>Public</visibility>"
    "<fields><fullName>Refreshed_At__c</fullName><label>Refreshed</label><type>DateTime</type></fields>",
)
PANEL_META = document(
    "LightningComponentBundle", "<apiVersion>66.0</apiVersion><isExposed>true</isExposed>"
)


def panel(script: str, name: str = "creditPanel") -> dict[str, str | bytes]:
    return {
        "package.xml": manifest(LightningComponentBundle=[name]),
        f"lwc/{name}/{name}.js": script,
        f"lwc/{name}/{name}.html": "<template></template>",
        f"lwc/{name}/{name}.js-meta.xml": PANEL_META,
    }


def field_names(org, name="Account"):
    described = org.call("GET", f"/sobjects/{name}/describe").json()
    return {item["name"] for item in described["fields"]}


def test_fields_of_every_type_come_out_as_described(org):
    simple = {
        "Text__c": GRADE,
        "Long__c": "<label>L</label><type>LongTextArea</type><length>4000</length>"
        "<visibleLines>5</visibleLines>",
        "Area__c": "<label>A</label><type>TextArea</type>",
        "Number__c": "<label>N</label><type>Number</type><precision>7</precision><scale>2</scale>",
        "Money__c": "<label>M</label><type>Currency</type><precision>18</precision>"
        "<scale>2</scale>",
        "Share__c": "<label>P</label><type>Percent</type><precision>5</precision><scale>1</scale>",
        "Hold__c": "<label>H</label><type>Checkbox</type><defaultValue>true</defaultValue>",
        "Day__c": "<label>D</label><type>Date</type>",
        "Moment__c": "<label>T</label><type>DateTime</type>",
        "Light__c": LIGHT,
        "Parent_Account__c": "<label>R</label><type>Lookup</type><referenceTo>Account</referenceTo>"
        "<relationshipName>Subsidiaries</relationshipName>",
        "Site__c": "<label>U</label><type>Url</type>",
        "Mail__c": "<label>E</label><type>Email</type>",
        "Call__c": "<label>C</label><type>Phone</type>",
        "Key__c": "<label>K</label><type>Text</type><length>40</length>"
        "<externalId>true</externalId><unique>true</unique>",
    }
    assert deploy(org, account_package(**simple))["status"] == "Succeeded"
    grant(org, *(f"Account.{name}" for name in simple))
    described = org.call("GET", "/sobjects/Account/describe").json()
    found = {item["name"]: item for item in described["fields"] if item["custom"]}
    assert set(found) == set(simple)
    types = {name.removesuffix("__c"): item["type"] for name, item in found.items()}
    assert types == {
        "Text": "string",
        "Long": "textarea",
        "Area": "textarea",
        "Number": "double",
        "Money": "currency",
        "Share": "percent",
        "Hold": "boolean",
        "Day": "date",
        "Moment": "datetime",
        "Light": "picklist",
        "Parent_Account": "reference",
        "Site": "url",
        "Mail": "email",
        "Call": "phone",
        "Key": "string",
    }
    assert (found["Number__c"]["precision"], found["Number__c"]["scale"]) == (7, 2)
    assert found["Long__c"]["length"] == 4000
    assert found["Hold__c"]["defaultValue"] is True
    assert found["Light__c"]["restrictedPicklist"] is True
    assert [v["value"] for v in found["Light__c"]["picklistValues"]] == ["green", "red"]
    assert found["Parent_Account__c"]["relationshipName"] == "Parent_Account__r"
    assert found["Key__c"]["externalId"] is True
    children = {c["relationshipName"] for c in described["childRelationships"]}
    assert "Subsidiaries__r" in children
    assert org.call("PATCH", "/sobjects/Account/Key__c/k1", {"Name": "By key"}).status_code == 201
    record = org.create("Account", Name="x")
    wrong = org.call("PATCH", f"/sobjects/Account/{record}", {"Light__c": "blue"})
    assert org.error(wrong, 400)["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<label>N</label><type>Number</type><scale>0</scale>", "Must specify 'precision'"),
        (
            "<label>N</label><type>Number</type><precision>30</precision><scale>0</scale>",
            "Precision must be between 1 and 18",
        ),
        (
            "<label>N</label><type>Number</type><precision>3</precision><scale>4</scale>",
            "Scale must be between",
        ),
        ("<label>T</label><type>Text</type>", "Must specify 'length'"),
        ("<label>T</label><type>Text</type><length>256</length>", "between 1 and 255"),
        ("<label>P</label><type>Picklist</type>", "Must specify 'valueSet'"),
        (
            "<label>P</label><type>Picklist</type><valueSet><valueSetDefinition>"
            "<sorted>false</sorted></valueSetDefinition></valueSet>",
            "at least one value",
        ),
        (
            "<label>L</label><type>Lookup</type><referenceTo>Nope__c</referenceTo>",
            "does not resolve to a valid sObject type",
        ),
        (
            "<label>F</label><type>Text</type><formula>Name</formula><required>true</required>",
            "Cannot specify 'required' for a formula field",
        ),
        ("<label>F</label><type>Nonsense</type>", "not a valid value for the enum 'FieldType'"),
        ("<label>F</label><type>Date</type><colour>red</colour>", "invalid at this location"),
        ("<label>F</label><label>G</label><type>Date</type>", "duplicated at this location"),
        ("<type>Date</type>", "Required field is missing: label"),
        ("<label>F</label><type>Date</type><unique>true</unique>", "Cannot specify 'unique'"),
        ("<label>F</label><type>Date</type><required>perhaps</required>", "xsd:boolean"),
    ],
)
def test_a_wrong_field_fails_with_its_text(org, body, text):
    result = deploy(org, account_package(Wrong__c=body, Right__c=GRADE))
    assert result["status"] == "Failed"
    assert result["success"] is False
    assert any(text in problem for problem in problems(result).values())
    # Everything was taken back, also what was right.
    listed = org.query("SELECT DeveloperName FROM CustomField", "/tooling/query").json()
    assert listed["totalSize"] == 0


def test_names_are_checked(org):
    result = deploy(org, account_package(**{"9lives__c": GRADE, "Two__Bars__c": GRADE}))
    assert set(problems(result)) == {"Account.9lives__c", "Account.Two__Bars__c"}


def test_without_roll_back_the_right_components_stay(org):
    files = account_package(Wrong__c="<label>T</label><type>Text</type>", Right__c=GRADE)
    result = deploy(org, files, rollbackOnError=False)
    assert result["status"] == "SucceededPartial"
    assert (result["numberComponentsDeployed"], result["numberComponentErrors"]) == (1, 1)
    listed = org.query("SELECT DeveloperName FROM CustomField", "/tooling/query").json()
    assert [row["DeveloperName"] for row in listed["records"]] == ["Right"]


def test_a_check_changes_nothing(org):
    result = deploy(org, account_package(Score__c=SCORE), checkOnly=True)
    assert (result["status"], result["checkOnly"]) == ("Succeeded", True)
    listed = org.query("SELECT DeveloperName FROM CustomField", "/tooling/query").json()
    assert listed["totalSize"] == 0


def test_the_second_deployment_changes_nothing_and_says_so(org):
    files = account_package(Score__c=SCORE)
    first = deploy(org, files)["details"]["componentSuccesses"][0]
    second = deploy(org, files)["details"]["componentSuccesses"][0]
    assert (first["created"], first["changed"]) == (True, True)
    assert (second["created"], second["changed"]) == (False, False)
    assert first["id"] == second["id"]
    wider = account_package(Score__c=SCORE.replace(">3<", ">5<"))
    third = deploy(org, wider)["details"]["componentSuccesses"][0]
    assert (third["created"], third["changed"], third["id"]) == (False, True, first["id"])


def test_a_type_cannot_change_under_the_values(org):
    deploy(org, account_package(Score__c=SCORE))
    result = deploy(org, account_package(Score__c="<label>S</label><type>Date</type>"))
    assert "Cannot change the type" in problems(result)["Account.Score__c"]


def test_status_is_polled_and_a_deployment_can_be_cancelled(org):
    org.control.settings(deploy_polls=3)
    deploy_id = start(org, make_zip(account_package(Score__c=SCORE)))
    path = f"/metadata/deployRequest/{deploy_id}"
    states = [org.call("GET", path).json()["deployResult"]["status"] for _ in range(3)]
    assert states == ["InProgress", "InProgress", "Succeeded"]
    other = start(org, make_zip(account_package(Grade__c=GRADE)))
    gone = org.call(
        "PATCH", f"/metadata/deployRequest/{other}", {"deployResult": {"status": "Canceling"}}
    )
    assert gone.json()["deployResult"]["status"] == "Canceled"
    again = org.call("GET", f"/metadata/deployRequest/{other}").json()["deployResult"]
    assert (again["status"], again["done"], again["success"]) == ("Canceled", True, False)
    assert "Grade" not in org.query("SELECT DeveloperName FROM CustomField", "/tooling/query").text


def test_package_and_files_must_agree(org):
    files = account_package(Score__c=SCORE)
    files["package.xml"] = manifest(CustomField=["Account.Score__c", "Account.Gone__c"])
    files["permissionsets/Extra.permissionset"] = permission_file("Extra", {})
    found = problems(deploy(org, files))
    assert "not found in zipped directory" in found["Account.Gone__c"]
    assert found["Extra"] == "Not in package.xml"
    del files["permissionsets/Extra.permissionset"]
    lenient = deploy(org, files, allowMissingFiles=True)
    assert lenient["status"] == "Succeeded"


def test_unknown_kinds_and_missing_manifests_are_told(org):
    files = account_package(Score__c=SCORE)
    files["package.xml"] = manifest(ApexNonsense=["X"])
    assert problems(deploy(org, files)) == {
        "package.xml": "Unknown type name 'ApexNonsense' specified in package.xml"
    }
    result = deploy(org, {"objects/Account.object": object_file(Score__c=SCORE)})
    assert (result["status"], result["errorMessage"]) == ("Failed", "No package.xml found")


def test_a_folder_above_the_package_is_found_unless_it_is_single(org):
    files = {f"unpackaged/{path}": body for path, body in account_package(Score__c=SCORE).items()}
    assert deploy(org, files)["status"] == "Failed"
    result = deploy(org, files, singlePackage=False)
    assert result["status"] == "Succeeded"
    names = [item["fileName"] for item in result["details"]["componentSuccesses"]]
    assert "unpackaged/objects/Account.object" in names


def test_permission_sets_are_checked_against_the_fields(org):
    files = account_package(Score__c=SCORE)
    files["package.xml"] = manifest(
        CustomField=["Account.Score__c"], PermissionSet=["Reader", "Wrong", "Needed"]
    )
    files["permissionsets/Reader.permissionset"] = permission_file(
        "Reader", {"Account.Score__c": False}
    )
    files["permissionsets/Wrong.permissionset"] = permission_file(
        "Wrong", {"Account.Missing__c": False}
    )
    files["permissionsets/Needed.permissionset"] = permission_file(
        "Needed", {"Account.Name": False}
    )
    found = problems(deploy(org, files))
    assert found == {
        "Wrong": "In field: field - no CustomField named Account.Missing__c found",
        "Needed": "You cannot deploy to a required field: Account.Name",
    }
    assert org.rows("SELECT Id FROM PermissionSet") == []


def test_a_permission_set_deployed_again_replaces_what_it_granted(org):
    files = account_package(Score__c=SCORE, Grade__c=GRADE)
    deploy(org, files)
    both = {"Account.Score__c": True, "Account.Grade__c": False}
    package = {"package.xml": manifest(PermissionSet=["Reader"])}
    path = "permissionsets/Reader.permissionset"
    deploy(org, {**package, path: permission_file("Reader", both)})
    soql = "SELECT Field, PermissionsEdit FROM FieldPermissions ORDER BY Field"
    granted = [(row["Field"], row["PermissionsEdit"]) for row in org.rows(soql)]
    assert granted == [("Account.Grade__c", False), ("Account.Score__c", True)]
    deploy(org, {**package, path: permission_file("Reader", {"Account.Score__c": False})})
    granted = [(row["Field"], row["PermissionsEdit"]) for row in org.rows(soql)]
    assert granted == [("Account.Score__c", False)]


def test_a_custom_object_needs_what_objects_need_and_shows_when_granted(org):
    inner = (
        "<deploymentStatus>Deployed</deploymentStatus><label>Snapshot</label>"
        "<nameField><label>Number</label><type>AutoNumber</type>"
        "<displayFormat>S-{000}</displayFormat></nameField>"
        "<pluralLabel>Snapshots</pluralLabel><sharingModel>ReadWrite</sharingModel>"
        f"<fields><fullName>Score__c</fullName>{SCORE}</fields>"
    )
    files = {
        "package.xml": manifest(CustomObject=["Snapshot__c"]),
        "objects/Snapshot__c.object": document("CustomObject", inner),
    }
    bare = {**files, "objects/Snapshot__c.object": document("CustomObject", "<label>S</label>")}
    assert "pluralLabel" in problems(deploy(org, bare))["Snapshot__c"]
    assert deploy(org, files)["status"] == "Succeeded"
    assert "INVALID_TYPE" in org.query("SELECT Id FROM Snapshot__c").text
    set_id = grant(org, "Snapshot__c.Score__c")
    org.create(
        "ObjectPermissions", ParentId=set_id, SobjectType="Snapshot__c", PermissionsRead=True
    )
    org.create("Snapshot__c", Score__c=7)
    assert [
        (r["Name"], r["Score__c"]) for r in org.rows("SELECT Name, Score__c FROM Snapshot__c")
    ] == [("S-001", 7.0)]


def test_custom_settings_have_one_record_for_each_owner(org):
    files = {
        "package.xml": manifest(CustomObject=["Heartbeat__c"]),
        "objects/Heartbeat__c.object": HEARTBEAT,
    }
    assert deploy(org, files)["status"] == "Succeeded"
    described = org.call("GET", "/sobjects/Heartbeat__c/describe").json()
    assert described["customSetting"] is True
    org_id = org.control.settings()["org_id"]
    record = org.create("Heartbeat__c", Refreshed_At__c="2026-01-05T06:00:00Z")
    assert org.control.record("Heartbeat__c", record)["SetupOwnerId"] == org_id
    again = org.call("POST", "/sobjects/Heartbeat__c", {"SetupOwnerId": org_id})
    assert org.error(again, 400)["errorCode"] == "DUPLICATE_VALUE"
    user = org.control.settings()["human"]
    org.create("Heartbeat__c", SetupOwnerId=user)
    wrong = org.call(
        "POST", "/sobjects/Heartbeat__c", {"SetupOwnerId": org.create("Account", Name="a")}
    )
    assert org.error(wrong, 400)["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"


def test_views_layouts_and_components_are_kept_and_checked(org):
    view = (
        "<listViews><fullName>Red</fullName><columns>ACCOUNT.NAME</columns><columns>Light__c</columns>"
        "<filterScope>Everything</filterScope><label>Red accounts</label></listViews>"
    )
    layout = (
        "<compactLayouts><fullName>Credit</fullName><fields>Name</fields><fields>Light__c</fields>"
        "<label>Credit</label></compactLayouts>"
    )
    field = f"<fields><fullName>Light__c</fullName>{LIGHT}</fields>"
    package = manifest(
        CustomField=["Account.Light__c"],
        ListView=["Account.Red"],
        CompactLayout=["Account.Credit"],
        CustomPermission=["Override"],
        StaticResource=["icons"],
    )
    permission = document(
        "CustomPermission", "<isLicensed>false</isLicensed><label>Override</label>"
    )
    resource = document(
        "StaticResource",
        "<cacheControl>Public</cacheControl><contentType>text/css</contentType>",
    )
    files = {
        "package.xml": package,
        "customPermissions/Override.customPermission": permission,
        "staticresources/icons.resource": b"a{}",
        "staticresources/icons.resource-meta.xml": resource,
    }
    wrong = {**files, "objects/Account.object": document("CustomObject", view + layout)}
    found = problems(deploy(org, wrong))
    assert found["Account.Red"] == "Could not resolve list view column: Light__c"
    assert "Light__c" in found["Account.Credit"]
    right = {**files, "objects/Account.object": document("CustomObject", view + layout + field)}
    assert deploy(org, right)["status"] == "Succeeded"
    assert [
        row["DeveloperName"] for row in org.rows("SELECT DeveloperName FROM CustomPermission")
    ] == ["Override"]


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (
            "import F from '@salesforce/schema/Account.Gone__c';",
            "Invalid reference Account.Gone__c",
        ),
        ("import t from 'c/texts';", "No MODULE named markup://c:texts found"),
        ("import p from '@salesforce/customPermission/Nope';", "type customPermission"),
        ("import r from '@salesforce/resourceUrl/nope';", "type resourceUrl"),
    ],
)
def test_a_component_is_refused_when_its_imports_lead_nowhere(org, script, text):
    assert text in problems(deploy(org, panel(script)))["creditPanel"]


def test_a_component_goes_with_what_it_imports(org):
    script = (
        "import { LightningElement } from 'lwc';\n"
        "import F from '@salesforce/schema/Account.Score__c';\n"
        "import G from '@salesforce/schema/Order.Account.Score__c';\nimport t from 'c/texts';\n"
    )
    files = {**panel(script), **panel("export const t = 1;", "texts")}
    files |= account_package(Score__c=SCORE)
    files["package.xml"] = manifest(
        CustomField=["Account.Score__c"], LightningComponentBundle=["creditPanel", "texts"]
    )
    assert deploy(org, files)["status"] == "Succeeded"
    refused = deploy(org, deletions(CustomField=["Account.Score__c"]))
    assert "LightningComponentBundle - creditPanel" in problems(refused)["Account.Score__c"]
    used = deploy(org, deletions(LightningComponentBundle=["texts"]))
    assert "creditPanel" in problems(used)["texts"]
    gone = deploy(
        org,
        deletions(
            CustomField=["Account.Score__c"], LightningComponentBundle=["creditPanel", "texts"]
        ),
    )
    assert gone["status"] == "Succeeded"


def deletions(**members):
    return {"package.xml": manifest(), "destructiveChanges.xml": manifest(**members)}


def test_deleted_fields_take_values_and_permissions_along(org):
    deploy(org, account_package(Score__c=SCORE, Grade__c=GRADE))
    grant(org, "Account.Score__c", "Account.Grade__c")
    record = org.create("Account", Name="a", Score__c=5, Grade__c="A")
    result = deploy(org, deletions(CustomField=["Account.Score__c"]))
    assert result["status"] == "Succeeded"
    assert result["details"]["componentSuccesses"][0]["deleted"] is True
    assert "INVALID_FIELD" in org.query("SELECT Score__c FROM Account").text
    row = org.control.record("Account", record)
    assert "Score__c" not in row
    assert row["Grade__c"] == "A"
    assert [r["Field"] for r in org.rows("SELECT Field FROM FieldPermissions")] == [
        "Account.Grade__c"
    ]
    deploy(org, account_package(Score__c=SCORE))
    grant(org, "Account.Score__c")
    assert org.rows("SELECT Score__c FROM Account")[0]["Score__c"] is None


def test_deleting_what_is_not_there_is_a_warning(org):
    result = deploy(org, deletions(CustomField=["Account.Nope__c"], PermissionSet=["Nobody"]))
    assert result["status"] == "Succeeded"
    told = {m["fullName"]: m for m in result["details"]["componentSuccesses"] if m.get("problem")}
    assert told["Account.Nope__c"]["problemType"] == "Warning"
    assert "No PermissionSet named: Nobody found" in told["Nobody"]["problem"]


def test_what_is_in_use_stays(org):
    light = "<label>I</label><type>Text</type><formula>TEXT(Light__c)</formula>"
    deploy(org, account_package(Light__c=LIGHT, Icon__c=light))
    refused = problems(deploy(org, deletions(CustomField=["Account.Light__c"])))
    assert "CustomField - Account.Icon__c" in refused["Account.Light__c"]
    assert (
        "standard field"
        in problems(deploy(org, deletions(CustomField=["Account.Site"])))["Account.Site"]
    )
    together = deletions(CustomField=["Account.Light__c", "Account.Icon__c"])
    assert deploy(org, together)["status"] == "Succeeded"


def test_an_assigned_permission_set_is_not_deleted(org):
    deploy(org, account_package(Score__c=SCORE))
    set_id = grant(org, "Account.Score__c")
    name = org.control.record("PermissionSet", set_id)["Name"]
    refused = problems(deploy(org, deletions(PermissionSet=[name])))
    assert "assigned to 1 users" in refused[name]
    assignment = org.rows("SELECT Id FROM PermissionSetAssignment")[0]["Id"]
    assert org.call("DELETE", f"/sobjects/PermissionSetAssignment/{assignment}").status_code == 204
    assert deploy(org, deletions(PermissionSet=[name]))["status"] == "Succeeded"
    assert org.rows("SELECT Id FROM FieldPermissions") == []


def test_deletions_after_the_rest_come_last(org):
    icon = "<label>I</label><type>Text</type><formula>TEXT(Light__c)</formula>"
    deploy(org, account_package(Light__c=LIGHT, Icon__c=icon))
    files = account_package(Icon__c=icon.replace("TEXT(Light__c)", '"plain"'))
    files["destructiveChangesPost.xml"] = manifest(CustomField=["Account.Light__c"])
    assert deploy(org, files)["status"] == "Succeeded"


def test_translations_need_their_language(org):
    files = account_package(Score__c=SCORE)
    files["package.xml"] = manifest(
        CustomField=["Account.Score__c"], CustomObjectTranslation=["Account-zh_CN"]
    )
    files["objectTranslations/Account-zh_CN.objectTranslation"] = document(
        "CustomObjectTranslation", "<fields><label>评分</label><name>Score__c</name></fields>"
    )
    assert "not enabled" in problems(deploy(org, files))["Account-zh_CN"]
    org.control.settings(languages="de,zh_CN")
    assert deploy(org, files)["status"] == "Succeeded"


def test_a_user_without_the_right_cannot_deploy(org):
    org.control.settings(setup_rights=False)
    answer = org.http.post(org.data + "/metadata/deployRequest", files={"file": b"x"})
    assert org.error(answer, 403)["errorCode"] == "INSUFFICIENT_ACCESS"
    refused = org.call("POST", "/sobjects/PermissionSet", {"Name": "X", "Label": "X"})
    assert org.error(refused, 400)["errorCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"


def test_only_named_parts_of_an_object_are_deployed(org):
    files = account_package(Score__c=SCORE, Grade__c=GRADE)
    files["package.xml"] = manifest(CustomField=["Account.Score__c"])
    assert deploy(org, files)["numberComponentsTotal"] == 1
    assert "Grade" not in org.query("SELECT DeveloperName FROM CustomField", "/tooling/query").text


def test_activity_fields_stand_on_task(org):
    files = {
        "package.xml": manifest(CustomField=["Activity.Key__c"], PermissionSet=["Keys"]),
        "objects/Activity.object": object_file(Key__c=GRADE),
        "permissionsets/Keys.permissionset": permission_file("Keys", {"Task.Key__c": True}),
    }
    assert deploy(org, files)["status"] == "Succeeded"
    assert "Key__c" not in field_names(org, "Task")
    set_id = org.rows("SELECT Id FROM PermissionSet")[0]["Id"]
    user = org.control.settings()["run_as"]
    org.create("PermissionSetAssignment", AssigneeId=user, PermissionSetId=set_id)
    assert "Key__c" in field_names(org, "Task")
