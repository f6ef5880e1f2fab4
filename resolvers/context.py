"""What the resolvers of one operation share: who asks, what they may see, and the loaders made for it."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from domain.permissions import ROLE_PERMISSIONS, Permission
from domain.time.instants import MAX_INSTANT
from loaders.figure_cache import FigureCache
from loaders.relations import Loaders
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

    `feed_cursor` is filled before anything else of the operation is read, where it asks for one.
    `figure_cache` holds the process's figures.
    `after_operation_time` is the latest change that the caller has made, as its header says; `operation_time` is the
    latest one that this operation made.
    `valid_until` is the soonest moment at which time alone may turn what was read: a feed of a state (`is_state_feed`)
    reads again then.
    """

    scope: Scope
    viewer: Viewer
    feed: Any = None
    feed_cursor: str | None = None
    figure_cache: FigureCache | None = None
    after_operation_time: int = 0
    operation_time: int = 0
    installation: Installation = field(default_factory=Installation)
    is_state_feed: bool = False
    valid_until: datetime = MAX_INSTANT
    loaders: Loaders = field(init=False)
    _figures: dict[Hashable, asyncio.Task[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.loaders = Loaders(self.scope)

    def advance_operation_time(self, time: int) -> None:
        """Notes the cluster time of a change that this operation made."""
        self.operation_time = max(self.operation_time, time)

    def read_figure(self, name: Hashable, read: Callable[[], Awaitable[tuple[Value, datetime]]]) -> Awaitable[Value]:
        """A kept figure, or what `read` answers: a value, and the moment at which time alone may turn it.

        Within an operation it is read once, so that it never contradicts itself.
        """
        asked = self._figures.get(name)
        if asked is None:
            asked = self._figures[name] = asyncio.create_task(self._read_figure(name, read))
        return asyncio.shield(asked)

    async def _read_figure(self, name: Hashable, read: Callable[[], Awaitable[tuple[Value, datetime]]]) -> Value:
        if self.figure_cache is None:
            value, valid_until = await read()
        else:
            value, valid_until = await self.figure_cache.read_figure(
                self.scope, name, max(self.after_operation_time, self.operation_time), read
            )
        self.valid_until = min(self.valid_until, valid_until)
        return value

    def refresh(self) -> None:
        """Moves on to the present, behind a change: what was read before it is read again."""
        self.scope = replace(self.scope, now=utc_now())
        self.loaders = Loaders(self.scope)
        self.valid_until = MAX_INSTANT
        self._figures = {}
