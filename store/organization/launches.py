"""Launches: a mutation requests one, and its address redeems it once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from domain.messages import translatable
from domain.partner.launch import (
    LAUNCH_LIFETIME,
    LaunchCustomer,
    LaunchOrganization,
    LaunchReference,
    is_console_id,
)
from domain.permissions import Permission, has_permission
from domain.types import ActivityKind
from domain.user_errors import UserErrorCode
from store.changes.customer_batch import CustomerBatch, load_customers, write_customers
from store.changes.customer_change import CustomerChange
from store.changes.customer_fields import is_removed
from store.changes.mutations import Mutation
from store.database.client import Client, Document, Session
from store.database.clock import utc_now
from store.database.one_time_requests import is_usable, match_usable, new_request, use_up
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.events.log import NO_CUSTOMER, EventDraft, event_document
from store.tenants.administrators import AdministratorDocument, Administrators

COLLECTION = "launches"


class LaunchResult(Struct, frozen=True):
    """The id of a launch and the end of its validity. The token is computed from the id and is not stored."""

    launch: str
    expires_at: datetime


async def launch_customer(mutation: Mutation[LaunchCustomer]) -> LaunchResult:
    """Insert a launch of a visible customer."""
    batch = await mutation.load_customers({"_id": mutation.input.customer})
    changes = _without_removed(batch)
    if not changes:
        mutation.checks.add_not_found(translatable("customer"), "customer")
    elif changes[0].customer["external_id"] == changes[0].id:
        message = translatable("The customer has no id in the ordering system yet, and so no console.")
        mutation.checks.add(UserErrorCode.WRONG_STATE, message, "customer")
    elif not is_console_id(changes[0].customer["external_id"]):
        message = translatable("The customer's id in the ordering system cannot be part of an address.")
        mutation.checks.add(UserErrorCode.WRONG_STATE, message, "customer")
    mutation.checks.raise_if_invalid()
    change = changes[0]
    launch = _new_launch(mutation, change.id)
    await mutation.scope.collection(COLLECTION).insert_many([launch], session=mutation.session)
    # The event belongs to the customer. So the customer's version grows, and feeds of lists report the customer.
    change.update_customer({})
    summary = f"An address that opens {change.customer['name']} was asked for"
    change.add_event(EventDraft(ActivityKind.CUSTOMER_LAUNCHED, change.id, summary))
    await mutation.write(batch)
    return LaunchResult(launch["_id"], launch["expires_at"])


async def launch_organization(mutation: Mutation[LaunchOrganization]) -> LaunchResult:
    """Insert a launch of the partner's own organization."""
    launch = _new_launch(mutation, None)
    await mutation.scope.collection(COLLECTION).insert_many([launch], session=mutation.session)
    summary = "An address that opens the organization was asked for"
    mutation.add_event(EventDraft(ActivityKind.ORGANIZATION_LAUNCHED, mutation.scope.partner_id, summary))
    return LaunchResult(launch["_id"], launch["expires_at"])


def _without_removed(batch: CustomerBatch) -> Sequence[CustomerChange]:
    return [change for change in batch.changes if not is_removed(change.customer, batch.now)]


def _new_launch(mutation: Mutation[Any], customer_id: str | None) -> Document:
    """Return the document of a launch of a customer, or of the partner's own organization for None."""
    return new_request(mutation.scope, "lch", mutation.actor.id, LAUNCH_LIFETIME, customer_id=customer_id)


async def is_redeemable(client: Client, reference: LaunchReference) -> bool:
    """Return whether the launch is unused and valid, without redeeming it."""
    return await is_usable(client, COLLECTION, *reference)


async def redeem(client: Client, reference: LaunchReference) -> str | None:
    """Redeem the launch; return the id of the console that it opens, or None where it opens nothing.

    The id is the external id of the customer, or the partner's id.
    """
    return await in_transaction(client, lambda session: _redeem(client, reference, session))


async def _redeem(client: Client, reference: LaunchReference, session: Session) -> str | None:
    scope = Scope(client, reference.partner_id, utc_now())
    collection = scope.collection(COLLECTION)
    launch = await collection.find_one(match_usable(scope, reference.launch_id), session=session)
    requester = None if launch is None else await _find_requester(scope, launch, session)
    if launch is None or requester is None:
        return None
    if launch["customer_id"] is None:
        return await _redeem_organization(scope, reference, requester, session)
    # The requester must still see the customer.
    acting = replace(scope, administrator_id=requester.id, role=requester.role)
    where = {**acting.match_customers(), "_id": launch["customer_id"]}
    batch = await load_customers(scope, where, session)
    changes = _without_removed(batch)
    if not changes or not await use_up(scope, COLLECTION, reference.launch_id, batch.now, session):
        return None
    change = changes[0]
    change.update_customer({})
    summary = f"{change.customer['name']} was opened by the address that {requester.display_name} had asked for"
    change.add_event(EventDraft(ActivityKind.CUSTOMER_LAUNCHED, change.id, summary))
    # Anybody can hold the address. So the event has no actor.
    await write_customers(batch, None)
    return str(change.customer["external_id"])


async def _redeem_organization(
    scope: Scope, reference: LaunchReference, requester: AdministratorDocument, session: Session
) -> str | None:
    if not await use_up(scope, COLLECTION, reference.launch_id, scope.now, session):
        return None
    summary = f"The organization was opened by the address that {requester.display_name} had asked for"
    draft = EventDraft(ActivityKind.ORGANIZATION_LAUNCHED, scope.partner_id, summary)
    event = event_document(scope.partner_id, scope.now, {**NO_CUSTOMER, "actor_id": None}, draft)
    await scope.collection("events").insert_many([event], session=session)
    return scope.partner_id


async def _find_requester(scope: Scope, launch: Document, session: Session) -> AdministratorDocument | None:
    """Return the administrator who requested the launch; None where they may no longer request one."""
    requester = await Administrators(scope).find_active(launch["administrator_id"], session=session)
    is_customer = launch["customer_id"] is not None
    permission = Permission.LAUNCH_CUSTOMER if is_customer else Permission.LAUNCH_ORGANIZATION
    return requester if requester is not None and has_permission(requester.role, permission) else None
