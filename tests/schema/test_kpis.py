"""KPIs with the customers behind them: for every role, product and order (domain.md, "KPIs and licence analytics")."""

from collections.abc import Mapping
from typing import Any

import pytest

from store.database.clock import utc_now
from tests.api_server import ApiHarness
from tests.factory_documents import DAY, assignment, line, put_customer, trial
from tests.schema.factory_mutations import token_of
from tests.store.factory_customers import subscription

NAMES = ("totalCustomers", "nearingExpiration", "nearingRenewal", "lowLicenseAssignment", "overLicenseLimit")
EACH = " ".join(f"{name} {{ count customers(first: 200) {{ totalCount nodes {{ externalId }} }} }}" for name in NAMES)
KPIS = f"query($product: AnalyticsProduct) {{ kpis(product: $product) {{ product asOf {EACH} }} }}"
OLD = {"added_at": utc_now() - 31 * DAY}


def behind(kpis: Mapping[str, Any]) -> dict[str, list[str]]:
    """The customers behind each figure; every figure is their number."""
    found = {}
    for name in NAMES:
        customers = kpis[name]["customers"]
        found[name] = [one["externalId"] for one in customers["nodes"]]
        assert kpis[name]["count"] == customers["totalCount"] == len(found[name])
    return found


def kpis_of(api: ApiHarness, token: str, product: str | None = None) -> dict[str, list[str]]:
    answer = api.execute_fresh_data(token, KPIS, product=product)["kpis"]
    assert answer["product"] == product and answer["asOf"].endswith("Z")
    return behind(answer)


def put_partner(api: ApiHarness, holder: str | None = None) -> None:
    """One customer for each thing that is counted, and some for what is not; `holder` has every second one."""
    now = utc_now()
    soon, far = now + 60 * DAY, now + 200 * DAY
    mine: dict[str, Any] = {"assignments": [assignment(holder)]} if holder else {}
    put_customer(api, "EXP", subscription("S-1", ends_at=soon, licenses=[line("CALLING", 9, 9)]), **mine)
    put_customer(api, "REN", subscription("S-2", ends_at=soon, auto_renew=True, licenses=[line("MEETINGS", 9, 9)]))
    over = [line("MEETINGS", 1, 2), line("CALLING", 3, 3)]
    put_customer(api, "OVER", subscription("S-3", ends_at=far, licenses=over), **mine)
    put_customer(api, "MSG", subscription("S-4", ends_at=soon, licenses=[line("MESSAGING", 1, 2)]))
    put_customer(api, "ENDED", subscription("S-5", ends_at=now - DAY), **mine)
    put_customer(api, "AHEAD", subscription("S-6", starts_at=now + DAY, ends_at=soon))
    put_customer(api, "TRIAL", trial("T-1", ends_at=soon, licenses=[line("MEETINGS", 4, 0)]), **mine)
    gone = subscription("S-7", ends_at=soon)
    put_customer(api, "GONE", gone, removed_at=now - DAY)
    put_customer(api, "NONE")


EVERYTHING = {
    "totalCustomers": ["EXP", "OVER", "REN", "TRIAL"],
    "nearingExpiration": ["EXP", "TRIAL"],
    "nearingRenewal": ["REN"],
    "lowLicenseAssignment": [],
    "overLicenseLimit": ["OVER"],
}


@pytest.mark.parametrize("role", ["FULL_ADMINISTRATOR", "READ_ONLY_ADMINISTRATOR"])
def test_who_sees_all_counts_all(api: ApiHarness, role: str) -> None:
    put_partner(api)
    token = token_of(api, role)
    assert kpis_of(api, token) == EVERYTHING
    assert kpis_of(api, token, "MEETINGS") == {
        **EVERYTHING,
        "totalCustomers": ["OVER", "REN", "TRIAL"],
        "nearingExpiration": ["TRIAL"],
    }
    assert kpis_of(api, token, "CALLING") == {
        "totalCustomers": ["EXP", "OVER"],
        "nearingExpiration": ["EXP"],
        "nearingRenewal": [],
        "lowLicenseAssignment": [],
        "overLicenseLimit": [],
    }


