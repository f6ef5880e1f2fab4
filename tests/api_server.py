"""A real uvicorn server in a thread of this process, and a client that also prepares the server's database."""

import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from functools import cache
from typing import Any, Self, TypeVar
from uuid import uuid4

import httpx
import uvicorn
from msgspec import structs
from msgspec.structs import replace
from starlette.applications import Starlette

from domain.text.folding import fold_for_sorting
from domain.types import PartnerRole
from server.app.settings import Settings, read_settings
from server.application import create_application
from server.auth.claims import SERVICE_SCOPES
from server.auth.tokens import DEFAULT_TTL, sign_token
from server.connections.request_transport import RequestTransport
from server.connections.server_config import ServerConfig
from server.connections.trusted_proxies import TrustedProxies
from server.http.graphql import SEEN_HEADER
from server.live.socket_transport import SocketTransport
from server.serving import wanted_connection_limits
from store.database.client import Client
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope
from store.tenants.partners import COLLECTION, Partners, new_partner
from store.tenants.service_tokens import record_service_token
from tests.installation_keys import KEYS, SIGNING_KEY_SETTING
from tests.plain_http import PlainHttpClient
from tests.prepared_database import PreparedDatabases

PARTNER = "acme"
_PLAN = [{"product": "CALLING", "licenses": 100}, {"product": "MEETINGS", "licenses": 100}]
# The pages of this origin may call the server.
FRIENDLY_ORIGIN = "https://friend.example"
# A time that no process has read up to: the server uses nothing that it keeps.
_NEVER_REACHED = str(1 << 63)
Result = TypeVar("Result")


