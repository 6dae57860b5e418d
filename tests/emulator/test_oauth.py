from __future__ import annotations

import re

import pytest
import requests


def token_call(emulator, **form):
    return requests.post(f"{emulator.url}/services/oauth2/token", data=form, timeout=30)


def test_client_credentials_in_the_body(emulator):
    answer = token_call(
        emulator,
        grant_type="client_credentials",
        client_id=emulator.client_id,
        client_secret=emulator.client_secret,
    )
    body = answer.json()
    assert answer.status_code == 200
    assert re.fullmatch(r"00D[0-9A-Za-z]{12}!\S{90,}", body["access_token"])
    assert body["instance_url"] == emulator.url
    assert body["token_type"] == "Bearer"
    assert isinstance(body["issued_at"], str)
    assert int(body["issued_at"]) > 10**12
    assert "refresh_token" not in body
    assert "expires_in" not in body


def test_client_credentials_by_basic_auth(emulator):
    answer = requests.post(
        f"{emulator.url}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(emulator.client_id, emulator.client_secret),
        timeout=30,
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 400, "invalid_client_id"),
        (
            {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"},
            400,
            "invalid_grant",
        ),
        ({"grant_type": "password"}, 400, "invalid_grant"),
        ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "old"}, 400, "invalid_grant"),
    ],
)
def test_refused_token_requests_answer_an_object(emulator, form, status, error):
    whole = {
        "grant_type": "client_credentials",
        "client_id": emulator.client_id,
        "client_secret": emulator.client_secret,
    }
    answer = token_call(emulator, **{**whole, **form})
    assert answer.status_code == status
    assert answer.json()["error"] == error
    assert set(answer.json()) == {"error", "error_description"}


def test_client_credentials_need_my_domain(emulator):
    answer = requests.post(
        f"{emulator.url}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(emulator.client_id, emulator.client_secret),
        headers={"Host": "login.salesforce.com"},
        timeout=30,
    )
    assert answer.json() == {
        "error": "invalid_grant",
        "error_description": "request not supported on this domain",
    }


def test_refresh_token_rotates_when_the_org_says_so(emulator):
    control = emulator.control
    first = control.ask("POST", "refresh_token", {})["refresh_token"]
    ids = {"client_id": emulator.client_id, "client_secret": emulator.client_secret}
    plain = token_call(emulator, grant_type="refresh_token", refresh_token=first, **ids).json()
    assert "refresh_token" not in plain
    control.settings(rotate_refresh_tokens=True)
    rotated = token_call(emulator, grant_type="refresh_token", refresh_token=first, **ids).json()
    assert rotated["refresh_token"] != first
    again = token_call(emulator, grant_type="refresh_token", refresh_token=first, **ids)
    assert again.json()["error_description"] == "expired access/refresh token"


def test_calls_without_a_living_session_are_401(org):
    no_header = requests.get(f"{org.data}/limits", timeout=30)
    assert org.error(no_header, 401)["errorCode"] == "INVALID_SESSION_ID"
    unknown = requests.get(
        f"{org.data}/limits", headers={"Authorization": "Bearer 00Dx!y"}, timeout=30
    )
    assert org.error(unknown, 401) == {
        "message": "Session expired or invalid",
        "errorCode": "INVALID_SESSION_ID",
    }
    malformed = requests.get(
        f"{org.data}/limits", headers={"Authorization": "Digest abc"}, timeout=30
    )
    assert org.error(malformed, 401)["errorCode"] == "INVALID_AUTH_HEADER"


def test_a_session_ends_after_two_idle_hours_and_activity_extends_it(org):
    org.control.freeze()
    for _ in range(3):
        org.control.advance(7000)
        assert org.call("GET", "/limits").status_code == 200
    org.control.advance(7300)
    assert org.call("GET", "/limits").status_code == 401
    org.sign_in()
    assert org.call("GET", "/limits").status_code == 200


def test_a_session_ends_after_n_calls(org):
    org.control.settings(expire_after_calls=2)
    statuses = [org.call("GET", "/limits").status_code for _ in range(3)]
    assert statuses == [200, 200, 401]


def test_revoke_ends_a_session(org):
    token = org.http.headers["Authorization"].split()[1]
    answer = requests.post(
        f"{org.emulator.url}/services/oauth2/revoke", data={"token": token}, timeout=30
    )
    assert answer.status_code == 200
    assert org.call("GET", "/limits").status_code == 401


def test_userinfo_and_identity_name_the_run_as_user(org):
    body = org.sign_in()
    user = org.control.settings()["run_as"]
    info = org.call("GET", "/services/oauth2/userinfo").json()
    assert info["user_id"] == user
    assert info["organization_id"] == org.control.settings()["org_id"]
    identity = org.http.get(body["id"]).json()
    assert identity["username"] == info["preferred_username"]
    token = body["access_token"]
    by_query = requests.get(
        f"{org.emulator.url}/services/oauth2/userinfo",
        params={"format": "json", "oauth_token": token},
        timeout=30,
    )
    assert by_query.json()["user_id"] == user


def test_a_deactivated_run_as_user_gets_no_token(org):
    run_as = org.control.settings()["run_as"]
    org.control.edit("User", run_as, {"IsActive": False})
    answer = token_call(
        org.emulator,
        grant_type="client_credentials",
        client_id=org.emulator.client_id,
        client_secret=org.emulator.client_secret,
    )
    assert answer.json()["error"] == "inactive_user"


def test_versions_need_no_session_and_old_ones_are_gone(org):
    versions = requests.get(f"{org.emulator.url}/services/data", timeout=30).json()
    assert versions[-1] == {
        "label": "Spring '26",
        "url": "/services/data/v66.0",
        "version": "66.0",
    }
    numbers = [float(entry["version"]) for entry in versions]
    assert numbers == sorted(numbers)
    retired = org.call("GET", "/services/data/v30.0/limits")
    assert org.error(retired, 410)["errorCode"] == "UNSUPPORTED_API_VERSION"
    assert org.call("GET", "/services/data/v99.0/limits").status_code == 404
