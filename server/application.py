"""The ASGI application: its routes, and the resources that it opens at startup and closes at shutdown."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route, WebSocketRoute

from jobs.integrations.alert_maker import create_alert_maker
from jobs.integrations.leased_followers import FOLLOWERS_LEASE, FOLLOWERS_LEASE_SECONDS
from jobs.integrations.webhook_sender import create_webhook_sender
from jobs.loop import JOBS, JobLoop
from loaders.figure_cache import FigureCache
from schema.build import build_schema
from server.app.app_state import AppState
from server.app.authentication import open_verifier
from server.app.database import database_uri, open_prepared_client
from server.app.documents import load_trusted_documents
from server.app.installation import load_installation
from server.app.keys import load_keys
from server.app.logs import configure_logs
from server.app.mail import mail_jobs
from server.app.settings import Settings, read_settings
from server.auth.keys import InstallationKeys
from server.gc_tuning import tune_gc
from server.graceful_shutdown import GracefulShutdown
from server.graphql.kept_responses import KeptResponses
from server.graphql.operations import Operations
from server.graphql.trusted_documents import TrustedDocuments
from server.http import (
    dashboard,
    event_stream,
    exports,
    graphiql,
    imports,
    launch,
    metrics,
    probes,
    unsubscribe,
    widgets,
)
from server.http import graphql as http
from server.http.compression import CompressedResponses
from server.http.concurrent_requests import ConcurrentRequests, RequestCount
from server.http.cors import CrossOriginRequests
from server.http.direct_posts import DirectPosts
from server.http.methods import routes_at
from server.http.security_headers import SecurityHeaders
from server.limits.rate_limiter import RateLimiter
from server.live import websocket
from server.live.shared_feeds import live_connections
from server.telemetry.exposition import is_shared_by_workers
from server.telemetry.operation_metrics import choose_names
from server.telemetry.operation_record import OperationRecorder
from server.telemetry.request_id import RequestIds
from server.telemetry.tracing import Tracing
from store.counts.live_indexes import LiveIndexes
from store.database.client import Client
from store.database.leases import Lease
from store.feed.feed import Feed


def create_application(settings: Settings | None = None) -> Starlette:
    """Return the application; without settings it reads them from the environment, as workers do."""
    chosen = settings or read_settings()
    configure_logs(chosen.log_level)

    @asynccontextmanager
    async def lifespan(application: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app_state = application.state.app_state = await _create_app_state(chosen, stack)
            app_state.is_ready = True
            tune_gc()
            _publish_metrics(application, app_state, stack)
            shutdown = GracefulShutdown(
                chosen.drain_seconds, app_state.begin_shutdown, partial(live_connections, application.state)
            )
            shutdown.intercept_signals(signal.SIGTERM, signal.SIGINT)
            yield
            app_state.begin_shutdown()

    count, is_https = RequestCount(chosen.connection_requests), chosen.public_url.startswith("https://")
    cors = Middleware(CrossOriginRequests, allowed_origins=chosen.origins)
    middleware = [cors, Middleware(ConcurrentRequests, count=count), Middleware(CompressedResponses)]
    application = Starlette(routes=[*_routes(), *_development_routes(chosen)], lifespan=lifespan, middleware=middleware)
    stack = application.build_middleware_stack()
    stack = metrics.MetricsPort(stack, chosen.metrics_port) if chosen.metrics_port else stack
    stack = RequestIds(SecurityHeaders(stack, is_https=is_https))
    application.middleware_stack = DirectPosts(
        stack, application, count, is_https=is_https, metrics_port=chosen.metrics_port
    )
    return application


def _routes() -> list[BaseRoute]:
    return [
        *routes_at("/graphql", http.graphql, "GET", "POST", also_routed=("HEAD", "PUT", "PATCH", "DELETE")),
        *routes_at("/graphql/stream", event_stream.graphql_stream, "GET", "POST"),
        WebSocketRoute("/graphql", websocket.graphql_websocket),
        WebSocketRoute("/graphql/", websocket.graphql_websocket),
        *exports.routes,
        *imports.routes,
        *graphiql.routes,
        *dashboard.routes,
        *widgets.routes,
        *launch.routes,
        *unsubscribe.routes,
        *probes.routes,
        *metrics.routes,
    ]


def _development_routes(settings: Settings) -> list[Route]:
    if not settings.development_sign_in:
        return []
    # A server in production does not even load what signs in without a password.
    from server.development_issuer.routes import development_routes

    return development_routes(settings)


async def _create_app_state(settings: Settings, stack: AsyncExitStack) -> AppState:
    await stack.enter_async_context(Tracing())
    uri = stack.enter_context(database_uri(settings))
    keys = load_keys(settings)
    client = await stack.enter_async_context(open_prepared_client(settings, uri, notices_outages=True))
    # 0.15 s of computation, while MongoDB opens the change stream.
    building = asyncio.create_task(asyncio.to_thread(build_schema))
    stack.callback(building.cancel)
    feed = await _start_feed(settings, uri, keys)
    stack.push_async_callback(feed.stop)
    await _start_jobs(settings, client, feed, keys, stack)
    schema = await building
    operations = Operations(schema, is_compiled=settings.compiled_execution)
    documents = load_trusted_documents(settings, operations)
    return AppState(
        settings,
        client,
        schema,
        operations,
        await stack.enter_async_context(open_verifier(settings, keys)),
        feed,
        FigureCache(feed),
        load_installation(settings, keys),
        trusted_documents=documents,
        kept_responses=KeptResponses(feed, settings.kept_responses_bytes) if settings.kept_responses_bytes else None,
        live_indexes=_start_live_indexes(settings, client, feed, stack),
        init_timeout_seconds=settings.connection_init_seconds,
        rate_limiter=_start_rate_limiter(settings, client, stack),
        keys=keys,
        operation_recorder=_operation_recorder(settings, documents),
    )


async def _start_jobs(
    settings: Settings, client: Client, feed: Feed, keys: InstallationKeys, stack: AsyncExitStack
) -> None:
    loop = JobLoop(client, [*JOBS, *mail_jobs(settings, keys)], feed)
    loop.start()
    stack.push_async_callback(loop.stop)
    lease = await stack.enter_async_context(Lease(client, FOLLOWERS_LEASE, FOLLOWERS_LEASE_SECONDS))
    sender = create_webhook_sender(client, feed, lease, settings.webhook_policy)
    for followers in (sender, create_alert_maker(client, feed, lease)):
        followers.start()
        stack.push_async_callback(followers.stop)


def _publish_metrics(application: Starlette, app_state: AppState, stack: AsyncExitStack) -> None:
    """Let the worker that is asked for metrics know those of this one."""
    if is_shared_by_workers():
        publishing = asyncio.create_task(metrics.publish_repeatedly(application.state, app_state), name="metrics")
        stack.callback(publishing.cancel)


def _operation_recorder(settings: Settings, documents: TrustedDocuments) -> OperationRecorder:
    names = choose_names(settings.metrics_operations, documents.operation_names)
    return OperationRecorder(names, settings.log_slow_seconds, logs_all=settings.log_level == "DEBUG")


def _start_live_indexes(settings: Settings, client: Client, feed: Feed, stack: AsyncExitStack) -> LiveIndexes:
    indexes = LiveIndexes(client, feed, settings.index_megabytes * 1_000_000)
    stack.push_async_callback(indexes.stop)
    return indexes


def _start_rate_limiter(settings: Settings, client: Client, stack: AsyncExitStack) -> RateLimiter:
    limiter = RateLimiter(client, settings.rate_limits)
    limiter.start()
    stack.push_async_callback(limiter.stop)
    return limiter


async def _start_feed(settings: Settings, uri: str, keys: InstallationKeys) -> Feed:
    feed = Feed(
        uri,
        settings.database,
        keys.cursor_secrets,
        driver=settings.driver,
        ring_size=settings.ring_events,
        history_seconds=settings.ring_minutes * 60,
    )
    await feed.start()
    return feed
