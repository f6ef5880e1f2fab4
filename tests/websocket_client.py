"""A client of graphql-transport-ws for tests, on the websockets library."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from websockets.sync.client import ClientConnection, connect


class WebSocketClient:
    """One acknowledged connection with its operations by name."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    def send(self, message: dict[str, Any]) -> None:
        """Send one message."""
        # Unlike orjson, this encodes integers of any size.
        self._connection.send(json.dumps(message))

    def receive(self, timeout: float = 10) -> dict[str, Any]:
        """Return the next message other than a ping; answer pings."""
        while True:
            message: dict[str, Any] = orjson.loads(self._connection.recv(timeout=timeout))
            if message["type"] != "ping":
                return message
            self.send({"type": "pong"})

    def subscribe(self, query: str, id_: str = "1", **variables: Any) -> None:
        """Start an operation; confirm with a query after it that the server has accepted it."""
        self.send({"id": id_, "type": "subscribe", "payload": {"query": query, "variables": variables}})
        self.send({"id": "accepted", "type": "subscribe", "payload": {"query": "{ feedCursor }"}})
        while self.receive() != {"id": "accepted", "type": "complete"}:
            pass

    def next(self, id_: str = "1", timeout: float = 10) -> dict[str, Any]:
        """Return the data of the next message of the operation."""
        message = self.receive(timeout)
        assert (message["type"], message["id"]) == ("next", id_), message
        assert "errors" not in message["payload"], message
        data: dict[str, Any] = message["payload"]["data"]
        return data


@contextmanager
def connect_websocket(url: str, token: str) -> Iterator[WebSocketClient]:
    """Connect to the server at `url` with a token."""
    address = url.replace("http", "ws", 1) + "/graphql"
    with connect(address, subprotocols=["graphql-transport-ws"]) as connection:  # type: ignore[list-item]
        widget = WebSocketClient(connection)
        widget.send({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
        assert widget.receive()["type"] == "connection_ack"
        yield widget
