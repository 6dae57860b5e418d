"""Every error creditflag raises on purpose, in one tree.

::

    CreditflagError                 our bug unless a subclass says otherwise      exit 70
    ├── ConfigError                 something a person configured                 exit 2
    │   ├── SettingsError           creditflag.toml
    │   ├── MappingError            a mapping document, or the CRM lacks what it names
    │   ├── PolicyError             a policy document
    │   ├── SecretError             a secret reference that cannot be resolved
    │   └── InputError              a file or argument that a person gave
    ├── SignInError                 the vendor refused the credentials            exit 3
    ├── BudgetError                 the API budget is used up for now             exit 4
    ├── WaitsForPersonError         nothing goes on until somebody decides        exit 5
    ├── RedRunError                 counts or totals do not tie                   exit 6
    ├── BusyError                   a lock or lease is held by somebody else      exit 75
    ├── StoppedError                a run was asked to end between two calls      exit 75
    ├── StateError                  ledger or store cannot be used as they are    exit 2
    └── VendorError                 a vendor's API said no
        ├── TransientError          worth a retry: transport, throttle, server    exit 75
        │   ├── UnreachableError    no connection could be made
        │   └── UnknownOutcomeError a write was sent and no answer came back
        └── RefusedError            lasting: permission, unknown field            exit 2

An error answers three questions: what happened (`message`), where (`where`) and what to do next
(`next_step`). Texts are English templates with `{named}` parameters; the template is the key for
the translation, so parameters never go into the template itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_PARAMETER = re.compile(r"\{(\w+)\}")

EXIT_OK = 0
EXIT_PARTIAL = 1
EXIT_CONFIG = 2
EXIT_SIGN_IN = 3
EXIT_BUDGET = 4
EXIT_WAITS = 5
EXIT_RED = 6
EXIT_BUG = 70
EXIT_BUSY = 75


class CreditflagError(Exception):
    """The root: what happened, where, and the next step, with an exit code.

    `message` and `next_step` are English templates; `params` fill both. `str(error)` is the
    English sentence.
    """

    exit_code = EXIT_BUG

    def __init__(
        self, message: str, *, where: str = "", next_step: str = "", **params: object
    ) -> None:
        self.message = message
        self.where = where
        self.next_step = next_step
        self.params = params
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        parts = [fill(self.message, self.params)]
        if self.where:
            parts[0] = f"{parts[0].rstrip('.')} ({self.where})."
        if self.next_step:
            parts.append(fill(self.next_step, self.params))
        return " ".join(parts)


class ConfigError(CreditflagError):
    """Something a person configured is wrong; `problems` lists all of it at once."""

    exit_code = EXIT_CONFIG

    def __init__(
        self,
        message: str,
        *,
        where: str = "",
        next_step: str = "",
        problems: Sequence[str] = (),
        **params: object,
    ) -> None:
        self.problems = tuple(problems)
        super().__init__(message, where=where, next_step=next_step, **params)


class SettingsError(ConfigError):
    """`creditflag.toml` is missing, unreadable or holds wrong or unknown keys."""


class MappingError(ConfigError):
    """A mapping document is wrong, or the CRM lacks an object or field that it names."""


class PolicyError(ConfigError):
    """A policy document is wrong: a gap between bins, an unknown metric."""


class SecretError(ConfigError):
    """A secret reference cannot be resolved. Never carries the secret's value."""


class InputError(ConfigError):
    """A file or argument that a person gave cannot be used."""


class SignInError(CreditflagError):
    """The vendor refused the credentials; a retry would not help."""

    exit_code = EXIT_SIGN_IN


class BudgetError(CreditflagError):
    """The API budget is used up; `resume_after` seconds is the earliest sensible time."""

    exit_code = EXIT_BUDGET

    def __init__(self, message: str, *, resume_after: float = 900.0, **kwargs: object) -> None:
        self.resume_after = resume_after
        super().__init__(message, **kwargs)  # type: ignore[arg-type]  # keywords pass through


class WaitsForPersonError(CreditflagError):
    """A guard or an approval stopped the run; nothing was written."""

    exit_code = EXIT_WAITS


class RedRunError(CreditflagError):
    """What was read or written does not add up; cursors stay where they were."""

    exit_code = EXIT_RED


class BusyError(CreditflagError):
    """A lock or lease is held; the message names the holder."""

    exit_code = EXIT_BUSY


class StoppedError(CreditflagError):
    """A run was asked to stop, or took too long; what was done until then stays good."""

    exit_code = EXIT_BUSY


class StateError(CreditflagError):
    """Ledger or store cannot be used: wrong pair, unreadable, or from a later version."""

    exit_code = EXIT_CONFIG


class VendorError(CreditflagError):
    """A vendor's API answered with an error. `code` is the vendor's own code."""

    def __init__(self, message: str, *, code: str = "", **kwargs: object) -> None:
        self.code = code
        super().__init__(message, **kwargs)  # type: ignore[arg-type]  # keywords pass through


class TransientError(VendorError):
    """May succeed when repeated; `retry_after` is the vendor's wish in seconds, if it gave one."""

    exit_code = EXIT_BUSY

    def __init__(self, message: str, *, retry_after: float | None = None, **kwargs: object) -> None:
        self.retry_after = retry_after
        super().__init__(message, **kwargs)  # type: ignore[arg-type]  # keywords pass through


class UnreachableError(TransientError):
    """No connection could be made, so nothing was sent."""


class UnknownOutcomeError(TransientError):
    """A write was sent and its answer was lost: read back before sending again."""


class RefusedError(VendorError):
    """Lasting refusal: missing permission, unknown object or field, malformed request.

    `by_row` says that one row of a write may be the cause, so that the others may pass without it.
    """

    exit_code = EXIT_CONFIG

    def __init__(self, message: str, *, by_row: bool = False, **kwargs: object) -> None:
        self.by_row = by_row
        super().__init__(message, **kwargs)  # type: ignore[arg-type]  # keywords pass through


def fill(template: str, params: Mapping[str, object]) -> str:
    """Put parameters into a template; braces in values are left alone, unknown names stay."""

    def value(match: re.Match[str]) -> str:
        return str(params[match[1]]) if match[1] in params else match[0]

    return _PARAMETER.sub(value, template)
