"""Leases: one owner at a time, and nobody writes with a number that is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.errors import EXIT_BUSY, BusyError
from connector.ports.store import Fence
from connector.store.store import DjangoStore
from tests.unit.store.samples import NOW, TODAY, decision, decisions, plan, update


def test_the_number_rises_with_each_acquisition(store: DjangoStore) -> None:
    first = store.acquire_lease("run", "a:1:1", NOW, 60)
    store.release_lease(first)
    second = store.acquire_lease("run", "a:1:1", NOW, 60)
    assert second.number == first.number + 1


def test_a_second_owner_is_told_who_holds_it_and_since_when(store: DjangoStore) -> None:
    store.acquire_lease("run", "host-a:17:99", NOW, 60)
    with pytest.raises(BusyError, match=r"host-a:17:99 since 2026-03-01 08:30:00 UTC") as caught:
        store.acquire_lease("run", "host-b:18:99", NOW + timedelta(seconds=59), 60)
    assert caught.value.exit_code == EXIT_BUSY
    assert "expires at 2026-03-01 08:31:00 UTC" in str(caught.value)


def test_the_same_owner_does_not_get_it_twice(store: DjangoStore) -> None:
    store.acquire_lease("run", "a:1:1", NOW, 60)
    with pytest.raises(BusyError):
        store.acquire_lease("run", "a:1:1", NOW, 60)


def test_leases_of_other_names_stand_apart(store: DjangoStore) -> None:
    store.acquire_lease("run", "a:1:1", NOW, 60)
    assert store.acquire_lease("census", "b:1:1", NOW, 60).number == 1


def test_an_expired_lease_passes_on_and_its_first_owner_writes_nothing(store: DjangoStore) -> None:
    old = store.acquire_lease("run", "a:1:1", NOW, 60)
    new = store.acquire_lease("run", "b:2:2", NOW + timedelta(seconds=60), 60)
    with pytest.raises(BusyError, match="b:2:2 holds it"):
        store.renew_lease(old, NOW, 60)
    with pytest.raises(BusyError):
        store.save_plan(plan("r1", update("1", "B")), old)
    with pytest.raises(BusyError):
        store.stage_decisions(decisions("r1", decision("p1")), old)
    with pytest.raises(BusyError):
        store.append_journal("crm", "r1", [], [], NOW, old)
    assert not store.open_changes("crm")
    store.release_lease(old)
    store.renew_lease(new, NOW + timedelta(seconds=60), 60)


def test_a_renewed_lease_lasts_from_the_renewal(store: DjangoStore) -> None:
    fence = store.acquire_lease("run", "a:1:1", NOW, 60)
    store.renew_lease(fence, NOW + timedelta(seconds=50), 60)
    with pytest.raises(BusyError):
        store.acquire_lease("run", "b:2:2", NOW + timedelta(seconds=109), 60)


def test_an_expired_lease_that_nobody_took_can_be_renewed(store: DjangoStore) -> None:
    fence = store.acquire_lease("run", "a:1:1", NOW, 60)
    store.renew_lease(fence, NOW + timedelta(seconds=600), 60)
    assert store.stage_decisions(decisions("r1", decision("p1")), fence) == 1


def test_a_forged_fence_is_refused(store: DjangoStore, fence: Fence) -> None:
    with pytest.raises(BusyError, match="was lost"):
        store.renew_lease(Fence("run", fence.owner, fence.number + 1), NOW, 60)
    with pytest.raises(BusyError, match="nobody holds it"):
        store.renew_lease(Fence("other", fence.owner, 1), NOW, 60)


def test_the_fence_is_checked_in_the_middle_of_staging(
    store: DjangoStore, fence: Fence, monkeypatch: pytest.MonkeyPatch
) -> None:
    from connector.store import rows, staging

    insert = rows.insert_columns

    def lose_lease(*args: object, **kwargs: object) -> None:
        insert(*args, **kwargs)  # type: ignore[arg-type]  # passed through
        monkeypatch.setattr(staging, "insert_columns", insert)
        from connector.store.models import Lease

        Lease.objects.using(store.alias).update(number=99)

    monkeypatch.setattr(staging, "insert_columns", lose_lease)
    with pytest.raises(BusyError):
        store.stage_decisions(decisions("r1", decision("p1")), fence)
    store.start_run("r1", TODAY, NOW)
    assert not store.prior_decisions()


def test_a_holder_that_is_known_to_be_dead_loses_its_lease(store: DjangoStore) -> None:
    lost = store.acquire_lease("run", "here:17:99", NOW, 600)

    taken = store.acquire_lease("run", "here:18:1", NOW, 600, lambda owner: owner == lost.owner)

    assert taken.number == lost.number + 1
    with pytest.raises(BusyError):
        store.renew_lease(lost, NOW, 600)
