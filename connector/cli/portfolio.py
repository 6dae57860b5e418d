"""`portfolio`: how much of the book hangs on one name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.session import Session, parse_date, print_json, session

if TYPE_CHECKING:
    from connector.service.portfolio import BookSpread

_BASES = {
    "exposure": "By net exposure",
    "unsecured": "By unsecured exposure",
    "sales": "By credit sales of twelve months",
}
_DIMENSIONS = {
    "party": "customer",
    "group": "group",
    "selling_company": "selling company",
    "product_line": "product line",
    "region": "region of the sale",
    "market": "market",
    "currency": "currency",
    "country": "country",
    "industry": "industry",
    "customer_region": "customer's region",
    "guarantor": "guarantor",
    "insurer": "insurer",
    "acceptor": "acceptor of bills",
}
_MOST_BREACHES = 20


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("portfolio")(portfolio)


def portfolio(
    context: typer.Context,
    dimension: Annotated[
        str, typer.Option(help="List the largest of this dimension, such as party or country.")
    ] = "",
    base: Annotated[str, typer.Option(help="exposure, unsecured or sales.")] = "exposure",
    on: Annotated[str | None, typer.Option(help="As it stood that day, YYYY-MM-DD.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """How much of the book hangs on one name: shares, concentration, and what is beyond limits."""
    from connector.service.portfolio import read_spread

    here = session(context)
    if dimension:
        _expect(dimension, _DIMENSIONS)
    _expect(base, _BASES)
    day = parse_date(on)
    with here.office() as office:
        spread = read_spread(office, day)
    if as_json:
        print_json(_as_json(spread, dimension, base))
        return
    here.tell(
        "The book as of {as_of}, amounts in {currency}.",
        as_of=spread.as_of.isoformat(), currency=spread.currency,
    )  # fmt: skip
    if dimension:
        _show_members(here, spread, dimension, base)
    else:
        _show_figures(here, spread, base)
    _show_breaches(here, spread, dimension)


def _expect(given: str, known: Mapping[str, str]) -> None:
    from connector.errors import InputError

    if given not in known:
        raise InputError(
            "{given} is none of {known}.",
            next_step="See `creditflag portfolio --help`.",
            given=given[:40],
            known=", ".join(known),
        )


def _as_json(spread: BookSpread, dimension: str, base: str) -> dict[str, Any]:
    members = spread.of(dimension, base) if dimension else spread.members
    return {
        "as_of": spread.as_of.isoformat(),
        "currency": spread.currency,
        "portfolio": [dict(row) for row in spread.figures],
        "concentration": [dict(row) for row in members],
    }


def _show_figures(here: Session, spread: BookSpread, base: str) -> None:
    from connector.cli.render import table

    made = table(here, "spread over", ">members", ">total", ">largest", ">top 3", ">top 10",
                 ">equal names", ">beyond limit", title=_BASES[base])  # fmt: skip
    rows = {row["dimension"]: row for row in spread.figures if row["base"] == base}
    for dimension in _DIMENSIONS:
        row = rows.get(dimension)
        # Where nothing is said of a dimension, all of it is one unnamed member.
        if row is None or _unnamed(spread, dimension, base):
            continue
        made.add_row(
            here.say(_DIMENSIONS[dimension]), str(row["members"]), f"{row['total']:,.2f}",
            *(_percent(row[f"top{n}_share"]) for n in (1, 3, 10)),
            f"{row['effective_names']:.1f}", str(row["breaches"]),
        )  # fmt: skip
    here.print(made)


def _unnamed(spread: BookSpread, dimension: str, base: str) -> bool:
    members = spread.of(dimension, base)
    return bool(members) and all(row["member"] == "" for row in members)


def _show_members(here: Session, spread: BookSpread, dimension: str, base: str) -> None:
    from connector.cli.render import table

    made = table(here, ">place", _DIMENSIONS[dimension], ">amount", ">share", ">allowed", "note",
                 title=_BASES[base])  # fmt: skip
    for row in spread.of(dimension, base):
        allowed = "–" if row["limit_share"] is None else _percent(row["limit_share"])
        made.add_row(
            str(row["place"]), _member(here, row), f"{row['amount']:,.2f}", _percent(row["share"]),
            allowed, here.say("beyond limit") if row["breach"] else "",
        )  # fmt: skip
    here.print(made)


def _show_breaches(here: Session, spread: BookSpread, dimension: str) -> None:
    found = [row for row in spread.breaches if not dimension or row["dimension"] == dimension]
    for row in found[:_MOST_BREACHES]:
        here.tell(
            "{member} ({dimension}; {base}): {share}, allowed {allowed}.",
            member=_member(here, row), dimension=here.say(_DIMENSIONS[row["dimension"]]),
            base=here.say(_BASES[row["base"]]), share=_percent(row["share"]),
            allowed=_percent(row["limit_share"]),
        )  # fmt: skip
    if len(found) > _MOST_BREACHES:
        here.tell("And {n} more beyond their limit.", n=len(found) - _MOST_BREACHES)
    if not found:
        here.tell("Nothing is beyond the policy's limits.")


def _member(here: Session, row: Mapping[str, Any]) -> str:
    return str(row["name"] or row["member"]) or here.say("not said")


def _percent(share: Any) -> str:
    return f"{share:.1%}"
