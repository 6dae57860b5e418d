"""SOQL text, put together from checked names and quoted values only.

Source: SOQL and SOSL Reference ("SOQL SELECT Syntax", "Quoted String Escape Sequences").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from urllib.parse import quote_plus

from simple_salesforce.format import format_soql

from connector.errors import RefusedError

URL_BYTES_MAX = 15_000  # Salesforce refuses addresses above 16,384 bytes, host and path included
_NAME = re.compile(r"[A-Za-z]\w{0,79}", re.ASCII)
_PARENTS_MAX = 5


def check_name(name: str, where: str) -> str:
    """An object or field name as it is; RefusedError when it cannot be one."""
    if not _NAME.fullmatch(name):
        raise RefusedError(
            "{name} cannot be a name in Salesforce.",
            where=where,
            next_step="Correct the mapping; API names are letters, digits and underscores.",
            name=repr(name[:80]),
        )
    return name


def check_path(path: str, where: str) -> str:
    """A field path such as `Account.Owner.Name` as it is, at most five parents deep."""
    parts = path.split(".")
    if len(parts) > _PARENTS_MAX + 1:
        raise RefusedError(
            "{path} goes up more than five parents.",
            where=where,
            next_step="Correct the mapping; Salesforce reads five parents at most.",
            path=path[:80],
        )
    for part in parts:
        check_name(part, where)
    return path


def check_filter(text: str, where: str) -> str:
    """A mapping's filter in parentheses, so that nothing in it can reach past them."""
    depth = 0
    quoted = escaped = False
    for character in text:
        if escaped:
            escaped = False
        elif quoted:
            escaped = character == "\\"
            quoted = character != "'"
        elif character == "'":
            quoted = True
        elif character in "()":
            depth += 1 if character == "(" else -1
            if depth < 0:
                break
    if quoted or escaped or depth:
        raise RefusedError(
            "The filter's quotes or parentheses do not match: {filter}",
            where=where,
            next_step="Correct the filter in the mapping.",
            filter=text[:200],
        )
    return f"({text})"


def write_select(
    paths: Iterable[str], object_name: str, conditions: Sequence[str], order: Sequence[str]
) -> str:
    """A SELECT of checked parts; RefusedError when its address would be too long to send."""
    text = f"SELECT {', '.join(paths)} FROM {object_name}"  # noqa: S608 - parts are checked
    if conditions:
        text += " WHERE " + " AND ".join(conditions)
    if order:
        text += " ORDER BY " + ", ".join(order)
    if measure_url(text) > URL_BYTES_MAX:
        raise RefusedError(
            "The query is longer than Salesforce's web addresses may be.",
            where=object_name,
            next_step="Map fewer fields of this object or shorten the filter.",
        )
    return text


def measure_url(soql: str) -> int:
    """Bytes of the query as it stands in an address."""
    return len(quote_plus(soql))


def spell_moment(moment: datetime) -> str:
    """A datetime literal: UTC, whole seconds, unquoted."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def match_values(field: str, values: Sequence[str]) -> str:
    """`field` equals one of the values."""
    return str(format_soql("{:literal} IN {}", field, list(values)))


def match_or_carry(field: str, keys: Sequence[str]) -> str:
    """`field` equals one of the keys, or contains it as `[key]`."""
    parts = [match_values(field, keys)]
    parts += [str(format_soql("{:literal} LIKE '%[{:like}]%'", field, key)) for key in keys]
    return f"({' OR '.join(parts)})"
