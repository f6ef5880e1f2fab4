"""The context of an operation: figures are read once, its data are valid until the first moment, refresh forgets."""

import asyncio
from datetime import datetime

import pytest

from domain.time.instants import MAX_INSTANT
from tests.resolvers.factory_context import DAY, NOW, context_with, customer_document


class Figure:
    """A figure whose value is the number of times it was read."""

    def __init__(self, valid_until: datetime) -> None:
        self.count, self.valid_until = 0, valid_until

    async def read(self) -> tuple[int, datetime]:
        self.count += 1
        await asyncio.sleep(0)
        return self.count, self.valid_until


async def test_a_figure_is_read_once_by_name() -> None:
    context, figure = context_with(), Figure(MAX_INSTANT)
    assert list(await asyncio.gather(*(context.read_figure("a", figure.read) for _ in range(3)))) == [1, 1, 1]
    assert await context.read_figure("a", figure.read) == 1
    assert await context.read_figure("b", figure.read) == 2


async def test_the_data_are_valid_until_the_first_moment_of_any_figure() -> None:
    context = context_with()
    assert context.valid_until == MAX_INSTANT
    for name, moment, expected in [("a", 5, 5), ("b", 9, 5), ("c", 2, 2)]:
        await context.read_figure(name, Figure(NOW + moment * DAY).read)
        assert context.valid_until == NOW + expected * DAY


async def test_a_failing_figure_fails_for_every_caller() -> None:
    async def fail() -> tuple[int, datetime]:
        raise ConnectionError("gone")

    context = context_with()
    for _ in range(2):
        with pytest.raises(ConnectionError):
            await context.read_figure("a", fail)


async def test_a_cancelled_caller_does_not_stop_the_read_of_the_others() -> None:
    context, figure = context_with(), Figure(MAX_INSTANT)
    cancelled, other = (asyncio.ensure_future(context.read_figure("a", figure.read)) for _ in range(2))
    cancelled.cancel()
    assert (await other, figure.count) == (1, 1)


async def test_refresh_moves_to_the_given_moment_and_forgets_what_was_read() -> None:
    context, figure = context_with(customers={"cus_1": customer_document()}), Figure(NOW + DAY)
    await context.read_figure("a", figure.read)
    loaders = context.loaders
    context.refresh(NOW + DAY)
    assert context.loaders is not loaders
    assert context.loaders.scope is context.scope
    assert (context.scope.now, context.valid_until) == (NOW + DAY, MAX_INSTANT)
    assert await context.read_figure("a", figure.read) == 2


def test_the_operation_time_is_the_latest_of_its_changes() -> None:
    context = context_with()
    for time, expected in [(5, 5), (3, 5), (9, 9)]:
        context.advance_operation_time(time)
        assert context.operation_time == expected
