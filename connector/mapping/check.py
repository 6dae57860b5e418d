"""Does a mapping fit what the vendor really has? Every finding names the next step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from connector.mapping.check_currency import check_currency
from connector.mapping.check_heartbeat import check_heartbeat
from connector.mapping.check_read import check_feed
from connector.mapping.check_write import check_task, check_write
from connector.mapping.document import EntityDoc, MappingDoc
from connector.mapping.feeds import Mapping as FieldMapping
from connector.mapping.findings import Finding, Findings
from connector.ports.crm import ObjectInfo

__all__ = ["Finding", "check_mapping"]

Describe = Callable[[str], ObjectInfo | None]

NO_OBJECT = "There is no object {object}, or the integration user may not see it."
GRANT_OBJECT = (
    "Create it or grant the integration user access ({object_access}); or change {path} in "
    "{mapping}."
)


def check_mapping(
    mapping: FieldMapping,
    describe: Describe,
    words: Mapping[str, Sequence[str]] | None = None,
) -> list[Finding]:
    """Findings on every object, column, write-back field and the task object.

    `describe` gives live descriptions by object name (None: lacking or hidden). `words` are texts
    that a credit field may take beyond those fixed by us, such as the policy's grades, so that
    closed picklists can be compared.
    """
    infos = {name: describe(name) for name in mapping.object_names}
    found: list[Finding] = []
    feeds = {n: doc for document in mapping.documents for n, doc in document.entities.items()}
    for document in mapping.documents:
        guide = mapping.guide
        findings = Findings(document.mapping, guide)
        _check_document(document, infos, words or {}, feeds, findings)
        found += findings.found
    return found


def _check_document(
    document: MappingDoc,
    infos: Mapping[str, ObjectInfo | None],
    words: Mapping[str, Sequence[str]],
    feeds: Mapping[str, EntityDoc],
    findings: Findings,
) -> None:
    for name, entity_doc in document.entities.items():
        path = f"entities.{name}"
        info = infos[entity_doc.object]
        if info is not None and info.queryable:
            check_feed(path, name, entity_doc, info, findings)
        elif entity_doc.optional:
            findings.add(
                "ok", path, "{object} is not there; {feed} is left out.",
                object=entity_doc.object, feed=name,
            )  # fmt: skip
        else:
            findings.add(
                "error", f"{path}.object", NO_OBJECT, GRANT_OBJECT, object=entity_doc.object
            )
    for name, write_doc in document.write.items():
        info = infos[write_doc.object]
        if info is None:
            findings.add(
                "error", f"write.{name}.object", NO_OBJECT, GRANT_OBJECT, object=write_doc.object
            )
        else:
            check_write(f"write.{name}", write_doc, info, words, findings)
            check_currency(f"write.{name}", write_doc, feeds, info, findings)
    if document.heartbeat is not None:
        check_heartbeat(document.heartbeat, infos[document.heartbeat.object], findings)
    if document.task is not None:
        info = infos[document.task.object]
        if info is None:
            findings.add(
                "error", "task.object", NO_OBJECT, GRANT_OBJECT, object=document.task.object
            )
        else:
            check_task(document.task, info, findings)
