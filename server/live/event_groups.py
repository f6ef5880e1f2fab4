"""The group of equal subscriptions to an EventFeed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing

from domain.cursors.feed import Position
from server.live.feed_execution import BatchContext, FeedExecution, FeedResult
from server.live.groups import SubscriberGroup
from store.feed.feed import Feed

NewBatchContext = Callable[[], BatchContext]


class EventGroup(SubscriberGroup):
    """Follows the feed from a position; `reached` is the position up to which everything is delivered."""

    def __init__(
        self, feed: Feed, partner_id: str, execution: FeedExecution, start: Position, new_context: NewBatchContext
    ) -> None:
        super().__init__()
        self._feed, self._partner_id, self._execution, self._new_context = feed, partner_id, execution, new_context
        self.reached = start

    @property
    def _progress(self) -> Position:
        return self.reached

    async def _produce(self) -> None:
        async with aclosing(self._feed.follow(self._partner_id, self.reached)) as segments:
            async for segment in segments:
                if segment.events:
                    await self._execution.deliver_events(segment.events, self._new_context(), self._deliver)
                self.reached = segment.reached

    def _deliver(self, results: Sequence[FeedResult]) -> Iterator[int]:
        position = results[-1].position
        if position is not None:
            # Before the first step: who joins between two steps reads these events itself.
            self.reached = position
        return super()._deliver(results)
