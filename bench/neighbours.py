"""What the others do beside a bulk job: subscribers of its partner, and another partner's changes, feed and requests.

They use sockets and recorded changes, so that the cores are those of the server and MongoDB: ready-made clients in
Python took as much of them as the server itself.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Event, Thread
from time import monotonic, sleep

import orjson

from bench.fanout import ASSIGNED, customer_name
from bench.fanout_load import SocketPool, subscribe_messages
from bench.feed import SUBSCRIPTION
from bench.recorded_changes import RecordedChanges
from bench.request_load import RequestLoad

PAUSE_SECONDS, _LATEST_SECONDS = 0.03, 10
_LIST_BODY = orjson.dumps({"query": "{ customers(first: 25) { nodes { id name statuses } } }"})
_spawn_context = get_context("spawn")


def run_subscribers(pipe: Connection, port: int, number: int, messages: list[str]) -> None:
    """Run in a process of its own: open the sockets, report it, and send how often each customer's change arrived."""
    sockets, heard = SocketPool(port), Counter[int]()
    sockets.open(number, messages)
    pipe.send("open")
    while not pipe.poll():
        heard.update(customer for customer, _ in sockets.read_ready(0.1))
    # The last ones are on their way.
    while late := sockets.read_ready(1.0):
        heard.update(customer for customer, _ in late)
    pipe.send(heard)
    sockets.close()


@contextmanager
def running_subscribers(port: int, number: int, messages: list[str]) -> Iterator[Callable[[], Counter[int]]]:
    """Run subscribers; yield a function that returns how many of them received the change of each customer."""
    here, there = _spawn_context.Pipe()
    process = _spawn_context.Process(target=run_subscribers, args=(there, port, number, messages), daemon=True)
    process.start()
    assert here.recv() == "open"

    def heard() -> Counter[int]:
        here.send("enough")
        arrived: Counter[int] = here.recv()
        return arrived

    yield heard
    process.join()


class Neighbour:
    """Another partner: changes its customers in turn, hears them over a socket, and requests a list."""

    def __init__(self, url: str, token: str, recorded: RecordedChanges, customers: int) -> None:
        self._url, self._token, self._recorded, self._customers = url, token, recorded, customers
        self._changes = 0

    def measure_requests(self, until: Callable[[int], bool]) -> list[float]:
        """Return the durations in ms of consecutive requests."""
        taken: list[float] = []
        with RequestLoad(self._url, [_LIST_BODY], [f"Authorization: Bearer {self._token}"], connections=1) as load:
            while not until(len(taken)):
                began = monotonic()
                load.answer()
                taken.append((monotonic() - began) * 1000)
                sleep(PAUSE_SECONDS)
        return taken

    def measure_feed_delays(self, stop: Event) -> list[float]:
        """Return the delays in ms of the changes at a subscriber, from the acknowledgement of their commit."""
        committed: list[float] = []
        first = self._changes
        arrived: list[tuple[int, float]] = []
        sockets = SocketPool(int(self._url.rpartition(":")[2]))
        sockets.open(1, subscribe_messages(self._token, SUBSCRIPTION))
        writing = Thread(target=self._write_changes, args=(committed, stop))
        writing.start()
        while writing.is_alive():
            arrived += sockets.read_ready(0.1)
        ends_at = monotonic() + _LATEST_SECONDS
        while len(arrived) < len(committed) and monotonic() < ends_at:
            arrived += sockets.read_ready(0.1)
        sockets.close()
        # One process delivers a partner's changes in their order.
        expected = [(first + number) % self._customers for number in range(len(committed))]
        assert [number for number, _ in arrived] == expected
        return [(at - then) * 1000 for (_, at), then in zip(arrived, committed, strict=True)]

    def _write_changes(self, committed: list[float], stop: Event) -> None:
        while not stop.is_set():
            number = self._changes
            self._changes += 1
            state = ASSIGNED[number // self._customers % len(ASSIGNED)]
            self._recorded.write(state, customer_name(number % self._customers))
            committed.append(monotonic())
            sleep(PAUSE_SECONDS)


def measure_wakeup_delays(until: Callable[[], bool]) -> list[float]:
    """Return the delays in ms after sleeps of 10 ms, which the machine and this process cause, and not the server."""
    late = []
    while not until():
        began = monotonic()
        sleep(0.01)
        late.append((monotonic() - began) * 1000 - 10)
    return late
