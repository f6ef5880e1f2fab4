"""A server with the real feed, groups and websocket over a schema of three fields, and a client to talk to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import strawberry
import uvicorn
import websockets
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from websockets.asyncio.client import ClientConnection

from domain.failures import BadUserInput, Unauthenticated, Unavailable
from domain.messages import translatable
from domain.types import AdministratorState, PartnerRole
from resolvers.context import Context, Viewer
from resolvers.feed_cursor import change_cursor
from resolvers.feeds import EventFeed, FeedChange, FeedViewer, StateFeed
from schema.feed_fields import feed_field
from schema.fields import Argument, field
from server.connections.request_transport import RequestTransport
from server.connections.server_config import ServerConfig
from server.connections.trusted_proxies import TrustedProxies
from server.graphql.operations import Operations
from server.graphql.trusted_documents import TrustedDocuments
from server.http import probes
from server.http.event_stream import graphql_stream
from server.limits.rate_limiter import RateLimiter
from server.live.connection import INIT_TIMEOUT_SECONDS
from server.live.metrics import FeedMetrics
from server.live.protocol import SUBPROTOCOL
from server.live.request_priority import RequestPriority
from server.live.shared_feeds import SharedFeeds, shared_feeds
from server.live.socket_transport import SocketTransport
from server.live.websocket import graphql_websocket
from server.telemetry.operation_record import OperationRecorder
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.feed.events import FeedEvent
from store.feed.feed import Feed
from store.tenants.administrators import AdministratorDocument
from tests.server.connections.limited_server import make_limits

MAX_OPERATIONS = 20


class Numbered(FeedChange, frozen=True):
    """The payload of `numbered`."""

    number: int


@strawberry.type
class NumberedType:
    number: int
    cursor: str = field(change_cursor, str)
    language: str = field(lambda context, _: str(context.viewer.language), str)
    mine: str = field(lambda context, _: context.viewer.administrator.id, str, depends_on_viewer=True)

    @strawberry.field
    def padding(self) -> str:
        """60 kB: more than the buffers of the kernel and of the server take of 400 messages."""
        return "x" * 60_000

    @strawberry.field
    def failing(self) -> str:
        raise RuntimeError("a secret")

    @strawberry.field
    async def hangs(self) -> bool:
        return bool(await asyncio.Event().wait())

    @strawberry.field
    def executions(self, info: strawberry.Info) -> int:
        COUNTS["executions"] += 1
        return COUNTS["executions"]

    @strawberry.field
    def flaky(self) -> bool:
        """The database is away for the first two who ask."""
        COUNTS["outages"] += 1
        if COUNTS["outages"] <= 2:
            raise Unavailable
        return True


@strawberry.type
class Count:
    count: int


COUNTS = {"executions": 0, "outages": 0}


def parse_least(least: int) -> int:
    if least < 0:
        raise BadUserInput(translatable("least cannot be negative."))
    return least


def select_numbered(event: FeedEvent, least: int, viewer: FeedViewer) -> Numbered | None:
    """Every visible event is a change; no customer is looked up."""
    if event.document["number"] < least or not event.is_visible(viewer.restricted_to, viewer.now):
        return None
    return Numbered(event.position, event.access_grant(viewer.restricted_to), None, event.document["number"])


async def read_count(context: Context) -> Count:
    events = context.scope.collection("events")
    return Count(count=await events.count(context.scope.match()))


@strawberry.type
class Query:
    @strawberry.field
    def double(self, number: int) -> int:
        return number * 2

    @strawberry.field
    def refuse(self) -> str:
        raise BadUserInput(translatable("No."))


@strawberry.type
class Subscription:
    numbered = feed_field(
        EventFeed(parse_least, select_numbered), NumberedType, least=Argument(int, 0), after=Argument(str | None)
    )
    event_count = feed_field(StateFeed(read_count, lambda _: True, min_interval=0.01), Count)


SCHEMA = strawberry.Schema(Query, subscription=Subscription)


class StubAppState:
    """What the websocket needs of a process; tokens are `partner role [seconds]`."""

    def __init__(self, client: Client, feed: Feed) -> None:
        self.client, self.feed = client, feed
        self.trusted_documents, self.rate_limiter = TrustedDocuments(), RateLimiter()
        self.kept_responses = None
        self.operation_recorder = OperationRecorder()
        self.schema, self.operations, self.request_priority = SCHEMA, Operations(SCHEMA), RequestPriority()
        self.is_ready = True
        self.init_timeout_seconds = INIT_TIMEOUT_SECONDS
        self.settings = SimpleNamespace(
            origins=frozenset({"https://friend.example"}), limit_operations_per_socket=MAX_OPERATIONS
        )

    async def authenticate(self, token: str, after_operation_time: int = 0) -> Viewer:
        partner_id, _, rest = token.partition(" ")
        if partner_id == "broken":
            raise RuntimeError("a secret")
        role, _, seconds = rest.partition(" ")
        if role not in set(PartnerRole):
            raise Unauthenticated("This token is not valid.")
        return Viewer(
            _administrator(PartnerRole(role)), partner_id, utc_now() + timedelta(seconds=float(seconds or 60))
        )

    def context(self, viewer: Viewer) -> Context:
        administrator = viewer.administrator
        scope = Scope(self.client, viewer.partner_id, utc_now(), administrator.id, administrator.role)
        return Context(scope, viewer, self.feed)


def _administrator(role: PartnerRole) -> AdministratorDocument:
    past = datetime(2026, 1, 1)
    fields: dict[str, Any] = {
        "_id": f"adm_{role.lower()[:4]:0<24}",
        "partner_id": "acme",
        "email": "a@acme.example",
        "display_name": "A",
        "name_folded": "a",
        "role": role,
        "state": AdministratorState.ACTIVE,
        "last_sign_in_at": None,
        "version": 1,
        "created_at": past,
        "updated_at": past,
    }
    return SimpleNamespace(id=fields["_id"], **fields)  # type: ignore[return-value]


class Socket:
    """A client of the test: it speaks the protocol's messages one by one."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def subscribe(self, id_: str, query: str, **variables: Any) -> None:
        await self.send(type="subscribe", id=id_, payload={"query": query, "variables": variables})

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            message: dict[str, Any] = json.loads(await self.connection.recv())
            return message

    async def initialise(self, token: str = "acme FULL_ADMINISTRATOR", **payload: Any) -> None:
        await self.send(type="connection_init", payload={"authorization": f"Bearer {token}", **payload})
        assert await self.receive() == {"type": "connection_ack"}

    async def settle(self) -> None:
        """Waits until the server has taken everything said so far: a query's answer comes after it."""
        await self.subscribe("settle", "{ double(number: 4) }")
        assert (await self.receive())["payload"] == {"data": {"double": 8}}
        assert await self.receive() == {"id": "settle", "type": "complete"}

    async def payloads(self, count: int) -> list[Mapping[str, Any]]:
        return [(await self.receive())["payload"]["data"]["numbered"] for _ in range(count)]

    async def numbers(self, count: int) -> list[int]:
        return [payload["number"] for payload in await self.payloads(count)]

    async def closed(self) -> tuple[int | None, str | None]:
        """The code and reason that the server closes with; what it says before is skipped."""
        async with asyncio.timeout(15):
            try:
                while True:
                    await self.connection.recv()
            except websockets.ConnectionClosed:
                return self.connection.close_code, self.connection.close_reason


