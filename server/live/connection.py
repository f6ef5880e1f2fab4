"""One accepted websocket: its authentication, its operations, and how it is closed."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Protocol

import orjson
from graphql import OperationType
from starlette.websockets import WebSocket, WebSocketDisconnect

from domain.failures import BadUserInput, Unauthenticated, Unavailable
from domain.languages.languages import Language, choose_language
from domain.messages import translatable
from domain.rate_limits import RateLimited
from resolvers.context import Viewer
from server.graphql.errors import Errors, exception_error, failure_error
from server.graphql.operation import Operation
from server.graphql.operations import OperationRequest
from server.live.begins import begins
from server.live.feed_execution import FeedResult
from server.live.frame_writer import abort_later, accept_large_messages, frame_writer
from server.live.operation_runner import FeedOutput, OperationAppState, failure_errors, run_operation
from server.live.protocol import (
    AUTHORIZATION_MISSING,
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
    read_language,
    read_message,
    read_token,
)
from server.live.send_queue import SendQueue
from server.live.shared_feeds import SharedFeeds
from server.live.turns import MAX_EXECUTING, Turn
from store.database.clock import utc_now
from store.database.driver_events.outages import request_began

INIT_TIMEOUT_SECONDS = 10.0
# Of the `subscribe` messages of all operations of a socket that have not ended. One has at most 1 MiB.
MAX_MESSAGE_BYTES = 2 * 1024 * 1024
# 1 MiB takes 15 ms to read: as much as an operation of the cost 2,000.
BYTES_OF_A_COST = 500
_CLOSE_TIMEOUT_SECONDS = 5.0


class WebSocketAppState(OperationAppState, Protocol):
    """What the websocket needs of the process, from `application.state.app_state`."""

    @property
    def settings(self) -> Any: ...

    @property
    def init_timeout_seconds(self) -> float: ...


class WebSocketConnection:
    """One accepted socket, from connection_init to its close frame."""

    def __init__(self, websocket: WebSocket, app_state: WebSocketAppState, shared: SharedFeeds) -> None:
        self._websocket, self._app_state, self._shared = websocket, app_state, shared
        self._loop = asyncio.get_running_loop()
        self._closing: asyncio.Future[ProtocolError] = self._loop.create_future()
        self._writer = frame_writer(websocket.scope, websocket.send)
        self._send_queue = SendQueue(self._writer, app_state.feed.wait_until_fresh, shared.metrics, self.close)
        self._running: dict[str, _RunningOperation] = {}
        self._turns = asyncio.Semaphore(MAX_EXECUTING)
        self._token: str | None = None
        # As of connection_init: each operation finds its own.
        self._viewer: Viewer | None = None
        self._language = Language.ENGLISH
        self._release: Callable[[], None] | None = None
        self._is_initialised = False
        self._timer = self._loop.call_later(
            app_state.init_timeout_seconds,
            self._close_with,
            CloseCode.INITIALISATION_TIMEOUT,
            "connection_init did not come in time.",
        )

    async def run(self) -> None:
        """Serve the socket until either side closes it."""
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
        """Close the socket with a code and a reason; nothing queued is sent any more."""
        if not self._closing.done():
            self._send_queue.close()
            self._closing.set_result(error)

    def _close_with(self, code: CloseCode, reason: str) -> None:
        self.close(ProtocolError(code, reason))

    async def _send_close_frame(self) -> None:
        """Send the close frame; abort the connection of a client that does not read it."""
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
                accepted = read_language(payload) or self._websocket.headers.get("accept-language")
                self._language = choose_language(accepted)
                await self._initialise(read_token(payload))
            case Ping(payload):
                self._send_queue.put_first(pong_message(payload))
            case Pong():
                pass
            case Subscribe() as subscribe:
                await self._start_operation(subscribe, len((text or "").encode()))
            case Complete(id_):
                if (running := self._running.pop(id_, None)) is not None:
                    running.stop()

    async def _initialise(self, token: str) -> None:
        if self._is_initialised:
            raise ProtocolError(CloseCode.TOO_MANY_INITIALISATIONS, "Too many initialisation requests.")
        self._is_initialised = True
        if not token:
            raise ProtocolError(CloseCode.FORBIDDEN, AUTHORIZATION_MISSING)
        await begins().wait()
        try:
            viewer = await self._app_state.authenticate(token)
        except Unauthenticated as failure:
            raise ProtocolError(CloseCode.FORBIDDEN, str(failure)) from None
        except Exception as failure:  # noqa: BLE001  exception_error logs it; the client may connect again.
            raise ProtocolError(CloseCode.TRY_AGAIN_LATER, exception_error(failure)["message"]) from None
        self._token, self._viewer = token, viewer
        accept_large_messages(self._writer)
        # Changes of access before this line are not monitored: each operation authenticates the token again.
        self._send_queue.access, self._release = self._shared.access_monitor.register(viewer, self.close)
        self._timer.cancel()
        seconds_left = (viewer.expires_at - utc_now()).total_seconds()
        self._timer = self._loop.call_later(
            max(0, seconds_left), self._close_with, CloseCode.FORBIDDEN, "token expired"
        )
        self._send_queue.put(CONNECTION_ACK)

    async def _start_operation(self, subscribe: Subscribe, message_bytes: int) -> None:
        if self._token is None or self._viewer is None:
            raise ProtocolError(CloseCode.UNAUTHORIZED, "Unauthorized: send connection_init first.")
        if subscribe.id in self._running:
            raise ProtocolError(CloseCode.SUBSCRIBER_EXISTS, f"Subscriber for {subscribe.id} already exists")
        if (refusal := self._find_refusal(message_bytes)) is not None:
            await self._charge_refusal(self._viewer, message_bytes)
            self._send_queue.put(error_message(subscribe.id, [failure_error(refusal)]))
            return
        running = self._running[subscribe.id] = _RunningOperation(subscribe.id, self._send_queue, message_bytes)
        began_at = monotonic()
        await begins().wait()
        # To wait for its turn is a part of its time.
        with request_began(began_at):
            running.task = asyncio.create_task(self._run_operation(subscribe, self._token, running), name="operation")
        running.task.add_done_callback(running.clear_task)

    async def _charge_refusal(self, viewer: Viewer, message_bytes: int) -> None:
        """Charge an operation that is not accepted, as any that is rejected: a client can send 1,000 in a second."""
        try:
            await self._app_state.rate_limiter.charge(viewer, message_bytes // BYTES_OF_A_COST)
        except (RateLimited, Unavailable) as failure:
            raise ProtocolError(CloseCode.TRY_AGAIN_LATER, str(failure)) from None

    def _find_refusal(self, message_bytes: int) -> BadUserInput | None:
        """Return why one more operation is not accepted: there are too many, or they hold too much."""
        most = self._app_state.settings.limit_operations_per_socket
        if len(self._running) >= most:
            return BadUserInput(translatable("A socket may have at most {most} operations at once.", most=most))
        if sum(running.message_bytes for running in self._running.values()) + message_bytes > MAX_MESSAGE_BYTES:
            most = MAX_MESSAGE_BYTES
            message = translatable("The operations of a socket have at most {most} bytes of messages.", most=most)
            return BadUserInput(message)
        return None

    async def _run_operation(self, subscribe: Subscribe, token: str, running: "_RunningOperation") -> None:
        """Run one operation and send how it ended; its failure does not affect other operations."""
        # A feed starts when its operation is accepted: it includes what is written during authentication.
        output = FeedOutput(self._shared.groups, self._app_state.feed.position, running.send_results)

        async def read_request() -> OperationRequest:
            document, name, variables = subscribe.document, subscribe.operation_name, subscribe.variables
            return OperationRequest(document, name, variables, 0, self._language, subscribe.rejection)

        def end_turn_of_feed(operation: Operation) -> None:
            if operation.kind is OperationType.SUBSCRIPTION:
                turn.end()

        errors: Errors = []
        turn = Turn(self._turns)
        try:
            await turn.begin()
            outcome = await run_operation(self._app_state, token, read_request, end_turn_of_feed, output)
            if outcome.response is not None and "data" in outcome.response:
                payload = orjson.dumps(outcome.response)
                self._send_queue.put(next_message(next_message_head(subscribe.id), payload), running)
            elif outcome.response is not None:
                errors = outcome.response["errors"]
        except Unauthenticated as failure:
            # The token was valid at connection_init, so the viewer has lost access since.
            self._close_with(CloseCode.FORBIDDEN, str(failure))
            return
        except Exception as failure:  # noqa: BLE001  The outermost place: everything becomes an error with a code.
            errors = failure_errors(failure)
        finally:
            turn.end()
        if running.is_active:
            # The client may use the id again as soon as it receives the message.
            self._running.pop(subscribe.id, None)
            self._send_queue.put(error_message(subscribe.id, errors) if errors else complete_message(subscribe.id))


class _RunningOperation:
    """An operation in progress; its queued messages are dropped once the client has completed it."""

    __slots__ = ("_head", "_send_queue", "is_active", "message_bytes", "task")

    def __init__(self, id_: str, send_queue: SendQueue, message_bytes: int) -> None:
        self.is_active = True
        self.message_bytes = message_bytes
        self.task: asyncio.Task[None] | None = None
        self._head, self._send_queue = next_message_head(id_), send_queue

    def send_results(self, results: Sequence[FeedResult]) -> None:
        """Send results of a feed."""
        for result in results:
            self._send_queue.put(next_message(self._head, result.payload), self, result)

    def stop(self) -> None:
        """Cancel the operation: the client has completed it."""
        self.is_active = False
        if self.task is not None:
            self.task.cancel()

    def clear_task(self, _: "asyncio.Task[None]") -> None:
        """Forget the task: a cancelled task keeps its frames, which refer back to this operation and its socket."""
        self.task = None
