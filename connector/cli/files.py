"""Commands for files that people fill in or export: files template, files check."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from connector.cli.session import Session, parse_date, print_json, session
from connector.errors import InputError

if TYPE_CHECKING:
    from connector.service.health.report import HealthReport
    from connector.service.templates import FormLanguage

SHIPPED = ("files-credit", "files-erp")
"""Mapping documents that templates and checks go by unless others are named."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    group = typer.Typer(help="Files that people fill in or export.", no_args_is_help=True)
    group.command("template")(template)
    group.command("check")(check)
    app.add_typer(group, name="files")


def template(
    context: typer.Context,
    entity: Annotated[
        list[str] | None,
        typer.Option(help="Only this kind of fact, such as guarantee; repeatable."),
    ] = None,
    lang: Annotated[
        str, typer.Option(help="Language of the headings: en, zh or both; default the reader's.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="Write to this new file; default a name that is read.")
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(help="Mapping document to draw from, by name or path; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write an empty form as XLSX, with headings, drop-down lists and an example."""
    from connector.mapping.load import load_documents
    from connector.service.templates import choose_forms, write_template

    here = session(context)
    documents = load_documents(mapping or SHIPPED, Path.cwd())
    forms = choose_forms(documents, entity or ())
    made = write_template(forms, _form_language(here, lang), out)
    if as_json:
        print_json({"path": str(made.path), "sheets": made.sheets, "read_as": made.read_as})
        return
    here.tell("Written: {path}", path=made.path)
    here.tell(
        "Fill it in and put it into the folder of your files connection as {name}; its mapping "
        "must hold {mapping}.",
        name=made.read_as,
        mapping=" / ".join(
            sorted({d.mapping for d in documents for f in forms if f.feed in d.entities})
        ),
    )


def check(
    context: typer.Context,
    source: Annotated[
        str, typer.Argument(help="A file, a folder, or the name of a files connection.")
    ],
    mapping: Annotated[
        list[str] | None,
        typer.Option(help="For a path: mapping document, by name or path; repeatable."),
    ] = None,
    currency: Annotated[
        str, typer.Option(help="For a path: currency of rows that name none.")
    ] = "CNY",
    as_of: Annotated[
        str | None, typer.Option(help="Day of the check, YYYY-MM-DD; default today.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Say what is wrong in files, with file and row, and who repairs it."""
    from connector.cli import health_views
    from connector.errors import EXIT_OK, EXIT_PARTIAL
    from connector.service.health.report import as_json as to_json

    here = session(context)
    day = parse_date(as_of)
    path = Path(source)
    if path.exists() and (path.suffix or path.is_dir()):
        report = _check_path(path, mapping or SHIPPED, _currency(currency), day)
    elif path.suffix or len(path.parts) > 1:
        raise InputError(
            "There is no file or folder {path}.",
            next_step="Check the path; a connection is named without a dot or slash.",
            path=source,
        )
    else:
        report = _check_connection(here, source, day)
    if as_json:
        print_json(to_json(report))
    else:
        health_views.show(here, report)
    return EXIT_PARTIAL if report.bad else EXIT_OK


def _check_connection(here: Session, name: str, as_of: date | None) -> HealthReport:
    from connector.service.health.accounts import find_known_accounts
    from connector.service.health.check import check_files

    with here.office() as office:
        connection = office.connect(name)
        known = find_known_accounts(office.snapshots, connection.accounts or name)
        return check_files(connection, as_of or office.today(), known)


def _check_path(
    path: Path, mapping: Sequence[str], currency: str, as_of: date | None
) -> HealthReport:
    from connector.bootstrap import SystemClock
    from connector.credentials import Secrets
    from connector.mapping.feeds import load_mapping
    from connector.ports.manifest import Opening
    from connector.registry import FILES_ADAPTER, load_manifest
    from connector.service.health.check import check_files
    from connector.sync.desk import Connection

    folder, only = (path, "") if path.is_dir() else (path.parent, path.name)
    clock = SystemClock()
    options = {"folder": str(folder.resolve()), "only": only}
    opening = Opening("files", options, Secrets(), clock, folder, folder)
    adapter = load_manifest(FILES_ADAPTER).open(opening)
    documents = load_mapping(mapping, Path.cwd(), FILES_ADAPTER)
    connection = Connection("files", adapter, documents, currency=currency)
    try:
        return check_files(connection, as_of or clock.now().date())
    finally:
        adapter.close()


def _currency(given: str) -> str:
    from connector.domain.money import is_currency

    code = given.upper()
    if not is_currency(code):
        raise InputError(
            "{code} is not a currency.", next_step="Give its ISO 4217 code, such as CNY.",
            code=given[:10],
        )  # fmt: skip
    return code


def _form_language(here: Session, given: str) -> FormLanguage:
    if given and given not in ("en", "zh", "both"):
        raise InputError(
            "{text} is not a language of headings.", next_step="Use en, zh or both.", text=given
        )
    return cast("FormLanguage", given or here.language)
