"""The parts of an app: read from a source folder or a retrieved zip, compared, and packed.

Formats: Salesforce DX Developer Guide ("Source Format": one file for each part of an object) and
Metadata API Developer Guide ("Metadata Components and Types": one file for each object).
"""

from __future__ import annotations

import copy
import fnmatch
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, SubElement, indent, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
PARTS = {
    "fields": "CustomField",
    "listViews": "ListView",
    "compactLayouts": "CompactLayout",
    "validationRules": "ValidationRule",
}
"""Type of a part of an object by its element there, which is also its folder in source format."""
FILES = {
    "permissionsets": ("PermissionSet", "permissionset"),
    "customPermissions": ("CustomPermission", "customPermission"),
    "flexipages": ("FlexiPage", "flexipage"),
    "objectTranslations": ("CustomObjectTranslation", "objectTranslation"),
}
"""Type and suffix of what has a file of its own, by folder."""
BUNDLES = {"lwc": "LightningComponentBundle"}
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Component:
    """One component: its type and full name, and its document or its files.

    `document` is the parsed XML; bundles have `files` by name within their folder instead.
    """

    kind: str
    name: str
    document: Element = field(default_factory=lambda: Element("none"))
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """Type and full name."""
        return self.kind, self.name

    @property
    def object_name(self) -> str:
        """The object it belongs to; empty when to none."""
        if self.kind == "CustomObject":
            return self.name
        return self.name.partition(".")[0] if self.kind in PARTS.values() else ""

    def text(self, tag: str) -> str:
        """Text of a direct element of the document; empty when it has none."""
        found = self.document.find(f"{{{NAMESPACE}}}{tag}")
        return (found.text or "").strip() if found is not None else ""


class ComponentError(Exception):
    """A metadata file that is no sound XML; the text names it."""


def parse_document(content: bytes, path: str) -> Element:
    """The root of a metadata document; ComponentError for broken or hostile XML."""
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, LookupError, UnicodeError, ValueError):
        raise ComponentError(path) from None
    return root


# -- reading -----------------------------------------------------------------------------------


def read_source(folder: Path, ignored: Iterable[str] = ()) -> dict[Key, Component]:
    """Components of a package folder in source format (the folder below `packageDirectories`)."""
    root = folder / "main" / "default"
    paths = sorted(p for p in root.rglob("*") if p.is_file())
    paths = [p for p in paths if not _is_ignored(p.relative_to(root), ignored)]
    files = {p.relative_to(root).as_posix(): p.read_bytes() for p in paths}
    found: dict[Key, Component] = {}
    for path, content in files.items():
        component = _read_source_file(path, content)
        if component is not None:
            found[component.key] = component
    _fold_translations(files, found)
    found |= {c.key: c for c in _bundles(files)}
    return found


def _is_ignored(path: Path, patterns: Iterable[str]) -> bool:
    """Whether a pattern of `.forceignore` names the path; `**/` may stand for no folder."""
    text = f"/{path.as_posix()}"
    return any(fnmatch.fnmatch(text, pattern.replace("**/", "*/")) for pattern in patterns)


def read_ignored(app: Path) -> tuple[str, ...]:
    """Patterns of an app's `.forceignore`."""
    lines = (app / ".forceignore").read_text(encoding="utf-8").splitlines()
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def _read_source_file(path: str, content: bytes) -> Component | None:
    """The component of a source file; None for parts of bundles and translations."""
    top, _, rest = path.partition("/")
    stem = path.rpartition("/")[2].partition(".")[0]
    if top == "objects":
        owner, _, part = rest.partition("/")
        folder = part.partition("/")[0]
        document = parse_document(content, path)
        if folder in PARTS:
            return Component(PARTS[folder], f"{owner}.{stem}", document)
        return Component("CustomObject", owner, document)
    if top in FILES and not path.endswith(".fieldTranslation-meta.xml"):
        return Component(FILES[top][0], stem, parse_document(content, path))
    return None


def _fold_translations(files: Mapping[str, bytes], found: Mapping[Key, Component]) -> None:
    """Put the translation of each field into that of its object, as the Metadata API wants it."""
    for path, content in files.items():
        if not path.endswith(".fieldTranslation-meta.xml"):
            continue
        whole = found["CustomObjectTranslation", path.split("/")[1]].document
        part = SubElement(whole, f"{{{NAMESPACE}}}fields")
        part.extend(parse_document(content, path))


