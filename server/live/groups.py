"""A group of equal subscriptions: one task produces each result once, for all subscribers."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextvars import Context
from typing import Any

from domain.batches import split_into_batches
from server.graphql.errors import Errors, exception_error
from server.graphql.operations import OperationRejected
from server.live.feed_execution import MAX_MESSAGES_PER_TURN, FeedResult
from server.live.retry import retry_on_outage
from server.live.subscribers import Subscriber


class SubscriberGroup(ABC):
    """Subscribers that receive the same results, and the task that produces them until the last one leaves."""

    def __init__(self) -> None:
        self.subscribers: set[Subscriber] = set()
        self._task: asyncio.Task[None] | None = None
        self._on_end: Callable[[], Any] = _do_nothing

    def start(self, on_end: Callable[[], Any]) -> None:
        """Start producing results; `on_end` is called when the group no longer accepts subscribers."""
        self._on_end = on_end
        # An empty context: the group is of no request, and outlives the one that started it.
        self._task = asyncio.create_task(self._run(), name="feed group", context=Context())

    def leave(self, subscriber: Subscriber) -> None:
        """Remove the subscriber; the group ends with the last one."""
        self.subscribers.discard(subscriber)
        # A delivery may be under way.
        subscriber.is_active = False
        if not self.subscribers and self._task is not None:
            self._on_end()
            self._task.cancel()
            # A task that is cancelled before its first step never reaches the `finally` of `_run`.
            self._on_end, self._task = _do_nothing, None

    @abstractmethod
    async def _produce(self) -> None:
        """Deliver results until the feed ends. It is called again after a failure of the database."""

    @property
    @abstractmethod
    def _progress(self) -> object:
        """A value that changes with each success: without change for 120 s, failures are not retried."""

    def _deliver(self, results: Sequence[FeedResult]) -> Iterator[int]:
        """Deliver the results to all subscribers of now, to some with each step; yield the messages of the step.

        Who joins between two steps does not get them here.
        """
        for some in split_into_batches(tuple(self.subscribers), max(1, MAX_MESSAGES_PER_TURN // len(results))):
            yield sum([subscriber.deliver(results) for subscriber in some])

    async def _run(self) -> None:
        errors: Errors = []
        try:
            await retry_on_outage(self._produce, lambda: self._progress)
        except OperationRejected as rejected:
            errors = rejected.errors
        except Exception as failure:  # noqa: BLE001  The outermost place: everything becomes an error with a code.
            errors = [exception_error(failure)]
        finally:
            self._on_end()
            # A cancelled task keeps its frames, and both of these refer back to the group: drop them, so that no cycle
            # is left to the garbage collector.
            self._on_end, self._task = _do_nothing, None
            for subscriber in self.subscribers:
                subscriber.end(errors)


def _do_nothing() -> None:
    pass
