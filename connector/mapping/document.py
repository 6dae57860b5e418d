"""A mapping document: which vendor object holds which entity, and where credit fields go.

The models refuse unknown keys; `load.read_document` lists every problem at once with its line.
How a document is written is told in `mappings/docs.md`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from connector.domain.change import Owner
from connector.mapping.transforms import TRANSFORMS, Arguments

VARIABLES = ("$connection", "$currency", "$accounts")
"""Settings of the connection that a constant or default may name."""
ROW_ID = "$row"
HeartbeatSlot = Literal["refreshed_at", "as_of", "stale_after_hours", "connection"]
TASK_SLOTS = ("subject", "text", "account", "owner", "due", "priority", "status")


def _scalar_text(value: object) -> object:
    """YAML numbers and booleans where text is meant (keys and values of a map, constants)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


def _one_or_many(value: object) -> object:
    return (
        (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value
    )


Name = Annotated[str, Field(min_length=1, max_length=200)]
Word = Annotated[str, BeforeValidator(_scalar_text), Field(max_length=500)]
Names = Annotated[tuple[Name, ...], BeforeValidator(_one_or_many)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_one_or_many)]


class StrictDoc(BaseModel):
    """Parent of the document models: frozen, nothing unknown, no silent conversion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class FieldDoc(StrictDoc):
    """Where one column of ours comes from: a path, the first of several, or a constant; several
    parts (each the first of its paths) joined with a bar; or the word whose paths hold something.

    Order of work: source, transforms, map, default (for what is empty or not in the map).
    """

    path: Name | None = None
    first_of: Names = ()
    join: Annotated[tuple[Names, ...], BeforeValidator(_one_or_many)] = ()
    which: dict[Word, Names] = {}
    constant: Word | None = None
    transform: tuple[object, ...] = Field(default=(), strict=False)
    map: dict[Word, Word] = {}
    default: Word | None = None
    optional: bool = False
    _steps: tuple[tuple[str, Arguments], ...] = PrivateAttr(default=())

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        if not isinstance(value, dict):
            return {"path": value}
        if isinstance(value.get("transform"), str | dict):
            return {**value, "transform": [value["transform"]]}
        return value

    @model_validator(mode="after")
    def _check(self) -> FieldDoc:
        groups = [bool(self.first_of), bool(self.join), bool(self.which)]
        if sum([self.path is not None, self.constant is not None, *groups]) != 1:
            raise ValueError("give exactly one of path, first_of, join, which and constant")
        for text in (self.constant, self.default):
            if text and text.startswith("$") and text not in VARIABLES:
                raise ValueError(f"{text} is not known; known are {', '.join(VARIABLES)}")
        self._steps = tuple(read_step(step) for step in self.transform)
        return self

    @property
    def paths(self) -> tuple[str, ...]:
        """Vendor paths that are read for this column."""
        grouped = (*self.join, *self.which.values())
        return (self.path,) if self.path else (*self.first_of, *(p for g in grouped for p in g))

    @property
    def steps(self) -> tuple[tuple[str, Arguments], ...]:
        """The transforms with their checked arguments."""
        return self._steps


class EntityDoc(StrictDoc):
    """One feed: an object (or file pattern) whose records become rows of an entity."""

    object: Name
    entity: str = ""
    feed: Literal["changes", "snapshot"] = "changes"
    id: Names = ()
    id_from: Names = ()
    stamp: str = ""
    where: str = Field(default="", max_length=4000)
    only: dict[Name, Words] = {}
    positive: str = ""
    totals: Words = ()
    samples: Words = ()
    duplicates: Literal["refuse", "keep"] = "refuse"
    optional: bool = False
    overlap_seconds: int = Field(default=600, ge=0, le=86_400)
    reread: Literal["", "daily", "weekly", "monthly"] = ""
    options: dict[str, Word] = {}
    fields: dict[str, FieldDoc] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> EntityDoc:
        if bool(self.id) == bool(self.id_from):
            raise ValueError("give exactly one of id (vendor paths) and id_from (columns of ours)")
        unknown = [name for name in self.id_from if name not in self.fields]
        if unknown:
            raise ValueError(f"id_from names {unknown[0]!r}, which is not under fields")
        if self.positive and self.positive not in self.fields:
            raise ValueError(f"positive names {self.positive!r}, which is not under fields")
        return self


class WriteFieldDoc(StrictDoc):
    """One vendor field that a credit field is written to.

    `owner` says who decides after somebody else's edit. `labels` are the vendor's words for ours.
    `zero_means` and `unlimited` render the three states of a limit where only an amount exists.
    """

    field: Name
    owner: Annotated[Owner, Field(strict=False)] = Owner.OURS
    labels: dict[Word, Word] = {}
    zero_means: Literal["cash_only", "none"] = "cash_only"
    unlimited: Word | None = None
    optional: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"field": value}


class WriteDoc(StrictDoc):
    """An object whose records get credit fields, and where it says who changed them last."""

    object: Name
    modified_by: str = ""
    modified_at: str = ""
    fields: dict[str, WriteFieldDoc] = Field(min_length=1)


class TaskFieldDoc(StrictDoc):
    """A vendor field of a task: filled from a slot (with labels) or always the same text."""

    field: Name
    constant: Word | None = None
    labels: dict[Word, Word] = {}

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        return value if isinstance(value, dict) else {"field": value}


class TaskDoc(StrictDoc):
    """The object that takes alert tasks.

    `key` is a unique external-id field; where the org has none, `key_in` is the text field that
    carries `[key]`. `fields_on` is the object on which the vendor defines custom fields of tasks.
    """

    object: Name
    key: Name
    key_in: Name
    fields_on: str = ""
    fields: dict[str, TaskFieldDoc] = Field(min_length=1)


class HeartbeatDoc(StrictDoc):
    """The one record that tells how old the credit fields are: its object, and field by slot."""

    object: Name
    fields: dict[HeartbeatSlot, Name] = Field(min_length=1)


DriftKind = Literal["added", "removed", "renamed", "type", "scale", "length", "choices",
                    "permission", "calculated"]  # fmt: skip
DriftPolicy = Literal["ignore", "adopt", "alert", "block"]


class MappingDoc(StrictDoc):
    """A whole document. `guide` holds the vendor's own words for what an admin has to do; `drift`
    says what is done about a change of a mapped field, where it is not the usual."""

    mapping: Name
    adapter: Name
    entities: dict[str, EntityDoc] = {}
    write: dict[str, WriteDoc] = {}
    task: TaskDoc | None = None
    heartbeat: HeartbeatDoc | None = None
    drift: dict[DriftKind, DriftPolicy] = {}
    guide: dict[Literal["new_field", "access", "object_access", "new_field_zh", "access_zh",
                        "object_access_zh"], str] = {}  # fmt: skip

    def names_object(self, name: str) -> bool:
        """Whether the document reads from or writes to the object."""
        names = [doc.object for doc in self.entities.values()]
        names += [doc.object for doc in self.write.values()]
        names += [self.task.object] if self.task else []
        return name.lower() in (one.lower() for one in names)


def read_step(step: object) -> tuple[str, Arguments]:
    """A transform from its YAML form: a name, or {name: arguments}. Raises ValueError."""
    name: object = step
    given: object = {}
    if isinstance(step, dict) and len(step) == 1:
        ((name, given),) = step.items()
    if not isinstance(name, str) or name not in TRANSFORMS:
        raise ValueError(unknown_word("transform", name, TRANSFORMS))
    try:
        return name, TRANSFORMS[name].arguments.model_validate(given or {})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"transform {name}: {where}: {first['msg']}") from None


def unknown_word(kind: str, word: object, known: Mapping[str, object]) -> str:
    """A sentence about a word that is not on a list, with the nearest one."""
    near = difflib.get_close_matches(str(word), list(known), n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
    return f"{kind} {word!r} is not known; {hint}"
