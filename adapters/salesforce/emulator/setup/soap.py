"""SOAP envelopes: reading hostile ones, writing answers and faults as the vendor does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

PARTNER = "urn:partner.soap.sforce.com"
METADATA = "http://soap.sforce.com/2006/04/metadata"
FAULTS = {PARTNER: "urn:fault.partner.soap.sforce.com", METADATA: METADATA}
XSI = "http://www.w3.org/2001/XMLSchema-instance"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class SoapFaultError(Exception):
    """A SOAP call fails; `code` is an exception code of the vendor's WSDL."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Envelope:
    """A call: its operation's element and the session id of the header."""

    operation: str
    call: Element
    session_id: str

    def text(self, name: str, default: str = "") -> str:
        """Return the text of a direct child, whatever its prefix."""
        found = child(self.call, name)
        return default if found is None else (found.text or "").strip()


def parse_xml(content: bytes) -> Element:
    """Parse XML without entities or document types; raises ParseError or ValueError."""
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise ValueError("document types and entities are not allowed") from None
    except (LookupError, UnicodeError):
        raise ValueError("the encoding is not known") from None
    return root


def read_envelope(body: bytes) -> Envelope:
    """Read a SOAP 1.1 call; raises SoapFaultError."""
    try:
        root = parse_xml(body)
    except (ParseError, ValueError) as error:
        raise SoapFaultError("UNKNOWN_EXCEPTION", f"Content is not allowed: {error}") from None
    content = child(root, "Body")
    if local(root) != "Envelope" or content is None or len(content) != 1:
        raise SoapFaultError("UNKNOWN_EXCEPTION", "a SOAP Envelope with one call is expected")
    session_id = ""
    header = child(root, "Header")
    if header is not None:
        session = child(header, "SessionHeader")
        found = None if session is None else child(session, "sessionId")
        session_id = "" if found is None else (found.text or "").strip()
    return Envelope(local(content[0]), content[0], session_id)


def local(element: Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def child(element: Element, name: str) -> Element | None:
    """Return the first direct child of that local name."""
    return next((part for part in element if local(part) == name), None)


def children(element: Element, name: str) -> list[Element]:
    """Return all direct children of that local name."""
    return [part for part in element if local(part) == name]


def is_true(text: str) -> bool:
    """Read an xsd:boolean in any case, as clients send it."""
    return text.strip().lower() in {"true", "1"}


def write_xml(name: str, value: Any) -> str:
    """Return an element: mappings become children, sequences repeat it, None is left out.

    A mapping may carry attributes under the key `@`.
    """
    if value is None:
        return ""
    if isinstance(value, Mapping):
        attributes = value.get("@", "")
        inner = "".join(write_xml(key, item) for key, item in value.items() if key != "@")
        return f"<{name}{attributes}>{inner}</{name}>"
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return "".join(write_xml(name, item) for item in value)
    if isinstance(value, bool):
        value = "true" if value else "false"
    return f"<{name}>{escape(_UNWRITABLE.sub('', str(value)))}</{name}>"


def write_answer(namespace: str, operation: str, result: Any) -> bytes:
    """Return the envelope of an answer; `result` becomes the result element(s)."""
    inner = write_xml(f"{operation}Response", {"result": result})
    return _wrap(f'xmlns="{namespace}" xmlns:xsi="{XSI}"', inner)


def write_fault(namespace: str, error: SoapFaultError) -> bytes:
    """Return the envelope of a fault, with the prefix `sf` that clients look for."""
    code, message = error.code, escape(_UNWRITABLE.sub("", error.message))
    kind = "LoginFault" if code.startswith("INVALID_LOGIN") else "ApiFault"
    detail = (
        f'<sf:{kind} xsi:type="sf:{kind}"><sf:exceptionCode>{code}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{message}</sf:exceptionMessage></sf:{kind}>"
    )
    inner = (
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode>"
        f"<faultstring>{code}: {message}</faultstring><detail>{detail}</detail></soapenv:Fault>"
    )
    return _wrap(f'xmlns:sf="{FAULTS[namespace]}" xmlns:xsi="{XSI}"', inner)


def _wrap(namespaces: str, inner: str) -> bytes:
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{_ENVELOPE}" '
        f"{namespaces}><soapenv:Body>{inner}</soapenv:Body></soapenv:Envelope>"
    )
    return text.encode()
