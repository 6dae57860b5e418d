"""Clauses on describing: what the CRM has, as the integration user sees it."""

from __future__ import annotations

from connector.ports.crm import FieldInfo, ObjectInfo
from connector.testing.crm_contract.clauses import clause
from connector.testing.crm_contract.harness import READABLE, ROLES, WRITABLE, CrmUnderTest


def _describe(under: CrmUnderTest) -> ObjectInfo:
    info = under.crm.describe(under.layout.object_name)
    assert info is not None
    return info


def _field(under: CrmUnderTest, role: str) -> FieldInfo:
    found = _describe(under).find(under.layout.fields[role])
    assert found is not None, f"{role} is not described"
    return found


@clause("describe-kinds")
def check_kinds(under: CrmUnderTest) -> None:
    """Every field is described under the vendor's own spelling, with its kind."""
    for role in READABLE:
        field = _field(under, role)
        assert field.name == under.layout.fields[role]
        assert field.label
        assert field.vendor_type
        assert field.kind is ROLES[role], role


@clause("describe-case")
def check_case(under: CrmUnderTest) -> None:
    """A field is found without regard to case."""
    name = under.layout.fields["amount"]
    found = _describe(under).find(name.upper())
    assert found is not None
    assert found.name == name


@clause("describe-sizes")
def check_sizes(under: CrmUnderTest) -> None:
    """Text has its length, money its decimals and digits."""
    assert _field(under, "text").length == under.layout.text_length
    amount = _field(under, "amount")
    assert amount.scale == 2
    assert amount.precision - amount.scale >= 12


@clause("describe-rights")
def check_rights(under: CrmUnderTest) -> None:
    """What may be written is described so, and what is calculated never is."""
    for role in WRITABLE:
        field = _field(under, role)
        assert field.updateable, role
        assert field.createable, role
        assert not field.calculated, role
    if "figure" in under.layout.fields:
        figure = _field(under, "figure")
        assert figure.calculated
        assert not figure.updateable
        assert not figure.createable


@clause("describe-required")
def check_required(under: CrmUnderTest) -> None:
    """The name is required, ordinary fields and checkboxes are not."""
    assert _field(under, "name").required
    assert not _field(under, "text").required
    assert not _field(under, "flag").required


@clause("describe-choices")
def check_choices(under: CrmUnderTest) -> None:
    """A list of choices is described in its order, and that others are refused."""
    grade = _field(under, "grade")
    assert grade.choices == under.layout.grades
    assert grade.restricted
    assert not _field(under, "text").choices


@clause("describe-key")
def check_key(under: CrmUnderTest) -> None:
    """A key that records can be created by is described as unique external id, others are not."""
    key = _field(under, "key")
    assert (key.external_id and key.unique) is (under.traits.keyed_upsert == "yes")
    assert not _field(under, "text").external_id


@clause("describe-hidden")
def check_hidden(under: CrmUnderTest) -> None:
    """A field that the integration user may not see is as if it were not there."""
    assert _describe(under).find(under.layout.fields["hidden"]) is None


@clause("describe-unknown")
def check_unknown(under: CrmUnderTest) -> None:
    """An object that the CRM does not know is no error but nothing."""
    assert under.crm.describe("NoSuchObjectHere") is None


@clause("list-objects")
def check_list(under: CrmUnderTest) -> None:
    """The list of objects names the object, once."""
    assert list(under.crm.list_objects()).count(under.layout.object_name) == 1
