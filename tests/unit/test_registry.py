from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from types import ModuleType

import pytest

from connector import registry
from connector.errors import SettingsError
from connector.ports.manifest import Manifest
from connector.registry import BUILT_INS, EMULATORS, SEEDS, adapter_names, load_manifest

MODULE = "creditflag_test_adapter"


def installed(monkeypatch: pytest.MonkeyPatch, *entries: tuple[str, str]) -> None:
    """Make the machine look as if packages with these entry points were installed."""
    points = EntryPoints(EntryPoint(n, v, registry.ENTRY_POINT_GROUP) for n, v in entries)
    monkeypatch.setattr(registry, "entry_points", lambda group: points.select(group=group))


@pytest.fixture
def module() -> Iterator[ModuleType]:
    """A module that another package might bring."""
    made = ModuleType(MODULE)
    sys.modules[MODULE] = made
    yield made
    del sys.modules[MODULE]


@pytest.mark.parametrize("name", sorted(BUILT_INS))
def test_every_built_in_answers_to_its_name(name: str) -> None:
    manifest = load_manifest(name)
    assert manifest.name == name
    assert manifest.title
    assert manifest.reads or manifest.writes
    names = [option.name for option in manifest.options]
    assert len(names) == len(set(names))
    assert all(option.meaning for option in manifest.options)


@pytest.mark.parametrize("name", sorted(BUILT_INS))
def test_options_do_not_take_the_names_of_a_connections_own_keys(name: str) -> None:
    from connector.settings import ConnectionSettings

    options = {option.name for option in load_manifest(name).options}
    assert not options & set(ConnectionSettings.model_fields)


def test_emulators_and_seeds_belong_to_adapters() -> None:
    assert set(EMULATORS) <= set(BUILT_INS)
    assert set(SEEDS) <= set(EMULATORS)
    assert registry.DEMO_ADAPTER in SEEDS


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="no adapter hal") as caught:
        load_manifest("hal")
    assert all(name in str(caught.value) for name in BUILT_INS)


def test_another_package_can_bring_an_adapter(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType
) -> None:
    theirs = Manifest(name="acme", title="Acme", options=(), open=lambda opening: None)  # type: ignore[arg-type,return-value]
    monkeypatch.setattr(module, "MANIFEST", theirs, raising=False)
    installed(monkeypatch, ("acme", MODULE))
    assert adapter_names() == tuple(sorted({*BUILT_INS, "acme"}))
    assert load_manifest("acme") is theirs


def test_another_package_cannot_take_the_place_of_a_built_in(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType
) -> None:
    name = sorted(BUILT_INS)[0]
    installed(monkeypatch, (name, MODULE))
    assert adapter_names() == tuple(sorted(BUILT_INS))
    assert load_manifest(name).open.__module__.startswith("adapters.")


@pytest.mark.parametrize("content", [None, "text", {"name": "acme"}])
def test_a_package_without_a_manifest_is_named(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, content: object
) -> None:
    monkeypatch.setattr(module, "MANIFEST", content, raising=False)
    installed(monkeypatch, ("acme", MODULE))
    with pytest.raises(SettingsError, match="adapter acme holds no MANIFEST"):
        load_manifest("acme")
