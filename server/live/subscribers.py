"""One subscriber's place in a group of equals."""

import asyncio
from collections.abc import Callable

from domain.cursors.feed import Position
from server.graphql.errors import Errors
from server.live.feed_execution import FeedResult

SendResult = Callable[[FeedResult], None]


class Subscriber:
    """One subscriber's place: `send` is called with each answer behind its position."""

    def __init__(self, position: Position, send: SendResult) -> None:
        self.position = position
        self.ended: asyncio.Future[Errors] = asyncio.get_running_loop().create_future()
        self._send = send

    def deliver(self, answer: FeedResult) -> int:
        """Sends the answer, unless the subscriber has had it or asked only for later ones; says whether it did."""
        position = answer.position
        if position is not None:
            if position <= self.position:
                return 0
            self.position = position
        self._send(answer)
        return 1

    def end(self, errors: Errors) -> None:
        """Nothing more will come; the errors say why."""
        if not self.ended.done():
            self.ended.set_result(errors)
