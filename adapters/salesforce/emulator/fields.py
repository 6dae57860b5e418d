"""Field definitions: what describe says of a field and what writes are checked against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

NUMERIC = frozenset({"double", "currency", "percent", "int"})
TEXTUAL = frozenset(
    {
        "string",
        "textarea",
        "picklist",
        "multipicklist",
        "combobox",
        "email",
        "phone",
        "url",
        "encryptedstring",
    }
)
TYPES = NUMERIC | TEXTUAL | {"id", "reference", "boolean", "date", "datetime", "time", "address"}
UNLISTED_LENGTH = {"email": 80, "phone": 40, "url": 255, "picklist": 255, "multipicklist": 4099}
LONG_TEXT_FROM = 256


@dataclass(slots=True)
class FieldSpec:
    """One field. `reference_to` names objects; `parts` are the fields of a compound address.

    `on_delete` says what happens to a record when the one it points to is deleted:
    `clear` the lookup, `cascade` the deletion, `restrict` it, or `keep` the id.
    `hidden` and `read_only` stand for field-level security of the user of the running call;
    for a `guarded` field permission sets decide them. `compute` evaluates a formula field,
    which reads the fields that it `uses` (object and field in lower case).
    """

    name: str
    type: str
    label: str = ""
    length: int = 0
    precision: int = 0
    scale: int = -1
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    calculated: bool = False
    auto_number: bool = False
    display_format: str = ""
    default: Any = None
    defaulted_on_create: bool = False
    values: tuple[str, ...] = ()
    restricted: bool = False
    reference_to: tuple[str, ...] = ()
    relationship: str = ""
    child_relationship: str = ""
    on_delete: str = "keep"
    external_id: bool = False
    unique: bool = False
    case_sensitive: bool = False
    name_field: bool = False
    custom: bool = False
    compound: str = ""
    parts: dict[str, str] = field(default_factory=dict)
    hidden: bool = False
    read_only: bool = False
    formula: str = ""
    help_text: str = ""
    guarded: bool = False
    zero_for_blank: bool = False
    compute: Callable[[dict[str, Any]], Any] | None = field(default=None, repr=False)
    uses: frozenset[tuple[str, str]] = frozenset()

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise ValueError(f"field {self.name}: unknown type {self.type!r}")
        if not self.label:
            self.label = self.name.removesuffix("__c").replace("_", " ")
        if self.type in TEXTUAL and not self.length:
            self.length = UNLISTED_LENGTH.get(self.type, 255)
        if self.type in {"double", "currency", "percent"} and not self.precision:
            self.precision = 18
        if self.scale < 0:
            self.scale = 2 if self.type == "currency" else 0
        if self.type == "int" and not self.precision:
            self.precision = 9
        if self.type == "boolean":
            self.nillable, self.defaulted_on_create = False, True
            self.default = bool(self.default)
        if self.calculated or self.auto_number:
            self.createable = self.updateable = False
        if self.default is not None:
            self.defaulted_on_create = True

    @property
    def is_permissionable(self) -> bool:
        """Whether field-level security can be set: not on what every record must have.

        A checkbox is never null, and yet nobody has to fill it in.
        """
        optional = self.nillable or (self.type == "boolean" and self.custom)
        return optional and self.type not in {"id", "address"}

    @property
    def is_required(self) -> bool:
        """Whether a create must give a value."""
        return self.createable and not self.nillable and not self.defaulted_on_create

    @property
    def is_filterable(self) -> bool:
        """Whether the field may stand in WHERE."""
        return self.type != "address" and not self.is_long_text

    @property
    def is_sortable(self) -> bool:
        """Whether the field may stand in ORDER BY."""
        return self.is_filterable and self.type != "multipicklist"

    @property
    def is_groupable(self) -> bool:
        """Whether the field may stand in GROUP BY."""
        unfit = {"double", "currency", "percent", "datetime", "multipicklist", "address"}
        return self.type not in unfit and not self.is_long_text

    @property
    def is_long_text(self) -> bool:
        """Whether this is a long text area, which cannot be filtered or sorted."""
        return self.type == "textarea" and self.length >= LONG_TEXT_FROM

    @property
    def is_lookup_key(self) -> bool:
        """Whether the field identifies records (external id or unique)."""
        return self.external_id or self.unique


def text(name: str, length: int = 255, **more: Any) -> FieldSpec:
    """Make a one-line text field."""
    return FieldSpec(name, more.pop("type", "string"), length=length, **more)


def pick(name: str, *values: str, **more: Any) -> FieldSpec:
    """Make a picklist."""
    return FieldSpec(name, "picklist", values=values, **more)


def money(name: str, precision: int = 18, scale: int = 2, **more: Any) -> FieldSpec:
    """Make a currency field."""
    return FieldSpec(name, "currency", precision=precision, scale=scale, **more)


def number(name: str, precision: int = 18, scale: int = 0, **more: Any) -> FieldSpec:
    """Make a decimal number field."""
    return FieldSpec(name, more.pop("type", "double"), precision=precision, scale=scale, **more)


def flag(name: str, **more: Any) -> FieldSpec:
    """Make a checkbox."""
    return FieldSpec(name, "boolean", **more)


def day(name: str, **more: Any) -> FieldSpec:
    """Make a date field."""
    return FieldSpec(name, "date", **more)


def moment(name: str, **more: Any) -> FieldSpec:
    """Make a date and time field."""
    return FieldSpec(name, "datetime", **more)


def lookup(name: str, *targets: str, **more: Any) -> FieldSpec:
    """Make a reference; the relationship is named after the field."""
    relationship = more.pop("relationship", "") or name.removesuffix("Id")
    return FieldSpec(
        name, "reference", length=18, reference_to=targets, relationship=relationship, **more
    )


def read_only(spec: FieldSpec) -> FieldSpec:
    """Make a field that only the system writes."""
    spec.createable = spec.updateable = False
    return spec


def address(prefix: str) -> list[FieldSpec]:
    """Make the parts of an address and its compound field."""
    compound = f"{prefix}Address"
    sizes = (("Street", 255), ("City", 40), ("State", 80), ("PostalCode", 20), ("Country", 80))
    parts = [
        text(
            f"{prefix}{part}",
            size,
            type="textarea" if part == "Street" else "string",
            compound=compound,
        )
        for part, size in sizes
    ]
    keys = {"city": "City", "country": "Country", "postalCode": "PostalCode", "state": "State"}
    names = {key: f"{prefix}{part}" for key, part in {**keys, "street": "Street"}.items()}
    return [*parts, read_only(FieldSpec(compound, "address", parts=names))]


def system_fields() -> list[FieldSpec]:
    """Return the fields that every object has."""
    return [
        read_only(FieldSpec("Id", "id", "Record ID", 18, nillable=False, defaulted_on_create=True)),
        read_only(FieldSpec("IsDeleted", "boolean", "Deleted")),
        read_only(moment("CreatedDate", nillable=False, defaulted_on_create=True)),
        read_only(lookup("CreatedById", "User", nillable=False, defaulted_on_create=True)),
        read_only(moment("LastModifiedDate", nillable=False, defaulted_on_create=True)),
        read_only(lookup("LastModifiedById", "User", nillable=False, defaulted_on_create=True)),
        read_only(moment("SystemModstamp", nillable=False, defaulted_on_create=True)),
    ]


def owner() -> FieldSpec:
    """Return the owner lookup; without a value the running user becomes owner."""
    return lookup("OwnerId", "User", nillable=False, defaulted_on_create=True)
