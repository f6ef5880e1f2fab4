"""kpis and licenseAnalytics over a filter, whose peer group stays the partner's; and filters by KPI."""

from typing import Any

import pytest

from domain.permissions import ROLE_PERMISSIONS, Permission
from domain.types import PartnerRole
from tests.api_server import ApiHarness
from tests.schema import test_license_analytics as analytics
from tests.schema.factory_mutations import accept_terms, send_mutation, token_of
from tests.schema.test_kpis import EACH, NAMES, behind, kpis_of, put_partner

KINDS = {
    "totalCustomers": "TOTAL_CUSTOMERS",
    "nearingExpiration": "NEARING_EXPIRATION",
    "nearingRenewal": "NEARING_RENEWAL",
    "lowLicenseAssignment": "LOW_LICENSE_ASSIGNMENT",
    "overLicenseLimit": "OVER_LICENSE_LIMIT",
}
KPIS = f"query($filter: CustomerFilter) {{ kpis(filter: $filter) {{ {EACH} }} }}"
TREND = "licenseTrend { weekStart total }"
ANALYTICS = f"""query($filter: CustomerFilter) {{
  licenseAnalytics(product: CALLING, filter: $filter) {{ {analytics.EVERYTHING} {TREND} }} }}"""
TABLE = """query($filter: CustomerFilter, $after: String) { licenseAnalytics(product: CALLING, filter: $filter) {
  overLimit { entitlements(first: 1, after: $after) { nodes { number } pageInfo { endCursor } } } } }"""


@pytest.fixture
def holder(api: ApiHarness) -> str:
    return api.add_administrator("ADMINISTRATOR")


@pytest.fixture
def token(api: ApiHarness) -> str:
    return token_of(api, "FULL_ADMINISTRATOR")


def kpis_over(api: ApiHarness, token: str, filter: dict[str, Any] | None) -> dict[str, list[str]]:
    return behind(api.execute_data(token, KPIS, filter=filter)["kpis"])


def analytics_over(api: ApiHarness, token: str, filter: dict[str, Any] | None) -> dict[str, Any]:
    found: dict[str, Any] = api.execute_data(token, ANALYTICS, filter=filter)["licenseAnalytics"]
    return found


def test_kpis_count_the_customers_that_match(api: ApiHarness, holder: str, token: str) -> None:
    put_partner(api, holder)
    everything = kpis_over(api, token, None)
    all_customers: list[dict[str, Any]] = [{}, {"not": {"search": "nobody"}}, {"anyOf": [{"tag": []}, {"allOf": []}]}]
    assert everything["nearingExpiration"] == ["EXP", "TRIAL"]
    for filter in all_customers:
        assert kpis_over(api, token, filter) == everything
    assert kpis_over(api, token, {"administrator": [holder]}) == kpis_over(api, api.token(holder), None)
    assert kpis_over(api, token, {"subscriptionType": ["TRIAL"]}) == {
        name: ["TRIAL"] if name in ("totalCustomers", "nearingExpiration") else [] for name in NAMES
    }
    assert kpis_over(api, token, {"expiresWithinDays": 59})["nearingExpiration"] == []
    assert kpis_over(api, token, {"expiresWithinDays": 61})["nearingExpiration"] == ["EXP", "TRIAL"]
    assert not any(kpis_over(api, token, {"tag": ["tag_000000000000000000000000"]}).values())


def test_reports_have_the_rows_of_the_customers_that_match(api: ApiHarness, holder: str, token: str) -> None:
    analytics.put_everything(api, holder)
    assert analytics_over(api, token, {"allOf": []}) == analytics_over(api, token, None)
    assert analytics_over(api, token, {"administrator": [holder]}) == analytics_over(api, api.token(holder), None)
    found = analytics_over(api, token, {"search": "p 0"})
    assert analytics.figures(found["lowAssignment"]) == ([1, 0.0, 0.0, None, 10, 11, 20.0], ["P-0"])
    assert analytics.figures(found["overLimit"]) == ([0, 0, None], [])
    found = analytics_over(api, token, {"status": ["TRIAL"]})
    assert analytics.figures(found["overLimit"]) == ([1, 7, 7.0], ["O-1", "O-3", "O-2"])
    nobody = analytics_over(api, token, {"status": ["EXPIRED"], "subscriptionType": ["TRIAL"]})
    assert nobody["licenseTrend"] == []
    assert [analytics.figures(nobody[name])[1] for name in analytics.REPORTS] == [[]] * 5
    assert nobody["lowAssignment"]["peerGroupSize"] == 11


def test_a_cursor_belongs_to_the_table_of_its_filter(api: ApiHarness, holder: str, token: str) -> None:
    analytics.put_everything(api, holder)

    def page(filter: dict[str, Any] | None, after: str | None = None) -> dict[str, Any]:
        answer = api.execute(token, TABLE, filter=filter, after=after)
        if "errors" in answer:
            return {"code": answer["errors"][0]["extensions"]["code"]}
        table: dict[str, Any] = answer["data"]["licenseAnalytics"]["overLimit"]["entitlements"]
        return table

    trials: dict[str, Any] = {"status": ["TRIAL"]}
    first = page(trials)
    cursor = first["pageInfo"]["endCursor"]
    assert first["nodes"] == [{"number": "O-1"}]
    assert page(trials, cursor)["nodes"] == [{"number": "O-3"}]
    assert page(None, cursor) == {"code": "INVALID_CURSOR"}


