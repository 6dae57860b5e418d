"""Field-level security through permission sets, and the records that make them."""

from __future__ import annotations

from email.utils import format_datetime

from tests.emulator.deployment_kit import GRADE, SCORE, account_package, deploy, grant


def permission(org, path, **more):
    set_id = org.create("PermissionSet", Name="Set", Label="Set")
    body = {"ParentId": set_id, "SobjectType": path.partition(".")[0], "Field": path, **more}
    return org.call("POST", "/sobjects/FieldPermissions", body)


def sees(org, name="Score__c"):
    described = org.call("GET", "/sobjects/Account/describe").json()
    return name in {item["name"] for item in described["fields"]}


def test_a_field_made_by_api_is_invisible_until_it_is_granted(org):
    deploy(org, account_package(Score__c=SCORE, Grade__c=GRADE))
    record = org.create("Account", Name="a")
    assert not sees(org)
    assert "No such column 'Score__c'" in org.query("SELECT Score__c FROM Account").text
    refused = org.call("PATCH", f"/sobjects/Account/{record}", {"Score__c": 1})
    assert org.error(refused, 400)["errorCode"] == "INVALID_FIELD"
    set_id = grant(org, "Account.Score__c", edit=False)
    assert sees(org)
    assert not sees(org, "Grade__c")
    assert [row["Score__c"] for row in org.rows("SELECT Score__c FROM Account")] == [None]
    reading = org.call("PATCH", f"/sobjects/Account/{record}", {"Score__c": 1})
    assert org.error(reading, 400)["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    row = org.rows(f"SELECT Id FROM FieldPermissions WHERE ParentId = '{set_id}'")[0]
    edit = org.call("PATCH", f"/sobjects/FieldPermissions/{row['Id']}", {"PermissionsEdit": True})
    assert edit.status_code == 204
    assert org.call("PATCH", f"/sobjects/Account/{record}", {"Score__c": 1}).status_code == 204
    assignment = org.rows("SELECT Id FROM PermissionSetAssignment")[0]["Id"]
    org.call("DELETE", f"/sobjects/PermissionSetAssignment/{assignment}")
    assert not sees(org)


def test_control_calls_see_everything(org):
    deploy(org, account_package(Score__c=SCORE))
    record = org.control.seed("Account", [{"Name": "a", "Score__c": 3}])[0]
    org.control.edit("Account", record, {"Score__c": 4})
    assert org.control.record("Account", record)["Score__c"] == 4.0


def test_fields_of_the_schema_control_stay_visible(credit_org):
    assert sees(credit_org, "Credit_Score__c")
    credit_org.control.apply_schema({"hide": ["Account.Credit_Score__c"]})
    assert not sees(credit_org, "Credit_Score__c")


def test_one_user_s_permissions_are_not_another_s(org):
    deploy(org, account_package(Score__c=SCORE))
    grant(org, "Account.Score__c")
    ben = org.control.add_user(LastName="Berg", Username="ben@example.com")
    org.control.settings(run_as=ben)
    assert sees(org)
    org.sign_in()
    assert not sees(org)


def test_what_cannot_be_granted(org):
    formula = "<label>F</label><type>Text</type><formula>Name</formula>"
    needed = GRADE + "<required>true</required>"
    deploy(org, account_package(Formula__c=formula, Needed__c=needed, Score__c=SCORE))
    yes = {"PermissionsRead": True, "PermissionsEdit": True}
    for path in ("Account.Name", "Account.Needed__c", "Account.Nope__c", "Nope.X__c"):
        answer = org.call(
            "POST",
            "/sobjects/FieldPermissions",
            {
                "ParentId": org.create("PermissionSet", Name=path.replace(".", "_"), Label="S"),
                "SobjectType": "Account",
                "Field": path,
                **yes,
            },
        )
        assert org.error(answer, 400)["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    answer = permission(org, "Account.Formula__c", **yes)
    assert org.error(answer, 400)["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
    # A required field is seen by all, without any permission.
    assert sees(org, "Needed__c")
    assert not sees(org, "Formula__c")


def test_permissions_exist_once(org):
    deploy(org, account_package(Score__c=SCORE))
    set_id = grant(org, "Account.Score__c")
    body = {"ParentId": set_id, "SobjectType": "Account", "Field": "account.score__c"}
    again = org.call("POST", "/sobjects/FieldPermissions", {**body, "PermissionsRead": True})
    assert org.error(again, 400)["errorCode"] == "DUPLICATE_VALUE"
    edit_only = org.call(
        "POST",
        "/sobjects/ObjectPermissions",
        {"ParentId": set_id, "SobjectType": "Account", "PermissionsEdit": True},
    )
    assert org.error(edit_only, 400)["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
    twin = org.call("POST", "/sobjects/PermissionSet", {"Name": "P0", "Label": "P"})
    assert org.error(twin, 400)["errorCode"] == "DUPLICATE_VALUE"


def test_a_permission_set_in_use_is_not_deleted(org):
    deploy(org, account_package(Score__c=SCORE))
    set_id = grant(org, "Account.Score__c")
    answer = org.call("DELETE", f"/sobjects/PermissionSet/{set_id}")
    assert org.error(answer, 400)["errorCode"] == "DELETE_FAILED"
    assignment = org.rows("SELECT Id FROM PermissionSetAssignment")[0]["Id"]
    org.call("DELETE", f"/sobjects/PermissionSetAssignment/{assignment}")
    assert org.call("DELETE", f"/sobjects/PermissionSet/{set_id}").status_code == 204
    assert org.rows("SELECT Id FROM FieldPermissions") == []
    assert "INVALID_FIELD" in org.query("SELECT IsDeleted FROM PermissionSet").text


def test_a_new_permission_dates_the_description_anew(org):
    deploy(org, account_package(Score__c=SCORE))
    org.control.freeze()
    org.control.advance(60)
    path = "/sobjects/Account/describe"
    org.call("GET", path)
    since = {"If-Modified-Since": format_datetime(org.control.now(), usegmt=True)}
    assert org.call("GET", path, headers=since).status_code == 304
    org.control.advance(60)
    grant(org, "Account.Score__c")
    assert "Score__c" in org.call("GET", path, headers=since).text


def test_permissions_come_with_their_parents(org):
    deploy(org, account_package(Score__c=SCORE))
    grant(org, "Account.Score__c")
    row = org.rows(
        "SELECT Name, (SELECT Field FROM FieldPerms), (SELECT AssigneeId FROM Assignments) "
        "FROM PermissionSet"
    )[0]
    assert [r["Field"] for r in row["FieldPerms"]["records"]] == ["Account.Score__c"]
    assert row["Assignments"]["records"][0]["AssigneeId"] == org.control.settings()["run_as"]
