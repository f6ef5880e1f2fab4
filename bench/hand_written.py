"""The limit of bench.executor: the same answers from hand-written queries with projections, written by orjson.

A Starlette route over the same collections, without GraphQL, authentication, limits, logs and metrics. It knows what
is in the database of the benchmark: every subscription is active and has not renewed. PyMongo's asynchronous client is
used because it takes less processor time than motor.
"""

import asyncio
import sys
from typing import Any

import orjson
import pymongo
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.cursors.list import encode_list_cursor, list_digest
from domain.customers.filter import parse_filter
from store.customers.customers import CustomerOrder

_CUSTOMER = dict.fromkeys(
    ["external_id", "name", "domain", "country", "managed_by", "statuses", "products", "version", "updated_at"], 1
)
_ROW = {"name": 1, "statuses": 1, "tag_ids": 1, "name_folded": 1}
_TAG = {"name": 1, "color": 1, "name_folded": 1}
_LICENSES = {f"licenses.{name}": 1 for name in ("product", "total", "assigned", "used")}
_SUBSCRIPTION = {
    **dict.fromkeys(["customer_id", "number", "ends_at", "auto_renew", "cancelled_at", "starts_at"], 1),
    **_LICENSES,
}
_BY_NAME, _NEWEST = [("name_folded", 1), ("_id", 1)], [("customer_id", 1), ("added_at", -1), ("_id", 1)]
_OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


class Queries:
    """The three queries, each with the variables of its request."""

    def __init__(self, uri: str, database: str, partner_id: str) -> None:
        options: dict[str, Any] = {"readConcernLevel": "majority", "tz_aware": False}
        collections = pymongo.AsyncMongoClient(uri, **options)[database]
        self._customers, self._tags = collections["customers"], collections["tags"]
        self._subscriptions, self._partner = collections["entitlements"], {"partner_id": partner_id}
        self._visible = {**self._partner, "keys": "*"}
        order = CustomerOrder()
        self._digest = list_digest(partner_id, str(order.field), str(order.direction), parse_filter({}))

    async def point(self, variables: dict[str, Any]) -> Any:
        document = await self._customers.find_one({**self._visible, "_id": variables["id"]}, _CUSTOMER)
        return {"customer": document and _describe(document)}

    async def list(self, _variables: dict[str, Any]) -> Any:
        documents, page_info = await self._page(50, {**_CUSTOMER, "name_folded": 1})
        return {"customers": {"nodes": list(map(_describe, documents)), "pageInfo": page_info}}

    async def nested(self, _variables: dict[str, Any]) -> Any:
        documents, _ = await self._page(100, _ROW)
        ids = [document["_id"] for document in documents]
        tag_ids = list({tag_id for document in documents for tag_id in document["tag_ids"]})
        tags, subscriptions = await asyncio.gather(self._read_tags(tag_ids), self._read_subscriptions(ids))
        nodes = [
            {
                "id": document["_id"],
                "name": document["name"],
                "statuses": document["statuses"],
                "tags": [tag for id_, tag in tags.items() if id_ in document["tag_ids"]],
                "subscriptions": subscriptions[document["_id"]],
            }
            for document in documents
        ]
        return {"customers": {"nodes": nodes}}

    async def _page(self, size: int, projection: dict[str, Any]) -> Any:
        cursor = self._customers.find(self._visible, projection, sort=_BY_NAME, limit=size + 1, batch_size=1000)
        documents = await cursor.to_list(None)
        has_next, last = len(documents) > size, documents[:size][-1]
        end_cursor = encode_list_cursor(self._digest, (last["name_folded"], last["_id"]))
        return documents[:size], {"hasNextPage": has_next, "endCursor": end_cursor}

    async def _read_tags(self, ids: Any) -> Any:
        documents = await self._tags.find({**self._partner, "_id": {"$in": ids}}, _TAG, batch_size=1000).to_list(None)
        documents.sort(key=lambda tag: (tag["name_folded"], tag["_id"]))
        return {tag["_id"]: {"id": tag["_id"], "name": tag["name"], "color": tag["color"]} for tag in documents}

    async def _read_subscriptions(self, customer_ids: Any) -> Any:
        where = {**self._partner, "customer_id": {"$in": customer_ids}, "kind": "SUBSCRIPTION"}
        by_customer: Any = {id_: [] for id_ in customer_ids}
        for document in await self._subscriptions.find(where, _SUBSCRIPTION, sort=_NEWEST, batch_size=1000).to_list(
            None
        ):
            subscription = {
                "id": document["_id"],
                "number": document["number"],
                "state": "ACTIVE",
                "endsAt": document["ends_at"],
                "autoRenew": document["auto_renew"],
                "licenses": document["licenses"],
            }
            by_customer[document["customer_id"]].append(subscription)
        return by_customer


def _describe(document: Any) -> Any:
    return {
        "id": document["_id"],
        "externalId": document["external_id"],
        "name": document["name"],
        "domain": document["domain"],
        "country": document["country"],
        "managedBy": document["managed_by"],
        "statuses": document["statuses"],
        "products": document["products"],
        "version": document["version"],
        "updatedAt": document["updated_at"],
    }


def serve(uri: str, database: str, partner_id: str, port: int) -> None:
    """Run the server; the client of MongoDB is created in its event loop."""
    queries: list[Queries] = []

    async def answer(request: Request) -> Response:
        parameters = orjson.loads(await request.body())
        if not queries:
            queries.append(Queries(uri, database, partner_id))
        query = getattr(queries[0], parameters["operationName"])
        data = {"data": await query(parameters["variables"])}
        return Response(orjson.dumps(data, option=_OPTIONS), media_type="application/json")

    application = Starlette(routes=[Route("/graphql", answer, methods=["POST"])])
    # A connection waits while the other servers are measured.
    options: dict[str, Any] = {"loop": "uvloop", "http": "httptools", "timeout_keep_alive": 120}
    uvicorn.run(application, port=port, log_level="error", access_log=False, **options)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
