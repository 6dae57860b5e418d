"""Facts that people enter: added, changed, withdrawn, each with who and why; nothing is deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.domain.entering import ACCOUNT_COLUMNS, ENTERABLE, enterable, spell_values
from connector.domain.entities import Entity
from connector.domain.texts import Language
from connector.errors import InputError
from connector.ledger import open_snapshot
from connector.ports.entering import Entry, FactRevision
from connector.service.accounts import find_account
from connector.service.office import Office

MOST_WORDS = 500
"""Characters of a reason."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who enters, why, and in which language they are answered (else the company's)."""

    who: str
    why: str
    language: Language | None = None

    def __post_init__(self) -> None:
        """InputError without a reason, and for one that cannot be kept."""
        for text in (self.who, self.why):
            if not text.strip() or len(text) > MOST_WORDS or not text.isprintable():
                raise InputError(
                    "Everything that people enter needs a name and a reason of at most {most} "
                    "characters in one line.",
                    next_step="Say why with --reason.",
                    most=MOST_WORDS,
                )


def add_fact(
    office: Office, entity: str, account: str, given: Mapping[str, str], author: Author
) -> FactRevision:
    """Enter one fact. `account` is a record id, an account number or a name; "" for an entity that
    belongs to no customer.

    InputError that lists everything that is wrong with the values.
    """
    kind = expect_entity(entity)
    _refuse_account_columns(given)
    told = {**given, **_reference(office, kind, account)}
    values = _checked(kind, told, author.language or office.language)
    return _enter(office, [Entry(kind.name, values)], author)[0]


def change_fact(
    office: Office, fact_id: str, given: Mapping[str, str], author: Author
) -> FactRevision:
    """Enter another revision with these values in place of the old; an empty value clears one."""
    held = expect_fact(office, fact_id)
    kind = expect_entity(held.entity)
    _refuse_account_columns(given)
    values = _checked(kind, {**held.values, **given}, author.language or office.language)
    if values == dict(held.values):
        raise InputError("{fact} says so already.", next_step="Nothing was entered.", fact=fact_id)
    return _enter(office, [Entry(kind.name, values, fact_id, held.revision)], author)[0]


def withdraw_fact(office: Office, fact_id: str, author: Author) -> FactRevision:
    """Take a fact back: it counts no longer from the next run on, and stays in the history."""
    held = expect_fact(office, fact_id)
    entry = Entry(held.entity, held.values, fact_id, held.revision, withdrawn=True)
    return _enter(office, [entry], author)[0]


def list_facts(office: Office, entity: str = "", account: str = "") -> list[FactRevision]:
    """Facts in force, of one entity and one account's party if given."""
    kind = expect_entity(entity).name if entity else ""
    found = office.store.entering.in_force(kind)
    if not account:
        return list(found)
    own = _accounts_of_party(office, account)
    return [f for f in found if tuple(f.values.get(c, "") for c in ACCOUNT_COLUMNS) in own]


def show_fact(office: Office, fact_id: str) -> Sequence[FactRevision]:
    """Every revision of a fact; InputError for an unknown one."""
    told = office.store.entering.history(fact_id)
    if not told:
        raise _unknown(fact_id)
    return told


_NAMES = """
SELECT connection, id, account_number, registration_no, name FROM account_current
WHERE list_contains($keys, id) OR list_contains($keys, account_number)
    OR list_contains($keys, registration_no)
"""


def name_accounts(office: Office, facts: Sequence[FactRevision]) -> dict[str, str]:
    """Names of the accounts that facts belong to, by fact; the key that was given where no account
    has it yet, nothing for a fact of no customer."""
    keys = {
        fact.fact_id: tuple(fact.values.get(column, "") for column in ACCOUNT_COLUMNS)
        for fact in facts
    }
    wanted = sorted({key[2] for key in keys.values() if key[2]})
    if not wanted:
        return {}
    with open_snapshot(office.snapshots) as snapshot:
        rows = snapshot.query(_NAMES, {"keys": wanted}).to_pylist()
    known: dict[tuple[str, ...], str] = {
        (row["connection"], column, row[column]): str(row["name"])
        for row in rows
        for column in ("id", "account_number", "registration_no")
        if row[column] and row["name"]
    }
    return {fact: known.get(key, key[2]) for fact, key in keys.items() if key[2]}


def expect_entity(name: str) -> Entity:
    """The entity; InputError naming what people may enter."""
    found = enterable(name)
    if found is None:
        raise InputError(
            "{name} is nothing that people enter.",
            next_step="They enter {known}.",
            name=name,
            known=", ".join(ENTERABLE),
        )
    return found


def expect_fact(office: Office, fact_id: str) -> FactRevision:
    """The latest revision of a fact in force; InputError for an unknown or withdrawn one."""
    latest = show_fact(office, fact_id)[-1]
    if latest.withdrawn:
        raise InputError(
            "{fact} was withdrawn by {who} on {on}.",
            next_step="Enter it anew with `creditflag facts add`.",
            fact=fact_id,
            who=latest.who,
            on=latest.at.date().isoformat(),
        )
    return latest


def _unknown(fact_id: str) -> InputError:
    return InputError(
        "There is no fact {fact}.",
        next_step="List what was entered with `creditflag facts list`.",
        fact=fact_id,
    )


def _refuse_account_columns(given: Mapping[str, str]) -> None:
    """InputError for values that would say beside --account whose fact it is."""
    named = sorted(set(ACCOUNT_COLUMNS) & set(given))
    if named:
        raise InputError(
            "{columns} cannot be given as a value.",
            next_step="Name the account with --account; a fact stays with its account.",
            columns=", ".join(named),
        )


def _reference(office: Office, kind: Entity, account: str) -> dict[str, str]:
    """The columns that name the account; none for an entity that belongs to no customer."""
    belongs = set(ACCOUNT_COLUMNS) <= set(kind.column_names)
    if belongs != bool(account):
        raise InputError(
            "{entity} needs the account that it belongs to."
            if belongs
            else "{entity} belongs to no account.",
            next_step="Name it with --account." if belongs else "Leave out --account.",
            entity=kind.name,
        )
    if not account:
        return {}
    with open_snapshot(office.snapshots) as snapshot:
        found = find_account(snapshot.query, account)
    return dict(zip(ACCOUNT_COLUMNS, (found["connection"], "id", found["id"]), strict=True))


def _accounts_of_party(office: Office, account: str) -> set[tuple[str, ...]]:
    """All ways in which facts of the account's party name it: by record id or account number."""
    with open_snapshot(office.snapshots) as snapshot:
        party = find_account(snapshot.query, account)["party_id"]
        rows = snapshot.query(
            "SELECT account_connection, account_field, account_key FROM reference "
            "JOIN account_ref USING (ref) WHERE party_id = $party "
            "UNION SELECT connection, 'id', account_id FROM account_party WHERE party_id = $party",
            {"party": party},
        ).to_pylist()
    return {tuple(row[name] for name in ACCOUNT_COLUMNS) for row in rows}


def _checked(kind: Entity, given: Mapping[str, str], language: Language) -> dict[str, str]:
    values, unfit = spell_values(kind, given)
    if unfit:
        raise InputError(
            "{entity} cannot be entered like this: {count} value(s) are wrong.",
            next_step="Correct them; nothing was entered.",
            problems=[one.sentence(language) for one in unfit],
            entity=kind.name,
            count=len(unfit),
        )
    return values


def _enter(office: Office, entries: Sequence[Entry], author: Author) -> Sequence[FactRevision]:
    return office.store.entering.enter(entries, author.who, author.why, office.clock.now())
