"""The writer for plain ASGI: one message at a time, and nothing after the connection is closed."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message
from starlette.websockets import WebSocketDisconnect

from server.live.frame_writer import WRITER_EXTENSION, AsgiWriter, abort_later, frame_writer


class Server:
    """Takes messages when it is allowed to, or fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.sent: list[Message] = []
        self.takes = asyncio.Event()
        self.failure = failure

    async def send(self, message: Message) -> None:
        await self.takes.wait()
        if self.failure is not None:
            raise self.failure
        self.sent.append(message)

    def writer(self, kind: str = "websocket", **scope: Any) -> Any:
        return frame_writer({"type": kind, **scope}, self.send)


async def test_takes_one_message_until_the_server_has_taken_it() -> None:
    server = Server()
    writer = server.writer()
    assert writer.write(b"1")
    assert not writer.write(b"2")
    server.takes.set()
    assert await writer.wait_until_writable()
    assert writer.write(b"3")
    assert await writer.wait_until_writable()
    assert [message["text"] for message in server.sent] == ["1", "3"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("websocket", {"type": "websocket.send", "text": "ä"}),
        ("http", {"type": "http.response.body", "body": "ä".encode(), "more_body": True}),
    ],
)
async def test_sends_what_the_protocol_of_the_connection_wants(kind: str, expected: Message) -> None:
    server = Server()
    server.takes.set()
    writer = server.writer(kind)
    assert writer.write("ä".encode())
    await writer.wait_until_writable()
    assert server.sent == [expected]


@pytest.mark.parametrize("failure", [OSError(), RuntimeError(), WebSocketDisconnect(1006)])
async def test_a_closed_connection_takes_nothing_more(failure: Exception) -> None:
    server = Server(failure)
    server.takes.set()
    writer = server.writer()
    assert writer.write(b"1")
    assert not await writer.wait_until_writable()
    assert not writer.write(b"2")


async def test_abort_stops_a_message_that_the_server_does_not_take() -> None:
    server = Server()
    writer = server.writer()
    assert writer.write(b"1")
    writer.abort()
    assert not await writer.wait_until_writable()
    server.takes.set()
    await asyncio.sleep(0)
    assert server.sent == []


async def test_waits_until_the_server_has_taken_the_last_message() -> None:
    server = Server()
    writer = server.writer()
    await writer.wait_until_sent()
    assert writer.write(b"1")
    waiting = asyncio.create_task(writer.wait_until_sent())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    server.takes.set()
    await asyncio.wait_for(waiting, 5)
    assert [message["text"] for message in server.sent] == ["1"]


async def test_waits_for_no_message_that_was_aborted_before_its_first_step() -> None:
    writer = Server().writer()
    assert writer.write(b"1")
    writer.abort()
    await asyncio.wait_for(writer.wait_until_sent(), 5)


async def test_is_writable_at_once_where_nothing_is_being_sent() -> None:
    assert await Server().writer().wait_until_writable()


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_abort_later_can_be_cancelled(is_cancelled: bool) -> None:
    writer = Server().writer()
    cancel = abort_later(writer, 0.01)
    if is_cancelled:
        cancel()
    await asyncio.sleep(0.05)
    assert writer.write(b"1") is is_cancelled
    writer.abort()


@pytest.mark.parametrize("scope", [{}, {"extensions": None}, {"extensions": {"other": {}}}])
async def test_a_server_without_a_writer_of_its_own_gets_the_writer_for_asgi(scope: dict[str, Any]) -> None:
    assert isinstance(Server().writer(**scope), AsgiWriter)


async def test_a_server_with_a_writer_of_its_own_keeps_it() -> None:
    own = AsgiWriter(Server().send, lambda text: {"type": "own", "text": text})
    assert Server().writer(extensions={WRITER_EXTENSION: own}) is own
