"""`flags`: the warnings of the policy in force, the admin's own among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.session import Session, print_json, session

if TYPE_CHECKING:
    from connector.service.flag_list import ListedFlag


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("flags")(flags)


def flags(
    context: typer.Context,
    code: Annotated[str | None, typer.Argument(help="One flag, told in full.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """The warnings of the policy: from which value on, how grave, whose job, what to do."""
    from connector.service.flag_list import list_flags

    here = session(context)
    with here.office() as office:
        found = list_flags(office.policy, here.language, code)
    if as_json:
        print_json([flag.as_json() for flag in found])
    elif code is None:
        _show_all(here, found)
    else:
        _show_one(here, found[0])


def _show_all(here: Session, found: list[ListedFlag]) -> None:
    from connector.cli.render import table
    from connector.credit.reasons.wording import OWNERS

    shown = table(here, "Flag", "Code", "Steps", "Whose job", "Task")
    for flag in found:
        task = here.say("yes") if flag.task else "–"
        owner = here.say(OWNERS[flag.owner])
        shown.add_row(flag.name, flag.code, _steps(here, flag), owner, task)
    here.print(shown)


def _steps(here: Session, flag: ListedFlag) -> str:
    if not flag.enabled:
        return here.say("switched off")
    between = "；" if here.language == "zh" else "; "
    return between.join(f"{above} {word}".strip() for above, _, word in flag.steps)


def _show_one(here: Session, flag: ListedFlag) -> None:
    from connector.credit.reasons.wording import OWNERS, SEVERITIES

    here.print(f"{flag.name} ({flag.code})")
    here.print(f"  {flag.finds}")
    here.print(f"  {_steps(here, flag)}")
    if flag.floor:
        here.tell("  Quiet below an amount of {amount}.", amount=f"{flag.floor:,f}")
    if flag.floor_share:
        share = f"{(flag.floor_share * 100).normalize():f}"
        here.tell("  Quiet below {share} % of what the customer owes.", share=share)
    if flag.min_items:
        here.tell("  Quiet with fewer than {n} items.", n=flag.min_items)
    if flag.holds_from is not None:
        severity = here.say(SEVERITIES[flag.holds_from])
        here.tell("  Orders are held from this on: {severity}.", severity=severity)
    owner = here.say(OWNERS[flag.owner])
    here.tell("  To do ({owner}): {what}", owner=owner, what=flag.playbook)
    here.tell("  Closes when: {closes}", closes=flag.closes)
