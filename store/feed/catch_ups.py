"""Catching up: what a partner's resumers missed is read from the oplog once for all of them, a few partners at once."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from domain.cursors.feed import Position
from domain.failures import CursorExpired, RequestFailure
from store.database.client import Client
from store.feed.oplog import Stretch, remembered

AT_ONCE = 4
# Whoever comes back within this time of the first goes along: after a restart they come all at once.
GATHER_SECONDS = 0.05
# So many stretches lie in memory for the slowest of those who go along.
WINDOW = 8

IsReached = Callable[[str, Position], bool]


class CatchUps:
    """All catch-ups of a process; `is_reached` says where the ring goes on. `started` counts them."""

    def __init__(self, client: Client, is_reached: IsReached) -> None:
        self._client, self._is_reached = client, is_reached
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._newest: dict[str, _CatchUp] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.started = 0

    async def follow(self, partner_id: str, position: Position) -> AsyncGenerator[Stretch, None]:
        """The partner's events behind the position, until the ring goes on (then or later: ask the ring, and again).

        CursorExpired where the database has forgotten some of them, Unavailable where it does not answer.
        """
        catch_up, has_heard = self._joinable(partner_id, position), False
        try:
            async with aclosing(catch_up.stretches(position)) as stretches:
                async for stretch in stretches:
                    has_heard = True
                    yield stretch
        except CursorExpired:
            # The lowest cursor was too old. Whoever went along from further on tries again from there.
            if has_heard or position <= catch_up.start:
                raise

    def _joinable(self, partner_id: str, position: Position) -> "_CatchUp":
        newest = self._newest.get(partner_id)
        if newest is None or not newest.may_join(position):
            newest = self._newest[partner_id] = _CatchUp(position)
            task = asyncio.create_task(self._run(partner_id, newest), name="catch-up")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return newest

    async def _run(self, partner_id: str, catch_up: "_CatchUp") -> None:
        failure: RequestFailure | None = None
        try:
            async with self._slots:
                await asyncio.sleep(GATHER_SECONDS)
                self.started += 1
                await catch_up.read(self._client, partner_id, self._is_reached)
        except RequestFailure as raised:
            failure = raised
        finally:
            catch_up.end(failure)
            if self._newest.get(partner_id) is catch_up:
                del self._newest[partner_id]


class _CatchUp:
    """One reading of the oplog; those who go along take its stretches from a window, each at their own pace."""

    def __init__(self, start: Position) -> None:
        # The lowest cursor of those who came before the reading began.
        self.start = start
        self._base = start
        self._is_begun = self._is_over = False
        self._failure: RequestFailure | None = None
        self._window: deque[Stretch] = deque()
        self._dropped = 0
        self._places: dict[object, int] = {}
        self._changed = asyncio.Event()

    def may_join(self, position: Position) -> bool:
        """Whether everything behind the position is still to come, or lies in the window."""
        return not self._is_over and (not self._is_begun or position >= self._base)

    async def read(self, client: Client, partner_id: str, is_reached: IsReached) -> None:
        """Fills the window until the ring goes on or nobody goes along any more."""
        self._is_begun, self._base = True, self.start
        async with aclosing(remembered(client, partner_id, self.start)) as stretches:
            async for stretch in stretches:
                while self._places and len(self._window) >= WINDOW:
                    await self._changed.wait()
                self._window.append(stretch)
                self._tell()
                if not self._places or is_reached(partner_id, stretch.reached):
                    return

    def end(self, failure: RequestFailure | None) -> None:
        """Nothing more comes into the window; the failure says why, where one did it."""
        self._is_over, self._failure = True, failure
        self._tell()

    async def stretches(self, position: Position) -> AsyncGenerator[Stretch, None]:
        """Goes along: everything behind the position, until the reading ends."""
        if not self._is_begun:
            self.start = min(self.start, position)
        me = object()
        self._places[me] = self._dropped
        try:
            while not (self._is_over and self._place(me) == len(self._window)):
                if self._place(me) == len(self._window):
                    await self._changed.wait()
                    continue
                events, reached = self._window[self._place(me)]
                self._places[me] += 1
                self._drop()
                yield Stretch([event for event in events if event.position > position], max(position, reached))
        finally:
            del self._places[me]
            self._drop()
        if self._failure is not None:
            raise self._failure

    def _place(self, me: object) -> int:
        return self._places[me] - self._dropped

    def _drop(self) -> None:
        """Lets go of what everybody has taken."""
        slowest = min(self._places.values(), default=self._dropped + len(self._window))
        while self._dropped < slowest:
            self._base = self._window.popleft().reached
            self._dropped += 1
        self._tell()

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
