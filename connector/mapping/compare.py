"""What differs between two mappings in meaning: spelling, order and comments do not count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from connector.mapping.document import EntityDoc, FieldDoc, MappingDoc, TaskDoc, WriteDoc

Kind = Literal["added", "removed", "changed"]

READ_AGAIN = "Every record of {feed} is read again."
_FEED_ENDS = "What {feed} brought is not read any more."
_WRITES_ELSEWHERE = "{credit_field} is written to another field; the old one keeps its last value."
_WRITES_STARTS = "{credit_field} is written from the next plan on."
_WRITES_ENDS = "{credit_field} is not written any more; its field keeps its last value."
_WRITES_OTHERWISE = "The next plan writes {credit_field} by this rule."
_HEARTBEAT = "The next complete run tells its end there."
_DRIFT = "The next such change of a mapped field is treated so."
_TASKS = "The next alert tasks are created so; those that are there stay."


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference in meaning. `before` and `after` are plain data (None: not there); `message`
    is an English template that says what it leads to, `params` fill it."""

    kind: Kind
    path: str
    before: Any
    after: Any
    message: str
    params: Mapping[str, object]

    def as_json(self) -> dict[str, Any]:
        """Plain data for programs."""
        return asdict(self)


def compare_mappings(before: Sequence[MappingDoc], after: Sequence[MappingDoc]) -> list[Difference]:
    """Differences between the documents of two mappings, taken together, ordered by place.

    The documents' names and the admin's guide have no meaning for a run and are not compared.
    """
    found: list[Difference] = []
    old_feeds, new_feeds = _feeds(before), _feeds(after)
    for name in dict.fromkeys([*old_feeds, *new_feeds]):
        found += _compare_feed(name, old_feeds.get(name), new_feeds.get(name))
    old_writes, new_writes = _writes(before), _writes(after)
    for name in dict.fromkeys([*old_writes, *new_writes]):
        found += _compare_write(name, old_writes.get(name), new_writes.get(name))
    found += _compare_task(_task(before), _task(after))
    found += _compare_entries("heartbeat", _heartbeat(before), _heartbeat(after), _HEARTBEAT, {})
    found += _compare_entries("drift", _drift(before), _drift(after), _DRIFT, {})
    return found


def _feeds(documents: Sequence[MappingDoc]) -> dict[str, EntityDoc]:
    return {name: doc for document in documents for name, doc in document.entities.items()}


def _writes(documents: Sequence[MappingDoc]) -> dict[str, WriteDoc]:
    return {name: doc for document in documents for name, doc in document.write.items()}


def _task(documents: Sequence[MappingDoc]) -> TaskDoc | None:
    return next((document.task for document in documents if document.task), None)


def _heartbeat(documents: Sequence[MappingDoc]) -> dict[str, Any]:
    """Where the end of a complete run is told; empty where it is not."""
    told = (document.heartbeat for document in documents if document.heartbeat)
    return next((_flat(entry.model_dump(mode="json")) for entry in told), {})


def _drift(documents: Sequence[MappingDoc]) -> dict[str, Any]:
    return {kind: policy for document in documents for kind, policy in document.drift.items()}


def _compare_feed(
    name: str, before: EntityDoc | None, after: EntityDoc | None
) -> Iterator[Difference]:
    params = {"feed": name}
    old = _feed_head(name, before)
    new = _feed_head(name, after)
    if after is None:
        yield Difference("removed", f"entities.{name}", old, None, _FEED_ENDS, params)
        return
    if before is None:
        yield Difference("added", f"entities.{name}", None, new, READ_AGAIN, params)
        return
    yield from _compare_entries(f"entities.{name}", old, new, READ_AGAIN, params)
    fields = [
        {column: _meaning(entry) for column, entry in doc.fields.items()} for doc in (before, after)
    ]
    yield from _compare_entries(f"entities.{name}.fields", fields[0], fields[1], READ_AGAIN, params)


def _feed_head(name: str, doc: EntityDoc | None) -> dict[str, Any]:
    if doc is None:
        return {}
    head = doc.model_dump(mode="json", exclude={"fields"})
    return {**head, "entity": doc.entity or name, "where": " ".join(doc.where.split())}


def _meaning(entry: FieldDoc) -> dict[str, Any]:
    """What a column's entry does: `path: X` and `first_of: [X]` are the same."""
    steps = [
        {name: arguments.model_dump(mode="json", exclude_defaults=True)}
        for name, arguments in entry.steps
    ]
    made: dict[str, Any] = {
        "from": _source(entry),
        "transform": steps,
        "map": dict(sorted(entry.map.items())),
        "default": entry.default,
        "optional": entry.optional,
    }
    return {key: value for key, value in made.items() if value not in (None, [], {}, False)}


def _source(entry: FieldDoc) -> Any:
    if entry.join:
        return {"join": [list(part) for part in entry.join]}
    if entry.which:
        return {"which": {word: list(paths) for word, paths in entry.which.items()}}
    return list(entry.paths) or {"constant": entry.constant}


def _compare_write(
    name: str, before: WriteDoc | None, after: WriteDoc | None
) -> Iterator[Difference]:
    old = _write_head(before)
    new = _write_head(after)
    params = {"credit_field": name}
    yield from _compare_entries(f"write.{name}", old, new, _WRITES_OTHERWISE, params)
    old_fields = before.fields if before else {}
    new_fields = after.fields if after else {}
    for credit_field in dict.fromkeys([*old_fields, *new_fields]):
        was, will = old_fields.get(credit_field), new_fields.get(credit_field)
        plain = [entry and entry.model_dump(mode="json", exclude_defaults=True)
                 for entry in (was, will)]  # fmt: skip
        if plain[0] == plain[1]:
            continue
        if will is None:
            kind, message = "removed", _WRITES_ENDS
        elif was is None:
            kind, message = "added", _WRITES_STARTS
        else:
            elsewhere = was.field.lower() != will.field.lower()
            kind, message = "changed", _WRITES_ELSEWHERE if elsewhere else _WRITES_OTHERWISE
        path = f"write.{name}.fields.{credit_field}"
        params = {"credit_field": credit_field}
        yield Difference(kind, path, plain[0], plain[1], message, params)  # type: ignore[arg-type]  # one of three


def _write_head(doc: WriteDoc | None) -> dict[str, Any]:
    return doc.model_dump(mode="json", exclude={"fields"}) if doc else {}


def _compare_task(before: TaskDoc | None, after: TaskDoc | None) -> Iterator[Difference]:
    old, new = (
        _flat(doc.model_dump(mode="json", exclude_defaults=True)) if doc else {}
        for doc in (before, after)
    )
    yield from _compare_entries("task", old, new, _TASKS, {})


def _flat(target: dict[str, Any]) -> dict[str, Any]:
    """Slots beside the target's own keys."""
    fields = target.pop("fields", {})
    return {**target, **{f"fields.{slot}": entry for slot, entry in fields.items()}}


def _compare_entries(
    path: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    message: str,
    params: Mapping[str, object],
) -> Iterator[Difference]:
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        kind: Kind = "changed" if key in before and key in after else (
            "added" if key in after else "removed")  # fmt: skip
        yield Difference(kind, f"{path}.{key}", old, new, message, params)
