"""Django's card of this room."""

from __future__ import annotations

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """The store as a Django app; its tables are named in full, its label is `store`."""

    name = "connector.store"
    label = "store"
    verbose_name = "creditflag store"
    default_auto_field = "django.db.models.BigAutoField"
