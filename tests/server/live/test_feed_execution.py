"""How the changes of a batch of events are looked up, executed, shared and delivered."""

import asyncio
import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace

from domain.batches import split_into_batches
from domain.failures import Unavailable
from resolvers.feeds import EventFeed, FeedChange, FeedViewer
from schema.feed_fields import FeedDeclaration
from server.live.feed_execution import (
    ENCODE_BATCH_SIZE,
    LOOKUP_BATCH_SIZE,
    MAX_MESSAGES_PER_TURN,
    BatchContext,
    FeedExecution,
    FeedResult,
)
from server.live.request_priority import RequestPriority
from server.live.subscription import prepare_subscription
from store.feed.events import FeedEvent
from tests.server.live.factory_groups import FakeAppState, make_event, make_viewer, prepare
from tests.server.live.socket_server import COUNTS, SCHEMA, Numbered

NUMBERS = "subscription($least: Int) { numbered(least: $least) { number } }"
EXECUTIONS = "subscription($least: Int) { numbered(least: $least) { executions } }"
FLAKY = "subscription { numbered { flaky } }"


def select_with_customer(event: FeedEvent, _condition: Any, _viewer: FeedViewer) -> FeedChange:
    return Numbered(event.position, None, event.document["customer_id"], event.document["number"])


WITH_CUSTOMER = FeedDeclaration(EventFeed(lambda **_: None, select_with_customer), None)


@dataclass
class RecordedPriority(RequestPriority):
    """Records how often a delivery yields."""

    yields: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    async def yield_to_requests(self, seconds: float) -> None:
        self.yields.append(seconds)


