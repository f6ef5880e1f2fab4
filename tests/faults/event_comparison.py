"""The events according to the change stream of the database, and the differences of a client's deliveries from them."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from pymongo import MongoClient

from domain.cursors.encoding import decode_base64url
from domain.cursors.feed import Position
from store.feed.events import cluster_time, timestamp, token_time

Event = dict[str, Any]
# The version and the signature precede it.
_SEAL_LENGTH = 17


class DeliveryDifferences(NamedTuple):
    """The numbers of events that a client missed, received twice or received out of order."""

    lost: int
    repeated: int
    reordered: int


def decode_position(cursor: str) -> Position:
    """Return the cluster time and the resume token of a cursor, without a check of its signature."""
    body = decode_base64url(cursor)[_SEAL_LENGTH:]
    return Position(int.from_bytes(body[:8], "big"), body[8:].hex().upper())


def read_events(uri: str, database: str, cursor: str, partner_id: str) -> list[tuple[str, Event]]:
    """Return every event of the partner after the cursor by its token, in the order of the stream."""
    where = {"operationType": "insert", "fullDocument.partner_id": partner_id}
    found: list[tuple[str, Event]] = []
    start = decode_position(cursor)
    with MongoClient[Event](uri) as client:
        goal, events = cluster_time(client[database].command("ping")["operationTime"]), client[database]["events"]
        since = timestamp(start.time)
        with events.watch([{"$match": where}], start_at_operation_time=since, max_await_time_ms=200) as stream:
            while (change := stream.try_next()) is not None or not _has_reached(stream.resume_token, goal):
                if change is not None and (cluster_time(change["clusterTime"]), change["_id"]["_data"]) > start:
                    found.append((change["_id"]["_data"], change["fullDocument"]))
    return found


def _has_reached(token: Any, time: int) -> bool:
    return token is not None and token_time(token) >= time


def compare_delivery(delivered: Sequence[str], expected: Sequence[str]) -> DeliveryDifferences:
    """Compare the deliveries of a client with the expected events."""
    positions = {token: place for place, token in enumerate(expected)}
    unknown = [token for token in delivered if token not in positions]
    assert not unknown, f"{len(unknown)} events were delivered that never happened, such as {unknown[0]}"
    seen = [positions[token] for token in delivered]
    reordered = sum(later < earlier for earlier, later in pairwise(seen))
    return DeliveryDifferences(len(set(expected) - set(delivered)), len(delivered) - len(set(delivered)), reordered)
