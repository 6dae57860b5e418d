"""Metadata documents: XML read strictly by the vendor's types, and written in their order.

`elements.json` lists, for each type, its elements in the order of the Metadata API WSDL:
the element's type, `*` when it repeats, `!` when it must be given; and the choices of
every enumeration. `any` stands for content that is kept but not looked into.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from adapters.salesforce.emulator.setup.problems import SetupError
from adapters.salesforce.emulator.setup.soap import METADATA, local, parse_xml, write_xml

Document = dict[str, Any]
DOCUMENT_MAX = 20 * 1024 * 1024


@lru_cache(maxsize=1)
def _book() -> dict[str, Any]:
    path = Path(__file__).with_name("elements.json")
    book: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return book


def is_known_type(name: str) -> bool:
    """Say whether documents of this metadata type can be read."""
    return name in _book()["types"]


def read_file(content: bytes, type_name: str) -> Document:
    """Read a metadata file whose root is an element of that type; raises SetupError."""
    if len(content) > DOCUMENT_MAX:
        raise SetupError(f"The file is larger than {DOCUMENT_MAX} bytes", "LIMIT_EXCEEDED")
    try:
        root = parse_xml(content)
    except ParseError as error:
        line, column = error.position
        text = f"Error parsing file: {error}"
        raise SetupError(text, "UNKNOWN_EXCEPTION", line, column + 1) from None
    except ValueError as error:
        raise SetupError(f"Error parsing file: {error}", "UNKNOWN_EXCEPTION") from None
    if root.tag != f"{{{METADATA}}}{type_name}":
        text = f"Error parsing file: the root element must be {{{METADATA}}}{type_name}"
        raise SetupError(text, "UNKNOWN_EXCEPTION")
    return read_element(root, type_name)


def read_element(element: Element, type_name: str) -> Document:
    """Read the children of an element by its type; raises SetupError."""
    known: dict[str, str] = _book()["types"][type_name]
    document: Document = {}
    for part in element:
        name = local(part)
        if name not in known or not str(part.tag).startswith(f"{{{METADATA}}}"):
            text = f"Error parsing file: Element {part.tag} invalid at this location"
            raise SetupError(f"{text} in type {type_name}", "UNKNOWN_EXCEPTION")
        kind = known[name]
        value = _read_value(part, kind.rstrip("*!"))
        if kind.rstrip("!").endswith("*"):
            document.setdefault(name, []).append(value)
        elif name in document:
            text = f"Error parsing file: Element {part.tag} is duplicated at this location"
            raise SetupError(f"{text} in type {type_name}", "UNKNOWN_EXCEPTION")
        elif value is not None:
            document[name] = value
    check_required(document, type_name)
    return document


def check_document(document: object, type_name: str) -> Document:
    """Check a document that came as JSON (Tooling API); returns it; raises SetupError."""
    if not isinstance(document, dict):
        raise SetupError(f"{type_name} must be an object", "JSON_PARSER_ERROR")
    known: dict[str, str] = _book()["types"][type_name]
    checked: Document = {}
    for name, value in document.items():
        if name not in known:
            text = f"Cannot deserialize: no such field '{name}' in {type_name}"
            raise SetupError(text, "JSON_PARSER_ERROR")
        kind = known[name]
        if value is None:
            continue
        if kind.rstrip("!").endswith("*"):
            if not isinstance(value, list):
                raise SetupError(f"{name} must be a list", "JSON_PARSER_ERROR")
            checked[name] = [_check_value(item, kind.rstrip("*!"), name) for item in value]
        else:
            checked[name] = _check_value(value, kind.rstrip("*!"), name)
    check_required(checked, type_name)
    return checked


def check_required(document: Document, type_name: str) -> None:
    """Refuse a document without an element that its type requires."""
    for name, kind in _book()["types"][type_name].items():
        if kind.endswith("!") and name not in document:
            raise SetupError(f"Required field is missing: {name}", "REQUIRED_FIELD_MISSING")


def write_file(document: Document, type_name: str) -> bytes:
    """Return the XML file of a document, elements in the order of the WSDL."""
    value = {"@": f' xmlns="{METADATA}"', **in_order(document, type_name)}
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + write_xml(type_name, value)).encode()


def in_order(document: Document, type_name: str) -> Document:
    """Return a document with its elements in the order of the WSDL."""
    types: dict[str, dict[str, str]] = _book()["types"]
    ordered: Document = {}
    for name, kind in types[type_name].items():
        if name not in document:
            continue
        value, inner = document[name], kind.rstrip("*!")
        if inner not in types:
            ordered[name] = value
        elif isinstance(value, list):
            ordered[name] = [in_order(item, inner) for item in value]
        else:
            ordered[name] = in_order(value, inner)
    return ordered


def _read_value(element: Element, kind: str) -> Any:
    if kind in _book()["types"]:
        return read_element(element, kind)
    if kind == "any":
        return "".join(element.itertext()).strip()
    if len(element):
        text = f"Error parsing file: Element {element[0].tag} invalid at this location"
        raise SetupError(f"{text} in type {kind}", "UNKNOWN_EXCEPTION")
    text = element.text or ""
    if kind == "string":
        return text
    return _read_simple(text.strip(), kind, local(element))


def _read_simple(text: str, kind: str, name: str) -> Any:
    if not text and kind not in {"boolean"}:
        return None
    if kind == "boolean":
        if text not in {"true", "false", "1", "0"}:
            raise _bad_value(text, "xsd:boolean", name)
        return text in {"true", "1"}
    if kind in {"int", "double"}:
        try:
            return int(text) if kind == "int" else float(text)
        except ValueError:
            raise _bad_value(text, f"xsd:{kind}", name) from None
    choices = _book()["choices"].get(kind)
    if choices is not None and text not in choices:
        message = f"'{text}' is not a valid value for the enum '{kind}'"
        raise SetupError(message, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    return text


def _bad_value(text: str, kind: str, name: str) -> SetupError:
    return SetupError(f"Error parsing file: '{text}' is not a valid value for {kind} {name}")


def _check_value(value: Any, kind: str, name: str) -> Any:
    if kind in _book()["types"]:
        return check_document(value, kind)
    if kind == "any":
        return value
    if kind == "boolean" and isinstance(value, bool):
        return value
    if kind in {"int", "double"} and not isinstance(value, (bool, dict, list)):
        return _read_simple(str(value), kind, name)
    if kind == "boolean" or isinstance(value, (bool, dict, list)):
        text = f"Cannot deserialize instance of {kind} from {name}"
        if not (kind == "string" and isinstance(value, bool)):
            raise SetupError(text, "JSON_PARSER_ERROR")
        return "true" if value else "false"
    return str(value) if kind == "string" else _read_simple(str(value), kind, name)
