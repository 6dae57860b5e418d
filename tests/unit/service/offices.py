"""An office over a CRM in memory: real store, real ledger, the shipped policy."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

from connector.credit.policy.document import shipped_policy
from connector.credit.policy.lint import load_policy
from connector.mapping.feeds import combine
from connector.mapping.load import read_document
from connector.service.office import Office
from connector.store.opening import open_store
from connector.sync.desk import Connection
from connector.testing.builders import (
    account_object,
    invoice_object,
    invoice_values,
    mapping_text,
    task_object,
    user_object,
)
from connector.testing.clock import FakeClock
from connector.testing.crm import MemoryCrm
from tests.unit.sync.workplace import house

HOST = "this-machine"
OWNERS = {"limit": "ask", "limit_state": "ask"}


def build_crm(clock: FakeClock) -> MemoryCrm:
    """Three customers, one of them long overdue, and a prospect."""
    crm = MemoryCrm(clock)
    for info in (account_object(), user_object(), invoice_object(), task_object()):
        crm.define(info)
    rep = crm.add("User", {"Name": "Rita Rep", "Active": True})
    for name, number, amount, due in (
        ("Muster AG", "10001", 1000, "2026-03-20"),
        ("Muster Handel GmbH", "10002", 2000, "2026-02-25"),
        ("Säumig KG", "10003", 50_000, "2025-10-01"),
    ):
        values = {"Name": name, "Number": number, "OwnerId": rep, "Terms": Decimal(30)}
        account = crm.add("Account", values)
        invoice = invoice_values(account, f"R-{number}", amount, Due=due, Issued="2025-09-01")
        crm.add("Invoice", invoice)
    crm.add("Account", {"Name": "Prospect Ltd", "Number": "20001"}, record_id="A" * 15 + "BCD")
    return crm


def build_office(
    folder: Path, clock: FakeClock | None = None, *, owner: str = f"{HOST}:1:aa"
) -> Office:
    """An office whose connection `crm` is a CRM in memory, at `office.connect("crm").adapter`."""
    clock = clock or FakeClock()
    crm = build_crm(clock)
    documents = combine([read_document(mapping_text(owners=OWNERS), "memory.yaml")])
    return Office(
        folder=folder,
        store=open_store(folder),
        clock=clock,
        policy=load_policy(shipped_policy("standard"), "standard"),
        house=house(),
        timezone="Europe/Berlin",
        owner=owner,
        connection_names=("crm",),
        writing_names=("crm",),
        open_connection=lambda name: Connection(name, crm, documents, target=crm, currency="EUR"),
    )


def crm_of(office: Office) -> MemoryCrm:
    """The CRM behind the connection."""
    adapter = office.connect("crm").adapter
    assert isinstance(adapter, MemoryCrm)
    return adapter


def hold_the_desk(folder: Path) -> None:
    """Work at the desk until standard input ends; what a second runner meets."""
    office = build_office(folder)
    with office.desk():
        print("at the desk", flush=True)
        sys.stdin.read()
    office.close()


if __name__ == "__main__":
    hold_the_desk(Path(sys.argv[1]))
