"""Commands that do the work: run, pull, plan, apply."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connector.cli.session import parse_date, print_json, session

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Census = Annotated[
    bool,
    typer.Option("--census", help="Compare all ids with what was read, due or not, and repair."),
]
AsOf = Annotated[str | None, typer.Option(help="Valuation date, YYYY-MM-DD; default today.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("run")(run)
    app.command("pull")(pull)
    app.command("plan")(plan)
    app.command("apply")(apply)


def run(
    context: typer.Context,
    as_of: AsOf = None,
    accept_shrunk_lists: Annotated[
        bool,
        typer.Option("--accept-shrunk-lists", help="Take in full lists that lost most rows."),
    ] = False,
    census: Census = False,
    as_json: Json = False,
) -> int:
    """The main job once: pull, decide, plan, and write back what may go by itself."""
    from connector.cli import render
    from connector.cli.progress import watch
    from connector.service.main_job import run_main_job
    from connector.service.summary import summarise_run

    here = session(context)
    with here.office() as office, watch(here, quiet=as_json) as tell:
        report = run_main_job(office, parse_date(as_of), tell, accept_shrunk_lists, census=census)
    if as_json:
        print_json(summarise_run(report))
    else:
        render.show_run(here, report)
    return report.exit_code


def pull(context: typer.Context, census: Census = False, as_json: Json = False) -> int:
    """Read every feed into the ledger; decide and write nothing."""
    from connector.cli import render
    from connector.cli.progress import watch
    from connector.errors import EXIT_OK, EXIT_PARTIAL
    from connector.service.main_job import pull_only
    from connector.service.summary import summarise_intake

    here = session(context)
    with here.office() as office, watch(here, quiet=as_json) as tell:
        intake = pull_only(office, tell, census=census)
    if as_json:
        print_json(summarise_intake(intake))
    else:
        render.show_intake(here, intake)
    return EXIT_PARTIAL if intake.problems else EXIT_OK


def plan(
    context: typer.Context,
    as_of: AsOf = None,
    out: Annotated[Path | None, typer.Option(help="Write the plan to this file.")] = None,
    markdown: Annotated[bool, typer.Option(help="Print the plan as Markdown.")] = False,
    as_json: Json = False,
) -> int:
    """Show every write before it happens, from what is landed. Writes nothing to any CRM."""
    from connector.cli import plan_views
    from connector.cli.progress import watch
    from connector.service.main_job import plan_only
    from connector.sync.plan_file import plan_to_json

    here = session(context)
    with here.office() as office, watch(here, quiet=as_json or markdown) as tell:
        report = plan_only(office, parse_date(as_of), out, tell)
    if as_json:
        print_json([plan_to_json(p) for p in report.plans])
    elif markdown:
        print(plan_views.as_markdown(here, report.plans))
    else:
        plan_views.show(here, report)
    return 0


def apply(
    context: typer.Context,
    plan_file: Annotated[Path, typer.Option("--plan", help="Plan file to apply.")],
    as_json: Json = False,
) -> int:
    """Apply a plan file; rows whose record changed since the plan are refused."""
    from connector.cli import render
    from connector.cli.progress import watch
    from connector.service.main_job import apply_file
    from connector.service.summary import summarise_apply

    here = session(context)
    with here.office() as office, watch(here, quiet=as_json) as tell:
        report = apply_file(office, plan_file, lambda *a: tell("pushed", *a))
    if as_json:
        print_json(summarise_apply(report))
    else:
        render.show_apply(here, report)
    return report.exit_code
