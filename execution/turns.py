"""Turns of the operations that one event loop executes: small operations first, then those of each owner by turns.

Where several threads run event loops, those of one loop take turns, and the others only let each other run.

An operation calls `wait()` between two pieces of work. An operation that has worked for less
than a turn is small. Small ones that wait go first, and while one is in progress, a large one pauses after each turn
for as long as it has worked: a small query of one client does not wait until a hundred large ones of another have
ended, although it waits for the database several times.
"""

from asyncio import AbstractEventLoop, Future, Handle, TimerHandle, get_running_loop, sleep
from collections import deque
from collections.abc import Hashable
from contextvars import ContextVar
from itertools import chain
from time import monotonic
from typing import Self

# No iteration of an event loop lasts so long: it was that of another loop, as in tests.
_STALE_SECONDS = 1.0
# While small operations wait all the time, as on a busy process, every fourth turn is that of a large one: it
# would wait without end otherwise.
_SMALL_TURNS = 3


class OperationTime:
    """The time that one operation has worked, as far as it is known, and whose operation it is.

    A context manager: its block is the operation. A generator as context manager would take three times as long.
    """

    __slots__ = ("_token", "_turns", "is_queued", "owner", "used", "waiting")

    def __init__(self, turns: "Turns", owner: Hashable = None) -> None:
        self._turns, self.owner, self.used, self.is_queued = turns, owner, 0.0, False
        # An operation can wait at several places, in the rows of two lists for example.
        self.waiting: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        self._token = _CURRENT.set(self)
        self._turns.begin()
        return self

    def __exit__(self, *_: object) -> None:
        _CURRENT.reset(self._token)
        self._turns.end(self)

    def leave(self, *, is_closed: bool) -> None:
        """Wait for no turn any more; in a loop that is not closed it goes on where it waits."""
        self.is_queued = False
        while self.waiting and not is_closed:
            self.wake_one()
        self.waiting.clear()

    def wake_one(self) -> None:
        """Let it go on where it has waited longest."""
        while self.waiting:
            waiter = self.waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return


class OwnerQueue(dict[Hashable, deque[OperationTime]]):
    """Operations that wait, by owner: the owner whose turn was the longest ago is the first.

    Thousands can wait, so that none is looked at before its turn.
    """

    def add(self, operation: OperationTime) -> None:
        """Add an operation behind the others of its owner."""
        self.setdefault(operation.owner, deque()).append(operation)

    def take_next(self) -> OperationTime | None:
        """Remove and return the first operation of the first owner, who is the last then; None where none waits."""
        if not self:
            return None
        owner = next(iter(self))
        waiting = self.pop(owner)
        operation = waiting.popleft()
        if waiting:
            self[owner] = waiting
        return operation


