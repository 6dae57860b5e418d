"""What an adapter says about itself; CLI, set-up and docs are drawn from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from connector.ports.allowance import AllowancePort, OwnAllowance
from connector.ports.clock import ClockPort
from connector.ports.crm import SourcePort, TargetPort
from connector.ports.secrets import SecretsPort
from connector.ports.setup import SetupPort


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """One setting of a connection. A `secret` option takes a reference, never a value.

    A required one may be left out when the option that `unless` names is given.
    """

    name: str
    meaning: str
    required: bool = False
    secret: bool = False
    default: str = ""
    unless: str = ""


class AdapterPort(SourcePort, Protocol):
    """An opened connection. Targets also implement TargetPort."""

    def check(self) -> Mapping[str, str]:
        """Signs in and names what was reached (organisation, user, version), for `doctor`."""
        ...

    def close(self) -> None:
        """Give up sockets and files."""
        ...


@dataclass(frozen=True, slots=True)
class Opening:
    """Everything an adapter needs to open a connection.

    `options` are the connection's settings as text; secret options hold references that the
    adapter resolves when it needs them. `folder` is where relative paths start. `state_folder`
    belongs to the connection and is private (0700). `allowance` holds the API calls of the last
    24 hours, of this process alone or of all that share a store.
    """

    connection: str
    options: Mapping[str, str]
    secrets: SecretsPort
    clock: ClockPort
    folder: Path
    state_folder: Path
    allowance: AllowancePort = field(default_factory=OwnAllowance)


@dataclass(frozen=True, slots=True)
class Manifest:
    """An adapter's card: name, abilities, options and how to open it.

    `open_setup` opens the set-up side of a connection; None when the vendor is set up by hand.
    """

    name: str
    title: str
    options: tuple[OptionSpec, ...]
    open: Callable[[Opening], AdapterPort]
    reads: bool = True
    writes: bool = False
    mappings: tuple[str, ...] = ()
    task_object: str = ""
    open_setup: Callable[[Opening], SetupPort] | None = None

    def option(self, name: str) -> OptionSpec | None:
        """The option of that name."""
        return next((o for o in self.options if o.name == name), None)


def as_target(adapter: AdapterPort) -> TargetPort:
    """The adapter as a target; the manifest's `writes` must be true."""
    if not hasattr(adapter, "update"):
        raise TypeError(f"{type(adapter).__name__} does not write")
    return adapter  # type: ignore[return-value]  # checked by the manifest's `writes` and above
