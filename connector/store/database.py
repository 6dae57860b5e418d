"""Django set up once in a process, and one alias for each database."""

from __future__ import annotations

import hashlib
import threading
from typing import Any

MAX_COMMIT_ROWS = 2_000
"""Rows in one small commit, so that other writers get their turn."""

_SETUP = threading.Lock()


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
