"""Shows that customers that are suspended at once make one e-mail, and measures the alerts: `python -m bench.alerts`.

`python -m bench.alerts [CUSTOMERS]` (10,000; about a minute). The customers change in transactions of 100, as in an
import. It prints how long alerts and message took, the processor time of this process and mongod for each alert, and
what the mail server received.
"""

import asyncio
import os
import sys
from time import monotonic
from typing import Any

from bench.process_usage import cpu_seconds
from domain.integrations.alert_mail_times import MAX_WAIT
from domain.integrations.mail_addresses import MailAddresses
from domain.integrations.smtp_servers import parse_smtp_server
from domain.types import PartnerRole
from jobs.integrations.alert_maker import AlertMaker
from jobs.integrations.mail_sender import MailSender
from store.changes.customer_batch import CustomerBatch, change_customers
from store.database.client import Client
from store.database.scope import Scope
from store.feed.feed import Feed
from store.preparation import prepare_database
from tests.api_server import administrator_document
from tests.jobs.integrations.mail_server import SENDER, running_mail_server
from tests.mongod import temporary_replica_set
from tests.store.factory_alerts import add_alert_rule, add_progress
from tests.store.factory_customers import add_customers, partner_scope, subscription

CUSTOMERS, BATCH = 10_000, 100


async def suspend(scope: Scope, customers: int) -> None:
    """Suspend all customers, batch by batch."""

    async def body(batch: CustomerBatch) -> None:
        for change in batch.changes:
            for number in list(change.entitlements):
                change.update_entitlement(number, {"suspended": True})

    for start in range(0, customers, BATCH):
        names = [f"C-{number}" for number in range(start, min(start + BATCH, customers))]
        await change_customers(scope, {"external_id": {"$in": names}}, body, deadline=60.0)


async def prepare(client: Client, feed: Feed, customers: int) -> Scope:
    """Create the partner, its customers and a rule that sends e-mail at once."""
    await prepare_database(client)
    scope = await partner_scope(client)
    await add_customers(scope, [(f"C-{n}", [subscription(f"S-{n}")]) for n in range(customers)])
    owner = administrator_document(scope, PartnerRole.FULL_ADMINISTRATOR)
    await scope.collection("administrators").insert_many([owner])
    await add_progress(scope, feed.position)
    await add_alert_rule(scope, owner["_id"], name="Unpaid", email=True)
    return scope


async def wait_until(scope: Scope, collection: str, where: dict[str, Any], number: int) -> None:
    """Wait until the collection has this number of documents that match."""
    while await scope.collection(collection).count({**scope.match(), **where}) < number:
        await asyncio.sleep(0.1)


async def measure(uri: str, mongod_pid: int, customers: int) -> None:
    """Suspend the customers; print the figures."""
    client, feed = Client(uri, "bench_alerts"), Feed(uri, "bench_alerts", [b"secret"])
    await feed.start()
    scope = await prepare(client, feed, customers)
    began, before = monotonic(), [cpu_seconds(pid) for pid in (os.getpid(), mongod_pid)]
    await suspend(scope, customers)
    changed, between = monotonic(), [cpu_seconds(pid) for pid in (os.getpid(), mongod_pid)]
    maker = asyncio.create_task(AlertMaker(client, feed, scope.partner_id).run())
    with running_mail_server() as server:
        sender = MailSender(parse_smtp_server(server.url, SENDER), MailAddresses("https://hub.example", b"s" * 32))
        await wait_until(scope, "alerts", {}, customers)
        made, after = monotonic(), [cpu_seconds(pid) for pid in (os.getpid(), mongod_pid)]
        while monotonic() < made + MAX_WAIT.total_seconds() + 5:
            await sender.send_due(client)
            await asyncio.sleep(0.5)
        subjects = [message["Subject"] for message in server.messages]
    maker.cancel()
    print(f"{customers:,} customers changed in {changed - began:.1f} s, alerts made in {made - changed:.1f} s")
    used = [(end - start) / customers * 1e6 for start, end in zip(between, after, strict=True)]
    changing = [(end - start) / customers * 1e6 for start, end in zip(before, between, strict=True)]
    print(f"processor time of an alert: {used[0]:.0f} µs and {used[1]:.0f} µs of mongod;", end=" ")
    print(f"of a change: {changing[0]:.0f} µs and {changing[1]:.0f} µs of mongod")
    print(f"messages: {subjects}")
    await feed.stop()
    await client.close()


def main() -> None:
    """Start a database, and measure."""
    print(f"load {os.getloadavg()[0]:.1f}")
    with temporary_replica_set() as (mongod,):
        asyncio.run(measure(mongod.uri, mongod.pid, int(sys.argv[1]) if len(sys.argv) > 1 else CUSTOMERS))


if __name__ == "__main__":
    main()
