"""The store: what people and money made, plans, journal and leases, in SQLite or PostgreSQL.

Import `open_store` from `connector.store.opening`; Django is configured at its first call.
"""
