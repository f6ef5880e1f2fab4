"""What waits on one socket: bounded, in order, and checked as it leaves."""

import asyncio
from datetime import timedelta

from starlette.websockets import WebSocketDisconnect

from server.outbox import MAX_CHARACTERS, MAX_MESSAGES, Outbox
from server.protocol import CloseCode, ProtocolError
from store.clock import utc_now


class Recorder:
    """The sending half of a websocket; each message is let through one by one."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.gate = asyncio.Semaphore(0)
        self.errors: list[ProtocolError] = []

    async def send_text(self, data: str) -> None:
        await self.gate.acquire()
        if data == "gone":
            raise WebSocketDisconnect(1006)
        self.sent.append(data)

    def overflow(self, error: ProtocolError) -> None:
        self.errors.append(error)


class Operation:
    is_wanted = True


async def drained(outbox: Outbox, recorder: Recorder) -> list[str]:
    outbox.put("gone")
    for _ in range(MAX_MESSAGES):
        recorder.gate.release()
    await asyncio.wait_for(outbox.run(), 5)
    return recorder.sent


async def test_sends_in_order_until_the_socket_is_gone() -> None:
    recorder = Recorder()
    outbox = Outbox(recorder, recorder.overflow)
    for number in range(20):
        outbox.put(str(number))
    assert await drained(outbox, recorder) == [str(number) for number in range(20)]
    assert not recorder.errors


async def test_drops_what_is_no_longer_visible_when_it_leaves() -> None:
    recorder = Recorder()
    outbox = Outbox(recorder, recorder.overflow)
    outbox.put("over", visible_until=utc_now())
    outbox.put("lasting", visible_until=utc_now() + timedelta(hours=1))
    assert await drained(outbox, recorder) == ["lasting"]


async def test_drops_what_nobody_wants_any_more() -> None:
    recorder, operation = Recorder(), Operation()
    outbox = Outbox(recorder, recorder.overflow)
    outbox.put("ended", sender=operation)
    outbox.put("other", sender=Operation())
    operation.is_wanted = False
    assert await drained(outbox, recorder) == ["other"]


async def test_one_message_or_one_character_too_many_closes_4503() -> None:
    recorder = Recorder()
    many = Outbox(recorder, recorder.overflow)
    for _ in range(MAX_MESSAGES):
        many.put("x")
    assert not recorder.errors
    many.put("x")
    large = Outbox(recorder, recorder.overflow)
    large.put("x" * MAX_CHARACTERS)
    assert len(recorder.errors) == 1
    large.put("x")
    assert [error.code for error in recorder.errors] == [CloseCode.TOO_SLOW] * 2
