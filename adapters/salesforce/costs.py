"""Which way of writing costs fewer API calls.

Sources: REST API Developer Guide, "sObject Collections": 200 records a call. Bulk API 2.0 Developer
Guide, "Bulk API 2.0 Ingest": a job is created, uploaded, closed and asked for three results; the
guide advises it from 2,000 records on, because a job also waits its turn in the org's queue.
"""

from __future__ import annotations

from math import ceil

from connector.ports.allowance import Pressure

BATCH_ROWS = 200
JOB_CALLS = 7
"""Create, upload, close, one poll, and three results. More polls are free of rows: they are few
and bounded by the growing pause between them."""


def count_batch_calls(rows: int) -> int:
    """Calls to write so many rows in batches."""
    return ceil(rows / BATCH_ROWS)


def prefers_job(rows: int, from_rows: int, pressure: Pressure) -> bool:
    """Whether a job is the better way: from `from_rows` rows on; when calls are short, wherever it
    saves any."""
    saves = count_batch_calls(rows) > JOB_CALLS
    return saves if pressure >= Pressure.BULK else rows >= from_rows
