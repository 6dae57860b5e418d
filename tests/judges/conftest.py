"""The emulator that is judged; each test has an empty one with credit fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from adapters.salesforce.emulator import RunningEmulator, start

SCHEMA: dict[str, Any] = {
    "objects": [
        {
            "name": "Account",
            "fields": [
                {
                    "name": "ERP_Id__c",
                    "type": "string",
                    "length": 20,
                    "external_id": True,
                    "unique": True,
                },
                {"name": "Credit_Limit__c", "type": "currency"},
                {"name": "Credit_Hold__c", "type": "boolean"},
                {"name": "Reviewed_At__c", "type": "datetime"},
            ],
        }
    ]
}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningEmulator]:
    """One emulator for the tests of a file, over http and TLS."""
    with start() as running:
        yield running


@pytest.fixture
def emulator(server: RunningEmulator) -> RunningEmulator:
    """An empty org; bulk jobs end at the first poll, because judges wait between polls."""
    server.control.reset()
    server.control.apply_schema(SCHEMA)
    server.control.settings(bulk_polls=1)
    return server


@pytest.fixture
def token(emulator: RunningEmulator) -> str:
    """An access token of the integration user."""
    answer = requests.post(
        f"{emulator.url}/services/oauth2/token",
        data={
            "grant_type": "client_credentials",
            "client_id": emulator.client_id,
            "client_secret": emulator.client_secret,
        },
        timeout=30,
        proxies={"http": ""},
    )
    return str(answer.json()["access_token"])


@pytest.fixture
def by_key(emulator: RunningEmulator) -> Any:
    """A function that returns the living accounts by external id."""

    def read() -> dict[str, dict[str, Any]]:
        rows = emulator.control.records("Account", deleted=False)
        return {row["ERP_Id__c"]: row for row in rows if row.get("ERP_Id__c")}

    return read
