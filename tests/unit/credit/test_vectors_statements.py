"""The fact sheet's vectors of statements and failure models, through the engine's expressions."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis

from connector.credit.metrics import failure_models, statements
from tests.unit.credit.book import only

VECTORS: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("vectors.json").read_text(encoding="utf-8")
)
MONEY = "decimal(18,4)"
AMOUNTS = (*statements.STOCKS, *statements.FLOWS)
INPUT = {
    "TA": "total_assets", "CA": "current_assets", "cash": "cash", "AR": "receivables",
    "inv": "inventory", "CL": "current_liabilities", "std": "short_term_debt", "AP": "payables",
    "TL": "total_liabilities", "ltd": "long_term_debt", "EQ": "equity", "intang": "intangibles",
    "RE": "retained_earnings", "sales": "sales", "cogs": "cost_of_sales", "EBIT": "ebit",
    "DA": "depreciation", "interest": "interest", "NI": "net_income", "CFO": "operating_cash_flow",
    "capex": "capital_expenditure", "MVE": "market_equity",
}  # fmt: skip
YEAR = {
    "rec": "receivables", "sales": "sales", "cogs": "cost_of_sales", "ca": "current_assets",
    "ppe": "fixed_assets", "sec": "securities", "ta": "total_assets", "dep": "depreciation",
    "sga": "selling_and_admin", "cl": "current_liabilities", "ltd": "long_term_debt",
    "inc": "net_income", "cfo": "operating_cash_flow",
}  # fmt: skip
SAME_NAME = {
    "interest_bearing_debt_to_ebitda": "debt_to_ebitda", "ebit_interest_cover": "ebit_cover",
    "ebitda_interest_cover": "ebitda_cover", "roa": "return_on_assets", "roe": "return_on_equity",
    "cfo_to_current_liabilities": "cash_flow_to_current_liabilities",
    "cfo_to_debt": "cash_flow_to_debt", "dso_of_customer": "their_dso",
    "dpo_of_customer": "their_dpo", "dio_of_customer": "their_dio",
}  # fmt: skip


def close(value: object, expected: object, within: str = "0.0001") -> bool:
    return abs(Decimal(str(value)) - Decimal(str(expected))) <= Decimal(within)


def sheet(**changes: object) -> dict[str, Any]:
    """The statement of the fact sheet's examples."""
    row: dict[str, Any] = {INPUT[k]: v for k, v in VECTORS["FS-INPUT"]["in"].items()}
    return row | changes


def one(tables: Any, row: dict[str, Any], name: str = "t") -> Any:
    kinds = dict.fromkeys((*AMOUNTS, *(f"prev_{a}" for a in AMOUNTS)), MONEY)
    exact = {k: None if v is None else Decimal(str(v)) for k, v in row.items()}
    return tables.make(name, kinds, [exact])


def computed(tables: Any, t: Any, columns: dict[str, Any]) -> dict[str, Any]:
    return only(tables.rows(t.select(**columns)))


def test_ratio_1(tables: Any) -> None:
    t = one(tables, sheet())
    found = computed(tables, t, statements.ratios(t))
    for name, expected in VECTORS["RATIO-1"]["out"].items():
        assert close(found[SAME_NAME.get(name, name)], expected), name


def test_ratios_without_meaning_are_unknown(tables: Any) -> None:
    t = one(tables, sheet(equity=-100, ebit=-500, interest=0, intangibles=None))
    found = computed(tables, t, statements.ratios(t))
    unknown = ("return_on_equity", "debt_to_equity", "debt_to_ebitda", "ebit_cover",
               "ebitda_cover", "tangible_net_worth")  # fmt: skip
    assert all(found[name] is None for name in unknown)
    assert found["statement_equity"] == -100
    assert close(found["current_ratio"], "1.2917")


def test_figures_next_to_zero_do_not_fail(tables: Any) -> None:
    t = one(tables, sheet(total_assets="0.0001", current_liabilities="0.0001", sales=0))
    found = computed(tables, t, statements.ratios(t))
    assert found["debt_ratio"] is None
    assert found["net_margin"] is None
    assert found["their_dso"] is None


def test_z_1(tables: Any) -> None:
    x = VECTORS["Z-1"]["in"]
    out = VECTORS["Z-1"]["out"]
    names = {"altman_z": "Z", "altman_z_private": "Z_prime",
             "altman_z_emerging": "Z_double_prime", "altman_em": "Z_EM"}  # fmt: skip
    given = tables.make("x", dict.fromkeys(x, "float64"), [x])
    by_ratio = computed(tables, given, failure_models.altman_scores(**{k: given[k] for k in x}))
    t = one(tables, sheet())
    by_amount = computed(tables, t, failure_models.altman(t))
    for ours, theirs in names.items():
        assert close(by_ratio[ours], out[theirs]), ours
        assert close(by_amount[ours], out[theirs]), ours


