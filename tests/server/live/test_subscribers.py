"""Which results a subscriber receives, and how retries after an outage end."""

import asyncio

import pytest

from domain.cursors.feed import Position
from domain.failures import CursorExpired, Unavailable
from server.live import retry
from server.live.feed_execution import FeedResult
from server.live.subscribers import Subscriber
from store.database.client import PyMongoError


def result(time: int, token: str = "82") -> FeedResult:
    return FeedResult(b"", Position(time, token))


async def test_receives_each_result_after_its_position_once() -> None:
    sent: list[FeedResult] = []
    subscriber = Subscriber(Position(5, "82"), sent.extend)
    results = [result(4), result(5), result(5, "83"), result(6), result(6), result(5, "83")]
    assert [subscriber.deliver([one]) for one in results] == [0, 0, 1, 1, 0, 0]
    assert sent == [result(5, "83"), result(6)]
    assert subscriber.position == Position(6, "82")


async def test_receives_the_part_of_several_results_that_is_after_its_position() -> None:
    sent: list[FeedResult] = []
    subscriber = Subscriber(Position(5, "82"), sent.extend)
    assert subscriber.deliver([result(3), result(5)]) == 0
    assert subscriber.deliver([result(5), result(6), result(7)]) == 2
    assert subscriber.deliver([result(8), result(9)]) == 2
    assert sent == [result(6), result(7), result(8), result(9)]
    assert subscriber.position == Position(9, "82")


async def test_receives_nothing_after_its_end() -> None:
    sent: list[FeedResult] = []
    subscriber = Subscriber(Position(5), sent.extend)
    subscriber.end([])
    assert subscriber.deliver([result(6)]) == 0
    assert sent == []


async def test_receives_every_state() -> None:
    sent: list[FeedResult] = []
    subscriber = Subscriber(Position(5), sent.extend)
    assert [subscriber.deliver([FeedResult(b"state")]) for _ in range(2)] == [1, 1]
    assert subscriber.position == Position(5)


async def test_ends_once_with_the_first_errors() -> None:
    subscriber = Subscriber(Position(0), lambda _: None)
    subscriber.end([{"message": "first"}])
    subscriber.end([])
    assert await subscriber.ended == [{"message": "first"}]


class Flaky:
    """Fails some times, and then succeeds."""

    def __init__(self, failures: list[Exception]) -> None:
        self.failures = failures
        self.calls = 0

    async def run(self) -> None:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)


@pytest.fixture
def quick_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "RETRY_INTERVAL_SECONDS", 0.001)


async def test_retries_after_failures_of_the_database(quick_retry: None) -> None:
    flaky = Flaky([Unavailable(), PyMongoError("no primary"), Unavailable()])
    await retry.retry_on_outage(flaky.run, lambda: 0)
    assert flaky.calls == 4


@pytest.mark.parametrize("failure", [CursorExpired(), RuntimeError("a defect"), TimeoutError()])
async def test_other_failures_end_at_once(failure: Exception) -> None:
    flaky = Flaky([failure])
    with pytest.raises(type(failure)):
        await retry.retry_on_outage(flaky.run, lambda: 0)
    assert flaky.calls == 1


async def test_gives_up_without_progress(quick_retry: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "MAX_STUCK_SECONDS", 0.02)
    flaky = Flaky([Unavailable()] * 10_000)
    with pytest.raises(Unavailable):
        await asyncio.wait_for(retry.retry_on_outage(flaky.run, lambda: "same"), 5)
    assert flaky.calls > 1


async def test_goes_on_while_there_is_progress(quick_retry: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "MAX_STUCK_SECONDS", 0.02)
    # 50 retries take longer than the deadline, but each of them counts as progress.
    flaky = Flaky([Unavailable()] * 50)
    await asyncio.wait_for(retry.retry_on_outage(flaky.run, lambda: flaky.calls), 5)
    assert flaky.calls == 51
