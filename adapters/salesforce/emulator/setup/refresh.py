"""Brings what is derived from the schema up to date after it changed."""

from __future__ import annotations

from adapters.salesforce.emulator.org import Org


def refresh(org: Org) -> None:
    """Bring the indexes of key fields up to date."""
    for spec in org.schema.everything():
        org.index_keys(spec)
