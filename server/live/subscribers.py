"""One subscriber of a group: its position in the feed, and where its results go."""

import asyncio
from collections.abc import Callable

from domain.cursors.feed import Position
from server.graphql.errors import Errors
from server.live.feed_execution import FeedResult

SendResult = Callable[[FeedResult], None]


class Subscriber:
    """`send` is called with each result after the position; `ended` is set with the errors that end the feed."""

    def __init__(self, position: Position, send: SendResult) -> None:
        self.position = position
        self.ended: asyncio.Future[Errors] = asyncio.get_running_loop().create_future()
        self._send = send

    def deliver(self, result: FeedResult) -> int:
        """Send the result, unless it is not after the subscriber's position; return the number of messages sent."""
        position = result.position
        if position is not None:
            if position <= self.position:
                return 0
            self.position = position
        self._send(result)
        return 1

    def end(self, errors: Errors) -> None:
        """End the subscription; the errors are the reason, empty for a regular end."""
        if not self.ended.done():
            self.ended.set_result(errors)
