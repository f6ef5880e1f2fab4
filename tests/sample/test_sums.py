"""The sample partner is consistent: what one file says follows from what the others say."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.sample.test_sample import DAY, NOON, Sample, at, entitlements, line_of, make, state_of, usage_by_line

ImportRecord = dict[str, Any]
Line = tuple[str, str | None]
THIRTEEN_WEEKS_AGO = NOON - timedelta(weeks=13)


def ordered_until(orders: list[ImportRecord], moment: datetime) -> Counter[Line]:
    """Sum the quantities of all orders but renewals that were placed by then."""
    totals: Counter[Line] = Counter()
    for order in orders:
        if order["kind"] != "RENEWAL" and at(order["placedAt"]) <= moment:
            totals.update({line_of(line): line["quantity"] for line in order["lines"]})
    return totals


def orders_by_subscription(sample: Sample) -> dict[str, list[ImportRecord]]:
    orders: dict[str, list[ImportRecord]] = {}
    for order in sample["orders"]:
        orders.setdefault(order["subscription"], []).append(order)
    return orders


def totals(lines: list[ImportRecord], name: str = "total") -> dict[Line, int]:
    return {line_of(line): line[name] for line in lines}


def test_orders_sum_up_to_the_licenses_of_their_subscription(partner: Sample) -> None:
    orders = orders_by_subscription(partner)
    for each in partner["subscriptions"]:
        assert ordered_until(orders[each["number"]], NOON) == totals(each["licenses"])


def test_renewals_repeat_what_was_ordered_until_then(partner: Sample) -> None:
    renewals = [order for order in partner["orders"] if order["kind"] == "RENEWAL"]
    orders = orders_by_subscription(partner)
    assert len(renewals) > 100
    for renewal in renewals:
        before = ordered_until(orders[renewal["subscription"]], at(renewal["placedAt"]))
        assert totals(renewal["lines"], "quantity") == before


def test_daily_totals_are_what_was_ordered_by_the_end_of_the_day(partner: Sample) -> None:
    orders = orders_by_subscription(partner)
    for (number, line), rows in usage_by_line(partner).items():
        for row in rows[:-1] if number in orders else []:
            end_of_day = at(f"{row['day']}T23:59:59Z")
            assert row["total"] == ordered_until(orders[number], end_of_day)[line]


def test_unpaid_subscriptions_have_an_overdue_invoice_and_few_others_have_one(partner: Sample) -> None:
    overdue = {invoice["subscription"] for invoice in partner["invoices"] if invoice["state"] == "OVERDUE"}
    unpaid = {each["number"] for each in partner["subscriptions"] if each.get("suspended")}
    assert unpaid
    assert unpaid <= overdue
    assert len(overdue - unpaid) <= 0.02 * len(partner["subscriptions"])
    assert all(invoice["dueOn"] < DAY.isoformat() for invoice in partner["invoices"] if invoice["state"] == "OVERDUE")


def test_the_partner_grows_slowly(partner: Sample) -> None:
    new = sum(at(each["createdAt"]) > THIRTEEN_WEEKS_AGO for each in partner["customers"])
    assert 0.05 < new / len(partner["customers"]) < 0.25
    running = [each for each in entitlements(partner) if state_of(each, NOON) in {"ACTIVE", "SUSPENDED"}]
    of_meetings = {each["customer"] for each in running if ("MEETINGS", None) in totals(each["licenses"])}
    created = {each["externalId"]: at(each["createdAt"]) for each in partner["customers"]}
    assert 0.05 < sum(created[each] > THIRTEEN_WEEKS_AGO for each in of_meetings) / len(of_meetings) < 0.2


@pytest.mark.parametrize("name", ["total", "used"])
@pytest.mark.parametrize("product", ["MEETINGS", "CALLING"])
def test_licenses_grow_by_at_most_a_third_in_twelve_weeks(partner: Sample, product: str, name: str) -> None:
    sums: Counter[str] = Counter()
    for row in partner["license-usage"]:
        if row["product"] == product:
            sums[row["day"]] += row[name]
    now, before = (sums[(DAY - timedelta(days=days)).isoformat()] for days in (7, 84))
    assert before < now < 1.34 * before


def test_the_assigned_administrator_has_customers_with_every_status_but_not_all(partner: Sample) -> None:
    (admin,) = (each for each in partner["administrators"] if each["email"] == "admin@partner.example")
    assert 50 <= len(admin["assigned"]) < len(partner["customers"]) / 2
    assert {f"C-{number:06d}" for number in range(1, 51)} <= set(admin["assigned"])


def test_small_partners_show_an_assigned_administrator_a_part(tmp_path: Path) -> None:
    (admin,) = (each for each in make(tmp_path, 50)["administrators"] if each["email"] == "admin@partner.example")
    assert 33 <= len(admin["assigned"]) < 50
