"""The id of a request: taken from its header or generated, in every line of the log and in the answer.

The trace of the caller is continued here too.
"""

import random
import re
from collections.abc import Awaitable, Iterable, Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.telemetry.tracing import attach_parent, detach_parent

HEADER: Final = "X-Request-Id"
_NAME = HEADER.lower().encode()
# Ids of proxies and of tracing have these characters; nothing of them can forge a line of a log.
_ACCEPTED = re.compile(rb"[A-Za-z0-9._:=+/@-]{1,128}")
_RESPONSE_STARTS = {"http.response.start", "websocket.http.response.start", "websocket.accept"}
# Ids need not be secret. A generator of our own is seeded by the system, in every worker anew.
_ids = random.Random()  # noqa: S311
_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def add_request_id(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Add the id of the current request to a line of the log (a processor of structlog)."""
    request_id = _current.get()
    if request_id is not None:
        event["request_id"] = request_id
    return event


class RequestIds:
    """Wraps the application; operations on a websocket have the id of its handshake."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Set the id, and send it in the header of the answer."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        def send_with_id(message: Message) -> Awaitable[None]:
            if message["type"] in _RESPONSE_STARTS:
                message = {**message, "headers": [*message.get("headers", ()), (_NAME, request_id)]}
            return send(message)

        with TrackedRequest(scope["headers"]) as request_id:
            await self._app(scope, receive, send_with_id)


class TrackedRequest:
    """A context manager: it enters with the id of the request with these headers, which is current in the block.

    A generator as context manager would take three times as long.
    """

    __slots__ = ("_headers", "_parent", "_token")

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self._headers = headers

    def __enter__(self) -> bytes:
        # os.urandom would let other threads run, which takes longer than all the rest.
        request_id = _read_id(self._headers) or b"%032x" % _ids.getrandbits(128)
        self._token = _current.set(request_id.decode())
        self._parent: Any = attach_parent(self._headers)
        return request_id

    def __exit__(self, *_: object) -> None:
        detach_parent(self._parent)
        _current.reset(self._token)


def _read_id(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Return the id that the client or a proxy sent, if it has the form of one."""
    for name, value in headers:
        if name == _NAME:
            return value if _ACCEPTED.fullmatch(value) else None
    return None
