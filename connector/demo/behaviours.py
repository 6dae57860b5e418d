"""How customers pay: each behaviour as a few numbers a credit manager can read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Habits of one kind of customer.

    `late_then` and `late_now` are days after the due date at the start of the history and at its
    end; `spread` is their ± range. Shares are per cent of invoices. `growth` is turnover at the
    end as a multiple of the start. `first_days_ago` and `last_days_ago` bound the invoice dates
    (0 = no bound). `silent_days` is how long nothing has been paid.
    """

    name: str
    invoices_a_month: float = 3.0
    late_then: int = 0
    late_now: int = 0
    spread: int = 4
    growth: float = 1.0
    seasonal: bool = False
    part_share: int = 0
    dispute_share: int = 0
    credit_note_share: int = 0
    on_account_share: int = 0
    first_days_ago: int = 0
    last_days_ago: int = 0
    silent_days: int = 0
    overpays: bool = False


PROMPT = Behaviour("prompt", late_then=-3, late_now=-3, spread=4)
STEADY_SLOW = Behaviour("steady_slow", late_then=17, late_now=19, spread=5)
WORSENING = Behaviour("worsening", invoices_a_month=4, late_then=0, late_now=62, spread=6)
DEFAULTER = Behaviour("defaulter", late_then=10, late_now=45, silent_days=170, last_days_ago=75)
DISPUTER = Behaviour("disputer", invoices_a_month=4, late_then=4, late_now=6, dispute_share=22)
PART_PAYER = Behaviour("part_payer", late_then=6, late_now=10, part_share=65)
GROWER = Behaviour("grower", invoices_a_month=4, late_then=1, late_now=6, growth=5.0)
NEW = Behaviour("new", late_then=1, late_now=1, first_days_ago=55)
NO_BUSINESS = Behaviour("no_business", invoices_a_month=0)
DORMANT = Behaviour("dormant", late_then=2, late_now=4, last_days_ago=400)
IN_CREDIT = Behaviour("in_credit", late_then=-5, late_now=-5, last_days_ago=50, overpays=True)
COLLECTIVE = Behaviour("collective", invoices_a_month=5, late_then=5, late_now=8,
                       on_account_share=100)  # fmt: skip
SEASONAL = Behaviour("seasonal", invoices_a_month=4, late_then=2, late_now=8, seasonal=True)
RETURNS = Behaviour("returns", invoices_a_month=4, late_then=3, late_now=5, credit_note_share=28)
OCCASIONAL = Behaviour("occasional", invoices_a_month=0.5, late_then=3, late_now=9, spread=8)
