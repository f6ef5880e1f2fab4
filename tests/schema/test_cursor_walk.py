"""Every connection of the schema rejects a cursor that is not its own, whatever the operation selects of it."""

import json
import re
from typing import Any

import pytest
from graphql import get_named_type

from tests.api_server import ApiHarness
from tests.schema.factory_mutations import token_of
from tests.schema.factory_paths import SchemaField, query_fields
from tests.schema.factory_walk import FULL, PartnerPair

CONNECTIONS = [field for field in query_fields() if field.is_connection]
SELECTIONS = ("__typename", "totalCount", "facets { status { count } }", "pageInfo { hasNextPage }")


@pytest.fixture(scope="module")
def world(shared_server: ApiHarness) -> PartnerPair:
    """Return a partner that has a row wherever a connection is below a row."""
    made = PartnerPair(shared_server.with_new_partners(), FULL)
    assert made.home_tag
    for ids in (made.ids("own"), made.ids("foreign")):
        assert ids.customer and ids.view and ids.request and ids.webhook
    return made


def test_the_walk_reaches_connections_at_every_depth() -> None:
    labels = {connection.label for connection in CONNECTIONS}
    assert labels >= {
        "Query.customers",
        "Tag.customers",
        "CustomerView.customers",
        "PartnerAdministrator.customers",
        "Kpi.customers",
        "Customer.activity",
        "CustomerSubscription.orders",
        "CustomerSubscription.invoices",
        "ExpiringReport.entitlements",
        "CallingEngagement.customersByQueue",
    }


@pytest.mark.parametrize("connection", CONNECTIONS, ids=lambda connection: connection.label)
def test_a_foreign_cursor_is_invalid_whatever_is_selected(world: PartnerPair, connection: SchemaField) -> None:
    rows: Any = get_named_type(connection.field.type)
    for cursor in ("", "x", "%%%", _foreign_cursor(world)):
        for size, argument in (("first", "after"), ("last", "before")):
            for selection in SELECTIONS:
                if connection.has_argument(argument) and selection.split()[0] in {"__typename", *rows.fields}:
                    arguments = f"{connection.required_arguments}{size}: 1, {argument}: $cursor"
                    field = f"{connection.name}({arguments}) {{ {selection} }}"
                    query = f"query($cursor: String) {{ {connection.path.replace('%s', field)} }}"
                    answer = world.api.execute(world.token, query, cursor=cursor)
                    codes = {error["extensions"]["code"] for error in answer["errors"]}
                    assert codes == {"INVALID_CURSOR"}, (query, cursor, answer)


def _foreign_cursor(world: PartnerPair) -> str:
    """Return a cursor of a list that is in none of the walked fields: the customers in the order of their creation."""
    query = '{ customers(filter: {search: ""}, orderBy: {field: CREATED_AT}) { pageInfo { endCursor } } }'
    cursor: str = world.api.execute_data(world.token, query)["customers"]["pageInfo"]["endCursor"]
    return cursor


@pytest.mark.parametrize("connection", CONNECTIONS, ids=lambda connection: connection.label)
def test_a_damaged_cursor_of_the_list_itself_is_invalid(world: PartnerPair, connection: SchemaField) -> None:
    cursor = _own_cursor(world, connection, world.token)
    if cursor is None:
        return
    others = _own_cursor(world, connection, token_of(world.api, FULL, world.api.other))
    assert others != cursor
    field = f"{connection.name}({connection.required_arguments}first: 1, after: $cursor) {{ __typename }}"
    query = f"query($cursor: String) {{ {connection.path.replace('%s', field)} }}"
    assert "errors" not in world.api.execute(world.token, query, cursor=cursor)
    for damaged in (*_damaged(cursor), *filter(None, [others])):
        answer = world.api.execute(world.token, query, cursor=damaged)
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"INVALID_CURSOR"}, (query, damaged)


def _own_cursor(world: PartnerPair, connection: SchemaField, token: str) -> str | None:
    """Return the cursor of the last row of a connection's first page; None where it has no row."""
    field = f"{connection.name}({connection.required_arguments}first: 1) {{ pageInfo {{ endCursor }} }}"
    found: Any = world.api.execute_data(token, f"{{ {connection.path.replace('%s', field)} }}")
    cursors = set(re.findall(r'"endCursor": "([^"]+)"', json.dumps(found)))
    return min(cursors, default=None)


def _damaged(cursor: str) -> list[str]:
    """Return the cursor with some of its characters replaced, one at a time, and without its last ones."""
    places = range(0, len(cursor), 9)
    replaced = [f"{cursor[:at]}{'B' if cursor[at] == 'A' else 'A'}{cursor[at + 1 :]}" for at in places]
    return [*replaced, cursor[:-1], cursor[:-4], cursor[: len(cursor) // 2], f"{cursor}A"]


def test_connections_of_each_kind_have_a_row(world: PartnerPair) -> None:
    with_rows = {one.label for one in CONNECTIONS if _own_cursor(world, one, world.token)}
    assert with_rows >= {
        *("Query.activity", "Query.administrators", "Query.helpdeskRequests", "Query.customers"),
        *("CustomerView.customers", "Kpi.customers", "Customer.activity"),
    }


def test_a_cursor_of_the_list_itself_is_accepted_without_a_page(world: PartnerPair) -> None:
    token = token_of(world.api, FULL)
    first = world.api.execute_data(token, "{ customers { pageInfo { endCursor } } }")
    cursor = first["customers"]["pageInfo"]["endCursor"]
    query = "query($cursor: String) { customers(after: $cursor) { totalCount } }"
    assert world.api.execute_data(token, query, cursor=cursor)["customers"] == {"totalCount": 1}
