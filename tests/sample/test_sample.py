"""The sample partner: valid records, realistic shares of every status, and the same bytes each time.

Domain.md is read here once more, in plain Python, so that a mistake of our rules cannot hide in the sample.
"""

import csv
import gzip
import hashlib
import io
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta

from sample.entitlements import Entitlement
from sample.licenses import License
from sample.seeded_random import SeededRandom
from sample.usage import usage_days
from sample.writer import write_sample

CUSTOMERS = 1_000
DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRODUCTS = {"MEETINGS", "CALLING", "MESSAGING", "REAL_TIME_TRANSLATIONS"}
# Vidcast is unknown to the import, which makes it OTHER.
PRODUCTS |= {"WEBINARS", "EVENTS", "CONTACT_CENTER", "DEVICES", "Vidcast"}
STATUSES = {
    "SUSPENDED",
    "LICENSE_OVERAGE",
    "EXPIRING_SOON",
    "EXPIRED",
    "READY_FOR_ORDER_SETUP",
    "NO_RECENT_ACTIVITY",
    "TRIAL",
    "SUBSCRIPTION",
}
ImportRecord = dict[str, Any]
Sample = dict[str, list[ImportRecord]]


def read(paths: list[Path]) -> Sample:
    sample: Sample = {}
    for path in paths:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
        kind, _, ending = path.name.partition(".")
        is_table = ending.startswith("csv")
        sample[kind] = (
            list(csv.DictReader(io.StringIO(text))) if is_table else [json.loads(line) for line in text.splitlines()]
        )
    return sample


def make(directory: Path, customers: int, seed: int = 1, day: date = DAY) -> Sample:
    return read(write_sample(directory, customers, seed, day))


def at(text: str) -> datetime:
    """Parse an instant in whole seconds with a Z; fail for anything else."""
    assert len(text) == 20 and text[10] == "T" and text[19] == "Z", text
    return datetime.fromisoformat(text)


def end_of(entitlement: ImportRecord, now: datetime) -> datetime:
    first = at(entitlement["endsAt"])
    if not entitlement.get("autoRenew"):
        return first
    return next(
        end
        for number in range(1_000)
        if (end := first + relativedelta(months=number * entitlement["termMonths"])) > now
    )


def state_of(entitlement: ImportRecord, now: datetime) -> str:
    if "cancelledAt" in entitlement and at(entitlement["cancelledAt"]) <= now:
        return "CANCELLED"
    if end_of(entitlement, now) <= now:
        return "EXPIRED"
    if not entitlement.get("setUp", True):
        return "READY_FOR_SETUP"
    if at(entitlement["startsAt"]) > now:
        return "SCHEDULED"
    return "SUSPENDED" if entitlement.get("suspended") else "ACTIVE"


def statuses_of(customer: ImportRecord, held: list[ImportRecord], now: datetime) -> set[str]:
    states = [state_of(entitlement, now) for entitlement in held]
    running = [each for each, state in zip(held, states, strict=True) if state in {"ACTIVE", "SUSPENDED"}]
    soon = [each for each in running if not each.get("autoRenew") and end_of(each, now) <= now + timedelta(days=7)]
    seen = at(customer["lastAdministratorSignInAt"] or customer["createdAt"])
    holds = {
        "SUSPENDED": "SUSPENDED" in states,
        "LICENSE_OVERAGE": any(line["assigned"] > line["total"] for each in running for line in each["licenses"]),
        "EXPIRING_SOON": bool(soon),
        "EXPIRED": bool(held) and set(states) <= {"EXPIRED", "CANCELLED"},
        "READY_FOR_ORDER_SETUP": "READY_FOR_SETUP" in states,
        "NO_RECENT_ACTIVITY": bool(running) and seen + timedelta(days=60) <= now,
        "TRIAL": any("autoRenew" not in each for each in running),
        "SUBSCRIPTION": any("autoRenew" in each for each, state in zip(held, states, strict=True) if state == "ACTIVE"),
    }
    return {status for status, is_there in holds.items() if is_there}


def entitlements(sample: Sample) -> list[ImportRecord]:
    return sample["subscriptions"] + sample["trials"]


def held_by_customer(sample: Sample) -> dict[str, list[ImportRecord]]:
    held: dict[str, list[ImportRecord]] = {customer["externalId"]: [] for customer in sample["customers"]}
    for entitlement in entitlements(sample):
        held[entitlement["customer"]].append(entitlement)
    return held


def statuses_by_customer(sample: Sample, now: datetime) -> dict[str, set[str]]:
    held = held_by_customer(sample)
    return {each["externalId"]: statuses_of(each, held[each["externalId"]], now) for each in sample["customers"]}


def status_counts(sample: Sample, now: datetime = NOON) -> Counter[str]:
    return Counter(status for statuses in statuses_by_customer(sample, now).values() for status in statuses)


