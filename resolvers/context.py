"""What the resolvers of one operation share: who asks, what they may see, and the loaders made for it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from domain.permissions import ROLE_PERMISSIONS, Permission
from loaders.relations import Relations
from store.administrators import AdministratorDocument
from store.clock import utc_now
from store.scope import Scope


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking, and until when their token holds."""

    administrator: AdministratorDocument
    partner_id: str
    expires_at: datetime

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """What the viewer's role allows."""
        return ROLE_PERMISSIONS[self.administrator.role]


@dataclass(slots=True)
class Context:
    """Made anew for each operation, or for each batch of events of a feed.

    `feed_cursor` is filled before anything else of the operation is read, where it asks for one;
    `events` is what the websocket hands to a subscription.
    """

    scope: Scope
    viewer: Viewer
    feed: Any = None
    feed_cursor: str | None = None
    events: AsyncIterator[Any] | None = None
    loaders: Relations = field(init=False)

    def __post_init__(self) -> None:
        self.loaders = Relations(self.scope)

    def renew(self) -> None:
        """Moves on to the present, behind a change: what was read before it is read again."""
        self.scope = replace(self.scope, now=utc_now())
        self.loaders = Relations(self.scope)
