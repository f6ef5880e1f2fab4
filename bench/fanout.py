"""Measures the messages a second that one process delivers to the subscribers of a feed, compared to bare uvicorn.

`python -m bench.fanout [--subscribers 100 1000 3000] [--seconds 3] [--idle 5000]`. 50 customers a second change in
real transactions. Each subscriber receives first one change in eight, as a dashboard does, then every change. The
limit is an endpoint of bare uvicorn that sends ready-made bytes of the same length to as many sockets, as often. What
must hold: at least half the limit's messages a second; all delivered; p99 ≤ 100 ms for one change in eight; ≤ 60 kB a
subscriber, idle ones too. The load runs in a process of its own, the writer in this one.
"""

import asyncio
import urllib.request
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from time import monotonic, sleep
from typing import Any

import orjson

from bench.fanout_load import CHANGES_PER_SECOND, ReceivedMessages, run_bare_server, run_sockets
from bench.feed import SUBSCRIPTION, change_assigned_licenses
from bench.process_usage import cpu_seconds, memory_kilobytes
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.embedded.supervisor import find_free_port
from tests.mongod import temporary_replica_set
from tests.server_process import PARTNER, ServerHarness
from tests.store.factory_customers import add_customers, subscription

GROUPS = 8
_spawn_context = get_context("spawn")


def subscribe_messages(token: str, search: str | None) -> list[str]:
    """Return a client's messages: connection_init, the feed, and a query that is answered once the feed is accepted."""
    filter_ = None if search is None else {"search": search}
    feed = {"query": SUBSCRIPTION, "variables": {"filter": filter_}}
    messages: list[dict[str, Any]] = [
        {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}},
        {"id": "8a1f5b1e-6f3e-4d46-9f8a-3b1f6f3e4d46", "type": "subscribe", "payload": feed},
        {"id": "2", "type": "subscribe", "payload": {"query": "{ feedCursor }"}},
    ]
    return [orjson.dumps(message).decode() for message in messages]


class ClientProcess:
    """The process that opens the sockets and receives."""

    def __init__(self, port: int, counts: list[int], messages: list[list[str]], committed: Any) -> None:
        self._pipe, child_pipe = _spawn_context.Pipe()
        self._process = _spawn_context.Process(target=run_sockets, args=(child_pipe, port, counts, messages, committed))
        self._process.start()
        self._pipe.recv()

    def start_receiving(self, messages: int) -> None:
        """Start receiving this number of messages."""
        self._pipe.send(messages)

    def wait_received(self) -> ReceivedMessages:
        """Wait until the expected messages are received."""
        received: ReceivedMessages = self._pipe.recv()
        return received

    def close(self) -> None:
        """Close all sockets."""
        self._pipe.send(None)
        self._process.join()


async def write_changes(scope: Scope, changes: int, assigned: int, committed: Any) -> None:
    """Make the changes at their times, at most eight at once."""
    start, under_way = monotonic(), asyncio.Semaphore(8)

    async def change(number: int) -> None:
        async with under_way:
            committed[number] = await change_assigned_licenses(scope, f"G{number % GROUPS}-{number}", assigned)

    async with asyncio.TaskGroup() as group:
        for number in range(changes):
            await asyncio.sleep(max(0, start + number / CHANGES_PER_SECOND - monotonic()))
            group.create_task(change(number))


class FanoutBench:
    """Measurements on one database."""

    def __init__(self, harness: ServerHarness, scope: Scope, changes: int) -> None:
        self._harness, self._scope, self._changes = harness, scope, changes
        self._committed_at = _spawn_context.Array("d", changes, lock=False)
        self._assigned = 5

    async def measure_server(self, subscribers: int, *, is_split: bool) -> float:
        """Print a row of this server; return its messages a second."""
        with self._harness.start_server() as server:
            pid, port = server.process.pid, int(server.url.rpartition(":")[2])
            before, token = memory_kilobytes(pid), await asyncio.to_thread(self._harness.token)
            searches = [f"g{number}" for number in range(GROUPS)] if is_split else [None]
            counts = [subscribers // len(searches)] * len(searches)
            messages = [subscribe_messages(token, search) for search in searches]
            sockets = await asyncio.to_thread(ClientProcess, port, counts, messages, self._committed_at)
            connected, used = memory_kilobytes(pid), cpu_seconds(pid)
            expected = sum(counts) * self._changes // len(searches)
            sockets.start_receiving(expected)
            began, self._assigned = monotonic(), 17 - self._assigned
            await write_changes(self._scope, self._changes, self._assigned, self._committed_at)
            received = await asyncio.to_thread(sockets.wait_received)
            used = cpu_seconds(pid) - used
            kind = f"one in {GROUPS}" if is_split else "every change"
            memory = (
                f"{before >> 10} → {memory_kilobytes(pid) >> 10} MB, {(connected - before) / subscribers:.1f} kB each"
            )
            sockets.close()
            return _print_row(
                subscribers, kind, received, began, used, f"{memory}, lost {expected - received.messages}"
            )

    def measure_bare_server(self, subscribers: int, message: bytes) -> float:
        """Print the row of the limit; return its messages a second."""
        with running_bare_server(message, self._changes, self._committed_at) as (pid, port):
            sockets = ClientProcess(port, [subscribers], [["hello"]], self._committed_at)
            used = cpu_seconds(pid)
            sockets.start_receiving(subscribers * self._changes)
            began = monotonic()
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).close()
            received = sockets.wait_received()
            rate = _print_row(subscribers, "bare uvicorn", received, began, cpu_seconds(pid) - used, "")
            sockets.close()
            return rate

    async def measure_idle(self, subscribers: int) -> None:
        """Print a row of subscribers that receive nothing."""
        with self._harness.start_server() as server:
            before, token = memory_kilobytes(server.process.pid), await asyncio.to_thread(self._harness.token)
            port = int(server.url.rpartition(":")[2])
            sockets = await asyncio.to_thread(
                ClientProcess, port, [subscribers], [subscribe_messages(token, None)], self._committed_at
            )
            held = memory_kilobytes(server.process.pid)
            print(f"{subscribers:>11} {'idle':>13} {(held - before) / subscribers:.1f} kB each (limit 60)", flush=True)
            sockets.close()


