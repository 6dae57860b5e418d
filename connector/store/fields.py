"""A column type that keeps decimals exact on every database."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    DecimalColumn = models.Field[Decimal | None, Decimal | None]
else:
    DecimalColumn = models.Field


class ExactDecimalField(DecimalColumn):
    """A decimal of up to 18 digits with `places` of them behind the point, kept as a whole number.

    SQLite has no decimals: its numeric columns turn 18 digits into a float. A whole number is
    exact there, sorts and adds up right, and PostgreSQL stores it the same way.
    """

    description = "exact decimal"

    def __init__(self, *args: Any, places: int = 4, **kwargs: Any) -> None:
        self.places = places
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "places": self.places}

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def from_db_value(self, value: int | None, *_: object) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.places)

    def to_python(self, value: object) -> Decimal | None:
        return None if value is None else Decimal(str(value))

    def get_prep_value(self, value: Any) -> int | None:
        if value is None:
            return None
        whole = Decimal(value).scaleb(self.places)
        if whole != int(whole):
            raise ValueError(f"{value} has more than {self.places} decimal places")
        return int(whole)
