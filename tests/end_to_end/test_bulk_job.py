"""A bulk job whose servers die again and again, on whatever process it is: nobody is left out or tagged twice."""

import asyncio
import random
import time
from collections import Counter
from contextlib import ExitStack, closing
from typing import Any

from store.changes.consistency_check import check_customers
from store.database.client import Client, Document
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.api_server import PARTNER, Api
from tests.end_to_end.storm_servers import ForkedServer
from tests.schema.factory_mutations import accept_terms
from tests.store.factory_customers import add_customers, subscription, trial

CUSTOMERS = 4_000
KILLS = 8
ASSIGN = """mutation($tag: ID!) { assignTags(input: {customers: {matching: {}}, tags: [$tag], idempotencyKey: "once"}) {
  job { id } userErrors { code } } }"""
CREATE = 'mutation { createTag(input: {name: "Bulk"}) { tag { id } userErrors { code } } }'
JOB = "query($id: ID!) { node(id: $id) { ... on BulkJob { state total done changed skipped } } }"


class Servers:
    """Two servers on one database; the one that is killed is replaced by another."""

    def __init__(self, mongo_uri: str, database: str) -> None:
        self._server_arguments = (mongo_uri, database)
        self._running = [ForkedServer(*self._server_arguments) for _ in range(2)]

    def __enter__(self) -> "Servers":
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._running:
            server.kill()

    @property
    def url(self) -> str:
        """The server that has run longest."""
        return self._running[0].url

    def kill_one(self) -> None:
        """Ends the one that has run longest, in the middle of whatever it does, and starts another."""
        self._running.pop(0).kill()
        self._running.append(ForkedServer(*self._server_arguments))


def test_a_job_survives_its_servers(mongo_uri: str, database_name: str) -> None:
    rng = random.Random(CUSTOMERS)
    with Servers(mongo_uri, database_name) as servers, ExitStack() as stack:
        api = stack.enter_context(closing(Api(servers.url, mongo_uri, database_name)))
        api.add_partner(PARTNER)
        accept_terms(api)
        token = api.token(api.add_administrator("FULL_ADMINISTRATOR"))
        held = ((f"C-{n:04}", [(trial if n % 2 else subscription)(f"S-{n}")]) for n in range(CUSTOMERS))
        api.store(lambda scope: add_customers(scope, held))
        tag = api.data(token, CREATE)["createTag"]["tag"]["id"]
        job = api.data(token, ASSIGN, tag=tag)["assignTags"]["job"]["id"]
        seen: list[dict[str, Any]] = []
        for _ in range(KILLS):
            time.sleep(rng.uniform(0.05, 0.4))  # The random moment at which a server dies.
            servers.kill_one()
            api = stack.enter_context(closing(Api(servers.url, mongo_uri, database_name)))
            seen.append(api.data(token, JOB, id=job)["node"])
        while seen[-1]["state"] == "RUNNING":
            seen.append(api.data(token, JOB, id=job)["node"])
        assert api.data(token, ASSIGN, tag=tag)["assignTags"]["job"] == {"id": job}
    assert seen[-1] == {"state": "DONE", "total": CUSTOMERS, "done": CUSTOMERS, "changed": CUSTOMERS, "skipped": 0}
    assert [one["done"] for one in seen] == sorted(one["done"] for one in seen)
    assert seen[0]["state"] == "RUNNING", "The job was over before a server died."
    asyncio.run(_check(mongo_uri, database_name, tag))


async def _check(mongo_uri: str, database: str, tag: str) -> None:
    client = Client(mongo_uri, database)
    try:
        scope = Scope(client, PARTNER, utc_now())
        customers = await scope.collection("customers").find(scope.match(), {"tag_ids": 1, "version": 1})
        assert len(customers) == CUSTOMERS
        assert {tuple(one["tag_ids"]) for one in customers} == {(tag,)}
        told: list[Document] = await scope.collection("events").find({**scope.match(), "kind": "TAGS_ASSIGNED"})
        assert set(Counter(event["customer_id"] for event in told).values()) == {1} and len(told) == CUSTOMERS
        assert {one["version"] for one in customers} == {2}
        assert [problem async for problem in check_customers(scope)] == []
    finally:
        await client.close()
