"""graphql-transport-ws without I/O: messages of the client, messages of the server, and close codes.

The client sends connection_init, ping, pong, subscribe and complete; the server sends connection_ack, pong, next, error
and complete. A wrong operation is answered with an `error` message; a wrong message closes the socket.
https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any

import orjson
from msgspec import Struct

from domain.failures import BadUserInput
from server.graphql.request_json import InvalidJson, read_json
from server.graphql.requested_document import InvalidDocument, RequestedDocument, read_requested_document
from server.graphql.variables import find_rejection

SUBPROTOCOL = "graphql-transport-ws"
_MAX_ID_LENGTH = 200
# Of a message that is neither connection_init, which there is one of, nor subscribe, which is charged to the rate
# limits: a thousand pings a second, each of 1 MiB, would take a processor.
MAX_CONTROL_LENGTH = 1_000
# RFC 6455: a control frame has at most 125 bytes, two of which are the code.
_MAX_REASON_BYTES = 123


class CloseCode(IntEnum):
    """Why the server closes a socket (docs/feeds.md says what the client does after each)."""

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
    """A reason for which the server closes the socket, with its close code."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")


class ConnectionInit(Struct, frozen=True):
    """The first message; its payload contains the token."""

    payload: Mapping[str, Any]


class Ping(Struct, frozen=True):
    """A request for a pong with the same payload."""

    payload: Mapping[str, Any] | None


class Pong(Struct, frozen=True):
    """The answer to a ping; also allowed without one."""


class Subscribe(Struct, frozen=True):
    """The start of an operation, with an id that the client chooses.

    `rejection` says why the variables that were sent are not accepted; they are then left out.
    """

    id: str
    document: RequestedDocument
    operation_name: str | None
    variables: Mapping[str, Any] | None
    rejection: BadUserInput | None = None


class Complete(Struct, frozen=True):
    """The end of an operation, by the client."""

    id: str


ClientMessage = ConnectionInit | Ping | Pong | Subscribe | Complete


def read_message(text: str | None) -> ClientMessage:
    """Return the message in a text frame; raise ProtocolError for anything else. None stands for a binary frame."""
    if text is None:
        raise _bad_request("Send text frames: this protocol has no binary ones.")
    try:
        message = read_json(text)
    except InvalidJson as failure:
        raise _bad_request(f"The message {failure}") from None
    if not isinstance(message, dict):
        raise _bad_request("A message must be a JSON object.")
    kind = message.get("type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise _bad_request("The message has no type that this protocol knows.")
    if reader not in _READERS_OF_LONG and len(text) > MAX_CONTROL_LENGTH:
        raise _bad_request(f"A message of the type {kind} has at most {MAX_CONTROL_LENGTH:,} characters.")
    return reader(message)


def read_token(payload: Mapping[str, Any]) -> str:
    """Return the token of connection_init: from `authorization` as in HTTP, or from `token`; empty without one."""
    for name in ("authorization", "Authorization"):
        value = payload.get(name)
        if isinstance(value, str):
            kind, _, token = value.partition(" ")
            return token.strip() if kind.lower() == "bearer" else ""
    value = payload.get("token")
    return value.strip() if isinstance(value, str) else ""


def read_language(payload: Mapping[str, Any]) -> str | None:
    """Return the `language` of connection_init, which has the form of an Accept-Language header."""
    value = payload.get("language")
    return value if isinstance(value, str) else None


AUTHORIZATION_MISSING = 'The token is missing: connection_init must have the payload {"authorization": "Bearer TOKEN"}.'
CONNECTION_ACK = b'{"type":"connection_ack"}'


def pong_message(payload: Mapping[str, Any] | None) -> bytes:
    """Return the answer to a ping."""
    try:
        return orjson.dumps({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})
    except orjson.JSONEncodeError:
        # orjson reads deeper nesting than it writes.
        raise _bad_request("The ping's payload is nested too deeply.") from None


def next_message_head(id_: str) -> bytes:
    """Return the text before the payload, which is equal in all results of an operation."""
    return b'{"id":%b,"type":"next","payload":' % orjson.dumps(id_)


def next_message(head: bytes, payload: bytes) -> bytes:
    """Return one result; the payload is encoded already, once for all subscribers."""
    return b"%b%b}" % (head, payload)


def error_message(id_: str, errors: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the message that an operation could not start, or ended with errors."""
    return orjson.dumps({"id": id_, "type": "error", "payload": errors})


def complete_message(id_: str) -> bytes:
    """Return the message that the operation is complete."""
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
    name = payload.get("operationName")
    try:
        document = read_requested_document(payload)
    except InvalidDocument as error:
        raise _bad_request(f"The payload of subscribe: {error}") from None
    if name is not None and not isinstance(name, str):
        raise _bad_request("payload.operationName must be a string.")
    variables = _object(payload, "variables")
    rejection = find_rejection(variables)
    return Subscribe(id_, document, name or None, None if rejection else variables, rejection)


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
_READERS_OF_LONG = {_connection_init, _subscribe}
