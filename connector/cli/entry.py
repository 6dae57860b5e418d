"""The commands of what people enter: facts add, import, list, show, change, withdraw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.session import Session, person, print_json, session
from connector.errors import InputError

if TYPE_CHECKING:
    from connector.ports.entering import FactRevision

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE; repeatable.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with your name.")]
FactId = Annotated[str, typer.Argument(help="Id of the fact, as `facts list` tells it.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    facts = typer.Typer(help="Facts that people enter.", no_args_is_help=True)
    facts.command("add")(add)
    facts.command("import")(import_file)
    facts.command("list")(list_all)
    facts.command("show")(show)
    facts.command("change")(change)
    facts.command("withdraw")(withdraw)
    app.add_typer(facts, name="facts")


def add(
    context: typer.Context,
    entity: Annotated[str, typer.Argument(help="What it is: promise, guarantee, dispute, …")],
    reason: Reason,
    account: Annotated[
        str, typer.Option(help="Whose it is: record id, account number or name.")
    ] = "",
    values: Set = None,
    as_json: Json = False,
) -> None:
    """Enter one fact, such as a promise or a guarantee; it counts from the next run on."""
    from connector.service import entering

    here = session(context)
    author = entering.Author(person(), reason, here.language)
    with here.office() as office:
        made = entering.add_fact(office, entity, account, parse_values(values), author)
    _tell(here, made, "{fact} is entered. It counts from the next run on.", as_json)


def import_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A filled template: XLSX or CSV.")],
    reason: Reason,
    accounts: Annotated[
        str, typer.Option(help="Connection whose account numbers the rows mean.")
    ] = "",
    mapping: Annotated[str, typer.Option(help="Mapping document that reads the file.")] = "",
    as_json: Json = False,
) -> None:
    """Enter all rows of a filled template, or none of them when one is wrong."""
    from connector.service import entering, importing

    here = session(context)
    author = entering.Author(person(), reason, here.language)
    with here.office() as office:
        done = importing.import_facts(office, file, accounts, mapping, author)
    if as_json:
        print_json({**asdict(done), "facts": [as_row(fact) for fact in done.facts]})
        return
    here.tell(
        "{entered} facts are entered, {changed} changed, {known} were there already.",
        entered=done.entered,
        changed=done.changed,
        known=done.known,
    )


def list_all(
    context: typer.Context,
    entity: Annotated[str, typer.Option(help="Only facts of this kind.")] = "",
    account: Annotated[str, typer.Option(help="Only facts of this customer.")] = "",
    as_json: Json = False,
) -> None:
    """Facts in force that people entered."""
    from connector.service import entering

    here = session(context)
    with here.office() as office:
        found = entering.list_facts(office, entity, account)
        names = entering.name_accounts(office, found) if found else {}
    _show_table(here, found, names, as_json)


def show(context: typer.Context, fact_id: FactId, as_json: Json = False) -> None:
    """Every revision of a fact: who said what, when and why."""
    from connector.service import entering

    here = session(context)
    with here.office() as office:
        told = entering.show_fact(office, fact_id)
        names = entering.name_accounts(office, told)
    _show_table(here, told, names, as_json)


def change(
    context: typer.Context,
    fact_id: FactId,
    reason: Reason,
    values: Set = None,
    as_json: Json = False,
) -> None:
    """Enter other values for a fact; `--set NAME=` clears one."""
    from connector.service import entering

    here = session(context)
    author = entering.Author(person(), reason, here.language)
    with here.office() as office:
        made = entering.change_fact(office, fact_id, parse_values(values), author)
    _tell(here, made, "{fact} is changed. It counts from the next run on.", as_json)


def withdraw(
    context: typer.Context, fact_id: FactId, reason: Reason, as_json: Json = False
) -> None:
    """Take a fact back. It counts no longer from the next run on; nothing is deleted."""
    from connector.service import entering

    here = session(context)
    author = entering.Author(person(), reason, here.language)
    with here.office() as office:
        made = entering.withdraw_fact(office, fact_id, author)
    _tell(here, made, "{fact} is withdrawn. It counts no longer from the next run on.", as_json)


def parse_values(given: Sequence[str] | None) -> dict[str, str]:
    """NAME=VALUE arguments; InputError for another form, and for a name given twice."""
    values: dict[str, str] = {}
    for text in given or ():
        name, sign, value = text.partition("=")
        name = name.strip()
        if not sign or not name or name in values:
            raise InputError(
                "{text} is not NAME=VALUE with a name of its own.",
                next_step="Write for example --set amount=5000 --set currency=EUR.",
                text=text[:80],
            )
        values[name] = value
    return values


def as_row(fact: FactRevision) -> dict[str, Any]:
    """A revision for programs."""
    return {**asdict(fact), "values": dict(fact.values), "at": fact.at.isoformat()}


def _tell(here: Session, fact: FactRevision, template: str, as_json: bool) -> None:
    if as_json:
        print_json(as_row(fact))
    else:
        here.tell(template, fact=fact.fact_id)


def _show_table(
    here: Session, facts: Sequence[FactRevision], names: Mapping[str, str], as_json: bool
) -> None:
    from connector.cli.render import table

    if as_json:
        print_json([as_row(fact) for fact in facts])
        return
    if not facts:
        here.tell("Nothing is entered.")
        return
    made = table(here, "fact", ">revision", "kind", "account", "values", "by", "why", "recorded on")
    for fact in facts:
        withdrawn = here.say("withdrawn")
        made.add_row(
            fact.fact_id, str(fact.revision), fact.entity, names.get(fact.fact_id, "–"),
            withdrawn if fact.withdrawn else _values(fact.values),
            fact.who, fact.why, fact.at.date().isoformat(),
        )  # fmt: skip
    here.print(made)


def _values(values: Mapping[str, str]) -> str:
    from connector.domain.entering import ACCOUNT_COLUMNS

    shown = sorted(set(values) - set(ACCOUNT_COLUMNS))
    return ", ".join(f"{name}={values[name]}" for name in shown)
