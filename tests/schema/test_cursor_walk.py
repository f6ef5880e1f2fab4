"""Every connection of the schema rejects a cursor that is not its own, whatever the operation selects of it."""

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
    ids = made.ids("own")
    assert ids.customer and ids.view and ids.request
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
        for argument in ("after", "before"):
            for selection in SELECTIONS:
                if connection.has_argument(argument) and selection.split()[0] in {"__typename", *rows.fields}:
                    field = f"{connection.name}({argument}: $cursor) {{ {selection} }}"
                    query = f"query($cursor: String) {{ {connection.path.replace('%s', field)} }}"
                    answer = world.api.execute(world.token, query, cursor=cursor)
                    codes = {error["extensions"]["code"] for error in answer["errors"]}
                    assert codes == {"INVALID_CURSOR"}, (query, cursor, answer)


def _foreign_cursor(world: PartnerPair) -> str:
    """Return a cursor of a list that is in none of the walked fields: the customers in the order of their creation."""
    query = '{ customers(filter: {search: ""}, orderBy: {field: CREATED_AT}) { pageInfo { endCursor } } }'
    cursor: str = world.api.execute_data(world.token, query)["customers"]["pageInfo"]["endCursor"]
    return cursor


def test_a_cursor_of_the_list_itself_is_accepted_without_a_page(world: PartnerPair) -> None:
    token = token_of(world.api, FULL)
    first = world.api.execute_data(token, "{ customers { pageInfo { endCursor } } }")
    cursor = first["customers"]["pageInfo"]["endCursor"]
    query = "query($cursor: String) { customers(after: $cursor) { totalCount } }"
    assert world.api.execute_data(token, query, cursor=cursor)["customers"] == {"totalCount": 1}
