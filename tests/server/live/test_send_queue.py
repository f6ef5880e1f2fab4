"""What goes to one client: at once or bounded, in order, and looked at as it leaves."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from domain.cursors.feed import Position
from server.live import send_queue as outboxes
from server.live.access import Access
from server.live.feed_execution import Answer
from server.live.metrics import FeedFigures
from server.live.protocol import CloseCode, ProtocolError
from server.live.send_queue import MAX_BYTES, MAX_MESSAGES, Outbox
from store.database.clock import utc_now
from store.feed.events import LOST, Hold


class Recorder:
    """A wire that takes as many messages as it has room for."""

    def __init__(self, room: int = 10**6) -> None:
        self.sent: list[str] = []
        self._room = room
        self._changed = asyncio.Event()
        self.is_there = True

    def write(self, text: bytes) -> bool:
        if not self._room or not self.is_there:
            return False
        self._room -= 1
        self.sent.append(text.decode())
        return True

    async def drained(self) -> bool:
        while self.is_there and not self._room:
            self._changed.clear()
            await self._changed.wait()
        return self.is_there

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
    """An outbox and all that stands around it."""

    wire: Recorder = field(default_factory=Recorder)
    figures: FeedFigures = field(default_factory=FeedFigures)
    errors: list[ProtocolError] = field(default_factory=list)
    access: Access = field(default_factory=Access)
    is_heard: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.is_heard.set()
        self.outbox = Outbox(self.wire, self._heard, self.figures, self.errors.append)
        self.outbox.access = self.access

    async def _heard(self) -> None:
        await self.is_heard.wait()


class Operation:
    is_wanted = True


@pytest.fixture
async def full() -> AsyncIterator[Client]:
    """A client that takes nothing for now."""
    client = Client(Recorder(room=0))
    yield client
    client.outbox.shut()


def about(customer: str, time: int, seconds: float | None = None) -> Answer:
    until = None if seconds is None else utc_now() + timedelta(seconds=seconds)
    return Answer(b"", Position(time), None, Hold(customer, until))


async def test_sends_at_once_where_the_client_keeps_up() -> None:
    client = Client()
    for number in range(20):
        client.outbox.put(b"%d" % number, answer=Answer(b""))
    assert client.wire.sent == [str(number) for number in range(20)]
    assert client.figures == FeedFigures(delivered=20)


async def test_keeps_the_order_where_it_does_not(full: Client) -> None:
    for number in range(20):
        full.outbox.put(b"%d" % number, answer=Answer(b""))
    assert full.figures.queued == 20
    full.wire.make_room(7)
    await asyncio.sleep(0)
    full.outbox.put(b"20", answer=Answer(b""))
    full.wire.make_room()
    await asyncio.wait_for(full.outbox.flushed(), 5)
    assert full.wire.sent == [str(number) for number in range(21)]
    assert full.figures == FeedFigures(delivered=21)
    full.outbox.put(b"and so on")
    assert full.wire.sent[-1] == "and so on"


async def test_what_belongs_to_no_operation_goes_first() -> None:
    client = Client()
    client.is_heard.clear()
    client.wire.make_room(0)
    client.outbox.put(b"a change", answer=Answer(b""))
    client.wire.make_room()
    client.outbox.put_first(b"a pong")
    assert client.wire.sent == ["a pong"]
    client.is_heard.set()
    await asyncio.wait_for(client.outbox.flushed(), 5)
    assert client.wire.sent == ["a pong", "a change"]


async def test_what_was_queued_waits_while_the_feed_is_silent(full: Client) -> None:
    full.is_heard.clear()
    full.outbox.put(b"a change", answer=about("cus_1", 5))
    full.wire.make_room()
    for _ in range(5):
        await asyncio.sleep(0)
    assert full.wire.sent == []
    # What it hears first takes the customer away.
    full.access.turn(Position(6), "cus_1", LOST)
    full.is_heard.set()
    await asyncio.wait_for(full.outbox.flushed(), 5)
    assert full.wire.sent == []
    assert full.figures == FeedFigures(dropped=1)


async def test_drops_what_is_no_longer_held_when_it_leaves(full: Client) -> None:
    full.outbox.put(b"expired", answer=about("cus_1", 5, seconds=0))
    full.outbox.put(b"lasting", answer=about("cus_1", 5, seconds=3600))
    full.outbox.put(b"taken away", answer=about("cus_2", 5))
    full.outbox.put(b"shortened", answer=about("cus_3", 5, seconds=3600))
    full.outbox.put(b"prolonged", answer=about("cus_4", 5, seconds=0))
    full.outbox.put(b"given back", answer=about("cus_5", 8))
    full.outbox.put(b"not of one customer", answer=Answer(b"", Position(5)))
    full.access.turn(Position(6), "cus_2", LOST)
    full.access.turn(Position(6), "cus_3", utc_now())
    full.access.turn(Position(6), "cus_4", None)
    full.access.turn(Position(6), "cus_5", LOST)
    full.wire.make_room()
    await asyncio.wait_for(full.outbox.flushed(), 5)
    assert full.wire.sent == ["lasting", "prolonged", "given back", "not of one customer"]
    full.outbox.put(b"late", answer=about("cus_2", 5))
    assert full.figures == FeedFigures(delivered=4, dropped=4)


async def test_drops_what_nobody_wants_any_more(full: Client) -> None:
    operation = Operation()
    full.outbox.put(b"ended", sender=operation)
    full.outbox.put(b"other", sender=Operation())
    operation.is_wanted = False
    full.wire.make_room()
    await asyncio.wait_for(full.outbox.flushed(), 5)
    assert full.wire.sent == ["other"]


async def test_one_message_or_one_byte_too_many_closes_4503(full: Client) -> None:
    for _ in range(MAX_MESSAGES):
        full.outbox.put(b"x")
    assert not full.errors
    full.outbox.put(b"x")
    large = Client(Recorder(room=0))
    large.outbox.put(b"x" * MAX_BYTES)
    assert not large.errors
    large.outbox.put(b"x")
    for client in (full, large):
        assert [error.code for error in client.errors] == [CloseCode.TOO_SLOW]
        assert client.figures.queued == 0
        client.outbox.shut()


async def test_one_who_takes_nothing_for_long_is_closed_4503(full: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outboxes, "STALLED_SECONDS", 0.05)
    full.outbox.put(b"x")
    await asyncio.wait_for(full.outbox.flushed(), 5)
    assert [error.code for error in full.errors] == [CloseCode.TOO_SLOW]


async def test_what_waits_for_one_who_is_gone_is_forgotten(full: Client) -> None:
    full.outbox.put(b"x")
    await asyncio.sleep(0)
    full.wire.vanish()
    await asyncio.wait_for(full.outbox.flushed(), 5)
    assert full.figures == FeedFigures(dropped=1)
    assert not full.errors


async def test_nothing_leaves_once_it_is_shut(full: Client) -> None:
    full.outbox.put(b"queued")
    full.outbox.shut()
    full.wire.make_room()
    full.outbox.put(b"later")
    full.outbox.put_first(b"later")
    assert full.wire.sent == []
    assert full.figures.queued == 0
