"""Scenes of the demo company in Salesforce, as a rep's browser gets them, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.panel.records import PageRecords, Record, with_values, without_credit
from tests.scenario.world import AS_OF, World

Scene = dict[str, Any]
WIDTHS = [390, 1280]
NOW = f"{AS_OF}T08:10:00Z"
FRESH, OLD = f"{AS_OF}T06:00:00.000+0000", "2026-03-28T06:00:00.000+0000"
READERS = {
    "en": {"lang": "en-US", "locale": "en-US", "timeZone": "Europe/London", "currency": "CNY"},
    "zh": {"lang": "zh-CN", "locale": "zh-CN", "timeZone": "Asia/Shanghai", "currency": "CNY"},
}
UPDATED = {"en": "Updated 2 hours ago", "zh": "2小时前更新"}
OUTDATED = {"en": "Updated 3 days ago", "zh": "3天前更新"}


def make_scenes(world: World, records: PageRecords) -> Iterator[Scene]:
    """Every scene, English first."""
    shown = [*_accounts(world, records), *_deals(world, records)]
    for language, reader in READERS.items():
        for scene in shown:
            own = {**scene, "name": f"{scene['name']}-{language}", "reader": reader}
            own["waitFor"] = scene["waitFor"][language]
            if "waitForAfter" in scene:
                own["waitForAfter"] = scene["waitForAfter"][language]
            yield {**own, "now": NOW, "widths": WIDTHS}


def _accounts(world: World, records: PageRecords) -> Iterator[Scene]:
    def account(code: str) -> Record:
        return _refreshed(records.account(world.account(code)), FRESH)

    # Somebody in sales released the hold: what is red without one.
    released = world.account("over_limit")
    world.emulator.control.edit("Account", released, {"Credit_Hold__c": False})
    # No story lacks so much that it stays unrated; this is what the engine writes then.
    unrated = {"Credit_Light__c": "grey", "Credit_Grade__c": None, "Credit_Score__c": None}
    world.emulator.control.edit("Account", world.account("returns"), unrated)

    yield _panel("green", account("prompt"), UPDATED)
    yield _panel("amber", account("near_limit"), UPDATED)
    yield _panel("red", account("over_limit"), UPDATED)
    yield _panel("hold", account("defaulter"), UPDATED)
    yield _panel("grey", account("returns"), UPDATED)
    yield _panel("cash_only", account("cash_only"), UPDATED)
    yield _panel("unlimited", account("public_body"), UPDATED)
    yield _panel("in_credit", account("in_credit"), UPDATED)
    stale = _refreshed(account("disputer"), OLD)
    again = {"afterRefresh": {"record": account("disputer")}, "waitForAfter": UPDATED}
    yield _panel("stale", stale, OUTDATED)
    yield {**_panel("refreshed", stale, OUTDATED), **again}
    never = {"en": "No credit check yet", "zh": "尚未做信用评估"}
    yield _panel("unknown", account("prospect"), never)
    unseen = {"en": "You cannot see", "zh": "您无权查看"}
    yield _panel("no_permission", without_credit(account("prompt")), unseen)
    failed = {"en": "Server too busy", "zh": "Server too busy"}
    error = {"body": {"message": "Server too busy"}, "status": 503}
    yield {**_panel("error", None, failed), "error": error}
    yield _panel("loading", None, {"en": "Loading", "zh": "正在加载"})


def _deals(world: World, records: PageRecords) -> Iterator[Scene]:
    def order(code: str, amount: float, status: str = "Draft") -> Record:
        row = {"EffectiveDate": AS_OF.isoformat(), "Status": status, "TotalAmount": amount}
        (made,) = world.emulator.control.seed("Order", [{"AccountId": world.account(code), **row}])
        return _refreshed(records.deal("Order", made), FRESH)

    def opportunity(code: str, amount: float) -> Record:
        row = {"Name": "Spring", "StageName": "Prospecting", "CloseDate": AS_OF.isoformat()}
        own = {"AccountId": world.account(code), "Amount": amount, **row}
        (made,) = world.emulator.control.seed("Opportunity", [own])
        return _refreshed(records.deal("Opportunity", made), FRESH)

    yield _badge("order_fits", order("prompt", 120_000), UPDATED)
    yield _badge("order_too_large", order("near_limit", 80_000), UPDATED)
    yield _badge("order_held", order("defaulter", 45_000.5), UPDATED)
    yield _badge("order_counted", order("near_limit", 80_000, "Activated"), UPDATED)
    yield _badge("opportunity_too_large", opportunity("near_limit", 250_000), UPDATED)


def _panel(name: str, record: Record | None, waits: dict[str, str]) -> Scene:
    properties = {"recordId": record["id"] if record else "001000000000000AAA"}
    return {
        "name": name, "component": "panel", "properties": properties, "record": record,
        "waitFor": waits,
    }  # fmt: skip


def _badge(name: str, record: Record, waits: dict[str, str]) -> Scene:
    properties = {"recordId": record["id"], "objectApiName": record["apiName"]}
    return {
        "name": name, "component": "badge", "properties": properties, "record": record,
        "waitFor": waits,
    }  # fmt: skip


def _refreshed(record: Record, stamp: str) -> Record:
    """The record with the heartbeat's formula field, which the demo org does not calculate."""
    if "Account" not in record["fields"]:
        return with_values(record, Credit_Refreshed_At__c=stamp)
    account = _refreshed(record["fields"]["Account"]["value"], stamp)
    fields = {**record["fields"], "Account": {"displayValue": None, "value": account}}
    return {**record, "fields": fields}