def test_an_administrator_counts_the_customers_assigned(api: ApiHarness) -> None:
    holder = api.add_administrator("ADMINISTRATOR")
    put_partner(api, holder)
    assert kpis_of(api, api.token(holder)) == {
        "totalCustomers": ["EXP", "OVER", "TRIAL"],
        "nearingExpiration": ["EXP", "TRIAL"],
        "nearingRenewal": [],
        "lowLicenseAssignment": [],
        "overLicenseLimit": ["OVER"],
    }
    other = token_of(api, "ADMINISTRATOR")
    assert kpis_of(api, other) == {name: [] for name in NAMES}


def test_the_helpdesk_counts_nothing(api: ApiHarness) -> None:
    answer = api.execute(
        token_of(api, "HELPDESK_ADMINISTRATOR"), "{ kpis { totalCustomers { count } } viewer { partner { id } } }"
    )
    assert answer["data"]["kpis"] is None and answer["data"]["viewer"] is not None
    (error,) = answer["errors"]
    assert error["path"] == ["kpis"]
    assert error["extensions"] == {"code": "FORBIDDEN", "permission": "READ_ANALYTICS"}


def put_peers(api: ApiHarness, count: int, product: str = "MEETINGS", **facts: Any) -> None:
    """Customers P-01, P-02, … whose lines are assigned by 1, 2, … of a hundred."""
    for number in range(1, count + 1):
        held = subscription(f"{product}-{number:02}", licenses=[line(product, 100, number)], **OLD)
        put_customer(api, f"{product[0]}-{number:02}", held, **facts)


def test_low_is_below_the_peers_quarter_and_each_product_has_its_own(api: ApiHarness) -> None:
    put_peers(api, 12)
    put_peers(api, 7, "CALLING")
    token = token_of(api, "FULL_ADMINISTRATOR")
    # The third smallest of twelve is the threshold, and two lie below it; a group of seven has none.
    assert kpis_of(api, token)["lowLicenseAssignment"] == ["M-01", "M-02"]
    put_customer(api, "C-00", subscription("C-0", licenses=[line("CALLING", 100, 0)], **OLD))
    assert kpis_of(api, token)["lowLicenseAssignment"] == ["C-00", "M-01", "M-02"]
    assert kpis_of(api, token, "CALLING")["lowLicenseAssignment"] == ["C-00"]
    assert kpis_of(api, token, "MEETINGS")["lowLicenseAssignment"] == ["M-01", "M-02"]


def test_the_peer_group_is_the_whole_partners_whoever_asks(api: ApiHarness) -> None:
    holder = api.add_administrator("ADMINISTRATOR")
    put_peers(api, 8)
    mine = subscription("S-1", licenses=[line("MEETINGS", 100, 1)], **OLD)
    put_customer(api, "MINE", mine, assignments=[assignment(holder)])
    assert kpis_of(api, api.token(holder))["lowLicenseAssignment"] == ["MINE"]


def test_a_high_quarter_is_cut_to_three_quarters(api: ApiHarness) -> None:
    for number in range(10):
        assigned = 74 if number == 0 else 75 + number
        held = subscription(f"S-{number}", licenses=[line("CALLING", 100, assigned)], **OLD)
        put_customer(api, f"C-{number}", held)
    assert kpis_of(api, token_of(api, "FULL_ADMINISTRATOR"))["lowLicenseAssignment"] == ["C-0"]


ORDERED = """query($order: CustomerOrder, $first: Int, $after: String, $last: Int, $before: String) { kpis {
  KPI { customers(orderBy: $order, first: $first, after: $after, last: $last, before: $before) {
    nodes { externalId } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }"""


@pytest.fixture(scope="module")
def orderable(shared_server: ApiHarness) -> ApiHarness:
    """Return a partner with ten customers behind each figure, of which two have low assignment."""
    api, now = shared_server.with_new_partners(), utc_now()
    for number in range(10):
        ends = now + (number * 7 % 5 + 20) * DAY
        created: dict[str, Any] = {"created_at": now - number * 3 % 5 * DAY, "last_administrator_sign_in_at": None}
        lines = [line("MEETINGS", 100, number), line("CALLING", 1, 2)]
        held = [subscription(f"S-{number}-{place}", ends_at=ends, auto_renew=place == 1, **OLD) for place in (0, 1)]
        put_customer(api, f"C-{number}", *({**one, "licenses": lines} for one in held), **created)
    put_customer(api, "FAR", subscription("S-9", licenses=[line("MESSAGING", 1)]))
    return api


