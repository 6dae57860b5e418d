"""What an org has of our metadata: names and contents, asked through the Metadata API.

Source: Metadata API Developer Guide, "retrieve()", "checkRetrieveStatus()", "listMetadata()".
There is no REST form of these calls, so the envelopes are written here.
"""

from __future__ import annotations

import base64
import binascii
import io
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from adapters.salesforce.components import (
    NAMESPACE,
    Component,
    ComponentError,
    Key,
    parse_document,
    read_package,
)
from adapters.salesforce.errors import Call, shorten, translate_nonsense
from adapters.salesforce.session import SalesforceSession
from connector.errors import RefusedError, TransientError

UNZIPPED_MAX = 64 * 1024 * 1024  # bytes; our parts of an org are far smaller
WAIT_MAX = 600.0  # seconds
# A cut or spoilt file, an encrypted one, or one packed in a way that is not known here.
_BAD_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 8.0


class Retrieval:
    """Reads components of an org by name."""

    def __init__(self, session: SalesforceSession) -> None:
        self._session = session

    def fetch(self, keys: Iterable[Key]) -> dict[Key, Component]:
        """Those of the components that the org has, with their contents.

        TransientError when Salesforce does not end the retrieval, RefusedError when it fails it.
        """
        call = self._session.name_call("describe", "metadata")
        by_kind: dict[str, list[str]] = {}
        for kind, name in sorted(keys):
            by_kind.setdefault(kind, []).append(name)
        started = self._ask("retrieve", _retrieve_request(by_kind, self._version), call)
        content = self._wait(_text(started, "id"), call)
        try:
            return read_package(_unzip(content))
        except (ComponentError, ValueError, *_BAD_ZIP):
            raise translate_nonsense(call, "the retrieved zip cannot be read") from None

    def list_names(self, kind: str) -> set[str]:
        """Full names of all components of a type."""
        call = self._session.name_call("describe", kind)
        query = f"<queries><type>{escape(kind)}</type></queries>"
        body = f"{query}<asOfVersion>{self._version}</asOfVersion>"
        answer = self._ask("listMetadata", body, call)
        return {_text(row, "fullName") for row in _results(answer)}

    @property
    def _version(self) -> str:
        return self._session.options.api_version

    def _wait(self, retrieve_id: str, call: Call) -> bytes:
        clock = self._session.clock
        ends, pause = clock.monotonic() + WAIT_MAX, _FIRST_WAIT
        asked = f"<asyncProcessId>{escape(retrieve_id)}</asyncProcessId>"
        body = f"{asked}<includeZip>true</includeZip>"
        while True:
            state = self._ask("checkRetrieveStatus", body, call)
            if _text(state, "done") == "true":
                return _read_zip(state, call)
            if clock.monotonic() > ends:
                raise TransientError(
                    "Salesforce did not give out its metadata within {minutes} minutes.",
                    where=call.where,
                    next_step="Nothing was changed; try again.",
                    minutes=int(WAIT_MAX // 60),
                )
            clock.sleep(pause)
            pause = min(pause * 2, _LONGEST_WAIT)

    def _ask(self, operation: str, body: str, call: Call) -> Element:
        def envelope_of(session_id: str) -> bytes:
            return write_envelope(operation, body, session_id)

        content = self._session.ask_metadata(envelope_of, call)
        try:
            root = parse_document(content, operation)
        except ComponentError:
            raise translate_nonsense(call, "the answer is no XML") from None
        answer = root.find(f".//{{{NAMESPACE}}}{operation}Response")
        if answer is None:
            raise translate_nonsense(call, "the answer is of another call")
        found = answer.find(f"{{{NAMESPACE}}}result")
        return answer if found is None or operation == "listMetadata" else found


def write_envelope(operation: str, body: str, session_id: str) -> bytes:
    """A SOAP call to the Metadata API."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Header>'
        f'<SessionHeader xmlns="{NAMESPACE}"><sessionId>{escape(session_id)}</sessionId>'
        f'</SessionHeader></env:Header><env:Body><{operation} xmlns="{NAMESPACE}">{body}'
        f"</{operation}></env:Body></env:Envelope>"
    ).encode()


def _retrieve_request(by_kind: Mapping[str, Iterable[str]], version: str) -> str:
    types = "".join(
        "<types>"
        + "".join(f"<members>{escape(name)}</members>" for name in names)
        + f"<name>{escape(kind)}</name></types>"
        for kind, names in by_kind.items()
    )
    return (
        f"<retrieveRequest><apiVersion>{version}</apiVersion><singlePackage>true</singlePackage>"
        f"<unpackaged>{types}<version>{version}</version></unpackaged></retrieveRequest>"
    )


def _read_zip(state: Element, call: Call) -> bytes:
    if _text(state, "success") != "true":
        raise RefusedError(
            "Salesforce did not give out its metadata: {detail}",
            code=_text(state, "errorStatusCode"),
            where=call.where,
            next_step="The user needs the permission Modify Metadata Through Metadata API "
            "Functions, and View Setup and Configuration.",
            detail=shorten(_text(state, "errorMessage")),
        )
    try:
        return base64.b64decode(_text(state, "zipFile"), validate=False)
    except (binascii.Error, ValueError):
        raise translate_nonsense(call, "the zip is not base64") from None


def _unzip(content: bytes) -> dict[str, bytes]:
    """Files of a zip by path, without the folder around a package; ValueError when too large."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > UNZIPPED_MAX:
            raise ValueError("the zip is larger than is sound")
        names = [name for name in archive.namelist() if not name.endswith("/")]
        return {name.removeprefix("unpackaged/"): archive.read(name) for name in names}


def _results(answer: Element) -> list[Element]:
    return answer.findall(f"{{{NAMESPACE}}}result")


def _text(parent: Element, tag: str) -> str:
    return parent.findtext(f"{{{NAMESPACE}}}{tag}", "").strip()
