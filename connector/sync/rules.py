"""The parts of a policy that steps outside the engine obey; read without loading the engine."""

from __future__ import annotations

from dataclasses import dataclass

from connector.credit.policy.document import PolicyDoc
from connector.sync.alerts import AlertRule
from connector.sync.guard import GuardLimits
from connector.sync.plan import Quiet


@dataclass(frozen=True, slots=True)
class Rules:
    """The parts of a policy that steps outside the engine obey."""

    quiet: Quiet
    alerts: AlertRule
    guard: GuardLimits


def rules_of(policy: PolicyDoc) -> Rules:
    """Read the write, task and guard sections of a policy."""
    return Rules(
        quiet=Quiet(policy.write.tolerance_pct, policy.write.tolerance_min),
        alerts=AlertRule(
            policy.tasked_flags,
            policy.tasks.min_severity,
            policy.calendar,
        ),
        guard=GuardLimits(
            downgraded_share=policy.guard.max_share_downgraded,
            new_holds_share=policy.guard.max_share_new_holds,
            fewer_rows_share=policy.guard.empty_pull_share,
            least_parties=policy.guard.min_count,
        ),
    )
