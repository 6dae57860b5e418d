"""How systems call things: the words of `synonyms.yaml`, and how near a vendor's name comes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml

NAME_FITS, LABEL_FITS = 1.0, 0.95
_PART_LEAST, _PART_MOST = 0.45, 0.85
_CUSTOM = re.compile(r"(__[a-z]+)$", re.IGNORECASE)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[\u4e00-\u9fff]+")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Match:
    """How near (0 to 1) a name or label came, by which of both, and to which phrase."""

    score: float = 0.0
    by: Literal["name", "label"] = "name"
    phrase: str = ""


@cache
def words() -> Mapping[str, Any]:
    """The word lists, by section."""
    text = files(__package__).joinpath("synonyms.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def phrases(section: str, name: str) -> Sequence[str]:
    """Phrases for one of our names; its own name is one of them."""
    return (name.replace("_", " "), *words()[section].get(name, ()))


@cache
def split_words(text: str) -> tuple[str, ...]:
    """The words of a name or label: `Invoice_Date__c` is invoice, date."""
    plain = unicodedata.normalize("NFKC", text)
    return tuple(word.casefold() for word in _WORDS.findall(_CUSTOM.sub("", plain)))


def match(name: str, label: str, candidates: Sequence[str]) -> Match:
    """The closest of the phrases; an equal name is worth more than an equal label, and both more
    than a phrase that is only a part of it."""
    best = Match()
    for by, text, whole in (("name", name, NAME_FITS), ("label", label, LABEL_FITS)):
        for phrase in candidates:
            score = _closeness(split_words(text), split_words(phrase), whole)
            if score > best.score:
                best = Match(score, by, phrase)  # type: ignore[arg-type]  # name or label
    return best


def _closeness(given: tuple[str, ...], phrase: tuple[str, ...], whole: float) -> float:
    """1 for the same words, less the more words besides the phrase there are, else 0."""
    if not given or not phrase:
        return 0.0
    joined, wanted = "".join(given), "".join(phrase)
    if joined == wanted:
        return whole
    inside = set(phrase) <= set(given) or (bool(_CHINESE.search(wanted)) and wanted in joined)
    if not inside:
        return 0.0
    share = len(wanted) / len(joined)
    return _PART_LEAST + (_PART_MOST - _PART_LEAST) * share
