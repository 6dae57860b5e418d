"""Reads mapping documents: shipped ones by name, others by path; every problem at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from connector.errors import MappingError
from connector.mapping.document import MappingDoc
from connector.mapping.document_rules import list_rule_breaks
from connector.mapping.yaml_source import MAX_BYTES, YamlSource, read_yaml


def shipped_documents() -> tuple[str, ...]:
    """Names of the documents that come with creditflag."""
    entries = files("mappings").iterdir()
    return tuple(sorted(e.name[:-5] for e in entries if e.name.endswith(".yaml")))


def load_documents(sources: Sequence[str], folder: Path) -> tuple[MappingDoc, ...]:
    """Documents by shipped name ("files-erp") or by path, relative to `folder`.

    Raises MappingError with the problems of all documents together.
    """
    documents: list[MappingDoc] = []
    problems: list[str] = []
    for source in sources:
        try:
            documents.append(read_document(*_read_text(source, folder)))
        except MappingError as error:
            problems += error.problems or [str(error)]
    if problems:
        raise MappingError(
            "The mapping has {count} problems.",
            next_step="Correct the lines listed and run `mapping check` again.",
            problems=problems,
            count=len(problems),
        )
    return tuple(documents)


def _read_text(source: str, folder: Path) -> tuple[str, str]:
    """Text and name of a document."""
    if source in shipped_documents():
        name = f"{source}.yaml"
        return files("mappings").joinpath(name).read_text(encoding="utf-8"), name
    path = folder / source
    try:
        size = path.stat().st_size
        text = path.read_text(encoding="utf-8") if size <= MAX_BYTES else ""
    except (OSError, UnicodeDecodeError, ValueError):
        raise MappingError(
            "There is no readable mapping document {source}.",
            next_step="Name a file, or one of the shipped documents: {shipped}.",
            source=source,
            shipped=", ".join(shipped_documents()),
        ) from None
    if size > MAX_BYTES:
        raise MappingError(
            "The mapping document {source} is larger than 1 MB.",
            next_step="Split it into several documents.",
            source=source,
        )
    return text, path.name


def read_document(text: str, name: str) -> MappingDoc:
    """The document in `text`; `name` (a file name) stands in every problem.

    Raises MappingError with all problems.
    """
    source = read_yaml(text)
    found = list(source.problems)
    document: MappingDoc | None = None
    if source.data is not None:
        try:
            document = MappingDoc.model_validate(source.data)
        except ValidationError as error:
            found += [_pydantic_problem(entry) for entry in error.errors()]
        found += list_rule_breaks(source.data)
    if found or document is None:
        raise MappingError(
            "The mapping document {name} has {count} problems.",
            next_step="Correct the lines listed and run `mapping check` again.",
            problems=_sentences(found, source, name),
            name=name,
            count=len(found),
        )
    return document


def _sentences(
    found: list[tuple[tuple[str | int, ...], str]], source: YamlSource, name: str
) -> list[str]:
    placed = sorted({(source.line(path), ".".join(map(str, path)), what) for path, what in found})
    return [
        # What stopped the reading as a whole names its line itself.
        f"{name}, {what}"
        if what.startswith("line ")
        else f"{name} line {line}{', ' + path if path else ''}: {what}"
        for line, path, what in placed
    ]


def _pydantic_problem(entry: Mapping[str, object]) -> tuple[tuple[str | int, ...], str]:
    """Path and sentence of one validation error in our words."""
    loc = tuple(part for part in entry["loc"] if part != "[key]")  # type: ignore[attr-defined]  # a tuple
    kind, message = entry["type"], str(entry["msg"])
    if kind == "extra_forbidden":
        return loc, f"the key {loc[-1]!r} is not known here"
    if kind == "missing":
        return loc[:-1], f"{loc[-1]!r} is missing"
    return loc, message.removeprefix("Value error, ")
