"""Clauses on values: what goes in is what comes out, to the last digit and sign."""

from __future__ import annotations

from connector.testing.crm_contract.clauses import clause
from connector.testing.crm_contract.harness import CrmUnderTest, Values
from connector.testing.crm_contract.views import PLAIN, held, pull, show, update, write_row

HOSTILE = (
    "O'Brien \\ \"Söhne\" & <b>Co</b>",
    "NA", "null", "None", "nan", "#N/A", "true", "0012", "1e5", "=1+1", "@SUM(A1)", "%s {x} ${y}",
    "上海恒信机械设备有限公司", "ﷺ مرحبا", "e\u0301 vs é", "😀👩‍👩‍👧",
    "a,b;c\td", "--", "' OR 1=1 --",
)  # fmt: skip
"""Texts that careless readers, writers and query builders trip over."""

_AMOUNTS = {
    "all": ("0", "0.01", "-0.01", "1234.5", "-99999999.99", "123456789012.34", "0.1", "1.15"),
    "fifteen": ("0", "0.01", "-0.01", "1234.5", "-99999999.99", "9999999999999.99", "0.1", "1.15"),
}


def _round_trip(under: CrmUnderTest, values: Values) -> None:
    """Write, look behind the CRM's back, read back and pull: the same four times."""
    (record_id,) = under.seed([PLAIN])
    (outcome,) = update(under, (record_id, values))
    assert outcome.state == "ok", outcome
    assert held(under, record_id, *values) == dict(values)
    fields = [under.layout.fields[role] for role in values]
    back = under.crm.read(under.layout.object_name, [record_id], fields)[record_id]
    assert back is not None
    assert show(under, back, *values) == dict(values)
    pulled = {r[under.layout.id_field]: r for r in pull(under).records}[record_id]
    assert show(under, pulled, *values) == dict(values)


@clause("exact-amounts")
def check_amounts(under: CrmUnderTest) -> None:
    """Amounts keep every digit, both ways, and are never binary fractions."""
    for amount in _AMOUNTS[under.traits.digits]:
        _round_trip(under, {"amount": amount})


@clause("exact-counts-and-flags")
def check_counts(under: CrmUnderTest) -> None:
    """Whole numbers and flags come back as they were, zero and false included."""
    for number, flag in (("0", "false"), ("-7", "true"), ("999999999", "false")):
        _round_trip(under, {"number": number, "flag": flag})


@clause("exact-dates")
def check_dates(under: CrmUnderTest) -> None:
    """A date is a day: no time zone moves it, at the edges of a year or of a leap day."""
    for due in ("2026-01-01", "2026-12-31", "2028-02-29", "1999-12-31"):
        _round_trip(under, {"due": due})


@clause("exact-moments")
def check_moments(under: CrmUnderTest) -> None:
    """A moment names its time zone and is the same instant that people entered."""
    under.seed([{**PLAIN, "moment": "2026-03-31T23:30:15+00:00"}])
    (record,) = pull(under).records
    assert show(under, record, "moment") == {"moment": "2026-03-31T23:30:15+00:00"}


@clause("exact-hostile-texts")
def check_hostile(under: CrmUnderTest) -> None:
    """Quotes, markup, other scripts and words that look like nothing come back as they are."""
    made = under.seed([{**PLAIN, "name": f"Nr {n}"} for n in range(len(HOSTILE))])
    outcomes = update(under, *((i, {"text": t}) for i, t in zip(made, HOSTILE, strict=True)))
    assert [o.state for o in outcomes] == ["ok"] * len(made)
    pulled = {str(r[under.layout.id_field]): r for r in pull(under).records}
    for record_id, text in zip(made, HOSTILE, strict=True):
        assert held(under, record_id, "text") == {"text": text}
        assert show(under, pulled[record_id], "text") == {"text": text}


@clause("exact-long-texts")
def check_long(under: CrmUnderTest) -> None:
    """The longest text that fits is kept whole, and line breaks stay line breaks."""
    _round_trip(under, {"text": "ß" * under.layout.text_length, "note": "one\n\ntwo\nthree"})


@clause("exact-choices")
def check_choices(under: CrmUnderTest) -> None:
    """Each choice can be written and comes back as the same word."""
    for grade in under.layout.grades:
        _round_trip(under, {"grade": grade})


@clause("exact-create")
def check_create(under: CrmUnderTest) -> None:
    """A created record holds what an updated one would: both ways of writing spell alike."""
    rows = [write_row(under, {**PLAIN, "text": text}) for text in HOSTILE[:6]]
    outcomes = under.crm.create(under.layout.object_name, rows)
    assert [o.state for o in outcomes] == ["ok"] * len(rows)
    for outcome, text in zip(outcomes, HOSTILE, strict=False):
        assert held(under, outcome.record_id, *PLAIN) == {**PLAIN, "text": text}