@contextmanager
def running_bare_server(message: bytes, changes: int, committed: Any) -> Iterator[tuple[int, int]]:
    """Run a process of the bare endpoint; yield its id and port."""
    port = find_free_port()
    process = _spawn_context.Process(target=run_bare_server, args=(port, message, changes, committed), daemon=True)
    process.start()
    try:
        sleep(2)
        yield process.pid or 0, port
    finally:
        process.terminate()
        process.join()


def _print_row(subscribers: int, kind: str, received: ReceivedMessages, began: float, used: float, rest: str) -> float:
    delays, rate = received.delays, received.messages / (received.last_at - began)
    p50, p99 = delays[len(delays) // 2] * 1000, delays[len(delays) * 99 // 100] * 1000
    cost = used / received.messages * 1e6
    figures = f"{received.messages:>9,} {rate:>10,.0f} {p50:>9.1f} {p99:>9.1f} {cost:>9.1f}"
    print(f"{subscribers:>11} {kind:>13} {figures}  {rest}", flush=True)
    return rate


async def main(sizes: list[int], seconds: float, idle: int) -> None:
    """Print three rows for each number of subscribers, and one for idle subscribers."""
    changes = int(seconds * CHANGES_PER_SECOND)
    figures = f"{'messages':>9} {'a second':>10} {'p50 (ms)':>9} {'p99 (ms)':>9} {'CPU (µs)':>9}"
    print(f"{'subscribers':>11} {'hear':>13} {figures}  memory of the server", flush=True)
    with temporary_replica_set() as (mongod,):
        harness = ServerHarness(mongod.uri, "bench_fanout", is_forked=False)
        await asyncio.to_thread(harness.make_partner)
        client = Client(mongod.uri, "bench_fanout")
        scope = Scope(client, PARTNER, utc_now())
        named = [f"G{number % GROUPS}-{number}" for number in range(changes)]
        await add_customers(scope, ((name, [subscription(f"S-{name}")]) for name in named))
        bench = FanoutBench(harness, scope, changes)
        message = SAMPLE_MESSAGE.encode()
        for size in sizes:
            await bench.measure_server(size, is_split=True)
            ours = await bench.measure_server(size, is_split=False)
            limit = await asyncio.to_thread(bench.measure_bare_server, size, message)
            print(f"{'':>11} {ours / limit:>13.2f} of the limit (at least 0.5)", flush=True)
        if idle:
            await bench.measure_idle(idle)
        await client.close()


SAMPLE_MESSAGE = (
    '{"id":"8a1f5b1e-6f3e-4d46-9f8a-3b1f6f3e4d46","type":"next","payload":{"data":{"customerStatusChanged":{"cursor":"'
    + "A" * 126
    + '","at":"2026-11-25T10:00:00.000Z","entered":["LICENSE_OVERAGE"],"left":[],'
    '"statuses":["LICENSE_OVERAGE","SUBSCRIPTION"],"customer":{"id":"cus_000000000000000000000000","externalId":"G0-0",'
    '"name":"Customer G0-0","statuses":["LICENSE_OVERAGE","SUBSCRIPTION"],"statusDetails":[{"status":"LICENSE_OVERAGE",'
    '"since":"2026-11-25T10:00:00.000Z"},{"status":"SUBSCRIPTION","since":"2026-10-25T10:00:00.000Z"}]}}}}}'
)

if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("--subscribers", type=int, nargs="+", default=[100, 1000, 3000])
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--idle", type=int, default=5000)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.subscribers, arguments.seconds, arguments.idle))
