"""Connections: pages are loaded only if selected, bad page requests fail in any case, and logs of hidden customers."""

from types import SimpleNamespace
from typing import Any

import pytest

from domain.failures import BadUserInput
from domain.paging import Page, PageRequest
from resolvers import activity, billing_documents, connections
from resolvers.connections import UNSELECTED_PAGE, Connection, Edge, PageInfo, build_connection
from tests.resolvers.factory_context import context_with, customer_document, entitlement_document, of_one

PAGE: Page[Any] = Page(["a", "b"], True, False, lambda row: f"cursor of {row}")


class Listing:
    """A list that records the requests for its pages."""

    def __init__(self) -> None:
        self.requests: list[PageRequest] = []

    async def page(self, request: PageRequest) -> Page[Any]:
        self.requests.append(request)
        return PAGE

    async def count(self) -> int:
        return 7


async def test_a_page_is_read_only_if_it_is_selected() -> None:
    listing: Any = Listing()
    without_page = await build_connection(listing, with_page=False, first=2)
    assert (without_page.nodes, without_page.edges, listing.requests) == ([], [], [])
    with_page = await build_connection(listing, with_page=True, first=2)
    assert (with_page.nodes, listing.requests) == (["a", "b"], [PageRequest(first=2)])
    assert await connections.total_count(context_with(), without_page) == 7


@pytest.mark.parametrize("page", [{"first": 0}, {"first": 201}, {"first": 1, "last": 1}])
@pytest.mark.parametrize("with_page", [False, True])
async def test_a_bad_page_request_fails_even_if_no_page_is_selected(page: dict[str, int], with_page: bool) -> None:
    listing: Any = Listing()
    with pytest.raises(BadUserInput):
        await build_connection(listing, with_page, **page)
    with pytest.raises(BadUserInput):
        await of_one(activity.customer_activity, context_with(), customer_document(), with_page=with_page, **page)
    with pytest.raises(BadUserInput):
        await of_one(billing_documents.orders, context_with(), entitlement_document(), with_page=with_page, **page)


def _position(info: PageInfo) -> tuple[bool, bool, str | None, str | None]:
    return info.has_next_page, info.has_previous_page, info.start_cursor, info.end_cursor


async def test_edges_and_page_info_follow_from_the_page() -> None:
    connection: Connection[Any] = Connection(PAGE, Listing().count)
    assert connection.edges == [Edge("cursor of a", "a"), Edge("cursor of b", "b")]
    assert _position(connection.page_info) == (True, False, "cursor of a", "cursor of b")
    empty: Connection[Any] = Connection(UNSELECTED_PAGE, Listing().count)
    assert _position(empty.page_info) == (False, False, None, None)


@pytest.mark.parametrize("kind", ["order", "invoice"])
async def test_lists_of_a_subscription_load_page_and_count_separately(kind: str) -> None:
    resolver = {"order": billing_documents.orders, "invoice": billing_documents.invoices}[kind]
    request = PageRequest(first=2)
    loaded: dict[str, Any] = {f"{kind}_pages": {("sub_1", request): PAGE}, f"{kind}_counts": {"sub_1": 9}}
    context = context_with(**loaded)
    connection: Any = await of_one(resolver, context, entitlement_document(), with_page=True, first=2)
    assert (connection.nodes, await connection.count()) == (["a", "b"], 9)
    # The page of this request is not loaded: a read would fail without a database.
    connection = await of_one(resolver, context, entitlement_document(), with_page=False, first=3)
    assert (connection.nodes, await connection.count()) == ([], 9)


async def test_the_log_of_a_hidden_customer_is_empty() -> None:
    context = context_with(activity_pages={("cus_1", PageRequest()): PAGE, ("cus_hidden", PageRequest()): None})
    visible: Any = await of_one(activity.customer_activity, context, customer_document(), with_page=True)
    assert visible.nodes == ["a", "b"]
    hidden = customer_document("cus_hidden")
    assert (await of_one(activity.customer_activity, context, hidden, with_page=True)).nodes == []
    assert (await of_one(activity.customer_activity, context, customer_document("cus_2"), with_page=False)).nodes == []


async def test_references_of_an_event_are_null_where_it_has_none_or_they_are_gone() -> None:
    customer = customer_document()
    context = context_with(customers={"cus_1": customer}, administrators={"adm_gone": None})
    event: Any = SimpleNamespace(customer_id="cus_1", actor_id="adm_gone", subject_id="cus_1")
    system: Any = SimpleNamespace(customer_id=None, actor_id=None, subject_id="xyz_1")
    assert await of_one(activity.customer, context, event) is customer
    assert await of_one(activity.customer, context, system) is None
    assert await of_one(activity.actor, context, event) is None
    assert await of_one(activity.actor, context, system) is None
    assert await of_one(activity.subject, context, system) is None
