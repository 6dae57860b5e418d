from __future__ import annotations

import pytest

UNKNOWN_OBJECT = (
    "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\n"
    "sObject type 'XYZZY' is not supported. If you are attempting to use a custom object, be sure "
    "to append the '__c' after the entity name. Please reference your WSDL or the describe call "
    "for the appropriate names."
)


def test_unknown_object_has_the_recorded_text(org):
    error = org.error(org.query("select count() from XYZZY"), 400)
    assert error == {"message": UNKNOWN_OBJECT, "errorCode": "INVALID_TYPE"}


def test_unknown_field_points_at_its_column(org):
    error = org.error(org.query("SELECT Id, Foo__c FROM Account"), 400)
    assert error["errorCode"] == "INVALID_FIELD"
    lines = error["message"].split("\n")
    assert lines[1] == "SELECT Id, Foo__c FROM Account"
    assert lines[2].index("^") == lines[1].index("Foo__c")
    assert lines[3] == "ERROR at Row:1:Column:12"
    assert lines[4].startswith("No such column 'Foo__c' on entity 'Account'.")


def test_errors_on_later_lines_name_the_row(org):
    error = org.error(org.query("SELECT Id\nFROM Account\nWHERE Foo = 1"), 400)
    assert "ERROR at Row:3:Column:7" in error["message"]


@pytest.mark.parametrize(
    ("soql", "code", "text"),
    [
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY", "unexpected token: <EOF>"),
        ("SELECT Id FROM Account WHERE Id IN ()", "MALFORMED_QUERY", "unexpected token: ')'"),
        ("SELECT * FROM Account", "MALFORMED_QUERY", "unexpected token: '*'"),
        (
            "SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'",
            "MALFORMED_QUERY",
            "unexpected token: 'OR'",
        ),
        (r"SELECT Id FROM Account WHERE Name = 'a\q'", "MALFORMED_QUERY", "escape"),
        ("SELECT Id FROM Account LIMIT 1.5", "MALFORMED_QUERY", "unexpected token: '1.5'"),
        ("SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
        ("SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY", "LIMIT of at most 200"),
        ("SELECT FIELDS(ALL) FROM Account LIMIT 201", "MALFORMED_QUERY", "LIMIT of at most 200"),
        ("SELECT COUNT(Id) FROM Account LIMIT 5", "MALFORMED_QUERY", "cannot also use LIMIT"),
        ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY", "grouped or aggregated"),
        ("SELECT Name n FROM Account", "MALFORMED_QUERY", "aliasing"),
        ("SELECT Name, Name FROM Account", "INVALID_FIELD", "duplicate field selected: Name"),
        ("SELECT Boss.Name FROM Account", "INVALID_FIELD", "relationship 'Boss'"),
        ("SELECT (SELECT Id FROM Boats) FROM Account", "INVALID_TYPE", "'Boats'"),
        (
            "SELECT Id FROM Account WHERE CreatedDate > '2026-01-01T00:00:00Z'",
            "INVALID_FIELD",
            "must be of type dateTime and should not be enclosed in quotes",
        ),
        ("SELECT Id FROM Account WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "dateTime"),
        ("SELECT Id FROM Account WHERE AnnualRevenue = '5'", "INVALID_FIELD", "double"),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD", "enclosed in quotes"),
        ("SELECT Id FROM Account WHERE CreatedDate = TODAYISH", "INVALID_FIELD", "dateTime"),
        (
            "SELECT Id FROM Account WHERE CreatedDate > 2026-13-45T00:00:00Z",
            "MALFORMED_QUERY",
            "Invalid date",
        ),
        (
            "SELECT Id FROM Account WHERE Id = 'abc'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid ID field: abc",
        ),
        ("SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Account ORDER BY Description", "INVALID_FIELD", "can not be sorted"),
        (
            "SELECT AnnualRevenue FROM Account GROUP BY AnnualRevenue",
            "INVALID_FIELD",
            "can not be grouped",
        ),
        ("SELECT SUM(Name) FROM Account", "INVALID_FIELD", "aggregate operator SUM"),
        (
            "SELECT Id FROM Account WHERE Name = 'a' OR Id IN (SELECT ParentId FROM Account)",
            "MALFORMED_QUERY",
            "not allowed with OR",
        ),
        (
            "SELECT Parent.Parent.Parent.Parent.Parent.Parent.Name FROM Account",
            "INVALID_FIELD",
            "5 levels",
        ),
    ],
)
def test_refused_queries(org, soql, code, text):
    error = org.error(org.query(soql), 400)
    assert error["errorCode"] == code
    assert text in error["message"]


def test_a_query_of_more_than_100000_characters_is_malformed(org):
    soql = "SELECT Id FROM Account WHERE Name = '" + "x" * 100_000 + "'"
    answer = org.call(
        "POST",
        "/composite/batch",
        {"batchRequests": [{"method": "GET", "url": f"v66.0/query?q={soql}"}]},
    )
    result = answer.json()["results"][0]
    assert result["statusCode"] == 400
    assert result["result"][0]["errorCode"] == "MALFORMED_QUERY"


def test_a_filter_nested_beyond_reason_is_refused_not_fatal(org):
    where = "NOT " * 3500 + "Name = 'a'"
    error = org.error(org.query(f"SELECT Id FROM Account WHERE {where}"), 400)
    assert error["errorCode"] == "QUERY_TOO_COMPLICATED"
    assert org.query("SELECT Id FROM Account").status_code == 200


def test_a_query_call_without_a_query(org):
    assert org.error(org.call("GET", "/query"), 400)["errorCode"] == "MALFORMED_QUERY"


def test_hidden_fields_do_not_exist_for_the_api_user(credit_org):
    org = credit_org
    org.control.apply_schema({"hide": ["Account.Credit_Limit__c"]})
    error = org.error(org.query("SELECT Credit_Limit__c FROM Account"), 400)
    assert "No such column 'Credit_Limit__c' on entity 'Account'" in error["message"]
    described = org.call("GET", "/sobjects/Account/describe").json()
    assert "Credit_Limit__c" not in [item["name"] for item in described["fields"]]
    org.control.apply_schema({"show": ["Account.Credit_Limit__c"]})
    assert org.query("SELECT Credit_Limit__c FROM Account").status_code == 200


def test_orders_switched_off_are_an_invalid_type(org):
    org.control.apply_schema({"orders_enabled": False})
    assert org.error(org.query("SELECT Id FROM Order"), 400)["errorCode"] == "INVALID_TYPE"
    names = [entry["name"] for entry in org.call("GET", "/sobjects").json()["sobjects"]]
    assert "Order" not in names
    org.control.apply_schema({"orders_enabled": True})
    assert org.query("SELECT Id FROM Order ORDER BY OrderNumber").status_code == 200
