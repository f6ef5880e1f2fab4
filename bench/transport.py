"""What writing past ASGI saves: messages to many websockets under uvicorn, by its own protocol class and by ASGI.

    python -m bench.transport [SOCKETS] [ROUNDS]

A server process sends the same message of 300 bytes to every socket, ROUNDS times; its own processor time is measured.
Clients only read, in a process of their own.
"""

import asyncio
import multiprocessing
import socket
import sys
from time import monotonic, process_time
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect

from server.live.frame_writer import FrameWriter, frame_writer

MESSAGE = b'{"id":"1","type":"next","payload":' + b"x" * 265 + b"}"
PROTOCOLS = {"past ASGI": "server.live.socket_transport:SocketTransport", "by ASGI": "websockets-sansio"}


def serve(listener: socket.socket, protocol: str, sockets: int, rounds: int, results: Any) -> None:
    """Run the server until every message is sent; put seconds and processor seconds into `results`."""
    writers: list[FrameWriter] = []
    is_complete = asyncio.Event()

    async def run(websocket: WebSocket) -> None:
        await websocket.accept()
        writers.append(frame_writer(websocket.scope, websocket.send))
        if len(writers) == sockets:
            started, busy = monotonic(), process_time()
            for _ in range(rounds):
                await asyncio.gather(*map(send, writers))
            results.put((monotonic() - started, process_time() - busy))
            is_complete.set()
        await is_complete.wait()

    options: dict[str, Any] = {"loop": "uvloop", "ws": protocol, "ws_per_message_deflate": False, "log_level": "error"}
    config = uvicorn.Config(Starlette(routes=[WebSocketRoute("/", run)]), **options)
    uvicorn.Server(config).run(sockets=[listener])


async def send(writer: FrameWriter) -> None:
    """Send one message, as a send queue does: without waiting where the client takes it."""
    while not writer.write(MESSAGE):
        await writer.wait_until_writable()


async def read_all(url: str, sockets: int, rounds: int) -> None:
    async def read() -> None:
        async with connect(url, compression=None) as connection:
            for _ in range(rounds):
                await connection.recv(decode=False)

    await asyncio.gather(*(read() for _ in range(sockets)))


def measure(protocol: str, sockets: int, rounds: int) -> tuple[float, float]:
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    with socket.create_server(("127.0.0.1", 0), backlog=sockets) as listener:
        server = context.Process(target=serve, args=(listener, protocol, sockets, rounds, results))
        server.start()
        asyncio.run(read_all(f"ws://127.0.0.1:{listener.getsockname()[1]}/", sockets, rounds))
        seconds: tuple[float, float] = results.get(timeout=60)
        server.terminate()
        server.join()
    return seconds


def main() -> None:
    sockets, rounds = (int(argument) for argument in [*sys.argv[1:], "200", "200"][:2])
    count = sockets * rounds
    for name, protocol in PROTOCOLS.items():
        elapsed, busy = min(measure(protocol, sockets, rounds) for _ in range(3))
        print(f"{name}: {count / elapsed:,.0f} messages/s, {busy / count * 1e6:.1f} µs of processor time per message")


if __name__ == "__main__":
    main()
