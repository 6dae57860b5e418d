"""What can be wrong with the sections of statements, countries, groups and the offer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connector.credit.policy.offer import ActionRuleDoc, OfferDoc
from connector.credit.policy.rating import CountriesDoc
from connector.credit.policy.statements import StatementsDoc


def find_statement_problems(rule: StatementsDoc) -> Iterator[str]:
    """Models and signs that cannot be computed."""
    if "ohlson" in rule.models and rule.ohlson_index is None:
        yield "statements.ohlson_index is missing: give the GNP price index, or leave out ohlson."
    if "distress_zone" in rule.signs and "altman" not in rule.models:
        yield "statements.signs: distress_zone needs the model altman: add it to models."


def find_country_problems(rule: CountriesDoc, grades: Sequence[str]) -> Iterator[str]:
    """Grades and classes that do not fit together."""
    for number, grade in rule.ceilings.items():
        if grade not in grades:
            yield f"countries.ceilings.{number}: the grade {grade} is not known: add it to grades."
    places = [grades.index(rule.ceilings[n]) for n in sorted(rule.ceilings)
              if rule.ceilings[n] in grades]  # fmt: skip
    if places != sorted(places):
        yield "countries.ceilings: a worse class has a better ceiling: order them."
    factors = [rule.factor_of(number) for number in range(8)]
    if factors != sorted(factors, reverse=True):
        yield "countries.factors: a worse class has a larger factor: order them."


def find_offer_problems(
    rule: OfferDoc, grades: Sequence[str], flags: Sequence[str]
) -> Iterator[str]:
    """Grades and flags that are not known, and lines that nothing can reach."""
    named = {"offer.terms_days": tuple(rule.terms_days), "offer.deposit": tuple(rule.deposit)}
    for number, line in enumerate(rule.actions, 1):
        named[f"offer.actions.{number}.grades"] = line.grades
        yield from _line_problems(f"offer.actions.{number}", line, flags)
    for where, names in named.items():
        for name in names:
            if name not in grades:
                yield f"{where}: the grade {name} is not known: add it to grades or remove it."
    for number, line in enumerate(rule.actions[:-1], 1):
        if not _conditions(line):
            yield f"offer.actions.{number} fits everybody: put it last or give it a condition."


def _line_problems(where: str, line: ActionRuleDoc, flags: Sequence[str]) -> Iterator[str]:
    for name in line.flags:
        if name not in flags:
            yield f"{where}.flags: the flag {name} is not known: choose one of {', '.join(flags)}."


def _conditions(line: ActionRuleDoc) -> bool:
    stated = line.model_dump(exclude={"action", "owner", "days", "severity"}, exclude_defaults=True)
    return bool(stated)


def find_rating_problems(
    statements: StatementsDoc,
    countries: CountriesDoc,
    offer: OfferDoc,
    grades: Sequence[str],
    flags: Sequence[str],
) -> Iterator[str]:
    """All of them."""
    yield from find_statement_problems(statements)
    yield from find_country_problems(countries, grades)
    yield from find_offer_problems(offer, grades, flags)
