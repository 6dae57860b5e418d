"""What secures a claim, and how far it counts: guarantees, credit insurance, bills.

No figure here is law. Haircuts and days are defaults that the credit manager reviews; what a
guarantee, an insurer's policy or a bill states itself comes first.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator

from connector.credit.policy.section import Amount, Days, Section, Share, among
from connector.domain.credit_file import BILL_KINDS, GUARANTEE_KINDS

GuaranteeKind = Annotated[str, among(GUARANTEE_KINDS)]
COUNTING = ("guarantees", "insurance")
_HAIRCUTS = {
    "bank_guarantee": Decimal("0.10"),
    "standby_lc": Decimal("0.10"),
    "documentary_credit": Decimal("0.10"),
    "parent_guarantee": Decimal(0),
    "third_party_guarantee": Decimal(0),
    "personal_guarantee": Decimal("0.75"),
    "retention_of_title": Decimal("0.75"),
    "deposit": Decimal(0),
    "pledge": Decimal("0.50"),
}


class GuaranteesDoc(Section):
    """What a guarantee is worth.

    `haircuts`: part of the face value that does not count, by kind; a kind that is not named counts
    nothing. `substitution`: kinds that count only as far as the guarantor's grade is better than
    the party's. `fx_haircut`: on top, when the guarantee is in another currency than the claims.
    `claim_days`: how long a claim takes, where the guarantee does not say. `alert_days`: days
    before expiry at which is warned, falling.
    """

    haircuts: dict[GuaranteeKind, Share] = Field(default_factory=lambda: dict(_HAIRCUTS))
    substitution: tuple[GuaranteeKind, ...] = (
        "parent_guarantee",
        "third_party_guarantee",
    )
    fx_haircut: Share = Decimal("0.08")
    claim_days: Days = 30
    alert_days: Annotated[tuple[Days, ...], Field(min_length=1, max_length=3)] = (90, 60, 30)

    @field_validator("alert_days")
    @classmethod
    def _falling(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if list(days) != sorted(set(days), reverse=True):
            raise ValueError("the days do not fall: put the earliest warning first")
        return days


class InsuranceDoc(Section):
    """How cover is read where the insurer's policy does not say it.

    `max_extension_days`: days past due after which new deliveries are not covered.
    `notification_days` run from the end of that extension or from the due date
    (`notification_from`), `waiting_days` from the due date. `discretionary_lapse_days`: a limit the
    seller set himself ends for new deliveries when an item is so late. `blind_cover`: the policy's
    cover for unnamed customers counts for those without a limit of their own.
    `cut_watch_days`: how long a cut is told. `report_alert_days`: days before the deadline of
    reporting at which the warning rises.
    """

    max_extension_days: Days = 60
    notification_days: Days = 30
    notification_from: Literal["extension", "due_date"] = "extension"
    waiting_days: Days = 180
    discretionary_lapse_days: Days = 60
    blind_cover: bool = False
    cut_watch_days: Days = 90
    report_alert_days: Days = 7


class BillsDoc(Section):
    """Bills received.

    `settle`: a bill settles the invoice when it is received; false where the books enter the bill
    as a payment as well. `on_customer`: kinds that stay exposure on the customer until honoured;
    the others stand for the acceptor. `presentation_days`: days after maturity within which a bill
    has to be presented. `alert_days`: days before maturity at which is warned.
    """

    settle: bool = True
    on_customer: tuple[Annotated[str, among(BILL_KINDS)], ...] = (
        "commercial_acceptance",
        "supply_chain_note",
    )
    presentation_days: Days = 10
    alert_days: Days = 10


class CollateralDoc(Section):
    """What counts as collateral beside the limit.

    `counts`: what raises the limit or lowers the exposure (`exposure.collateral` says which);
    the unsecured exposure takes off both. `unsecured_appetite`: exposure of one customer that may
    stand without security; null = not watched.
    """

    counts: tuple[Annotated[str, among(COUNTING)], ...] = ("guarantees",)
    unsecured_appetite: Amount | None = None
    guarantees: GuaranteesDoc = GuaranteesDoc()
    insurance: InsuranceDoc = InsuranceDoc()
    bills: BillsDoc = BillsDoc()
