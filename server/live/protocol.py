"""graphql-transport-ws without I/O: the messages that are understood, those that are sent, and the close codes.

The client speaks connection_init, ping, pong, subscribe and complete; the server connection_ack, ping, pong_message,
next, error and complete. What is wrong with an operation is an `error` message; what is wrong with a message
closes the socket. https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import orjson

SUBPROTOCOL = "graphql-transport-ws"
_MAX_ID_LENGTH = 200
# A close frame has room for so many bytes of reason.
_MAX_REASON_BYTES = 123


class CloseCode(IntEnum):
    """Why the server closes a socket; all but those of the protocol itself are safe to connect after again."""

    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INITIALISATION_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_MANY_INITIALISATIONS = 4429
    TOO_SLOW = 4503


class ProtocolError(Exception):
    """What makes the server close the socket: a code and a reason."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class ConnectionInit:
    """The first message, with whatever the client says of itself."""

    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ping:
    """Asks for a pong with the same payload."""

    payload: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a ping; also allowed unasked."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Begins an operation under an id of the client's choice."""

    id: str
    query: str
    operation_name: str | None
    variables: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Complete:
    """Ends an operation."""

    id: str


ClientMessage = ConnectionInit | Ping | Pong | Subscribe | Complete


def read_message(text: str | None) -> ClientMessage:
    """The message that a text frame holds; ProtocolError for everything else, None standing for a binary frame."""
    if text is None:
        raise _bad_request("Send text frames: this protocol has no binary ones.")
    try:
        message = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError, RecursionError):
        raise _bad_request("The message is not valid JSON.") from None
    if not isinstance(message, dict):
        raise _bad_request("A message must be a JSON object.")
    kind = message.get("type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise _bad_request("The message has no type that this protocol knows.")
    return reader(message)


def read_token(payload: Mapping[str, Any]) -> str:
    """The token of connection_init: `authorization` (or `Authorization`) as in HTTP, or `token` alone; else empty."""
    for name in ("authorization", "Authorization"):
        value = payload.get(name)
        if isinstance(value, str):
            kind, _, token = value.partition(" ")
            return token.strip() if kind.lower() == "bearer" else ""
    value = payload.get("token")
    return value.strip() if isinstance(value, str) else ""


CONNECTION_ACK = b'{"type":"connection_ack"}'


def pong_message(payload: Mapping[str, Any] | None) -> bytes:
    """Answers a ping."""
    try:
        return orjson.dumps({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})
    except orjson.JSONEncodeError:
        # What may be read may be nested deeper than what can be written.
        raise _bad_request("The ping's payload is nested too deeply.") from None


def next_message_head(id_: str) -> bytes:
    """What stands before the payload in each result of an operation."""
    return b'{"id":%b,"type":"next","payload":' % orjson.dumps(id_)


def next_message(head: bytes, payload: bytes) -> bytes:
    """One result; the payload comes encoded, so that a result for many is encoded once."""
    return b"%b%b}" % (head, payload)


def error_message(id_: str, errors: Sequence[Mapping[str, Any]]) -> bytes:
    """The operation could not be begun, or cannot go on."""
    return orjson.dumps({"id": id_, "type": "error", "payload": errors})


def complete_message(id_: str) -> bytes:
    """The operation is over."""
    return orjson.dumps({"id": id_, "type": "complete"})


def _bad_request(reason: str) -> ProtocolError:
    return ProtocolError(CloseCode.BAD_REQUEST, reason)


def _connection_init(message: Mapping[str, Any]) -> ConnectionInit:
    return ConnectionInit(_object(message, "payload") or {})


def _ping(message: Mapping[str, Any]) -> Ping:
    return Ping(_object(message, "payload"))


def _pong(message: Mapping[str, Any]) -> Pong:
    _object(message, "payload")
    return Pong()


def _subscribe(message: Mapping[str, Any]) -> Subscribe:
    id_, payload = _id(message), _object(message, "payload")
    if payload is None:
        raise _bad_request("The message needs a payload.")
    query, name = payload.get("query"), payload.get("operationName")
    if not isinstance(query, str):
        raise _bad_request("payload.query must be a string.")
    if name is not None and not isinstance(name, str):
        raise _bad_request("payload.operationName must be a string.")
    _object(payload, "extensions")
    return Subscribe(id_, query, name or None, _object(payload, "variables"))


def _complete(message: Mapping[str, Any]) -> Complete:
    return Complete(_id(message))


def _id(message: Mapping[str, Any]) -> str:
    id_ = message.get("id")
    if not isinstance(id_, str) or not 0 < len(id_) <= _MAX_ID_LENGTH:
        raise _bad_request(f"The message needs an id: a string of 1 to {_MAX_ID_LENGTH} characters.")
    return id_


def _object(holder: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    value = holder.get(name)
    if value is not None and not isinstance(value, dict):
        raise _bad_request(f"{name} must be an object.")
    return value


_READERS: Mapping[str, Callable[[Mapping[str, Any]], ClientMessage]] = {
    "connection_init": _connection_init,
    "ping": _ping,
    "pong": _pong,
    "subscribe": _subscribe,
    "complete": _complete,
}
