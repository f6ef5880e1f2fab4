"""The sample's orders and invoices: valid records that are consistent with the subscriptions."""

from collections import Counter
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from domain.imports.records import ImportKind, parse_record
from sample.licenses import License
from sample.prices import PriceList
from tests.sample.test_sample import DAY, NOON, Sample, line_of, state_of

ImportRecord = dict[str, Any]
# The states of the invoices of an unpaid subscription, oldest first.
_AGES = ("PAID", "OVERDUE", "OPEN")


def by_subscription(lines: list[ImportRecord]) -> dict[str, list[ImportRecord]]:
    return {number: list(some) for number, some in groupby(lines, lambda line: str(line["subscription"]))}


def test_the_import_accepts_every_record(partner: Sample) -> None:
    for kind in (ImportKind.ORDERS, ImportKind.INVOICES):
        read = [parse_record(kind, line) for line in partner[kind]]
        assert len({line.key for line in read}) == len(read) > 500


def test_every_subscription_was_ordered_once_and_before_it_was_renewed(partner: Sample) -> None:
    orders = by_subscription(partner["orders"])
    assert set(orders) == {each["number"] for each in partner["subscriptions"]}
    for each in partner["subscriptions"]:
        first, *later = orders[each["number"]]
        assert (first["kind"], first["placedAt"]) == ("NEW", each["addedAt"])
        assert all(line["kind"] != "NEW" and first["placedAt"] <= line["placedAt"] < "2026-11-22" for line in later)
        assert [line_of(line) for line in first["lines"]] == [line_of(line) for line in each["licenses"]]
    kinds = Counter(line["kind"] for line in partner["orders"])
    assert min(kinds[kind] for kind in ("RENEWAL", "ADD_LICENSES", "REMOVE_LICENSES")) >= 5


def test_returned_licenses_and_their_price_are_negative(partner: Sample) -> None:
    given_back = [line for line in partner["orders"] if line["kind"] == "REMOVE_LICENSES"]
    assert all(line["lines"][0]["quantity"] < 0 for line in given_back)
    assert all(float(line.get("amount", -1)) < 0 for line in given_back)


def test_subscriptions_not_set_up_or_not_started_have_no_invoice(partner: Sample) -> None:
    billed = by_subscription(partner["invoices"])
    for each in partner["subscriptions"]:
        if state_of(each, NOON) in ("READY_FOR_SETUP", "SCHEDULED"):
            assert each["number"] not in billed
    running = [each["number"] for each in partner["subscriptions"] if state_of(each, NOON) == "ACTIVE"]
    assert sum(number in billed for number in running) > 0.95 * len(running)


def test_invoices_are_in_order_and_only_the_newest_is_unpaid_unless_suspended(partner: Sample) -> None:
    suspended = {each["number"] for each in partner["subscriptions"] if each.get("suspended")}
    for number, some in by_subscription(partner["invoices"]).items():
        standing = [line for line in some if line["state"] != "VOID"]
        days = [date.fromisoformat(line["issuedOn"]) for line in standing]
        assert days == sorted(days)
        assert days[-1] <= DAY
        assert number in suspended or all(line["state"] == "PAID" for line in standing[:-1])
        assert all(
            date.fromisoformat(line["dueOn"]) - date.fromisoformat(line["issuedOn"]) == timedelta(30) for line in some
        )
    assert set(Counter(line["state"] for line in partner["invoices"])) == {"OPEN", "PAID", "OVERDUE", "VOID"}


def test_unpaid_invoices_after_their_due_date_are_overdue(partner: Sample) -> None:
    billed = by_subscription(partner["invoices"])
    suspended = {each["number"]: each["suspendedAt"] for each in partner["subscriptions"] if each.get("suspended")}
    assert suspended
    for number, since in suspended.items():
        standing = [line for line in billed[number] if line["state"] != "VOID"]
        overdue = [line for line in standing if line["state"] == "OVERDUE"]
        assert overdue[0]["dueOn"] < since
        assert [line["state"] for line in standing] == sorted((line["state"] for line in standing), key=_AGES.index)


def test_amounts_are_in_the_currency_of_the_customers_country(partner: Sample) -> None:
    countries = {each["externalId"]: each.get("country") for each in partner["customers"]}
    customers = {each["number"]: each["customer"] for each in partner["subscriptions"]}
    currencies: dict[Any, set[str]] = {}
    for line in partner["invoices"]:
        currencies.setdefault(countries[customers[line["subscription"]]], set()).add(line["currency"])
    assert all(len(found) == 1 for found in currencies.values())
    assert (currencies["US"], currencies["DE"], currencies[None]) == ({"USD"}, {"EUR"}, {"EUR"})


def test_prices_are_exact_and_have_the_decimals_of_their_currency() -> None:
    licenses = (License("MEETINGS", 3, 0, 0), License("CALLING", 1, 0, 0))
    assert PriceList("DE").amount(licenses, 12) == "568.80"
    assert PriceList("JP").amount(licenses, 12) == "96696"
    assert PriceList(None).amount((License("CALLING", -2, 0, 0),), 1) == "-19.80"
