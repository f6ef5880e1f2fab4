"""Equal subscriptions to a state as one: it is read, executed and encoded once, for all of its subscribers."""

import asyncio
from collections.abc import Callable
from typing import Any

from resolvers.context import Context
from server.graphql.errors import Errors, exception_error
from server.graphql.operations import OperationRejected
from server.live.feed_execution import FeedExecution, FeedResult
from server.live.retry import retry_on_outage
from server.live.subscribers import Subscriber


class StateGroup:
    """One execution for all who ask for the same state and may see the same."""

    def __init__(self, context: Context, execution: FeedExecution) -> None:
        self._context, self._execution = context, execution
        self.subscribers: set[Subscriber] = set()
        self._last: FeedResult | None = None
        self._task: asyncio.Task[None] | None = None
        self._on_end: Callable[[], Any] = bool

    def start(self, forget: Callable[[], Any]) -> None:
        """Starts reading the state; `forget` is called once nobody may join any more."""
        self._on_end = forget
        self._task = asyncio.create_task(self._run(), name="state group")

    def join(self, subscriber: Subscriber) -> None:
        """Gives a subscriber; it hears at once how the state was last, and from then on what the others hear."""
        self.subscribers.add(subscriber)
        if self._last is not None:
            subscriber.deliver(self._last)

    def leave(self, subscriber: Subscriber) -> None:
        """Takes the subscriber away; with the last one, the group ends."""
        self.subscribers.discard(subscriber)
        if not self.subscribers and self._task is not None:
            self._on_end()
            self._task.cancel()

    async def _run(self) -> None:
        errors: Errors = []
        try:
            await retry_on_outage(lambda: self._execution.run_states(self._context, self._deliver), lambda: self._last)
        except OperationRejected as refused:
            errors = refused.errors
        except Exception as failure:  # noqa: BLE001  The outermost place: everything becomes an error with a code.
            errors = [exception_error(failure)]
        finally:
            self._on_end()
            # A task that was cancelled remembers where, and both of these know the group.
            self._on_end, self._task = bool, None
            for subscriber in self.subscribers:
                subscriber.end(errors)

    def _deliver(self, answer: FeedResult) -> int:
        if answer == self._last:
            return 0
        self._last = answer
        for subscriber in tuple(self.subscribers):
            subscriber.deliver(answer)
        return len(self.subscribers)
