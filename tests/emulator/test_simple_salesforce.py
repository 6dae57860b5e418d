"""The library that the brief names, over TLS with the emulator's own authority."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
import requests
from simple_salesforce import exceptions
from simple_salesforce.api import Salesforce
from simple_salesforce.format import format_soql

from adapters.salesforce.emulator import start


@pytest.fixture(scope="module")
def secure():
    with start() as running:
        running.control.apply_schema(
            {
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
                        ],
                    }
                ]
            }
        )
        yield running


@pytest.fixture
def session(secure):
    prepared = requests.Session()
    prepared.trust_env = False
    prepared.verify = str(secure.ca_file)
    yield prepared
    prepared.close()


@pytest.fixture
def token(secure, session):
    answer = session.post(
        f"{secure.tls_url}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(secure.client_id, secure.client_secret),
        timeout=30,
    )
    return answer.json()


@pytest.fixture
def sf(session, token):
    return Salesforce(
        session=session,
        session_id=token["access_token"],
        instance_url=token["instance_url"],
        version="66.0",
        parse_float=Decimal,
    )


def first_error(caught) -> dict[str, str]:
    """Return the first error of the list that the API sent."""
    content = caught.value.content
    assert isinstance(content, list)
    return content[0]


def test_the_authority_is_needed(secure, token):
    assert token["instance_url"] == secure.tls_url
    bare = requests.Session()
    bare.trust_env = False
    with pytest.raises(requests.exceptions.SSLError):
        bare.get(f"{secure.tls_url}/services/data", timeout=30)
    bare.close()


def test_rows(sf, secure):
    created = sf.Account.create({"Name": "Acme", "Credit_Limit__c": 12.5})
    record_id = created["id"]
    assert created["success"] is True
    assert sf.Account.get(record_id)["Credit_Limit__c"] == Decimal("12.5")
    assert sf.Account.update(record_id, {"Site": "Ulm"}) == 204
    assert sf.Account.upsert("ERP_Id__c/77", {"Name": "By key"}) == 201
    assert sf.Account.upsert("ERP_Id__c/77", {"Name": "By key 2"}) == 200
    assert sf.Account.get_by_custom_id("ERP_Id__c", "77")["Name"] == "By key 2"
    assert sf.Account.delete(record_id) == 204
    assert secure.control.record("Account", record_id)["IsDeleted"] is True
    with pytest.raises(exceptions.SalesforceResourceNotFound) as caught:
        sf.Account.get(record_id)
    assert first_error(caught)["errorCode"] == "ENTITY_IS_DELETED"


def test_queries_page_by_themselves(sf, secure):
    secure.control.seed("Contact", [{"LastName": f"N{n:04d}"} for n in range(4100)])
    found = sf.query_all("SELECT Id, LastName FROM Contact ORDER BY LastName")
    assert found["totalSize"] == len(found["records"]) == 4100
    names = [row["LastName"] for row in sf.query_all_iter("SELECT LastName FROM Contact")]
    assert sorted(names) == [f"N{n:04d}" for n in range(4100)]
    first = sf.query("SELECT Id FROM Contact")
    more = sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    assert len(more["records"]) == 2000
    assert sf.query("SELECT COUNT() FROM Contact", include_deleted=True)["totalSize"] == 4100


def test_format_soql_speaks_our_dialect(sf):
    sf.Account.create({"Name": "O'Hara"})
    since = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    soql = format_soql(
        "SELECT Name FROM Account WHERE Name = {} AND SystemModstamp >= {} AND Name IN {} "
        "AND Name LIKE '%{:like}%'",
        "O'Hara",
        since,
        ["O'Hara", "x"],
        "'",
    )
    assert [row["Name"] for row in sf.query(soql)["records"]] == ["O'Hara"]
    with pytest.raises(exceptions.SalesforceMalformedRequest) as caught:
        sf.query(format_soql("SELECT Id FROM Account WHERE Id IN {}", []))
    assert first_error(caught)["errorCode"] == "MALFORMED_QUERY"


def test_describe_limits_and_usage(sf):
    names = {entry["name"] for entry in sf.describe()["sobjects"]}
    assert {"Account", "Order", "Task"} <= names
    assert sf.Account.describe()["keyPrefix"] == "001"
    assert sf.Account.metadata()["objectDescribe"]["name"] == "Account"
    assert sf.limits()["DailyApiRequests"]["Max"] == 100_000
    assert sf.api_usage["api-usage"].total == 100_000
    assert sf.is_sandbox() is True


def test_collections_and_composite_through_restful(sf):
    results = sf.restful(
        "composite/sobjects",
        method="POST",
        json={"records": [{"attributes": {"type": "Account"}, "Name": f"C{n}"} for n in range(3)]},
    )
    ids = [result["id"] for result in results]
    found = sf.restful(
        "composite/sobjects/Account", params={"ids": ",".join(ids), "fields": "Name"}
    )
    assert [row["Name"] for row in found] == ["C0", "C1", "C2"]


def test_errors_carry_the_list_of_the_api(sf):
    with pytest.raises(exceptions.SalesforceMalformedRequest) as caught:
        sf.Account.create({})
    assert first_error(caught)["errorCode"] == "REQUIRED_FIELD_MISSING"
    with pytest.raises(exceptions.SalesforceMalformedRequest) as caught:
        sf.query("SELECT Nope FROM Account")
    assert first_error(caught)["errorCode"] == "INVALID_FIELD"


def test_an_expired_session_is_told(sf, secure):
    secure.control.expire_sessions()
    with pytest.raises(exceptions.SalesforceExpiredSession) as caught:
        sf.limits()
    assert first_error(caught)["errorCode"] == "INVALID_SESSION_ID"


@pytest.mark.parametrize("action", ["drop_before", "drop_after", "truncate"])
def test_cut_lines_over_tls(sf, secure, action):
    before = len(secure.control.records("Product2"))
    secure.control.add_faults({"action": action, "kind": "row_create"})
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        sf.Product2.create({"Name": "Pump"})
    applied = 0 if action == "drop_before" else 1
    assert len(secure.control.records("Product2")) == before + applied
    assert sf.Product2.create({"Name": "Pump"})["success"] is True
    secure.control.clear_faults()


def test_the_librarys_own_client_credentials_login(secure, session):
    class ToEmulator(requests.adapters.HTTPAdapter):
        """Sends calls for the login host to the emulator."""

        def send(self, request, *arguments, **more):
            url = str(request.url)
            request.url = url.replace("https://acme.my.salesforce.com", secure.tls_url)
            return super().send(request, *arguments, **more)

    session.mount("https://acme.my.salesforce.com", ToEmulator())
    sf = Salesforce(
        consumer_key=secure.client_id,
        consumer_secret=secure.client_secret,
        domain="acme.my",
        session=session,
        version="66.0",
    )
    assert sf.query("SELECT COUNT() FROM User")["totalSize"] == 2
    wrong = {"consumer_key": secure.client_id, "consumer_secret": "x", "domain": "acme.my"}
    with pytest.raises(exceptions.SalesforceAuthenticationFailed):
        Salesforce(session=session, **wrong)
