"""Commands that set a CRM up: fields, deploy. Both show a plan before they do anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.session import Session, print_json, session

if TYPE_CHECKING:
    from connector.service.installing import SetupReport

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Name = Annotated[str, typer.Argument(help="Name of the connection.")]
Plan = Annotated[bool, typer.Option("--plan", help="Only show what would be done; the default.")]
Apply = Annotated[bool, typer.Option("--apply", help="Do it.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("fields")(fields)
    app.command("deploy")(deploy)


def fields(
    context: typer.Context,
    connection: Name,
    plan: Plan = False,
    apply: Apply = False,
    as_json: Json = False,
) -> int:
    """Fields, permission sets and rights that the mapping needs: compare, and create them."""
    from connector.service.installing import set_up_fields

    here = session(context)
    _only_one(plan, apply)
    with here.office() as office:
        report = set_up_fields(office, connection, apply)
    _show(here, report, as_json, f"creditflag fields {connection} --apply")
    return _exit_code(report)


def deploy(
    context: typer.Context,
    connection: Name,
    plan: Plan = False,
    apply: Apply = False,
    uninstall: Annotated[
        bool, typer.Option("--uninstall", help="Take away what creditflag made.")
    ] = False,
    parts: Annotated[
        list[str] | None, typer.Option("--with", help="Also this optional part; repeatable.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --uninstall: do it, the values in the fields too.")
    ] = False,
    as_json: Json = False,
) -> int:
    """The panel with fields, lists and rights inside the CRM: compare, install, take away."""
    from connector.cli.progress import watch
    from connector.service.installing import remove_app, set_up_app

    here = session(context)
    _only_one(plan, apply, uninstall)
    _refuse_idle(uninstall, bool(parts), yes)
    with here.office() as office, watch(here, quiet=as_json) as tell:
        if uninstall:
            report = remove_app(office, connection, yes, lambda *n: tell("pushed", *n))
        else:
            wanted = parts or []
            report = set_up_app(office, connection, wanted, apply, lambda *n: tell("pushed", *n))
    again = f"creditflag deploy {connection} " + ("--uninstall --yes" if uninstall else "--apply")
    _show(here, report, as_json, again)
    if apply and not as_json and not report.refused:
        here.tell("Rights of the daily user, and what else your mapping needs: {command}",
                  command=f"creditflag fields {connection} --plan")  # fmt: skip
    if uninstall and report.plan.pending and not yes:
        from connector.errors import EXIT_WAITS

        return EXIT_WAITS
    return _exit_code(report)


def _only_one(*wishes: bool) -> None:
    from connector.errors import InputError

    if sum(wishes) > 1:
        raise InputError(
            "Only one of --plan, --apply and --uninstall can be meant.",
            next_step="Give one of them.",
        )


def _refuse_idle(uninstall: bool, parts: bool, yes: bool) -> None:
    """An option that would do nothing is a slip: somebody expects something else of it."""
    from connector.errors import InputError

    if yes and not uninstall:
        raise InputError("--yes belongs to --uninstall.", next_step="Use --apply to install.")
    if parts and uninstall:
        raise InputError(
            "--with does not go with --uninstall, which takes every part away.",
            next_step="Leave --with out.",
        )


def _exit_code(report: SetupReport) -> int:
    from connector.errors import EXIT_CONFIG, EXIT_OK, EXIT_PARTIAL, EXIT_WAITS

    if report.refused:
        every = len(report.refused) == len(report.outcomes)
        return EXIT_CONFIG if every else EXIT_PARTIAL
    return EXIT_WAITS if report.plan.blocked else EXIT_OK


def _show(here: Session, report: SetupReport, as_json: bool, command: str) -> None:
    from connector.cli import setup_views

    if as_json:
        content: dict[str, Any] = setup_views.as_json(report)
        print_json(content)
    else:
        setup_views.show(here, report, command)
