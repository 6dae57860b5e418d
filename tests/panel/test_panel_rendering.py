"""The panel in a real browser with the emulator's records: what stands on the page, and pictures.

The pictures lie in build/panel/, one a scene, language and width. The components are bundled as
they are; what an org would answer (schema, the reader's settings, records) comes from the test.
"""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connector.demo.cast import STORY_ROLES
from connector.demo.company import DemoSize
from tests.panel.conftest import ROOT
from tests.panel.records import PageRecords
from tests.panel.scenes import READERS, WIDTHS, Scene, make_scenes
from tests.scenario.world import AS_OF, build_world

pytestmark = pytest.mark.slow
PICTURES = ROOT / "build" / "panel"
HERE = Path(__file__).parent
SIZE = DemoSize(accounts=len(STORY_ROLES))
LANGUAGES = tuple(READERS)


@dataclass(frozen=True)
class Gallery:
    """What was rendered, and what the browser saw."""

    scenes: dict[str, Scene]
    seen: dict[str, Any]

    def look(self, name: str, width: int = 1280) -> dict[str, Any]:
        """What stood on the page of a scene at a width."""
        found: dict[str, Any] = self.seen[name]["seen"][str(width)]
        return found

    def value(self, name: str, field: str) -> Any:
        """A field of a scene's account."""
        fields = self.scenes[name]["record"]["fields"]
        account = fields["Account"]["value"]["fields"] if "Account" in fields else fields
        return account[field]["value"]


def node(*arguments: str | Path, text: str = "") -> str:
    told = subprocess.run(
        ["node", *map(str, arguments)],
        input=text, capture_output=True, text=True, encoding="utf-8", timeout=300,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert not told.stderr, told.stderr
    return told.stdout


@pytest.fixture(scope="module")
def gallery(panel_tools: Path, chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    node(HERE / "bundle.mjs", panel_tools, PICTURES)
    with build_world(tmp_path_factory.mktemp("panel"), SIZE) as world:
        world.settle()
        with PageRecords(world.emulator) as records:
            scenes = list(make_scenes(world, records))
    given = json.dumps(scenes)
    seen = json.loads(node(HERE / "pictures.mjs", panel_tools, PICTURES, chromium, text=given))
    print(f"\npictures of the panel: {PICTURES}")
    return Gallery({scene["name"]: scene for scene in scenes}, seen)


def money(amount: float, language: str) -> str:
    """The amount as a figure: whole from a thousand on."""
    sign = {"en": "CN¥", "zh": "¥"}[language]
    digits = f"{abs(amount):,.0f}" if abs(amount) >= 1000 else f"{abs(amount):,.2f}"
    return ("-" if amount < 0 else "") + sign + digits.removesuffix(".00")


def test_every_scene_has_a_picture_at_each_width(gallery: Gallery) -> None:
    assert len(gallery.scenes) == 38
    for name in gallery.scenes:
        for width in WIDTHS:
            head = (PICTURES / f"{name}-{width}.png").read_bytes()[:24]
            assert head.startswith(b"\x89PNG")
            assert int.from_bytes(head[16:20]) == width


def test_the_browser_has_nothing_to_complain_about(gallery: Gallery) -> None:
    told = {name: seen["complaints"] for name, seen in gallery.seen.items() if seen["complaints"]}
    assert not told


def test_nothing_sticks_out_at_any_width(gallery: Gallery) -> None:
    for name in gallery.scenes:
        for width in WIDTHS:
            look = gallery.look(name, width)
            assert not look["scrollsSideways"], (name, width)
            assert not look["sticksOut"], (name, width, look["sticksOut"])


def test_all_writing_stands_out_from_its_ground(gallery: Gallery) -> None:
    faint = {(n, w): gallery.look(n, w)["faint"] for n in gallery.scenes for w in WIDTHS}
    assert not {scene: texts for scene, texts in faint.items() if texts}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "tone", "headline"),
    [
        ("green", "green", {"en": "Good to sell", "zh": "可以正常销售"}),
        ("amber", "amber", {"en": "Sell with care", "zh": "谨慎销售"}),
        ("red", "red", {"en": "Ask credit control before", "zh": "销售前请先联系信控"}),
        ("hold", "hold", {"en": "On hold: take no new orders", "zh": "已冻结"}),
        ("grey", "grey", {"en": "Too little is known", "zh": "信息不足"}),
        ("unknown", "none", {"en": "No credit check yet", "zh": "尚未做信用评估"}),
        ("no_permission", "none", {"en": "permission set “CreditFlag", "zh": "请联系 Salesforce"}),
        ("error", "none", {"en": "could not be read", "zh": "无法读取"}),
        ("order_held", "hold", {"en": "On hold: take no new orders", "zh": "已冻结"}),
    ],
)
def test_the_light_is_told_by_icon_and_words(
    gallery: Gallery, name: str, tone: str, headline: dict[str, str], language: str
) -> None:
    look = gallery.look(f"{name}-{language}")
    assert look["tone"] == tone
    assert headline[language] in look["text"]
    assert look["drawn"] >= len(look["icons"]) == 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["green", "amber", "red", "hold"])
