"""Commands that set things up: init, connect, doctor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.session import print_json, session
from connector.errors import InputError

if TYPE_CHECKING:
    from connector.ports.manifest import Manifest

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

TEMPLATE = """\
# creditflag: settings. docs/settings.md explains every key; an unknown key is refused.

[company]
name = {name}
currency = {currency}      # currency of every limit
language = {language}      # language of what is written into the CRM: en or zh
timezone = {timezone}      # the valuation date is today here

[scope]
order_months = 12          # accounts with orders this recent get a decision

[policy]
file = "standard"          # a shipped policy, or the path of a YAML file
"""


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("init")(init)
    app.command("connect")(connect)
    app.command("doctor")(doctor)


def init(
    context: typer.Context,
    company: Annotated[str, typer.Option(help="Name of your company.")] = "My company",
    currency: Annotated[str, typer.Option(help="ISO code of your currency.")] = "CNY",
    timezone: Annotated[str, typer.Option(help="Time zone, such as Asia/Shanghai.")] = "UTC",
) -> None:
    """Write a settings file to begin with."""
    from connector.bootstrap import options_of
    from connector.registry import DEMO_ADAPTER
    from connector.settings import find_settings, parse_settings

    here = session(context)
    path = find_settings(here.config)
    if path.exists():
        raise InputError(
            "There is a settings file already.",
            where=str(path),
            next_step="Edit it, or name another one with --config.",
        )
    text = TEMPLATE.format(
        name=json.dumps(company, ensure_ascii=False),
        currency=json.dumps(currency.upper()),
        language=json.dumps(here.language),
        timezone=json.dumps(timezone),
    )
    parse_settings(text, path, options_of)
    _write(path, text, must_be_new=True)
    here.tell("Written: {path}", path=path)
    needed = " ".join(
        f"--set {o.name}={'env:NAME' if o.secret else '…'}"
        for o in options_of(DEMO_ADAPTER)
        if o.required
    )
    here.tell("Next: {command}", command=f"creditflag connect crm {DEMO_ADAPTER} {needed}")


def connect(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Your name for the connection, such as crm.")],
    adapter: Annotated[str, typer.Argument(help="Adapter; `creditflag connect x ?` lists them.")],
    options: Annotated[
        list[str] | None, typer.Option("--set", help="Option of the adapter: NAME=VALUE.")
    ] = None,
    mapping: Annotated[
        list[str] | None, typer.Option(help="Mapping document, by name or path; repeatable.")
    ] = None,
    accounts: Annotated[
        str, typer.Option(help="Connection whose accounts the rows name, for files.")
    ] = "",
    check: Annotated[bool, typer.Option(help="Sign in at once to see that it works.")] = True,
) -> None:
    """Add a connection to the settings, after trying it."""
    from connector.bootstrap import options_of
    from connector.registry import load_manifest
    from connector.settings import CONNECTION_NAME, find_settings, parse_settings

    here = session(context)
    path = find_settings(here.config)
    present = _read_settings_text(path)
    if name in parse_settings(present, path, options_of).connections:
        raise InputError(
            "There is a connection {name} already.",
            where=str(path),
            next_step="Edit it there, or choose another name.",
            name=name,
        )
    if not CONNECTION_NAME.fullmatch(name):
        raise InputError(
            "{name} cannot be the name of a connection.",
            next_step="Use small letters, digits, - and _, a letter first, at most 31 signs.",
            name=name,
        )
    manifest = load_manifest(adapter)
    block = _block(name, manifest, _pairs(options or [], manifest), mapping or [], accounts)
    text = present.rstrip() + "\n\n" + block
    settings = parse_settings(text, path, options_of)
    if check:
        from connector.bootstrap import SystemClock, open_connection
        from connector.credentials import Secrets
        from connector.logs import configure

        configure("error")  # what matters is said in a sentence; there is no state folder to log in
        opened = open_connection(settings, name, SystemClock(), Secrets())
        try:
            found = opened.adapter.check()
        finally:
            opened.adapter.close()
        here.tell("Reached: {found}", found=", ".join(f"{k}: {v}" for k, v in found.items()))
    _write(path, text)
    here.tell("Added connection {name} to {path}.", name=name, path=path)
    here.tell("Next: creditflag mapping check {name}", name=name)


def doctor(context: typer.Context, as_json: Json = False) -> int:
    """Check packages, policy, store, ledger and every connection's sign-in."""
    from connector.cli import render
    from connector.errors import EXIT_CONFIG, EXIT_OK
    from connector.service.checking import check_all

    here = session(context)
    with here.office() as office:
        checks = check_all(office)
    if as_json:
        print_json([{"name": c.name, "well": c.well, "found": c.found} for c in checks])
    else:
        render.show_checks(here, checks)
    first_error = next((c.error for c in checks if c.error is not None), None)
    if first_error is not None:
        return first_error.exit_code
    return EXIT_OK if all(c.well for c in checks) else EXIT_CONFIG


def _read_settings_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputError(
            "There is no readable settings file.",
            where=str(path),
            next_step="Run `creditflag init` first.",
        ) from None


def _pairs(options: list[str], manifest: Manifest) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for item in options:
        key, equals, value = item.partition("=")
        if not equals or manifest.option(key) is None:
            raise InputError(
                "{adapter} has no option {item}.",
                next_step="Its options: {known}. Write --set NAME=VALUE.",
                adapter=manifest.name,
                item=key,
                known=", ".join(o.name for o in manifest.options),
            )
        pairs[key] = value
    return pairs


def _block(
    name: str, manifest: Manifest, pairs: dict[str, str], mapping: list[str], accounts: str
) -> str:
    lines = [f"[connections.{name}]", f"adapter = {json.dumps(manifest.name)}"]
    documents = mapping or list(manifest.mappings)
    lines.append(f"mapping = {json.dumps(documents)}")
    if accounts:
        lines.append(f"accounts = {json.dumps(accounts)}")
    lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in pairs.items()]
    return "\n".join(lines) + "\n"


def _write(path: Path, text: str, must_be_new: bool = False) -> None:
    """Write atomically: an interrupted write leaves the old file."""
    draft = path.with_name(path.name + ".draft")
    try:
        draft.write_text(text, encoding="utf-8")
        if must_be_new and path.exists():
            raise FileExistsError
        draft.replace(path)
    except OSError:
        raise InputError(
            "The settings file cannot be written.",
            where=str(path),
            next_step="Check that the folder exists and that you may write there.",
        ) from None
