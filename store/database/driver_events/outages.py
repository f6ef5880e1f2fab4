"""Outages of the database, and the limit of the requests that meet one.

Every wait of a request for the database has a limit of its own: 3 s for a server, 4.5 s for a command, 7.5 s for a
transaction. A request that meets a set on its way down or up waits several times: its first read gets a server after
2.9 s, its transaction waits for the next one or for a majority. So all waits of a request share one limit that holds
where the database was away meanwhile, as the driver's monitoring reports. Without an outage, a request may take the
time of an operation: what works is not stopped.

The names of Outages' methods are those of PyMongo's TopologyListener, which store/database/client.py combines with it.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import monotonic
from typing import Any, Protocol

from domain.failures import Unavailable

# The driver notices a hung server within 3 s. An answer must leave within 5 s.
MAX_OUTAGE_SECONDS = 3.5
# After its return, a set needs some seconds until a majority acknowledges writes again.
_RETURN_SECONDS = 5.0
_CHECK_SECONDS = 0.25
_MEMBER_TYPES = frozenset({"RSPrimary", "RSSecondary"})
# A request that is limited in parts: they share its time.
_REQUEST_BEGAN_AT: ContextVar[float | None] = ContextVar("request_began_at", default=None)


@contextmanager
def request_began(at: float) -> Iterator[None]:
    """State when the request began: the limits inside the block go on from there."""
    token = _REQUEST_BEGAN_AT.set(at)
    try:
        yield
    finally:
        _REQUEST_BEGAN_AT.reset(token)


class Topology(Protocol):
    """The part of PyMongo's TopologyDescription that is read."""

    @property
    def topology_type_name(self) -> str: ...

    def has_writable_server(self) -> bool: ...

    def server_descriptions(self) -> Mapping[Any, Any]: ...


class Outages:
    """Knows whether the database was away lately; the driver calls it whenever a member changes, in its threads."""

    def __init__(self) -> None:
        self._was_up, self._is_away, self._returned_at = False, False, -inf

    def was_away_since(self, moment: float) -> bool:
        """Return whether the database is away, or was at a monotonic time after `moment`."""
        return self._is_away or self._returned_at > moment

    def limit_request(self, seconds: float = inf) -> "RequestLimit":
        """Return the limit of a request; an asynchronous context manager.

        Its block raises Unavailable where the request takes longer than MAX_OUTAGE_SECONDS and the database was away
        meanwhile, and TimeoutError where the block takes longer than `seconds`. The request begins now, or at the time
        that `request_began` states.
        """
        began_at, now = _REQUEST_BEGAN_AT.get(), monotonic()
        return RequestLimit(self, now if began_at is None else began_at, now + seconds)

    def description_changed(self, event: Any) -> None:
        is_away = not has_majority(event.new_description)
        if self._is_away and not is_away:
            self._returned_at = monotonic()
        # Before the first answer of a server, a client waits for nothing but its connections.
        self._was_up = self._was_up or not is_away
        self._is_away = is_away and self._was_up

    def opened(self, event: Any) -> None: ...

    def closed(self, event: Any) -> None: ...


def has_majority(topology: Topology) -> bool:
    """Return whether a server accepts writes, and enough members of its set are there to acknowledge them."""
    if not topology.has_writable_server():
        return False
    if topology.topology_type_name != "ReplicaSetWithPrimary":
        return True
    members = topology.server_descriptions().values()
    return 2 * sum(member.server_type_name in _MEMBER_TYPES for member in members) > len(members)


class RequestLimit:
    """Ends its block at a time, or before that as soon as it has taken too long and the database was away.

    One timer does both: every request has a limit, and hardly any reaches it.
    """

    __slots__ = ("_began_at", "_ends_at", "_is_outage", "_outages", "_timeout", "_timer")

    def __init__(self, outages: Outages, began_at: float, ends_at: float) -> None:
        self._outages, self._began_at, self._ends_at = outages, began_at, ends_at
        self._is_outage = False

    async def __aenter__(self) -> None:
        self._timeout = asyncio.timeout(None)
        await self._timeout.__aenter__()
        seconds = min(self._began_at + MAX_OUTAGE_SECONDS, self._ends_at) - monotonic()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._check)

    async def __aexit__(self, *failure: Any) -> None:
        self._timer.cancel()
        # It refers to its task, whose exception refers to the frames that have this limit.
        timeout = self._timeout
        del self._timeout
        try:
            await timeout.__aexit__(*failure)
        except TimeoutError:
            if self._is_outage:
                raise Unavailable from None
            raise

    def _check(self) -> None:
        # A timer can end a little early.
        now = monotonic()
        until_late = self._began_at + MAX_OUTAGE_SECONDS - now
        self._is_outage = until_late <= 0 and self._outages.was_away_since(self._began_at - _RETURN_SECONDS)
        if self._is_outage or now >= self._ends_at:
            self._timeout.reschedule(asyncio.get_running_loop().time())
        else:
            wait = min(until_late if until_late > 0 else _CHECK_SECONDS, self._ends_at - now)
            self._timer = asyncio.get_running_loop().call_later(wait, self._check)
