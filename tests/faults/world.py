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

from tests.faults.figures import Figures
from tests.faults.subscribers import ACTIVITY_SUBSCRIPTION, Subscriber, wait_until
from tests.faults.truth import Event, compare_delivery, read_events
from tests.faults.writers import Writers
from tests.server_process import PARTNER, ServerHarness, ServerProcess

CUSTOMERS = 240
_ACCEPT_TERMS = 'mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { code } } }'
_CREATE_TAG = "mutation($n: String!) { createTag(input: {name: $n}) { tag { id } } }"


@dataclass
class Deployment:
    """One database with a partner of `CUSTOMERS` customers; `addresses` are those of the servers that are up."""

    uri: str
    database: str
    harness: ServerHarness
    token: str
    customers: Sequence[str]
    server: ServerProcess
    addresses: list[str] = field(default_factory=list)

    def feed_cursor(self) -> str:
        """Where the feed stands."""
        cursor: str = self.harness.query("{ feedCursor }")["data"]["feedCursor"]
        return cursor

    def make_writers(self) -> Writers:
        """A load on the servers that are up, with a tag that no customer has yet."""
        tag = self.harness.query(_CREATE_TAG, n=uuid4().hex)["data"]["createTag"]["tag"]["id"]
        return Writers(self.addresses, self.token, self.customers, tag)

    async def start_subscribers(self, count: int, cursor: str, query: str = ACTIVITY_SUBSCRIPTION) -> list[Subscriber]:
        """So many, all live, and all behind the cursor."""
        made = [Subscriber(self.addresses, self.token, cursor, query) for _ in range(count)]
        for one in made:
            one.start()
        await wait_until(lambda: all(one.is_live.is_set() for one in made), 60)
        return made

    async def events_after(self, cursor: str) -> list[tuple[str, Event]]:
        """Every event behind the cursor, by its token."""
        return await asyncio.to_thread(read_events, self.uri, self.database, cursor, PARTNER)


@dataclass
class Workload:
    """Subscribers and writers around a fault; `check` compares all of them with what really happened."""

    deployment: Deployment
    cursor: str
    subscribers: list[Subscriber]
    writers: Writers

    async def check(self, fault: str, figures: Figures, seconds: float = 60) -> None:
        """Waits until everybody has heard everything, and tells what was lost, repeated and reordered."""
        events = await self.deployment.events_after(self.cursor)
        tokens = [token for token, _ in events]
        try:
            await wait_until(lambda: all(tokens[-1] in one.received_tokens[-1:] for one in self.subscribers), seconds)
        finally:
            accounts = [compare_delivery(one.received_tokens, tokens) for one in self.subscribers]
            lost, doubled = self.writers.count_lost_and_duplicated([event for _, event in events])
            figures.record(fault, "mutations acknowledged", self.writers.count)
            figures.record(fault, "acknowledged writes lost", lost, 0)
            figures.record(fault, "effects doubled", doubled, 0)
            figures.record(fault, "events delivered", sum(len(one.received_tokens) for one in self.subscribers))
            figures.record(fault, "events lost", sum(one.lost for one in accounts), 0)
            figures.record(fault, "events repeated", sum(one.repeated for one in accounts), 0)
            figures.record(fault, "events reordered", sum(one.reordered for one in accounts), 0)

    async def stop_subscribers(self) -> None:
        """Ends the subscribers; none of them was ever refused."""
        for one in self.subscribers:
            await one.stop()
        assert not [code for one in self.subscribers for code in one.error_codes]

    def longest_gap(self, begun: float, ended: float) -> float:
        """The longest silence that any subscriber had."""
        return max(one.longest_gap(begun, ended) for one in self.subscribers)


@asynccontextmanager
async def running_workload(
    deployment: Deployment, subscribers: int, per_second: float, writers: int
) -> AsyncIterator[Workload]:
    """Subscribers that listen, writers that write; at the end of the block the writers have stopped."""
    load = await asyncio.to_thread(deployment.make_writers)
    cursor = await asyncio.to_thread(deployment.feed_cursor)
    workload = Workload(deployment, cursor, await deployment.start_subscribers(subscribers, cursor), load)
    writing = asyncio.create_task(load.run(per_second, writers))
    try:
        await wait_until(lambda: load.count >= writers or writing.done(), 60)
        yield workload
    finally:
        load.stop()
        await asyncio.wait_for(writing, 90)


@contextmanager
def running_deployment(uri: str, **settings: str) -> Iterator[Deployment]:
    """The partner, made through a first server, which stays."""
    database = f"test_{uuid4().hex[:16]}"
    harness = ServerHarness(uri, database, **settings)
    harness.make_partner()
    with harness.start_server() as server:
        lines = [
            {"externalId": f"C-{n}", "name": f"Kunde {n}", "managedBy": "PARTNER_ORGANIZATION"}
            for n in range(CUSTOMERS)
        ]
        harness.import_lines("customers", lines)
        harness.query(_ACCEPT_TERMS)
        listed = harness.query("{ a: customers(first: 200) { nodes { id } pageInfo { endCursor } } }")["data"]["a"]
        rest = harness.query(
            "query($c: String) { customers(first: 200, after: $c) { nodes { id } } }", c=listed["pageInfo"]["endCursor"]
        )["data"]["customers"]
        customers = [row["id"] for row in (*listed["nodes"], *rest["nodes"])]
        yield Deployment(uri, database, harness, harness.token(), customers, server, [server.url])


def memory_megabytes(server: ServerProcess) -> float:
    """The server's own memory in MB."""
    text = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text()
    private = sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private"))
    return private / 1024


async def read_feed_metric(server: ServerProcess, name: str) -> float:
    """One of the figures of the server's feeds."""
    async with httpx.AsyncClient() as http:
        text = (await http.get(f"{server.url}/metrics")).text
    found = re.search(rf"^partnerhub_feed_{name} (\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1])


def count_open_files(server: ServerProcess) -> int:
    """How many files and sockets the server holds."""
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))
