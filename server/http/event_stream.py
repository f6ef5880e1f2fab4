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

from domain.cursors.feed import Position
from resolvers.context import Viewer
from server.app.app_state import Hub
from server.auth.viewer import bearer_token
from server.graphql.errors import BAD_USER_INPUT, Errors, coded_error, exception_error
from server.graphql.operations import Operation, Refusal
from server.http.graphql import HttpRefusal, Parameters, parameters_of, refusal
from server.live.feed_execution import Answer
from server.live.protocol import ProtocolError
from server.live.send_queue import Outbox
from server.live.shared_feeds import SharedFeeds, shared_feeds
from server.live.socket_transport import abort_later, wire_of
from store.database.clock import utc_now

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
        token = bearer_token(request.headers.get("authorization"))
        viewer = await hub.authenticate(token)
        parameters = await parameters_of(request)
    except Exception as failure:  # noqa: BLE001  The outermost place: nothing internal may reach the caller.
        return refusal(failure)
    operating = _Operating(hub, shared_feeds(request.app.state, hub), token, viewer, parameters, request.method)
    return _EventStream(operating, position, request.headers.get("last-event-id"))


@dataclass(slots=True)
class _Operating:
    """One operation of one viewer; what it says goes into the outbox."""

    hub: Hub
    feeds: SharedFeeds
    token: str
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
            outbox.put(_next(Answer(orjson.dumps({"errors": errors}))))
        outbox.put(b"event: complete\ndata:\n\n")

    async def _carried_out(self, outbox: Outbox, position: Position, last_cursor: str | None) -> Errors:
        hub, given = self.hub, self.parameters
        variables = given.variables or {}
        # Access may have changed between the first look and the watch over it.
        viewer = await hub.authenticate(self.token)
        operation: Operation = hub.operations.prepare(given.query, given.operation_name, variables)
        if operation.kind is OperationType.MUTATION and self.method == "GET":
            raise HttpRefusal(405, "Mutations need POST.")

        def tell(answer: Answer) -> None:
            outbox.put(_next(answer), self, answer)

        if operation.kind is not OperationType.SUBSCRIPTION:
            with hub.courtesy.request():
                answered = await hub.operations.answer(operation, variables, hub.context(viewer))
            outbox.put(_next(Answer(orjson.dumps(answered))), self)
            return []
        return await self.feeds.groups.serve(viewer, operation, variables, position, tell, last_cursor)


class _EventStream(Response):
    """Begins with its headers, and ends with the operation, the client, the token, or the viewer's access."""

    def __init__(self, operating: _Operating, position: Position, last_cursor: str | None) -> None:
        super().__init__()
        self._operating, self._position, self._last_cursor = operating, position, last_cursor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operating, wire = self._operating, wire_of(scope)
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def end(_: ProtocolError | None = None) -> None:
            outbox.shut()
            if not ended.done():
                ended.set_result(None)

        outbox = Outbox(wire, operating.hub.feed.heard, operating.feeds.figures, end)
        outbox.access, release = operating.feeds.watch.begin(operating.viewer, end)
        left = (operating.viewer.expires_at - utc_now()).total_seconds()
        timer = asyncio.get_running_loop().call_later(max(0.0, left), end)
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        tasks: set[asyncio.Future[Any]] = {
            asyncio.create_task(_vanished(receive)),
            asyncio.create_task(_pinged(outbox)),
            asyncio.create_task(self._run(outbox)),
        }
        try:
            await asyncio.wait({*tasks, ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            outbox.shut()
            timer.cancel()
            release()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        # One who does not read would keep the end waiting for good.
        keep = abort_later(wire, _CLOSE_SECONDS)
        with suppress(OSError):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            keep()

    async def _run(self, outbox: Outbox) -> None:
        await self._operating.run(outbox, self._position, self._last_cursor)
        await outbox.flushed()


def _next(answer: Answer) -> bytes:
    """One result; JSON has no line breaks of its own."""
    place = b"" if answer.cursor is None else b"id: %b\n" % answer.cursor.encode()
    return b"%bevent: next\ndata: %b\n\n" % (place, answer.payload)


async def _vanished(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _pinged(outbox: Outbox) -> None:
    while True:
        await asyncio.sleep(PING_SECONDS)
        outbox.put_first(b":\n\n")
