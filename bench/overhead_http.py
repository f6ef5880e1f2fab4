"""Processor time of requests over HTTP under `serve`, with all of its limits and without them.

`python -m bench.overhead_http [BLOCKS]` (40 blocks). Two servers over the same database answer the same requests, in
blocks of 25 that alternate. Both are `serve` and do the same work; in the second one, `lift_limits` has replaced what
checks a limit: rates, sizes, headers and timers of a connection, text, variables and cost, before execution and during
it. Neither keeps responses. Printed are the median processor time of one request in the process of the server, and the
median over the blocks of the ratio. Limit: 1.15 for each operation.

One of the two has the leases of the jobs, and all have background work that a slow machine would add to each request.
What a server takes while it has no requests is measured first, and is not counted.
"""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import product
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any
from urllib.parse import urlsplit

import orjson

from bench.overhead import OPERATIONS
from schema.executor import OperationExecutor
from server.cli import entry
from server.connections.message_meter import MessageMeter
from server.connections.request_transport import RequestTransport
from server.graphql import operations, parsing
from server.http import graphql
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.mongod import temporary_replica_set
from tests.server_process import PARTNER, ROOT, ServerHarness, stop
from tests.store.factory_customers import add_customers, subscription, trial

DATABASE, CUSTOMERS, BLOCK_SIZE, WARM_UP_BLOCKS, LIMIT = "bench", 200, 25, 4, 1.15
IDLE_SECONDS = 10.0
ACCEPT_TERMS = 'mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { code } } }'


def lift_limits() -> None:
    """Replace what checks a limit for each request, everywhere but in the settings."""
    checks: list[tuple[Any, str]] = [
        (MessageMeter, "add_url"),
        (MessageMeter, "add_headers"),
        (MessageMeter, "add_fed"),
        (RequestTransport, "_start_timer"),
        (parsing, "find_excess"),
        (operations, "check_same_name_pairs"),
        (graphql, "find_rejection"),
        (OperationExecutor, "spend"),
    ]
    for place, name in checks:
        assert hasattr(place, name)
        setattr(place, name, _ignore)
    without_cost: Any = operations
    without_cost.check_cost = _cost_nothing


def _ignore(*_: object, **__: object) -> None:
    """Check nothing."""


def _cost_nothing(*_: object) -> int:
    return 0


def serve_without_limits(port: int) -> None:
    """Run `serve` without limits."""
    lift_limits()
    sys.argv = ["partnerhub", "serve", "--port", str(port)]
    entry.main()


class Server:
    """A running server, of which the processor time is measured."""

    def __init__(self, url: str, pid: int, token: str) -> None:
        address = urlsplit(url)
        self._connection = HTTPConnection(address.hostname or "", address.port, timeout=30)
        self._folder = Path(f"/proc/{pid}")
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        # Of a second without requests.
        self.idle_seconds = 0.0

    def answer(self, body: bytes) -> Any:
        """Return the data of the answer."""
        self._connection.request("POST", "/graphql", body, self._headers)
        return orjson.loads(self._connection.getresponse().read())["data"]

    def seconds(self, body: bytes) -> float:
        """Return the processor time of one request, as the mean of a block."""
        before, began_at = self.cpu_seconds(), perf_counter()
        for _ in range(BLOCK_SIZE):
            self._connection.request("POST", "/graphql", body, self._headers)
            self._connection.getresponse().read()
        idle = self.idle_seconds * (perf_counter() - began_at)
        return (self.cpu_seconds() - before - idle) / BLOCK_SIZE

    def cpu_seconds(self) -> float:
        return sum(int(task.read_text().split()[0]) for task in self._folder.glob("task/*/schedstat")) / 1e9


@contextmanager
def plain_server(environment: Mapping[str, str], token: str) -> Iterator[Server]:
    """Run the server without limits in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "bench.overhead_http", "--without-limits", str(port)]
    without_rates = {f"PARTNERHUB_RATE_LIMIT_{name}": "0" for name in ("ADMINISTRATOR", "PARTNER")}
    process = subprocess.Popen(command, cwd=ROOT, env={**environment, **without_rates}, text=True)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except ConnectionRefusedError:
                assert process.poll() is None, "The plain server has ended."
        yield Server(f"http://127.0.0.1:{port}", process.pid, token)
    finally:
        stop(process)


def measure_idle(*servers: Server) -> None:
    """Measure the background work of the servers while neither has requests."""
    sleep(IDLE_SECONDS / 2)
    before = [server.cpu_seconds() for server in servers]
    sleep(IDLE_SECONDS)
    for server, seconds in zip(servers, before, strict=True):
        server.idle_seconds = (server.cpu_seconds() - seconds) / IDLE_SECONDS
    print("background:", ", ".join(f"{server.idle_seconds * 1000:.0f} ms of a second" for server in servers))


async def fill(uri: str) -> None:
    """Add customers with three entitlements each."""
    client = Client(uri, DATABASE)
    numbers = range(CUSTOMERS)
    held = [(f"ORG-{n:03}", [subscription(f"S-{n}"), subscription(f"T-{n}"), trial(f"R-{n}")]) for n in numbers]
    await add_customers(Scope(client, PARTNER, utc_now()), held)
    await client.close()


def compare(limited: Server, plain: Server, name: str, body: bytes, blocks: int) -> float:
    """Print the figures of one request; return the ratio."""
    assert limited.answer(body) == plain.answer(body)
    pairs = [(limited.seconds(body), plain.seconds(body)) for _ in range(blocks)]
    ratio = median(pair[0] / pair[1] for pair in pairs)
    with_limits, without = (median(pair[side] for pair in pairs) * 1e6 for side in (0, 1))
    print(f"{name:28} {with_limits:8,.0f} µs with limits {without:8,.0f} µs without; ratio {ratio:.3f}", flush=True)
    return ratio


def main(uri: str, blocks: int) -> int:
    """Fill the database and compare all requests; return 1 where a ratio is above the limit."""
    # A connection waits while the other server is measured.
    harness = ServerHarness(uri, DATABASE, is_forked=False, connection_idle_seconds="120", kept_responses_bytes="0")
    harness.make_partner()
    asyncio.run(fill(uri))
    with harness.start_server() as server, plain_server(harness.environment, harness.token()) as plain:
        harness.query(ACCEPT_TERMS)
        limited = Server(server.url, server.process.pid, harness.token())
        first = harness.query("{ customers(first: 1) { nodes { id } } }")["data"]["customers"]["nodes"][0]["id"]
        bodies = {
            name: orjson.dumps({"query": text, "variables": {"id": first} if "$id" in text else {}})
            for name, text in OPERATIONS.items()
        }
        for warmed, body in product((limited, plain), list(bodies.values()) * WARM_UP_BLOCKS):
            warmed.seconds(body)
        measure_idle(limited, plain)
        ratios = {name: compare(limited, plain, name, body, blocks) for name, body in bodies.items()}
    largest = max(ratios.values())
    print(f"largest ratio {largest:.3f} (at most {LIMIT})")
    return int(largest > LIMIT)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--without-limits"]:
        serve_without_limits(int(sys.argv[2]))
    else:
        with temporary_replica_set() as (mongod,):
            sys.exit(main(mongod.uri, int(sys.argv[1]) if len(sys.argv) > 1 else 40))
