"""Fields of subscriptions, trials and report rows that depend on the moment or on another document."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.entitlements.license_snapshots import start_of_day
from domain.entitlements.lifecycle import LicenseFigures
from domain.types import EntitlementState, Product, SubscriptionType
from resolvers import entitlements, license_analytics
from store.licenses.reports import ReportRow
from store.licenses.snapshots import DayFigures
from tests.resolvers.factory_context import (
    DAY,
    NOW,
    administrator_document,
    context_with,
    customer_document,
    entitlement_document,
    of_one,
)

ANN = administrator_document("adm_1")
LINE = ("sub_1", "CALLING")


def row(**figures: Any) -> ReportRow:
    values: dict[str, Any] = {"total": 10, "assigned": 5, "used": 3, "overage": 0, "use_peaks": (), **figures}
    ids: dict[str, Any] = {
        "entitlement_id": "sub_1",
        "customer_id": "cus_1",
        "subscription_id": "SUB-1",
        "product": "CALLING",
    }
    return ReportRow(**ids, trial=False, added_at=NOW - 40 * DAY, auto_renew=False, **values)


@pytest.mark.parametrize(
    ("ends_at", "state", "days"),
    [
        (NOW + DAY, EntitlementState.ACTIVE, 1),
        (NOW + timedelta(milliseconds=1), EntitlementState.ACTIVE, 1),
        (NOW, EntitlementState.EXPIRED, 0),
    ],
)
async def test_state_and_days_remaining_follow_from_the_end(
    ends_at: datetime, state: EntitlementState, days: int
) -> None:
    context, document = context_with(), entitlement_document(ends_at=ends_at)
    assert entitlements.state(context, document) is state
    assert entitlements.days_remaining(context, document) == days
    assert entitlements.ends_at(context, document) == ends_at


async def test_a_cancelled_subscription_has_no_days_left_and_no_renewal() -> None:
    context, document = context_with(), entitlement_document(auto_renew=True, cancelled_at=NOW - DAY)
    assert entitlements.days_remaining(context, document) == 0
    assert entitlements.renews_at(context, document) is None


async def test_a_living_subscription_renews_only_with_auto_renewal() -> None:
    context = context_with()
    assert entitlements.renews_at(context, entitlement_document(auto_renew=True)) == NOW + 10 * DAY
    assert entitlements.renews_at(context, entitlement_document()) is None


def test_the_lines_of_an_entitlement_are_in_the_order_of_products_and_names() -> None:
    other, calling = LicenseFigures(Product.OTHER, 5, 8, 1, "Fax"), LicenseFigures(Product.CALLING, 20, 10, 2)
    held = [entitlement_document(licenses=lines) for lines in ([other, calling], [calling], [])]
    context = context_with()
    shown = [entitlements.licenses(context, each) for each in held]
    assert [[(line.product, line.name, line.available, line.overage) for line in lines] for lines in shown] == [
        [(Product.CALLING, None, 10, 0), (Product.OTHER, "Fax", 0, 3)],
        [(Product.CALLING, None, 10, 0)],
        [],
    ]
    assert [(line.assigned_percent, line.used_percent) for line in shown[0]] == [(50.0, 10.0), (160.0, 20.0)]


async def test_references_of_a_trial_are_null_where_it_has_none() -> None:
    subscription = entitlement_document("sub_2")
    visible = {subscription.customer_id: customer_document(subscription.customer_id)}
    context = context_with(administrators={"adm_1": ANN}, entitlements={"sub_2": subscription}, customers=visible)
    extensions = [{"at": NOW, "by": "adm_1", "days": 7}, {"at": NOW, "days": 9}]
    facts = {"started_by": "adm_1", "converted_to": "sub_2", "extensions": extensions}
    trial = entitlement_document("tri_1", kind=SubscriptionType.TRIAL, **facts)
    assert await of_one(entitlements.started_by, context, trial) is ANN
    assert await of_one(entitlements.converted_to, context, trial) == subscription
    by_ann, by_system = entitlements.extensions(context, trial)
    assert (await of_one(entitlements.extended_by, context, by_ann), by_ann.days) == (ANN, 7)
    assert (await of_one(entitlements.extended_by, context, by_system), by_system.days) == (None, 9)
    plain = entitlement_document("tri_2", kind=SubscriptionType.TRIAL)
    assert await of_one(entitlements.started_by, context, plain) is None
    assert await of_one(entitlements.converted_to, context, plain) is None
    assert entitlements.extensions(context, plain) == []


@pytest.mark.parametrize(
    ("facts", "days", "months"),
    [
        ({"ends_at": NOW + 70 * DAY}, 70, 2),
        ({"ends_at": NOW - DAY}, 0, 0),
        ({"cancelled_at": NOW - DAY}, 0, 0),
    ],
)
async def test_a_row_shows_what_remains_of_its_entitlement(facts: dict[str, Any], days: int, months: int) -> None:
    context = context_with(entitlements={"sub_1": entitlement_document(**facts)})
    assert await of_one(license_analytics.days_to_expiry, context, row()) == days
    assert await of_one(license_analytics.months_remaining, context, row()) == months


async def test_a_row_whose_entitlement_is_gone_shows_null() -> None:
    context = context_with(entitlements={"sub_1": None})
    assert await of_one(license_analytics.days_to_expiry, context, row()) is None
    assert await of_one(license_analytics.months_remaining, context, row()) is None


async def test_weekly_changes_are_null_without_a_snapshot_of_a_week_ago() -> None:
    context = context_with(license_week_ago={LINE: DayFigures(assigned=7, used=1)})
    assert await of_one(license_analytics.weekly_assignment_change, context, row()) == -2
    assert await of_one(license_analytics.weekly_usage_change, context, row()) == 2
    context = context_with(license_week_ago={LINE: None})
    assert await of_one(license_analytics.weekly_assignment_change, context, row()) is None
    assert await of_one(license_analytics.weekly_usage_change, context, row()) is None


@pytest.mark.parametrize(("days_ago", "highest", "shown"), [(0, 2, 3), (0, 8, 8), (91, 8, 8), (92, 8, 3)])
def test_the_highest_use_of_three_months_includes_the_present_one(days_ago: int, highest: int, shown: int) -> None:
    peak = {"day": start_of_day(NOW) - days_ago * DAY, "used": highest}
    assert license_analytics.used_last_three_months(context_with(), row(use_peaks=[peak])) == shown


async def test_a_row_shows_its_age() -> None:
    assert license_analytics.days_since_added(context_with(), row()) == 40
    assert license_analytics.months_since_added(context_with(), row()) == 1
