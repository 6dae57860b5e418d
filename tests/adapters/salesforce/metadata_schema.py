"""The vendor's own schema of metadata documents: the WSDL that ships inside simple-salesforce."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import simple_salesforce

XSD = "{http://www.w3.org/2001/XMLSchema}"
NAMESPACE = "http://soap.sforce.com/2006/04/metadata"


@cache
def _schema() -> Any:
    """The metadata schema as an element tree."""
    etree = pytest.importorskip("lxml.etree")
    wsdl = Path(simple_salesforce.__file__).parent / "metadata.wsdl"
    document = etree.parse(str(wsdl))
    return next(
        schema for schema in document.iter(f"{XSD}schema")
        if schema.get("targetNamespace") == NAMESPACE
    )  # fmt: skip


@cache
def _children(kind: str) -> tuple[tuple[str, str], ...]:
    """Elements of a complex type in the schema's order, its ancestors' first: name and type."""
    found = next((t for t in _schema().iter(f"{XSD}complexType") if t.get("name") == kind), None)
    if found is None:
        return ()
    extension = next(found.iter(f"{XSD}extension"), None)
    inherited = _children(_local(extension.get("base"))) if extension is not None else ()
    own = tuple((e.get("name"), _local(e.get("type"))) for e in found.iter(f"{XSD}element"))
    return (*inherited, *own)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _sort(element: Any, kind: str) -> None:
    """Put children into the schema's order, which files need not keep."""
    order = [name for name, _ in _children(kind)]
    types = dict(_children(kind))

    def place(child: Any) -> int:
        name = child.tag.rpartition("}")[2]
        return order.index(name) if name in order else len(order)

    element[:] = sorted(element, key=place)
    for child in element:
        _sort(child, types.get(child.tag.rpartition("}")[2], ""))


@cache
def _validator() -> Any:
    """A validator of documents whose root is of any type."""
    etree = pytest.importorskip("lxml.etree")
    found = _schema()
    # Types are named by prefix, and prefixes are declared on the document around the schema.
    schema = etree.Element(f"{XSD}schema", found.attrib, nsmap=found.nsmap)
    schema.extend(copy.deepcopy(found))
    declared = {e.get("name") for e in schema.findall(f"{XSD}element")}
    for kind in (t.get("name") for t in found.findall(f"{XSD}complexType")):
        if kind not in declared:
            etree.SubElement(schema, f"{XSD}element", name=kind, type=f"tns:{kind}")
    return etree.XMLSchema(schema)


def find_faults(kind: str, text: str) -> list[str]:
    """What the schema has against a metadata document of that type."""
    etree = pytest.importorskip("lxml.etree")
    root = etree.fromstring(text.encode("utf-8"))
    _sort(root, kind)
    validator = _validator()
    validator.validate(root)
    return [f"line {error.line}: {error.message}" for error in validator.error_log]
