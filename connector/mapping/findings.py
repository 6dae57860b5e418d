"""Findings of a check: what fits, what does not, and what to do, as templates with parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from connector.domain.texts import Language, say

Level = Literal["error", "warning", "ok"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `message` and `next_step` are English templates, `params` fill both.

    `where` is the place in the document ("crm: write.account.fields.grade"). An error stops
    reading or writing; a warning says what will be missing.
    """

    level: Level
    where: str
    message: str
    next_step: str = ""
    params: Mapping[str, object] = field(default_factory=dict)

    def sentence(self, language: Language = "en") -> str:
        """What was found and the next step, in `language`."""
        parts = [say(self.message, language, **self.params)]
        if self.next_step:
            parts.append(say(self.next_step, language, **self.params))
        return " ".join(parts)


@dataclass(slots=True)
class Findings:
    """Findings on one document as they come up; knows the vendor's own words for to-dos."""

    mapping: str
    guide: Mapping[str, str]
    found: list[Finding] = field(default_factory=list)

    def add(
        self, level: Level, path: str, message: str, next_step: str = "", **params: object
    ) -> None:
        """Note one finding; `path` is the place in the document.

        `{new_field}`, `{access}` and `{object_access}` (and their `_zh`) are where the vendor lets
        an admin do it, with its object (or `fields_on`) filled in.
        """
        params.update(self._ways(str(params.get("fields_on") or params.get("object", ""))))
        params.update(mapping=self.mapping, path=path)
        where = f"{self.mapping}: {path}"
        self.found.append(Finding(level, where, message, next_step, params))

    def _ways(self, object_name: str) -> dict[str, str]:
        ways = {}
        for key in ("new_field", "access", "object_access"):
            english = self.guide.get(key) or "the vendor's set-up"
            ways[key] = english.replace("{object}", object_name)
            chinese = self.guide.get(f"{key}_zh") or self.guide.get(key) or "供应商的设置"
            ways[f"{key}_zh"] = chinese.replace("{object}", object_name)
        return ways
