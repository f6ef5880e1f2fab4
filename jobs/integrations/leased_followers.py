"""Tasks that follow the log, one for each webhook or partner. One process at a time runs them, by a lease."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

import structlog

from domain.failures import Unavailable
from domain.types import ActivityKind
from store.database.client import Client, PyMongoError
from store.database.leases import Lease
from store.feed.events import FeedEvent
from store.feed.feed import Feed

_log = structlog.get_logger(__name__)
# One lease for all kinds of followers.
FOLLOWERS_LEASE, FOLLOWERS_LEASE_SECONDS = "followers", 3.0
_PAUSE_SECONDS = 1.0
# Where nothing is followed, an event tells that there is something.
_IDLE_SECONDS = 5.0
# What is followed, with its version.
Active = TypeVar("Active", bound=Hashable)


class Follower(Protocol):
    """What follows the log from a stored position."""

    async def run(self) -> None:
        """Follow the log until there is nothing to do."""

    async def save_reached(self) -> None:
        """Store how far the log was read, where the last events were of no interest; called once a second."""


class LeasedFollowers(Generic[Active]):
    """The followers of a process: `start` them after the feed, `stop` them before.

    `read_active` returns what is to be followed, by id. Where a value changes, the follower is replaced by the one that
    `follow(id, value)` returns. An event of the kind `woken_by` makes it read again at once.
    """

    def __init__(
        self,
        client: Client,
        feed: Feed,
        lease: Lease,
        name: str,
        woken_by: ActivityKind,
        read_active: Callable[[Client], Awaitable[Mapping[str, Active]]],
        follow: Callable[[str, Active], Follower],
    ) -> None:
        self._client, self._feed, self._lease = client, feed, lease
        self._name, self._woken_by = name, woken_by
        self._read_active, self._follow = read_active, follow
        self._changed = asyncio.Event()
        self._running: dict[str, tuple[Active, Follower, asyncio.Task[None]]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start following whenever this process has the lease."""
        self._feed.listeners.append(self._note_change)
        self._task = asyncio.create_task(self._repeat(), name=self._name)

    async def stop(self) -> None:
        """Stop following; what has no outcome yet is repeated by the next process with the lease."""
        self._feed.listeners.remove(self._note_change)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _note_change(self, event: FeedEvent) -> None:
        if event.document["kind"] == self._woken_by:
            self._changed.set()

    async def _repeat(self) -> None:
        while True:
            await self._lease.wait_until_held()
            try:
                await self._follow_until_lost()
            except (PyMongoError, Unavailable) as error:
                _log.warning("followers stopped, they will start again", followers=self._name, error=repr(error))
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _follow_until_lost(self) -> None:
        try:
            while self._lease.is_held:
                self._changed.clear()
                await self._adjust(await self._read_active(self._client))
                for _, follower, _ in list(self._running.values()):
                    await follower.save_reached()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_PAUSE_SECONDS if self._running else _IDLE_SECONDS):
                        await self._changed.wait()
        finally:
            await self._adjust({})

    async def _adjust(self, active: Mapping[str, Active]) -> None:
        """Stop the tasks of what was changed or is not active; start those that are missing."""
        outdated = [id_ for id_, (value, _, task) in self._running.items() if task.done() or active.get(id_) != value]
        stopped = [self._running.pop(id_)[2] for id_ in outdated]
        for task in stopped:
            task.cancel()
        for error in await asyncio.gather(*stopped, return_exceptions=True):
            if isinstance(error, Exception):
                _log.error(
                    "follower failed, it will start again", followers=self._name, error=repr(error), exc_info=error
                )
        for id_, value in active.items():
            if id_ not in self._running:
                follower = self._follow(id_, value)
                task = asyncio.create_task(follower.run(), name=f"{self._name} {id_}")
                self._running[id_] = value, follower, task
