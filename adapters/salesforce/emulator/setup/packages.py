"""Reads the zip of a deployment into the parts that it makes and those that it deletes."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError

from adapters.salesforce.emulator.setup.documents import Document, read_file
from adapters.salesforce.emulator.setup.kinds import KINDS, OBJECT_PARTS, Kind, file_of, is_known
from adapters.salesforce.emulator.setup.problems import SetupError
from adapters.salesforce.emulator.setup.soap import METADATA, child, children, local, parse_xml
from adapters.salesforce.emulator.setup.zips import PackageZip

MANIFEST = "package.xml"
DELETIONS = ("destructiveChanges.xml", "destructiveChangesPre.xml", "destructiveChangesPost.xml")
Members = dict[str, list[str]]


@dataclass(slots=True)
class Part:
    """One component of a package; with `problem` its file could not be read."""

    kind: str
    full_name: str
    file_name: str
    document: Document = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    problem: SetupError | None = None


@dataclass(slots=True)
class Package:
    """What a deployment asks for: parts to make, components to delete before and after."""

    version: str = ""
    parts: list[Part] = field(default_factory=list)
    delete_first: list[Part] = field(default_factory=list)
    delete_last: list[Part] = field(default_factory=list)


def read_package(content: bytes, *, single: bool) -> Package:
    """Read a zip; raises SetupError when no package can be made of it at all."""
    files = PackageZip(content)
    root = "" if single else _package_folder(files)
    manifest = files.read(root + MANIFEST)
    if manifest is None:
        raise SetupError("No package.xml found", "INVALID_ZIP_FILE")
    version, wanted = read_manifest(manifest, MANIFEST)
    package = Package(version)
    reader = _Reader(files, root, wanted)
    package.parts = reader.parts()
    for name in DELETIONS:
        deletions = files.read(root + name)
        if deletions is not None:
            _, members = read_manifest(deletions, name)
            target = package.delete_last if name.endswith("Post.xml") else package.delete_first
            target.extend(Part(kind, one, name) for kind, all_ in members.items() for one in all_)
    return package


def read_manifest(content: bytes, name: str) -> tuple[str, Members]:
    """Read a package.xml or destructiveChanges.xml: version, and members by kind."""
    try:
        root = parse_xml(content)
    except (ParseError, ValueError) as error:
        raise SetupError(f"Error parsing {name}: {error}", "UNKNOWN_EXCEPTION") from None
    if root.tag != f"{{{METADATA}}}Package":
        raise SetupError(f"Error parsing {name}: the root must be Package", "UNKNOWN_EXCEPTION")
    return read_members(root, name)


def read_members(root: Element, name: str) -> tuple[str, Members]:
    """Read version and members by kind from the element of a package."""
    version, members = "", Members()
    for part in root:
        if local(part) == "version":
            version = (part.text or "").strip()
        elif local(part) == "types":
            kind = child(part, "name")
            kind_name = "" if kind is None else (kind.text or "").strip()
            if not is_known(kind_name):
                text = f"Unknown type name '{kind_name}' specified in {name}"
                raise SetupError(text, "INVALID_TYPE")
            names = [(one.text or "").strip() for one in children(part, "members")]
            members.setdefault(kind_name, []).extend(one for one in names if one)
        elif local(part) not in {"fullName", "apiAccessLevel", "description", "namespacePrefix"}:
            text = f"Error parsing {name}: Element {part.tag} invalid at this location"
            raise SetupError(text, "UNKNOWN_EXCEPTION")
    return version, members


def split_object(full_name: str, path: str, document: Document) -> list[Part]:
    """Return an object and the fields, views and rules that stand in its document."""
    rest = dict(document)
    parts = [
        Part(kind, f"{full_name}.{item.get('fullName', '')}", path, _without_name(item))
        for element, kind in OBJECT_PARTS.items()
        for item in rest.pop(element, [])
    ]
    return [Part("CustomObject", full_name, path, rest), *parts]


def _without_name(item: Document) -> Document:
    return {key: value for key, value in item.items() if key != "fullName"}


def _package_folder(files: PackageZip) -> str:
    for path in files.paths():
        folder, _, name = path.rpartition("/")
        if name == MANIFEST and folder.count("/") == 0:
            return folder + "/" if folder else ""
    raise SetupError("No package.xml found", "INVALID_ZIP_FILE")


class _Reader:
    """Finds the parts of a package that its manifest names."""

    def __init__(self, files: PackageZip, root: str, wanted: Members) -> None:
        self.files = files
        self.root = root
        self.wanted = wanted
        self.found: dict[tuple[str, str], Part] = {}

    def parts(self) -> list[Part]:
        """Return all named parts; one that has no file or a wrong one carries its problem."""
        for kind in KINDS.values():
            for full_name in self._names_in_zip(kind):
                if kind.name == "CustomObject":
                    self._read_object(full_name)
                elif self._is_wanted(kind.name, full_name):
                    self._add(kind.name, full_name, self._read_one(kind, full_name))
                else:
                    problem = SetupError("Not in package.xml", "INVALID_FIELD")
                    self._add(kind.name, full_name, problem)
        for kind_name, names in self.wanted.items():
            for full_name in names:
                if full_name != "*" and (kind_name, full_name.lower()) not in self.found:
                    text = (
                        f"An object '{full_name}' of type {kind_name} was named in package.xml, "
                        "but was not found in zipped directory"
                    )
                    self._add(kind_name, full_name, SetupError(text, "INVALID_FIELD"))
        return list(self.found.values())

    def _is_wanted(self, kind_name: str, full_name: str) -> bool:
        names = self.wanted.get(kind_name, [])
        return "*" in names or full_name.lower() in {name.lower() for name in names}

    def _names_in_zip(self, kind: Kind) -> list[str]:
        prefix = f"{self.root}{kind.folder}/"
        names: dict[str, None] = {}
        for path in self.files.paths():
            if not path.startswith(prefix) or (path.endswith("-meta.xml") and not kind.is_bundle):
                continue
            rest = path.removeprefix(prefix)
            if kind.is_bundle:
                if "/" in rest and not rest.startswith("__"):
                    names[rest.partition("/")[0]] = None
            elif rest.endswith(f".{kind.suffix}"):
                names[rest.removesuffix(f".{kind.suffix}")] = None
        return list(names)

    def _add(self, kind_name: str, full_name: str, found: Part | SetupError) -> None:
        if isinstance(found, SetupError):
            file_name = self.root + file_of(kind_name, full_name)
            found = Part(kind_name, full_name, file_name, problem=found)
        self.found[(kind_name, full_name.lower())] = found

    def _read_one(self, kind: Kind, full_name: str) -> Part | SetupError:
        path = self.root + file_of(kind.name, full_name)
        try:
            if kind.is_bundle:
                return self._read_bundle(kind, full_name, path)
            content = self.files.read(path) or b""
            if not kind.has_meta_file:
                return Part(kind.name, full_name, path, read_file(content, kind.name))
            meta = self.files.read(path + "-meta.xml")
            if meta is None:
                return SetupError(f"{path}-meta.xml was not found in zipped directory")
            files = {path.rpartition("/")[2]: content}
            return Part(kind.name, full_name, path, read_file(meta, kind.name), files)
        except SetupError as error:
            return error

    def _read_bundle(self, kind: Kind, full_name: str, path: str) -> Part | SetupError:
        files = {
            name.removeprefix(path + "/"): self.files.read(name) or b""
            for name in self.files.paths()
            if name.startswith(path + "/")
        }
        meta = files.get(f"{full_name}.js-meta.xml")
        if meta is None:
            return SetupError(f"Cannot find Lightning Component Bundle {full_name}: no js-meta.xml")
        return Part(kind.name, full_name, path, read_file(meta, kind.name), files)

    def _read_object(self, full_name: str) -> None:
        path = self.root + file_of("CustomObject", full_name)
        whole = self._is_wanted("CustomObject", full_name)
        try:
            document = read_file(self.files.read(path) or b"", "CustomObject")
        except SetupError as error:
            self._fail_object(full_name, path, error)
            return
        for part in split_object(full_name, path, document):
            if not (whole or self._is_wanted(part.kind, part.full_name)):
                continue
            key = (part.kind, part.full_name.lower())
            if key in self.found:
                text = f"Duplicate {part.kind}: {part.full_name}"
                part.problem = SetupError(text, "DUPLICATE_VALUE")
            self.found[key] = part

    def _fail_object(self, full_name: str, path: str, error: SetupError) -> None:
        self.found[("CustomObject", full_name.lower())] = Part(
            "CustomObject", full_name, path, problem=error
        )
        for kind_name, names in self.wanted.items():
            for name in names:
                if kind_name in OBJECT_PARTS.values() and name.startswith(full_name + "."):
                    part = Part(kind_name, name, path, problem=error)
                    self.found[(kind_name, name.lower())] = part
