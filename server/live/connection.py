"""One accepted websocket: what it may do, what runs on it, and why it is closed."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

import orjson
from graphql import OperationType
from starlette.websockets import WebSocket, WebSocketDisconnect

from domain.failures import BadUserInput, Unauthenticated
from resolvers.context import Viewer
from server.graphql.errors import Errors, exception_error, failure_error
from server.graphql.operations import OperationRejected
from server.live.feed_execution import FeedResult
from server.live.feed_groups import FeedAppState
from server.live.protocol import (
    CONNECTION_ACK,
    CloseCode,
    Complete,
    ConnectionInit,
    Ping,
    Pong,
    ProtocolError,
    Subscribe,
    complete_message,
    error_message,
    next_message,
    next_message_head,
    pong_message,
    read_message,
    read_token,
)
from server.live.send_queue import SendQueue
from server.live.shared_feeds import SharedFeeds
from server.live.socket_transport import abort_later, frame_writer_of
from store.database.clock import utc_now

INIT_TIMEOUT_SECONDS = 10.0
# A subscriber that needs more operations at once is a program gone wrong.
MAX_OPERATIONS = 100
_CLOSE_TIMEOUT_SECONDS = 5.0


class WebSocketAppState(FeedAppState, Protocol):
    """What the websocket needs of the process; it stands at `application.state.app_state`."""

    @property
    def settings(self) -> Any: ...

    async def authenticate(self, token: str) -> Viewer:
        """The viewer behind a token; Unauthenticated otherwise."""


class WebSocketConnection:
    """One accepted socket: what it may do, what runs on it, and why it is closed."""

    def __init__(self, websocket: WebSocket, app_state: WebSocketAppState, shared: SharedFeeds) -> None:
        self._websocket, self._app_state, self._shared = websocket, app_state, shared
        self._loop = asyncio.get_running_loop()
        self._closing: asyncio.Future[ProtocolError] = self._loop.create_future()
        self._writer = frame_writer_of(websocket.scope)
        self._send_queue = SendQueue(self._writer, app_state.feed.wait_until_fresh, shared.metrics, self.close)
        self._running: dict[str, _RunningOperation] = {}
        self._token: str | None = None
        self._release: Callable[[], None] | None = None
        self._is_initialised = False
        self._timer = self._loop.call_later(
            INIT_TIMEOUT_SECONDS,
            self._close_with,
            CloseCode.INITIALISATION_TIMEOUT,
            "connection_init did not come in time.",
        )

    async def run(self) -> None:
        """Reads until either side ends it."""
        reading: asyncio.Future[None] = asyncio.create_task(self._read(), name="socket")
        try:
            waited: set[asyncio.Future[Any]] = {reading, self._closing}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._send_queue.close()
            self._timer.cancel()
            if self._release is not None:
                self._release()
                self._release = None
            tasks = [reading, *(running.task for running in self._running.values() if running.task is not None)]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._send_close_frame()

    def close(self, error: ProtocolError) -> None:
        """Ends the socket with a code and a reason; nothing else leaves from now on."""
        if not self._closing.done():
            self._send_queue.close()
            self._closing.set_result(error)

    def _close_with(self, code: CloseCode, reason: str) -> None:
        self.close(ProtocolError(code, reason))

    async def _send_close_frame(self) -> None:
        """Sends the close frame; one who does not even read that is cut off."""
        if not self._closing.done():
            return
        error = self._closing.result()
        abort_later(self._writer, _CLOSE_TIMEOUT_SECONDS)
        with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(_CLOSE_TIMEOUT_SECONDS):
                await self._websocket.close(error.code, error.reason)

    async def _read(self) -> None:
        try:
            while True:
                received = await self._websocket.receive()
                if received["type"] == "websocket.disconnect":
                    return
                await self._handle(received.get("text"))
        except ProtocolError as error:
            self.close(error)

    async def _handle(self, text: str | None) -> None:
        match read_message(text):
            case ConnectionInit(payload):
                await self._initialise(read_token(payload))
            case Ping(payload):
                self._send_queue.put_first(pong_message(payload))
            case Pong():
                pass
            case Subscribe() as subscribe:
                self._start_operation(subscribe)
            case Complete(id_):
                if (running := self._running.pop(id_, None)) is not None:
                    running.stop()

    async def _initialise(self, token: str) -> None:
        if self._is_initialised:
            raise ProtocolError(CloseCode.TOO_MANY_INITIALISATIONS, "Too many initialisation requests.")
        self._is_initialised = True
        try:
            viewer = await self._app_state.authenticate(token)
        except Unauthenticated as refused:
            raise ProtocolError(CloseCode.FORBIDDEN, str(refused)) from None
        except Exception as failure:  # noqa: BLE001  Whatever it was is logged there; the client may come again.
            raise ProtocolError(CloseCode.TRY_AGAIN_LATER, exception_error(failure)["message"]) from None
        self._token = token
        # A change before this moment is seen by each operation, which looks at the token again.
        self._send_queue.access, self._release = self._shared.access_monitor.register(viewer, self.close)
        self._timer.cancel()
        left = (viewer.expires_at - utc_now()).total_seconds()
        self._timer = self._loop.call_later(max(0, left), self._close_with, CloseCode.FORBIDDEN, "token expired")
        self._send_queue.put(CONNECTION_ACK)

    def _start_operation(self, subscribe: Subscribe) -> None:
        if self._token is None:
            raise ProtocolError(CloseCode.UNAUTHORIZED, "Unauthorized: send connection_init first.")
        if subscribe.id in self._running:
            raise ProtocolError(CloseCode.SUBSCRIBER_EXISTS, f"Subscriber for {subscribe.id} already exists")
        if len(self._running) == MAX_OPERATIONS:
            refused = failure_error(BadUserInput(f"A socket may have at most {MAX_OPERATIONS} operations at once."))
            self._send_queue.put(error_message(subscribe.id, [refused]))
            return
        running = self._running[subscribe.id] = _RunningOperation(subscribe.id, self._send_queue)
        running.task = asyncio.create_task(self._run_operation(subscribe, self._token, running), name="operation")
        running.task.add_done_callback(running.clear_task)

    async def _run_operation(self, subscribe: Subscribe, token: str, running: "_RunningOperation") -> None:
        """Carries out one operation and says how it ended; its failure never ends another one."""
        try:
            errors = await self._execute_operation(subscribe, token, running)
        except OperationRejected as refused:
            errors = refused.errors
        except Unauthenticated as refused:
            # It was let in before, so the viewer has gone since: that ends everything.
            self._close_with(CloseCode.FORBIDDEN, str(refused))
            return
        except Exception as failure:  # noqa: BLE001  The outermost place: everything becomes an error with a code.
            errors = [exception_error(failure)]
        if running.is_active:
            # From here on the client may use the id again.
            self._running.pop(subscribe.id, None)
            self._send_queue.put(error_message(subscribe.id, errors) if errors else complete_message(subscribe.id))

    async def _execute_operation(self, subscribe: Subscribe, token: str, running: "_RunningOperation") -> Errors:
        # A feed begins when its operation is accepted: whatever is written while the token is looked at belongs to it.
        position, app_state = self._app_state.feed.position, self._app_state
        viewer = await app_state.authenticate(token)
        variables = subscribe.variables or {}
        operation = app_state.operations.prepare(subscribe.query, subscribe.operation_name, variables)
        if operation.kind is OperationType.SUBSCRIPTION:
            return await self._shared.groups.serve(viewer, operation, variables, position, running.send_result)
        with app_state.request_priority.track_request():
            answer = await app_state.operations.execute(operation, variables, app_state.context(viewer))
        if "data" not in answer:
            return list(answer["errors"])
        self._send_queue.put(next_message(next_message_head(subscribe.id), orjson.dumps(answer)), running)
        return []


class _RunningOperation:
    """An operation under way; what it has put into the send_queue is dropped once the client has ended it."""

    def __init__(self, id_: str, send_queue: SendQueue) -> None:
        self.is_active = True
        self.task: asyncio.Task[None] | None = None
        self._head, self._send_queue = next_message_head(id_), send_queue

    def send_result(self, answer: FeedResult) -> None:
        """Sends a result."""
        self._send_queue.put(next_message(self._head, answer.payload), self, answer)

    def stop(self) -> None:
        """The client wants no more of it."""
        self.is_active = False
        if self.task is not None:
            self.task.cancel()

    def clear_task(self, _: "asyncio.Task[None]") -> None:
        """A task that was cancelled remembers where, and with it all that belongs to the socket, this included."""
        self.task = None