class ExecutionWorld:
    """A process, one batch context, and the results that were delivered."""

    def __init__(self) -> None:
        self.app_state, self.priority = FakeAppState(), RecordedPriority()
        context = self.app_state.context(make_viewer())
        self.batch = BatchContext(context, FeedViewer.from_context(context), {})
        self.results: list[FeedResult] = []
        self.deliveries: list[int] = []
        self.subscriber_count = 1

    def execution(self, text: str, requires_customer: bool = False, **variables: Any) -> FeedExecution:
        prepared = prepare_subscription(SCHEMA, prepare(text), variables, make_viewer())
        feed = WITH_CUSTOMER.feed if requires_customer else prepared.feed
        subscription = replace(prepared, feed=feed, after=None, after_variable=None)
        return FeedExecution(subscription, self.app_state.feed, self.priority)

    def deliver(self, results: Sequence[FeedResult]) -> Iterator[int]:
        self.deliveries.append(len(results))
        self.results += results
        # As a group does: in steps.
        for some in split_into_batches(range(self.subscriber_count), max(1, MAX_MESSAGES_PER_TURN // len(results))):
            yield len(some) * len(results)

    @property
    def numbers(self) -> list[int]:
        return [json.loads(result.payload)["data"]["numbered"]["number"] for result in self.results]


@pytest.fixture
def world() -> ExecutionWorld:
    return ExecutionWorld()


@pytest.mark.parametrize("count", [0, 1, LOOKUP_BATCH_SIZE, LOOKUP_BATCH_SIZE + 1, 3 * LOOKUP_BATCH_SIZE])
async def test_looks_customers_up_in_bounded_batches_and_delivers_in_order(world: ExecutionWorld, count: int) -> None:
    events = [make_event(number, customer_id=f"cus_{number}") for number in range(1, count + 1)]
    await world.execution(NUMBERS, requires_customer=True).deliver_events(events, world.batch, world.deliver)
    assert world.numbers == list(range(1, count + 1))
    whole, rest = divmod(count, LOOKUP_BATCH_SIZE)
    assert world.app_state.customers.batches == [LOOKUP_BATCH_SIZE] * whole + ([rest] if rest else [])


async def test_a_subscriber_gets_the_results_of_several_changes_at_once(world: ExecutionWorld) -> None:
    events = [make_event(number) for number in range(2 * ENCODE_BATCH_SIZE + 1)]
    await world.execution(NUMBERS).deliver_events(events, world.batch, world.deliver)
    assert world.deliveries == [ENCODE_BATCH_SIZE, ENCODE_BATCH_SIZE, 1]


async def test_delivers_nothing_to_other_subscribers_while_the_feed_is_not_fresh(world: ExecutionWorld) -> None:
    world.subscriber_count = 2 * MAX_MESSAGES_PER_TURN
    delivered = []

    def deliver(results: Sequence[FeedResult]) -> Iterator[int]:
        for messages in world.deliver(results):
            delivered.append(messages)
            world.app_state.feed.fresh.clear()
            yield messages

    delivery = asyncio.create_task(world.execution(NUMBERS).deliver_events([make_event(1)], world.batch, deliver))
    for _ in range(10):
        await asyncio.sleep(0)
    assert delivered == [MAX_MESSAGES_PER_TURN]
    world.app_state.feed.fresh.set()
    for _ in range(10):
        await asyncio.sleep(0)
    assert delivered == [MAX_MESSAGES_PER_TURN] * 2
    world.app_state.feed.fresh.set()
    await delivery


async def test_drops_changes_of_customers_that_are_no_longer_visible(world: ExecutionWorld) -> None:
    world.app_state.customers.hidden = {"cus_2", "cus_3"}
    events = [make_event(number, customer_id=f"cus_{number}") for number in range(1, 5)]
    await world.execution(NUMBERS, requires_customer=True).deliver_events(events, world.batch, world.deliver)
    assert world.numbers == [1, 4]


async def test_looks_nothing_up_for_changes_that_require_no_customer(world: ExecutionWorld) -> None:
    await world.execution(NUMBERS).deliver_events([make_event(1)], world.batch, world.deliver)
    assert (world.numbers, world.app_state.customers.batches) == ([1], [])


async def test_subscriptions_that_choose_differently_share_the_results_of_a_batch(world: ExecutionWorld) -> None:
    before = COUNTS["executions"]
    events = [make_event(number) for number in (1, 2, 3)]
    executions = [world.execution(EXECUTIONS, least=least) for least in (0, 2)]
    await asyncio.gather(*(one.deliver_events(events, world.batch, world.deliver) for one in executions))
    assert len(world.results) == 5
    assert COUNTS["executions"] == before + 3
    another_batch = world.batch._replace(results={})
    await executions[0].deliver_events(events, another_batch, world.deliver)
    assert COUNTS["executions"] == before + 6


async def test_a_cancelled_subscription_does_not_cancel_a_shared_result(world: ExecutionWorld) -> None:
    executions = [world.execution(NUMBERS) for _ in range(2)]
    leaving, staying = (
        asyncio.create_task(one.deliver_events([make_event(1)], world.batch, world.deliver)) for one in executions
    )
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    leaving.cancel()
    await staying
    assert world.numbers == [1]


async def test_a_failure_of_the_database_raises_and_delivers_nothing(world: ExecutionWorld) -> None:
    COUNTS["outages"] = 0
    execution = world.execution(FLAKY)
    with pytest.raises(Unavailable):
        await execution.deliver_events([make_event(1)], world.batch, world.deliver)
    assert world.results == []


async def test_delivers_nothing_until_the_feed_is_fresh(world: ExecutionWorld) -> None:
    world.app_state.feed.fresh.clear()
    delivery = asyncio.create_task(world.execution(NUMBERS).deliver_events([make_event(1)], world.batch, world.deliver))
    for _ in range(10):
        await asyncio.sleep(0)
    assert world.results == []
    world.app_state.feed.fresh.set()
    await delivery
    assert world.numbers == [1]


@pytest.mark.parametrize(
    ("subscriber_count", "changes", "yields"),
    [
        (0, 10, 0),
        (1, 10, 0),
        (MAX_MESSAGES_PER_TURN - 1, 1, 0),
        (MAX_MESSAGES_PER_TURN, 1, 1),
        (MAX_MESSAGES_PER_TURN // ENCODE_BATCH_SIZE, ENCODE_BATCH_SIZE, 1),
        (MAX_MESSAGES_PER_TURN, ENCODE_BATCH_SIZE, ENCODE_BATCH_SIZE),
        (MAX_MESSAGES_PER_TURN, ENCODE_BATCH_SIZE + 1, ENCODE_BATCH_SIZE + 1),
        (MAX_MESSAGES_PER_TURN * 3, 1, 3),
    ],
)
async def test_gives_requests_their_time_after_many_messages(
    world: ExecutionWorld, subscriber_count: int, changes: int, yields: int
) -> None:
    world.subscriber_count = subscriber_count
    events = [make_event(number) for number in range(1, changes + 1)]
    await world.execution(NUMBERS).deliver_events(events, world.batch, world.deliver)
    assert len(world.priority.yields) == yields


async def test_a_result_that_costs_too_much_is_an_error_by_itself(world: ExecutionWorld) -> None:
    operation = dataclasses.replace(prepare("subscription { numbered { number again: number } }"), cost_limit=2)
    subscription = prepare_subscription(SCHEMA, operation, {}, make_viewer())
    execution = FeedExecution(subscription, world.app_state.feed, world.priority)
    await execution.deliver_events([make_event(1), make_event(2)], world.batch, world.deliver)
    for result in world.results:
        (error,) = json.loads(result.payload)["errors"]
        assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert len(world.results) == 2


async def test_a_result_that_takes_too_long_is_executed_again_later(world: ExecutionWorld) -> None:
    subscription = prepare_subscription(SCHEMA, prepare("subscription { numbered { hangs } }"), {}, make_viewer())
    execution = FeedExecution(subscription, world.app_state.feed, world.priority, seconds=0.02)
    with pytest.raises(Unavailable):
        await execution.deliver_events([make_event(1)], world.batch, world.deliver)
    assert world.results == []