@pytest.mark.parametrize("field", ["kpis", "licenseAnalytics(product: CALLING)"])
def test_an_invalid_filter_is_an_error_of_the_field(api: ApiHarness, token: str, field: str) -> None:
    name, _, arguments = field.partition("(")
    given = f"({arguments[:-1]}, filter: $f)" if arguments else "(filter: $f)"
    answer = api.execute(token, f"query($f: CustomerFilter) {{ {name}{given} {{ asOf }} }}", f={"expiresWithinDays": 0})
    assert answer["data"] == {name: None}
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


BEHIND = """query($filter: CustomerFilter) { customers(filter: $filter, first: 200, orderBy: {field: NEXT_EXPIRY_AT}) {
  totalCount nodes { externalId } facets { managedBy { count } } } }"""


def listed(api: ApiHarness, token: str, filter: dict[str, Any]) -> list[str]:
    """The customers of a list, sorted; total and facets agree with them."""
    customers = api.execute_data(token, BEHIND, filter=filter)["customers"]
    names = sorted(node["externalId"] for node in customers["nodes"])
    assert customers["totalCount"] == len(names) == sum(one["count"] for one in customers["facets"]["managedBy"])
    return names


def test_a_list_can_be_limited_to_the_customers_behind_a_kpi(api: ApiHarness, holder: str, token: str) -> None:
    put_partner(api, holder)
    for viewer in (token, api.token(holder)):
        for product in (None, "CALLING", "MEETINGS"):
            kpis = kpis_of(api, viewer, product)
            assert kpis["totalCustomers"]
            for name, customers in kpis.items():
                asked = {"kpi": {"kind": KINDS[name], "product": product}}
                assert listed(api, viewer, asked) == sorted(customers)


def test_a_kpi_joins_with_other_conditions(api: ApiHarness, holder: str, token: str) -> None:
    analytics.put_everything(api, holder)
    low, over = ({"kpi": {"kind": kind}} for kind in ("LOW_LICENSE_ASSIGNMENT", "OVER_LICENSE_LIMIT"))
    assert listed(api, token, {"anyOf": [low, over]}) == ["OVER", "OVER-2", "P-0", "P-1"]
    others = {"search": "p", "not": {"anyOf": [low, over]}}
    assert listed(api, token, others) == [f"P-{number}" for number in range(2, 9)]
    assert listed(api, token, {"allOf": [low, {"search": "1"}]}) == ["P-1"]
    assert kpis_over(api, token, low)["overLicenseLimit"] == []
    assert kpis_over(api, token, low)["lowLicenseAssignment"] == ["P-0", "P-1"]
    assert analytics_over(api, token, over)["overLimit"] == analytics_over(api, token, None)["overLimit"]


def test_a_view_and_a_bulk_change_take_a_kpi(api: ApiHarness, holder: str, token: str) -> None:
    accept_terms(api)
    analytics.put_everything(api, holder)
    low = {"kpi": {"kind": "LOW_LICENSE_ASSIGNMENT", "product": "CALLING"}}
    selection = "view { filter customers { totalCount nodes { externalId } } }"
    view = send_mutation(api, token, "saveCustomerView", selection, name="Low", filter=low)["view"]
    assert view["filter"] == low
    assert [node["externalId"] for node in view["customers"]["nodes"]] == ["P-0", "P-1"]
    tag = send_mutation(api, token, "createTag", "tag { id }", name="Call them")["tag"]["id"]
    tagged = send_mutation(
        api, token, "assignTags", "changed customers { externalId }", customers={"matching": low}, tags=[tag]
    )
    assert tagged["userErrors"] == [] and tagged["changed"] == 2
    assert sorted(one["externalId"] for one in tagged["customers"]) == ["P-0", "P-1"]


def test_who_may_not_read_analytics_learns_no_kpi_from_a_filter(api: ApiHarness, token: str) -> None:
    accept_terms(api)
    put_partner(api)
    over, helpdesk = {"kpi": {"kind": "OVER_LICENSE_LIMIT"}}, token_of(api, "HELPDESK_ADMINISTRATOR")
    nested: list[dict[str, Any]] = [over, {"not": over}, {"anyOf": [{"search": "o"}, {"allOf": [over]}]}]
    for filter in nested:
        assert listed(api, token, filter)
        _check_forbidden(api.execute(helpdesk, BEHIND, filter=filter), "customers")
    assert listed(api, helpdesk, {"kpi": None, "search": "over"}) == ["OVER"]
    # A view shared by somebody who may read analytics.
    view = send_mutation(api, token, "saveCustomerView", "view { id }", name="Over", filter=over, shared=True)["view"]
    shown = "{ customerViews { id name customers { totalCount nodes { name } } } }"
    assert view["id"] in str(api.execute(token, shown)["data"])
    assert api.execute_data(helpdesk, shown)["customerViews"] == []


def test_a_bulk_change_by_kpi_needs_the_permission_for_analytics(
    api: ApiHarness, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept_terms(api)
    tag = send_mutation(api, token, "createTag", "tag { id }", name="Call them")["tag"]["id"]
    without = tuple(one for one in Permission if one is not Permission.READ_ANALYTICS)
    monkeypatch.setitem(ROLE_PERMISSIONS, PartnerRole.FULL_ADMINISTRATOR, without)
    matching = {"anyOf": [{"kpi": {"kind": "OVER_LICENSE_LIMIT"}}]}
    for field in ("assignTags", "removeTags"):
        query = f"mutation($input: {field[0].upper()}{field[1:]}Input!) {{ {field}(input: $input) {{ changed }} }}"
        asked = {"customers": {"matching": matching}, "tags": [tag]}
        _check_forbidden(api.execute(token, query, input=asked), field)


def _check_forbidden(answer: dict[str, Any], field: str) -> None:
    (error,) = answer["errors"]
    assert error["path"][-1] == field
    assert error["extensions"] == {"code": "FORBIDDEN", "permission": "READ_ANALYTICS"}
