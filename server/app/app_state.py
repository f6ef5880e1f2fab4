"""What one process shares between its requests: the database, the schema, the feed and the keys."""

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
from server.live.request_priority import RequestPriority
from store.database.client import Client
from store.database.clock import utc_now

VIEWER_TIMEOUT_SECONDS = 4.0


@dataclass(slots=True)
class AppState:
    """Stands at `application.state.app_state` for as long as the process serves."""

    settings: Settings
    client: Client
    schema: strawberry.Schema
    operations: Operations
    verifier: TokenVerifier
    feed: Any
    figure_cache: FigureCache
    installation: Installation = field(default_factory=Installation)
    request_priority: RequestPriority = field(default_factory=RequestPriority)
    is_ready: bool = False

    def begin_shutdown(self) -> None:
        """From now on /readyz says that no more requests should come here."""
        self.is_ready = False

    def verify_token(self, token: str) -> Claims:
        """What a token says, whatever it is good for; Unauthenticated where it is not valid."""
        return self.verifier.verify(token, utc_now())

    async def authenticate(self, token: str) -> Viewer:
        """The viewer behind an API token; Unauthenticated otherwise."""
        claims = self.verify_token(token)
        try:
            async with asyncio.timeout(VIEWER_TIMEOUT_SECONDS):
                return await load_viewer(self.client, claims, utc_now())
        except TimeoutError:
            # One document by its id: where even that does not come, nothing would.
            raise Unavailable from None

    def context(self, viewer: Viewer) -> Context:
        """A fresh context, with loaders of its own, for one operation or one batch of events."""
        return Context(
            viewer_scope(self.client, viewer, utc_now()),
            viewer,
            self.feed,
            figure_cache=self.figure_cache,
            installation=self.installation,
        )
