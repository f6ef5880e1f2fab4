"""The mutations of the partner organization itself: terms, setup, profile, services."""

from typing import Any

from domain.customers.reasons import PRODUCT_NAMES
from domain.partner.setup import STEP_TITLES, SetupStepKey, explain_missing, find_blocking_step
from domain.text.contacts import is_email, parse_country_code
from domain.text.sentences import join_names
from domain.types import ActivityKind, Product
from domain.user_errors import UserErrorCode
from store.changes.mutations import Mutation
from store.database.client import Document
from store.events.log import EventDraft

MAX_NAME_LENGTH = 100
_C = UserErrorCode


async def accept_terms(mutation: Mutation) -> Document:
    """Accepts the current terms for the whole organization, and completes the first step of the setup."""
    partner, checks, now = mutation.partner, mutation.checks, mutation.scope.now
    if mutation.input["terms_version"] != partner.terms_version:
        message = f"The current terms are version {partner.terms_version}: read and accept those."
        checks.add(_C.STALE, message, "terms_version")
    checks.raise_if_invalid()
    if partner.terms_accepted_at is None:
        summary = f"The terms of service {partner.terms_version} were accepted"
        accepted = {"terms_accepted_at": now, "terms_accepted_by": mutation.actor.id}
        await _update_partner(mutation, {**accepted, f"steps.{SetupStepKey.ACCEPT_TERMS}": now})
        mutation.add_event(EventDraft(ActivityKind.TERMS_ACCEPTED, partner.id, summary))
    return {}


async def complete_setup_step(mutation: Mutation) -> Document:
    """Completes a step whose turn it is; one that is complete stays so."""
    partner, checks = mutation.partner, mutation.checks
    key = SetupStepKey(mutation.input["key"])
    if key in partner.steps:
        return {}
    waited_for = find_blocking_step(key, partner.steps)
    profile = {"name": partner.name, "country": partner.country, "contact_email": partner.contact_email}
    missing = explain_missing(key, profile, any(service["enabled"] for service in partner.services))
    if waited_for is not None:
        checks.add(_C.WRONG_STATE, f"First comes another step: {STEP_TITLES[waited_for]}.", "key")
    elif missing is not None:
        checks.add(_C.WRONG_STATE, missing, "key")
    checks.raise_if_invalid()
    await _update_partner(mutation, {f"steps.{key}": mutation.scope.now})
    mutation.add_event(
        EventDraft(ActivityKind.SETUP_STEP_COMPLETED, partner.id, f"A step of the setup was done: {STEP_TITLES[key]}")
    )
    return {}


async def update_organization(mutation: Mutation) -> Document:
    """Changes what is given of the profile."""
    changes = _validate_profile(mutation)
    mutation.checks.raise_if_invalid()
    partner = mutation.partner
    differing = {name: [getattr(partner, name), value] for name, value in changes.items()}
    differing = {name: pair for name, pair in differing.items() if pair[0] != pair[1]}
    if differing:
        await _update_partner(mutation, {name: pair[1] for name, pair in differing.items()})
        named = join_names(name.replace("contact_email", "contact e-mail address") for name in differing)
        note = EventDraft(
            ActivityKind.ORGANIZATION_CHANGED, partner.id, f"The organization's {named} changed", differing
        )
        mutation.add_event(note)
    return {}


def _validate_profile(mutation: Mutation) -> dict[str, Any]:
    checks, given = mutation.checks, mutation.input
    changes: dict[str, Any] = {}
    if checks.is_given("name"):
        changes["name"] = checks.read_line("name", MAX_NAME_LENGTH, "The organization's name")
    if checks.is_given("country"):
        country = changes["country"] = given["country"] and parse_country_code(given["country"])
        if given["country"] is not None and not country:
            checks.add(_C.INVALID, "The country must be a code of two letters, such as DE.", "country")
    if checks.is_given("contact_email"):
        email = changes["contact_email"] = given["contact_email"] and given["contact_email"].strip()
        if email is not None and not is_email(email):
            checks.add(_C.INVALID, "This is not an e-mail address, such as ada@partner.example.", "contact_email")
    return changes


async def set_service(mutation: Mutation) -> Document:
    """Switches a service on or off."""
    partner = mutation.partner
    product, enabled = Product(mutation.input["product"]), bool(mutation.input["enabled"])
    services = {service["product"]: bool(service["enabled"]) for service in partner.services}
    if services.get(product, False) != enabled:
        services[product] = enabled
        stored = [{"product": str(name), "enabled": is_on} for name, is_on in services.items()]
        await _update_partner(mutation, {"services": stored})
        summary = f"{PRODUCT_NAMES[product]} was switched {'on' if enabled else 'off'} for the organization"
        mutation.add_event(
            EventDraft(ActivityKind.SERVICE_CHANGED, partner.id, summary, {str(product): [not enabled, enabled]})
        )
    return {}


async def _update_partner(mutation: Mutation, fields: Document) -> None:
    change = {"$set": {**fields, "updated_at": mutation.scope.now}, "$inc": {"version": 1}}
    await mutation.scope.collection("partners").update_one(mutation.scope.match(), change, session=mutation.session)
