"""The control calls of this emulator: schema, seeds, human edits, users, settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

from adapters.emulatorkit.control import read_json_object
from adapters.emulatorkit.wire import Call, ControlError
from adapters.salesforce.emulator import lifecycle
from adapters.salesforce.emulator.bulk.control import script_faults, show_jobs
from adapters.salesforce.emulator.errors import ApiError, RecordError
from adapters.salesforce.emulator.ids import to_18
from adapters.salesforce.emulator.locks import RowLock
from adapters.salesforce.emulator.oauth import issue_refresh_token
from adapters.salesforce.emulator.org import Org, OrgSettings
from adapters.salesforce.emulator.query_calls import Locators
from adapters.salesforce.emulator.schema import ObjectSpec
from adapters.salesforce.emulator.schema_changes import SchemaError, change_schema
from adapters.salesforce.emulator.seeds import seed_records
from adapters.salesforce.emulator.setup.rule_control import install_rules
from adapters.salesforce.emulator.times import read_stamp, write_stamp
from adapters.salesforce.emulator.writes import Writer

Action = Callable[[Org, Locators, Call], Any]


def run_control(org: Org, locators: Locators, action: str, call: Call) -> Any:
    """Do a control action and return a JSON value; raises ControlError."""
    known = _ACTIONS.get((call.method, action))
    if known is None:
        names = sorted({f"{method} {name}" for method, name in _ACTIONS})
        raise ControlError(f"no control call {call.method} {action}; there are {names}", 404)
    try:
        value = known(org, locators, call)
    except (RecordError, ApiError) as error:
        raise ControlError(f"{error.code}: {error.message}") from None
    except SchemaError as error:
        raise ControlError(str(error)) from None
    if call.method == "POST":
        org.save()
    return value


def find_object(org: Org, name: object) -> ObjectSpec:
    """Return an object for a control call; raises ControlError."""
    spec = org.schema.stored(name) if isinstance(name, str) else None
    if spec is None:
        raise ControlError(f"there is no object {name!r}; add it with POST /_emulator/schema")
    return spec


def _schema(org: Org, locators: Locators, call: Call) -> Any:
    del locators
    document = read_json_object(call)
    change_schema(org, document)
    org.schema_log.append(document)
    _list_currencies(org, document.get("currencies") or {})
    return {"objects": [spec.name for spec in org.schema]}


def _list_currencies(org: Org, rates: dict[str, Any]) -> None:
    listed = {row["IsoCode"] for row in org.records.table("CurrencyType").values()}
    records = [
        {"IsoCode": code, "ConversionRate": rate, "IsCorporate": position == 0}
        for position, (code, rate) in enumerate(rates.items())
        if code not in listed
    ]
    if records:
        seed_records(org, find_object(org, "CurrencyType"), records, None)


def _seed(org: Org, locators: Locators, call: Call) -> Any:
    del locators
    body = read_json_object(call)
    records = body.get("records")
    if not isinstance(records, list):
        raise ControlError('seed: send {"object": "Account", "records": [...]}')
    spec = find_object(org, body.get("object"))
    late = _late(org, body) if body.get("late") else None
    return {"ids": seed_records(org, spec, records, late)}


def _records(org: Org, locators: Locators, call: Call) -> Any:
    del locators
    spec = find_object(org, call.query.get("object"))
    wanted = call.query.get("id")
    if wanted:
        row = org.records.get(spec.name, to_18(wanted) or "")
        if row is None:
            raise ControlError(f"there is no {spec.name} {wanted}", 404)
        return {"records": [row]}
    with_deleted = call.query.get("deleted", "true") == "true"
    rows = org.records.table(spec.name).values()
    return {"records": [row for row in rows if with_deleted or not row.get("IsDeleted")]}


def _edit(org: Org, locators: Locators, call: Call) -> Any:
    del locators
    body = read_json_object(call)
    spec = find_object(org, body.get("object"))
    changes = body.get("fields")
    if not isinstance(changes, dict):
        raise ControlError("edit: fields must be an object")
    writer = Writer(org, _find_user(org, body.get("user")), "human")
    if not body.get("late"):
        with org.records.transaction():
            return {"id": writer.update(spec, body.get("id"), changes)}
    return {"id": lifecycle.edit_late(writer, spec, body.get("id"), changes, _late(org, body)[0])}


def _remove(org: Org, locators: Locators, call: Call) -> Any:
    del locators
    body = read_json_object(call)
    spec = find_object(org, body.get("object"))
    how, ids = body.get("how", "soft"), body.get("ids")
    actions: dict[str, Callable[[Writer, Any], Any]] = {
        "soft": lambda w, i: w.delete(spec, i),
        "hard": lambda w, i: lifecycle.purge(w, spec, i),
        "undelete": lambda w, i: lifecycle.undelete(w, spec, i),
    }
    if how not in actions or not isinstance(ids, list):
        raise ControlError(f"remove: how must be one of {sorted(actions)}, ids a list")
    writer = Writer(org, _find_user(org, body.get("user")), "human")
    with org.records.transaction():
        for record_id in ids:
            actions[how](writer, record_id)
    return {"done": len(ids)}


def _merge(org: Org, locators: Locators, call: Call) -> Any:
    del locators
    body = read_json_object(call)
    spec = find_object(org, body.get("object"))
    losers = body.get("losers")
    if not isinstance(losers, list):
        raise ControlError("merge: losers must be a list of ids")
    writer = Writer(org, _find_user(org, body.get("user")), "human")
    with org.records.transaction():
        lifecycle.merge(writer, spec, body.get("master"), losers)
    return {"merged": len(losers)}


def _users(org: Org, locators: Locators, call: Call) -> Any:
    del locators
    body = read_json_object(call)
    name = str(body.get("LastName") or "Person")
    defaults = {
        "LastName": name,
        "Username": f"{name.lower()}@example.com",
        "Email": f"{name.lower()}@example.com",
        "Alias": name[:8],
    }
    spec = find_object(org, "User")
    return {"id": seed_records(org, spec, [{**defaults, **body}], None)[0]}


def _list_users(org: Org, locators: Locators, call: Call) -> Any:
    del locators, call
    return {"records": list(org.records.table("User").values())}


def _refresh_token(org: Org, locators: Locators, call: Call) -> Any:
    del locators
    user = _find_user(org, read_json_object(call).get("user") or org.settings.run_as)
    return {"refresh_token": issue_refresh_token(org, user)}


def _logins(org: Org, locators: Locators, call: Call) -> Any:
    """Change how users sign in: certificate, approved users (null: all), a user's password."""
    del locators
    wish = read_json_object(call)
    unknown = set(wish) - {"certificate", "approved", "user", "password"}
    if unknown:
        raise ControlError(f"logins: unknown keys {sorted(unknown)}")
    book = org.logins
    if "certificate" in wish:
        try:
            book.add_certificate(str(wish["certificate"]))
        except ValueError as error:
            raise ControlError(f"logins: the certificate cannot be read: {error}") from None
    if "approved" in wish:
        users = wish["approved"]
        book.approved = None if users is None else {_find_user(org, user) for user in users}
    if "password" in wish:
        book.passwords[_find_user(org, wish.get("user"))] = str(wish["password"])
    return {"certificates": len(book.certificates), "passwords": sorted(book.passwords)}


