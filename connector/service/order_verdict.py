"""Pass, review or hold: an order or opportunity judged by the decision in force, all reasons told.

Exempt customers end the evaluation. A hard stop holds whatever else is true; a release by a person
lets everything else pass; what is fully prepaid adds no risk and passes; shipped goods stay
invoiceable. Everything that speaks against the order is collected, not only the first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from connector.credit.policy.document import PolicyDoc
from connector.ports.orders import Standing

PASS, REVIEW, HOLD = "pass", "review", "hold"
_WORST = (PASS, REVIEW, HOLD)


@dataclass(frozen=True, slots=True)
class OrderReason:
    """One thing that was found: its code, what it alone would lead to, and the sentence."""

    code: str
    leads_to: str
    message: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit that the order must stay within: `available` before reservations, None unbounded;
    `reserved` by other orders."""

    name: str
    available: Decimal | None
    reserved: Decimal = Decimal(0)

    @property
    def left(self) -> Decimal | None:
        """What other orders have left."""
        return None if self.available is None else self.available - self.reserved


@dataclass(frozen=True, slots=True)
class OrderCase:
    """Everything that decides about one order, amounts in the currency of the decisions.

    `increment` is what the order adds to the exposure (None: no rate), `order_amount` stands in the
    order's own `currency`. `decision` and `metrics` are the party's rows in force, None without.
    """

    as_of: date
    policy: PolicyDoc
    order_amount: Decimal
    currency: str
    increment: Decimal | None
    prepaid_share: Decimal = Decimal(0)
    ship_on: date | None = None
    terms_days: int | None = None
    shipped: bool = False
    exempt: bool = False
    stale: bool = False
    decision: Mapping[str, Any] | None = None
    flags: Sequence[Mapping[str, Any]] = ()
    bounds: Sequence[Bound] = ()
    standing: Standing = field(default_factory=lambda: Standing(0))
    share_after: Decimal | None = None


def measure_increment(amount: Decimal, prepaid_share: Decimal, counted: Decimal) -> Decimal:
    """What an order adds to the exposure: amount less prepayment (vector HOLD-NEW), less what of it
    counts already; never below zero."""
    return max(amount - amount * prepaid_share - counted, Decimal(0))


def fits(available: Decimal | None, increment: Decimal) -> bool:
    """Whether the increment stays within what is available (vector HOLD-NEW); None is unbounded."""
    return available is None or increment == 0 or increment <= available


def release_threshold(released: Decimal, tolerance: Decimal) -> Decimal:
    """Up to this amount a released order passes without another look (vector HOLD-RELEASE-TOL)."""
    return released * (1 + tolerance)


def judge(case: OrderCase) -> tuple[str, list[OrderReason]]:
    """The verdict and every reason, the weightiest first."""
    if case.exempt:
        return PASS, [OrderReason("exempt", PASS, "The account is exempt from the order check.")]
    found = list(_findings(case))
    if case.shipped:
        found = [_softened(r) for r in found]
        found.append(
            OrderReason("shipped", PASS, "The goods have been shipped: they stay invoiceable.")
        )
    elif (lifted := _lifts(case)) is not None:
        found = [r if r.code == "hard_stop" else _softened(r) for r in found]
        found.append(lifted)
    found.sort(key=lambda r: -_WORST.index(r.leads_to))
    return max((r.leads_to for r in found), key=_WORST.index, default=PASS), found


def _softened(reason: OrderReason) -> OrderReason:
    return OrderReason(reason.code, PASS, reason.message, reason.params)


def _lifts(case: OrderCase) -> OrderReason | None:
    """A release that covers the order, or a full prepayment."""
    release = case.standing.release
    if release is not None and release.currency == case.currency and case.as_of <= release.until:
        most = release_threshold(release.amount, case.policy.orders.release_tolerance)
        if case.order_amount <= most:
            told = {"who": release.who, "until": release.until.isoformat(), "why": release.why}
            return OrderReason(
                "released", PASS, "{who} released this order until {until}: {why}", told
            )
    if case.prepaid_share == 1:
        return OrderReason("prepaid", PASS, "The order is fully prepaid: it adds no exposure.")
    return None


def _findings(case: OrderCase) -> Iterator[OrderReason]:
    yield from _about_facts(case)
    if case.decision is not None:
        yield from _about_account(case, case.decision)
        yield from _about_limit(case, case.decision)
    yield from _about_order(case)


def _about_facts(case: OrderCase) -> Iterator[OrderReason]:
    rule = case.policy.orders
    if case.stale:
        yield OrderReason("stale", rule.stale, "The facts about this account are not fresh.")
    if case.decision is None:
        yield OrderReason("not_decided", rule.unrated, "Nothing was decided about this account.")
    elif case.decision["grade"] is None:
        yield OrderReason("unrated", rule.unrated, "The account is not rated: too little is known.")
    if case.increment is None:
        told = {"currency": case.currency}
        yield OrderReason(
            "no_rate", REVIEW, "There is no exchange rate for {currency}: nothing can be compared.",
            told,
        )  # fmt: skip


def _labels(flag: Mapping[str, Any]) -> dict[str, object]:
    """How the admin calls a condition of his own; nothing for a shipped flag."""
    params = json.loads(flag.get("params") or "{}")
    return {name: params[name] for name in ("label_en", "label_zh") if name in params}


