"""How subscriptions join groups: who shares one, from which position, and how groups end."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.cursors.feed import Position
from domain.failures import InvalidCursor
from resolvers.context import Viewer
from server.graphql.operations import OperationRejected
from server.live import feed_execution
from server.live import groups as groups_module
from server.live.feed_groups import GroupKey, group_key
from server.live.subscription import prepare_subscription
from tests.server.live.factory_groups import Client, GroupWorld, group_world, make_viewer, prepare
from tests.server.live.socket_server import COUNTS, SCHEMA

FEED = "subscription($after: String, $least: Int) { numbered(after: $after, least: $least) { number } }"
EXECUTIONS = "subscription { numbered { executions } }"
STATE = "subscription { eventCount { count } }"
PERSONAL = "subscription { numbered { mine } }"


@pytest.fixture
async def world() -> AsyncIterator[GroupWorld]:
    async with group_world() as world:
        yield world


def numbers(client: Client) -> list[int]:
    return [json.loads(payload)["data"]["numbered"]["number"] for payload in client.payloads]


def counts(client: Client) -> list[int]:
    return [json.loads(payload)["data"]["eventCount"]["count"] for payload in client.payloads]


def feed_tasks() -> int:
    return sum(task.get_name() == "feed group" for task in asyncio.all_tasks())


async def test_equal_subscriptions_share_one_task_and_one_execution(world: GroupWorld) -> None:
    clients = [world.subscribe(EXECUTIONS) for _ in range(3)]
    await world.settle()
    executions = COUNTS["executions"]
    world.feed.insert(1, 2)
    await world.settle()
    assert COUNTS["executions"] == executions + 2
    assert feed_tasks() == 1
    assert all(client.payloads == clients[0].payloads for client in clients)
    assert world.metrics.subscribers == 3


async def test_results_have_the_position_cursor_and_payload_of_their_event(world: GroupWorld) -> None:
    client = world.subscribe(FEED)
    await world.settle()
    world.feed.insert(5)
    await world.settle()
    [result] = client.results
    assert (result.position, result.cursor, result.access_grant) == (Position(5, "82"), "acme:5", None)
    assert json.loads(result.payload) == {"data": {"numbered": {"number": 5}}}


async def test_a_subscriber_behind_its_group_catches_up_before_it_joins(world: GroupWorld) -> None:
    start = world.feed.position
    early = world.subscribe(FEED)
    await world.settle()
    world.feed.insert(1, 2, 3)
    await world.settle()
    late = world.subscribe(FEED, position=start)
    await world.settle()
    assert numbers(late) == [1, 2, 3]
    world.feed.insert(4)
    await world.settle()
    assert numbers(late) == numbers(early) == [1, 2, 3, 4]
    assert feed_tasks() == 1


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliver to one subscriber after the other, with a turn of the event loop in between."""
    monkeypatch.setattr(groups_module, "MAX_MESSAGES_PER_TURN", 1)
    monkeypatch.setattr(feed_execution, "MAX_MESSAGES_PER_TURN", 1)


async def test_who_joins_during_a_delivery_misses_and_repeats_nothing(world: GroupWorld, small_steps: None) -> None:
    start = world.feed.position
    clients = [world.subscribe(FEED) for _ in range(20)]
    await world.settle()
    world.feed.insert(*range(1, 13))
    while not any(client.results for client in clients):
        await asyncio.sleep(0)
    # One joins after each turn: before the delivery, during each of its steps, and after it.
    for _ in range(60):
        clients += [world.subscribe(FEED, position=start), world.subscribe(FEED)]
        await asyncio.sleep(0)
    world.feed.insert(13)
    while not all(numbers(client)[-1:] == [13] for client in clients):
        await asyncio.sleep(0)
    received = [numbers(client) for client in clients]
    assert received == [list(range(14 - len(each), 14)) for each in received]
    assert [len(each) for each in received[:20] + received[20::2]] == [13] * 80
    assert feed_tasks() == 1


