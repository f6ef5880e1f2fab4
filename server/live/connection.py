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
from server.graphql.operations import Refusal
from server.live.feed_execution import Answer
from server.live.feed_groups import FeedHub
from server.live.protocol import (
    ACKNOWLEDGED,
    CloseCode,
    Complete,
    ConnectionInit,
    Ping,
    Pong,
    ProtocolError,
    Subscribe,
    complete_message,
    error_message,
    next_head,
    next_message,
    pong,
    read_message,
    token_of,
)
from server.live.send_queue import Outbox
from server.live.shared_feeds import SharedFeeds
from server.live.socket_transport import abort_later, wire_of
from store.database.clock import utc_now

INIT_SECONDS = 10.0
# A subscriber that needs more operations at once is a program gone wrong.
MAX_OPERATIONS = 100
_CLOSE_SECONDS = 5.0


class WebSocketHub(FeedHub, Protocol):
    """What the websocket needs of the process; it stands at `application.state.hub`."""

    @property
    def settings(self) -> Any: ...

    async def authenticate(self, token: str) -> Viewer:
        """The viewer behind a token; Unauthenticated otherwise."""


class Connection:
    """One accepted socket: what it may do, what runs on it, and why it is closed."""

    def __init__(self, websocket: WebSocket, hub: WebSocketHub, shared: SharedFeeds) -> None:
        self._websocket, self._hub, self._shared = websocket, hub, shared
        self._loop = asyncio.get_running_loop()
        self._closing: asyncio.Future[ProtocolError] = self._loop.create_future()
        self._wire = wire_of(websocket.scope)
        self._outbox = Outbox(self._wire, hub.feed.heard, shared.figures, self.close)
        self._running: dict[str, _Running] = {}
        self._token: str | None = None
        self._release: Callable[[], None] | None = None
        self._is_initialised = False
        self._timer = self._loop.call_later(
            INIT_SECONDS, self._close_with, CloseCode.INITIALISATION_TIMEOUT, "connection_init did not come in time."
        )

    async def run(self) -> None:
        """Reads until either side ends it."""
        reading: asyncio.Future[None] = asyncio.create_task(self._read(), name="socket")
        try:
            waited: set[asyncio.Future[Any]] = {reading, self._closing}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._outbox.shut()
            self._timer.cancel()
            if self._release is not None:
                self._release()
                self._release = None
            tasks = [reading, *(running.task for running in self._running.values() if running.task is not None)]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._say_goodbye()

    def close(self, error: ProtocolError) -> None:
        """Ends the socket with a code and a reason; nothing else leaves from now on."""
        if not self._closing.done():
            self._outbox.shut()
            self._closing.set_result(error)

    def _close_with(self, code: CloseCode, reason: str) -> None:
        self.close(ProtocolError(code, reason))

    async def _say_goodbye(self) -> None:
        """Sends the close frame; one who does not even read that is cut off."""
        if not self._closing.done():
            return
        error = self._closing.result()
        abort_later(self._wire, _CLOSE_SECONDS)
        with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
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
                await self._initialise(token_of(payload))
            case Ping(payload):
                self._outbox.put_first(pong(payload))
            case Pong():
                pass
            case Subscribe() as subscribe:
                self._begin(subscribe)
            case Complete(id_):
                if (running := self._running.pop(id_, None)) is not None:
                    running.stop()

    async def _initialise(self, token: str) -> None:
        if self._is_initialised:
            raise ProtocolError(CloseCode.TOO_MANY_INITIALISATIONS, "Too many initialisation requests.")
        self._is_initialised = True
        try:
            viewer = await self._hub.authenticate(token)
        except Unauthenticated as refused:
            raise ProtocolError(CloseCode.FORBIDDEN, str(refused)) from None
        except Exception as failure:  # noqa: BLE001  Whatever it was is logged there; the client may come again.
            raise ProtocolError(CloseCode.TRY_AGAIN_LATER, exception_error(failure)["message"]) from None
        self._token = token
        # A change before this moment is seen by each operation, which looks at the token again.
        self._outbox.access, self._release = self._shared.watch.begin(viewer, self.close)
        self._timer.cancel()
        left = (viewer.expires_at - utc_now()).total_seconds()
        self._timer = self._loop.call_later(max(0, left), self._close_with, CloseCode.FORBIDDEN, "token expired")
        self._outbox.put(ACKNOWLEDGED)

    def _begin(self, subscribe: Subscribe) -> None:
        if self._token is None:
            raise ProtocolError(CloseCode.UNAUTHORIZED, "Unauthorized: send connection_init first.")
        if subscribe.id in self._running:
            raise ProtocolError(CloseCode.SUBSCRIBER_EXISTS, f"Subscriber for {subscribe.id} already exists")
        if len(self._running) == MAX_OPERATIONS:
            refused = failure_error(BadUserInput(f"A socket may have at most {MAX_OPERATIONS} operations at once."))
            self._outbox.put(error_message(subscribe.id, [refused]))
            return
        running = self._running[subscribe.id] = _Running(subscribe.id, self._outbox)
        running.task = asyncio.create_task(self._operate(subscribe, self._token, running), name="operation")
        running.task.add_done_callback(running.let_go)

    async def _operate(self, subscribe: Subscribe, token: str, running: "_Running") -> None:
        """Carries out one operation and says how it ended; its failure never ends another one."""
        try:
            errors = await self._carried_out(subscribe, token, running)
        except Refusal as refused:
            errors = refused.errors
        except Unauthenticated as refused:
            # It was let in before, so the viewer has gone since: that ends everything.
            self._close_with(CloseCode.FORBIDDEN, str(refused))
            return
        except Exception as failure:  # noqa: BLE001  The outermost place: everything becomes an error with a code.
            errors = [exception_error(failure)]
        if running.is_wanted:
            # From here on the client may use the id again.
            self._running.pop(subscribe.id, None)
            self._outbox.put(error_message(subscribe.id, errors) if errors else complete_message(subscribe.id))

    async def _carried_out(self, subscribe: Subscribe, token: str, running: "_Running") -> Errors:
        # A feed begins when its operation is accepted: whatever is written while the token is looked at belongs to it.
        position, hub = self._hub.feed.position, self._hub
        viewer = await hub.authenticate(token)
        variables = subscribe.variables or {}
        operation = hub.operations.prepare(subscribe.query, subscribe.operation_name, variables)
        if operation.kind is OperationType.SUBSCRIPTION:
            return await self._shared.groups.serve(viewer, operation, variables, position, running.tell)
        with hub.courtesy.request():
            answer = await hub.operations.answer(operation, variables, hub.context(viewer))
        if "data" not in answer:
            return list(answer["errors"])
        self._outbox.put(next_message(next_head(subscribe.id), orjson.dumps(answer)), running)
        return []


class _Running:
    """An operation under way; what it has put into the outbox is dropped once the client has ended it."""

    def __init__(self, id_: str, outbox: Outbox) -> None:
        self.is_wanted = True
        self.task: asyncio.Task[None] | None = None
        self._head, self._outbox = next_head(id_), outbox

    def tell(self, answer: Answer) -> None:
        """Sends a result."""
        self._outbox.put(next_message(self._head, answer.payload), self, answer)

    def stop(self) -> None:
        """The client wants no more of it."""
        self.is_wanted = False
        if self.task is not None:
            self.task.cancel()

    def let_go(self, _: "asyncio.Task[None]") -> None:
        """A task that was cancelled remembers where, and with it all that belongs to the socket, this included."""
        self.task = None
