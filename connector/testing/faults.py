"""What can go wrong in a call to a CRM, as a script that tests write beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from connector.errors import (
    BudgetError,
    CreditflagError,
    RefusedError,
    SignInError,
    TransientError,
    UnknownOutcomeError,
)
from connector.ports.crm import RowOutcome

WRITES = ("update", "upsert", "create")


class Trouble(StrEnum):
    """How a call fails."""

    TRANSIENT = "transient"  # refused for a passing reason, nothing applied
    REFUSED = "refused"  # the whole call refused for good, nothing applied
    BUDGET = "budget"  # no calls left, nothing sent
    LOST_BEFORE = "lost_before"  # no answer, and nothing was applied
    LOST_AFTER = "lost_after"  # no answer, but everything was applied
    SHORT_ANSWER = "short_answer"  # applied, one outcome too few
    MISCOUNT = "miscount"  # a pull whose count is one higher than its rows
    NO_END = "no_end"  # a pull that ends without a last page
    THROTTLED = "throttled"  # asked to wait, nothing applied
    SIGN_IN = "sign_in"  # the session ended and signing in is refused
    SESSION_ENDED = "session_ended"  # the session ended; signing in works
    CUT_ANSWER = "cut_answer"  # applied, the answer ends half way
    NONSENSE = "nonsense"  # a page of HTML that calls itself a success
    SLOW = "slow"  # no answer before the deadline
    SHORT_PAGE = "short_page"  # a page of a pull lacks its last record
    EXPIRED_CURSOR = "expired_cursor"  # the vendor gives up its cursor between two pages


_RAISED_BEFORE = {
    Trouble.TRANSIENT: TransientError("The server is busy.", code="BUSY"),
    Trouble.THROTTLED: TransientError("Too many calls.", code="THROTTLED"),
    Trouble.REFUSED: RefusedError("The call was refused.", code="REFUSED"),
    Trouble.BUDGET: BudgetError("The API budget is used up."),
    Trouble.SIGN_IN: SignInError("The credentials were refused."),
    Trouble.LOST_BEFORE: UnknownOutcomeError("No answer came.", code="LOST"),
    Trouble.NONSENSE: UnknownOutcomeError("The answer is not JSON.", code="LOST"),
    Trouble.SLOW: UnknownOutcomeError("No answer came in time.", code="LOST"),
}
_RAISED_AFTER = frozenset({Trouble.LOST_AFTER, Trouble.CUT_ANSWER})


@dataclass(slots=True)
class Fault:
    """`trouble` on the next call of a kind: a method's name, or `write` for any of `WRITES`.

    `skip` calls of the kind pass unharmed before it.
    """

    call: str
    trouble: Trouble
    skip: int = 0

    def concerns(self, call: str) -> bool:
        """Whether the call is one of the kind."""
        return self.call == call or (self.call == "write" and call in WRITES)

    def raise_before(self) -> None:
        """Fail now, if this trouble comes before anything is applied."""
        if (error := _RAISED_BEFORE.get(self.trouble)) is not None:
            raise _fresh(error)

    def raise_in_read(self) -> None:
        """Fail now, as a call that changes nothing: a lost answer leaves nothing open."""
        error = _RAISED_BEFORE.get(self.trouble)
        if self.trouble in _RAISED_AFTER or isinstance(error, UnknownOutcomeError):
            raise TransientError("No answer came.", code="LOST")
        self.raise_before()

    def raise_after(self) -> None:
        """Fail now, if this trouble comes after everything was applied."""
        if self.trouble in _RAISED_AFTER:
            raise UnknownOutcomeError("No answer came.", code="LOST")


@dataclass
class Script:
    """Faults to come, in order, and refusals of single rows by record id or key."""

    faults: list[Fault] = field(default_factory=list)
    refusals: dict[str, list[RowOutcome]] = field(default_factory=dict)

    def next_fault(self, call: str) -> Fault | None:
        """The fault that this call meets; it is used up by it."""
        fault = next((f for f in self.faults if f.concerns(call)), None)
        if fault is None:
            return None
        if fault.skip:
            fault.skip -= 1
            return None
        self.faults.remove(fault)
        return fault

    def next_refusal(self, *names: str) -> RowOutcome | None:
        """The refusal that a row with one of these names meets; it is used up by it."""
        for name in names:
            if self.refusals.get(name):
                return self.refusals[name].pop(0)
        return None


def _fresh(error: CreditflagError) -> CreditflagError:
    """A new error of the same kind: raised errors collect a trace."""
    code = getattr(error, "code", "")
    return type(error)(error.message, code=code) if code else type(error)(error.message)
