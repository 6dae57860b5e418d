"""Which database a store lives in, as Django wants it described, and one alias for each."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from connector.errors import SettingsError

LOCK_SECONDS = 30
"""How long a writer waits for another one."""

MAX_COMMIT_ROWS = 2_000
"""Rows in one small commit, so that other writers get their turn."""

_SETUP = threading.Lock()


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


def setup(default: dict[str, Any] | None = None, *, secret_key: str = "") -> None:
    """Configure Django once in this process; a second call only adds what it is given.

    `default` is the database of Django's own parts. `secret_key` signs their sessions; without
    one a key is made up for this process.
    """
    with _SETUP:
        import django
        from django.apps import apps
        from django.conf import settings

        if not settings.configured:
            from connector.store import django_settings

            settings.configure(
                **{name: getattr(django_settings, name) for name in dir(django_settings)
                   if name.isupper()}
            )  # fmt: skip
        if not apps.ready:
            django.setup()
        if secret_key:
            settings.SECRET_KEY = secret_key
        if default is not None:
            _register("default", default)


def register(config: dict[str, Any]) -> str:
    """The alias under which this database is known to Django; the same place has the same one."""
    place = "|".join(str(config.get(key, "")) for key in ("ENGINE", "HOST", "PORT", "NAME", "USER"))
    schema = str(config["OPTIONS"].get("options", ""))
    alias = "store_" + hashlib.sha256(f"{place}|{schema}".encode()).hexdigest()[:12]
    with _SETUP:
        _register(alias, config)
    return alias


def _register(alias: str, config: dict[str, Any]) -> None:
    """Describe the alias to Django; a connection of this thread that was made otherwise ends."""
    from django.db import connections

    filled = connections.configure_settings({"default": {}, alias: config})[alias]
    if connections.settings.get(alias) == filled:
        return
    if alias in connections.settings:
        connections[alias].close()
        del connections[alias]
    connections.settings[alias] = filled
