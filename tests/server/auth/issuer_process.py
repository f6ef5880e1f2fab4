"""An OIDC issuer as a process of its own on loopback, which a test tells how to behave.

`python -m tests.server.auth.issuer_process` prints its port. POST /control replaces what it publishes; GET /control
returns how often its key set was asked for.
"""

import asyncio
import gzip
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.server.auth.factory_tokens import Jwk, public_part


def _application(address: str) -> Starlette:
    state: dict[str, Any] = {"mode": "keys", "keys": [], "fetches": 0, "metadata": {}}

    async def control(request: Request) -> Response:
        if request.method == "POST":
            state.update(await request.json())
        return JSONResponse({"fetches": state["fetches"]})

    async def discovery(_: Request) -> Response:
        return JSONResponse({"issuer": address, "jwks_uri": f"{address}/keys", **state["metadata"]})

    async def keys(_: Request) -> Response:
        state["fetches"] += 1
        if state["mode"] == "keys":
            return JSONResponse({"keys": state["keys"]})
        return await _misbehave(state["mode"], address)

    return Starlette(
        routes=[
            Route("/control", control, methods=["GET", "POST"]),
            Route("/.well-known/openid-configuration", discovery),
            Route("/keys", keys),
        ]
    )


async def _misbehave(mode: str, address: str) -> Response:
    match mode:
        case "hang":
            await asyncio.sleep(60)
        case "drip":
            return StreamingResponse(_drip(), media_type="application/json")
        case "huge":
            return Response(b'{"keys": [' + b" " * 300_000 + b"]}")
        case "redirect":
            return RedirectResponse(f"{address.replace('127.0.0.1', 'localhost')}/keys")
        case "compressed":
            return Response(gzip.compress(b'{"keys": []}'), headers={"Content-Encoding": "gzip"})
        case "garbage":
            return Response(b"<html>\xff")
        case "a list":
            return JSONResponse([])
        case "wrong keys":
            return JSONResponse(
                {"keys": [1, {}, {"kid": "a", "kty": "RSA"}, {"kid": 1}, {"kid": "o", "kty": "oct", "k": "YQ"}]}
            )
        case "many keys":
            return JSONResponse({"keys": [{"kid": str(number)} for number in range(101)]})
    return Response(status_code=500)


async def _drip() -> AsyncIterator[bytes]:
    while True:
        yield b" "
        await asyncio.sleep(0.05)


class IssuerProcess:
    """The process, seen from the test."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self.port = 0
        self.start()

    @property
    def address(self) -> str:
        """The issuer's identifier."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, on the same port where it ran before; return when it listens."""
        command = [sys.executable, "-m", "tests.server.auth.issuer_process", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def stop(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def publish(self, *keys: Jwk, mode: str = "keys", metadata: dict[str, Any] | None = None) -> None:
        """Publish the public parts of the keys; the count of fetches starts again."""
        state = {"keys": [public_part(key) for key in keys], "mode": mode, "metadata": metadata or {}, "fetches": 0}
        httpx.post(f"{self.address}/control", json=state, verify=False).raise_for_status()

    @property
    def fetches(self) -> int:
        """How often the key set was asked for since `publish`."""
        return int(httpx.get(f"{self.address}/control", verify=False).json()["fetches"])


@contextmanager
def running_issuer() -> Iterator[IssuerProcess]:
    """Run an issuer until the block ends."""
    issuer = IssuerProcess()
    try:
        yield issuer
    finally:
        issuer.stop()


def main(arguments: Sequence[str]) -> None:
    """Serve on the port, or on a free one for 0."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", int(arguments[0])))
        listener.listen()
        port = listener.getsockname()[1]
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        config = uvicorn.Config(_application(f"http://127.0.0.1:{port}"), log_level="error", ws="none")
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1:])
