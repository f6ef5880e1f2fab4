"""The sample's calls: eight weeks of valid records with realistic numbers, times, quality and routes."""

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from domain.calling.calls import (
    POOR_JITTER_MS,
    POOR_LATENCY_MS,
    POOR_LOSS_PERCENT,
    CallFeature,
    QueueOutcome,
    classify_endpoint,
    classify_features,
)
from domain.imports.records import ImportKind, parse_record
from tests.sample.test_sample import DAY, ImportRecord, Sample, make

POOR_BOUNDS = {"packetLossPercent": POOR_LOSS_PERCENT, "jitterMs": POOR_JITTER_MS, "latencyMs": POOR_LATENCY_MS}
MONDAYS = [date(2026, 9, 21) + timedelta(weeks=number) for number in range(8)]
THIS_WEEK = MONDAYS[-1] + timedelta(weeks=1)
WORKDAYS = range(5)
LEVELS = ((1, 10), (11, 50), (51, 999))


def told(row: ImportRecord) -> ImportRecord:
    """Return the values of a row without those that are "NA"."""
    return {name: cell for name, cell in row.items() if cell != "NA"}


def start(row: ImportRecord) -> datetime:
    return datetime.fromisoformat(row["Start time"].removesuffix("Z"))


def monday(moment: datetime) -> date:
    return moment.date() - timedelta(days=moment.weekday())


def persons_and_calls(sample: Sample, week: date) -> dict[str, tuple[str, set[str]]]:
    """Return the customer and the persons of each call of the week, by Correlation ID."""
    calls: dict[str, tuple[str, set[str]]] = {}
    for row in sample["calls"]:
        if monday(start(row)) == week:
            _, persons = calls.setdefault(row["Correlation ID"], (row["Org UUID"], set()))
            persons.update([row["User UUID"]] if row["User type"] == "User" else [])
    return calls


def features(row: ImportRecord) -> list[CallFeature]:
    said = told(row)
    reasons = [said.get(f"{which} reason") for which in ("Related", "Redirect", "Original")]
    return classify_features(reasons, said.get("User type"), said.get("Call Recording Result"))


def test_the_import_accepts_every_record(partner: Sample) -> None:
    kinds = {ImportKind.CALLS: 30_000, ImportKind.CALL_MEDIA: 17_000, ImportKind.QUEUE_CALLS: 4_000}
    for kind, least in kinds.items():
        read = [parse_record(kind, told(line)) for line in partner[kind]]
        # The first load must stay short.
        assert least < len({line.key for line in read}) == len(read) < 2 * least


def test_has_eight_completed_weeks_and_the_past_days_of_this_week(partner: Sample) -> None:
    weeks = Counter(monday(start(row)) for row in partner["calls"])
    assert sorted(weeks) == [*MONDAYS, THIS_WEEK]
    assert max(weeks.values()) < 2 * min(weeks[week] for week in MONDAYS)
    ends = max(start(row) + timedelta(seconds=int(row["Duration"])) for row in partner["calls"])
    assert ends.date() == DAY - timedelta(days=1)
    assert {line["offeredAt"][:10] for line in partner["queue-calls"]} <= {
        row["Start time"][:10] for row in partner["calls"]
    }


def test_most_calls_are_on_workdays(partner: Sample) -> None:
    days = Counter(start(row).weekday() for row in partner["calls"])
    assert sum(days[day] for day in WORKDAYS) > 0.95 * days.total()
    assert all(day in days for day in range(7))


