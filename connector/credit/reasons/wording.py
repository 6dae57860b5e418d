"""The sentence of every reason, flag and remedy. English templates; Chinese in the domain's texts.

Parameters are what the clock does not move: dates, thresholds, bins, document numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.credit.flags import FLAGS, flag_card
from connector.domain.texts import Language, say

FLAG_TEXTS: dict[str, str] = {code: flag_card(code).text for code in FLAGS}
CASH_ONLY_OPEN = "Sells for cash only, but there are open amounts."
LIMIT_EXPIRED = "The credit limit expired on {valid_to}."
CONDITION_TEXT = "{label}: {figures}."
"""A condition that an admin made: its label and the figures it compares."""
CONDITION_PLAYBOOK = "Look at these figures and decide what has to be done."
CONDITION_CLOSES = "The figures do not fulfil the condition any more."

METRIC_TEXTS: dict[str, str] = {
    "overdue_ratio": "Overdue part of what is owed: {bin}.",
    "overdue_ratio_undisputed": "Overdue part of what is owed: {bin}.",
    "overdue_ratio_past_grace": "Overdue part of what is owed: {bin}.",
    "oldest_overdue_days": "The oldest unpaid invoice is late by {bin}.",
    "dbt": "Invoices are paid late by {bin} on average.",
    "dbt_floored": "Invoices are paid late by {bin} on average.",
    "dbt_with_open": "Invoices are paid late by {bin} on average, open ones included.",
    "dbt_trend": "Payments come later than before, by {bin}.",
    "utilisation": "Used part of the credit limit: {bin}.",
    "dispute_ratio": "Disputed part of what is owed: {bin}.",
    "dso": "What is owed stands for {bin} of sales.",
    "dso_countback": "What is owed stands for {bin} of sales.",
}
OTHER_METRIC = "{label}: {bin}."

REASON_TEXTS: dict[str, str] = {
    "insolvency_open": "Insolvency proceedings are open.",
    "dissolved": "The company is dissolved.",
    "sanctioned": "The company is on a sanctions list.",
    "dishonest_judgment_debtor": "The company is on the list of dishonest judgment debtors.",
    "enforcement": "A court enforces claims against the company.",
    "abnormal_operations": "The company is on the list of abnormal operations.",
    "share_freeze": "Shares in the company are frozen.",
    "lien": "Assets of the company are pledged or seized.",
    "judgment": "A court has ruled against the company.",
    "winding_up_petition": "A petition to wind up the company has been filed.",
    "late_filing": "The company files its statements late.",
    "ownership_change": "The company has changed hands.",
    "press": "The press reports something adverse.",
    "not_enough_data": "Too little is known for a score ({known} of the scorecard).",
    "limit_blend": "The proposed limit is the weighted mean of the limit methods.",
    "limit_need": "The proposed limit is what the customer needs at its present purchases.",
    "limit_agency": "The proposed limit is held down by the agency's recommendation.",
    "limit_appetite": "The proposed limit is held down to {share} of all our yearly sales.",
    "limit_step": "The proposed limit rises by at most {max_up} at one review.",
    "over_indebted": "The liabilities exceed the assets.",
    "limit_group": "The proposed limit is held down by the limit of the group.",
    "limit_own_equity": "The proposed limit is held down to what our own equity can bear.",
    "limit_insured": (
        "The proposed limit is held down to the insured limit and what we risk beyond."
    ),
    "limit_country": "The proposed limit is lowered for the risk of the country.",
    "grade_country": "No better grade than {grade} is possible in this country.",
    "grade_group_support": "The grade is lifted to {grade} by the parent company.",
    "grade_group_drag": "The grade is lowered to {grade} by the parent company.",
    "limit_cash_only": "Grade {grade} sells for cash only.",
    "limit_manual": "No limit can be proposed by rule: a person has to decide.",
}
OTHER_REASON = "{code}"

OWNERS: dict[str, str] = {
    "sales": "sales",
    "credit": "credit control",
    "finance": "finance",
    "management": "management",
}
"""Whose job a flag or an action is."""

SEVERITIES: dict[int, str] = {1: "Notice", 2: "Warning", 3: "Severe"}
"""How grave a flag is."""

ACTION_TEXTS: dict[str, str] = {
    "stop_shipment": "Stop shipments",
    "prepayment": "Sell against prepayment only",
    "deposit": "Ask for a deposit",
    "shorter_terms": "Agree on shorter terms",
    "guarantee": "Ask for a guarantee",
    "insurer_request": "Ask the insurer for cover",
    "collect": "Collect what is overdue",
    "review": "Review the customer",
}
"""What to do to prevent a loss, by the code of the policy's table of actions."""

REMEDY_TEXTS: dict[str, str] = {
    "pay_items": "Pay {total}: what was due by {due_on_or_before} (invoices: {count}).",
    "reduce_exposure": "Pay {amount} on account.",
    "raise_limit": "Approve a limit of {amount}.",
    "resolve_disputes": "Settle the open disputes.",
    "provide_data": "Wait for payments, or give the missing terms and limits.",
}
REMEDY_RESULT = "Then: score {score}, grade {grade}, {hold}, {flags}."
WITH_HOLD, WITHOUT_HOLD = "still on hold", "no hold"
WITHOUT_FLAGS, WITH_FLAGS = "no flag", "flags {codes}"

