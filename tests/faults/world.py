"""A partner on a replica set of three, real server processes, and what every test of a fault needs of them."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx

from tests.app_state import PARTNER, Hub, Server
from tests.faults.figures import Figures
from tests.faults.subscribers import ACTIVITY, Subscriber, until
from tests.faults.truth import Event, account, happened
from tests.faults.writers import Writers

CUSTOMERS = 240
_ACCEPT = 'mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { code } } }'
_TAG = "mutation($n: String!) { createTag(input: {name: $n}) { tag { id } } }"


@dataclass
class World:
    """One database with a partner of `CUSTOMERS` customers; `addresses` are those of the servers that are up."""

    uri: str
    database: str
    hub: Hub
    token: str
    customers: Sequence[str]
    server: Server
    addresses: list[str] = field(default_factory=list)

    def cursor(self) -> str:
        """Where the feed stands."""
        cursor: str = self.hub.query("{ feedCursor }")["data"]["feedCursor"]
        return cursor

    def writers(self) -> Writers:
        """A load on the servers that are up, with a tag that no customer has yet."""
        tag = self.hub.query(_TAG, n=uuid4().hex)["data"]["createTag"]["tag"]["id"]
        return Writers(self.addresses, self.token, self.customers, tag)

    async def subscribers(self, count: int, cursor: str, query: str = ACTIVITY) -> list[Subscriber]:
        """So many, all live, and all behind the cursor."""
        made = [Subscriber(self.addresses, self.token, cursor, query) for _ in range(count)]
        for one in made:
            one.start()
        await until(lambda: all(one.is_live.is_set() for one in made), 60)
        return made

    async def happened(self, cursor: str) -> list[tuple[str, Event]]:
        """Every event behind the cursor, by its token."""
        return await asyncio.to_thread(happened, self.uri, self.database, cursor, PARTNER)


@dataclass
class Watch:
    """Subscribers and writers around a fault; `check` compares all of them with what really happened."""

    world: World
    cursor: str
    subscribers: list[Subscriber]
    writers: Writers

    async def check(self, fault: str, figures: Figures, seconds: float = 60) -> None:
        """Waits until everybody has heard everything, and tells what was lost, repeated and reordered."""
        events = await self.world.happened(self.cursor)
        tokens = [token for token, _ in events]
        try:
            await until(lambda: all(tokens[-1] in one.heard[-1:] for one in self.subscribers), seconds)
        finally:
            accounts = [account(one.heard, tokens) for one in self.subscribers]
            lost, doubled = self.writers.lost_and_doubled([event for _, event in events])
            figures.tell(fault, "mutations acknowledged", self.writers.count)
            figures.tell(fault, "acknowledged writes lost", lost, 0)
            figures.tell(fault, "effects doubled", doubled, 0)
            figures.tell(fault, "events delivered", sum(len(one.heard) for one in self.subscribers))
            figures.tell(fault, "events lost", sum(one.lost for one in accounts), 0)
            figures.tell(fault, "events repeated", sum(one.repeated for one in accounts), 0)
            figures.tell(fault, "events reordered", sum(one.reordered for one in accounts), 0)

    async def leave(self) -> None:
        """Ends the subscribers; none of them was ever refused."""
        for one in self.subscribers:
            await one.stop()
        assert not [code for one in self.subscribers for code in one.refusals]

    def longest_gap(self, begun: float, ended: float) -> float:
        """The longest silence that any subscriber had."""
        return max(one.longest_gap(begun, ended) for one in self.subscribers)


@asynccontextmanager
async def watched(world: World, subscribers: int, per_second: float, writers: int) -> AsyncIterator[Watch]:
    """Subscribers that listen, writers that write; at the end of the block the writers have stopped."""
    load = await asyncio.to_thread(world.writers)
    cursor = await asyncio.to_thread(world.cursor)
    watch = Watch(world, cursor, await world.subscribers(subscribers, cursor), load)
    writing = asyncio.create_task(load.run(per_second, writers))
    try:
        await until(lambda: load.count >= writers or writing.done(), 60)
        yield watch
    finally:
        load.stop()
        await asyncio.wait_for(writing, 90)


@contextmanager
def running_world(uri: str, **settings: str) -> Iterator[World]:
    """The partner, made through a first server, which stays."""
    database = f"test_{uuid4().hex[:16]}"
    hub = Hub(uri, database, **settings)
    hub.make_partner()
    with hub.serving() as server:
        lines = [
            {"externalId": f"C-{n}", "name": f"Kunde {n}", "managedBy": "PARTNER_ORGANIZATION"}
            for n in range(CUSTOMERS)
        ]
        hub.import_lines("customers", lines)
        hub.query(_ACCEPT)
        listed = hub.query("{ a: customers(first: 200) { nodes { id } pageInfo { endCursor } } }")["data"]["a"]
        rest = hub.query(
            "query($c: String) { customers(first: 200, after: $c) { nodes { id } } }", c=listed["pageInfo"]["endCursor"]
        )["data"]["customers"]
        customers = [row["id"] for row in (*listed["nodes"], *rest["nodes"])]
        yield World(uri, database, hub, hub.token(), customers, server, [server.url])


def memory_of(server: Server) -> float:
    """The server's own memory in MB."""
    text = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text()
    private = sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private"))
    return private / 1024


async def feed_gauge(server: Server, name: str) -> float:
    """One of the figures of the server's feeds."""
    async with httpx.AsyncClient() as http:
        text = (await http.get(f"{server.url}/metrics")).text
    found = re.search(rf"^partnerhub_feed_{name} (\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1])


def descriptors_of(server: Server) -> int:
    """How many files and sockets the server holds."""
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))