def _about_account(case: OrderCase, decision: Mapping[str, Any]) -> Iterator[OrderReason]:
    """The hard stop, and each reason why the account is on hold."""
    rule = case.policy.hold
    if decision["hard_stop"]:
        told: dict[str, object] = {"code": decision["hard_stop"]}
        yield OrderReason("hard_stop", HOLD, "Hard stop: {code}.", told)
    holding = [f for f in case.flags if f["severity"] >= rule.flags.get(f["code"], 4)]
    for flag in holding:
        told = {"flag": flag["code"], "since": flag["since"].isoformat(), **_labels(flag)}
        yield OrderReason("flag", HOLD, "A flag holds orders: {flag}, since {since}.", told)
    by_grade = decision["grade"] in rule.grades
    if by_grade:
        told = {"grade": decision["grade"]}
        yield OrderReason("grade", HOLD, "Customers of grade {grade} are on hold.", told)
    if decision["hold"] and not (holding or by_grade or decision["hard_stop"]):
        # Held by its limit: released below a lower line than the one that held it (HOLD-HYST).
        told = {"line": f"{rule.release_below:.0%}"}
        yield OrderReason(
            "limit_hold", HOLD, "The account is on hold until less than {line} of the limit is "
            "used.", told,
        )  # fmt: skip


def _about_limit(case: OrderCase, decision: Mapping[str, Any]) -> Iterator[OrderReason]:
    added = case.increment or Decimal(0)
    state = decision["approved_state"]
    until = decision["approved_valid_to"]
    if state == "none":
        yield OrderReason("no_limit", case.policy.orders.no_limit, "No limit was ever set.")
        return
    if state == "cash_only" and added:
        yield OrderReason("cash_only", HOLD, "The customer pays in advance: no credit is given.")
        return
    if until is not None and until < case.as_of:
        told: dict[str, object] = {"until": until.isoformat()}
        yield OrderReason("limit_expired", HOLD, "The limit expired on {until}.", told)
        return
    if until is not None and case.ship_on is not None and until < case.ship_on:
        told = {"until": until.isoformat()}
        yield OrderReason(
            "limit_expires", REVIEW, "The limit expires on {until}, before the goods are shipped.",
            told,
        )  # fmt: skip
    if ships_beyond_horizon(case.policy, case.as_of, case.ship_on):
        told = {"days": case.policy.exposure.horizon_days or 0}
        yield OrderReason(
            "horizon", PASS, "It ships in more than {days} days and does not count yet; it is "
            "checked again before shipping.", told,
        )  # fmt: skip
        return
    yield from _about_bounds(case, decision["currency"], added)


def _about_bounds(case: OrderCase, currency: str, added: Decimal) -> Iterator[OrderReason]:
    for bound in case.bounds:
        if not fits(bound.left, added):
            left = bound.left or Decimal(0)
            told: dict[str, object] = {
                "added": f"{added:,.2f}", "left": f"{left:,.2f}",
                "over": f"{added - left:,.2f}", "currency": currency,
            }  # fmt: skip
            yield OrderReason(
                f"over_{bound.name}",
                HOLD,
                (_OVER if left > 0 else _USED_UP)[bound.name],
                told,
            )
        elif bound.reserved:
            told = {"reserved": f"{bound.reserved:,.2f}", "currency": currency}
            yield OrderReason(
                "reserved", PASS, "Other orders have reserved {reserved} {currency}.", told
            )


_OVER = {
    "limit": "The order adds {added} {currency}, but {left} {currency} are left of the limit: "
    "{over} {currency} too much.",
    "group": "The order adds {added} {currency}, but {left} {currency} are left of the group's "
    "limit: {over} {currency} too much.",
    "company": "The order adds {added} {currency}, but {left} {currency} are left of the selling "
    "company's limit: {over} {currency} too much.",
}
_USED_UP = {
    "limit": "The limit is used up already; with this order it is exceeded by {over} {currency}.",
    "group": "The group's limit is used up already; with this order it is exceeded by {over} "
    "{currency}.",
    "company": "The selling company's limit is used up already; with this order it is exceeded by "
    "{over} {currency}.",
}


def _about_order(case: OrderCase) -> Iterator[OrderReason]:
    rule = case.policy.orders
    decision = case.decision or {}
    allowed = decision.get("allowed_terms_days")
    allowed = decision.get("terms_days") if allowed is None else allowed
    if case.terms_days is not None and allowed is not None and case.terms_days > allowed:
        told: dict[str, object] = {"asked": case.terms_days, "allowed": allowed}
        yield OrderReason(
            "longer_terms", rule.longer_terms, "{asked} days are asked for, {allowed} are allowed.",
            told,
        )  # fmt: skip
    if rule.max_share is not None and (case.share_after or 0) > rule.max_share:
        told = {"share": f"{case.share_after:.1%}", "most": f"{rule.max_share:.1%}"}
        yield OrderReason(
            "share", REVIEW, "After this order {share} of all exposure is with this customer's "
            "group; at most {most} pass.", told,
        )  # fmt: skip
    release = case.standing.release
    if release is not None and _lifts(case) is None and not case.shipped:
        told = {"amount": f"{release.amount:,.2f} {release.currency}",
                "until": release.until.isoformat()}  # fmt: skip
        yield OrderReason(
            "release_exceeded", PASS, "The release covers {amount} until {until}, not this.", told
        )


def ships_beyond_horizon(policy: PolicyDoc, as_of: date, ship_on: date | None) -> bool:
    """Whether the order ships so late that it can still be stopped (vector EXP-HORIZON)."""
    days = policy.exposure.horizon_days
    return days is not None and ship_on is not None and ship_on > as_of + timedelta(days=days)