def read_package(files: Mapping[str, bytes]) -> dict[Key, Component]:
    """Components of an unpacked zip in the Metadata API's format."""
    found: dict[Key, Component] = {}
    for path, content in files.items():
        top, _, rest = path.partition("/")
        stem = rest.rpartition(".")[0]
        if top == "objects":
            found |= {c.key: c for c in _split_object(stem, parse_document(content, path))}
        elif top in FILES:
            component = Component(FILES[top][0], stem, parse_document(content, path))
            found[component.key] = component
    return found | {c.key: c for c in _bundles(files)}


def _split_object(name: str, root: Element) -> Iterator[Component]:
    """The parts of an object's file, and what is left as the object itself."""
    rest = Element(root.tag)
    for child in root:
        tag = local_name(child)
        if tag not in PARTS:
            rest.append(child)
            continue
        full_name = child.findtext(f"{{{NAMESPACE}}}fullName", "").strip()
        yield Component(PARTS[tag], f"{name}.{full_name}", child)
    if name.endswith("__c"):
        yield Component("CustomObject", name, rest)


def _bundles(files: Mapping[str, bytes]) -> Iterator[Component]:
    by_folder: dict[tuple[str, str], dict[str, bytes]] = {}
    for path, content in files.items():
        top, _, rest = path.partition("/")
        bundle, _, name = rest.partition("/")
        if top in BUNDLES and name:
            by_folder.setdefault((top, bundle), {})[name] = content
    for (top, bundle), parts in by_folder.items():
        yield Component(BUNDLES[top], bundle, files=parts)


# -- comparing ---------------------------------------------------------------------------------

_SIZES = ("length", "precision", "scale", "visibleLines")
_CHOICES = f"{{{NAMESPACE}}}valueSet/{{{NAMESPACE}}}valueSetDefinition"


def find_differences(ours: Component, theirs: Component) -> list[str]:
    """Names of the elements or files in which the org's component is not as ours.

    What an org adds on its own (defaults, more permissions in a set) is no difference.
    """
    if ours.files:
        return [
            name
            for name, content in ours.files.items()
            if name not in theirs.files or not _same_file(name, content, theirs.files[name])
        ]
    missing = [child for child in ours.document if not _is_held(child, theirs.document)]
    return sorted({local_name(child) for child in missing})


def _same_file(name: str, ours: bytes, theirs: bytes) -> bool:
    if name.endswith(".xml"):
        wanted, found = parse_document(ours, name), parse_document(theirs, name)
        return all(_is_held(child, found) for child in wanted)
    return _lines(ours.decode("utf-8", "replace")) == _lines(theirs.decode("utf-8", "replace"))


def _is_held(wanted: Element, parent: Element) -> bool:
    """Whether an element like `wanted` stands below `parent`; false is what orgs leave out."""
    alike = [child for child in parent if local_name(child) == local_name(wanted)]
    if not alike:
        return (wanted.text or "").strip() == "false" and not len(wanted)
    return any(_covers(child, wanted) for child in alike)


def _covers(theirs: Element, ours: Element) -> bool:
    if any(theirs.get(name) != value for name, value in ours.items()):
        return False
    if len(ours):
        return all(_is_held(child, theirs) for child in ours)
    return _lines(theirs.text or "") == _lines(ours.text or "")


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def list_choices(component: Component) -> list[dict[str, object]]:
    """Choices of a picklist as the Tooling API takes them."""
    names = ("fullName", "label", "default", "isActive")
    return [
        {
            name: text == "true" if name in ("default", "isActive") else text
            for name in names
            if (text := value.findtext(f"{{{NAMESPACE}}}{name}")) is not None
        }
        for value in component.document.findall(f"{_CHOICES}/{{{NAMESPACE}}}value")
    ]


def _name_choice(value: Element) -> str:
    return value.findtext(f"{{{NAMESPACE}}}fullName", "").strip()


