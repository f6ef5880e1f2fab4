"""The customer of a trial that is started: an existing one or a new one."""

from domain.entitlements.trials import NewCustomer, StartTrial
from domain.inputs import Omittable, value_or_none
from domain.permissions import can_see_all_customers
from domain.text.iso_codes import parse_country_code
from domain.types import ActivityKind
from domain.user_errors import UserErrorCode
from store.changes.customer_batch import CustomerBatch
from store.changes.customer_change import CustomerChange
from store.changes.customer_fields import is_removed
from store.changes.mutations import Mutation
from store.database.client import Document
from store.events.log import EventDraft

_PATH = ("customer", "new")
_MAX_NAME_LENGTH, _MAX_EXTERNAL_ID_LENGTH, _MAX_DOMAIN_LENGTH = 200, 100, 253


async def load_existing_customer(
    mutation: Mutation[StartTrial], customer_id: str
) -> tuple[CustomerBatch, CustomerChange | None]:
    """Return the visible customer with the id and its batch; add NOT_FOUND where there is none."""
    batch = await mutation.load_customers({"_id": customer_id})
    changes = [change for change in batch.changes if not is_removed(change.customer, batch.now)]
    if not changes:
        mutation.checks.add_not_found("customer", "customer", "id")
    return batch, changes[0] if changes else None


async def validate_new_customer(mutation: Mutation[StartTrial], new: NewCustomer) -> Document:
    """Return the facts of a new customer, cleaned; add all mistakes."""
    checks = mutation.checks
    facts: Document = {
        "name": checks.read_line(new.name, _MAX_NAME_LENGTH, "The customer's name", *_PATH, "name"),
        "domain": _validate_domain(mutation, new.domain),
        "country": _validate_country(mutation, new.country),
        "managed_by": str(new.managed_by),
    }
    external_id = value_or_none(new.external_id)
    if external_id is not None:
        path = (*_PATH, "external_id")
        facts["external_id"] = checks.read_line(external_id, _MAX_EXTERNAL_ID_LENGTH, "The external id", *path)
        await _check_external_id_available(mutation, facts["external_id"])
    return facts


def _validate_domain(mutation: Mutation[StartTrial], typed: Omittable[str]) -> str | None:
    domain = value_or_none(typed)
    if domain is None or not domain.strip():
        return None
    clean = mutation.checks.read_line(domain, _MAX_DOMAIN_LENGTH, "The domain", *_PATH, "domain")
    return None if clean is None else clean.lower()


def _validate_country(mutation: Mutation[StartTrial], typed: Omittable[str]) -> str | None:
    country = value_or_none(typed)
    if country is None or not country.strip():
        return None
    code = parse_country_code(country)
    if code is None:
        message = "The country must be a code of ISO 3166-1, such as DE."
        mutation.checks.add(UserErrorCode.INVALID, message, *_PATH, "country")
    return code


async def _check_external_id_available(mutation: Mutation[StartTrial], external_id: str | None) -> None:
    """Add TAKEN where a customer of the partner, visible or not, has the id; the message names no customer.

    Of two concurrent transactions, the second one fails on the unique index, is repeated and finds the id here.
    """
    where = {**mutation.scope.match(), "external_id": external_id}
    stored = await mutation.scope.collection("customers").find_one(where, {"_id": 1}, session=mutation.session)
    if stored is not None:
        message = "This external id is in use already: give another one, or leave it out."
        mutation.checks.add(UserErrorCode.TAKEN, message, *_PATH, "external_id")


def create_customer(mutation: Mutation[StartTrial], batch: CustomerBatch, facts: Document) -> CustomerChange:
    """Return a new customer without delivered facts. An actor who sees only assigned customers is assigned to it."""
    change, actor, now = batch.add_customer(), mutation.actor, batch.now
    change.update_customer({"delivered": {}, "created_at": now, **facts})
    # The customer's own id stands in for an external id, which is unique too, until the ordering system delivers one.
    change.customer.setdefault("external_id", change.id)
    summary = f"{facts['name']} was added"
    if not can_see_all_customers(actor.role):
        manual = {"assigned_at": now, "assigned_by": actor.id, "expires_at": None}
        change.update_customer({"assignments": [{"administrator_id": actor.id, **manual, "imported": False}]})
        summary += f" and assigned to {actor.display_name}"
    change.add_event(EventDraft(ActivityKind.CUSTOMER_ADDED, change.id, summary))
    return change
