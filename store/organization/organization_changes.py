"""The mutations of the partner itself: terms, setup, profile, services; each is the body of one transaction."""

from typing import Any

from domain.customers.reasons import PRODUCT_NAMES
from domain.inputs import ABSENT
from domain.messages import translatable
from domain.partner.organization import MAX_NAME_LENGTH, SetService, UpdateOrganization, explain_service_conflict
from domain.partner.setup import (
    STEP_TITLES,
    AcceptTerms,
    CompleteSetupStep,
    SetupStepKey,
    explain_missing,
    find_blocking_step,
)
from domain.partner.terms import Terms
from domain.text.contacts import read_email
from domain.text.iso_codes import parse_country_code
from domain.text.sentences import join_names
from domain.types import ActivityKind
from domain.user_errors import UserErrorCode
from store.changes.mutations import Mutation, PartnerChanged
from store.database.client import Document
from store.events.log import EventDraft

_C = UserErrorCode


async def accept_terms(current: Terms, mutation: Mutation[AcceptTerms]) -> PartnerChanged:
    """Accept the current terms for the organization, and complete the first step of the setup."""
    partner, checks, now = mutation.partner, mutation.checks, mutation.scope.now
    if mutation.input.terms_version != current.version:
        message = translatable(
            "The current terms are version {version}: read and accept those.", version=current.version
        )
        checks.add(_C.STALE, message, "terms_version")
    checks.raise_if_invalid()
    if partner.terms_accepted_at is None or partner.terms_version != current.version:
        step = f"steps.{SetupStepKey.ACCEPT_TERMS}"
        first_acceptance = {} if SetupStepKey.ACCEPT_TERMS in partner.steps else {step: now}
        accepted = {"terms_accepted_at": now, "terms_accepted_by": mutation.actor.id, "terms_version": current.version}
        await _update_partner(mutation, {**accepted, **first_acceptance})
        summary = f"The terms of service {current.version} were accepted"
        mutation.add_event(EventDraft(ActivityKind.TERMS_ACCEPTED, partner.id, summary))
    return PartnerChanged()


async def complete_setup_step(mutation: Mutation[CompleteSetupStep]) -> PartnerChanged:
    """Complete the next step of the setup; a completed step stays as it is."""
    partner, checks, key = mutation.partner, mutation.checks, mutation.input.key
    if key in partner.steps:
        return PartnerChanged()
    blocking_step = find_blocking_step(key, partner.steps)
    profile = {"name": partner.name, "country": partner.country, "contact_email": partner.contact_email}
    missing = explain_missing(key, profile, any(service["enabled"] for service in partner.services))
    if blocking_step is not None:
        checks.add(
            _C.WRONG_STATE, translatable("First comes another step: {step}.", step=STEP_TITLES[blocking_step]), "key"
        )
    elif missing is not None:
        checks.add(_C.WRONG_STATE, missing, "key")
    checks.raise_if_invalid()
    await _update_partner(mutation, {f"steps.{key}": mutation.scope.now})
    summary = f"A step of the setup was done: {STEP_TITLES[key].text}"
    mutation.add_event(EventDraft(ActivityKind.SETUP_STEP_COMPLETED, partner.id, summary))
    return PartnerChanged()


async def update_organization(mutation: Mutation[UpdateOrganization]) -> PartnerChanged:
    """Change the fields of the profile that the input contains."""
    values = _validate_profile(mutation)
    mutation.checks.raise_if_invalid()
    partner = mutation.partner
    changes = {
        name: [getattr(partner, name), value] for name, value in values.items() if getattr(partner, name) != value
    }
    if changes:
        await _update_partner(mutation, {name: after for name, (_before, after) in changes.items()})
        names = join_names(name.replace("contact_email", "contact e-mail address") for name in changes)
        summary = f"The organization's {names} changed"
        mutation.add_event(EventDraft(ActivityKind.ORGANIZATION_CHANGED, partner.id, summary, changes))
    return PartnerChanged()


def _validate_profile(mutation: Mutation[UpdateOrganization]) -> Document:
    checks, input, values = mutation.checks, mutation.input, Document()
    if input.name is not ABSENT:
        values["name"] = checks.read_line(input.name, MAX_NAME_LENGTH, translatable("The organization's name"), "name")
    if input.country is not ABSENT:
        values["country"] = input.country and parse_country_code(input.country)
        if input.country is not None and not values["country"]:
            checks.add(_C.INVALID, translatable("The country must be a code of ISO 3166-1, such as DE."), "country")
    if input.contact_email is not ABSENT:
        typed = input.contact_email
        email = values["contact_email"] = None if typed is None else read_email(typed)
        if typed is not None and email is None:
            checks.add(
                _C.INVALID, translatable("This is not an e-mail address, such as ada@partner.example."), "contact_email"
            )
    return values


async def set_service(mutation: Mutation[SetService]) -> PartnerChanged:
    """Switch a service on or off."""
    partner, product, enabled = mutation.partner, mutation.input.product, mutation.input.enabled
    services = {service["product"]: bool(service["enabled"]) for service in partner.services}
    plan = [item["product"] for item in partner.plan]
    conflict = explain_service_conflict(mutation.input, plan, [name for name, is_on in services.items() if is_on])
    if conflict is not None:
        mutation.checks.add(_C.WRONG_STATE, conflict, "enabled" if not enabled else "product")
    mutation.checks.raise_if_invalid()
    if services.get(product, False) != enabled:
        services[product] = enabled
        stored = [{"product": str(name), "enabled": is_on} for name, is_on in services.items()]
        await _update_partner(mutation, {"services": stored})
        summary = f"{PRODUCT_NAMES[product]} was switched {'on' if enabled else 'off'} for the organization"
        changes = {str(product): [not enabled, enabled]}
        mutation.add_event(EventDraft(ActivityKind.SERVICE_CHANGED, partner.id, summary, changes))
    return PartnerChanged()


async def _update_partner(mutation: Mutation[Any], fields: Document) -> None:
    change = {"$set": {**fields, "updated_at": mutation.scope.now}, "$inc": {"version": 1}}
    await mutation.scope.collection("partners").update_one(mutation.scope.match(), change, session=mutation.session)
