"""Sets an org up: organization, users, price book; or takes it over from a data file."""

from __future__ import annotations

import secrets

from adapters.emulatorkit.datafile import DataFile
from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.schema_changes import change_schema
from adapters.salesforce.emulator.seeds import seed_records
from adapters.salesforce.emulator.setup.restore import restore_components

INTEGRATION_USER = "creditflag.integration@example.com"
HUMAN_USER = "ann.admin@example.com"


def new_org(
    datafile: DataFile | None = None, *, client_id: str = "", client_secret: str = ""
) -> Org:
    """Return an org: restored when the data file holds one, else fresh.

    Without `client_id` and `client_secret` random ones are made (and kept in the file).
    """
    org = Org(
        client_id or "3MVG9" + secrets.token_urlsafe(60),
        client_secret or secrets.token_hex(32).upper(),
        datafile,
    )
    org.records.add_index("OrderItem", "OrderId", str)
    state = datafile.read_setting("org") if datafile is not None else None
    if state is None:
        _furnish(org)
    else:
        org.restore(state)
        for document in state["schema_log"]:
            change_schema(org, document)
        org.schema_log = list(state["schema_log"])
        org.records.load()
        restore_components(org, datafile)
    if client_id:
        org.client_id = client_id
    if client_secret:
        org.client_secret = client_secret
    org.save()
    return org


def _furnish(org: Org) -> None:
    for spec in org.schema:
        org.schema_changed[spec.name] = org.stamp()
    users = _standard(org, "User")
    org.settings.human = org.new_id(users)
    people = [
        {
            "Id": org.settings.human,
            "FirstName": "Ann",
            "LastName": "Admin",
            "Username": HUMAN_USER,
            "Email": HUMAN_USER,
            "Alias": "aadmi",
        },
        {
            "FirstName": "Credit",
            "LastName": "Integration",
            "Username": INTEGRATION_USER,
            "Email": INTEGRATION_USER,
            "Alias": "cinte",
        },
    ]
    org.settings.run_as = seed_records(org, users, people, None)[1]
    org.org_id = _seed_one(
        org,
        "Organization",
        {
            "Name": "Emulated Org",
            "OrganizationType": "Developer Edition",
            "InstanceName": "EMU1",
            "IsSandbox": True,
        },
    )
    _seed_one(
        org, "Pricebook2", {"Name": "Standard Price Book", "IsActive": True, "IsStandard": True}
    )


def _seed_one(org: Org, name: str, record: dict[str, object]) -> str:
    return seed_records(org, _standard(org, name), [record], None)[0]


def _standard(org: Org, name: str) -> ObjectSpec:
    spec = org.schema.stored(name)
    if spec is None:
        raise LookupError(f"no standard object {name}")
    return spec
