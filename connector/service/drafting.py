"""Mapping documents in the making: suggested from the live objects, and compared in meaning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from connector.domain.texts import Language
from connector.errors import InputError
from connector.mapping.check import Finding, check_mapping
from connector.mapping.compare import Difference, compare_mappings
from connector.mapping.document import MappingDoc
from connector.mapping.draft import Suggestion, write_document
from connector.mapping.feeds import combine
from connector.mapping.load import load_documents, read_document
from connector.mapping.suggest import Scene, rank_objects, suggest_entities
from connector.mapping.suggest_write import suggest_task, suggest_write
from connector.ports.crm import ObjectInfo
from connector.service.office import Office
from connector.sync.desk import Connection

MOST_OBJECTS = 40
"""Objects that are described for one suggestion: a call each."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A suggestion, its document's text, and what `mapping check` says of it."""

    suggestion: Suggestion
    text: str
    findings: Sequence[Finding]


def suggest_mapping(office: Office, name: str, most: int, language: Language) -> Draft:
    """A mapping document for a connection, from the names, labels, kinds and lookups it has now.

    Costs a call for the list of objects and one for each of at most `most` described ones.
    InputError when nothing can be read, or what shall be written to shows no accounts.
    """
    connection = office.connect(name)
    scene = Scene(_describe(connection, most), connection.documents.documents)
    proposed = suggest_entities(scene)
    whole = tuple(p for p in proposed if p.whole)
    account = next((p for p in whole if p.name == "account"), None)
    if not whole or (account is None and connection.target is not None):
        raise InputError(
            "{connection} shows no object that looks like accounts.",
            next_step="Look at its objects with `creditflag describe {connection}`, and give the "
            "API user access to the accounts.",
            connection=name,
        )
    write = task = None
    if account is not None and connection.target is not None:
        taken = [p.value for p in account.columns if isinstance(p.value, str)]
        write = suggest_write(scene, account.object_name, taken)
        task = suggest_task(scene, account.object_name)
    suggestion = Suggestion(
        name=f"{name}-suggested",
        adapter=connection.documents.adapter,
        entities=whole,
        left_out=tuple(p for p in proposed if not p.whole),
        write=write,
        task=task,
        guide=connection.documents.guide,
        kept=_keep_sections(connection, scene),
    )
    text = write_document(suggestion, language)
    document = read_document(text, suggestion.name)
    words = {"grade": office.policy.grade_names}
    findings = check_mapping(combine([document]), connection.describe, words)
    return Draft(suggestion, text, findings)


def _describe(connection: Connection, most: int) -> dict[str, ObjectInfo]:
    """Objects that the present documents name, and those whose names sound like ours."""
    listed = list(connection.adapter.list_objects())
    known = [name for name in connection.documents.object_names if name in listed]
    wanted = dict.fromkeys([*known, *rank_objects(listed, most)])
    infos = [connection.describe(name) for name in list(wanted)[: max(most, len(known))]]
    return {info.name: info for info in infos if info is not None}


def _keep_sections(connection: Connection, scene: Scene) -> dict[str, dict[str, object]]:
    """What no description tells: where the end of a run is told, and what is done about drift."""
    kept: dict[str, dict[str, object]] = {}
    for document in connection.documents.documents:
        beat = document.heartbeat
        if beat is not None and beat.object in scene.objects:
            kept["heartbeat"] = beat.model_dump(mode="json")
        if document.drift:
            kept.setdefault("drift", {}).update({str(k): v for k, v in document.drift.items()})
    return kept


def save_draft(path: Path, text: str) -> None:
    """Write a new file; InputError when there is one, because it may hold somebody's work."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise InputError(
            "There is a file {path} already; it is left as it is.",
            next_step="Name another file with --output.",
            path=str(path),
        ) from None
    except OSError:
        raise InputError(
            "{path} cannot be written.",
            next_step="Check that the folder exists and that you may write there.",
            path=str(path),
        ) from None


def compare_sources(
    office: Office, before: str, after: str | None, shipped: Callable[[str], Sequence[str]]
) -> list[Difference]:
    """Differences in meaning between two mappings, each a connection, a shipped name or a file.

    Without `after`, `before` is a connection and is compared with what ships for its adapter
    (`shipped` by adapter name), so that the list says what was made its own.
    """
    new = _find_documents(office, after or before)
    if after is not None:
        return compare_mappings(_find_documents(office, before), new)
    names = shipped(new[0].adapter)
    if not names:
        raise InputError(
            "No mapping ships for {adapter}, so there is nothing to compare with.",
            next_step="Name two mappings: creditflag mapping diff A B",
            adapter=new[0].adapter,
        )
    return compare_mappings(load_documents(names, office.folder), new)


def _find_documents(office: Office, source: str) -> Sequence[MappingDoc]:
    if source in office.connection_names:
        return office.connect(source).documents.documents
    return load_documents([source], Path.cwd())
