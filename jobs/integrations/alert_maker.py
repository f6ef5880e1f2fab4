"""Makes the alerts of all partners from the events of the log. One process at a time does this, by a lease.

Each partner with rules has a task, which follows the feed of the partner from a stored position. A changed rule is
compared with all customers in steps; between two steps, the events that have arrived are processed.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

import structlog

from domain.cursors.feed import Position
from domain.failures import CursorExpired, RequestFailure
from domain.integrations.alert_changes import AlertChanges, CustomerOccurrence
from domain.types import ActivityKind
from jobs.integrations.leased_followers import LeasedFollowers
from jobs.integrations.metrics import ALERT_SECONDS, ALERTS
from store.database.client import Client, Document, PyMongoError, Session
from store.database.clock import utc_now
from store.database.leases import Lease
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.feed.events import REVOKED, FeedEvent
from store.feed.feed import Feed
from store.integrations.alert_making import (
    Superseded,
    find_held_alerts,
    find_rules,
    move_position,
    partners_with_rules,
    read_conditions,
    read_position,
    write_changes,
)
from store.integrations.alert_scans import restart_all_scans, restart_scans, scan_step

_log = structlog.get_logger(__name__)
_ERROR_PAUSE_SECONDS = 1.0
# A position is stored again after this time without an event, so that the oplog still has it at the next start.
_MAX_POSITION_AGE_SECONDS = 60
# One transaction opens about this many alerts at most.
_MAX_OPENED = 2_000
_EVENTS_PER_TURN = 20
_OWNER_EVENTS = frozenset(
    {ActivityKind.ADMINISTRATOR_CHANGED, ActivityKind.ADMINISTRATOR_INVITED, ActivityKind.ADMINISTRATOR_REMOVED}
)


def create_alert_maker(client: Client, feed: Feed, lease: Lease) -> LeasedFollowers[str]:
    """Return the maker of alerts of a process."""
    follow = partial(_follow, client, feed)
    woken_by = ActivityKind.ALERT_RULE_CHANGED
    return LeasedFollowers(client, feed, lease, "make_alerts", woken_by, partners_with_rules, follow)


def _follow(client: Client, feed: Feed, _id: str, partner_id: str) -> "AlertMaker":
    return AlertMaker(client, feed, partner_id)


class AlertMaker:
    """Makes the alerts of one partner while it has rules."""

    def __init__(self, client: Client, feed: Feed, partner_id: str) -> None:
        self._client, self._feed, self._partner_id = client, feed, partner_id
        # The stored position, and how far the feed was read.
        self._stored = self._reached = Position(0)
        self._has_scans = True
        # Held while events are processed: the position is then written there alone.
        self._busy = asyncio.Lock()

    async def run(self) -> None:
        """Make alerts until the partner has no rules; go on after failures of the database."""
        while True:
            try:
                position = await read_position(self._scope())
                if position is None:
                    return
                self._stored = self._reached = position
                self._has_scans = True
                await self._make_until_failure()
            except Superseded:
                continue
            except (PyMongoError, RequestFailure) as error:
                _log.warning("alerts stopped, they will go on", partner=self._partner_id, error=repr(error))
                await asyncio.sleep(_ERROR_PAUSE_SECONDS)

    async def save_reached(self) -> None:
        """Store how far the events were read, where the last ones opened and ended no alerts."""
        if self._busy.locked():
            return
        async with self._busy:
            if self._feed.is_at_end(self._partner_id, self._reached):
                self._reached = max(self._reached, self._feed.position)
            if (self._reached.time - self._stored.time) >> 32 < _MAX_POSITION_AGE_SECONDS:
                return
            try:
                await move_position(self._scope(), self._stored, self._reached)
            except Superseded:
                return
            self._stored = self._reached

    async def _make_until_failure(self) -> None:
        """Make a step of a scan, then process the events that have arrived; without a scan, wait for events."""
        try:
            while await self._has_rules():
                async with self._busy:
                    self._has_scans = self._has_scans and await scan_step(self._scope(), self._stored)
                await self._process_events()
        except CursorExpired:
            # The process missed events, or the oplog does not have them any more.
            await restart_all_scans(self._scope(), self._stored, self._feed.position)

    async def _has_rules(self) -> bool:
        return not self._has_scans or await read_position(self._scope()) is not None

    async def _process_events(self) -> None:
        segments = self._feed.follow(self._partner_id, self._reached, only_to_now=self._has_scans)
        async with aclosing(segments):
            async for segment in segments:
                async with self._busy:
                    await self._process(segment.events)
                    self._reached = max(self._reached, segment.reached)
                if self._has_scans:
                    return

    async def _process(self, events: Sequence[FeedEvent]) -> None:
        """Process the events of a segment that can change alerts; other events only move what was reached."""
        relevant = [event for event in events if _is_relevant(event)]
        self._has_scans = self._has_scans or any(_may_change_rules(event) for event in events)
        while relevant:
            self._reached, count = await self._write(relevant)
            self._stored = self._reached
            relevant = relevant[count:]

    async def _write(self, events: Sequence[FeedEvent]) -> tuple[Position, int]:
        """Write the changes by the first of the events in one transaction; return the position and their number."""

        async def write(session: Session) -> tuple[AlertChanges, int]:
            scope = self._scope()
            rules = await find_rules(scope, session)
            some = events[: max(1, _MAX_OPENED // max(1, len(rules)))]
            changes = await self._find_changes(scope, rules, some, session)
            await move_position(scope, self._stored, some[-1].position, session)
            await write_changes(scope, changes, session)
            await restart_scans(scope, _rules_of_changed_owners(rules, some), session)
            return changes, len(some)

        changes, count = await in_transaction(self._client, write)
        _count(changes, events[:count])
        return events[count - 1].position, count

    async def _find_changes(
        self, scope: Scope, rules: Sequence[Document], events: Sequence[FeedEvent], session: Session
    ) -> AlertChanges:
        occurrences = [_occurrence(event) for event in events if event.document["customer_id"] is not None]
        conditions = await read_conditions(scope, rules, session)
        held = await find_held_alerts(scope, [each.customer_id for each in occurrences], session)
        changes = AlertChanges.begin(conditions, held, scope.now)
        for number, occurrence in enumerate(occurrences):
            changes.apply(occurrence)
            if number % _EVENTS_PER_TURN == 0:
                await asyncio.sleep(0)
        return changes

    def _scope(self) -> Scope:
        return Scope(self._client, self._partner_id, utc_now())


def _is_relevant(event: FeedEvent) -> bool:
    kind = event.document["kind"]
    return kind in {ActivityKind.STATUS_CHANGED, ActivityKind.CUSTOMER_REMOVED, *_OWNER_EVENTS} or bool(_lost_by(event))


def _may_change_rules(event: FeedEvent) -> bool:
    kind = event.document["kind"]
    return kind == ActivityKind.ALERT_RULE_CHANGED or kind in _OWNER_EVENTS


def _lost_by(event: FeedEvent) -> Collection[str]:
    """Return the administrators whose access to the customer the event has ended."""
    return [id_ for id_, until in event.changed_grants().items() if until == REVOKED]


def _occurrence(event: FeedEvent) -> CustomerOccurrence:
    document = event.document
    is_removed = document["kind"] == ActivityKind.CUSTOMER_REMOVED and event.facts_after is None
    return CustomerOccurrence(
        document["customer_id"],
        document["at"],
        document.get("entered", ()),
        document.get("left", ()),
        event.facts_after,
        _lost_by(event),
        is_removed,
    )


def _rules_of_changed_owners(rules: Sequence[Mapping[str, Any]], events: Sequence[FeedEvent]) -> list[Document]:
    """Return the rules whose owner's role or state an event has changed."""
    changed = {event.document["subject_id"] for event in events if event.document["kind"] in _OWNER_EVENTS}
    return [dict(rule) for rule in rules if rule["owner_id"] in changed]


def _count(changes: AlertChanges, events: Sequence[FeedEvent]) -> None:
    ALERTS.labels("opened").inc(len(changes.opened))
    ALERTS.labels("resolved").inc(len(changes.resolved))
    if changes.opened:
        ALERT_SECONDS.observe((utc_now() - events[0].document["created_at"]).total_seconds())
