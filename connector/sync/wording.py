"""The first reasons of each party in words, as they are written into the CRM."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connector.credit.reasons.explain import reason_lines
from connector.domain.decision import TOTAL
from connector.domain.texts import Language

TOP_REASONS = 3

WORDING_SCHEMA = pa.schema(
    [("party_id", pa.string()), ("reasons", pa.string()), ("reason_text", pa.string())]
)


def word(tables: Mapping[str, pa.Table], language: Language) -> pa.Table:
    """The top reasons of each party, as data and in words (WORDING_SCHEMA)."""
    of_all = pc.equal(tables["reason"]["selling_company"], TOTAL)
    columns = ["party_id", "rank", "code", "params", "remedy", "remedy_params"]
    rows = tables["reason"].filter(of_all).select(columns).to_pylist()
    rows.sort(key=lambda r: (r["party_id"], r["rank"]))
    worded = []
    between = "" if language == "zh" else " "
    for party_id, group in groupby(rows, key=lambda r: r["party_id"]):
        top = list(group)[:TOP_REASONS]
        worded.append(
            {
                "party_id": party_id,
                "reasons": json.dumps([_data(r) for r in top], ensure_ascii=False,
                                      sort_keys=True, separators=(",", ":")),
                "reason_text": between.join(reason_lines(top, language)),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(worded, schema=WORDING_SCHEMA)


def _data(reason: Mapping[str, Any]) -> dict[str, Any]:
    data = {"code": reason["code"], "params": json.loads(reason["params"])}
    if reason["remedy"]:
        data |= {"remedy": reason["remedy"], "remedy_params": json.loads(reason["remedy_params"])}
    return data
