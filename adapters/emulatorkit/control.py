"""The control calls under `/_emulator/` that are the same for every vendor."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from adapters.emulatorkit.wire import Call, ControlError, EmulatorService, Reply

PREFIX = "/_emulator/"


def read_json_object(call: Call) -> dict[str, Any]:
    """Return the body of a control call as an object; raises ControlError."""
    if not call.body:
        return {}
    try:
        value = json.loads(call.body)
    except (ValueError, RecursionError) as error:
        raise ControlError(f"the body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ControlError("the body must be a JSON object")
    return value


def answer_control(service: EmulatorService, call: Call) -> Reply:
    """Answer a control call; errors come as `{"error": "..."}`."""
    action = call.path[len(PREFIX) :].strip("/")
    service.records.settle()
    try:
        shared = _SHARED.get(action)
        value = shared(service, call) if shared else service.control(action, call)
        status = 200
    except ControlError as error:
        value, status = {"error": error.message}, error.status
    body = json.dumps(value, ensure_ascii=False).encode()
    return Reply(status, body, {"content-type": "application/json;charset=UTF-8"})


def _clock(service: EmulatorService, call: Call) -> Any:
    clock = service.clock
    if call.method == "POST":
        wish = read_json_object(call)
        unknown = set(wish) - {"set", "advance", "frozen"}
        if unknown:
            raise ControlError(f"clock: unknown keys {sorted(unknown)}; use set, advance, frozen")
        try:
            if wish.get("frozen") is True:
                clock.freeze()
            if wish.get("frozen") is False:
                clock.unfreeze()
            if "set" in wish:
                clock.set(datetime.fromisoformat(str(wish["set"])))
            if "advance" in wish:
                clock.advance(float(wish["advance"]))
        except (ValueError, TypeError) as error:
            raise ControlError(f"clock: {error}") from None
        service.records.settle()
        service.save_settings()
    return {"now": clock.now().isoformat(), "frozen": clock.frozen_at is not None}


def _faults(service: EmulatorService, call: Call) -> Any:
    if call.method == "DELETE":
        service.faults.clear()
    elif call.method == "POST":
        rules = read_json_object(call).get("rules")
        if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
            raise ControlError('faults: send {"rules": [{...}]}')
        try:
            service.faults.add(rules)
        except ValueError as error:
            raise ControlError(str(error)) from None
    return service.faults.listing()


def _counters(service: EmulatorService, call: Call) -> Any:
    if call.method == "DELETE":
        service.counters.reset()
    return service.counters.summary()


def _since(call: Call) -> int:
    try:
        return int(call.query.get("since", "0"))
    except ValueError:
        raise ControlError("since must be a whole number") from None


def _calls(service: EmulatorService, call: Call) -> Any:
    return {"calls": service.counters.call_list(_since(call))}


def _writes(service: EmulatorService, call: Call) -> Any:
    return {"effects": service.counters.effect_list(_since(call))}


def _release(service: EmulatorService, call: Call) -> Any:
    ids = read_json_object(call).get("ids")
    if ids is not None and not isinstance(ids, list):
        raise ControlError("release: ids must be a list")
    return {"released": service.records.release(ids), "held": len(service.records.late)}


def _expire_sessions(service: EmulatorService, call: Call) -> Any:
    return {"expired": service.expire_sessions()}


_SHARED: dict[str, Callable[[EmulatorService, Call], Any]] = {
    "clock": _clock,
    "faults": _faults,
    "counters": _counters,
    "calls": _calls,
    "writes": _writes,
    "release": _release,
    "sessions/expire": _expire_sessions,
}
