"""Reads the earlier events of one partner from the oplog."""

from collections.abc import AsyncGenerator
from typing import NamedTuple

from domain.cursors.feed import Position
from domain.failures import CursorExpired, Unavailable
from store.database.client import Client, PyMongoError
from store.feed.events import FeedEvent, timestamp, token_time
from store.feed.stream import is_history_lost, open_stream, parse_changes

# A longer segment delays its first events until its last one is read.
SEGMENT_SIZE = 200


class EventSegment(NamedTuple):
    """Consecutive events of one partner, possibly none; `reached` is the position up to which there are no others."""

    events: list[FeedEvent]
    reached: Position


async def read_oplog(client: Client, partner_id: str, position: Position) -> AsyncGenerator[EventSegment, None]:
    """Yield everything after the position, without end.

    Raise CursorExpired where the oplog no longer contains the position, Unavailable where the database fails.
    The stream starts at the position's time, because MongoDB refuses most tokens of a stream with another pipeline in
    `resumeAfter` (error 280 in 159 of 160 cases). Events of that time up to the position are dropped here.
    """
    where, start = {"fullDocument.partner_id": partner_id}, timestamp(position.time)
    stream = open_stream(client, where, start_at_operation_time=start, batch_size=SEGMENT_SIZE)
    try:
        batch = await stream.open()
        while True:
            events = [event for event in parse_changes(batch) if event.position > position]
            reached = (token := stream.resume_token) and Position(token_time(token))
            position = max(position, *(event.position for event in events), reached or position)
            yield EventSegment(events, position)
            if not stream.is_alive:
                # The collection was dropped: the events after the drop are not in this stream.
                raise CursorExpired
            batch = await stream.next_batch()
    except PyMongoError as error:
        raise (CursorExpired if is_history_lost(error) else Unavailable) from error
    finally:
        await stream.close()
