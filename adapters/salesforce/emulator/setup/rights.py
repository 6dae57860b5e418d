"""Who may change the org's set-up."""

from __future__ import annotations

from adapters.salesforce.emulator.org import Org


def may_change_setup(org: Org, user_id: str) -> bool:
    """Say whether a user may customise the org: all but an API user without the right."""
    return org.settings.setup_rights or user_id != org.settings.run_as
