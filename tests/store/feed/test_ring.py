"""The ring: bounded, ordered, and aware of which events it has dropped."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cursors.feed import Position
from domain.failures import CursorExpired
from store.feed.events import EventFacts, FeedEvent
from store.feed.ring import BEGINNING, RingBuffer

happenings = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3)), max_size=40)


def made(partner_id: str, time: int) -> FeedEvent:
    return FeedEvent(Position(time, "82"), {"partner_id": partner_id}, None, None)


@given(happenings, st.integers(1, 8), st.integers(0, 130))
def test_returns_exactly_the_events_after_a_position_or_raises(
    happened: list[tuple[str, int]], size: int, asked: int
) -> None:
    ring, everything, time = RingBuffer(size), [], 0
    for partner_id, pause in happened:
        time += pause
        everything.append(made(partner_id, time))
        assert ring.append(everything[-1])
    position = Position(asked)
    for partner_id in "abc":
        behind = [e for e in everything if e.partner_id == partner_id and e.position > position]
        kept = [e for e in everything[-size:] if e in behind]
        assert ring.covers(partner_id, position) == (behind == kept)
        if behind == kept:
            assert ring.events_after(partner_id, position, 3) == behind[:3]
        else:
            with pytest.raises(CursorExpired):
                ring.events_after(partner_id, position, 3)


def test_ignores_repeated_events() -> None:
    ring = RingBuffer(5)
    assert [ring.append(made("a", time)) for time in (1, 2, 2, 1, 3)] == [True, True, False, False, True]
    assert [event.position.time for event in ring.events_after("a", BEGINNING, 9)] == [1, 2, 3]


def test_frees_dropped_events() -> None:
    def held() -> int:
        return sum(type(one) is FeedEvent for one in gc.get_objects())

    gc.collect()
    before, ring = held(), RingBuffer(1000)
    for time in range(1, 5001):
        ring.append(made("a", time))
        assert time % 500 or held() - before <= 1100
    assert len(ring.events_after("a", Position(4000, "82"), 2000)) == 1000


def test_its_position_never_decreases() -> None:
    ring = RingBuffer(5)
    ring.advance(Position(7))
    ring.advance(Position(5))
    assert ring.reached == Position(7)


def test_a_restart_drops_all_events() -> None:
    ring = RingBuffer(5)
    ring.append(made("a", 3))
    ring.restart(Position(9))
    assert not ring.covers("a", Position(8))
    assert ring.events_after("a", Position(9), 5) == []


def test_an_event_without_facts_has_no_grant() -> None:
    assert EventFacts.from_document(None) is None
    assert made("a", 1).access_grant("adm_1") is None
