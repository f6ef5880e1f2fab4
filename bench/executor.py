"""Processor time of requests beside a hand-written route, and beside graphql-core's executor.

`python -m bench.executor [--connections N] [ROUNDS [QUERY …]]` (16 connections, 12 rounds; point, list and nested). The
servers are alone on one core; MongoDB and the load are on the other. All answer the same operations from the same
database, in blocks that alternate, and their `data` is equal byte for byte. Authentication, limits, logs and metrics
are on. Processor time is that of all threads of the server. The ratios are medians over the rounds, which take turns of
several starts of each server: two processes of the same code differ by up to 20 %.

Equal finds of requests that come together are joined, which the hand-written route does not do: one connection shows
what a request costs by itself.
"""

import asyncio
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from statistics import median
from time import perf_counter
from typing import NamedTuple

import orjson

from bench.executor_data import DATABASE, fill
from bench.executor_servers import MeasuredServer, hand_written_server, own_server
from bench.process_usage import OTHER_CORE, pinned, precise_cpu_seconds
from bench.request_load import CONNECTIONS, RequestLoad
from bench.rows import Row, markdown, ratio_row
from tests.mongod import temporary_replica_set
from tests.server_process import ServerHarness

STARTS = 3
# Of all starts together.
ROUNDS, WARM_UP_ROUNDS = 12, STARTS
HAND_WRITTEN, OWN, STOCK, KEPT = "hand-written route", "partnerhub", "stock executor", "kept"
# Blocks of all servers last about as long: each one begins with what the others left in the caches of the core.
_BLOCK_FACTORS: Mapping[str, float] = {STOCK: 1 / 4, KEPT: 4}
_FIELDS = "id externalId name domain country managedBy statuses products version updatedAt"
_ROW = """id name statuses tags { id name color }
  subscriptions { id number state endsAt autoRenew licenses { product total assigned used } }"""


class Query(NamedTuple):
    """An operation, the requests of one block, and the least speeds.

    They are those beside the hand-written route, beside stock, and of kept responses beside the hand-written route.
    """

    title: str
    text: str
    block: int
    least: float
    least_stock: float | None = None
    least_kept: float | None = None


QUERIES: Mapping[str, Query] = {
    "point": Query(
        "point read, 10 fields", f"query point($id: ID!) {{ customer(by: {{id: $id}}) {{ {_FIELDS} }} }}", 96, 0.7
    ),
    "list": Query(
        "list of 50, 10 fields",
        f"query list {{ customers(first: 50) {{ nodes {{ {_FIELDS} }} pageInfo {{ hasNextPage endCursor }} }} }}",
        48,
        0.85,
        6,
        3,
    ),
    "nested": Query(
        "100 customers with tags and subscriptions with licences",
        f"query nested {{ customers(first: 100) {{ nodes {{ {_ROW} }} }} }}",
        16,
        0.9,
        9,
        8,
    ),
}


class Figures(NamedTuple):
    """The processor time of one request in µs, and the requests answered in a second."""

    cpu: float
    per_second: float


class Target:
    """The starts of one server, each with a load of one query."""

    def __init__(self, starts: Sequence[tuple[MeasuredServer, RequestLoad]]) -> None:
        self._starts = starts
        self.rounds: list[Figures] = []
        # The first request of a connection must come soon after it was opened.
        for _, load in starts:
            load.run(load.size)

    def answers(self) -> list[bytes]:
        """Return an answer of each start."""
        return [load.answer() for _, load in self._starts]

    def run_block(self, requests: int) -> None:
        """Measure a block of the next start."""
        server, load = self._starts[len(self.rounds) % len(self._starts)]
        began, used = perf_counter(), precise_cpu_seconds(server.pid)
        load.run(requests)
        used = precise_cpu_seconds(server.pid) - used
        self.rounds.append(Figures(used / requests * 1e6, requests / (perf_counter() - began)))

    @property
    def median(self) -> Figures:
        cpu, per_second = (median(figures) for figures in zip(*self.rounds, strict=True))
        return Figures(cpu, per_second)


def measure_query(
    name: str, ids: Sequence[str], servers: Mapping[str, Sequence[MeasuredServer]], rounds: int, connections: int
) -> list[Row]:
    """Return the rows of one query."""
    query = QUERIES[name]
    variables = [{"id": id_} for id_ in ids] if name == "point" else [{}]
    bodies = [orjson.dumps({"operationName": name, "query": query.text, "variables": v}) for v in variables]
    with ExitStack() as stack:

        def load(server: MeasuredServer) -> RequestLoad:
            return stack.enter_context(RequestLoad(server.url, bodies, server.headers, connections=connections))

        targets = {title: Target([(start, load(start)) for start in starts]) for title, starts in servers.items()}
        compare_answers(targets.values())
        for _ in range(WARM_UP_ROUNDS + rounds):
            for title, target in targets.items():
                target.run_block(round(query.block * _BLOCK_FACTORS.get(title, 1)))
    for target in targets.values():
        del target.rounds[:WARM_UP_ROUNDS]
    rows = [_row(query.title, targets, OWN, HAND_WRITTEN, query.least)]
    if query.least_stock:
        rows.append(_row(query.title, targets, OWN, STOCK, query.least_stock))
    if query.least_kept:
        rows.append(_row(f"{query.title}, repeated unchanged", targets, KEPT, HAND_WRITTEN, query.least_kept))
    return rows


def compare_answers(targets: Iterable[Target]) -> None:
    answers = [answer for target in targets for answer in target.answers()]
    expected, *others = (orjson.dumps(orjson.loads(answer)["data"]) for answer in answers)
    for answer in others:
        assert answer == expected, (answer[:500], expected[:500])


def _row(title: str, targets: Mapping[str, Target], own: str, other: str, least: float) -> Row:
    pairs = zip(targets[own].rounds, targets[other].rounds, strict=True)
    ratio = median(theirs.cpu / ours.cpu for ours, theirs in pairs)
    ours, theirs = targets[own].median, targets[other].median
    return ratio_row(title, other, least, ratio, (ours.cpu, theirs.cpu), (ours.per_second, theirs.per_second))


def measure(rounds: int = ROUNDS, queries: Sequence[str] = (), connections: int = CONNECTIONS) -> list[Row]:
    """Return the rows of the queries, or of all."""
    with pinned(OTHER_CORE), temporary_replica_set() as (mongod,), ExitStack() as stack:
        ServerHarness(mongod.uri, DATABASE).make_partner()
        ids = asyncio.run(fill(mongod.uri))
        uri, enter, several = mongod.uri, stack.enter_context, range(STARTS)
        servers = {
            HAND_WRITTEN: [enter(hand_written_server(uri)) for _ in several],
            OWN: [enter(own_server(uri, kept_responses_bytes="0")) for _ in several],
            STOCK: [enter(own_server(uri, kept_responses_bytes="0", compiled_execution="false"))],
            KEPT: [enter(own_server(uri)) for _ in several],
        }
        return [row for name in queries or QUERIES for row in measure_query(name, ids, servers, rounds, connections)]


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("rounds", type=int, nargs="?", default=ROUNDS)
    parser.add_argument("queries", nargs="*")
    chosen = parser.parse_args()
    print(markdown(measure(chosen.rounds, chosen.queries, chosen.connections)))
