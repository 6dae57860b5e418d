"""The health of files as text: findings, examples, and lists of repairs."""

from __future__ import annotations

from connector.cli.session import Session
from connector.mapping.synonyms import words
from connector.service.health.report import HealthReport

MOST_OWNERS = 30


def show(here: Session, report: HealthReport) -> None:
    """What was read, then each finding with what to do, then the repairs of each owner."""
    for entity, count in report.rows.items():
        here.tell("Read: {n} rows of {entity}", n=count, entity=_name(here, entity))
    if not report.rows:
        here.tell("Nothing was read; look whether the files have names that the mapping reads.")
    if not report.accounts_known:
        here.tell("Whether the customers are in the CRM was not checked: no run has read it yet.")
    for f in report.findings:
        level = here.say(f.level)
        what = here.say(f.message)
        here.print(f"{level}  {f.count} × {_name(here, f.entity)}: {what}")
        for example in f.examples:
            here.print(f"    {example.where}  {example.shown}".rstrip())
        here.print(f"    → {here.say(f.next_step)}")
    if not report.findings:
        if report.rows:
            here.tell("Nothing is wrong that a check could see.")
        return
    here.tell("Repairs by owner")
    owners = report.repairs()
    for owner, repairs in list(owners.items())[:MOST_OWNERS]:
        here.print(f"  {owner}")
        for finding, count in repairs:
            here.print(f"    {count} × {_name(here, finding.entity)}: {here.say(finding.message)}")
    if len(owners) > MOST_OWNERS:
        here.tell("… and {n} more", n=len(owners) - MOST_OWNERS)


def _name(here: Session, entity: str) -> str:
    """What the reader calls a kind of fact."""
    known = words()["objects"].get(entity, ())
    if here.language == "zh":
        return next((word for word in known if not word.isascii()), entity) or here.say("table")
    return entity.replace("_", " ") or here.say("table")
