"""Person accounts: customers who are people, in an org that has them switched on."""

from __future__ import annotations

from adapters.emulatorkit.records import Row
from adapters.salesforce.emulator.errors import RecordError, not_writable
from adapters.salesforce.emulator.fields import FieldSpec, day, flag, pick, read_only, text
from adapters.salesforce.emulator.ids import make_id
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.record_types import add_record_type

_NAME_PARTS = ("Salutation", "FirstName", "LastName")


def enable_person_accounts(org: Org) -> None:
    """Give Account the fields of people, and a record type for people and one for businesses."""
    account = org.schema.stored("Account")
    if account is None or "ispersonaccount" in account.fields:
        return
    account.add(
        pick("Salutation", "Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", compound="Name"),
        text("FirstName", 40, compound="Name"),
        text("LastName", 80, compound="Name"),
        FieldSpec("PersonEmail", "email"),
        FieldSpec("PersonMobilePhone", "phone"),
        text("PersonTitle", 80),
        day("PersonBirthdate"),
        read_only(flag("IsPersonAccount")),
    )
    # A person gives its name in parts: the name itself is then no longer asked for.
    account.fields["name"].defaulted_on_create = True
    account.fields["name"].compound = "Name"
    types = org.schema.stored("RecordType")
    if types is not None:
        types.add(flag("IsPersonType"))
    for number, (name, label) in enumerate(
        (("Business_Account", "Business Account"), ("PersonAccount", "Person Account"))
    ):
        type_id = make_id("012", 900_000 + number)
        add_record_type(org, type_id, "Account", name, label)
        row = {**org.records.table("RecordType")[type_id], "IsPersonType": name == "PersonAccount"}
        with org.records.transaction():
            org.records.put("RecordType", type_id, row)


def complete_account(org: Org, old: Row | None, new: Row) -> None:
    """Make a person's name from its parts; raises RecordError when parts and kind do not fit."""
    spec = org.schema.stored("Account")
    if spec is None or "ispersonaccount" not in spec.fields:
        return
    types = {row["DeveloperName"]: row for row in org.records.table("RecordType").values()}
    person_type = types["PersonAccount"]["Id"]
    if not new.get("RecordTypeId"):
        is_person = bool(new.get("LastName") or new.get("IsPersonAccount"))
        new["RecordTypeId"] = person_type if is_person else types["Business_Account"]["Id"]
    new["IsPersonAccount"] = new["RecordTypeId"] == person_type
    if not new["IsPersonAccount"]:
        _refuse([name for name in _NAME_PARTS if new.get(name)])
        if not new.get("Name"):
            raise _missing("Name")
        return
    if new.get("Name") != (old or {}).get("Name"):
        raise not_writable(["Name"])
    if not new.get("LastName"):
        raise _missing("LastName")
    new["Name"] = " ".join(part for part in (new.get("FirstName"), new["LastName"]) if part)


def _refuse(names: list[str]) -> None:
    if names:
        message = f"Account: bad field names on insert/update call: {', '.join(names)}"
        raise RecordError("INVALID_FIELD_FOR_INSERT_UPDATE", message, names)


def _missing(name: str) -> RecordError:
    message = f"Required fields are missing: [{name}]"
    return RecordError("REQUIRED_FIELD_MISSING", message, [name])
