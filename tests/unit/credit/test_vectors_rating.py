"""The fact sheet's vectors of scaling, points and probabilities of default."""

from __future__ import annotations

import json
from decimal import Decimal
from math import log
from pathlib import Path
from typing import Any

import pytest

from connector.credit.decision import scaling, scorecard
from connector.credit.decision.scaling import FittedBin, FittedLine, Scaling
from connector.credit.policy.document import ScorecardDoc
from tests.unit.credit.book import only

VECTORS: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("vectors.json").read_text(encoding="utf-8")
)
SCALE = VECTORS["SC-SCALE"]["in"]
OURS = Scaling.doubling(SCALE["pdo"], SCALE["base_score"], SCALE["base_odds_good_to_bad"])


def near(expected: float, within: float = 1e-4) -> Any:
    return pytest.approx(expected, abs=within)


def test_sc_woe() -> None:
    v, out = VECTORS["SC-WOE"]["in"], VECTORS["SC-WOE"]["out"]
    counts = [(good, bad) for _, good, bad in v["bins"]]
    assert scaling.weights_of_evidence(counts) == near(out["woe"], 1e-6)
    assert scaling.information_value(counts) == near(out["iv"], 1e-6)


def test_an_empty_cell_has_a_weight_and_an_empty_side_none() -> None:
    assert scaling.weights_of_evidence([(100, 0), (50, 10)])[0] > 2
    with pytest.raises(ValueError, match="goods and bads"):
        scaling.weights_of_evidence([(100, 0), (50, 0)])


def test_sc_scale() -> None:
    out = VECTORS["SC-SCALE"]["out"]
    assert OURS.factor == near(out["factor"])
    assert OURS.offset == near(out["offset"])
    assert OURS.score(log(9)) == near(out["score_at_odds_9"], 0.01)
    assert OURS.score(log(100)) == near(out["score_at_odds_100"], 0.01)


def test_sc_conv_r() -> None:
    v, out = VECTORS["SC-CONV-R"]["in"], VECTORS["SC-CONV-R"]["out"]
    theirs = Scaling.of_bad_odds(v["pdo"], v["points0"], 1 / 19)
    assert theirs.factor == near(out["factor"])
    assert theirs.offset == near(out["offset"])
    assert theirs.score(log(38)) == near(out["score_at_bad_odds_1_38"], 0.01)
    with pytest.raises(ValueError, match="above 0"):
        Scaling.of_bad_odds(50, 600, 0)


def fitted() -> ScorecardDoc:
    """The two attributes of the vector: what was received, and the best bin above it."""
    v = VECTORS["SC-POINTS"]["in"]
    metrics = ("dbt", "utilisation")
    lines = [
        FittedLine(
            f"a{n + 1}", metrics[n], "A", "甲", beta,
            (FittedBin(None, Decimal(1), best), FittedBin(Decimal(1), None, woe)),
        )
        for n, (beta, woe, best) in enumerate(
            zip(v["beta"], v["woe"], v["best_woe"], strict=True)
        )
    ]  # fmt: skip
    card = scaling.points_card(v["alpha"], lines, OURS)
    return ScorecardDoc(scale="points", min_coverage=Decimal(0), characteristics=card)


def test_sc_points(tables: Any) -> None:
    v, out = VECTORS["SC-POINTS"]["in"], VECTORS["SC-POINTS"]["out"]
    ln_odds = v["alpha"] + sum(b * w for b, w in zip(v["beta"], v["woe"], strict=True))
    assert ln_odds == near(out["ln_odds"])
    assert scaling.bad_probability(ln_odds) == near(out["pd"])
    assert OURS.score(ln_odds) == near(out["score"], 0.01)
    pairs = list(zip(v["beta"], v["woe"], strict=True))
    points = [OURS.attribute_points(v["alpha"], b, w, 2) for b, w in pairs]
    assert points == near(out["points"], 0.01)
    best = [OURS.attribute_points(v["alpha"], b, w, 2)
            for b, w in zip(v["beta"], v["best_woe"], strict=True)]  # fmt: skip
    assert [b - p for b, p in zip(best, points, strict=True)] == near(out["points_lost"], 0.01)
    row = {"party_id": "P", "selling_company": "", "dbt": Decimal(9), "utilisation": Decimal(9)}
    kinds = {"party_id": "string", "selling_company": "string", "dbt": "decimal(18,4)",
             "utilisation": "decimal(18,10)"}  # fmt: skip
    found = only(tables.rows(scorecard.score(tables.make("t", kinds, [row]), fitted())))
    assert found["score"] == out["rounded_points_sum"]
    assert [found["pts_a1"], found["pts_a2"]] == [251, 282]
    assert found["pts_a1"] + found["pts_a2"] == found["score"]
    lost = {1: found["lost_a1"], 2: found["lost_a2"]}
    assert sorted(lost, key=lambda n: -lost[n]) == out["reason_order"]
    assert [lost[1], lost[2]] == near(out["points_lost"], 1)


def test_an_unknown_value_has_points_of_its_own(tables: Any) -> None:
    row = {"party_id": "P", "selling_company": "", "dbt": Decimal(9), "utilisation": None}
    kinds = {"party_id": "string", "selling_company": "string", "dbt": "decimal(18,4)",
             "utilisation": "decimal(18,10)"}  # fmt: skip
    found = only(tables.rows(scorecard.score(tables.make("t", kinds, [row]), fitted())))
    missing = round(OURS.attribute_points(VECTORS["SC-POINTS"]["in"]["alpha"], 0.8, 0.0, 2))
    assert found["score"] == 251 + missing
    assert found["bin_a2"] == "not_assessed"


def test_pd_3y() -> None:
    v, out = VECTORS["PD-3Y"]["in"], VECTORS["PD-3Y"]["out"]
    assert scaling.yearly_probability(v["cdr_3y"], 3) == near(out["pd_1y"], 1e-5)


def test_pd_geo() -> None:
    v, out = VECTORS["PD-GEO"]["in"], VECTORS["PD-GEO"]["out"]
    steps = scaling.geometric_steps(v["lo"], v["hi"], v["steps_between"])
    assert steps == near(out["pd"], 1e-6)
    with pytest.raises(ValueError, match="above 0"):
        scaling.geometric_steps(0, 0.1, 2)


def test_dnb_chk() -> None:
    """A published table of classes agrees with the average it states (23.5 %)."""
    v = VECTORS["DNB-CHK"]["in"]
    implied = scaling.implied_rate(v["shares"], v["rates"])
    assert implied == near(VECTORS["DNB-CHK"]["out"]["implied_average"])
    assert abs(implied - 0.235) < 0.005
