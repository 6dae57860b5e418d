"""YAML text of a mapping document as plain data, with the line of every key.

Stricter than YAML 1.1 on purpose: only true and false are booleans (`no` stays a word, so that
Norway and a status "No" survive), dates and numbers with leading zeros stay text, aliases and
duplicate keys are refused, size and depth are bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import yaml

MAX_BYTES = 1_000_000
MAX_DEPTH = 12

Path = tuple[str | int, ...]

_OPENING = (
    yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken,
)  # fmt: skip
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\Z")
_WORDS: dict[str, object] = {
    "": None, "~": None, "null": None, "true": True, "True": True, "false": False, "False": False,
}  # fmt: skip


@dataclass(slots=True)
class YamlSource:
    """Plain data, the line of each path, and what is wrong with the text itself."""

    data: object
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[tuple[Path, str]] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """Line of the path, or of the nearest parent that has one; 1 when none has."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(text: str) -> YamlSource:
    """Parse `text`. Problems are listed in the result; what can be read is read."""
    source = YamlSource(None)
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        source.problems.append(((), "the document is larger than 1 MB"))
        return source
    try:
        refused = _refuse_tokens(text)
        if refused:
            source.problems.append(((), refused))
            return source
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        source.problems.append(((), _syntax_sentence(error)))
        return source
    if node is None:
        source.problems.append(((), "the document is empty"))
        return source
    source.data = _build(node, (), source)
    return source


def _refuse_tokens(text: str) -> str:
    """Why the text is not even composed: aliases may explode, deep nesting exhausts the stack."""
    depth = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        line = int(token.start_mark.line) + 1
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken):
            return f"line {line}: anchors and aliases are not used here"
        if isinstance(token, _OPENING):
            depth += 1
        elif isinstance(token, _CLOSING):
            depth -= 1
        if depth > MAX_DEPTH:
            return f"line {line}: nested too deeply"
    return ""


def _syntax_sentence(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or "not readable as YAML"
    return f"line {mark.line + 1}: {what}" if mark else str(what)


def _build(node: yaml.Node, path: Path, source: YamlSource) -> object:
    source.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _build_mapping(node, path, source)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, i), source) for i, item in enumerate(node.value)]
    return _scalar(node)


def _build_mapping(node: yaml.MappingNode, path: Path, source: YamlSource) -> dict[str, object]:
    built: dict[str, object] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            source.problems.append((path, "a key is a list or mapping; keys are words"))
            continue
        key = str(key_node.value)
        here = (*path, key)
        source.lines[here] = key_node.start_mark.line + 1
        if key in built:
            source.problems.append((here, f"the key {key!r} stands here twice"))
            continue
        built[key] = _build(value_node, here, source)
    return built


def _scalar(node: yaml.Node) -> object:
    text = str(node.value)
    plain = getattr(node, "style", None) is None
    if not plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INT.match(text) else text
