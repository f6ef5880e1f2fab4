"""The first-time setup: its steps and their requirements."""

from collections.abc import Collection, Mapping
from enum import StrEnum

from msgspec import Struct

from domain.messages import Message, translatable


class SetupStepKey(StrEnum):
    """The steps of the setup, in the order in which they must be completed."""

    ACCEPT_TERMS = "ACCEPT_TERMS"
    ORGANIZATION_PROFILE = "ORGANIZATION_PROFILE"
    ADD_ADMINISTRATORS = "ADD_ADMINISTRATORS"
    CHOOSE_SERVICES = "CHOOSE_SERVICES"


class AcceptTerms(Struct, frozen=True, kw_only=True):
    """The version of the terms that the administrator has read."""

    terms_version: str


class CompleteSetupStep(Struct, frozen=True, kw_only=True):
    """The step to be completed."""

    key: SetupStepKey


_PROFILE_FIELDS: Mapping[str, Message] = {
    "name": translatable("a name"),
    "country": translatable("a country"),
    "contact_email": translatable("a contact e-mail address"),
}
STEP_TITLES: Mapping[SetupStepKey, Message] = {
    SetupStepKey.ACCEPT_TERMS: translatable("Accept the terms of service"),
    SetupStepKey.ORGANIZATION_PROFILE: translatable("Complete the organization's profile"),
    SetupStepKey.ADD_ADMINISTRATORS: translatable("Add administrators"),
    SetupStepKey.CHOOSE_SERVICES: translatable("Choose services"),
}


def find_blocking_step(key: SetupStepKey, completed: Collection[str]) -> SetupStepKey | None:
    """Return the first earlier step that is not completed; None where this step can be completed now."""
    order = list(SetupStepKey)
    return next((step for step in order[: order.index(key)] if step not in completed), None)


def explain_missing(key: SetupStepKey, profile: Mapping[str, str | None], has_service: bool) -> Message | None:
    """Return a sentence about what the step still requires; None where nothing is missing.

    `profile` contains `name`, `country` and `contact_email`.
    """
    if key is SetupStepKey.ORGANIZATION_PROFILE:
        missing = tuple(name for field, name in _PROFILE_FIELDS.items() if not profile.get(field))
        return (
            translatable("The profile still needs {fields}: use updateOrganization.", fields=missing)
            if missing
            else None
        )
    if key is SetupStepKey.CHOOSE_SERVICES and not has_service:
        return translatable("No service is switched on yet: use setService.")
    return None
