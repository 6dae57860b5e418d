"""Every sentence a user reads, in English and Chinese.

An English template with `{named}` parameters is the key. Chinese templates stand in
`texts_zh/*.yaml` (English template: Chinese template), one file for each room that speaks.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

from connector.errors import CreditflagError, fill

Language = Literal["en", "zh"]


def say(template: str, language: Language = "en", **params: object) -> str:
    """The sentence in `language`; a template without translation stays English."""
    return fill(translate(template, language), params)


def translate(template: str, language: Language) -> str:
    """The template in `language`, parameters not filled."""
    return template if language == "en" else chinese_templates().get(template, template)


def say_error(error: CreditflagError, language: Language = "en") -> str:
    """What happened, where, and the next step, in `language`."""
    what = say(error.message, language, **error.params)
    if error.where:
        what = what.rstrip(".。")
        what += f"（{error.where}）。" if language == "zh" else f" ({error.where})."
    parts = [what]
    if error.next_step:
        parts.append(say(error.next_step, language, **error.params))
    return ("" if language == "zh" else " ").join(parts)


@cache
def chinese_templates() -> dict[str, str]:
    """All Chinese templates by their English key."""
    import yaml

    merged: dict[str, str] = {}
    for entry in sorted(files(__package__).joinpath("texts_zh").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".yaml"):
            merged.update(yaml.safe_load(entry.read_text(encoding="utf-8")) or {})
    return merged
