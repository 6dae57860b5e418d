"""The command of the roll-out: rollout."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.session import Session, person, print_json, session
from connector.errors import InputError

if TYPE_CHECKING:
    from connector.service.rolling_out import Preview, Standing


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("rollout")(rollout)


def rollout(
    context: typer.Context,
    connection: Annotated[str, typer.Argument(help="Name of the connection.")],
    to: Annotated[
        str, typer.Option("--to", help="Stage: observe, show, notify or hold; shown beforehand.")
    ] = "",
    apply: Annotated[bool, typer.Option("--apply", help="Take the step.")] = False,
    reason: Annotated[str, typer.Option(help="Why; it is kept with your name.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show a connection's stage, what a step to another would do, or take the step."""
    from connector.service import rolling_out
    from connector.service.entering import Author

    here = session(context)
    if apply and not to:
        raise InputError(
            "The stage to move to is missing.", next_step="Name it: --to show, notify or hold."
        )
    with here.office() as office:
        if not to:
            standing = rolling_out.show_stage(office, connection)
        else:
            stage = rolling_out.parse_stage(to)
            if not apply:
                show_preview(here, rolling_out.preview_step(office, connection, stage), as_json)
                return
            author = Author(person(), reason)
            standing = rolling_out.take_step(office, connection, stage, author)
    _show_standing(here, standing, as_json)


def _show_standing(here: Session, standing: Standing, as_json: bool) -> None:
    from connector.cli.render import table

    if as_json:
        print_json(_as_row(standing))
        return
    here.tell(
        "{connection} is at the stage {stage}.",
        connection=standing.connection,
        stage=standing.stage.value,
    )
    if not standing.steps:
        return
    made = table(here, "stage", "by", "why", "recorded on")
    for step in standing.steps:
        made.add_row(step.stage.value, step.who, step.why, step.at.date().isoformat())
    here.print(made)


def show_preview(here: Session, preview: Preview, as_json: bool = False) -> None:
    """Print what a step would do."""
    from connector.cli.render import show_loads

    if as_json:
        print_json(_as_row(preview))
        return
    here.tell(
        "{connection}: {before} → {after}. The next run would write {records} records.",
        connection=preview.connection,
        before=preview.before.value,
        after=preview.after.value,
        records=preview.records,
    )
    if preview.baseline:
        here.tell(
            "{n} open flags are true already and make no task; only what becomes true later does.",
            n=preview.baseline,
        )
    show_loads(here, preview.loads)
    here.tell(
        "Take the step with: creditflag rollout {connection} --to {stage} --apply --reason WHY",
        connection=preview.connection,
        stage=preview.after.value,
    )


def _as_row(content: Standing | Preview) -> dict[str, Any]:
    return asdict(content)
