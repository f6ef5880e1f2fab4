"""The sample's orders and invoices: how each subscription came about, was renewed, and was paid for."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from sample.entitlements import Entitlement, add_months
from sample.licenses import License
from sample.prices import Prices
from sample.records import Line, instant
from sample.seeded_random import Dice

# A first load stays short: of what lies far back, only the latest was delivered.
_MOST_RENEWALS = 3
_MOST_INVOICES = 3
_DUE_AFTER = timedelta(days=30)


class PaperDesk:
    """Makes the papers of subscriptions, numbered through; everything happened before the day's midnight."""

    def __init__(self, dice: Dice, day: date) -> None:
        self._dice = dice
        self._day = day
        self._midnight = datetime.combine(day, datetime.min.time())
        self._orders = 0
        self._invoices = 0

    def order_lines(self, subscription: Entitlement, prices: Prices) -> Iterator[Line]:
        """The first order, the renewals that were delivered, and here and there licences more or fewer."""
        months = subscription.term_months
        yield self._order(subscription, "NEW", subscription.added, subscription.licenses, prices, months)
        starts = [add_months(subscription.starts, months * term) for term in range(1, 1_000 // months + 1)]
        renewed = [at for at in starts if at < min(subscription.ends, subscription.cancelled or subscription.ends)]
        for at in [at for at in renewed if at < self._midnight][-_MOST_RENEWALS:]:
            placed = at - timedelta(seconds=self._dice.between(0, 10 * 86_400))
            yield self._order(subscription, "RENEWAL", placed, subscription.licenses, prices, months)
        if subscription.starts < self._midnight and self._dice.chance(0.15):
            yield self._change(subscription, prices)

    def _change(self, subscription: Entitlement, prices: Prices) -> Line:
        held = self._dice.pick(subscription.licenses)
        count = self._dice.between(1, max(1, held.total // 5))
        is_more = self._dice.chance(0.75)
        changed = (replace(held, total=count if is_more else -count),)
        until = min(self._midnight, subscription.ends, subscription.cancelled or subscription.ends)
        seconds = int((until - subscription.starts).total_seconds())
        placed = subscription.starts + timedelta(seconds=self._dice.between(0, seconds - 1))
        kind = "ADD_LICENSES" if is_more else "REMOVE_LICENSES"
        return self._order(subscription, kind, placed, changed, prices, 1)

    def _order(
        self,
        subscription: Entitlement,
        kind: str,
        placed: datetime,
        licenses: tuple[License, ...],
        prices: Prices,
        months: int,
    ) -> Line:
        self._orders += 1
        line: Line = {
            "number": f"ORD-{self._orders:06d}",
            "subscription": subscription.number,
            "kind": kind,
            "placedAt": instant(placed),
            "lines": [{"product": one.product, "quantity": one.total} for one in licenses],
        }
        # Some orders are delivered without their prices.
        if not self._dice.chance(0.1):
            line |= {"amount": prices.amount(licenses, months), "currency": prices.currency}
        return line

    def invoice_lines(self, subscription: Entitlement, prices: Prices) -> Iterator[Line]:
        """The latest invoices, oldest first: one at the beginning of each year, or of each shorter term."""
        months = min(subscription.term_months, 12)
        until = min(self._midnight, subscription.cancelled or self._midnight)
        if not subscription.auto_renew:
            until = min(until, subscription.ends)
        begun = [add_months(subscription.starts, months * number) for number in range(1_000 // months)]
        issued = [at.date() for at in begun if at < until and subscription.set_up][-_MOST_INVOICES:]
        for each in issued:
            if self._dice.chance(0.03):
                yield self._invoice(subscription, prices, each, months, "VOID")
            yield self._invoice(subscription, prices, each, months, self._state(subscription, each, issued[-1]))

    def _state(self, subscription: Entitlement, issued: date, newest: date) -> str:
        if issued != newest:
            return "PAID"
        if subscription.suspended:
            return "OVERDUE"
        if issued + _DUE_AFTER >= self._day:
            return "PAID" if self._dice.chance(0.4) else "OPEN"
        return "OVERDUE" if self._dice.chance(0.04) else "PAID"

    def _invoice(self, subscription: Entitlement, prices: Prices, issued: date, months: int, state: str) -> Line:
        self._invoices += 1
        number = f"INV-{self._invoices:06d}"
        line: Line = {
            "number": number,
            "subscription": subscription.number,
            "state": state,
            "issuedOn": issued.isoformat(),
            "dueOn": (issued + _DUE_AFTER).isoformat(),
            "amount": prices.amount(subscription.licenses, months),
            "currency": prices.currency,
        }
        if not self._dice.chance(0.2):
            line["documentUrl"] = f"https://billing.example/invoices/{number}.pdf"
        return line
