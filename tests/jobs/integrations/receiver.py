"""A receiver of webhooks on loopback, as a real HTTP server in a thread of this process."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Delivery(NamedTuple):
    """One request: its path, its headers in lower case and its body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> dict[str, Any]:
        """The event."""
        data: dict[str, Any] = json.loads(self.body)["data"]
        return data


class Receiver:
    """Keeps what it receives; `answer` chooses the status, and `wait_for` waits for a number of deliveries."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answer: Callable[[Delivery], int] = lambda _: 204
        self.hanging = threading.Event()
        self._received: list[Delivery] = []
        self._changed = threading.Condition()

    def add(self, delivery: Delivery) -> int:
        """Keep a delivery, and return the status of the answer."""
        with self._changed:
            self._received.append(delivery)
            self._changed.notify_all()
        return self.answer(delivery)

    def wait_for(self, count: int, path: str = "/", seconds: float = 30) -> list[Delivery]:
        """Return the deliveries to the path once there are at least `count`."""

        def at_path() -> list[Delivery]:
            return [each for each in self._received if each.path == path]

        with self._changed:
            assert self._changed.wait_for(lambda: len(at_path()) >= count, seconds), at_path()
            return at_path()


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """Run a receiver until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            if self.path == "/hanging":
                receiver.hanging.wait(60)
            status = receiver.add(Delivery(self.path, headers, body))
            self.send_response(status)
            self.send_header("content-length", "0")
            if status == 302:
                self.send_header("location", f"{receiver.url}/redirected")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.hanging.set()
        server.shutdown()
        server.server_close()
