"""Server-sent events at /graphql/stream: graphql-sse's distinct connections mode, one operation a request.

Each change of a feed carries its cursor as the event's `id:`, so that a client that comes back with
`Last-Event-ID` goes on exactly where it was.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import OperationType
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from domain.feed_cursors import Position
from resolvers.context import Viewer
from server.errors import BAD_USER_INPUT, Errors, coded_error, exception_error
from server.feed_execution import Answer
from server.http import HttpRefusal, Parameters, parameters_of, refusal
from server.hub import Hub
from server.operations import Operation, Refusal
from server.outbox import Outbox
from server.protocol import ProtocolError
from server.shared_feeds import SharedFeeds, shared_feeds
from server.socket_transport import abort_later
from server.viewer import bearer_token
from store.clock import utc_now

# Proxies cut what is silent for a minute, and a client that is gone shows only when something is written to it.
PING_SECONDS = 12.0
_CLOSE_SECONDS = 5.0
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


async def graphql_stream(request: Request) -> Response:
    """Answers with a stream of events; who may not ask, or asks for nothing, is answered plainly."""
    hub: Hub = request.app.state.hub
    # A feed begins when its operation is accepted: whatever is written from here on belongs to it.
    position = hub.feed.position
    try:
        viewer = await hub.authenticate(bearer_token(request.headers.get("authorization")))
        parameters = await parameters_of(request)
    except Exception as failure:  # noqa: BLE001  The outermost place: nothing internal may reach the caller.
        return refusal(failure)
    operating = _Operating(hub, shared_feeds(request.app.state, hub), viewer, parameters, request.method)
    return _EventStream(operating, position, request.headers.get("last-event-id"))


@dataclass(slots=True)
class _Operating:
    """One operation of one viewer; what it says goes into the outbox."""

    hub: Hub
    feeds: SharedFeeds
    viewer: Viewer
    parameters: Parameters
    method: str
    is_wanted: bool = field(default=True)

    async def run(self, outbox: Outbox, position: Position, last_cursor: str | None) -> None:
        """Puts everything up to `complete`."""
        try:
            errors = await self._carried_out(outbox, position, last_cursor)
        except Refusal as refused:
            errors = refused.errors
        except HttpRefusal as refused:
            errors = [coded_error(BAD_USER_INPUT, str(refused))]
        except Exception as failure:  # noqa: BLE001  The outermost place: everything becomes an error with a code.
            errors = [exception_error(failure)]
        if errors:
            outbox.put(_next(orjson.dumps({"errors": errors}).decode()))
        outbox.put("event: complete\ndata:\n\n")

    async def _carried_out(self, outbox: Outbox, position: Position, last_cursor: str | None) -> Errors:
        hub, given = self.hub, self.parameters
        variables = given.variables or {}
        operation: Operation = hub.operations.prepare(given.query, given.operation_name, variables)
        if operation.kind is OperationType.MUTATION and self.method == "GET":
            raise HttpRefusal(405, "Mutations need POST.")
        if operation.kind is not OperationType.SUBSCRIPTION:
            answer = await hub.operations.answer(operation, variables, hub.context(self.viewer))
            outbox.put(_next(orjson.dumps(answer).decode()))
            return []

        def send(told: Answer) -> None:
            outbox.put(_next(told.payload_json, told.cursor), told.visible_until, self)

        return await self.feeds.groups.serve(self.viewer, operation, variables, position, send, last_cursor)


class _EventStream(Response):
    """Begins with its headers, and ends with the operation, the client, the token, or the viewer's access."""

    def __init__(self, operating: _Operating, position: Position, last_cursor: str | None) -> None:
        super().__init__()
        self._operating, self._position, self._last_cursor = operating, position, last_cursor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operating, ended = self._operating, asyncio.get_running_loop().create_future()

        def end(_: ProtocolError | None = None) -> None:
            operating.is_wanted = False
            if not ended.done():
                ended.set_result(None)

        outbox = Outbox(_Body(send), end)
        release = operating.feeds.revocations.watch(operating.viewer, end)
        left = (operating.viewer.expires_at - utc_now()).total_seconds()
        timer = asyncio.get_running_loop().call_later(max(0.0, left), end)
        tasks: set[asyncio.Future[Any]] = {
            asyncio.create_task(_vanished(receive)),
            asyncio.create_task(_pinged(outbox)),
            asyncio.create_task(outbox.run()),
        }
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            running = asyncio.create_task(operating.run(outbox, self._position, self._last_cursor))
            running.add_done_callback(lambda _: outbox.finish())
            await asyncio.wait({*tasks, ended}, return_when=asyncio.FIRST_COMPLETED)
            tasks.add(running)
        finally:
            timer.cancel()
            release()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        # One who does not read would keep the end waiting for good.
        keep = abort_later(scope, _CLOSE_SECONDS)
        with suppress(OSError):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            keep()


class _Body:
    """The response's body as the outbox writes it."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def send_text(self, data: str) -> None:
        """One event."""
        await self._send({"type": "http.response.body", "body": data.encode(), "more_body": True})


def _next(payload_json: str, cursor: str | None = None) -> str:
    """One result; JSON has no line breaks of its own."""
    place = "" if cursor is None else f"id: {cursor}\n"
    return f"{place}event: next\ndata: {payload_json}\n\n"


async def _vanished(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _pinged(outbox: Outbox) -> None:
    while True:
        await asyncio.sleep(PING_SECONDS)
        outbox.put(":\n\n")
