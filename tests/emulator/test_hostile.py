"""Whatever comes in, the answer is one of the vendor's errors and nothing half done."""

from __future__ import annotations

import csv
import io
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


JOB_KEYS = ["object", "operation", "query", "externalIdFieldName", "lineEnding", "columnDelimiter",
            "contentType", "state"]  # fmt: skip
JOB_WORDS = ["Account", "Nope", "insert", "upsert", "delete", "query", "Id", "LF", "CRLF", "COMMA",
             "CSV", "SELECT Id FROM Account", "SELECT", "Aborted", "UploadComplete"]  # fmt: skip


class Talk:
    """Sends calls to a service without a network between."""

    def __init__(self, org):
        self.service = SalesforceService(org)
        token = org.open_session(org.settings.run_as)
        self.headers = {"authorization": f"Bearer {token}", "content-type": "text/csv"}

    def ask(self, method, path, body=b"", **query):
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = f"/services/data/v66.0/jobs/{path}"
        return self.service.answer(Call(method, url, query, self.headers, sent, "http://x"))


@given(
    st.sampled_from(["ingest", "query"]),
    st.dictionaries(
        st.sampled_from(JOB_KEYS), st.sampled_from(JOB_WORDS) | JSON_VALUES, max_size=6
    ),
    st.text(max_size=20),
)
@settings(max_examples=200, deadline=None)
def test_any_job_is_made_or_refused(quiet_org, kind, body, text):
    talk = Talk(quiet_org)
    answers = [talk.ask("POST", kind, body), talk.ask("GET", kind, queryLocator=text)]
    made = json.loads(answers[0].body)
    if answers[0].status == 200:
        job = f"{kind}/{made['id']}"
        answers.append(talk.ask("PATCH", job, body))
        answers.append(talk.ask("GET", f"{job}/results", maxRecords=text, locator=text))
        answers.append(talk.ask("GET", job))
    answers.append(talk.ask("GET", f"{kind}/{text.replace('/', '')}"))
    assert {answer.status for answer in answers} <= {200, 400, 404}


CELLS = st.sampled_from(
    ["Name", "Site", "Id", "AnnualRevenue", "#N/A", "", "1", "x", '"', '""', "é"]
)


@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=3), max_size=5)
    | st.binary(max_size=40).map(lambda raw: [[raw]]),
    st.sampled_from(["insert", "update", "delete", "upsert"]),
)
@settings(max_examples=300, deadline=None)
def test_any_upload_ends_with_every_row_told(quiet_org, table, operation):
    talk = Talk(quiet_org)
    lines = [
        cells[0] if isinstance(cells[0], bytes) else ",".join(cells).encode() for cells in table
    ]
    body = {"object": "Account", "operation": operation, "externalIdFieldName": "Id"}
    job = f"ingest/{json.loads(talk.ask('POST', 'ingest', body).body)['id']}"
    assert talk.ask("PUT", f"{job}/batches", b"\n".join(lines)).status == 201
    assert talk.ask("PATCH", job, {"state": "UploadComplete"}).status == 200
    info = [json.loads(talk.ask("GET", job).body) for _ in range(2)][-1]
    assert info["state"] in {"JobComplete", "Failed"}
    assert ("errorMessage" in info) is (info["state"] == "Failed")
    told = {
        which: talk.ask("GET", f"{job}/{which}").body.decode()
        for which in ("successfulResults", "failedResults", "unprocessedrecords")
    }
    if info["state"] == "JobComplete":
        counts = [len(list(csv.reader(io.StringIO(text)))) - 1 for text in told.values()]
        rows = [line for line in list(csv.reader(io.StringIO(b"\n".join(lines).decode()))) if line]
        assert sum(counts) == len(rows) - 1
        assert counts[1] == info["numberRecordsFailed"]
