"""Measures webhooks: the time from a write to its receipt with 1, 20 and 100 webhooks, and the deliveries per second.

`python -m bench.webhooks [WRITES]` (40 for each number of webhooks). A partner has at most 20 webhooks, so 100 are of
five partners. With 100, another 30 of two more partners hang. What must hold: p99 ≤ 1 s. The time starts when the
mutation is sent, and includes it. The deliveries per second are those of a replay to one webhook, beside a loop of
httpx that posts the same bodies to the same receiver. Wall time depends on the machine's load; so each row says, too,
which processor time of the server and of mongod a delivery has taken, with that of the writes.
"""

import asyncio
import os
import sys
from statistics import quantiles
from time import monotonic
from typing import Any

import httpx
import orjson

from bench.process_usage import cpu_seconds
from tests.mongod import temporary_replica_set
from tests.server_process import ServerHarness

WRITES, PAUSE_SECONDS, MAX_SECONDS = 40, 0.1, 1.0
ACCEPT = 'mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { code } } }'
CREATE = """mutation($name: String!, $url: String!) {
  createWebhook(input: {name: $name, url: $url, kinds: [TAG_CREATED]}) {
  webhook { id cursor } userErrors { code } } }"""
WRITE = "mutation($name: String!) { createTag(input: {name: $name}) { tag { id } userErrors { code } } }"
REPLAY = """mutation($id: ID!, $after: String!) { replayWebhook(input: {id: $id, after: $after}) {
  webhook { id } userErrors { code } } }"""


class Receiver:
    """Answers every POST with 204; one to /hang never. `arrivals` are the moment, path and body of each."""

    def __init__(self) -> None:
        self.arrivals: list[tuple[float, str, bytes]] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().lower().split("\r\n")
                length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length"))
                body, path = await reader.readexactly(length), lines[0].split()[1]
                if path == "/hang":
                    await asyncio.sleep(3600)
                self.arrivals.append((monotonic(), path, body))
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            # The sender has closed the connection, or the bench ends.
            writer.close()

    async def wait_for(self, number: int) -> None:
        """Wait until this number of deliveries has arrived."""
        while len(self.arrivals) < number:
            await asyncio.sleep(0.01)


class Bench:
    """One server, its partners and the receiver."""

    def __init__(self, harness: ServerHarness, receiver: Receiver, url: str, pids: tuple[int, int]) -> None:
        self.harness, self.receiver, self.url, self._pids = harness, receiver, url, pids
        self.partners: list[str] = []
        self._tags = 0

    async def run(self, partner: str, query: str, **variables: Any) -> Any:
        """Run an operation in a thread; return its data."""
        answer = await asyncio.to_thread(lambda: self.harness.query(query, partner=partner, **variables))
        assert "errors" not in answer, answer
        return answer["data"]

    async def add_webhooks(self, number: int, path: str = "") -> list[Any]:
        """Add webhooks to new partners, at most 20 to each."""
        made, partner = [], ""
        for position in range(number):
            if position % 20 == 0:
                partner = f"p{len(self.partners)}"
                self.partners.append(partner)
                await asyncio.to_thread(self.harness.make_partner, partner)
                await self.run(partner, ACCEPT)
            url = f"{self.url}{path or f'/{partner}/{position}'}"
            made.append((await self.run(partner, CREATE, name=f"W{position}", url=url))["createWebhook"]["webhook"])
        return made

    def used(self) -> list[float]:
        """Return the processor seconds of server, mongod and this process."""
        return [cpu_seconds(pid) for pid in (*self._pids, os.getpid())]

    async def measure_latency(self, name: str, writes: int, partners: list[str], webhooks: int) -> None:
        """Write to each partner in turn; print the time from each write to each of its receipts."""
        self.receiver.arrivals.clear()
        began, expected, before = {}, 0, self.used()
        for number in range(writes):
            self._tags += 1
            tag, partner = f"T{self._tags}", partners[number % len(partners)]
            began[f"Tag {tag} was created"] = monotonic()
            await self.run(partner, WRITE, name=tag)
            expected += min(webhooks, 20)
            await asyncio.sleep(PAUSE_SECONDS)
        await self.receiver.wait_for(expected)
        used = [(after - began) / expected * 1000 for after, began in zip(self.used(), before, strict=True)]
        report(name, [at - began[orjson.loads(body)["data"]["summary"]] for at, _, body in self.receiver.arrivals])
        print(f"  a delivery: {used[0]:.1f} ms of the server, {used[1]:.1f} ms of mongod")

    async def measure_rate(self, webhook: Any, partner: str, events: int) -> None:
        """Print the rate and the processor time of a replay, and of a bare loop that posts its bodies."""
        self.receiver.arrivals.clear()
        began, before = monotonic(), self.used()
        await self.run(partner, REPLAY, id=webhook["id"], after=webhook["cursor"])
        await self.receiver.wait_for(events)
        delivered, between = self.receiver.arrivals[events - 1][0] - began, self.used()
        bodies, began = [body for _, _, body in self.receiver.arrivals[:events]], monotonic()
        async with httpx.AsyncClient(trust_env=False) as client:
            for body in bodies:
                await client.post(f"{self.url}/bare", content=body)
        bare, after = monotonic() - began, self.used()
        print(
            f"replay to 1 webhook: {events / delivered:.0f} deliveries/s; bare httpx loop: {events / bare:.0f} posts/s"
        )
        server, mongod, receiver = ((each - first) / events * 1000 for each, first in zip(between, before, strict=True))
        loop = (after[2] - between[2]) / events * 1000 - receiver
        print(
            f"  a delivery: {server:.1f} ms of the server, {mongod:.1f} ms of mongod; a post of the loop: {loop:.1f} ms"
        )


def report(name: str, seconds: list[float]) -> None:
    """Print p50 and p99."""
    cuts = quantiles(seconds, n=100)
    verdict = "ok" if cuts[98] <= MAX_SECONDS else "TOO SLOW"
    print(f"{name}: {len(seconds)} deliveries, p50 {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms, {verdict}")


async def measure(harness: ServerHarness, pids: tuple[int, int], writes: int) -> None:
    """Measure with 1, 20 and 100 webhooks, then with 30 more that hang; print the figures."""
    receiver = Receiver()
    async with await asyncio.start_server(receiver.handle, "127.0.0.1", 0) as server:
        bench = Bench(harness, receiver, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", pids)
        (first,) = await bench.add_webhooks(1)
        await bench.measure_latency("1 webhook", writes, ["p0"], 1)
        await bench.measure_rate(first, "p0", writes)
        await bench.add_webhooks(20)
        await bench.measure_latency("20 webhooks", writes, ["p1"], 20)
        await bench.add_webhooks(80)
        partners = bench.partners[1:]
        await bench.measure_latency("100 webhooks", writes, partners, 20)
        await bench.add_webhooks(30, "/hang")
        for partner in bench.partners[-2:]:
            await bench.run(partner, WRITE, name="Hang")
        await bench.measure_latency("100 webhooks, 30 others hang", writes, partners, 20)


def main() -> None:
    """Start a database and a server, and measure."""
    print(f"load {os.getloadavg()[0]:.1f}")
    with temporary_replica_set() as (mongod,):
        harness = ServerHarness(
            mongod.uri, "bench_webhooks", webhook_networks="127.0.0.0/8", webhook_http="true", log_level="ERROR"
        )
        harness.make_partner()
        with harness.start_server() as server:
            pids = server.process.pid, mongod.pid
            asyncio.run(measure(harness, pids, int(sys.argv[1]) if len(sys.argv) > 1 else WRITES))


if __name__ == "__main__":
    main()