@dataclass
class SocketServer:
    """A running server."""

    app_state: StubAppState
    address: str
    server: uvicorn.Server
    feeds: SharedFeeds

    @property
    def metrics(self) -> FeedMetrics:
        return self.feeds.metrics

    @property
    def connections(self) -> int:
        """How many sockets the server holds."""
        return len(self.server.server_state.connections)

    @asynccontextmanager
    async def socket(self, **options: Any) -> AsyncIterator[Socket]:
        given = {"subprotocols": [SUBPROTOCOL], "compression": None, **options}
        async with websockets.connect(self.address, **given) as connection:
            yield Socket(connection)


@asynccontextmanager
async def running_world(
    mongo_uri: str, database_name: str, *, transport: type[SocketTransport] = SocketTransport, **feed_options: Any
) -> AsyncIterator[SocketServer]:
    feed = Feed(mongo_uri, database_name, [b"secret"], **feed_options)
    client = Client(mongo_uri, database_name)
    await feed.start()
    routes = [
        WebSocketRoute("/graphql", graphql_websocket),
        Route("/graphql/stream", graphql_stream, methods=["GET", "POST"]),
        *probes.routes,
    ]
    application = Starlette(routes=routes)
    app_state = application.state.app_state = StubAppState(client, feed)
    config = ServerConfig(
        application,
        make_limits(),
        TrustedProxies("127.0.0.1"),
        port=0,
        http=RequestTransport,
        ws=transport,
        ws_per_message_deflate=False,
        log_level="warning",
        lifespan="off",
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield SocketServer(
            app_state, f"ws://127.0.0.1:{port}/graphql", server, shared_feeds(application.state, app_state)
        )
    finally:
        server.should_exit = True
        await serving
        await feed.stop()
        await client.close()
