"""docs/policy.md names every section and key of the policy, and the figures that are shipped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel

from connector.credit.policy.document import PolicyDoc, shipped_policy

PAGE = Path(__file__).parents[3] / "docs" / "policy.md"
ABOUT = "About the policy"


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Sections that a field is made of, looked for inside tuples, unions and annotations."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in models_in(part)]


def keys_of(model: type[BaseModel], above: tuple[type, ...] = ()) -> Iterator[str]:
    """Dotted paths of all leaves and lists of a section; one that contains itself is told once."""
    for name, field in model.model_fields.items():
        key = field.alias or name
        inner = [m for m in models_in(field.annotation) if m not in (*above, model)]
        if not inner or field.annotation not in inner:
            yield key
        for part in inner:
            yield from (f"{key}.{path}" for path in keys_of(part, (*above, model)))


def sections() -> dict[str, dict[str, str]]:
    """Shipped figures by key, by section of the page."""
    parts = re.split(r"(?m)^## ", PAGE.read_text(encoding="utf-8"))[1:]
    rows = re.compile(r"(?m)^\| `([a-z_.0-9]+)` \| (.*?) \| ")
    return {part.splitlines()[0]: dict(rows.findall(part)) for part in parts}


def expected(section: str) -> set[str]:
    field = PolicyDoc.model_fields[section]
    inner = models_in(field.annotation)
    return {path for model in inner for path in keys_of(model)} or {section}


PLAIN = ("matching", "remedies", "unrated_review_days")
SECTIONS = [
    name
    for name, field in PolicyDoc.model_fields.items()
    if models_in(field.annotation) or name in PLAIN
]


def test_every_section_has_its_place() -> None:
    about = {ABOUT}
    assert set(sections()) - about == set(SECTIONS)
    assert set(sections()[ABOUT]) == set(PolicyDoc.model_fields) - set(SECTIONS)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_is_named_and_none_that_is_not_there(section: str) -> None:
    told = set(sections()[section]) - {section}
    wanted = expected(section) - {section}
    assert told >= wanted, f"not named: {sorted(wanted - told)}"
    assert told <= wanted | lists_of(wanted), f"not there: {sorted(told - wanted)}"


def lists_of(paths: set[str]) -> set[str]:
    return {path.rsplit(".", n)[0] for path in paths for n in range(1, path.count(".") + 1)}


@pytest.mark.parametrize("section", [*SECTIONS, ABOUT])
def test_the_shipped_figures_are_the_shipped_ones(section: str) -> None:
    shipped = yaml.safe_load(shipped_policy("standard"))
    defaults = PolicyDoc.model_validate(shipped).model_dump(mode="json", by_alias=True)
    for path, cell in sections()[section].items():
        if not cell.startswith("`"):
            assert cell in ("–", "see the file"), (section, path)
            continue
        place = path if section in (ABOUT, path) else f"{section}.{path}"
        stated = yaml.safe_load(cell.strip("`"))
        assert stated in (value_at(shipped, place), plain(value_at(defaults, place))), place


def value_at(document: Any, path: str) -> Any:
    for key in path.split("."):
        document = document.get(key) if isinstance(document, dict) else None
    return document


def plain(value: Any) -> Any:
    """Exact figures, which the model writes as text, as YAML reads them."""
    return yaml.safe_load(value) if isinstance(value, str) else value
