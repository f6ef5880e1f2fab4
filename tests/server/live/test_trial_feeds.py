"""What is done to trials, orders and invoices reaches those who watch, as it is written."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from msgspec.structs import replace

from domain.entitlements.orders import CompleteOrderSetup
from domain.entitlements.trials import (
    ConvertTrial,
    EndTrial,
    ExtendTrial,
    NewCustomer,
    StartTrial,
    TrialCustomer,
    TrialLicenses,
)
from domain.imports.records import ImportKind
from domain.types import ManagedBy, PartnerRole, Product
from store.changes.mutations import ChangedObject, MutationBody, MutationRequest, mutate
from store.entitlements.order_changes import complete_order_setup
from store.entitlements.trial_changes import end_trial, extend_trial
from store.entitlements.trial_conversions import ConversionResult, convert_trial
from store.entitlements.trial_starts import start_trial
from tests.domain.imports.factory_records import invoice_record, order_record
from tests.jobs.imports.factory_imports import import_lines
from tests.server.live.socket_server import Socket
from tests.server.live.test_customer_status_changed import RunningPartner, follow, next_change, partner
from tests.store.factory_customers import subscription

__all__ = ["partner"]
LIST = """subscription { customerListChanged(filter: {product: [CALLING]}) {
  kind customer { version subscriptions { invoice { number } orders { totalCount } } } } }"""

CALLING = (TrialLicenses(product=Product.CALLING, licenses=5),)
START = partial(start_trial, 100)
MEETINGS = TrialLicenses(product=Product.MEETINGS, licenses=5)
Input = TypeVar("Input")


def _start(name: str, external_id: str, *licenses: TrialLicenses) -> StartTrial:
    new = NewCustomer(name=name, external_id=external_id, managed_by=ManagedBy.PARTNER_ORGANIZATION)
    return StartTrial(customer=TrialCustomer(new=new), licenses=licenses)


class Changing:
    """Mutations by one full administrator, as the API would carry them out."""

    def __init__(self, partner: RunningPartner, administrator: str) -> None:
        self._scope = replace(partner.scope, administrator_id=administrator, role=PartnerRole.FULL_ADMINISTRATOR)

    async def change(self, body: MutationBody[Input, ChangedObject], input: Input) -> str:
        """Run the mutation; return the id of the changed object."""
        return (await mutate(self._scope, MutationRequest("change", input), body, ChangedObject)).result.id

    async def convert(self, input: ConvertTrial) -> None:
        await mutate(self._scope, MutationRequest("convert", input), convert_trial, ConversionResult)

    @classmethod
    async def of(cls, partner: RunningPartner) -> tuple["Changing", Socket]:
        """With a socket of theirs, in an organization that has accepted the terms."""
        scope = partner.scope
        await scope.collection("partners").update_one(scope.match(), {"$set": {"terms_accepted_at": scope.now}})
        administrator = await partner.administrator("FULL_ADMINISTRATOR")
        return cls(partner, administrator), await partner.socket(administrator)


async def test_each_change_of_a_trial_tells_the_statuses_that_follow(partner: RunningPartner) -> None:
    changing, socket = await Changing.of(partner)
    customer = await partner.add("C-1", subscription("S-1", set_up=False))
    (held,) = await partner.scope.collection("entitlements").find(partner.scope.match())
    await follow(socket)
    started = StartTrial(customer=TrialCustomer(id=customer), licenses=CALLING, days=5)
    trial = await changing.change(START, started)
    await changing.change(extend_trial, ExtendTrial(id=trial, version=1, days=5))
    await changing.change(complete_order_setup, CompleteOrderSetup(subscription=held["_id"]))
    await changing.convert(ConvertTrial(id=trial, version=2, number="S-2", months=12, auto_renew=True))
    received = [await next_change(socket) for _ in range(4)]
    assert [(change["entered"], change["left"]) for _, change in received] == [
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
    trial = await changing.change(START, _start("Acme", "C-9", *CALLING))
    assert await _next(socket, lambda customer: customer["version"]) == ("ENTERED", 1)
    await changing.convert(ConvertTrial(id=trial, version=1, number="SUB-1", months=12, auto_renew=True))
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
    await changing.change(START, _start("Other", "C-8", MEETINGS))
    trial = await changing.change(START, _start("Third", "C-7", MEETINGS, *CALLING))
    # Neither the repeated file nor the customer without Calling was delivered.
    assert (await _next(socket, lambda customer: customer["version"])) == ("ENTERED", 1)
    await changing.change(end_trial, EndTrial(id=trial, version=1))
    assert await _next(socket, dict) == ("LEFT", None)
