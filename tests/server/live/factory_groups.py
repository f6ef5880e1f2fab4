"""A feed in memory, with groups over it: no database, no sockets."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from strawberry.dataloader import DataLoader

from domain.cursors.feed import Position
from domain.failures import InvalidCursor
from domain.types import PartnerRole
from resolvers.context import Viewer
from server.graphql.operation import Operation
from server.graphql.operations import Operations
from server.live.feed_execution import FeedResult
from server.live.feed_groups import FeedGroups
from server.live.metrics import FeedMetrics
from server.live.request_priority import RequestPriority
from store.database.clock import utc_now
from store.feed.events import EventFacts, FeedEvent
from store.feed.oplog import EventSegment
from store.feed.ring import RingBuffer
from tests.server.live.socket_server import SCHEMA

OPERATIONS = Operations(SCHEMA)
VISIBLE_TO_ALL = EventFacts(frozenset({"*"}), (), {})


def make_viewer(role: str = "FULL_ADMINISTRATOR", id_: str = "adm_1", partner_id: str = "acme") -> Viewer:
    administrator: Any = SimpleNamespace(id=id_, role=PartnerRole(role))
    return Viewer(administrator, partner_id, utc_now() + timedelta(minutes=1))


def make_event(number: int, partner_id: str = "acme", customer_id: str | None = "cus_1") -> FeedEvent:
    document = {"partner_id": partner_id, "kind": "STATUS_CHANGED", "number": number, "customer_id": customer_id}
    return FeedEvent(Position(number, "82"), document, None, VISIBLE_TO_ALL)


def prepare(text: str) -> Operation:
    return OPERATIONS.prepare(text, None)


@dataclass
class FakeCustomers:
    """The customers of a partner, and the sizes of the batches in which they are looked up."""

    hidden: set[str] = field(default_factory=set)
    batches: list[int] = field(default_factory=list)

    async def load(self, ids: list[str]) -> list[Any]:
        self.batches.append(len(ids))
        return [None if id_ in self.hidden else SimpleNamespace(id=id_) for id_ in ids]


class MemoryFeed:
    """The feed as groups use it, over a ring alone; a cursor is the text of a number."""

    def __init__(self) -> None:
        self.ring = RingBuffer(1000)
        self.fresh = asyncio.Event()
        self.fresh.set()
        self._arrived = asyncio.Event()

    def insert(self, *numbers: int, partner_id: str = "acme") -> None:
        for number in numbers:
            self.ring.append(make_event(number, partner_id))
        arrived, self._arrived = self._arrived, asyncio.Event()
        arrived.set()

    @property
    def position(self) -> Position:
        return self.ring.reached

    def cursor(self, partner_id: str, position: Position) -> str:
        return f"{partner_id}:{position.time}"

    def read_cursor(self, partner_id: str, cursor: str) -> Position:
        owner, _, number = cursor.partition(":")
        if owner != partner_id:
            raise InvalidCursor
        return Position(int(number), "82")

    async def wait_until_fresh(self) -> None:
        await self.fresh.wait()

    def covers(self, partner_id: str, position: Position) -> bool:
        return self.ring.covers(partner_id, position)

    def is_at_end(self, partner_id: str, position: Position) -> bool:
        return not self.ring.events_after(partner_id, position, 1)

    async def follow(
        self, partner_id: str, position: Position, *, only_to_now: bool = False
    ) -> AsyncGenerator[EventSegment, None]:
        while True:
            arrived = self._arrived
            events = self.ring.events_after(partner_id, position, 200)
            position = events[-1].position if events else max(position, self.ring.reached)
            if events or only_to_now:
                yield EventSegment(events, position)
            if not events and only_to_now:
                return
            if not events:
                await arrived.wait()


class FakeAppState:
    """What groups need of a process."""

    def __init__(self) -> None:
        self.schema, self.operations, self.request_priority = SCHEMA, OPERATIONS, RequestPriority()
        self.feed: Any = MemoryFeed()
        self.customers = FakeCustomers()
        self.event_count = 0

    def context(self, viewer: Viewer) -> Any:
        async def count(_: object) -> int:
            return self.event_count

        scope = SimpleNamespace(
            partner_id=viewer.partner_id,
            now=utc_now(),
            match=dict,
            collection=lambda _: SimpleNamespace(count=count),
        )
        loaders = SimpleNamespace(customers=DataLoader(self.customers.load))
        far = utc_now() + timedelta(days=1)
        return SimpleNamespace(viewer=viewer, scope=scope, feed=self.feed, loaders=loaders, valid_until=far)


@dataclass
class Client:
    """One subscription, and the results that it received."""

    results: list[FeedResult] = field(default_factory=list)
    task: "asyncio.Task[Any] | None" = None

    @property
    def payloads(self) -> list[bytes]:
        return [result.payload for result in self.results]


class GroupWorld:
    """Groups over a feed in memory."""

    def __init__(self) -> None:
        self.app_state, self.metrics = FakeAppState(), FeedMetrics()
        self.groups = FeedGroups(self.app_state, self.metrics)
        self.feed: MemoryFeed = self.app_state.feed
        self.clients: list[Client] = []

    def subscribe(
        self,
        text: str,
        variables: Mapping[str, Any] | None = None,
        *,
        viewer: Viewer | None = None,
        position: Position | None = None,
        last_cursor: str | None = None,
    ) -> Client:
        client = Client()
        client.task = asyncio.create_task(
            self.groups.serve(
                viewer or make_viewer(),
                prepare(text),
                variables or {},
                self.feed.position if position is None else position,
                client.results.extend,
                last_cursor,
            )
        )
        self.clients.append(client)
        return client

    async def settle(self) -> None:
        """Let every task run until all of them wait."""
        for _ in range(30):
            await asyncio.sleep(0)


@asynccontextmanager
async def group_world() -> AsyncIterator[GroupWorld]:
    world = GroupWorld()
    try:
        yield world
    finally:
        tasks = [client.task for client in world.clients if client.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await world.settle()