def test_same_seed_and_day_give_the_same_bytes(tmp_path: Path) -> None:
    first = write_sample(tmp_path / "first", 60, 7, DAY)
    second = write_sample(tmp_path / "second", 60, 7, DAY)
    assert [path.name for path in first] == [
        "customers.ndjson",
        "administrators.ndjson",
        "subscriptions.ndjson",
        "trials.ndjson",
        "orders.ndjson",
        "invoices.ndjson",
        "license-usage.ndjson.gz",
        "resources.ndjson",
        "calls.csv.gz",
        "call-media.ndjson.gz",
        "queue-calls.ndjson",
    ]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_bytes_are_the_same_on_every_platform_and_version(tmp_path: Path) -> None:
    digest = hashlib.sha256()
    for path in write_sample(tmp_path, 60, 7, DAY):
        # Another zlib may compress the same records to other bytes.
        digest.update(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
    assert digest.hexdigest() == "43917dd35eed9c8600c148020e7500d1c9dffdbcd11ab43ef91f73def999b11a"


def test_compressed_files_have_neither_name_nor_time(tmp_path: Path) -> None:
    packed = [path.read_bytes() for path in write_sample(tmp_path, 1, 1, DAY) if path.suffix == ".gz"]
    assert [(each[3], each[4:8]) for each in packed] == [(0, bytes(4))] * 3


def test_other_seed_or_day_gives_another_partner(tmp_path: Path) -> None:
    usual = make(tmp_path, 20)
    assert make(tmp_path, 20, seed=2)["customers"] != usual["customers"]
    assert make(tmp_path, 20, day=DAY + timedelta(days=1))["customers"] != usual["customers"]


def test_customers_do_not_depend_on_their_number(tmp_path: Path) -> None:
    few, many = make(tmp_path, 70), make(tmp_path, 90)
    of_customers = ("customers", "subscriptions", "trials", "orders", "invoices", "license-usage")
    for kind in (*of_customers, "calls", "call-media", "queue-calls"):
        assert many[kind][: len(few[kind])] == few[kind]


@pytest.mark.parametrize("customers", [0, 1, 10])
def test_small_partner_has_its_customers_and_administrators(tmp_path: Path, customers: int) -> None:
    sample = make(tmp_path, customers)
    assert len(sample["customers"]) == customers
    assert {each["email"] for each in sample["administrators"]} >= {
        f"{name}@partner.example" for name in ("full", "admin", "readonly", "helpdesk")
    }


@pytest.mark.parametrize("seed", range(10))
def test_fifty_customers_have_every_status_all_day(tmp_path: Path, seed: int) -> None:
    sample = make(tmp_path, 50, seed)
    for hour in (0, 12, 24):
        assert set(status_counts(sample, NOON + timedelta(hours=hour - 12))) == STATUSES


@pytest.mark.parametrize("day", [date(2024, 2, 29), date(2026, 3, 31), date(2027, 1, 1), date(2026, 11, 23)])
def test_every_status_occurs_on_any_day(tmp_path: Path, day: date) -> None:
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    assert set(status_counts(make(tmp_path, 50, day=day), now)) == STATUSES


@pytest.mark.parametrize(
    ("status", "low", "high"),
    [
        ("TRIAL", 8, 14),
        ("EXPIRING_SOON", 5, 12),
        ("LICENSE_OVERAGE", 4, 8),
        ("NO_RECENT_ACTIVITY", 8, 13),
        ("READY_FOR_ORDER_SETUP", 2, 5),
        ("SUSPENDED", 1, 4),
        ("EXPIRED", 6, 10),
        ("SUBSCRIPTION", 70, 90),
    ],
)
def test_shares_of_statuses_are_realistic(partner: Sample, status: str, low: int, high: int) -> None:
    assert low <= status_counts(partner)[status] * 100 / len(partner["customers"]) <= high


def test_most_subscriptions_renew_and_most_customers_have_no_problem(partner: Sample) -> None:
    renewing = sum(each["autoRenew"] for each in partner["subscriptions"])
    assert 0.6 < renewing / len(partner["subscriptions"]) < 0.95
    calm = [
        statuses for statuses in statuses_by_customer(partner, NOON).values() if statuses <= {"TRIAL", "SUBSCRIPTION"}
    ]
    assert 0.5 < len(calm) / CUSTOMERS < 0.8


def test_customers_have_no_one_or_several_entitlements(partner: Sample) -> None:
    sizes = Counter(len(held) for held in held_by_customer(partner).values())
    assert 2 <= sizes[0] <= 20
    assert sizes[1] > CUSTOMERS / 2
    assert all(sizes[number] > 0 for number in range(2, 7))


def test_some_customers_are_scheduled_cancelled_converted_or_never_signed_in(partner: Sample) -> None:
    states = Counter(state_of(each, NOON) for each in entitlements(partner))
    assert min(states[state] for state in ("SCHEDULED", "CANCELLED", "EXPIRED", "SUSPENDED", "READY_FOR_SETUP")) >= 10
    starts = {(each["customer"], each["startsAt"]) for each in partner["subscriptions"]}
    assert sum((each["customer"], each["endsAt"]) in starts for each in partner["trials"]) >= 50
    assert sum(each["lastAdministratorSignInAt"] is None for each in partner["customers"]) >= 20


def test_some_renewals_are_not_delivered_yet(partner: Sample) -> None:
    overdue = [each for each in partner["subscriptions"] if each["autoRenew"] and at(each["endsAt"]) <= NOON]
    assert any(state_of(each, NOON) == "ACTIVE" for each in overdue)


def test_time_changes_statuses_during_the_day(partner: Sample) -> None:
    midnight = datetime(2026, 11, 22, tzinfo=UTC)
    hours = [statuses_by_customer(partner, midnight + timedelta(hours=number)) for number in range(0, 25, 4)]
    for before, after in pairwise(hours):
        assert any(before[customer] != after[customer] for customer in before)


def test_names_and_domains_are_unique(partner: Sample) -> None:
    for key in ("externalId", "name", "domain"):
        values = [each[key] for each in partner["customers"] if key in each]
        assert len(set(values)) == len(values)


def test_names_are_in_many_scripts_and_domains_are_plain(partner: Sample) -> None:
    text = " ".join(each["name"] for each in partner["customers"])
    for word in ("Đorđević", "Müller", "Łódź", "Ångström", "São Paulo", "株式会社", "Київ", "Αθήνα", "النور", "한강"):
        assert word in text
    assert "भारत" in text
    assert "כרמל" in text
    domains = [each["domain"] for each in partner["customers"] if "domain" in each]
    assert all(domain.isascii() and domain.endswith(".example") and "xn--" not in domain for domain in domains)
    assert all(set(domain) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.") for domain in domains)


def test_sizes_are_skewed(partner: Sample) -> None:
    totals = sorted(line["total"] for each in partner["subscriptions"] for line in each["licenses"])
    assert totals[len(totals) // 2] < 60
    assert totals[-1] > 5_000


def test_customer_records_are_valid(partner: Sample) -> None:
    for each in partner["customers"]:
        assert set(each) <= {
            "externalId",
            "name",
            "domain",
            "country",
            "managedBy",
            "createdAt",
            "lastAdministratorSignInAt",
        }
        assert each["name"] == each["name"].strip() != ""
        assert len(each.get("country", "XX")) == 2
        assert each["managedBy"] in {"PARTNER_ORGANIZATION", "EXTERNAL_ADMINISTRATOR"}
        assert at(each["createdAt"]).date() < DAY
        if each["lastAdministratorSignInAt"] is not None:
            assert each["createdAt"] <= each["lastAdministratorSignInAt"] < "2026-11-22"
    assert Counter(each["managedBy"] for each in partner["customers"])["PARTNER_ORGANIZATION"] > 800


def test_entitlement_records_are_valid(partner: Sample) -> None:
    created = {each["externalId"]: each["createdAt"] for each in partner["customers"]}
    numbers = [each["number"] for each in entitlements(partner)]
    assert len(set(numbers)) == len(numbers)
    for each in entitlements(partner):
        assert at(each["endsAt"]) > at(each["startsAt"])
        assert created[each["customer"]] <= each["addedAt"] < "2026-11-22"
        assert 1 <= each.get("termMonths", 1) <= 120
        assert each.get("cancelledAt", "2026") < "2026-11-22"
        products = [line["product"] for line in each["licenses"]]
        assert products
        assert set(products) <= PRODUCTS
        assert len({line_of(line) for line in each["licenses"]}) == len(products)
        assert all(0 <= line["used"] <= line["assigned"] <= 1_000_000 for line in each["licenses"])
        assert all(1 <= line["total"] <= 1_000_000 for line in each["licenses"])


def test_subscriptions_and_trials_have_their_own_fields_only(partner: Sample) -> None:
    shared = {"number", "customer", "addedAt", "startsAt", "endsAt", "licenses"}
    assert all(set(each) == shared for each in partner["trials"])
    needed = shared | {"termMonths", "autoRenew"}
    assert all(
        needed <= set(each) <= needed | {"setUp", "suspended", "suspendedAt", "cancelledAt"}
        for each in partner["subscriptions"]
    )


def test_administrators_have_every_role_and_state(partner: Sample) -> None:
    known = {each["externalId"] for each in partner["customers"]}
    by_email = {each["email"]: each for each in partner["administrators"]}
    assert len(by_email) == len(partner["administrators"])
    assert {each["role"] for each in partner["administrators"]} == {
        "FULL_ADMINISTRATOR",
        "ADMINISTRATOR",
        "READ_ONLY_ADMINISTRATOR",
        "HELPDESK_ADMINISTRATOR",
    }
    assert {each["state"] for each in partner["administrators"]} == {"ACTIVE", "INVITED", "DEACTIVATED"}
    assert (by_email["full@partner.example"]["role"], by_email["full@partner.example"]["state"]) == (
        "FULL_ADMINISTRATOR",
        "ACTIVE",
    )
    assert 50 <= len(by_email["admin@partner.example"]["assigned"]) <= 110
    for each in partner["administrators"]:
        assert ("assigned" in each) == (each["role"] == "ADMINISTRATOR")
        assert set(each.get("assigned", [])) <= known


def line_of(record: ImportRecord) -> tuple[str, str | None]:
    """The product and the name of a licence line."""
    return record["product"], record.get("name")


def usage_by_line(sample: Sample) -> dict[tuple[str, tuple[str, str | None]], list[ImportRecord]]:
    rows: dict[tuple[str, tuple[str, str | None]], list[ImportRecord]] = {}
    for row in sample["license-usage"]:
        rows.setdefault((row["entitlement"], line_of(row)), []).append(row)
    return rows


def test_usage_records_are_valid_and_belong_to_a_license_line(partner: Sample) -> None:
    known = {(each["number"], line_of(line)) for each in entitlements(partner) for line in each["licenses"]}
    rows = usage_by_line(partner)
    assert set(rows) <= known
    for each in rows.values():
        days = [row["day"] for row in each]
        assert days == sorted(set(days))
        assert "2026-08-30" <= days[0] <= days[-1] <= "2026-11-21"
        assert all(0 <= row["used"] <= row["assigned"] <= 1_000_000 for row in each)
        assert all(0 <= row["total"] <= 1_000_000 for row in each)


@pytest.mark.parametrize("weekday", range(7))
def test_no_usage_lies_in_a_closed_week(weekday: int) -> None:
    day = date(2026, 11, 23) + timedelta(days=weekday)
    starts = datetime(2020, 1, 1)
    held = Entitlement("SUB-1", starts, starts, datetime(2030, 1, 1), (License("CALLING", 9, 5, 3),), auto_renew=True)
    (oldest, *_, newest) = usage_days(held, day)
    assert newest == day - timedelta(days=1)
    assert oldest >= day - timedelta(days=day.weekday(), weeks=12)
    assert oldest - timedelta(days=oldest.weekday()) <= day - timedelta(days=day.weekday(), weeks=11)


def test_newest_usage_equals_the_entitlements_figures(partner: Sample) -> None:
    figures = {(each["number"], line_of(line)): line for each in entitlements(partner) for line in each["licenses"]}
    for key, rows in usage_by_line(partner).items():
        newest = {name: rows[-1][name] for name in ("product", "name", "total", "assigned", "used") if name in rows[-1]}
        assert newest == figures[key]


def test_running_lines_have_every_completed_week_and_yesterday(partner: Sample) -> None:
    rows = usage_by_line(partner)
    oldest = DAY - timedelta(days=84)
    sundays = {day for number in range(1, 85) if (day := DAY - timedelta(days=number)).weekday() == 6}
    assert len(sundays) == 12
    for each in entitlements(partner):
        started = at(each["startsAt"]).date()
        if state_of(each, NOON) not in {"ACTIVE", "SUSPENDED"} or started >= DAY:
            continue
        for line in each["licenses"]:
            days = {date.fromisoformat(row["day"]) for row in rows[each["number"], line_of(line)]}
            assert {day for day in sundays if day >= max(started, oldest)} <= days
            assert DAY - timedelta(days=1) in days


def test_history_of_large_entitlements_is_daily_for_a_fortnight(partner: Sample) -> None:
    fortnight = {(DAY - timedelta(days=number)).isoformat() for number in range(1, 15)}
    daily = [rows for rows in usage_by_line(partner).values() if fortnight <= {row["day"] for row in rows}]
    assert len(daily) > 200


def test_first_load_stays_short(partner: Sample) -> None:
    assert 25_000 <= len(partner["license-usage"]) <= 45_000


def test_rejects_a_table_without_weight() -> None:
    with pytest.raises(ValueError, match="without weight"):
        SeededRandom(1).weighted_choice([("nothing", 0)])


def test_every_product_and_some_names_occur_in_a_small_partner(tmp_path: Path) -> None:
    running = [each for each in entitlements(make(tmp_path, 200)) if state_of(each, NOON) == "ACTIVE"]
    lines = [line for each in running for line in each["licenses"]]
    assert {line["product"] for line in lines} == PRODUCTS
    names = Counter(line.get("name") for line in lines if line["product"] == "CALLING")
    assert set(names) == {None, "Professional", "Workspace"}
    assert min(names.values()) >= 5
