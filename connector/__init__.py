"""creditflag: customer credit risk, computed centrally and written back into the CRM.

This package knows no vendor by name; vendors live in `adapters`. `docs.md` beside this file is
the map of the rooms.
"""

__version__ = "0.1.0"