FLAG_NAMES: dict[str, str] = {code: flag_card(code).name for code in FLAGS}
FLAG_PLAYBOOKS: dict[str, str] = {code: flag_card(code).playbook for code in FLAGS}
FLAG_CLOSINGS: dict[str, str] = {code: flag_card(code).closes for code in FLAGS}


@dataclass(frozen=True, slots=True)
class Advice:
    """Whose job a flag is, what to do, and when it goes by itself."""

    owner: str
    playbook: str
    closes: str


def advice_on(code: str, params: Mapping[str, Any]) -> Advice | None:
    """What to do about a flag; None for one that is gone from this version."""
    if is_condition(params):
        return Advice(str(params["owner"]), CONDITION_PLAYBOOK, CONDITION_CLOSES)
    if code not in FLAGS:
        return None
    card = flag_card(code)
    return Advice(card.owner, card.playbook, card.closes)


def is_condition(params: Mapping[str, Any]) -> bool:
    """Whether the parameters are those of a condition that an admin made."""
    return "figures_en" in params


def flag_name(code: str, params: Mapping[str, Any], language: Language) -> str:
    """A flag in one or two words; of a condition the admin's label."""
    if is_condition(params):
        return str(params[f"label_{language}"])
    return say(FLAG_NAMES.get(code, OTHER_REASON), language, code=code)


def read_object(text: str | None) -> dict[str, Any]:
    """Parameters as they are stored; {} for none."""
    return dict(json.loads(text)) if text else {}


def flag_text(code: str, params: Mapping[str, Any], language: Language) -> str:
    """One sentence about a flag."""
    if is_condition(params):
        label, figures = params[f"label_{language}"], params[f"figures_{language}"]
        return say(CONDITION_TEXT, language, label=label, figures=figures)
    template = FLAG_TEXTS.get(code, OTHER_REASON)
    if code == "over_limit" and params.get("state") == "cash_only":
        template = CASH_ONLY_OPEN
    if code == "no_valid_limit" and params.get("state") == "expired":
        template = LIMIT_EXPIRED
    return closed_up(say(template, language, **{"code": code, **spoken(params, language)}))


def reason_text(code: str, params: Mapping[str, Any], language: Language) -> str:
    """One sentence about a reason of any source."""
    if code in FLAG_TEXTS or is_condition(params):
        return flag_text(code, params, language)
    metric = params.get("metric")
    template = REASON_TEXTS.get(code, OTHER_REASON)
    if metric:
        template = METRIC_TEXTS.get(str(metric), OTHER_METRIC)
    label = params.get("label_zh") if language == "zh" else params.get("label_en")
    filled = {"code": code, "label": label, **spoken(params, language)}
    return closed_up(say(template, language, **filled))


def remedy_text(
    code: str, params: Mapping[str, Any], language: Language, amounts: Mapping[str, str],
    names: Mapping[str, str] | None = None,
) -> str:  # fmt: skip
    """One or two sentences about a remedy: what to do, and what it gives.

    `amounts` are the amounts among the parameters, formatted for the reader; `names` those of
    flags that an admin made.
    """
    template = REMEDY_TEXTS.get(code, OTHER_REASON)
    done = say(template, language, **{"code": code, **params, **amounts})
    result = params.get("result")
    if not result:
        return done
    codes = [name for name in (result.get("flags") or "").split(";") if name]
    between = "、" if language == "zh" else ", "
    listed = between.join(
        (names or {}).get(name) or say(FLAG_NAMES.get(name, name), language) for name in codes
    )
    then = say(
        REMEDY_RESULT,
        language,
        score=result.get("score") or "–",
        grade=result.get("grade") or "–",
        hold=say(WITH_HOLD if result.get("hold") == "true" else WITHOUT_HOLD, language),
        flags=say(WITH_FLAGS, language, codes=listed) if listed else say(WITHOUT_FLAGS, language),
    )
    return f"{done}{then}" if language == "zh" else f"{done} {then}"


def spoken_figure(text: str, language: Language) -> str:
    """A bin or threshold in words: 30 d – 60 d becomes 30 – 60 days."""
    if not text.endswith(" d"):
        shown = text.replace("> ", say("more than", language) + " ")
        return shown.replace(" %", "%") if language == "zh" else shown
    plain = text.replace(" d", "")
    more = say("more than", language)
    plain = plain.replace("> ", f"{more} ").replace("≤ ", say("up to", language) + " ")
    return f"{plain} {say('days', language)}"


def spoken(params: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Parameters with bins and thresholds in words; a Chinese percentage has no space."""
    shown = dict(params)
    for name, value in params.items():
        if name in ("bin", "threshold") and isinstance(value, str):
            shown[name] = spoken_figure(value, language)
        elif language == "zh" and isinstance(value, str) and _PERCENTAGE.fullmatch(value):
            shown[name] = value.replace(" %", "%")
    return shown


def closed_up(sentence: str) -> str:
    """Without the spaces that a Chinese parameter leaves between two Chinese characters."""
    return _BETWEEN_HAN.sub("", sentence)


_PERCENTAGE = re.compile(r"[\d.]+ %")
_BETWEEN_HAN = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
