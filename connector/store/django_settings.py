"""Django's settings without a project site.

Nothing here opens a database. The `default` alias serves Django's own parts (console, users,
sessions) and names a database only when `CREDITFLAG_DATABASE_URL` does or `setup` is given one;
stores stand under aliases of their own.
"""

from __future__ import annotations

import os
import secrets
from typing import Any

from connector.store.addresses import postgres_config

DEBUG = False
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

# Nothing in the store is signed. Who serves sessions hands a lasting key to `setup`.
SECRET_KEY = secrets.token_urlsafe(50)

INSTALLED_APPS = ["connector.store"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Django leaves logging alone, so that its records reach our own handlers and their masking.
LOGGING_CONFIG = None

_url = os.environ.get("CREDITFLAG_DATABASE_URL", "")
DATABASES: dict[str, dict[str, Any]] = {"default": postgres_config(_url) if _url else {}}