def adopt_sizes(ours: Component, theirs: Component) -> Component:
    """Ours with the org's sizes where those are larger and its further choices, so that nothing is
    ever cut: a deployment takes away the choices that it does not name."""
    document = copy.deepcopy(ours.document)
    choices = document.find(_CHOICES)
    if choices is not None:
        known = {_name_choice(value) for value in choices}
        more = theirs.document.findall(f"{_CHOICES}/{{{NAMESPACE}}}value")
        choices.extend(value for value in more if _name_choice(value) not in known)
    for tag in _SIZES:
        wanted = document.find(f"{{{NAMESPACE}}}{tag}")
        found = theirs.text(tag)
        if wanted is not None and found.isdigit() and int(found) > int(wanted.text or 0):
            wanted.text = found
    return replace(ours, document=document)


def keep_theirs(ours: Component, theirs: Component) -> Component:
    """Ours with what an admin added to the same list or widened in it (rights of a permission set).

    A deployment replaces the whole document, and their additions are not ours to take away.
    """
    document = copy.deepcopy(ours.document)
    named = {_identity(child): child for child in document}
    for child in theirs.document:
        for part in named.get(_identity(child), Element("none")):
            if part.text == "false" and child.findtext(part.tag) == "true":
                part.text = "true"
    document.extend(child for child in theirs.document if _identity(child) not in named)
    return Component(ours.kind, ours.name, document, ours.files)


def _identity(child: Element) -> tuple[str, ...]:
    """What tells one entry of a list from the next: the field, object or permission it names."""
    names = [
        (part.text or "").strip()
        for part in child
        if local_name(part) in ("field", "object", "name")
    ]
    return (local_name(child), *names)


def drop_object(component: Component, name: str) -> Component:
    """The component without what it says about an object that the org lacks."""
    document = Element(component.document.tag)
    document.extend(child for child in component.document if not _mentions(child, name))
    line = f"<object>{name}</object>".encode()
    files = {path: body.replace(line, b"") for path, body in component.files.items()}
    return Component(component.kind, component.name, document, files)


def _mentions(element: Element, name: str) -> bool:
    texts = [(part.text or "").strip() for part in element.iter() if not len(part)]
    return any(text == name or text.startswith(f"{name}.") for text in texts)


def local_name(element: Element) -> str:
    """An element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


# -- packing -----------------------------------------------------------------------------------


def pack(components: Iterable[Component]) -> dict[str, bytes]:
    """Files of a zip in the Metadata API's format, without its manifest."""
    files: dict[str, bytes] = {}
    objects: dict[str, Element] = {}
    folders = {kind: (folder, suffix) for folder, (kind, suffix) in FILES.items()}
    tags = {kind: tag for tag, kind in PARTS.items()}
    for component in sorted(components, key=lambda c: c.key):
        if component.object_name:
            root = objects.setdefault(
                component.object_name, Element(f"{{{NAMESPACE}}}CustomObject")
            )
            if component.kind == "CustomObject":
                root.extend(component.document)
            else:
                part = SubElement(root, f"{{{NAMESPACE}}}{tags[component.kind]}")
                part.extend(component.document)
        elif component.files:
            folder = next(f for f, kind in BUNDLES.items() if kind == component.kind)
            for name, content in component.files.items():
                files[f"{folder}/{component.name}/{name}"] = content
        else:
            folder, suffix = folders[component.kind]
            files[f"{folder}/{component.name}.{suffix}"] = write_document(component.document)
    for name, root in objects.items():
        files[f"objects/{name}.object"] = write_document(root)
    return files


def write_document(root: Element) -> bytes:
    """A metadata document as a file."""
    root = copy.deepcopy(root)
    indent(root, "    ")
    for element in root.iter():
        element.tag = local_name(element)
    root.set("xmlns", NAMESPACE)
    content: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return content


def write_manifest(keys: Iterable[Key], version: str) -> bytes:
    """A `package.xml` (or destructive changes) that names these components."""
    root = Element("Package")
    by_kind: dict[str, list[str]] = {}
    for kind, name in sorted(keys):
        by_kind.setdefault(kind, []).append(name)
    for kind, names in by_kind.items():
        types = SubElement(root, "types")
        for name in names:
            SubElement(types, "members").text = name
        SubElement(types, "name").text = kind
    SubElement(root, "version").text = version
    return write_document(root)