class Turns:
    """The turns in one event loop."""

    TURN_SECONDS = 0.01

    def __init__(self) -> None:
        self._loop: AbstractEventLoop | None = None
        # Of the running iteration of the event loop, from the first question in it.
        self._is_new_iteration, self._began_at, self._is_charged = True, 0.0, False
        self._small_queue, self._large_queue = OwnerQueue(), OwnerQueue()
        # The turns of small operations since a large one began to wait, or since the last turn of a large one.
        self._small_turns = 0
        self._next: Handle | None = None
        self._in_turn: OperationTime | None = None
        self._turn_began_at = 0.0
        self._small_count = 0

    def track(self, owner: Hashable = None) -> OperationTime:
        """Return a context manager: what its block does is one operation; its owner can be set later."""
        return OperationTime(self, owner)

    def is_over(self) -> bool:
        """Return whether the running iteration of the event loop has worked for a turn."""
        now = monotonic()
        if self._is_new_iteration or now - self._began_at > _STALE_SECONDS:
            self._begin_iteration(now)
        return now - self._began_at > self.TURN_SECONDS

    async def wait(self) -> None:
        """Return at once, or in the operation's next turn where this one is over or a small operation waits for it."""
        # An empty queue is usual, and every operation asks several times.
        if self.is_over() or (self._small_queue and self._gives_way(_CURRENT.get())):
            await self._wait()

    async def _wait(self) -> None:
        loop = get_running_loop()
        if loop is not self._loop and not self._move_to(loop):
            await sleep(0)
            return
        operation, worked = _CURRENT.get(), monotonic() - self._began_at
        if self._in_turn is None and not self._is_new_iteration and not self._is_charged:
            # What asks first after the end of a turn has used most of it.
            self._is_charged = True
            self._charge(operation, worked)
        operation.waiting.append(waiter := loop.create_future())
        self._enqueue(operation)
        self._schedule(worked)
        await waiter

    def _move_to(self, loop: AbstractEventLoop) -> bool:
        """Return whether the turns are those of the loop now; another one that is running, in a thread, keeps them.

        What waits in a loop that was stopped goes on when it runs again.
        """
        stopped = self._loop
        if stopped is not None and stopped.is_running():
            return False
        queues = (*self._small_queue.values(), *self._large_queue.values())
        if self._next is not None:
            self._next.cancel()
        waiting = {_UNTRACKED, *chain.from_iterable(queues)}
        if self._in_turn is not None:
            waiting.add(self._in_turn)
        self._loop, self._next, self._in_turn, self._is_new_iteration = loop, None, None, True
        self._small_queue, self._large_queue = OwnerQueue(), OwnerQueue()
        for operation in waiting:
            operation.leave(is_closed=stopped is None or stopped.is_closed())
        return True

    def _begin_iteration(self, now: float) -> None:
        self._is_new_iteration, self._is_charged, self._began_at = False, False, now
        get_running_loop().call_soon(self._end_iteration)
        operation = _CURRENT.get()
        is_waited_for = (self._next or self._in_turn) is not None and operation is not self._in_turn
        if is_waited_for and not self._is_small(operation):
            # It comes back from the database while others wait for their turn: it waits, too.
            self._is_charged, self._began_at = True, now - 2 * self.TURN_SECONDS

    def _end_iteration(self) -> None:
        self._is_new_iteration = True

    def _is_small(self, operation: OperationTime) -> bool:
        return operation.used < self.TURN_SECONDS

    def _gives_way(self, operation: OperationTime) -> bool:
        return operation.used >= self.TURN_SECONDS and bool(self._small_queue)

    def _charge(self, operation: OperationTime, seconds: float) -> None:
        was_small = self._is_small(operation)
        if operation is not _UNTRACKED:
            operation.used += seconds
            if was_small and not self._is_small(operation):
                self._count_small_down()

    def begin(self) -> None:
        """Count an operation, which is small at first."""
        self._small_count += 1

    def end(self, operation: OperationTime) -> None:
        """Stop counting an operation, unless it has become a large one."""
        if self._is_small(operation):
            self._count_small_down()

    def _count_small_down(self) -> None:
        self._small_count -= 1
        if self._large_queue or self._small_queue:
            self._schedule(0.0)

    def _enqueue(self, operation: OperationTime) -> None:
        if not operation.is_queued and operation is not self._in_turn:
            operation.is_queued = True
            (self._small_queue if self._is_small(operation) else self._large_queue).add(operation)

    def _schedule(self, worked: float) -> None:
        """Begin the next turn: at once for a small operation, else after a pause if small ones are in progress."""
        if self._loop is None or self._in_turn is not None:
            return
        is_urgent = not self._small_count or bool(self._small_queue)
        if self._next is None and not is_urgent:
            self._next = self._loop.call_later(min(worked, self.TURN_SECONDS), self._begin_turn)
        elif self._next is None or (is_urgent and isinstance(self._next, TimerHandle)):
            if self._next is not None:
                self._next.cancel()
            self._next = self._loop.call_soon(self._begin_turn)

    def _begin_turn(self) -> None:
        self._next, self._turn_began_at = None, monotonic()
        self._in_turn = operation = self._take_next()
        if operation is not None:
            self._go_on(operation)

    def _take_next(self) -> OperationTime | None:
        """Take the next operation that waits: a small one, else a large one; a large one also after some small ones."""
        has_large = bool(self._large_queue)
        takes_large = has_large and (self._small_turns >= _SMALL_TURNS or not self._small_queue)
        self._small_turns = self._small_turns + 1 if has_large and not takes_large else 0
        operation = (self._large_queue if takes_large else self._small_queue).take_next()
        if operation is not None:
            operation.is_queued = False
        return operation

    def _go_on(self, operation: OperationTime) -> None:
        """Let the operation work; what is ready in it runs before `_end_or_go_on`."""
        operation.wake_one()
        get_running_loop().call_soon(self._end_or_go_on, operation)

    def _end_or_go_on(self, operation: OperationTime) -> None:
        if operation is not self._in_turn:
            # The turn began in a loop that was stopped meanwhile.
            return
        worked = monotonic() - self._turn_began_at
        if operation.waiting and worked < self.TURN_SECONDS and not self._gives_way(operation):
            self._go_on(operation)
            return
        self._in_turn = None
        self._charge(operation, worked)
        if operation.waiting:
            self._enqueue(operation)
        if self._large_queue or self._small_queue:
            self._schedule(worked)


TURNS = Turns()
# What is not tracked is small.
_UNTRACKED = OperationTime(TURNS)
_CURRENT: ContextVar[OperationTime] = ContextVar("operation_time", default=_UNTRACKED)
