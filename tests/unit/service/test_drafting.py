"""Mapping documents drawn up and compared through an office."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connector.errors import InputError
from connector.mapping.feeds import combine
from connector.mapping.load import read_document
from connector.service.drafting import compare_sources, save_draft, suggest_mapping
from connector.service.office import Office
from connector.testing.builders import mapping_text
from tests.unit.service.offices import OWNERS, crm_of


def shipped(_adapter: str) -> list[str]:
    return ["files-erp"]


def test_a_suggestion_fits_the_live_objects(office: Office) -> None:
    draft = suggest_mapping(office, "crm", 40, "en")
    assert not [f for f in draft.findings if f.level == "error"]
    document = read_document(draft.text, "draft.yaml")
    assert set(document.entities) == {"account", "user", "invoice"}
    assert set(document.write["account"].fields) == set(
        office.connect("crm").documents.documents[0].write["account"].fields
    )
    assert document.task is not None
    assert crm_of(office).effects == []


def test_a_suggestion_costs_a_call_an_object(office: Office) -> None:
    suggest_mapping(office, "crm", 40, "en")
    assert crm_of(office).call_counts()["describe"] == 4


def test_without_accounts_nothing_is_suggested(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crm_of(office), "list_objects", lambda: ["User", "Invoice"])
    with pytest.raises(InputError, match="no object that looks like accounts"):
        suggest_mapping(office, "crm", 40, "en")


def test_a_file_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    save_draft(path, "first")
    with pytest.raises(InputError, match="left as it is"):
        save_draft(path, "second")
    assert path.read_text(encoding="utf-8") == "first"
    with pytest.raises(InputError, match="cannot be written"):
        save_draft(tmp_path / "nowhere" / "x.yaml", "text")


def test_a_connection_is_compared_with_a_file(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "draft.yaml"
    text = suggest_mapping(office, "crm", 40, "en").text
    path.write_text(text.replace("path: Country", "path: Land"), encoding="utf-8")
    found = compare_sources(office, "crm", str(path), shipped)
    assert [f.path for f in found] == ["entities.account.fields.country"]
    assert compare_sources(office, "crm", "crm", shipped) == []


def test_a_connection_alone_is_compared_with_what_ships(office: Office) -> None:
    found = compare_sources(office, "crm", None, shipped)
    assert ("added", "write.account.fields.grade") in {(f.kind, f.path) for f in found}
    with pytest.raises(InputError, match="nothing to compare with"):
        compare_sources(office, "crm", None, lambda _adapter: [])


def test_sections_that_no_description_tells_are_taken_over(office: Office) -> None:
    connection = office.connect("crm")
    (document,) = connection.documents.documents
    beat = {
        "heartbeat": {"object": "Task", "fields": {"as_of": "Due"}},
        "drift": {"added": "alert"},
    }
    known = document.model_validate({**json.loads(mapping_text(owners=OWNERS)), **beat})
    connection.documents = combine([known])
    suggested = read_document(suggest_mapping(office, "crm", 40, "en").text, "draft.yaml")
    assert (suggested.heartbeat, suggested.drift) == (known.heartbeat, known.drift)
