"""The first-time setup: its steps in their order, and what each waits for (domain.md, "Resources, helpdesk, setup")."""

from collections.abc import Collection, Mapping
from enum import StrEnum


class SetupStepKey(StrEnum):
    """The steps of the setup, in their order."""

    ACCEPT_TERMS = "ACCEPT_TERMS"
    ORGANIZATION_PROFILE = "ORGANIZATION_PROFILE"
    ADD_ADMINISTRATORS = "ADD_ADMINISTRATORS"
    CHOOSE_SERVICES = "CHOOSE_SERVICES"


STEP_TITLES: Mapping[SetupStepKey, str] = {
    SetupStepKey.ACCEPT_TERMS: "Accept the terms of service",
    SetupStepKey.ORGANIZATION_PROFILE: "Complete the organization's profile",
    SetupStepKey.ADD_ADMINISTRATORS: "Add administrators",
    SetupStepKey.CHOOSE_SERVICES: "Choose services",
}


def find_blocking_step(key: SetupStepKey, completed: Collection[str]) -> SetupStepKey | None:
    """The first step that has to be completed before this one; None where it is this one's turn."""
    order = list(SetupStepKey)
    return next((step for step in order[: order.index(key)] if step not in completed), None)


def explain_missing(key: SetupStepKey, profile: Mapping[str, str | None], has_service: bool) -> str | None:
    """What the step still needs, as a sentence; `profile` holds name, country and contact_email."""
    if key is SetupStepKey.ORGANIZATION_PROFILE:
        names = {"name": "a name", "country": "a country", "contact_email": "a contact e-mail address"}
        lacking = [named for field, named in names.items() if not profile.get(field)]
        return f"The profile still needs {' and '.join(lacking)}: use updateOrganization." if lacking else None
    if key is SetupStepKey.CHOOSE_SERVICES and not has_service:
        return "No service is switched on yet: use setService."
    return None
