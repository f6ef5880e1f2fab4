"""The websocket: rules of the protocol, shared feeds, resuming, and clients that do not keep up."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
import websockets
from structlog.testing import capture_logs

from domain.rate_limits import RateLimited
from resolvers.context import Viewer
from server.limits.rate_limiter import Charge, RateLimiter
from server.live.protocol import SUBPROTOCOL
from server.live.socket_transport import FIRST_MESSAGE_BYTES, SocketTransport
from store.database.clock import utc_now
from store.database.scope import administrator_key
from tests.server.live.malformed import MALFORMED_MESSAGES
from tests.server.live.socket_server import COUNTS, MAX_OPERATIONS, SocketServer, running_world
from tests.store.feed.factory_feeds import Events

FEED = "subscription($after: String, $least: Int) { numbered(after: $after, least: $least) { number cursor } }"
LARGE = "subscription { numbered { number padding } }"
ADMINISTRATOR = "adm_admi00000000000000000000"


async def test_answers_queries_and_errors_without_closing(world: SocketServer) -> None:
    async with world.socket() as socket:
        await socket.initialise()
        await socket.subscribe("1", "query($n: Int!) { double(number: $n) }", n=21)
        assert await socket.receive() == {"id": "1", "type": "next", "payload": {"data": {"double": 42}}}
        assert await socket.receive() == {"id": "1", "type": "complete"}
        for query, code in [
            ("{", "GRAPHQL_PARSE_FAILED"),
            ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
            ("query($n: Int!) { double(number: $n) }", "BAD_USER_INPUT"),
            ("\x00", "GRAPHQL_PARSE_FAILED"),
            ("", "GRAPHQL_PARSE_FAILED"),
            ("subscription($n: Int!) { numbered(least: $n) { number } }", "BAD_USER_INPUT"),
            ("subscription { numbered(least: -1) { number } }", "BAD_USER_INPUT"),
            ('subscription { numbered(after: "x") { number } }', "INVALID_CURSOR"),
        ]:
            await socket.subscribe("2", query)
            answer = await socket.receive()
            assert (answer["type"], answer["id"]) == ("error", "2"), answer
            assert answer["payload"][0]["extensions"]["code"] == code
        await socket.settle()


async def test_pongs(world: SocketServer) -> None:
    async with world.socket() as socket:
        await socket.send(type="ping", payload={"a": 1})
        assert await socket.receive() == {"type": "pong", "payload": {"a": 1}}
        await socket.send(type="pong")
        await socket.initialise()


async def test_closes_with_the_protocols_codes(world: SocketServer) -> None:
    async with world.socket() as socket:
        await socket.subscribe("1", "{ double(number: 1) }")
        assert (await socket.closed())[0] == 4401
    async with world.socket() as socket:
        await socket.send(type="connection_init", payload={"authorization": "Bearer nobody"})
        assert await socket.closed() == (4403, "This token is not valid.")
    async with world.socket() as socket:
        await socket.send(type="connection_init", payload={"token": "broken"})
        code, reason = await socket.closed()
        assert (code, "secret" in str(reason)) == (1013, False)
    async with world.socket() as socket:
        await socket.initialise()
        await socket.send(type="connection_init")
        assert (await socket.closed())[0] == 4429
    async with world.socket() as socket:
        await socket.initialise()
        await socket.subscribe("1", FEED)
        await socket.subscribe("1", FEED)
        assert await socket.closed() == (4409, "Subscriber for 1 already exists")
    async with world.socket(subprotocols=["graphql-ws"]) as socket:
        assert (await socket.closed())[0] == 4406


@pytest.mark.parametrize("payload", [None, {}, {"token": " "}, {"token": 7}, {"authorization": "Basic YTpi"}])
async def test_says_that_the_token_is_missing_and_where_it_belongs(world: SocketServer, payload: Any) -> None:
    async with world.socket() as socket:
        await socket.send(type="connection_init", **({} if payload is None else {"payload": payload}))
        code, reason = await socket.closed()
    assert code == 4403
    assert reason == 'The token is missing: connection_init must have the payload {"authorization": "Bearer TOKEN"}.'


async def test_an_id_may_be_reused_after_its_operation_ends(world: SocketServer, events: Events) -> None:
    async with world.socket() as socket:
        await socket.initialise()
        for number in range(3):
            await socket.subscribe("1", FEED)
            await socket.settle()
            await events.insert([number])
            assert await socket.numbers(1) == [number]
            await socket.send(type="complete", id="1")


async def test_closes_when_the_token_expires(world: SocketServer) -> None:
    async with world.socket() as socket:
        await socket.initialise("acme FULL_ADMINISTRATOR 0.3")
        await socket.subscribe("1", FEED)
        assert await socket.closed() == (4403, "token expired")


async def test_closes_a_socket_without_connection_init(world: SocketServer) -> None:
    world.app_state.init_timeout_seconds = 0.2
    async with world.socket() as socket:
        assert await socket.closed() == (4408, "connection_init did not come in time.")


async def test_refuses_too_many_operations_at_once(world: SocketServer) -> None:
    async with world.socket() as socket:
        await socket.initialise()
        for number in range(MAX_OPERATIONS):
            await socket.subscribe(str(number), FEED)
        await socket.subscribe("one too many", FEED)
        answer = await socket.receive()
        assert (answer["type"], answer["id"]) == ("error", "one too many")
        await socket.send(type="complete", id="0")
        await socket.settle()


async def test_refused_operations_are_charged_until_the_rate_limit_is_spent(world: SocketServer) -> None:
    refused: list[int] = []

    class Budget(RateLimiter):
        """Has room for the operations and three refusals."""

        async def charge(self, viewer: Viewer, cost: int) -> Charge:
            if cost == 200:
                refused.append(cost)
            if len(refused) > 3:
                raise RateLimited(cost, "administrator", 1.0, [])
            return await super().charge(viewer, cost)

    world.app_state.rate_limiter = Budget()
    async with world.socket() as socket:
        await socket.initialise()
        for number in range(MAX_OPERATIONS):
            await socket.subscribe(str(number), FEED)
        payload = {"query": FEED, "extensions": {"padding": "x" * 100_000}}
        for number in range(4):
            await socket.send(type="subscribe", id=f"many {number}", payload=payload)
        for number in range(3):
            assert (await socket.receive())["id"] == f"many {number}"
        code, reason = await socket.closed()
        assert code == 1013 and reason
    assert refused == [200] * 4


async def test_the_messages_of_a_sockets_operations_are_limited_together(world: SocketServer) -> None:
    padding = "#" * (900 * 1024)
    async with world.socket() as socket:
        await socket.initialise()
        for id_ in ("1", "2"):
            await socket.send(type="subscribe", id=id_, payload={"query": FEED, "extensions": {"padding": padding}})
        await socket.send(type="subscribe", id="3", payload={"query": FEED, "extensions": {"padding": padding}})
        answer = await socket.receive()
        assert (answer["type"], answer["id"]) == ("error", "3")
        assert "2,097,152 bytes" in answer["payload"][0]["message"]
        await socket.settle()


async def test_a_stopping_server_closes_with_1012(world: SocketServer) -> None:
    async with world.socket() as socket:
        await socket.initialise()
        await socket.subscribe("1", FEED)
        await socket.settle()
        world.server.should_exit = True
        assert (await socket.closed())[0] == 1012


async def test_refuses_pages_of_other_origins(world: SocketServer) -> None:
    own = world.address.replace("ws://", "http://").removesuffix("/graphql")
    for origin in (own, "https://friend.example"):
        async with world.socket(origin=origin) as socket:
            await socket.initialise()
    for origin in ("https://evil.example", "null", "http://[", own + "0"):
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with world.socket(origin=origin):
                pass
        assert refused.value.response.status_code == 403


def test_there_are_at_least_sixty_malformed_messages() -> None:
    assert len(set(MALFORMED_MESSAGES)) >= 60


@pytest.mark.parametrize("is_initialised", [False, True])
async def test_malformed_messages_close_their_own_socket_only(
    world: SocketServer, events: Events, caplog: pytest.LogCaptureFixture, is_initialised: bool
) -> None:
    with capture_logs() as logs:
        await send_malformed(world, events, is_initialised)
    assert not [entry for entry in logs if entry["log_level"] == "error"]
    assert not [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}]


async def send_malformed(world: SocketServer, events: Events, is_initialised: bool) -> None:
    async with world.socket() as bystander:
        await bystander.initialise()
        await bystander.subscribe("1", FEED)
        for malformed in MALFORMED_MESSAGES:
            async with world.socket() as socket:
                if is_initialised:
                    await socket.initialise()
                await socket.connection.send(malformed)
                code, reason = await socket.closed()
                is_too_long = len(malformed) > FIRST_MESSAGE_BYTES and not is_initialised
                assert (code, bool(reason)) == (1009 if is_too_long else 4400, True), malformed[:80]
        await events.insert([7])
        assert await bystander.numbers(1) == [7]


async def test_text_that_is_not_utf8_closes_its_own_socket_only(
    world: SocketServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with world.socket() as socket:
        await socket.connection.send(b'{"type":"ping\xff"}', text=True)
        assert (await socket.closed())[0] == 1007
    assert not caplog.records


async def test_equal_subscriptions_share_one_execution(world: SocketServer, events: Events) -> None:
    query = "subscription($after: String) { numbered(after: $after) { number executions } }"
    async with world.socket() as one, world.socket() as two:
        for socket in (one, two):
            await socket.initialise()
            await socket.subscribe("1", query)
            await socket.settle()
        before = COUNTS["executions"]
        await events.insert(range(3))
        assert await one.payloads(3) == await two.payloads(3)
        assert COUNTS["executions"] == before + 3


async def test_subscriptions_share_one_execution_for_each_language(world: SocketServer, events: Events) -> None:
    serbian = {"additional_headers": {"Accept-Language": "sr-RS, en;q=0.5"}}
    async with world.socket(**serbian) as first, world.socket(**serbian) as second, world.socket() as third:
        await first.initialise()
        await second.initialise(language="en")
        await third.initialise(language="sr-Latn")
        for socket in (first, second, third):
            await socket.subscribe("1", "subscription { numbered { language executions } }")
            await socket.settle()
        before = COUNTS["executions"]
        await events.insert(range(1))
        payloads = [(await socket.payloads(1))[0] for socket in (first, second, third)]
        assert [payload["language"] for payload in payloads] == ["sr-Latn", "en", "sr-Latn"]
        assert payloads[0] == payloads[2] and COUNTS["executions"] == before + 2


async def test_different_subscriptions_receive_different_results(world: SocketServer, events: Events) -> None:
    async with world.socket() as socket, world.socket() as foreign:
        await socket.initialise()
        await foreign.initialise("other FULL_ADMINISTRATOR")
        await foreign.subscribe("1", FEED)
        await foreign.settle()
        await socket.subscribe("all", FEED)
        await socket.subscribe("late", FEED, least=2)
        await socket.settle()
        await events.insert(range(3))
        messages = [await socket.receive() for _ in range(4)]
        numbers = [(message["id"], message["payload"]["data"]["numbered"]["number"]) for message in messages]
        assert [number for id_, number in numbers if id_ == "all"] == [0, 1, 2]
        assert [number for id_, number in numbers if id_ == "late"] == [2]
        await events.insert([9], "other")
        assert await foreign.numbers(1) == [9]


async def test_a_failing_field_is_masked_and_ends_nothing(world: SocketServer, events: Events) -> None:
    async with world.socket() as socket:
        await socket.initialise()
        await socket.subscribe("1", "subscription { numbered { number failing } }")
        await socket.settle()
        await events.insert([1, 2])
        for _ in range(2):
            answer = await socket.receive()
            assert answer["type"] == "next"
            assert answer["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL"
            assert "secret" not in json.dumps(answer)


@pytest.mark.parametrize("ring_size", [5, 10_000])
async def test_resumes_after_any_cursor_without_loss_or_repeat(
    mongo_uri: str, database_name: str, events: Events, ring_size: int
) -> None:
    async with running_world(mongo_uri, database_name, ring_size=ring_size) as world:
        async with world.socket() as socket:
            await socket.initialise()
            await socket.subscribe("1", FEED)
            await socket.settle()
            await events.insert_at_once(range(20))
            received = await socket.payloads(20)
        assert [payload["number"] for payload in received] == list(range(20))
        writing = asyncio.create_task(events.insert(range(20, 120)))
        resumers = [asyncio.create_task(_resumed(world, payload["cursor"], payload["number"])) for payload in received]
        for number, resumer in enumerate(resumers):
            assert await resumer == list(range(number + 1, 120))
        await writing


async def _resumed(world: SocketServer, cursor: str, number: int) -> list[int]:
    async with world.socket() as socket:
        await socket.initialise()
        await socket.subscribe("1", FEED, after=cursor)
        return await socket.numbers(119 - number)


async def test_refuses_cursors_of_other_partners(world: SocketServer) -> None:
    cursor = await world.app_state.feed.now_cursor("other")
    async with world.socket() as socket:
        await socket.initialise()
        await socket.subscribe("1", FEED, after=cursor)
        assert (await socket.receive())["payload"][0]["extensions"]["code"] == "INVALID_CURSOR"


async def test_an_assigned_administrator_receives_only_visible_customers(world: SocketServer, events: Events) -> None:
    mine = {"keys": ["*", administrator_key(ADMINISTRATOR)], "words": [], "access_until": {}}
    ended = {**mine, "access_until": {ADMINISTRATOR: utc_now() - timedelta(seconds=1)}}
    lasting = {**mine, "access_until": {ADMINISTRATOR: utc_now() + timedelta(hours=1)}}
    async with world.socket() as socket:
        await socket.initialise("acme ADMINISTRATOR")
        await socket.subscribe("1", FEED)
        await socket.settle()
        await events.insert([0])
        await events.insert([1], facts_after=ended)
        await events.insert([2], facts_after=None, facts_before=mine)
        await events.insert([3], facts_after=mine)
        await events.insert([4], facts_after=lasting)
        assert await socket.numbers(2) == [3, 4]


async def test_ends_when_the_administrators_access_changes(world: SocketServer, events: Events) -> None:
    for kind, changes in [
        ("ADMINISTRATOR_CHANGED", {"role": ["ADMINISTRATOR", "HELPDESK_ADMINISTRATOR"]}),
        ("ADMINISTRATOR_REMOVED", {"state": ["ACTIVE", "DEACTIVATED"]}),
    ]:
        async with world.socket() as socket, world.socket() as colleague:
            await socket.initialise("acme ADMINISTRATOR")
            await colleague.initialise()
            await colleague.subscribe("1", FEED)
            await colleague.settle()
            harmless = {"display_name": ["A", "B"], "state": ["INVITED", "ACTIVE"]}
            await events.insert([1], kind="ADMINISTRATOR_CHANGED", subject_id=ADMINISTRATOR, changes=harmless)
            assert await colleague.numbers(1) == [1]
            await socket.settle()
            await events.insert([2], kind=kind, subject_id=ADMINISTRATOR, changes=changes)
            assert await socket.closed() == (4403, "Your access has changed: connect again.")
            assert await colleague.numbers(1) == [2]


async def test_subscriptions_that_differ_only_in_their_filter_share_results(
    world: SocketServer, events: Events
) -> None:
    query = "subscription($least: Int) { numbered(least: $least) { number executions } }"
    async with world.socket() as socket:
        await socket.initialise()
        for least in range(3):
            await socket.subscribe(str(least), query, least=least)
        await socket.settle()
        before = COUNTS["executions"]
        await events.insert([5])
        assert await socket.payloads(3) == [{"number": 5, "executions": before + 1}] * 3


async def test_a_client_that_does_not_read_is_closed_and_others_are_not_affected(
    world: SocketServer, events: Events
) -> None:
    async with world.socket(max_queue=1) as slow, world.socket() as quick:
        await slow.initialise()
        await quick.initialise()
        await slow.subscribe("1", LARGE)
        await slow.settle()
        await quick.subscribe("1", FEED)
        await quick.settle()
        await events.insert_at_once(range(400))
        assert await quick.numbers(400) == list(range(400))
        await events.insert([400])
        assert await quick.numbers(1) == [400]
        assert await slow.closed() == (4503, "You do not keep up: resume from your cursor.")


async def test_a_socket_that_never_reads_again_is_aborted(world: SocketServer, events: Events) -> None:
    async with world.socket(max_queue=1, close_timeout=0.1) as slow:
        await slow.initialise()
        await slow.subscribe("1", LARGE)
        await slow.settle()
        slow.connection.transport.pause_reading()
        await events.insert_at_once(range(400))
        async with asyncio.timeout(12):
            while world.connections:
                await asyncio.sleep(0.05)


class ImpatientTransport(SocketTransport):
    ping_seconds = 0.2


async def test_a_client_that_answers_no_ping_is_aborted(mongo_uri: str, database_name: str) -> None:
    async with running_world(mongo_uri, database_name, transport=ImpatientTransport) as world:
        host, port = world.address.removeprefix("ws://").removesuffix("/graphql").split(":")
        async with world.socket() as living:
            await living.initialise()
            reader, writer = await asyncio.open_connection(host, int(port))
            upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
            key, kind = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", f"Sec-WebSocket-Protocol: {SUBPROTOCOL}"
            writer.write("\r\n".join(["GET /graphql HTTP/1.1", f"Host: {host}", *upgrade, key, kind, "\r\n"]).encode())
            assert b"101" in await reader.readline()
            assert world.connections == 2
            async with asyncio.timeout(5):
                while world.connections > 1:
                    await asyncio.sleep(0.01)
            writer.close()
            await living.settle()
