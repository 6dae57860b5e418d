from __future__ import annotations

import pytest


@pytest.fixture
def many(credit_org):
    credit_org.control.seed("Account", [{"Name": f"A{n:05d}"} for n in range(4500)])
    return credit_org


def test_pages_of_2000_tie_with_the_total(many):
    page = many.query("SELECT Id, Name FROM Account ORDER BY Name").json()
    names = [row["Name"] for row in page["records"]]
    sizes = [len(page["records"])]
    while not page["done"]:
        assert page["nextRecordsUrl"].startswith("/services/data/v66.0/query/01g")
        page = many.call("GET", page["nextRecordsUrl"]).json()
        names += [row["Name"] for row in page["records"]]
        sizes.append(len(page["records"]))
    assert sizes == [2000, 2000, 500]
    assert "nextRecordsUrl" not in page
    assert page["totalSize"] == 4500
    assert names == [f"A{n:05d}" for n in range(4500)]
    assert many.control.counters()["by_kind"]["query_more"] == 2


def test_batch_size_is_taken_from_the_header(many):
    small = many.query("SELECT Id FROM Account", headers={"Sforce-Query-Options": "batchSize=3"})
    assert len(small.json()["records"]) == 3
    large = many.query("SELECT Id FROM Account", headers={"Sforce-Query-Options": "batchSize=5000"})
    assert len(large.json()["records"]) == 2000


def test_a_locator_keeps_its_result_set(many):
    page = many.query("SELECT Id, Name FROM Account ORDER BY Name").json()
    last = many.rows("SELECT Id FROM Account WHERE Name = 'A04499'")[0]["Id"]
    many.call("PATCH", f"/sobjects/Account/{last}", {"Name": "Changed"})
    many.call("DELETE", f"/sobjects/Account/{last}")
    third = many.call("GET", page["nextRecordsUrl"].replace("-2000", "-4000")).json()
    assert third["records"][-1]["Name"] == "A04499"
    again = many.call("GET", page["nextRecordsUrl"].replace("-2000", "-4000")).json()
    assert again == third


def test_locators_end(many):
    url = many.query("SELECT Id FROM Account").json()["nextRecordsUrl"]
    many.control.ask("POST", "locators/expire")
    assert many.error(many.call("GET", url), 400)["errorCode"] == "INVALID_QUERY_LOCATOR"
    url = many.query("SELECT Id FROM Account").json()["nextRecordsUrl"]
    many.control.advance(901)
    assert many.error(many.call("GET", url), 400)["errorCode"] == "INVALID_QUERY_LOCATOR"
    for bad in ("01gxx", "nonsense", "01gRM0000jD8f9OYAR-2000"):
        error = many.error(many.call("GET", f"/query/{bad}"), 400)
        assert error["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_only_so_many_cursors_stay_open(many):
    many.control.settings(locators_kept=2)
    urls = [many.query("SELECT Id FROM Account").json()["nextRecordsUrl"] for _ in range(3)]
    statuses = [many.call("GET", url).status_code for url in urls]
    assert statuses == [400, 200, 200]


def test_query_all_shows_the_bin(many):
    gone = many.rows("SELECT Id FROM Account WHERE Name = 'A00000'")[0]["Id"]
    many.call("DELETE", f"/sobjects/Account/{gone}")
    assert many.names("Name = 'A00000'") == []
    rows = many.rows("SELECT Id, IsDeleted FROM Account WHERE IsDeleted = true", "/queryAll")
    assert [(row["Id"], row["IsDeleted"]) for row in rows] == [(gone, True)]
    total = many.query("SELECT COUNT() FROM Account", "/queryAll").json()["totalSize"]
    assert total == 4500


def test_an_empty_result(many):
    body = many.query("SELECT Id FROM Account WHERE Name = 'nobody'").json()
    assert body == {"totalSize": 0, "done": True, "records": []}


def test_the_children_of_a_row_have_pages_of_their_own(org):
    parent = org.create("Account", Name="Acme")
    contacts = [{"LastName": f"N{n}", "AccountId": parent} for n in range(5)]
    org.control.seed("Contact", contacts)
    org.control.settings(child_rows=2)
    (row,) = org.rows("SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account")
    page = row["Contacts"]
    assert (page["totalSize"], page["done"]) == (5, False)
    names = [one["LastName"] for one in page["records"]]
    while not page["done"]:
        page = org.call("GET", page["nextRecordsUrl"]).json()
        names += [one["LastName"] for one in page["records"]]
    assert names == [f"N{n}" for n in range(5)]


def test_columns_instead_of_rows(org):
    soql = (
        "SELECT id, Owner.Name, Owner.Profile.Name, AnnualRevenue, "
        "(SELECT LastName FROM Contacts) FROM account"
    )
    answer = org.call("GET", "/query", params={"q": soql, "columns": "true"})
    body = answer.json()
    assert (body["entityName"], body["keyPrefix"], body["idSelected"]) == ("Account", "001", True)
    first, owner, revenue, children = body["columnMetadata"]
    assert (first["columnName"], first["apexType"]) == ("Id", "Id")
    assert [part["columnName"] for part in owner["joinColumns"]] == ["Name", "Profile"]
    assert owner["joinColumns"][1]["joinColumns"][0]["columnName"] == "Name"
    assert (revenue["numberType"], revenue["textType"]) == (True, False)
    assert (children["columnName"], children["aggregate"]) == ("Contacts", True)
    assert [part["columnName"] for part in children["joinColumns"]] == ["LastName"]
    counted = org.call(
        "GET", "/query", params={"q": "SELECT COUNT(Id) n, Name FROM Account GROUP BY Name",
                                 "columns": "true"}
    ).json()  # fmt: skip
    assert [(c["displayName"], c["aggregate"]) for c in counted["columnMetadata"]] == [
        ("n", True),
        ("Name", False),
    ]
    wrong = org.call("GET", "/query", params={"q": "SELECT Foo FROM Account", "columns": "true"})
    assert org.error(wrong, 400)["errorCode"] == "INVALID_FIELD"
