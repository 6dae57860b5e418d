"""The documents tell what the code does: commands, options, settings, codes, flags, files."""

from __future__ import annotations

import inspect
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.main
from pydantic import BaseModel

from connector import errors
from connector.cli.main import app
from connector.registry import BUILT_INS, load_manifest
from connector.settings import ConnectionSettings, Settings, parse_settings

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
ROOMS_DOCS = sorted(
    path
    for top in ("connector", "adapters", "mappings")
    for path in (ROOT / top).rglob("*.md")
    if "node_modules" not in path.parts
)
ROOMS = sorted(path.parent for path in (ROOT / "connector").rglob("docs.md"))
COMMAND_LINE = re.compile(r"^(?:\$ )?(creditflag .*)$", re.MULTILINE)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def sections(path: Path, level: int) -> dict[str, str]:
    """Text below each heading of that level, up to the next of the same or a higher level."""
    parts = re.split(rf"^#{{1,{level}}} (.*)$", read(path), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(text: str) -> list[list[str]]:
    """Cells of all table rows that are no heads."""
    lines = [
        line for line in text.splitlines() if line.startswith("| `") or re.match(r"\| \d", line)
    ]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def named(cell: str) -> list[str]:
    """What a cell gives in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def commands(group: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every command of the app with its full name."""
    within: Any = group or typer.main.get_command(app)
    for name, command in within.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


COMMANDS = dict(commands())


def options(command: Any) -> set[str]:
    """Option names of a command, without --help."""
    params = [p for p in command.params if p.param_type_name == "option"]
    return {name for p in params for name in (*p.opts, *p.secondary_opts)} - {"--help"}


# -- commands ----------------------------------------------------------------------------------


def test_every_command_is_documented_and_no_other() -> None:
    headings = set(sections(DOCS / "commands.md", 2)) - {"Commands"}
    assert headings == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_of_a_command_is_documented_and_no_other(name: str) -> None:
    section = sections(DOCS / "commands.md", 2)[name]
    documented = {option for row in rows(section) for option in named(row[0])}
    assert documented == options(COMMANDS[name])


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_argument_of_a_command_stands_in_its_usage(name: str) -> None:
    section = sections(DOCS / "commands.md", 2)[name]
    arguments = [p for p in COMMANDS[name].params if p.param_type_name == "argument"]
    usage = [p.name.upper() if p.required else f"[{p.name.upper()}]" for p in arguments]
    assert not usage or f"`creditflag {name} {' '.join(usage)}`" in section


def test_options_for_all_commands_are_documented() -> None:
    section = sections(DOCS / "commands.md", 2)
    before_the_first = read(DOCS / "commands.md").split("\n## ")[0]
    documented = {option for row in rows(before_the_first) for option in named(row[0])}
    assert documented == options(typer.main.get_command(app))
    assert section


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_option_has_a_help_text(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    assert not [p.name for p in command.params if not p.help]


def test_the_readme_names_every_command() -> None:
    unnamed = [name for name in COMMANDS if f"creditflag {name}" not in read(ROOT / "README.md")]
    assert not unnamed


def fenced_lines() -> list[tuple[str, str]]:
    """Command lines that a reader would copy."""
    return [
        (path.name, line)
        for path in (*PAGES, *sorted((ROOT / "adapters").glob("*/README.md")))
        for block in re.findall(r"^ *```(?:sh|console|bash)?\n(.*?)^ *```", read(path), re.M | re.S)
        for line in COMMAND_LINE.findall(inspect.cleandoc(block))
    ]


def inline_commands() -> list[tuple[str, str]]:
    """Commands named in running text, often without their arguments; and in what users are told."""
    from tests.spoken_texts import scan

    texts = [(path.name, read(path)) for path in (*PAGES, *ROOMS_DOCS)]
    texts += [(where, text) for text, where in scan().spoken.items()]
    return [
        (name, line) for name, text in texts for line in re.findall(r"`(creditflag [^`\n]+)`", text)
    ]


def parse(words: list[str], *, whole: bool) -> None:
    """Parse as the app would, running nothing; an unknown command or option raises."""
    group: Any = typer.main.get_command(app)
    context = group.make_context("creditflag", words, resilient_parsing=not whole)
    rest = [*context._protected_args, *context.args]
    while rest and hasattr(group, "commands"):
        assert rest[0] in group.commands, f"no command {rest[0]}"
        group = group.commands[rest.pop(0)]
        context = group.make_context(group.name, rest, parent=context, resilient_parsing=not whole)
        rest = [*context._protected_args, *context.args] if hasattr(group, "commands") else []
    assert not rest or not whole, rest


def test_every_command_line_can_be_typed_as_it_stands() -> None:
    lines = fenced_lines()
    assert len(lines) > 12
    for page, line in lines:
        words = shlex.split(line, comments=True)[1:]
        try:
            parse(words, whole=True)
        except Exception as error:
            pytest.fail(f"{page}: {line}: {error}")


def test_commands_named_in_passing_exist() -> None:
    lines = inline_commands()
    assert len(lines) > 20
    for page, line in lines:
        words = [w for w in shlex.split(line)[1:] if not re.fullmatch(r"\[.*\]|[A-Z_]+|…", w)]
        try:
            parse(words, whole=False)
        except Exception as error:
            pytest.fail(f"{page}: {line}: {error}")


@pytest.mark.parametrize(
    "line",
    ["creditflag fly", "creditflag run --fast", "creditflag mapping draw", "creditflag apply"],
)
def test_a_wrong_command_line_would_be_noticed(line: str) -> None:
    with pytest.raises(Exception, match=r"(?i)no such|no command|missing"):
        parse(shlex.split(line)[1:], whole=True)


# -- settings ----------------------------------------------------------------------------------


def section_models() -> dict[str, type[BaseModel]]:
    """Pydantic model of each table of the settings file."""
    found: dict[str, type[BaseModel]] = {}
    for name, info in Settings.model_fields.items():
        if inspect.isclass(info.annotation) and issubclass(info.annotation, BaseModel):
            found[name] = info.annotation
    return {**found, "connections.NAME": ConnectionSettings}


def test_every_table_of_the_settings_is_documented_and_no_other() -> None:
    headings = {h.strip("[]") for h in sections(DOCS / "settings.md", 2) if h.startswith("[")}
    tables = set(Settings.model_fields) - {"folder", "connections"}
    assert headings == tables | {"connections.NAME"}


@pytest.mark.parametrize("table", sorted(section_models()))
def test_every_key_is_documented_with_its_default(table: str) -> None:
    model = section_models()[table]
    text = sections(DOCS / "settings.md", 3).get(f"[{table}]", "")
    documented = {named(row[0])[0]: row[1] for row in rows(text)}
    assert set(documented) == set(model.model_fields)
    for key, info in model.model_fields.items():
        if info.is_required():
            assert documented[key] == "required"
        elif documented[key].startswith("`"):
            stated = tomllib.loads(f"value = {documented[key].strip('`')}")["value"]
            assert (tuple(stated) if isinstance(stated, list) else stated) == info.default


@pytest.mark.parametrize("adapter", sorted(BUILT_INS))
def test_every_option_of_an_adapter_is_documented(adapter: str) -> None:
    text = sections(DOCS / "settings.md", 3)[f"Options of `{adapter}`"]
    documented = {named(row[0])[0]: row[1] for row in rows(text)}
    expected = {}
    for option in load_manifest(adapter).options:
        words = [w for w, on in (("required", option.required), ("secret", option.secret)) if on]
        expected[option.name] = ", ".join(words) or (
            f"`{option.default}`" if option.default else ""
        )
    assert documented == expected


def test_every_kind_of_secret_reference_is_documented() -> None:
    from connector.ports.secrets import SCHEMES

    text = sections(DOCS / "settings.md", 2)["Secrets"]
    assert [named(row[0])[0].split(":")[0] for row in rows(text)] == sorted(
        SCHEMES, key=["keyring", "file", "env", "credential"].index
    )


def test_settings_shown_in_the_documents_are_valid() -> None:
    blocks = [
        (path, block)
        for path in PAGES
        for block in re.findall(r"```toml\n(.*?)```", read(path), re.DOTALL)
    ]
    assert blocks
    for path, block in blocks:
        parse_settings(block, path, lambda name: load_manifest(name).options)


def test_the_documented_variables_are_those_that_are_read() -> None:
    source = "".join(read(path) for path in (ROOT / "connector").rglob("*.py"))
    documented = {v for p in PAGES for v in re.findall(r"`(CREDITFLAG_[A-Z_]+)`", read(p))}
    assert documented
    assert not [name for name in documented if name not in source]


# -- codes, errors, flags ----------------------------------------------------------------------


def test_every_exit_code_is_documented_and_no_other() -> None:
    codes = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    page = DOCS / "errors.md"
    documented = [int(row[0]) for row in rows(sections(page, 1)["Exit codes and errors"]) if
                  row[0].isdigit()]  # fmt: skip
    assert sorted(documented) == documented
    assert set(documented) == codes
    readme = {int(row[0]) for row in rows(read(ROOT / "README.md")) if row[0].isdigit()}
    assert readme == codes


def test_every_error_is_documented_with_its_code() -> None:
    page = sections(DOCS / "errors.md", 2)["Kinds of errors"]
    documented = {named(row[0])[0]: int(row[1]) for row in rows(page)}
    raised = {
        name: value.exit_code
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.CreditflagError)
    }
    assert documented == raised
    drawn = re.findall(r"\w+Error", errors.__doc__ or "")
    assert set(drawn) == set(raised)


def test_every_flag_is_documented_and_no_other() -> None:
    from connector.credit.flags import FLAGS

    assert {named(row[0])[0] for row in rows(read(DOCS / "flags.md"))} == set(FLAGS)


# -- files -------------------------------------------------------------------------------------


@cache
def source_names() -> frozenset[str]:
    """Names of all our Python files."""
    tops = ("connector", "adapters", "tests", "scripts")
    return frozenset(path.name for top in tops for path in (ROOT / top).rglob("*.py"))


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.relative_to(ROOT).as_posix())
def test_a_room_names_all_its_files_and_no_other(room: Path) -> None:
    text = read(room / "docs.md")
    there = {path.name for path in room.glob("*.py")} - {"__init__.py", "__main__.py"}
    told = set(re.findall(r"`([a-z_]+\.py)`", text))
    unnamed = [name for name in there - told if f"`{name.removesuffix('.py')}`" not in text]
    assert not unnamed or "Each file is one flag" in text, f"not named: {sorted(unnamed)}"
    assert told <= source_names(), f"not there: {sorted(told - source_names())}"


def test_the_readme_leads_to_every_page() -> None:
    unlinked = [
        page.name for page in DOCS.glob("*.md") if f"docs/{page.name}" not in read(PAGES[0])
    ]
    assert not unlinked


def test_anchors_lead_to_headings() -> None:
    broken = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]*#[^)\s]+)\)", read(page)):
            name, _, anchor = target.partition("#")
            headings = re.findall(r"^#+ (.*)$", read(page.parent / name if name else page), re.M)
            slugs = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
            if anchor not in slugs:
                broken.append(f"{page.name} -> {target}")
    assert not broken
