"""Runs a deployment: deletions, components in the order of their needs, roll-back."""

from __future__ import annotations

from adapters.salesforce.emulator.org import Org
from adapters.salesforce.emulator.setup.deploy_book import (
    Deployment,
    DeployMessage,
    DeployOptions,
)
from adapters.salesforce.emulator.setup.kinds import ORDER
from adapters.salesforce.emulator.setup.makers import Making, make_component, new_component_id
from adapters.salesforce.emulator.setup.packages import MANIFEST, Package, Part, read_package
from adapters.salesforce.emulator.setup.permissions import look_as
from adapters.salesforce.emulator.setup.problems import SetupError
from adapters.salesforce.emulator.setup.refresh import refresh
from adapters.salesforce.emulator.setup.removals import remove_component

NAMED_ONLY = "was named in package.xml, but was not found in zipped directory"


class _UndoneError(Exception):
    """A deployment leaves nothing behind: it failed, or it only checked."""


def start_deployment(
    org: Org, user_id: str, options: DeployOptions, content: bytes, deploy_id: str
) -> Deployment:
    """Queue a deployment and return it; it runs when it is polled."""
    deployment = Deployment(deploy_id, user_id, options, content, org.stamp())
    org.deploys.deployments[deploy_id] = deployment
    return deployment


def poll_deployment(org: Org, deployment: Deployment) -> None:
    """Count a question for the status; the last one that is needed runs the deployment."""
    if deployment.is_done:
        return
    deployment.polls += 1
    deployment.started_at = deployment.started_at or org.stamp()
    if deployment.polls < org.settings.deploy_polls:
        deployment.status = "InProgress"
    else:
        run_deployment(org, deployment)


def cancel_deployment(org: Org, deployment: Deployment, user_id: str) -> None:
    """End a deployment that has not run."""
    if not deployment.is_done:
        deployment.status, deployment.canceled_by = "Canceled", user_id
        deployment.completed_at = org.stamp()
        deployment.content = b""


def run_deployment(org: Org, deployment: Deployment) -> None:
    """Do what a deployment asks for and fill in its result."""
    options = deployment.options
    try:
        package = read_package(deployment.content, single=options.single_package)
    except SetupError as error:
        deployment.messages = [
            DeployMessage(
                "", MANIFEST, MANIFEST, False, problem=error.problem, problem_type="Error"
            )
        ]
        if error.code in {"INVALID_ZIP_FILE", "LIMIT_EXCEEDED"}:
            deployment.error, deployment.error_code = error.problem, error.code
        _finish(org, deployment, "Failed")
        return
    run = _Run(org, deployment.user_id, options)
    deployment.messages = run.apply(package)
    failed = any(not message.success for message in deployment.messages)
    partly = not options.rollback_on_error and any(m.success for m in deployment.messages)
    status = "Succeeded" if not failed else "SucceededPartial" if partly else "Failed"
    _finish(org, deployment, status)


def _finish(org: Org, deployment: Deployment, status: str) -> None:
    deployment.status, deployment.completed_at = status, org.stamp()
    deployment.content = b""
    org.save_components()


class _Run:
    """One application of a package."""

    def __init__(self, org: Org, user_id: str, options: DeployOptions) -> None:
        self.org = org
        self.user_id = user_id
        self.options = options
        self.messages: list[DeployMessage] = []

    def apply(self, package: Package) -> list[DeployMessage]:
        """Apply a package, or leave everything as it was; returns a message for each part."""
        org = self.org
        viewer, schema, components = org.viewer, org.schema.copy(), org.components.copy()
        look_as(org, "")
        try:
            with org.records.transaction():
                self._apply(package)
                failed = any(not message.success for message in self.messages)
                if self.options.check_only or (failed and self.options.rollback_on_error):
                    raise _UndoneError
        except _UndoneError:
            org.schema.take_over(schema)
            org.components.take_over(components)
        refresh(org)
        look_as(org, viewer)
        return self.messages

    def _apply(self, package: Package) -> None:
        self._remove_all(package.delete_first)
        making = Making(self.org, self.user_id)
        making.planned = {(part.kind, part.full_name.lower()) for part in package.parts}
        for kind in ORDER:
            self._make_all(making, [part for part in package.parts if part.kind == kind])
        self._remove_all(package.delete_last)
        done = DeployMessage("", MANIFEST, MANIFEST, True, changed=True)
        self.messages.append(done)

    def _make_all(self, making: Making, parts: list[Part]) -> None:
        """Make parts of one kind; one that needs another of them waits for it."""
        waiting = parts
        while waiting:
            failed: list[tuple[Part, SetupError]] = []
            for part in waiting:
                problem = self._make(making, part)
                if problem is not None:
                    failed.append((part, problem))
            if len(failed) == len(waiting):
                for part, problem in failed:
                    self._report(part, problem)
                return
            waiting = [part for part, _ in failed]

    def _make(self, making: Making, part: Part) -> SetupError | None:
        if part.problem is not None:
            return part.problem
        try:
            with self.org.records.transaction():
                made = make_component(making, part)
        except SetupError as error:
            return error
        self.messages.append(
            DeployMessage(
                part.kind,
                part.full_name,
                part.file_name,
                True,
                created=made.created,
                changed=made.changed,
                component_id=made.component_id,
            )
        )
        return None

    def _report(self, part: Part, problem: SetupError) -> None:
        lenient = self.options.allow_missing_files and NAMED_ONLY in problem.problem
        self.messages.append(
            DeployMessage(
                part.kind,
                part.full_name,
                part.file_name,
                lenient,
                problem=problem.problem,
                problem_type="Warning" if lenient else "Error",
                line=problem.line,
                column=problem.column,
            )
        )

    def _remove_all(self, parts: list[Part]) -> None:
        going = {(part.kind, part.full_name.lower()) for part in parts}
        rank = {kind: position for position, kind in enumerate(ORDER)}
        for part in sorted(parts, key=lambda part: -rank[part.kind]):
            try:
                with self.org.records.transaction():
                    gone = remove_component(
                        self.org, self.user_id, part.kind, part.full_name, going
                    )
            except SetupError as error:
                missing = error.code == "INVALID_CROSS_REFERENCE_KEY"
                self.messages.append(
                    DeployMessage(
                        part.kind,
                        part.full_name,
                        part.file_name,
                        missing,
                        problem=error.problem,
                        problem_type="Warning" if missing else "Error",
                    )
                )
                continue
            self.messages.append(
                DeployMessage(
                    part.kind,
                    part.full_name,
                    part.file_name,
                    True,
                    deleted=True,
                    changed=True,
                    component_id=gone or new_component_id(self.org, part.kind),
                )
            )
