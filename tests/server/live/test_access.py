"""How events change the access of open connections."""

from types import SimpleNamespace
from typing import Any

import pytest

from domain.cursors.feed import Position
from server.live.access import AccessMonitor, AdministratorAccess
from server.live.protocol import CloseCode, ProtocolError
from store.feed.events import AccessGrant, EventFacts, FeedEvent
from tests.resolvers.factory_feeds import FUTURE, ME, NOW, PAST, facts
from tests.server.live.factory_groups import make_viewer

VIEWER = make_viewer("ADMINISTRATOR", ME)


class MonitorWorld:
    """A monitor, and one connection of an administrator."""

    def __init__(self) -> None:
        feed: Any = SimpleNamespace(listeners=[])
        self.monitor = AccessMonitor(feed)
        [self.apply] = feed.listeners
        self.closed: list[CloseCode] = []
        self.access, self.release = self.monitor.register(VIEWER, self._close)

    def _close(self, error: ProtocolError) -> None:
        self.closed.append(error.code)

    def event(self, before: EventFacts | None = None, after: EventFacts | None = None, **fields: Any) -> None:
        plain = {"partner_id": "acme", "kind": "CUSTOMER_CHANGED", "customer_id": "cus_1", "subject_id": "cus_1"}
        self.apply(FeedEvent(Position(6, "82"), {**plain, **fields}, before, after))


@pytest.fixture
def world() -> MonitorWorld:
    return MonitorWorld()


@pytest.mark.parametrize(
    ("before", "after", "grant_until", "expected"),
    [
        (facts(assigned=[ME]), facts(), None, False),
        (facts(assigned=[ME]), None, None, False),
        (facts(assigned=[ME]), facts(assigned=[ME], until=PAST), None, False),
        (facts(assigned=[ME]), facts(assigned=[ME], until=FUTURE), None, True),
        (facts(assigned=[ME], until=PAST), facts(assigned=[ME]), PAST, True),
        (facts(assigned=[ME]), facts(assigned=[ME]), None, True),
    ],
)
def test_an_event_decides_on_results_from_before_it(
    world: MonitorWorld, before: EventFacts, after: EventFacts | None, grant_until: Any, expected: bool
) -> None:
    world.event(before, after)
    grant = AccessGrant("cus_1", grant_until)
    assert world.access.allows(grant, Position(5), NOW) is expected
    assert world.access.allows(AccessGrant("cus_2", None), Position(5), NOW)
    assert world.access.allows(AccessGrant("cus_1", None), Position(7), NOW)


def test_events_of_other_partners_change_nothing(world: MonitorWorld) -> None:
    world.event(facts(assigned=[ME]), facts(), partner_id="other")
    assert world.access.allows(AccessGrant("cus_1", None), Position(5), NOW)


CHANGES_THAT_REDUCE = [{"role": ["ADMINISTRATOR", "READ_ONLY_ADMINISTRATOR"]}, {"state": ["ACTIVE", "DEACTIVATED"]}]
HARMLESS_CHANGES = [{"display_name": ["A", "B"]}, {"state": ["INVITED", "ACTIVE"]}, {}]


@pytest.mark.parametrize("kind", ["ADMINISTRATOR_CHANGED", "ADMINISTRATOR_REMOVED"])
@pytest.mark.parametrize("changes", [*CHANGES_THAT_REDUCE, *HARMLESS_CHANGES])
def test_a_reduced_role_or_state_closes_the_connections(world: MonitorWorld, kind: str, changes: Any) -> None:
    world.event(kind=kind, subject_id=ME, changes=changes)
    assert world.closed == ([CloseCode.FORBIDDEN] if changes in CHANGES_THAT_REDUCE else [])


@pytest.mark.parametrize(
    "fields", [{"subject_id": "adm_other"}, {"partner_id": "other"}, {"kind": "ADMINISTRATOR_INVITED"}]
)
def test_events_about_others_close_nothing(world: MonitorWorld, fields: dict[str, Any]) -> None:
    world.event(**{"kind": "ADMINISTRATOR_CHANGED", "subject_id": ME, "changes": CHANGES_THAT_REDUCE[0], **fields})
    assert world.closed == []


def test_a_released_connection_is_not_closed_and_its_access_is_forgotten(world: MonitorWorld) -> None:
    other_closed: list[ProtocolError] = []
    same_access, release_other = world.monitor.register(VIEWER, other_closed.append)
    assert same_access is world.access
    assert len(world.monitor.close_callbacks) == 2
    world.release()
    world.event(kind="ADMINISTRATOR_REMOVED", subject_id=ME, changes=CHANGES_THAT_REDUCE[1])
    assert (world.closed, [error.code for error in other_closed]) == ([], [CloseCode.FORBIDDEN])
    release_other()
    assert world.monitor.close_callbacks == []
    fresh, _ = world.monitor.register(VIEWER, other_closed.append)
    assert fresh is not world.access


def test_a_late_release_does_not_forget_the_access_of_a_later_connection(world: MonitorWorld) -> None:
    world.release()
    later, _ = world.monitor.register(VIEWER, lambda _: None)
    world.release()
    again, _ = world.monitor.register(VIEWER, lambda _: None)
    assert again is later


def test_closes_every_connection_even_where_closing_removes_it() -> None:
    access, closed = AdministratorAccess(), list[int]()

    def close_of(number: int) -> Any:
        def close(_: ProtocolError) -> None:
            access.connections.discard(close)
            closed.append(number)

        return close

    access.connections.update(close_of(number) for number in range(3))
    access.close_all(CloseCode.SERVICE_RESTART, "The server restarts.")
    assert sorted(closed) == [0, 1, 2]
