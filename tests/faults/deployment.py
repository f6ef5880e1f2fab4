"""A partner with real server processes, and the load and checks that every fault test uses."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx

from tests.faults.event_comparison import Event, compare_delivery, read_events
from tests.faults.figures import Figures
from tests.faults.subscribers import ACTIVITY_SUBSCRIPTION, Subscriber, wait_until
from tests.faults.writers import Writers
from tests.server_process import PARTNER, ServerHarness, ServerProcess

CUSTOMERS = 240
_ACCEPT_TERMS = 'mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { code } } }'
_CREATE_TAG = "mutation($n: String!) { createTag(input: {name: $n}) { tag { id } } }"


@dataclass
class Deployment:
    """One database with a partner of `CUSTOMERS` customers; `addresses` has the running servers."""

    uri: str
    database: str
    harness: ServerHarness
    token: str
    customers: Sequence[str]
    server: ServerProcess
    addresses: list[str] = field(default_factory=list)

    def feed_cursor(self) -> str:
        """Return the current cursor of the feed."""
        cursor: str = self.harness.query("{ feedCursor }")["data"]["feedCursor"]
        return cursor

    def make_writers(self) -> Writers:
        """Return writers for the running servers, with a new tag."""
        tag = self.harness.query(_CREATE_TAG, n=uuid4().hex)["data"]["createTag"]["tag"]["id"]
        return Writers(self.addresses, self.token, self.customers, tag)

    async def start_subscribers(self, count: int, cursor: str, query: str = ACTIVITY_SUBSCRIPTION) -> list[Subscriber]:
        """Start a number of subscribers after the cursor; wait until all are live."""
        made = [Subscriber(self.addresses, self.token, cursor, query) for _ in range(count)]
        for one in made:
            one.start()
        await wait_until(lambda: all(one.is_live.is_set() for one in made), 60)
        return made

    async def events_after(self, cursor: str) -> list[tuple[str, Event]]:
        """Return every event after the cursor by its token."""
        return await asyncio.to_thread(read_events, self.uri, self.database, cursor, PARTNER)


@dataclass
class Workload:
    """Subscribers and writers during a fault; `check` compares their records with the change stream."""

    deployment: Deployment
    cursor: str
    subscribers: list[Subscriber]
    writers: Writers

    async def check(self, fault: str, figures: Figures, seconds: float = 60) -> None:
        """Wait until all events are delivered; record lost, repeated and reordered ones."""
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
        """Stop the subscribers; check that none of them was rejected."""
        for one in self.subscribers:
            await one.stop()
        assert not [code for one in self.subscribers for code in one.error_codes]

    def longest_gap(self, begun: float, ended: float) -> float:
        """Return the longest time without a message of any subscriber."""
        return max(one.longest_gap(begun, ended) for one in self.subscribers)


@asynccontextmanager
async def running_workload(
    deployment: Deployment, subscribers: int, per_second: float, writers: int
) -> AsyncIterator[Workload]:
    """Run subscribers and writers; stop the writers at the end of the block."""
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
def running_deployment(uri: str, *, is_forked: bool = True, **settings: str) -> Iterator[Deployment]:
    """Create the partner through a first server, which runs until the block ends."""
    database = f"test_{uuid4().hex[:16]}"
    harness = ServerHarness(uri, database, is_forked=is_forked, **settings)
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
    """Return the memory of the server in MB."""
    text = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text()
    private = sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private"))
    return private / 1024


async def read_feed_metric(deployment: Deployment, name: str) -> float:
    """Return a metric of the first server."""
    token = await asyncio.to_thread(deployment.harness.token, scope="metrics")
    async with httpx.AsyncClient(verify=False, headers={"Authorization": f"Bearer {token}"}) as http:
        text = (await http.get(f"{deployment.server.url}/metrics")).text
    found = re.search(rf"^partnerhub_feed_{name} (\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1])


def count_open_files(server: ServerProcess) -> int:
    """Return the number of open files and sockets of the server."""
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))
