"""The API as tests meet it: a real uvicorn server in a thread of this process, over the test's own database."""

import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any, Self, TypeVar
from uuid import uuid4

import httpx
import uvicorn
from pymongo import MongoClient

from domain.text.folding import fold_for_sorting
from domain.types import PartnerRole
from server.app.settings import Settings
from server.application import create_application
from server.auth.tokens import sign_token
from server.live.socket_transport import SocketTransport
from store.database.client import Client
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope
from store.database.secrets import load_signing_key
from store.tenants.partners import Partners

PARTNER = "acme"
Result = TypeVar("Result")


class Api:
    """Asks the server over HTTP, and prepares its database through the store."""

    def __init__(self, url: str, mongo_uri: str, database: str) -> None:
        self.url = url
        self.partner, self.other = PARTNER, f"{PARTNER}-other"
        self._mongo = (mongo_uri, database)
        self.http = httpx.Client(base_url=url, timeout=30)

    def with_new_partners(self) -> Self:
        """The same server, for a test that has two partners to itself."""
        anew = copy(self)
        anew.partner = f"p-{uuid4().hex[:12]}"
        anew.other = f"{anew.partner}-other"
        anew.add_partner(anew.partner)
        anew.add_partner(anew.other)
        return anew

    def store(self, work: Callable[[Scope], Awaitable[Result]], partner: str | None = None) -> Result:
        """Runs store calls with a client of their own, as the system that sees the whole partner."""

        async def run() -> Result:
            client = Client(*self._mongo)
            try:
                return await work(Scope(client, partner or self.partner, utc_now()))
            finally:
                await client.close()

        return asyncio.run(run())

    def add_partner(self, partner: str, **fields: Any) -> None:
        """A partner with default settings."""

        async def work(scope: Scope) -> None:
            await Partners(scope).create(f"The {partner} company", fields.pop("plan", []))
            if fields:
                await scope.collection("partners").update_one(scope.match(), {"$set": fields})

        self.store(work, partner)

    def add_administrator(self, role: str, partner: str | None = None, **fields: Any) -> str:
        """An active administrator; answers the id."""

        async def work(scope: Scope) -> str:
            document = administrator_document(scope, PartnerRole(role), **fields)
            await scope.collection("administrators").insert_many([document])
            return str(document["_id"])

        return self.store(work, partner)

    def token(self, administrator_id: str, partner: str | None = None, scope: str = "api", **options: Any) -> str:
        """A token of the installation's own issuer."""

        async def work(reached: Scope) -> str:
            key = await load_signing_key(reached.client)
            return sign_token(key, reached.partner_id, administrator_id, utc_now(), scope=scope, **options)

        return self.store(work, partner)

    def ask(self, token: str, query: str, **variables: Any) -> dict[str, Any]:
        """The whole answer to an operation."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        # Unlike httpx's, this encoding can say a lone surrogate, as a browser's does.
        body = json.dumps({"query": query, "variables": variables})
        response = self.http.post("/graphql", content=body, headers=headers)
        answer: dict[str, Any] = response.json()
        return answer

    def data(self, token: str, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an operation that has no errors."""
        answer = self.ask(token, query, **variables)
        assert "errors" not in answer, answer
        found: dict[str, Any] = answer["data"]
        return found


def administrator_document(scope: Scope, role: PartnerRole, **fields: Any) -> dict[str, Any]:
    """An administrator as an import would store one."""
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
def running_api(mongo_uri: str, database: str) -> Iterator[Api]:
    """The server with one partner, until the block ends."""
    settings = Settings().model_copy(update={"mongodb_uri": mongo_uri, "database": database, "ring_minutes": 0})
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        application = create_application(settings)
        config = uvicorn.Config(application, log_level="warning", access_log=False, ws=SocketTransport)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        api = Api(f"http://127.0.0.1:{listener.getsockname()[1]}", mongo_uri, database)
        try:
            _wait_until_ready(api, thread)
            api.add_partner(api.partner)
            yield api
        finally:
            api.http.close()
            server.should_exit = True
            thread.join(timeout=20)


def _wait_until_ready(api: Api, thread: threading.Thread) -> None:
    """The socket listens from the start, so that the first question waits for the answer by itself."""
    while thread.is_alive():
        try:
            if api.http.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            thread.join(timeout=0.02)
    raise AssertionError("The server ended before it was ready.")


@contextmanager
def running_shared_api(mongo_uri: str) -> Iterator[Api]:
    """A server over a database of its own, for many tests that each take partners of their own."""
    name = f"test_{uuid4().hex[:16]}"
    with running_api(mongo_uri, name) as api:
        yield api
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        client.drop_database(name)
