"""Before the first run: is everything reachable, and does the mapping fit the real objects?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from connector.errors import CreditflagError, InputError, MappingError
from connector.mapping.check import Finding, check_mapping
from connector.ports.crm import ObjectInfo
from connector.service.office import Office
from connector.sync.desk import Connection


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `doctor`: what was checked, whether it is well, and what was found."""

    name: str
    well: bool
    found: str
    error: CreditflagError | None = None


def check_all(office: Office) -> list[Check]:
    """Packages, store, ledger lock and every connection's sign-in."""
    checks = [_packages(), Check("policy", True, f"{office.policy.id} {office.policy.version}")]
    checks.append(Check("store", True, str(office.folder)))
    checks.append(_ledger(office))
    checks += [_connection(office, name) for name in office.connection_names]
    return checks


def check_mappings(office: Office, name: str) -> list[Finding]:
    """The connection's mapping, and the grades it writes, against the live describe."""
    return _check_mapping(office, office.connect(name))


def refuse_unfit_targets(office: Office, connections: Iterable[Connection]) -> None:
    """MappingError for a connection that could not take what its mapping writes.

    Checked before anything is read: a credit field that the CRM lacks or hides would otherwise go
    stale without a word. What hinders reading is told by the pull itself.
    """
    for connection in connections:
        if connection.target is None:
            continue
        wrong = [
            finding for finding in _check_mapping(office, connection)
            if finding.level == "error"
            and str(finding.params["path"]).startswith(("write.", "task."))
        ]  # fmt: skip
        if wrong:
            raise MappingError(
                "{connection} cannot take what its mapping writes.",
                next_step="Run `creditflag mapping check {connection}`. Nothing was written.",
                problems=[finding.sentence(office.language) for finding in wrong],
                connection=connection.name,
            )


def _check_mapping(office: Office, connection: Connection) -> list[Finding]:
    words = {"grade": office.policy.grade_names}
    return check_mapping(connection.documents, connection.describe, words)


def describe(office: Office, name: str, object_name: str) -> ObjectInfo:
    """One object's live description; InputError when the vendor does not show it."""
    info = office.connect(name).describe(object_name)
    if info is None:
        raise InputError(
            "{connection} has no object {object}, or hides it from the API user.",
            next_step="List what it shows with `creditflag describe {connection}`.",
            connection=name,
            object=object_name,
        )
    return info


def list_objects(office: Office, name: str) -> list[str]:
    """Objects that the API user sees."""
    return list(office.connect(name).adapter.list_objects())


def _packages() -> Check:
    """`connector` and `adapters` are common words: make sure that both are ours."""
    ours = Path(__file__).resolve().parents[2]
    spec = find_spec("adapters")
    places = list(spec.submodule_search_locations or []) if spec else []
    well = any(Path(place).resolve().parent == ours for place in places)
    return Check("packages", well, str(ours) if well else ", ".join(places) or "adapters missing")


def _ledger(office: Office) -> Check:
    try:
        with office.desk() as desk:
            return Check("ledger", True, f"seq {desk.ledger.last_seq}")
    except CreditflagError as error:
        return Check("ledger", False, str(error), error)


def _connection(office: Office, name: str) -> Check:
    try:
        found: Mapping[str, str] = office.connect(name).adapter.check()
    except CreditflagError as error:
        return Check(name, False, str(error), error)
    return Check(name, True, ", ".join(f"{k}: {v}" for k, v in found.items()))