def test_few_customers_and_users_make_most_calls(partner: Sample) -> None:
    by_customer = sorted(Counter(row["Org UUID"] for row in partner["calls"]).values(), reverse=True)
    assert 200 < len(by_customer) < 450
    assert sum(by_customer[: len(by_customer) // 5]) > 0.4 * sum(by_customer)
    calls = Counter(user for _, users in persons_and_calls(partner, MONDAYS[-1]).values() for user in users)
    assert min(sum(1 for number in calls.values() if low <= number <= high) for low, high in LEVELS) > 3


@pytest.mark.parametrize("week", MONDAYS)
def test_as_many_persons_call_in_a_week_as_licenses_are_used_at_its_end(partner: Sample, week: date) -> None:
    customers = {each["number"]: each["customer"] for each in partner["subscriptions"] + partner["trials"]}
    used: Counter[str] = Counter()
    for row in partner["license-usage"]:
        if (row["product"], row["day"]) == ("CALLING", (week + timedelta(days=6)).isoformat()):
            used[customers[row["entitlement"]]] += row["used"]
    persons: dict[str, set[str]] = {}
    for customer, users in persons_and_calls(partner, week).values():
        persons.setdefault(customer, set()).update(users)
    assert len(persons) > 150
    assert {customer: len(users) for customer, users in persons.items() if users} == +used


def test_the_legs_of_a_call_have_one_correlation_id(partner: Sample) -> None:
    calls: dict[str, list[ImportRecord]] = {}
    for row in partner["calls"]:
        calls.setdefault(row["Correlation ID"], []).append(row)
    sizes = Counter(len(legs) for legs in calls.values())
    assert set(sizes) == {1, 2}
    assert 0.2 < sizes[2] / sizes.total() < 0.6
    assert all(len({(leg["Org UUID"], leg["Start time"]) for leg in legs}) == 1 for legs in calls.values())
    others = {row["User type"] for row in partner["calls"]} - {"User"}
    services = {"CallQueue", "HuntGroup", "AutomatedAttendantVideo", "VoiceMailRetrieval", "VoiceMailGroup"}
    assert others == {"Place", *services}


def test_queue_calls_are_the_calls_with_the_queue_feature(partner: Sample) -> None:
    queued = {
        (row["Org UUID"], row["Start time"][:19], row["Correlation ID"])
        for row in partner["calls"]
        if CallFeature.CALL_QUEUE in features(row)
    }
    calls = Counter((customer, second) for customer, second, _ in queued)
    assert calls == Counter((line["customer"], line["offeredAt"][:19]) for line in partner["queue-calls"])


def test_calls_use_every_endpoint_and_feature(partner: Sample) -> None:
    endpoints = Counter(classify_endpoint(row["Client type"], row["Model"]) for row in partner["calls"])
    assert (len(endpoints), endpoints.most_common(1)[0][0]) == (4, "WEBEX_APP")
    found = Counter(feature for row in partner["calls"] for feature in features(row))
    assert set(found) == set(CallFeature)
    assert found.total() < 0.5 * len(partner["calls"])


def test_some_calls_have_poor_quality_and_some_no_media_figures(partner: Sample) -> None:
    customers = {row["Report ID"]: row["Org UUID"] for row in partner["calls"]}
    poor: Counter[str] = Counter()
    for line in partner["call-media"]:
        poor[customers[line["reportId"]]] += any(line.get(name, 0) >= bound for name, bound in POOR_BOUNDS.items())
    assert 0.02 < poor.total() / len(partner["call-media"]) < 0.1
    assert 0.5 < len(partner["call-media"]) / len(customers) < 0.9
    assert len([count for count in poor.values() if count > 30]) >= 3
    assert any("latencyMs" not in line for line in partner["call-media"])


def test_some_queue_calls_are_abandoned_after_a_longer_wait(partner: Sample) -> None:
    waits: dict[str, list[int]] = {}
    for line in partner["queue-calls"]:
        waits.setdefault(line["outcome"], []).append(line["waitSeconds"])
    assert set(waits) == {outcome.name for outcome in QueueOutcome}
    assert len(waits["ANSWERED"]) > 0.7 * len(partner["queue-calls"])
    mean = {outcome: sum(seconds) / len(seconds) for outcome, seconds in waits.items()}
    assert mean["ANSWERED"] < mean["ABANDONED"]
    assert len({line["customer"] for line in partner["queue-calls"]}) > 20


def test_a_monday_has_no_calls_of_its_own_week(tmp_path: Path) -> None:
    sample = make(tmp_path, 60, day=date(2026, 11, 23))
    assert max(start(row) for row in sample["calls"]) < datetime(2026, 11, 23)


@pytest.mark.parametrize("weekday", range(7))
def test_the_first_customers_have_each_figure_of_the_last_week_on_any_day(tmp_path: Path, weekday: int) -> None:
    sample = make(tmp_path, 75, day=THIS_WEEK + timedelta(days=weekday))
    [assigned] = [each["assigned"] for each in sample["administrators"] if each["email"] == "admin@partner.example"]
    of_admin: Counter[str] = Counter()
    for customer, persons in persons_and_calls(sample, MONDAYS[-1]).values():
        of_admin.update(persons if customer in assigned else ())
    assert all(any(low <= number <= high for number in of_admin.values()) for low, high in LEVELS)
    outcomes = {
        line["outcome"]
        for line in sample["queue-calls"]
        if line["customer"] in assigned and monday(datetime.fromisoformat(line["offeredAt"])) == MONDAYS[-1]
    }
    assert {"ANSWERED", "ABANDONED"} <= outcomes
