"""The contract's clauses have teeth: a CRM that breaks one is found out by the clause named for it.

Each saboteur is the in-memory CRM with one mistake that a real adapter could make.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector.errors import CreditflagError, InputError, TransientError, UnknownOutcomeError
from connector.ports.crm import ObjectInfo, Page, PullRequest, Record, RowOutcome, WriteRow
from connector.testing.builders import field_info
from connector.testing.crm import MemoryCrm
from connector.testing.crm_contract import all_clauses, read_traits
from connector.testing.crm_contract.clauses import SUBJECTS, Clause, add_clause
from connector.testing.crm_contract.traits import VALUES, Traits, make_traits
from connector.testing.memory_harness import TRAITS, MemoryUnderTest

CLAUSES = {clause.name: clause for clause in all_clauses()}


class Saboteur:
    """The in-memory CRM; a subclass has one mistake."""

    def __init__(self, crm: MemoryCrm) -> None:
        self._crm = crm

    def __getattr__(self, name: str) -> Any:
        return getattr(self._crm, name)


class NoOverlap(Saboteur):
    def pull(self, request: PullRequest) -> Iterator[Page]:
        return self._crm.pull(replace(request, overlap_seconds=0))


class LaterThanCursor(Saboteur):
    """Compares with > instead of >=."""

    def pull(self, request: PullRequest) -> Iterator[Page]:
        if request.cursor and not request.overlap_seconds:
            request = replace(request, overlap_seconds=-1)
        return self._crm.pull(request)


class ForgetsDeletions(Saboteur):
    def pull(self, request: PullRequest) -> Iterator[Page]:
        for page in self._crm.pull(request):
            expected = (page.expected or 0) - len(page.deletions) if page.last else page.expected
            yield replace(page, deletions=(), expected=expected)


class ForgetsSurvivors(Saboteur):
    def pull(self, request: PullRequest) -> Iterator[Page]:
        for page in self._crm.pull(request):
            yield replace(page, deletions=[replace(d, merged_into="") for d in page.deletions])


class DropsPageEdges(Saboteur):
    """Pages by stamp: the last record of a full page is lost."""

    def pull(self, request: PullRequest) -> Iterator[Page]:
        for page in self._crm.pull(request):
            yield page if page.last else replace(page, records=page.records[:-1])


class CountsNothing(Saboteur):
    def pull(self, request: PullRequest) -> Iterator[Page]:
        for page in self._crm.pull(request):
            yield replace(page, expected=None)


class BelievesShortPages(Saboteur):
    """Calls a cut pull complete."""

    def pull(self, request: PullRequest) -> Iterator[Page]:
        try:
            yield from self._crm.pull(request)
        except TransientError:
            yield Page(records=[], expected=0, cursor="2026-03-02T08:00:00+00:00", last=True)


class BinaryFractions(Saboteur):
    def pull(self, request: PullRequest) -> Iterator[Page]:
        for page in self._crm.pull(request):
            yield replace(page, records=[self._blur(record) for record in page.records])

    @staticmethod
    def _blur(record: Record) -> Record:
        return {k: float(v) if isinstance(v, Decimal) else v for k, v in record.items()}


class NaIsNull(Saboteur):
    def pull(self, request: PullRequest) -> Iterator[Page]:
        for page in self._crm.pull(request):
            yield replace(
                page,
                records=[
                    {k: None if v in ("NA", "null") else v for k, v in record.items()}
                    for record in page.records
                ],
            )


class ClearsNothing(Saboteur):
    """An empty cell leaves the field as it is."""

    def update(self, object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        kept = [replace(r, values={k: v for k, v in r.values.items() if v}) for r in rows]
        return self._crm.update(object_name, kept)


class WritesTwice(Saboteur):
    """Repeats a write whose answer was lost."""

    def update(self, object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        try:
            return self._crm.update(object_name, rows)
        except UnknownOutcomeError:
            return self._crm.update(object_name, rows)


class GuessesTheEnd(Saboteur):
    """Takes a lost answer for a refusal."""

    def update(self, object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        try:
            return self._crm.update(object_name, rows)
        except UnknownOutcomeError as error:
            raise TransientError("No answer.", code="LOST") from error


class MixesOutcomes(Saboteur):
    """Gives the failed rows last."""

    def update(self, object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        return sorted(self._crm.update(object_name, rows), key=lambda o: o.state != "ok")


class AllOrNone(Saboteur):
    """One bad row takes the good ones with it."""

    def update(self, object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        lengths = [len(text or "") for row in rows for text in row.values.values()]
        if max(lengths, default=0) > self._crm.describe(object_name).fields["Text"].length:  # type: ignore[union-attr]  # it is there
            return [RowOutcome("rejected", message="rolled back") for _ in rows]
        return self._crm.update(object_name, rows)


class CutsTexts(Saboteur):
    def update(self, object_name: str, rows: Sequence[WriteRow]) -> Sequence[RowOutcome]:
        cut = [replace(r, values={k: v and v[:80] for k, v in r.values.items()}) for r in rows]
        return self._crm.update(object_name, cut)


class CreatesAgain(Saboteur):
    """Upsert that only creates."""

    def upsert(
        self, object_name: str, key_field: str, rows: Sequence[WriteRow]
    ) -> Sequence[RowOutcome]:
        named = [replace(r, values={**r.values, key_field: r.key}) for r in rows]
        return self._crm.create(object_name, named)


class FindsHalfKeys(Saboteur):
    def find_by_key(
        self, object_name: str, key_field: str, keys: Sequence[str]
    ) -> Mapping[str, str]:
        texts = {i: str(r.get(key_field)) for i, r in self._crm.records(object_name).items()}
        return {k: i for k in keys for i, text in texts.items() if k in text}


class LosesTheGone(Saboteur):
    """Reading back leaves out what is gone."""

    def read(
        self, object_name: str, record_ids: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Record | None]:
        found = self._crm.read(object_name, record_ids, fields)
        return {i: r for i, r in found.items() if r is not None}


class HidesWho(Saboteur):
    def read(
        self, object_name: str, record_ids: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Record | None]:
        found = self._crm.read(object_name, record_ids, fields)
        return {i: r and {**r, "modified_by": "somebody"} for i, r in found.items()}


class SilentTrouble(Saboteur):
    """Calls records gone when it could not read them."""

    def read(
        self, object_name: str, record_ids: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Record | None]:
        try:
            return self._crm.read(object_name, record_ids, fields)
        except TransientError:
            return dict.fromkeys(record_ids)


class Blabs(Saboteur):
    def __repr__(self) -> str:
        return "Saboteur(secret='canary-in-memory')"


class ShowsHidden(Saboteur):
    def describe(self, object_name: str) -> ObjectInfo | None:
        info = self._crm.describe(object_name)
        if info is None:
            return None
        return replace(info, fields={**info.fields, "Hidden": field_info("Hidden")})


class AsksTwice(Saboteur):
    """Reads every page a second time."""

    def pull(self, request: PullRequest) -> Iterator[Page]:
        list(self._crm.pull(request))
        return self._crm.pull(request)


class IgnoresFilters(Saboteur):
    def pull(self, request: PullRequest) -> Iterator[Page]:
        return self._crm.pull(replace(request, where=""))


BREAKS: dict[type[Saboteur], tuple[str, ...]] = {
    NoOverlap: ("moving-late-commit", "moving-overlap-ends"),
    LaterThanCursor: ("moving-same-second",),
    ForgetsDeletions: ("moving-deletions", "moving-merges"),
    ForgetsSurvivors: ("moving-merges",),
    DropsPageEdges: ("pages-equal-stamps", "pages-incremental-edge"),
    CountsNothing: ("pull-everything", "pull-filter", "pages-short", "moving-nothing"),
    BelievesShortPages: ("pages-expired-cursor", "trouble-read-transient"),
    BinaryFractions: ("pull-everything", "exact-amounts"),
    NaIsNull: ("exact-hostile-texts",),
    ClearsNothing: ("write-clear", "write-different-fields"),
    WritesTwice: ("trouble-update-lost_after", "trouble-update-cut_answer"),
    GuessesTheEnd: ("trouble-update-lost_after", "trouble-update-lost_before"),
    MixesOutcomes: ("rows-too-long", "rows-rejected-and-retry", "rows-gone"),
    AllOrNone: ("rows-too-long",),
    CutsTexts: ("rows-too-long",),
    CreatesAgain: ("keys-upsert", "trouble-upsert-lost_after"),
    FindsHalfKeys: ("keys-find-in-text",),
    LosesTheGone: ("back-gone",),
    HidesWho: ("back-who-and-when",),
    SilentTrouble: ("back-trouble",),
    Blabs: ("secret-representation",),
    ShowsHidden: ("describe-hidden",),
    AsksTwice: ("cost-read",),
    IgnoresFilters: ("pull-filter", "pull-broken-filter"),
}


@pytest.mark.parametrize(
    ("saboteur", "name"),
    [(saboteur, name) for saboteur, names in BREAKS.items() for name in names],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_mistake_turns_its_clause_red(saboteur: type[Saboteur], name: str) -> None:
    sound = MemoryUnderTest()
    CLAUSES[name].check(sound)
    broken = MemoryUnderTest()
    broken.crm = saboteur(broken.memory)
    with pytest.raises((AssertionError, CreditflagError, pytest.fail.Exception)):
        CLAUSES[name].check(broken)


def test_every_subject_is_broken_at_least_once() -> None:
    tried = {CLAUSES[name].subject for names in BREAKS.values() for name in names}
    assert tried == set(SUBJECTS)


@pytest.mark.parametrize(
    ("trait", "value", "clause"),
    [
        ("deletions", "unseen", "moving-deletions"),
        ("merges", "deletion", "moving-merges"),
        ("totals", "none", "pull-everything"),
        ("order", "none", "pages-order"),
        ("key_case", "ignored", "keys-upsert-case"),
        ("key_in_text", "no", "keys-find-in-text"),
        ("same_record_twice", "refused", "write-same-record-twice"),
        ("expired_cursor", "resumed", "pages-expired-cursor"),
        ("short_page", "healed", "pages-short"),
        ("keyed_upsert", "no", "describe-key"),
    ],
)
def test_a_declaration_that_is_not_true_fails(trait: str, value: str, clause: str) -> None:
    under = MemoryUnderTest()
    CLAUSES[clause].check(under)
    under = MemoryUnderTest()
    under.traits = replace(TRAITS, **{trait: value})
    with pytest.raises((AssertionError, TransientError)):
        CLAUSES[clause].check(under)


def test_a_declared_difference_is_asserted() -> None:
    under = MemoryUnderTest()
    under.crm = ForgetsDeletions(under.memory)
    under.traits = replace(TRAITS, deletions="unseen")
    CLAUSES["moving-deletions"].check(under)


def test_clauses_are_sentences_under_names_of_their_own() -> None:
    clauses = all_clauses()
    assert len(clauses) > 100
    assert all(clause.meaning.endswith(".") for clause in clauses)
    assert {clause.subject for clause in clauses} == set(SUBJECTS)
    taken = clauses[0]
    with pytest.raises(ValueError, match="two clauses"):
        add_clause(Clause(taken.name, "elsewhere", taken.meaning, taken.check_all))


def test_what_cannot_be_tried_is_skipped_with_its_reason() -> None:
    under = MemoryUnderTest()
    with pytest.raises(pytest.skip.Exception, match="short_answer"):
        CLAUSES["trouble-update-short_answer"].check(under)


def test_differences_are_read_from_the_adapters_own_file(tmp_path: Path) -> None:
    path = tmp_path / "quality.yaml"
    path.write_text("contract:\n  digits: {value: fifteen, comment: doubles}\n", encoding="utf-8")
    assert read_traits(path) == Traits(digits="fifteen")
    path.write_text(
        "contract:\n  order: {value: none, ways: [bulk], comment: unsorted}\n", encoding="utf-8"
    )
    assert read_traits(path, "bulk") == Traits(order="none")
    assert read_traits(path, "rest") == read_traits(path) == Traits()
    path.write_text("adapter: x\n", encoding="utf-8")
    assert read_traits(path) == Traits()


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ({"colour": {"value": "red", "comment": "x"}}, "colour is no trait"),
        ({"digits": {"value": "some", "comment": "x"}}, "digits must be one of all, fifteen"),
        ({"digits": {"value": "fifteen"}}, "digits needs a comment"),
        ({"digits": "fifteen"}, "digits must be one of"),
    ],
)
def test_a_wrong_declaration_is_refused(declared: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError) as caught:
        make_traits(declared, "quality.yaml")
    assert problem in caught.value.problems[0]


def test_the_strictest_value_is_the_default() -> None:
    assert {name: values[0] for name, values in VALUES.items()} == {
        name: getattr(Traits(), name) for name in VALUES
    }
