"""Commands that draw up and compare mapping documents: mapping suggest, mapping diff."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.session import Session, print_json, session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.mapping.compare import Difference

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def register(mapping: typer.Typer) -> None:
    """Add the commands to `mapping`."""
    mapping.command("suggest")(mapping_suggest)
    mapping.command("diff")(mapping_diff)


def mapping_suggest(
    context: typer.Context,
    connection: Annotated[str, typer.Argument(help="Name of the connection.")],
    output: Annotated[
        Path | None, typer.Option(help="Write the document to this new file.")
    ] = None,
    objects: Annotated[
        int, typer.Option(min=1, max=500, help="Most objects to describe, a call each.")
    ] = 40,
    as_json: Json = False,
) -> int:
    """Propose a mapping document from the live objects, each line with its reason."""
    from connector.cli import render
    from connector.errors import EXIT_CONFIG, EXIT_OK
    from connector.service.drafting import save_draft, suggest_mapping

    here = session(context)
    with here.office() as office:
        draft = suggest_mapping(office, connection, objects, here.language)
    if output is not None:
        save_draft(output, draft.text)
    if as_json:
        print_json({**draft.suggestion.as_json(), "document": draft.text})
    elif output is None:
        print(draft.text, end="")
    else:
        here.tell("Written: {path}", path=output)
        render.show_findings(here, draft.suggestion.name, draft.findings, connection)
        here.tell("To use it, name it in the settings under [connections.{name}]: "
                  "mapping = [{path}]", path=f'"{output}"', name=connection)  # fmt: skip
    bad = any(finding.level == "error" for finding in draft.findings)
    if bad or draft.suggestion.left_out:
        here.note("Something is missing; the comments in the document say what.")
    return EXIT_CONFIG if bad else EXIT_OK


def mapping_diff(
    context: typer.Context,
    before: Annotated[str, typer.Argument(help="Connection, shipped mapping or file.")],
    after: Annotated[
        str | None, typer.Argument(help="The other one; what ships for the adapter if none.")
    ] = None,
    as_json: Json = False,
) -> None:
    """What differs between two mappings in meaning, and what each difference leads to."""
    from connector.registry import load_manifest
    from connector.service.drafting import compare_sources

    here = session(context)
    with here.office() as office:
        found = compare_sources(office, before, after, lambda name: load_manifest(name).mappings)
    if as_json:
        print_json([difference.as_json() for difference in found])
    else:
        show_differences(here, found)


def show_differences(here: Session, found: Sequence[Difference]) -> None:
    """One line a difference, and under it what it leads to."""
    signs = {"added": "+", "removed": "-", "changed": "~"}
    for difference in found:
        sides = [show_side(side) for side in (difference.before, difference.after)]
        if difference.kind == "changed":
            what = f"{sides[0]} → {sides[1]}"
        else:
            what = sides[difference.kind == "added"]
        here.print(f"{signs[difference.kind]} {difference.path}: {what}")
        here.print(f"    {here.say(difference.message, **difference.params)}")
    here.tell("{n} differences in meaning.", n=len(found))


def show_side(value: Any) -> str:
    """A value on one line, cut where it gets long."""
    from connector.mapping.draft import spell

    text = spell(value)
    return text if len(text) <= 100 else text[:99] + "…"
