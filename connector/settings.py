"""`creditflag.toml`: every key known, every problem listed at once, secrets only by reference."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from connector.domain.entities import ENTITIES
from connector.domain.money import is_currency
from connector.domain.timetable import parse_duration, parse_timetable
from connector.errors import SettingsError
from connector.ports.entering import ENTERED_CONNECTION
from connector.ports.manifest import OptionSpec
from connector.ports.secrets import is_reference

CONFIG_VARIABLE = "CREDITFLAG_CONFIG"
DEFAULT_FILE = "creditflag.toml"
MAX_BYTES = 1_000_000
CONNECTION_NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}")

OptionsOf = Callable[[str], tuple[OptionSpec, ...]]
"""Options of an adapter by its name; raises SettingsError for an unknown adapter."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _currency(code: str) -> str:
    if not is_currency(code):
        raise ValueError(f"{code} is not an ISO 4217 currency code")
    return code


def _timezone(name: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name} is not a time zone name such as Asia/Shanghai") from None
    return name


Rate = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=10)]
"""Units of the company's currency for one unit of another; the ledger keeps ten decimals."""


class CompanySettings(_Section):
    """Our own company: the currency of every limit, the language of what is written."""

    name: str = "My company"
    currency: str = "CNY"
    language: Literal["en", "zh"] = "en"
    timezone: str = "UTC"
    own_group: tuple[str, ...] = ()

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, code: str) -> str:
        return _currency(code)

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        return _timezone(name)


class ScopeSettings(_Section):
    """Which accounts get a decision: those with terms, open items, a limit, or recent orders."""

    order_months: Annotated[int, Field(ge=1, le=120)] = 12
    natural_persons: bool = False


class PolicySettings(_Section):
    """The policy in force: the name of a shipped one, or a path."""

    file: str = "standard"


class StateSettings(_Section):
    """Where ledger, store, plans and logs live; relative to the settings file."""

    folder: str = ".creditflag"
    database: str = ""

    @field_validator("database")
    @classmethod
    def _reference(cls, text: str) -> str:
        if text and not is_reference(text):
            raise ValueError("must be a reference such as env:CREDITFLAG_DATABASE_URL")
        return text


class EngineSettings(_Section):
    """Where decisions are computed: in this process, or on a Spark cluster for a very large book.

    `spark` is a Spark Connect address like sc://host:port, `spark_folder` a folder that this
    machine and the cluster see under the same path.
    """

    spark: str = ""
    spark_folder: str = ""

    @field_validator("spark")
    @classmethod
    def _address(cls, text: str) -> str:
        if text and not (text.startswith("sc://") or is_reference(text)):
            raise ValueError("must be an address like sc://host:15002, or a reference to one")
        return text

    @model_validator(mode="after")
    def _with_folder(self) -> Self:
        if bool(self.spark) != bool(self.spark_folder):
            raise ValueError("spark and spark_folder go together: give both or neither")
        return self


class LogSettings(_Section):
    """How much is logged: debug, info, warning or error."""

    level: Literal["debug", "info", "warning", "error"] = "info"


Hours = Annotated[int, Field(ge=1, le=8760)]


class JobSettings(_Section):
    """One job of the daemon: what it does, when, and what becomes of a slot that came late."""

    do: Literal["run", "pull", "census", "audit"] = "run"
    when: str
    connection: str = ""
    timezone: str = ""
    misfire: Literal["coalesce", "skip", "run_all"] = "coalesce"
    grace: str = "12h"
    deadline: str = "4h"

    @field_validator("when")
    @classmethod
    def _timetable(cls, text: str) -> str:
        parse_timetable(text)
        return text

    @field_validator("grace", "deadline")
    @classmethod
    def _duration(cls, text: str) -> str:
        parse_duration(text)
        return text

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        return _timezone(name) if name else name


class DaemonSettings(_Section):
    """The daemon: its jobs, its health endpoints, and when a connection counts as stale."""

    tick_seconds: Annotated[int, Field(ge=1, le=30)] = 5
    stop_seconds: Annotated[int, Field(ge=1, le=3600)] = 90
    stale_after_hours: Hours = 26
    health: bool = True
    health_host: str = "127.0.0.1"
    health_port: Annotated[int, Field(ge=0, le=65_535)] = 8790
    jobs: dict[str, JobSettings] = {"run": JobSettings(when="every 1h")}


class ConnectionSettings(BaseModel):
    """One connection. Keys beyond these are the adapter's own options."""

    model_config = ConfigDict(extra="allow", frozen=True)

    adapter: str
    mapping: tuple[str, ...] = ()
    write: bool = True
    rollout: Literal["observe", "show", "notify", "hold"] = "hold"
    accounts: str = ""
    currency: str = ""
    census_days: Annotated[int, Field(ge=0, le=366)] = 7

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, code: str) -> str:
        return _currency(code) if code else code

    @property
    def options(self) -> dict[str, str]:
        """The adapter's options as text."""
        return {name: str(value) for name, value in (self.model_extra or {}).items()}


class Settings(_Section):
    """The whole file. `folder` is where it lies: relative paths start there."""

    company: CompanySettings = CompanySettings()
    scope: ScopeSettings = ScopeSettings()
    policy: PolicySettings = PolicySettings()
    state: StateSettings = StateSettings()
    engine: EngineSettings = EngineSettings()
    logs: LogSettings = LogSettings()
    daemon: DaemonSettings = DaemonSettings()
    truth: dict[str, tuple[str, ...]] = {}
    rates: dict[str, Rate] = {}
    connections: dict[str, ConnectionSettings] = {}
    folder: Path = Field(default=Path(), exclude=True)

    @property
    def state_folder(self) -> Path:
        """Absolute folder of ledger and store."""
        return (self.folder / self.state.folder).resolve()


