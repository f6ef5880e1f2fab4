"""The customer of a trial that is started: one that is there, or a new one."""

import re
from collections.abc import Mapping
from typing import Any

from domain.permissions import can_see_all_customers
from domain.types import ActivityKind
from domain.user_errors import UserErrorCode
from store.changes.customer_batch import CustomerBatch
from store.changes.customer_change import CustomerChange
from store.changes.customer_fields import is_removed
from store.changes.mutations import Mutation
from store.database.client import Document
from store.events.log import EventDraft

_PATH = ("customer", "new")
_MAX_LENGTHS = {"name": 200, "external_id": 100, "domain": 253}
_COUNTRY = re.compile("[A-Za-z]{2}", re.ASCII)


async def load_existing_customer(mutation: Mutation, customer_id: str) -> tuple[CustomerBatch, CustomerChange | None]:
    """The customer in sight with the id; NOT_FOUND is added where there is none."""
    batch = await mutation.load_customers({"_id": customer_id})
    works = [work for work in batch.changes if not is_removed(work.customer, batch.now)]
    if not works:
        mutation.checks.add_not_found("customer", "customer", "id")
    return batch, works[0] if works else None


async def validate_new_customer(mutation: Mutation, given: Mapping[str, Any]) -> Document:
    """The facts of a new customer as they were typed, cleaned; mistakes are added to the mutation's."""
    checks = mutation.checks
    facts: Document = {
        "name": checks.read_line_at(given["name"], _MAX_LENGTHS["name"], "The customer's name", *_PATH, "name"),
        "domain": _validate_domain(mutation, given.get("domain")),
        "country": _validate_country(mutation, given.get("country")),
        "managed_by": str(given["managed_by"]),
    }
    if given.get("external_id") is not None:
        longest, path = _MAX_LENGTHS["external_id"], (*_PATH, "external_id")
        facts["external_id"] = checks.read_line_at(given["external_id"], longest, "The external id", *path)
        await _check_external_id_available(mutation, facts["external_id"])
    return facts


def _validate_domain(mutation: Mutation, given: str | None) -> str | None:
    if given is None or not given.strip():
        return None
    clean = mutation.checks.read_line_at(given, _MAX_LENGTHS["domain"], "The domain", *_PATH, "domain")
    return None if clean is None else clean.lower()


def _validate_country(mutation: Mutation, given: str | None) -> str | None:
    if given is None or not given.strip():
        return None
    if _COUNTRY.fullmatch(given.strip()) is None:
        message = "The country must be a code of two letters, such as DE."
        mutation.checks.add(UserErrorCode.INVALID, message, *_PATH, "country")
        return None
    return given.strip().upper()


async def _check_external_id_available(mutation: Mutation, external_id: str | None) -> None:
    """An id is taken in the whole partner: who does not see its customer learns no more than that.

    Two that are created at once meet in the unique index: the second transaction runs again, and finds it here.
    """
    where = {**mutation.scope.match(), "external_id": external_id}
    found = await mutation.scope.collection("customers").find_one(where, {"_id": 1}, session=mutation.session)
    if found is not None:
        message = "This external id is in use already: give another one, or leave it out."
        mutation.checks.add(UserErrorCode.TAKEN, message, *_PATH, "external_id")


def create_customer(mutation: Mutation, batch: CustomerBatch, facts: Document) -> CustomerChange:
    """A new customer of whom nothing has been delivered yet; who sees only their own is assigned to it."""
    work, actor, now = batch.add_customer(), mutation.actor, batch.now
    work.update_customer({"delivered": {}, "created_at": now, **facts})
    # An id of ours stands in until the ordering system has one; it is no less unique.
    work.customer.setdefault("external_id", work.id)
    summary = f"{facts['name']} was added"
    if not can_see_all_customers(actor.role):
        given = {"assigned_at": now, "assigned_by": actor.id, "expires_at": None}
        work.update_customer({"assignments": [{"administrator_id": actor.id, **given, "imported": False}]})
        summary += f" and assigned to {actor.display_name}"
    work.add_event(EventDraft(ActivityKind.CUSTOMER_ADDED, work.id, summary))
    return work
