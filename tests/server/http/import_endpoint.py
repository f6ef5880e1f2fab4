"""The endpoint of imports on a free port, a partner, and tokens for it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
import uvicorn
from starlette.applications import Starlette

from server.app.app_state import AppState
from server.app.settings import Settings
from server.auth.service_tokens import ServiceTokens
from server.auth.tokens import LocalIssuer
from server.auth.verifier import TokenVerifier
from server.cli.token_commands import issue_token
from server.http import imports
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.tenants.partner_creation import create_partner
from tests.installation_keys import KEYS

FOUNDER = "root@partner.example"


class ImportEndpoint:
    """A partner, the endpoint on a free port, and tokens for it."""

    def __init__(self, scope: Scope, address: tuple[str, int]) -> None:
        self.scope, self.address = scope, address
        self.http = httpx.AsyncClient(verify=False, base_url=f"http://{address[0]}:{address[1]}", timeout=30)

    async def token(self, scopes: str = "import", email: str = FOUNDER) -> str:
        """A token of the local issuer."""
        return await issue_token(KEYS, self.scope, email, scopes, 60)

    async def post(self, kind: str, content: Any, scopes: str = "import", **headers: str) -> httpx.Response:
        """Delivers a body."""
        sent = {"Authorization": f"Bearer {await self.token(scopes)}", **headers}
        return await self.http.post(f"/import/{kind}", content=content, headers=sent)


@asynccontextmanager
async def _serve(app_state: AppState) -> AsyncIterator[tuple[str, int]]:
    application = Starlette(routes=imports.routes)
    application.state.app_state = app_state
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(application, log_level="warning", access_log=False, ws="none", lifespan="off")
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()
        finally:
            server.should_exit = True
            await running


@asynccontextmanager
async def running_import_endpoint(
    mongo_uri: str, database: str, idle_seconds: float = 30
) -> AsyncIterator[ImportEndpoint]:
    """Run the endpoint over a prepared database until the block ends; imports are limited to 2 MB and 5 at once."""
    client = Client(mongo_uri, database)
    scope = Scope(client, "acme", utc_now())
    await create_partner(scope, "Acme Telecom", FOUNDER, [])
    unused = cast(Any, None)
    limits = Settings(import_megabytes=2, import_idle_seconds=idle_seconds, limit_imports=5)
    app_state = AppState(limits, client, unused, unused, TokenVerifier([LocalIssuer(KEYS.public)]), unused, unused)
    # A revoked token is refused at once, and not only after the second for which the last answer holds.
    app_state.service_tokens = ServiceTokens(client, answer_seconds=0.0)
    async with _serve(app_state) as address:
        endpoint = ImportEndpoint(scope, address)
        async with endpoint.http:
            yield endpoint
    await client.close()
