"""The stored sums of calls are those of the legs delivered last, in any order, repeated, corrected, moved and split."""

import asyncio
from collections import Counter
from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from domain.batches import split_into_batches
from domain.imports.records import ImportKind, parse_record
from domain.time.instants import format_instant
from domain.time.weeks import WEEK, latest_completed_week
from jobs.roll_up_calls import roll_up_calls_now
from store.calling.sums import COLLECTION
from store.calling.weeks import CALL_WEEKS
from store.database.clock import utc_now
from store.database.scope import Scope
from store.imports.calls import deliver_call_media, deliver_calls
from store.imports.deliveries import UpsertResult
from tests import random_values as rv
from tests.random_values import seeded
from tests.reference.api_client import ApiClient
from tests.reference.calls_model import Call, DeliveredCalls, endpoint, quality
from tests.store.factory_customers import add_customer

PATIENCE = 20.0
# One round delivers and rolls up many groups of customers, which do not touch each other: 8 rounds are 200 examples.
GROUPS, ROUNDS = 25, 6
# Not the week that ended last: a call of its last second that lasts an hour may end in the future, and is rejected.
LAST_WEEK = latest_completed_week(utc_now()) - WEEK
STARTS = [LAST_WEEK, LAST_WEEK + WEEK - timedelta(seconds=1), LAST_WEEK - timedelta(seconds=1), LAST_WEEK - 3 * WEEK]
MEASUREMENTS = {"loss": "packetLossPercent", "jitter": "jitterMs", "latency": "latencyMs"}
Record = dict[str, Any]
Sums = dict[str, Any]

report_ids = rv.sampled_from(["R-1", "R-2", "R-3", "R-4", "R-5"])
legs = rv.fixed_dictionaries(
    {
        "Report ID": report_ids,
        "Org UUID": rv.sampled_from(["A", "A", "B"]),
        "Start time": rv.sampled_from(STARTS).map(format_instant),
        "Duration": rv.sampled_from(["0", "59", "60", "3600"]),
    },
    optional={
        "Correlation ID": rv.sampled_from(["X-1", "X-1", "X-2", "R-1"]),
        "User UUID": rv.sampled_from(["ann", "bob"]),
        "User type": rv.sampled_from(["User", "User", "CallQueue", "Place", "VoiceMailGroup"]),
        "Client type": rv.sampled_from(["WXC_CLIENT", "WXC_DEVICE"]),
        "Model": rv.sampled_from(["Room Kit", "8845"]),
        "Related reason": rv.sampled_from(["CallQueue", "HuntGroup"]),
        "Original reason": rv.sampled_from(["CallQueue", "NoAnswer"]),
    },
)
# Sums of these figures are exact in any order.
media = rv.fixed_dictionaries(
    {"reportId": report_ids},
    optional={
        "packetLossPercent": rv.sampled_from([0, 4.75, 5, None]),
        "jitterMs": rv.sampled_from([0, 149.5, 150, None]),
        "latencyMs": rv.sampled_from([0, 399.5, 400, None]),
    },
)
lines = rv.tuples(rv.just("calls"), legs) | rv.tuples(rv.just("call-media"), media)
deliveries = rv.lists(lines, min_size=1, max_size=12)
KEYS = {"calls": "Report ID", "call-media": "reportId"}


def test_the_sums_are_those_of_the_last_delivery(mongo_uri: str, database_name: str) -> None:
    partners = count()
    with asyncio.Runner() as runner:
        api = runner.run(ApiClient.open(mongo_uri, database_name))

        @settings(max_examples=ROUNDS, phases=[Phase.explicit, Phase.reuse, Phase.generate])
        @given(seeded(rv.lists(deliveries, min_size=GROUPS, max_size=GROUPS)), st.integers(1, 5), st.booleans())
        def agree(groups: list[list[tuple[str, Record]]], size: int, is_repeated: bool) -> None:
            delivered = [_of_group(number, lines) for number, lines in enumerate(groups)]
            runner.run(_compare(api, f"partner-{next(partners)}", delivered, size, is_repeated))

        try:
            agree()
        finally:
            runner.run(api.close())


def _of_group(number: int, lines: list[tuple[str, Record]]) -> list[tuple[str, Record]]:
    """The lines with keys and customers of the group."""
    return [
        (
            kind,
            {name: f"{value}-{number}" if name in (KEYS[kind], "Org UUID") else value for name, value in line.items()},
        )
        for kind, line in lines
    ]


async def _compare(
    api: ApiClient, partner: str, groups: list[list[tuple[str, Record]]], size: int, is_repeated: bool
) -> None:
    scope, model = await api.add_partner(partner), DeliveredCalls()
    names = {await add_customer(scope, name): name for name in _customers(groups)}
    batches = [list(split_into_batches(group, size)) for group in groups]
    for number in range(max(map(len, batches))):
        batch = [line for group in batches for line in (group[number] if number < len(group) else ())]
        await _deliver(scope, model, batch)
        if number % 2:
            await roll_up_calls_now(scope.client)
    if is_repeated:
        last = {(kind, line[KEYS[kind]]): (kind, line) for group in groups for kind, line in group}
        results = await _deliver(scope, model, list(last.values()))
        assert set(results) == {UpsertResult.UNCHANGED}
    await roll_up_calls_now(scope.client)
    expected = {key: expected_sums(calls) for key, calls in model.group().items()}
    assert await _stored_sums(scope, names) == expected


def _customers(groups: list[list[tuple[str, Record]]]) -> list[str]:
    return sorted({line["Org UUID"] for group in groups for kind, line in group if kind == "calls"})


async def _deliver(scope: Scope, model: DeliveredCalls, batch: list[tuple[str, Record]]) -> list[Any]:
    for kind, line in batch:
        model.deliver(kind, line)
    legs, media = (
        [parse_record(kind, line) for given_kind, line in batch if given_kind == kind]
        for kind in (ImportKind.CALLS, ImportKind.CALL_MEDIA)
    )
    return [*await deliver_call_media(scope, media, PATIENCE), *await deliver_calls(scope, legs, PATIENCE)]


async def _stored_sums(scope: Scope, names: dict[str, str]) -> dict[Any, Sums]:
    states = await scope.collection(CALL_WEEKS).find(scope.match())
    current = {**scope.match(), "roll_up_id": {"$in": [state["roll_up_id"] for state in states]}}
    stored = await scope.collection(COLLECTION).find(current)
    fields = expected_sums([])
    return {
        (names[sums["customer_id"]], sums["week"].date()): {
            name: sums.get(name, empty) for name, empty in fields.items()
        }
        for sums in stored
    }


def expected_sums(calls: list[Call]) -> Sums:
    """Return the sums of calls by the reference model."""
    legs = [leg for call in calls for leg in call.legs]
    qualities = Counter(call.quality for call in calls)
    persons = Counter(person for call in calls for person in call.persons)
    sums: Sums = {
        "calls": len(calls),
        "seconds": sum(call.seconds for call in calls),
        **{name.lower(): qualities[name] for name in ("GOOD", "POOR", "NOT_AVAILABLE")},
        "low": len(persons),
        "features": dict(Counter(name for call in calls for name in call.features)),
        "endpoints": dict(Counter(f"{endpoint(leg)}_{quality(leg)}" for leg in legs)),
    }
    for name, column in MEASUREMENTS.items():
        values = [leg[column] for leg in legs if leg.get(column) is not None]
        sums |= {f"{name}_sum": sum(values), f"{name}_count": len(values)}
    return sums
