"""A plan as a file: what a person read is what is sent."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.change import (
    Change,
    ChangeKind,
    ChangeState,
    FieldChange,
    Owner,
    Plan,
    PlanCounts,
    digest,
)
from connector.errors import InputError
from connector.sync.plan_file import FORMAT, plan_to_json, read_plan, write_plan
from connector.testing.clock import START

TEXTS = st.none() | st.text(max_size=12)
FIELDS = st.builds(
    FieldChange,
    field=st.text(max_size=8), credit_field=st.text(max_size=8), base=TEXTS, theirs=TEXTS,
    ours=TEXTS, owner=st.sampled_from(Owner), edited=st.booleans(), cause=st.booleans(),
)  # fmt: skip
CHANGES = st.builds(
    Change,
    connection=st.just("crm"), object_name=st.text(max_size=8), record_id=st.text(max_size=8),
    party_id=st.text(max_size=8), label=st.text(max_size=8), kind=st.sampled_from(ChangeKind),
    fields=st.lists(FIELDS, max_size=3).map(tuple), decision_hash=st.text(max_size=4),
    band=st.none() | st.integers(0, 400), blocking=st.booleans(),
    state=st.sampled_from([ChangeState.PLANNED, ChangeState.CONFLICT]),
)  # fmt: skip
PLANS = st.builds(
    Plan,
    connection=st.just("crm"), run_id=st.text(max_size=8), as_of=st.dates(),
    created_at=st.datetimes(timezones=st.just(START.tzinfo)), policy_hash=st.text(max_size=8),
    changes=st.lists(CHANGES, max_size=4).map(tuple),
    counts=st.builds(PlanCounts, records=st.integers(0, 9), planned=st.integers(0, 9)),
    first_contact=st.booleans(),
    adopted=st.lists(st.dictionaries(st.text(max_size=4), TEXTS), max_size=2).map(tuple),
)  # fmt: skip

PLAN = Plan(
    "crm", "run-1", START.date(), START, "policy",
    (
        Change(
            "crm", "Account", "001", "p", "Größe 客户", ChangeKind.UPDATE,
            (FieldChange("Grade", "grade", "A", "A", "B"),), "h",
        ),
    ),
    PlanCounts(records=1, planned=1),
)  # fmt: skip


@given(plan=PLANS)
def test_a_plan_comes_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, plan: Plan
) -> None:
    path = tmp_path_factory.mktemp("plan") / "p.json"
    write_plan(plan, path)
    again = read_plan(path)
    assert again == plan
    assert again.id == plan.id


def test_the_file_is_its_owners_and_replaces_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "plans" / "p.json"
    write_plan(PLAN, path)
    write_plan(PLAN, path)
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["p.json"]
    assert json.loads(path.read_text(encoding="utf-8"))["format"] == FORMAT


def rewrite(path: Path, edit: Callable[[dict[str, Any]], None], *, sign: bool = False) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    edit(document)
    if sign:
        document.pop("digest", None)
        document["digest"] = digest(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def set_target(document: dict[str, Any]) -> None:
    document["plan"]["changes"][0]["fields"][0]["ours"] = "A"


def set_adopted(document: dict[str, Any]) -> None:
    document["plan"]["first_contact"] = True


def drop_digest(document: dict[str, Any]) -> None:
    del document["digest"]


@pytest.mark.parametrize("edit", [set_target, set_adopted, drop_digest])
def test_an_edited_file_is_refused(tmp_path: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    path = tmp_path / "p.json"
    write_plan(PLAN, path)
    rewrite(path, edit)
    with pytest.raises(InputError, match="changed after it was written"):
        read_plan(path)


def lose_changes(document: dict[str, Any]) -> None:
    del document["plan"]["changes"]


def add_field(document: dict[str, Any]) -> None:
    document["plan"]["changes"][0]["colour"] = "red"


def unknown_state(document: dict[str, Any]) -> None:
    document["plan"]["changes"][0]["state"] = "maybe"


def no_plan(document: dict[str, Any]) -> None:
    del document["plan"]


def plan_of_texts(document: dict[str, Any]) -> None:
    document["plan"] = ["a"]


@pytest.mark.parametrize("edit", [lose_changes, add_field, unknown_state, no_plan, plan_of_texts])
def test_a_file_of_another_version_is_refused(
    tmp_path: Path, edit: Callable[[dict[str, Any]], None]
) -> None:
    path = tmp_path / "p.json"
    write_plan(PLAN, path)
    rewrite(path, edit, sign=True)
    with pytest.raises(InputError, match="of another version"):
        read_plan(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe\x00",
        b'{"format": "creditflag-plan/2"}',
        json.dumps({**plan_to_json(PLAN), "format": "other"}).encode(),
        b"[" * 200_000,
        b'{"format":' + b"[" * 200_000,
    ],
)
def test_what_is_no_plan_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "p.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a readable plan file"):
        read_plan(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no plan file .*nothing\.json"):
        read_plan(tmp_path / "nothing.json")


def test_a_folder_is_no_plan(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a readable plan file"):
        read_plan(tmp_path)
