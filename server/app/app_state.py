"""What one process shares between its requests: the database, the schema, the feed and the keys."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import strawberry

from domain.failures import Unavailable
from loaders.figure_cache import Kept
from resolvers.context import Context, Viewer
from resolvers.installation import Installation
from server.app.settings import Settings
from server.auth.tokens import Claims, Verifier
from server.auth.viewer import scope_of, viewer_of
from server.graphql.operations import Operations
from server.live.request_priority import Courtesy
from store.database.client import Client
from store.database.clock import utc_now

LOOK_UP_SECONDS = 4.0


@dataclass(slots=True)
class Hub:
    """Stands at `application.state.hub` for as long as the process serves."""

    settings: Settings
    client: Client
    schema: strawberry.Schema
    operations: Operations
    verifier: Verifier
    feed: Any
    kept: Kept
    installation: Installation = field(default_factory=Installation)
    courtesy: Courtesy = field(default_factory=Courtesy)
    is_ready: bool = False

    def take_leave(self) -> None:
        """From now on /readyz says that no more requests should come here."""
        self.is_ready = False

    def claims(self, token: str) -> Claims:
        """What a token says, whatever it is good for; Unauthenticated where it is not valid."""
        return self.verifier.verify(token, utc_now())

    async def authenticate(self, token: str) -> Viewer:
        """The viewer behind an API token; Unauthenticated otherwise."""
        claims = self.claims(token)
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                return await viewer_of(self.client, claims, utc_now())
        except TimeoutError:
            # One document by its id: where even that does not come, nothing would.
            raise Unavailable from None

    def context(self, viewer: Viewer) -> Context:
        """A fresh context, with loaders of its own, for one operation or one batch of events."""
        return Context(
            scope_of(self.client, viewer, utc_now()), viewer, self.feed, kept=self.kept, installation=self.installation
        )
