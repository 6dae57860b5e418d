"""Clauses on secrets: no error, trace or representation shows one."""

from __future__ import annotations

import traceback

from connector.errors import CreditflagError
from connector.testing.crm_contract.clauses import Clause, add_clause, clause
from connector.testing.crm_contract.harness import CrmUnderTest
from connector.testing.crm_contract.views import PLAIN, pull, update
from connector.testing.faults import Trouble


def _check_clean(under: CrmUnderTest, text: str) -> None:
    shown = [secret for secret in under.secrets if secret in text]
    assert not shown, "a secret is shown"


@clause("secret-representation")
def check_representation(under: CrmUnderTest) -> None:
    """The adapter and what hangs on it show no secret when printed, before and after use."""
    assert all(len(secret) >= 8 for secret in under.secrets), "shorter ones are found by chance"
    for _ in range(2):
        _check_clean(under, repr(under.crm))
        _check_clean(under, repr(vars(under.crm)))
        pull(under)


def _check_trouble(under: CrmUnderTest, trouble: Trouble) -> None:
    (record_id,) = under.seed([PLAIN])
    under.crm.describe(under.layout.object_name)
    under.inject(trouble, "write")
    try:
        update(under, (record_id, {"number": "9"}))
    except CreditflagError as error:
        trace = "".join(traceback.format_exception(error))
        for text in (str(error), repr(error), repr(error.args), repr(vars(error)), trace):
            _check_clean(under, text)
    else:
        raise AssertionError(f"{trouble} went by without an error")


def _add(trouble: Trouble) -> None:
    add_clause(
        Clause(
            f"secret-{trouble}", "secrecy", f"The error of `{trouble}` shows no secret.",
            lambda under: _check_trouble(under, trouble), frozenset({trouble}),
        )
    )  # fmt: skip


for _trouble in (
    Trouble.TRANSIENT, Trouble.REFUSED, Trouble.LOST_BEFORE, Trouble.LOST_AFTER, Trouble.NONSENSE,
    Trouble.SIGN_IN, Trouble.BUDGET, Trouble.SLOW,
):  # fmt: skip
    _add(_trouble)
