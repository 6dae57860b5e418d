"""Reads uploaded CSV row by row and writes result rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

DELIMITERS = {
    "COMMA": ",",
    "TAB": "\t",
    "PIPE": "|",
    "SEMICOLON": ";",
    "CARET": "^",
    "BACKQUOTE": "`",
}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
FIELD_MAX = 131_072  # characters in one field
RECORD_MAX = 400_000  # characters in one record
COLUMNS_MAX = 5_000


class BatchError(Exception):
    """The uploaded text cannot be worked on; the job fails with this message."""


def read_rows(content: bytes, delimiter: str, line_ending: str) -> Iterator[list[str]]:
    """Yield the header and then the rows of an upload; raises BatchError.

    Nothing is held but the row at hand; sizes are bounded as the vendor bounds
    them (Bulk API 2.0 limits: field, record and column count).
    """
    _check_line_ending(content, line_ending)
    text = io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", newline="")
    rows = csv.reader(text, delimiter=DELIMITERS[delimiter], strict=True)
    width = 0
    try:
        for row in rows:
            if not row:
                continue
            _check_size(row, rows.line_num)
            if width and len(row) != width:
                raise BatchError(
                    f"InvalidBatch : Line {rows.line_num} has {len(row)} columns, "
                    f"the header has {width}"
                )
            width = width or len(row)
            yield row
    except csv.Error as error:
        raise BatchError(f"InvalidBatch : Line {rows.line_num} is no CSV: {error}") from None
    except UnicodeDecodeError:
        raise BatchError("InvalidBatch : The data is not UTF-8") from None


def write_line(cells: list[str], delimiter: str) -> str:
    """Return a row with every cell quoted, without line end."""
    mark = DELIMITERS[delimiter]
    return mark.join(['"' + cell.replace('"', '""') + '"' for cell in cells])


def write_header(own: list[str], theirs: list[str], delimiter: str) -> str:
    """Return a header: only the `sf__` names are quoted, the others come back as they were sent."""
    mark = DELIMITERS[delimiter]
    return mark.join([*(f'"{name}"' for name in own), *(_as_sent(n, mark) for n in theirs)])


def _as_sent(name: str, mark: str) -> str:
    return f'"{name}"' if mark in name or '"' in name else name


def _check_line_ending(content: bytes, line_ending: str) -> None:
    first = content.find(b"\n")
    if first < 0:
        return
    found = "CRLF" if content[first - 1 : first] == b"\r" else "LF"
    if found != line_ending:
        raise BatchError(
            "ClientInputError : LineEnding is invalid on user data. "
            f"Current LineEnding setting is {line_ending}"
        )


def _check_size(row: list[str], line: int) -> None:
    if len(row) > COLUMNS_MAX:
        raise BatchError(f"InvalidBatch : Line {line} has more than {COLUMNS_MAX} fields")
    if sum(map(len, row)) > RECORD_MAX or max(map(len, row)) > FIELD_MAX:
        raise BatchError(
            f"InvalidBatch : Line {line} is longer than {RECORD_MAX} characters or has a field "
            f"longer than {FIELD_MAX}"
        )
