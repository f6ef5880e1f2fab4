"""The way back: one partner's events as the database's oplog remembers them."""

from collections.abc import AsyncGenerator
from typing import NamedTuple

from domain.cursors.feed import Position
from domain.failures import CursorExpired, Unavailable
from store.database.client import Client, PyMongoError
from store.feed.events import FeedEvent, timestamp, token_time
from store.feed.stream import is_history_lost, open_stream, parse_changes

# Longer segments would keep their first events waiting for their last.
SEGMENT_SIZE = 200


class EventSegment(NamedTuple):
    """Events of one partner in order, possibly none, and the position up to which there are no others."""

    events: list[FeedEvent]
    reached: Position


async def read_oplog(client: Client, partner_id: str, position: Position) -> AsyncGenerator[EventSegment, None]:
    """Everything behind the position, without end; CursorExpired where the oplog no longer reaches it.

    Not `resumeAfter`: the token came from a stream without this condition, and the database then mostly
    refuses it. Starting at its time gives the events of that time once more, which are dropped here.
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
                # The collection was dropped since: what came after it nobody can tell.
                raise CursorExpired
            batch = await stream.next_batch()
    except PyMongoError as error:
        raise (CursorExpired if is_history_lost(error) else Unavailable) from error
    finally:
        await stream.close()
