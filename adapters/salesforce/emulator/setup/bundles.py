"""Checks a Lightning web component as a deployment does: files, and what it imports."""

from __future__ import annotations

import re
from collections.abc import Callable

from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.setup.problems import SetupError

Knows = Callable[[str, str], bool]
_BUNDLE_NAME = re.compile(r"[a-z](?:_?[A-Za-z0-9])*\Z")
_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"'\n]{1,500})["']""")
_LOOSE_MODULES = (
    "@salesforce/label/",
    "@salesforce/i18n/",
    "@salesforce/user/",
    "@salesforce/client/",
)


def check_bundle(org: Org, name: str, files: dict[str, bytes], knows: Knows) -> None:
    """Raise SetupError for a bundle that an org would refuse."""
    if not _BUNDLE_NAME.match(name):
        text = f"The folder name of a component begins with a lower-case letter: {name}"
        raise SetupError(text, "INVALID_FIELD_NAME")
    # A module of nothing but styles has no script (LWC Developer Guide, "Share CSS Style Rules").
    if f"{name}.js" not in files and f"{name}.css" not in files:
        raise SetupError(f"Cannot find Lightning Component Bundle {name}: {name}.js is missing")
    for path, content in files.items():
        if path.endswith(".js") and not path.startswith("__"):
            for module in _IMPORT.findall(content.decode("utf-8", "replace")):
                _check_import(org, path, module, knows)


def schema_imports(files: dict[str, bytes]) -> set[str]:
    """Return the paths such as `Account.X__c` that a bundle imports from the schema."""
    prefix = "@salesforce/schema/"
    modules = {
        module
        for path, content in files.items()
        if path.endswith(".js")
        for module in _IMPORT.findall(content.decode("utf-8", "replace"))
    }
    return {module.removeprefix(prefix) for module in modules if module.startswith(prefix)}


def _check_import(org: Org, path: str, module: str, knows: Knows) -> None:
    if module.startswith("@salesforce/schema/"):
        reference = module.removeprefix("@salesforce/schema/")
        if not resolves(org, reference):
            raise SetupError(f"Invalid reference {reference} of type sobjectField in file {path}")
    elif module.startswith("@salesforce/customPermission/"):
        _need(knows, "CustomPermission", module, "customPermission", path)
    elif module.startswith("@salesforce/resourceUrl/"):
        _need(knows, "StaticResource", module, "resourceUrl", path)
    elif module.startswith("c/"):
        wanted = module.removeprefix("c/")
        if not knows("LightningComponentBundle", wanted):
            raise SetupError(f"No MODULE named markup://c:{wanted} found", "INVALID_FIELD")
    elif module.startswith("@salesforce/") and not module.startswith(_LOOSE_MODULES):
        raise SetupError(f"Invalid reference {module} in file {path}")


def _need(knows: Knows, kind: str, module: str, reference: str, path: str) -> None:
    name = module.rpartition("/")[2]
    if not knows(kind, name):
        raise SetupError(f"Invalid reference {name} of type {reference} in file {path}")


def resolves(org: Org, path: str) -> bool:
    """Say whether a path such as `Order.Account.Credit_Light__c` leads to a field or object."""
    spec = org.schema.stored(path.partition(".")[0])
    if spec is None:
        return False
    *steps, last = path.split(".")[1:] or [""]
    for step in steps:
        link = next(
            (f for f in spec.fields.values() if f.relationship.lower() == step.lower()), None
        )
        parent = None if link is None else org.schema.stored(link.reference_to[0])
        if parent is None:
            return False
        spec = parent
    return not last or last.lower() in spec.fields
