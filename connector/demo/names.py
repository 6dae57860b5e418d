"""Invented firms: names with the legal forms of their country, and well-formed register numbers.

Numbers pass their public check rules (GB 32100 and GB 11714 for China's 统一社会信用代码), so that
what reads them is tested on real shapes; they are drawn at random and belong to nobody we know of.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from random import Random

from stdnum.cn import uscc

from connector.errors import ConfigError

COUNTRIES = ("CN", "DE", "US", "GB")
CURRENCY_OF = {"CN": "CNY", "DE": "EUR", "US": "USD", "GB": "USD"}

_CN_PLACES = (
    ("苏州", "320500"), ("宁波", "330200"), ("青岛", "370200"), ("东莞", "441900"),
    ("成都", "510100"), ("武汉", "420100"), ("厦门", "350200"), ("无锡", "320200"),
    ("嘉兴", "330400"), ("佛山", "440600"), ("合肥", "340100"), ("长沙", "430100"),
)  # fmt: skip
_CN_STEMS = (
    "澄岳", "恒岚", "启砺", "瑞澍", "明屿", "远砚", "嘉禾岭", "景澜", "卓衡",
    "安砺", "晟野", "博岫", "鸿屿", "欣棠", "凌曜", "泽筠", "华砚", "朗岳",
)  # fmt: skip
_CN_TRADES = (
    "精密机械",
    "电子科技",
    "新材料",
    "建材",
    "纺织",
    "食品",
    "包装",
    "自动化设备",
    "化工",
    "物流",
)
_CN_FORMS = ("有限公司", "有限公司", "有限公司", "股份有限公司")

_DE_STEMS = (
    "Nordwall", "Kieselbach", "Auental", "Brückenfeld", "Hollerstein", "Lindquell", "Ostermoor",
    "Silbergrund", "Tannhöfer", "Weidenau", "Eschenrode", "Grünhagen", "Märzfeld", "Sonnwend",
)  # fmt: skip
_DE_TRADES = (
    "Maschinenbau", "Antriebstechnik", "Werkzeuge", "Baustoffe", "Elektronik", "Verpackungen",
    "Fördertechnik", "Kunststofftechnik", "Metallbau", "Laborbedarf",
)  # fmt: skip
_DE_FORMS = ("GmbH", "GmbH", "GmbH & Co. KG", "AG", "KG")

_EN_STEMS = (
    "Harbourgate", "Larkfield", "Pinemarsh", "Stonewick", "Amberlow", "Redthorn", "Fallowmere",
    "Kestrel Point", "Brightwater", "Oakhurst Vale", "Copperdale", "Winterbourne", "Millrace",
)  # fmt: skip
_EN_TRADES = (
    "Industrial Supply", "Components", "Packaging", "Foods", "Marine", "Controls", "Instruments",
    "Building Products", "Textiles", "Logistics",
)  # fmt: skip
_US_FORMS = ("Inc.", "LLC", "Corp.")
_GB_FORMS = ("Ltd", "Ltd", "PLC")

_PEOPLE = {
    "CN": ("周砚秋", "林知夏", "郑沐川", "许南枝"),
    "DE": ("Jule Ahrens", "Timo Brandner", "Käthe Sommerau"),
    "US": ("Dana Whitlock", "Miles Corriveau", "Priya Anand"),
    "GB": ("Owen Tadwell", "Maisie Farrow"),
}

_PUBLIC = {"DE": ("Zweckverband", "Stadtverwaltung", "Landkreis")}


@dataclass(frozen=True, slots=True)
class Firm:
    """An invented firm. Numbers that its country does not use are None."""

    name: str
    country: str
    industry: str
    region: str
    registration_no: str | None = None
    tax_no: str | None = None
    duns: str | None = None


class FirmNames:
    """Draws firms whose names do not repeat; the same `Random` gives the same firms."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._used: set[str] = set()

    def draw(self, country: str, party_kind: str = "company") -> Firm:
        """A firm, public body or person of that country."""
        for _ in range(1000):
            firm = self._make(country, party_kind)
            if firm.name not in self._used:
                self._used.add(firm.name)
                return firm
        raise ConfigError(
            "No unused {kind} name is left for {country}.",
            next_step="Ask for fewer accounts.",
            kind=party_kind,
            country=country,
        )

    def _make(self, country: str, party_kind: str) -> Firm:
        if party_kind == "natural_person":
            return Firm(self._rng.choice(_PEOPLE[country]), country, "Other", _region(country))
        if party_kind == "public_body":
            name = f"{self._rng.choice(_PUBLIC[country])} {self._rng.choice(_DE_STEMS)}"
            return Firm(name, country, "Government", _region(country))
        if country == "CN":
            return self._chinese(party_kind == "sole_trader")
        return self._german() if country == "DE" else self._english(country)

    def _chinese(self, sole_trader: bool) -> Firm:
        rng = self._rng
        place, code = rng.choice(_CN_PLACES)
        trade = rng.choice(_CN_TRADES)
        form = "经营部" if sole_trader else rng.choice(_CN_FORMS)
        name = f"{place}{rng.choice(_CN_STEMS)}{trade}{form}"
        number = credit_code(rng, code, "92" if sole_trader else "91")
        return Firm(name, "CN", _INDUSTRY_OF[trade], "East Asia", number)

    def _german(self) -> Firm:
        rng = self._rng
        trade = rng.choice(_DE_TRADES)
        form = rng.choice(_DE_FORMS)
        register = "HRB" if form in ("GmbH", "AG") else "HRA"
        return Firm(
            f"{rng.choice(_DE_STEMS)} {trade} {form}",
            "DE",
            _INDUSTRY_OF[trade],
            "Europe",
            f"{register} {rng.randint(10_000, 299_999)}",
            german_vat(rng),
        )

    def _english(self, country: str) -> Firm:
        rng = self._rng
        trade = rng.choice(_EN_TRADES)
        form = rng.choice(_US_FORMS if country == "US" else _GB_FORMS)
        return Firm(
            f"{rng.choice(_EN_STEMS)} {trade} {form}",
            country,
            _INDUSTRY_OF[trade],
            _region(country),
            f"{rng.randint(0, 99_999_999):08d}" if country == "GB" else None,
            duns=f"{rng.randint(1, 999_999_999):09d}",
        )


