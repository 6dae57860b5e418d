"""The generated part of the app: stable, complete, and what the vendor's schema allows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from adapters.salesforce.custom_fields import (
    CREDIT_FIELD_NAMES,
    MARKER,
    credit_fields,
    list_all,
    task_key,
)
from adapters.salesforce.metadata import APP, generate, list_generated, to_xml
from connector.domain.catalogue import CREDIT_FIELDS
from tests.adapters.salesforce.metadata_schema import find_faults

ROOT = Path(__file__).resolve().parents[3]
FILES = generate()
KINDS = {
    "field": "CustomField",
    "object": "CustomObject",
    "listView": "ListView",
    "compactLayout": "CompactLayout",
    "validationRule": "ValidationRule",
    "permissionset": "PermissionSet",
    "customPermission": "CustomPermission",
    "fieldTranslation": "CustomFieldTranslation",
    "objectTranslation": "CustomObjectTranslation",
}


def kind_of(path: str) -> str:
    suffix = re.search(r"\.(\w+)-meta\.xml$", path)
    assert suffix, path
    return KINDS[suffix[1]]


def test_the_files_of_the_app_are_what_the_catalogue_gives() -> None:
    assert list_generated() == sorted(FILES)
    differing = [
        name for name, text in FILES.items() if (APP / name).read_text(encoding="utf-8") != text
    ]
    assert not differing, "run python -m adapters.salesforce.metadata"


def test_the_vendors_schema_allows_every_file() -> None:
    faults = {path: find_faults(kind_of(path), text) for path, text in FILES.items()}
    assert not {path: found for path, found in faults.items() if found}


@pytest.mark.parametrize(
    ("tree", "part"),
    [
        ({"label": "x", "type": "Money"}, "Money"),
        ({"label": "x", "lenght": 3}, "lenght"),
        ({"label": "x", "precision": "many"}, "many"),
    ],
)
def test_a_wrong_file_would_be_noticed(tree: dict[str, object], part: str) -> None:
    assert part in " ".join(find_faults("CustomField", to_xml("CustomField", tree)))


def test_every_credit_field_has_its_field_and_its_chinese() -> None:
    assert list(CREDIT_FIELD_NAMES) == list(CREDIT_FIELDS)
    for field in list_all():
        path = f"objects/{field.object_name}/fields/{field.name}.field-meta.xml"
        text = next(text for name, text in FILES.items() if name.endswith(path))
        assert MARKER in text
        if field.object_name != "Activity":
            told = f"{field.object_name}-zh_CN/{field.name}.fieldTranslation-meta.xml"
            chinese = next(text for name, text in FILES.items() if name.endswith(told))
            assert field.label_zh in chinese
            assert all(choice.label_zh in chinese for choice in field.choices)


def test_labels_and_helps_fit_into_what_salesforce_keeps() -> None:
    for field in list_all():
        assert len(field.label) <= 40
        assert len(field.label_zh) <= 40
        assert len(field.help) <= 510
        assert len(field.help_zh) <= 255
        assert len(field.description) <= 1000


def test_what_is_ours_says_so() -> None:
    silent = [
        name for name, text in FILES.items()
        if "<description>" in text and MARKER not in text
    ]  # fmt: skip
    unmarked = {kind_of(name) for name, text in FILES.items() if MARKER not in text}
    assert not silent
    # These types have no description; our names tell them.
    assert unmarked == {
        "ListView", "CompactLayout", "CustomFieldTranslation", "CustomObjectTranslation",
    }  # fmt: skip
    assert all(
        "CreditFlag_" in name for name in FILES if kind_of(name) in ("ListView", "CompactLayout")
    )


def test_the_shipped_mapping_writes_what_the_catalogue_names() -> None:
    mapping = yaml.safe_load((ROOT / "mappings" / "salesforce.yaml").read_text(encoding="utf-8"))
    written = mapping["write"]["account"]
    named = {
        key: entry["field"] if isinstance(entry, dict) else entry
        for key, entry in written["fields"].items()
    }
    assert written["object"] == "Account"
    assert named == CREDIT_FIELD_NAMES
    assert mapping["task"]["key"] == task_key().name
    assert mapping["task"]["fields_on"] == task_key().object_name


def test_the_integration_may_write_what_we_write_and_the_reader_nothing() -> None:
    sets = {name.rpartition("/")[2].split(".")[0]: text for name, text in FILES.items()
            if kind_of(name) == "PermissionSet"}  # fmt: skip
    editable = re.compile(r"<editable>true</editable>\s*<field>([\w.]+)</field>")
    written = {field.full_name.replace("Activity.", "Task.") for field in
               [*credit_fields(), task_key()]}  # fmt: skip
    assert set(editable.findall(sets["CreditFlag_Integration"])) == written
    assert not editable.findall(sets["CreditFlag_Reader"])
    shown = set(re.findall(r"<field>([\w.]+)</field>", sets["CreditFlag_Reader"]))
    assert {f"Account.{name}" for name in CREDIT_FIELD_NAMES.values()} < shown
