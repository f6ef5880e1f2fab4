"""What calling engagement costs the database: weekly sums alone, by indexes, and the same for every size of page."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from domain.time.weeks import WEEK
from domain.types import PartnerRole
from store.customers.customers import Customers
from store.database.client import Client, Document
from tests.schema.factory_engagement import latest_week, roll_up
from tests.schema.test_query_counts import NOT_EXPLAINED, InProcessPartner, QueryRecorder
from tests.store.calling.factory_calls import call, put_calls, put_queue_calls, queue_call

# The tests only read.
pytestmark = pytest.mark.asyncio(loop_scope="module")
RAW = {"calls", "queue_calls", "license_snapshots"}
EVERYTHING = """{ callingEngagement { weekStart refreshedAt
  usersByUsageTrend { inactive low } qualityTrend { poor } qualityByEndpoint { poor }
  featureUse { calls customers } queueInsights { offered averageAbandonedPercent }
  customersByUsage(first: %d) { totalCount nodes { customer { name } licensedUsers calls } }
  customersByQuality(first: %d) { totalCount nodes { customer { name } poor } }
  customersByQueue(first: %d) { totalCount nodes { customer { name } insights { offered } features { calls } } } } }"""
TABLES = ("customersByUsage", "customersByQuality", "customersByQueue")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(mongo_uri: str, module_database: str) -> AsyncIterator[InProcessPartner]:
    recorder = QueryRecorder()
    client = Client(mongo_uri, module_database, event_listeners=[recorder])
    world = InProcessPartner(client, recorder)
    await world.fill(30)
    await _call(world)
    yield world
    await client.close()


async def _call(world: InProcessPartner) -> None:
    scope = world.scope
    ids = list(await _customer_ids(world))
    calls = [call(id_, latest_week() - back * WEEK, user_id="u", loss=9.0) for id_ in ids for back in range(3)]
    await put_calls(scope, calls)
    await put_queue_calls(scope, [queue_call(id_, latest_week(), "ANSWERED", 3) for id_ in ids])
    await roll_up(scope)


async def _customer_ids(world: InProcessPartner) -> list[str]:
    found = await world.scope.collection("customers").find(world.scope.match_customers(), {"_id": 1})
    assert len(found) == len(await Customers(world.scope).by_ids([one["_id"] for one in found])) == 30
    return [one["_id"] for one in found]


def collections_of(command: Any) -> set[str]:
    """Every collection that a query names, those that it joins included."""
    names = {str(next(iter(command.values())))}
    for stage in command.get("pipeline", ()):
        for joined in (stage.get("$unionWith"), stage.get("$lookup")):
            if joined is not None:
                names.add(joined.get("coll") or joined["from"])
                assert joined["pipeline"][0]["$match"]["partner_id"] == "acme"
    return names


async def test_no_query_reads_raw_calls_or_daily_snapshots(world: InProcessPartner) -> None:
    for role in (PartnerRole.FULL_ADMINISTRATOR, PartnerRole.ADMINISTRATOR):
        data = await world.ask(EVERYTHING % (20, 20, 20), role)
        assert [data["callingEngagement"][table]["totalCount"] for table in TABLES] == [30, 30, 30]
        assert data["callingEngagement"]["qualityTrend"][-1] == {"poor": 30}
        asked = set().union(*map(collections_of, world.recorder.queries))
        world.recorder.take_collections()
        assert asked == {
            *("call_weeks", "call_customer_weeks"),
            *("customers", "entitlements", "license_lines", "license_customer_weeks"),
        }
        assert not asked & RAW


async def test_a_larger_page_costs_not_one_query_more(world: InProcessPartner) -> None:
    counts = []
    for first in (1, 2, 30):
        await world.ask(EVERYTHING % (first, first, first))
        counts.append(len(world.recorder.take_collections()))
    assert counts[0] == counts[1] == counts[2]


async def test_totals_and_pages_are_read_only_where_they_are_selected(world: InProcessPartner) -> None:
    begin = ["call_weeks", "customers"]
    await world.ask("{ callingEngagement { weekStart } }")
    assert world.recorder.take_collections() == begin
    for table in TABLES:
        await world.ask(f"{{ callingEngagement {{ {table} {{ totalCount }} }} }}")
        assert world.recorder.take_collections() == sorted([*begin, "call_customer_weeks"])
    await world.ask("{ callingEngagement { customersByQuality { nodes { poor } } } }")
    assert world.recorder.take_collections() == sorted([*begin, "customers", "call_customer_weeks"])


async def test_no_query_scans_a_collection(world: InProcessPartner) -> None:
    for role in (PartnerRole.FULL_ADMINISTRATOR, PartnerRole.ADMINISTRATOR):
        await world.ask(EVERYTHING % (5, 5, 5), role)
        asked, world.recorder.queries = world.recorder.queries, []
        assert len(asked) > 15
        for command in asked:
            kept = {
                key: value for key, value in command.items() if key not in NOT_EXPLAINED and not key.startswith("$")
            }
            assert "COLLSCAN" not in str(await explained(world.client, kept)), kept


async def explained(client: Client, command: Document) -> Document:
    """The plan of a query."""
    return await client.command({"explain": command, "verbosity": "queryPlanner"})
