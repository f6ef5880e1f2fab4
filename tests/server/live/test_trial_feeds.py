"""What is done to trials, orders and invoices reaches those who watch, as it is written."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from domain.imports.records import ImportKind
from domain.types import PartnerRole
from store.changes.mutations import MutationBody, MutationRequest, mutate
from store.entitlements.order_changes import complete_order_setup
from store.entitlements.trial_changes import end_trial, extend_trial
from store.entitlements.trial_conversions import convert_trial
from store.entitlements.trial_starts import start_trial
from tests.domain.imports.factory_records import invoice_record, order_record
from tests.jobs.imports.factory_imports import import_lines
from tests.server.live.socket_server import Socket
from tests.server.live.test_customer_status_changed import RunningPartner, follow, next_change, partner
from tests.store.factory_customers import add_customer, subscription

__all__ = ["partner"]
LIST = """subscription { customerListChanged(filter: {product: [CALLING]}) {
  kind customer { version subscriptions { invoice { number } orders { totalCount } } } } }"""


class Changing:
    """Mutations by one full administrator, as the API would carry them out."""

    def __init__(self, partner: RunningPartner, administrator: str) -> None:
        self._scope = replace(partner.scope, administrator_id=administrator, role=PartnerRole.FULL_ADMINISTRATOR)

    async def change(self, name: str, body: MutationBody, **given: Any) -> Mapping[str, Any]:
        return await mutate(self._scope, MutationRequest(name, given), body)

    @classmethod
    async def of(cls, partner: RunningPartner) -> tuple["Changing", Socket]:
        """With a socket of theirs, in an organization that has accepted the terms."""
        scope = partner.scope
        await scope.collection("partners").update_one(scope.match(), {"$set": {"terms_accepted_at": scope.now}})
        administrator = await partner.administrator("FULL_ADMINISTRATOR")
        return cls(partner, administrator), await partner.socket(administrator)


async def test_each_change_of_a_trial_tells_the_statuses_that_follow(partner: RunningPartner) -> None:
    changing, socket = await Changing.of(partner)
    customer = await add_customer(partner.scope, "C-1", subscription("S-1", set_up=False))
    (held,) = await partner.scope.collection("entitlements").find(partner.scope.match())
    await follow(socket)
    licenses = [{"product": "CALLING", "licenses": 5}]
    started = {"customer": {"id": customer}, "licenses": licenses, "days": 30}
    trial = (await changing.change("startTrial", start_trial, **started))["trial"]
    await changing.change("extendTrial", extend_trial, id=trial, version=1, days=5)
    await changing.change("completeOrderSetup", complete_order_setup, subscription=held["_id"])
    given = {"number": "S-2", "months": 12, "auto_renew": True}
    await changing.change("convertTrial", convert_trial, id=trial, version=2, **given)
    told = [await next_change(socket) for _ in range(4)]
    assert [(change["entered"], change["left"]) for _, change in told] == [
        (["EXPIRING_SOON", "TRIAL"], []),
        ([], ["EXPIRING_SOON"]),
        (["SUBSCRIPTION"], ["READY_FOR_ORDER_SETUP"]),
        ([], ["TRIAL"]),
    ]


async def _next(socket: Socket, shown: Callable[[Mapping[str, Any]], Any]) -> tuple[str, Any]:
    message = await socket.receive()
    assert message["type"] == "next" and "errors" not in message["payload"], message
    change = message["payload"]["data"]["customerListChanged"]
    return change["kind"], change["customer"] and shown(change["customer"])


async def test_lists_hear_of_new_customers_orders_invoices_and_ends(partner: RunningPartner) -> None:
    changing, socket = await Changing.of(partner)
    await socket.subscribe("1", LIST)
    await socket.subscribe("accepted", "{ feedCursor }")
    while await socket.receive() != {"id": "accepted", "type": "complete"}:
        pass
    new = {"name": "Acme", "external_id": "C-9", "managed_by": "PARTNER_ORGANIZATION"}
    licenses = [{"product": "CALLING", "licenses": 5}]
    trial = (await changing.change("startTrial", start_trial, customer={"new": new}, licenses=licenses))["trial"]
    assert await _next(socket, lambda customer: customer["version"]) == ("ENTERED", 1)
    given = {"number": "SUB-1", "months": 12, "auto_renew": True}
    await changing.change("convertTrial", convert_trial, id=trial, version=1, **given)
    assert await _next(socket, lambda customer: customer["subscriptions"][0]["orders"]) == (
        "UPDATED",
        {"totalCount": 1},
    )
    await import_lines(partner.scope, ImportKind.ORDERS, order_record(kind="ADD_LICENSES"))
    assert await _next(socket, lambda customer: customer["subscriptions"][0]["orders"]["totalCount"]) == ("UPDATED", 2)
    await import_lines(partner.scope, ImportKind.INVOICES, invoice_record())
    invoice = await _next(socket, lambda customer: customer["subscriptions"][0]["invoice"])
    assert invoice == ("UPDATED", {"number": "INV-1"})
    await import_lines(partner.scope, ImportKind.INVOICES, invoice_record())
    licenses = [{"product": "MEETINGS", "licenses": 5}]
    second = {"name": "Other", "external_id": "C-8", "managed_by": "PARTNER_ORGANIZATION"}
    await changing.change("startTrial", start_trial, customer={"new": second}, licenses=licenses)
    both = [*licenses, {"product": "CALLING", "licenses": 5}]
    third = {"name": "Third", "external_id": "C-7", "managed_by": "PARTNER_ORGANIZATION"}
    trial = (await changing.change("startTrial", start_trial, customer={"new": third}, licenses=both))["trial"]
    # Neither the repeated file nor the customer without Calling was told of.
    assert (await _next(socket, lambda customer: customer["version"])) == ("ENTERED", 1)
    await changing.change("endTrial", end_trial, id=trial, version=1)
    assert await _next(socket, dict) == ("LEFT", None)
