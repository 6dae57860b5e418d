"""The commands about orders to come: check order, check opportunity, reservations, release."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.session import Session, parse_date, person, print_json, session
from connector.errors import EXIT_OK, EXIT_WAITS, InputError

if TYPE_CHECKING:
    from connector.ports.orders import Reservation
    from connector.service.order_check import Checked
    from connector.service.order_verdict import OrderReason

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Account = Annotated[str, typer.Option(help="Record id, account number or name.")]
Amount = Annotated[str, typer.Option(help="Amount, tax included, such as 12000.50.")]
Code = Annotated[str, typer.Option(help="ISO 4217 code; default the order's or the company's.")]
Terms = Annotated[int | None, typer.Option(help="Payment terms that are asked for, net days.")]
Seller = Annotated[str, typer.Option(help="Selling company.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    check = typer.Typer(help="Check an order before it is accepted.", no_args_is_help=True)
    check.command("order")(check_order)
    check.command("opportunity")(check_opportunity)
    app.add_typer(check, name="check")
    held = typer.Typer(help="Credit that orders have reserved.", no_args_is_help=True)
    held.command("list")(reservations_list)
    held.command("release")(reservations_release)
    app.add_typer(held, name="reservations")
    app.command("release")(release)


def check_order(
    context: typer.Context,
    account: Account,
    amount: Amount = "",
    currency: Code = "",
    number: Annotated[str, typer.Option(help="The order's number.")] = "",
    prepaid: Annotated[str, typer.Option(help="Part that is paid beforehand: 0.3 or 30%.")] = "",
    ship: Annotated[str | None, typer.Option(help="Shipping date, YYYY-MM-DD.")] = None,
    terms: Terms = None,
    seller: Seller = "",
    shipped: Annotated[
        bool, typer.Option("--shipped", help="The goods have left and are to be invoiced.")
    ] = False,
    reserve: Annotated[
        bool, typer.Option("--reserve", help="Set the credit aside when the order passes.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Pass, review or hold, with every reason; 0 when it passes, 5 when a person must look."""
    from connector.service import order_check

    here = session(context)
    asked = order_check.Asked(
        account=account, number=number, amount=parse_amount(amount), currency=currency.upper(),
        prepaid_share=parse_share(prepaid), ship_on=parse_date(ship), terms_days=terms,
        selling_company=seller, shipped=shipped,
    )  # fmt: skip
    with here.office() as office:
        checked = order_check.check_order(office, asked, reserve=reserve, by=person())
    return show_check(here, checked, as_json)


def check_opportunity(
    context: typer.Context,
    account: Account,
    record: Annotated[str, typer.Option(help="Record id of the opportunity.")] = "",
    amount: Amount = "",
    currency: Code = "",
    close: Annotated[str | None, typer.Option(help="Expected close, YYYY-MM-DD.")] = None,
    terms: Terms = None,
    as_json: Json = False,
) -> int:
    """What would become of the opportunity as an order, before anybody promises anything."""
    from connector.service import order_check

    here = session(context)
    asked = order_check.Asked(
        account=account, kind="opportunity", number=record, amount=parse_amount(amount),
        currency=currency.upper(), ship_on=parse_date(close), terms_days=terms,
    )  # fmt: skip
    with here.office() as office:
        checked = order_check.check_order(office, asked)
    return show_check(here, checked, as_json)


def reservations_list(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also those that ended.")] = False,
    as_json: Json = False,
) -> None:
    """Credit that orders have reserved, and until when."""
    from connector.cli.render import table
    from connector.service import order_credit

    here = session(context)
    with here.office() as office:
        found = order_credit.list_reservations(office, all_of_them=everything)
        now = office.clock.now()
    if as_json:
        print_json([{**asdict(one), "holds": one.holds(now)} for one in found])
        return
    if not found:
        here.tell("No order has reserved credit.")
        return
    made = table(here, "reservation", "account", "order", ">amount", "until", "by", "state")
    for one in found:
        made.add_row(
            one.reservation_id, one.account, one.order_number,
            f"{one.amount:,.2f} {one.currency}", one.expires_at.isoformat(timespec="minutes"),
            one.made_by, _state(here, one, one.holds(now)),
        )  # fmt: skip
    here.print(made)


def reservations_release(
    context: typer.Context,
    reservation: Annotated[str, typer.Argument(help="Id of the reservation, or order number.")],
    as_json: Json = False,
) -> None:
    """Give reserved credit back."""
    from connector.service import order_credit

    here = session(context)
    with here.office() as office:
        count = order_credit.give_back(office, reservation)
    if as_json:
        print_json({"ended": count})
    else:
        here.tell("{n} reservations were given back.", n=count)


