"""The state that one process shares between its requests: database, schema, feed and secrets."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import strawberry

from domain.failures import Unavailable
from loaders.figure_cache import FigureCache
from resolvers.context import Context, Viewer
from resolvers.installation import Installation
from server.app.settings import Settings
from server.auth.tokens import Claims, TokenVerifier
from server.auth.viewer import load_viewer, viewer_scope
from server.graphql.operations import Operations
from server.graphql.trusted_documents import TrustedDocuments
from server.live.connection import INIT_TIMEOUT_SECONDS
from server.live.request_priority import RequestPriority
from store.database.client import Client
from store.database.clock import utc_now

VIEWER_TIMEOUT_SECONDS = 4.0


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
    init_timeout_seconds: float = INIT_TIMEOUT_SECONDS
    is_ready: bool = False

    def begin_shutdown(self) -> None:
        """Make /readyz report that no more requests should be sent here."""
        self.is_ready = False

    def verify_token(self, token: str) -> Claims:
        """Return the claims of a token of any scope; raise Unauthenticated where it is not valid."""
        return self.verifier.verify(token, utc_now())

    async def authenticate(self, token: str) -> Viewer:
        """Return the viewer of an API token; raise Unauthenticated or Unavailable."""
        claims = self.verify_token(token)
        try:
            async with asyncio.timeout(VIEWER_TIMEOUT_SECONDS):
                return await load_viewer(self.client, claims, utc_now())
        except TimeoutError:
            # This reads one document by its id: a database that does not return it is down.
            raise Unavailable from None

    def context(self, viewer: Viewer) -> Context:
        """Return a new context, with its own loaders, for one operation or one batch of events."""
        return Context(
            viewer_scope(self.client, viewer, utc_now()),
            viewer,
            self.feed,
            figure_cache=self.figure_cache,
            installation=self.installation,
        )