def _locks(org: Org, locators: Locators, call: Call) -> Any:
    """Lock records, with what points to them, against API writes; DELETE lets them go."""
    del locators
    book = org.locks
    if call.method == "DELETE":
        book.locks.clear()
    elif call.method == "POST":
        wish = read_json_object(call)
        ids = wish.pop("ids", None)
        if not isinstance(ids, list):
            raise ControlError('locks: send {"ids": [...], "times": 3, "from_records": 1}')
        try:
            new = [RowLock(to_18(given) or str(given), **wish) for given in ids]
        except TypeError as error:
            raise ControlError(f"locks: {error}") from None
        book.locks.update({lock.id: lock for lock in new})
    return {"locks": [asdict(lock) for lock in book.locks.values()]}


def _forget_deletions(org: Org, locators: Locators, call: Call) -> Any:
    """Purge the log of deletions before an ISO time (`before`)."""
    del locators
    try:
        before = write_stamp(read_stamp(str(read_json_object(call).get("before"))))
    except ValueError:
        raise ControlError("deletions/purge: before must be an ISO time with a zone") from None
    return {"forgotten": org.deletions.purge(before)}


def _settings(org: Org, locators: Locators, call: Call) -> Any:
    del locators
    changes = read_json_object(call)
    known = {item.name: item for item in fields(OrgSettings)}
    for name, value in changes.items():
        if name == "used_calls":
            _set_used(org, value)
            continue
        if name not in known or type(value) is not type(getattr(org.settings, name)):
            raise ControlError(f"settings: {name}={value!r} is not one of {sorted(known)}")
        if name in {"run_as", "human"} and value:
            value = _find_user(org, value)
        setattr(org.settings, name, value)
    return {**asdict(org.settings), "used_calls": org.used_calls(), "org_id": org.org_id}


def _set_used(org: Org, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ControlError("settings: used_calls must be a whole number")
    org.usage.clear()
    org.usage[int(org.clock.timestamp() // 3600)] = value


def _expire_locators(org: Org, locators: Locators, call: Call) -> Any:
    del org, call
    return {"expired": locators.close_all()}


def _find_user(org: Org, wanted: object) -> str:
    """Return the id of a user given by id or username; the default human for none."""
    if not wanted:
        return org.settings.human
    for user in org.records.table("User").values():
        if wanted in (user["Id"], user["Id"][:15], user.get("Username")):
            return str(user["Id"])
    raise ControlError(f"there is no user {wanted!r}")


def _late(org: Org, body: dict[str, Any]) -> tuple[float | None, ...]:
    late = body["late"]
    if late == "manual":
        return (None,)
    if isinstance(late, bool) or not isinstance(late, (int, float)) or late < 0:
        raise ControlError('late must be a number of seconds or "manual"')
    return (org.clock.timestamp() + late,)


_ACTIONS: dict[tuple[str, str], Action] = {
    ("POST", "schema"): _schema,
    ("POST", "records"): _seed,
    ("GET", "records"): _records,
    ("POST", "edit"): _edit,
    ("POST", "remove"): _remove,
    ("POST", "merge"): _merge,
    ("POST", "users"): _users,
    ("GET", "users"): _list_users,
    ("POST", "refresh_token"): _refresh_token,
    ("POST", "logins"): _logins,
    ("GET", "locks"): _locks,
    ("POST", "locks"): _locks,
    ("DELETE", "locks"): _locks,
    ("POST", "deletions/purge"): _forget_deletions,
    ("GET", "settings"): _settings,
    ("POST", "settings"): _settings,
    ("POST", "locators/expire"): _expire_locators,
    ("POST", "rules"): lambda org, _, call: install_rules(org, read_json_object(call)),
    ("GET", "bulk/jobs"): lambda org, _, call: show_jobs(org, call),
    ("POST", "bulk/faults"): lambda org, _, call: script_faults(org, call),
    ("DELETE", "bulk/faults"): lambda org, _, call: script_faults(org, call),
}
