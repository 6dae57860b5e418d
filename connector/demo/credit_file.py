"""What the demo company's credit department keeps in lists, beside what stands in the CRM.

One fact or two of each kind, at the accounts whose story they belong to, so that each can be found
again in an explanation. A row names its customer by account number, as people do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal

from connector.demo.cast import CHINA, GERMANY
from connector.demo.company import DemoCompany
from connector.demo.trade import Row

INSTALMENTS, STATED = "seasonal", "month_end"
"""Roles whose terms stand in the list only: machines on instalments, and a monthly statement."""
BY_LIST = (INSTALMENTS, STATED)
POLICY = "EX-2026-001"
_OWNERS = ("林嘉禾", "Rosa Feld")
_TEN_THOUSAND = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class _Desk:
    """The company as the writers below see it: days from `as_of`, accounts by role."""

    company: DemoCompany

    def day(self, ahead: int) -> date:
        return self.company.as_of + timedelta(days=ahead)

    def account(self, code: str) -> Row:
        wanted = self.company.story(code).account_id
        return next(row for row in self.company.rows["account"] if row["id"] == wanted)

    def fact(self, code: str, /, **values: object) -> Row:
        """A row about the account of that role."""
        number = self.account(code)["account_number"]
        named: Row = {"account_connection": self.company.connection,
                      "account_field": "account_number", "account_key": number}  # fmt: skip
        return {**named, **values}

    def open_invoices(self, code: str) -> list[tuple[Row, Decimal]]:
        """Invoices with what is open of them, oldest first."""
        paid: dict[object, Decimal] = {}
        for row in self.company.rows["payment"]:
            key = row["invoice_id"]
            paid[key] = paid.get(key, Decimal(0)) + Decimal(str(row["amount"]))
        own = [r for r in self.company.rows["invoice"]
               if r["account_key"] == self.company.story(code).account_id]  # fmt: skip
        left = [
            (row, Decimal(str(row["amount"])) - paid.get(row["id"], Decimal(0)))
            if row["open_amount"] is None
            else (row, Decimal(str(row["open_amount"])))
            for row in own
        ]
        found = [(row, amount) for row, amount in left if amount > 0]
        return sorted(found, key=lambda one: (str(one[0]["invoice_date"]), str(one[0]["id"])))

    def owed(self, code: str, share: str) -> Decimal:
        """A round part of what the customer owes in the currency of its oldest open invoice."""
        invoices = self.open_invoices(code)
        currency = invoices[0][0]["currency"]
        whole = sum((a for row, a in invoices if row["currency"] == currency), Decimal(0))
        return (whole * Decimal(share) / 1000).quantize(Decimal(1), ROUND_DOWN) * 1000


def keep_credit_file(company: DemoCompany) -> tuple[DemoCompany, Mapping[str, Sequence[Row]]]:
    """The company, and the lists by kind of fact, columns as in `domain.credit_file`.

    Invoices of customers whose terms stand in the list name no due date of their own.
    """
    by_list = {company.story(code).account_id for code in BY_LIST}
    invoices = [
        {**row, "due_date": None} if row["account_key"] in by_list else row
        for row in company.rows["invoice"]
    ]
    accounts = [
        {**row, "terms_days": None} if row["id"] in by_list else row
        for row in company.rows["account"]
    ]
    changed = replace(company, rows={**company.rows, "invoice": invoices, "account": accounts})
    desk = _Desk(changed)
    return changed, {
        "terms": _terms(desk),
        "agreement": _agreements(desk),
        "guarantee": _guarantees(desk),
        "insurance_policy": _policies(desk),
        "insured_limit": _insured_limits(desk),
        "bill": _bills(desk),
        "promise": _promises(desk),
        "dispute": _disputes(desk),
        "trade_reference": _references(desk),
        "statement": _statements(desk),
        "bureau_report": _reports(desk),
        "event": _events(desk),
        "limit": _limits(desk),
    }


def _terms(desk: _Desk) -> list[Row]:
    begin = desk.day(-900)
    return [
        desk.fact(INSTALMENTS, kind="instalments", base_date="invoice", valid_from=begin,
                  instalments="0.3@0;0.7@60", note="机器款：签约三成，六十天后付清"),
        desk.fact(STATED, kind="monthly_statement", base_date="invoice", valid_from=begin,
                  cut_off_day=25, pay_day=15, pay_months=1, note="25日截止，次月15日付款"),
    ]  # fmt: skip


def _agreements(desk: _Desk) -> list[Row]:
    return [
        desk.fact("prompt", number="HT-2025-018", kind="framework", currency="CNY",
                  amount=Decimal(2_000_000), terms_days=60, late_interest_rate=Decimal("0.05"),
                  signed_on=desk.day(-310), valid_from=desk.day(-310), valid_to=desk.day(55),
                  owner=_OWNERS[0], document="合同柜 A-18"),
    ]  # fmt: skip


def _guarantees(desk: _Desk) -> list[Row]:
    parent = desk.account("group_parent")
    return [
        desk.fact("near_limit", number="LG-7731", kind="bank_guarantee", guarantor="海澄银行",
                  currency="CNY", amount=Decimal(300_000), first_demand=True, owner=_OWNERS[0],
                  valid_from=desk.day(-330), valid_to=desk.day(35), document="保险柜 3"),
        desk.fact("group_child_late", number="PG-0102", kind="parent_guarantee",
                  guarantor=parent["name"], guarantor_key=parent["registration_no"],
                  guarantor_country="CN", currency="CNY", amount=Decimal(400_000),
                  valid_from=desk.day(-200), valid_to=desk.day(520), owner=_OWNERS[0]),
    ]  # fmt: skip


def _policies(desk: _Desk) -> list[Row]:
    return [
        {"number": POLICY, "insurer": "Allgemeine Warenkredit", "currency": "EUR",
         "insured_share": Decimal("0.9"), "max_extension_days": 60, "notification_days": 30,
         "waiting_days": 150, "max_terms_days": 120, "valid_from": desk.day(-240),
         "valid_to": desk.day(125), "owner": _OWNERS[1]},
    ]  # fmt: skip


def _insured_limits(desk: _Desk) -> list[Row]:
    def limit(code: str, number: str, state: str, amount: int, days: int, **more: object) -> Row:
        return desk.fact(
            code, number=number, policy_number=POLICY, kind="named", state=state, currency="EUR",
            amount=Decimal(amount), decided_on=desk.day(-days), valid_from=desk.day(-days),
            owner=_OWNERS[1], **more,
        )  # fmt: skip

    return [
        limit("steady_slow", "WK-101", "in_force", 60_000, 240),
        limit("worsening", "WK-114", "reduced", 40_000, 12, previous_amount=Decimal(150_000)),
        limit("defaulter", "WK-120", "withdrawn", 0, 90, previous_amount=Decimal(80_000)),
    ]


def _bills(desk: _Desk) -> list[Row]:
    def bill(code: str, number: str, kind: str, state: str, share: str, ahead: int) -> Row:
        return desk.fact(
            code, number=number, kind=kind, state=state, currency="CNY",
            amount=max(desk.owed(code, share), _TEN_THOUSAND), received_on=desk.day(-100),
            issued_on=desk.day(-100), matures_on=desk.day(ahead), recourse=state == "discounted",
            state_since=desk.day(min(ahead, -1)),
            acceptor="海澄银行" if kind == "bank_acceptance" else desk.account(code)["name"],
        )  # fmt: skip

    return [
        bill("collective", "1305-2207", "bank_acceptance", "held", "0.2", 20),
        bill("part_payer", "2301-0456", "commercial_acceptance", "dishonoured", "0.3", -9),
        bill("over_limit", "2301-0788", "commercial_acceptance", "discounted", "0.2", 45),
    ]


def _promises(desk: _Desk) -> list[Row]:
    def promise(code: str, number: str, share: str, made: int, due: int) -> Row:
        invoice, _ = desk.open_invoices(code)[0]
        return desk.fact(
            code, number=number, currency=invoice["currency"], amount=desk.owed(code, share),
            made_on=desk.day(made), promised_on=desk.day(due), owner=_OWNERS[0],
        )  # fmt: skip

    return [
        promise("worsening", "Z-031", "0.2", -75, -60) | {"kept_amount": Decimal(0)},
        promise("worsening", "Z-044", "0.3", -40, -25) | {"kept_amount": Decimal(0)},
        promise("defaulter", "Z-012", "0.4", -120, -100) | {"kept_amount": Decimal(0)},
        promise("steady_slow", "Z-050", "0.3", -4, 10),
    ]


def _disputes(desk: _Desk) -> list[Row]:
    held_back = [row for row, _ in desk.open_invoices("disputer") if row["disputed"]]
    reasons = ("quality", "quantity", "price")
    found = [
        desk.fact("disputer", number=f"S-{place}", invoice_number=row["number"],
                  currency=row["currency"], reason=reason, opened_on=desk.day(-20 - 9 * place))
        for place, (row, reason) in enumerate(zip(held_back, reasons, strict=False), 1)
    ]  # fmt: skip
    latest, amount = desk.open_invoices("worsening")[-1]
    part = (amount / 4).quantize(Decimal("0.01"), ROUND_DOWN)
    found.append(
        desk.fact("worsening", number="S-90", invoice_number=latest["number"], currency="CNY",
                  amount=part, reason="price", opened_on=desk.day(-3))
    )  # fmt: skip
    return found


def _references(desk: _Desk) -> list[Row]:
    return [
        desk.fact("new_customer", referee="Larkfield Supply", currency="USD",
                  limit_amount=Decimal(40_000), high_credit=Decimal(31_000), terms_days=30,
                  days_beyond_terms=4, given_on=desk.day(-50)),
    ]  # fmt: skip


_HEALTHY = {
    "total_assets": 18_400, "current_assets": 11_200, "cash": 2_900, "receivables": 3_600,
    "inventory": 3_100, "fixed_assets": 6_000, "intangibles": 400, "total_liabilities": 7_300,
    "current_liabilities": 4_900, "short_term_debt": 900, "payables": 2_700,
    "long_term_debt": 1_800, "equity": 11_100, "retained_earnings": 6_400, "sales": 24_500,
    "cost_of_sales": 18_900, "selling_and_admin": 3_100, "depreciation": 700, "ebit": 2_500,
    "interest": 160, "net_income": 1_800, "operating_cash_flow": 2_200,
}  # fmt: skip
_STRAINED = {
    "total_assets": 6_900, "current_assets": 4_300, "cash": 120, "receivables": 2_300,
    "inventory": 1_600, "fixed_assets": 2_300, "intangibles": 250, "total_liabilities": 6_300,
    "current_liabilities": 5_200, "short_term_debt": 2_100, "payables": 2_400,
    "long_term_debt": 900, "equity": 600, "retained_earnings": -300, "sales": 7_800,
    "cost_of_sales": 7_000, "selling_and_admin": 760, "depreciation": 240, "ebit": 40,
    "interest": 210, "net_income": -190, "operating_cash_flow": -310,
}  # fmt: skip


def _statements(desk: _Desk) -> list[Row]:
    year = desk.company.as_of.year - 1 - (desk.company.as_of.month < 5)

    def statement(code: str, ended: int, figures: Mapping[str, int], share: str = "1") -> Row:
        amounts = {name: Decimal(value) * Decimal(share) for name, value in figures.items()}
        return desk.fact(
            code, fiscal_year_end=date(ended, 12, 31), months=12, audited=True, consolidated=False,
            currency="CNY", unit=10_000, received_on=date(ended + 1, 4, 20), **amounts,
        )  # fmt: skip

    return [
        statement("prompt", year - 1, _HEALTHY, "0.9"),
        statement("prompt", year, _HEALTHY),
        statement("worsening", year - 1, _STRAINED, "1.3"),
        statement("worsening", year, _STRAINED),
    ]


def _reports(desk: _Desk) -> list[Row]:
    def report(code: str, score: int, rating: str, ago: int, limit: int) -> Row:
        return desk.fact(
            code, bureau="Kestrel Ratings", score_name="Payment risk", score=Decimal(score),
            scale_low=Decimal(0), scale_high=Decimal(100), higher_is_better=True, rating=rating,
            currency="CNY", recommended_limit=Decimal(limit), as_of=desk.day(-ago),
            valid_to=desk.day(365 - ago),
        )  # fmt: skip

    return [
        report("prompt", 86, "A", 60, 2_500_000),
        report("worsening", 61, "C", 280, 1_200_000),
        report("worsening", 38, "D", 15, 300_000),
    ]


def _events(desk: _Desk) -> list[Row]:
    return [
        desk.fact("defaulter", kind="judgment", severity=3, source="register",
                  since=desk.day(-33), note="Judgment for the seller, district court"),
        desk.fact("over_limit", kind="ownership_change", severity=1, source="register",
                  since=desk.day(-20)),
    ]  # fmt: skip


def _limits(desk: _Desk) -> list[Row]:
    def limit(code: str, amount: int, seller: str, **more: object) -> Row:
        return desk.fact(
            code, state="amount", currency="CNY", amount=Decimal(amount), source="credit file",
            selling_company=seller, valid_from=desk.day(-150), **more,
        )  # fmt: skip

    return [
        limit("two_sellers", 900_000, GERMANY, valid_to=desk.day(215)),
        limit("two_sellers", 300_000, CHINA, valid_to=desk.day(60)),
    ]
