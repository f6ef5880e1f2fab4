"""The servers that bench.executor compares, each alone on one core."""

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from subprocess import Popen
from time import monotonic, sleep
from typing import NamedTuple

from bench.executor_data import DATABASE
from bench.process_usage import SERVER_CORE, pinned
from store.embedded.supervisor import find_free_port
from tests.server_process import PARTNER, ROOT, ServerHarness, stop

_START_SECONDS = 30.0
_ACCEPT_TERMS = 'mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { code } } }'


class MeasuredServer(NamedTuple):
    """A running server: its address, its process, and the headers that its requests need."""

    url: str
    pid: int
    headers: tuple[str, ...] = ()


@contextmanager
def hand_written_server(uri: str) -> Iterator[MeasuredServer]:
    """Run the hand-written route."""
    port = find_free_port()
    arguments = ["-m", "bench.hand_written", uri, DATABASE, PARTNER, str(port)]
    with pinned(SERVER_CORE):
        process = Popen([sys.executable, *arguments], cwd=ROOT, text=True)
    try:
        wait_until_listening(port, process)
        yield MeasuredServer(f"http://127.0.0.1:{port}", process.pid)
    finally:
        stop(process)


def wait_until_listening(port: int, process: "Popen[str]") -> None:
    ends = monotonic() + _START_SECONDS
    while monotonic() < ends and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            sleep(0.05)
        else:
            return
    raise AssertionError("The hand-written server did not start.")


@contextmanager
def own_server(uri: str, **settings: str) -> Iterator[MeasuredServer]:
    """Run a server of this project with authentication, limits, logs and metrics."""
    # A connection waits while the other servers are measured.
    harness = ServerHarness(
        uri, DATABASE, is_forked=False, connection_idle_seconds="120", log_slow_seconds="60", **settings
    )
    token = harness.token()
    with ExitStack() as stack:
        with pinned(SERVER_CORE):
            server = stack.enter_context(harness.start_server())
        harness.query(_ACCEPT_TERMS)
        yield MeasuredServer(server.url, server.process.pid, (f"Authorization: Bearer {token}",))
