"""Progress of long work on standard error: a live line on a terminal, silence elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from connector.cli.session import Session

_STEPS = {
    "pull": "Reading {what}",
    "link": "Linking accounts to parties",
    "decide": "Computing decisions",
    "plan": "Comparing with the CRM",
    "push": "Writing {what}",
    "publish": "Publishing the ledger for readers",
}


@contextmanager
def watch(here: Session, quiet: bool = False) -> Iterator[Callable[..., None]]:
    """Gives `tell(step, ...)`; steps are shown on a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda *_what: None
        return
    from rich.console import Console

    with Console(stderr=True).status("") as live:

        def tell(step: str, *what: object) -> None:
            live.update(_line(here, step, what))

        yield tell


def _line(here: Session, step: str, what: tuple[object, ...]) -> str:
    if step == "page":
        feed, rows, expected = what
        return here.say("{feed}: {rows} of {expected}", feed=feed, rows=rows,
                        expected=expected if expected is not None else "?")  # fmt: skip
    if step == "pushed":
        return here.say("Written: {done} of {all}", done=what[0], all=what[1])
    return here.say(_STEPS.get(step, step), what=what[0] if what else "")
