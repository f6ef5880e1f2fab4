"""The context that the resolvers of one operation share: viewer, scope and loaders."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from domain.languages.languages import Language
from domain.permissions import ROLE_PERMISSIONS, Permission
from domain.time.instants import MAX_INSTANT
from loaders.batched_fields import BatchedFields
from loaders.customer_counts import CustomerCounts
from loaders.figure_cache import FigureCache
from loaders.relations import Loaders
from loaders.tag_cache import TagCache
from resolvers.installation import Installation
from store.counts.live_indexes import LiveIndexes
from store.database.scope import Scope
from store.database.stored_fields import Projection
from store.tags.documents import TagDocument
from store.tenants.administrators import AdministratorDocument

Value = TypeVar("Value")


class Viewer(Struct, frozen=True):
    """The caller, the moment at which their token expires, and the language of this connection or request."""

    administrator: AdministratorDocument
    partner_id: str
    expires_at: datetime
    language: Language = Language.ENGLISH

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """The permissions of the viewer's role."""
        return ROLE_PERMISSIONS[self.administrator.role]


class Context(Struct, weakref=True, eq=False):
    """Created for each operation, and for each batch of events of a feed.

    `feed_cursor` is set before anything else is read, where the operation selects it. `figure_cache`, `live_indexes`
    and `tag_cache` are the process's.
    `after_operation_time` is the cluster time of the caller's latest change, from its header; `operation_time` is that
    of the latest change that this operation made. `valid_until` is the first moment at which time alone may change what
    was read: a state feed (`is_state_feed`) reads again then.
    """

    scope: Scope
    viewer: Viewer
    feed: Any = None
    feed_cursor: str | None = None
    figure_cache: FigureCache | None = None
    live_indexes: LiveIndexes | None = None
    tag_cache: TagCache | None = None
    after_operation_time: int = 0
    operation_time: int = 0
    installation: Installation = field(default_factory=Installation)
    is_state_feed: bool = False
    # Whether the response may be kept, so that every read must call `limit_validity`.
    is_kept: bool = False
    valid_until: datetime = MAX_INSTANT
    _figures: dict[Hashable, asyncio.Task[Any]] = field(default_factory=dict)
    # A response that is kept needs none of them.
    _customer_counts: CustomerCounts | None = None
    _loaders: Loaders | None = None
    _batched_fields: BatchedFields | None = None

    def advance_operation_time(self, time: int) -> None:
        """Record the cluster time of a change that this operation made."""
        self.operation_time = max(self.operation_time, time)

    @property
    def loaders(self) -> Loaders:
        """What the operation reads of relations."""
        if self._loaders is None:
            self._loaders = Loaders(self.scope)
        return self._loaders

    @property
    def batched_fields(self) -> BatchedFields:
        """The loaders of batched fields on graphql-core's executor."""
        if self._batched_fields is None:
            self._batched_fields = BatchedFields()
        return self._batched_fields

    @property
    def customer_counts(self) -> CustomerCounts:
        """The totals and facets of this operation."""
        if self._customer_counts is None:
            time = max(self.after_operation_time, self.operation_time)
            self._customer_counts = CustomerCounts(self.scope, self.live_indexes, time)
        return self._customer_counts

    async def read_tags(self, ids: Sequence[str], projection: Projection = None) -> list[TagDocument | None]:
        """Return the tags in the order of the ids, None for one that does not exist."""
        seen = max(self.after_operation_time, self.operation_time)
        if self.tag_cache is not None and self.tag_cache.is_servable(self.scope, seen):
            return await self.tag_cache.load(self.scope, ids)
        return await self.loaders.tags.load_all(ids, projection)

    def read_figure(self, name: Hashable, read: Callable[[], Awaitable[tuple[Value, datetime]]]) -> Awaitable[Value]:
        """Return a cached figure, or the value that `read` returns with the moment at which time alone may change it.

        An operation reads a figure once, so that its fields never contradict each other.
        """
        task = self._figures.get(name)
        if task is None:
            task = self._figures[name] = asyncio.create_task(self._read_figure(name, read))
        return asyncio.shield(task)

    async def _read_figure(self, name: Hashable, read: Callable[[], Awaitable[tuple[Value, datetime]]]) -> Value:
        if self.figure_cache is None:
            value, valid_until = await read()
        else:
            value, valid_until = await self.figure_cache.read_figure(
                self.scope, name, max(self.after_operation_time, self.operation_time), read
            )
        self.limit_validity(valid_until)
        return value

    def limit_validity(self, moment: datetime) -> None:
        """Record a moment at which time alone changes what was read."""
        self.valid_until = min(self.valid_until, moment)

    def refresh(self, now: datetime) -> None:
        """Forget everything that was read, and move to `now`, the moment of a change that this operation made."""
        self.scope = replace(self.scope, now=now)
        self._loaders = None
        self.valid_until = MAX_INSTANT
        self._figures = {}
        self._customer_counts = None
