"""The database hangs, also again while it returns: requests of every kind end soon, however often they wait for it."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from time import monotonic

import httpx
import pytest
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from domain.integrations.exports import ExportReference, sign_export_token
from domain.integrations.mail_addresses import MailAddresses, UnsubscribeReference
from domain.partner.launch import LaunchReference, sign_launch_token
from tests.api_server import ApiHarness, running_api
from tests.faults.figures import Figures
from tests.installation_keys import KEYS
from tests.mongod import Mongod, temporary_replica_set

LIMIT_SECONDS = 5
SOCKET_OPERATIONS, POSTS = 8, 10
QUERY = "query %s { customers(first: 1) { totalCount nodes { name } } tags { name } viewer { permissions } }"
MUTATION = 'mutation %s { createTag(input: {name: "hanging"}) { tag { id } userErrors { code } } }'
(SECRET, *_) = KEYS.launch_secrets


class Clients:
    """Clients of every kind; `refused` counts the answers that say that the database is away."""

    def __init__(self, api: ApiHarness, token: str, import_token: str, socket: ClientConnection) -> None:
        self._api, self._token, self._import_token, self._socket = api, token, import_token, socket
        self.refused = self.answered = 0

    async def send_all(self) -> float:
        """Send one request of each kind, and more posts; return the seconds until the last is answered."""
        began_at = monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(POSTS):
                query = {"query": (MUTATION if number % 2 else QUERY) % f"Number{number}"}
                group.create_task(self._send("POST", "/graphql", json=query))
            group.create_task(self._send("POST", "/graphql/stream", json={"query": MUTATION % "Streamed"}))
            group.create_task(self._send("POST", "/import/customers", self._import_token, content=b"{}"))
            for address in self._signed_addresses():
                group.create_task(self._send("POST" if "unsubscribe" in address else "GET", address))
            group.create_task(self._subscribe())
        return monotonic() - began_at

    def _signed_addresses(self) -> tuple[str, ...]:
        partner, number = self._api.partner, "0123456789abcdef01234567"
        launch = sign_launch_token(SECRET, LaunchReference(partner, f"lch_{number}"))
        export = sign_export_token(SECRET, ExportReference(partner, f"exp_{number}"))
        stop = MailAddresses("", SECRET).unsubscribe(UnsubscribeReference(partner, f"alr_{number}"))
        return f"/launch/{launch}", f"/export/{export}", stop

    async def _send(self, method: str, path: str, token: str = "", **content: object) -> None:
        headers = {"Authorization": f"Bearer {token or self._token}", "Accept": "*/*"}
        async with httpx.AsyncClient(verify=False, base_url=self._api.url, timeout=30) as http:
            answer = await http.request(method, path, headers=headers, **content)  # type: ignore[arg-type]
        self._count(is_refused=answer.status_code == 503 or "UNAVAILABLE" in answer.text)

    async def _subscribe(self) -> None:
        """Send several operations over a socket that is open: they are executed by turns of two."""
        for number in range(SOCKET_OPERATIONS):
            payload = {"query": (MUTATION if number % 2 else QUERY) % f"Subscribed{number}"}
            await self._socket.send(json.dumps({"id": str(number), "type": "subscribe", "payload": payload}))
        for _ in range(SOCKET_OPERATIONS):
            while (message := json.loads(await self._socket.recv()))["type"] not in {"next", "error"}:
                pass
            self._count(is_refused="UNAVAILABLE" in json.dumps(message))

    def _count(self, *, is_refused: bool) -> None:
        self.answered += 1
        self.refused += is_refused


@pytest.fixture(scope="module")
def mongod() -> Iterator[Mongod]:
    with temporary_replica_set() as (only,):
        yield only


@pytest.fixture(scope="module")
def api(mongod: Mongod) -> Iterator[ApiHarness]:
    # With a rate limit, an operation waits for the database before it is executed, too.
    with running_api(mongod.uri, "hanging", rate_limit_administrator=100_000, rate_limit_partner=100_000) as running:
        yield running
        mongod.send(signal.SIGCONT)


@pytest.fixture
async def clients(api: ApiHarness, mongod: Mongod) -> AsyncIterator[Clients]:
    """Clients of a server that waits for its database in vain from now on."""
    identity = api.add_administrator("FULL_ADMINISTRATOR")
    token, import_token = api.token(identity), api.token(identity, scope="import")
    address = api.url.replace("http", "ws") + "/graphql"
    async with websockets.connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        mongod.send(signal.SIGSTOP)
        yield Clients(api, token, import_token, socket)
    mongod.send(signal.SIGCONT)
    await asyncio.to_thread(wait_until_ready, api, 200)


def wait_until_ready(api: ApiHarness, status: int) -> None:
    while httpx.get(f"{api.url}/readyz", verify=False).status_code != status:
        pass


async def test_requests_of_every_kind_are_refused_soon(clients: Clients, figures: Figures) -> None:
    seconds = await clients.send_all()
    assert clients.refused == clients.answered == POSTS + SOCKET_OPERATIONS + 5
    figures.record("The whole set hangs", "slowest UNAVAILABLE", seconds, LIMIT_SECONDS, "s")


async def test_requests_do_not_wait_anew_when_the_database_leaves_again(
    clients: Clients, figures: Figures, api: ApiHarness, mongod: Mongod
) -> None:
    await asyncio.to_thread(wait_until_ready, api, 503)
    requests = asyncio.create_task(clients.send_all())
    await asyncio.sleep(2)
    mongod.send(signal.SIGCONT)
    await asyncio.to_thread(wait_until_ready, api, 200)
    mongod.send(signal.SIGSTOP)
    seconds = await requests
    assert clients.answered == POSTS + SOCKET_OPERATIONS + 5
    figures.record("The whole set hangs, returns and hangs again", "slowest answer", seconds, LIMIT_SECONDS, "s")
