"""Setting a CRM up: fields and rights, the panel and what belongs to it, and taking it away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from connector.errors import InputError, RefusedError
from connector.logs import get_logger
from connector.mapping.feeds import Mapping as FieldMapping
from connector.ports.setup import FieldsWanted, SetupOutcome, SetupPlan, SetupPort, Tell
from connector.service.office import Office


@dataclass(frozen=True, slots=True)
class SetupReport:
    """A plan, and once it was carried out what became of each pending item."""

    connection: str
    plan: SetupPlan
    outcomes: Sequence[SetupOutcome] = ()
    applied: bool = False

    @property
    def refused(self) -> tuple[SetupOutcome, ...]:
        """Pending items that were not done."""
        return tuple(outcome for outcome in self.outcomes if not outcome.done)


def set_up_fields(office: Office, name: str, apply: bool) -> SetupReport:
    """Plan fields and rights that the mapping needs; carry the plan out when told to.

    What a person has to settle first does not keep the rest from being done.
    """
    wanted = read_wanted(office.connect(name).documents)
    with _opened(office, name) as port:
        plan = port.plan_fields(wanted)
        if not apply or not plan.pending:
            return SetupReport(name, plan, applied=apply)
        return _record(SetupReport(name, plan, port.apply_fields(plan), applied=True))


def set_up_app(
    office: Office, name: str, parts: Sequence[str], apply: bool, tell: Tell
) -> SetupReport:
    """Plan the app with the parts asked for; carry the plan out when told to and nothing blocks.

    InputError for a part that there is not.
    """
    with _opened(office, name) as port:
        for part in parts:
            if part not in port.parts:
                raise InputError(
                    "There is no part {part}.",
                    next_step="Parts that can be asked for: {known}.",
                    part=part,
                    known=", ".join(port.parts) or "none",
                )
        plan = port.plan_app(parts)
        if not apply or plan.blocked:
            return SetupReport(name, plan)
        return _record(SetupReport(name, plan, port.apply_app(plan, tell), applied=True))


def remove_app(office: Office, name: str, apply: bool, tell: Tell) -> SetupReport:
    """Plan the removal of all that creditflag made in the CRM; carry it out when told to."""
    wanted = read_wanted(office.connect(name).documents)
    with _opened(office, name) as port:
        plan = port.plan_removal(wanted)
        if not apply:
            return SetupReport(name, plan)
        return _record(SetupReport(name, plan, port.apply_app(plan, tell), applied=True))


def read_wanted(documents: FieldMapping) -> FieldsWanted:
    """What a connection's mapping documents need in the CRM, taken at their word."""
    credit_fields: dict[str, tuple[str, str]] = {}
    reads: dict[str, list[str]] = {}
    writes: dict[str, list[str]] = {}
    task_key: tuple[str, str] | None = None
    for document in documents.documents:
        for target in document.write.values():
            for credit_field, entry in target.fields.items():
                credit_fields[credit_field] = target.object, entry.field
        for entity in document.entities.values():
            paths = [path for entry in entity.fields.values() for path in entry.paths]
            reads.setdefault(entity.object, []).extend(paths)
        if document.task is not None:
            task = document.task
            task_key = task.fields_on or task.object, task.key
            writes[task.object] = [entry.field for entry in task.fields.values()]
    return FieldsWanted(credit_fields, task_key, reads, writes)


def _record(report: SetupReport) -> SetupReport:
    """Log what was changed in the CRM, thing by thing."""
    log = get_logger(connection=report.connection)
    for outcome in report.outcomes:
        log.info(
            "set_up",
            rule=outcome.item.kind,
            change=outcome.item.name,
            state=outcome.item.step.value,
            outcome="done" if outcome.done else "refused",
            error=outcome.detail,
        )
    return report


@contextmanager
def _opened(office: Office, name: str) -> Iterator[SetupPort]:
    office.expect(name)
    port = office.open_setup(name)
    if port is None:
        raise RefusedError(
            "The adapter of {name} has nothing to set up.",
            next_step="Set its fields up by hand; `creditflag mapping check` says which.",
            name=name,
        )
    try:
        yield port
    finally:
        port.close()
