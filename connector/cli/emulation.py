"""Commands that need no CRM of one's own: emulator and demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connector.cli.session import session
from connector.registry import DEMO_ADAPTER


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("emulator")(emulator)
    app.command("demo")(demo)


def emulator(
    context: typer.Context,
    adapter: Annotated[
        str, typer.Argument(help="Adapter whose vendor is emulated.")
    ] = DEMO_ADAPTER,
    port: Annotated[int, typer.Option(min=0, max=65535, help="HTTP port; 0 picks a free one.")] = 0,
    tls_port: Annotated[
        int, typer.Option(min=0, max=65535, help="TLS port; 0 picks a free one.")
    ] = 0,
    data: Annotated[Path | None, typer.Option(help="File that keeps its records.")] = None,
) -> int:
    """Start a local server that speaks the vendor's API, until Ctrl-C. Loopback only."""
    from importlib import import_module

    from connector.errors import InputError
    from connector.registry import EMULATORS

    package = EMULATORS.get(adapter)
    if package is None:
        raise InputError(
            "There is no emulator for {adapter}.",
            next_step="Emulated: {known}.",
            adapter=adapter,
            known=", ".join(sorted(EMULATORS)),
        )
    arguments = ["--port", str(port), "--tls-port", str(tls_port)]
    if data is not None:
        arguments += ["--data", str(data)]
    result = import_module(f"{package}.__main__").main(arguments)
    return int(result or 0)


def demo(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="End by itself after the story.")] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Keep settings and state here; default: a temporary folder.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the demo company.")] = 7,
) -> int:
    """A made-up company in an emulated CRM: plan, apply, explain, conflict."""
    from connector.cli.story import tell_story

    return tell_story(session(context), once=once, folder=folder, seed=seed)
