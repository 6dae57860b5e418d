"""The policy document: every rule a credit manager sets, as one YAML file.

`policy_lint.load_policy` refuses what it does not know and lists all problems at once, each as one
sentence with its next step. Shares are fractions, amounts stand in the policy currency, days are
calendar days.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from connector.credit.policy.behaviour import BehaviourDoc
from connector.credit.policy.collateral import CollateralDoc
from connector.credit.policy.conditions import ConditionDoc
from connector.credit.policy.loss import LossDoc
from connector.credit.policy.offer import OfferDoc
from connector.credit.policy.orders import OrdersDoc
from connector.credit.policy.portfolio import ConcentrationDoc
from connector.credit.policy.procedure import AuthorityDoc, RemindersDoc, ReviewDoc
from connector.credit.policy.rating import (
    BureauDoc,
    CountriesDoc,
    EventsDoc,
    GroupDoc,
    NetWorthDoc,
    ReferencesDoc,
    WorkingCapitalDoc,
)
from connector.credit.policy.section import (
    Amount,
    Days,
    Factor,
    Name,
    Points,
    Section,
    Severity,
    Share,
    among,
)
from connector.credit.policy.statements import StatementsDoc
from connector.credit.policy.terms import CalendarDoc, GraceUnit, LinesDoc, TermsDoc
from connector.domain.change import digest
from connector.domain.dates import TermsRule

PARTS = ("open_receivables", "open_orders", "unbilled_deliveries", "unposted_billing")
COUNTABLE = (*PARTS, "bills_exposure")
REDUCTIONS = ("unapplied_cash", "open_credit_notes", "order_prepayments")
MATCHING = ("named", "equal_amount", "oldest_first")
Matching = Annotated[str, among(MATCHING)]


class ExposureDoc(Section):
    """Which parts count. `horizon_days`: orders shipping later do not count; null counts all."""

    parts: tuple[Annotated[str, among(COUNTABLE)], ...] = PARTS
    reductions: tuple[Annotated[str, among(REDUCTIONS)], ...] = REDUCTIONS
    horizon_days: Days | None = None
    collateral: Literal["A", "B"] = "A"


class AgeingDoc(Section):
    """Due dates and buckets. `buckets`: upper edges in days past due, inclusive.

    `grace_unit`: whether grace counts calendar days or working days of the customer's country.
    """

    grace_days: Days = 3
    grace_unit: GraceUnit = "calendar_days"
    terms_rule: TermsRule = TermsRule.NET
    default_terms_days: Days = 30
    buckets: Annotated[tuple[int, ...], Field(min_length=1, max_length=10)] = (30, 60, 90, 120)


class WindowsDoc(Section):
    """Trailing windows in days, each ending on the valuation date."""

    sales_days: Annotated[int, Field(ge=7, le=366)] = 91
    behaviour_days: Annotated[int, Field(ge=30, le=1100)] = 365
    trend_days: Annotated[int, Field(ge=7, le=366)] = 91
    trend_min_items: Annotated[int, Field(ge=1, le=1000)] = 5


class BinDoc(Section):
    """`above` < value ≤ `up_to`; null is open-ended. `label` replaces the written-out bounds."""

    above: Decimal | None = None
    up_to: Decimal | None = None
    points: Points
    label: str = ""


class CharacteristicDoc(Section):
    """One line of the scorecard. `missing`: what an unknown value does to the score."""

    id: Name
    metric: str
    label_en: str
    label_zh: str
    weight: Points
    bins: Annotated[tuple[BinDoc, ...], Field(min_length=1, max_length=20)]
    missing: Literal["renormalise", "neutral", "conservative"] = "renormalise"
    neutral_points: Points = 0


class ScorecardDoc(Section):
    """Characteristics; below `min_coverage` there is no score.

    `scale` hundred: the weights add up to 100 and so does the best score. `scale` points: a fitted
    card, whose score is the plain sum of its points; an unknown value has points of its own.
    """

    scale: Literal["hundred", "points"] = "hundred"
    min_coverage: Share = Decimal("0.55")
    characteristics: Annotated[tuple[CharacteristicDoc, ...], Field(min_length=1, max_length=40)]


class GradeDoc(Section):
    """A grade begins at score `from`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    grade: Annotated[str, Field(min_length=1, max_length=20)]
    from_score: Annotated[int, Field(alias="from", ge=0, le=10_000)]
    review_days: Annotated[int, Field(ge=1, le=1830)]


