"""Deployments and retrieves as jobs: what was asked, how far they are, what came out."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DeployOptions:
    """The options of a deployment that matter here."""

    check_only: bool = False
    rollback_on_error: bool = True
    single_package: bool = True
    ignore_warnings: bool = False
    purge_on_delete: bool = False
    allow_missing_files: bool = False
    test_level: str = ""


@dataclass(frozen=True, slots=True)
class DeployMessage:
    """What became of one component of a deployment."""

    kind: str
    full_name: str
    file_name: str
    success: bool
    created: bool = False
    changed: bool = False
    deleted: bool = False
    component_id: str = ""
    problem: str = ""
    problem_type: str = ""
    line: int = 0
    column: int = 0


@dataclass(slots=True)
class Deployment:
    """One deployment; `polls` counts how often its status was asked for."""

    deploy_id: str
    user_id: str
    options: DeployOptions
    content: bytes = field(repr=False)
    created_at: str = ""
    status: str = "Pending"
    polls: int = 0
    started_at: str = ""
    completed_at: str = ""
    canceled_by: str = ""
    error: str = ""
    error_code: str = ""
    messages: list[DeployMessage] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in {"Succeeded", "SucceededPartial", "Failed", "Canceled"}


@dataclass(slots=True)
class Retrieval:
    """One retrieve and its zip."""

    retrieve_id: str
    members: dict[str, list[str]]
    version: str
    folder: str = ""
    content: bytes = field(default=b"", repr=False)
    polls: int = 0
    is_done: bool = False
    listed: list[tuple[str, str, str]] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class DeployBook:
    """All jobs of the org by id."""

    deployments: dict[str, Deployment] = field(default_factory=dict)
    retrievals: dict[str, Retrieval] = field(default_factory=dict)
