"""Endpoint classes: the names under which calls are counted and faults are scripted."""

from __future__ import annotations

_WRITES = {"POST": "create", "PATCH": "update", "PUT": "update", "DELETE": "delete", "GET": "get"}


def classify_data(method: str, parts: list[str]) -> str:
    """Name the class of a call by its lower-case path below `/services/data/vNN.0`."""
    match parts:
        case ["limits", *_]:
            return "limits"
        case ["query" | "queryall", _]:
            return "query_more"
        case ["query" | "queryall" as name]:
            return name
        case ["sobjects"] | ["sobjects", _, "describe"]:
            return "describe"
        case ["sobjects", _]:
            return "row_create" if method == "POST" else "describe"
        case ["sobjects", _, ("updated" | "deleted") as name]:
            return f"replication_{name}"
        case ["sobjects", _, _]:
            return f"row_{_WRITES.get(method, 'other')}"
        case ["sobjects", _, _, _]:
            return "row_upsert" if method == "PATCH" else f"row_{_WRITES.get(method, 'other')}"
        case ["composite", "sobjects"]:
            return f"collection_{_WRITES.get(method, 'other')}"
        case ["composite", "sobjects", _]:
            return "collection_retrieve"
        case ["composite", "sobjects", _, _]:
            return "collection_upsert"
        case ["composite", "tree", _]:
            return "tree"
        case ["composite", "batch"]:
            return "batch"
        case ["composite"]:
            return "composite"
        case ["jobs", kind, *rest]:
            return f"bulk_{kind}_{_classify_job(method, rest)}"
        case ["tooling", *_]:
            return "tooling"
        case ["metadata", *_]:
            return "metadata_poll" if method == "GET" else "metadata"
    return "other"


def _classify_job(method: str, rest: list[str]) -> str:
    if not rest:
        return "create" if method == "POST" else "list"
    if len(rest) == 1:
        return {"GET": "poll", "PATCH": "state", "DELETE": "delete"}.get(method, "other")
    return "upload" if rest[1] == "batches" else "results"
