"""The flags of the policy in force: what each finds, how grave it is, whose job it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from connector.credit.flags import FLAGS, flag_card
from connector.credit.flags.conditions import written
from connector.credit.metrics.labels import figure
from connector.credit.policy.conditions import ConditionDoc
from connector.credit.policy.document import FlagDoc, PolicyDoc
from connector.credit.reasons.wording import (
    CONDITION_CLOSES,
    CONDITION_PLAYBOOK,
    CONDITION_TEXT,
    SEVERITIES,
    closed_up,
    spoken_figure,
)
from connector.domain.texts import Language, say
from connector.errors import InputError


@dataclass(frozen=True, slots=True)
class ListedFlag:
    """One flag in the reader's language; an admin's condition has one step without a figure.

    `steps`: (from which value on, severity 1–3, its word). `floor`: amount below which it is quiet,
    `floor_share` of the customer's open receivables. `holds_from`: severity that holds orders.
    """

    code: str
    name: str
    finds: str
    enabled: bool
    task: bool
    owner: str
    steps: tuple[tuple[str, int, str], ...]
    floor: Decimal
    floor_share: Decimal
    min_items: int
    holds_from: int | None
    playbook: str
    closes: str

    def as_json(self) -> dict[str, Any]:
        """As JSON-able values."""
        return asdict(self)


def list_flags(policy: PolicyDoc, language: Language, code: str | None = None) -> list[ListedFlag]:
    """All flags in the order of ties, then the admin's conditions; or the one of that code.

    A flag that the policy does not name is listed as switched off. InputError for a code that is
    neither.
    """
    shipped = [_shipped(name, policy, language) for name in FLAGS]
    found = [*shipped, *(_made(condition, policy, language) for condition in policy.conditions)]
    if code is None:
        return found
    chosen = [flag for flag in found if flag.code == code]
    if not chosen:
        raise InputError(
            "There is no flag {code}.",
            next_step="`creditflag flags` lists them all.",
            code=code[:60],
        )
    return chosen


def _shipped(code: str, policy: PolicyDoc, language: Language) -> ListedFlag:
    card, rule = flag_card(code), policy.flags.get(code)
    floor = rule.materiality if rule else None
    return ListedFlag(
        code=code,
        name=say(card.name, language),
        finds=_template(card.text, language),
        enabled=bool(rule and rule.enabled),
        task=bool(rule and rule.enabled and rule.task),
        owner=card.owner,
        steps=_steps(rule, card.unit, language) if rule else (),
        floor=floor.amount if floor else Decimal(0),
        floor_share=floor.share if floor else Decimal(0),
        min_items=rule.min_items if rule else 0,
        holds_from=policy.hold.flags.get(code),
        playbook=say(card.playbook, language),
        closes=say(card.closes, language),
    )


def _template(text: str, language: Language) -> str:
    """The sentence with … in place of what it names."""
    return closed_up(say(text, language, **dict.fromkeys(_names(text), "…")))


def _names(text: str) -> Sequence[str]:
    return [part.split("}")[0] for part in text.split("{")[1:]]


def _steps(rule: FlagDoc, unit: Any, language: Language) -> tuple[tuple[str, int, str], ...]:
    return tuple(
        (spoken_figure(f"> {figure(step.above, unit)}", language), step.severity,
         say(SEVERITIES[step.severity], language))
        for step in rule.steps
    )  # fmt: skip


def _made(condition: ConditionDoc, policy: PolicyDoc, language: Language) -> ListedFlag:
    label = condition.label_zh if language == "zh" else condition.label_en
    figures = written(condition.when, language)
    word = say(SEVERITIES[condition.severity], language)
    return ListedFlag(
        code=condition.flag,
        name=label,
        finds=say(CONDITION_TEXT, language, label=label, figures=figures),
        enabled=condition.enabled,
        task=condition.enabled and condition.task,
        owner=condition.owner,
        steps=(("", condition.severity, word),),
        floor=condition.floor,
        floor_share=Decimal(0),
        min_items=0,
        holds_from=policy.hold.flags.get(condition.flag),
        playbook=say(CONDITION_PLAYBOOK, language),
        closes=say(CONDITION_CLOSES, language),
    )
