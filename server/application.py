"""The ASGI application: its routes, and what it opens and closes with its life."""

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route, WebSocketRoute

from jobs.loop import JobLoop
from loaders.kept import Kept
from schema.build import build_schema
from server import event_stream, graphiql, http, imports, launch, probes, websocket
from server.collector import look_seldom
from server.database import database_address, ready_client
from server.draining import Drain
from server.hub import Hub
from server.installation import installation_of
from server.logs import configure_logs
from server.operations import Operations
from server.settings import Settings, read_settings
from server.shared_feeds import live_clients
from server.tokens import Verifier
from store.client import Client
from store.feed import Feed
from store.keys import cursor_secret, signing_key


def create_application(settings: Settings | None = None) -> Starlette:
    """The application; without settings it reads the environment's, as uvicorn's workers do."""
    chosen = settings or read_settings()
    configure_logs(chosen.log_level)

    @asynccontextmanager
    async def lifespan(application: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            hub = application.state.hub = await _opened(chosen, stack)
            hub.is_ready = True
            look_seldom()
            drain = Drain(chosen.drain_seconds, hub.take_leave, partial(live_clients, application.state))
            drain.stand_before(signal.SIGTERM, signal.SIGINT)
            yield
            hub.take_leave()

    return Starlette(routes=_routes(), lifespan=lifespan)


def _routes() -> list[BaseRoute]:
    return [
        Route("/graphql", http.graphql, methods=["GET", "POST", "HEAD", "PUT", "PATCH", "DELETE"]),
        Route("/graphql/stream", event_stream.graphql_stream, methods=["GET", "POST"]),
        WebSocketRoute("/graphql", websocket.graphql_websocket),
        *imports.routes,
        *graphiql.routes,
        *launch.routes,
        *probes.routes,
    ]


async def _opened(settings: Settings, stack: AsyncExitStack) -> Hub:
    uri = stack.enter_context(database_address(settings))
    client = await stack.enter_async_context(ready_client(settings, uri))
    feed = await _started_feed(settings, uri, client)
    stack.push_async_callback(feed.stop)
    loop = JobLoop(client)
    loop.start()
    stack.push_async_callback(loop.stop)
    schema = build_schema()
    verifier = Verifier(await signing_key(client))
    installation = await installation_of(settings, client)
    return Hub(settings, client, schema, Operations(schema), verifier, feed, Kept(feed), installation)


async def _started_feed(settings: Settings, uri: str, client: Client) -> Feed:
    feed = Feed(
        uri,
        settings.database,
        await cursor_secret(client),
        driver=settings.driver,
        ring_size=settings.ring_events,
        back_seconds=settings.ring_minutes * 60,
    )
    await feed.start()
    return feed
