"""The demo's chapters at the credit department's desk: its lists, its orders, its roll-out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.session import Session
from connector.registry import FILES_ADAPTER

if TYPE_CHECKING:
    from connector.demo.company import DemoCompany
    from connector.domain.rollout import Stage
    from connector.service.office import Office

MAPPING = "files-credit"
FOLDER = "credit-file"
ORDERING, PROMISING = "prompt", "worsening"
FIRST, SECOND = "SO-9001", "SO-9002"

SETTINGS = f"""
[connections.credit]
adapter = {json.dumps(FILES_ADAPTER)}
folder = "{FOLDER}"
mapping = ["{MAPPING}"]
accounts = "crm"
"""
"""The connection that reads the department's folder."""

Lists = Mapping[str, Sequence[Mapping[str, object]]]


def write_lists(here: Session, place: Path, lists: Lists) -> Path:
    """The lists as a filled form in the folder of the connection."""
    from connector.mapping.load import load_documents
    from connector.service.filled_forms import fill_forms
    from connector.service.templates import choose_forms

    forms = choose_forms(load_documents([MAPPING], place), ())
    name = forms[0].file.zh if here.language == "zh" else forms[0].file.en
    path = place / FOLDER / f"{name}.xlsx"
    path.parent.mkdir(exist_ok=True)
    fill_forms(forms, here.language, lists).save(path)
    return path


def show_lists(here: Session, lists: Lists, path: Path) -> None:
    """How many rows of each kind lie where."""
    from connector.cli.render import table

    here.tell(
        "{count} facts lie in a filled form, {file}, and are read like any export.",
        count=sum(len(rows) for rows in lists.values()),
        file=f"{path.parent.name}/{path.name}",
    )
    made = table(here, "kind", ">rows")
    for name, rows in lists.items():
        made.add_row(name, str(len(rows)))
    here.print(made)


def enter_promise(here: Session, office: Office, company: DemoCompany, record_id: str) -> None:
    """Somebody promises on the telephone; it counts from the next run on."""
    from connector.service.entering import Author, add_fact

    values = {
        "amount": "200000", "currency": company.currency, "made_on": company.as_of.isoformat(),
        "promised_on": (company.as_of + timedelta(days=14)).isoformat(),
    }  # fmt: skip
    author = Author("demo", here.say("told on the telephone"))
    made = add_fact(office, "promise", record_id, values, author)
    here.tell("{fact} is entered. It counts from the next run on.", fact=made.fact_id)


def check_orders(here: Session, office: Office, record_id: str) -> None:
    """One order passes and reserves its credit; the next finds it taken, until a person agrees."""
    from connector.cli.orders import show_check
    from connector.service.entering import Author
    from connector.service.order_check import Asked, check_order
    from connector.service.order_credit import release_order

    available = check_order(office, Asked(record_id, amount=Decimal(0))).available_before
    part = ((available or Decimal(100_000)) * Decimal("0.6") / 1000).quantize(
        Decimal(1), ROUND_DOWN
    ) * 1000
    part = max(part, Decimal(1000))
    for number in (FIRST, SECOND):
        here.tell("Order {number} over {amount}:", number=number, amount=f"{part:,.2f}")
        asked = Asked(record_id, number=number, amount=part)
        show_check(here, check_order(office, asked, reserve=True, by="demo"))
    author = Author("demo", here.say("paid by Friday"))
    until = office.today() + timedelta(days=7)
    release_order(office, SECOND, record_id, part, "", until, author)
    here.tell("A person releases {number} until {until}:", number=SECOND, until=until.isoformat())
    show_check(here, check_order(office, Asked(record_id, number=SECOND, amount=part)))


def show_rollout(here: Session, office: Office, stage: Stage) -> None:
    """What a step of the roll-out would do, before anybody takes it."""
    from connector.cli.stages import show_preview
    from connector.service.rolling_out import preview_step

    show_preview(here, preview_step(office, "crm", stage))
