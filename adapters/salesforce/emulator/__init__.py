"""A local server that speaks Salesforce's REST API; see LIMITS.md for what it does not do.

`start()` runs it in this process, `python -m adapters.salesforce.emulator` as one of
its own.
"""

from __future__ import annotations

from adapters.salesforce.emulator.running import RunningEmulator, start

__all__ = ["RunningEmulator", "start"]