def test_zones_of_altman(tables: Any) -> None:
    for model, (_, distress, safe) in failure_models.ZONES.items():
        values = [distress - Decimal("0.01"), distress, safe, safe + Decimal("0.01"), None]
        rows = [{"no": n, "value": value} for n, value in enumerate(values)]
        t = tables.make(f"zone_{model}", {"no": "int64", "value": "decimal(18,10)"}, rows)
        found = tables.rows(t.select("no", zone=failure_models.zone(t.value, model)).order_by("no"))
        assert [row["zone"] for row in found] == [1, 2, 2, 3, None], model


def test_altman_without_liabilities_is_unknown(tables: Any) -> None:
    t = one(tables, sheet(total_liabilities=0))
    found = computed(tables, t, failure_models.altman(t))
    assert found == dict.fromkeys(found)


def test_zmi_1(tables: Any) -> None:
    x, out = VECTORS["ZMI-1"]["in"], VECTORS["ZMI-1"]["out"]
    given = tables.make("x", dict.fromkeys(x, "float64"), [x])
    scores = failure_models.zmijewski_scores
    found = computed(
        tables, given, scores(profit=given.ROA, leverage=given.FINL, liquidity=given.LIQ)
    )
    assert close(found["zmijewski_x"], out["X"])
    assert close(found["zmijewski_p"], out["p"])
    other = computed(
        tables, given, scores(profit=given.ROA, leverage=given.FINL, liquidity=-given.LIQ)
    )
    assert close(other["zmijewski_x"], out["X_minus_sign_variant"])
    assert close(other["zmijewski_p"], out["p_variant"])
    t = one(tables, sheet())
    assert close(computed(tables, t, failure_models.zmijewski(t))["zmijewski_x"], out["X"])


def test_ohl_1(tables: Any) -> None:
    x, out = VECTORS["OHL-1"]["in"], VECTORS["OHL-1"]["out"]
    t = one(tables, sheet(prev_net_income=x["NI_prev"]))
    dollars = ibis.literal(x["total_assets_usd"])
    scores = failure_models.ohlson(t, dollars, Decimal(x["gnp_index"]))
    found = computed(tables, t, scores)
    assert close(found["ohlson_o"], out["O"])
    assert close(found["ohlson_p"], out["p"])
    stated = one(tables, sheet(prev_net_income=x["NI_prev"], funds_from_operations=x["FFO"]), "s")
    again = failure_models.ohlson(stated, dollars, Decimal(x["gnp_index"]))
    assert computed(tables, stated, again) == found


def test_ohlson_without_a_year_before_or_assets_is_unknown(tables: Any) -> None:
    t = one(tables, sheet(total_assets=0))
    found = computed(tables, t, failure_models.ohlson(t, ibis.literal(0.0), Decimal(670)))
    assert found == {"ohlson_o": None, "ohlson_p": None}


def test_ben_1(tables: Any) -> None:
    v, out = VECTORS["BEN-1"]["in"], VECTORS["BEN-1"]["out"]
    row = {YEAR[k]: x for k, x in v["t"].items()}
    row |= {f"prev_{YEAR[k]}": x for k, x in v["t_1"].items()}
    t = one(tables, row)
    indices = computed(tables, t, failure_models.beneish_indices(t))
    for name, value in indices.items():
        assert close(value, out[name.upper()]), name
    assert close(computed(tables, t, failure_models.beneish(t))["beneish_m"], out["M"])


def test_beneish_takes_what_cannot_be_computed_as_unchanged(tables: Any) -> None:
    v = VECTORS["BEN-1"]["in"]
    row = {YEAR[k]: x for k, x in v["t"].items() if k not in ("sec", "dep", "sga")}
    row |= {f"prev_{YEAR[k]}": x for k, x in v["t_1"].items() if k not in ("sec", "dep", "sga")}
    t = one(tables, row)
    i = computed(tables, t, failure_models.beneish_indices(t))
    assert (i["aqi"], i["depi"], i["sgai"]) == (None, None, None)
    found = computed(tables, t, failure_models.beneish(t))["beneish_m"]
    plain = (
        -4.84 + 0.92 * i["dsri"] + 0.528 * i["gmi"] + 0.404 + 0.892 * i["sgi"] + 0.115 - 0.172
        + 4.679 * i["tata"] - 0.327 * i["lvgi"]
    )  # fmt: skip
    assert close(found, plain)
