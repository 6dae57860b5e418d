"""Commands for files that people fill in or export: files template, files check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from connector.cli.session import Session, print_json, session

if TYPE_CHECKING:
    from connector.service.templates import FormLanguage

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    group = typer.Typer(help="Files that people fill in or export.", no_args_is_help=True)
    group.command("template")(template)
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
    from connector.service.templates import SHIPPED, choose_forms, write_template

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


def _form_language(here: Session, given: str) -> FormLanguage:
    from connector.errors import InputError

    if given and given not in ("en", "zh", "both"):
        raise InputError(
            "{text} is not a language of headings.", next_step="Use en, zh or both.", text=given
        )
    return cast("FormLanguage", given or here.language)
