"""Delimited text: encoding, delimiter and lines, each found out safely or refused."""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from adapters.files.reading import (
    MAX_RAW,
    Broken,
    Pieces,
    ReadOptions,
    Row,
    UnusableFileError,
    is_blank,
)

CHUNK = 1 << 20
MAX_LINE = 1_000_000
MAX_JOINED_LINES = 100
MAX_JOINED = 400_000
CANDIDATES = (",", ";", "\t", "|")
_PAIR = re.compile(rb"[\x81-\xfe][\x30-\xfe]")
_SEP_LINE = re.compile(r"sep=([,;\t|])\s*\Z", re.IGNORECASE)
_Line = tuple[int, str]
NAME_IT = "name it in the mapping: options: {encoding: …}"


@dataclass(frozen=True, slots=True)
class TextShape:
    """How a text file is to be read, and how many lines it has."""

    encoding: str
    delimiter: str
    lines: int


def inspect_text(path: Path, options: ReadOptions) -> TextShape:
    """Encoding, delimiter and line count. Raises UnusableFileError."""
    encoding = options.encoding or detect_encoding(path)
    lines = count_lines(path, encoding)
    delimiter = options.delimiter or sniff_delimiter(path, encoding, options.header_row)
    return TextShape(encoding, delimiter, lines)


def detect_encoding(path: Path) -> str:
    """UTF-8, UTF-16 by its mark, else GB18030 when the bytes really look like Chinese.

    Western and other Asian encodings can pass for GB18030 byte by byte; in Chinese text nearly all
    pairs lie in the GB 2312 area, whose second byte is A1 or above. What does not is refused.
    """
    with path.open("rb") as stream:
        head = stream.read(4)
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if _decodes(path, "utf-8"):
        return "utf-8"
    if _decodes(path, "gb18030") and _looks_chinese(path):
        return "gb18030"
    raise UnusableFileError(
        f"the encoding is neither UTF-8 nor clearly Chinese (GB18030); {NAME_IT}"
    )


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        for chunk in _chunks(path):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _looks_chinese(path: Path) -> bool:
    pairs = usual = 0
    for chunk in islice(_chunks(path), 16):
        found = _PAIR.findall(chunk)
        pairs += len(found)
        usual += sum(pair[1] >= 0xA1 for pair in found)
    return usual >= 0.9 * pairs


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            if b"\x00" in chunk:
                raise UnusableFileError("the file is not text; save it as CSV (UTF-8) or XLSX")
            yield chunk


def count_lines(path: Path, encoding: str) -> int:
    """Physical lines, counted without looking at quotes or delimiters."""
    lines, last = 0, "\n"
    try:
        with path.open(encoding=encoding, newline=None) as stream:
            while chunk := stream.read(CHUNK):
                lines += chunk.count("\n")
                last = chunk[-1]
    except (UnicodeDecodeError, UnicodeError):
        raise UnusableFileError(f"the file is not written in {encoding}; {NAME_IT}") from None
    return lines if last == "\n" else lines + 1


def sniff_delimiter(path: Path, encoding: str, header_row: int) -> str:
    """The delimiter under which the header splits and most following lines split alike."""
    with path.open(encoding=encoding, newline=None) as stream:
        lines = [stream.readline(MAX_LINE) for _ in range(max(header_row, 1) + 50)]
    named = _SEP_LINE.match(lines[0])
    if named:
        return named[1]
    sample = [line for line in lines[max(header_row - 1, 0) :] if line.strip()][:30]
    best, best_score = ",", (0.0, 1)
    for delimiter in CANDIDATES:
        widths = [_width(line, delimiter) for line in sample]
        if widths and widths[0] > 1:
            score = (widths.count(widths[0]) / len(widths), widths[0])
            best, best_score = (delimiter, score) if score > best_score else (best, best_score)
    return best


def _width(line: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader((line,), delimiter=delimiter), []))
    except csv.Error:
        return 0


def read_text(path: Path, shape: TextShape, options: ReadOptions) -> Pieces:
    """Every line as a piece; those in front of the header and blank ones as rows without cells, so
    that the spans of all pieces add up to the lines of the file.

    A cell in quotes may run over several lines. A line that cannot be split, or whose quote leads
    to no row of the header's width, is `Broken` by itself, and the next line goes on.
    """
    lines = _numbered_lines(path, shape, options)
    waiting: deque[_Line | Broken] = deque()
    width = 0
    while (piece := waiting.popleft() if waiting else next(lines, None)) is not None:
        if isinstance(piece, Broken):
            yield piece
            continue
        number, text = piece
        held = _hold_quoted(text, shape.delimiter, waiting, lines)
        row = _split(number, [text, *(line for _, line in held)], shape.delimiter)
        if held and (isinstance(row, Broken) or (width and len(row.cells) != width)):
            waiting.extendleft(reversed(held))
            row = Broken(number, "a quote opens here and is not closed in time", text[:MAX_RAW])
        if not width and isinstance(row, Row) and not is_blank(row.cells):
            width = len(row.cells)
        yield row


def _hold_quoted(
    text: str, delimiter: str, waiting: deque[_Line | Broken], lines: Iterator[_Line | Broken]
) -> list[_Line]:
    """The following lines up to the one that closes the quote that is open at the end of `text`."""
    held: list[_Line] = []
    inside = ends_inside_quotes(text, delimiter, False)
    size = len(text)
    while inside and len(held) < MAX_JOINED_LINES and size < MAX_JOINED:
        following = waiting.popleft() if waiting else next(lines, None)
        if following is None or isinstance(following, Broken):
            if following is not None:
                waiting.appendleft(following)
            break
        held.append(following)
        size += len(following[1])
        inside = ends_inside_quotes(following[1], delimiter, True)
    return held


def _split(number: int, texts: list[str], delimiter: str) -> Row | Broken:
    text = "\n".join(texts)
    try:
        cells = next(csv.reader((text,), delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        return Broken(number, f"the line is not well quoted: {error}", text[:MAX_RAW])
    return Row(number, cells, len(texts))


def _numbered_lines(path: Path, shape: TextShape, options: ReadOptions) -> Iterator[_Line | Broken]:
    """Physical lines without ends; overlong ones are broken, those before the header empty."""
    with path.open(encoding=shape.encoding, newline=None) as stream:
        number = 0
        while text := stream.readline(MAX_LINE):
            number += 1
            overlong = len(text) == MAX_LINE and not text.endswith("\n")
            if overlong:
                rest = text
                while rest and not rest.endswith("\n"):
                    rest = stream.readline(MAX_LINE)
            if number < options.header_row or (number == 1 and _SEP_LINE.match(text)):
                yield number, ""
            elif overlong:
                reason = f"the line is longer than {MAX_LINE} characters"
                yield Broken(number, reason, text[:MAX_RAW])
            else:
                yield number, text.rstrip("\n")


def ends_inside_quotes(text: str, delimiter: str, inside: bool) -> bool:
    """Whether a quoted cell is still open at the end of the line.

    A quote opens only at the start of a cell; elsewhere it is an inch sign or the like.
    """
    place = 0
    while (found := text.find('"', place)) >= 0:
        place = found + 1
        if not inside:
            inside = found == 0 or text[found - 1] == delimiter
        elif text[found + 1 : found + 2] == '"':
            place = found + 2
        else:
            inside = False
    return inside
