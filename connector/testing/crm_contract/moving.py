"""Clauses on incremental reading: cursor, overlap, late commits, deletions and merges."""

from __future__ import annotations

from connector.ports.crm import Deletion
from connector.testing.crm_contract.clauses import clause
from connector.testing.crm_contract.harness import CrmUnderTest
from connector.testing.crm_contract.views import (
    OVERLAP,
    PLAIN,
    check_tie,
    ids,
    pull,
    show,
    update,
)

_LONG = 10 * OVERLAP
"""Seconds after which what was read before lies outside the overlap."""


@clause("moving-only-changes")
def check_only_changes(under: CrmUnderTest) -> None:
    """Only what moved comes again, with its present values."""
    _, moved = under.seed([PLAIN, {**PLAIN, "name": "Second"}])
    under.advance(_LONG)
    cursor = pull(under).cursor
    under.advance(_LONG)
    under.edit(moved, {"text": "south"})
    pulled = pull(under, cursor)
    check_tie(under, pulled)
    assert ids(under, pulled) == [moved]
    assert show(under, pulled.records[0], "text") == {"text": "south"}


@clause("moving-nothing")
def check_nothing(under: CrmUnderTest) -> None:
    """When nothing moved nothing comes, and the cursor still goes on."""
    under.seed([PLAIN])
    under.advance(_LONG)
    cursor = pull(under).cursor
    under.advance(_LONG)
    pulled = pull(under, cursor)
    check_tie(under, pulled)
    assert (pulled.records, pulled.deletions) == ([], [])
    assert pulled.cursor is not None


@clause("moving-same-second")
def check_same_second(under: CrmUnderTest) -> None:
    """A change within the second of the cursor is not lost, even without an overlap."""
    (record_id,) = under.seed([PLAIN])
    cursor = pull(under, overlap_seconds=0).cursor
    under.edit(record_id, {"text": "at once"})
    pulled = pull(under, cursor, overlap_seconds=0)
    assert ids(under, pulled) == [record_id]
    assert show(under, pulled.records[0], "text") == {"text": "at once"}


@clause("moving-late-commit")
def check_late_commit(under: CrmUnderTest) -> None:
    """A change that was stamped before the cursor and seen after it is not lost."""
    late, other = under.seed([PLAIN, {**PLAIN, "name": "Second"}])
    under.advance(_LONG)
    under.edit(late, {"text": "late"}, late=True)
    under.advance(60)
    under.edit(other, {"text": "in time"})
    first = pull(under)
    under.advance(60)
    under.show_late()
    pulled = pull(under, first.cursor)
    check_tie(under, pulled)
    seen = {i: show(under, r, "text")["text"] for i, r in zip(ids(under, pulled), pulled.records,
                                                              strict=True)}  # fmt: skip
    assert seen.get(late) == "late"


@clause("moving-overlap-ends")
def check_overlap_ends(under: CrmUnderTest) -> None:
    """The overlap is as long as it was asked for: what is older is not read again."""
    old, young = under.seed([PLAIN, {**PLAIN, "name": "Second"}])
    under.advance(OVERLAP)
    under.edit(young, {"text": "within"})
    under.advance(OVERLAP // 2)
    cursor = pull(under).cursor
    assert ids(under, pull(under, cursor)) == [young]
    assert sorted(ids(under, pull(under, cursor, overlap_seconds=_LONG))) == sorted([old, young])


@clause("moving-servers-clock")
def check_servers_clock(under: CrmUnderTest) -> None:
    """The cursor does not come from our clock: with ours fast, later changes are not lost."""
    (record_id,) = under.seed([PLAIN])
    under.turn_our_clock(2 * _LONG)
    cursor = pull(under).cursor
    under.advance(_LONG)
    under.edit(record_id, {"text": "later"})
    pulled = pull(under, cursor)
    assert [show(under, r, "text")["text"] for r in pulled.records] == ["later"]


@clause("moving-cursor-holds")
def check_cursor_holds(under: CrmUnderTest) -> None:
    """The same cursor, asked again by another process, gives the same."""
    (record_id,) = under.seed([PLAIN])
    under.advance(_LONG)
    cursor = pull(under).cursor
    under.advance(_LONG)
    under.edit(record_id, {"text": "south"})
    assert ids(under, pull(under, cursor)) == ids(under, pull(under, cursor)) == [record_id]


@clause("moving-deletions")
def check_deletions(under: CrmUnderTest) -> None:
    """A deleted record is told once there is a cursor, and is no record any more."""
    kept, gone = under.seed([PLAIN, {**PLAIN, "name": "Second"}])
    cursor = pull(under).cursor
    under.advance(_LONG)
    under.delete(gone)
    pulled = pull(under, cursor)
    check_tie(under, pulled)
    told = [Deletion(gone)] if under.traits.deletions == "told" else []
    assert list(pulled.deletions) == told
    assert ids(under, pull(under)) == [kept]


@clause("moving-merges")
def check_merges(under: CrmUnderTest) -> None:
    """A record that was merged away is told with its survivor."""
    survivor, loser = under.seed([PLAIN, {**PLAIN, "name": "Twin"}])
    cursor = pull(under).cursor
    under.advance(_LONG)
    under.merge(survivor, loser)
    pulled = pull(under, cursor)
    check_tie(under, pulled)
    told = {
        "survivor": [Deletion(loser, survivor)], "deletion": [Deletion(loser)], "unseen": [],
    }[under.traits.merges]  # fmt: skip
    assert list(pulled.deletions) == told
    assert ids(under, pull(under)) == [survivor]


@clause("moving-our-own-writes")
def check_own_writes(under: CrmUnderTest) -> None:
    """What we wrote ourselves comes again as well: other fields may have moved with it."""
    (record_id,) = under.seed([PLAIN])
    under.advance(_LONG)
    cursor = pull(under).cursor
    under.advance(_LONG)
    (outcome,) = update(under, (record_id, {"text": "ours"}))
    assert outcome.state == "ok"
    assert ids(under, pull(under, cursor)) == [record_id]