class HardStopsDoc(Section):
    """Findings outside the sum: each of `codes` sets `grade`."""

    grade: str
    codes: tuple[Name, ...]


class NeedDoc(Section):
    """Need: yearly sales ÷ 365 × (terms + tolerance)."""

    weight: Factor
    tolerance_days: Days = 15


class ScoreBandDoc(Section):
    """Grade's multiplier × base; base is `base_amount` or so many months of sales."""

    weight: Factor
    base_amount: Amount | None = None
    base_months_of_sales: Factor | None = None
    multipliers: dict[str, Factor]


class AgencyDoc(Section):
    """A bureau's recommended maximum, where one was bought."""

    weight: Factor


class MethodsDoc(Section):
    """Limit methods with their weights; an absent method does not take part."""

    need: NeedDoc | None = None
    score_band: ScoreBandDoc | None = None
    agency: AgencyDoc | None = None
    net_worth: NetWorthDoc | None = None
    working_capital: WorkingCapitalDoc | None = None
    references: ReferencesDoc | None = None


class CapsDoc(Section):
    """Caps over the blend; null = no such cap. `appetite_share`: of a year's sales of all.

    `own_equity_share` of `own_equity`, the company's own. `unsecured_appetite`: what is risked on
    one customer beyond the insured limit.
    """

    need: Factor | None = None
    agency: Factor | None = None
    appetite_share: Share | None = None
    own_equity: Amount | None = None
    own_equity_share: Share | None = None
    unsecured_appetite: Amount | None = None


class StepDoc(Section):
    """Amounts from `from` on are rounded down to whole `step`s."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    from_amount: Amount = Field(alias="from")
    step: Annotated[Decimal, Field(gt=0, lt=10**13)]


class LimitDoc(Section):
    """How a limit is proposed, and how far a proposal may go by itself."""

    methods: MethodsDoc
    caps: CapsDoc = CapsDoc()
    steps: Annotated[tuple[StepDoc, ...], Field(min_length=1, max_length=20)]
    max_up_pct: Factor | None = None
    min_coverage: Share = Decimal("0.5")
    valid_days: Annotated[int, Field(ge=1, le=3660)] = 365
    expiry_lead_days: Days = 30
    auto_approve_up_to: Amount | None = None
    cash_only_grades: tuple[str, ...] = ()


class HoldDoc(Section):
    """When new orders should be held. `flags`: from which severity on a flag holds.

    `rate_moves`: a limit that is exceeded only because exchange rates moved since it began holds.
    """

    above: Factor = Decimal("1.0")
    release_below: Factor = Decimal("0.95")
    rate_moves: bool = False
    grades: tuple[str, ...] = ()
    flags: dict[str, Severity] = Field(default_factory=dict)


class AmberDoc(Section):
    """What turns the light amber."""

    grades: tuple[str, ...] = ()
    severity: Severity = 2


class MaterialityDoc(Section):
    """Floor: the larger of `amount` and `share` of the party's open receivables."""

    amount: Amount = Decimal(0)
    share: Share = Decimal(0)


class FlagStepDoc(Section):
    """Above this value the flag has this severity."""

    above: Decimal
    severity: Severity


class FlagDoc(Section):
    """One flag. `task`: raise a task in the CRM when it comes up."""

    enabled: bool = True
    task: bool = True
    materiality: MaterialityDoc = MaterialityDoc()
    steps: Annotated[tuple[FlagStepDoc, ...], Field(min_length=1, max_length=3)]
    min_items: Annotated[int, Field(ge=0, le=1000)] = 0


