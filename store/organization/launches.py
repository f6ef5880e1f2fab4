"""Launches: asked for by a mutation, and spent once by whoever holds the address."""

from dataclasses import replace
from datetime import timedelta

from domain.partner.launch import LAUNCH_LIFETIME, LaunchReference
from domain.permissions import Permission, has_permission
from domain.types import ActivityKind, AdministratorState
from store.changes.customer_batch import load_customers, write_customers
from store.changes.customer_change import CustomerChange
from store.changes.customer_fields import is_removed
from store.changes.mutations import Mutation
from store.database.client import Client, Document, IndexModel, Session
from store.database.clock import utc_now
from store.database.ids import new_id
from store.database.scope import Scope
from store.database.transactions import in_transaction
from store.events.log import EventDraft
from store.tenants.administrators import AdministratorDocument, Administrators

COLLECTION = "launches"
_RETENTION = timedelta(hours=48)
LAUNCH_INDEXES = (IndexModel([("expires_at", 1)], name="expiry", expireAfterSeconds=int(_RETENTION.total_seconds())),)


async def launch_customer(mutation: Mutation) -> Document:
    """A new launch; answers its id as `launch`, and `expires_at`. The token is made of the id, and kept nowhere."""
    batch = await mutation.load_customers({"_id": mutation.input["customer"]})
    works = [work for work in batch.changes if not is_removed(work.customer, batch.now)]
    if not works:
        mutation.checks.add_not_found("customer", "customer")
    mutation.checks.raise_if_invalid()
    launch = _new_launch(mutation, works[0])
    await mutation.scope.collection(COLLECTION).insert_many([launch], session=mutation.session)
    # The log of a customer is part of it: its version grows, and lists that show it hear of it.
    works[0].update_customer({})
    summary = f"An address that opens {works[0].customer['name']} was asked for"
    works[0].add_event(EventDraft(ActivityKind.CUSTOMER_LAUNCHED, works[0].id, summary))
    await mutation.write(batch)
    return {"launch": launch["_id"], "expires_at": launch["expires_at"]}


def _new_launch(mutation: Mutation, work: CustomerChange) -> Document:
    now = mutation.scope.now
    return {
        "_id": new_id("lch"),
        "partner_id": mutation.scope.partner_id,
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "customer_id": work.id,
        "administrator_id": mutation.actor.id,
        "expires_at": now + LAUNCH_LIFETIME,
        "used_at": None,
    }


async def is_redeemable(client: Client, name: LaunchReference) -> bool:
    """Whether the launch has been neither used nor left too long; spends nothing."""
    scope = Scope(client, name.partner_id, utc_now())
    return await scope.collection(COLLECTION).find_one(_match_redeemable(scope, name), {"_id": 1}) is not None


async def redeem(client: Client, name: LaunchReference) -> str | None:
    """The external id of the customer that the launch opens, this once; None where it opens nothing (any longer)."""
    return await in_transaction(client, lambda session: _redeem(client, name, session))


async def _redeem(client: Client, name: LaunchReference, session: Session) -> str | None:
    scope = Scope(client, name.partner_id, utc_now())
    collection = scope.collection(COLLECTION)
    launch = await collection.find_one(_match_redeemable(scope, name), session=session)
    asker = None if launch is None else await _find_requester(scope, launch["administrator_id"], session)
    if launch is None or asker is None:
        return None
    # What the asker could not open by now, the address does not open either.
    sight = replace(scope, administrator_id=asker.id, role=asker.role)
    where = {**sight.match_customers(), "_id": launch["customer_id"]}
    batch = await load_customers(scope, where, session)
    works = [work for work in batch.changes if not is_removed(work.customer, batch.now)]
    used = {"$set": {"used_at": batch.now, "updated_at": batch.now}, "$inc": {"version": 1}}
    if not works or not await collection.update_one(_match_redeemable(scope, name), used, session=session):
        return None
    works[0].update_customer({})
    summary = f"{works[0].customer['name']} was opened by the address that {asker.display_name} had asked for"
    works[0].add_event(EventDraft(ActivityKind.CUSTOMER_LAUNCHED, works[0].id, summary))
    # Whoever held the address came without a name: the log claims none.
    await write_customers(batch, None)
    return str(works[0].customer["external_id"])


def _match_redeemable(scope: Scope, name: LaunchReference) -> Document:
    return {**scope.match(), "_id": name.launch_id, "used_at": None, "expires_at": {"$gt": scope.now}}


async def _find_requester(scope: Scope, administrator_id: str, session: Session) -> AdministratorDocument | None:
    """Who asked, where they might still ask."""
    found = (await Administrators(scope).by_ids([administrator_id], session=session)).get(administrator_id)
    if found is None or found.state is not AdministratorState.ACTIVE:
        return None
    return found if has_permission(found.role, Permission.LAUNCH_CUSTOMER) else None
