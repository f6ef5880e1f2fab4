"""Equal subscriptions as one: a group executes and encodes each change once, for all of its seats."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from functools import partial
from time import monotonic
from typing import Any, NamedTuple, Protocol

from strawberry import Schema

from domain.cursors.feed import Position
from domain.permissions import sees_all_customers
from resolvers.context import Context, Viewer
from server.graphql.errors import Errors, exception_error
from server.graphql.operations import Operation, Operations, Refusal
from server.live.feed_execution import Answer, FeedExecution, Shared, encoded_key
from server.live.metrics import FeedFigures
from server.live.request_priority import Courtesy
from server.live.retry import through_outages
from server.live.state_groups import StateGroup
from server.live.subscribers import Seat, Send
from store.feed.feed import Feed
from store.feed.oplog import Stretch

# Groups that hear of the same events share their look-ups; beyond this age, time may have closed what they show.
_SHARED_SECONDS = 0.05

Key = tuple[str, ...]


class FeedHub(Protocol):
    """What feeds need of the process."""

    @property
    def schema(self) -> Schema: ...

    @property
    def operations(self) -> Operations: ...

    @property
    def feed(self) -> Feed: ...

    @property
    def courtesy(self) -> Courtesy: ...

    def context(self, viewer: Viewer) -> Context:
        """A fresh context, with loaders of its own."""


class _Asked(NamedTuple):
    """One subscription: what equals share, and what is its own."""

    key: Key
    viewer: Viewer
    execution: FeedExecution
    seat: Seat


class FeedGroups:
    """All groups of the process."""

    def __init__(self, hub: FeedHub, figures: FeedFigures) -> None:
        self._hub, self._figures = hub, figures
        self._groups: dict[Key, _Group] = {}
        self._state_groups: dict[Key, StateGroup] = {}
        self._contexts = _SharedContexts(hub)

    async def serve(
        self,
        viewer: Viewer,
        operation: Operation,
        variables: Mapping[str, Any],
        position: Position,
        send: Send,
        last_cursor: str | None = None,
    ) -> Errors:
        """Serves one subscription until it ends; cancel it to leave.

        It goes on behind `last_cursor`, the last one that its client has seen, else its `after`, else the position.
        Refusal, InvalidCursor or CursorExpired where it cannot begin.
        """
        seat = Seat(position, send)
        group = await self._joined(self._asked(viewer, operation, variables, seat, last_cursor))
        self._figures.subscribers += 1
        try:
            return await seat.ended
        finally:
            self._figures.subscribers -= 1
            group.leave(seat)

    def _asked(
        self, viewer: Viewer, operation: Operation, variables: Mapping[str, Any], seat: Seat, last_cursor: str | None
    ) -> _Asked:
        hub = self._hub
        execution = FeedExecution(hub.operations, hub.schema, operation, variables, hub.feed.heard, hub.courtesy)
        after = last_cursor or execution.after
        if after is not None:
            seat.position = hub.feed.read_cursor(viewer.partner_id, after)
        return _Asked(_key(viewer, operation, variables, execution.after_variable), viewer, execution, seat)

    async def _joined(self, asked: _Asked) -> "_Group | StateGroup":
        # The first state is told as one joins, and must not be told while access may have changed unheard.
        await self._hub.feed.heard()
        return self._with_state(asked) if asked.execution.tells_states else await self._seated(asked)

    async def _seated(self, asked: _Asked) -> "_Group":
        """The group that goes on exactly where the seat is; until there is one, the seat hears its events alone."""
        feed, seat, partner_id = self._hub.feed, asked.seat, asked.viewer.partner_id
        while True:
            group = self._groups.get(asked.key)
            if group is None and feed.holds(partner_id, seat.position):
                group = self._groups[asked.key] = _Group(self._hub, asked, self._contexts)
                group.begin(partial(self._forget, asked.key, group))
            # Between this question and the seat's joining nothing else may run, so that nothing is missed.
            if group is not None and (group.reached <= seat.position or feed.is_at_end(partner_id, seat.position)):
                group.seats.add(seat)
                return group
            await through_outages(partial(self._hear_alone, asked), lambda: seat.position)

    async def _hear_alone(self, asked: _Asked) -> None:
        """Tells the seat what has happened up to now."""
        stretches = self._up_to_now(asked.seat, asked.viewer.partner_id)
        await asked.execution.run(self._hub.context(asked.viewer), stretches, self._contexts, asked.seat.take)

    def _with_state(self, asked: _Asked) -> StateGroup:
        """The group that tells the same state; it tells a new seat at once how it was last."""
        group = self._state_groups.get(asked.key)
        if group is None:
            context = self._hub.context(asked.viewer)
            group = self._state_groups[asked.key] = StateGroup(context, asked.execution)
            group.begin(partial(self._forget_state, asked.key, group))
        group.join(asked.seat)
        return group

    def _forget_state(self, key: Key, group: StateGroup) -> None:
        if self._state_groups.get(key) is group:
            del self._state_groups[key]

    def _forget(self, key: Key, group: "_Group") -> None:
        if self._groups.get(key) is group:
            del self._groups[key]

    async def _up_to_now(self, seat: Seat, partner_id: str) -> AsyncIterator[Stretch]:
        async with aclosing(self._hub.feed.follow(partner_id, seat.position, only_to_now=True)) as stretches:
            async for stretch in stretches:
                yield stretch
                seat.position = stretch.reached


class _Group:
    """One execution for all who asked the same and may see the same."""

    def __init__(self, hub: FeedHub, asked: _Asked, contexts: "_SharedContexts") -> None:
        self._hub, self._viewer, self._execution, self._contexts = hub, asked.viewer, asked.execution, contexts
        self.reached = asked.seat.position
        self.seats: set[Seat] = set()
        self._task: asyncio.Task[None] | None = None
        self._forget: Callable[[], Any] = bool

    def begin(self, forget: Callable[[], Any]) -> None:
        """Starts hearing the events behind the position; `forget` is called once nobody may join any more."""
        self._forget = forget
        self._task = asyncio.create_task(self._run(), name="feed group")

    def leave(self, seat: Seat) -> None:
        """Takes the seat away; with the last one, the group ends."""
        self.seats.discard(seat)
        if not self.seats and self._task is not None:
            self._forget()
            self._task.cancel()

    async def _run(self) -> None:
        errors: Errors = []
        try:
            await through_outages(self._hear, lambda: self.reached)
        except Refusal as refused:
            errors = refused.errors
        except Exception as failure:  # noqa: BLE001  The outermost place: everything becomes an error with a code.
            errors = [exception_error(failure)]
        finally:
            self._forget()
            # A task that was cancelled remembers where, and both of these know the group.
            self._forget, self._task = bool, None
            for seat in self.seats:
                seat.end(errors)

    async def _hear(self) -> None:
        context = self._hub.context(self._viewer)
        await self._execution.run(context, self._stretches(), self._contexts, self._deliver)

    async def _stretches(self) -> AsyncIterator[Stretch]:
        async with aclosing(self._hub.feed.follow(self._viewer.partner_id, self.reached)) as stretches:
            async for stretch in stretches:
                yield stretch
                self.reached = stretch.reached

    def _deliver(self, answer: Answer) -> int:
        if answer.position is not None:
            self.reached = answer.position
        for seat in tuple(self.seats):
            seat.take(answer)
        return len(self.seats)


class _SharedContexts:
    """A context for each kind of sight and each state of the feed, so that groups of equals share their look-ups."""

    def __init__(self, hub: FeedHub) -> None:
        self._hub = hub
        self._position: Position | None = None
        self._made_at = float("-inf")
        self._made: dict[Key, Shared] = {}

    def __call__(self, viewer: Viewer) -> Shared:
        # An event that arrived since must not be shown with what was looked up before it.
        position, now = self._hub.feed.position, monotonic()
        if position != self._position or now - self._made_at > _SHARED_SECONDS:
            self._made.clear()
            self._position, self._made_at = position, now
        key = _sight(viewer)
        if key not in self._made:
            self._made[key] = Shared(self._hub.context(viewer), {})
        return self._made[key]


def _sight(viewer: Viewer) -> Key:
    """What a viewer may do and see: equal for all of a role, but for those who see only their own customers."""
    administrator = viewer.administrator
    own = "" if sees_all_customers(administrator.role) else administrator.id
    return (viewer.partner_id, str(administrator.role), own)


def _key(viewer: Viewer, operation: Operation, variables: Mapping[str, Any], after_variable: str | None) -> Key:
    name = operation.definition.name
    given = {key: value for key, value in variables.items() if key != after_variable}
    return (*_sight(viewer), operation.text, name.value if name else "", encoded_key(given))
