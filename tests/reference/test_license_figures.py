"""Whatever was delivered: KPIs and licence analytics answer what the reference model answers, to every viewer."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property
from itertools import count
from typing import Any, NamedTuple

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from resolvers.context import Viewer
from store.changes.consistency_check import check_customers
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.random_values import seeded
from tests.reference import analytics_model as model
from tests.reference.analytics_model import Delivered, Licenses
from tests.reference.api_client import (
    EXAMPLES,
    RESTRICTED_EMAIL,
    UNRESTRICTED_EMAILS,
    ApiClient,
    find_differences,
    import_records,
    to_ndjson,
)
from tests.reference.forecast_model import renewal_months, right_sizing
from tests.reference.license_worlds import LicenseExample, license_examples, to_delivered
from tests.reference.model import matches

# A world has the customers and licences of that many groups, which one import and one request compare together.
GROUPS = 3
KPIS = ["totalCustomers", "nearingExpiration", "nearingRenewal", "lowLicenseAssignment", "overLicenseLimit"]
PRODUCTS = {"both": None, "meetings": "MEETINGS", "calling": "CALLING"}
FIGURES = {
    "recentlyAdded": "newCustomers totalLicenses",
    "expiring": "expiringCustomers licenseAssignmentPercent licenseUsagePercent",
    "renewing": "renewingCustomers licenseAssignmentPercent licenseUsagePercent",
    "lowAssignment": "lowAssignmentCustomers licenseAssignmentPercent licenseUsagePercent usageWhenAssignedPercent "
    "unassignedLicenses peerGroupSize thresholdPercent",
    "overLimit": "customersWithOverage licensesInOverage averageOverage",
}
WINDOWED = ("recentlyAdded", "expiring", "renewing")
ROW = """customer { externalId } subscriptionId trial daysSinceAdded monthsSinceAdded daysToExpiry monthsRemaining
autoRenew total assigned used available overage assignedPercent usedPercent weeklyAssignmentChange weeklyUsageChange
usedLastThreeMonths"""
_KPI = " ".join(f"{name} {{ count customers {{ totalCount nodes {{ externalId }} }} }}" for name in KPIS)
_ASKED = {name: f"kpis(product: {product or 'null'}, filter: $filter)" for name, product in PRODUCTS.items()}
_KPIS = " ".join(f"{name}: {asked} {{ product asOf {_KPI} }}" for name, asked in _ASKED.items())
KPIS_QUERY = f"query($filter: CustomerFilter) {{ {_KPIS} }}"
KINDS = {
    "TOTAL_CUSTOMERS": "totalCustomers",
    "NEARING_EXPIRATION": "nearingExpiration",
    "NEARING_RENEWAL": "nearingRenewal",
    "LOW_LICENSE_ASSIGNMENT": "lowLicenseAssignment",
    "OVER_LICENSE_LIMIT": "overLicenseLimit",
}
LOW_CALLING = {"kind": "LOW_LICENSE_ASSIGNMENT", "product": "CALLING"}
# A filter as the API and as the model take it.
FILTERS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({}, {}),
    ({"managedBy": ["EXTERNAL_ADMINISTRATOR"]}, {"managed_by": ["EXTERNAL_ADMINISTRATOR"]}),
    ({"product": ["MEETINGS", "OTHER"]}, {"product": ["MEETINGS", "OTHER"]}),
    ({"not": {"subscriptionType": ["TRIAL"]}}, {"not_": {"subscription_type": ["TRIAL"]}}),
    ({"kpi": {"kind": "NEARING_RENEWAL"}}, {"kpi": {"kind": "NEARING_RENEWAL"}}),
    ({"not": {"kpi": LOW_CALLING}}, {"not_": {"kpi": LOW_CALLING}}),
    ({"anyOf": [{"search": "al"}, {"managedBy": []}]}, {"any_of": [{"search": "al"}, {"managed_by": []}]}),
]


def report_fields(order: str) -> str:
    """Every report with its figures and its table."""
    table = f"entitlements(first: 50{order}) {{ totalCount nodes {{ {ROW} }} }}"
    windows = {name: "(days: $days)" if name in WINDOWED else "" for name in FIGURES}
    return " ".join(f"{name}{windows[name]} {{ {figures} {table} }}" for name, figures in FIGURES.items())


def reports_query(order: str = "") -> str:
    """The whole of licenseAnalytics."""
    trend = "licenseTrend(weeks: $weeks) { weekStart total assigned used available }"
    head = "query($product: AnalyticsProduct!, $days: Int!, $weeks: Int!, $filter: CustomerFilter)"
    asked = "licenseAnalytics(product: $product, filter: $filter)"
    return f"{head} {{ {asked} {{ product asOf {trend} {report_fields(order)} }} }}"


_MONTH = "month renewing expiring licenses unassigned unused value { amount currency }"
_MONTHS = "months: $months, filter: $filter"
_NUMBER = "... on CustomerSubscription { number } ... on Trial { number }"
_RIGHT_SIZING_ROW = f"entitlement {{ {_NUMBER} }} total assigned usedLastThreeMonths suggestedTotal"
FORECASTS_QUERY = "query($months: Int!, $days: Int!, $filter: CustomerFilter) {{ {} {} }}".format(
    " ".join(
        f"{name}: renewalForecast(product: {product or 'null'}, {_MONTHS}) {{ {_MONTH} }}"
        for name, product in PRODUCTS.items()
    ),
    " ".join(
        f"{product}: rightSizing(product: {product}, days: $days, filter: $filter, first: 50) "
        f"{{ totalCount nodes {{ {_RIGHT_SIZING_ROW} }} }}"
        for product in model.ANALYTICS_PRODUCTS
    ),
)
orders = st.none() | st.tuples(st.sampled_from([*model.ORDER_VALUES]), st.sampled_from(["ASC", "DESC"]))


class Question(NamedTuple):
    """The order of the tables, the weeks of the trend, and the filter, as the API and as the model take it."""

    order: tuple[str, str] | None
    weeks: int
    filter: tuple[dict[str, Any], dict[str, Any]]


questions = st.builds(Question, orders, st.integers(1, 13), st.sampled_from(FILTERS))


def test_every_figure_is_what_domain_md_says(mongo_uri: str, database_name: str) -> None:
    partners = count()
    with asyncio.Runner() as runner:
        api = runner.run(ApiClient.open(mongo_uri, database_name))

        # Every step of shrinking is a round of imports: minutes for an example that is small already.
        @settings(max_examples=EXAMPLES // GROUPS, phases=[Phase.explicit, Phase.reuse, Phase.generate])
        @given(seeded(license_examples()), st.sampled_from([RESTRICTED_EMAIL, *UNRESTRICTED_EMAILS]), questions)
        def agree(world: LicenseExample, email: str, question: Question) -> None:
            runner.run(_compared(api, f"partner-{next(partners)}", world, email, question))

        try:
            agree()
        finally:
            runner.run(api.close())


async def _compared(api: ApiClient, partner: str, world: LicenseExample, email: str, question: Question) -> None:
    scope = await api.add_partner(partner)
    comparison = await PartnerComparison.prepare(api, scope, world)
    viewer = await api.viewer(scope, email)
    await comparison.compare_kpis(viewer, question)
    await comparison.compare_reports(viewer, question)
    await comparison.compare_forecasts(viewer, question)
    assert [problem async for problem in check_customers(scope)] == []


def moment(now: datetime, shift: str) -> datetime:
    """Now, or the next Monday 00:00 UTC, or the last millisecond before it."""
    if not shift:
        return now
    monday = datetime.combine(model.monday(now.date()) + timedelta(days=7), time())
    return monday if shift == "MONDAY" else monday - timedelta(milliseconds=1)


@dataclass(frozen=True)
class PartnerComparison:
    """The partner as the API shows it, beside the partner as the model has it."""

    api: ApiClient
    scope: Scope
    delivered: Delivered
    world: LicenseExample
    now: datetime
    ids: dict[str, str]

    @classmethod
    async def prepare(cls, api: ApiClient, scope: Scope, world: LicenseExample) -> "PartnerComparison":
        """Delivers the world to the API and to the model."""
        delivered, now = Delivered(), moment(utc_now(), world.shift)
        for kind, lines in world.streams:
            await deliver(scope, delivered, kind, to_delivered(lines, now), now)
        found = await scope.collection("customers").find(scope.match(), {"external_id": 1})
        return cls(api, scope, delivered, world, now, {one["external_id"]: one["_id"] for one in found})

    def licenses(self, viewer: Viewer, question: Question) -> Licenses:
        """What the model shows this administrator of the customers that match."""
        email = viewer.administrator.email
        customers = self.customers
        assigned = self.delivered.facts["administrators"][email]["assigned"]
        visible = [key for key in customers if email != RESTRICTED_EMAIL or key in assigned]
        matching = [key for key in visible if matches(question.filter[1], customers[key], (), self.now)]
        return Licenses(self.delivered, self.now, self.ids, frozenset(matching))

    @cached_property
    def customers(self) -> dict[str, dict[str, Any]]:
        """The partner's customers, each with the KPIs that it is behind."""
        licenses = Licenses(self.delivered, self.now, self.ids)
        kpis = {product: licenses.kpis(product) for product in PRODUCTS.values()}
        behind = {(kind, product): found[name] for kind, name in KINDS.items() for product, found in kpis.items()}
        return {
            key: {**facts, "kpis": {kpi for kpi, customers in behind.items() if key in customers}}
            for key, facts in self.delivered.customers(self.now).items()
        }

    def as_nodes(self, customers: Iterable[str]) -> list[dict[str, str]]:
        """Customers in the order of a list without one of its own."""
        names = {key: held["NAME"] for key, held in self.delivered.customers(self.now).items()}
        return [{"externalId": key} for key in sorted(customers, key=lambda key: (names[key], self.ids[key]))]

    async def compare_kpis(self, viewer: Viewer, question: Question) -> None:
        """Each count, and the customers behind it."""
        answer = await self.api.execute_data(viewer, self.now, KPIS_QUERY, filter=question.filter[0])
        for name, product in PRODUCTS.items():
            kpis: dict[str, Any] = {"product": product, "asOf": format_instant(self.now)}
            for kpi, found in self.licenses(viewer, question).kpis(product).items():
                customers = {"totalCount": len(found), "nodes": self.as_nodes(found)}
                kpis[kpi] = {"count": len(found), "customers": customers}
            assert find_differences(answer[name], kpis, f"{viewer.administrator.email} {name}") == []

    async def compare_reports(self, viewer: Viewer, question: Question) -> None:
        """Each report, and each row of its table in its order."""
        order, weeks, filter = question
        given_order = f", orderBy: {{field: {order[0]}, direction: {order[1]}}}" if order else ""
        for product in model.ANALYTICS_PRODUCTS:
            asked = {"product": product, "days": self.world.days, "weeks": weeks, "filter": filter[0]}
            answer = await self.api.execute_data(viewer, self.now, reports_query(given_order), **asked)
            whole = self._analytics(self.licenses(viewer, question), product, order, weeks)
            assert find_differences(answer["licenseAnalytics"], whole, f"{viewer.administrator.email} {product}") == []

    async def compare_forecasts(self, viewer: Viewer, question: Question) -> None:
        """Each month, with and without a product, and the table."""
        licenses, months = self.licenses(viewer, question), question.weeks
        asked = {"months": months, "days": self.world.days, "filter": question.filter[0]}
        answer = await self.api.execute_data(viewer, self.now, FORECASTS_QUERY, **asked)
        for name, product in PRODUCTS.items():
            assert answer[name] == renewal_months(licenses, product, months), (viewer.administrator.email, name)
        for product in model.ANALYTICS_PRODUCTS:
            rows, whole = answer[product], right_sizing(licenses, product, self.world.days)
            assert (rows["totalCount"], rows["nodes"]) == (len(whole), whole), (viewer.administrator.email, product)

    def _analytics(self, licenses: Licenses, product: str, order: tuple[str, str] | None, weeks: int) -> dict[str, Any]:
        found: dict[str, Any] = {"product": product, "asOf": format_instant(self.now)}
        found["licenseTrend"] = licenses.trend(product, weeks)
        for name, (rows, figures) in model.reports(licenses, product, self.world.days).items():
            in_order = model.in_order(rows, order or model.DEFAULT_ORDERS[name])
            nodes = [model.report_row(row, self.now) for row in in_order]
            found[name] = {**figures, "entitlements": {"totalCount": len(rows), "nodes": nodes}}
        return found


def format_instant(now: datetime) -> str:
    """RFC 3339 in UTC, without the fraction where it is zero."""
    return now.isoformat(timespec="milliseconds").removesuffix(".000") + "Z"


async def deliver(scope: Scope, delivered: Delivered, kind: str, lines: list[dict[str, Any]], now: datetime) -> None:
    """Delivers lines to both."""
    assert await import_records(scope, kind, to_ndjson(lines)) == []
    for line in lines:
        delivered.deliver(kind, line, now)
