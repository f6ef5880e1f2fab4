"""A bulk job whose servers are killed repeatedly: each customer is tagged exactly once."""

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
from tests.api_server import PARTNER, ApiHarness
from tests.end_to_end.storm_servers import ForkedServer
from tests.schema.factory_mutations import accept_terms
from tests.store.factory_customers import add_customers, subscription, trial

# More than one operation changes at once, in eight batches.
CUSTOMERS = 1_200
KILLS = 6
ASSIGN = """mutation($tag: ID!) { assignTags(input: {customers: {matching: {}}, tags: [$tag], idempotencyKey: "once"}) {
  job { id } userErrors { code } } }"""
CREATE = 'mutation { createTag(input: {name: "Bulk"}) { tag { id } userErrors { code } } }'
JOB = "query($id: ID!) { node(id: $id) { ... on BulkJob { state total done changed skipped } } }"


class Servers:
    """Two servers on one database; a killed one is replaced."""

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
        """The address of the older server."""
        return self._running[0].url

    def kill_one(self) -> None:
        """Kill the older server and start another."""
        self._running.pop(0).kill()
        self._running.append(ForkedServer(*self._server_arguments))


def test_a_job_survives_its_servers(mongo_uri: str, database_name: str) -> None:
    # The first server dies after 0.13 s: a fast machine ends the whole job in one second.
    rng = random.Random(3)
    with Servers(mongo_uri, database_name) as servers, ExitStack() as stack:
        api = stack.enter_context(closing(ApiHarness(servers.url, mongo_uri, database_name)))
        api.add_partner(PARTNER)
        accept_terms(api)
        token = api.token(api.add_administrator("FULL_ADMINISTRATOR"))
        customers = ((f"C-{n:04}", [(trial if n % 2 else subscription)(f"S-{n}")]) for n in range(CUSTOMERS))
        api.store(lambda scope: add_customers(scope, customers))
        tag = api.execute_data(token, CREATE)["createTag"]["tag"]["id"]
        job = api.execute_data(token, ASSIGN, tag=tag)["assignTags"]["job"]["id"]
        seen: list[dict[str, Any]] = []
        for _ in range(KILLS):
            time.sleep(rng.uniform(0.05, 0.4))  # The random moment at which a server dies.
            servers.kill_one()
            api = stack.enter_context(closing(ApiHarness(servers.url, mongo_uri, database_name)))
            seen.append(api.execute_data(token, JOB, id=job)["node"])
        while seen[-1]["state"] == "RUNNING":
            time.sleep(0.05)  # Without a pause, the requests would take the processor from the job.
            seen.append(api.execute_data(token, JOB, id=job)["node"])
        assert api.execute_data(token, ASSIGN, tag=tag)["assignTags"]["job"] == {"id": job}
    assert seen[-1] == {"state": "DONE", "total": CUSTOMERS, "done": CUSTOMERS, "changed": CUSTOMERS, "skipped": 0}
    assert [job["done"] for job in seen] == sorted(job["done"] for job in seen)
    assert seen[0]["state"] == "RUNNING", "The job ended before a server was killed."
    asyncio.run(_check(mongo_uri, database_name, tag))


async def _check(mongo_uri: str, database: str, tag: str) -> None:
    client = Client(mongo_uri, database)
    try:
        scope = Scope(client, PARTNER, utc_now())
        customers = await scope.collection("customers").find(scope.match(), {"tag_ids": 1, "version": 1})
        assert len(customers) == CUSTOMERS
        assert {tuple(customer["tag_ids"]) for customer in customers} == {(tag,)}
        events: list[Document] = await scope.collection("events").find({**scope.match(), "kind": "TAGS_ASSIGNED"})
        assert set(Counter(event["customer_id"] for event in events).values()) == {1} and len(events) == CUSTOMERS
        assert {customer["version"] for customer in customers} == {2}
        assert [problem async for problem in check_customers(scope)] == []
    finally:
        await client.close()
