"""Installs the app: a plan against what the org has, one deployment, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from adapters.salesforce.components import (
    Component,
    Key,
    drop_object,
    pack,
    read_ignored,
    read_source,
    write_manifest,
)
from adapters.salesforce.custom_fields import HEARTBEAT
from adapters.salesforce.deployment import DeployReport, deploy
from adapters.salesforce.describe import Catalogue
from adapters.salesforce.metadata import APP
from adapters.salesforce.retrieval import Retrieval
from adapters.salesforce.rights import give_to_users, list_assignments, take_from_users
from adapters.salesforce.session import SalesforceSession
from adapters.salesforce.verdicts import judge, judge_removal
from connector.errors import CreditflagError, RefusedError
from connector.ports.setup import SetupItem, SetupOutcome, SetupPlan, Step, Tell

MAIN, CHINESE = "force-app", "chinese"
PARTS = ("order-hold",)
_LANGUAGE = "zh_CN"
_LAST_TO_GO = ("CustomObject", "CustomPermission")
_NO_CHINESE = SetupItem(
    "part",
    CHINESE,
    Step.LEFT_OUT,
    message="Chinese labels and help texts are for orgs with Chinese.",
    next_step="Enable Chinese in Setup → Translation Language Settings, if you want them.",
)
_NO_ORDERS = SetupItem(
    "part",
    "orders",
    Step.LEFT_OUT,
    message="This org has no orders, so nothing is put on them.",
    next_step="Enable orders in Setup → Order Settings, if you use them.",
)


class AppInstaller:
    """Plans and carries out installation and removal of the app in one org."""

    def __init__(self, session: SalesforceSession, catalogue: Catalogue) -> None:
        self._session = session
        self._catalogue = catalogue
        self._retrieval = Retrieval(session)
        self._ready: dict[Key, Component] = {}

    def plan(self, parts: Sequence[str]) -> SetupPlan:
        """The app and the parts asked for, against what the org has."""
        wanted, left_out = self._choose(parts)
        theirs = self._retrieval.fetch(wanted)
        items = []
        for key, component in wanted.items():
            item, self._ready[key] = judge(component, theirs.get(key))
            items.append(item)
        return SetupPlan([*items, *left_out])

    def plan_removal(self, more: Iterable[Key] = ()) -> SetupPlan:
        """What of ours the org has; `more` are components that other commands made.

        Translations go with their fields, and the fields of our own object with it.
        """
        ours = dict.fromkeys(more)
        for folder in (MAIN, *PARTS):
            ours |= dict.fromkeys(load_app(folder))
        keys = [key for key in ours if not key[1].startswith(f"{HEARTBEAT}.")]
        theirs = self._retrieval.fetch(keys)
        return SetupPlan([judge_removal(theirs[key]) for key in keys if key in theirs])

    def apply(self, plan: SetupPlan, tell: Tell) -> list[SetupOutcome]:
        """Carry out a plan that this installer made, all or nothing."""
        pending = plan.pending
        if not pending:
            return []
        if any(item.step is Step.REMOVE for item in pending):
            report = self._remove(pending, tell)
        else:
            chosen = [self._ready[item.kind, item.name] for item in pending]
            manifest = write_manifest((c.key for c in chosen), self._version)
            report = deploy(self._session, {**pack(chosen), "package.xml": manifest}, tell)
        for name in {item.name.partition(".")[0] for item in pending if "." in item.name}:
            self._catalogue.forget(name)
        return self._outcomes(pending, report)

    def _outcomes(self, pending: Sequence[SetupItem], report: DeployReport) -> list[SetupOutcome]:
        if report.success:
            return [SetupOutcome(item, done=True) for item in pending]
        problems = {(f.kind, f.name): f.problem for f in report.failures}
        if not problems.keys() & {(item.kind, item.name) for item in pending}:
            told = "; ".join(f"{f.name}: {f.problem}" for f in report.failures)
            raise RefusedError(
                "Salesforce refused the deployment {id}: {detail}",
                code="DEPLOY_FAILED",
                where=self._session.options.host,
                next_step="Nothing was changed. Setup → Deployment Status shows the details.",
                id=report.deploy_id,
                detail=told or report.detail,
            )
        return [
            SetupOutcome(item, done=False, detail=problems.get((item.kind, item.name), ""))
            for item in pending
        ]

    def _choose(self, parts: Sequence[str]) -> tuple[dict[Key, Component], list[SetupItem]]:
        """Components for this org, and what is left out of them and why."""
        wanted = load_app(MAIN)
        left_out: list[SetupItem] = []
        for part in PARTS:
            if part in parts:
                wanted |= load_app(part)
            else:
                left_out.append(_not_asked_for(part))
        if _LANGUAGE in self._retrieval.list_names("Translations"):
            wanted |= load_app(CHINESE)
        else:
            left_out.append(_NO_CHINESE)
        if self._catalogue.describe("Order") is None:
            wanted = _without_orders(wanted)
            left_out.append(_NO_ORDERS)
        return wanted, left_out

    @property
    def _version(self) -> str:
        return self._session.options.api_version

    def _remove(self, pending: Sequence[SetupItem], tell: Tell) -> DeployReport:
        """Take our permission sets from their users, or the org would not let go of them; they
        get them back when it keeps them all the same."""
        sets = [item.name for item in pending if item.kind == "PermissionSet"]
        taken = list_assignments(self._session, sets)
        removed = False
        try:
            take_from_users(self._session, taken)
            report = deploy(self._session, _pack_removal(pending, self._version), tell)
            removed = report.success
        finally:
            if not removed:
                # What stopped the removal is worth telling, not what stops the way back.
                with suppress(CreditflagError):
                    give_to_users(self._session, taken)
        return report


def load_app(folder: str) -> dict[Key, Component]:
    """Components of one package folder of the app."""
    return read_source(APP / folder, read_ignored(APP))


def _not_asked_for(part: str) -> SetupItem:
    return SetupItem(
        "part",
        part,
        Step.LEFT_OUT,
        message="An order of an account on credit hold could not be activated any more.",
        next_step="Ask for it by --with {part}, if you want that.",
        params={"part": part},
    )


def _without_orders(wanted: Mapping[Key, Component]) -> dict[Key, Component]:
    return {
        key: drop_object(component, "Order")
        for key, component in wanted.items()
        if component.object_name != "Order" and not key[1].startswith("Order-")
    }


def _pack_removal(pending: Sequence[SetupItem], version: str) -> dict[str, bytes]:
    """Two lists: what uses fields goes first, then what holds data and what others rest on."""
    lists: dict[str, list[Key]] = {}
    for item in pending:
        last = item.data or item.kind in _LAST_TO_GO
        name = f"destructiveChanges{'Post' if last else 'Pre'}.xml"
        lists.setdefault(name, []).append((item.kind, item.name))
    files = {name: write_manifest(keys, version) for name, keys in lists.items()}
    return {"package.xml": write_manifest((), version), **files}