async def test_who_leaves_during_a_delivery_receives_nothing_more(world: GroupWorld, small_steps: None) -> None:
    clients = [world.subscribe(FEED) for _ in range(20)]
    await world.settle()
    world.feed.insert(1)
    while not any(client.results for client in clients):
        await asyncio.sleep(0)
    leaving = [client for client in clients if not client.results]
    assert len(leaving) > 10
    for client in leaving[:10]:
        assert client.task is not None
        client.task.cancel()
    await asyncio.wait([client.task for client in leaving[:10] if client.task is not None])
    left_with = [len(client.results) for client in leaving[:10]]
    assert 0 in left_with
    while sum(len(client.results) for client in clients) < 10 + sum(left_with):
        await asyncio.sleep(0)
    await world.settle()
    assert [len(client.results) for client in leaving[:10]] == left_with


async def test_a_subscriber_ahead_of_its_group_receives_nothing_before_its_position(world: GroupWorld) -> None:
    world.feed.insert(1, 2)
    behind = world.subscribe(FEED, position=Position(0))
    ahead = world.subscribe(FEED, position=Position(1, "82"))
    await world.settle()
    assert (numbers(behind), numbers(ahead)) == ([1, 2], [2])


@pytest.mark.parametrize(
    ("variables", "last_cursor", "expected"),
    [
        ({"after": "acme:1"}, None, [2, 3, 4]),
        ({"after": "acme:1"}, "acme:2", [3, 4]),
        ({}, "acme:2", [3, 4]),
        ({}, None, [4]),
        ({"after": None}, None, [4]),
    ],
)
async def test_starts_after_the_last_cursor_else_after_the_argument_else_at_the_position(
    world: GroupWorld, variables: dict[str, str | None], last_cursor: str | None, expected: list[int]
) -> None:
    world.feed.insert(1, 2, 3)
    client = world.subscribe(FEED, variables, last_cursor=last_cursor)
    await world.settle()
    world.feed.insert(4)
    await world.settle()
    assert numbers(client) == expected


async def test_the_cursor_argument_does_not_separate_groups(world: GroupWorld) -> None:
    world.feed.insert(1, 2)
    for number in (0, 1, 2):
        world.subscribe(FEED, {"after": f"acme:{number}"})
    await world.settle()
    assert feed_tasks() == 1


@pytest.mark.parametrize(
    ("error", "text", "variables"),
    [
        (InvalidCursor, FEED, {"after": "other:1"}),
        (OperationRejected, FEED, {"least": -1}),
        (OperationRejected, FEED, {"least": "three"}),
    ],
)
async def test_a_subscription_that_cannot_start_raises_and_leaves_no_group(
    world: GroupWorld, error: type[Exception], text: str, variables: dict[str, object]
) -> None:
    client = world.subscribe(text, variables)
    assert client.task is not None
    with pytest.raises(error):
        await client.task
    assert (feed_tasks(), world.metrics.subscribers) == (0, 0)


@pytest.mark.parametrize("text", [FEED, STATE])
async def test_a_group_ends_with_its_last_subscriber_and_a_new_one_starts(world: GroupWorld, text: str) -> None:
    first, second = world.subscribe(text), world.subscribe(text)
    await world.settle()
    for client, tasks in [(first, 1), (second, 0)]:
        assert client.task is not None
        client.task.cancel()
        await world.settle()
        assert feed_tasks() == tasks
    again = world.subscribe(text)
    await world.settle()
    world.feed.insert(1)
    await world.settle()
    assert feed_tasks() == 1
    assert again.payloads


async def test_nothing_is_delivered_while_the_feed_is_silent(world: GroupWorld) -> None:
    client = world.subscribe(FEED)
    await world.settle()
    world.feed.fresh.clear()
    world.feed.insert(1)
    waiting = world.subscribe(STATE)
    await world.settle()
    assert client.results == waiting.results == []
    world.feed.fresh.set()
    await world.settle()
    assert (numbers(client), counts(waiting)) == ([1], [0])


