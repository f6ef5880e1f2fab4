"""What the tables of calling engagement are joined from, and how they are sorted."""

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
# A customer in sight has its name among what is joined; sums without one belong to nobody who is there.
MATCH_VISIBLE: Document = {"$match": {"name_folded": {"$type": "string"}}}
_CALLING = dimension_key("running", Product.CALLING)


def order_columns(first: Sequence[Column], direction: OrderDirection) -> tuple[Column, ...]:
    """The order by these figures; a rank among them ascends in any case, and ties go by name, then id."""
    way = 1 if direction is OrderDirection.ASC else -1
    name, id_ = DEFAULT_COLUMNS
    if not first:
        return Column(name.field, way), id_
    return *(one if one.kind == "rank" else Column(one.field, way, one.kind) for one in first), name, id_


def group_by_customer(*numbers: str, **others: Document) -> Document:
    """One document a customer: its name, the sums of these numbers, and what other accumulators make."""
    sums = {name: {"$sum": f"${name}"} for name in numbers}
    return {"$group": {"_id": "$_id", "name_folded": {"$max": "$name_folded"}, **sums, **others}}


def percent_of(part: Any, whole: str) -> Document:
    """As domain.call_figures.percent."""
    return {"$cond": [{"$gt": [whole, 0]}, {"$divide": [{"$multiply": [part, 100]}, whole]}, None]}


def union_running_customers(scope: Scope) -> Document:
    """Joins the customers in sight with a running line of CALLING, under `is_running`."""
    where = scope.match_customers()
    where["keys"] = {"$all": [_CALLING, where["keys"]]} if "assignments" in where else _CALLING
    running = [{"$match": where}, {"$project": {"is_running": {"$literal": True}}}]
    return {"$unionWith": {"coll": CUSTOMERS, "pipeline": running}}


def union_sums(dataset: CallDataset, week: datetime, where: Document, **shown: Any) -> Document:
    """Joins the week's sums that fulfil a condition, under the ids of their customers."""
    match = {"$match": {**dataset.match_sums(week), **where}}
    return {"$unionWith": {"coll": COLLECTION, "pipeline": [match, {"$project": {"_id": "$customer_id", **shown}}]}}


async def read_sums_by_customer(dataset: CallDataset, week: datetime, found: Sequence[Document]) -> dict[str, CallSums]:
    """The whole sums of the customers of a page, in one query."""
    where = {**dataset.match_all_sums(week), "customer_id": {"$in": [one["_id"] for one in found]}}
    return {one["customer_id"]: one for one in await dataset.scope.collection(COLLECTION).find(where)}


async def count_sums(dataset: CallDataset, belongs: Document) -> int:
    """How many customers in sight have sums of the latest week that fulfil a condition."""
    return await dataset.scope.collection(COLLECTION).count({**dataset.match_sums(dataset.week), **belongs})
