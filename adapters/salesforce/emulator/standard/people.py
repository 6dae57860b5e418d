"""User, Profile and Organization."""

from __future__ import annotations

from adapters.salesforce.emulator.fields import (
    FieldSpec,
    address,
    flag,
    lookup,
    moment,
    pick,
    read_only,
    text,
)
from adapters.salesforce.emulator.schema import ObjectSpec

TIME_ZONES = ("GMT", "Europe/Berlin", "Asia/Shanghai", "America/New_York", "America/Los_Angeles")
LOCALES = ("en_US", "en_GB", "de_DE", "zh_CN")
LANGUAGES = ("en_US", "de", "zh_CN")


def people_objects() -> list[ObjectSpec]:
    """Return User, Profile and Organization."""
    return [_user(), _profile(), _organization()]


def _user() -> ObjectSpec:
    spec = ObjectSpec("User", "User", "005", label_plural="Users", deletable=False)
    spec.add(
        text("Username", 80, nillable=False, unique=True),
        text("LastName", 80, nillable=False),
        text("FirstName", 40),
        read_only(text("Name", 121, nillable=False, name_field=True, label="Full Name")),
        text("CompanyName", 80),
        text("Division", 80),
        text("Department", 80),
        text("Title", 80),
        *address(""),
        FieldSpec("Email", "email", length=128, nillable=False),
        FieldSpec("Phone", "phone"),
        FieldSpec("MobilePhone", "phone"),
        text("Alias", 8, nillable=False),
        flag("IsActive", default=True, label="Active"),
        pick("TimeZoneSidKey", *TIME_ZONES, restricted=True, default="GMT", label="Time Zone"),
        pick("LocaleSidKey", *LOCALES, restricted=True, default="en_US", label="Locale"),
        pick("LanguageLocaleKey", *LANGUAGES, restricted=True, default="en_US", label="Language"),
        pick("EmailEncodingKey", "UTF-8", "ISO-8859-1", restricted=True, default="UTF-8"),
        lookup("ProfileId", "Profile"),
        pick("UserType", "Standard", "CsnOnly", default="Standard"),
        text("EmployeeNumber", 20),
        lookup("ManagerId", "User", child_relationship="ManagedUsers", on_delete="clear"),
        read_only(moment("LastLoginDate")),
        text("FederationIdentifier", 512, unique=True),
    )
    return spec


def _profile() -> ObjectSpec:
    spec = ObjectSpec("Profile", "Profile", "00e", label_plural="Profiles", deletable=False)
    spec.add(
        text("Name", nillable=False, name_field=True),
        text("Description"),
        pick("UserType", "Standard", default="Standard"),
    )
    return spec


def _organization() -> ObjectSpec:
    spec = ObjectSpec(
        "Organization",
        "Organization",
        "00D",
        label_plural="Organizations",
        createable=False,
        deletable=False,
    )
    spec.add(
        text("Name", 80, nillable=False, name_field=True),
        text("Division", 80),
        *address(""),
        FieldSpec("Phone", "phone"),
        text("PrimaryContact", 80),
        pick("DefaultLocaleSidKey", *LOCALES, default="en_US"),
        pick("TimeZoneSidKey", *TIME_ZONES, default="GMT"),
        pick("LanguageLocaleKey", *LANGUAGES, default="en_US"),
        read_only(pick("OrganizationType", "Enterprise Edition", "Developer Edition")),
        read_only(text("InstanceName", 5)),
        read_only(flag("IsSandbox")),
        read_only(text("NamespacePrefix", 15)),
        read_only(moment("TrialExpirationDate")),
        FieldSpec("FiscalYearStartMonth", "int", default=1),
    )
    return spec
