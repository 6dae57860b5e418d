"""What every command shares: the settings file, the reader's language, and the two outputs."""

from __future__ import annotations

import json
import locale
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import typer

from connector.domain.texts import Language, say
from connector.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from connector.service.office import Office


@dataclass
class Session:
    """One invocation of the command line."""

    config: str | None = None
    language: Language = "en"

    @contextmanager
    def office(self) -> Iterator[Office]:
        """The office of the settings file, closed at the end."""
        from connector.bootstrap import open_office
        from connector.settings import find_settings

        with open_office(find_settings(self.config)) as office:
            yield office

    def say(self, template: str, **params: object) -> str:
        """The sentence in the reader's language."""
        return say(template, self.language, **params)

    def print(self, *what: RenderableType) -> None:
        """Write to standard output; text is never read as markup."""
        console = stdout()
        for item in what:
            console.print(item, markup=False, highlight=False, soft_wrap=isinstance(item, str))

    def tell(self, template: str, **params: object) -> None:
        """A sentence on standard output."""
        self.print(self.say(template, **params))

    def note(self, template: str, **params: object) -> None:
        """A sentence on standard error: progress and warnings, never data."""
        print(self.say(template, **params), file=sys.stderr, flush=True)


def stdout() -> Console:
    """A console on the present standard output, wide enough when it is not a terminal."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 140)


def print_json(content: Any) -> None:
    """JSON on standard output, for programs."""
    print(json.dumps(content, ensure_ascii=False, indent=2, default=str))


def session(context: typer.Context) -> Session:
    """The session that the callback made."""
    made = context.obj
    return made if isinstance(made, Session) else Session(language=reader_language())


def reader_language() -> Language:
    """zh when the environment's locale is Chinese, else en."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable)
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    code = locale.getlocale()[0] or ""
    return "zh" if code.lower().startswith(("zh", "chinese")) else "en"


def person() -> str:
    """Who types: the machine's user, for the record of what people do."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def parse_date(text: str | None) -> date | None:
    """An ISO date given on the command line; InputError otherwise."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(
            "{text} is not a date.", next_step="Write it as YYYY-MM-DD.", text=text
        ) from None


def parse_language(text: str | None) -> Language:
    """en or zh; the locale's when none is given."""
    if text is None:
        return reader_language()
    if text not in ("en", "zh"):
        raise InputError(
            "{text} is not a language that creditflag speaks.",
            next_step="Use en or zh.",
            text=text,
        )
    return "zh" if text == "zh" else "en"
