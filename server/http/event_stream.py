"""Server-sent events at /graphql/stream: graphql-sse's distinct connections mode, one operation per request.

Each change of a feed has its cursor as the event's `id:`. A client that reconnects with `Last-Event-ID` continues
after that change.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any

import orjson
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from domain.cursors.feed import Position
from resolvers.context import Viewer
from server.app.app_state import AppState
from server.auth.viewer import read_bearer_token
from server.graphql.operations import GraphQLResponse, OperationRequest
from server.http.graphql import check_method, error_response, read_request
from server.live.begins import STREAM_BEGINS, begins
from server.live.feed_execution import FeedResult
from server.live.frame_writer import abort_later, frame_writer
from server.live.operation_runner import FeedOutput, failure_response, read_and_charge, run_operation
from server.live.protocol import ProtocolError
from server.live.send_queue import SendQueue
from server.live.shared_feeds import SharedFeeds, shared_feeds
from store.database.clock import utc_now
from store.database.driver_events.outages import request_began

# Proxies close connections that are silent for a minute, and a client that is gone is detected only by writing to it.
PING_SECONDS = 12.0
_CLOSE_TIMEOUT_SECONDS = 5.0
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


async def graphql_stream(request: Request) -> Response:
    """Answer with a stream of events; a request that is not authenticated or not well formed gets a plain response."""
    app_state: AppState = request.app.state.app_state
    # A feed starts when its operation is accepted: it includes what is written from here on.
    position, began_at = app_state.feed.position, monotonic()
    await begins().wait(STREAM_BEGINS)
    try:
        token = read_bearer_token(request.headers.get("authorization"))
        async with app_state.client.outages.limit_request():
            viewer = await app_state.authenticate(token)
            operation_request = await read_and_charge(app_state, viewer, partial(read_request, request))
    except Exception as failure:  # noqa: BLE001  The outermost place: nothing internal may reach the caller.
        return error_response(failure)
    feeds = shared_feeds(request.app.state, app_state)
    operation = _StreamOperation(app_state, feeds, token, viewer, operation_request, request.method, began_at)
    return _EventStreamResponse(operation, position, request.headers.get("last-event-id"))


class _StreamOperation(Struct):
    """One operation of one viewer; its events go into the send queue."""

    app_state: AppState
    feeds: SharedFeeds
    token: str
    viewer: Viewer
    request: OperationRequest
    method: str
    began_at: float
    is_active: bool = True

    async def run(self, send_queue: SendQueue, position: Position, last_cursor: str | None) -> None:
        """Put every event up to `complete` into the queue."""

        def send_results(results: Sequence[FeedResult]) -> None:
            for result in results:
                send_queue.put(_next_event(result), self, result)

        output = FeedOutput(self.feeds.groups, position, send_results, last_cursor)
        response: GraphQLResponse | None
        try:
            # The token is verified again: access may have changed before it was monitored.
            with request_began(self.began_at):
                outcome = await run_operation(
                    self.app_state, self.token, self._read_request, partial(check_method, self.method), output
                )
            response = outcome.response
        except Exception as failure:  # noqa: BLE001  The outermost place: everything becomes an error with a code.
            response = failure_response(failure)
        if response is not None:
            send_queue.put(_next_event(FeedResult(orjson.dumps(response))), self)
        send_queue.put(b"event: complete\ndata:\n\n")

    async def _read_request(self) -> OperationRequest:
        return self.request


class _EventStreamResponse(Response):
    """A stream of events; it ends with the operation, the client, the token, or the viewer's access."""

    def __init__(self, operation: _StreamOperation, position: Position, last_cursor: str | None) -> None:
        super().__init__()
        self._operation, self._position, self._last_cursor = operation, position, last_cursor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation, writer = self._operation, frame_writer(scope, send)
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def end(_: ProtocolError | None = None) -> None:
            send_queue.close()
            if not ended.done():
                ended.set_result(None)

        send_queue = SendQueue(writer, operation.app_state.feed.wait_until_fresh, operation.feeds.metrics, end)
        send_queue.access, release = operation.feeds.access_monitor.register(operation.viewer, end)
        seconds_left = (operation.viewer.expires_at - utc_now()).total_seconds()
        timer = asyncio.get_running_loop().call_later(max(0.0, seconds_left), end)
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        tasks: set[asyncio.Future[Any]] = {
            asyncio.create_task(_wait_for_disconnect(receive)),
            asyncio.create_task(_send_pings(send_queue)),
            asyncio.create_task(self._run(send_queue)),
        }
        try:
            await asyncio.wait({*tasks, ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            send_queue.close()
            timer.cancel()
            release()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        # A client that does not read would otherwise block the last message forever.
        cancel_abort = abort_later(writer, _CLOSE_TIMEOUT_SECONDS)
        with suppress(OSError):
            # ASGI allows one message at a time.
            await writer.wait_until_sent()
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            cancel_abort()

    async def _run(self, send_queue: SendQueue) -> None:
        await self._operation.run(send_queue, self._position, self._last_cursor)
        await send_queue.wait_until_sent()


def _next_event(result: FeedResult) -> bytes:
    """Return one result as an event; encoded JSON has no line breaks."""
    id_line = b"" if result.cursor is None else b"id: %b\n" % result.cursor.encode()
    return b"%bevent: next\ndata: %b\n\n" % (id_line, result.payload)


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_pings(send_queue: SendQueue) -> None:
    while True:
        await asyncio.sleep(PING_SECONDS)
        send_queue.put_first(b":\n\n")
