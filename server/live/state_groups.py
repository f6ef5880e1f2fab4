"""Equal subscriptions to a state as one: it is read, executed and encoded once, for all of its seats."""

import asyncio
from collections.abc import Callable
from typing import Any

from resolvers.context import Context
from server.graphql.errors import Errors, exception_error
from server.graphql.operations import Refusal
from server.live.feed_execution import Answer, FeedExecution
from server.live.retry import through_outages
from server.live.subscribers import Seat


class StateGroup:
    """One execution for all who ask for the same state and may see the same."""

    def __init__(self, context: Context, execution: FeedExecution) -> None:
        self._context, self._execution = context, execution
        self.seats: set[Seat] = set()
        self._last: Answer | None = None
        self._task: asyncio.Task[None] | None = None
        self._forget: Callable[[], Any] = bool

    def begin(self, forget: Callable[[], Any]) -> None:
        """Starts reading the state; `forget` is called once nobody may join any more."""
        self._forget = forget
        self._task = asyncio.create_task(self._run(), name="state group")

    def join(self, seat: Seat) -> None:
        """Gives a seat; it hears at once how the state was last, and from then on what the others hear."""
        self.seats.add(seat)
        if self._last is not None:
            seat.take(self._last)

    def leave(self, seat: Seat) -> None:
        """Takes the seat away; with the last one, the group ends."""
        self.seats.discard(seat)
        if not self.seats and self._task is not None:
            self._forget()
            self._task.cancel()

    async def _run(self) -> None:
        errors: Errors = []
        try:
            await through_outages(lambda: self._execution.run_states(self._context, self._deliver), lambda: self._last)
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

    def _deliver(self, answer: Answer) -> int:
        if answer == self._last:
            return 0
        self._last = answer
        for seat in tuple(self.seats):
            seat.take(answer)
        return len(self.seats)
