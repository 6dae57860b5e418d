"""A feed as a form that a person fills in: headings in two languages, kinds, closed lists.

Everything is drawn from the mapping document that reads the filled form, so that the two cannot
differ: the first header in each language is the heading, the words of a map are the choices.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from connector.domain.closed_lists import CLOSED_LISTS
from connector.domain.entities import ENTITIES, Column, Kind
from connector.mapping.document import FieldDoc, MappingDoc
from connector.mapping.feeds import Feed

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_YES_NO = ("true", "false")


@dataclass(frozen=True, slots=True)
class Words:
    """The same in English and Chinese."""

    en: str
    zh: str

    def spell(self, form: str) -> str:
        """In `en`, `zh`, or `both` with a slash between."""
        if form == "both" and self.en != self.zh:
            return f"{self.en} / {self.zh}"
        return self.zh if form == "zh" else self.en


@dataclass(frozen=True, slots=True)
class FormColumn:
    """One column of a form. `required`: no row goes without it; `one_of`: one of several does.

    `choices` are the words of a closed list, `means` ours for each; with `closed` no other word is
    read.
    """

    column: Column
    heading: Words
    required: bool = False
    one_of: bool = False
    choices: tuple[Words, ...] = ()
    means: tuple[str, ...] = ()
    closed: bool = False
    share: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """The table of one feed. `sheet` is empty where the feed reads files of its own; `file` is a
    name that the feed reads."""

    feed: str
    entity: str
    whole: bool
    sheet: Words | None
    file: Words
    sample: Words
    columns: tuple[FormColumn, ...]


def draw_forms(documents: Sequence[MappingDoc]) -> dict[str, Form]:
    """The forms of the documents by feed."""
    feeds = [
        Feed(name, document.mapping, doc, doc.fields, doc.object)
        for document in documents
        for name, doc in document.entities.items()
    ]
    return {feed.name: _draw(feed) for feed in feeds}


def _draw(feed: Feed) -> Form:
    patterns = [tuple(text.partition("#")[::2]) for text in feed.object_name.split("|")]
    sheets = [sheet.strip("*").strip() for _, sheet in patterns if sheet.strip("*")]
    names = [name.strip("*") for name, sheet in patterns if bool(sheet) == bool(sheets)]
    return Form(
        feed=feed.name,
        entity=feed.entity.name,
        whole=feed.snapshot,
        sheet=_words(sheets) if sheets else None,
        file=_words(names),
        sample=_words(feed.doc.samples) if feed.doc.samples else Words("", ""),
        columns=tuple(_columns(feed)),
    )


def _columns(feed: Feed) -> Iterator[FormColumn]:
    """A column each for what people fill in; what another column gives already is left out."""
    taken: set[str] = set()
    for name, doc in feed.fields.items():
        if doc.constant is not None or set(doc.paths) <= taken:
            continue
        taken |= set(doc.paths)
        column = feed.entity.column(name)
        given = column.required and not doc.default and not doc.optional
        made = FormColumn(column, Words("", ""), required=given)
        if doc.which:
            for word, paths in doc.which.items():
                told = ENTITIES["account"].column(word)
                yield replace(made, column=told, heading=_words(paths), required=False, one_of=True)
        elif doc.join:
            for place, paths in enumerate(doc.join, 1):
                last = place == len(doc.join)
                yield replace(made, heading=_words(paths), required=given and last)
        else:
            shares = any(step == "share" for step, _ in doc.steps)
            closed = bool(doc.map) and doc.default is None
            means = _meanings(feed, name, doc)
            yield replace(
                made, heading=_words(doc.paths), choices=_choices(means, doc), means=means,
                closed=closed, share=shares,
            )  # fmt: skip


def _meanings(feed: Feed, name: str, doc: FieldDoc) -> tuple[str, ...]:
    """Our words that the column may hold, in the order of the closed list."""
    if feed.entity.column(name).kind is Kind.FLAG:
        return _YES_NO
    if not doc.map:
        return ()
    ours = CLOSED_LISTS.get((feed.entity.name, name))
    return ours or tuple(dict.fromkeys(doc.map.values()))


def _choices(means: tuple[str, ...], doc: FieldDoc) -> tuple[Words, ...]:
    """A word in each language for each of ours."""
    if means is _YES_NO:
        return (Words("Yes", "是"), Words("No", "否"))
    return tuple(_words([key for key, value in doc.map.items() if value == word]) for word in means)


def _words(spelled: Sequence[str]) -> Words:
    """The first English and the first Chinese one; where a language lacks it, the other's."""
    chinese = next((text for text in spelled if _CHINESE.search(text)), "")
    english = next((text for text in spelled if not _CHINESE.search(text)), "")
    return Words(english or chinese, chinese or english)
