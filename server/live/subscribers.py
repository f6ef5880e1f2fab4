"""One subscriber of a group: its position in the feed, and where its results go."""

import asyncio
from collections.abc import Callable, Sequence

from domain.cursors.feed import Position
from server.graphql.errors import Errors
from server.live.feed_execution import FeedResult

SendResults = Callable[[Sequence[FeedResult]], None]


class Subscriber:
    """`send` is called with the results after the position; `ended` is set with the errors that end the feed."""

    __slots__ = ("__weakref__", "_send", "ended", "is_active", "position")

    def __init__(self, position: Position, send: SendResults) -> None:
        self.position, self.is_active = position, True
        self.ended: asyncio.Future[Errors] = asyncio.get_running_loop().create_future()
        self._send = send

    def deliver(self, results: Sequence[FeedResult]) -> int:
        """Send those of the results, states or ascending changes, that are after the position; return their number."""
        if not self.is_active:
            return 0
        first, last = results[0].position, results[-1].position
        if first is not None and last is not None:
            if first <= self.position:
                results = [one for one in results if one.position is not None and one.position > self.position]
                if not results:
                    return 0
            self.position = last
        self._send(results)
        return len(results)

    def deliver_at_once(self, results: Sequence[FeedResult]) -> tuple[int]:
        """Send the results in one step."""
        return (self.deliver(results),)

    def end(self, errors: Errors) -> None:
        """End the subscription; the errors are the reason, empty for a regular end."""
        self.is_active = False
        if not self.ended.done():
            self.ended.set_result(errors)
