"""The state that one process shares between its requests: database, schema, feed and secrets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import strawberry

from domain.failures import Unauthenticated, Unavailable
from loaders.figure_cache import FigureCache
from loaders.tag_cache import TagCache
from resolvers.context import Context, Viewer
from resolvers.installation import Installation
from server.app.settings import Settings
from server.auth.claims import Claims, TokenExpired
from server.auth.kept_administrators import KeptAdministrators
from server.auth.keys import InstallationKeys
from server.auth.service_tokens import ServiceTokens
from server.auth.verifier import TokenVerifier
from server.auth.viewer import find_viewer, load_administrator, load_viewer, viewer_scope
from server.graphql.kept_responses import KeptResponses
from server.graphql.operations import Operations
from server.graphql.trusted_documents import TrustedDocuments
from server.limits.rate_limiter import RateLimiter
from server.limits.running_imports import RunningImports
from server.live.connection import INIT_TIMEOUT_SECONDS
from server.live.request_priority import RequestPriority
from server.telemetry.operation_record import OperationRecorder
from store.counts.live_indexes import LiveIndexes
from store.database.client import Client
from store.database.clock import utc_now

VIEWER_TIMEOUT_SECONDS = 3.5


@asynccontextmanager
async def _answered_in_time() -> AsyncIterator[None]:
    """Raise Unavailable where the block takes too long: it reads one document, so the database is down."""
    try:
        async with asyncio.timeout(VIEWER_TIMEOUT_SECONDS):
            yield
    except TimeoutError:
        raise Unavailable from None


@dataclass(slots=True)
class AppState:
    """Available as `application.state.app_state` while the process serves."""

    settings: Settings
    client: Client
    schema: strawberry.Schema
    operations: Operations
    verifier: TokenVerifier
    feed: Any
    figure_cache: FigureCache
    installation: Installation = field(default_factory=Installation)
    request_priority: RequestPriority = field(default_factory=RequestPriority)
    trusted_documents: TrustedDocuments = field(default_factory=TrustedDocuments)
    rate_limiter: RateLimiter = field(default_factory=RateLimiter)
    running_imports: RunningImports = field(default_factory=RunningImports)
    keys: InstallationKeys = field(default_factory=lambda: InstallationKeys(()))
    operation_recorder: OperationRecorder = field(default_factory=OperationRecorder)
    live_indexes: LiveIndexes | None = None
    kept_responses: KeptResponses | None = None
    init_timeout_seconds: float = INIT_TIMEOUT_SECONDS
    is_ready: bool = False
    service_tokens: ServiceTokens = field(init=False)
    kept_administrators: KeptAdministrators = field(init=False)
    tag_cache: TagCache | None = field(init=False)

    def __post_init__(self) -> None:
        """Create what belongs to the client."""
        self.service_tokens = ServiceTokens(self.client)
        self.kept_administrators = KeptAdministrators(self.client, self.feed)
        self.tag_cache = None if self.feed is None else TagCache(self.feed)

    def begin_shutdown(self) -> None:
        """Make /readyz report that no more requests should be sent here."""
        self.is_ready = False

    async def verify_token(self, token: str) -> Claims:
        """Return the claims of a token of any scope; raise Unauthenticated where it is not valid or was revoked.

        It does not say that the token's administrator still has access: `recheck` does.
        """
        claims = await self.verifier.verify(token, utc_now())
        await self.service_tokens.check(claims)
        return claims

    async def recheck(self, claims: Claims) -> None:
        """Check whether a token may still be used: before its first effect, and again before each batch of long work.

        Raise Unauthenticated where it has expired or was revoked, or where its administrator has no access any more.
        An invited administrator becomes active.
        """
        now = utc_now()
        if claims.expires_at <= now:
            raise Unauthenticated(TokenExpired.message)
        await self.service_tokens.check(claims)
        async with _answered_in_time():
            await load_administrator(self.client, claims, now)

    async def authenticate(self, token: str, after_operation_time: int = 0) -> Viewer:
        """Return the viewer of an API token, as it is after this time; raise Unauthenticated or Unavailable."""
        now = utc_now()
        claims = await self.verifier.verify(token, now)
        await self.service_tokens.check(claims)
        viewer = find_viewer(self.kept_administrators, claims, now, after_operation_time)
        if viewer is not None:
            return viewer
        async with _answered_in_time():
            return await load_viewer(self.client, claims, now, self.kept_administrators)

    def context(self, viewer: Viewer) -> Context:
        """Return a new context, with its own loaders, for one operation or one batch of events."""
        return Context(
            viewer_scope(self.client, viewer, utc_now()),
            viewer,
            self.feed,
            figure_cache=self.figure_cache,
            live_indexes=self.live_indexes,
            tag_cache=self.tag_cache,
            installation=self.installation,
        )
