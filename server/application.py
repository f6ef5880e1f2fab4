"""The ASGI application: its routes, and what it opens and closes with its life."""

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route, WebSocketRoute

from jobs.loop import JobLoop
from loaders.figure_cache import Kept
from schema.build import build_schema
from server.app.app_state import Hub
from server.app.database import database_address, ready_client
from server.app.installation import installation_of
from server.app.logs import configure_logs
from server.app.settings import Settings, read_settings
from server.auth.tokens import Verifier
from server.gc_tuning import look_seldom
from server.graceful_shutdown import Drain
from server.graphql.operations import Operations
from server.http import event_stream, graphiql, imports, launch, probes
from server.http import graphql as http
from server.live import websocket
from server.live.shared_feeds import live_clients
from store.database.client import Client
from store.database.secrets import cursor_secret, signing_key
from store.feed.feed import Feed


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