def credit_code(rng: Random, division: str, kind: str = "91") -> str:
    """A 统一社会信用代码: kind (91 company, 92 sole trader), division, organisation, check."""
    organisation = "".join(rng.choice(string.digits + "ABCDEFGH") for _ in range(8))
    stem = f"{kind}{division}{organisation}{organisation_check(organisation)}"
    return f"{stem}{uscc.calc_check_digit(stem)}"


def organisation_check(organisation: str) -> str:
    """Check character of an 8-character organisation code (GB 11714)."""
    alphabet = string.digits + string.ascii_uppercase
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(alphabet.index(c) * w for c, w in zip(organisation, weights, strict=True))
    return "0123456789X"[(11 - total % 11) % 11]


def german_vat(rng: Random) -> str:
    """A German VAT number with its ISO 7064 check digit."""
    from stdnum.iso7064 import mod_11_10

    stem = str(rng.randint(10_000_000, 99_999_999))
    return f"DE{stem}{mod_11_10.calc_check_digit(stem)}"


def _region(country: str) -> str:
    return {"CN": "East Asia", "US": "North America"}.get(country, "Europe")


_INDUSTRY_OF = {
    "精密机械": "Machinery", "电子科技": "Electronics", "新材料": "Chemicals",
    "建材": "Construction", "纺织": "Apparel", "食品": "Food & Beverage",
    "包装": "Manufacturing", "自动化设备": "Engineering", "化工": "Chemicals",
    "物流": "Transportation",
    "Maschinenbau": "Machinery", "Antriebstechnik": "Engineering", "Werkzeuge": "Manufacturing",
    "Baustoffe": "Construction", "Elektronik": "Electronics", "Verpackungen": "Manufacturing",
    "Fördertechnik": "Engineering", "Kunststofftechnik": "Manufacturing",
    "Metallbau": "Construction", "Laborbedarf": "Healthcare",
    "Industrial Supply": "Manufacturing", "Components": "Electronics", "Packaging": "Manufacturing",
    "Foods": "Food & Beverage", "Marine": "Shipping", "Controls": "Engineering",
    "Building Products": "Construction", "Instruments": "Technology", "Textiles": "Apparel",
    "Logistics": "Transportation",
}  # fmt: skip
