"""The client by which tests, seeds and demos steer a running emulator."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, cast

import requests

Json = dict[str, Any]
TIMEOUT = (10, 300)  # seconds to connect and to read; large seeds take a while


class EmulatorControlError(Exception):
    """The emulator refused a control call; the text says why."""


class EmulatorControl:
    """Typed calls to `/_emulator/` of the emulator at `url` (its http address)."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> EmulatorControl:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def ask(self, method: str, action: str, body: Any = None, **query: Any) -> Any:
        """Do any control call and return its JSON; raises EmulatorControlError."""
        answer = self._session.request(
            method, f"{self.url}/_emulator/{action}", json=body, params=query, timeout=TIMEOUT
        )
        value = answer.json()
        if answer.status_code != 200:
            raise EmulatorControlError(f"{action}: {value.get('error', value)}")
        return value

    def reset(self) -> None:
        """Empty the emulator: records, schema, clock, faults, counters; the credentials stay."""
        self.ask("POST", "reset")

    # --- clock -----------------------------------------------------------------------

    def now(self) -> datetime:
        """Return the emulator's time."""
        return datetime.fromisoformat(self.ask("GET", "clock")["now"])

    def set_clock(self, moment: datetime, *, frozen: bool | None = None) -> None:
        """Move the clock to an aware time; `frozen` stops it there or lets it run."""
        wish: Json = {"set": moment.isoformat()}
        if frozen is not None:
            wish["frozen"] = frozen
        self.ask("POST", "clock", wish)

    def advance(self, seconds: float) -> None:
        """Move the clock on; late commits whose time comes become visible."""
        self.ask("POST", "clock", {"advance": seconds})

    def freeze(self) -> None:
        """Stop the clock."""
        self.ask("POST", "clock", {"frozen": True})

    # --- faults and counters ---------------------------------------------------------

    def add_faults(self, *rules: Json) -> None:
        """Add fault rules (see `emulatorkit.faults` for their keys)."""
        self.ask("POST", "faults", {"rules": list(rules)})

    def faults(self) -> Json:
        """Return all rules with how often they were seen and struck."""
        return cast(Json, self.ask("GET", "faults"))

    def clear_faults(self) -> None:
        """Remove all rules."""
        self.ask("DELETE", "faults")

    def expire_sessions(self) -> int:
        """End every session and return how many there were."""
        return int(self.ask("POST", "sessions/expire")["expired"])

    def counters(self) -> Json:
        """Return counts: calls, by_kind, by_status, bytes, record_writes."""
        return cast(Json, self.ask("GET", "counters"))

    def reset_counters(self) -> None:
        """Set all counts to zero and forget calls and effects."""
        self.ask("DELETE", "counters")

    def calls(self, since: int = 0) -> list[Json]:
        """Return the API calls after number `since`, oldest first."""
        return cast(list[Json], self.ask("GET", "calls", since=since)["calls"])

    def writes(self, since: int = 0) -> list[Json]:
        """Return the applied effects after `since`: action, object, id, by, via, fields, before."""
        return cast(list[Json], self.ask("GET", "writes", since=since)["effects"])

    # --- schema and records ----------------------------------------------------------

    def apply_schema(self, document: Json) -> Json:
        """Add or change objects and fields; the document's form is the vendor's own."""
        return cast(Json, self.ask("POST", "schema", document))

    def seed(self, object_name: str, records: list[Json], *, late: float | str = "") -> list[str]:
        """Insert records without an API call and return their ids in order.

        A given id and given system stamps are kept. `late` as in `edit`.
        """
        body: Json = {"object": object_name, "records": records}
        if late:
            body["late"] = late
        return cast(list[str], self.ask("POST", "records", body)["ids"])

    def records(self, object_name: str, *, deleted: bool = True) -> list[Json]:
        """Return all committed records of an object, soft-deleted ones included by default."""
        answer = self.ask("GET", "records", object=object_name, deleted=str(deleted).lower())
        return cast(list[Json], answer["records"])

    def record(self, object_name: str, record_id: str) -> Json:
        """Return one record; raises EmulatorControlError when there is none."""
        answer = self.ask("GET", "records", object=object_name, id=record_id)
        return cast(Json, answer["records"][0])

    def edit(
        self,
        object_name: str,
        record_id: str,
        fields: Json,
        *,
        user: str = "",
        late: float | str = "",
    ) -> None:
        """Change a record as a person would in the UI.

        `user` is an id or a username (default: the first human user). With `late`
        the row is stamped at once but becomes visible after that many seconds of
        the emulator's clock, or with "manual" after `release`.
        """
        body: Json = {"object": object_name, "id": record_id, "fields": fields}
        if user:
            body["user"] = user
        if late:
            body["late"] = late
        self.ask("POST", "edit", body)

    def release(self, ids: list[str] | None = None) -> int:
        """Make late commits visible (all by default); returns how many."""
        return int(self.ask("POST", "release", {"ids": ids})["released"])

    def remove(
        self, object_name: str, ids: list[str], how: Literal["soft", "hard", "undelete"] = "soft"
    ) -> None:
        """Delete to the bin, delete for good, or take back from the bin."""
        self.ask("POST", "remove", {"object": object_name, "ids": ids, "how": how})

    def merge(self, object_name: str, master: str, losers: list[str]) -> None:
        """Merge records into `master`; the losers go to the bin and point to it."""
        self.ask("POST", "merge", {"object": object_name, "master": master, "losers": losers})

    # --- settings --------------------------------------------------------------------

    def settings(self, **changes: Any) -> Json:
        """Change named settings of the emulator (vendor's own) and return all of them."""
        return cast(Json, self.ask("POST" if changes else "GET", "settings", changes or None))

    def add_user(self, **fields: Any) -> str:
        """Add a user and return the id."""
        return str(self.ask("POST", "users", fields)["id"])