def find_settings(config: str | None) -> Path:
    """Path of the settings file: the argument, then $CREDITFLAG_CONFIG, then ./creditflag.toml."""
    return Path(config or os.environ.get(CONFIG_VARIABLE) or DEFAULT_FILE)


def load_settings(path: Path, options_of: OptionsOf) -> Settings:
    """Read and check the file; SettingsError lists all problems at once."""
    return parse_settings(_read(path), path, options_of)


def parse_settings(text: str, path: Path, options_of: OptionsOf) -> Settings:
    """Check settings given as TOML text; `path` is where they (would) lie."""
    raw = _parse_toml(text, path)
    problems: list[str] = []
    if "folder" in raw:
        problems.append("folder: unknown key")
        del raw["folder"]
    settings: Settings | None = None
    try:
        settings = Settings(**raw, folder=path.resolve().parent)
    except ValidationError as error:
        problems += [_sentence(dict(detail)) for detail in error.errors()]
    problems += _connection_problems(raw, options_of)
    problems += _reference_problems(raw)
    if problems or settings is None:
        raise SettingsError(
            "The settings have {count} problem(s).",
            where=str(path),
            next_step="Correct them; docs/settings.md lists every key.",
            problems=problems,
            count=len(problems),
        )
    return settings


def _parse_toml(text: str, path: Path) -> dict[str, Any]:
    try:
        # Some editors put a byte order mark in front, which TOML does not know.
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            "The settings file is not valid TOML: {detail}.",
            where=str(path),
            next_step="Correct that line.",
            detail=error,
        ) from None
    except (ValueError, RecursionError):
        raise SettingsError(
            "The settings file holds a number too long or tables too deep to be read.",
            where=str(path),
            next_step="Correct that line.",
        ) from None


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SettingsError(
                "The settings file is too large to be one.",
                where=str(path),
                next_step="Name the right file with --config.",
            )
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(
            "There is no settings file.",
            where=str(path),
            next_step="Run `creditflag init` here, or name the file with --config.",
        ) from None
    except (OSError, UnicodeDecodeError):
        raise SettingsError(
            "The settings file cannot be read.",
            where=str(path),
            next_step="Check its permissions and that it is UTF-8 text.",
        ) from None


def _sentence(detail: Mapping[str, Any]) -> str:
    path = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return f"{path}: unknown key"
    message = str(detail["msg"]).removeprefix("Value error, ").replace("tuple", "list")
    return f"{path}: {message}"


def _tables(raw: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = raw.get(name, {})
    return table if isinstance(table, dict) else {}


def _connection_problems(raw: Mapping[str, Any], options_of: OptionsOf) -> list[str]:
    problems: list[str] = []
    for name, table in _tables(raw, "connections").items():
        where = f"connections.{name}"
        if not CONNECTION_NAME.fullmatch(name):
            problems.append(f"{where}: a name has small letters, digits, - and _ only")
        if name == ENTERED_CONNECTION:
            problems.append(f"{where}: this name is kept for facts that people enter")
        if not isinstance(table, dict) or not isinstance(table.get("adapter"), str):
            continue
        try:
            options = options_of(table["adapter"])
        except SettingsError as error:
            problems.append(f"{where}.adapter: {error}")
            continue
        problems += _option_problems(where, table, options)
    return problems


def _option_problems(
    where: str, table: Mapping[str, Any], options: tuple[OptionSpec, ...]
) -> list[str]:
    known = {option.name: option for option in options}
    problems = []
    for key, value in table.items():
        if key in ConnectionSettings.model_fields:
            continue
        option = known.get(key)
        if option is None:
            problems.append(f"{where}.{key}: unknown key")
        elif option.secret and not is_reference(str(value)):
            problems.append(
                f"{where}.{key}: a secret must be a reference: env:NAME, file:/path, "
                "keyring:service/user or credential:NAME"
            )
        elif not isinstance(value, str | int | float):
            problems.append(f"{where}.{key}: must be text, a number, true or false")
    problems += [
        f"{where}.{option.name}: missing ({option.meaning})"
        for option in options
        if option.required and option.name not in table and option.unless not in table
    ]
    return problems


def _reference_problems(raw: Mapping[str, Any]) -> list[str]:
    """Names that must point to something in the file itself."""
    connections = _tables(raw, "connections")
    problems = []
    for fact, names in _tables(raw, "truth").items():
        if fact not in ENTITIES:
            problems.append(f"truth.{fact}: unknown kind of fact; known: {', '.join(ENTITIES)}")
        listed = names if isinstance(names, list) else []
        problems += [
            f"truth.{fact}: there is no connection {name}"
            for name in listed
            if isinstance(name, str) and name not in (*connections, ENTERED_CONNECTION)
        ]
    for code in _tables(raw, "rates"):
        if not is_currency(code):
            problems.append(f"rates.{code}: not an ISO 4217 currency code")
    for name, table in connections.items():
        accounts = table.get("accounts") if isinstance(table, dict) else None
        if isinstance(accounts, str) and accounts and accounts not in connections:
            problems.append(f"connections.{name}.accounts: there is no connection {accounts}")
    return problems + _job_problems(_tables(_tables(raw, "daemon"), "jobs"), connections)


def _job_problems(jobs: Mapping[str, Any], connections: Mapping[str, Any]) -> list[str]:
    problems = []
    for name, table in jobs.items():
        where = f"daemon.jobs.{name}"
        if not CONNECTION_NAME.fullmatch(name):
            problems.append(f"{where}: a name has small letters, digits, - and _ only")
        wanted = table.get("connection") if isinstance(table, dict) else None
        if isinstance(wanted, str) and wanted and wanted not in connections:
            problems.append(f"{where}.connection: there is no connection {wanted}")
    return problems
