"""Entry of the `creditflag` command: options for all commands, errors as sentences, exit codes."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from connector import __version__
from connector.cli import (
    emulation,
    entry,
    files,
    flags,
    install,
    look,
    operate,
    orders,
    portfolio,
    setup,
    stages,
    work,
)
from connector.cli.session import Session, parse_language, reader_language
from connector.domain.texts import Language, say, say_error
from connector.errors import (
    EXIT_BUG,
    EXIT_CONFIG,
    EXIT_OK,
    ConfigError,
    CreditflagError,
    InputError,
)

app = typer.Typer(
    name="creditflag",
    help="Customer credit risk inside the CRM: scores, limits and flags with their reasons.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
setup.register(app)
install.register(app)
look.register(app)
files.register(app)
work.register(app)
entry.register(app)
stages.register(app)
orders.register(app)
portfolio.register(app)
flags.register(app)
operate.register(app)
emulation.register(app)

EXIT_INTERRUPTED = 130
"""Ended by Ctrl-C, as shells say it: 128 + the number of the signal."""

_used: list[Session] = []


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    config: Annotated[
        str | None, typer.Option(help="Settings file; default creditflag.toml here.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Language of the output: en or zh; default by locale.")
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"creditflag {__version__}")
        raise typer.Exit
    context.obj = Session(config=config, language=parse_language(language))
    _used[:] = [context.obj]


def main() -> None:
    """Run the command line and end the process with the documented exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; the exit code. Every error becomes a sentence on standard error."""
    _used.clear()
    try:
        _refuse_bytes(arguments)
        result = app(args=arguments, prog_name="creditflag", standalone_mode=False)
    except CreditflagError as error:
        _print_error(error)
        return error.exit_code
    except typer.Exit as stop:
        return stop.exit_code
    except TyperException as error:
        print(error.format_message(), file=sys.stderr)
        print(say("See `creditflag --help`.", _language()), file=sys.stderr)
        return EXIT_CONFIG
    except (typer.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return _reader_gone()
    except SystemExit as stop:
        # Typer ends the process itself when nobody reads what it prints.
        if isinstance(stop.__context__, BrokenPipeError):
            return _reader_gone()
        raise
    except Exception as error:
        return _report_bug(error)
    return result if isinstance(result, int) else 0


def _refuse_bytes(arguments: list[str]) -> None:
    """InputError for arguments that are no text: nothing could find, keep or print them."""
    for place, text in enumerate(arguments, 1):
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise InputError(
                "Argument {place} holds bytes that are no text.",
                next_step="Type it in the encoding of the terminal, UTF-8 for most.",
                place=place,
            ) from None


def _language() -> Language:
    return _used[0].language if _used else reader_language()


def _print_error(error: CreditflagError) -> None:
    print(say_error(error, _language()), file=sys.stderr)
    if isinstance(error, ConfigError):
        for problem in error.problems:
            print(f"  - {problem}", file=sys.stderr)


def _reader_gone() -> int:
    """Nobody reads on, as with `| head`: no failure of ours, and nothing may be said about it."""
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # open to the end
    return EXIT_OK


def _report_bug(error: Exception) -> int:
    """A sentence for the user; the trace goes to the log file, where an operator finds it."""
    import traceback

    from connector.logs import record_bug

    log = record_bug("".join(traceback.format_exception(error)))
    print(
        say(
            "This is a bug in creditflag ({kind}). Nothing was lost; {log} has the details. Please "
            "report it.",
            _language(),
            kind=type(error).__name__,
            log=log,
        ),
        file=sys.stderr,
    )
    return EXIT_BUG
