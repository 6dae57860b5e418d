"""Structured logs: one JSON object a line, a closed list of keys, secrets masked.

Only the keys in `ALLOWED_KEYS` reach a line; everything else is dropped and counted, so that a
record's field values cannot slip into a log by way of a convenient keyword.
"""

from __future__ import annotations

import atexit
import logging
import os
import re
import sys
import tempfile
from collections.abc import Callable, Mapping, MutableMapping
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
    r"(?i)(authorization[\\\"']*\s*[=:]\s*[\\\"']*(?:basic|bearer|oauth)?\s*"
    r"|bearer\s+"
    r"|(?:token|secret|password|passwd|assertion|sid|sessionid)[\\\"']*\s*(?:[=:]|%3d)\s*[\\\"']*)"
    r"([^\s\"'\\&,;}<>]+)"
)
_URL_PASSWORD = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@")
_SIGNED_TOKEN = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")
_SESSION_ID = re.compile(r"\b00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?![A-Za-z0-9._]+")

_opened: list[TextIO] = []
"""The log file in use; closed when another takes its place."""

Logger = structlog.stdlib.BoundLogger


def mask(text: str) -> str:
    """Text with anything that looks like a credential replaced by ***."""
    text = _SIGNED_TOKEN.sub("***", _SESSION_ID.sub("***", text))
    return _URL_PASSWORD.sub(r"\1***@", _SECRET_TEXT.sub(r"\1***", text))


def keep_allowed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """structlog processor: drop keys outside the list, mask every text in the values."""
    kept = {key: _masked(value) for key, value in event.items() if key in ALLOWED_KEYS}
    dropped = len(event) - len(kept)
    if dropped:
        kept["dropped"] = dropped
    return kept


def _masked(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {mask(str(key)): _masked(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(inner) for inner in value]
    return mask(str(value))


def configure(
    level: str = "warning", stream: TextIO | None = None, file: Path | None = None
) -> None:
    """Send logs to `file` (0600) when given, else to `stream` (stderr by default).

    Third-party loggers (requests, urllib3, Django) are silenced below warning: their debug lines
    carry headers and bodies.
    """
    _close()
    if file is not None:
        file.touch(mode=0o600, exist_ok=True)
        if os.name == "posix":
            file.chmod(0o600)
        stream = file.open("a", encoding="utf-8", buffering=1)
        _opened.append(stream)
    for name in ("urllib3", "requests", "django", "simple_salesforce", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
    _begin(level, structlog.PrintLoggerFactory(stream) if stream is not None else _to_stderr)


@atexit.register
def _close() -> None:
    while _opened:
        _opened.pop().close()


def _begin(level: str, factory: Callable[..., Any]) -> None:
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
        logger_factory=factory,
        cache_logger_on_first_use=False,
    )


def _to_stderr(*_names: object) -> structlog.PrintLogger:
    return structlog.PrintLogger(sys.stderr)


_begin("warning", _to_stderr)  # until somebody configures more: standard output is for data


def record_bug(trace: str) -> Path:
    """Keep the trace of a bug where an operator finds it, and say where.

    That is the log file in use; before there is one, a file of its own in the temporary folder.
    """
    trace = mask(trace)
    if _opened:
        get_logger().error("bug", error=trace)
        return Path(_opened[-1].name)
    handle, name = tempfile.mkstemp(prefix="creditflag-bug-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(trace)
    return Path(name)


def get_logger(**bound: object) -> Logger:
    """A logger with keys bound to every line."""
    logger: Logger = structlog.get_logger(**bound)
    return logger
