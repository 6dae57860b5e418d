"""The OAuth endpoints: token, userinfo, identity, revoke."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import parse_qsl, unquote

from adapters.emulatorkit.wire import Call
from adapters.salesforce.emulator.errors import ApiError
from adapters.salesforce.emulator.grants import GrantError, user_of_assertion, user_of_password
from adapters.salesforce.emulator.org import Org

LOGIN_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})
SCOPE = "api refresh_token"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class OAuthError(Exception):
    """A token request fails; the body is an object, unlike every other error of the API."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(f"{code}: {description}")
        self.body = {"error": code, "error_description": description}
        self.status = status


def issue_token(org: Org, call: Call) -> dict[str, Any]:
    """Answer `/services/oauth2/token`; raises OAuthError."""
    if call.method != "POST":
        raise OAuthError("invalid_request", "must use HTTP POST")
    form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    grant = form.get("grant_type", "")
    if grant == "client_credentials":
        return _client_credentials(org, call, form)
    if grant == "refresh_token":
        return _refresh(org, call, form)
    if grant in {JWT_GRANT, "password"}:
        return _name_user(org, call, form)
    raise OAuthError("unsupported_grant_type", "grant type not supported")


def user_info(org: Org, user_id: str, base_url: str) -> dict[str, Any]:
    """Answer `/services/oauth2/userinfo`."""
    user = org.records.get("User", user_id) or {}
    return {
        "sub": f"{base_url}/id/{org.org_id}/{user_id}",
        "user_id": user_id,
        "organization_id": org.org_id,
        "preferred_username": user.get("Username"),
        "nickname": user.get("Alias"),
        "name": user.get("Name"),
        "email": user.get("Email"),
        "email_verified": True,
        "given_name": user.get("FirstName"),
        "family_name": user.get("LastName"),
        "zoneinfo": user.get("TimeZoneSidKey"),
        "locale": user.get("LocaleSidKey"),
        "language": user.get("LanguageLocaleKey"),
        "user_type": "STANDARD",
        "active": user.get("IsActive"),
        "is_app_installed": True,
        "updated_at": user.get("SystemModstamp"),
    }


def identity(org: Org, user_id: str, base_url: str) -> dict[str, Any]:
    """Answer the identity URL (`id` of the token answer)."""
    user = org.records.get("User", user_id) or {}
    data = f"{base_url}/services/data/v{{version}}/"
    return {
        "id": f"{base_url}/id/{org.org_id}/{user_id}",
        "asserted_user": True,
        "user_id": user_id,
        "organization_id": org.org_id,
        "username": user.get("Username"),
        "nick_name": user.get("Alias"),
        "display_name": user.get("Name"),
        "email": user.get("Email"),
        "email_verified": True,
        "first_name": user.get("FirstName"),
        "last_name": user.get("LastName"),
        "timezone": user.get("TimeZoneSidKey"),
        "active": user.get("IsActive"),
        "user_type": "STANDARD",
        "language": user.get("LanguageLocaleKey"),
        "locale": user.get("LocaleSidKey"),
        "utcOffset": 0,
        "last_modified_date": user.get("LastModifiedDate"),
        "is_app_installed": True,
        "urls": {
            "rest": data,
            "sobjects": data + "sobjects/",
            "query": data + "query/",
            "recent": data + "recent/",
            "profile": f"{base_url}/{user_id}",
        },
    }


def revoke(org: Org, call: Call) -> None:
    """Answer `/services/oauth2/revoke`: forget an access or refresh token."""
    form = dict(parse_qsl(call.body.decode("utf-8", "replace")))
    token = form.get("token") or call.query.get("token", "")
    known = org.sessions.pop(token, None) or org.refresh_tokens.pop(token, None)
    if known is None:
        raise OAuthError("unsupported_token_type", "this token type is not supported")


