"""Dates and times in the forms in which the REST API reads and writes them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_OFFSET = re.compile(r"([+-]\d{2})(\d{2})\Z")
TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,3})?Z?\Z")


def write_stamp(moment: datetime) -> str:
    """Return a UTC time in whole seconds, such as `2011-07-07T00:37:00.000+0000`.

    Texts of this form sort like the times they stand for.
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def read_stamp(text: str) -> datetime:
    """Read any ISO 8601 time with a zone; raises ValueError."""
    moment = datetime.fromisoformat(_OFFSET.sub(r"\1:\2", text))
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment


def read_day(text: str) -> date:
    """Read a date `YYYY-MM-DD`; raises ValueError."""
    if not _DAY.match(text):
        raise ValueError("not a date")
    return date.fromisoformat(text)


def read_http_date(text: str) -> datetime | None:
    """Read an HTTP date, or return None when it is none."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError):
        return None
