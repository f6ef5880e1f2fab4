"""What all feeds share: the viewer, the filter, and the look-up of required customers."""

from types import SimpleNamespace
from typing import Any

import pytest
from strawberry.dataloader import DataLoader

from domain.cursors.feed import Position
from domain.failures import BadUserInput, Unavailable
from domain.permissions import can_see_all_customers
from domain.types import PartnerRole
from resolvers.feed_cursor import change_cursor, feed_cursor
from resolvers.feeds import FeedChange, FeedViewer, filter_visible_changes, parse_feed_filter
from tests.resolvers.factory_feeds import NOW


class Customers:
    """A batch function that knows some customers, and records the batches."""

    def __init__(self, *known: str) -> None:
        self._known = known
        self.batches: list[list[str]] = []

    async def load(self, ids: list[str]) -> list[Any]:
        self.batches.append(sorted(ids))
        return [SimpleNamespace(id=id_) if id_ in self._known else None for id_ in ids]


def change(number: int, customer_id: str | None) -> FeedChange:
    return FeedChange(Position(number), None, customer_id)


def context_with(customers: Customers) -> Any:
    return SimpleNamespace(loaders=SimpleNamespace(customers=DataLoader(customers.load)))


async def test_drops_the_changes_whose_customer_is_not_visible_and_keeps_the_order() -> None:
    customers = Customers("cus_1", "cus_3")
    changes = [change(n, id_) for n, id_ in enumerate(["cus_1", "cus_2", None, "cus_3", "cus_1"])]
    visible = await filter_visible_changes(context_with(customers), changes)
    assert [one.position.time for one in visible] == [0, 2, 3, 4]
    assert customers.batches == [["cus_1", "cus_2", "cus_3"]]


async def test_looks_nothing_up_where_no_change_requires_a_customer() -> None:
    customers = Customers()
    changes = [change(1, None), change(2, None)]
    assert await filter_visible_changes(context_with(customers), changes) == changes
    assert await filter_visible_changes(context_with(customers), []) == []
    assert customers.batches == []


@pytest.mark.parametrize("role", list(PartnerRole))
def test_a_viewer_is_restricted_where_the_role_sees_only_assigned_customers(role: PartnerRole) -> None:
    context: Any = SimpleNamespace(
        viewer=SimpleNamespace(administrator=SimpleNamespace(id="adm_1", role=role)), scope=SimpleNamespace(now=NOW)
    )
    restricted_to = None if can_see_all_customers(role) else "adm_1"
    assert FeedViewer.from_context(context) == FeedViewer("adm_1", restricted_to, NOW)


@pytest.mark.parametrize(
    ("filter_", "name"),
    [
        ({"expires_within_days": 5}, "expiresWithinDays"),
        ({"not_": {"renews_within_days": 5}}, "renewsWithinDays"),
        ({"any_of": [{"country": ["FR"]}, {"not_": {"expires_within_days": 5}}]}, "expiresWithinDays"),
        ({"kpi": {"kind": "TOTAL_CUSTOMERS"}}, "kpi"),
        ({"all_of": ({"not_": {"kpi": {"kind": "OVER_LICENSE_LIMIT"}}},)}, "kpi"),
    ],
)
def test_rejects_a_filter_whose_result_time_changes(filter_: dict[str, Any], name: str) -> None:
    with pytest.raises(BadUserInput, match=f"{name} cannot be used in a feed"):
        parse_feed_filter(filter_)


def test_a_missing_filter_matches_every_customer() -> None:
    assert parse_feed_filter() == parse_feed_filter(None) == parse_feed_filter({})


def test_a_changes_cursor_names_its_position_and_partner() -> None:
    feed = SimpleNamespace(cursor=lambda partner_id, position: f"{partner_id} {position.time}")
    context: Any = SimpleNamespace(feed=feed, scope=SimpleNamespace(partner_id="acme"))
    assert change_cursor(context, change(7, None)) == "acme 7"


def test_an_operations_cursor_is_unavailable_until_the_feed_is_ready() -> None:
    ready: Any = SimpleNamespace(feed_cursor="cursor")
    assert feed_cursor(ready, None) == "cursor"
    not_ready: Any = SimpleNamespace(feed_cursor=None)
    with pytest.raises(Unavailable):
        feed_cursor(not_ready, None)