class BandDoc(Section):
    """Thresholds that make an amount worth a write when they are crossed."""

    utilisation: tuple[Factor, ...]
    overdue_ratio: tuple[Share, ...]


class WriteDoc(Section):
    """Write tolerance: an amount moves when it differs by more than both."""

    tolerance_pct: Share = Decimal("0.05")
    tolerance_min: Amount = Decimal(0)


class TasksDoc(Section):
    """From which severity on a flag raises a task."""

    min_severity: Severity = 2


class GuardDoc(Section):
    """Shares of parties beyond which a person is asked before anything is written."""

    max_share_downgraded: Share = Decimal("0.05")
    max_share_new_holds: Share = Decimal("0.05")
    empty_pull_share: Share = Decimal("0.5")
    min_count: Annotated[int, Field(ge=1, le=1_000_000)] = 5


class PolicyDoc(Section):
    """The whole policy. `currency` null means the company's own."""

    id: Name
    version: Annotated[int, Field(ge=1)]
    title: str = ""
    reviewed_on: date | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    exposure: ExposureDoc = ExposureDoc()
    ageing: AgeingDoc = AgeingDoc()
    terms: TermsDoc = TermsDoc()
    calendar: CalendarDoc = CalendarDoc()
    lines: LinesDoc = LinesDoc()
    statements: StatementsDoc = StatementsDoc()
    bureau: BureauDoc = BureauDoc()
    events: EventsDoc = EventsDoc()
    group: GroupDoc = GroupDoc()
    countries: CountriesDoc = CountriesDoc()
    offer: OfferDoc = OfferDoc()
    collateral: CollateralDoc = CollateralDoc()
    loss: LossDoc = LossDoc()
    concentration: ConcentrationDoc = ConcentrationDoc()
    review: ReviewDoc = ReviewDoc()
    authority: AuthorityDoc = AuthorityDoc()
    reminders: RemindersDoc = RemindersDoc()
    windows: WindowsDoc = WindowsDoc()
    behaviour: BehaviourDoc = BehaviourDoc()
    matching: Annotated[tuple[Matching, ...], Field(min_length=1)] = MATCHING
    scorecard: ScorecardDoc
    grades: Annotated[tuple[GradeDoc, ...], Field(min_length=1, max_length=20)]
    hard_stops: HardStopsDoc
    limit: LimitDoc
    hold: HoldDoc = HoldDoc()
    orders: OrdersDoc = OrdersDoc()
    amber: AmberDoc = AmberDoc()
    unrated_review_days: Annotated[int, Field(ge=1, le=1830)] = 90
    flags: dict[str, FlagDoc]
    conditions: Annotated[tuple[ConditionDoc, ...], Field(max_length=50)] = ()
    band: BandDoc
    write: WriteDoc = WriteDoc()
    tasks: TasksDoc = TasksDoc()
    guard: GuardDoc = GuardDoc()
    remedies: Annotated[int, Field(ge=0, le=8)] = 3

    @property
    def raised_conditions(self) -> tuple[ConditionDoc, ...]:
        """The admin's conditions that are switched on."""
        return tuple(condition for condition in self.conditions if condition.enabled)

    @property
    def tasked_flags(self) -> tuple[str, ...]:
        """Codes of flags and conditions that raise a task."""
        shipped = (code for code, flag in self.flags.items() if flag.enabled and flag.task)
        return (*shipped, *(made.flag for made in self.raised_conditions if made.task))

    @property
    def grade_names(self) -> tuple[str, ...]:
        """Grades from best to worst."""
        return tuple(band.grade for band in self.grades)


def shipped_policy(name: str = "standard") -> str:
    """YAML text of a policy that is shipped with the product; FileNotFoundError when unknown."""
    safe = "".join(letter for letter in name if letter.isalnum() or letter in "_-")
    return (files("mappings") / "policy" / f"{safe}.yaml").read_text(encoding="utf-8")


def policy_hash(policy: PolicyDoc) -> str:
    """SHA-256 of the policy's content, independent of comments and layout."""
    return digest(policy.model_dump(mode="json", by_alias=True))
