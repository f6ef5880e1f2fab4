"""What the resolvers of one operation share: who asks, what they may see, and the loaders made for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from domain.permissions import ROLE_PERMISSIONS, Permission
from domain.time.instants import FOREVER
from loaders.figure_cache import Kept
from loaders.relations import Relations
from resolvers.installation import Installation
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.administrators import AdministratorDocument

Value = TypeVar("Value")


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
    `events` is what the websocket hands to a subscription. `kept` holds the process's figures; `asked_seen` is the
    latest change that the caller has made, as its header says, and `seen` the latest one that this operation made.
    `turns_at` is the soonest moment at which time alone may turn what was read: a feed of a state (`is_watching`)
    reads again then.
    """

    scope: Scope
    viewer: Viewer
    feed: Any = None
    feed_cursor: str | None = None
    events: AsyncIterator[Any] | None = None
    kept: Kept | None = None
    asked_seen: int = 0
    seen: int = 0
    installation: Installation = field(default_factory=Installation)
    is_watching: bool = False
    turns_at: datetime = FOREVER
    loaders: Relations = field(init=False)
    _figures: dict[Hashable, asyncio.Task[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.loaders = Relations(self.scope)

    def saw(self, time: int) -> None:
        """Notes the cluster time of a change that this operation made."""
        self.seen = max(self.seen, time)

    def figure(self, name: Hashable, read: Callable[[], Awaitable[tuple[Value, datetime]]]) -> Awaitable[Value]:
        """A kept figure, or what `read` answers: a value, and the moment at which time alone may turn it.

        Within an operation it is read once, so that it never contradicts itself.
        """
        asked = self._figures.get(name)
        if asked is None:
            asked = self._figures[name] = asyncio.create_task(self._figure(name, read))
        return asyncio.shield(asked)

    async def _figure(self, name: Hashable, read: Callable[[], Awaitable[tuple[Value, datetime]]]) -> Value:
        if self.kept is None:
            value, turns_at = await read()
        else:
            value, turns_at = await self.kept.figure(self.scope, name, max(self.asked_seen, self.seen), read)
        self.turns_at = min(self.turns_at, turns_at)
        return value

    def renew(self) -> None:
        """Moves on to the present, behind a change: what was read before it is read again."""
        self.scope = replace(self.scope, now=utc_now())
        self.loaders = Relations(self.scope)
        self.turns_at = FOREVER
        self._figures = {}
