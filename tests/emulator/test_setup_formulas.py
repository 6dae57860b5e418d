"""Formula fields: evaluated on read, typed when they are deployed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.emulator.deployment_kit import (
    LIGHT,
    SCORE,
    account_package,
    deploy,
    document,
    grant,
    manifest,
    object_file,
    problems,
)

TEXT = "<label>F</label><type>Text</type>"
NUMBER = "<label>F</label><type>Number</type><precision>18</precision><scale>2</scale>"
CHECK = "<label>F</label><type>Checkbox</type>"
DATE = "<label>F</label><type>Date</type>"
MOMENT = "<label>F</label><type>DateTime</type>"


def formula(text: str, kind: str = TEXT, more: str = "") -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"{kind}<formula>{escaped}</formula>{more}"


@pytest.fixture
def formula_org(org):
    """An org with a score, a light, a limit that may be blank, and dates to compute with."""
    org.control.set_clock(datetime(2026, 3, 5, 10, 30, tzinfo=UTC), frozen=True)
    org.sign_in()
    money = "<label>L</label><type>Currency</type><precision>18</precision><scale>2</scale>"
    fields = {"Score__c": SCORE, "Light__c": LIGHT, "Limit__c": money, "Day__c": DATE}
    assert deploy(org, account_package(**fields))["status"] == "Succeeded"
    grant(org, *(f"Account.{name}" for name in fields))
    return org


def value(org, text, kind=TEXT, more="", **record):
    """Deploy a formula on Account and return its value for a record."""
    result = deploy(org, account_package(F__c=formula(text, kind, more)))
    assert result["status"] == "Succeeded", problems(result)
    if not org.control.records("FieldPermissions") or not any(
        row["Field"] == "Account.F__c" for row in org.control.records("FieldPermissions")
    ):
        grant(org, "Account.F__c", edit=False)
    given = org.create("Account", **{"Name": "Acme", "Score__c": 7, "Light__c": "red", **record})
    return org.call("GET", f"/sobjects/Account/{given}?fields=F__c").json()["F__c"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('Name & " / " & TEXT(Score__c)', "Acme / 7"),
        ("TEXT(Light__c)", "red"),
        ('IF(ISPICKVAL(Light__c, "red"), "stop", "go")', "stop"),
        ('CASE(Light__c, "green", "G", "red", "R", "-")', "R"),
        ('CASE(Score__c, 1, "one", 7, "seven", "other")', "seven"),
        ('IF(AND(Score__c > 5, NOT(ISBLANK(Name))), "yes", "no")', "yes"),
        ('IF(OR(Score__c < 5, Name = "acme"), "yes", "no")', "no"),
        ('IF(Score__c >= 7 && Name <> "x" || FALSE, "yes", "no")', "yes"),
        ('BLANKVALUE(Site, "none")', "none"),
        ('IF(ISBLANK(Limit__c), "no limit", "limit")', "no limit"),
        ('"a\\"b" & \'c\'', 'a"bc'),
        ("TEXT(DATE(2026, 2, 28) + 1)", "2026-03-01"),
        ("TEXT(NOW())", "2026-03-05 10:30:00Z"),
        ("UPPER(LEFT(Name, 2)) & LOWER(RIGHT(Name, 2)) & MID(Name, 2, 2)", "ACmecm"),
        ('SUBSTITUTE(Name, "c", "k") & LPAD("7", 3, "0")', "Akme007"),
        ('IF(CONTAINS(Name, "cm"), "in", "out") & IF(BEGINS(Name, "Ac"), "1", "0")', "in1"),
        ("/* a note */ $User.LastName", "Integration"),
        ("Owner.Username", "creditflag.integration@example.com"),
        ('""', None),
        (
            'IMAGE("/img/samples/flag_red.gif", "Red \\"flag\\"", 16, 16)',
            '<img src="/img/samples/flag_red.gif" alt="Red &quot;flag&quot;" '
            'style="height:16px; width:16px;" border="0"/>',
        ),
        ('IMAGE("/i.png", "Red")', '<img src="/i.png" alt="Red" border="0"/>'),
    ],
)
def test_text_formulas(formula_org, text, expected):
    if "Owner." in text:
        expected = None if expected is None else expected
    assert value(formula_org, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3 - 4 / 2", 5.0),
        ("2 ^ 3 ^ 1 + -1", 7.0),
        ("(Score__c + 1) * 0.125", 1.0),
        ("Score__c / 3", 2.33),
        ("Score__c / 0", None),
        ("Limit__c + 1", None),
        ("BLANKVALUE(Limit__c, 3) + 1", 4.0),
        ("MAX(1, Score__c, 3) + MIN(4, 2) + ABS(-1) + ROUND(1.25, 1)", 11.3),
        ("FLOOR(-1.5) + CEILING(1.2) + MOD(7, 4)", 3.0),
        ('LEN(Name) + VALUE("0.5")', 4.5),
        ("TODAY() - DATE(2026, 3, 1)", 4.0),
        ("YEAR(TODAY()) + MONTH(TODAY()) + DAY(TODAY())", 2034.0),
    ],
)
def test_number_formulas(formula_org, text, expected):
    assert value(formula_org, text, NUMBER) == expected


def test_blanks_count_as_zero_when_the_field_says_so(formula_org):
    zero = "<formulaTreatBlanksAs>BlankAsZero</formulaTreatBlanksAs>"
    assert value(formula_org, "Limit__c + 1", NUMBER, zero) == 1.0


def test_checks_and_dates(formula_org):
    assert value(formula_org, "Score__c = 7", CHECK) is True
    org = formula_org
    deploy(org, account_package(Due__c=formula("DATEVALUE(CreatedDate) + 30", DATE)))
    deploy(org, account_package(Seen__c=formula("NOW() - 1", MOMENT)))
    grant(org, "Account.Due__c", "Account.Seen__c", edit=False)
    row = org.rows("SELECT Due__c, Seen__c FROM Account")[0]
    assert row["Due__c"] == "2026-04-04"
    assert row["Seen__c"] == "2026-03-04T10:30:00.000+0000"


def test_formulas_filter_sort_group_and_never_move_the_stamp(formula_org):
    org = formula_org
    deploy(org, account_package(Icon__c=formula('IF(Score__c > 5, "high", "low")')))
    grant(org, "Account.Icon__c", edit=False)
    first = org.create("Account", Name="a", Score__c=9)
    org.create("Account", Name="b", Score__c=1)
    assert org.names("Icon__c = 'high'") == ["a"]
    rows = org.rows("SELECT Name FROM Account ORDER BY Icon__c DESC")
    assert [row["Name"] for row in rows] == ["b", "a"]
    counted = org.rows("SELECT Icon__c, COUNT(Id) n FROM Account GROUP BY Icon__c")
    assert sorted((row["Icon__c"], row["n"]) for row in counted) == [("high", 1), ("low", 1)]
    before = org.control.record("Account", first)["SystemModstamp"]
    org.control.advance(60)
    deploy(org, account_package(Icon__c=formula('IF(Score__c > 5, "top", "low")')))
    assert org.rows(f"SELECT Icon__c FROM Account WHERE Id = '{first}'")[0]["Icon__c"] == "top"
    assert org.control.record("Account", first)["SystemModstamp"] == before
    refused = org.call("PATCH", f"/sobjects/Account/{first}", {"Icon__c": "x"})
    assert org.error(refused, 400)["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_cross_object_and_nested_formulas(formula_org):
    org = formula_org
    deploy(org, account_package(Icon__c=formula('TEXT(Light__c) & "!"')))
    files = {
        "package.xml": manifest(CustomField=["Opportunity.Light__c"]),
        "objects/Opportunity.object": object_file(
            Light__c=formula('"Account: " & Account.Icon__c')
        ),
    }
    assert deploy(org, files)["status"] == "Succeeded"
    grant(org, "Opportunity.Light__c", edit=False)
    account = org.create("Account", Name="a", Light__c="green")
    deal = {"Name": "d", "StageName": "Prospecting", "CloseDate": "2026-05-01"}
    org.create("Opportunity", AccountId=account, **deal)
    org.create("Opportunity", **deal)
    rows = org.rows("SELECT Light__c FROM Opportunity ORDER BY AccountId NULLS LAST")
    assert [row["Light__c"] for row in rows] == ["Account: green!", "Account: "]
    org.call("PATCH", f"/sobjects/Account/{account}", {"Light__c": "red"})
    assert "Account: red!" in org.query("SELECT Light__c FROM Opportunity").text


def test_custom_settings_are_read_level_by_level(formula_org):
    org = formula_org
    setting = (
        "<customSettingsType>Hierarchy</customSettingsType><label>Heartbeat</label>"
        f"<visibility>Public</visibility><fields><fullName>At__c</fullName>{MOMENT}</fields>"
    )
    files = account_package(Refreshed__c=formula("$Setup.Beat__c.At__c", MOMENT))
    files["package.xml"] = manifest(CustomField=["Account.Refreshed__c"], CustomObject=["Beat__c"])
    files["objects/Beat__c.object"] = document("CustomObject", setting)
    assert deploy(org, files)["status"] == "Succeeded"
    grant(org, "Account.Refreshed__c", edit=False)
    account = org.create("Account", Name="a")
    soql = "SELECT Refreshed__c, SystemModstamp FROM Account"
    before = org.rows(soql)[0]
    assert before["Refreshed__c"] is None
    org.control.advance(60)
    org.create("Beat__c", At__c="2026-03-05T06:00:00Z")
    after = org.rows(soql)[0]
    assert after["Refreshed__c"] == "2026-03-05T06:00:00.000+0000"
    assert after["SystemModstamp"] == before["SystemModstamp"]
    me = org.control.settings()["run_as"]
    org.create("Beat__c", SetupOwnerId=me, At__c="2026-03-05T09:00:00Z")
    found = org.call("GET", f"/sobjects/Account/{account}?fields=Refreshed__c").json()
    assert found["Refreshed__c"] == "2026-03-05T09:00:00.000+0000"


def test_describe_tells_of_formulas(formula_org):
    org = formula_org
    text = 'IMAGE("/i.png", TEXT(Light__c))'
    deploy(org, account_package(Icon__c=formula(text)))
    grant(org, "Account.Icon__c", edit=False)
    fields = org.call("GET", "/sobjects/Account/describe").json()["fields"]
    icon = next(item for item in fields if item["name"] == "Icon__c")
    assert (icon["calculated"], icon["calculatedFormula"]) == (True, text)
    assert (icon["htmlFormatted"], icon["createable"], icon["length"]) == (True, False, 1300)


@pytest.mark.parametrize(
    ("text", "kind", "problem"),
    [
        ("VLOOKUP(Name, 1)", TEXT, "Unknown function VLOOKUP. Check spelling."),
        ("Nope__c", TEXT, "Field Nope__c does not exist. Check spelling."),
        ("Account.Name", TEXT, "Field Account.Name does not exist. Check spelling."),
        ("$Setup.Nope__c.X__c", TEXT, "does not exist"),
        ("$Permission.Nope", CHECK, "does not exist"),
        ("Light__c", TEXT, "Picklist fields are only supported in certain functions."),
        ("Light__c & 'x'", TEXT, "Picklist fields are only supported in certain functions."),
        ("Score__c", TEXT, "Formula result is data type (Number), incompatible with"),
        ("IF(Score__c, 1, 2)", NUMBER, "function 'IF()'. Expected Boolean, received Number"),
        ("IF(TRUE, 1)", NUMBER, "Incorrect number of parameters for function 'IF()'"),
        ("IF(TRUE, 1, 'x')", NUMBER, "Expected Number, received Text"),
        ("Score__c & 'x'", TEXT, "operator '&'. Expected Text, received Number"),
        ("Name * 2", NUMBER, "operator '*'. Expected Number, received Text"),
        ("Name > 2", CHECK, "operator '>'"),
        ("(Score__c", NUMBER, "Syntax error. Missing ')'"),
        ("Score__c +", NUMBER, "Syntax error"),
        ("Score__c # 1", NUMBER, "Syntax error"),
        ("ISCHANGED(Score__c)", CHECK, "not available in this context"),
        ("Description", TEXT, "long text area"),
        ("1" + " + 1" * 2000, NUMBER, "Formula is too long"),
        ("NOT(" * 200 + "TRUE" + ")" * 200, CHECK, "nests too deeply"),
    ],
)
def test_wrong_formulas_are_refused_with_a_reason(formula_org, text, kind, problem):
    result = deploy(formula_org, account_package(F__c=formula(text, kind)))
    assert problem in problems(result)["Account.F__c"]


def test_formulas_cannot_go_round_in_circles(formula_org):
    org = formula_org
    both = account_package(A__c=formula("Name"), B__c=formula("A__c"))
    assert deploy(org, both)["status"] == "Succeeded"
    result = deploy(org, account_package(A__c=formula("B__c")))
    assert "refers to itself" in problems(result)["Account.A__c"]


def test_a_deployment_finds_the_order_of_its_formulas(formula_org):
    chain = account_package(
        A__c=formula("B__c & C__c"),
        B__c=formula("C__c"),
        C__c=formula("Name & TEXT(D__c)"),
        D__c=LIGHT,
    )
    assert deploy(formula_org, chain)["status"] == "Succeeded"
