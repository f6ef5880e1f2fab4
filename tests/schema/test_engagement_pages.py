"""The arguments of callingEngagement's fields: sizes of pages, cursors, and how many weeks a trend may have."""

from typing import Any

import pytest

from store.database.clock import utc_now
from tests.api_server import ApiHarness
from tests.schema.factory_engagement import (
    calling_subscription,
    latest_week,
    put_named_customer,
    read_engagement,
    set_removed,
    store_calls,
)
from tests.schema.factory_mutations import token_of
from tests.store.calling.factory_calls import call, queue_call

CUSTOMER = "customer { name }"


def names(rows: list[dict[str, dict[str, str]]]) -> list[str]:
    return [row["customer"]["name"] for row in rows]


def error_code(api: ApiHarness, selection: str, **variables: Any) -> str:
    """The code of the only error."""
    kinds = {"after": "String"}
    declared = ", ".join(f"${name}: {kinds[name]}" for name in variables)
    query = f"query{f'({declared})' if declared else ''} {{ callingEngagement {{ {selection} }} }}"
    (error,) = api.execute(token_of(api, "FULL_ADMINISTRATOR"), query, **variables)["errors"]
    code: str = error["extensions"]["code"]
    return code


@pytest.mark.parametrize("field", ["usersByUsageTrend", "qualityTrend"])
@pytest.mark.parametrize("weeks", [0, -1, 53])
def test_a_trend_has_1_to_52_weeks(api: ApiHarness, field: str, weeks: int) -> None:
    assert error_code(api, f"{field}(weeks: {weeks}) {{ weekStart }}") == "BAD_USER_INPUT"


def test_a_trend_of_a_year_and_of_one_week(api: ApiHarness) -> None:
    found = read_engagement(api, "year: qualityTrend(weeks: 52) { good } one: usersByUsageTrend(weeks: 1) { low }")
    assert (len(found["year"]), len(found["one"])) == (52, 1)


TABLES = ("customersByUsage", "customersByQuality", "customersByQueue")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("first", [0, -1, 201])
def test_a_page_has_1_to_200_rows(api: ApiHarness, table: str, first: int) -> None:
    assert error_code(api, f"{table}(first: {first}) {{ totalCount }}") == "BAD_USER_INPUT"


def test_a_cursor_belongs_to_its_list_its_order_and_its_partner(api: ApiHarness) -> None:
    monday = latest_week()
    ids = [put_named_customer(api, name, calling_subscription(f"S-{name}", 1)) for name in ("a", "b")]
    store_calls(
        api, [call(one, monday, loss=9.0) for one in ids], [queue_call(one, monday, "ANSWERED", 5) for one in ids]
    )
    cursors = {
        table: read_engagement(api, f"{table}(first: 1) {{ pageInfo {{ endCursor }} }}")[table]["pageInfo"]["endCursor"]
        for table in TABLES
    }
    for table in TABLES:
        for other, cursor in cursors.items():
            if other != table:
                assert error_code(api, f"{table}(after: $after) {{ nodes {{ {CUSTOMER} }} }}", after=cursor) == (
                    "INVALID_CURSOR"
                )
    ascending = "customersByUsage(after: $after, orderBy: {field: CALLS, direction: ASC}) { nodes { calls } }"
    assert error_code(api, ascending, after=cursors["customersByUsage"]) == "INVALID_CURSOR"
    elsewhere = api.token(api.add_administrator("FULL_ADMINISTRATOR", api.other), api.other)
    foreign = "query($after: String) { callingEngagement { customersByUsage(after: $after) { nodes { calls } } } }"
    answer = api.execute(elsewhere, foreign, after=cursors["customersByUsage"])
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"
    for text in ("", "x", "AAAA"):
        assert error_code(api, "customersByUsage(after: $after) { nodes { calls } }", after=text) == "INVALID_CURSOR"


def test_a_cursor_goes_on_where_its_row_has_gone(api: ApiHarness) -> None:
    monday = latest_week()
    ids = [put_named_customer(api, name, calling_subscription(f"S-{name}", 1)) for name in ("a", "b", "c")]
    store_calls(api, [call(one, monday, loss=9.0) for one in ids])
    asked = "customersByQuality(first: $first, after: $after)"
    selection = f"{{ nodes {{ {CUSTOMER} }} pageInfo {{ endCursor hasPreviousPage }} }}"
    first = read_engagement(api, f"{asked} {selection}", first=2, after=None)["customersByQuality"]
    set_removed(api, "b", utc_now())
    rest = read_engagement(api, f"{asked} {selection}", first=2, after=first["pageInfo"]["endCursor"])[
        "customersByQuality"
    ]
    assert (names(rest["nodes"]), rest["pageInfo"]["hasPreviousPage"]) == (["c"], True)
    set_removed(api, "a", utc_now())
    rest = read_engagement(api, f"{asked} {selection}", first=2, after=first["pageInfo"]["endCursor"])[
        "customersByQuality"
    ]
    assert (names(rest["nodes"]), rest["pageInfo"]["hasPreviousPage"]) == (["c"], False)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_pages_backwards(api: ApiHarness, table: str) -> None:
    monday = latest_week()
    ids = [put_named_customer(api, name, calling_subscription(f"S-{name}", 1)) for name in ("a", "b", "c")]
    store_calls(
        api, [call(one, monday, loss=9.0) for one in ids], [queue_call(one, monday, "ANSWERED", 5) for one in ids]
    )
    page = f"nodes {{ {CUSTOMER} }} pageInfo {{ startCursor endCursor hasNextPage hasPreviousPage }}"
    last = read_engagement(api, f"{table}(last: 2) {{ {page} }}")[table]
    assert (names(last["nodes"]), last["pageInfo"]["hasNextPage"], last["pageInfo"]["hasPreviousPage"]) == (
        ["b", "c"],
        False,
        True,
    )
    cursor = last["pageInfo"]["startCursor"]
    before = read_engagement(api, f'{table}(last: 2, before: "{cursor}") {{ {page} }}')[table]
    assert (names(before["nodes"]), before["pageInfo"]["hasNextPage"], before["pageInfo"]["hasPreviousPage"]) == (
        ["a"],
        True,
        False,
    )
    first = before["pageInfo"]["endCursor"]
    end = last["pageInfo"]["endCursor"]
    between = read_engagement(api, f'{table}(first: 2, after: "{first}", before: "{end}") {{ {page} }}')[table]
    assert (names(between["nodes"]), between["pageInfo"]["hasNextPage"]) == (["b"], True)
