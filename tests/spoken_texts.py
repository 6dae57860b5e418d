"""Finds by syntax every template that can reach a user, and what Chinese still lacks.

    python -m tests.spoken_texts        prints templates without Chinese text, and orphans

A template is spoken when it is the message or next step of an error or finding, an argument of
`say`, `tell` or `note`, or an argument that a function passes on to one of these. It is followed
through functions, conditions, constants, tuples and the values of dictionaries.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

from connector import errors
from connector.cli.files import SHIPPED
from connector.credit.flags import FLAGS, flag_card
from connector.credit.reasons.wording import CONDITION_CLOSES, CONDITION_PLAYBOOK
from connector.domain.change import ChangeState
from connector.domain.entities import Kind
from connector.domain.metrics import METRICS
from connector.mapping.forms import draw_forms
from connector.mapping.load import load_documents
from connector.service.templates import KIND_WORDS

ROOT = Path(__file__).resolve().parent.parent
TEXTS = ROOT / "connector" / "domain" / "texts_zh"
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Place:
    """Where a call takes a template: by keyword, and from a position on (None: keyword only)."""

    keyword: str
    position: int | None = None
    and_after: bool = False


ERRORS = frozenset(
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.CreditflagError)
)
ERROR_PLACES = (Place("message", 0), Place("next_step"))
SAY = Place("template", 0)
UNSPOKEN = frozenset({"emulator", "emulatorkit", "migrations", "testing", "node_modules"})
"""Folders that no user hears from."""
SPEAKERS = ("say", "tell", "note")
LISTENERS = ("here", "self")
"""Names of the session, whose methods `say`, `tell` and `note` speak."""

STATES = tuple(state.value for state in ChangeState)
SCOPE_REASONS = (
    "approved_limit", "terms", "open_items", "orders", "natural_person", "own_group", "prospect",
)  # fmt: skip
MADE_AT_RUN_TIME: dict[str, tuple[str, ...]] = {
    "str(s)": STATES,
    "str(e.state)": STATES,
    "f.level": ("error", "warning", "info"),
    "k": SCOPE_REASONS,
    "metric.label": tuple(metric.label for metric in METRICS.values()),
    **{
        f"{{code: flag_card(code).{part} for code in FLAGS}}": tuple(
            getattr(flag_card(code), part) for code in FLAGS
        )
        for part in ("name", "text", "playbook", "closes")
    },
    "flag_card(row['code']).customer": tuple(
        flag_card(code).customer for code in FLAGS if flag_card(code).customer
    ),
    **{
        f"card.{part}": tuple(getattr(flag_card(code), part) for code in FLAGS)
        for part in ("name", "text", "playbook", "closes")
    },
    "advice.playbook": (CONDITION_PLAYBOOK,),
    "advice.closes": (CONDITION_CLOSES,),
    "told.meaning": tuple(
        column.column.meaning
        for form in draw_forms(load_documents(SHIPPED, ROOT)).values()
        for column in form.columns
        if not column.choices or column.column.kind is Kind.FLAG
    ),
    "KIND_WORDS[column.column.kind]": tuple(KIND_WORDS.values()),
    # Names of ageing buckets, which are figures.
    "name.removeprefix('age_').replace('over_', '> ').replace('_', '-')": (),
}
"""Expressions that are spoken, with all that they can be."""


@dataclass
class Module:
    """One source file: functions, constants, and where its imported names come from."""

    name: str
    where: str
    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    self.imported[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        for statement in self.tree.body:
            targets, value = _assigned(statement)
            for target in targets:
                if isinstance(target, ast.Name) and value is not None:
                    self.constants[target.id] = value
                elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                    pairs = zip(target.elts, value.elts, strict=True)
                    self.constants |= {ast.unparse(name): part for name, part in pairs}

    def speaking_classes(self) -> Iterator[tuple[str, tuple[Place, ...]]]:
        """Records that carry templates: a message with its next step or parameters."""
        for node in self.tree.body:
            if not isinstance(node, ast.ClassDef):
                continue
            names = [
                item.target.id
                for item in node.body
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
            ]
            if "message" in names and {"next_step", "params"} & set(names):
                spoken = [name for name in ("message", "next_step") if name in names]
                yield node.name, tuple(Place(name, names.index(name)) for name in spoken)


@dataclass(frozen=True)
class Spot:
    """A call under inspection, with its module and the functions around it."""

    module: Module
    owners: tuple[Function, ...]
    call: ast.Call

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.module.where}:{self.call.lineno}"


@dataclass
class Scan:
    """Templates with a place that speaks each, and what could not be followed."""

    speaking: dict[tuple[str, str], set[Place]]
    spoken: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    _followed: set[int] = field(default_factory=set)

    def take(self, spot: Spot) -> None:
        """Take in all templates of one call."""
        for place in self._places(spot):
            for argument in _arguments(spot.call, place):
                self._followed.clear()
                self.follow(argument, spot)

    def _places(self, spot: Spot) -> Sequence[Place]:
        function, module = spot.call.func, spot.module
        if isinstance(function, ast.Name):
            origin = module.imported.get(function.id, f"{module.name}.{function.id}")
            if function.id in ERRORS:
                return ERROR_PLACES
            if origin == "connector.domain.texts.say":
                return (SAY,)
            return tuple(self.speaking.get((origin.rpartition(".")[0], function.id), ()))
        if not isinstance(function, ast.Attribute):
            return ()
        receiver = function.value.id if isinstance(function.value, ast.Name) else ""
        in_cli = module.name.startswith("connector.cli")
        if function.attr in SPEAKERS and receiver in LISTENERS and in_cli:
            return (SAY,)
        # A method is looked for where the module takes its names from.
        homes = {module.name, module.imported.get(receiver, "")}
        homes |= {origin.rpartition(".")[0] for origin in module.imported.values()}
        return [p for home in homes for p in self.speaking.get((home, function.attr), ())]

    def follow(self, node: ast.expr, spot: Spot) -> None:
        """Take in every template that the expression can be."""
        if id(node) in self._followed:
            return  # a name that is assigned from itself
        self._followed.add(id(node))
        if ast.unparse(node) in MADE_AT_RUN_TIME:
            for word in MADE_AT_RUN_TIME[ast.unparse(node)]:
                self.spoken.setdefault(word, spot.where)
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str):
                self.spoken.setdefault(node.value.lstrip(">"), spot.where)
        elif isinstance(node, ast.Name):
            self._follow_name(node.id, spot)
        elif isinstance(node, ast.Attribute) and node.attr in ("message", "next_step"):
            pass  # taken in where the error or finding is made
        elif isinstance(node, ast.JoinedStr) and not has_words(_fixed_text(node)):
            for part in node.values:
                if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name):
                    self.follow(part.value, spot)
        else:
            parts = _alternatives(node)
            if not parts:
                self.unknown.add(f"{spot.where}: {ast.unparse(node)}")
            for part in parts:
                self.follow(part, spot)

    def _follow_name(self, name: str, spot: Spot) -> None:
        for depth, owner in reversed(list(enumerate(spot.owners))):
            values = list(_local_values(owner, name, spot.module))
            if values:
                inside = Spot(spot.module, spot.owners[: depth + 1], spot.call)
                for value in values:
                    self.follow(value, inside)
                return
            place = _parameter(owner, name)
            if place is not None:
                self.speaking.setdefault((spot.module.name, owner.name), set()).add(place)
                return
        origin = spot.module.imported.get(name, f"{spot.module.name}.{name}")
        home = _modules().get(origin.rpartition(".")[0], spot.module)
        if name in home.constants:
            self.follow(home.constants[name], Spot(home, (), spot.call))
        else:
            self.unknown.add(f"{spot.where}: {name}")


@cache
def scan() -> Scan:
    """Repeat until no further function is found that passes a template on."""
    speaking: dict[tuple[str, str], set[Place]] = {
        (module.name, name): set(places)
        for module in _modules().values()
        for name, places in module.speaking_classes()
    }
    while True:
        known = {key: set(places) for key, places in speaking.items()}
        found = Scan(speaking)
        for module in _modules().values():
            for spot in _spots(module):
                found.take(spot)
        if known == speaking:
            found.spoken = {text: at for text, at in found.spoken.items() if has_words(text)}
            return found


@cache
def _modules() -> dict[str, Module]:
    """Modules that may speak: the product without emulators and migrations, and its scripts."""
    modules = {}
    for top in ("connector", "adapters", "scripts"):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if not UNSPOKEN & set(parts):
                name = ".".join(parts).removesuffix(".__init__")
                tree = ast.parse(path.read_text(encoding="utf-8"))
                modules[name] = Module(name, path.relative_to(ROOT).as_posix(), tree)
    return modules


def _spots(module: Module) -> Iterator[Spot]:
    def visit(node: ast.AST, owners: tuple[Function, ...]) -> Iterator[Spot]:
        if isinstance(node, Function):
            owners = (*owners, node)
        if isinstance(node, ast.Call):
            yield Spot(module, owners, node)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, owners)

    yield from visit(module.tree, ())


def _arguments(call: ast.Call, place: Place) -> list[ast.expr]:
    by_name = [given.value for given in call.keywords if given.arg == place.keyword]
    if by_name or place.position is None:
        return by_name
    last = None if place.and_after else place.position + 1
    return call.args[place.position : last]


def _alternatives(node: ast.expr) -> list[ast.expr]:
    """What the expression chooses between."""
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.Dict):
        return node.values
    if isinstance(node, ast.Tuple | ast.List):
        return node.elts
    if isinstance(node, ast.Subscript | ast.Starred):
        return [node.value]
    if isinstance(node, ast.GeneratorExp | ast.ListComp):
        return [node.elt]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "get":
            return [node.func.value, *node.args[1:]]
        if node.func.attr == "lstrip":
            return [node.func.value]
    return []


def _fixed_text(node: ast.JoinedStr) -> str:
    return " ".join(str(v.value) for v in node.values if isinstance(v, ast.Constant))


def _local_values(owner: Function, name: str, module: Module) -> Iterator[ast.expr]:
    """What a local name is assigned, unpacked from or looped over."""
    for node in ast.walk(owner):
        targets, value = _assigned(node)
        if value is not None:
            for target in targets:
                yield from _matched(target, value, name, module)
        elif isinstance(node, ast.For | ast.comprehension):
            for element in _elements(node.iter, module):
                yield from _matched(node.target, element, name, module)


def _matched(target: ast.expr, value: ast.expr, name: str, module: Module) -> Iterator[ast.expr]:
    """The part of `value` that goes to `name` when it is assigned to `target`."""
    if isinstance(target, ast.Name):
        if target.id == name:
            yield value
    elif isinstance(target, ast.Tuple):
        elements = _elements(value, module)
        if len(elements) == len(target.elts):
            for inner, element in zip(target.elts, elements, strict=True):
                yield from _matched(inner, element, name, module)
        elif name in {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}:
            yield value


def _elements(value: ast.expr, module: Module) -> list[ast.expr]:
    if isinstance(value, ast.Name) and value.id in module.constants:
        value = module.constants[value.id]
    if isinstance(value, ast.Tuple | ast.List):
        return value.elts
    return [value] if isinstance(value, ast.Name) else []


def _assigned(node: ast.AST) -> tuple[list[ast.expr], ast.expr | None]:
    if isinstance(node, ast.Assign):
        return node.targets, node.value
    if isinstance(node, ast.AnnAssign | ast.NamedExpr):
        return [node.target], node.value
    return [], None


def _parameter(owner: Function, name: str) -> Place | None:
    arguments = owner.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    shift = 1 if names and names[0] in ("self", "cls") else 0
    if name in names:
        return Place(name, names.index(name) - shift)
    if arguments.vararg and arguments.vararg.arg == name:
        return Place(name, len(names) - shift, and_after=True)
    return Place(name) if name in [a.arg for a in arguments.kwonlyargs] else None


@cache
def chinese() -> dict[str, dict[str, str]]:
    """Chinese templates by file name."""
    return {
        path.name: yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        for path in sorted(TEXTS.glob("*.yaml"))
    }


@cache
def written_strings() -> frozenset[str]:
    """Every text that stands in the source, and every word made at run time."""
    found = {word for words in MADE_AT_RUN_TIME.values() for word in words}
    for module in _modules().values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value, node.value.lstrip(">")}
    return frozenset(found)


def missing() -> dict[str, str]:
    """Templates without Chinese text, each with one place that speaks it."""
    there = {key for table in chinese().values() for key in table}
    return {text: where for text, where in scan().spoken.items() if text not in there}


def orphans() -> dict[str, str]:
    """Chinese texts whose English stands nowhere in the source, each with its file."""
    return {
        key: file
        for file, table in chinese().items()
        for key in table
        if key not in written_strings()
    }


def has_words(template: str) -> bool:
    """Whether anything is left to translate beside parameters, commands and signs."""
    bare = re.sub(r"\{\w+\}|`[^`]*`|creditflag [\w -]+", "", template)
    return bool(re.search(r"[A-Za-z]{2}", bare))


def main() -> None:
    """Print what is missing as YAML to fill in, sorted by file."""
    for text, where in sorted(missing().items(), key=lambda item: item[1]):
        quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        print(f'# {where}\n"{quoted}": ""')
    for key, file in orphans().items():
        print(f"# orphan in {file}: {key}")
    for where in sorted(scan().unknown):
        print(f"# not followed: {where}")


if __name__ == "__main__":
    main()
