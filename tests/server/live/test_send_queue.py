"""The send queue: order, limits, and the check of access when a message is sent."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from domain.cursors.feed import Position
from server.live import send_queue as send_queue_module
from server.live.access import AdministratorAccess
from server.live.feed_execution import FeedResult
from server.live.metrics import FeedMetrics
from server.live.protocol import CloseCode, ProtocolError
from server.live.send_queue import MAX_BYTES, MAX_MESSAGES, SendQueue
from store.database.clock import utc_now
from store.feed.events import REVOKED, AccessGrant


class Recorder:
    """A writer that takes a limited number of messages."""

    def __init__(self, room: int = 10**6) -> None:
        self.sent: list[str] = []
        self._room = room
        self._changed = asyncio.Event()
        self.is_there = True
        self.is_sent = asyncio.Event()
        self.is_sent.set()

    def write(self, text: bytes) -> bool:
        if not self._room or not self.is_there:
            return False
        self._room -= 1
        self.sent.append(text.decode())
        return True

    async def wait_until_writable(self) -> bool:
        while self.is_there and not self._room:
            self._changed.clear()
            await self._changed.wait()
        return self.is_there

    async def wait_until_sent(self) -> None:
        await self.is_sent.wait()

    def abort(self) -> None:
        self.vanish()

    def make_room(self, room: int = 10**6) -> None:
        self._room = room
        self._changed.set()

    def vanish(self) -> None:
        self.is_there = False
        self._changed.set()


@dataclass
class Client:
    """A send queue with its writer, metrics and access."""

    writer: Recorder = field(default_factory=Recorder)
    metrics: FeedMetrics = field(default_factory=FeedMetrics)
    errors: list[ProtocolError] = field(default_factory=list)
    access: AdministratorAccess = field(default_factory=AdministratorAccess)
    is_fresh: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.is_fresh.set()
        self.send_queue = SendQueue(self.writer, self._wait_until_fresh, self.metrics, self.errors.append)
        self.send_queue.access = self.access

    async def _wait_until_fresh(self) -> None:
        await self.is_fresh.wait()


class Operation:
    is_active = True


@pytest.fixture
async def full() -> AsyncIterator[Client]:
    """A client that takes no messages yet."""
    client = Client(Recorder(room=0))
    yield client
    client.send_queue.close()


def about(customer: str, time: int, seconds: float | None = None) -> FeedResult:
    until = None if seconds is None else utc_now() + timedelta(seconds=seconds)
    return FeedResult(b"", Position(time), None, AccessGrant(customer, until))


async def test_sends_at_once_while_the_client_keeps_up() -> None:
    client = Client()
    for number in range(20):
        client.send_queue.put(b"%d" % number, result=FeedResult(b""))
    assert client.writer.sent == [str(number) for number in range(20)]
    assert client.metrics == FeedMetrics(delivered=20)


async def test_keeps_the_order_while_the_client_does_not_keep_up(full: Client) -> None:
    for number in range(20):
        full.send_queue.put(b"%d" % number, result=FeedResult(b""))
    assert full.metrics.queued == 20
    full.writer.make_room(7)
    await asyncio.sleep(0)
    full.send_queue.put(b"20", result=FeedResult(b""))
    full.writer.make_room()
    await asyncio.wait_for(full.send_queue.wait_until_sent(), 5)
    assert full.writer.sent == [str(number) for number in range(21)]
    assert full.metrics == FeedMetrics(delivered=21)
    full.send_queue.put(b"and so on")
    assert full.writer.sent[-1] == "and so on"


async def test_messages_of_no_operation_are_sent_first() -> None:
    client = Client()
    client.is_fresh.clear()
    client.writer.make_room(0)
    client.send_queue.put(b"a change", result=FeedResult(b""))
    client.writer.make_room()
    client.send_queue.put_first(b"a pong")
    assert client.writer.sent == ["a pong"]
    client.is_fresh.set()
    await asyncio.wait_for(client.send_queue.wait_until_sent(), 5)
    assert client.writer.sent == ["a pong", "a change"]


async def test_queued_results_wait_until_the_feed_is_fresh(full: Client) -> None:
    full.is_fresh.clear()
    full.send_queue.put(b"a change", result=about("cus_1", 5))
    full.writer.make_room()
    for _ in range(5):
        await asyncio.sleep(0)
    assert full.writer.sent == []
    # What it hears first takes the customer away.
    full.access.record_change(Position(6), "cus_1", REVOKED)
    full.is_fresh.set()
    await asyncio.wait_for(full.send_queue.wait_until_sent(), 5)
    assert full.writer.sent == []
    assert full.metrics == FeedMetrics(dropped=1)


async def test_drops_results_whose_grant_has_ended_when_they_are_sent(full: Client) -> None:
    full.send_queue.put(b"expired", result=about("cus_1", 5, seconds=0))
    full.send_queue.put(b"lasting", result=about("cus_1", 5, seconds=3600))
    full.send_queue.put(b"taken away", result=about("cus_2", 5))
    full.send_queue.put(b"shortened", result=about("cus_3", 5, seconds=3600))
    full.send_queue.put(b"prolonged", result=about("cus_4", 5, seconds=0))
    full.send_queue.put(b"given back", result=about("cus_5", 8))
    full.send_queue.put(b"not of one customer", result=FeedResult(b"", Position(5)))
    full.access.record_change(Position(6), "cus_2", REVOKED)
    full.access.record_change(Position(6), "cus_3", utc_now())
    full.access.record_change(Position(6), "cus_4", None)
    full.access.record_change(Position(6), "cus_5", REVOKED)
    full.writer.make_room()
    await asyncio.wait_for(full.send_queue.wait_until_sent(), 5)
    assert full.writer.sent == ["lasting", "prolonged", "given back", "not of one customer"]
    full.send_queue.put(b"late", result=about("cus_2", 5))
    assert full.metrics == FeedMetrics(delivered=4, dropped=4)


async def test_drops_messages_of_completed_operations(full: Client) -> None:
    operation = Operation()
    full.send_queue.put(b"ended", sender=operation)
    full.send_queue.put(b"other", sender=Operation())
    operation.is_active = False
    full.writer.make_room()
    await asyncio.wait_for(full.send_queue.wait_until_sent(), 5)
    assert full.writer.sent == ["other"]


@pytest.mark.parametrize(
    ("sizes", "is_closed"),
    [
        ([1] * MAX_MESSAGES, False),
        ([1] * (MAX_MESSAGES + 1), True),
        ([MAX_BYTES], False),
        ([MAX_BYTES + 1], True),
        ([MAX_BYTES, 1], True),
        ([MAX_BYTES // 4] * 4, False),
        ([MAX_BYTES // 4] * 5, True),
    ],
)
async def test_more_messages_or_bytes_than_the_limits_close_with_4503(
    full: Client, sizes: list[int], is_closed: bool
) -> None:
    for size in sizes:
        full.send_queue.put(b"x" * size)
    assert [error.code for error in full.errors] == ([CloseCode.TOO_SLOW] if is_closed else [])
    assert full.metrics.queued == (0 if is_closed else len(sizes))
    assert full.metrics.dropped == (len(sizes) if is_closed else 0)


async def test_pongs_count_towards_the_limits(full: Client) -> None:
    for _ in range(MAX_MESSAGES):
        full.send_queue.put_first(b"pong")
    assert not full.errors
    full.send_queue.put_first(b"pong")
    assert [error.code for error in full.errors] == [CloseCode.TOO_SLOW]


async def test_sent_messages_no_longer_count_towards_the_limits(full: Client) -> None:
    half = b"x" * (MAX_BYTES // 2)
    for _ in range(5):
        full.send_queue.put(half)
        full.send_queue.put(half)
        full.writer.make_room(2)
        await asyncio.wait_for(full.send_queue.wait_until_sent(), 5)
    assert len(full.writer.sent) == 10
    assert not full.errors


async def test_dropped_messages_no_longer_count_towards_the_limits(full: Client) -> None:
    operation = Operation()
    full.send_queue.put(b"x" * (MAX_BYTES - 1), sender=operation)
    operation.is_active = False
    full.writer.make_room(0)
    await asyncio.sleep(0)
    full.writer.make_room()
    await asyncio.wait_for(full.send_queue.wait_until_sent(), 5)
    full.writer.make_room(0)
    full.send_queue.put(b"x" * MAX_BYTES)
    assert not full.errors


async def test_without_an_authenticated_viewer_no_result_with_a_grant_is_sent() -> None:
    client = Client()
    client.send_queue.access = None
    client.send_queue.put(b"of a customer", result=about("cus_1", 5))
    client.send_queue.put(b"of no customer", result=FeedResult(b"", Position(5)))
    assert client.writer.sent == ["of no customer"]


async def test_a_client_that_stalls_is_closed_with_4503(full: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_queue_module, "STALL_TIMEOUT_SECONDS", 0.05)
    full.send_queue.put(b"x")
    await asyncio.wait_for(full.send_queue.wait_until_sent(), 5)
    assert [error.code for error in full.errors] == [CloseCode.TOO_SLOW]


async def test_the_queue_of_a_disconnected_client_is_discarded(full: Client) -> None:
    full.send_queue.put(b"x")
    await asyncio.sleep(0)
    full.writer.vanish()
    await asyncio.wait_for(full.send_queue.wait_until_sent(), 5)
    assert full.metrics == FeedMetrics(dropped=1)
    assert not full.errors


async def test_a_closed_queue_sends_nothing(full: Client) -> None:
    full.send_queue.put(b"queued")
    full.send_queue.close()
    full.writer.make_room()
    full.send_queue.put(b"later")
    full.send_queue.put_first(b"later")
    assert full.writer.sent == []
    assert full.metrics.queued == 0


class LateWriter(Recorder):
    """Takes one queued message and is then full; `late` runs before the callbacks of the task that wrote it."""

    def __init__(self, late: Callable[[], None]) -> None:
        super().__init__(room=0)
        self._late = late

    def write(self, text: bytes) -> bool:
        is_taken = super().write(text)
        if is_taken and text == b"last":
            self.make_room(0)
            asyncio.get_running_loop().call_soon(self._late)
        return is_taken


async def test_a_message_put_as_the_queue_ends_is_sent_without_another_one() -> None:
    client = Client(LateWriter(lambda: client.send_queue.put(b"late")))
    client.send_queue.put(b"last")
    client.writer.make_room(1)
    for _ in range(5):
        await asyncio.sleep(0)
    assert client.metrics.queued == 1
    client.writer.make_room()
    for _ in range(5):
        await asyncio.sleep(0)
    assert client.writer.sent == ["last", "late"]


async def test_waits_until_the_writer_has_sent_its_last_message() -> None:
    client = Client()
    client.writer.is_sent.clear()
    client.send_queue.put(b"x")
    waiting = asyncio.create_task(client.send_queue.wait_until_sent())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    client.writer.is_sent.set()
    await asyncio.wait_for(waiting, 5)


async def test_a_writer_that_stalls_on_its_last_message_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_queue_module, "STALL_TIMEOUT_SECONDS", 0.05)
    client = Client()
    client.writer.is_sent.clear()
    client.send_queue.put(b"x")
    await asyncio.wait_for(client.send_queue.wait_until_sent(), 5)
    assert [error.code for error in client.errors] == [CloseCode.TOO_SLOW]
