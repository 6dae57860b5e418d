"""What a database says when it cannot, as our errors with a next step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, connections
from django.db.utils import OperationalError

from connector.errors import BusyError, StateError
from connector.store.addresses import describe

# Codes of PostgreSQL's manual, appendix A. 40xxx: lost against another transaction; 53300: too many
# connections; 55P03: lock_timeout; 57P0x: the server is going down or coming up.
_PASSING_CODES = ("40", "53300", "55P03", "57P0", "08")
_FULL_CODES = ("53100", "53200")
_SIGN_IN_CODES = ("28", "3D", "42501")
# What the server says before there is a session, when the driver knows no code yet.
_SIGN_IN_TEXTS = ("authentication failed", "does not exist", "no pg_hba.conf entry")
# Texts of SQLite's result codes (sqlite.org/rescode.html); Python 3.11 gives no code for some.
_BUSY_TEXTS = ("database is locked", "database table is locked")
_FULL_TEXTS = ("disk is full", "disk i/o error")
_CLOSED_TEXTS = ("readonly", "unable to open")
_DAMAGED_TEXTS = ("not a database", "malformed")


@contextmanager
def translated(alias: str) -> Iterator[None]:
    """Turn Django's database errors into BusyError or StateError.

    A connection that broke is dropped, so that the next method opens another one.
    """
    try:
        yield
    except Error as error:
        connection = connections[alias]
        where = describe(connection.settings_dict)
        connection.close_if_unusable_or_obsolete()
        raise _translate(error, where) from error


def _translate(error: Error, where: str) -> BusyError | StateError:
    text = str(error).lower()
    code = _sqlstate(error)
    if code.startswith(_PASSING_CODES) or any(part in text for part in _BUSY_TEXTS):
        return BusyError(
            "The store is in use by another process.",
            where=where,
            next_step="Wait until it has finished, then try again.",
        )
    if code.startswith(_FULL_CODES) or any(part in text for part in _FULL_TEXTS):
        return StateError(
            "The store could not be written: the disk is full or failing.",
            where=where,
            next_step="Make room or replace the disk, then run again; nothing half-done was kept.",
        )
    if any(part in text for part in _CLOSED_TEXTS):
        return StateError(
            "The store's file cannot be opened for writing.",
            where=where,
            next_step="Check that the folder exists and that this user may write to it.",
        )
    if any(part in text for part in _DAMAGED_TEXTS):
        return StateError(
            "The file is not a creditflag store, or it is damaged.",
            where=where,
            next_step="Restore it from a backup, or move it away to begin with an empty store.",
        )
    if code.startswith(_SIGN_IN_CODES) or (
        not code and any(part in text for part in _SIGN_IN_TEXTS)
    ):
        return StateError(
            "The database server refused the user, the password or the database name.",
            where=where,
            next_step="Check CREDITFLAG_DATABASE_URL, and that the user may create tables there.",
        )
    if isinstance(error, OperationalError) and not code:
        return StateError(
            "The database server cannot be reached.",
            where=where,
            next_step="Check that it runs, and the host and port in CREDITFLAG_DATABASE_URL.",
        )
    return StateError(
        "The store refused an operation: {detail}",
        where=where,
        next_step="Run `creditflag doctor`; if the store was changed by hand, restore a backup.",
        detail=str(error).splitlines()[0] if str(error) else type(error).__name__,
    )


def _sqlstate(error: Error) -> str:
    """PostgreSQL's five-character code of the driver's own error, "" where there is none."""
    return str(getattr(error.__cause__, "sqlstate", None) or "")
