"""Aggregation stages that the calling tables share: joins by customer, and the columns of their orders.

A join is a `$unionWith` of documents that have the customer's id as `_id`, followed by one `$group`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain.calling.figures import CallSums
from domain.customers.keys import dimension_key
from domain.types import OrderDirection, Product
from store.calling.dataset import CallDataset
from store.calling.sums import COLLECTION
from store.customers.queries import COLLECTION as CUSTOMERS
from store.database.client import Document
from store.database.keyset import DEFAULT_COLUMNS, Column
from store.database.scope import Scope

HAS_CALL: Document = {"calls": {"$gt": 0}}
HAS_POOR: Document = {"poor": {"$gt": 0}}
HAS_QUEUE: Document = {"offered": {"$gt": 0}}
# Only documents of visible customers add a name; a group without one is of a customer that is removed or invisible.
MATCH_VISIBLE: Document = {"$match": {"name_folded": {"$type": "string"}}}
_CALLING = dimension_key("running", Product.CALLING)


def order_columns(first: Sequence[Column], direction: OrderDirection) -> tuple[Column, ...]:
    """Return the columns of a total order by `first`, then name and id; a column of kind rank always ascends."""
    sign = 1 if direction is OrderDirection.ASC else -1
    name, id_ = DEFAULT_COLUMNS
    if not first:
        return Column(name.field, sign), id_
    directed = (column if column.kind == "rank" else Column(column.field, sign, column.kind) for column in first)
    return *directed, name, id_


def group_by_customer(*numbers: str, **others: Document) -> Document:
    """Return the stage that groups by customer: its name, the sums of `numbers`, and the accumulators `others`."""
    sums = {name: {"$sum": f"${name}"} for name in numbers}
    return {"$group": {"_id": "$_id", "name_folded": {"$max": "$name_folded"}, **sums, **others}}


def percent_of(part: Any, whole: str) -> Document:
    """Return the expression of `domain.ratios.percent`."""
    return {"$cond": [{"$gt": [whole, 0]}, {"$divide": [{"$multiply": [part, 100]}, whole]}, None]}


def union_running_customers(scope: Scope, among: Document | None = None) -> Document:
    """Return the stage that adds `is_running` for the visible customers with a running CALLING line.

    `among` is a condition on `_id`.
    """
    where = {**scope.match_customers(), **(among or {})}
    where["keys"] = {"$all": [_CALLING, where["keys"]]} if "assignments" in where else _CALLING
    running = [{"$match": where}, {"$project": {"is_running": {"$literal": True}}}]
    return {"$unionWith": {"coll": CUSTOMERS, "pipeline": running}}


def union_sums(dataset: CallDataset, week: datetime, where: Document, **fields: Any) -> Document:
    """Return the stage that adds fields of the week's sums, for the customers whose sums match a condition.

    Customers that are not visible may be among them: MATCH_VISIBLE has to follow.
    """
    match = {"$match": {**dataset.match_table_sums(week), **where}}
    return {"$unionWith": {"coll": COLLECTION, "pipeline": [match, {"$project": {"_id": "$customer_id", **fields}}]}}


async def read_sums_by_customer(
    dataset: CallDataset, week: datetime, customers: Sequence[Document]
) -> dict[str, CallSums]:
    """Return the week's sums of the customers by their id, in one query; a customer without sums is absent."""
    where = {**dataset.match_all_sums(week), "customer_id": {"$in": [customer["_id"] for customer in customers]}}
    return {sums["customer_id"]: sums for sums in await dataset.scope.collection(COLLECTION).find(where)}


async def count_sums(dataset: CallDataset, condition: Document) -> int:
    """Return the number of visible customers whose sums of the week match a condition."""
    collection, where = dataset.scope.collection(COLLECTION), {**dataset.match_all_sums(dataset.week), **condition}
    return sum([sign * await collection.count({**where, **customers}) for sign, customers in dataset.parts])
