"""Who is in the demo company: a fixed cast, one role a case worth showing, and ordinary fillers."""

from __future__ import annotations

from dataclasses import dataclass

from connector.demo import behaviours as b
from connector.demo.behaviours import Behaviour
from connector.domain.dates import TermsRule

CHINA, GERMANY = "CN01", "DE01"
SELLING_COMPANIES = (CHINA, GERMANY)


@dataclass(frozen=True, slots=True)
class Role:
    """One account's part.

    `shows` is the English template of what the account demonstrates ("" for fillers). `parent`
    and `twin_of` name other roles by code; a twin is a second CRM account of the same legal
    entity. The limit that the CRM already holds is set by `limit_months` of turnover, or so that
    `limit_use` per cent of it are used.
    `orders_months` is the not yet invoiced order book in months of turnover.
    """

    code: str
    behaviour: Behaviour
    country: str
    shows: str = ""
    party_kind: str | None = "company"
    terms_days: int | None = 30
    terms_rule: TermsRule = TermsRule.NET
    own_group: bool = False
    parent: str = ""
    twin_of: str = ""
    sellers: tuple[str, ...] = ()
    second_currency: str = ""
    turnover: int = 0
    limit_state: str | None = None
    limit_months: float = 0.0
    limit_use: int = 0
    grade: str | None = None
    hold: bool = False
    orders_months: float = 0.3

    @property
    def selling_companies(self) -> tuple[str, ...]:
        """Who sells to this account: by default the company on its continent."""
        return self.sellers or ((CHINA,) if self.country == "CN" else (GERMANY,))


STORY_ROLES: tuple[Role, ...] = (
    Role("prompt", b.PROMPT, "CN", "Pays early; limit and grade that the CRM holds are taken over.",
         terms_days=60, turnover=520_000, limit_state="amount", limit_months=4.0, grade="A"),
    Role("steady_slow", b.STEADY_SLOW, "DE", "Always about eighteen days late, and steadily so.",
         turnover=300_000),
    Role("worsening", b.WORSENING, "CN", "Paid on time a year ago, two months late at the end.",
         terms_days=60, turnover=640_000, limit_state="amount", limit_months=3.0, grade="B"),
    Role("defaulter", b.DEFAULTER, "US", "Nothing paid for half a year; items over 120 days late.",
         turnover=260_000, limit_state="amount", limit_months=3.0),
    Role("disputer", b.DISPUTER, "DE", "Holds back invoices it disputes and pays the others.",
         turnover=420_000),
    Role("part_payer", b.PART_PAYER, "CN", "Pays most invoices in two parts.", terms_days=45,
         turnover=360_000),
    Role("over_limit", b.GROWER, "CN", "Grows fast and stands above the limit that the CRM holds.",
         terms_days=60, turnover=300_000, limit_state="amount", limit_months=1.0,
         orders_months=0.8),
    Role("new_customer", b.NEW, "US", "First invoices six weeks ago: little is known yet.",
         turnover=180_000),
    Role("prospect", b.NO_BUSINESS, "GB", "No terms, no business: out of scope.", terms_days=None,
         orders_months=0.0),
    Role("own_group", b.PROMPT, "CN", "One of our own group's companies: out of scope.",
         own_group=True, turnover=900_000),
    Role("natural_person", b.OCCASIONAL, "DE", "A natural person: never held, out of scope.",
         party_kind="natural_person", terms_days=14, turnover=20_000, orders_months=0.0),
    Role("in_credit", b.IN_CREDIT, "CN", "Has paid more than it owes.", turnover=240_000,
         orders_months=0.0),
    Role("collective", b.COLLECTIVE, "CN", "Pays round sums without naming an invoice.",
         terms_days=45, turnover=560_000),
    Role("open_orders", b.PROMPT, "DE", "A large order book that is not invoiced yet.",
         turnover=330_000, limit_state="amount", limit_months=2.0, orders_months=2.6),
    Role("seasonal", b.SEASONAL, "CN", "Turnover swings with the seasons.", turnover=480_000),
    Role("cash_only", b.STEADY_SLOW, "US", "The CRM says: cash only.", turnover=90_000,
         limit_state="cash_only", orders_months=0.0),
    Role("public_body", b.STEADY_SLOW, "DE", "A public body with an unlimited credit line.",
         party_kind="public_body", terms_days=60, turnover=200_000, limit_state="unlimited"),
    Role("near_limit", b.STEADY_SLOW, "CN", "Has nearly used up the limit that the CRM holds.",
         terms_days=60, turnover=280_000, limit_state="amount", limit_use=95),
    Role("two_currencies", b.PROMPT, "DE", "Buys in euro and in dollars.", second_currency="USD",
         turnover=380_000),
    Role("group_parent", b.PROMPT, "CN", "Parent of two customers, itself a good payer.",
         terms_days=60, turnover=700_000, limit_state="amount", limit_months=3.0),
    Role("group_child_late", b.WORSENING, "CN", "Its parent pays on time, it does not.",
         parent="group_parent", terms_days=60, turnover=310_000),
    Role("group_child_abroad", b.PROMPT, "DE", "A subsidiary abroad, in another currency.",
         parent="group_parent", turnover=220_000),
    Role("twin", b.OCCASIONAL, "CN", "A second CRM account of a company that is there already.",
         twin_of="prompt", terms_days=60, turnover=60_000, orders_months=0.0),
    Role("dormant", b.DORMANT, "GB", "No business for over a year.", terms_days=None,
         turnover=150_000, orders_months=0.0),
    Role("held_by_hand", b.STEADY_SLOW, "CN", "Somebody set the hold in the CRM before we came.",
         terms_days=45, turnover=260_000, hold=True),
    Role("two_sellers", b.PROMPT, "DE", "Buys from both of our selling companies.",
         sellers=(GERMANY, CHINA), turnover=450_000),
    Role("returns", b.RETURNS, "DE", "Sends goods back; credit notes reduce its invoices.",
         turnover=340_000),
    Role("month_end", b.PROMPT, "CN", "Terms run from the end of the month (月结30天).",
         terms_rule=TermsRule.END_OF_MONTH_THEN_NET, turnover=410_000),
    Role("sole_trader", b.STEADY_SLOW, "CN", "A sole trader on short terms.",
         party_kind="sole_trader", terms_days=15, turnover=40_000),
)  # fmt: skip
"""One account each, always present, in this order."""

FILLERS: tuple[tuple[int, Behaviour], ...] = (
    (30, b.PROMPT), (20, b.STEADY_SLOW), (7, b.WORSENING), (7, b.PART_PAYER), (5, b.DISPUTER),
    (5, b.RETURNS), (8, b.SEASONAL), (5, b.GROWER), (5, b.NEW), (5, b.NO_BUSINESS),
    (3, b.DORMANT), (8, b.OCCASIONAL),
)  # fmt: skip
"""Weights of the behaviours among the other accounts."""
