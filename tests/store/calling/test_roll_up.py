"""The roll-up of a week: what it counts, that it touches that week alone, and that it may be killed and repeated."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from domain.time.weeks import WEEK
from store.calling.due_weeks import delete_stale_sums, find_due_weeks
from store.calling.pipelines import CALLS_PIPELINE, FEATURES_PIPELINE, LEGS_PIPELINE, USERS_PIPELINE
from store.calling.roll_up import RollUp, roll_up_week
from store.calling.sums import COLLECTION
from store.calling.weeks import CALL_WEEKS, week_id
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope
from store.indexes import ensure_indexes
from tests.store.calling.factory_calls import call, call_series, put_calls, put_queue_calls, queue_call

NOW = datetime(2026, 11, 25, 12)
MONDAY = datetime(2026, 11, 16)
MILLISECOND = timedelta(milliseconds=1)
QUESTIONS = (CALLS_PIPELINE, LEGS_PIPELINE, USERS_PIPELINE, FEATURES_PIPELINE)


@pytest.fixture
def scope(client: Client) -> Scope:
    return Scope(client, "acme", NOW)


async def state(scope: Scope, week: datetime = MONDAY) -> Document:
    """What is known of the week."""
    found = await scope.collection(CALL_WEEKS).find_one({**scope.match(), "_id": week_id(scope, week)})
    assert found is not None
    return found


async def sums(scope: Scope, week: datetime = MONDAY) -> dict[str, Document]:
    """The sums that count, by customer."""
    counting = {**scope.match(), "week": week, "roll_up_id": (await state(scope, week)).get("roll_up_id")}
    return {one["customer_id"]: one for one in await scope.collection(COLLECTION).find(counting)}


def figures(document: Document, *names: str) -> list[Any]:
    return [document.get(name, 0) for name in names]


async def test_counts_calls_seconds_and_users_by_their_calls(scope: Scope) -> None:
    calls = [
        *call_series("cus_a", MONDAY, 10, user_id="low"),
        *call_series("cus_a", MONDAY, 11, user_id="medium"),
        *call_series("cus_a", MONDAY, 50, user_id="medium too"),
        *call_series("cus_a", MONDAY, 51, user_id="high", seconds=1),
        *call_series("cus_a", MONDAY, 60),
        call("cus_b", MONDAY, user_id="low"),
    ]
    await put_calls(scope, calls)
    assert await roll_up_week(scope, MONDAY)
    found = await sums(scope)
    assert figures(found["cus_a"], "calls", "low", "medium", "high") == [182, 1, 2, 1]
    assert found["cus_a"]["seconds"] == 131 * 60 + 51
    assert figures(found["cus_b"], "calls", "low", "medium", "high", "seconds") == [1, 1, 0, 0, 60]


QUALITIES: list[tuple[dict[str, float], str]] = [
    ({"loss": 5.0}, "poor"),
    ({"loss": 4.999}, "good"),
    ({"latency": 400.0}, "poor"),
    ({"latency": 399.999}, "good"),
    ({"jitter": 150.0}, "poor"),
    ({"jitter": 149.999}, "good"),
    ({}, "not_available"),
    ({"loss": 0.0}, "good"),
    ({"loss": 0.0, "jitter": 0.0, "latency": 400.0}, "poor"),
    ({"jitter": 10.0, "latency": 20.0}, "good"),
]


@pytest.mark.parametrize(("measured", "quality"), QUALITIES)
async def test_quality_follows_from_the_present_measurements(
    scope: Scope, measured: dict[str, float], quality: str
) -> None:
    await put_calls(scope, [call("cus_a", MONDAY, endpoint="DESK_PHONE", **measured)])
    await roll_up_week(scope, MONDAY)
    found = (await sums(scope))["cus_a"]
    assert {name: found[name] for name in ("good", "poor", "not_available") if found[name]} == {quality: 1}
    assert found["endpoints"] == {f"DESK_PHONE_{quality.upper()}": 1}


async def test_measurements_are_summed_and_counted(scope: Scope) -> None:
    calls = [
        call("cus_a", MONDAY, endpoint="WEBEX_APP", loss=1.5, jitter=10.0),
        call("cus_a", MONDAY, endpoint="WEBEX_APP", loss=0.0, latency=300.0),
        call("cus_a", MONDAY, endpoint="ROOM_DEVICE", latency=500.0),
        call("cus_a", MONDAY),
    ]
    await put_calls(scope, calls)
    await roll_up_week(scope, MONDAY)
    found = (await sums(scope))["cus_a"]
    assert figures(found, "loss_sum", "loss_count", "jitter_sum", "jitter_count") == [1.5, 2, 10.0, 1]
    assert figures(found, "latency_sum", "latency_count") == [800.0, 2]
    assert found["endpoints"] == {"WEBEX_APP_GOOD": 2, "ROOM_DEVICE_POOR": 1, "UNKNOWN_NOT_AVAILABLE": 1}


async def test_legs_with_a_correlation_id_are_one_call_of_their_customer_and_week(scope: Scope) -> None:
    """Eight rows of five calls: the fault of which legs were counted as calls."""
    calls = [
        call("cus_a", MONDAY, correlation_id="X", seconds=100, loss=1.0, features=["CALL_QUEUE"], user_id="ann"),
        call("cus_a", MONDAY, correlation_id="X", seconds=130, loss=9.0, features=["CALL_QUEUE", "VOICEMAIL"]),
        call("cus_a", MONDAY, correlation_id="X", seconds=30, user_id="ann"),
        call("cus_a", MONDAY, correlation_id="Y", loss=1.0, features=["VOICEMAIL"], user_id="bob"),
        call("cus_a", MONDAY, correlation_id="Y", user_id="ann"),
        call("cus_a", MONDAY, correlation_id="Z"),
        # A leg without a Correlation ID is a call of its own, also where its Report ID is another's Correlation ID.
        call("cus_a", MONDAY, report_id="Z", user_id="bob"),
        call("cus_a", MONDAY),
        call("cus_b", MONDAY, correlation_id="X", loss=9.0),
        call("cus_a", MONDAY - WEEK, correlation_id="X", seconds=7),
    ]
    await put_calls(scope, calls)
    await roll_up_week(scope, MONDAY)
    found = await sums(scope)
    assert figures(found["cus_a"], "calls", "seconds") == [5, 130 + 4 * 60]
    assert figures(found["cus_a"], "poor", "good", "not_available") == [1, 1, 3]
    assert found["cus_a"]["features"] == {"CALL_QUEUE": 1, "VOICEMAIL": 2}
    assert found["cus_a"]["endpoints"] == {"UNKNOWN_POOR": 1, "UNKNOWN_GOOD": 2, "UNKNOWN_NOT_AVAILABLE": 5}
    assert figures(found["cus_a"], "loss_sum", "loss_count", "low") == [11.0, 3, 2]
    assert figures(found["cus_b"], "calls", "poor") == [1, 1]
    await roll_up_week(scope, MONDAY - WEEK)
    assert figures((await sums(scope, MONDAY - WEEK))["cus_a"], "calls", "seconds") == [1, 7]


async def test_persons_are_counted_by_their_calls_and_nothing_else_is_a_person(scope: Scope) -> None:
    # Eleven legs of two calls are two calls of a person.
    calls = [call("cus_a", MONDAY, user_id="ann", correlation_id=f"X-{number % 2}") for number in range(11)]
    calls += call_series("cus_a", MONDAY, 11, user_id="bob", user_type="User")
    others = ("CallQueue", "HuntGroup", "Place", "VirtualLine", "AutomatedAttendantVideo", "VoiceMailGroup", "user")
    calls += [call("cus_a", MONDAY, user_id=other, user_type=other) for other in others]
    # A person also has calls in which a leg of it is something else.
    calls += [call("cus_a", MONDAY, user_id="eve"), call("cus_a", MONDAY, user_id="eve", user_type="Place")]
    await put_calls(scope, calls)
    await roll_up_week(scope, MONDAY)
    assert figures((await sums(scope))["cus_a"], "calls", "low", "medium", "high") == [2 + 11 + 7 + 2, 2, 1, 0]


async def test_counts_features_and_outcomes_of_queue_calls(scope: Scope) -> None:
    await put_calls(scope, [call("cus_a", MONDAY, features=["CALL_QUEUE", "VOICEMAIL"]), call("cus_a", MONDAY)])
    await put_calls(scope, [call("cus_a", MONDAY, features=["VOICEMAIL"])])
    outcomes = [("ANSWERED", 10), ("ANSWERED", 20), ("TRANSFERRED", 60), ("ABANDONED", 5), ("VOICEMAIL", 100)]
    outcomes.append(("OVERFLOWED", 1000))
    await put_queue_calls(scope, [queue_call("cus_a", MONDAY, *one) for one in outcomes])
    await put_queue_calls(scope, [queue_call("cus_queue_only", MONDAY, "ABANDONED", 7)])
    await roll_up_week(scope, MONDAY)
    found = await sums(scope)
    assert found["cus_a"]["features"] == {"CALL_QUEUE": 1, "VOICEMAIL": 2}
    assert figures(found["cus_a"], "offered", "answered", "transferred", "abandoned") == [6, 2, 2, 2]
    assert figures(found["cus_a"], "answer_seconds", "answer_count") == [90, 3]
    assert figures(found["cus_a"], "abandon_seconds", "abandon_count") == [105, 2]
    assert figures(found["cus_queue_only"], "calls", "offered", "abandoned") == [0, 1, 1]


async def test_a_week_begins_and_ends_at_the_millisecond(scope: Scope) -> None:
    edges = [MONDAY - MILLISECOND, MONDAY, MONDAY + WEEK - MILLISECOND, MONDAY + WEEK]
    await put_calls(scope, [call("cus_a", edge) for edge in edges])
    await put_queue_calls(scope, [queue_call("cus_a", edge, "ANSWERED", 1) for edge in edges])
    for week, number in ((MONDAY - WEEK, 1), (MONDAY, 2), (MONDAY + WEEK, 1)):
        await roll_up_week(scope, week)
        assert figures((await sums(scope, week))["cus_a"], "calls", "offered") == [number, number]


async def test_the_batch_size_does_not_change_the_sums(scope: Scope) -> None:
    customers = [f"cus_{number}" for number in range(7)]
    calls = [
        call(one, MONDAY, user_id=f"u-{place % 3}", loss=place / 2, features=["CALL_PARK"])
        for number, one in enumerate(customers)
        for place in range(number + 1)
    ]
    await put_calls(scope, calls)
    await put_queue_calls(scope, [queue_call(one, MONDAY, "ANSWERED", 3) for one in customers])
    answers = []
    for rows in (1, 5, 1000):
        assert await roll_up_week(scope, MONDAY, rows)
        unlike = ("_id", "roll_up_id", "created_at", "updated_at")
        found = await sums(scope)
        answers.append({key: {k: v for k, v in one.items() if k not in unlike} for key, one in found.items()})
    assert answers[0] == answers[1] == answers[2]
    assert list(answers[0]) == customers


async def test_the_week_keeps_its_sums_over_all_customers(scope: Scope) -> None:
    await put_calls(scope, [call("cus_a", MONDAY, endpoint="DESK_PHONE", loss=9.0, user_id="u"), call("cus_b", MONDAY)])
    await put_queue_calls(scope, [queue_call("cus_b", MONDAY, "ANSWERED", 4)])
    await roll_up_week(scope, MONDAY)
    total = (await state(scope))["sums"]
    assert figures(total, "calls", "seconds", "poor", "not_available", "low", "offered") == [2, 120, 1, 1, 1, 1]
    assert total["endpoints"]["DESK_PHONE_POOR"] == total["endpoints"]["UNKNOWN_NOT_AVAILABLE"] == 1
    assert sum(total["endpoints"].values()) == 2


async def test_a_call_that_moved_to_another_customer_is_counted_once(scope: Scope) -> None:
    await put_calls(scope, [call("cus_a", MONDAY, report_id="moves"), call("cus_b", MONDAY, report_id="stays")])
    await roll_up_week(scope, MONDAY)
    assert set(await sums(scope)) == {"cus_a", "cus_b"}
    await put_calls(scope, [call("cus_a", MONDAY - WEEK, report_id="moves")])
    assert [week for _, week in await find_due_weeks(scope.client, NOW, 9)] == [MONDAY - WEEK, MONDAY]
    for _, week in await find_due_weeks(scope.client, NOW, 9):
        await roll_up_week(scope, week)
    assert (set(await sums(scope)), set(await sums(scope, MONDAY - WEEK))) == ({"cus_b"}, {"cus_a"})
    await put_calls(scope, [call("cus_b", MONDAY - WEEK, report_id="stays")])
    await roll_up_week(scope, MONDAY)
    assert await sums(scope) == {}
    assert (await state(scope))["sums"] == {}


async def test_a_repeated_roll_up_has_the_same_sums(scope: Scope) -> None:
    calls = call_series("cus_a", MONDAY, 5, user_id="u")
    for _ in range(3):
        await put_calls(scope, calls)
        await roll_up_week(scope, MONDAY)
    assert figures((await sums(scope))["cus_a"], "calls", "low") == [5, 1]


async def test_an_unfinished_roll_up_is_not_read(scope: Scope) -> None:
    await put_calls(scope, [call("cus_a", MONDAY), call("cus_b", MONDAY)])
    await roll_up_week(scope, MONDAY)
    await put_calls(scope, [call("cus_a", MONDAY)])
    for steps in range(5):
        dead = RollUp(scope, MONDAY, new_id("rup"))
        await dead.begin()
        async for customers in dead.read_batches("calls", 1):
            for question in QUESTIONS[:steps]:
                await dead.add("calls", customers, question)
        assert {key: one["calls"] for key, one in (await sums(scope)).items()} == {"cus_a": 1, "cus_b": 1}
        assert [week for _, week in await find_due_weeks(scope.client, NOW, 9)] == [MONDAY]
    await roll_up_week(scope, MONDAY)
    assert {key: one["calls"] for key, one in (await sums(scope)).items()} == {"cus_a": 2, "cus_b": 1}
    assert await find_due_weeks(scope.client, NOW, 9) == []


async def test_a_roll_up_that_was_overtaken_changes_nothing(scope: Scope) -> None:
    await put_calls(scope, [call("cus_a", MONDAY)])
    slow = RollUp(scope, MONDAY, new_id("rup"))
    known = await slow.begin()
    await put_calls(scope, [call("cus_a", MONDAY)])
    assert await roll_up_week(scope, MONDAY)
    for question in QUESTIONS:
        await slow.add("calls", ["cus_a"], question)
    assert not await slow.finish(known)
    assert figures((await sums(scope))["cus_a"], "calls") == [2]
    assert await find_due_weeks(scope.client, NOW, 9) == []


async def test_data_that_arrives_during_a_roll_up_is_counted_by_the_next(scope: Scope) -> None:
    await put_calls(scope, [call("cus_a", MONDAY)])
    under_way = RollUp(scope, MONDAY, new_id("rup"))
    known = await under_way.begin()
    await put_calls(scope, [call("cus_a", MONDAY), call("cus_b", MONDAY)])
    for question in QUESTIONS:
        await under_way.add("calls", ["cus_a"], question)
    assert await under_way.finish(known)
    assert [week for _, week in await find_due_weeks(scope.client, NOW, 9)] == [MONDAY]
    await roll_up_week(scope, MONDAY)
    assert {key: one["calls"] for key, one in (await sums(scope)).items()} == {"cus_a": 2, "cus_b": 1}


async def test_concurrent_import_and_roll_ups_end_with_correct_sums(scope: Scope) -> None:
    delivered = [call_series("cus_a", MONDAY, 20, user_id=f"u-{number}") for number in range(15)]
    done = asyncio.Event()

    async def deliver() -> None:
        for slice_ in delivered:
            await put_calls(scope, slice_)
        done.set()

    async def roll_up() -> None:
        while not done.is_set() or await find_due_weeks(scope.client, NOW, 1):
            for _, week in await find_due_weeks(scope.client, NOW, 1):
                await roll_up_week(scope, week)
            await asyncio.sleep(0)

    await asyncio.gather(deliver(), roll_up(), roll_up())
    assert figures((await sums(scope))["cus_a"], "calls", "medium") == [300, 15]


async def test_superseded_sums_are_deleted_after_a_minute(scope: Scope) -> None:
    await put_calls(scope, [call("cus_a", MONDAY)])
    dead = RollUp(scope, MONDAY, new_id("rup"))
    await dead.begin()
    for question in QUESTIONS:
        await dead.add("calls", ["cus_a"], question)
    for _ in range(3):
        await roll_up_week(scope, MONDAY)
    everything = {**scope.match(), "week": MONDAY}
    await delete_stale_sums(scope.client, utc_now())
    assert await scope.collection(COLLECTION).count(everything) == 4
    await delete_stale_sums(scope.client, utc_now() + timedelta(minutes=2))
    assert await scope.collection(COLLECTION).count(everything) == 1
    assert figures((await sums(scope))["cus_a"], "calls") == [1]
    assert (await state(scope))["stale"] == []


async def test_only_completed_weeks_without_expired_rows_are_due(scope: Scope) -> None:
    await put_calls(scope, [call("cus_a", MONDAY + WEEK), call("cus_a", MONDAY - 14 * WEEK), call("cus_a", MONDAY)])
    assert await find_due_weeks(scope.client, NOW, 9) == [("acme", MONDAY)]
    assert await find_due_weeks(scope.client, MONDAY + 2 * WEEK - MILLISECOND, 9) == [("acme", MONDAY)]
    assert await find_due_weeks(scope.client, MONDAY + 2 * WEEK, 9) == [("acme", MONDAY), ("acme", MONDAY + WEEK)]
    assert await find_due_weeks(scope.client, MONDAY + timedelta(days=100) - MILLISECOND, 1) == [("acme", MONDAY)]
    assert ("acme", MONDAY) not in await find_due_weeks(scope.client, MONDAY + timedelta(days=100), 9)


async def test_a_debounced_caller_waits_until_an_import_is_quiet(scope: Scope) -> None:
    await put_calls(scope, [call("cus_a", MONDAY)])
    now = utc_now()
    assert await find_due_weeks(scope.client, now, 9, is_debounced=True) == [("acme", MONDAY)]
    await roll_up_week(scope, MONDAY)
    await put_calls(scope, [call("cus_a", MONDAY)])
    assert await find_due_weeks(scope.client, now, 9, is_debounced=True) == []
    assert await find_due_weeks(scope.client, now, 9) == [("acme", MONDAY)]
    assert await find_due_weeks(scope.client, utc_now() + timedelta(seconds=6), 9, is_debounced=True) == [
        ("acme", MONDAY)
    ]


class Aggregations(CommandListener):
    """Keeps the aggregations over raw rows."""

    def __init__(self) -> None:
        self.asked: list[Document] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name == "aggregate" and event.command["aggregate"] in ("calls", "queue_calls"):
            self.asked.append({"aggregate": event.command["aggregate"], "pipeline": event.command["pipeline"]})

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Only beginnings count."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Only beginnings count."""


