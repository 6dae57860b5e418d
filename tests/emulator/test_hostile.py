"""Whatever comes in, the answer is one of the vendor's errors and nothing half done."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.emulatorkit.wire import Call
from adapters.salesforce.emulator.errors import ApiError
from adapters.salesforce.emulator.install import new_org
from adapters.salesforce.emulator.seeds import seed_records
from adapters.salesforce.emulator.service import SalesforceService
from adapters.salesforce.emulator.soql.run import QueryRun

WORDS = (
    "SELECT FROM WHERE AND OR NOT IN LIKE GROUP BY HAVING ORDER LIMIT OFFSET NULLS FIRST ASC "
    "INCLUDES Account Contact Id Name AnnualRevenue CreatedDate IsDeleted Owner.Name Parent.Id "
    "Description BillingAddress Contacts COUNT SUM MAX CALENDAR_YEAR FIELDS ALL TODAY "
    "LAST_N_DAYS:3 null true 5 -2.5 2026-01-01 2026-01-01T00:00:00Z 'x' "
    "'' 'a%' '\\' ( ) ( ) , , = != < >= a."
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
FIELDS = [
    "Name",
    "AnnualRevenue",
    "NumberOfEmployees",
    "ParentId",
    "OwnerId",
    "Type",
    "Website",
    "BillingAddress",
    "CreatedDate",
    "Parent",
    "Owner",
    "attributes",
    "Id",
    "Nope",
    "",
]


@pytest.fixture(scope="module")
def quiet_org():
    org = new_org()
    accounts = org.schema.find("Account")
    assert accounts is not None
    seed_records(org, accounts, [{"Name": f"A{n}", "AnnualRevenue": n} for n in range(5)], None)
    return org


def outcome(run: QueryRun, soql: str) -> tuple[int, str]:
    """Return status and text of a query; any other exception than ApiError is a failure."""
    try:
        result = run.run(soql)
    except ApiError as error:
        return error.status, error.message
    return 200, json.dumps([result.render(row) for row in result.rows])


@given(st.lists(st.sampled_from(WORDS.split()), max_size=14))
@settings(max_examples=400, deadline=None)
def test_word_soup_is_a_result_or_an_api_error(quiet_org, words):
    run = QueryRun.begin(quiet_org, quiet_org.settings.run_as, "/d", include_deleted=True)
    for soql in (" ".join(words), "SELECT Id FROM Account WHERE " + " ".join(words)):
        status, message = outcome(run, soql)
        assert status in {200, 400}
        assert message


@given(st.dictionaries(st.sampled_from(FIELDS), JSON_VALUES, max_size=5))
@settings(max_examples=400, deadline=None)
def test_any_json_is_stored_readable_or_refused_whole(quiet_org, body):
    service = SalesforceService(quiet_org)
    token = quiet_org.open_session(quiet_org.settings.run_as)
    headers = {"authorization": f"Bearer {token}"}
    before = len(quiet_org.records.table("Account"))
    sent = json.dumps(body).encode()
    path = "/services/data/v66.0/sobjects/Account"
    reply = service.answer(Call("POST", path, {}, headers, sent, "http://x"))
    answer = json.loads(reply.body, parse_float=Decimal)
    if reply.status == 201:
        row = service.answer(Call("GET", f"{path}/{answer['id']}", {}, headers, b"", "http://x"))
        assert json.loads(row.body)["Id"] == answer["id"]
    else:
        assert reply.status == 400
        assert answer[0]["errorCode"]
        assert len(quiet_org.records.table("Account")) == before