def release(
    context: typer.Context,
    order: Annotated[str, typer.Argument(help="The order's number.")],
    account: Account,
    amount: Amount,
    until: Annotated[str, typer.Option(help="Last day of the release, YYYY-MM-DD.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept with your name.")],
    currency: Code = "",
    as_json: Json = False,
) -> None:
    """Let one order pass up to an amount and a day; hard stops stay."""
    from connector.service import order_credit
    from connector.service.entering import Author

    here = session(context)
    author = Author(person(), reason)
    figure, day = parse_amount(amount) or Decimal(0), parse_date(until)
    if day is None:
        raise InputError("The last day is missing.", next_step="Give it with --until YYYY-MM-DD.")
    with here.office() as office:
        made = order_credit.release_order(
            office, order, account, figure, currency.upper(), day, author
        )
    if as_json:
        print_json(asdict(made))
        return
    here.tell(
        "Order {order} of {account} is released up to {amount} until {until}.",
        order=made.order_number, account=made.account,
        amount=f"{made.amount:,.2f} {made.currency}", until=made.until.isoformat(),
    )  # fmt: skip


def parse_amount(text: str) -> Decimal | None:
    """An amount as typed; InputError for what is none."""
    if not text.strip():
        return None
    try:
        figure = Decimal(text.strip())
        if figure.is_finite() and figure == figure.quantize(Decimal("0.0001")):
            return figure
    except InvalidOperation:
        pass
    raise InputError("{text} is not an amount.", next_step="Write it as 12000.50.", text=text[:40])


def parse_share(text: str) -> Decimal | None:
    """A share as 0.3 or 30%; InputError for what is none."""
    given = text.strip()
    if not given:
        return None
    figure = parse_amount(given.removesuffix("%").strip())
    return figure / 100 if figure is not None and given.endswith("%") else figure


def _state(here: Session, one: Reservation, holds: bool) -> str:
    if holds:
        return here.say("holds")
    words = {
        "released": here.say("given back"),
        "ordered": here.say("ordered"),
        "replaced": here.say("replaced"),
    }
    return words.get(one.ended_by, here.say("expired"))


def show_check(here: Session, checked: Checked, as_json: bool = False) -> int:
    """Print the answer; the exit code that goes with it."""
    code = EXIT_OK if checked.verdict == "pass" else EXIT_WAITS
    if as_json:
        print_json(_as_row(here, checked))
        return code
    verdicts = {
        "pass": here.say("Pass"),
        "review": here.say("Review"),
        "hold": here.say("Hold"),
    }
    here.print(f"{verdicts[checked.verdict]}: {checked.account['name']} {checked.number}".rstrip())
    for reason in checked.reasons:
        here.print(f"  - {_sentence(here, reason)}")
    if checked.increment is not None and checked.available_before is not None:
        here.tell(
            "The order adds {added} {currency}. Available: {before} before, {after} after.",
            added=f"{checked.increment:,.2f}", currency=checked.currency,
            before=f"{checked.available_before:,.2f}", after=f"{checked.available_after:,.2f}",
        )  # fmt: skip
    _show_shares(here, checked)
    if checked.reserved_until is not None:
        here.tell(
            "The credit is reserved until {until}.",
            until=checked.reserved_until.isoformat(timespec="minutes"),
        )
    return code


def _show_shares(here: Session, checked: Checked) -> None:
    from connector.cli.render import table

    if not checked.shares:
        return
    heads = {
        "party": here.say("customer"),
        "group": here.say("group"),
        "country": here.say("country"),
        "region": here.say("region"),
        "industry": here.say("industry"),
    }
    made = table(here, "part of the book", "which", ">before", ">after", ">share after this order")
    for share in checked.shares:
        made.add_row(
            heads[share.dimension], share.name, f"{share.before:,.2f}", f"{share.after:,.2f}",
            "–" if share.share is None else f"{share.share:.1%}",
        )  # fmt: skip
    here.print(made)


def _sentence(here: Session, reason: OrderReason) -> str:
    """The reason in the reader's language, a flag by its name, a hard stop in a sentence."""
    from connector.credit.reasons.wording import FLAG_NAMES, OTHER_REASON, REASON_TEXTS

    params = dict(reason.params)
    if reason.code == "flag":
        code = str(params["flag"])
        name = here.say(FLAG_NAMES.get(code, OTHER_REASON), code=code)
        params["flag"] = params.get(f"label_{here.language}", name)
    if reason.code == "hard_stop":
        code = str(params["code"])
        told = here.say(REASON_TEXTS.get(code, OTHER_REASON), code=code)
        params["code"] = told.rstrip(".。")
    return here.say(reason.message, **params)


def _as_row(here: Session, checked: Checked) -> dict[str, Any]:
    row = asdict(checked)
    row["account"] = dict(checked.account)
    row["reasons"] = [
        {
            "code": reason.code,
            "leads_to": reason.leads_to,
            "text": _sentence(here, reason),
            "params": dict(reason.params),
        }
        for reason in checked.reasons
    ]
    return row
