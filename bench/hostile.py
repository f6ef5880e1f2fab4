"""Hostile requests and connections: the worst by processor time, memory, and how long they block another client.

`python -m bench.hostile [WORD] [--all]` sends each case of bench/hostile_cases.py and the modules beside it whose name
contains WORD to a server with a partner of 1,200 customers and 100 tags. Limits for each case of less than 10 kB:
300 ms of processor time of the server (50 ms for an operation that is refused), 50 MB (20 MB for the floods of
connections, which are larger), and no small query of another client waits longer than 100 ms.
Printed are the 30 worst, or all, and those that exceed a limit; the status is 1 then. A connection that waits for more
is kept for its timeout, here of 0.3 s.

Each operation on a websocket is charged to the rate limits, which are switched off here: the processor time of several
is divided by their number. So that a busy machine changes little, a wait counts at most as long as the server and
MongoDB worked during it: what other processes do is no part of it.
"""

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from bench.hostile_bursts import send_at_once
from bench.hostile_cases import Case, Tokens
from bench.more_hostile_cases import all_cases, write_manifest
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.mongod import temporary_replica_set
from tests.server_process import PARTNER, ServerHarness
from tests.store.factory_customers import add_customers, subscription, trial

# More than 1,000: to tag all of them is a job.
CUSTOMERS, TAGS, TAGS_OF_A_CUSTOMER = 1_200, 100, 20
SMALL_BYTES = 10_000
MAX_CPU_MS, MAX_REFUSED_CPU_MS, MAX_BLOCKED_MS = 300.0, 50.0, 100.0
MAX_MEMORY_MB, MAX_FLOOD_MEMORY_MB = 50.0, 20.0
SHORT: dict[str, Any] = {f"connection_{name}_seconds": "0.3" for name in ("header", "body", "send", "idle", "init")}
# The cases together would exceed them, and then cost nothing.
WITHOUT_RATE_LIMITS: dict[str, Any] = {"rate_limit_administrator": "0", "rate_limit_partner": "0"}
# It is authenticated and reads the database.
_QUERY = '{"query":"{customers(first:1){nodes{name}}}"}'
# Jobs work in pieces: a step without work does not prove that they have ended, but most often it does.
_MAX_QUIET_STEPS, _QUIET_STEP_SECONDS, _QUIET_CPU_MS = 200, 0.1, 10.0
_ANSWER_SECONDS, _QUIET_SECONDS, _QUIET_SECONDS_OF_MANY, _PROBE_SECONDS = 30.0, 0.4, 1.0, 0.02


class Result(NamedTuple):
    """What one case cost."""

    name: str
    bytes: int
    answer: str
    cpu_ms: float
    memory_mb: float
    blocked_ms: float
    # Whether the operation was not executed.
    is_refused: bool

    @property
    def severity(self) -> float:
        """Return the largest part of a limit that the case uses."""
        max_cpu = MAX_REFUSED_CPU_MS if self.is_refused else MAX_CPU_MS
        max_memory = MAX_MEMORY_MB if self.bytes < SMALL_BYTES else MAX_FLOOD_MEMORY_MB
        return max(self.cpu_ms / max_cpu, self.memory_mb / max_memory, self.blocked_ms / MAX_BLOCKED_MS)


