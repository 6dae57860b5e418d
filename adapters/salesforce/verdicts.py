"""What is to be done about one component, by comparing ours with what the org has.

What is ours carries `MARKER` in its description, or one of our names where the type has no
description. Somebody else's component of the same name is used as it is, never changed, never
removed.
"""

from __future__ import annotations

from adapters.salesforce.components import (
    Component,
    adopt_sizes,
    find_differences,
    keep_theirs,
)
from adapters.salesforce.custom_fields import MARKER
from connector.ports.setup import SetupItem, Step

_UNMARKED = ("ListView", "CompactLayout", "CustomObjectTranslation")
_BUNDLE = "LightningComponentBundle"
_SIZES = ("length", "precision")
_TWINS = "There is one of this name that creditflag did not make; it is used as it is."
_OTHER_TYPE = "It is of type {theirs} in the CRM, and creditflag needs {ours}."
_RENAME = "Delete the field in Setup, or name another field in the mapping; then plan again."
_TOO_SMALL = (
    "Somebody else's field of this name has room for {theirs}, and creditflag needs {ours}."
)
_LARGER = "Make it larger in Setup, then plan again."
_OTHER_BUNDLE = "There is a component of this name that creditflag did not make."
_MOVE_BUNDLE = "Rename or delete the other component, then plan again: the panel needs its own."


def is_ours(theirs: Component) -> bool:
    """Whether creditflag made a component of one of its names."""
    if theirs.kind == _BUNDLE:
        marker = MARKER.encode()
        return any(marker in text for name, text in theirs.files.items() if name.endswith(".xml"))
    return theirs.kind in _UNMARKED or MARKER in theirs.text("description")


def judge(ours: Component, theirs: Component | None) -> tuple[SetupItem, Component]:
    """What is to be done, and the component to send for it.

    A field that is larger in the org stays so, and what an admin added to our permission set
    stays in it.
    """
    if theirs is None:
        return SetupItem(*ours.key, Step.CREATE), ours
    if ours.kind == "CustomField":
        conflict = _find_conflict(ours, theirs)
        if conflict is not None:
            return conflict, ours
    if not is_ours(theirs):
        if ours.kind == _BUNDLE:
            item = SetupItem(*ours.key, Step.BLOCKED, message=_OTHER_BUNDLE, next_step=_MOVE_BUNDLE)
            return item, ours
        return SetupItem(*ours.key, Step.KEPT, message=_TWINS), theirs
    fit = keep_theirs if ours.kind == "PermissionSet" else adopt_sizes
    sized = fit(ours, theirs)
    differing = find_differences(sized, theirs)
    if not differing:
        return SetupItem(*ours.key, Step.SAME), sized
    params = {"names": ", ".join(differing)}
    return SetupItem(*ours.key, Step.CHANGE, message="It differs in {names}.", params=params), sized


def judge_removal(theirs: Component) -> SetupItem:
    """Whether a component of one of our names may be removed, and if data goes with it."""
    if not is_ours(theirs):
        return SetupItem(*theirs.key, Step.KEPT, message=_TWINS)
    holds = theirs.kind == "CustomObject" or (
        theirs.kind == "CustomField" and not theirs.text("formula")
    )
    return SetupItem(*theirs.key, Step.REMOVE, data=holds)


def _find_conflict(ours: Component, theirs: Component) -> SetupItem | None:
    """Why a field of the org cannot serve as ours, with what to do; None when it can."""
    wanted, found = _type_of(ours), _type_of(theirs)
    if wanted != found:
        params: dict[str, object] = {"ours": wanted, "theirs": found}
        return SetupItem(
            *ours.key, Step.BLOCKED, message=_OTHER_TYPE, next_step=_RENAME, params=params
        )
    if is_ours(theirs):
        return None
    for tag in _SIZES:
        least, room = ours.text(tag), theirs.text(tag)
        if least.isdigit() and room.isdigit() and int(room) < int(least):
            params = {"ours": least, "theirs": room}
            return SetupItem(
                *ours.key, Step.BLOCKED, message=_TOO_SMALL, next_step=_LARGER, params=params
            )
    return None


def _type_of(component: Component) -> str:
    return component.text("type") + (" (formula)" if component.text("formula") else "")
