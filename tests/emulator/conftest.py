"""A running emulator and a small client that sends raw requests to it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from adapters.emulatorkit.client import EmulatorControl
from adapters.salesforce.emulator import RunningEmulator, start

VERSION = "66.0"
INVOICE_SCHEMA: dict[str, Any] = {
    "objects": [
        {
            "name": "Account",
            "fields": [
                {"name": "Credit_Score__c", "type": "double", "precision": 3, "scale": 0},
                {"name": "Credit_Limit__c", "type": "currency"},
                {"name": "Credit_Hold__c", "type": "boolean"},
                {
                    "name": "Credit_Grade__c",
                    "type": "picklist",
                    "values": ["A", "B", "C"],
                    "restricted": True,
                },
                {
                    "name": "ERP_Id__c",
                    "type": "string",
                    "length": 20,
                    "external_id": True,
                    "unique": True,
                },
                {"name": "Region_Key__c", "type": "string", "length": 20, "external_id": True},
                {"name": "Reviewed_At__c", "type": "datetime"},
                {
                    "name": "Tags__c",
                    "type": "multipicklist",
                    "values": ["export", "key", "new"],
                    "restricted": True,
                },
            ],
        },
        {
            "name": "Invoice__c",
            "name_format": "INV-{0000}",
            "fields": [
                {
                    "name": "Account__c",
                    "type": "reference",
                    "reference_to": ["Account"],
                    "child_relationship": "Invoices__r",
                    "required": True,
                },
                {"name": "Amount__c", "type": "currency"},
                {"name": "Due__c", "type": "date"},
                {"name": "Memo__c", "type": "textarea", "length": 2000},
            ],
        },
        {
            "name": "Activity",
            "fields": [
                {
                    "name": "CreditFlag_Key__c",
                    "type": "string",
                    "length": 80,
                    "external_id": True,
                    "unique": True,
                    "case_sensitive": True,
                }
            ],
        },
    ]
}


class OrgClient:
    """Sends raw requests with a session; paths are below `/services/data/v66.0`."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self.emulator = emulator
        self.control: EmulatorControl = emulator.control
        self.http = requests.Session()
        self.http.trust_env = False
        self.data = f"{emulator.url}/services/data/v{VERSION}"
        self.sign_in()

    def sign_in(self) -> dict[str, Any]:
        """Get a token by client credentials and use it from now on."""
        answer = self.http.post(
            f"{self.emulator.url}/services/oauth2/token",
            data={
                "grant_type": "client_credentials",
                "client_id": self.emulator.client_id,
                "client_secret": self.emulator.client_secret,
            },
        )
        body: dict[str, Any] = answer.json()
        self.http.headers["Authorization"] = f"Bearer {body['access_token']}"
        return body

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        """Send one request; a path that begins with `/services` is taken as it is."""
        url = self.emulator.url + path if path.startswith("/services") else self.data + path
        return self.http.request(method, url, json=body, **more)

    def query(self, soql: str, path: str = "/query", **more: Any) -> requests.Response:
        """Run a query and return the raw answer."""
        return self.call("GET", path, params={"q": soql}, **more)

    def rows(self, soql: str, path: str = "/query") -> list[dict[str, Any]]:
        """Run a query and return the records of its first page."""
        answer = self.query(soql, path)
        assert answer.status_code == 200, answer.text
        records: list[dict[str, Any]] = answer.json()["records"]
        return records

    def names(self, where: str, path: str = "/query") -> list[str]:
        """Return the names of the accounts that fit a condition, sorted."""
        found = self.rows(f"SELECT Name FROM Account WHERE {where}", path)
        return sorted(row["Name"] for row in found)

    def create(self, name: str, **fields: Any) -> str:
        """Create a record through the API and return its id."""
        answer = self.call("POST", f"/sobjects/{name}", fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def error(self, answer: requests.Response, status: int) -> dict[str, Any]:
        """Return the only error of an error list with the given status."""
        assert answer.status_code == status, answer.text
        errors = answer.json()
        assert isinstance(errors, list)
        assert len(errors) == 1
        found: dict[str, Any] = errors[0]
        return found


@pytest.fixture(scope="session")
def server():
    """One server for all tests; `emulator` empties it before each."""
    with start(tls=False) as running:
        yield running


@pytest.fixture
def emulator(server):
    server.control.reset()
    return server


@pytest.fixture
def org(emulator):
    client = OrgClient(emulator)
    yield client
    client.http.close()


@pytest.fixture
def credit_org(org):
    """An org with credit fields, invoices and an external id on tasks."""
    org.control.apply_schema(INVOICE_SCHEMA)
    return org
