"""A suggestion as a document: YAML with, beside each line, how sure it is and why."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.domain.texts import Language, say
from connector.mapping.advice import WANTED
from connector.mapping.suggest import EntityProposal
from connector.mapping.suggest_columns import Proposal, Why
from connector.mapping.suggest_write import TaskProposal, WriteProposal

_PLAIN = re.compile(r"[A-Za-z_$\u4e00-\u9fff][\w.$\u4e00-\u9fff-]*")
_RESERVED = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A whole proposal for a connection. `left_out` are entities whose required columns are not
    all found; they stand in the document as comments. `kept` are sections
    that are taken over from the present documents."""

    name: str
    adapter: str
    entities: tuple[EntityProposal, ...]
    left_out: tuple[EntityProposal, ...]
    write: WriteProposal | None
    task: TaskProposal | None
    guide: Mapping[str, str]
    kept: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Everything as plain data, with confidences from 0 to 1."""
        return {
            "mapping": self.name,
            "adapter": self.adapter,
            "entities": {e.name: _entity_json(e) for e in self.entities},
            "left_out": {e.name: _entity_json(e) for e in self.left_out},
            "write": self.write and {
                "object": self.write.object_name,
                "fields": {p.name: _proposal_json(p) for p in self.write.fields},
                "missing": [entry.name for entry in self.write.missing],
            },
            "task": self.task and {
                "object": self.task.object_name,
                "fields": {p.name: _proposal_json(p) for p in self.task.slots},
            },
        }  # fmt: skip


def write_document(suggestion: Suggestion, language: Language) -> str:
    """The document's text; it reads back as a valid mapping document."""
    head = say("Proposed from what the CRM has. Read it line by line, then check it.", language)
    lines = [
        f"# {head}",
        "# creditflag mapping check",
        f"mapping: {spell(suggestion.name)}",
        f"adapter: {spell(suggestion.adapter)}",
        "",
        "entities:",
    ]
    for entity in suggestion.entities:
        lines += [*_entity_lines(entity, language), ""]
    for entity in suggestion.left_out:
        lacking = ", ".join(c.name for c in entity.missing if c.required)
        why = say("left out: no field for {columns}", language, columns=lacking)
        lines += [f"  # {entity.name} ({entity.object_name}): {why}", ""]
    if suggestion.write is not None:
        lines += [*_write_lines(suggestion.write, language), ""]
    if suggestion.task is not None:
        lines += [*_task_lines(suggestion.task, language), ""]
    for section, entries in suggestion.kept.items():
        lines += [f"{section}:", *(f"  {key}: {spell(v)}" for key, v in entries.items()), ""]
    if suggestion.guide:
        lines += ["guide:", *(f"  {key}: {spell(text)}" for key, text in suggestion.guide.items())]
    return "\n".join(lines).rstrip() + "\n"


def spell(value: object) -> str:
    """A value in YAML's flow style on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{spell(k)}: {spell(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(spell(item) for item in value) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _RESERVED:
        return value
    return json.dumps(value, ensure_ascii=False)


def _entity_lines(entity: EntityProposal, language: Language) -> Iterator[str]:
    yield f"  {entity.name}:  # {_note(entity.confidence, entity.why, language)}"
    yield from _head_lines(entity.head)
    yield "    fields:"
    yield from _field_lines(entity.columns, language)
    for column in entity.missing:
        yield f"      # {say('not found: {what}', language, what=column.name)} ({column.meaning})"


def _write_lines(write: WriteProposal, language: Language) -> Iterator[str]:
    if not write.fields:
        none = say("{object} has no field for credit values.", language, object=write.object_name)
        yield f"# {none}"
    else:
        yield "write:"
        yield f"  {write.entity}:"
        yield from _head_lines(write.head)
        yield "    fields:"
        yield from _field_lines(write.fields, language)
    for entry in write.missing:
        wanted = WANTED[entry.name].english if language == "en" else WANTED[entry.name].chinese
        yield f"      # {say('not found: {what}', language, what=entry.name)} ({wanted})"


def _task_lines(task: TaskProposal, language: Language) -> Iterator[str]:
    yield f"task:  # {_note(None, task.why, language)}"
    for key, value in task.head.items():
        yield f"  {key}: {spell(value)}"
    yield "  fields:"
    for line in _field_lines(task.slots, language):
        yield line.removeprefix("  ")


def _head_lines(head: Mapping[str, object]) -> Iterator[str]:
    for key, value in head.items():
        yield f"    {key}: {spell(value)}"


def _field_lines(proposals: Sequence[Proposal], language: Language) -> Iterator[str]:
    for proposal in proposals:
        note = _note(proposal.confidence, proposal.why, language)
        yield f"      {proposal.name}: {spell(proposal.value)}  # {note}"


def _note(confidence: float | None, why: Why, language: Language) -> str:
    reason = " ".join(say(why.message, language, **why.params).split())
    return reason if confidence is None else f"{confidence:.0%}: {reason}"


def _entity_json(entity: EntityProposal) -> dict[str, Any]:
    return {
        "object": entity.object_name,
        "confidence": round(entity.confidence, 2),
        "why": say(entity.why.message, "en", **entity.why.params),
        "fields": {p.name: _proposal_json(p) for p in entity.columns},
        "missing": {c.name: {"required": c.required, "meaning": c.meaning} for c in entity.missing},
    }


def _proposal_json(proposal: Proposal) -> dict[str, Any]:
    return {
        "source": proposal.value,
        "confidence": proposal.confidence,
        "why": say(proposal.why.message, "en", **proposal.why.params),
    }
