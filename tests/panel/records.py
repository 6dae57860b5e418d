"""Records of the emulator in the form in which Salesforce's pages get them (User Interface API)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from adapters.salesforce.emulator import RunningEmulator

VERSION = "66.0"
Record = dict[str, Any]


class PageRecords:
    """Reads records over the emulator's REST API, as the page of a signed-in user would."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self.url = emulator.url
        self.http = requests.Session()
        self.http.trust_env = False
        told = self.http.post(
            f"{self.url}/services/oauth2/token",
            data={
                "grant_type": "client_credentials",
                "client_id": emulator.client_id,
                "client_secret": emulator.client_secret,
            },
            timeout=30,
        )
        told.raise_for_status()
        self.http.headers["Authorization"] = f"Bearer {told.json()['access_token']}"

    def __enter__(self) -> PageRecords:
        return self

    def __exit__(self, *exc: object) -> None:
        self.http.close()

    def account(self, record_id: str) -> Record:
        """An account with all its fields."""
        return shape("Account", self._get("Account", record_id))

    def deal(self, object_name: str, record_id: str) -> Record:
        """An order or opportunity with all its fields, and its account's."""
        values = self._get(object_name, record_id)
        record = shape(object_name, values)
        account = self.account(values["AccountId"])
        record["fields"]["Account"] = {"displayValue": None, "value": account}
        return record

    def _get(self, object_name: str, record_id: str) -> Record:
        url = f"{self.url}/services/data/v{VERSION}/sobjects/{object_name}/{record_id}"
        told = self.http.get(url, timeout=30)
        told.raise_for_status()
        values: Record = told.json()
        return values


def shape(object_name: str, values: Mapping[str, Any]) -> Record:
    """Field values as cells."""
    cells = {
        name: {"value": value, "displayValue": None}
        for name, value in values.items()
        if name != "attributes"
    }
    return {"apiName": object_name, "id": values["Id"], "fields": cells}


def with_values(record: Record, **values: Any) -> Record:
    """The record with some fields set."""
    cells = {name: {"value": value, "displayValue": None} for name, value in values.items()}
    return {**record, "fields": {**record["fields"], **cells}}


def without_credit(record: Record) -> Record:
    """The record as somebody sees it who may not see our fields."""
    fields = {name: cell for name, cell in record["fields"].items() if "Credit_" not in name}
    return {**record, "fields": fields}
