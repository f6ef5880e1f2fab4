"""Whatever calls were delivered, early, late or twice: engagement answers what the reference model answers."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import count
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from jobs.roll_up_calls import roll_up_calls_now
from store.calling import customer_parts
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.random_values import seeded
from tests.reference import call_worlds
from tests.reference.analytics_model import Delivered, Licenses, monday
from tests.reference.api_client import (
    EXAMPLES,
    RESTRICTED_EMAIL,
    UNRESTRICTED_EMAILS,
    ApiClient,
    find_differences,
    import_records,
    to_ndjson,
)
from tests.reference.call_worlds import COLUMNS, CallExample, to_csv
from tests.reference.calls_model import DeliveredCalls, Engagement

# A world has the customers and calls of that many groups, which one import and one request compare together.
GROUPS = 3
CALL_KINDS = ("calls", "call-media", "queue-calls")
Order = tuple[str, str] | None
Orders = tuple[Order, Order, Order]
USAGE = "activeUsers licensedUsers calls minutes callsPerActiveUser weeklyChangePercent"
QUALITIES = "good poor notAvailable poorPercent"
POINT = "weekStart activeUsers licensedUsers calls minutes poorPercent"
LICENSES = "weekStart total assigned used available"
MEANS = "averagePacketLossPercent averageJitterMs averageLatencyMs"
INSIGHTS = """offered answered transferred abandoned averageSecondsToAnswer averageSecondsToAbandon abandonedPercent
averageAbandonedPercent"""
usage_fields = ["CUSTOMER_NAME", "ACTIVE_USERS", "CALLS", "WEEKLY_CHANGE_PERCENT"]
quality_fields = ["CUSTOMER_NAME", "POOR", "POOR_PERCENT"]
queue_fields = ["CUSTOMER_NAME", "OFFERED", "ABANDONED_PERCENT", "SECONDS_TO_ANSWER"]


def some_order(fields: Sequence[str]) -> st.SearchStrategy[Order]:
    """An order that is asked for, or the table's own."""
    return st.none() | st.tuples(st.sampled_from(fields), st.sampled_from(["ASC", "DESC"]))


def query(usage: Order, quality: Order, queue: Order) -> str:
    """The whole of callingEngagement, and the trend of every customer."""

    def table(name: str, order: Order, fields: str) -> str:
        given_order = f", orderBy: {{field: {order[0]}, direction: {order[1]}}}" if order else ""
        return f"{name}(first: 50{given_order}) {{ totalCount nodes {{ customer {{ externalId }} {fields} }} }}"

    return f"""query($weeks: Int!, $weekStart: Date) {{
      customers(first: 50) {{ nodes {{ externalId callingTrend(weeks: $weeks) {{ {POINT} }}
        licenseTrend(product: CALLING, weeks: $weeks) {{ {LICENSES} }} }} }}
      callingEngagement(weekStart: $weekStart) {{
      weekStart weekEnd
      usersByUsageTrend(weeks: $weeks) {{ weekStart inactive low medium high }}
      {table("customersByUsage", usage, USAGE)}
      qualityTrend(weeks: $weeks) {{ weekStart {QUALITIES} }}
      qualityByEndpoint {{ endpoint {QUALITIES} }}
      {table("customersByQuality", quality, f"{QUALITIES} {MEANS}")}
      featureUse {{ feature calls customers }}
      queueInsights {{ {INSIGHTS} }}
      {table("customersByQueue", queue, f"insights {{ {INSIGHTS} }} features {{ feature calls }}")}
    }} }}"""


