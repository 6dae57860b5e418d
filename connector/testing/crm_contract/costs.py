"""Clauses on calls: what the adapter says it spent is what the CRM served, and no more than due."""

from __future__ import annotations

from connector.testing.crm_contract.clauses import clause
from connector.testing.crm_contract.harness import CrmUnderTest
from connector.testing.crm_contract.views import PLAIN, pull, update

CLASSES = ("login", "describe", "limits", "read", "write", "read_back")


@clause("cost-classes")
def check_classes(under: CrmUnderTest) -> None:
    """Calls are counted at least by the six classes, from zero."""
    counts = under.crm.call_counts()
    assert set(CLASSES) <= set(counts)
    assert set(counts.values()) == {0}


@clause("cost-read")
def check_read(under: CrmUnderTest) -> None:
    """Reading costs a call a page, by the CRM's own count too."""
    under.seed([{"name": f"Nr {n}"} for n in range(under.layout.page_size + 1)])
    under.crm.describe(under.layout.object_name)
    before = under.served("read")
    pulled = pull(under)
    assert len(pulled.pages) == 2
    assert under.served("read") - before == under.crm.call_counts()["read"] == 2


@clause("cost-write")
def check_write(under: CrmUnderTest) -> None:
    """A batch costs one call, and reading it back another."""
    made = under.seed([{**PLAIN, "name": f"Nr {n}"} for n in range(50)])
    under.crm.describe(under.layout.object_name)
    update(under, *((record_id, {"number": "9"}) for record_id in made))
    assert under.served("write") == under.crm.call_counts()["write"] == 1
    before = under.served("read_back")
    under.crm.read(under.layout.object_name, made, [under.layout.fields["number"]])
    assert under.served("read_back") - before == under.crm.call_counts()["read_back"] == 1


@clause("cost-describe")
def check_describe(under: CrmUnderTest) -> None:
    """Describing an object a second time at once costs at most a question whether it changed."""
    first = under.crm.describe(under.layout.object_name)
    spent = under.crm.call_counts()["describe"]
    assert spent == 1
    assert under.crm.describe(under.layout.object_name) == first
    assert under.crm.call_counts()["describe"] - spent <= 1


@clause("cost-budget")
def check_budget(under: CrmUnderTest) -> None:
    """The budget never falls by itself, and counts what was spent where the vendor says it."""
    pull(under)
    before = under.crm.budget()
    for _ in range(3):
        pull(under)
    after = under.crm.budget()
    assert before.allowed == after.allowed
    if before.used is not None:
        assert after.used is not None
        assert after.used - before.used == 3


@clause("cost-server-time")
def check_server_time(under: CrmUnderTest) -> None:
    """The CRM's clock is known after an answer, in UTC, whatever ours says."""
    pull(under)
    told = under.crm.server_time()
    assert told is not None
    assert told.tzinfo is not None
    under.turn_our_clock(86_400)
    pull(under)
    later = under.crm.server_time()
    assert later is not None
    assert 0 <= (later - told).total_seconds() < 3_600