@cache
def _background_loop() -> asyncio.AbstractEventLoop:
    """Return the event loop in which tests without a loop call the store."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="store calls of tests", daemon=True).start()
    return loop


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run_coroutine_threadsafe(work, _background_loop()).result(timeout=120)


class ApiHarness:
    """Sends operations to the server over HTTP, and prepares its database through the store; close it after use."""

    def __init__(self, url: str, mongo_uri: str, database: str) -> None:
        self.url = url
        self.partner, self.other = PARTNER, f"{PARTNER}-other"
        self.http = httpx.Client(verify=False, base_url=url, timeout=30)
        self._operations = PlainHttpClient(url)
        # One client for all calls: to open one for each call takes three times as long as most calls.
        self._client = _run(_open_client(mongo_uri, database))

    def close(self) -> None:
        """Close the connections to the server and to the database."""
        self.http.close()
        self._operations.close()
        _run(self._client.close())

    def with_new_partners(self) -> Self:
        """Return a client of the same server with two new partners."""
        other_client = copy(self)
        other_client.partner = f"p-{uuid4().hex[:12]}"
        other_client.other = f"{other_client.partner}-other"
        other_client.store(other_client._add_partners)
        return other_client

    async def _add_partners(self, scope: Scope) -> None:
        scopes = [Scope(self._client, partner, scope.now) for partner in (self.partner, self.other)]
        documents = [new_partner(one, f"The {one.partner_id} company", _PLAN) for one in scopes]
        await scope.collection(COLLECTION).insert_many(documents)

    def store(self, work: Callable[[Scope], Awaitable[Result]], partner: str | None = None) -> Result:
        """Run store calls with the scope of the system, which sees the whole partner."""

        async def run() -> Result:
            return await work(Scope(self._client, partner or self.partner, utc_now()))

        return _run(run())

    def add_partner(self, partner: str, **fields: Any) -> None:
        """Create a partner with default settings; `fields` overwrite stored fields."""

        async def work(scope: Scope) -> None:
            await Partners(scope).create(f"The {partner} company", fields.pop("plan", _PLAN))
            if fields:
                await scope.collection("partners").update_one(scope.match(), {"$set": fields})

        self.store(work, partner)

    def add_administrator(self, role: str, partner: str | None = None, **fields: Any) -> str:
        """Create an active administrator; return the id."""

        async def work(scope: Scope) -> str:
            document = administrator_document(scope, PartnerRole(role), **fields)
            await scope.collection("administrators").insert_many([document])
            return str(document["_id"])

        return self.store(work, partner)

    def token(self, administrator_id: str, partner: str | None = None, scope: str = "api", **options: Any) -> str:
        """Return a token of the installation's own issuer."""

        async def record(store_scope: Scope) -> str:
            expires_at = utc_now() + DEFAULT_TTL
            return await record_service_token(store_scope, administrator_id, scope.split(), "a test", expires_at)

        if not SERVICE_SCOPES.isdisjoint(scope.split()):
            options["token_id"] = self.store(record, partner)
        now = options.pop("now", None) or utc_now()
        return sign_token(KEYS.signing, partner or self.partner, administrator_id, now, scope=scope, **options)

    def execute(self, token: str, query: str, **variables: Any) -> dict[str, Any]:
        """Execute an operation; return the whole response."""
        return self._post(token, query, variables, {})

    def _post(self, token: str, query: str, variables: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
        # This encoding can encode a lone surrogate, as a browser does.
        body = json.dumps({"query": query, "variables": variables}).encode()
        response: dict[str, Any] = json.loads(self._operations.post("/graphql", body, headers))
        return response

    def execute_data(self, token: str, query: str, **variables: Any) -> dict[str, Any]:
        """Execute an operation that must have no errors; return its data."""
        return _data_of(self.execute(token, query, **variables))

    def execute_fresh_data(self, token: str, query: str, **variables: Any) -> dict[str, Any]:
        """Execute like `execute_data`, past all that the server keeps: it does not know at once what `store` writes."""
        return _data_of(self._post(token, query, variables, {SEEN_HEADER: _NEVER_REACHED}))


def _data_of(response: dict[str, Any]) -> dict[str, Any]:
    assert "errors" not in response, response
    data: dict[str, Any] = response["data"]
    return data


async def _open_client(mongo_uri: str, database: str) -> Client:
    # The driver binds a client to the event loop that runs when the client is created.
    return Client(mongo_uri, database)


def administrator_document(scope: Scope, role: PartnerRole, **fields: Any) -> dict[str, Any]:
    """Return an administrator as an import stores one."""
    name = fields.pop("display_name", role.title())
    identity = new_id("adm")
    email = fields.pop("email", f"{identity}@partner.example")
    return {
        "_id": identity,
        "partner_id": scope.partner_id,
        "version": 1,
        "created_at": scope.now,
        "updated_at": scope.now,
        "email": email,
        "email_folded": email.casefold(),
        "display_name": name,
        "name_folded": fold_for_sorting(name),
        "role": str(role),
        "state": "ACTIVE",
        "last_sign_in_at": None,
        "delivered": {},
        **fields,
    }


@contextmanager
def running_api(mongo_uri: str, database: str, **settings: Any) -> Iterator[ApiHarness]:
    """Run the server with one partner until the block ends; `settings` replace those of the environment."""
    changed = {"mongodb_uri": mongo_uri, "database": database, "ring_minutes": 0, "allowed_origins": FRIENDLY_ORIGIN}
    # Tests send more operations than a person.
    changed |= {"rate_limit_administrator": 0, "rate_limit_partner": 0}
    # They also write with clients of their own. Totals from memory show such a change some milliseconds later.
    changed |= {"index_megabytes": 0}
    chosen = structs.replace(read_settings(), **{**changed, **SIGNING_KEY_SETTING, **settings})
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        application = create_application(chosen)
        server = uvicorn.Server(_server_config(application, chosen))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        api = ApiHarness(f"http://127.0.0.1:{listener.getsockname()[1]}", mongo_uri, database)
        try:
            _wait_until_ready(api, thread)
            api.add_partner(api.partner)
            yield api
        finally:
            api.close()
            server.should_exit = True
            thread.join(timeout=20)


def _server_config(application: Starlette, settings: Settings) -> ServerConfig:
    proxies = TrustedProxies(settings.trusted_proxies, settings.trusted_proxy_header)
    return ServerConfig(
        application,
        # All connections of tests come from one address.
        replace(wanted_connection_limits(settings), limit=10_000, limit_per_address=10_000),
        proxies,
        http=RequestTransport,
        ws=SocketTransport,
        log_level="warning",
        access_log=False,
    )


def _wait_until_ready(api: ApiHarness, thread: threading.Thread) -> None:
    """Wait for /readyz; the socket listens from the start, so the first request waits for its response."""
    while thread.is_alive():
        try:
            if api.http.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            thread.join(timeout=0.02)
    raise AssertionError("The server ended before it was ready.")


@contextmanager
def running_shared_api(databases: PreparedDatabases, **settings: Any) -> Iterator[ApiHarness]:
    """Run a server over a database of its own, for many tests that each create their own partners."""
    with databases.lend() as name, running_api(databases.mongo_uri, name, **settings) as api:
        yield api
