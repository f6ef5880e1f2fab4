"""The group of equal subscriptions to an EventFeed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing

from domain.cursors.feed import Position
from resolvers.context import Viewer
from server.live.feed_execution import BatchContext, FeedExecution, FeedResult
from server.live.groups import SubscriberGroup
from store.feed.feed import Feed

NewBatchContext = Callable[[Viewer, bool], BatchContext]


class EventGroup(SubscriberGroup):
    """Follows the feed from a position; `reached` is the position up to which everything is delivered."""

    def __init__(
        self, feed: Feed, viewer: Viewer, execution: FeedExecution, start: Position, new_context: NewBatchContext
    ) -> None:
        super().__init__()
        self._feed, self._viewer, self._execution, self._new_context = feed, viewer, execution, new_context
        self.reached = start

    @property
    def _progress(self) -> Position:
        return self.reached

    async def _produce(self) -> None:
        async with aclosing(self._feed.follow(self._viewer.partner_id, self.reached)) as segments:
            async for segment in segments:
                if segment.events:
                    batch = self._new_context(self._viewer, self._execution.depends_on_viewer)
                    await self._execution.deliver_events(segment.events, batch, self._deliver)
                self.reached = segment.reached

    def _deliver(self, results: Sequence[FeedResult]) -> Iterator[int]:
        position = results[-1].position
        if position is not None:
            # Before the first step: who joins between two steps reads these events itself.
            self.reached = position
        return super()._deliver(results)
