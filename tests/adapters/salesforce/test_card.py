"""README and quality card against the code they speak of."""

from __future__ import annotations

from pathlib import Path

import yaml

from adapters.salesforce import manifest
from adapters.salesforce.custom_fields import CREDIT_FIELD_NAMES
from adapters.salesforce.options import OPTIONS

FOLDER = Path(manifest.__file__).parent


def test_the_readme_names_every_option_and_credit_field() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    names = [*(spec.name for spec in OPTIONS), *CREDIT_FIELD_NAMES.values(), "CreditFlag_Key__c"]
    assert not [name for name in names if f"`{name}`" not in text]


def test_the_docs_name_every_module() -> None:
    text = (FOLDER / "docs.md").read_text(encoding="utf-8")
    modules = [path.name for path in FOLDER.glob("*.py") if path.name != "__init__.py"]
    assert not [name for name in modules if f"`{name}`" not in text]


def test_every_rule_of_the_card_has_a_state_and_a_comment() -> None:
    card = yaml.safe_load((FOLDER / "quality.yaml").read_text(encoding="utf-8"))
    assert card["adapter"] == manifest.MANIFEST.name
    assert {rule["status"] for rule in card["rules"].values()} <= {"done", "todo", "exempt"}
    assert all(len(rule["comment"]) > 3 for rule in card["rules"].values())
