"""Q2 and Q3 of the peers harness, its schema served through execution/, beside the harness's other servers.

`python -m bench.peers HARNESS [ROUNDS]` (a writable copy of the harness; 9 rounds). `make bench` measures it where
PEERS_HARNESS names the copy. A server that is not built there is
left out: Mercurius needs `npm ci`, the Go server `bin/p8`. The measurement is that of bench.executor.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.executor import STARTS, Target, compare_answers
from bench.executor_servers import MeasuredServer, wait_until_listening
from bench.process_usage import OTHER_CORE, SERVER_CORE, pinned
from bench.request_load import RequestLoad
from bench.rows import Row, markdown, ratio_row
from store.embedded.supervisor import find_free_port
from tests.mongod import temporary_replica_set
from tests.server_process import ROOT, stop

ROUNDS, WARM_UP_ROUNDS = 9, 2 * STARTS
OWN = "execution/"
_MERCURIUS, _GO, _LIMIT = "Mercurius with JIT", "graph-gophers/graphql-go", "hand-written Starlette route"


class Peer(NamedTuple):
    """A server of the harness: what it stands for, its folder, the file without which it cannot run, its start."""

    title: str
    folder: str
    needs: str
    command: tuple[str, ...]
    settings: Mapping[str, str] = {}


_NODE, _UVICORN = ("node", "server.js"), (sys.executable, "-m", "uvicorn", "server:app", "--timeout-keep-alive", "120")
PEERS = (
    Peer(_MERCURIUS, "p1-mercurius", "node_modules", _NODE),
    Peer(_MERCURIUS, "p1-mercurius", "node_modules", _NODE, {"LOADERS": "dataloader"}),
    Peer(_GO, "p8-go", "../bin/p8", ("../bin/p8",), {"GOMAXPROCS": "1"}),
    Peer(_GO, "p8-go", "../bin/p8", ("../bin/p8",), {"GOMAXPROCS": "1", "GOGC": "400"}),
    Peer(_LIMIT, "p5-starlette-raw", "server.py", (*_UVICORN, "--loop", "uvloop", "--http", "httptools")),
)
# The least speeds beside Mercurius and the Go server, and the requests of a block.
QUERIES = {"q2": ({_MERCURIUS: 1.7, _GO: 1.3}, 64), "q3": ({_MERCURIUS: 2.3, _GO: 1.1}, 32)}


@contextmanager
def _server(command: list[str], folder: Path, port: int, **settings: str) -> Iterator[MeasuredServer]:
    environment = {**os.environ, "PORT": str(port), "DB": "bench10k", "NODE_ENV": "production", **settings}
    with pinned(SERVER_CORE):
        process = subprocess.Popen(command, cwd=folder, env=environment, text=True)
    try:
        wait_until_listening(port, process)
        yield MeasuredServer(f"http://127.0.0.1:{port}", process.pid)
    finally:
        stop(process)


@contextmanager
def _peer(peer: Peer, harness: Path, uri: str) -> Iterator[MeasuredServer]:
    port = find_free_port()
    command = [*peer.command, "--port", str(port)] if "uvicorn" in peer.command else list(peer.command)
    with _server(command, harness / peer.folder, port, MONGO_URI=uri, **peer.settings) as server:
        yield server


@contextmanager
def _own(harness: Path, uri: str) -> Iterator[MeasuredServer]:
    port = find_free_port()
    arguments = ["-m", "bench.peers_server", str(harness / "lib/schema.graphql"), uri, str(port)]
    with _server([sys.executable, *arguments], ROOT, port) as server:
        yield server


def measure(harness: Path, rounds: int = ROUNDS) -> list[Row]:
    """Return the rows of both queries: beside each kind of server, the one that takes the least processor time."""
    peers = [peer for peer in PEERS if (harness / peer.folder / peer.needs).exists()]
    with pinned(OTHER_CORE), temporary_replica_set() as (mongod,), ExitStack() as stack:
        environment = {**os.environ, "MONGO_URI": mongod.uri}
        subprocess.run([sys.executable, "data/generate.py", "10k"], cwd=harness, env=environment, check=True)
        servers = [(OWN, [stack.enter_context(_own(harness, mongod.uri)) for _ in range(STARTS)])]
        servers += [(peer.title, [stack.enter_context(_peer(peer, harness, mongod.uri))]) for peer in peers]
        return [row for name in QUERIES for row in _measure_query(name, harness, servers, rounds)]


def measure_configured() -> list[Row]:
    """Return the rows for the harness that the environment names."""
    harness = os.environ.get("PEERS_HARNESS")
    if not harness:
        raise ValueError("PEERS_HARNESS names no copy of the harness, which is outside of this repository")
    return measure(Path(harness).resolve())


def _measure_query(
    name: str, harness: Path, servers: list[tuple[str, list[MeasuredServer]]], rounds: int
) -> Iterator[Row]:
    least, block = QUERIES[name]
    bodies = (harness / f"load/bodies/{name}.txt").read_bytes().splitlines()
    with ExitStack() as stack:

        def load(server: MeasuredServer) -> RequestLoad:
            return stack.enter_context(RequestLoad(server.url, bodies))

        targets = [(title, Target([(start, load(start)) for start in starts])) for title, starts in servers]
        compare_answers([target for _, target in targets])
        for _ in range(WARM_UP_ROUNDS + rounds):
            for _, target in targets:
                target.run_block(block)
    for _, target in targets:
        del target.rounds[:WARM_UP_ROUNDS]
    own = targets[0][1]
    for title in dict.fromkeys(title for title, _ in targets[1:]):
        best = min((target for each, target in targets if each == title), key=lambda target: target.median.cpu)
        ratio = median(theirs.cpu / ours.cpu for ours, theirs in zip(own.rounds, best.rounds, strict=True))
        figures = (own.median.cpu, best.median.cpu), (own.median.per_second, best.median.per_second)
        yield ratio_row(f"{name.upper()} of the peers harness", title, least.get(title, 0), ratio, *figures)


if __name__ == "__main__":
    print(markdown(measure(Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS)))
