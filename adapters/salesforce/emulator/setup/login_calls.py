"""The SOAP partner API as far as clients use it to sign in: login, getUserInfo, logout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapters.emulatorkit.wire import Call
from adapters.salesforce.emulator.grants import GrantError, user_of_password
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.setup.soap import Envelope, SoapFaultError

# Salesforce Help 005132110: login() is not part of version 65.0 and later.
LOGIN_UNTIL = 64
_WRONG = "Invalid username, password, security token; or user locked out."


def answer_login_call(org: Org, call: Call, envelope: Envelope, version: str) -> Any:
    """Return the result of a partner API call; raises SoapFaultError."""
    if envelope.operation == "login":
        return _login(org, call, envelope, version)
    known = _SIGNED_IN.get(envelope.operation)
    if known is None:
        text = f"No operation available for request {envelope.operation}"
        raise SoapFaultError("UNKNOWN_EXCEPTION", text)
    return known(org, envelope)


def user_of_session(org: Org, envelope: Envelope) -> str:
    """Return the user of the header's session id; raises SoapFaultError."""
    user_id = org.use_session(envelope.session_id)
    if user_id is None:
        text = "Invalid Session ID found in SessionHeader: Illegal Session. Session not found"
        raise SoapFaultError("INVALID_SESSION_ID", text)
    return user_id


def _login(org: Org, call: Call, envelope: Envelope, version: str) -> dict[str, Any]:
    if float(version) > LOGIN_UNTIL:
        text = f"SOAP API login() is not available in API version {version}; use OAuth"
        raise SoapFaultError("UNSUPPORTED_API_VERSION", text)
    if not org.settings.soap_login:
        text = "SOAP API login() is disabled by default in this org."
        raise SoapFaultError("INVALID_OPERATION", text)
    try:
        user_id = user_of_password(org, envelope.text("username"), envelope.text("password"))
    except GrantError:
        raise SoapFaultError("INVALID_LOGIN", _WRONG) from None
    base, short = call.base_url, org.org_id[:15]
    return {
        "metadataServerUrl": f"{base}/services/Soap/m/{version}/{short}",
        "passwordExpired": False,
        "sandbox": True,
        "serverUrl": f"{base}/services/Soap/u/{version}/{short}",
        "sessionId": org.open_session(user_id),
        "userId": user_id,
        "userInfo": _user_info(org, user_id),
    }


def _user_info(org: Org, user_id: str) -> dict[str, Any]:
    user = org.records.get("User", user_id) or {}
    organization = org.records.get("Organization", org.org_id) or {}
    corporate = [r for r in org.records.table("CurrencyType").values() if r.get("IsCorporate")]
    return {
        "accessibilityMode": False,
        "currencySymbol": "€",
        "orgAttachmentFileSizeLimit": 5_242_880,
        "orgDefaultCurrencyIsoCode": corporate[0]["IsoCode"] if corporate else "EUR",
        "orgDisallowHtmlAttachments": False,
        "orgHasPersonAccounts": False,
        "organizationId": org.org_id,
        "organizationMultiCurrency": bool(corporate),
        "organizationName": organization.get("Name"),
        "profileId": user.get("ProfileId"),
        "roleId": user.get("UserRoleId"),
        "sessionSecondsValid": org.settings.session_seconds,
        "userDefaultCurrencyIsoCode": None,
        "userEmail": user.get("Email"),
        "userFullName": user.get("Name"),
        "userId": user_id,
        "userLanguage": user.get("LanguageLocaleKey"),
        "userLocale": user.get("LocaleSidKey"),
        "userName": user.get("Username"),
        "userTimeZone": user.get("TimeZoneSidKey"),
        "userType": "Standard",
        "userUiSkin": "Theme3",
    }


def _get_user_info(org: Org, envelope: Envelope) -> dict[str, Any]:
    return _user_info(org, user_of_session(org, envelope))


def _get_server_timestamp(org: Org, envelope: Envelope) -> dict[str, Any]:
    user_of_session(org, envelope)
    return {"timestamp": org.stamp().replace("+0000", "Z")}


def _logout(org: Org, envelope: Envelope) -> None:
    user_of_session(org, envelope)
    org.sessions.pop(envelope.session_id, None)


_SIGNED_IN: dict[str, Callable[[Org, Envelope], Any]] = {
    "getUserInfo": _get_user_info,
    "getServerTimestamp": _get_server_timestamp,
    "logout": _logout,
}
