"""How much of the limit was used on the days before: read from what was decided on them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from connector.sync.decide import usage_before
from connector.testing.builders import decision_tables
from tests.unit.sync.workplace import Workplace


def test_the_last_run_of_each_day_before_counts(workplaces: Callable[..., Workplace]) -> None:
    place = workplaces()
    today = place.today
    runs = [
        ("20260101-060000-a", 3, "", "0.5"),
        ("20260102-060000-a", 2, "", "0.7"),
        ("20260102-180000-a", 2, "", "0.8"),
        ("20260103-060000-a", 1, "", None),
        ("20260103-070000-a", 1, "S1", "0.9"),
        ("20260104-060000-a", 0, "", "0.99"),
        ("20251201-060000-a", 31, "", "0.1"),
    ]
    for run_id, ago, company, used in runs:
        row = {
            "party_id": "P", "selling_company": company, "as_of": today - timedelta(days=ago),
            "utilisation": Decimal(used) if used else None,
        }  # fmt: skip
        place.ledger.keep_decisions(run_id, decision_tables([row]))
    found = usage_before(place.desk(), 30).sort_by("day").to_pylist()
    assert [(today - row["day"], row["utilisation"]) for row in found] == [
        (timedelta(days=3), Decimal("0.5")),
        (timedelta(days=2), Decimal("0.8")),
    ]
    assert {(row["party_id"], row["selling_company"]) for row in found} == {("P", "")}
