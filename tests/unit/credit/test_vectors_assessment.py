"""Vectors of validation, alerts and comparison, through the functions that reports use."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from connector.credit.assessment.alerts import (
    Alert,
    AlertFigures,
    BadEvent,
    Watch,
    alerts_per_week,
    f_score,
    measure_alerts,
)
from connector.credit.assessment.calibration import (
    Band,
    binomial_tail,
    brier_score,
    rate_interval,
    report_bands,
)
from connector.credit.assessment.comparison import PolicyMistakes, compare_policies
from connector.credit.assessment.discrimination import Outcome, auc, discriminate
from connector.credit.assessment.stability import read_stability, shares_of, stability_index
from connector.errors import InputError
from tests.unit.credit.test_vectors import close, given, wanted

START = date(2025, 1, 1)


def outcomes(pairs: list[tuple[int, int]]) -> list[Outcome]:
    return [Outcome(score, bool(bad)) for score, bad in pairs]


def test_val_auc() -> None:
    out = wanted("VAL-AUC")
    found = discriminate(outcomes(given("VAL-AUC")["score_bad"]))
    assert close(found.auc, out["auc"])
    assert close(found.gini, out["gini"])
    assert (found.ks, found.ks_at) == (out["ks"], out["ks_at_score"])
    assert (found.accounts, found.bads) == (15, 5)
    assert not found.enough
    assert found.low is not None
    assert found.high is not None
    assert 0.4 < found.low < 0.78 < found.high <= 1


def test_ties_count_half_and_order_does_not_matter() -> None:
    pairs = [(5, 1), (5, 0), (5, 0), (9, 0), (1, 1)]
    # 3 goods × 2 bads: against 5 two ties and one win, against 1 three wins.
    assert auc(outcomes(pairs)) == auc(outcomes(pairs[::-1])) == pytest.approx(5 / 6)
    assert auc(outcomes([(5, 0), (5, 1)])) == 0.5


def test_only_goods_or_only_bads_separate_nothing() -> None:
    for pairs in ([], [(5, 0)], [(5, 1)]):
        found = discriminate(outcomes(pairs))
        assert (found.auc, found.gini, found.ks, found.low) == (None, None, None, None)


def test_a_perfect_order_of_few_accounts_proves_little() -> None:
    few = discriminate(outcomes([(9, 0), (8, 0), (2, 1), (1, 1)]))
    assert (few.auc, few.high) == (1.0, 1.0)
    assert few.low == 0.0
    many = discriminate(outcomes([(9, 0)] * 300 + [(1, 1)] * 60))
    assert many.enough
    assert many.low == pytest.approx(0.95)


def test_val_psi() -> None:
    v, out = given("VAL-PSI"), wanted("VAL-PSI")
    first, second = (stability_index(v["expected"], v[key]) for key in ("actual", "actual_2"))
    assert close(first, out["psi"], "0.00001")
    assert close(second, out["psi_2"], "0.00001")
    assert [read_stability(x) for x in (first, second, 0.3)] == ["stable", "watch", "shifted"]


def test_empty_bands_stay_finite_and_unlike_bands_are_refused() -> None:
    assert shares_of([3, 1]) == [0.75, 0.25]
    assert shares_of([3, 0]) == [3.5 / 4, 0.5 / 4]
    assert stability_index(shares_of([3, 0]), shares_of([0, 3])) > 0.25
    for expected, actual in (([1.0], [0.5, 0.5]), ([0.0, 1.0], [0.5, 0.5]), ([], [])):
        with pytest.raises(InputError, match="cannot be compared"):
            stability_index(expected, actual)
    with pytest.raises(InputError, match="No account"):
        shares_of([0, 0])


def test_val_binom() -> None:
    v, out = given("VAL-BINOM"), wanted("VAL-BINOM")
    assert close(binomial_tail(v["n"], v["pd"], v["observed"]), out["p_at_least"])
    assert v["n"] * v["pd"] == out["expected"]


@pytest.mark.parametrize(
    ("case", "expected"),
    [((10, 0.5, 0), 1.0), ((10, 0.5, 11), 0.0), ((10, 0.0, 1), 0.0), ((10, 1.0, 3), 1.0),
     ((0, 0.5, 1), 0.0), ((1, 0.25, 1), 0.25)],
)  # fmt: skip
def test_the_tail_ends_where_it_has_to(case: tuple[int, float, int], expected: float) -> None:
    assert binomial_tail(*case) == pytest.approx(expected)


def test_a_hundred_thousand_accounts_do_not_overflow_and_nonsense_is_refused() -> None:
    assert 0.4 < binomial_tail(100_000, 0.02, 2000) < 0.6
    for case in ((10, 1.5, 1), (-1, 0.5, 0), (10, 0.5, -1)):
        with pytest.raises(InputError, match="make no case"):
            binomial_tail(*case)


def test_val_brier() -> None:
    pairs = [(p, bool(y)) for p, y in given("VAL-BRIER")["pairs"]]
    assert close(brier_score(pairs), wanted("VAL-BRIER")["brier"], "0.00001")
    assert brier_score([]) is None


def test_val_band() -> None:
    out = wanted("VAL-BAND")
    report = report_bands([Band(*band) for band in given("VAL-BAND")["bands"]])
    assert list(report.rates) == out["bad_rate"]
    assert report.monotone is out["monotone"]
    assert report.rate == out["total_bad_rate"]
    assert report.lifts[-1] is not None
    assert close(report.lifts[-1], out["lift_D"])


def test_disorder_within_the_error_of_small_bands_is_no_verdict() -> None:
    chance = report_bands([Band("A", 20, 2), Band("B", 30, 1), Band("E", 0, 0)])
    assert (chance.monotone, chance.disordered, chance.rates[2]) == (False, (), None)
    sure = report_bands([Band("A", 2000, 200), Band("B", 3000, 100)])
    assert sure.disordered == (("A", "B"),)
    assert report_bands([]).rate is None
    assert rate_interval(0, 0) is None
    low, high = rate_interval(0, 40) or (1, 0)
    assert low == 0.0
    assert 0 < high < 0.1


def test_alert_1() -> None:
    v, out = given("ALERT-1"), wanted("ALERT-1")
    figures = AlertFigures(
        v["alerts"], v["true_alerts"], v["bad_events"], v["events_alerted_before"], v["accounts"],
        lead_days=tuple(v["lead_days"]),
    )  # fmt: skip
    assert figures.precision == out["precision"]
    assert figures.recall == out["recall"]
    assert figures.false_per_100_accounts == out["false_alerts_per_100_accounts"]
    assert figures.median_lead_days == out["median_lead_days"]


def test_alert_fb() -> None:
    v, out = given("ALERT-FB"), wanted("ALERT-FB")
    assert close(f_score(v["precision"], v["recall"], 1), out["f1"])
    assert close(f_score(v["precision"], v["recall"], v["beta"]), out["f2"])
    assert f_score(None, 0.5, 1) is None
    assert f_score(0.0, 0.0, 1) is None


def day(number: int) -> date:
    return START + timedelta(number)


def test_alerts_and_events_are_counted_apart_by_rule_and_version() -> None:
    alerts = [
        Alert("A", "late", "1", day(10)),
        Alert("A", "late", "1", day(30)),  # a second alert before the same event
        Alert("B", "late", "1", day(20)),  # nothing came of it
        Alert("C", "late", "1", day(25), acted=True),  # nothing came of it, somebody had acted
        Alert("D", "late", "2", day(170)),  # too young to be false
        Alert("E", "stop", "1", day(50)),  # on the day of the event itself: too late
    ]
    events = [BadEvent("A", day(60)), BadEvent("E", day(50)), BadEvent("F", day(300))]
    found = measure_alerts(alerts, events, Watch(200, day(0), day(200), 90))
    assert set(found) == {("", ""), ("late", "1"), ("late", "2"), ("stop", "1")}
    late = found["late", "1"]
    assert (late.alerts, late.true_alerts, late.events, late.events_alerted) == (4, 2, 2, 1)
    assert (late.precision, late.precision_without_acted, late.recall) == (0.5, 2 / 3, 0.5)
    assert late.lead_days == (50,)
    assert found["late", "2"].young == 1
    assert found["late", "2"].precision is None
    assert found["stop", "1"].true_alerts == 0
    assert found["", ""].false_per_100_accounts == 1.5
    assert found["stop", "1"].median_lead_days is None


def test_load_of_alerts() -> None:
    assert alerts_per_week(120, owners=4, days=30) == 7
    assert alerts_per_week(120, owners=0, days=30) is None


def test_champ_1() -> None:
    v, out = given("CHAMP-1"), wanted("CHAMP-1")
    champion, challenger = (
        PolicyMistakes(name, v[name]["blocked_good"], v[name]["missed_bad"])
        for name in ("champion", "challenger")
    )
    prices = (Decimal(v["margin_lost_per_blocked_good"]), Decimal(v["loss_per_missed_bad"]))
    found = compare_policies(champion, challenger, *prices)
    assert found.champion_cost == out["champion_cost"]
    assert found.challenger_cost == out["challenger_cost"]
    assert found.keep == "champion"
    assert compare_policies(champion, champion, *prices).keep == "champion"
    assert compare_policies(challenger, champion, *prices).keep == "challenger"


def test_policies_measured_on_different_facts_do_not_compare() -> None:
    one, other = PolicyMistakes("a", 1, 1, "May"), PolicyMistakes("b", 1, 1, "June")
    with pytest.raises(InputError, match="different facts"):
        compare_policies(one, other, Decimal(1), Decimal(1))
