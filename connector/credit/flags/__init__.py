"""The warning flags, one file each. Their order here is the order of ties."""

FLAGS = (
    "oldest_overdue",
    "over_limit",
    "overdue_heavy",
    "paying_later",
    "disputes_high",
    "no_valid_limit",
    "near_limit",
    "cash_unmatched",
)
"""Codes of all flags. The module of the same name has `find(context)`."""
