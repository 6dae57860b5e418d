"""Versions, the resource list, limits."""

from __future__ import annotations

from typing import Any

from adapters.salesforce.emulator.bulk.jobs import used_in_24_hours
from adapters.salesforce.emulator.context import Answer, Request
from adapters.salesforce.emulator.org import Org

_SEASONS = ("Winter", "Spring", "Summer")
_WINTER_24 = 59
_STEADY_LIMITS = {
    "AnalyticsExternalDataSizeMB": 40960,
    "ConcurrentAsyncGetReportInstances": 200,
    "ConcurrentSyncReportRuns": 20,
    "DailyAnalyticsDataflowJobExecutions": 60,
    "DailyAsyncApexExecutions": 250000,
    "DailyAsyncApexTests": 500,
    "DailyBulkV2QueryFileStorageMB": 976562,
    "DailyDurableStreamingApiEvents": 10000,
    "DailyGenericStreamingApiEvents": 10000,
    "DailyStandardVolumePlatformEvents": 10000,
    "DailyStreamingApiEvents": 10000,
    "DailyWorkflowEmails": 1000,
    "DataStorageMB": 10240,
    "FileStorageMB": 10240,
    "HourlyAsyncReportRuns": 1200,
    "HourlyDashboardRefreshes": 200,
    "HourlyODataCallout": 20000,
    "HourlyPublishedPlatformEvents": 50000,
    "HourlySyncReportRuns": 500,
    "HourlyTimeBasedWorkflow": 1000,
    "MassEmail": 5000,
    "MonthlyPlatformEvents": 300000,
    "Package2VersionCreates": 6,
    "SingleEmail": 5000,
}
_RESOURCES = ("composite", "jobs", "limits", "query", "queryAll", "sobjects")


def list_versions(org: Org) -> list[dict[str, str]]:
    """Answer `GET /services/data/`, which needs no session; ascending."""
    settings = org.settings
    versions = range(settings.first_version, settings.last_version + 1)
    return [
        {"label": _label(n), "url": f"/services/data/v{n}.0", "version": f"{n}.0"} for n in versions
    ]


def list_resources(request: Request) -> Answer:
    """Answer `GET /services/data/vNN.0/`."""
    body = {name: f"{request.data_path}/{name}" for name in _RESOURCES}
    identity = f"{request.call.base_url}/id/{request.org.org_id}/{request.user_id}"
    return Answer(200, {**body, "identity": identity})


def show_limits(request: Request) -> Answer:
    """Answer `GET /limits`."""
    org = request.org
    top = org.settings.daily_limit
    used = {"Max": top, "Remaining": max(top - org.used_calls(), 0)}
    rest: dict[str, Any] = {n: {"Max": v, "Remaining": v} for n, v in _STEADY_LIMITS.items()}
    rest["PermissionSets"] = {
        "Max": 1500,
        "Remaining": 1500,
        "CreateCustom": {"Max": 1000, "Remaining": 1000},
    }
    return Answer(
        200, dict(sorted({**rest, **_bulk_limits(org), "DailyApiRequests": used}.items()))
    )


def _bulk_limits(org: Org) -> dict[str, dict[str, int]]:
    now, jobs, settings = org.clock.timestamp(), org.jobs, org.settings
    pairs = {
        "DailyBulkApiBatches": (jobs.batches, settings.bulk_batches),
        "DailyBulkV2QueryJobs": (jobs.query_jobs, settings.bulk_query_jobs),
    }
    return {
        name: {"Max": top, "Remaining": max(top - used_in_24_hours(used, now), 0)}
        for name, (used, top) in pairs.items()
    }


def count_records(request: Request) -> Answer:
    """Answer `GET /limits/recordCount`; objects without records are absent."""
    wanted = {name.strip().lower() for name in request.query.get("sObjects", "").split(",") if name}
    counts = []
    for spec in request.org.schema:
        if wanted and spec.name.lower() not in wanted:
            continue
        rows = request.org.records.table(spec.name).values()
        count = sum(1 for row in rows if not row.get("IsDeleted"))
        if count:
            counts.append({"count": count, "name": spec.name})
    return Answer(200, {"sObjects": counts})


def _label(version: int) -> str:
    season, year = (version - _WINTER_24) % 3, 24 + (version - _WINTER_24) // 3
    return f"{_SEASONS[season]} '{year:02d}"
