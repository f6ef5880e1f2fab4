"""The sample's orders and invoices: first orders, renewals, license changes and payments of each subscription."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from sample.entitlements import Entitlement, add_months
from sample.licenses import License
from sample.prices import PriceList
from sample.records import ImportRecord, format_instant
from sample.seeded_random import SeededRandom

# Only the latest documents are delivered, so that the first load stays short.
_MAX_RENEWALS = 3
_MAX_INVOICES = 3
_PAYMENT_TERM = timedelta(days=30)


class BillingDocumentFactory:
    """Creates numbered orders and invoices, all dated before the midnight at which the day begins."""

    def __init__(self, rng: SeededRandom, day: date) -> None:
        self._rng = rng
        self._day = day
        self._midnight = datetime.combine(day, datetime.min.time())
        self._order_count = 0
        self._invoice_count = 0

    def order_records(self, subscription: Entitlement, prices: PriceList) -> Iterator[ImportRecord]:
        """Yield the first order, the latest renewals, and for some subscriptions a change of licenses."""
        months = subscription.term_months
        yield self._order_record(subscription, "NEW", subscription.added_at, subscription.licenses, prices, months)
        starts = [add_months(subscription.starts_at, months * term) for term in range(1, 1_000 // months + 1)]
        renewals = [
            at for at in starts if at < min(subscription.ends_at, subscription.cancelled_at or subscription.ends_at)
        ]
        for at in [at for at in renewals if at < self._midnight][-_MAX_RENEWALS:]:
            placed = at - timedelta(seconds=self._rng.randint(0, 10 * 86_400))
            yield self._order_record(subscription, "RENEWAL", placed, subscription.licenses, prices, months)
        if subscription.starts_at < self._midnight and self._rng.chance(0.15):
            yield self._license_change_record(subscription, prices)

    def _license_change_record(self, subscription: Entitlement, prices: PriceList) -> ImportRecord:
        license_ = self._rng.choice(subscription.licenses)
        count = self._rng.randint(1, max(1, license_.total // 5))
        is_more = self._rng.chance(0.75)
        changed = (replace(license_, total=count if is_more else -count),)
        until = min(self._midnight, subscription.ends_at, subscription.cancelled_at or subscription.ends_at)
        seconds = int((until - subscription.starts_at).total_seconds())
        placed = subscription.starts_at + timedelta(seconds=self._rng.randint(0, seconds - 1))
        kind = "ADD_LICENSES" if is_more else "REMOVE_LICENSES"
        return self._order_record(subscription, kind, placed, changed, prices, 1)

    def _order_record(
        self,
        subscription: Entitlement,
        kind: str,
        placed: datetime,
        licenses: tuple[License, ...],
        prices: PriceList,
        months: int,
    ) -> ImportRecord:
        self._order_count += 1
        record: ImportRecord = {
            "number": f"ORD-{self._order_count:06d}",
            "subscription": subscription.number,
            "kind": kind,
            "placedAt": format_instant(placed),
            "lines": [{"product": line.product, "quantity": line.total} for line in licenses],
        }
        # One order in ten is delivered without its price.
        if not self._rng.chance(0.1):
            record |= {"amount": prices.amount(licenses, months), "currency": prices.currency}
        return record

    def invoice_records(self, subscription: Entitlement, prices: PriceList) -> Iterator[ImportRecord]:
        """Yield the latest invoices, oldest first: one at the start of each year, or of each shorter term."""
        months = min(subscription.term_months, 12)
        until = min(self._midnight, subscription.cancelled_at or self._midnight)
        if not subscription.auto_renew:
            until = min(until, subscription.ends_at)
        starts = [add_months(subscription.starts_at, months * number) for number in range(1_000 // months)]
        issue_dates = [at.date() for at in starts if at < until and subscription.set_up][-_MAX_INVOICES:]
        for issued in issue_dates:
            if self._rng.chance(0.03):
                yield self._invoice_record(subscription, prices, issued, months, "VOID")
            yield self._invoice_record(
                subscription, prices, issued, months, self._invoice_state(subscription, issued, issue_dates[-1])
            )

    def _invoice_state(self, subscription: Entitlement, issued: date, newest: date) -> str:
        if issued != newest:
            return "PAID"
        if subscription.suspended_at is not None:
            return "OVERDUE"
        if issued + _PAYMENT_TERM >= self._day:
            return "PAID" if self._rng.chance(0.4) else "OPEN"
        return "OVERDUE" if self._rng.chance(0.04) else "PAID"

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
            "amount": prices.amount(subscription.licenses, months),
            "currency": prices.currency,
        }
        if not self._rng.chance(0.2):
            record["documentUrl"] = f"https://billing.example/invoices/{number}.pdf"
        return record
