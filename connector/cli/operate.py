"""The command that stays: daemon."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.session import Session, session


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("daemon")(daemon)


def daemon(
    context: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="Do what is due and end, for cron or CI.")
    ] = False,
) -> int:
    """Run the jobs of the settings by their timetable until SIGTERM or Ctrl-C."""
    from connector.bootstrap import SystemClock, options_of, start_logs
    from connector.credentials import Secrets
    from connector.daemon.serve import Daemon, heed_signals, use_utc
    from connector.settings import find_settings, load_settings

    here = session(context)
    settings = load_settings(find_settings(here.config), options_of)
    start_logs(settings)
    made = Daemon(settings, SystemClock(), Secrets(), ready=lambda port: _tell_ready(here, port))
    use_utc()
    heed_signals(made)
    code = made.serve(once)
    if code:
        here.note("Not every job ended well; `creditflag status` tells which and why.")
    return code


def _tell_ready(here: Session, port: int | None) -> None:
    here.note("The daemon is at work. Stop it with SIGTERM or Ctrl-C.")
    if port is not None:
        here.note("Health: port {port}, /healthz, /readyz and /metrics", port=port)
