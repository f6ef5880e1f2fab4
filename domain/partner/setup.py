"""The first-time setup: its steps and their requirements."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class SetupStepKey(StrEnum):
    """The steps of the setup, in the order in which they must be completed."""

    ACCEPT_TERMS = "ACCEPT_TERMS"
    ORGANIZATION_PROFILE = "ORGANIZATION_PROFILE"
    ADD_ADMINISTRATORS = "ADD_ADMINISTRATORS"
    CHOOSE_SERVICES = "CHOOSE_SERVICES"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptTerms:
    """The version of the terms that the administrator has read."""

    terms_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteSetupStep:
    """The step to be completed."""

    key: SetupStepKey


STEP_TITLES: Mapping[SetupStepKey, str] = {
    SetupStepKey.ACCEPT_TERMS: "Accept the terms of service",
    SetupStepKey.ORGANIZATION_PROFILE: "Complete the organization's profile",
    SetupStepKey.ADD_ADMINISTRATORS: "Add administrators",
    SetupStepKey.CHOOSE_SERVICES: "Choose services",
}


def find_blocking_step(key: SetupStepKey, completed: Collection[str]) -> SetupStepKey | None:
    """Return the first earlier step that is not completed; None where this step can be completed now."""
    order = list(SetupStepKey)
    return next((step for step in order[: order.index(key)] if step not in completed), None)


def explain_missing(key: SetupStepKey, profile: Mapping[str, str | None], has_service: bool) -> str | None:
    """Return a sentence about what the step still requires; None where nothing is missing.

    `profile` contains `name`, `country` and `contact_email`.
    """
    if key is SetupStepKey.ORGANIZATION_PROFILE:
        names = {"name": "a name", "country": "a country", "contact_email": "a contact e-mail address"}
        missing = [name for field, name in names.items() if not profile.get(field)]
        return f"The profile still needs {' and '.join(missing)}: use updateOrganization." if missing else None
    if key is SetupStepKey.CHOOSE_SERVICES and not has_service:
        return "No service is switched on yet: use setService."
    return None
