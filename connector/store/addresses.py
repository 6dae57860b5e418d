"""Where a store lies, as Django wants it described: a file, or a PostgreSQL server by URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from connector.errors import SettingsError

LOCK_SECONDS = 30
"""How long a writer waits for another one."""


def sqlite_config(path: Path, lock_seconds: float = LOCK_SECONDS) -> dict[str, Any]:
    """A database file: write-ahead log, writers take their lock at once, commits are durable."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": None,  # until it is closed or breaks
        "OPTIONS": {
            "timeout": lock_seconds,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL",
        },
    }


def postgres_config(url: str, lock_seconds: float = LOCK_SECONDS) -> dict[str, Any]:
    """A PostgreSQL server by URL; the query's parameters go to libpq.

    Raises SettingsError for another scheme or a URL without a database, never showing the URL,
    which may hold a password.
    """
    parts = urlsplit(url)
    name = unquote(parts.path.lstrip("/"))
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("postgresql", "postgres") or not name or port == -1:
        raise SettingsError(
            "The store's database URL cannot be used.",
            where="CREDITFLAG_DATABASE_URL",
            next_step="Write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE, or leave it out"
            " to keep the store in a file.",
        )
    options = dict(parse_qsl(parts.query))
    wait = f"-c lock_timeout={round(lock_seconds * 1000)}"
    options["options"] = f"{wait} {options.get('options', '')}".strip()
    options.setdefault("connect_timeout", "10")
    options.setdefault("application_name", "creditflag")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "CONN_MAX_AGE": None,
        "OPTIONS": options,
    }


def describe(config: dict[str, Any]) -> str:
    """Where the database is, for a person: a path, or user, host and name without the password."""
    if config["ENGINE"].endswith("sqlite3"):
        return str(config["NAME"])
    port = f":{config['PORT']}" if config["PORT"] else ""
    return f"PostgreSQL {config['NAME']} at {config['HOST'] or 'localhost'}{port}"
