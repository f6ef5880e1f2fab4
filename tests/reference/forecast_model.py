"""The reference model of forecasts, by domain.md; it imports nothing of the product."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from tests.reference.analytics_model import RUNNING, Figures, Licenses, Row, highest_used
from tests.reference.model import PRODUCTS, Facts, months_later


class Ending(NamedTuple):
    """A running entitlement with its lines of the products asked for."""

    renews: bool
    ends: list[datetime]
    lines: list[Row]
    invoice: Facts | None


def renewal_months(licenses: Licenses, product: str | None, months: int) -> list[Figures]:
    """Return the calendar months from the present one, each with the entitlements that end in it."""
    now = licenses.now
    first = date(now.year, now.month, 1)
    horizon = months_later(datetime(now.year, now.month, 1), months)
    endings = list(_endings(licenses, product, horizon))
    return [_month(date_later(first, number), endings, now) for number in range(months)]


def date_later(first: date, months: int) -> date:
    """Return the first day of a later month."""
    return months_later(datetime(first.year, first.month, 1), months).date()


def _endings(licenses: Licenses, product: str | None, horizon: datetime) -> Iterator[Ending]:
    delivered, now = licenses.delivered, licenses.now
    products = PRODUCTS if product is None else [product]
    rows = [row for code in products for row in licenses.rows(code)]
    customers = delivered.customers(now)
    for kind in ("subscriptions", "trials"):
        for number, stored in delivered.facts[kind].items():
            lines = [row for row in rows if row.number == number]
            is_shown = stored["customer"] in customers and licenses.is_visible(stored["customer"])
            if not is_shown or delivered.state(kind, stored, now) not in RUNNING or (product and not lines):
                continue
            end, renews = delivered.end(stored, now), bool(stored.get("autoRenew")) and stored["cancelledAt"] is None
            ends = [end]
            while renews and ends[-1] < horizon:
                ends.append(months_later(end, len(ends) * stored["termMonths"]))
            yield Ending(renews, ends, lines, newest_invoice(licenses, number))


def newest_invoice(licenses: Licenses, number: str) -> Facts | None:
    """Return the subscription's newest invoice that is not VOID; of two of a day, the later stored."""
    newest: Facts | None = None
    for invoice in licenses.delivered.facts["invoices"].values():
        is_its_own = invoice["subscription"] == number and invoice["state"] != "VOID"
        if is_its_own and (newest is None or invoice["issuedOn"] >= newest["issuedOn"]):
            newest = invoice
    return newest


def _month(month: date, endings: list[Ending], now: datetime) -> Figures:
    ending = [one for one in endings if any((end.year, end.month) == (month.year, month.month) for end in one.ends)]
    lines = [line for one in ending for line in one.lines]
    invoices = [one.invoice for one in ending if one.invoice is not None]
    amounts = {currency: Decimal(0) for currency in sorted({invoice["currency"] for invoice in invoices})}
    for invoice in invoices:
        amounts[invoice["currency"]] += Decimal(invoice["amount"])
    return {
        "month": str(month),
        "renewing": sum(one.renews for one in ending),
        "expiring": sum(not one.renews for one in ending),
        "licenses": sum(line.total for line in lines),
        "unassigned": sum(max(0, line.total - line.assigned) for line in lines),
        "unused": sum(max(0, line.total - highest_used(line, now.date())) for line in lines),
        "value": [{"amount": str(amount), "currency": currency} for currency, amount in amounts.items()],
    }


def right_sizing(licenses: Licenses, product: str, days: int) -> list[Figures]:
    """Return the rows of the table in its order: the most to spare first, then by the customer's name and number."""
    rows = [row for renews in (False, True) for row in licenses.ending(product, days, renews=renews)]
    by_spare = sorted(rows, key=lambda row: (_suggested(row, licenses) - row.total, row.name, row.number))
    return [
        {
            "entitlement": {"number": row.number},
            "total": row.total,
            "assigned": row.assigned,
            "usedLastThreeMonths": highest_used(row, licenses.now.date()),
            "suggestedTotal": _suggested(row, licenses),
        }
        for row in by_spare
        if _suggested(row, licenses) < row.total
    ]


def _suggested(row: Row, licenses: Licenses) -> int:
    return max(1, ceil(Fraction(11, 10) * max(row.assigned, highest_used(row, licenses.now.date()))))
