"""Commands that look and change nothing: describe, mapping check, status, explain, journal."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from connector.cli import drafts
from connector.cli.session import print_json, session

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("describe")(describe)
    app.command("status")(status)
    app.command("explain")(explain)
    app.command("journal")(journal)
    mapping = typer.Typer(help="Mapping documents.", no_args_is_help=True)
    mapping.command("check")(mapping_check)
    drafts.register(mapping)
    app.add_typer(mapping, name="mapping")


def describe(
    context: typer.Context,
    connection: Annotated[str, typer.Argument(help="Name of the connection.")],
    object_name: Annotated[str | None, typer.Argument(help="Object; all objects if none.")] = None,
    as_json: Json = False,
) -> None:
    """Show the real objects and fields of a connection, live."""
    from connector.cli import render
    from connector.service import checking

    here = session(context)
    with here.office() as office:
        if object_name is None:
            names = checking.list_objects(office, connection)
            print_json(names) if as_json else here.print("\n".join(names))
            return
        info = checking.describe(office, connection, object_name)
    if as_json:
        print_json(render.object_as_json(info))
    else:
        render.show_object(here, info)


def mapping_check(
    context: typer.Context,
    connection: Annotated[str | None, typer.Argument(help="Connection; all if none.")] = None,
    as_json: Json = False,
) -> int:
    """Check mapping documents against the live objects, and say exactly what to do."""
    from dataclasses import asdict

    from connector.cli import render
    from connector.errors import EXIT_CONFIG, EXIT_OK
    from connector.service.checking import check_mappings

    here = session(context)
    with here.office() as office:
        names = [connection] if connection else list(office.connection_names)
        found = {name: check_mappings(office, name) for name in names}
    if as_json:
        print_json({name: [asdict(f) for f in findings] for name, findings in found.items()})
    else:
        for name, findings in found.items():
            render.show_findings(here, name, findings)
    bad = any(f.level == "error" for findings in found.values() for f in findings)
    return EXIT_CONFIG if bad else EXIT_OK


def status(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="End with 75 when no daemon works or data is stale.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Last runs, jobs, freshness, conflicts, quarantined rows."""
    from connector.cli import render
    from connector.errors import EXIT_BUSY, EXIT_OK
    from connector.service import reporting

    here = session(context)
    with here.office() as office:
        content = reporting.status(office)
    if as_json:
        print_json(content)
    else:
        render.show_status(here, content)
    if not check or reporting.is_well(content):
        return EXIT_OK
    here.note("Not well: no daemon works, or a connection is not fresh.")
    return EXIT_BUSY


def explain(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="Record id, account number or name.")],
    customer: Annotated[
        bool, typer.Option("--customer", help="Only what may be told to the customer.")
    ] = False,
    in_10000: Annotated[
        bool, typer.Option("--in-10000", help="Amounts in units of 10,000 (万元).")
    ] = False,
    as_json: Json = False,
) -> None:
    """Why: the score point by point, the limit, the flags, and what would turn it green."""
    from connector.cli import render
    from connector.errors import InputError
    from connector.service import explaining

    here = session(context)
    if customer and as_json:
        raise InputError(
            "What is for the customer is text; JSON holds everything.",
            next_step="Leave out --json or --customer.",
        )
    amounts: Literal["one", "ten_thousand"] = "ten_thousand" if in_10000 else "one"
    with here.office() as office:
        explained = explaining.explain_account(office, account, here.language, amounts, customer)
    if as_json:
        print_json(explained.as_json())
    else:
        render.show_explanation(here, explained)


def journal(
    context: typer.Context,
    connection: Annotated[str, typer.Argument(help="Name of the connection.")],
    record: Annotated[str, typer.Option(help="Only this record id.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Latest events.")] = 50,
    verify: Annotated[bool, typer.Option("--verify", help="Check the hash chain.")] = False,
    as_json: Json = False,
) -> None:
    """What was really done, event by event."""
    from connector.cli import render
    from connector.service import reporting

    here = session(context)
    with here.office() as office:
        if verify:
            count = reporting.verify_journal(office, connection)
            if as_json:
                print_json({"connection": connection, "events": count, "whole": True})
            else:
                here.tell("{n} events, and the chain holds.", n=count)
            return
        events = reporting.journal(office, connection, record, limit)
    if as_json:
        print_json([render.event_as_json(event) for event in events])
    else:
        render.show_journal(here, events)
