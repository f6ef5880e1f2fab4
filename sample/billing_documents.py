"""The sample's orders and invoices: first orders, renewals, license changes and payments of each subscription."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import takewhile

from msgspec.structs import replace

from sample.entitlements import Entitlement, add_months
from sample.licenses import License, LicenseChange
from sample.prices import PriceList
from sample.records import ImportRecord, format_instant
from sample.seeded_random import SeededRandom

# Only the latest documents are delivered, so that the first load stays short.
_MAX_RENEWALS = 3
_MAX_INVOICES = 3
_PAYMENT_TERM = timedelta(days=30)
# The share of invoices that are overdue although the subscription is not suspended.
_OVERDUE_SHARE = 0.01


class BillingDocumentFactory:
    """Creates numbered orders and invoices, all dated before the midnight at which the day begins."""

    def __init__(self, rng: SeededRandom, day: date) -> None:
        self._rng = rng
        self._day = day
        self._midnight = datetime.combine(day, datetime.min.time())
        self._order_count = 0
        self._invoice_count = 0

    def order_records(self, subscription: Entitlement, prices: PriceList) -> Iterator[ImportRecord]:
        """Yield the first order, the latest renewals, and the change of licenses where there was one.

        The quantities of all orders but renewals sum up to the totals of the subscription; a renewal repeats the totals
        of its time.
        """
        yield self._order_record(subscription, "NEW", subscription.added_at, None, prices)
        for at in self._renewal_starts(subscription)[-_MAX_RENEWALS:]:
            placed = at - timedelta(seconds=self._rng.randint(0, 10 * 86_400))
            yield self._order_record(subscription, "RENEWAL", placed, None, prices)
        if subscription.change is not None:
            yield self._order_record(subscription, *_change_order(subscription.change), prices)

    def _renewal_starts(self, subscription: Entitlement) -> list[datetime]:
        months = subscription.term_months
        until = min(self._midnight, subscription.ends_at, subscription.cancelled_at or subscription.ends_at)
        starts = (add_months(subscription.starts_at, months * term) for term in range(1, 1_000 // months + 1))
        return list(takewhile(lambda at: at < until, starts))

    def _order_record(
        self, subscription: Entitlement, kind: str, placed: datetime, changed: License | None, prices: PriceList
    ) -> ImportRecord:
        """Return an order of a whole term, or of one month of the changed licenses."""
        licenses = (changed,) if changed else subscription.licenses_at(placed)
        self._order_count += 1
        record: ImportRecord = {
            "number": f"ORD-{self._order_count:06d}",
            "subscription": subscription.number,
            "kind": kind,
            "placedAt": format_instant(placed),
            "lines": [{**line.identity, "quantity": line.total} for line in licenses],
        }
        # One order in ten is delivered without its price.
        if not self._rng.chance(0.1):
            months = 1 if changed else subscription.term_months
            record |= {"amount": prices.amount(licenses, months), "currency": prices.currency}
        return record

    def invoice_records(self, subscription: Entitlement, prices: PriceList) -> Iterator[ImportRecord]:
        """Yield the latest invoices, oldest first: one at the start of each year, or of each shorter term."""
        months = min(subscription.term_months, 12)
        until = min(self._midnight, subscription.cancelled_at or self._midnight)
        if not subscription.auto_renew:
            until = min(until, subscription.ends_at)
        starts = (add_months(subscription.starts_at, months * number) for number in range(1_000 // months))
        past = takewhile(lambda at: at < until, starts) if subscription.set_up else ()
        issue_dates = [at.date() for at in past][-_MAX_INVOICES:]
        for issued, state in zip(issue_dates, self._invoice_states(subscription, issue_dates), strict=True):
            if self._rng.chance(0.03):
                yield self._invoice_record(subscription, prices, issued, months, "VOID")
            yield self._invoice_record(subscription, prices, issued, months, state)

    def _invoice_states(self, subscription: Entitlement, issue_dates: list[date]) -> list[str]:
        """Return PAID for all but the newest; a suspended subscription pays no more once an invoice was due."""
        states = ["PAID"] * len(issue_dates)
        if subscription.suspended_at is not None:
            suspended = subscription.suspended_at.date()
            unpaid = max(number for number, issued in enumerate(issue_dates) if issued + _PAYMENT_TERM < suspended)
            states[unpaid:] = ["OVERDUE" if self._is_due(issued) else "OPEN" for issued in issue_dates[unpaid:]]
        elif issue_dates and self._is_due(issue_dates[-1]):
            states[-1] = "OVERDUE" if self._rng.chance(_OVERDUE_SHARE) else "PAID"
        elif issue_dates:
            states[-1] = "PAID" if self._rng.chance(0.4) else "OPEN"
        return states

    def _is_due(self, issued: date) -> bool:
        return issued + _PAYMENT_TERM < self._day

    def _invoice_record(
        self, subscription: Entitlement, prices: PriceList, issued: date, months: int, state: str
    ) -> ImportRecord:
        self._invoice_count += 1
        number = f"INV-{self._invoice_count:06d}"
        record: ImportRecord = {
            "number": number,
            "subscription": subscription.number,
            "state": state,
            "issuedOn": issued.isoformat(),
            "dueOn": (issued + _PAYMENT_TERM).isoformat(),
            "amount": prices.amount(subscription.licenses_at(datetime.combine(issued, datetime.max.time())), months),
            "currency": prices.currency,
        }
        if not self._rng.chance(0.2):
            record["documentUrl"] = f"https://billing.example/invoices/{number}.pdf"
        return record


def _change_order(change: LicenseChange) -> tuple[str, datetime, License]:
    """Return the kind, the time and the line of the order that made a change."""
    kind = "ADD_LICENSES" if change.count > 0 else "REMOVE_LICENSES"
    return kind, change.at, replace(change.line, total=change.count)