async def test_a_state_is_delivered_at_once_and_to_who_joins_later(world: GroupWorld) -> None:
    first = world.subscribe(STATE)
    await world.settle()
    second = world.subscribe(STATE)
    await world.settle()
    assert counts(first) == counts(second) == [0]
    assert feed_tasks() == 1


async def test_a_state_is_delivered_again_only_where_it_changed(world: GroupWorld) -> None:
    client = world.subscribe(STATE)
    await world.settle()
    for number, count in [(1, 1), (2, 1), (3, 2)]:
        world.app_state.event_count = count
        world.feed.insert(number)
        await asyncio.sleep(0.03)
    assert counts(client) == [0, 1, 2]


FULL, READ_ONLY = make_viewer(), make_viewer("READ_ONLY_ADMINISTRATOR", "adm_2")
ASSIGNED, OTHER_ASSIGNED = make_viewer("ADMINISTRATOR"), make_viewer("ADMINISTRATOR", "adm_2")


def make_key(text: str, variables: dict[str, Any], viewer: Viewer = FULL) -> GroupKey:
    operation = prepare(text)
    return group_key(viewer, operation, variables, prepare_subscription(SCHEMA, operation, variables, viewer))


@pytest.mark.parametrize(
    ("one", "other", "is_shared"),
    [
        (FULL, make_viewer(id_="adm_2"), True),
        (FULL, READ_ONLY, False),
        (FULL, make_viewer(partner_id="other"), False),
        (ASSIGNED, ASSIGNED, True),
        (ASSIGNED, OTHER_ASSIGNED, False),
    ],
)
def test_viewers_share_a_group_where_they_may_see_the_same(one: Viewer, other: Viewer, is_shared: bool) -> None:
    keys = [make_key(FEED, {"least": 1}, viewer) for viewer in (one, other)]
    assert (keys[0] == keys[1]) is is_shared


@pytest.mark.parametrize("text", [PERSONAL, "subscription { ...F } fragment F on Subscription { numbered { mine } }"])
def test_viewers_share_no_group_where_a_selected_field_depends_on_the_viewer(text: str) -> None:
    assert make_key(text, {}, FULL) != make_key(text, {}, make_viewer(id_="adm_2"))
    assert make_key(text, {}, FULL) == make_key(text, {}, FULL)


async def test_each_viewer_receives_their_own_value_of_a_field_that_depends_on_the_viewer(world: GroupWorld) -> None:
    viewers = [FULL, make_viewer(id_="adm_2"), FULL]
    early = [world.subscribe(PERSONAL, viewer=viewer) for viewer in viewers]
    await world.settle()
    world.feed.insert(1)
    await world.settle()
    late = [world.subscribe(PERSONAL, viewer=viewer, position=Position(0)) for viewer in viewers]
    await world.settle()
    for clients in (early, late):
        payloads = [json.loads(client.payloads[0])["data"]["numbered"]["mine"] for client in clients]
        assert payloads == ["adm_1", "adm_2", "adm_1"]
    assert feed_tasks() == 2


@pytest.mark.parametrize(
    ("one", "other", "is_shared"),
    [
        ({"least": 1}, {"least": 1}, True),
        ({"least": 1}, {"least": 2}, False),
        ({"least": 1, "after": "acme:1"}, {"after": "acme:2", "least": 1}, True),
        ({"least": 1}, {}, False),
    ],
)
def test_variables_separate_groups_unless_they_are_the_cursor(
    one: dict[str, object], other: dict[str, object], is_shared: bool
) -> None:
    keys = [make_key(FEED, variables) for variables in (one, other)]
    assert (keys[0] == keys[1]) is is_shared


def test_operations_separate_groups() -> None:
    texts = (FEED, FEED.replace("{ number }", "{ number cursor }"), FEED.replace("subscription", "subscription Named"))
    assert len({make_key(text, {}) for text in texts}) == 3