def test_the_bar_is_as_long_as_the_share_of_the_limit(
    gallery: Gallery, name: str, language: str
) -> None:
    scene = f"{name}-{language}"
    limit = gallery.value(scene, "Credit_Limit__c")
    exposure = gallery.value(scene, "Credit_Exposure__c")
    scale = max(limit, exposure)
    for width in WIDTHS:
        bar = gallery.look(scene, width)["bar"]
        assert bar["used"] == pytest.approx(min(limit, exposure) / scale, abs=0.01)
        assert bar["over"] == pytest.approx(max(exposure - limit, 0) / scale, abs=0.01)
    look = gallery.look(scene)
    assert f"{exposure / limit:,.0%}" in look["parts"]["limit"]
    for amount in (limit, exposure, abs(gallery.value(scene, "Credit_Available__c"))):
        assert money(amount, language) in look["parts"]["limit"]
        assert money(limit, language) in look["barLabel"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cash_only", {"en": "Cash only: payment before delivery", "zh": "款到发货"}),
        ("unlimited", {"en": "No upper limit", "zh": "不限额"}),
        ("in_credit", {"en": "No credit limit is set", "zh": "尚未设定信用额度"}),
    ],
)
def test_limits_without_amount_are_told_in_words(
    gallery: Gallery, name: str, words: dict[str, str]
) -> None:
    for language in LANGUAGES:
        look = gallery.look(f"{name}-{language}")
        assert words[language] in look["text"]
        assert look["barLabel"] is None
    assert "Paid ahead" in gallery.look("in_credit-en")["parts"]["limit"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["green", "hold", "stale"])
def test_ageing_has_a_bar_and_an_amount_a_bucket(
    gallery: Gallery, name: str, language: str
) -> None:
    scene = f"{name}-{language}"
    buckets = json.loads(gallery.value(scene, "Credit_Ageing__c"))["buckets"]
    amounts = [float(amount) for _, amount in buckets]
    look = gallery.look(scene)
    assert look["ages"] == pytest.approx([a / max(amounts) for a in amounts], abs=0.02)
    for amount in filter(None, amounts):
        assert money(amount, language) in look["parts"]["ageing"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_reasons_are_those_that_were_written_with_their_remedies(
    gallery: Gallery, language: str
) -> None:
    scene = f"hold-{language}"
    reasons = json.loads(gallery.value(scene, "Credit_Reasons__c"))
    parts = gallery.look(scene)["parts"]
    due = reasons[0]["params"]["due_date"]
    year, month, day = (int(part) for part in due.split("-"))
    assert reasons[0]["code"] == "oldest_overdue"
    spoken = {"en": f" {day}, {year} is still unpaid", "zh": f"{year}年{month}月{day}日到期的发票"}
    assert spoken[language] in parts["why"]
    assert len(parts["why"].strip().splitlines()) == 1 + len(reasons)
    total = float(reasons[0]["remedy_params"]["total"])
    assert f"{total:,.2f}" in parts["help"]


def test_days_overdue_are_counted_in_the_browser(gallery: Gallery) -> None:
    scene = "hold-en"
    due = gallery.value(scene, "Credit_Oldest_Due__c")
    told = re.search(r"(\d+) days ago", gallery.look(scene)["parts"]["oldest"])
    assert told
    assert int(told[1]) == (AS_OF - date.fromisoformat(due)).days


def test_old_figures_are_said_to_be_old(gallery: Gallery) -> None:
    english, chinese = gallery.look("stale-en")["text"], gallery.look("stale-zh")["text"]
    assert "These figures may be out of date" in english
    assert "3 days ago (Mar 28, 2026" in english
    assert "数据可能已过时" in chinese
    assert "may be out of date" not in gallery.look("green-en")["text"]


def test_the_way_back_to_green_is_named_where_there_is_one(gallery: Gallery) -> None:
    back = gallery.look("amber-en")["parts"]["help"]
    assert back.startswith("What would turn it green again")
    assert "Green · Then: score" in back
    for name in ("hold", "green"):
        assert gallery.look(f"{name}-en")["parts"]["help"].startswith("What would help")


def test_refresh_by_keyboard_shows_the_record_as_it_is_then(gallery: Gallery) -> None:
    look = gallery.look("refreshed-en")
    assert "out of date" not in look["text"]
    assert look["status"] == "The credit fields were read again."
    assert gallery.look("refreshed-zh")["status"] == "信用字段已重新读取。"


def test_an_order_is_weighed_against_what_is_left(gallery: Gallery) -> None:
    left = gallery.value("order_too_large-en", "Credit_Available__c")
    text = gallery.look("order_too_large-en")["text"]
    assert f"This order needs CN¥80,000, CN¥{left:,.2f} is left" in text
    assert f"CN¥{80_000 - left:,.2f} too little" in text
    assert "此订单需要 ¥80,000" in gallery.look("order_too_large-zh")["text"]
    assert gallery.look("order_too_large-en")["bar"]["over"] > 0
    fits = gallery.look("order_fits-en")
    assert "too little" not in fits["text"]
    limit = gallery.value("order_fits-en", "Credit_Limit__c")
    assert fits["bar"]["added"] == pytest.approx(120_000 / limit, abs=0.01)
    assert "not come on top of the exposure" in gallery.look("order_counted-en")["text"]
    assert "This opportunity needs CN¥250,000" in gallery.look("opportunity_too_large-en")["text"]


def test_no_chinese_page_has_english_words_but_names(gallery: Gallery) -> None:
    for name in gallery.scenes:
        if not name.endswith("-zh") or name.startswith("error"):
            continue
        text = re.sub(r"CreditFlag Reader|Salesforce", "", gallery.look(name)["text"])
        assert not re.findall(r"[A-Za-z]{3,}", text), name
