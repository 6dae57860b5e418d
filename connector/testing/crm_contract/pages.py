"""Clauses on pages: their edges, equal stamps, order, and pages that come short."""

from __future__ import annotations

import pytest

from connector.errors import TransientError
from connector.testing.crm_contract.clauses import clause
from connector.testing.crm_contract.harness import CrmUnderTest
from connector.testing.crm_contract.views import check_tie, ids, pull, request
from connector.testing.faults import Trouble


def _seed_pages(under: CrmUnderTest, count: int) -> list[str]:
    return under.seed([{"name": f"Acme {n:05}"} for n in range(count)])


@clause("pages-equal-stamps")
def check_equal_stamps(under: CrmUnderTest) -> None:
    """Records of one stamp that fill more than two pages come once each, ordered by id."""
    made = _seed_pages(under, 2 * under.layout.page_size + 1)
    pulled = pull(under)
    assert len([page for page in pulled.pages if page.records]) == 3
    found = ids(under, pulled)
    assert (found if under.traits.order == "stamp" else sorted(found)) == sorted(made)
    check_tie(under, pulled)


@clause("pages-exact-edge")
def check_exact_edge(under: CrmUnderTest) -> None:
    """A page that is exactly full loses nothing and repeats nothing."""
    made = _seed_pages(under, under.layout.page_size)
    pulled = pull(under)
    assert sorted(ids(under, pulled)) == sorted(made)
    check_tie(under, pulled)


@clause("pages-order")
def check_order(under: CrmUnderTest) -> None:
    """Records come oldest change first, whatever order they were made in."""
    first, second, third = under.seed([{"name": n} for n in ("one", "two", "three")])
    for record_id in (third, first, second):
        under.advance(60)
        under.edit(record_id, {"text": "moved"})
    found = ids(under, pull(under))
    assert (found == [third, first, second]) is (under.traits.order == "stamp")
    assert sorted(found) == sorted([first, second, third])


@clause("pages-incremental-edge")
def check_incremental_edge(under: CrmUnderTest) -> None:
    """An incremental pull over several pages of one stamp is as complete as a full one."""
    cursor = pull(under).cursor
    under.advance(3_600)
    made = _seed_pages(under, under.layout.page_size + 1)
    pulled = pull(under, cursor)
    assert sorted(ids(under, pulled)) == sorted(made)
    check_tie(under, pulled)


@clause("pages-short", Trouble.SHORT_PAGE)
def check_short_page(under: CrmUnderTest) -> None:
    """A page with a record too few is read again, or shows as a sum below the count."""
    made = _seed_pages(under, 3)
    under.inject(Trouble.SHORT_PAGE, "read")
    pulled = pull(under)
    if under.traits.short_page == "healed":
        assert sorted(ids(under, pulled)) == sorted(made)
        check_tie(under, pulled)
    else:
        assert pulled.expected is not None
        assert pulled.expected > len(pulled.records) + len(pulled.deletions)


@clause("pages-cut", Trouble.NO_END)
def check_cut(under: CrmUnderTest) -> None:
    """A pull that is cut for good between two pages is an error or has no last page."""
    _seed_pages(under, under.layout.page_size + 1)
    under.inject(Trouble.NO_END, "read", times=20, skip=1)
    try:
        pages = list(under.crm.pull(request(under)))
    except TransientError:
        return
    assert not any(page.last for page in pages)
    assert all(page.cursor is None for page in pages)


@clause("pages-expired-cursor", Trouble.EXPIRED_CURSOR)
def check_expired_cursor(under: CrmUnderTest) -> None:
    """A vendor's cursor that ends between two pages costs a second reading, or is told."""
    made = _seed_pages(under, under.layout.page_size + 1)
    under.inject(Trouble.EXPIRED_CURSOR, "read", skip=1)
    if under.traits.expired_cursor == "refused":
        with pytest.raises(TransientError):
            pull(under)
        return
    pulled = pull(under)
    assert sorted(ids(under, pulled)) == sorted(made)
    check_tie(under, pulled)
