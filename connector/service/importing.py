"""Facts from a filled template: all rows are entered, or none when one of them is wrong.

The file is read by the adapter and the mapping that would read it as a feed, so that headings,
words of lists and numbers mean the same in both ways.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from connector.domain.entering import ACCOUNT_COLUMNS, ENTERABLE, spell_values
from connector.domain.entities import ENTITIES
from connector.domain.texts import Language
from connector.domain.values import canonical
from connector.errors import InputError, StateError
from connector.ledger import open_snapshot
from connector.mapping.feeds import Feed
from connector.mapping.read import ReadContext, map_page
from connector.ports.entering import ENTERED_CONNECTION, Entry, FactRevision
from connector.service.entering import Author
from connector.service.office import Office
from connector.sync.desk import Connection

MAPPING = "files-credit"
"""The shipped document that reads the templates."""
MAX_BYTES = 50_000_000
MOST_ROWS = 20_000
MOST_PROBLEMS = 20
_READ_AS = "credit-file "
"""Workbooks whose name begins like this are read as templates."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many rows became facts, changed one, or were there already; `facts` are the revisions
    that were made."""

    entered: int
    changed: int
    known: int
    facts: tuple[FactRevision, ...]


def import_facts(
    office: Office, file: Path, accounts: str, mapping: str, author: Author
) -> Imported:
    """Enter the rows of a file. A row that says what is entered already is left alone; one with the
    number of a fact of the same customer is its next revision.

    InputError that lists what is wrong, row by row; then nothing is entered.
    """
    language = author.language or office.language
    entries, problems = _read(office, file, accounts or _customers(office), mapping, language)
    if problems:
        raise InputError(
            "The file cannot be entered: {count} row(s) are wrong.",
            where=file.name,
            next_step="Correct them and import it again; nothing was entered.",
            problems=problems[:MOST_PROBLEMS],
            count=len(problems),
        )
    if not entries:
        raise InputError(
            "The file holds no row that can be entered.",
            where=file.name,
            next_step="Fill in a form that `creditflag files template` writes.",
        )
    _refuse_told_elsewhere(office, file, entries)
    wanted, known = _compare(office, entries)
    made = office.store.entering.enter(wanted, author.who, author.why, office.clock.now())
    changed = sum(1 for entry in wanted if entry.fact_id)
    return Imported(len(wanted) - changed, changed, known, tuple(made))


_TOLD = """
SELECT l.connection, l.number, r.account_connection, r.account_field, r.account_key
FROM linked."{kind}" AS l JOIN account_ref AS a ON a.party_id = l.party_id
JOIN reference AS r ON r.ref = a.ref WHERE l.connection <> ? AND l.number IS NOT NULL
"""
_TOLD_OF_NOBODY = """
SELECT connection, number, '' AS account_connection, '' AS account_field, '' AS account_key
FROM linked."{kind}" WHERE connection <> ?
"""
_VIEWS = "SELECT view_name FROM duckdb_views() WHERE schema_name = 'linked'"


def _refuse_told_elsewhere(office: Office, file: Path, entries: list[Entry]) -> None:
    """InputError for facts with number and customer of one that a connection brings: both would
    count. Before the first run nothing is known of connections."""
    wanted = {key: entry for entry in entries if (key := _number(entry.entity, entry.values))}
    held: dict[tuple[str, ...], str] = {}
    with suppress(StateError), open_snapshot(office.snapshots) as snapshot:
        drawn = {row["view_name"] for row in snapshot.query(_VIEWS).to_pylist()}
        for kind in sorted({entry.entity for entry in wanted.values()} & drawn):
            of_accounts = set(ACCOUNT_COLUMNS) <= set(ENTITIES[kind].column_names)
            query = (_TOLD if of_accounts else _TOLD_OF_NOBODY).replace("{kind}", kind)
            for row in snapshot.query(query, [ENTERED_CONNECTION]).to_pylist():
                key = (kind, row["number"], *(row[column] for column in ACCOUNT_COLUMNS))
                held[key] = row["connection"]
    told = [f"{key[0]} {key[1]}: {held[key]}" for key in wanted if key in held]
    if told:
        raise InputError(
            "{count} fact(s) of the file are told by a connection already and would count twice.",
            where=file.name,
            next_step="Leave them to the connection, or take them out of its list.",
            problems=told[:MOST_PROBLEMS],
            count=len(told),
        )


def _customers(office: Office) -> str:
    """The connection whose customers are meant, when there is only one that can be."""
    named = office.writing_names or office.connection_names
    if len(named) != 1:
        raise InputError(
            "Several connections have customers.",
            next_step="Say whose account numbers the rows mean: --accounts NAME, one of {known}.",
            known=", ".join(named),
        )
    return named[0]


def _read(
    office: Office, file: Path, accounts: str, mapping: str, language: Language
) -> tuple[list[Entry], list[str]]:
    office.expect(accounts)
    entries: list[Entry] = []
    problems: list[str] = []
    with tempfile.TemporaryDirectory(prefix="creditflag-") as folder:
        _copy(file, Path(folder), mapping)
        connection = office.open_folder(Path(folder), mapping or MAPPING, accounts)
        try:
            for feed in connection.mapping.feeds:
                for found in _read_feed(language, connection, feed):
                    if isinstance(found, Entry):
                        entries.append(found)
                    elif (told := found.replace(_READ_AS, "")) not in problems:
                        problems.append(told)
                    _refuse_too_many(len(entries))
        finally:
            connection.adapter.close()
    return entries, problems


def _copy(file: Path, folder: Path, mapping: str) -> None:
    try:
        if file.exists() and not file.is_file():
            raise InputError(
                "{path} is no file.", next_step="Name a filled form: XLSX or CSV.", path=file
            )
        if file.stat().st_size > MAX_BYTES:
            raise InputError(
                "The file is larger than {most} MB.",
                where=file.name,
                next_step="Split it.",
                most=MAX_BYTES // 1_000_000,
            )
        workbook = file.suffix.lower() in (".xlsx", ".xlsm") and not mapping
        name = _READ_AS + file.name if workbook else file.name
        shutil.copyfile(file, folder / name)
    except OSError as error:
        raise InputError(
            "The file cannot be read: {reason}.",
            where=str(file),
            next_step="Check the path and that this user may read it.",
            reason=error.strerror or type(error).__name__,
        ) from None


def _refuse_too_many(rows: int) -> None:
    if rows > MOST_ROWS:
        raise InputError(
            "The file has more than {most} rows, more than people enter.",
            next_step="Connect it as a files connection: then it is read at every run.",
            most=MOST_ROWS,
        )


def _read_feed(language: Language, connection: Connection, feed: Feed) -> Iterator[Entry | str]:
    """Entries, and sentences for what is wrong."""
    entity = feed.entity
    context = ReadContext(
        connection=ENTERED_CONNECTION, accounts=connection.accounts, currency=connection.currency
    )
    for page in connection.adapter.pull(feed.request(None)):
        mapped = map_page(feed, page, context)
        for problem in mapped.problems.to_pylist():
            # A workbook that cannot be opened is told once, not for each sheet looked for in it.
            where = str(problem["where_from"])
            where = where.partition("#")[0] if where.endswith("*") else where
            yield f"{where}: {problem['reason']}"
        for row in mapped.rows.to_pylist():
            if entity.name not in ENTERABLE:
                yield f"{row['where_from']}: {entity.name}"
                continue
            texts = {c.name: canonical(row[c.name], c.kind) for c in entity.columns}
            given = {name: text for name, text in texts.items() if text is not None}
            values, unfit = spell_values(entity, given)
            for one in unfit:
                yield f"{row['where_from']}: {one.sentence(language)}"
            if not unfit:
                yield Entry(entity.name, values)


def _compare(office: Office, entries: list[Entry]) -> tuple[list[Entry], int]:
    """The entries that say something new, those with a known number as its next revision."""
    held = list(office.store.entering.in_force())
    said = {(f.entity, *sorted(f.values.items())) for f in held}
    numbered = {key: f for f in held if (key := _number(f.entity, f.values)) is not None}
    wanted: list[Entry] = []
    for entry in entries:
        said_as = (entry.entity, *sorted(entry.values.items()))
        if said_as in said:
            continue
        said.add(said_as)
        key = _number(entry.entity, entry.values)
        before = numbered.pop(key, None) if key else None
        if before is not None:
            entry = replace(entry, fact_id=before.fact_id, revision=before.revision)
        wanted.append(entry)
    return wanted, len(entries) - len(wanted)


def _number(entity: str, values: Mapping[str, str]) -> tuple[str, ...] | None:
    """What names the fact beside its id: its customer and its number; None without a number."""
    if "number" not in ENTITIES[entity].column_names or "number" not in values:
        return None
    return (entity, values["number"], *(values.get(c, "") for c in ACCOUNT_COLUMNS))
