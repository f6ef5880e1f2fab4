"""Import records through CustomerChange, without a database: order and repetition make no difference."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.customers.statuses import Thresholds
from domain.imports.merging import merge_customer, merge_entitlement
from domain.imports.records import ImportKind, parse_record
from domain.time.instants import format_instant
from store.changes.customer_change import CustomerChange
from store.database.client import Document
from store.tenants.partners import SettingsEpoch
from tests import random_values as rv
from tests.domain.imports.factory_records import customer_record, subscription_record, trial_record
from tests.random_values import seeded
from tests.stored_documents import stored_partner

NOW = datetime(2026, 11, 22, 12)
DAY = timedelta(days=1)
PARTNER = stored_partner(SettingsEpoch(1, NOW, Thresholds()))
Delivery = tuple[ImportKind, dict[str, Any]]


class Stored:
    """One customer as the store would hold it, written once for each delivery."""

    def __init__(self) -> None:
        self.customer: Document | None = None
        self.entitlements: dict[str, Document] = {}

    def deliver(self, kind: ImportKind, line: dict[str, Any], now: datetime) -> bool:
        """Whether anything was written."""
        work = CustomerChange(self.customer and dict(self.customer), map(dict, self.entitlements.values()), PARTNER)
        if self.customer is not None:
            work.advance_to(now)
        if kind is ImportKind.CUSTOMERS:
            merge = merge_customer(self.customer, parse_record(kind, line), now)
        else:
            merge = merge_entitlement(work.entitlements.get(line["number"]), parse_record(kind, line))
        if merge.delivered is not None:
            self._put(work, kind, line, {**merge.fields, "delivered": merge.delivered}, now)
        if work.has_changed:
            work.compute_projection(now)
            self.customer, self.entitlements = work.customer, work.entitlements
        return work.has_changed

    def _put(
        self, work: CustomerChange, kind: ImportKind, line: dict[str, Any], fields: Document, now: datetime
    ) -> None:
        if kind is ImportKind.CUSTOMERS:
            work.update_customer(fields)
        elif line["number"] in work.entitlements:
            work.record_renewals(line["number"], now)
            work.update_entitlement(line["number"], fields)
        else:
            work.add_entitlement({"_id": f"x_{line['number']}", "customer_id": work.id, **fields})

    def derived(self) -> Any:
        """What follows from the facts."""
        assert self.customer is not None
        names = ("statuses", "products", "subscription_types", "next_evaluation_at", "next_expiry_at", "urgency")
        reasons = [(detail["status"], detail["reason"]) for detail in self.customer["status_details"]]
        return [self.customer[name] for name in names], reasons, sorted(self.customer["keys"])


_instants = rv.integers(-100, 100).map(lambda days: format_instant(NOW + days * DAY))
_figures = rv.tuples(rv.integers(0, 9), rv.integers(0, 9), rv.integers(0, 9)).map(
    lambda f: {"total": f[0], "assigned": max(f[1:]), "used": min(f[1:])}
)
_licenses = rv.fixed_dictionaries({}, optional=dict.fromkeys(["MEETINGS", "CALLING", "MESSAGING"], _figures)).map(
    lambda held: [{"product": product, **figures} for product, figures in held.items()]
)
_changes = rv.fixed_dictionaries(
    {"endsAt": _instants, "licenses": _licenses}, optional={"startsAt": rv.just(format_instant(NOW - 101 * DAY))}
).map(lambda changes: {"startsAt": format_instant(NOW - 101 * DAY), **changes})
_subscriptions = rv.fixed_dictionaries(
    {"autoRenew": rv.booleans()},
    optional={
        "setUp": rv.booleans(),
        "suspended": rv.booleans(),
        "cancelledAt": rv.none() | _instants,
        "termMonths": rv.integers(1, 4),
    },
)


@rv.composite
def deliveries(draw: rv.Draw) -> list[Delivery]:
    """Lines for a customer's entitlements, each number once."""
    lines: list[Delivery] = []
    for number in range(draw(rv.integers(1, 4))):
        if draw(rv.booleans()):
            lines.append((ImportKind.TRIALS, trial_record(f"T-{number}", **draw(_changes))))
        else:
            given_fields = {**draw(_changes), **draw(_subscriptions)}
            lines.append((ImportKind.SUBSCRIPTIONS, subscription_record(f"S-{number}", **given_fields)))
    return lines


def delivered(lines: list[Delivery], customer: dict[str, Any]) -> Stored:
    stored = Stored()
    stored.deliver(ImportKind.CUSTOMERS, customer, NOW)
    for kind, line in lines:
        stored.deliver(kind, line, NOW)
    return stored


@given(seeded(deliveries()), seeded(rv.none() | _instants), rv.randoms())
def test_any_order_of_the_same_records_gives_the_same_statuses(
    lines: list[Delivery], signed_in: str | None, random: Random
) -> None:
    customer = customer_record(lastAdministratorSignInAt=signed_in)
    shuffled = random.sample(lines, len(lines))
    assert delivered(lines, customer).derived() == delivered(shuffled, customer).derived()


@given(lines=seeded(deliveries()), days=st.integers(0, 200))
def test_repeating_the_records_later_changes_no_more_than_time_does(lines: list[Delivery], days: int) -> None:
    stored = delivered(lines, customer_record())
    later = NOW + days * DAY
    work = CustomerChange(dict(stored.customer or {}), map(dict, stored.entitlements.values()), PARTNER)
    work.advance_to(later)
    if work.has_changed:
        # What time brought, renewals of ours among it, is written down before the same file comes again.
        work.compute_projection(later)
        stored.customer, stored.entitlements = work.customer, work.entitlements
    assert not any(stored.deliver(kind, line, later) for kind, line in lines)
