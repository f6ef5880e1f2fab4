"""Changes of the sample partner while `partnerhub run` serves it, so that a visitor sees that the pages are live.

Every few seconds other license figures are delivered for one customer: in turn for one at the top of the list, and for
one without problems, which then exceeds its licenses. The earlier figures are delivered again a minute later, or when
the server stops.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager, suppress
from random import Random
from typing import Any

import orjson

from domain.failures import Unavailable
from domain.imports.records import ImportKind
from domain.types import CustomerStatus, Product
from jobs.imports.runner import import_stream
from server.app.settings import Settings
from store.database.client import Client, PyMongoError
from store.database.clock import utc_now
from store.database.scope import Scope

PERIOD_SECONDS = 4.0
_MAX_CHANGED = 15
_CHOICE = 15
_STOP_SECONDS = 5.0
_BY_URGENCY = [("urgency_sort", 1), ("name_folded", 1), ("_id", 1)]
_UNTROUBLED = {"statuses": [CustomerStatus.SUBSCRIPTION]}


@contextmanager
def sample_activity(settings: Settings, uri: str, partner_id: str, kept_number: str) -> Iterator[None]:
    """Change the partner in a thread of its own until the block ends, but not the subscription with `kept_number`."""
    stop = threading.Event()

    def run() -> None:
        asyncio.run(_change_until(stop, settings, uri, partner_id, kept_number))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_STOP_SECONDS)


async def _change_until(stop: threading.Event, settings: Settings, uri: str, partner_id: str, kept_number: str) -> None:
    client = Client(uri, settings.database, driver=settings.driver)
    activity = SampleActivity(client, partner_id, kept_number, Random())  # noqa: S311
    try:
        while not await asyncio.to_thread(stop.wait, PERIOD_SECONDS):
            with suppress(PyMongoError, Unavailable):
                await activity.change_one()
        await activity.restore_all()
    finally:
        await client.close()


class SampleActivity:
    """Delivers other figures, and remembers the earlier ones by the number of the subscription."""

    def __init__(self, client: Client, partner_id: str, kept_number: str, random: Random) -> None:
        self._client = client
        self._partner_id = partner_id
        self._kept_number = kept_number
        self._random = random
        self._earlier: dict[str, dict[str, Any]] = {}
        self._changes = 0

    async def change_one(self) -> None:
        """Change one customer; where many are changed, give the first of them its figures back."""
        self._changes += 1
        if len(self._earlier) >= _MAX_CHANGED:
            await self._restore(next(iter(self._earlier)))
        subscription = await self._choose({} if self._changes % 2 else _UNTROUBLED)
        if subscription is None:
            return
        record, total = _usage(subscription, self._scope().now.date().isoformat())
        self._earlier[record["entitlement"]] = record
        assigned = total + self._random.randint(1, 1 + total // 10)
        await self._deliver({**record, "assigned": max(assigned, record["used"])})

    async def restore_all(self) -> None:
        """Give all changed customers their figures back."""
        for number in list(self._earlier):
            await self._restore(number)

    async def _restore(self, number: str) -> None:
        await self._deliver(self._earlier[number])
        del self._earlier[number]

    async def _choose(self, condition: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return a subscription with MEETINGS of one of the first customers that match, or None."""
        scope = self._scope()
        where = {**scope.match(), **condition, "running_products": Product.MEETINGS}
        customers = await self._client.collection("customers").find(
            where, {"_id": 1}, sort=_BY_URGENCY, limit=_CHOICE + _MAX_CHANGED
        )
        subscriptions = await self._client.collection("entitlements").find(
            {
                **scope.match(),
                "customer_id": {"$in": [customer["_id"] for customer in customers]},
                "kind": "SUBSCRIPTION",
                "set_up": True,
                "number": {"$nin": [*self._earlier, self._kept_number]},
                "ends_at": {"$gt": scope.now},
                "licenses": {"$elemMatch": {"product": Product.MEETINGS, "assigned": {"$ne": None}}},
            },
            limit=_CHOICE,
        )
        return self._random.choice(subscriptions) if subscriptions else None

    async def _deliver(self, record: Mapping[str, Any]) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield orjson.dumps(record)

        await import_stream(self._scope(), ImportKind.LICENSE_USAGE, chunks())

    def _scope(self) -> Scope:
        return Scope(self._client, self._partner_id, utc_now())


def _usage(subscription: Mapping[str, Any], day: str) -> tuple[dict[str, Any], int]:
    """Return the present figures of its MEETINGS as a record of `day`, and the total."""
    lines = subscription["licenses"]
    line = next(line for line in lines if line["product"] == Product.MEETINGS and line["assigned"] is not None)
    record = {"entitlement": subscription["number"], "product": line["product"], "day": day}
    if line.get("name"):
        record["name"] = line["name"]
    return {**record, "assigned": line["assigned"], "used": line["used"]}, line["total"]