@pytest.mark.parametrize("kpi", NAMES)
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_the_list_behind_a_figure_pages_in_every_order(orderable: ApiHarness, kpi: str, direction: str) -> None:
    api = orderable
    token, expected = token_of(api, "FULL_ADMINISTRATOR"), 2 if kpi == "lowLicenseAssignment" else 10
    for field in ("NAME", "CREATED_AT", "LAST_ADMINISTRATOR_SIGN_IN_AT", "NEXT_EXPIRY_AT", "URGENCY"):
        order = {"field": field, "direction": direction}
        whole = [one["externalId"] for one in _page(api, token, kpi, order=order, first=200)["nodes"]]
        assert len(set(whole)) == expected
        assert _walked(api, token, kpi, order) == _walked_back(api, token, kpi, order) == whole


def _walked(api: ApiHarness, token: str, kpi: str, order: Mapping[str, str]) -> list[str]:
    size = 1 if kpi == "lowLicenseAssignment" else 3
    page = _page(api, token, kpi, order=order, first=size)
    found = [one["externalId"] for one in page["nodes"]]
    while page["pageInfo"]["hasNextPage"]:
        page = _page(api, token, kpi, order=order, first=size, after=page["pageInfo"]["endCursor"])
        found += [one["externalId"] for one in page["nodes"]]
    return found


def _walked_back(api: ApiHarness, token: str, kpi: str, order: Mapping[str, str]) -> list[str]:
    size = 1 if kpi == "lowLicenseAssignment" else 3
    page = _page(api, token, kpi, order=order, last=size)
    found = [one["externalId"] for one in page["nodes"]]
    while page["pageInfo"]["hasPreviousPage"]:
        page = _page(api, token, kpi, order=order, last=size, before=page["pageInfo"]["startCursor"])
        found = [one["externalId"] for one in page["nodes"]] + found
    return found


def _page(api: ApiHarness, token: str, kpi: str = "nearingExpiration", **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = api.execute_data(token, ORDERED.replace("KPI", kpi), **given)["kpis"][kpi]["customers"]
    return found


def test_a_list_has_facets_and_refuses_cursors_of_another(api: ApiHarness) -> None:
    put_partner(api)
    token = token_of(api, "FULL_ADMINISTRATOR")
    facets = "{ kpis { totalCustomers { customers { facets { subscriptionType { value count } } } } } }"
    found = api.execute_data(token, facets)["kpis"]["totalCustomers"]["customers"]["facets"]["subscriptionType"]
    assert found == [{"value": "SUBSCRIPTION", "count": 3}, {"value": "TRIAL", "count": 1}]
    cursor = _page(api, token, first=1)["pageInfo"]["endCursor"]
    renewal = "query($after: String) { kpis { nearingRenewal { customers(after: $after) { nodes { id } } } } }"
    (error,) = api.execute(token, renewal, after=cursor)["errors"]
    assert error["extensions"]["code"] == "INVALID_CURSOR"
    wrong = "{ kpis { totalCustomers { customers(first: 0) { totalCount } } } }"
    (error,) = api.execute(token, wrong)["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_cursor_of_low_customers_outlives_a_threshold_that_moves(api: ApiHarness) -> None:
    put_peers(api, 12)
    token = token_of(api, "FULL_ADMINISTRATOR")
    query = """query($after: String) { kpis { lowLicenseAssignment { customers(first: 1, after: $after) {
      nodes { externalId } pageInfo { endCursor } } } } }"""
    page = api.execute_data(token, query)["kpis"]["lowLicenseAssignment"]["customers"]
    put_customer(api, "Z", subscription("S-Z", licenses=[line("MEETINGS", 100, 2)], **OLD))
    behind_it = api.execute_data(token, query, after=page["pageInfo"]["endCursor"])["kpis"]["lowLicenseAssignment"][
        "customers"
    ]
    assert [one["externalId"] for one in page["nodes"] + behind_it["nodes"]] == ["M-01", "M-02"]
