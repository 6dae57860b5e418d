"""Any formula is compiled or refused with a reason, and a compiled one never fails on a record."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.salesforce.emulator.fields import day, flag, moment, money, number, pick, text
from adapters.salesforce.emulator.formula.compile import compile_field, reader_of
from adapters.salesforce.emulator.formula.functions import FUNCTIONS
from adapters.salesforce.emulator.formula.parse import FormulaError
from adapters.salesforce.emulator.install import new_org

ORG = new_org()
ACCOUNT = next(spec for spec in ORG.schema if spec.name == "Account")
ACCOUNT.add(
    number("Score__c", 5, 2),
    pick("Light__c", "red", "green"),
    flag("Hold__c"),
    day("Day__c"),
    moment("At__c"),
)
WORDS = [
    *FUNCTIONS,
    *("IF", "CASE", "AND", "OR", "NOT", "ISBLANK", "BLANKVALUE", "TODAY", "NOW", "ISNEW"),
    *("Score__c", "Light__c", "Hold__c", "Day__c", "At__c", "Name", "Parent.Name", "$User.Email"),
    *("(", ")", ",", "+", "-", "*", "/", "^", "&", "&&", "||", "=", "<>", "<", ">=", "!"),
    *("1", "0", "2.5", "99999999999999999999", '"a"', "'%'", "TRUE", "NULL", "/* x */", "$", "\\"),
]
RESULTS = (
    lambda: text("F__c", 100),
    lambda: money("F__c"),
    lambda: flag("F__c"),
    lambda: day("F__c"),
    lambda: moment("F__c"),
)
PARTS = st.recursive(
    st.sampled_from(["Score__c", "Day__c", "At__c", "Hold__c", "Name", "1", "0", "400", '"a;b"']),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from([*FUNCTIONS, "IF", "CASE", "BLANKVALUE"]), st.lists(inner)).map(
            lambda found: f"{found[0]}({', '.join(found[1])})"
        ),
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "^", "&", "=", "<"]), inner).map(
            lambda found: f"({' '.join(found)})"
        ),
    ),
    max_leaves=8,
)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "Score__c": st.floats(-999, 999),
        "Light__c": st.sampled_from(["red", "green"]),
        "Hold__c": st.booleans(),
        "Day__c": st.sampled_from(["0001-01-01", "2024-02-29", "9999-12-31"]),
        "At__c": st.sampled_from(["0001-01-01T00:00:00.000+0000", "9999-12-31T23:59:59.000+0000"]),
        "Name": st.text(max_size=20),
    },
)


def check_formula(source: str, record: dict, shape: int) -> None:
    item = RESULTS[shape]()
    item.formula, item.calculated = source, True
    try:
        compiled = compile_field(ORG, ACCOUNT, item)
    except FormulaError:
        return
    value = reader_of(item, compiled)({"Id": "001000000000001AAA", **record})
    assert value is None or isinstance(value, (str, float, bool))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), RECORDS, st.integers(0, 4))
def test_word_soup(source, record, shape):
    check_formula(source, record, shape)


@settings(max_examples=250, deadline=None)
@given(PARTS, RECORDS, st.integers(0, 4))
def test_formulas_of_any_shape(source, record, shape):
    check_formula(source, record, shape)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60), st.integers(0, 4))
def test_any_text(source, shape):
    check_formula(source, {}, shape)