async def examined(client: Client, asked: Document) -> tuple[int, int]:
    """Documents and keys that an aggregation reads, without what it writes."""
    stages = [stage for stage in asked["pipeline"] if "$merge" not in stage]
    told = await client.command({"explain": {**asked, "pipeline": stages, "cursor": {}}, "verbosity": "executionStats"})
    assert "COLLSCAN" not in str(told)
    stats = told["executionStats"] if "executionStats" in told else told["stages"][0]["$cursor"]["executionStats"]
    return stats["totalDocsExamined"], stats["totalKeysExamined"]


async def test_reads_only_rows_and_sums_of_its_partner_and_week(mongo_uri: str, database_name: str) -> None:
    told = Aggregations()
    client = Client(mongo_uri, database_name, event_listeners=[told])
    await ensure_indexes(client)
    scopes = [Scope(client, partner, NOW) for partner in ("acme", "other")]
    for each in scopes:
        for back in range(4):
            monday = MONDAY - back * WEEK
            await put_calls(
                each, [call(f"cus_{n % 3}", monday, user_id="u", features=["VOICEMAIL"]) for n in range(40)]
            )
            await put_queue_calls(each, [queue_call("cus_1", monday, "ANSWERED", 1) for _ in range(40)])
            await roll_up_week(each, monday)
    others = {"$nor": [{"partner_id": "acme", "week": MONDAY}]}
    before = [await client.collection(name).find(others) for name in (COLLECTION, CALL_WEEKS)]
    told.asked.clear()
    assert await roll_up_week(scopes[0], MONDAY, 20)
    assert [await client.collection(name).find(others) for name in (COLLECTION, CALL_WEEKS)] == before
    # Two collections are cut into slices; then four questions a slice of calls, and one of queue calls.
    assert len(told.asked) == 2 + 3 * 4 + 1
    read = [await examined(client, asked) for asked in told.asked]
    assert all(documents <= 40 and keys <= 45 for documents, keys in read)
    assert sum(documents for documents, _ in read) == 4 * 40 + 40
    await client.close()


class Limits(CommandListener):
    """Keeps how long each aggregation may take, in milliseconds."""

    def __init__(self) -> None:
        self.most: list[int] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name == "aggregate":
            self.most.append(event.command["maxTimeMS"])

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Only beginnings count."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Only beginnings count."""


async def test_a_roll_up_may_take_longer_than_a_request(mongo_uri: str, database_name: str) -> None:
    limits = Limits()
    patient = Scope(Client(mongo_uri, database_name, event_listeners=[limits]), "acme", NOW)
    await ensure_indexes(patient.client)
    await put_calls(patient, [call("cus_a", MONDAY)])
    assert await roll_up_week(patient, MONDAY)
    # The slices of calls and of queue calls, four questions, and the totals.
    assert len(limits.most) == 7 and min(limits.most) > 500_000
    await patient.client.close()
