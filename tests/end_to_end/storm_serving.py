"""The main function of a forked server process."""

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from msgspec import structs

from server.app.settings import read_settings
from server.application import create_application
from tests.installation_keys import SIGNING_KEY_SETTING


def serve(mongo_uri: str, database: str, on_ready: Callable[[str], None]) -> None:
    """Serve on a free port until the process ends; send the address when the server is ready."""
    unlimited = {"rate_limit_administrator": 0, "rate_limit_partner": 0}
    changed = {"mongodb_uri": mongo_uri, "database": database, "ring_minutes": 0, **SIGNING_KEY_SETTING, **unlimited}
    settings = structs.replace(read_settings(), **changed)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_application(settings), log_level="warning", access_log=False, ws="none")
    server = uvicorn.Server(config)

    async def run() -> None:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.005)
        on_ready(f"http://127.0.0.1:{listener.getsockname()[1]}")
        await serving

    asyncio.run(run())