class Target:
    """A running server, of which the processor time and the memory are measured."""

    def __init__(self, url: str, pid: int, mongod_pid: int, tokens: Tokens) -> None:
        address = urlsplit(url)
        self.host, self.port = address.hostname or "", address.port or 0
        self.tokens = tokens
        self._folder = Path(f"/proc/{pid}")
        self._clocks = [_processor_clock(each) for each in (pid, mongod_pid)]
        self._probe_cpu_ms = 0.0
        self._idle_cpu_ms = 0.0

    def calibrate(self) -> None:
        """Measure what the server uses while nothing happens, and for one request of the other client."""
        before, started = self._cpu_ms(), time.perf_counter()
        time.sleep(1)
        self._idle_cpu_ms = (self._cpu_ms() - before) / (time.perf_counter() - started)
        before, started = self._cpu_ms(), time.perf_counter()
        with Bystander(self, self.tokens.api) as bystander:
            time.sleep(1)
        used = self._cpu_ms() - before - self._idle_cpu_ms * (time.perf_counter() - started)
        self._probe_cpu_ms = max(0.0, used / bystander.count)

    def run(self, case: Case) -> Result:
        """Send a case while another client sends requests; return what it cost."""
        self._wait_for_quiet()
        data = case.build(self.tokens)
        memory = self._reset_peak_memory()
        before, started = self._cpu_ms(), time.perf_counter()
        # An administrator who sends hundreds of small queries at once waits for them; others do not.
        with Bystander(self, self.tokens.restricted if case.connections > 1 else self.tokens.api) as bystander:
            received = self._send(data, case)
            time.sleep(0.03 + case.seconds)
        used = self._cpu_ms() - before - self._idle_cpu_ms * (time.perf_counter() - started)
        cpu = max(0.0, used - bystander.count * self._probe_cpu_ms) / case.operations
        memory = self._peak_memory() - memory
        answer, is_refused = _describe(received), b'"errors":' in received and b'"data":' not in received
        return Result(case.name, len(data), answer, cpu, memory, bystander.longest_ms, is_refused)

    def _wait_for_quiet(self) -> None:
        """Wait until the jobs that an earlier case began have ended; they are no part of the next one."""
        for _ in range(_MAX_QUIET_STEPS):
            before = self._cpu_ms()
            time.sleep(_QUIET_STEP_SECONDS)
            if self._cpu_ms() - before < _QUIET_CPU_MS + self._idle_cpu_ms * _QUIET_STEP_SECONDS:
                return

    def _send(self, data: bytes, case: Case) -> bytes:
        """Send the bytes; return what is answered, or how the connection ended."""
        if case.connections > 1:
            return send_at_once(self._connect, data, case.connections, _QUIET_SECONDS)
        received = b""
        with self._connect() as connection:
            try:
                connection.sendall(data)
                quiet = _QUIET_SECONDS if case.operations == 1 else _QUIET_SECONDS_OF_MANY
                connection.settimeout(_ANSWER_SECONDS if case.is_answered else quiet)
                while not _has_ended(case, received) and (piece := connection.recv(1 << 20)):
                    received += piece
            except TimeoutError:
                pass
            except OSError as failure:
                received = received or type(failure).__name__.encode()
        return received

    def _connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=_ANSWER_SECONDS)

    def _cpu_ms(self) -> float:
        tasks = (task.read_text().split() for task in self._folder.glob("task/*/schedstat"))
        return sum(int(task[0]) for task in tasks) / 1e6

    def worked_ms(self) -> float:
        """Return the processor time of the server and of MongoDB."""
        return sum(time.clock_gettime(clock) for clock in self._clocks) * 1000

    def _reset_peak_memory(self) -> float:
        (self._folder / "clear_refs").write_text("5")
        return self._peak_memory()

    def _peak_memory(self) -> float:
        status = (self._folder / "status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024


class Bystander:
    """Another client: sends small queries one after the other, and records the longest wait."""

    def __init__(self, target: Target, token: str) -> None:
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._target = target
        self._is_stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.count, self.longest_ms = 0, 0.0

    def __enter__(self) -> "Bystander":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_stopped.set()
        self._thread.join()

    def _run(self) -> None:
        http = HTTPConnection(self._target.host, self._target.port, timeout=60)
        while self.count == 0 or not self._is_stopped.wait(_PROBE_SECONDS):
            started, worked = time.perf_counter(), self._target.worked_ms()
            try:
                http.request("POST", "/graphql", _QUERY, self._headers)
                http.getresponse().read()
            except (ConnectionError, HTTPException):
                # A connection is idle for 0.3 s at most: on a busy machine it may have been closed.
                http.close()
                continue
            waited = (time.perf_counter() - started) * 1000
            self.longest_ms = max(self.longest_ms, min(waited, self._target.worked_ms() - worked))
            self.count += 1
        http.close()


def _processor_clock(pid: int) -> int:
    """Return the clock of the processor time of a process, as clock_getcpuclockid(3) does."""
    return (~pid << 3) | 2


def _has_ended(case: Case, received: bytes) -> bool:
    """Return whether nothing more will be sent."""
    if case.is_answered:
        return _is_whole(received)
    ended = received.count(b'"type":"complete"') + received.count(b'"type":"error"')
    return case.operations > 1 and ended >= case.operations


def _is_whole(received: bytes) -> bool:
    """Return whether a response with a Content-Length has arrived."""
    head, _, body = received.partition(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return length.isdigit() and len(body) >= int(length)


def _describe(received: bytes) -> str:
    """Return the status of an answer, with the first code of its errors."""
    if not received.startswith(b"HTTP/1.1 "):
        return ascii(received[:20])[2:-1] or "closed"
    code = received.partition(b'"code":"')[2].partition(b'"')[0]
    return f"{received[9:12].decode()} {code.decode()}".strip()


@contextmanager
def running_target(mongo_uri: str, database: str = "bench", customers: int = CUSTOMERS) -> Iterator[Target]:
    """Run a server over a partner with customers, each of which has 20 of 100 tags."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        write_manifest(Path(folder))
        harness = ServerHarness(mongo_uri, database, trusted_documents=folder, **SHORT, **WITHOUT_RATE_LIMITS)
        harness.make_partner()
        mongod_pid = asyncio.run(_fill(mongo_uri, database, customers))
        server = stack.enter_context(harness.start_server())
        harness.query('mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { code } } }')
        tokens = _make_tokens(harness, customers)
        # The first webhook of a process imports the HTTP client and loads the trusted certificates: 300 ms, once.
        harness.query('mutation { createWebhook(input: {name: "n", url: "https://example.com/"}) { webhook { id } } }')
        target = Target(server.url, server.process.pid, mongod_pid, tokens)
        target.calibrate()
        yield target


async def _fill(mongo_uri: str, database: str, customers: int) -> int:
    """Add the customers; return the process of MongoDB."""
    client = Client(mongo_uri, database)
    scope = Scope(client, PARTNER, utc_now())
    entitlements = [[subscription(f"S-{n}"), subscription(f"T-{n}"), trial(f"R-{n}")] for n in range(customers)]
    await add_customers(scope, ((f"ORG-{n}", held) for n, held in enumerate(entitlements)))
    status = await client.command({"serverStatus": 1}, database="admin")
    await client.close()
    return int(status["pid"])


def _make_tokens(harness: ServerHarness, customers: int) -> Tokens:
    """Create the tags and return ids and tokens."""
    create = "mutation($n: String!) { createTag(input: {name: $n}) { tag { id } } }"
    tags = [harness.query(create, n=f"Tag {n}")["data"]["createTag"]["tag"]["id"] for n in range(TAGS)]
    page = harness.query("{ customers(first: 200) { nodes { id } } }")["data"]["customers"]["nodes"]
    ids = [node["id"] for node in page]
    assign = (
        "mutation($c: [ID!]!, $t: [ID!]!) {"
        " assignTags(input: {customers: {ids: $c}, tags: $t}) { userErrors { code message } } }"
    )
    for start in range(0, len(ids), 40):
        first = start // 40 * TAGS_OF_A_CUSTOMER
        chosen = [tags[(first + offset) % TAGS] for offset in range(TAGS_OF_A_CUSTOMER)]
        harness.query(assign, c=ids[start : start + 40], t=chosen)
    imports = harness.token(scope="import")
    return Tokens(harness.token(), harness.token("HELPDESK_ADMINISTRATOR"), imports, ids[0], tags[0], tuple(ids))


def exceeds(result: Result) -> bool:
    """Return whether a case exceeds a limit."""
    return result.severity > 1


def print_results(results: Sequence[Result], number: int = 30) -> None:
    """Print the worst cases, and all that exceed a limit."""
    worst = sorted(results, key=lambda result: -result.severity)
    print(f"{'case':48} {'bytes':>6} {'answer':28} {'cpu ms':>8} {'MB':>6} {'blocked ms':>10}")
    for place, one in enumerate(worst):
        if place < number or exceeds(one):
            mark = " !" if exceeds(one) else ""
            print(
                f"{one.name[:48]:48} {one.bytes:6} {one.answer[:28]:28} {one.cpu_ms:8.0f} {one.memory_mb:6.1f} "
                f"{one.blocked_ms:10.0f}{mark}"
            )
    print(f"{sum(map(exceeds, results))} of {len(results)} cases exceed a limit.")


def main() -> None:
    word = next((argument for argument in sys.argv[1:] if argument != "--all"), "")
    with temporary_replica_set(is_journaled=False) as (mongod,), running_target(mongod.uri) as target:
        results = [target.run(case) for case in all_cases() if word in case.name]
    print_results(results, len(results) if "--all" in sys.argv else 30)
    sys.exit(any(map(exceeds, results)))


if __name__ == "__main__":
    main()