def introspect(org: Org, call: Call) -> dict[str, Any]:
    """Answer `/services/oauth2/introspect`: what a token is and until when; the app names itself.

    A session lasts as long as it is used, so `exp` is the time at which it would end unused.
    """
    form = dict(parse_qsl(call.body.decode("utf-8", "replace")))
    _check_client(org, call, form)
    session = org.sessions.get(form.get("token", ""))
    if session is None:
        return {"active": False}
    ends = session.last_used + org.settings.session_seconds
    user = org.records.get("User", session.user_id) or {}
    return {
        "active": ends >= org.clock.timestamp(),
        "scope": SCOPE,
        "client_id": org.client_id,
        "username": user.get("Username"),
        "sub": f"{call.base_url}/id/{org.org_id}/{session.user_id}",
        "token_type": "access_token",
        "exp": int(ends),
        "iat": int(session.last_used),
        "nbf": int(session.last_used),
    }


def bearer_token(call: Call) -> str:
    """Return the access token of a call; raises ApiError 401 when there is none."""
    header = call.headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    if not header:
        raise session_invalid()
    if scheme.lower() not in {"bearer", "oauth"} or not token.strip():
        raise ApiError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
    return token.strip()


def session_invalid() -> ApiError:
    """The access token is unknown, expired or revoked."""
    return ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")


def _client_credentials(org: Org, call: Call, form: dict[str, str]) -> dict[str, Any]:
    _check_client(org, call, form)
    if call.headers.get("host", "").split(":")[0] in LOGIN_HOSTS:
        raise OAuthError("invalid_grant", "request not supported on this domain")
    user = org.records.get("User", org.settings.run_as)
    if user is None:
        raise OAuthError("invalid_grant", "no client credentials user enabled")
    return _token_answer(org, call, str(user["Id"]), "")


def _name_user(org: Org, call: Call, form: dict[str, str]) -> dict[str, Any]:
    try:
        if form["grant_type"] == JWT_GRANT:
            user_id = user_of_assertion(org, form.get("assertion", ""), call.base_url)
        else:
            _check_client(org, call, form)
            user_id = user_of_password(org, form.get("username", ""), form.get("password", ""))
    except GrantError as error:
        raise OAuthError(error.code, error.description) from None
    return _token_answer(org, call, user_id, "")


def _refresh(org: Org, call: Call, form: dict[str, str]) -> dict[str, Any]:
    _check_client(org, call, form)
    old = form.get("refresh_token", "")
    user_id = org.refresh_tokens.get(old)
    if user_id is None:
        raise OAuthError("invalid_grant", "expired access/refresh token")
    replacement = ""
    if org.settings.rotate_refresh_tokens:
        del org.refresh_tokens[old]
        replacement = issue_refresh_token(org, user_id)
    return _token_answer(org, call, user_id, replacement)


def issue_refresh_token(org: Org, user_id: str) -> str:
    """Return a refresh token, as an authorization in a browser would have given it."""
    token = "5Aep861" + secrets.token_urlsafe(64)
    org.refresh_tokens[token] = user_id
    org.save()
    return token


def _check_client(org: Org, call: Call, form: dict[str, str]) -> None:
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise OAuthError("invalid_client", "invalid client credentials", 401) from None
        client_id, _, secret = pair.partition(":")
        client_id, secret = unquote(client_id), unquote(secret)
    if not hmac.compare_digest(client_id.encode(), org.client_id.encode()):
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if not hmac.compare_digest(secret.encode(), org.client_secret.encode()):
        raise OAuthError("invalid_client", "invalid client credentials", 401)


def _token_answer(org: Org, call: Call, user_id: str, refresh_token: str) -> dict[str, Any]:
    user = org.records.get("User", user_id) or {}
    if not user.get("IsActive"):
        raise OAuthError("inactive_user", "user is inactive")
    issued_at = str(int(org.clock.timestamp() * 1000))
    identity_url = f"{call.base_url}/id/{org.org_id}/{user_id}"
    digest = hmac.new(
        org.client_secret.encode(), (identity_url + issued_at).encode(), hashlib.sha256
    ).digest()
    answer = {
        "access_token": org.open_session(user_id),
        "signature": base64.b64encode(digest).decode(),
        "scope": SCOPE,
        "instance_url": call.base_url,
        "id": identity_url,
        "token_type": "Bearer",
        "issued_at": issued_at,
    }
    if refresh_token:
        answer["refresh_token"] = refresh_token
    return answer
