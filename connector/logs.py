"""Structured logs: one JSON object a line, a closed list of keys, secrets masked.

Only the keys in `ALLOWED_KEYS` reach a line; everything else is dropped and counted, so that a
record's field values cannot slip into a log by way of a convenient keyword.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, TextIO

import structlog

ALLOWED_KEYS = frozenset(
    {
        "ts", "level", "event", "connection", "feed", "entity", "run", "batch", "record_id",
        "change", "rule", "outcome", "http_status", "code", "calls", "rows", "seq", "ms",
        "attempt", "wait", "error", "where", "state", "job", "dropped",
    }
)  # fmt: skip
_SECRET_TEXT = re.compile(
    r"(?i)(bearer\s+|(?:access_token|refresh_token|client_secret|password|assertion|sid|token|"
    r"secret)[\"']?\s*[=:]\s*[\"']?)([^\s\"'&,}]+)"
)
_SESSION_ID = re.compile(r"\b00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?![A-Za-z0-9._]+")

Logger = structlog.stdlib.BoundLogger


def mask(text: str) -> str:
    """Text with anything that looks like a credential replaced by ***."""
    return _SESSION_ID.sub("***", _SECRET_TEXT.sub(r"\1***", text))


def keep_allowed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """structlog processor: drop keys outside the list, mask text values."""
    kept = {k: mask(v) if isinstance(v, str) else v for k, v in event.items() if k in ALLOWED_KEYS}
    dropped = len(event) - len(kept)
    if dropped:
        kept["dropped"] = dropped
    return kept


def configure(
    level: str = "warning", stream: TextIO | None = None, file: Path | None = None
) -> None:
    """Send logs to `file` (0600) when given, else to `stream` (stderr by default).

    Third-party loggers (requests, urllib3, Django) are silenced below warning: their debug lines
    carry headers and bodies.
    """
    if file is not None:
        file.touch(mode=0o600, exist_ok=True)
        stream = file.open("a", encoding="utf-8", buffering=1)
    for name in ("urllib3", "requests", "django", "simple_salesforce", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
            keep_allowed,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )


def get_logger(**bound: object) -> Logger:
    """A logger with keys bound to every line."""
    logger: Logger = structlog.get_logger(**bound)
    return logger
