"""Control calls for jobs: what goes wrong with the next ones, and a look at all of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from adapters.emulatorkit.control import read_json_object
from adapters.emulatorkit.wire import Call, ControlError
from adapters.salesforce.emulator.bulk.jobs import BulkFault
from adapters.salesforce.emulator.org import Org


def show_jobs(org: Org, call: Call) -> Any:
    """Return all jobs with states and counts, oldest first; asking moves none of them on."""
    del call
    return {
        "jobs": [
            {
                **job.full_info(),
                "polls": job.polls,
                "total": job.total,
                "unprocessed": len(job.unprocessed_lines),
                "query": job.query,
            }
            for job in org.jobs.jobs.values()
        ]
    }


def script_faults(org: Org, call: Call) -> Any:
    """Add faults for jobs to come (`{"rules": [...]}`), or forget them with DELETE."""
    if call.method == "DELETE":
        org.jobs.faults.clear()
        return {"rules": []}
    rules = read_json_object(call).get("rules")
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise ControlError('bulk/faults: send {"rules": [{"action": "fail", ...}]}')
    try:
        faults = [BulkFault(**rule) for rule in rules]
    except (TypeError, ValueError) as error:
        raise ControlError(f"bulk/faults: {error}") from None
    org.jobs.faults.extend(faults)
    return {"rules": [asdict(fault) for fault in org.jobs.faults]}
