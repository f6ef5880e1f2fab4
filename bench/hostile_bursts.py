"""Bursts for bench/hostile.py: small requests on many connections, which all begin in the same moment."""

import json
import selectors
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

from bench import hostile_cases
from bench.hostile_cases import Case, Tokens, post

# As many as one address may have, less those of the other client.
CONNECTIONS = 190
_FEED = "subscription{customerStatusChanged{cursor customer{id name}}}"
_STATE = "subscription{kpisChanged{totalCustomers{count}}}"
_QUERY = "{viewer{administrator{displayName}}customers(first:3){nodes{name}}}"
# Fewer than a process runs at once by default.
IMPORTS = 10
# Each connection sends another number, so that the text is new to the server.
_NEW = " #@NUMBER"


def _posts(name: str, path: str, query: str, *, is_token_valid: bool = True) -> Case:
    def build(tokens: Tokens) -> bytes:
        token = tokens.api if is_token_valid else tokens.api[:-8] + "A" * 8
        body = json.dumps({"query": query}).encode()
        return post(path, body, token, Content_Type="application/json", Accept="*/*")

    return Case(name, build, is_answered=False, operations=CONNECTIONS, connections=CONNECTIONS)


def _sockets(name: str, subscriptions: int) -> Case:
    messages = [{"id": str(n), "type": "subscribe", "payload": {"query": _FEED}} for n in range(subscriptions)]
    operations = CONNECTIONS * max(1, subscriptions)
    return replace(hostile_cases.socket(name, *messages), operations=operations, connections=CONNECTIONS)


def _imports() -> Case:
    lines = b"".join(b'{"externalId":"ORG-%d","name":"N","managedBy":"PARTNER_ORGANIZATION"}\n' % n for n in range(120))
    case = hostile_cases.imported("bursts: imports of one kind", "customers", lines)
    return replace(case, is_answered=False, operations=IMPORTS, connections=IMPORTS)


def cases() -> Iterator[Case]:
    """Yield the bursts; the processor time of each is divided by its operations."""
    yield _posts("bursts: streams", "/graphql/stream", _FEED + _NEW)
    yield _posts("bursts: equal streams", "/graphql/stream", _FEED)
    yield _posts("bursts: streams of a state", "/graphql/stream", _STATE + _NEW)
    yield _posts("bursts: queries", "/graphql", _QUERY)
    yield _posts("bursts: new queries", "/graphql", _QUERY + _NEW)
    yield _posts("bursts: tokens that are not valid", "/graphql", _QUERY, is_token_valid=False)
    yield _sockets("bursts: sockets", 0)
    yield _sockets("bursts: sockets with a subscription", 1)
    yield _sockets("bursts: sockets with 20 subscriptions", 20)
    yield _imports()


def send_at_once(connect: Callable[[], socket.socket], data: bytes, connections: int, quiet_seconds: float) -> bytes:
    """Send the bytes on all connections; return what the first one received until all were silent."""
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        opened = [stack.enter_context(connect()) for _ in range(connections)]
        received = [b""] * connections
        for number, connection in enumerate(opened):
            connection.sendall(data.replace(b"@NUMBER", b"%07d" % number))
            selector.register(connection, selectors.EVENT_READ, number)
        while events := selector.select(quiet_seconds):
            for key, _ in events:
                piece = _receive_or_end(opened[key.data])
                received[key.data] += piece
                if not piece:
                    selector.unregister(key.fileobj)
        return received[0]


def _receive_or_end(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1 << 16)
    except OSError:
        return b""
