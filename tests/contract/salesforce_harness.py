"""A Salesforce org, played by its emulator, under the contract suite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from adapters.salesforce.adapter import SalesforceAdapter
from adapters.salesforce.emulator import RunningEmulator
from connector.domain.entities import Kind
from connector.domain.values import canonical
from connector.ports.crm import CrmPort
from connector.testing.crm_contract import Applied, CallKind, Layout, Values, read_traits
from connector.testing.crm_contract.harness import ROLES
from connector.testing.faults import Trouble
from tests.adapters.salesforce.connections import FakeClock, make_opening

QUALITY = Path(__file__).parents[2] / "adapters" / "salesforce" / "quality.yaml"
OBJECT = "Account"
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
GRADES = ("A", "B", "C 高")
TEXT_LENGTH = 80
PAGE_SIZE = 200
_FIELDS = {"name": "Name", **{r: f"Contract_{r.capitalize()}__c" for r in ROLES if r != "name"}}

_SCHEMA: dict[str, Any] = {
    "objects": [
        {
            "name": OBJECT,
            "fields": [
                {"name": _FIELDS["text"], "type": "string", "length": TEXT_LENGTH},
                {"name": _FIELDS["note"], "type": "textarea", "length": 32_768},
                {"name": _FIELDS["amount"], "type": "currency", "precision": 18, "scale": 2},
                {"name": _FIELDS["number"], "type": "int"},
                {"name": _FIELDS["flag"], "type": "boolean"},
                {"name": _FIELDS["due"], "type": "date"},
                {"name": _FIELDS["moment"], "type": "datetime"},
                {
                    "name": _FIELDS["grade"], "type": "picklist", "values": list(GRADES),
                    "restricted": True,
                },
                {
                    "name": _FIELDS["key"], "type": "string", "length": TEXT_LENGTH,
                    "external_id": True, "unique": True,
                },
                {
                    "name": _FIELDS["figure"], "type": "currency", "precision": 18, "scale": 2,
                    "calculated": True,
                },
                {"name": _FIELDS["hidden"], "type": "string", "length": 20},
            ],
        }
    ],
    "hide": [f"{OBJECT}.{_FIELDS['hidden']}"],
}  # fmt: skip
_WRITE_KINDS = ("collection_update", "collection_upsert", "collection_create")
_KINDS: dict[CallKind, tuple[str, ...]] = {
    "read": ("query", "queryall", "query_more", "bulk_query_results"),
    "write": _WRITE_KINDS,
    "read_back": ("collection_retrieve",),
}


def _refuse(status: int, code: str, message: str, **more: Any) -> dict[str, Any]:
    body = [{"errorCode": code, "message": message}]
    return {"action": "respond", "status": status, "body": body, **more}


_RULES: dict[Trouble, dict[str, Any]] = {
    Trouble.TRANSIENT: _refuse(503, "SERVER_UNAVAILABLE", "maintenance"),
    Trouble.THROTTLED: _refuse(
        403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."
    ),
    Trouble.REFUSED: _refuse(400, "MALFORMED_QUERY", "unexpected token"),
    Trouble.BUDGET: _refuse(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    Trouble.LOST_BEFORE: {"action": "drop_before"},
    Trouble.LOST_AFTER: {"action": "drop_after"},
    Trouble.CUT_ANSWER: {"action": "truncate", "bytes": 15},
    Trouble.SHORT_ANSWER: {"action": "respond_after", "status": 200, "body": []},
    Trouble.NONSENSE: {"action": "html"},
    Trouble.SESSION_ENDED: {"action": "expire_sessions"},
    Trouble.SIGN_IN: {"action": "expire_sessions"},
    Trouble.SLOW: {"action": "delay", "seconds": 1.0},
}


class SalesforceUnderTest:
    """See `CrmUnderTest`. `way` is how the adapter works, as its declared differences name it."""

    def __init__(self, emulator: RunningEmulator, folder: Path, way: str = "rest") -> None:
        self._control = emulator.control
        self._control.reset()
        self._control.set_clock(START, frozen=True)
        self._control.apply_schema(_SCHEMA)
        self._control.settings(bulk_page_rows=PAGE_SIZE)
        self._clock = FakeClock(START)
        secret = emulator.client_secret
        opening = make_opening(
            emulator.url, client_id=emulator.client_id, secret=secret, clock=self._clock,
            folder=folder, options={"read_timeout": "0.5"},
        )  # fmt: skip
        _renew_session(SalesforceAdapter(opening))
        self._control.reset_counters()
        self._adapter = SalesforceAdapter(opening)
        self.crm: CrmPort = self._adapter
        self.traits = read_traits(QUALITY, way)
        self.secrets: Sequence[str] = (secret,)
        self.troubles = frozenset(_RULES) | {
            Trouble.SHORT_PAGE, Trouble.NO_END, Trouble.EXPIRED_CURSOR
        }  # fmt: skip
        self.layout = Layout(
            object_name=OBJECT, id_field="Id", fields=_FIELDS, grades=GRADES,
            page_size=PAGE_SIZE, text_length=TEXT_LENGTH,
            large_only=f"{_FIELDS['amount']} >= 1000",
            broken_filter="Name != null) OR (Id != null",
            unknown_id="001000000000000AAA", other_id=lambda record_id: record_id[:15],
        )  # fmt: skip

    def seed(self, rows: Sequence[Values]) -> list[str]:
        """Create records in the org."""
        return self._control.seed(OBJECT, [_spell(row) for row in rows])

    def edit(self, record_id: str, values: Values, *, late: bool = False) -> None:
        """Change a record as a person would."""
        self._control.edit(OBJECT, record_id, _spell(values), late="manual" if late else "")

    def show_late(self) -> None:
        """Let late commits be seen."""
        self._control.release()

    def delete(self, record_id: str) -> None:
        """Put a record into the bin."""
        self._control.remove(OBJECT, [record_id])

    def merge(self, survivor: str, loser: str) -> None:
        """Merge a record into another."""
        self._control.merge(OBJECT, survivor, [loser])

    def advance(self, seconds: float) -> None:
        """Move both clocks."""
        self._control.advance(seconds)
        self._clock.sleep(seconds)

    def turn_our_clock(self, seconds: float) -> None:
        """Move ours alone."""
        self._clock.sleep(seconds)

    def inject(self, trouble: Trouble, call: CallKind, *, times: int = 1, skip: int = 0) -> None:
        """Script the trouble on each kind of call that may be meant."""
        between_pages = trouble in (Trouble.NO_END, Trouble.EXPIRED_CURSOR)
        rule = {**self._rule(trouble), "times": times, "skip": 0 if between_pages else skip}
        self._control.add_faults(*({**rule, "kind": kind} for kind in _KINDS[call]))
        if trouble is Trouble.SIGN_IN:
            refused = {"error": "invalid_client", "error_description": "invalid credentials"}
            self._control.add_faults(
                {"action": "respond", "path": "/oauth2/token", "status": 400, "body": refused,
                 "times": None}
            )  # fmt: skip

    def recover(self) -> None:
        """Clear the faults, and wait until a refused sign-in is tried again."""
        self._control.clear_faults()
        self.advance(600)

    def refuse(self, record_id: str, state: Literal["rejected", "retry"]) -> None:
        """A validation rule, or a locked row."""
        code = {"rejected": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "retry": "UNABLE_TO_LOCK_ROW"}
        self._control.add_faults(
            {"code": code[state], "message": "not this one", "object": OBJECT, "ids": [record_id],
             "operation": "update"}
        )  # fmt: skip

    def count(self) -> int:
        """Records outside the bin."""
        return len(self._control.records(OBJECT, deleted=False))

    def state(self, record_id: str) -> Values | None:
        """What the record holds."""
        record = self._control.record(OBJECT, record_id)
        if record.get("IsDeleted"):
            return None
        return {role: canonical(_plain(record.get(f)), ROLES[role]) for role, f in _FIELDS.items()}

    def applied(self) -> list[Applied]:
        """Effects that came through the API."""
        return [
            Applied(e["action"], e["id"])
            for e in self._control.writes()
            if e["via"] == "api" and e["object"] == OBJECT
        ]

    def served(self, call: CallKind) -> int:
        """Calls by the emulator's own count."""
        counts = self._control.counters()["by_kind"]
        return sum(int(counts.get(kind, 0)) for kind in _KINDS[call])

    def close(self) -> None:
        """Give up the connections."""
        self._adapter.close()

    def _rule(self, trouble: Trouble) -> dict[str, Any]:
        """The emulator's rule; what strikes between pages strikes the calls for later pages."""
        if trouble is Trouble.SHORT_PAGE:
            body = {"totalSize": self.count(), "done": True, "records": []}
            return {"action": "respond", "status": 200, "body": body}
        if trouble is Trouble.NO_END:
            return {"action": "drop_before", "path": "/query/01g|/results"}
        if trouble is Trouble.EXPIRED_CURSOR:
            told = "invalid query locator"
            return _refuse(400, "INVALID_QUERY_LOCATOR", told, path="/query/01g")
        return dict(_RULES[trouble])


def _renew_session(adapter: SalesforceAdapter) -> None:
    """Tokens are shared by the process, and the emulator's reset ended the last one."""
    adapter.list_objects()
    adapter.close()


def _spell(values: Values) -> dict[str, Any]:
    """Canonical texts as JSON values."""
    return {_FIELDS[role]: _native(ROLES[role], text) for role, text in values.items()}


def _native(kind: Kind, text: str | None) -> object:
    if text is None:
        return None
    if kind is Kind.FLAG:
        return text == "true"
    if kind is Kind.COUNT:
        return int(text)
    return float(text) if kind is Kind.MONEY else text


def _plain(value: object) -> object:
    """The emulator keeps numbers as JSON gave them: a whole one may have come as a fraction."""
    return Decimal(str(value)) if isinstance(value, float) else value
