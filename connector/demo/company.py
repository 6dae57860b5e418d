"""The demo company: a seeded trading group with its customers, documents and CRM contents.

Everything is in our own terms (`domain.entities`); adapters turn the rows into vendor records. The
same seed, date and size give the same company on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from random import Random

from connector.demo.behaviours import PROMPT
from connector.demo.cast import FILLERS, STORY_ROLES, Role
from connector.demo.names import CURRENCY_OF, Firm, FirmNames
from connector.demo.orders import OrderBook, exposure, write_opportunities, write_orders
from connector.demo.rates import COMPANY_CURRENCY, build_rates
from connector.demo.trade import Books, Customer, Row, Window, write_trade
from connector.errors import ConfigError

_FILLER_COUNTRIES = ("CN", "CN", "CN", "DE", "DE", "US", "GB")
_TURNOVERS = (60_000, 90_000, 140_000, 200_000, 320_000, 480_000)  # CNY a month
_REPS = (
    ("陈予安", "zh"), ("Friederike Holm", "en"), ("Grace Okafor", "en"), ("Tom Redding", "en"),
)  # fmt: skip
_MANAGER = ("沈知远", "zh")


@dataclass(frozen=True, slots=True)
class DemoSize:
    """How large the company is: accounts (at least the cast) and months of history."""

    accounts: int = 60
    months: int = 18

    def __post_init__(self) -> None:
        if self.accounts < len(STORY_ROLES):
            raise ConfigError(
                "The demo company needs at least {least} accounts, not {given}.",
                least=len(STORY_ROLES),
                given=self.accounts,
            )


@dataclass(frozen=True, slots=True)
class Story:
    """One account worth looking at: its role, row id, name and the sentence of what it shows."""

    code: str
    account_id: str
    name: str
    shows: str


@dataclass(frozen=True, slots=True)
class DemoCompany:
    """Rows by entity name, columns as in `domain.entities` plus `id`.

    `connection` is what the documents' account references name. `crm_values` holds what the CRM
    already keeps in credit fields before creditflag comes: field values by account row id, money
    in `currency`.
    """

    as_of: date
    currency: str
    connection: str
    rows: Mapping[str, Sequence[Row]]
    crm_values: Mapping[str, Mapping[str, object]]
    stories: Sequence[Story]

    def next_day(self) -> DemoCompany:
        """The same facts one day later: nothing happened, only the clock moved."""
        return replace(self, as_of=self.as_of + timedelta(days=1))

    def latest_rates(self) -> dict[str, Decimal]:
        """The last known rate of each foreign currency: 1 unit = so many of `currency`."""
        rates: dict[str, Decimal] = {}
        for row in self.rows["fx_rate"]:
            rates[str(row["currency"])] = Decimal(str(row["rate"]))
        return rates

    def story(self, code: str) -> Story:
        """The story of that role; KeyError when there is none."""
        for story in self.stories:
            if story.code == code:
                return story
        raise KeyError(code)


def build_company(
    seed: int, as_of: date, size: DemoSize | None = None, connection: str = "crm"
) -> DemoCompany:
    """Make the company as it stands at the end of `as_of`."""
    size = size or DemoSize()
    window = Window(_months_before(as_of, size.months), as_of)
    names = FirmNames(Random(f"{seed}:names"))
    roles = [*STORY_ROLES, *_draw_fillers(seed, size.accounts - len(STORY_ROLES))]
    books, book = Books(), OrderBook()
    accounts: list[Row] = []
    crm_values: dict[str, Mapping[str, object]] = {}
    ids = {role.code: f"acc-{number:05d}" for number, role in enumerate(roles, 1)}
    firms: dict[str, Firm] = {}
    for number, role in enumerate(roles, 1):
        rng = Random(f"{seed}:{role.code}")
        customer = Customer(
            ids[role.code], connection, role, role.turnover or rng.choice(_TURNOVERS)
        )
        firms[role.code] = _firm(role, names, firms)
        account = _account(number, customer, firms[role.code], ids, window)
        accounts.append(account)
        write_trade(books, customer, window, rng)
        write_orders(book, books, customer, window, rng)
        write_opportunities(book, customer, str(account["owner_id"]), window, rng)
        if values := _crm_values(customer, exposure(book, books, customer)):
            crm_values[customer.account_id] = values
    rows: dict[str, Sequence[Row]] = {
        "account": accounts,
        "user": _users(),
        "order": book.orders,
        "order_line": book.lines,
        "invoice": books.invoices,
        "credit_note": books.credit_notes,
        "payment": books.payments,
        "opportunity": book.opportunities,
        "fx_rate": build_rates(Random(f"{seed}:rates"), window.first - timedelta(days=45), as_of),
    }
    stories = [
        Story(role.code, ids[role.code], firms[role.code].name, role.shows) for role in STORY_ROLES
    ]
    return DemoCompany(as_of, COMPANY_CURRENCY, connection, rows, crm_values, stories)


def _months_before(day: date, months: int) -> date:
    total = day.year * 12 + day.month - 1 - months
    return date(total // 12, total % 12 + 1, 1)


def _draw_fillers(seed: int, number: int) -> list[Role]:
    rng = Random(f"{seed}:fillers")
    weights = [weight for weight, _ in FILLERS]
    behaviours = [behaviour for _, behaviour in FILLERS]
    roles = []
    for index in range(1, number + 1):
        behaviour = rng.choices(behaviours, weights)[0]
        trades = behaviour.invoices_a_month > 0
        with_limit = trades and rng.random() < 0.3
        graded = behaviour is PROMPT and rng.random() < 0.2
        roles.append(
            Role(
                f"filler_{index:04d}",
                behaviour,
                rng.choice(_FILLER_COUNTRIES),
                terms_days=rng.choice((14, 30, 30, 45, 60, 90)) if trades else None,
                limit_state="amount" if with_limit else None,
                limit_months=rng.choice((1.5, 2.0, 3.0, 4.0)) if with_limit else 0.0,
                grade=rng.choice(("A", "B")) if graded else None,
                orders_months=rng.choice((0.0, 0.2, 0.4, 0.7)) if trades else 0.0,
            )
        )
    return roles


def _firm(role: Role, names: FirmNames, firms: Mapping[str, Firm]) -> Firm:
    if role.twin_of:
        first = firms[role.twin_of]
        return replace(first, name=f"{first.name}(二厂)")
    return names.draw(role.country, role.party_kind or "company")


def _account(
    number: int, customer: Customer, firm: Firm, ids: Mapping[str, str], window: Window
) -> Row:
    role = customer.role
    young = role.behaviour.first_days_ago
    since = (
        window.as_of - timedelta(days=young)
        if young
        else window.first - timedelta(days=30 + number * 17 % 900)
    )
    return {
        "id": customer.account_id,
        "name": firm.name,
        "account_number": f"{10_000 + number}",
        "party_kind": role.party_kind,
        "registration_no": firm.registration_no,
        "tax_no": firm.tax_no,
        "lei": None,
        "duns": firm.duns,
        "parent_id": ids[role.parent] if role.parent else None,
        "owner_id": f"user-{number % len(_REPS) + 1}",
        "country": firm.country,
        "industry": firm.industry,
        "region": firm.region,
        "currency": CURRENCY_OF[role.country],
        "terms_days": role.terms_days,
        "customer_since": since if role.behaviour.invoices_a_month else None,
        "own_group": role.own_group,
        "merged_into": None,
    }


def _users() -> list[Row]:
    manager = f"user-{len(_REPS) + 1}"
    people = [*_REPS, _MANAGER]
    return [
        {
            "id": f"user-{number}",
            "name": name,
            "email": f"user{number}@demo.example",
            "active": True,
            "language": language,
            "manager_id": manager if number <= len(_REPS) else None,
        }
        for number, (name, language) in enumerate(people, 1)
    ]


def _crm_values(customer: Customer, used: Decimal) -> dict[str, object]:
    role = customer.role
    values: dict[str, object] = {}
    if role.limit_state:
        values["limit_state"] = role.limit_state
    if role.limit_state == "amount":
        wished = Decimal(customer.turnover) * Decimal(str(role.limit_months))
        step = 10_000
        if role.limit_use:
            wished, step = used * 100 / role.limit_use, 100
        values["limit"] = (wished / step).to_integral_value(ROUND_CEILING) * step
    if role.grade:
        values["grade"] = role.grade
    if role.hold:
        values["hold"] = True
    return values
