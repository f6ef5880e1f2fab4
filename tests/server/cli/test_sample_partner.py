"""The sample partner as its administrators see it: every chart, tags, views and helpdesk requests."""

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from domain.types import CustomerStatus
from server.app.settings import Settings
from server.cli.sample_activity import SampleActivity
from server.cli.sample_partner import PARTNER_ID, SEED, load_sample, with_development_sign_in
from server.cli.sample_workspace import make_workspace
from store.database.clock import utc_now
from store.database.scope import Scope
from tests.reference.api_client import ApiClient

pytestmark = pytest.mark.asyncio(loop_scope="module")
CUSTOMERS = 200
CHARTS = """{
  kpis {
    totalCustomers { count } nearingExpiration { count } nearingRenewal { count }
    overLicenseLimit { count } lowLicenseAssignment { count }
  }
  meetings: licenseAnalytics(product: MEETINGS) { ...Reports }
  calling: licenseAnalytics(product: CALLING) { ...Reports }
  callingEngagement {
    usersByUsageTrend { low medium high inactive }
    customersByUsage { totalCount }
    qualityTrend { good poor notAvailable }
    qualityByEndpoint { good poor }
    customersByQuality { totalCount }
    featureUse { calls }
    queueInsights { offered answered abandoned averageSecondsToAnswer averageSecondsToAbandon }
    customersByQueue { totalCount }
  }
}
fragment Reports on LicenseAnalytics {
  licenseTrend { total assigned used }
  recentlyAdded { entitlements { totalCount } }
  expiring { entitlements { totalCount } }
  renewing { entitlements { totalCount } }
}"""
FACETS = "{ customers { totalCount facets { status { value count } product { value count } tag { count } } } }"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(
    mongo_uri: str, module_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ApiClient]:
    client = await ApiClient.open(mongo_uri, module_database)
    scope = Scope(client.client, PARTNER_ID, utc_now())
    await load_sample(client.client, scope, tmp_path_factory.mktemp("sample"), CUSTOMERS)
    yield client
    await client.close()


async def ask(api: ApiClient, name: str, text: str) -> dict[str, Any]:
    scope = Scope(api.client, PARTNER_ID, utc_now())
    viewer = await api.viewer(scope, f"{name}@partner.example")
    return await api.execute_data(viewer, utc_now(), text)


def figures(value: Any) -> list[float]:
    """Return the numbers in a part of a response, with lists of points summed up by field."""
    if isinstance(value, dict):
        return [number for part in value.values() for number in figures(part)]
    if isinstance(value, list):
        return [sum(numbers) for numbers in zip(*map(figures, value), strict=True)] if value else [0]
    return [value or 0]


async def test_the_assigned_administrator_sees_every_chart(api: ApiClient) -> None:
    assert min(figures(await ask(api, "admin", CHARTS))) > 0


async def test_the_assigned_administrator_sees_every_status_but_not_every_customer(api: ApiClient) -> None:
    page = (await ask(api, "admin", FACETS))["customers"]
    assert 50 <= page["totalCount"] < CUSTOMERS / 2
    assert len([each for each in page["facets"]["status"] if each["count"] > 0]) == len(CustomerStatus)


async def test_tags_are_on_customers_and_one_is_on_none(api: ApiClient) -> None:
    tags = (await ask(api, "full", "{ tags { name color description customerCount } }"))["tags"]
    assert len(tags) == 6
    assert [each["name"] for each in tags if each["customerCount"] == 0] == ["Pilot 2027"]


async def test_views_are_shared_or_private(api: ApiClient) -> None:
    views = "{ customerViews { name shared customers { totalCount } } }"
    of_full, of_admin = [(await ask(api, name, views))["customerViews"] for name in ("full", "admin")]
    assert {each["shared"] for each in of_full} == {each["shared"] for each in of_admin} == {True, False}
    assert min(each["customers"]["totalCount"] for each in of_full + of_admin) > 0


async def test_helpdesk_requests_are_open_and_closed(api: ApiClient) -> None:
    requests = "{ helpdeskRequests { nodes { subject state createdBy { email } } } }"
    nodes = (await ask(api, "full", requests))["helpdeskRequests"]["nodes"]
    assert sorted(each["state"] for each in nodes) == ["CLOSED", "OPEN", "OPEN"]
    assert len({each["createdBy"]["email"] for each in nodes}) == 3


async def test_making_the_workspace_again_changes_nothing(api: ApiClient) -> None:
    text = "{ activity(first: 1) { nodes { id } } tags { id version } customerViews { id version } }"
    before = await ask(api, "full", text)
    await make_workspace(api.client, PARTNER_ID)
    assert await ask(api, "full", text) == before


async def test_the_activity_changes_customers_and_restores_their_figures(api: ApiClient) -> None:
    text = """{ activity(first: 1) { nodes { id } } kpis { overLicenseLimit { count } }
      customers(orderBy: {field: NAME}, first: 200) { nodes { statuses licenses { total assigned used } } } }"""
    before = await ask(api, "full", text)
    activity = SampleActivity(api.client, PARTNER_ID, "", Random(SEED))
    for _ in range(4):
        await activity.change_one()
    changed = await ask(api, "full", text)
    assert changed["kpis"]["overLicenseLimit"]["count"] > before["kpis"]["overLicenseLimit"]["count"]
    await activity.restore_all()
    restored = await ask(api, "full", text)
    assert restored["activity"] != changed["activity"] != before["activity"]
    assert (restored["customers"], restored["kpis"]) == (before["customers"], before["kpis"])


@pytest.mark.parametrize(("host", "partner"), [("127.0.0.1", PARTNER_ID), ("0.0.0.0", "")])
async def test_pages_sign_in_without_a_password_on_this_machine_only(
    capsys: pytest.CaptureFixture[str], host: str, partner: str
) -> None:
    settings = with_development_sign_in(Settings(public_url=""), host)
    assert settings.development_sign_in == partner
    assert ("Starting without it" in capsys.readouterr().out) == (partner == "")
