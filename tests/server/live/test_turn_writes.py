"""What is written at the end of a turn of the event loop: all of it, by one callback, whatever one connection does."""

import asyncio
from collections.abc import Callable

from server.live.turn_writes import TurnWrites, turn_writes


class Connection:
    """Records its flushes."""

    def __init__(self, on_flush: Callable[[], None] = lambda: None) -> None:
        self.flushes = 0
        self._on_flush = on_flush

    def flush(self) -> None:
        self.flushes += 1
        self._on_flush()


def fail() -> None:
    raise RuntimeError("a closed transport")


async def test_flushes_every_connection_once_in_the_next_turn() -> None:
    writes, connections = TurnWrites(), [Connection() for _ in range(5)]
    for connection in connections:
        writes.add(connection)
    assert [each.flushes for each in connections] == [0] * 5
    await asyncio.sleep(0)
    assert [each.flushes for each in connections] == [1] * 5
    await asyncio.sleep(0)
    assert [each.flushes for each in connections] == [1] * 5


async def test_what_is_added_during_a_flush_is_flushed_in_the_turn_after_it() -> None:
    writes, late = TurnWrites(), Connection()
    writes.add(Connection(lambda: writes.add(late)))
    await asyncio.sleep(0)
    assert late.flushes == 0
    await asyncio.sleep(0)
    assert late.flushes == 1


async def test_a_flush_that_fails_keeps_no_other_connection_from_its_own() -> None:
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context["exception"]))
    writes, connections = TurnWrites(), [Connection(), Connection(fail), Connection(), Connection(fail), Connection()]
    for connection in connections:
        writes.add(connection)
    for _ in connections:
        await asyncio.sleep(0)
    assert [each.flushes for each in connections] == [1] * 5
    assert [type(each) for each in failures] == [RuntimeError] * 2


async def test_an_event_loop_has_one_for_all_its_connections() -> None:
    loop = asyncio.get_running_loop()
    assert turn_writes(loop) is turn_writes(loop)
    other = asyncio.new_event_loop()
    try:
        assert turn_writes(other) is not turn_writes(loop)
    finally:
        other.close()
