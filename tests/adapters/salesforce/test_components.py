"""The app as components: read, packed, compared with what an org would give back."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.salesforce.components import (
    Component,
    ComponentError,
    adopt_sizes,
    drop_object,
    find_differences,
    keep_theirs,
    pack,
    parse_document,
    read_ignored,
    read_package,
    read_source,
    write_manifest,
)
from adapters.salesforce.deploy import CHINESE, MAIN, PARTS, load_app
from adapters.salesforce.deployment import zip_files
from adapters.salesforce.metadata import APP, to_xml
from tests.adapters.salesforce.metadata_schema import find_faults

ROOTS = {"object": "CustomObject", "permissionset": "PermissionSet",
         "customPermission": "CustomPermission",
         "objectTranslation": "CustomObjectTranslation"}  # fmt: skip


def component(kind: str, name: str, **tree: object) -> Component:
    return Component(kind, name, parse_document(to_xml(kind, tree).encode(), name))


def number(**tree: object) -> Component:
    return component("CustomField", "Account.X__c", fullName="X__c", **tree)


@pytest.fixture(scope="module")
def app() -> dict[tuple[str, str], Component]:
    whole: dict[tuple[str, str], Component] = {}
    for folder in (MAIN, CHINESE, *PARTS):
        whole |= load_app(folder)
    return whole


def test_what_is_packed_is_what_was_read(app: dict[tuple[str, str], Component]) -> None:
    back = read_package(pack(app.values()))
    assert back.keys() == app.keys()
    assert not {key: told for key in app if (told := find_differences(app[key], back[key]))}
    assert not {key: told for key in app if (told := find_differences(back[key], app[key]))}


def test_the_vendors_schema_allows_the_packed_files(app: dict[tuple[str, str], Component]) -> None:
    files = pack(app.values())
    checked = {
        path: ROOTS[path.rpartition(".")[2]] for path in files if not path.startswith("lwc/")
    }
    assert len(checked) > 10
    faults = {path: find_faults(kind, files[path].decode()) for path, kind in checked.items()}
    assert not {path: found for path, found in faults.items() if found}


def test_the_manifest_names_every_component(app: dict[tuple[str, str], Component]) -> None:
    text = write_manifest(app, "66.0").decode()
    assert not [name for _, name in app if f"<members>{name}</members>" not in text]
    assert find_faults("Package", text) == []


def test_the_same_app_gives_the_same_zip(app: dict[tuple[str, str], Component]) -> None:
    assert zip_files(pack(app.values())) == zip_files(pack(reversed(list(app.values()))))


def test_tests_of_the_panel_stay_at_home(tmp_path: Path) -> None:
    bundle = tmp_path / "main" / "default" / "lwc" / "creditBox"
    (bundle / "__tests__").mkdir(parents=True)
    (bundle / "creditBox.js").write_text("export default 1;", encoding="utf-8")
    (bundle / "jsconfig.json").write_text("{}", encoding="utf-8")
    (bundle / "__tests__" / "creditBox.test.js").write_text("1", encoding="utf-8")
    found = read_source(tmp_path, read_ignored(APP))
    assert list(found) == [("LightningComponentBundle", "creditBox")]
    assert list(found["LightningComponentBundle", "creditBox"].files) == ["creditBox.js"]


@pytest.mark.parametrize(
    ("theirs", "differing"),
    [
        ({"label": "Score", "precision": 5, "scale": 0, "trackHistory": True}, []),
        ({"scale": 0, "precision": 5, "label": "Score"}, []),
        ({"label": "Points", "precision": 5, "scale": 0}, ["label"]),
        ({"label": "Score", "precision": 5}, ["scale"]),
    ],
)
def test_what_an_org_adds_is_no_difference(theirs: dict[str, object], differing: list[str]) -> None:
    ours = number(label="Score", precision=5, scale=0, externalId=False)
    assert find_differences(ours, number(**theirs)) == differing


def test_lines_and_attributes_of_files_are_compared() -> None:
    ours = Component("LightningComponentBundle", "a", files={
        "a.js": b"let x;\nlet y;\n", "a.js-meta.xml": b"<A><p n='1'/></A>",
    })  # fmt: skip
    same = Component("LightningComponentBundle", "a", files={
        "a.js": b"let x;\r\nlet y;", "a.js-meta.xml": b"<A><p n='1'/><q/></A>", "more.js": b"",
    })  # fmt: skip
    other = Component("LightningComponentBundle", "a", files={
        "a.js": b"let x;\n", "a.js-meta.xml": b"<A><p n='2'/></A>",
    })  # fmt: skip
    assert find_differences(ours, same) == []
    assert find_differences(ours, other) == ["a.js", "a.js-meta.xml"]


def test_a_field_that_is_larger_in_the_org_stays_so() -> None:
    sized = adopt_sizes(number(length=80, precision=5), number(length=255, precision=3))
    assert (sized.text("length"), sized.text("precision")) == ("255", "5")


def test_what_an_admin_added_to_a_permission_set_stays_in_it() -> None:
    def grants(**editable: bool) -> list[dict[str, object]]:
        return [{"field": f"Account.{name}", "editable": on} for name, on in editable.items()]

    ours = component("PermissionSet", "P", label="Ours", fieldPermissions=grants(A=True))
    theirs = component(
        "PermissionSet", "P", label="Old", fieldPermissions=grants(A=False, Mine=True)
    )
    kept = keep_theirs(ours, theirs)
    wanted = component(
        "PermissionSet", "P", label="Ours", fieldPermissions=grants(A=True, Mine=True)
    )
    assert find_differences(wanted, kept) == find_differences(kept, wanted) == []


def test_an_org_without_orders_hears_nothing_of_them() -> None:
    ours = component(
        "PermissionSet", "P",
        fieldPermissions=[{"field": "Order.A__c"}, {"field": "OrderItem.A__c"}],
        objectPermissions=[{"object": "Order"}, {"object": "Account"}],
    )  # fmt: skip
    left = drop_object(ours, "Order")
    assert left.document.findtext(".//{*}field") == "OrderItem.A__c"
    assert [e.text for e in left.document.iter() if e.tag.endswith("}object")] == ["Account"]
    bundle = Component("LightningComponentBundle", "b", files={
        "b.js-meta.xml": b"<objects><object>Order</object><object>Opportunity</object></objects>"
    })  # fmt: skip
    body = drop_object(bundle, "Order").files["b.js-meta.xml"]
    assert body == b"<objects><object>Opportunity</object></objects>"


@pytest.mark.parametrize(
    "content",
    [
        b"<a>",
        b"no xml",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
    ],
)
def test_unsound_documents_are_named(content: bytes) -> None:
    with pytest.raises(ComponentError, match=r"objects/A\.object"):
        read_package({"objects/A.object": content})
