"""Schema drift: what changed on the mapped objects since the last run, and what it means.

Each run compares the live descriptions with those it kept. A change that a mapping does not use is
taken over in silence. Of the others each kind has a policy: `ignore`, `adopt` (take over and
tell), `alert` (the same, and it stands out) or `block`: the feeds that rest on the field are not
read until the mapping is corrected or says `adopt`; the other feeds go on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from connector.mapping.document import DriftKind, DriftPolicy
from connector.mapping.feeds import Feed
from connector.ports.crm import ObjectInfo
from connector.sync.desk import Connection, Desk
from connector.sync.guard import GuardFinding

POLICIES: dict[DriftKind, DriftPolicy] = {
    "added": "ignore",
    "removed": "block",
    "renamed": "block",
    "type": "block",
    "calculated": "block",
    "scale": "alert",
    "length": "alert",
    "choices": "adopt",
    "permission": "alert",
}
"""What is done about a change of a field that the mapping uses, unless the document says otherwise.

`block` is eased to `alert` where no feed needs the field: it is optional, or only written, and what
cannot be written stops the connection by itself.
"""

_OBJECT = ""  # the object as a whole, in the place of a field
_WATCHED = ("label", "vendor_type", "length", "precision", "scale", "createable", "updateable",
            "calculated", "choices")  # fmt: skip


@dataclass(frozen=True, slots=True)
class DriftChange:
    """One change of a mapped object; `field` is empty for the object as a whole.

    `feeds` are those that are not read because of it (policy `block`).
    """

    connection: str
    object_name: str
    field: str
    kind: DriftKind
    before: str
    after: str
    policy: DriftPolicy
    feeds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Use:
    """How a connection uses an object's fields, by name in small letters."""

    feeds: tuple[Feed, ...]
    read: Mapping[str, tuple[str, ...]]
    needed: Mapping[str, tuple[str, ...]]
    written: frozenset[str]

    def uses(self, field: str) -> bool:
        return not field or field.lower() in self.read or field.lower() in self.written


def watch_drift(desk: Desk, connection: Connection) -> list[DriftChange]:
    """Changes of the mapped objects that matter since the last run; keeps the new descriptions.

    What blocks is kept as it was, so that it is told again until somebody acts.
    """
    connection.look_anew()
    known = desk.ledger.descriptions(connection.name)
    found: list[DriftChange] = []
    contents: dict[str, str] = {}
    for name in connection.documents.object_names:
        use = _find_use(connection, name)
        if not use.written and not any(feed.doc.stamp for feed in use.feeds):
            continue  # files name their columns anew with each export
        live = _draw(connection.describe(name))
        before = json.loads(known[name]) if name in known else None
        changes = [] if before is None else list(_compare(connection, name, before, live, use))
        found += changes
        kept = live
        for change in changes:
            if change.policy == "block" and before is not None:
                kept = _keep_old(kept, before, change.field)
        contents[name] = json.dumps(kept, sort_keys=True)
    told = [c for c in found if c.policy != "ignore"]
    fresh = {name: text for name, text in contents.items() if known.get(name) != text}
    if fresh or told:
        desk.ledger.keep_descriptions(
            connection.name, fresh, [_row(c) for c in told], desk.run_id, desk.clock.now()
        )
    return told


def tell_blocked(changes: Iterable[DriftChange]) -> list[GuardFinding]:
    """Why nothing may be written without a person: the facts of a blocked feed grow old."""
    return [
        GuardFinding(
            "{feed} of {connection} is not read, because {field} of {object} changed; its facts "
            "grow old.",
            {"feed": feed, "connection": change.connection, "object": change.object_name,
             "field": change.field or change.object_name},
        )
        for feed, change in list_blocked(changes).items()
    ]  # fmt: skip


def list_blocked(changes: Iterable[DriftChange]) -> dict[str, DriftChange]:
    """The feeds that may not be read, each with the first reason."""
    blocked: dict[str, DriftChange] = {}
    for change in changes:
        for feed in change.feeds:
            blocked.setdefault(feed, change)
    return blocked


def _row(change: DriftChange) -> dict[str, str]:
    told = asdict(change)
    return {name: str(told[name]) for name in
            ("object_name", "field", "kind", "before", "after", "policy")}  # fmt: skip


