"""The dataset of a request and the joins of the calling tables, as conditions and stages; no query is run."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.types import OrderDirection, PartnerRole
from store.calling import customer_parts
from store.calling.customer_parts import CustomerPart, add_parts
from store.calling.dataset import CallDataset
from store.calling.table_joins import group_by_customer, order_columns, union_running_customers, union_sums
from store.database.client import Client
from store.database.keyset import Column
from store.database.scope import Scope

NOW = datetime(2026, 11, 25, 9)
LAST_WEEK = datetime(2026, 11, 16)
WEEK = timedelta(weeks=1)
ASC, DESC = OrderDirection.ASC, OrderDirection.DESC
STATE = {"week": LAST_WEEK, "roll_up_id": "rup_1", "rolled_up_at": NOW}


def scope(**viewer: Any) -> Scope:
    # Building conditions uses no client.
    client: Client = None  # type: ignore[assignment]
    return Scope(client, "acme", NOW, **viewer)


def dataset(visible_ids: Sequence[str] | None = None, removed_ids: Sequence[str] = ()) -> CallDataset:
    return CallDataset(scope(), LAST_WEEK, {LAST_WEEK: STATE}, visible_ids, removed_ids)


def test_a_week_has_its_roll_up() -> None:
    calls = dataset()
    assert (calls.weeks(2), calls.refreshed_at) == ([LAST_WEEK - WEEK, LAST_WEEK], NOW)
    assert calls.roll_up_id(LAST_WEEK) == "rup_1"


def test_a_week_without_a_roll_up_has_no_sums() -> None:
    calls = CallDataset(scope(), LAST_WEEK, {}, None, ())
    assert (calls.refreshed_at, calls.roll_up_id(LAST_WEEK)) == (None, None)
    assert calls.match_all_sums(LAST_WEEK) == {"partner_id": "acme", "week": {"$in": []}, "roll_up_id": {"$in": []}}


@pytest.mark.parametrize(
    ("calls", "condition"),
    [
        (dataset(), {}),
        (dataset(removed_ids=["cus_9"]), {"customer_id": {"$nin": ["cus_9"]}}),
        (dataset(visible_ids=["cus_1"]), {"customer_id": {"$in": ["cus_1"]}}),
        (dataset(visible_ids=[]), {"customer_id": {"$in": []}}),
    ],
)
def test_sums_are_limited_to_visible_customers(calls: CallDataset, condition: dict[str, Any]) -> None:
    assert calls.parts == [CustomerPart(1, condition)]
    current = {"partner_id": "acme", "week": {"$in": [LAST_WEEK]}, "roll_up_id": {"$in": ["rup_1"]}}
    assert calls.match_all_sums(LAST_WEEK, LAST_WEEK - WEEK) == current
    assert calls.match_table_sums(LAST_WEEK) == {**current, **condition}


@pytest.mark.parametrize(
    ("calls", "parts"),
    [
        (dataset(visible_ids=["a", "b", "c"]), [(1, {"$in": ["a", "b"]}), (1, {"$in": ["c"]})]),
        (dataset(removed_ids=["a", "b"]), [(1, {"$nin": ["a", "b"]})]),
        (dataset(removed_ids=["a", "b", "c"]), [(1, None), (-1, {"$in": ["a", "b"]}), (-1, {"$in": ["c"]})]),
    ],
)
def test_many_customers_are_read_in_parts(
    calls: CallDataset, parts: Sequence[tuple[int, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_parts, "IDS_PER_QUERY", 2)
    conditions = [(sign, {} if ids is None else {"customer_id": ids}) for sign, ids in parts]
    assert [tuple(part) for part in calls.parts] == conditions
    # One query has the ids of one part at most; a table leaves out the customers without a name.
    narrowed = conditions[0][1] if len(parts) == 1 else {}
    assert calls.match_table_sums(LAST_WEEK) == {**calls.match_all_sums(LAST_WEEK), **narrowed}


async def test_sums_of_parts_are_added_and_subtracted_by_their_group() -> None:
    groups: dict[str, list[dict[str, Any]]] = {}
    groups |= {"all": [{"_id": 1, "a": 5, "b": 2.5}, {"_id": 2, "a": 1}], "removed": [{"_id": 1, "a": 3, "b": 1.5}]}

    async def read(condition: dict[str, Any]) -> Sequence[dict[str, Any]]:
        return groups[condition["is"]]

    parts = [CustomerPart(1, {"is": "all"}), CustomerPart(-1, {"is": "removed"})]
    assert await add_parts(parts, read) == {1: {"a": 2, "b": 1.0}, 2: {"a": 1}}


CALLS, RANK = Column("calls", kind="number"), Column("is_new", kind="rank")
NAME, ID = Column("name_folded"), Column("_id")


@pytest.mark.parametrize(
    ("first", "direction", "columns"),
    [
        ((), ASC, (NAME, ID)),
        ((), DESC, (Column("name_folded", -1), ID)),
        ((CALLS,), ASC, (CALLS, NAME, ID)),
        ((CALLS,), DESC, (Column("calls", -1, "number"), NAME, ID)),
        ((RANK, CALLS), DESC, (RANK, Column("calls", -1, "number"), NAME, ID)),
    ],
)
def test_figures_take_the_direction_and_ranks_and_ties_ascend(
    first: Sequence[Column], direction: OrderDirection, columns: Sequence[Column]
) -> None:
    assert order_columns(first, direction) == columns


def test_running_customers_are_found_by_their_key_and_the_visibility_key() -> None:
    def match(of_scope: Scope) -> dict[str, Any]:
        stage = union_running_customers(of_scope)["$unionWith"]
        assert stage["coll"] == "customers"
        condition: dict[str, Any] = stage["pipeline"][0]["$match"]
        return condition

    assert match(scope()) == {"partner_id": "acme", "keys": "running:CALLING"}
    assigned = match(scope(administrator_id="adm_1", role=PartnerRole.ADMINISTRATOR))
    assert assigned["keys"] == {"$all": ["running:CALLING", "administrator:adm_1"]}
    assert "assignments" in assigned


def test_joins_use_the_customer_id_and_sum_numbers() -> None:
    stage = union_sums(dataset(), LAST_WEEK, {"poor": {"$gt": 0}}, poor="$poor")["$unionWith"]
    match, project = stage["pipeline"]
    assert match["$match"] == {**dataset().match_table_sums(LAST_WEEK), "poor": {"$gt": 0}}
    assert project == {"$project": {"_id": "$customer_id", "poor": "$poor"}}
    assert group_by_customer("poor", is_running={"$max": "$is_running"})["$group"] == {
        "_id": "$_id",
        "name_folded": {"$max": "$name_folded"},
        "poor": {"$sum": "$poor"},
        "is_running": {"$max": "$is_running"},
    }
