"""What really happened: the events as the database's own change stream has them, and how a client's account differs."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from pymongo import MongoClient

from domain.cursors.encoding import decode_base64url
from domain.cursors.feed import Position
from store.feed.events import cluster_time, timestamp, token_time

Event = dict[str, Any]
# The version and the seal stand before it.
_SEAL_LENGTH = 17


class DeliveryDifferences(NamedTuple):
    """How a client's account differs from the truth, in events."""

    lost: int
    repeated: int
    reordered: int


def decode_position(cursor: str) -> Position:
    """What a cursor names, whoever sealed it: the database's time and its own token of the event."""
    body = decode_base64url(cursor)[_SEAL_LENGTH:]
    return Position(int.from_bytes(body[:8], "big"), body[8:].hex().upper())


def read_events(uri: str, database: str, cursor: str, partner_id: str) -> list[tuple[str, Event]]:
    """Every event of the partner behind the cursor, in the stream's order, by its token; read from the oplog alone."""
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


def compare_delivery(heard: Sequence[str], true: Sequence[str]) -> DeliveryDifferences:
    """Compares what a client heard with all that it had to hear."""
    places = {token: place for place, token in enumerate(true)}
    unknown = [token for token in heard if token not in places]
    assert not unknown, f"{len(unknown)} events were heard that never happened, such as {unknown[0]}"
    seen = [places[token] for token in heard]
    reordered = sum(later < earlier for earlier, later in pairwise(seen))
    return DeliveryDifferences(len(set(true) - set(heard)), len(heard) - len(set(heard)), reordered)
