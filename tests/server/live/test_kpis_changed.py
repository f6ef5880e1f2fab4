"""kpisChanged over the real application: at once, after changes, and when time alone changes a figure."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest

from store.database.clock import utc_now
from tests.server.live.socket_server import Socket
from tests.server.live.test_customer_status_changed import RunningPartner, assigned_to, partner
from tests.store.factory_customers import DAY, add_customer, subscription

__all__ = ["partner"]
FEED = """subscription($product: AnalyticsProduct) { kpisChanged(product: $product) {
  product totalCustomers { count } nearingExpiration { count customers { nodes { externalId } } }
  overLicenseLimit { count customers { totalCount } } } }"""
LIST_ALONE = "subscription { kpisChanged { nearingExpiration { customers { nodes { externalId } } } } }"


async def figures(socket: Socket) -> Mapping[str, Any]:
    """Return the next state; each of its figures equals the number of its customers."""
    message = await socket.receive()
    assert message["type"] == "next" and "errors" not in message["payload"], message
    state: Mapping[str, Any] = message["payload"]["data"]["kpisChanged"]
    expiring, over = state["nearingExpiration"], state["overLicenseLimit"]
    assert expiring["count"] == len(expiring["customers"]["nodes"])
    assert over["count"] == over["customers"]["totalCount"]
    return state


async def totals(socket: Socket, expected: int) -> int:
    """Receive states until the total is as expected; return their number."""
    for state_count in range(1, 20):
        if (await figures(socket))["totalCustomers"]["count"] == expected:
            return state_count
    raise AssertionError("The last state never came.")


async def test_delivers_the_figures_at_once_and_the_last_state_after_changes(partner: RunningPartner) -> None:
    await partner.add("C-1")
    socket = await partner.socket(await partner.administrator("READ_ONLY_ADMINISTRATOR"))
    began = monotonic()
    await socket.subscribe("1", FEED)
    assert await totals(socket, 1) == 1
    for number in range(2, 8):
        await partner.add(f"C-{number}")
    state_count = await totals(socket, 7)
    # At most one a second: each state but the first one waited for its turn.
    assert state_count - 1 <= monotonic() - began
    await partner.assign_licenses("C-1", 12)
    assert (await figures(socket))["overLicenseLimit"]["count"] == 1


async def test_a_product_has_figures_of_its_own(partner: RunningPartner) -> None:
    socket = await partner.socket(await partner.administrator("FULL_ADMINISTRATOR"))
    await socket.subscribe("1", FEED, product="CALLING")
    assert (await figures(socket))["product"] == "CALLING"
    calling = [{"product": "CALLING", "total": 10, "assigned": 5, "used": 3, "day": None}]
    await partner.add("C-1")
    await add_customer(partner.scope, "C-2", subscription("S-2", licenses=calling))
    await totals(socket, 1)


@pytest.mark.parametrize("feed", [FEED, LIST_ALONE])
async def test_delivers_again_when_time_alone_changes_a_figure_or_its_list(partner: RunningPartner, feed: str) -> None:
    enters = utc_now() + timedelta(seconds=1.5)
    await add_customer(partner.scope, "C-1", subscription("S-1", ends_at=enters + 90 * DAY))
    socket = await partner.socket(await partner.administrator("FULL_ADMINISTRATOR"))
    await socket.subscribe("1", feed)
    nodes: list[Any] = []
    while nodes != [{"externalId": "C-1"}]:
        state = (await socket.receive())["payload"]["data"]["kpisChanged"]
        nodes = state["nearingExpiration"]["customers"]["nodes"]
        assert bool(nodes) == (utc_now() >= enters) or not nodes
    assert utc_now() - enters < timedelta(seconds=5)


async def test_customers_of_an_expired_assignment_are_no_longer_counted(partner: RunningPartner) -> None:
    administrator = await partner.administrator("ADMINISTRATOR")
    await partner.add("C-1", **assigned_to(administrator))
    await partner.add("C-2", **assigned_to(administrator, utc_now() + timedelta(seconds=1.5)))
    await partner.add("C-3")
    socket = await partner.socket(administrator)
    await socket.subscribe("1", FEED)
    assert (await figures(socket))["totalCustomers"]["count"] == 2
    await totals(socket, 1)


async def test_changes_of_unassigned_customers_send_nothing(partner: RunningPartner) -> None:
    administrator = await partner.administrator("ADMINISTRATOR")
    await partner.add("C-1", **assigned_to(administrator))
    socket = await partner.socket(administrator)
    await socket.subscribe("1", "subscription { kpisChanged { asOf totalCustomers { count } } }")
    states = [(await socket.receive())["payload"]["data"]["kpisChanged"]]
    for number in range(3):
        # More than the least interval between two states.
        await partner.add(f"HIDDEN-{number}")
        await asyncio.sleep(1.1)
    await partner.add("C-2", **assigned_to(administrator))
    states.append((await socket.receive())["payload"]["data"]["kpisChanged"])
    assert [state["totalCustomers"]["count"] for state in states] == [1, 2]
    assert states[0]["asOf"] < states[1]["asOf"]


async def test_viewers_with_equal_visibility_receive_equal_states(partner: RunningPartner) -> None:
    one = await partner.socket(await partner.administrator("FULL_ADMINISTRATOR"))
    other = await partner.socket(await partner.administrator("FULL_ADMINISTRATOR"))
    await one.subscribe("1", FEED)
    await figures(one)
    await other.subscribe("1", FEED)
    assert (await figures(other))["totalCustomers"]["count"] == 0
    await partner.add("C-1")
    async with asyncio.TaskGroup() as group:
        group.create_task(totals(one, 1))
        group.create_task(totals(other, 1))


async def test_rejects_a_viewer_without_permission(partner: RunningPartner) -> None:
    socket = await partner.socket(await partner.administrator("HELPDESK_ADMINISTRATOR"))
    await socket.subscribe("1", FEED)
    message = await socket.receive()
    assert message["type"] == "error"
    assert message["payload"][0]["extensions"] == {"code": "FORBIDDEN", "permission": "READ_ANALYTICS"}