def test_every_figure_is_what_domain_md_says(mongo_uri: str, database_name: str) -> None:
    partners = count()
    orders = st.tuples(some_order(usage_fields), some_order(quality_fields), some_order(queue_fields))
    worlds = seeded(call_worlds.call_examples())
    with asyncio.Runner() as runner:
        api = runner.run(ApiClient.open(mongo_uri, database_name))

        # Every step of shrinking is a round of imports: minutes for an example that is small already.
        @settings(max_examples=EXAMPLES // GROUPS, phases=[Phase.explicit, Phase.reuse, Phase.generate])
        @given(worlds, orders, st.integers(1, 10), st.sampled_from([0, 0, 1, 7]), st.integers(0, 99))
        def agree(world: CallExample, order: Orders, weeks: int, back: int, seed: int) -> None:
            runner.run(_compared(api, f"partner-{next(partners)}", world, order, (weeks, back), seed))

        try:
            agree()
        finally:
            runner.run(api.close())


async def _compared(
    api: ApiClient, partner: str, world: CallExample, order: Orders, weeks: tuple[int, int], seed: int
) -> None:
    scope = await api.add_partner(partner)
    comparison = await PartnerComparison.prepare(api, scope, world, seed)
    with pytest.MonkeyPatch.context() as patch:
        # Queries with so few ids of customers stand for partners with very many.
        patch.setattr(customer_parts, "IDS_PER_QUERY", seed // 3 % 3 or 30_000)
        await comparison.compare([RESTRICTED_EMAIL, *UNRESTRICTED_EMAILS][seed % 3], order, *weeks)


@dataclass(frozen=True)
class PartnerComparison:
    """The partner as the API shows it, beside the partner as the model has it."""

    api: ApiClient
    scope: Scope
    delivered: Delivered
    calls: DeliveredCalls
    now: datetime
    ids: dict[str, str]

    @classmethod
    async def prepare(cls, api: ApiClient, scope: Scope, world: CallExample, seed: int) -> "PartnerComparison":
        """Delivers the world to the API and to the model; the weeks are summed up half-way and at the end."""
        delivered, calls, now = Delivered(), DeliveredCalls(), utc_now()
        asked_at = {"now": now, **mondays(now)}[world.asked_at]
        week = datetime.combine(monday(asked_at.date()), time()) - timedelta(days=7)
        rng = random.Random(seed)
        for kind, lines in world.streams:
            lines_told = call_worlds.to_delivered(lines, now, week)
            body = to_csv(lines_told, rng.sample([*COLUMNS, "Direction"], 14)) if kind == "calls" else None
            assert await import_records(scope, kind, body or to_ndjson(lines_told)) == []
            for line in lines_told:
                calls.deliver(kind, line) if kind in CALL_KINDS else delivered.deliver(kind, line, now)
            if rng.random() < 0.1:
                await roll_up_calls_now(scope.client)
        await roll_up_calls_now(scope.client)
        found = await scope.collection("customers").find(scope.match(), {"external_id": 1})
        ids = {one["external_id"]: one["_id"] for one in found}
        return cls(api, scope, delivered, calls, asked_at, ids)

    def engagement(self, email: str, back: int = 0) -> Engagement:
        """What the model shows this administrator."""
        assigned = self.delivered.facts["administrators"][email]["assigned"]
        visible_ids = frozenset(assigned) if email == RESTRICTED_EMAIL else None
        return Engagement(Licenses(self.delivered, self.now, self.ids, visible_ids), self.calls, back)

    async def compare(self, email: str, order: Orders, weeks: int, back: int) -> None:
        """All of engagement and the trends of customers, as this administrator sees them."""
        viewer, model = await self.api.viewer(self.scope, email), self.engagement(email, back)
        variables = {"weeks": weeks, "weekStart": str(model.week) if back else None}
        answer = await self.api.execute_data(viewer, self.now, query(*order), **variables)
        expected = whole_answer(model, order, weeks)
        assert find_differences(answer["callingEngagement"], expected, email) == []
        latest = self.engagement(email)
        expected_rows = [
            {
                "externalId": key,
                "callingTrend": latest.calling_trend(key, weeks),
                "licenseTrend": self.licenses(key).trend("CALLING", weeks),
            }
            for key in sorted(latest.customers)
        ]
        rows = sorted(answer["customers"]["nodes"], key=itemgetter("externalId"))
        assert find_differences(rows, expected_rows, email) == []

    def licenses(self, customer: str) -> Licenses:
        """What the model has of the licences of one customer."""
        return Licenses(self.delivered, self.now, self.ids, frozenset([customer]))


def mondays(now: datetime) -> dict[str, datetime]:
    """This week's beginning, and the last millisecond of the week before."""
    start = datetime.combine(monday(now.date()), time())
    return {"MONDAY": start, "BEFORE_MONDAY": start - timedelta(milliseconds=1)}


def whole_answer(model: Engagement, order: Orders, weeks: int) -> dict[str, Any]:
    """All of callingEngagement, as the model has it."""

    def table(rows: list[dict[str, Any]], chosen: tuple[str, str]) -> dict[str, Any]:
        return {"totalCount": len(rows), "nodes": model.in_order(rows, *chosen)}

    return {
        "weekStart": str(model.week),
        "weekEnd": str(model.week + timedelta(days=6)),
        "usersByUsageTrend": model.users_trend(weeks),
        "customersByUsage": table(model.usage_rows(), order[0] or ("CALLS", "DESC")),
        "qualityTrend": model.quality_trend(weeks),
        "qualityByEndpoint": model.quality_by_endpoint(),
        "customersByQuality": table(model.quality_rows(), order[1] or ("POOR", "DESC")),
        "featureUse": model.feature_use(),
        "queueInsights": model.queue_insights(),
        "customersByQueue": table(model.queue_rows(), order[2] or ("ABANDONED_PERCENT", "DESC")),
    }
