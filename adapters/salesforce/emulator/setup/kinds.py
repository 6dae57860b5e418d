"""The kinds of metadata that the emulated org knows: folders, suffixes, children."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One metadata type: where its files stand in a package.

    `has_meta_file` says that a content file has its properties in `<file>-meta.xml`;
    a bundle is a folder of files.
    """

    name: str
    folder: str
    suffix: str = ""
    children: tuple[str, ...] = ()
    has_meta_file: bool = False
    is_bundle: bool = False


# Element in the file of an object, and the kind of component that it is.
OBJECT_PARTS = {
    "fields": "CustomField",
    "listViews": "ListView",
    "compactLayouts": "CompactLayout",
    "validationRules": "ValidationRule",
    "recordTypes": "RecordType",
}
KINDS = {
    kind.name: kind
    for kind in (
        Kind("CustomObject", "objects", "object", tuple(OBJECT_PARTS.values())),
        Kind("CustomPermission", "customPermissions", "customPermission"),
        Kind("StaticResource", "staticresources", "resource", has_meta_file=True),
        Kind("LightningComponentBundle", "lwc", is_bundle=True),
        Kind("FlexiPage", "flexipages", "flexipage"),
        Kind("PermissionSet", "permissionsets", "permissionset"),
        Kind("CustomObjectTranslation", "objectTranslations", "objectTranslation"),
        Kind("Translations", "translations", "translation"),
    )
}
# What a deployment makes first: what later kinds refer to.
ORDER = (
    "CustomObject",
    "CustomField",
    "CustomPermission",
    "RecordType",
    "ValidationRule",
    "CompactLayout",
    "ListView",
    "StaticResource",
    "LightningComponentBundle",
    "FlexiPage",
    "PermissionSet",
    "CustomObjectTranslation",
    "Translations",
)
PREFIXES = {
    "CustomField": "00N",
    "CustomObject": "01I",
    "CustomPermission": "0CP",
    "RecordType": "012",
    "ValidationRule": "03d",
    "CompactLayout": "0AH",
    "ListView": "00B",
    "StaticResource": "081",
    "LightningComponentBundle": "0Rb",
    "FlexiPage": "0M0",
    "PermissionSet": "0PS",
    "CustomObjectTranslation": "01h",
    "Translations": "02h",
}


def is_known(name: str) -> bool:
    """Say whether a package may name components of this kind."""
    return name in PREFIXES


def file_of(kind_name: str, full_name: str) -> str:
    """Return the path of a component's file (a bundle: its folder) inside a package."""
    if kind_name in OBJECT_PARTS.values():
        return f"objects/{full_name.partition('.')[0]}.object"
    kind = KINDS[kind_name]
    return f"{kind.folder}/{full_name}" + (f".{kind.suffix}" if kind.suffix else "")