def _draw(info: ObjectInfo | None) -> dict[str, dict[str, object]] | None:
    """The watched properties of each field; None for an object that is not there."""
    if info is None or not info.queryable:
        return None
    return {
        field.name: {name: getattr(field, name) for name in _WATCHED} | {
            "choices": sorted(field.choices) if field.restricted else []
        }
        for field in info.fields.values()
    }  # fmt: skip


def _keep_old(
    live: dict[str, dict[str, object]] | None,
    before: dict[str, dict[str, object]],
    field: str,
) -> dict[str, dict[str, object]] | None:
    if not field or live is None:
        return before
    return {**live, field: before[field]}


def _compare(
    connection: Connection,
    name: str,
    before: dict[str, dict[str, object]] | None,
    live: dict[str, dict[str, object]] | None,
    use: _Use,
) -> Iterable[DriftChange]:
    def change(field: str, kind: DriftKind, old: object, new: object) -> DriftChange:
        policy = _choose_policy(connection, name, field, kind, use)
        feeds = use.needed.get(field.lower(), ()) if policy == "block" else ()
        return DriftChange(
            connection.name, name, field, kind, _spell(old), _spell(new), policy, feeds
        )

    if before is None or live is None:
        if before is not live:
            yield change(_OBJECT, "removed" if live is None else "added", "", "")
        return
    lost = [field for field in before if field not in live]
    fresh = [field for field in live if field not in before]
    for field in lost:
        heir = _find_heir(before[field], [f for f in fresh if use.uses(field)], live)
        yield change(field, "renamed" if heir else "removed", field, heir)
    for field in fresh:
        yield change(field, "added", "", field)
    for field in before:
        if field in live:
            for kind, old, new in _differences(before[field], live[field]):
                yield change(field, kind, old, new)


def _differences(
    before: Mapping[str, object], live: Mapping[str, object]
) -> Iterable[tuple[DriftKind, object, object]]:
    pairs: tuple[tuple[DriftKind, tuple[str, ...]], ...] = (
        ("type", ("vendor_type",)),
        ("scale", ("precision", "scale")),
        ("length", ("length",)),
        ("choices", ("choices",)),
        ("permission", ("createable", "updateable")),
        ("calculated", ("calculated",)),
    )
    for kind, names in pairs:
        old, new = [before.get(n) for n in names], [live.get(n) for n in names]
        if old != new:
            yield kind, old, new


def _find_heir(
    lost: Mapping[str, object], fresh: Iterable[str], live: Mapping[str, Mapping[str, object]]
) -> str:
    """The one new field with the label and type of a lost one; nothing when there is none."""
    alike = [
        name
        for name in fresh
        if (live[name]["label"], live[name]["vendor_type"]) == (lost["label"], lost["vendor_type"])
    ]
    return alike[0] if len(alike) == 1 else ""


def _choose_policy(
    connection: Connection, name: str, field: str, kind: DriftKind, use: _Use
) -> DriftPolicy:
    if not use.uses(field) or kind == "added":
        return "ignore"
    if kind == "permission" and field.lower() not in use.written:
        return "ignore"
    told = [d.drift[kind] for d in connection.documents.documents
            if kind in d.drift and d.names_object(name)]  # fmt: skip
    policy = told[0] if told else POLICIES[kind]
    if policy != "block" or use.needed.get(field.lower()):
        return policy
    return "alert"


def _find_use(connection: Connection, name: str) -> _Use:
    """What the documents, taken at their word, read from and write to an object."""
    documents = connection.documents
    feeds = tuple(f for f in documents.feeds if f.object_name.lower() == name.lower())
    read: dict[str, list[str]] = {}
    needed: dict[str, list[str]] = {}
    for feed in feeds:
        for path in feed.paths:
            read.setdefault(_head(path), []).append(feed.name)
        wanted = [*feed.doc.id, feed.doc.stamp, *feed.doc.only]
        for doc in feed.fields.values():
            wanted += () if doc.optional else doc.paths
        for path in {_head(p) for p in wanted if p} | ({""} if not feed.doc.optional else set()):
            needed.setdefault(path, []).append(feed.name)
    written = {f.field for t in documents.targets if t.object_name.lower() == name.lower()
               for f in t.fields.values()}  # fmt: skip
    return _Use(
        feeds=feeds,
        read={k: tuple(v) for k, v in read.items()},
        needed={k: tuple(v) for k, v in needed.items()},
        written=frozenset(f.lower() for f in written),
    )


def _head(path: str) -> str:
    return path.split(".")[0].lower()


def _spell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_spell(one) for one in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
